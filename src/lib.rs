//! flightdeck.
pub mod adapter;
pub mod domain;
pub mod profile;
pub mod setting;
