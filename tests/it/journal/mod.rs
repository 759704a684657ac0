//! Every store against the contract of the journal, and the stored form against its golden files.

mod contract;
mod golden;
mod memory;
mod sqlite;
pub mod told;
