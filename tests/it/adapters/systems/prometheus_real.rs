//! Alerts of a real Prometheus.

use flightdeck::domain::Timestamp;
use flightdeck::domain::check::{Asking, Verdict};

use super::{PATIENT, check};
use crate::support::prometheus::Prometheus;

const RULES: &str = "groups:\n- name: slo\n  interval: 1s\n  rules:\n  - alert: TooManyErrors\n    expr: errors > 5\n    \
                     labels: {severity: critical}\n";

/// What is asked in a session that was opened a minute ago, by this machine's clock.
fn asking() -> Asking {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
    Asking { now, opened: Timestamp(now.0 - 60_000), changed: None, ..super::asking() }
}

async fn told(prometheus: &Prometheus, keys: &str) -> (Verdict, String) {
    let keys = format!("at = \"{}\"\n{keys}", prometheus.at());
    let answer = check("prometheus-alerts", &keys, PATIENT).ask(&asking()).await;
    (answer.verdict, answer.words)
}

#[tokio::test]
async fn an_alert_that_fires_is_seen_and_one_that_is_over_is_not() {
    let prometheus = Prometheus::with_rules(&[("errors", 0.0)], RULES);
    prometheus.wait("count(errors)");
    // Rules are evaluated at once or a second later.
    let begun = std::time::Instant::now();
    let critical = "match = [\"severity=critical\"]";
    while told(&prometheus, critical).await.0 == Verdict::Inconclusive {
        assert!(begun.elapsed() < PATIENT, "its rules are not evaluated");
    }
    assert_eq!(told(&prometheus, critical).await, (Verdict::Pass, "none firing".to_owned()));
    prometheus.set("errors", 9.0);
    prometheus.wait("ALERTS{alertstate=\"firing\"}");
    let (verdict, words) = told(&prometheus, critical).await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.starts_with("1 firing: TooManyErrors ("), "{words}");
    assert_eq!(told(&prometheus, "since = \"open\"").await.0, Verdict::Fail);
    assert_eq!(told(&prometheus, "match = [\"severity!=critical\"]").await.0, Verdict::Inconclusive, "no rule could");
    prometheus.set("errors", 0.0);
    let begun = std::time::Instant::now();
    while told(&prometheus, critical).await.0 != Verdict::Pass {
        assert!(begun.elapsed() < PATIENT, "it fires on");
    }
}

#[tokio::test]
async fn a_prometheus_without_rules_tells_nothing() {
    let prometheus = Prometheus::start(&[("errors", 9.0)]);
    let (verdict, words) = told(&prometheus, "").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("no alerting rule is loaded"), "{words}");
    assert_eq!(told(&prometheus, "expect_rules = false").await, (Verdict::Pass, "none firing".to_owned()));
}
