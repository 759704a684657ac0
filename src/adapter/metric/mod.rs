//! Metrics: counters and gauges of a pool, read at an interval.
//!
//! # The contract
//!
//! A source MUST hand over raw cumulative counters per target (rates and quantiles are the core's business), keep a
//! missing value missing, name each target the same way every time, and answer for every target: a sample or a trouble.

pub mod config;

use futures_util::future::BoxFuture;

use crate::domain::metric::Scrape;

/// One metric source.
pub trait MetricSource: Send + Sync {
    /// Reads all targets of the source, side by side.
    fn scrape(&self) -> BoxFuture<'_, Scrape>;
}
