//! Loki, as its ranges and tails answer.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flightdeck::adapter::http::Tls;
use flightdeck::adapter::log::Pace;
use flightdeck::adapter::log::loki::Config as Loki;
use flightdeck::domain::TroubleKind;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::contract::keeps_the_contract;
use super::followed::Followed;
use super::shelf::{Line, PACE, Shelf, World, now, query};
use crate::support::web::{Asked, Said, Web};

keeps_the_contract!(super::world);

const QUERY: &str = r#"{app="bridge", env="prod"} |= "a b""#;
const NANOS: i64 = 1_000_000;

fn world() -> World {
    paced(PACE)
}

fn paced(pace: Pace) -> World {
    World::new(Web::with_sockets(Shelf::default(), answer, tell), |at, secret| {
        Arc::new(Loki {
            at,
            query: QUERY.to_owned(),
            tenant: Some(("x-scope-orgid".parse().unwrap(), "shop".parse().unwrap())),
            user: None,
            token: Some(secret),
            tls: Tls::default(),
            timeout: Duration::from_secs(5),
            pace,
        })
    })
}

fn answer(shelf: &mut Shelf, asked: &Asked) -> Said {
    let shown = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    let is_tail = asked.route() == "/loki/api/v1/tail";
    // A tail is not counted, as it would take the fault from the range.
    let kept = (shelf.throttle, shelf.throttled, shelf.came_back);
    if is_tail {
        shelf.throttle = 0;
    }
    let fault = shelf.fault(shown);
    if is_tail {
        (shelf.throttle, shelf.throttled, shelf.came_back) = kept;
    }
    if let Some(fault) = fault {
        return fault;
    }
    assert_eq!(asked.header("x-scope-orgid"), "shop");
    assert_eq!(query(asked, "query").as_deref(), Some(QUERY));
    if is_tail {
        if shelf.no_tails {
            return Said::text(400, "max concurrent tail requests limit exceeded\u{1b}[2J");
        }
        assert_eq!(asked.header("sec-websocket-version"), "13");
        shelf.tails += 1;
        let accept = derive_accept_key(asked.header("sec-websocket-key").as_bytes());
        return Said::text(101, "")
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Accept", &accept);
    }
    assert_eq!((asked.route(), query(asked, "direction").as_deref()), ("/loki/api/v1/query_range", Some("forward")));
    let number = |key: &str| query(asked, key).unwrap().parse::<i64>().unwrap();
    let limit = usize::try_from(number("limit")).unwrap();
    assert!(limit <= 5_000);
    let (start, end) = (number("start"), number("end"));
    let mut lines = shelf.within(start / NANOS - 1, end / NANOS + 1);
    lines.retain(|line| (start..end).contains(&nanos(line)) && !line.is_lost);
    lines.truncate(limit);
    shelf.said(
        &json!({ "status": "success", "data": { "resultType": "streams", "result": streams(&lines), "stats": {} } }),
    )
}

/// Not at a whole millisecond, so that nanoseconds matter.
fn nanos(line: &Line) -> i64 {
    line.at * NANOS + 7
}

/// Grouped by stream, as Loki does, so that a merge is needed.
fn streams(lines: &[Line]) -> Value {
    let of = |parity: u64| -> Vec<Value> {
        let lines = lines.iter().filter(|line| line.id % 2 == parity);
        lines.map(|line| json!([nanos(line).to_string(), line.written()])).collect()
    };
    json!([
        { "stream": { "app": "bridge", "pod": "b-0" }, "values": of(0) },
        { "stream": { "app": "bridge", "pod": "b-1" }, "values": of(1) },
    ])
}

/// Tells lines as they come, from where it is asked to.
fn tell(shelf: &Mutex<Shelf>, asked: &Asked, stream: TcpStream) {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    let start = query(asked, "start").map_or(0, |start| start.parse::<i64>().unwrap());
    let (mut told, end) = {
        let shelf = shelf.lock().unwrap();
        // Without a start it looks back a little.
        let from = if start == 0 { (now() - 2_000) * NANOS } else { start };
        (shelf.lines.iter().filter(|line| nanos(line) < from).map(|line| line.id).collect::<Vec<_>>(), shelf.tails_end)
    };
    loop {
        let frame = {
            let shelf = shelf.lock().unwrap();
            if shelf.tails_end != end {
                socket.close(None).ok();
                return;
            }
            let new: Vec<Line> = shelf.lines.iter().filter(|line| !told.contains(&line.id)).cloned().collect();
            told.extend(new.iter().map(|line| line.id));
            let (dropped, new): (Vec<Line>, Vec<Line>) = new.into_iter().partition(|line| line.is_dropped);
            let dropped: Vec<Value> = dropped
                .iter()
                .map(|line| json!({ "timestamp": nanos(line).to_string(), "labels": "{app=\"bridge\"}" }))
                .collect();
            (!new.is_empty() || !dropped.is_empty())
                .then(|| json!({ "streams": streams(&new), "dropped_entries": dropped }).to_string())
        };
        if frame.is_some_and(|frame| socket.send(Message::text(frame)).is_err()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ranges so seldom that whatever comes at once came by the tail.
const SELDOM: Pace = Pace { every: Duration::from_mins(5), ..PACE };

#[tokio::test]
async fn lines_are_told_as_they_come() {
    let world = paced(SELDOM);
    world.shelf().put(now() - 60_000, "history");
    let mut log = Followed::new(&world.config);
    log.until_text("history").await;
    log.until(|_| world.shelf().tails == 1).await;
    for number in 0..3 {
        world.shelf().put(now(), &format!("told {number}"));
        log.until_text(&format!("told {number}")).await;
    }
    assert_eq!(log.texts, ["history", "told 0", "told 1", "told 2"]);
    assert_eq!(log.lines.last().unwrap().field("app"), Some("bridge"));
}

#[tokio::test]
async fn a_tail_that_ends_is_opened_where_it_ended() {
    let world = paced(SELDOM);
    let mut log = Followed::new(&world.config);
    log.until(|_| world.shelf().tails == 1).await;
    world.shelf().put(now(), "before");
    log.until_text("before").await;
    world.shelf().tails_end += 1;
    world.shelf().put(now(), "between");
    log.until_text("between").await;
    let again = world.web.asked().into_iter().filter(|asked| asked.route() == "/loki/api/v1/tail").nth(1);
    let before = nanos(&world.shelf().lines[0]).to_string();
    // The range finds it where it is quicker than the tail.
    if let Some(again) = again {
        assert_eq!(query(&again, "start"), Some(before));
    }
    log.until(|_| world.shelf().tails == 2).await;
    world.shelf().put(now(), "after");
    log.until_text("after").await;
    assert_eq!(log.texts, ["before", "between", "after"]);
}

#[tokio::test]
async fn what_the_tail_left_out_is_found_by_a_range() {
    let world = paced(SELDOM);
    let mut log = Followed::new(&world.config);
    log.until(|_| world.shelf().tails == 1).await;
    world.shelf().put(now(), "left out").is_dropped = true;
    log.until_text("left out").await;
    assert_eq!(log.dropped, 0);
}

#[tokio::test]
async fn what_no_range_finds_is_counted_as_dropped() {
    let world = paced(Pace { lag: Duration::from_millis(100), ..PACE });
    let mut log = Followed::new(&world.config);
    log.until(|_| world.shelf().tails == 1).await;
    {
        let mut shelf = world.shelf();
        let line = shelf.put(now(), "lost");
        (line.is_dropped, line.is_lost) = (true, true);
    }
    log.until(|log| log.dropped > 0).await;
    assert_eq!((log.dropped, log.texts.len()), (1, 0));
}

#[tokio::test]
async fn without_a_tail_ranges_are_read_and_it_is_said() {
    let world = world();
    world.shelf().no_tails = true;
    world.shelf().put(now() - 1_000, "a");
    let mut log = Followed::new(&world.config);
    log.until_text("a").await;
    let trouble = log.until_waiting().await;
    assert!(trouble.why.contains("max concurrent tail") && !trouble.why.contains('\u{1b}'), "{trouble}");
    world.shelf().put(now(), "b");
    log.until_text("b").await;
    world.shelf().no_tails = false;
    log.until_following().await;
}

#[tokio::test]
async fn a_query_of_numbers_is_said() {
    let web = Web::start(Shelf::default(), |_, _| {
        Said::json(200, &json!({ "status": "success", "data": { "resultType": "matrix", "result": [] } }))
    });
    let world = World::new(web, |at, secret| {
        Arc::new(Loki {
            at,
            query: "{} rate".to_owned(),
            tenant: None,
            user: Some(("ana".to_owned(), secret)),
            token: None,
            tls: Tls::default(),
            timeout: Duration::from_secs(5),
            pace: PACE,
        })
    });
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("numbers"), "{trouble}");
}
