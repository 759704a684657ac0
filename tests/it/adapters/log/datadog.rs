//! Datadog, as its API answers.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::log::datadog::Config as Datadog;
use flightdeck::adapter::log::{Config, Origin};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::log::Level;
use serde_json::{Value, json};

use super::contract::keeps_the_contract;
use super::followed::Followed;
use super::shelf::{PACE, SECRET, Shelf, World, iso, millis, now};
use crate::support::web::{Asked, Said, Web};

keeps_the_contract!(super::world);

/// As the runbook has it, with all that must not be touched.
const QUERY: &str = r#"service:"DCI Message Bridge" env:prod @x:\"a\\b\""#;
const NOISE: &str = "@Properties.MessageType:(1814 OR 1804)";

pub(super) fn world() -> World {
    World::new(Web::start(Shelf::default(), answer), |at, secret| search(at, secret, "main"))
}

/// What is asked of one index.
pub(super) fn search(at: Endpoint, secret: SecretRef, index: &str) -> Arc<dyn Origin> {
    Arc::new(Datadog {
        at,
        query: QUERY.to_owned(),
        indexes: vec![index.to_owned()],
        api_key: secret.clone(),
        app_key: secret,
        tls: Tls::default(),
        timeout: Duration::from_secs(5),
        pace: PACE,
    })
}

/// A search, by the rules of its second version.
fn answer(shelf: &mut Shelf, asked: &Asked) -> Said {
    if asked.method != "POST" || asked.path != "/api/v2/logs/events/search" {
        return Said::json(404, &json!({ "errors": ["Not found"] }));
    }
    let shown = if asked.header("dd-application-key") == SECRET { asked.header("dd-api-key") } else { "" };
    if let Some(fault) = shelf.fault(shown) {
        return fault;
    }
    let body = asked.json();
    let filter = &body["filter"];
    let limit = usize::try_from(body["page"]["limit"].as_u64().unwrap_or(10)).unwrap();
    if limit > 1000 || filter["from"].as_str().is_none_or(|from| from.starts_with("now")) {
        return Said::json(400, &json!({ "errors": ["invalid"] }));
    }
    let wanted = |is_noise: bool| match filter["query"].as_str().unwrap() {
        QUERY => true,
        query if query == format!("({QUERY}) -({NOISE})") => !is_noise,
        query if query == format!("({QUERY}) ({NOISE})") => is_noise,
        other => panic!("searched {other}"),
    };
    let time = |key: &str| millis(filter[key].as_str().unwrap());
    let mut lines = shelf.within(time("from"), time("to"));
    lines.retain(|line| wanted(line.is_noise));
    match body["sort"].as_str() {
        Some("timestamp") => {}
        Some("-timestamp") => lines.reverse(),
        other => panic!("sorted by {other:?}"),
    }
    let mut from = 0;
    if let Some(cursor) = body["page"]["cursor"].as_str() {
        match shelf.cursor(cursor) {
            // A cursor belongs to its search.
            Some(cursor) if cursor["filter"] == *filter => {
                from = usize::try_from(cursor["from"].as_u64().unwrap()).unwrap();
                if shelf.empty_pages && cursor["is_empty"] == true {
                    let after = shelf.open(json!({ "filter": filter, "from": from, "is_empty": false }));
                    return shelf.said(&json!({ "data": [], "meta": { "page": { "after": after } } }));
                }
            }
            _ => return Said::json(400, &json!({ "errors": ["cursor is invalid or expired"] })),
        }
    }
    let page: Vec<Value> = lines
        .iter()
        .skip(from)
        .take(limit)
        .map(|line| {
            json!({ "id": format!("AQAAA{}", line.id), "type": "log", "attributes": {
                "timestamp": iso(line.at), "status": line.level, "service": "bridge", "host": "b-1",
                "message": line.text, "tags": ["env:prod", "pool:blue", "odd"], "attributes": line.attributes,
            } })
        })
        .collect();
    let end = from + page.len();
    let mut body = json!({ "data": page });
    if end < lines.len() && limit > 1 {
        let cursor = json!({ "filter": filter, "from": end, "is_empty": true });
        body["meta"] = json!({ "page": { "after": shelf.open(cursor) } });
    }
    shelf.said(&body)
}

#[tokio::test]
async fn the_query_goes_there_untouched_and_what_comes_has_its_fields() {
    let world = world();
    world.shelf().put(now() - 1_000, "authorize").level = "warn";
    let mut log = Followed::new(&world.config);
    log.until_text("authorize").await;
    let asked = world.web.asked()[0].json();
    assert_eq!(asked["filter"]["query"], QUERY);
    assert_eq!(asked["filter"]["indexes"], json!(["main"]));
    let line = &log.lines[0];
    assert_eq!(line.level, Level::Warn);
    let fields: Vec<_> = line.fields().collect();
    let wanted = [("service", "bridge"), ("host", "b-1"), ("status", "warn"), ("env", "prod"), ("pool", "blue")];
    assert_eq!(fields, wanted);
}

#[tokio::test]
async fn noise_is_left_out_but_its_newest_line_shows_that_the_source_lives() {
    let world = world();
    let config = Config { exclude_query: Some(NOISE.to_owned()), ..world.config.clone() };
    for number in 0..5 {
        world.shelf().put(now() - 2_000 + number, &format!("health {number}")).is_noise = true;
    }
    world.shelf().put(now() - 1_000, "pay");
    let mut log = Followed::new(&config);
    log.until_text("health 4").await;
    assert_eq!(log.texts, ["pay", "health 4"]);
    assert_eq!(log.excluded, [false, true]);
}

#[tokio::test]
async fn a_budget_that_is_nearly_used_up_is_spread() {
    let world = world();
    world.shelf().budget = Some(0);
    let mut log = Followed::new(&world.config);
    log.until_following().await;
    let begun = std::time::Instant::now();
    let asked = world.asked();
    log.until(|_| world.asked() >= asked + 2).await;
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}
