//! flightdeck.
pub mod adapter;
pub mod domain;
