//! flightdeck.
pub mod adapter;
pub mod cockpit;
pub mod domain;
pub mod entry;
pub mod flight;
#[cfg(feature = "lab")]
pub mod lab;
pub mod profile;
pub mod session;
pub mod setting;
