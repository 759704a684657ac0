//! Metrics: counters and gauges of targets, or values that a system works out, read at an interval.
//!
//! # The contract
//!
//! A source MUST:
//! - answer for everything that it was asked, each time: a value, none, or a trouble that says what was tried, what came
//!   back and what to do;
//! - keep a missing value missing: no series, an empty answer, NaN and infinity are `None`, never zero;
//! - where it counts ([`Look::Counters`]), hand over raw cumulative counters per target and name each target the same way
//!   every time: rates and quantiles are the core's business;
//! - where it works values out ([`Look::Values`]), give each its own time by the system's clock, so that the same sample
//!   read twice is known as one (G2), and in the panel's unit (a percentage as a fraction of one is the query's business);
//! - say when it is asked too often, and stay away for as long as the system asks (429 with Retry-After): until then it
//!   answers the trouble itself, without a request;
//! - never put a secret into a value, a trouble or a log.
//!
//! `windowed` is what systems share that answer interval by interval, and `web` what all share that are asked over HTTP.
//!
//! To add one: a file or folder beside this one with a configuration that is [`Configured`], and a line in `kinds`.

pub mod cloudwatch;
pub mod datadog;
pub mod json;
mod kinds;
pub mod prometheus;
pub mod ready;
pub mod text;
pub mod web;
mod windowed;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use kinds::{DEFAULT, KINDS, MetricKind};

use crate::domain::metric::{Answered, Look, Past};
use crate::domain::{Measure, PoolId, Trouble};

/// The configuration of one metric source, read from a profile and not yet connected.
pub trait Configured: Debug + Send + Sync {
    /// Whether it answers the queries of panels; else it knows by itself what it counts.
    fn answers_queries(&self) -> bool;

    /// What is wrong with a query for this system, where that can be told without asking it.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment: `has no closing bracket`.
    fn check_query(&self, _text: &str) -> Result<(), String> {
        Ok(())
    }

    /// What is wrong with a window for this system.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment: `is no whole number of minutes`.
    fn check_window(&self, _window: Duration) -> Result<(), String> {
        Ok(())
    }

    /// How far back a query looks by its own words, where that can be told: a range in it, an offset.
    fn looks_back(&self, _text: &str) -> Option<Duration> {
        None
    }

    /// How a span is written in a query of this system, in place of `{window}`; in seconds where nothing else is said.
    fn span(&self, span: Duration) -> String {
        span.as_secs().max(1).to_string()
    }

    /// How long it takes at the most until there is a new value over a window, however often it is asked.
    fn pace(&self, _window: Duration) -> Duration {
        Duration::ZERO
    }

    /// Whether each request costs money or counts against a limit that all share: then one cockpit asks for all (J6).
    fn is_metered(&self) -> bool {
        false
    }

    /// The source, for these queries. Nothing is sent yet.
    ///
    /// # Errors
    /// When it cannot be used here: a feature that this build lacks, a certificate that cannot be read.
    fn connect(&self, queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble>;
}

/// One query of a panel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// What it measures.
    pub measure: Measure,
    /// Of which pool; `None` of the whole.
    pub pool: Option<PoolId>,
    /// In the system's own language, with the pool's name in place of `{pool}` and the window in place of `{window}`.
    pub text: String,
    /// How far back one value looks.
    pub window: Duration,
    /// How often it is asked.
    pub every: Duration,
}

/// One metric source.
pub trait MetricSource: Send + Sync {
    /// Looks at everything once, side by side.
    fn look(&self) -> BoxFuture<'_, Look>;

    /// What it remembers of the time before, for the charts; empty where it remembers nothing.
    fn past(&self, _span: Duration, _step: Duration) -> BoxFuture<'_, Result<Vec<Past>, Trouble>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Looks whether it is there and fits: one sentence about what was found, and remarks.
    ///
    /// # Errors
    /// When it is not, with the reason and a way out.
    fn probe(&self) -> BoxFuture<'_, Result<(String, Vec<String>), Trouble>>;
}

/// What a look says for `check`: how many queries have a value, and which have none.
///
/// # Errors
/// The first query that could not be asked.
fn probed(look: Look) -> Result<(String, Vec<String>), Trouble> {
    let Look::Values(answers) = look else { return Ok(("answers".to_owned(), Vec::new())) };
    let count = answers.len();
    let mut silent = Vec::new();
    for Answered { measure, pool, value } in answers {
        if value?.is_none() {
            let of = pool.map(|pool| format!(" of {pool}")).unwrap_or_default();
            silent.push(format!("{measure}{of} has no value now"));
        }
    }
    Ok((format!("{} of {count} queries have a value", count - silent.len()), silent))
}
