//! A profile that does not fit what is there, and an Envoy that cannot be steered: each mistake with what to do about it.

use std::sync::Arc;

use flightdeck::adapter::http::Endpoint;
use flightdeck::adapter::router::envoy::Config;
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::Target;
use flightdeck::domain::outcome::TroubleKind;

use super::super::router::{Gate, PATIENT, of};
use super::{Fixture, PREFIX, Subject as _, read, warns, weights};
use crate::support::fake::{Fake, Talk};

type Change = Arc<dyn Fn(&mut Config)>;

#[tokio::test]
async fn wrong_names_are_told_with_the_right_ones() {
    let fixture = Fixture::of(1, 1);
    let with = |change: fn(&mut Config)| -> Change { Arc::new(change) };
    for (change, part) in [
        (with(|config| config.prefix = "app".to_owned()), "no route has runtime_key_prefix `app`; there is app.v1"),
        (
            with(|config| config.pools[1].1 = "verde".to_owned()),
            "the weighted clusters of app.v1 have no `verde` (green); they have blue, green",
        ),
        (
            with(|config| config.route_config = Some("nope".to_owned())),
            "no route in route configuration `nope` has weighted_clusters with a runtime_key_prefix",
        ),
    ] {
        let trouble = fixture.changed(|config| change(config)).read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{trouble}");
        assert!(trouble.why.contains(part), "{trouble}");
        assert!(trouble.what.starts_with("read http://127.0.0.1:") && trouble.advice.contains("profile"), "{trouble}");
    }
    let named = fixture.changed(|config| config.route_config = Some("routes".to_owned()));
    assert_eq!(of(&read(&named).await.native), fixture.envoy.weights());
}

#[tokio::test]
async fn the_traffic_port_is_no_admin_interface() {
    let fixture = Fixture::of(1, 1);
    let front = format!("http://{}", fixture.envoy.front());
    let router = fixture.changed(|config| config.at = Endpoint::parse(&front).unwrap());
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Garbage, "{trouble}");
    assert!(trouble.advice.contains("API"), "{trouble}");
}

#[tokio::test]
async fn routes_that_come_over_rds_are_steered_too() {
    let fixture = Fixture::with(1, 1, super::Setup::over_rds);
    let reading = fixture.shift(4_000).await;
    assert_eq!(reading.effective.to_string(), "60.0 / 40.0");
    assert_eq!(reading.generation, "7", "the version that came over rds");
}

#[tokio::test]
async fn an_envoy_without_an_admin_layer_is_told_before_and_after_the_attempt() {
    let fixture = Fixture::with(1, 1, |setup| setup.layers("[{name: base, static_layer: {}}]"));
    let router = fixture.router();
    let reading = read(&router).await;
    assert!(warns(&reading, "has no admin layer"), "{:?}", reading.warnings);
    let refused = router.prepare(&weights(3_000), Some(&reading)).unwrap_err();
    assert!(refused.why.contains("no admin layer") && refused.advice.contains("admin_layer: {}"), "{refused}");
    let back = router.prepare(&Target::Native(reading.native.clone()), None).unwrap();
    match router.set(&back, Some(&reading.native), &Gate::open()).await {
        SetAnswer::Failed(why) => assert!(why.contains("503: No admin layer specified; add a layer"), "{why}"),
        other => panic!("it cannot be set, and the answer is {other:?}"),
    }
}

#[tokio::test]
async fn a_layer_above_that_hides_every_change_is_told() {
    let layers = "[{name: admin, admin_layer: {}}, {name: fleet, static_layer: {app.v1.green: 42}}]";
    let fixture = Fixture::with(1, 1, |setup| setup.layers(layers));
    fixture.envoy.modify(&format!("{PREFIX}.green=7"));
    let reading = read(&fixture.router()).await;
    assert_eq!(of(&reading.native)["app.v1.green"], 42, "what counts is read");
    assert!(warns(&reading, "runtime layer fleet sets app.v1.green to 42, above the admin layer"), "{reading:?}");
    let refused = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap_err();
    assert!(refused.advice.contains("take the key out of that layer"), "{refused}");
}

#[tokio::test]
async fn a_cluster_without_hosts_gets_no_share() {
    let fixture = Fixture::of(1, 0);
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "no host is in cluster green"), "{:?}", reading.warnings);
    assert_eq!(reading.totals(&"green".into()).up, 0);
    let refused = fixture.router().prepare(&weights(100), Some(&reading)).unwrap_err();
    assert_eq!(refused.rule, "D4");
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent() {
    let fixture = Fixture::of(1, 1);
    let reading = read(&fixture.router()).await;
    let prepared = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap();
    let fake = Fake::start(Talk::Says(Vec::new()));
    let router = fixture.at(fake.address, PATIENT);
    assert!(matches!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Unknown(_)));
    let sent = fake.heard().lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
    let shown = prepared.requests[0].replace(&format!("http://{}", fixture.envoy.admin()), "");
    assert_eq!(sent, shown);
}
