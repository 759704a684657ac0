//! What one server process counts, and its Prometheus text.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Status codes that a server answers with.
const CODES: [u16; 5] = [200, 402, 404, 500, 503];
/// Upper bounds in seconds: fine where answers usually lie, so that interpolated quantiles mean something.
const BOUNDS: [f64; 16] =
    [0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0];

/// Counters of one process; they start at zero with it.
#[derive(Default)]
pub(super) struct Metrics {
    by_code: [AtomicU64; CODES.len()],
    /// Per bound, answers that took at most as long and longer than the bound below; the last one took longer than all.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
    exports: AtomicU64,
    export_ms: AtomicU64,
    in_flight: AtomicU64,
}

/// One request being served; leaving scope ends it, however it ends.
pub(super) struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    pub(super) fn enter(level: &'a AtomicU64) -> Self {
        level.fetch_add(1, Relaxed);
        Self(level)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Metrics {
    /// Counts a request in until the guard is dropped.
    pub(super) fn enter(&self) -> InFlight<'_> {
        InFlight::enter(&self.in_flight)
    }

    /// Requests being served now.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    /// Counts an answer.
    pub(super) fn answered(&self, status: u16, took: Duration) {
        self.count(status);
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
        self.sum_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(0), Relaxed);
    }

    /// Counts a streamed export. It is timed apart: how long a download takes says nothing about how fast the service
    /// answers, and one in a hundred of them would be the 99th percentile.
    pub(super) fn exported(&self, status: u16, took: Duration) {
        self.count(status);
        self.exports.fetch_add(1, Relaxed);
        self.export_ms.fetch_add(u64::try_from(took.as_millis()).unwrap_or(0), Relaxed);
    }

    fn count(&self, status: u16) {
        if let Some(index) = CODES.iter().position(|code| *code == status)
            && let Some(counter) = self.by_code.get(index)
        {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// The text of `/metrics`.
    pub(super) fn text(&self, labels: &str) -> String {
        let mut text = String::with_capacity(2048);
        // Writing to a string cannot fail.
        self.write(&mut text, labels).ok();
        text
    }

    #[expect(clippy::cast_precision_loss, reason = "sums of times stay far below 2^52")]
    fn write(&self, text: &mut String, labels: &str) -> std::fmt::Result {
        text.push_str(
            "# HELP http_requests_total Requests answered, by status code.\n# TYPE http_requests_total counter\n",
        );
        for (code, counter) in CODES.iter().zip(&self.by_code) {
            writeln!(text, "http_requests_total{{{labels},code=\"{code}\"}} {}", counter.load(Relaxed))?;
        }
        text.push_str(
            "# HELP http_requests_in_flight Requests being served now.\n# TYPE http_requests_in_flight gauge\n",
        );
        writeln!(text, "http_requests_in_flight{{{labels}}} {}", self.in_flight())?;
        text.push_str(
            "# HELP http_request_duration_seconds Time to answer, exports apart.\n# TYPE http_request_duration_seconds histogram\n",
        );
        let mut count = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            count += bucket.load(Relaxed);
            writeln!(text, "http_request_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {count}")?;
        }
        count += self.buckets.last().map_or(0, |bucket| bucket.load(Relaxed));
        writeln!(text, "http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}")?;
        let seconds = self.sum_us.load(Relaxed) as f64 / 1e6;
        writeln!(text, "http_request_duration_seconds_sum{{{labels}}} {seconds}")?;
        writeln!(text, "http_request_duration_seconds_count{{{labels}}} {count}")?;
        text.push_str("# HELP http_export_duration_seconds Time to stream an export.\n# TYPE http_export_duration_seconds summary\n");
        let seconds = self.export_ms.load(Relaxed) as f64 / 1e3;
        writeln!(text, "http_export_duration_seconds_sum{{{labels}}} {seconds}")?;
        writeln!(text, "http_export_duration_seconds_count{{{labels}}} {}", self.exports.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_end_with_all() {
        let metrics = Metrics::default();
        for (status, ms) in [(200, 4), (200, 40), (500, 60_000)] {
            metrics.answered(status, Duration::from_millis(ms));
        }
        metrics.exported(200, Duration::from_secs(9));
        let _flight = metrics.enter();
        let text = metrics.text("pool=\"blue\"");
        for line in [
            r#"http_requests_total{pool="blue",code="200"} 3"#,
            r#"http_requests_total{pool="blue",code="500"} 1"#,
            r#"http_requests_in_flight{pool="blue"} 1"#,
            r#"http_request_duration_seconds_bucket{pool="blue",le="0.005"} 1"#,
            r#"http_request_duration_seconds_bucket{pool="blue",le="0.05"} 2"#,
            r#"http_request_duration_seconds_bucket{pool="blue",le="5"} 2"#,
            r#"http_request_duration_seconds_bucket{pool="blue",le="+Inf"} 3"#,
            r#"http_request_duration_seconds_count{pool="blue"} 3"#,
        ] {
            assert!(text.lines().any(|each| each == line), "{line} in\n{text}");
        }
    }
}
