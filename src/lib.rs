//! flightdeck.
pub mod adapter;
pub mod domain;
pub mod entry;
pub mod session;
