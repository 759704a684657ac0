//! HAProxy, steered by its Runtime API over a unix socket or TCP.

mod config;

pub use config::{Address, Config, Shape};
