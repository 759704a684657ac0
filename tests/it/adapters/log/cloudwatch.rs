//! `CloudWatch` Logs, as its interface answers, and as moto does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::aws::Chain;
use flightdeck::adapter::log::cloudwatch::Config as CloudWatch;
use flightdeck::domain::TroubleKind;
use serde_json::{Value, json};

use super::contract::keeps_the_contract;
use super::followed::Followed;
use super::shelf::{PACE, SECRET, Shelf, World, endpoint, now};
use crate::support::moto::Moto;
use crate::support::web::{Asked, Said, Web};

keeps_the_contract!(super::world);

fn world() -> World {
    let web = Web::start(Shelf::default(), answer);
    let at = web.address;
    let folder = tempfile::tempdir().unwrap();
    let origin = log_group(at, folder.path());
    let mut world = World::new(web, |_, _| origin);
    world.secret = folder.path().join("credentials");
    world.kept.push(folder);
    world
}

fn log_group(at: SocketAddr, folder: &Path) -> Arc<CloudWatch> {
    let credentials = folder.join("credentials");
    let text = format!("[default]\naws_access_key_id = AKIAFLIGHTDECK\naws_secret_access_key = {SECRET}\n");
    std::fs::write(&credentials, text).unwrap();
    Arc::new(CloudWatch {
        region: "eu-west-1".to_owned(),
        at: endpoint(at),
        group: "/shop/bridge".to_owned(),
        streams: None,
        pattern: None,
        chain: Chain { profile: None, file: Some(credentials), role: None },
        timeout: Duration::from_secs(5),
        pace: PACE,
    })
}

/// `FilterLogEvents`, a thousand lines to a page.
fn answer(shelf: &mut Shelf, asked: &Asked) -> Said {
    assert_eq!(asked.header("x-amz-target"), "Logs_20140328.FilterLogEvents");
    assert_eq!(asked.header("content-type"), "application/x-amz-json-1.1");
    let signed = asked.header("authorization");
    assert!(signed.contains("AKIAFLIGHTDECK/") && signed.contains("/eu-west-1/logs/aws4_request"), "{signed}");
    // The secret itself is never sent; what is wrong with it is told as if it had been.
    if let Some(fault) = shelf.fault(SECRET) {
        return fault;
    }
    let body = asked.json();
    assert_eq!(body["logGroupName"], "/shop/bridge");
    assert!(body["limit"].as_u64().unwrap() <= 10_000);
    if shelf.no_tails {
        let no = json!({ "__type": "ThrottlingException", "message": "Rate exceeded" });
        return Said::json(400, &no);
    }
    let mut from = 0;
    if let Some(token) = body["nextToken"].as_str() {
        match shelf.cursor(token) {
            Some(cursor) if cursor["start"] == body["startTime"] && cursor["end"] == body["endTime"] => {
                from = usize::try_from(cursor["from"].as_u64().unwrap()).unwrap();
                if shelf.empty_pages && cursor["is_empty"] == true {
                    let next = token_of(shelf, &body, from, false);
                    return shelf.said(&json!({ "events": [], "nextToken": next }));
                }
            }
            _ => {
                let no =
                    json!({ "__type": "InvalidParameterException", "message": "The specified nextToken is invalid." });
                return Said::json(400, &no);
            }
        }
    }
    let lines = shelf.within(body["startTime"].as_i64().unwrap(), body["endTime"].as_i64().unwrap() + 1);
    let page: Vec<Value> = lines
        .iter()
        .skip(from)
        .take(1_000)
        .map(|line| {
            json!({ "eventId": line.id.to_string(), "timestamp": line.at, "ingestionTime": line.at + 5,
                "logStreamName": "b/1", "message": line.written() })
        })
        .collect();
    let end = from + page.len();
    let mut body_said = json!({ "events": page, "searchedLogStreams": [] });
    if end < lines.len() {
        body_said["nextToken"] = json!(token_of(shelf, &body, end, true));
    }
    shelf.said(&body_said)
}

fn token_of(shelf: &mut Shelf, body: &Value, from: usize, is_empty: bool) -> String {
    let cursor = json!({ "start": body["startTime"], "end": body["endTime"], "from": from, "is_empty": is_empty });
    shelf.open(cursor)
}

#[tokio::test]
async fn throttled_it_waits_and_goes_on() {
    let world = world();
    world.shelf().no_tails = true;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert!(trouble.why.contains("ThrottlingException: Rate exceeded"), "{trouble}");
    world.shelf().no_tails = false;
    world.shelf().put(now(), "a");
    log.until_text("a").await;
}

#[tokio::test]
async fn moto_is_followed() {
    let moto = Moto::start();
    let at = now() - 60_000;
    told(moto.address, "CreateLogGroup", &json!({ "logGroupName": "/shop/bridge" }));
    let stream = json!({ "logGroupName": "/shop/bridge", "logStreamName": "b/1" });
    told(moto.address, "CreateLogStream", &stream);
    let put = |events: Value| {
        let mut body = stream.clone();
        body["logEvents"] = events;
        told(moto.address, "PutLogEvents", &body);
    };
    put(
        json!([{ "timestamp": at, "message": "first" }, { "timestamp": at + 1, "message": "{\"level\":\"error\",\"msg\":\"second\"}" }]),
    );
    let folder = tempfile::tempdir().unwrap();
    let mut log = Followed::new(&super::config(log_group(moto.address, folder.path())));
    log.until_text("second").await;
    assert_eq!(log.texts, ["first", "second"]);
    assert_eq!(log.lines[0].field("stream"), Some("b/1"));
    put(json!([{ "timestamp": now(), "message": "third" }]));
    log.until_text("third").await;

    let mut other = Arc::unwrap_or_clone(log_group(moto.address, folder.path()));
    other.group = "/shop/nothing".to_owned();
    let trouble = Followed::new(&super::config(Arc::new(other))).until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
    assert!(trouble.why.contains("ResourceNotFoundException"), "{trouble}");
}

/// Asks moto for a change, which checks no signature.
fn told(at: SocketAddr, action: &str, body: &Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(at).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: logs.eu-west-1.amazonaws.com\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328.{action}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-west-1/logs/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
