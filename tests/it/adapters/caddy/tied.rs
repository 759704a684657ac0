//! Changes are tied to what was read: Caddy compares for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::Target;
use serde_json::json;

use super::super::router::{Gate, PATIENT, of};
use super::{Fixture, Subject as _, read, weights};
use crate::support::caddy::WEIGHTS;
use crate::support::keeper;
use crate::support::web::{Said, Web};

#[tokio::test]
async fn a_change_in_the_last_moment_is_not_written_over() {
    let fixture = Fixture::inner(1, 1);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(3_000), Some(&reading)).unwrap();
    let gate = Gate::hooked(|| {
        fixture.caddy.meddle(7);
        Ok(())
    });
    // A change makes Caddy close connections on which nothing was asked yet; then only a reading can tell.
    match router.set(&prepared, Some(&reading.native), &gate).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split), fixture.caddy.weights()),
        SetAnswer::Unknown(_) => {}
        other => panic!("it moved, and the answer is {other:?}"),
    }
    assert_eq!(fixture.caddy.weights()[&fixture.caddy.dials()[1]], 7);
}

#[tokio::test]
async fn what_moved_in_the_last_moment_is_told_with_what_it_is_now() {
    let fixture = Fixture::inner(1, 1);
    let reading = read(&fixture.router()).await;
    let prepared = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap();
    // Stands for a Caddy whose weights move between the look and the change.
    let dials = fixture.caddy.dials();
    let web = Web::start(100_u32, move |blue, asked| {
        if asked.method == "GET" {
            let policy = json!({ "policy": "weighted_round_robin", "weights": [*blue, 0] });
            let upstreams = [json!({ "dial": dials[0] }), json!({ "dial": dials[1] })];
            let balancing = json!({ "selection_policy": policy });
            let handler = json!({ "handler": "reverse_proxy", "upstreams": upstreams, "load_balancing": balancing });
            return Said::json(200, &handler).with("Etag", &format!("\"/config/front {blue}\""));
        }
        *blue = 7;
        assert_eq!(asked.header("if-match"), "\"/config/front 100\"");
        Said::json(412, &json!({ "error": "If-Match header did not match current config hash" }))
    });
    let router = fixture.at(web.address, PATIENT);
    match router.set(&prepared, Some(&reading.native), &Gate::open()).await {
        SetAnswer::Moved(split) => assert_eq!(split.0.iter().map(|weight| weight.weight).collect::<Vec<_>>(), [7, 0]),
        other => panic!("it moved, and the answer is {other:?}"),
    }
    assert_eq!(web.asked().iter().filter(|asked| asked.method == "PATCH").count(), 1, "nothing is sent twice");
}

#[tokio::test]
async fn a_way_back_writes_over_weights_and_never_into_the_wrong_place() {
    let fixture = Fixture::direct(2, 1);
    let router = fixture.router();
    let reading = read(&router).await;
    let back = router.prepare(&Target::Native(reading.native.clone()), None).unwrap();
    fixture.caddy.meddle(7);
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted, "whatever the weights are by now");
    assert_eq!(of(&reading.native), fixture.really());
    // Somebody puts another upstream in front.
    let said = fixture.caddy.ask("PUT", "/id/app_pools/upstreams/0", Some(r#"{"dial":"127.0.0.1:9"}"#));
    assert_eq!(said.status, 200, "{said:?}");
    let said = fixture.caddy.ask("PATCH", WEIGHTS, Some("[0,1,1,1]"));
    assert_eq!(said.status, 200, "{said:?}");
    let moved = fixture.really();
    match router.set(&back, None, &Gate::open()).await {
        SetAnswer::Failed(why) => assert!(why.contains("its upstreams were changed since they were read"), "{why}"),
        other => panic!("weights would go to other upstreams, and the answer is {other:?}"),
    }
    assert_eq!(fixture.really(), moved, "nothing is written");
}

#[tokio::test]
async fn a_change_elsewhere_in_caddy_does_not_stand_in_the_way() {
    let fixture = Fixture::inner(2, 1);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(3_000), Some(&reading)).unwrap();
    let said = fixture.caddy.ask("PATCH", "/id/pool_blue/load_balancing/selection_policy/policy", Some("\"first\""));
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
}

#[tokio::test]
async fn a_look_goes_on_while_somebody_changes_caddy() {
    let fixture = Fixture::inner(1, 1);
    let is_over = Arc::new(AtomicBool::new(false));
    let others = thread::spawn({
        let (is_over, admin) = (Arc::clone(&is_over), fixture.caddy.admin());
        move || {
            let mut changes = 0;
            while !is_over.load(Ordering::SeqCst) {
                let weights = format!("[100,{}]", changes % 50 + 1);
                // Its own connection may be closed by the change before it.
                let said = keeper::ask(admin, "PATCH", WEIGHTS, Some(&weights));
                changes += u32::from(said.is_ok_and(|said| said.status == 200));
            }
            changes
        }
    });
    let router = fixture.router();
    let mut troubles = Vec::new();
    for _ in 0..40 {
        troubles.extend(router.read().await.err());
    }
    is_over.store(true, Ordering::SeqCst);
    let changes = others.join().unwrap();
    assert!(changes > 10, "only {changes} changes came in between");
    assert_eq!(troubles, [], "every look has an answer");
}
