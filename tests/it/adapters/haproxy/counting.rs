//! What HAProxy counts, and where traffic really goes, in every shape.

use std::thread;

use flightdeck::domain::reading::{Admin, Health};

use super::{Fixture, Layout, Pool, PoolId, Shape, read, servers, warns};
use crate::support::haproxy::{Haproxy, wait};
use crate::support::load::{self, Connections, Load};

#[tokio::test]
async fn traffic_follows_the_weights_in_pools_of_different_size() {
    for (fixture, slack) in [(Fixture::a(2, 3), 0.5), (Fixture::c(1, 2), 0.5), (Fixture::b(2, 1), 8.0)] {
        let reading = fixture.shift(3_000).await;
        let tally = Load::start(fixture.haproxy.front(), 4_000, 600, Connections::Kept).finish();
        assert_eq!((tally.failed(), tally.answered()), (0, 600), "{tally:?}");
        // Random splits are allowed four standard deviations, weighted rounds next to none.
        let off = (tally.percent("green") - 30.0).abs();
        assert!(off <= slack, "off by {off}: {tally:?}");
        let after = read(&fixture.router()).await;
        for (pool, really) in [("blue", &fixture.blue), ("green", &fixture.green)] {
            let counted = requests(&after, pool) - requests(&reading, pool);
            assert_eq!(counted, tally.of(pool), "kept connections do not hide requests of {pool}");
            assert_eq!(counted, really.requests(), "and the pool itself saw as many");
        }
    }
}

#[tokio::test]
async fn new_connections_count_like_kept_ones() {
    let fixture = Fixture::a(1, 1);
    let load = Load::start(fixture.haproxy.front(), 2_000, 100, Connections::New);
    wait("half of the load", || load.tally().answered() >= 50);
    let half = load.tally();
    let all = load.finish();
    assert_eq!(all.since(&half).answered(), all.answered() - half.answered());
    assert_eq!(requests(&read(&fixture.router()).await, "blue"), 100);
    let endless = Load::start(fixture.haproxy.front(), 500, u64::MAX, Connections::New);
    wait("some of it", || endless.tally().answered() >= 5);
    let stopped = endless.stop();
    assert_eq!(requests(&read(&fixture.router()).await, "blue"), 100 + stopped.answered(), "{stopped:?}");
}

#[tokio::test]
async fn requests_in_flight_are_seen_until_the_last_one_has_ended() {
    for fixture in [Fixture::a(2, 2), Fixture::b(2, 2), Fixture::c(2, 2)] {
        let front = fixture.haproxy.front();
        let slow: Vec<_> = (0..3).map(|_| thread::spawn(move || load::once(front, "/slow?ms=700"))).collect();
        wait("three requests in flight", || fixture.blue.in_flight() == 3);
        let reading = fixture.shift(10_000).await;
        let totals = reading.totals(&"blue".into());
        assert_eq!(totals.in_flight, Some(3), "{reading:?}");
        assert_eq!(totals.requests, Some(3), "a request counts from its start, not from its answer");
        for request in slow {
            assert!(request.join().unwrap().unwrap().starts_with("blue"), "weight 0 cuts nothing");
        }
        let router = fixture.router();
        while read(&router).await.totals(&"blue".into()).in_flight != Some(0) {
            assert_eq!(fixture.blue.in_flight(), 0, "in flight is not said to be over too early");
        }
    }
}

#[tokio::test]
async fn requests_that_wait_inside_a_pool_are_in_flight() {
    let fixture = inner_with_a_queue();
    let slow = three_slow(&fixture);
    let router = fixture.router();
    while read(&router).await.totals(&"blue".into()).in_flight != Some(3) {
        assert!(!slow.iter().all(thread::JoinHandle::is_finished), "all three were never seen in flight");
    }
    assert!(fixture.blue.in_flight() <= 1, "two of them wait in front of the only server");
    for request in slow {
        request.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn requests_that_wait_for_any_pool_are_said_and_belong_to_none() {
    let fixture = Fixture::a_with(1, 1, |setup| setup.server("blue-1", "weight 100 maxconn 1"));
    let slow = three_slow(&fixture);
    let router = fixture.router();
    loop {
        let reading = read(&router).await;
        if warns(&reading, "2 requests wait for a free server of app and belong to no pool yet") {
            assert_eq!(reading.totals(&"blue".into()).in_flight, Some(1), "{reading:?}");
            break;
        }
        assert!(!slow.iter().all(thread::JoinHandle::is_finished), "two were never seen waiting");
    }
    for request in slow {
        request.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn errors_and_times_are_counted_per_pool() {
    let fixture = Fixture::a(1, 1);
    fixture.blue.servers[0].set_failing(true);
    for _ in 0..4 {
        assert_eq!(load::once(fixture.haproxy.front(), "/slow?ms=20"), Err("500".to_owned()));
    }
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.totals(&"blue".into()).errors, Some(4));
    assert_eq!(reading.totals(&"green".into()).errors, Some(0));
    let response = reading.servers[0].response.expect("there were answers");
    assert!((15..2_000).contains(&response.as_millis()), "{response:?}");
    assert_eq!(reading.servers[1].response, None);
}

#[tokio::test]
async fn a_pool_that_is_partly_down_loses_its_share_and_it_is_said() {
    let fixture = Fixture::a(3, 2);
    fixture.shift(4_000).await;
    for server in &fixture.blue.servers[..2] {
        server.set_ill(true);
        fixture.haproxy.wait_for_status("app", server.name(), "DOWN");
    }
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.native.shares(&[PoolId::from("blue"), "green".into()]).to_string(), "60.0 / 40.0");
    assert_eq!(reading.effective.to_string(), "33.3 / 66.7");
    assert!(
        warns(&reading, "2 of 3 blue servers are down: blue gets 33.3 % instead of 60.0 %"),
        "{:?}",
        reading.warnings
    );
    assert_eq!(reading.totals(&"blue".into()).up, 1);
    let tally = Load::start(fixture.haproxy.front(), 4_000, 300, Connections::Kept).finish();
    assert!((tally.percent("blue") - 33.3).abs() < 1.0, "and so it is: {tally:?}");
    let prepared =
        flightdeck::adapter::router::Router::prepare(&fixture.router(), &super::weights(2_000), Some(&reading));
    let notes = prepared.unwrap().notes;
    assert!(notes.contains(&"2 of 3 blue servers are down".to_owned()), "{notes:?}");
}

#[tokio::test]
async fn nobody_left_with_weight_is_said() {
    for (backup, then) in
        [("weight 0", "requests fail with 503"), ("weight 1 backup", "its backup servers get the traffic")]
    {
        let fixture = Fixture::a_with(1, 1, |setup| setup.server("green-1", backup));
        fixture.haproxy.ask("set server app/blue-1 state maint");
        let reading = read(&fixture.router()).await;
        let warning = format!("no server of app that can take traffic has weight: {then}");
        assert!(warns(&reading, &warning), "{:?}", reading.warnings);
        let answer = load::once(fixture.haproxy.front(), "/");
        assert_eq!(answer.is_ok(), backup.contains("backup"), "and so it is: {answer:?}");
    }
}

#[tokio::test]
async fn a_dead_pool_behind_an_inner_proxy_keeps_its_share_and_it_is_said() {
    for (fixture, proxy) in [(Fixture::c(2, 1), "pool_green"), (Fixture::b(2, 1), "be_green")] {
        fixture.shift(5_000).await;
        fixture.green.servers[0].set_ill(true);
        fixture.haproxy.wait_for_status(proxy, "green-1", "DOWN");
        let reading = read(&fixture.router()).await;
        assert_eq!(reading.effective.to_string(), "50.0 / 50.0");
        assert!(
            warns(&reading, &format!("no server of {proxy} takes traffic, and green still gets 50.0 %")),
            "{:?}",
            reading.warnings
        );
        assert_eq!(reading.totals(&"green".into()).up, 0);
        let tally = Load::start(fixture.haproxy.front(), 2_000, 100, Connections::New).finish();
        assert!(tally.failures["503"] > 20, "and so it is: {tally:?}");
    }
}

#[tokio::test]
async fn drained_and_maintained_servers_are_told_apart_and_left_alone() {
    let fixture = Fixture::a_with(2, 3, |setup| setup.server("green-3", "weight 9 backup"));
    fixture.haproxy.ask("set server app/green-1 state drain;set server app/green-2 state maint");
    let reading = fixture.shift(0).await;
    let states: Vec<_> = reading.servers.iter().map(|server| (server.admin, server.health)).collect();
    assert_eq!(states[2..4], [(Admin::Drain, Health::Up), (Admin::Maintenance, Health::Down)]);
    assert_eq!(states[4].0, Admin::Backup);
    assert_eq!(fixture.haproxy.weights()["green-3"], 9, "a backup is not written");
    let refused =
        flightdeck::adapter::router::Router::prepare(&fixture.router(), &super::weights(5_000), Some(&reading));
    assert_eq!(refused.unwrap_err().rule, "D4");
    fixture.haproxy.ask("set server app/green-2 state ready");
    fixture.haproxy.wait_for_status("app", "green-2", "UP");
    let reading = fixture.shift(5_000).await;
    assert_eq!(reading.effective.to_string(), "50.0 / 50.0");
    let tally = Load::start(fixture.haproxy.front(), 2_000, 100, Connections::New).finish();
    assert!(!tally.servers.contains_key("green-1"), "a weight does not end a drain: {tally:?}");
    assert!((49..=51).contains(&tally.servers["green-2"]), "{tally:?}");
}

#[tokio::test]
async fn three_pools_share_one_backend() {
    let pools = [Pool::start("blue", 1), Pool::start("green", 2), Pool::start("canary", 1)];
    let at: Vec<_> = pools.iter().map(|pool| (pool.name.clone(), pool.addresses())).collect();
    let at: Vec<_> = at.iter().map(|(name, at)| (name.as_str(), at.as_slice())).collect();
    let haproxy = Haproxy::start(Layout::Pools(&at));
    let [blue, green, _canary] = pools;
    let fixture = Fixture { blue, green, haproxy, shape: servers(&["blue", "green", "canary"]), is_master: false };
    let weights = flightdeck::domain::Weights::new(
        [("blue", 50), ("green", 45), ("canary", 5)]
            .map(|(pool, percent)| (pool.into(), flightdeck::domain::BasisPoints::percent(percent)))
            .to_vec(),
    );
    let weights = weights.unwrap();
    let router = fixture.router();
    let reading = read(&router).await;
    let target = flightdeck::domain::Target::Weights(weights.clone());
    let prepared = flightdeck::adapter::router::Router::prepare(&router, &target, Some(&reading)).unwrap();
    assert!(prepared.shares.are_exactly(&weights), "{prepared:?}");
    let gate = super::super::router::Gate::open();
    flightdeck::adapter::router::Router::set(&router, &prepared, Some(&reading.native), &gate).await;
    assert!(read(&router).await.effective.are_exactly(&weights));
}

fn requests(reading: &flightdeck::domain::Reading, pool: &str) -> u64 {
    reading.totals(&pool.into()).requests.expect("HAProxy counts requests")
}

/// An inner proxy whose only server takes one request at a time.
fn inner_with_a_queue() -> Fixture {
    let (blue, green) = (Pool::start("blue", 1), Pool::start("green", 1));
    let (at_blue, at_green) = (blue.addresses(), green.addresses());
    let layout = Layout::C { blue: &at_blue, green: &at_green };
    let haproxy = crate::support::haproxy::Setup::new(layout).server("blue-1", "maxconn 1").start();
    let Fixture { shape, .. } = Fixture::c(1, 1);
    assert!(matches!(shape, Shape::Servers { .. }));
    Fixture { blue, green, haproxy, shape, is_master: false }
}

/// Three requests at once, one of which is served at a time.
fn three_slow(fixture: &Fixture) -> Vec<thread::JoinHandle<Result<String, String>>> {
    let front = fixture.haproxy.front();
    (0..3).map(|_| thread::spawn(move || load::once(front, "/slow?ms=300"))).collect()
}
