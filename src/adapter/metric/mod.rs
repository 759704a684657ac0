//! Metrics: counters and gauges of a pool, read at an interval.
//!
//! # The contract
//!
//! A source MUST hand over raw cumulative counters per target (rates and quantiles are the core's business), keep a
//! missing value missing, name each target the same way every time, and answer for every target: a sample or a trouble.

pub mod config;
mod scrape;
mod selector;
mod sum;
mod text;

use futures_util::future::BoxFuture;

use crate::domain::Trouble;
use crate::domain::metric::Scrape;

/// The source that a configuration asks for.
///
/// # Errors
/// When a selector or an address cannot be read, or no client can be made on this machine.
pub fn source(config: &config::Config) -> Result<Box<dyn MetricSource>, Trouble> {
    Ok(Box::new(scrape::Endpoints::new(config)?))
}

/// One metric source.
pub trait MetricSource: Send + Sync {
    /// Reads all targets of the source, side by side.
    fn scrape(&self) -> BoxFuture<'_, Scrape>;
}
