//! The routers of the built-in world against the contract.
#![cfg(feature = "lab")]

use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;

use flightdeck::adapter::router::demo::{Config, DemoRouter};
use flightdeck::adapter::router::{Fence, Router, SetAnswer};
use flightdeck::domain::reading::Health;
use flightdeck::domain::{BasisPoints, PoolId, Target, TroubleKind, Weights};
use flightdeck::lab::{Fault, Lab, LabOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

#[tokio::test]
async fn it_reads_what_the_router_has() {
    let lab = lab().await;
    let reading = router(&lab, 0).read().await.unwrap();
    assert_eq!(reading.identity.node, "edge-1");
    assert_eq!(reading.native.0.iter().map(|each| each.weight).collect::<Vec<_>>(), [50; 6]);
    assert_eq!(reading.effective.to_string(), "50.0 / 50.0");
    assert!(reading.uptime.is_some() && reading.warnings.is_empty(), "{reading:?}");
    let blue = reading.totals(&"blue".into());
    assert_eq!((blue.up, blue.servers, blue.in_flight, blue.requests, blue.errors), (3, 3, Some(0), Some(0), Some(0)));
    lab.stop().await;
}

#[tokio::test]
async fn a_prepared_change_is_applied_as_shown_and_reads_back() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let before = router.read().await.unwrap();
    let prepared = router.prepare(&shift(30), Some(&before)).unwrap();
    assert_eq!(prepared, router.prepare(&shift(30), Some(&before)).unwrap(), "preparing is pure");
    assert_eq!(
        prepared.requests,
        [format!(
            "PUT http://{}/weights {{\"blue-1\":30,\"blue-2\":30,\"blue-3\":30,\"green-1\":70,\"green-2\":70,\"green-3\":70}}",
            lab.steering()[0].1
        )]
    );
    assert_eq!(router.read().await.unwrap().native, before.native, "preparing sends nothing");
    assert_eq!(router.set(&prepared, Some(&before.native), &Open).await, SetAnswer::Accepted);
    let after = router.read().await.unwrap();
    assert!(after.native.holds(&prepared.native));
    assert_eq!(after.effective.to_string(), "30.0 / 70.0");
    // And back to the letter, as a rollback does: without a reading, without a condition.
    let back = router.prepare(&Target::Native(before.native.clone()), None).unwrap();
    assert_eq!(router.set(&back, None, &Open).await, SetAnswer::Accepted);
    assert_eq!(router.read().await.unwrap().native, before.native);
    lab.stop().await;
}

#[tokio::test]
async fn a_split_that_has_moved_is_told_and_nothing_is_written() {
    let lab = lab().await;
    let router = router(&lab, 1);
    let seen = router.read().await.unwrap();
    let prepared = router.prepare(&shift(0), Some(&seen)).unwrap();
    lab.control().fault(Fault::WeightMoves, true);
    let present = router.read().await.unwrap().native;
    assert_eq!(seen.native.differences(&present), ["blue-1: 50 → 25"]);
    assert_eq!(router.set(&prepared, Some(&seen.native), &Open).await, SetAnswer::Moved(present.clone()));
    assert_eq!(router.read().await.unwrap().native, present);
    lab.stop().await;
}

#[tokio::test]
async fn a_server_in_maintenance_is_left_alone_and_its_coming_moves_a_bound_change() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let before = router.read().await.unwrap();
    steer(&lab, "/admin", r#"{"green-3":"maintenance"}"#).await;
    let prepared = router.prepare(&shift(50), Some(&before)).unwrap();
    assert!(matches!(router.set(&prepared, Some(&before.native), &Open).await, SetAnswer::Moved(_)));
    let reading = router.read().await.unwrap();
    let prepared = router.prepare(&shift(50), Some(&reading)).unwrap();
    assert!(prepared.native.0.iter().all(|each| each.reference != "green-3"), "{prepared:?}");
    assert!(prepared.shares.are_exactly(&weights(50)), "{}", prepared.shares);
    assert_eq!(router.set(&prepared, Some(&reading.native), &Open).await, SetAnswer::Accepted);
    assert_eq!(router.read().await.unwrap().effective.to_string(), "50.0 / 50.0");
    lab.stop().await;
}

#[tokio::test]
async fn a_closed_fence_sends_nothing() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let before = router.read().await.unwrap();
    let prepared = router.prepare(&shift(10), Some(&before)).unwrap();
    assert_eq!(router.set(&prepared, None, &Closed).await, SetAnswer::NotSent("the deadline is over".to_owned()));
    assert_eq!(router.read().await.unwrap().native, before.native);
    lab.stop().await;
}

#[tokio::test]
async fn a_router_that_hangs_leaves_a_change_unknown_and_may_apply_it_late() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let before = router.read().await.unwrap();
    let prepared = router.prepare(&shift(10), Some(&before)).unwrap();
    lab.control().fault(Fault::RouterHangs(0), true);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
    let answer = router.set(&prepared, Some(&before.native), &Open).await;
    assert!(matches!(&answer, SetAnswer::Unknown(why) if why.ends_with("no answer within 300ms")), "{answer:?}");
    lab.control().fault(Fault::RouterHangs(0), false);
    // The late effect is found by reading; the first whole answer comes after what had waited.
    assert!(router.read().await.unwrap().native.holds(&prepared.native));
    lab.stop().await;
}

#[tokio::test]
async fn a_restart_shows_as_another_identity_with_lost_weights() {
    let lab = lab().await;
    let router = router(&lab, 1);
    let before = router.read().await.unwrap();
    let prepared = router.prepare(&shift(10), Some(&before)).unwrap();
    assert_eq!(router.set(&prepared, None, &Open).await, SetAnswer::Accepted);
    lab.control().fault(Fault::RouterRestarts, true);
    let after = router.read().await.unwrap();
    assert!(after.restarted_since(&before) && !after.native.holds(&prepared.native));
    lab.stop().await;
}

#[tokio::test]
async fn a_half_dead_pool_is_said_in_reading_and_preparation() {
    let lab = lab().await;
    let router = router(&lab, 0);
    lab.control().fault(Fault::ServerDies(0), true);
    let reading = wait_for(&router, |reading| reading.servers[0].health == Health::Down).await;
    assert_eq!(reading.effective.to_string(), "40.0 / 60.0");
    assert_eq!(
        reading.warnings,
        ["servers are down: the living ones share 40.0 / 60.0 where the weights say 50.0 / 50.0"]
    );
    let prepared = router.prepare(&shift(60), Some(&reading)).unwrap();
    assert_eq!(prepared.notes, ["blue: 2 of 3 servers up; its share is that much smaller until the others are back"]);
    lab.stop().await;
}

#[tokio::test]
async fn a_refusal_of_the_router_is_failed_with_its_words() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let before = router.read().await.unwrap();
    let prepared = router.prepare(&shift(0), Some(&before)).unwrap();
    steer(&lab, "/admin", r#"{"green-1":"drain","green-2":"drain","green-3":"drain"}"#).await;
    let answer = router.set(&prepared, None, &Open).await;
    assert!(
        matches!(&answer, SetAnswer::Failed(why) if why.ends_with("answered 422: no server would get traffic any more")),
        "{answer:?}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_router_that_is_not_there_or_talks_nonsense_is_said_to_be_so() {
    let lab = lab().await;
    let reading = router(&lab, 0).read().await.unwrap();
    let gone = lab.steering()[0].1.clone();
    lab.stop().await;
    let router = at(&gone);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(trouble.what.contains(&gone), "{trouble}");
    let prepared = router.prepare(&shift(30), Some(&reading)).unwrap();
    assert!(matches!(router.set(&prepared, None, &Open).await, SetAnswer::NotSent(_)));

    for (said, kind) in [
        ("", TroubleKind::Garbage),
        ("SSH-2.0-OpenSSH\r\n", TroubleKind::Garbage),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", TroubleKind::Garbage),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", TroubleKind::Garbage),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", TroubleKind::Denied),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let router = at(&listener.local_addr().unwrap().to_string());
        let answer = async {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(said.as_bytes()).await.unwrap();
            }
        };
        let ask = async { (router.read().await.unwrap_err(), router.set(&prepared, None, &Open).await) };
        let ((trouble, answer), ()) = tokio::join!(ask, answer);
        assert_eq!(trouble.kind, kind, "{said:?}: {trouble}");
        let is_told = if kind == TroubleKind::Denied {
            matches!(answer, SetAnswer::Failed(_))
        } else {
            matches!(answer, SetAnswer::Unknown(_))
        };
        assert!(is_told, "{said:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_profile_that_does_not_fit_is_told_what_is_there() {
    let lab = lab().await;
    let config = Config {
        at: format!("http://{}", lab.steering()[0].1),
        pools: vec![("blue".into(), "azure".to_owned()), ("green".into(), "green".to_owned())],
        timeout: Duration::from_secs(1),
    };
    let trouble = DemoRouter::new(config.clone()).unwrap().read().await.unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.why.as_str()),
        (TroubleKind::Mismatch, "it has no pool `azure` for blue, only blue, green")
    );
    assert!(DemoRouter::new(Config { at: "localhost".to_owned(), ..config }).is_err());
    lab.stop().await;
}

#[tokio::test]
async fn the_fence_is_asked_once_and_only_with_a_connection() {
    let lab = lab().await;
    let router = router(&lab, 0);
    let prepared = router.prepare(&shift(10), Some(&router.read().await.unwrap())).unwrap();
    let fence = Counting(Mutex::new(Cell::new(0)));
    assert_eq!(router.set(&prepared, None, &fence).await, SetAnswer::Accepted);
    assert_eq!(fence.0.lock().unwrap().get(), 1);
    let gone = router;
    lab.stop().await;
    assert!(matches!(gone.set(&prepared, None, &fence).await, SetAnswer::NotSent(_)));
    assert_eq!(fence.0.lock().unwrap().get(), 1);
}

struct Open;

impl Fence for Open {
    fn may_send(&self) -> Result<(), String> {
        Ok(())
    }
}

struct Closed;

impl Fence for Closed {
    fn may_send(&self) -> Result<(), String> {
        Err("the deadline is over".to_owned())
    }
}

struct Counting(Mutex<Cell<u32>>);

impl Fence for Counting {
    fn may_send(&self) -> Result<(), String> {
        let count = self.0.lock().unwrap();
        count.set(count.get() + 1);
        Ok(())
    }
}

async fn lab() -> Lab {
    let options = LabOptions {
        requests_per_second: 0.0,
        health_every: Duration::from_millis(30),
        restart: Duration::from_millis(20),
        ..LabOptions::default()
    };
    Lab::start(options, &TaskTracker::new()).await.unwrap()
}

fn router(lab: &Lab, index: usize) -> DemoRouter {
    at(&lab.steering()[index].1)
}

fn at(address: &str) -> DemoRouter {
    let pools = ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec();
    DemoRouter::new(Config { at: format!("http://{address}"), pools, timeout: Duration::from_millis(300) }).unwrap()
}

fn weights(blue: u32) -> Weights {
    let blue = BasisPoints::percent(blue);
    Weights::new(vec![("blue".into(), blue), ("green".into(), BasisPoints(10_000 - blue.0))]).unwrap()
}

fn shift(blue: u32) -> Target {
    Target::Weights(weights(blue))
}

/// Does something to the first router that flightdeck itself never does.
async fn steer(lab: &Lab, path: &str, body: &str) {
    let mut stream = tokio::net::TcpStream::connect(&lab.steering()[0].1).await.unwrap();
    let request = format!("PUT {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn wait_for(
    router: &DemoRouter,
    holds: impl Fn(&flightdeck::domain::Reading) -> bool,
) -> flightdeck::domain::Reading {
    let look = async {
        loop {
            let reading = router.read().await.unwrap();
            if holds(&reading) {
                return reading;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), look).await.expect("the state is reached")
}
