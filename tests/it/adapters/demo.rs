//! The routers of the built-in world against the contract, and what only they have.
#![cfg(feature = "lab")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flightdeck::adapter::router::demo::{Config, DemoRouter};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::reading::Health;
use flightdeck::domain::{BasisPoints, PoolId, Reading, Target, TroubleKind, Weights};
use flightdeck::lab::{Fault, Lab, LabControl, LabOptions};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::router::{Gate, HASTY, PATIENT, Subject, contract, read};
use crate::support::fake::{Fake, Talk};

contract!(built_in, Fixture::start());

/// The router under test: the one that the world's faults move and restart.
const ROUTER: usize = 1;

#[tokio::test]
async fn it_tells_node_uptime_and_counters() {
    let world = Fixture::start();
    let reading = read(&world.router(PATIENT)).await;
    assert_eq!(reading.identity.node, "edge-2");
    assert!(reading.uptime.is_some() && reading.warnings.is_empty(), "{reading:?}");
    let blue = reading.totals(&"blue".into());
    assert_eq!((blue.up, blue.servers, blue.in_flight, blue.requests, blue.errors), (3, 3, Some(0), Some(0), Some(0)));
}

#[tokio::test]
async fn a_change_is_shown_as_the_one_request_that_it_is() {
    let world = Fixture::start();
    let router = world.router(PATIENT);
    let prepared = router.prepare(&shift(30), Some(&read(&router).await)).unwrap();
    assert_eq!(
        prepared.requests,
        [format!(
            "PUT http://{}/weights {{\"blue-1\":30,\"blue-2\":30,\"blue-3\":30,\"green-1\":70,\"green-2\":70,\"green-3\":70}}",
            world.address
        )]
    );
}

#[tokio::test]
async fn a_server_in_maintenance_is_left_alone_and_its_coming_moves_a_bound_change() {
    let world = Fixture::start();
    let router = world.router(HASTY);
    let before = read(&router).await;
    world.steer("/admin", r#"{"green-3":"maintenance"}"#);
    let prepared = router.prepare(&shift(50), Some(&before)).unwrap();
    assert!(matches!(router.set(&prepared, Some(&before.native), &Gate::open()).await, SetAnswer::Moved(_)));
    let reading = read(&router).await;
    let prepared = router.prepare(&shift(50), Some(&reading)).unwrap();
    assert!(prepared.native.0.iter().all(|each| each.reference != "green-3"), "{prepared:?}");
    assert!(prepared.shares.are_exactly(&weights(50)), "{}", prepared.shares);
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(read(&router).await.effective.to_string(), "50.0 / 50.0");
}

#[tokio::test]
async fn a_router_that_hangs_leaves_a_change_unknown_and_may_apply_it_late() {
    let world = Fixture::start();
    let router = world.router(HASTY);
    let before = read(&router).await;
    let prepared = router.prepare(&shift(10), Some(&before)).unwrap();
    world.control.fault(Fault::RouterHangs(ROUTER), true);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
    let answer = router.set(&prepared, Some(&before.native), &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::Unknown(why) if why.contains("no answer within 400ms; it may be taken")),
        "{answer:?}"
    );
    world.control.fault(Fault::RouterHangs(ROUTER), false);
    // The late effect is found by reading; the first whole answer comes after what had waited.
    assert!(read(&router).await.native.holds(&prepared.native));
}

#[tokio::test]
async fn a_restart_shows_as_another_identity_with_lost_weights() {
    let world = Fixture::start();
    let router = world.router(HASTY);
    let before = read(&router).await;
    let prepared = router.prepare(&shift(10), Some(&before)).unwrap();
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    world.control.fault(Fault::RouterRestarts, true);
    let after = read(&router).await;
    assert!(after.restarted_since(&before) && !after.native.holds(&prepared.native));
}

#[tokio::test]
async fn a_half_dead_pool_is_said_in_reading_and_preparation() {
    let world = Fixture::start();
    let router = world.router(HASTY);
    world.control.fault(Fault::ServerDies(0), true);
    let reading = wait_for(&router, |reading| reading.servers[0].health == Health::Down).await;
    assert_eq!(reading.effective.to_string(), "40.0 / 60.0");
    assert_eq!(
        reading.warnings,
        ["servers are down: the living ones share 40.0 / 60.0 where the weights say 50.0 / 50.0"]
    );
    let prepared = router.prepare(&shift(60), Some(&reading)).unwrap();
    assert_eq!(prepared.notes, ["blue: 2 of 3 servers up; its share is that much smaller until the others are back"]);
}

#[tokio::test]
async fn a_refusal_of_the_router_is_failed_with_its_words() {
    let world = Fixture::start();
    let router = world.router(HASTY);
    let before = read(&router).await;
    let prepared = router.prepare(&shift(0), Some(&before)).unwrap();
    world.steer("/admin", r#"{"green-1":"drain","green-2":"drain","green-3":"drain"}"#);
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::Failed(why) if why.ends_with("answered 422: no server would get traffic any more")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_profile_that_does_not_fit_is_told_what_is_there() {
    let world = Fixture::start();
    let config = Config {
        at: format!("http://{}", world.address),
        pools: vec![("blue".into(), "azure".to_owned()), ("green".into(), "green".to_owned())],
        timeout: Duration::from_secs(1),
    };
    let trouble = DemoRouter::new(config.clone()).unwrap().read().await.unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.why.as_str()),
        (TroubleKind::Mismatch, "it has no pool `azure` for blue, only blue, green")
    );
    assert!(DemoRouter::new(Config { at: "localhost".to_owned(), ..config }).is_err());
}

#[tokio::test]
async fn a_no_of_whoever_listens_there_is_a_denial() {
    let world = Fixture::start();
    let router = world.router(PATIENT);
    let prepared = router.prepare(&shift(30), Some(&read(&router).await)).unwrap();
    let fake = Fake::start(Talk::Says(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno".to_vec()));
    let router = at(&fake.address.to_string(), PATIENT);
    assert_eq!(router.read().await.unwrap_err().kind, TroubleKind::Denied);
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::Failed(why) if why.ends_with("answered 403: no")), "{answer:?}");
}

/// Such a split could not be told from another router's when it is to be put back.
#[tokio::test]
async fn a_server_that_is_not_named_after_its_pool_is_a_misfit() {
    let world = Fixture::start();
    let state = world.ask("GET", "/state", "").replace("green-3", "extra");
    let fake =
        Fake::start(Talk::Says(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{state}", state.len()).into()));
    let trouble = at(&fake.address.to_string(), PATIENT).read().await.unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.why.as_str()),
        (TroubleKind::Mismatch, "its server `extra` is not named after its pool `green`, like `green-1`")
    );
}

/// A built-in world without a load, on a runtime of its own: a test may block while it goes on, and end it at any time.
struct Fixture {
    /// Where the router under test is steered.
    address: String,
    control: LabControl,
    /// Ends the world when it is dropped.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fixture {
    fn start() -> Self {
        let (started, start) = std::sync::mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let directory = tempfile::tempdir().unwrap();
            let options = LabOptions {
                requests_per_second: 0.0,
                health_every: Duration::from_millis(30),
                restart: Duration::from_millis(20),
                directory: Some(directory.path().to_owned()),
                ..LabOptions::default()
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let lab = Lab::start(options, &TaskTracker::new()).await.unwrap();
                started.send((lab.steering().remove(ROUTER).1, lab.control())).unwrap();
                // Nothing is ever said; the other side goes.
                ended.await.ok();
                lab.stop().await;
            });
        });
        let (address, control) = start.recv().expect("the world starts");
        Self { address, control, end: Some(end), thread: Some(thread) }
    }

    fn router(&self, timeout: Duration) -> DemoRouter {
        at(&self.address, timeout)
    }

    /// Does something to the router that flightdeck itself never does.
    fn steer(&self, path: &str, body: &str) {
        self.ask("PUT", path, body);
    }

    /// The body of the router's answer, which must be a yes.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENT)).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.router(timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn begins(&self) -> Weights {
        weights(50)
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let state: serde_json::Value = serde_json::from_str(&self.ask("GET", "/state", "")).unwrap();
        let servers = state["servers"].as_array().unwrap().iter();
        servers
            .map(|each| {
                let weight = each["weight"].as_u64().unwrap();
                (each["name"].as_str().unwrap().to_owned(), u32::try_from(weight).unwrap())
            })
            .collect()
    }

    fn meddle(&self) {
        self.control.fault(Fault::WeightMoves, true);
    }

    fn freeze(&self) {
        self.control.fault(Fault::RouterHangs(ROUTER), true);
    }

    fn thaw(&self) {
        self.control.fault(Fault::RouterHangs(ROUTER), false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // Two panics at once would hide the first one.
            assert!(thread::panicking() || ended.is_ok(), "the world ends without a panic");
        }
    }

    fn powerless(&self, _timeout: Duration) -> Option<Box<dyn Router>> {
        None
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(at(&peer.to_string(), timeout))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.end();
    }
}

fn at(address: &str, timeout: Duration) -> DemoRouter {
    let pools = ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec();
    DemoRouter::new(Config { at: format!("http://{address}"), pools, timeout }).unwrap()
}

fn weights(blue: u32) -> Weights {
    let blue = BasisPoints::percent(blue);
    Weights::new(vec![("blue".into(), blue), ("green".into(), BasisPoints(10_000 - blue.0))]).unwrap()
}

fn shift(blue: u32) -> Target {
    Target::Weights(weights(blue))
}

async fn wait_for(router: &DemoRouter, holds: impl Fn(&Reading) -> bool) -> Reading {
    let look = async {
        loop {
            let reading = read(router).await;
            if holds(&reading) {
                return reading;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.expect("the state is reached")
}
