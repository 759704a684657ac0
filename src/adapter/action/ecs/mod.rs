//! One service of ECS: another image, another number of tasks, its scaling suspended and resumed.
//!
//! # Parts
//! `config` is what the profile says, `definition` makes one task definition of another, `call` asks, `judge` says how a
//! deployment stands, `service` puts them together.
//!
//! # Invariants
//! - A deployment is two requests: a task definition is registered, which changes nothing that runs, then the service is told
//!   of it. The act's key is a tag of the definition: a lost answer is found by it, and a key that the service has already is
//!   not started again. Until the service is told, nothing has been started.
//! - A number of tasks, and whether scaling is suspended, are what they are whoever wrote them: a lost answer is found by
//!   looking whether it is so.
//! - What was shown before it was confirmed must still be so, or nothing is sent.
//! - Values of variables go from one task definition to the next, and to nobody else.

#[cfg(feature = "aws")]
mod call;
mod config;
#[cfg(feature = "aws")]
mod definition;
#[cfg(feature = "aws")]
mod judge;
#[cfg(feature = "aws")]
mod service;

pub use config::Config;
