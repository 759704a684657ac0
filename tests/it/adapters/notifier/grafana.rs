//! Annotations of Grafana.

use flightdeck::adapter::notifier::Came;
use flightdeck::domain::notify::Occasion;
use serde_json::{Value, json};

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Verified);

fn site() -> Site<Vec<Value>> {
    Site::start(
        "grafana-annotation",
        Vec::new(),
        rules,
        |at, secret| {
            format!("at = \"http://{at}\"\ntoken = {secret}\ndashboard = \"shop-1\"\npanel = 4\ntags = [\"deploy\"]")
        },
        Vec::len,
        |own| own.iter().map(|each| each["text"].as_str().unwrap().to_owned()).collect(),
    )
}

fn rules(own: &mut Vec<Value>, asked: &Asked) -> Said {
    if asked.header("authorization") != format!("Bearer {SECRET}") {
        return Said::json(401, &json!({ "message": "Invalid API key" }));
    }
    assert_eq!(asked.route(), "/api/annotations");
    if asked.method == "GET" {
        let query = asked.path.split_once('?').unwrap().1;
        let tags: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "tags")
            .map(|(_, tag)| tag.into_owned())
            .collect();
        let has = |each: &&Value| tags.iter().all(|tag| each["tags"].as_array().unwrap().contains(&json!(tag)));
        let found: Vec<&Value> = own.iter().filter(has).take(1).collect();
        return Said::json(200, &json!(found));
    }
    let body = asked.json();
    if body["text"].as_str().unwrap_or_default().is_empty() {
        return Said::json(400, &json!({ "message": "Failed to save annotation: text field should not be empty" }));
    }
    // Milliseconds, and not seconds.
    assert!(body["time"].as_i64().unwrap() > 1_000_000_000_000, "{body}");
    own.push(body);
    Said::json(200, &json!({ "message": "Annotation added", "id": own.len() }))
}

#[tokio::test]
async fn an_annotation_stands_on_its_panel_and_is_found_by_its_tags() {
    let site = site();
    let said = tells(&*site.notifier(), &telling(Occasion::Guard, 7)).await;
    assert_eq!(said.came, Came::Told { words: "annotation 1".to_owned() });
    let body = site.look(|own| own[0].clone());
    assert_eq!((&body["dashboardUID"], &body["panelId"]), (&json!("shop-1"), &json!(4)));
    let tags = body["tags"].as_array().unwrap();
    for tag in ["flightdeck", "shop", "prod", "guard", "deploy"] {
        assert!(tags.contains(&json!(tag)), "{tags:?}");
    }
}
