//! Elasticsearch and `OpenSearch`, as their searches answer.

mod elasticsearch {
    super::keeps_the_contract!(crate::adapters::log::elastic::elasticsearch_world);
}

mod opensearch {
    super::keeps_the_contract!(crate::adapters::log::elastic::opensearch_world);
}

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::http::Tls;
use flightdeck::adapter::log::Config;
use flightdeck::adapter::log::elastic::{Config as Elastic, Product, Who};
use flightdeck::domain::TroubleKind;
use serde_json::{Value, json};

use super::contract::keeps_the_contract;
use super::followed::Followed;
use super::shelf::{PACE, Shelf, World, iso, millis, now};
use crate::support::web::{Asked, Said, Web};

const QUERY: &str = "service:\"bridge\" AND env:prod";
const NOISE: &str = "path:\\/health";

pub fn elasticsearch_world() -> World {
    world(Product::Elasticsearch)
}

pub fn opensearch_world() -> World {
    world(Product::OpenSearch)
}

fn world(product: Product) -> World {
    World::new(Web::start(Shelf::default(), move |shelf, asked| answer(product, shelf, asked)), |at, secret| {
        Arc::new(Elastic {
            product,
            at,
            index: "logs-*".to_owned(),
            query: Some(QUERY.to_owned()),
            time: "@timestamp".to_owned(),
            login: match product {
                Product::Elasticsearch => Who::ApiKey(secret),
                Product::OpenSearch => Who::User("ana".to_owned(), secret),
            },
            tls: Tls::default(),
            timeout: Duration::from_secs(5),
            pace: PACE,
        })
    })
}

fn answer(product: Product, shelf: &mut Shelf, asked: &Asked) -> Said {
    use base64::Engine as _;

    let shown = asked.header("authorization");
    let shown = match product {
        Product::Elasticsearch => shown.strip_prefix("ApiKey ").unwrap_or_default().to_owned(),
        Product::OpenSearch => {
            let basic = shown.strip_prefix("Basic ").unwrap_or_default();
            let basic = base64::engine::general_purpose::STANDARD.decode(basic).unwrap_or_default();
            String::from_utf8(basic).unwrap().strip_prefix("ana:").unwrap_or_default().to_owned()
        }
    };
    if let Some(fault) = shelf.fault(&shown) {
        return fault;
    }
    let (open, close, id) = match product {
        Product::Elasticsearch => ("/logs-*/_pit?keep_alive=1m", "/_pit", "id"),
        Product::OpenSearch => ("/logs-*/_search/point_in_time?keep_alive=1m", "/_search/point_in_time", "pit_id"),
    };
    match (asked.method.as_str(), asked.path.replace("%2A", "*").as_str()) {
        ("POST", path) if path == open => {
            // What is put there later is not in it.
            let count = shelf.lines.len();
            let point = shelf.open(json!(count));
            Said::json(200, &json!({ id: point }))
        }
        ("DELETE", path) if path == close => {
            let body = asked.json();
            let point = match product {
                Product::Elasticsearch => body["id"].as_str(),
                Product::OpenSearch => body["pit_id"][0].as_str(),
            };
            let point = point.unwrap().to_owned();
            shelf.cursors.retain(|(each, _)| *each != point);
            Said::json(200, &json!({ "succeeded": true }))
        }
        ("POST", "/_search") => search(product, shelf, &asked.json()),
        (method, path) => panic!("{method} {path}"),
    }
}

fn search(product: Product, shelf: &mut Shelf, body: &Value) -> Said {
    let point = body["pit"]["id"].as_str().expect("a search in a point in time").to_owned();
    let is_first = body.get("search_after").is_none();
    let found = if is_first {
        shelf.cursors.iter().find(|(each, _)| *each == point).map(|(_, count)| count.clone())
    } else {
        shelf.cursor(&point)
    };
    let Some(count) = found else {
        let error = json!({ "type": "search_context_missing_exception", "reason": "No search context found for id" });
        return Said::json(404, &json!({ "error": error, "status": 404 }));
    };
    let filter = &body["query"]["bool"]["filter"];
    assert_eq!(filter[1]["query_string"]["query"], QUERY);
    let tie = if product == Product::Elasticsearch { "_shard_doc" } else { "_id" };
    assert!(body["sort"][0]["@timestamp"].is_object() && body["sort"][1][tie] == "asc", "{body}");
    let range = &filter[0]["range"]["@timestamp"];
    let (from, to) = (millis(range["gte"].as_str().unwrap()), millis(range["lt"].as_str().unwrap()));
    let size = usize::try_from(body["size"].as_u64().unwrap()).unwrap();
    assert!(size <= 10_000);
    let mut lines = shelf.within(from, to);
    lines.retain(|line| {
        shelf.lines.iter().take(usize::try_from(count.as_u64().unwrap()).unwrap()).any(|each| each.id == line.id)
    });
    if let Some(after) = body["search_after"].as_array() {
        let after = (millis(after[0].as_str().unwrap()), after[1].as_u64().unwrap());
        lines.retain(|line| (line.at, line.id) > after);
    }
    let names_noise = body["query"]["bool"]["should"][0]["query_string"]["query"] == NOISE;
    let hits: Vec<Value> = lines
        .iter()
        .take(size)
        .map(|line| {
            let mut source = line.attributes.clone();
            source["@timestamp"] = json!(iso(line.at));
            source["level"] = json!(line.level);
            source["message"] = json!(line.text);
            let mut hit = json!({ "_index": "logs-1", "_id": line.id.to_string(), "_source": source, "sort": [iso(line.at), line.id] });
            if names_noise && line.is_noise {
                hit["matched_queries"] = json!(["noise"]);
            }
            hit
        })
        .collect();
    let failed = u32::from(shelf.no_tails);
    shelf.said(&json!({
        "took": 1, "timed_out": false, "_shards": { "total": 2, "successful": 2 - failed, "skipped": 0, "failed": failed },
        "pit_id": point, "hits": { "hits": hits },
    }))
}

#[tokio::test]
async fn a_point_in_time_is_closed_when_its_last_page_was_read() {
    for world in [elasticsearch_world(), opensearch_world()] {
        let mut log = Followed::new(&world.config);
        log.until(|_| world.asked() > 20).await;
        assert!(world.shelf().cursors.len() <= 1, "{:?}", world.shelf().cursors);
    }
}

#[tokio::test]
async fn noise_is_found_in_the_same_search_and_marked() {
    let world = elasticsearch_world();
    let config = Config { exclude_query: Some(NOISE.to_owned()), ..world.config.clone() };
    world.shelf().put(now() - 2_000, "health").is_noise = true;
    world.shelf().put(now() - 1_000, "pay");
    let mut log = Followed::new(&config);
    log.until_text("pay").await;
    assert_eq!(
        (log.texts.clone(), log.excluded.clone()),
        (vec!["health".to_owned(), "pay".to_owned()], vec![true, false])
    );
}

#[tokio::test]
async fn a_shard_that_failed_is_no_silence() {
    let world = elasticsearch_world();
    world.shelf().no_tails = true;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(trouble.why.contains("one shard"), "{trouble}");
    assert!(log.watermarks.is_empty());
}
