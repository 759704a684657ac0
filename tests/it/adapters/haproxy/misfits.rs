//! A profile that does not fit what is there: each mistake is told with what there is instead.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use flightdeck::adapter::router::haproxy::{Address, Shape};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;

use super::super::router::{Gate, HASTY, PATIENT, of};
use super::{Fixture, pairs, read, weights};
use crate::support::fake::{Fake, Talk};

#[tokio::test]
async fn wrong_names_are_told_with_the_right_ones() {
    let a = Fixture::a(2, 1);
    let shape = |backend: &str, pools: &[(&str, &str)], inner: &[(&str, &str)]| Shape::Servers {
        backend: backend.to_owned(),
        pools: pairs(pools),
        inner: pairs(inner),
    };
    let good = [("blue", "blue-*"), ("green", "green-*")];
    for (shape, part) in [
        (shape("ap", &good, &[]), "there is no backend `ap`; there is app"),
        (shape("fe", &good, &[]), "there is no backend `fe`; there is app"),
        (
            shape("app", &[("blue", "blau-*"), good[1]], &[]),
            "no server of app fits `blau-*` (blue); it has blue-1, blue-2, green-1",
        ),
        (shape("app", &good, &[("blue", "pool_blue")]), "there is no backend `pool_blue`"),
        (shape("a;show env", &good, &[]), "there is no backend `a;show env`"),
    ] {
        mismatch(&a.shaped(shape), part).await;
    }
    let b = Fixture::b(1, 1);
    let map = b.haproxy.map();
    let shape = |map: &str, key: &str, green: &str| Shape::Map {
        map: map.to_owned(),
        key: key.to_owned(),
        percent_of: "green".into(),
        pools: pairs(&[("blue", "be_blue"), ("green", green)]),
    };
    for (shape, part) in [
        (shape("/nope.map", "app", "be_green"), format!("there is no map `/nope.map`; there is {map}")),
        (shape(&map, "api", "be_green"), format!("map {map} has no key `api`; there is app")),
        (shape(&map, "app", "green"), "there is no backend `green`; there is be_blue, be_green".to_owned()),
    ] {
        mismatch(&b.shaped(shape), &part).await;
    }
}

#[tokio::test]
async fn an_address_where_nobody_is_says_what_to_start() {
    let fixture = Fixture::a(1, 1);
    let dir = tempfile::tempdir().unwrap();
    let stale = dir.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (address, part) in [
        (Address::Unix(dir.path().join("none.sock")), "there is no such socket; start HAProxy"),
        (Address::Unix(stale), "nobody listens on the socket"),
        (Address::Unix(PathBuf::from("/".repeat(200))), "check the address"),
        (Address::Tcp(closed), "connection refused"),
        (Address::Tcp("no-port".to_owned()), "check the address"),
    ] {
        let trouble = fixture.at_address(address, PATIENT).read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
        assert!(trouble.to_string().contains(part), "{trouble}");
    }
}

#[tokio::test]
async fn the_traffic_port_is_no_runtime_api() {
    let fixture = Fixture::a(1, 1);
    let router = fixture.at_address(Address::Tcp(fixture.haproxy.front().to_string()), PATIENT);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Garbage, "{trouble}");
    assert!(trouble.why.contains("a web server answered"), "{trouble}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    let fake = Fake::start(Talk::Flood);
    let router = Fixture::a(1, 1).at_address(Address::Tcp(fake.address.to_string()), PATIENT);
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Garbage, "{trouble}");
    assert!(trouble.why.contains("does not end"), "{trouble}");
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent() {
    for fixture in [Fixture::a(2, 3), Fixture::b(1, 1), Fixture::c(1, 1)] {
        let reading = read(&fixture.router()).await;
        let prepared = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap();
        let fake = Fake::start(Talk::Says(Vec::new()));
        let router = fixture.at_address(Address::Tcp(fake.address.to_string()), PATIENT);
        assert!(matches!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Unknown(_)));
        assert_eq!(fake.heard(), format!("set severity-output number;{}\n", prepared.requests.join(";")));
    }
    let fixture = Fixture::a(2, 3).by_the_master();
    let reading = read(&fixture.router()).await;
    let prepared = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap();
    let fake = Fake::start(Talk::Says(Vec::new()));
    let router = fixture.at_address(Address::Tcp(fake.address.to_string()), PATIENT);
    assert!(matches!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Unknown(_)));
    assert_eq!(fake.heard(), format!("show proc;{};show proc;quit\n", prepared.requests.join(";")));
}

#[tokio::test]
async fn other_clients_do_not_lock_the_adapter_out_and_it_does_not_lock_them_out() {
    use std::os::unix::net::UnixStream;
    let fixture = Fixture::a(1, 1);
    let router = fixture.at_address(Address::Unix(fixture.haproxy.admin_socket()), HASTY);
    let before = of(&read(&router).await.native);
    // HAProxy serves ten connections at once; with nine idle ones there is room for one look after the other.
    let mut idle: Vec<UnixStream> =
        (0..9).map(|_| UnixStream::connect(fixture.haproxy.admin_socket()).unwrap()).collect();
    for _ in 0..20 {
        assert_eq!(of(&read(&router).await.native), before);
    }
    idle.push(UnixStream::connect(fixture.haproxy.admin_socket()).unwrap());
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TimedOut);
    assert!(trouble.advice.contains("stats maxconn"), "{trouble}");
    drop(idle);
    assert_eq!(of(&read(&fixture.router()).await.native), before);
}

async fn mismatch(router: &dyn Router, part: &str) {
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
    assert!(trouble.why.contains(part), "{trouble}");
    assert!(trouble.what.starts_with("read unix:"), "{trouble}");
}
