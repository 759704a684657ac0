//! PagerDuty's Events API v2.

use flightdeck::adapter::notifier::Came;
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Guard);

#[derive(Default)]
struct Account {
    /// Alerts by their key: the summary, and whether it is open.
    alerts: Vec<(String, String, bool)>,
    events: Vec<Value>,
}

fn site() -> Site<Account> {
    Site::start(
        "pagerduty",
        Account::default(),
        rules,
        |at, secret| format!("at = \"http://{at}\"\nrouting_key = {secret}"),
        |own| own.alerts.len(),
        |own| own.alerts.iter().map(|(_, summary, _)| summary.clone()).collect(),
    )
}

/// As PagerDuty answers: the key stands in the body, and the same dedup key is the same alert.
fn rules(own: &mut Account, asked: &Asked) -> Said {
    assert_eq!((asked.method.as_str(), asked.route()), ("POST", "/v2/enqueue"));
    let body = asked.json();
    let bad =
        |message: &str| Said::json(400, &json!({ "status": "invalid event", "message": message, "errors": [message] }));
    if body["routing_key"] != SECRET {
        return bad("'routing_key' is invalid");
    }
    let key = body["dedup_key"].as_str().unwrap_or_default().to_owned();
    if key.is_empty() || key.len() > 255 {
        return bad("'dedup_key' is too long");
    }
    let open = own.alerts.iter().position(|(known, _, is_open)| *known == key && *is_open);
    match (body["event_action"].as_str(), open) {
        (Some("trigger"), found) => {
            let payload = &body["payload"];
            let summary = payload["summary"].as_str().unwrap_or_default();
            let severity = payload["severity"].as_str().unwrap_or_default();
            let fits = !summary.is_empty()
                && summary.chars().count() <= 1_024
                && !payload["source"].as_str().unwrap_or_default().is_empty()
                && ["critical", "error", "warning", "info"].contains(&severity);
            if !fits {
                return bad("'payload' is invalid");
            }
            if found.is_none() {
                own.alerts.push((key.clone(), summary.to_owned(), true));
            }
        }
        (Some("resolve"), Some(at)) => own.alerts[at].2 = false,
        (Some("resolve"), None) => {}
        _ => return bad("'event_action' is invalid"),
    }
    own.events.push(body);
    Said::json(202, &json!({ "status": "success", "message": "Event processed", "dedup_key": key }))
}

#[tokio::test]
async fn a_session_has_one_alert_that_is_triggered_and_resolved() {
    let site = site();
    let notifier = site.notifier();
    for (occasion, entry) in [(Occasion::Guard, 7), (Occasion::Left, 8), (Occasion::RolledBack, 9)] {
        tells(&*notifier, &telling(occasion, entry)).await;
    }
    site.look(|own| {
        let [(key, summary, is_open)] = &own.alerts[..] else { panic!("{:?}", own.alerts) };
        assert!(key.starts_with("flightdeck/") && summary.starts_with("shop prod: "), "{key} {summary}");
        assert!(!is_open);
        let severities: Vec<&Value> = own.events.iter().map(|event| &event["payload"]["severity"]).collect();
        assert_eq!(severities, [&json!("critical"), &json!("warning"), &Value::Null]);
    });
}

#[tokio::test]
async fn a_long_text_is_cut_and_not_refused() {
    let site = site();
    let mut long = telling(Occasion::Guard, 7);
    long.text = "x".repeat(5_000);
    tells(&*site.notifier(), &long).await;
    assert_eq!(site.look(|own| own.alerts[0].1.chars().count()), 1_024);
}

#[tokio::test]
async fn a_bad_event_is_not_tried_again() {
    let site = site();
    site.says(Some(Said::json(400, &json!({ "status": "invalid event", "errors": ["'payload' is missing"] }))));
    let came = site.notifier().tell(&telling(Occasion::Guard, 7)).await.came;
    assert!(matches!(&came, Came::Refused { why } if why.contains("'payload' is missing")), "{came:?}");
}
