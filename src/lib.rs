//! flightdeck.
pub mod adapter;
pub mod domain;
#[cfg(feature = "lab")]
pub mod lab;
