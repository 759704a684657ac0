//! flightdeck.
pub mod adapter;
pub mod domain;
pub mod setting;
