//! flightdeck.
pub mod adapter;
pub mod domain;
pub mod entry;
pub mod journal;
pub mod record;
pub mod session;
