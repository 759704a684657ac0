//! What all adapters of AWS share: whose credentials, found as AWS's own tools find them; signatures; answers in XML; and what
//! a no means.
//!
//! Parts: [`Chain`] is what a profile says about credentials, [`Place`] adds the region, `keys` finds them and signs, `xml` reads
//! answers, `words` turns refusals into advice, `service` asks a service that speaks JSON for looks and changes.

mod chain;
#[cfg(feature = "aws")]
mod keys;
mod place;
#[cfg(feature = "aws")]
mod service;
#[cfg(feature = "aws")]
mod words;
#[cfg(feature = "aws")]
pub(crate) mod xml;

pub use chain::{Chain, regional};
#[cfg(feature = "aws")]
pub(crate) use keys::{Keys, masked};
pub use place::Place;
#[cfg(feature = "aws")]
pub(crate) use service::{Lost, Named, Said, Service};
#[cfg(feature = "aws")]
pub(crate) use words::No;

/// The feature that kinds of AWS are behind, and whether this build has it.
pub const FEATURE: Option<(&str, bool)> = Some(("aws", cfg!(feature = "aws")));
