//! A HAProxy that is steered by its master's socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flightdeck::adapter::router::haproxy::{Address, Config, HaProxy};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;

use super::super::router::{Gate, HASTY, PATIENT, contract};
use super::{Fixture, read, warns, weights};
use crate::support::haproxy::wait;

contract!(one_backend, Fixture::a(2, 3).by_the_master());
contract!(a_percentage_in_a_map, Fixture::b(2, 2).by_the_master());
contract!(inner_proxies, Fixture::c(2, 3).by_the_master());
contract!(a_socket_of_level_user, Fixture::a(2, 3).by_the_master(), says_no_with_the_words_of_a_system_that_denies);

#[tokio::test]
async fn both_sockets_tell_the_same() {
    for fixture in [Fixture::a(2, 3), Fixture::b(2, 2), Fixture::c(1, 2)] {
        let own = read(&fixture.router()).await;
        let by_master = read(&fixture.by_the_master().router()).await;
        assert_eq!(
            (own.native, own.identity, own.warnings),
            (by_master.native, by_master.identity, by_master.warnings)
        );
        assert_eq!(own.servers, by_master.servers);
    }
}

#[tokio::test]
async fn a_reload_shows_as_another_worker_and_another_generation() {
    let fixture = Fixture::a(2, 3).by_the_master();
    let shifted = fixture.shift(5_000).await;
    fixture.haproxy.reload();
    let after = read(&fixture.router()).await;
    assert!(after.restarted_since(&shifted));
    assert_eq!((shifted.generation.as_str(), after.generation.as_str()), ("after 0 reloads", "after 1 reloads"));
    assert_ne!(after.native, shifted.native, "the configured weights are back");
}

#[tokio::test]
async fn a_reload_between_the_look_and_the_write_is_noticed() {
    let fixture = Fixture::a(1, 1).by_the_master();
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    let gate = Gate::hooked(|| {
        fixture.haproxy.reload();
        Ok(())
    });
    let answer = router.set(&prepared, Some(&reading.native), &gate).await;
    // The master starts itself anew for a reload, and drops what it was told meanwhile.
    assert!(matches!(answer, SetAnswer::NotSent(_) | SetAnswer::Unknown(_)), "{answer:?}");
    assert!(read(&router).await.restarted_since(&reading));
}

#[tokio::test]
async fn old_workers_that_still_serve_are_told() {
    let fixture = Fixture::a(1, 1).by_the_master();
    let mut client = TcpStream::connect(fixture.haproxy.front()).unwrap();
    client.write_all(b"GET /held HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n").unwrap();
    wait("the request to be there", || fixture.blue.held() == 1);
    fixture.haproxy.reload();
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "1 worker from before a reload still serves 1 connection"), "{:?}", reading.warnings);
    fixture.blue.release();
    client.read_to_end(&mut Vec::new()).unwrap();
    let limit = std::time::Instant::now() + PATIENT;
    while warns(&read(&fixture.router()).await, "from before a reload") {
        assert!(std::time::Instant::now() < limit, "the old worker never ends");
    }
}

#[tokio::test]
async fn a_socket_of_the_other_sort_is_told() {
    let fixture = Fixture::a(1, 1);
    let at = |is_master, socket| {
        let address = Address::Unix(socket);
        HaProxy::new(Config { address, is_master, shape: fixture.shape.clone(), timeout: HASTY })
    };
    for (router, part) in [
        (at(true, fixture.haproxy.admin_socket()), "leave `master` out"),
        (at(false, fixture.haproxy.master_socket()), "write `master = true`"),
    ] {
        let trouble = router.read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
        assert!(trouble.advice.contains(part), "{trouble}");
    }
}
