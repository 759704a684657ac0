//! Events of Datadog.

use flightdeck::adapter::notifier::{Came, Telling};
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Verified);

fn site() -> Site<Vec<Value>> {
    Site::start(
        "datadog-event",
        Vec::new(),
        rules,
        |at, secret| format!("at = \"http://{at}\"\napi_key = {secret}\ntags = [\"team:shop\"]"),
        Vec::len,
        |own| own.iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect(),
    )
}

/// As Datadog answers: its own header, lengths that it takes, an id that is text.
fn rules(own: &mut Vec<Value>, asked: &Asked) -> Said {
    if asked.header("dd-api-key") != SECRET {
        return Said::json(403, &json!({ "errors": ["Forbidden"] }));
    }
    if asked.route() == "/api/v1/validate" {
        return Said::json(200, &json!({ "valid": true }));
    }
    assert_eq!((asked.method.as_str(), asked.route()), ("POST", "/api/v1/events"));
    let body = asked.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    assert!(!text("title").is_empty() && text("text").chars().count() <= 4_000, "{body}");
    assert!(text("aggregation_key").len() <= 100 && body["date_happened"].as_i64().unwrap() < 10_000_000_000, "{body}");
    assert!(["info", "warning", "error", "success"].contains(&text("alert_type").as_str()), "{body}");
    own.push(body);
    let id = "6327818702635911562";
    Said::json(202, &json!({ "status": "ok", "event": { "id": 6_327_818_702_635_911_000_u64, "id_str": id } }))
}

#[tokio::test]
async fn an_event_has_its_tags_and_its_id_is_the_exact_one() {
    let site = site();
    let said = tells(&*site.notifier(), &telling(Occasion::RolledBack, 7)).await;
    assert_eq!(said.came, Came::Told { words: "event 6327818702635911562".to_owned() });
    let event = site.look(|own| own[0].clone());
    assert_eq!(
        event["tags"],
        json!(["source:flightdeck", "service:shop", "env:prod", "event:rolled-back", "version:2.5.0", "team:shop"])
    );
    assert_eq!(event["alert_type"], "success");
}

#[tokio::test]
async fn what_may_have_arrived_is_not_sent_again() {
    let site = site();
    let again = Telling { may_be_there: true, ..telling(Occasion::Verified, 7) };
    let came = site.notifier().tell(&again).await.came;
    assert!(matches!(&came, Came::Unknown { why } if why.contains("look there yourself")), "{came:?}");
    assert_eq!(site.look(|own| own.len()), 0);
}
