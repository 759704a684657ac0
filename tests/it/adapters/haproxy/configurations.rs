//! Configurations in which weights mean less than they say.

use flightdeck::adapter::router::haproxy::Address;
use flightdeck::adapter::router::{Router, SetAnswer};

use super::super::router::{Gate, PATIENT};
use super::{Fixture, read, warns, weights};

#[tokio::test]
async fn an_ordinary_backend_gives_no_warning() {
    for fixture in [Fixture::a(2, 3), Fixture::b(2, 2), Fixture::c(2, 2)] {
        assert_eq!(read(&fixture.router()).await.warnings, Vec::<String>::new());
    }
}

#[tokio::test]
async fn loose_algorithms_are_named() {
    for (algorithm, part) in [("leastconn", "follows weights only loosely"), ("first", "whatever their weights")] {
        let fixture = Fixture::a_with(1, 1, |setup| setup.balance(algorithm));
        let reading = read(&fixture.router()).await;
        assert!(warns(&reading, part), "{:?}", reading.warnings);
        let prepared = fixture.router().prepare(&weights(5_000), Some(&reading)).unwrap();
        assert!(prepared.notes.iter().any(|note| note.contains(part)), "{:?}", prepared.notes);
    }
}

#[tokio::test]
async fn a_static_algorithm_is_refused_before_anything_is_sent() {
    let fixture = Fixture::a_with(1, 1, |setup| setup.balance("static-rr"));
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "static-rr"), "{:?}", reading.warnings);
    let refused = fixture.router().prepare(&weights(5_000), Some(&reading)).unwrap_err();
    assert!(refused.to_string().contains("balance roundrobin"), "{refused}");
}

#[tokio::test]
async fn a_hash_without_consistency_is_warned_of_and_haproxy_refuses_it() {
    let fixture = Fixture::a_with(1, 1, |setup| setup.balance("source"));
    let router = fixture.router();
    let before = fixture.haproxy.weights();
    let reading = read(&router).await;
    assert!(warns(&reading, "hash-type consistent"), "{:?}", reading.warnings);
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    let SetAnswer::Failed(why) = router.set(&prepared, Some(&reading.native), &Gate::open()).await else {
        panic!("HAProxy takes no weights here")
    };
    assert!(why.contains("static LB algorithm") && why.contains("`balance roundrobin`"), "{why}");
    assert_eq!(fixture.haproxy.weights(), before);
}

#[tokio::test]
async fn a_consistent_hash_takes_weights() {
    let fixture = Fixture::a_with(1, 1, |setup| setup.balance("uri").line("hash-type consistent"));
    assert_eq!(fixture.shift(5_000).await.effective.to_string(), "50.0 / 50.0");
}

#[tokio::test]
async fn pinned_clients_are_warned_of() {
    let cookie = Fixture::a_with(1, 1, |setup| setup.line("cookie SRV insert"));
    let reading = read(&cookie.router()).await;
    assert!(warns(&reading, "the cookie SRV"), "{:?}", reading.warnings);
    let table = Fixture::a_with(1, 1, |setup| setup.line("stick-table type ip size 1k").line("stick on src"));
    let reading = read(&table.router()).await;
    assert!(warns(&reading, "stick table"), "{:?}", reading.warnings);
}

#[tokio::test]
async fn a_server_of_no_pool_is_named_when_it_gets_traffic() {
    let fixture = Fixture::a_with(1, 1, |setup| setup.line("server stray 127.0.0.1:9 weight 5"));
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "app/stray belongs to no pool and has weight 5"), "{:?}", reading.warnings);
}

#[tokio::test]
async fn a_socket_that_cannot_write_is_known_by_looking() {
    let fixture = Fixture::a(1, 1);
    for (address, level) in [(fixture.haproxy.user_tcp(), "user"), (fixture.haproxy.operator_tcp(), "operator")] {
        let reading = read(&fixture.at_address(Address::Tcp(address), PATIENT)).await;
        assert!(warns(&reading, &format!("level is {level}")), "{:?}", reading.warnings);
    }
    let unix = fixture.at_address(Address::Unix(fixture.haproxy.user_socket()), PATIENT);
    assert!(warns(&read(&unix).await, "level is user"));
}

#[tokio::test]
async fn a_map_is_steered_over_a_socket_of_any_level_and_over_tcp() {
    let fixture = Fixture::b(1, 1);
    for (address, green) in [(fixture.haproxy.user_tcp(), 30), (fixture.haproxy.admin_tcp(), 70)] {
        let router = fixture.at_address(Address::Tcp(address), PATIENT);
        let reading = read(&router).await;
        let prepared = router.prepare(&weights(green * 100), Some(&reading)).unwrap();
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        assert_eq!(fixture.haproxy.weights()["green"], green);
    }
}
