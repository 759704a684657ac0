//! One Deployment of Kubernetes: another image, a pause at a share of its pods, its rolling strategy, pause, resume, scale, and
//! the way back to the revision before.
//!
//! # Parts
//! `config` is what the profile says, `change` what is written, `api` reads and writes it, `judge` says how it stands,
//! `compare` what differs between running and coming, `deployment` puts them together.
//!
//! # Invariants
//! - A change is one patch that names the `resourceVersion` of the read directly before it: the API server refuses it when
//!   anybody wrote in between. It is made again only while nothing of the specification has changed.
//! - The act's key is written by that same patch, as an annotation: a lost answer is found by it, and a key that is there
//!   already is not started again.
//! - What was shown before it was confirmed must still be so, or nothing is sent.
//! - A share of pods is never called traffic.

#[cfg(feature = "kubernetes")]
mod api;
#[cfg(feature = "kubernetes")]
mod change;
#[cfg(feature = "kubernetes")]
mod compare;
mod config;
#[cfg(feature = "kubernetes")]
mod deployment;
#[cfg(feature = "kubernetes")]
mod judge;

pub use config::Config;
