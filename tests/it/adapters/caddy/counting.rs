//! What Caddy counts, and where traffic really goes.

use std::thread;
use std::time::{Duration, Instant};

use flightdeck::adapter::router::Router as _;
use flightdeck::domain::reading::Health;

use super::{Fixture, read, warns, weights};
use crate::support::haproxy::wait;
use crate::support::load::{self, Connections, Load};

#[tokio::test]
async fn traffic_follows_the_weights_and_is_counted_since_the_change() {
    for fixture in [Fixture::inner(2, 3), Fixture::direct(2, 3)] {
        for (green, percent) in [(3_000, 30.0), (5_000, 50.0), (10_000, 100.0)] {
            let (before_blue, before_green) = (fixture.blue.requests(), fixture.green.requests());
            let reading = fixture.shift(green).await;
            let tally = Load::start(fixture.caddy.front(), 4_000, 600, Connections::New).finish();
            assert_eq!((tally.failed(), tally.answered()), (0, 600), "{tally:?}");
            // Weights are exact but for a row that is cut off by the end.
            let off = (tally.percent("green") - percent).abs();
            assert!(off <= 2.0, "off by {off}: {tally:?}");
            let after = read(&fixture.router()).await;
            for (pool, really) in
                [("blue", fixture.blue.requests() - before_blue), ("green", fixture.green.requests() - before_green)]
            {
                assert_eq!(tally.of(pool), really);
                if fixture.has_inner {
                    let counted = |reading: &flightdeck::domain::Reading| reading.totals(&pool.into()).requests;
                    assert_eq!(counted(&reading), Some(0), "counters start again with each change");
                    assert_eq!(counted(&after), Some(really), "{after:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn requests_in_flight_are_seen_over_a_change_until_the_last_one_has_ended() {
    for fixture in [Fixture::inner(2, 1), Fixture::direct(2, 1)] {
        let front = fixture.caddy.front();
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
}

#[tokio::test]
async fn errors_of_a_pool_are_counted_where_a_server_stands_for_it() {
    let fixture = Fixture::inner(1, 1);
    fixture.blue.servers[0].set_failing(true);
    for _ in 0..4 {
        assert_eq!(load::once(fixture.caddy.front(), "/"), Err("500".to_owned()));
    }
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.totals(&"blue".into()).errors, Some(4), "{reading:?}");
    assert_eq!(reading.totals(&"green".into()).errors, Some(0), "{reading:?}");
}

#[tokio::test]
async fn who_is_down_is_said_with_what_it_does_to_the_split() {
    let fixture = Fixture::direct(1, 2);
    let reading = fixture.shift(5_000).await;
    assert!(reading.servers.iter().all(|server| server.health == Health::Up), "{reading:?}");
    fixture.green.servers[0].set_ill(true);
    let router = fixture.router();
    // Caddy tells of health every ten seconds.
    let limit = Instant::now() + Duration::from_mins(1);
    let reading = loop {
        let reading = read(&router).await;
        if reading.totals(&"green".into()).up == 1 {
            break reading;
        }
        assert!(Instant::now() < limit, "Caddy never tells: {reading:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    // Places 2:1:1, the third of which begins anew at the first that is well.
    assert_eq!(reading.effective.to_string(), "75.0 / 25.0");
    assert!(
        warns(&reading, "1 of 2 green upstreams are down: green gets 25.0 % instead of 50.0 %"),
        "{:?}",
        reading.warnings
    );
    let tally = Load::start(fixture.caddy.front(), 2_000, 200, Connections::New).finish();
    assert!((tally.percent("green") - 25.0).abs() <= 2.0, "and so it is: {tally:?}");
    let notes = router.prepare(&weights(2_000), Some(&reading)).unwrap().notes;
    assert!(notes.iter().any(|note| note.starts_with("1 of 2 green upstreams are down")), "{notes:?}");
}

#[tokio::test]
async fn a_restart_takes_the_weights_back_and_is_another_process() {
    let mut fixture = Fixture::inner(1, 1);
    let before = fixture.shift(4_000).await;
    assert_eq!(before.identity, read(&fixture.router()).await.identity);
    fixture.caddy.restart();
    let after = read(&fixture.router()).await;
    assert!(after.restarted_since(&before), "{:?} {:?}", before.identity, after.identity);
    assert_eq!(after.effective.to_string(), "100.0 / 0.0");
}
