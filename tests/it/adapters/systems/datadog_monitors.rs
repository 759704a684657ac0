//! Monitors of Datadog.

use std::time::Duration;

use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{Fixture, SECRET, Site, ask, before, contract, query, written};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Vec<Value>> {
    Fixture {
        site: site(),
        spoil: |monitors| monitors[0]["overall_state"] = json!("Alert"),
        mend: |monitors| monitors[0]["overall_state"] = json!("OK"),
    }
}

/// A monitor whose state is so many minutes old.
fn monitor(id: u64, name: &str, state: &str, ago: i64) -> Value {
    json!({
        "id": id, "name": name, "overall_state": state, "overall_state_modified": written(before(ago)),
        "tags": ["service:shop", "env:prod"], "options": { "silenced": {} }, "type": "query alert",
    })
}

fn site() -> Site<Vec<Value>> {
    let monitors = vec![monitor(1, "Errors of shop", "OK", 300), monitor(2, "Latency of shop", "Warn", 3)];
    Site::start("datadog-monitors", monitors, rules, |at, secret| {
        format!("at = \"http://{at}\"\ntags = [\"service:shop\", \"env:prod\"]\napi_key = {secret}\napp_key = {secret}")
    })
}

#[expect(clippy::ptr_arg, reason = "a site keeps its state as it is given")]
/// As Datadog answers: both keys are wanted, tags are a list with commas, and pages hold as many as is said.
fn rules(monitors: &mut Vec<Value>, asked: &Asked) -> Said {
    if asked.header("dd-api-key") != SECRET || asked.header("dd-application-key") != SECRET {
        return Said::json(403, &json!({ "errors": ["Forbidden"] }));
    }
    if let Some(id) = asked.route().strip_prefix("/api/v1/monitor/") {
        let found =
            monitors.iter().find(|monitor| monitor["id"].as_u64().map(|of| of.to_string()).as_deref() == Some(id));
        return found.map_or_else(
            || Said::json(404, &json!({ "errors": ["Monitor not found"] })),
            |monitor| Said::json(200, monitor),
        );
    }
    assert_eq!(asked.route(), "/api/v1/monitor");
    let query = query(asked);
    let number = |name: &str| query[name][0].parse::<usize>().unwrap();
    let wanted: Vec<&str> = query["monitor_tags"][0].split(',').collect();
    let has_all = |monitor: &&Value| wanted.iter().all(|tag| monitor["tags"].as_array().unwrap().contains(&json!(tag)));
    let page: Vec<&Value> =
        monitors.iter().filter(has_all).skip(number("page") * number("page_size")).take(number("page_size")).collect();
    Said::json(200, &json!(page)).with("Date", "Sat, 21 Nov 2026 14:00:05 GMT")
}

#[tokio::test]
async fn a_warning_counts_only_where_it_is_asked_for() {
    let site = site();
    assert_eq!(site.told("").await, (Verdict::Pass, "none of 2 monitors alerting".to_owned()));
    assert_eq!(site.told("warnings = true").await, (Verdict::Fail, "1 of 2 alerting: Latency of shop".to_owned()));
    site.edit(|monitors| monitors[1]["options"]["silenced"] = json!({ "*": null }));
    assert_eq!(site.told("warnings = true").await.1, "1 of 2 alerting: Latency of shop (muted)");
}

#[tokio::test]
async fn a_monitor_that_could_not_alert_proves_nothing() {
    let site = site();
    for state in ["No Data", "Unknown", "Skipped", "Ignored"] {
        site.edit(|monitors| monitors[0]["overall_state"] = json!(state));
        let (verdict, words) = site.told("").await;
        assert_eq!(verdict, Verdict::Inconclusive, "{state}");
        assert_eq!(words, format!("none alerting, and 1 of 2 could not: Errors of shop is {}", state.to_lowercase()));
    }
    // One that does alert is a fail all the same.
    site.edit(|monitors| monitors[1]["overall_state"] = json!("Alert"));
    assert_eq!(site.told("").await.0, Verdict::Fail);
    site.edit(Vec::clear);
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.starts_with("no monitor has these tags"), "{words}");
}

#[tokio::test]
async fn since_the_change_counts_only_what_began_after_it() {
    let site = site();
    site.edit(|monitors| *monitors = vec![monitor(1, "Old", "Alert", 30), monitor(2, "New", "Alert", 5)]);
    assert_eq!(
        site.told("since = \"change\"").await,
        (Verdict::Fail, "1 of 2 alerting: New; 1 began before and go on".to_owned())
    );
    site.edit(|monitors| monitors.truncate(1));
    assert_eq!(site.told("since = \"change\"").await.0, Verdict::Pass);
    assert_eq!(site.told("").await.0, Verdict::Fail);
}

#[tokio::test]
async fn every_page_is_read_and_ids_are_asked_one_by_one() {
    let site = site();
    site.edit(|monitors| {
        monitors.extend((3..=205).map(|id| monitor(id, "Other", "OK", 300)));
        monitors.push(monitor(300, "Last", "Alert", 5));
    });
    assert_eq!(site.told("").await.1, "1 of 206 alerting: Last");
    let keys = site.keys().replace("tags = [\"service:shop\", \"env:prod\"]", "ids = [1, 300]");
    assert_eq!(ask(&*super::check("datadog-monitors", &keys, super::PATIENT)).await.words, "1 of 2 alerting: Last");
}

#[tokio::test]
async fn datadog_says_in_its_own_header_when_it_takes_requests_again() {
    let site = site();
    let said = Said::json(429, &json!({ "errors": ["Rate limit exceeded"] }));
    site.web.state().instead = Some(said.with("X-RateLimit-Reset", "42").with("X-RateLimit-Name", "monitors_get"));
    let answer = ask(&*site.check()).await;
    assert_eq!((answer.verdict, answer.not_before), (Verdict::Inconclusive, Some(Duration::from_secs(42))));
    assert!(answer.words.contains("monitors_get"), "{}", answer.words);
}
