//! What Caddy counts, in the Prometheus text form.

/// One number.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: String,
    value: f64,
}

/// All numbers that are of use here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Metrics(Vec<Sample>);

impl Metrics {
    /// Reads the text; lines that are none of these numbers are passed over.
    pub(super) fn parse(text: &str) -> Self {
        const USED: [&str; 4] = [
            "process_start_time_seconds",
            "caddy_reverse_proxy_upstreams_healthy",
            "caddy_http_requests_total",
            "caddy_http_request_duration_seconds_count",
        ];
        let sample = |line: &str| {
            let (head, value) = line.rsplit_once(' ')?;
            let (name, labels) = head.split_once('{').unwrap_or((head, ""));
            USED.contains(&name).then_some(())?;
            Some(Sample { name: name.to_owned(), labels: format!(",{labels}"), value: value.parse().ok()? })
        };
        Self(text.lines().filter_map(sample).collect())
    }

    /// When the process was started: what tells two processes apart. Empty where the machine does not tell.
    pub(super) fn process(&self) -> String {
        self.all("process_start_time_seconds", &[]).next().map(|sample| sample.value.to_string()).unwrap_or_default()
    }

    /// Whether an upstream is well; `None` where Caddy says nothing of it.
    pub(super) fn is_healthy(&self, dial: &str) -> Option<bool> {
        let upstream = [("upstream", dial)];
        self.all("caddy_reverse_proxy_upstreams_healthy", &upstream).next().map(|sample| sample.value > 0.0)
    }

    /// Requests that a server has passed on since the last change.
    pub(super) fn requests(&self, server: &str) -> u64 {
        whole(self.all("caddy_http_requests_total", &[("server", server), ("handler", "reverse_proxy")]))
    }

    /// Those of them that came to nothing.
    pub(super) fn errors(&self, server: &str) -> u64 {
        let of = [("server", server), ("handler", "reverse_proxy")];
        whole(
            self.all("caddy_http_request_duration_seconds_count", &of)
                .filter(|sample| sample.labels.contains(",code=\"5")),
        )
    }

    fn all<'a>(&'a self, name: &'a str, labels: &[(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        let wanted: Vec<String> = labels.iter().map(|(label, value)| format!(",{label}=\"{value}\"")).collect();
        let fits =
            move |sample: &&Sample| sample.name == name && wanted.iter().all(|label| sample.labels.contains(label));
        self.0.iter().filter(fits)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole and never below zero")]
fn whole<'a>(samples: impl Iterator<Item = &'a Sample>) -> u64 {
    samples.map(|sample| sample.value).sum::<f64>().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn numbers_are_found_by_their_labels() {
        let metrics = Metrics::parse(
            "# HELP caddy_http_requests_total Counter\n\
             caddy_http_requests_total{handler=\"reverse_proxy\",server=\"pool_blue\"} 41\n\
             caddy_http_requests_total{handler=\"subroute\",server=\"pool_blue\"} 41\n\
             caddy_http_requests_total{handler=\"reverse_proxy\",server=\"pool_green\"} 1.2e+06\n\
             caddy_http_request_duration_seconds_count{code=\"502\",handler=\"reverse_proxy\",method=\"GET\",server=\"pool_blue\"} 3\n\
             caddy_http_request_duration_seconds_count{code=\"500\",handler=\"reverse_proxy\",method=\"PUT\",server=\"pool_blue\"} 2\n\
             caddy_http_request_duration_seconds_count{code=\"200\",handler=\"reverse_proxy\",method=\"GET\",server=\"pool_blue\"} 36\n\
             caddy_reverse_proxy_upstreams_healthy{upstream=\"127.0.0.1:1\"} 0\n\
             caddy_reverse_proxy_upstreams_healthy{upstream=\"127.0.0.1:12\"} 1\n\
             process_start_time_seconds 1.79527249829e+09\n",
        );
        assert_eq!((metrics.requests("pool_blue"), metrics.errors("pool_blue")), (41, 5));
        assert_eq!((metrics.requests("pool_green"), metrics.errors("pool_green")), (1_200_000, 0));
        assert_eq!(metrics.requests("blue"), 0);
        let healthy = ["127.0.0.1:1", "127.0.0.1:12", "127.0.0.1:2"].map(|dial| metrics.is_healthy(dial));
        assert_eq!(healthy, [Some(false), Some(true), None]);
        assert_eq!(metrics.process(), "1795272498.29");
        assert_eq!(Metrics::parse("<html>\n\u{1}").process(), "");
    }
}
