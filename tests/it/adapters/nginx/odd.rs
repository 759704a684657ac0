//! An nginx that does not do what it is told, or is not as the profile says.

use std::fs;
use std::time::Duration;

use flightdeck::domain::Proof;
use flightdeck::domain::outcome::TroubleKind;

use super::{
    Configured, Fixture, Gate, PATIENT, Reload, Router, SetAnswer, Shape, Subject, Way, read, router, warns, weights,
};

#[tokio::test]
async fn a_text_that_nginx_refuses_does_not_stay_on_disk() {
    let fixture = Fixture::start(Way::Upstream, 1, 1);
    let (before, answer) = (fs::read_to_string(fixture.nginx.file()).unwrap(), fixture.nginx.answer());
    let mut config = fixture.config(PATIENT);
    if let Shape::Upstream { options, .. } = &mut config.shape {
        *options = Some("max_failz=2".to_owned());
    }
    let broken = router(config);
    let (prepared, _) = fixture.prepared(&broken, 3_000).await;
    match broken.set(&prepared, None, &Gate::open()).await {
        SetAnswer::Failed(why) => {
            assert!(why.contains("invalid parameter \"max_failz=2\""), "{why}");
            assert!(why.contains("the old text of") && why.contains("is back and nothing was changed"), "{why}");
        }
        other => panic!("nginx refuses it, and the answer is {other:?}"),
    }
    assert_eq!(fs::read_to_string(fixture.nginx.file()).unwrap(), before);
    assert_eq!(fixture.nginx.answer(), answer, "nobody was told to read it");
}

#[tokio::test]
async fn a_master_that_is_stopped_reloads_when_it_goes_on_and_until_then_nothing_is_said_to_be_done() {
    let fixture = Fixture::start(Way::Split, 1, 1);
    let router = router(fixture.config(Duration::from_secs(1)));
    let (prepared, before) = fixture.prepared(&router, 3_000).await;
    fixture.nginx.stop_master();
    match router.set(&prepared, Some(&before.native), &Gate::open()).await {
        SetAnswer::Unknown(why) => assert!(why.contains("workers with earlier weights still answer"), "{why}"),
        other => panic!("nobody has the new weights, and the answer is {other:?}"),
    }
    let reading = read(&router).await;
    assert_eq!(reading.native, before.native, "what workers have counts, not what the file says");
    assert!(warns(&reading, "no reload has happened since it was written"), "{:?}", reading.warnings);
    fixture.nginx.cont();
    let limit = std::time::Instant::now() + PATIENT;
    while !read(&router).await.native.holds(&prepared.native) {
        assert!(std::time::Instant::now() < limit, "the reload never happens");
    }
}

#[tokio::test]
async fn a_master_that_is_gone_is_said_and_nothing_more_is_prepared() {
    let fixture = Fixture::start(Way::Split, 1, 1);
    let router = fixture.router();
    fixture.nginx.kill_master();
    let limit = std::time::Instant::now() + PATIENT;
    let reading = loop {
        let reading = read(&router).await;
        if warns(&reading, "is gone, and workers that are left keep their weights") {
            break reading;
        }
        assert!(std::time::Instant::now() < limit, "{:?}", reading.warnings);
    };
    let refused = router.prepare(&weights(3_000), Some(&reading)).unwrap_err();
    assert!(refused.advice.contains("start nginx"), "{refused}");
}

#[tokio::test]
async fn a_restart_is_another_process() {
    let mut fixture = Fixture::start(Way::Split, 1, 1);
    let before = fixture.shift(2_000).await;
    assert!(!fixture.shift(3_000).await.restarted_since(&before), "a reload is no restart");
    fixture.nginx.restart();
    let after = read(&fixture.router()).await;
    assert!(after.restarted_since(&before));
    assert_eq!(after.effective.to_string(), "70.0 / 30.0", "weights outlive a restart");
}

#[tokio::test]
async fn without_a_place_to_ask_a_change_is_accepted_and_nothing_more_is_claimed() {
    let fixture = Fixture::start(Way::Upstream, 1, 1);
    let mut config = fixture.config(PATIENT);
    (config.status, config.reload) = (None, Reload::Signal);
    assert_eq!(config.capabilities().proof, Proof::Accepted);
    assert!(config.capabilities().settle_ms > 0);
    let router = router(config);
    let (prepared, reading) = fixture.prepared(&router, 3_000).await;
    assert!(prepared.notes.iter().any(|note| note.contains("nobody can tell afterwards")), "{:?}", prepared.notes);
    assert!(warns(&reading, "nobody knows what workers have"), "{:?}", reading.warnings);
    assert!(prepared.requests.iter().any(|request| request.contains("SIGHUP")), "{:?}", prepared.requests);
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    let limit = std::time::Instant::now() + PATIENT;
    while fixture.really()[&prepared.native.0[1].reference] != 30 {
        assert!(std::time::Instant::now() < limit, "the signal reloads nothing");
    }
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_never_written_over() {
    let fixture = Fixture::start(Way::Split, 1, 1);
    for (text, part) in
        [(Some("upstream other { server 127.0.0.1:1; }\n"), "no file of flightdeck's"), (None, "No such file")]
    {
        match text {
            Some(text) => fs::write(fixture.nginx.file(), text).unwrap(),
            None => fs::remove_file(fixture.nginx.file()).unwrap(),
        }
        let router = fixture.router();
        let reading = read(&router).await;
        let refused = router.prepare(&weights(3_000), Some(&reading)).unwrap_err();
        assert!(refused.why.contains(part) && refused.advice.contains("by hand"), "{refused}");
        let mut config = fixture.config(PATIENT);
        config.status = None;
        let trouble = super::router(config).read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch);
        assert!(trouble.why.contains(part), "{trouble}");
    }
}

#[tokio::test]
async fn what_was_changed_by_hand_and_what_does_not_fit_is_said() {
    let fixture = Fixture::start(Way::Split, 1, 1);
    let text = fs::read_to_string(fixture.nginx.file()).unwrap();
    fs::write(fixture.nginx.file(), text.replace("* blue;", "5% green;\n    * blue;")).unwrap();
    let reading = read(&fixture.router()).await;
    assert!(warns(&reading, "was changed by hand at line 3"), "{:?}", reading.warnings);

    let mut config = fixture.config(PATIENT);
    if let Shape::Split { pools, .. } = &mut config.shape {
        "grün".clone_into(&mut pools[1].1);
    }
    let trouble = router(config).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("`green`, which the profile does not name"), "{trouble}");

    let elsewhere = router(super::Config {
        status: super::Endpoint::parse(&format!("http://{}/other", fixture.nginx.status())),
        ..fixture.config(PATIENT)
    });
    let trouble = elsewhere.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.advice.contains("return 200"), "{trouble}");
}
