//! Prometheus and what speaks its API: Thanos, Mimir, VictoriaMetrics.
//!
//! # The same scrape read twice
//! Prometheus answers with the time at which it evaluated, not with that of the scrape behind the value. So queries are
//! evaluated at whole multiples of the scrape interval that the profile declares: between two of them each target was
//! scraped once, and two looks within one interval ask the same question, which is asked once and answered from memory the
//! second time.
//!
//! # A value that stands still
//! A query over a range goes on giving a value after its target has vanished, until the last sample leaves the range; and
//! without a stale marker a plain selector gives the last sample for five minutes. So the newest sample behind each value is
//! asked for too (`timestamp()` over the query's own selectors). When that is older than a scrape interval before the
//! evaluation, its time is the value's: the value then counts as the one that was there before, and its age grows.

mod answer;
mod config;
mod expression;
mod source;

pub use config::Config;
