//! What lingers on a real HAProxy: listed by pool, and ended one by one, never more than was listed.

use std::thread;
use std::time::Duration;

use flightdeck::adapter::router::Router;
use flightdeck::domain::connection::{Connection, Ended};

use super::super::router::Gate;
use super::Fixture;
use crate::support::haproxy::wait;
use crate::support::load;

async fn listed(fixture: &Fixture, pool: &str) -> Vec<Connection> {
    fixture.router().connections(&pool.into()).await.unwrap()
}

#[tokio::test]
async fn sessions_are_listed_by_pool_with_server_and_age_in_each_shape() {
    for (fixture, server) in
        [(Fixture::a(1, 1), "app/blue-1"), (Fixture::b(1, 1), "be_blue/blue-1"), (Fixture::c(1, 1), "app/blue")]
    {
        assert_eq!(listed(&fixture, "blue").await, [], "nothing is open yet");
        let front = fixture.haproxy.front();
        let slow: Vec<_> = (0..2).map(|_| thread::spawn(move || load::once(front, "/slow?ms=1500"))).collect();
        wait("two requests in flight", || fixture.blue.in_flight() == 2);
        let found = listed(&fixture, "blue").await;
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|each| each.server == server && each.client.starts_with("127.0.0.1:")), "{found:?}");
        assert_eq!(listed(&fixture, "green").await, [], "they are not green's");
        for request in slow {
            request.join().unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn only_what_was_listed_is_ended_and_what_is_gone_is_said() {
    let fixture = Fixture::a(1, 1);
    let front = fixture.haproxy.front();
    let hold = || thread::spawn(move || load::once(front, "/slow?ms=8000"));
    let first = hold();
    wait("one request in flight", || fixture.blue.in_flight() == 1);
    let found = listed(&fixture, "blue").await;
    let later = hold();
    wait("two requests in flight", || fixture.blue.in_flight() == 2);
    let router = fixture.router();
    let gone = Connection { id: "0xdead".to_owned(), ..found[0].clone() };
    let wanted = [found[0].clone(), gone];
    let ended = router.end_connections(&"blue".into(), &wanted, &Gate::open()).await;
    assert_eq!(ended, Ended::Done { ended: 1, gone: 1 });
    let answer = first.join().unwrap();
    assert!(answer.is_err(), "its client has no answer of the pool: {answer:?}");
    assert!(!later.is_finished(), "what came since goes on");
    let left = listed(&fixture, "blue").await;
    assert_eq!(left.len(), 1, "{left:?}");
    // A session that is younger than the listed one must be is another one that got its name.
    let older = Connection { age: Duration::from_hours(1), ..left[0].clone() };
    let ended = router.end_connections(&"blue".into(), &[older], &Gate::open()).await;
    assert_eq!(ended, Ended::Done { ended: 0, gone: 1 });
    assert!(!later.is_finished());
    let ended = router.end_connections(&"blue".into(), &left, &Gate::open()).await;
    assert_eq!(ended, Ended::Done { ended: 1, gone: 0 });
    assert!(later.join().unwrap().is_err());
}

#[tokio::test]
async fn nothing_is_ended_once_the_fence_is_closed_or_the_level_is_too_low() {
    let fixture = Fixture::a(1, 1);
    let front = fixture.haproxy.front();
    let slow = thread::spawn(move || load::once(front, "/slow?ms=1500"));
    wait("one request in flight", || fixture.blue.in_flight() == 1);
    let found = listed(&fixture, "blue").await;
    let fenced = fixture.router().end_connections(&"blue".into(), &found, &Gate::closed("its deadline was over")).await;
    assert!(matches!(fenced, Ended::NotSent { .. }), "{fenced:?}");
    let address = flightdeck::adapter::router::haproxy::Address::Tcp(fixture.haproxy.user_tcp());
    let powerless = fixture.at_address(address, super::PATIENT);
    let denied = powerless.end_connections(&"blue".into(), &found, &Gate::open()).await;
    assert!(matches!(&denied, Ended::Failed { why } | Ended::NotSent { why } if why.contains("admin")), "{denied:?}");
    assert!(slow.join().unwrap().is_ok(), "the request came to its end");
}

#[tokio::test]
async fn the_master_passes_the_question_on() {
    let fixture = Fixture::a(1, 1).by_the_master();
    assert_eq!(listed(&fixture, "blue").await, [], "nothing is open");
}
