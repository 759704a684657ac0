//! The way back: the release that held the old weights, and before it what stands in its way.

use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::Target;

use super::super::router::{Gate, read};
use super::{Fixture, green};

const DEPLOY: &str = "POST /api/Spaces-1/deployments/create/untenanted/v1";

#[tokio::test]
async fn the_way_back_is_known_before_the_way_forward_is_sent() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    let back = router.prepare(&Target::Native(before.native.clone()), None).unwrap();
    assert_eq!(back.requests.len(), 1, "nothing is saved for it: {back:?}");
    assert!(back.requests[0].contains("\"releaseVersion\":\"2026.11.20.1\""), "{back:?}");
    assert!(back.notes[0].starts_with("release 2026.11.20.1 holds these weights"), "{back:?}");

    let forward = router.prepare(&green(30), Some(&before)).unwrap();
    assert_eq!(router.set(&forward, Some(&before.native), &Gate::open()).await, SetAnswer::Accepted);
    let writes = fixture.writes().len();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.writes()[writes..], [DEPLOY]);
    assert_eq!(read(&router).await.native, before.native);
    // Idle, a way back does nothing.
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.writes().len(), writes + 1);
}

#[tokio::test]
async fn a_way_back_cancels_what_flightdeck_started_and_does_not_wait_behind_it() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    fixture.web.state().is_quick = false;
    let forward = router.prepare(&green(30), Some(&before)).unwrap();
    assert_eq!(router.set(&forward, Some(&before.native), &Gate::open()).await, SetAnswer::Accepted);
    assert!(read(&router).await.underway.is_some());
    let back = router.prepare(&Target::Native(before.native.clone()), None).unwrap();
    assert!(back.notes.iter().any(|note| note.contains("is cancelled first")), "{back:?}");
    let gate = Gate::open();
    assert_eq!(router.set(&back, None, &gate).await, SetAnswer::Accepted);
    assert_eq!(gate.asked(), 2, "before the cancellation and before the deployment");
    assert_eq!(fixture.web.state().states(), ["Success", "Canceled", "Executing"]);
    // The deployment that was cancelled may have moved something: only a new one makes it certain.
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.web.state().states(), ["Success", "Canceled", "Executing"], "it is on its way already");
    fixture.web.state().end("ServerTasks-3", "Success");
    let reading = read(&router).await;
    assert_eq!((reading.native, reading.underway), (before.native, None));
    assert!(!reading.warnings.iter().any(|warning| warning.contains("uncertain")), "{:?}", reading.warnings);
}

#[tokio::test]
async fn a_way_back_waits_behind_what_somebody_else_started() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.save(60, 40);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
    }
    let back = router.prepare(&Target::Native(before.native), None).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.web.state().states(), ["Success", "Executing", "Queued"]);
}

#[tokio::test]
async fn a_way_back_goes_on_where_nothing_may_be_cancelled() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    {
        let mut server = fixture.web.state();
        server.is_quick = false;
        server.lacks.insert(crate::support::octopus::KEY.to_owned(), vec!["TaskCancel"]);
    }
    let forward = router.prepare(&green(30), Some(&before)).unwrap();
    assert_eq!(router.set(&forward, Some(&before.native), &Gate::open()).await, SetAnswer::Accepted);
    let back = router.prepare(&Target::Native(before.native), None).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.web.state().states(), ["Success", "Executing", "Queued"]);
}

#[tokio::test]
async fn weights_that_no_seen_release_holds_are_saved_and_released_anew() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let mut split = read(&router).await.native;
    (split.0[0].weight, split.0[1].weight) = (40, 60);
    // Somebody saves in between: a way back is bound to nothing but its target.
    let back = router.prepare(&Target::Native(split.clone()), None).unwrap();
    assert!(back.requests[0].starts_with("PUT ") && back.requests[0].contains("\"Version\":<Version>"), "{back:?}");
    fixture.web.state().save(90, 10);
    for _ in 0..2 {
        assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    }
    assert_eq!(read(&router).await.native, split);
    assert_eq!(fixture.writes().len(), 3, "the second time there is nothing to do");
    assert_eq!(fixture.web.state().releases.last().unwrap().version, "1.9.1-flightdeck.40.60");
}

#[tokio::test]
async fn a_cockpit_that_was_opened_late_learns_releases_of_the_past() {
    let fixture = Fixture::start();
    {
        let mut server = fixture.web.state();
        server.save(60, 40);
        server.release("2026.11.21.1");
        server.deploy("2026.11.21.1");
    }
    let router = fixture.router();
    let mut split = read(&router).await.native;
    assert_eq!((split.0[0].weight, split.0[1].weight), (60, 40));
    (split.0[0].weight, split.0[1].weight) = (100, 0);
    let back = router.prepare(&Target::Native(split), None).unwrap();
    assert!(back.requests[0].contains("\"releaseVersion\":\"2026.11.20.1\""), "{back:?}");
}

#[tokio::test]
async fn a_release_that_is_gone_is_not_deployed() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await;
    let back = router.prepare(&Target::Native(before.native), None).unwrap();
    "2026.11.20.2".clone_into(&mut fixture.web.state().releases[0].version);
    let answer = router.set(&back, None, &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::NotSent(why) if why.contains("release 2026.11.20.1 is not there any more")),
        "{answer:?}"
    );
}
