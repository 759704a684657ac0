//! The outside world: one trait and one folder per sort, one file or folder per system.
//!
//! An adapter translates between one system's words and the values of [`crate::domain`]. It keeps no opinion about the
//! deployment: it reads, prepares, sets and counts, and says exactly what it saw.

pub mod action;
pub mod argocd;
pub mod aws;
pub mod azure;
pub mod check;
mod filled;
mod git;
mod group;
#[cfg(any(feature = "aws", feature = "kubernetes"))]
mod hidden;
pub mod http;
pub mod log;
pub mod metric;
pub mod notifier;
mod octopus;
pub mod replace;
pub mod router;
mod run;
pub mod secret;
pub mod shell;
pub mod signer;
mod template;
mod withheld;
mod yaml;
