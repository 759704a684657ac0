//! Every test that needs more than one room. One binary, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::string_slice,
    unreachable_pub,
    missing_docs,
    reason = "a test that cannot go on says so loudly, and its helpers are documented where they need it"
)]

mod adapters;
mod architecture;
mod cli;
mod config;
mod flight;
mod flows;
mod hands;
mod journal;
#[cfg(feature = "lab")]
mod lab;
mod pty;
mod record;
mod recorded;
mod runbook;
mod scenario;
mod session;
mod signature;
mod simulation;
mod support;
