//! A Traefik that is not as the profile says, or in which weights mean less than they say.

use std::fs;

use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::reading::Health;
use serde_json::json;

use super::{
    Config, Fixture, Gate, PATIENT, Provider, Router, SetAnswer, Target, endpoint, read, router, warns, weights,
};

#[tokio::test]
async fn nothing_is_sent_that_would_take_away_what_the_template_lacks() {
    let fixture = Fixture::start(Provider::Rest, 1, 1);
    let seen = read(&fixture.router()).await;
    let prepared = fixture.router().prepare(&weights(3_000), Some(&seen)).unwrap();
    let mut more = fixture.traefik.read();
    more["http"]["routers"]["other"] =
        json!({ "rule": "PathPrefix(`/other`)", "entryPoints": ["front"], "service": "blue" });
    fixture.traefik.put(&more);
    let limit = std::time::Instant::now() + PATIENT;
    let reading = loop {
        let reading = read(&fixture.router()).await;
        if warns(&reading, "lacks routers other") {
            break reading;
        }
        assert!(std::time::Instant::now() < limit, "{:?}", reading.warnings);
    };
    let refused = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap_err();
    assert!(refused.why.contains("lacks routers other") && refused.advice == "add that to it", "{refused}");
    // What was prepared before the router came is held back as well.
    match fixture.router().set(&prepared, Some(&seen.native), &Gate::open()).await {
        SetAnswer::NotSent(why) => assert!(why.contains("lacks routers other"), "{why}"),
        other => panic!("a router would be lost, and the answer is {other:?}"),
    }
    fixture.traefik.write(&more);
    fixture.shift(3_000).await;
    assert_eq!(fixture.traefik.ask("GET", "/api/http/routers/other@rest", "").0, 200, "it is still there");
}

#[tokio::test]
async fn what_else_is_in_the_file_stays_in_it() {
    let fixture = Fixture::start(Provider::File, 1, 1);
    let before = fixture.traefik.read();
    let after = fixture.shift(2_500).await;
    let mut expected = before.clone();
    let list = &mut expected["http"]["services"]["app"]["weighted"]["services"];
    (list[0]["weight"], list[1]["weight"]) = (75.into(), 25.into());
    assert_eq!(fixture.traefik.read(), expected);
    assert_eq!(after.effective.to_string(), "75.0 / 25.0");
}

#[tokio::test]
async fn weights_that_traefik_takes_and_nobody_should_are_told_or_refused() {
    let fixture = Fixture::start(Provider::File, 1, 1);
    let mut none = read(&fixture.router()).await.native;
    for each in &mut none.0 {
        each.weight = 0;
    }
    let refused = fixture.router().prepare(&Target::Native(none), None).unwrap_err();
    assert_eq!(refused.rule, "D4", "{refused}");
    fixture.traefik.change(10, -5);
    let reading = read(&fixture.router()).await;
    assert_eq!(reading.effective.to_string(), "100.0 / 0.0");
    assert!(warns(&reading, "`green` has a weight below 0"), "{:?}", reading.warnings);
    fixture.traefik.change(10, 1_000_000_000_000);
    let trouble = fixture.router().read().await.unwrap_err();
    assert!(trouble.why.contains("more than flightdeck can tell apart"), "{trouble}");

    let mut document = fixture.traefik.read();
    document["http"]["services"]["app"]["weighted"]["services"] =
        json!([{ "name": "blue" }, { "name": "green", "weight": 1 }, { "name": "red", "weight": 2 }]);
    document["http"]["services"]["red"] = document["http"]["services"]["green"].clone();
    document["http"]["services"]["app"]["weighted"]["sticky"] = json!({ "cookie": { "name": "pool" } });
    fixture.traefik.write(&document);
    let limit = std::time::Instant::now() + PATIENT;
    loop {
        let read = fixture.router().read().await;
        let found = read.as_ref().is_ok_and(|reading| {
            reading.effective.to_string() == "50.0 / 50.0"
                && warns(reading, "`red` belongs to no pool and has weight 2")
                && warns(reading, "pins clients by a cookie")
        });
        if found {
            break;
        }
        assert!(std::time::Instant::now() < limit, "a weight that is not written is 1: {read:?}");
    }
}

#[tokio::test]
async fn a_pool_that_is_down_keeps_its_share_and_it_is_said() {
    let fixture = Fixture::start(Provider::File, 2, 1);
    fixture.shift(4_000).await;
    fixture.green.servers[0].set_ill(true);
    fixture.blue.servers[1].set_ill(true);
    let limit = std::time::Instant::now() + PATIENT;
    loop {
        let reading = read(&fixture.router()).await;
        if warns(&reading, "no server of green is up, and green still gets 40.0 %")
            && warns(&reading, "1 of 2 servers of blue are down")
        {
            assert_eq!(reading.totals(&"blue".into()).up, 1);
            assert_eq!(reading.totals(&"green".into()).up, 0);
            assert!(reading.servers.iter().any(|server| server.health == Health::Up));
            break;
        }
        assert!(std::time::Instant::now() < limit, "{reading:?}");
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_said_before_anything_is_changed() {
    let fixture = Fixture::start(Provider::Rest, 1, 1);
    for (text, part) in [
        (Some("http: {}"), "it is not JSON"),
        (Some("{\"http\":{}}"), "it has no `blue` under http.services.app"),
        (None, "No such file"),
    ] {
        match text {
            Some(text) => fs::write(fixture.traefik.document(), text).unwrap(),
            None => fs::remove_file(fixture.traefik.document()).unwrap(),
        }
        let reading = read(&fixture.router()).await;
        let refused = fixture.router().prepare(&weights(3_000), Some(&reading)).unwrap_err();
        assert!(refused.why.contains(part) && refused.advice.contains("as JSON"), "{refused}");
    }
}

#[tokio::test]
async fn names_that_are_wrong_and_a_restart_are_told() {
    let mut fixture = Fixture::start(Provider::Rest, 1, 1);
    let config = || fixture.config(PATIENT);
    let trouble = router(Config { service: "ap".to_owned(), ..config() }).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("service not found: ap@rest") && trouble.advice.contains("PUT it"), "{trouble}");
    let trouble = router(Config { service: "blue".to_owned(), ..config() }).read().await.unwrap_err();
    assert!(trouble.why.contains("it is not a weighted service"), "{trouble}");
    let elsewhere = router(Config { metrics: Some(endpoint(fixture.traefik.admin(), "/nothing")), ..config() });
    assert!(warns(&read(&elsewhere).await, "requests are not counted"));

    let before = fixture.shift(3_000).await;
    fixture.traefik.restart();
    let after = read(&fixture.router()).await;
    assert!(after.restarted_since(&before));
    assert_eq!(after.effective.to_string(), "100.0 / 0.0", "weights live in memory, and the template was sent again");
}
