//! A profile that does not fit what is there, and ways to reach a Caddy that has its own ideas.

use std::sync::Arc;

use flightdeck::adapter::http::Endpoint;
use flightdeck::adapter::router::caddy::{Caddy, Config};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use serde_json::json;

use super::super::router::{Gate, PATIENT};
use super::{Fixture, Setup, Subject as _, read, shift, weights};
use crate::support::caddy::WEIGHTS;
use crate::support::fake::{Fake, Talk};

type Change = Arc<dyn Fn(&mut Config)>;

#[tokio::test]
async fn wrong_names_are_told_with_the_right_ones() {
    let fixture = Fixture::inner(1, 1);
    let with = |change: fn(&mut Config)| -> Change { Arc::new(change) };
    let path = "/apps/http/servers/front/routes/0/handle/0";
    let dials = fixture.caddy.dials().join(", ");
    for (change, part) in [
        (
            with(|config| config.handler = "app".to_owned()),
            "404: unknown object ID 'app'; compare `handler`".to_owned(),
        ),
        (with(|config| config.handler = "/apps/nope/at/all".to_owned()), "invalid traversal path".to_owned()),
        (with(|config| config.handler = "/apps/http/servers/front".to_owned()), "it is no handler".to_owned()),
        (
            with(|config| config.handler = "pool_blue".to_owned()),
            "its selection policy is round_robin, which has no weights; write `lb_policy weighted_round_robin`"
                .to_owned(),
        ),
        (
            with(|config| config.pools[1].1 = vec!["10.0.0.1:80".to_owned()]),
            format!("its upstream {} belongs to no pool", fixture.caddy.dials()[1]),
        ),
        (
            with(|config| {
                config.pools[0].1 = vec!["127.0.0.1:*".to_owned()];
                config.pools[1].1 = vec!["10.0.0.*:80".to_owned()];
            }),
            format!("no upstream fits `10.0.0.*:80` (green); it has {dials}"),
        ),
    ] {
        let trouble = fixture.changed(|config| change(config)).read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
        assert!(trouble.to_string().contains(&part), "{part}: {trouble}");
    }
    let by_path = fixture.changed(|config| config.handler = path.to_owned());
    assert_eq!(shift(&by_path, 2_000).await.effective.to_string(), "80.0 / 20.0", "a path names it as well as an @id");
}

#[tokio::test]
async fn weights_that_are_not_one_for_each_upstream_are_told() {
    let fixture = Fixture::direct(1, 1);
    let reading = read(&fixture.router()).await;
    for wrong in ["[10]", "[10,20,30]"] {
        assert_eq!(fixture.caddy.ask("PATCH", WEIGHTS, Some(wrong)).status, 200, "Caddy takes it");
        let trouble = fixture.router().read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
        assert!(trouble.why.contains("weights for 2 upstreams"), "{trouble}");
        let router = fixture.router();
        let back = router.prepare(&flightdeck::domain::Target::Native(reading.native.clone()), None).unwrap();
        assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted, "a way back makes it good");
        assert_eq!(read(&router).await.native, reading.native);
    }
}

#[tokio::test]
async fn the_traffic_port_is_no_admin_interface() {
    let fixture = Fixture::direct(1, 1);
    let front = format!("http://{}", fixture.caddy.front());
    let trouble = fixture.changed(|config| config.at = Endpoint::parse(&front).unwrap()).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Garbage, "{trouble}");
}

#[tokio::test]
async fn a_unix_socket_is_reached_under_a_name_that_it_lets_in() {
    let fixture = Fixture::direct_with(1, 1, Setup::on_a_socket);
    let at = format!("unix:{}", fixture.caddy.socket().display());
    let router = Caddy::new(fixture.config(&at, PATIENT)).unwrap();
    assert_eq!(shift(&router, 4_000).await.effective.to_string(), "60.0 / 40.0");
}

#[tokio::test]
async fn another_name_is_refused_until_the_profile_gives_the_right_one() {
    let admin = json!({ "enforce_origin": true, "origins": ["http://deck.example.net"] });
    let fixture = Fixture::direct_with(1, 1, |setup| setup.admin(admin));
    let trouble = fixture.router().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.why.contains("403: host not allowed") && trouble.advice.contains("`origin`"), "{trouble}");
    let router = fixture.changed(|config| config.origin = Some("http://deck.example.net".to_owned()));
    assert_eq!(shift(&router, 4_000).await.effective.to_string(), "60.0 / 40.0");
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent() {
    let fixture = Fixture::direct(2, 1);
    let reading = read(&fixture.router()).await;
    let prepared = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap();
    let fake = Fake::start(Talk::Says(Vec::new()));
    let router = fixture.at(fake.address, PATIENT);
    assert!(matches!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Unknown(_)));
    let all = fake.heard();
    let (head, body) = all.split_once("\r\n\r\n").expect("a head and a body");
    let sent = format!("{} {body}", head.lines().next().unwrap_or_default().replace(" HTTP/1.1", ""));
    assert_eq!(sent, prepared.requests[0].replace(&format!("http://{}", fixture.caddy.admin()), ""));
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
}
