//! Alerts of Prometheus, and what no alert means.

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, ask, before, contract, line, written};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Prometheus> {
    Fixture {
        site: site(),
        spoil: |prometheus| prometheus.alerts.push(alert("TooManyErrors", "critical", "firing", 3)),
        mend: |prometheus| prometheus.alerts.truncate(1),
    }
}

#[derive(Clone)]
struct Prometheus {
    alerts: Vec<Value>,
    rules: Vec<Value>,
}

/// An alert that began so many minutes ago.
fn alert(name: &str, severity: &str, state: &str, ago: i64) -> Value {
    json!({
        "labels": { "alertname": name, "severity": severity, "service": "shop" },
        "annotations": { "summary": "it is on fire" }, "state": state, "activeAt": written(before(ago)), "value": "1e+00",
    })
}

fn rule(name: &str, severity: &str) -> Value {
    json!({
        "type": "alerting", "name": name, "query": "up == 0", "health": "ok", "labels": { "severity": severity },
        "alerts": [], "state": "inactive", "lastEvaluation": written(before(0)),
    })
}

fn site() -> Site<Prometheus> {
    let prometheus = Prometheus {
        alerts: vec![alert("Watchdog", "none", "firing", 6_000)],
        rules: vec![rule("Watchdog", "none"), rule("TooManyErrors", "critical")],
    };
    Site::start("prometheus-alerts", prometheus, rules, |at, secret| {
        format!(
            "at = \"http://{at}/prometheus\"\nmatch = [\"severity=critical\", \"service=~shop|cart\"]\ntoken = {secret}"
        )
    })
}

/// As the server answers behind a proxy that wants a token, with its prefix.
fn rules(prometheus: &mut Prometheus, asked: &Asked) -> Said {
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return Said::text(401, "Unauthorized");
    }
    let data = match asked.path.as_str() {
        "/prometheus/api/v1/alerts" => json!({ "alerts": prometheus.alerts }),
        "/prometheus/api/v1/rules?type=alert" => {
            let group = json!({ "name": "slo", "file": "/etc/rules.yml", "interval": 15, "rules": prometheus.rules });
            json!({ "groups": if prometheus.rules.is_empty() { json!([]) } else { json!([group]) } })
        }
        _ => return Said::text(404, "404 page not found"),
    };
    Said::json(200, &json!({ "status": "success", "data": data })).with("Date", "Sat, 21 Nov 2026 14:00:05 GMT")
}

#[tokio::test]
async fn only_what_fits_every_matcher_counts() {
    let site = site();
    site.edit(|prometheus| {
        prometheus.alerts.push(alert("SlowDisk", "warning", "firing", 3));
        prometheus.alerts.push(alert("TooManyErrors", "critical", "pending", 1));
        let mut other = alert("TooManyErrors", "critical", "firing", 1);
        other["labels"]["service"] = json!("search");
        prometheus.alerts.push(other);
    });
    let answer = ask(&*site.check()).await;
    assert_eq!((answer.verdict, answer.words.as_str()), (Verdict::Pass, "none firing"));
    assert_eq!(line(&answer, "pending"), "1");
    assert_eq!(line(&answer, "rules"), "1 of 2 could raise one, last evaluated 2026-11-21 14:00:00Z");
    assert_eq!(line(&answer, "time"), "2026-11-21 14:00:05Z");
    site.edit(|prometheus| prometheus.alerts.push(alert("TooManyErrors", "critical", "firing", 3)));
    let answer = ask(&*site.check()).await;
    assert_eq!(answer.words, "1 firing: TooManyErrors (service=shop, severity=critical)");
    assert!(line(&answer, "firing").ends_with("began 2026-11-21 13:57:00Z"), "{:?}", answer.evidence);
}

#[tokio::test]
async fn since_the_change_counts_only_what_began_after_it() {
    let site = site();
    // The change was ten minutes ago, the session was opened an hour ago.
    site.edit(|prometheus| prometheus.alerts = vec![alert("Old", "critical", "firing", 30)]);
    assert_eq!(
        site.told("since = \"change\"").await,
        (Verdict::Pass, "none firing; 1 began before and go on".to_owned())
    );
    assert_eq!(site.told("since = \"15m\"").await.0, Verdict::Pass);
    assert_eq!(site.told("since = \"open\"").await.0, Verdict::Fail);
    assert_eq!(site.told("").await.0, Verdict::Fail);
    site.edit(|prometheus| prometheus.alerts.push(alert("New", "critical", "firing", 9)));
    let (verdict, words) = site.told("since = \"change\"").await;
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(words, "1 firing: New (service=shop, severity=critical); 1 began before and go on");
}

#[tokio::test]
async fn no_alert_proves_nothing_where_no_rule_would_raise_one() {
    let site = site();
    site.edit(|prometheus| (prometheus.rules.clear(), prometheus.alerts.clear()).0);
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("no alerting rule is loaded"), "{words}");
    assert_eq!(site.told("expect_rules = false").await, (Verdict::Pass, "none firing".to_owned()));
    site.edit(|prometheus| prometheus.rules = vec![rule("Watchdog", "none")]);
    assert!(site.told("").await.1.contains("none of its 1 alerting rules raises alerts that fit"));
    site.edit(|prometheus| {
        prometheus.rules = vec![rule("TooManyErrors", "critical")];
        prometheus.rules[0]["lastEvaluation"] = json!(written(before(20)));
    });
    assert!(site.told("").await.1.contains("last evaluated 20m ago"));
}

#[tokio::test]
async fn an_error_of_prometheus_is_said_in_its_words() {
    let site = site();
    site.web.state().instead =
        Some(Said::json(503, &json!({ "status": "error", "errorType": "unavailable", "error": "TSDB not ready" })));
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("it answered 503: TSDB not ready"), "{words}");
}
