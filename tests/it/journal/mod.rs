//! Every store against the contract of the journal, and the stored form against its golden files.

mod contract;
mod golden;
mod memory;
#[cfg(feature = "nats")]
mod nats;
mod sqlite;
pub mod told;
mod unwound;
mod windows;
