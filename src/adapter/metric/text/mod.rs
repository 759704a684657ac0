//! Prometheus text endpoints, read directly: counters and gauges per target.

mod config;
mod line;
mod scrape;
mod selector;
mod sum;

pub use config::{Config, Series};
