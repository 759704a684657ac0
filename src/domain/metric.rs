//! Metrics as counters: rates need two samples, quantiles need buckets, and a counter that falls was reset.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PoolId;
use super::measure::{self, Measure};
use super::outcome::Trouble;

/// What one look at a metric source gave.
#[derive(Clone, PartialEq, Debug)]
pub enum Look {
    /// Cumulative counters per target.
    Counters(Scrape),
    /// Values that the source works out itself, one per query.
    Values(Vec<Answered>),
}

/// What a source says to one query.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked.
    pub measure: Measure,
    /// Of which pool; `None` of the whole.
    pub pool: Option<PoolId>,
    /// The value; `None` where the source has none: no traffic, no such series, not a number.
    pub value: Result<Option<measure::Sample>, Trouble>,
}

/// What a source remembers of one query, oldest first; a point without a value is a gap.
#[derive(Clone, PartialEq, Debug)]
pub struct Past {
    /// What was asked.
    pub measure: Measure,
    /// Of which pool; `None` of the whole.
    pub pool: Option<PoolId>,
    /// The points by the source's clock.
    pub points: Vec<(super::Timestamp, Option<f64>)>,
}

/// One target's counters at one moment. `None` is what the target does not tell; it is never zero.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sample {
    /// Requests since the counters started.
    pub requests: Option<f64>,
    /// Failed requests since the counters started.
    pub errors: Option<f64>,
    /// Response times, cumulative.
    pub latency: Option<Histogram>,
    /// Requests being served now.
    pub in_flight: Option<f64>,
}

/// A cumulative histogram: for each upper bound in seconds, how many observations were at or below it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Histogram {
    /// Upper bounds, ascending; the last is infinity.
    pub buckets: Vec<(f64, f64)>,
}

/// One look at one metric source.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scrape {
    /// What each target said, by its address.
    pub targets: Vec<(String, Result<Sample, Trouble>)>,
}

/// What happened between two scrapes of one source, summed over the targets that answered both times.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rates {
    /// Requests per second.
    pub requests_per_s: Option<f64>,
    /// Share of failed requests as a fraction of one; `None` without requests (no traffic is not "0 %").
    pub error_rate: Option<f64>,
    /// Median response time in milliseconds; `None` without requests.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the response time in milliseconds; `None` without requests.
    pub p99_ms: Option<f64>,
    /// Requests being served now.
    pub in_flight: Option<f64>,
    /// Requests in this span.
    pub requests: Option<f64>,
    /// Failed requests in this span.
    pub errors: Option<f64>,
    /// Targets that answered both times, without a reset.
    pub targets_counted: usize,
    /// Targets that the source has.
    pub targets: usize,
}

impl Rates {
    /// Compares two scrapes. A target whose request counter fell was restarted: it is left out of this span.
    pub fn between(earlier: &Scrape, later: &Scrape, span: Duration) -> Self {
        let mut requests = Sum::default();
        let mut errors = Sum::default();
        let mut in_flight = Sum::default();
        let mut delta: Option<Histogram> = None;
        let mut counted = 0;
        for (name, now) in &later.targets {
            let Ok(now) = now else { continue };
            in_flight.add(now.in_flight);
            let then = earlier.targets.iter().find(|(other, _)| other == name).and_then(|(_, then)| then.as_ref().ok());
            let Some(then) = then else { continue };
            if matches!((now.requests, then.requests), (Some(now), Some(then)) if now < then) {
                continue;
            }
            counted += 1;
            requests.add(difference(now.requests, then.requests));
            errors.add(difference(now.errors, then.errors));
            if let Some(part) = now.latency.as_ref().zip(then.latency.as_ref()).and_then(|(now, then)| now.minus(then))
            {
                delta = Some(match delta {
                    None => part,
                    Some(sum) => sum.plus(&part).unwrap_or(sum),
                });
            }
        }
        let seconds = span.as_secs_f64();
        let quantile = |q| delta.as_ref().and_then(|histogram| histogram.quantile(q)).map(|seconds| seconds * 1000.0);
        Self {
            requests_per_s: requests.0.filter(|_| seconds > 0.0).map(|count| count / seconds),
            error_rate: errors.0.zip(requests.0.filter(|count| *count > 0.0)).map(|(errors, all)| errors / all),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            in_flight: in_flight.0,
            requests: requests.0,
            errors: errors.0,
            targets_counted: counted,
            targets: later.targets.len(),
        }
    }
}

#[derive(Default)]
struct Sum(Option<f64>);

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.0 = Some(self.0.unwrap_or(0.0) + value);
        }
    }
}

fn difference(now: Option<f64>, then: Option<f64>) -> Option<f64> {
    now.zip(then).map(|(now, then)| now - then).filter(|difference| *difference >= 0.0)
}

impl Histogram {
    /// What was added since `earlier`; `None` when the bounds differ or a bucket fell.
    pub fn minus(&self, earlier: &Self) -> Option<Self> {
        self.with(earlier, |now, then| now - then).filter(|delta| delta.buckets.iter().all(|(_, count)| *count >= 0.0))
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        self.with(other, |a, b| a + b)
    }

    fn with(&self, other: &Self, join: fn(f64, f64) -> f64) -> Option<Self> {
        let same = self.buckets.len() == other.buckets.len()
            && self.buckets.iter().zip(&other.buckets).all(|((a, _), (b, _))| a.total_cmp(b).is_eq());
        same.then(|| Self {
            buckets: self
                .buckets
                .iter()
                .zip(&other.buckets)
                .map(|((bound, a), (_, b))| (*bound, join(*a, *b)))
                .collect(),
        })
    }

    /// The `q`-quantile in seconds, interpolated within its bucket as Prometheus does (`histogram_quantile`): the lowest
    /// bucket starts at 0, and a quantile in the last, infinite one is the highest finite bound. `None` without
    /// observations.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = self.buckets.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        let rank = q * total;
        let mut below = (0.0, 0.0);
        for (bound, count) in &self.buckets {
            if *count >= rank && *count > below.1 {
                if bound.is_infinite() {
                    return Some(below.0);
                }
                return Some(below.0 + (bound - below.0) * (rank - below.1) / (count - below.1));
            }
            below = (if bound.is_finite() { *bound } else { below.0 }, *count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrape(requests: f64, errors: f64) -> Scrape {
        Scrape {
            targets: vec![(
                "one".to_owned(),
                Ok(Sample { requests: Some(requests), errors: Some(errors), ..Sample::default() }),
            )],
        }
    }

    #[test]
    fn no_traffic_has_no_error_rate() {
        let rates = Rates::between(&scrape(10.0, 1.0), &scrape(10.0, 1.0), Duration::from_secs(1));
        assert_eq!((rates.requests_per_s, rates.error_rate), (Some(0.0), None));
    }

    #[test]
    fn a_counter_that_falls_is_a_reset_and_counts_nothing() {
        let rates = Rates::between(&scrape(1000.0, 1.0), &scrape(10.0, 0.0), Duration::from_secs(1));
        assert_eq!((rates.requests_per_s, rates.targets_counted, rates.targets), (None, 0, 1));
    }

    #[test]
    fn quantiles_interpolate_like_prometheus() {
        // 100 observations: 50 up to 0.1 s, 90 up to 0.5 s, 99 up to 1 s, one beyond.
        let histogram = Histogram { buckets: vec![(0.1, 50.0), (0.5, 90.0), (1.0, 99.0), (f64::INFINITY, 100.0)] };
        let close = |q: f64, wanted: f64| {
            let got = histogram.quantile(q).expect("there are observations");
            assert!((got - wanted).abs() < 1e-9, "{q}: {got}");
        };
        close(0.5, 0.1);
        close(0.9, 0.5);
        close(0.7, 0.3);
        close(0.999, 1.0);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
