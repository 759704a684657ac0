//! flightdeck.
pub mod adapter;
pub mod cockpit;
pub mod domain;
pub mod entry;
pub mod flight;
pub mod input;
pub mod layout;
pub mod logbook;
pub mod session;
