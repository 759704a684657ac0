//! The routers of the built-in world, steered over their HTTP interface.

mod config;

pub use config::Config;
