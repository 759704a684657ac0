//! What all adapters of AWS share: whose credentials, found as AWS's own tools find them; signatures; answers in XML; and what
//! a no means.
//!
//! Parts: [`Chain`] is what a profile says about credentials, `keys` finds them and signs, `xml` reads answers, `words` turns
//! refusals into advice.

mod chain;
#[cfg(feature = "aws")]
mod keys;
#[cfg(feature = "aws")]
mod words;
#[cfg(feature = "aws")]
pub(crate) mod xml;

pub use chain::{Chain, regional};
#[cfg(feature = "aws")]
pub(crate) use keys::{Keys, masked};
#[cfg(feature = "aws")]
pub(crate) use words::No;
