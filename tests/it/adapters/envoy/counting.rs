//! What Envoy counts, and where traffic really goes.

use std::thread;

use flightdeck::adapter::router::Router as _;

use super::{Fixture, PREFIX, read, warns, weights};
use crate::support::haproxy::wait;
use crate::support::load::{self, Connections, Load};

#[tokio::test]
async fn traffic_follows_the_weights_and_is_counted_to_the_last_request() {
    let fixture = Fixture::of(2, 3);
    let before = fixture.shift(3_000).await;
    let tally = Load::start(fixture.envoy.front(), 4_000, 1_200, Connections::Kept).finish();
    assert_eq!((tally.failed(), tally.answered()), (0, 1_200), "{tally:?}");
    // Chance decides: four standard deviations of 1,200 requests are allowed.
    let off = (tally.percent("green") - 30.0).abs();
    assert!(off <= 5.3, "off by {off}: {tally:?}");
    let after = read(&fixture.router()).await;
    for (pool, really) in [("blue", &fixture.blue), ("green", &fixture.green)] {
        let counted = after.totals(&pool.into()).requests.unwrap() - before.totals(&pool.into()).requests.unwrap();
        assert_eq!(counted, tally.of(pool), "{pool}: {after:?}");
        assert_eq!(counted, really.requests(), "and the pool itself saw as many");
    }
    let reading = fixture.shift(10_000).await;
    assert!(warns(&reading, "a restart brings back 100.0 / 0.0"), "{:?}", reading.warnings);
    let tally = Load::start(fixture.envoy.front(), 4_000, 200, Connections::New).finish();
    assert_eq!(tally.of("green"), 200, "none goes to the old pool once the change was taken: {tally:?}");
}

#[tokio::test]
async fn requests_in_flight_are_seen_until_the_last_one_has_ended() {
    let fixture = Fixture::of(2, 1);
    let front = fixture.envoy.front();
    let held: Vec<_> = (0..3).map(|_| thread::spawn(move || load::once(front, "/held"))).collect();
    wait("three requests in blue", || fixture.blue.held() == 3);
    let reading = fixture.shift(10_000).await;
    assert_eq!(reading.totals(&"blue".into()).in_flight, Some(3), "{reading:?}");
    assert_eq!(reading.totals(&"green".into()).in_flight, Some(0), "{reading:?}");
    fixture.blue.release();
    for request in held {
        assert!(request.join().unwrap().unwrap().starts_with("blue"), "weight 0 cuts nothing");
    }
    let router = fixture.router();
    while read(&router).await.totals(&"blue".into()).in_flight != Some(0) {
        assert_eq!(fixture.blue.in_flight(), 0, "in flight is not said to be over too early");
    }
}

#[tokio::test]
async fn errors_are_counted_per_pool() {
    let fixture = Fixture::of(1, 1);
    fixture.blue.servers[0].set_failing(true);
    for _ in 0..4 {
        assert_eq!(load::once(fixture.envoy.front(), "/"), Err("500".to_owned()));
    }
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.totals(&"blue".into()).errors, Some(4), "{reading:?}");
    assert_eq!(reading.totals(&"green".into()).errors, Some(0), "{reading:?}");
}

#[tokio::test]
async fn a_pool_that_is_down_keeps_its_share_and_it_is_said() {
    let fixture = Fixture::of(2, 2);
    fixture.shift(5_000).await;
    fixture.green.servers[0].set_ill(true);
    fixture.envoy.wait_for_down("green", 1);
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "1 of 2 green hosts are down; green keeps its share"), "{:?}", reading.warnings);
    assert_eq!(reading.totals(&"green".into()).up, 1);
    let notes = fixture.router().prepare(&weights(6_000), Some(&reading)).unwrap().notes;
    assert!(notes.iter().any(|note| note.starts_with("1 of 2 green hosts are down")), "{notes:?}");
    fixture.green.servers[1].set_ill(true);
    fixture.envoy.wait_for_down("green", 2);
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.effective.to_string(), "50.0 / 50.0");
    assert!(warns(&reading, "all 2 green hosts are down, and it still gets 50.0 %"), "{:?}", reading.warnings);
    assert_eq!(reading.totals(&"green".into()).up, 0);
    let tally = Load::start(fixture.envoy.front(), 2_000, 100, Connections::New).finish();
    assert!(tally.of("green") > 20, "and so it is: {tally:?}");
}

#[tokio::test]
async fn a_restart_takes_the_weights_back_and_is_another_process() {
    let mut fixture = Fixture::of(1, 1);
    let before = fixture.shift(4_000).await;
    assert_eq!(before.identity.node, "envoy-of-a-test");
    fixture.envoy.restart();
    let after = read(&fixture.router()).await;
    assert_ne!(after.identity.process, before.identity.process);
    assert!(after.restarted_since(&before));
    assert_eq!(after.effective.to_string(), "100.0 / 0.0");
    assert!(!warns(&after, "at run time only"), "{:?}", after.warnings);
}

#[tokio::test]
async fn what_others_write_is_read_as_envoy_takes_it() {
    let fixture = Fixture::of(1, 1);
    fixture.envoy.modify(&format!("{PREFIX}.blue=abc&{PREFIX}.green=33.9"));
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.native.0.iter().map(|weight| weight.weight).collect::<Vec<_>>(), [100, 33]);
    assert!(warns(&reading, "app.v1.blue is set to abc, which Envoy does not take"), "{:?}", reading.warnings);
    for (keys, warning) in [
        ("app.v1.blue=0&app.v1.green=0", "no cluster of a pool has weight"),
        ("app.v1.blue=4294967296&app.v1.green=1", "app.v1.blue is set to 4294967296"),
    ] {
        fixture.envoy.modify(keys);
        let reading = read(&fixture.router()).await;
        assert!(warns(&reading, warning), "{:?}", reading.warnings);
        assert_eq!(load::once(fixture.envoy.front(), "/"), Err("404".to_owned()), "and so it is");
    }
    let reading = fixture.shift(2_500).await;
    assert_eq!(reading.effective.to_string(), "75.0 / 25.0", "and a change makes it good");
    assert!(load::once(fixture.envoy.front(), "/").is_ok());
}
