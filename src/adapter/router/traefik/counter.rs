//! Traefik's request counters.

use super::Traefik;
use crate::adapter::http::Request;
use crate::domain::Trouble;

/// Requests of one service since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    /// All.
    pub(super) requests: u64,
    /// Those answered with 5xx.
    pub(super) errors: u64,
}

impl Traefik {
    /// The text of its counters; none where the profile names no place.
    pub(super) async fn counters(&self) -> Option<Result<String, Trouble>> {
        let metrics = self.metrics.as_ref()?;
        let shown = metrics.endpoint().to_string();
        let has_path = shown.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
        let path = if has_path { "" } else { "/metrics" };
        let what = format!("read {shown}{path}");
        Some(match metrics.look(&Request::get(path)).await {
            Err(failure) => Err(failure.trouble(&what)),
            Ok(answer) if !answer.is_success() => Err(answer.refusal(&what)),
            Ok(answer) => Ok(answer.text().into_owned()),
        })
    }
}

/// What is counted of one service; nothing yet where it has no line. `None` for a text that is not Traefik's.
pub(super) fn of(text: &str, service: &str) -> Option<Counted> {
    const NAME: &str = "traefik_service_requests_total{";
    if !text.lines().any(|line| line.starts_with("traefik_") || line.starts_with("# HELP traefik_")) {
        return None;
    }
    let mut counted = Counted::default();
    for line in text.lines().filter_map(|line| line.strip_prefix(NAME)) {
        let Some((labels, rest)) = line.rsplit_once('}') else { continue };
        if label(labels, "service") != Some(service) {
            continue;
        }
        let count = count(rest)?;
        counted.requests = counted.requests.saturating_add(count);
        if label(labels, "code").is_some_and(|code| code.starts_with('5')) {
            counted.errors = counted.errors.saturating_add(count);
        }
    }
    Some(counted)
}

/// A label's value. Names of services hold nothing that would be escaped.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let all = labels.split("\",").filter_map(|label| label.split_once("=\""));
    all.map(|(each, value)| (each, value.trim_end_matches('"'))).find(|(each, _)| *each == name).map(|(_, value)| value)
}

/// Large counts are written as floating point.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, positive and below 2^53"
)]
fn count(text: &str) -> Option<u64> {
    let number = text.split_whitespace().next()?;
    number
        .parse()
        .ok()
        .or_else(|| number.parse::<f64>().ok().filter(|number| *number >= 0.0).map(|number| number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_a_service_are_added_up() {
        let text = "# HELP traefik_service_requests_total How many\n\
                    traefik_service_requests_total{code=\"200\",method=\"GET\",protocol=\"http\",service=\"blue@file\"} 7\n\
                    traefik_service_requests_total{code=\"502\",method=\"PUT\",protocol=\"http\",service=\"blue@file\"} 1.5e+06\n\
                    traefik_service_requests_total{code=\"200\",method=\"GET\",protocol=\"http\",service=\"green@file\"} 9\n";
        assert_eq!(of(text, "blue@file"), Some(Counted { requests: 1_500_007, errors: 1_500_000 }));
        assert_eq!(of(text, "red@file"), Some(Counted::default()));
        assert_eq!(of("go_goroutines 5\n", "blue@file"), None, "somebody else's counters say nothing of Traefik");
    }
}
