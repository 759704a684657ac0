//! Reloads, restarts and deaths.

use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;

use super::super::router::Gate;
use super::{Fixture, read, warns, weights};

#[tokio::test]
async fn a_reload_takes_the_weights_back_and_shows() {
    for fixture in [Fixture::a(2, 3), Fixture::b(2, 2), Fixture::c(2, 2)] {
        let first = read(&fixture.router()).await;
        let shifted = fixture.shift(5_000).await;
        assert!(!shifted.restarted_since(&first));
        fixture.haproxy.reload();
        let after = read(&fixture.router()).await;
        assert!(after.restarted_since(&shifted), "another process: {:?} {:?}", after.identity, shifted.identity);
        assert_eq!(after.native, first.native, "the configured weights are back");
    }
}

#[tokio::test]
async fn what_a_reload_would_take_back_is_said_before() {
    let fixture = Fixture::a(2, 3);
    let reading = fixture.shift(5_000).await;
    assert!(warns(&reading, "a reload or restart brings back 100.0 / 0.0"), "{:?}", reading.warnings);
    assert!(!warns(&fixture.shift(0).await, "brings back"));
    let map = Fixture::b(1, 1);
    let reading = read(&map.router()).await;
    let notes = map.router().prepare(&weights(5_000), Some(&reading)).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("the map's file is not written")), "{notes:?}");
}

#[tokio::test]
async fn a_killed_haproxy_is_unreachable_and_a_restarted_one_is_another() {
    let mut fixture = Fixture::a(1, 1);
    let shifted = fixture.shift(5_000).await;
    fixture.haproxy.kill();
    let trouble = fixture.router().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    fixture.haproxy.restart();
    let after = read(&fixture.router()).await;
    assert!(after.restarted_since(&shifted));
    assert_eq!(after.native.shares(&["blue".into(), "green".into()]).to_string(), "100.0 / 0.0");
}

#[tokio::test]
async fn a_haproxy_that_dies_before_it_answers_leaves_the_change_unknown() {
    let fixture = Fixture::a(1, 1);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    let haproxy = std::sync::Mutex::new(fixture.haproxy);
    let gate = Gate::hooked(|| {
        haproxy.lock().unwrap().stop();
        Ok(())
    });
    let (answer, ()) = tokio::join!(router.set(&prepared, Some(&reading.native), &gate), async {
        until_sent(&gate).await;
        haproxy.lock().unwrap().kill();
    });
    // Killed after the bytes were taken: nobody knows what became of them.
    assert!(matches!(answer, SetAnswer::Unknown(_)), "{answer:?}");
}

#[tokio::test]
async fn a_change_beside_a_flapping_health_check_is_not_moved() {
    let fixture = Fixture::a(2, 2);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    fixture.blue.servers[0].set_ill(true);
    fixture.haproxy.wait_for_status("app", "blue-1", "DOWN");
    let answer = router.set(&prepared, Some(&reading.native), &Gate::open()).await;
    assert_eq!(answer, SetAnswer::Accepted, "health is no part of the split");
    fixture.blue.servers[0].set_ill(false);
    fixture.haproxy.wait_for_status("app", "blue-1", "UP");
    assert_eq!(read(&router).await.effective.to_string(), "50.0 / 50.0");
}

#[tokio::test]
async fn a_drain_set_by_somebody_else_moves_the_split() {
    let fixture = Fixture::a(2, 2);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    fixture.haproxy.ask("set server app/blue-2 state drain");
    let answer = router.set(&prepared, Some(&reading.native), &Gate::open()).await;
    assert!(matches!(answer, SetAnswer::Moved(_)), "{answer:?}");
}

/// Waits until the line is out: it is written in the turn in which the fence is asked, as the socket has room for it.
async fn until_sent(gate: &Gate<'_>) {
    while gate.asked() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
}
