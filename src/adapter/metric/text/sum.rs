//! From an answer to the few numbers that are asked for.
//!
//! Series of one selector are summed. What has no series stays missing, with one exception: failed requests of an endpoint
//! that does count requests. A code that was never answered has no series yet, so no series there means none failed.

use super::config::Series;
use super::line::{BadLine, samples};
use super::selector::{BadSelector, Selector};
use crate::domain::metric::{Histogram, Sample};

/// The selectors of one source.
#[derive(Debug)]
pub(super) struct Selectors {
    requests: Option<Selector>,
    errors: Option<Selector>,
    in_flight: Option<Selector>,
    /// Selects `…_bucket`.
    latency: Option<Selector>,
}

impl Selectors {
    /// Reads all selectors; the error comes with the key it stands under and what was written.
    pub(super) fn read(series: &Series) -> Result<Self, (&'static str, String, BadSelector)> {
        let read = |key, written: &Option<String>| match written {
            None => Ok(None),
            Some(text) => Selector::read(text).map(Some).map_err(|bad| (key, text.clone(), bad)),
        };
        let mut latency = read("latency", &series.latency)?;
        if let Some(selector) = &mut latency
            && !selector.name.ends_with("_bucket")
        {
            selector.name.push_str("_bucket");
        }
        Ok(Self {
            requests: read("requests", &series.requests)?,
            errors: read("errors", &series.errors)?,
            in_flight: read("in_flight", &series.in_flight)?,
            latency,
        })
    }

    /// Sums one answer.
    pub(super) fn sum(&self, answer: &str) -> Result<Sample, BadLine> {
        let (mut requests, mut errors, mut in_flight, mut buckets) = (None, None, None, Buckets::default());
        for sample in samples(answer) {
            let sample = sample?;
            for (selector, sum) in
                [(&self.requests, &mut requests), (&self.errors, &mut errors), (&self.in_flight, &mut in_flight)]
            {
                if selector.as_ref().is_some_and(|selector| selector.selects(&sample)) {
                    *sum = Some(sum.unwrap_or(0.0) + sample.value);
                }
            }
            if self.latency.as_ref().is_some_and(|selector| selector.selects(&sample)) {
                buckets.add(&sample);
            }
        }
        // A number that is none tells as little as no number.
        let known = |sum: Option<f64>| sum.filter(|sum| sum.is_finite());
        if self.errors.is_some() && errors.is_none() && requests.is_some() {
            errors = Some(0.0);
        }
        Ok(Sample {
            requests: known(requests),
            errors: known(errors),
            in_flight: known(in_flight),
            latency: buckets.histogram(),
        })
    }
}

/// Buckets of one or more histograms: bound, sum, and how many series had that bound.
#[derive(Default)]
struct Buckets(Vec<(f64, f64, usize)>);

impl Buckets {
    fn add(&mut self, sample: &super::line::Sample<'_>) {
        let bound = sample.labels.iter().find(|(key, _)| key == "le").and_then(|(_, value)| value.parse::<f64>().ok());
        let Some(bound) = bound.filter(|bound| !bound.is_nan()) else { return };
        match self.0.iter_mut().find(|(other, ..)| other.total_cmp(&bound).is_eq()) {
            Some((_, sum, count)) => {
                *sum += sample.value;
                *count += 1;
            }
            None => self.0.push((bound, sample.value, 1)),
        }
    }

    /// Counts are cumulative, so only bounds that every series has can be summed. `None` without the infinite one.
    fn histogram(mut self) -> Option<Histogram> {
        let series = self.0.iter().find(|(bound, ..)| *bound == f64::INFINITY).map(|(.., count)| *count)?;
        self.0.retain(|(_, sum, count)| *count == series && sum.is_finite());
        self.0.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let buckets: Vec<(f64, f64)> = self.0.into_iter().map(|(bound, sum, _)| (bound, sum)).collect();
        buckets.last().is_some_and(|(bound, _)| bound.is_infinite()).then_some(Histogram { buckets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series {
            requests: Some("http_total".to_owned()),
            errors: Some("http_total{code=~\"5..\"}".to_owned()),
            latency: Some("http_seconds{path=\"/pay\"}".to_owned()),
            in_flight: Some("http_in_flight".to_owned()),
        }
    }

    fn sum(answer: &str) -> Sample {
        Selectors::read(&series()).expect("selectors").sum(answer).expect("metrics")
    }

    #[test]
    fn series_are_summed_and_what_is_missing_stays_missing() {
        let got = sum("http_total{code=\"200\"} 90\nhttp_total{code=\"500\"} 4\nhttp_total{code=\"503\"} 6\n");
        assert_eq!(got, Sample { requests: Some(100.0), errors: Some(10.0), latency: None, in_flight: None });
        assert_eq!(sum("http_in_flight 3\n"), Sample { in_flight: Some(3.0), ..Sample::default() });
        assert_eq!(sum("http_total NaN\n").requests, None);
    }

    #[test]
    fn a_code_never_answered_means_no_failures_where_requests_are_counted() {
        assert_eq!(sum("http_total{code=\"200\"} 90\n").errors, Some(0.0));
        assert_eq!(sum("other 1\n").errors, None);
    }

    #[test]
    fn histograms_are_summed_over_the_bounds_that_all_have() {
        let bucket = |path: &str, code: &str, le: &str, n: u32| {
            format!("http_seconds_bucket{{path=\"{path}\",code=\"{code}\",le=\"{le}\"}} {n}\n")
        };
        let answer = [
            bucket("/pay", "200", "0.1", 5),
            bucket("/pay", "200", "+Inf", 9),
            bucket("/pay", "200", "0.5", 7),
            bucket("/pay", "500", "0.1", 1),
            bucket("/pay", "500", "+Inf", 2),
            bucket("/other", "200", "0.1", 100),
        ]
        .concat();
        assert_eq!(sum(&answer).latency, Some(Histogram { buckets: vec![(0.1, 6.0), (f64::INFINITY, 11.0)] }));
        assert_eq!(sum("http_seconds_bucket{path=\"/pay\",le=\"0.1\"} 5\n").latency, None);
    }
}
