//! Where traffic really goes, what is counted of it, and how long it takes.

use std::time::{Duration, Instant};

use super::{Fixture, Gate, PATIENT, Provider, Router, SetAnswer, Subject, read, router};
use crate::support::load::{Connections, Load};

#[tokio::test]
async fn traffic_follows_the_weights_in_pools_of_different_size_and_is_counted() {
    for provider in [Provider::File, Provider::Rest] {
        let fixture = Fixture::start(provider, 2, 3);
        let router = fixture.router();
        fixture.shift(3_000).await;
        // Traffic follows some hundred milliseconds after the API.
        let limit = Instant::now() + PATIENT;
        loop {
            let tally = Load::start(fixture.traefik.front(), 2_000, 100, Connections::New).finish();
            if (tally.percent("green") - 30.0).abs() <= 1.0 {
                break;
            }
            assert!(Instant::now() < limit, "traffic never follows: {tally:?}");
        }
        let before = read(&router).await;
        let tally = Load::start(fixture.traefik.front(), 2_000, 400, Connections::Kept).finish();
        assert_eq!((tally.failed(), tally.answered()), (0, 400), "{tally:?}");
        assert!((tally.percent("green") - 30.0).abs() <= 1.0, "{tally:?}");
        let counted = |reading: &super::Reading, pool: &str| reading.totals(&pool.into()).requests.unwrap();
        // A request is counted when its answer is out, which may be a moment after it came in here.
        let limit = Instant::now() + PATIENT;
        loop {
            let after = read(&router).await;
            let more = ["blue", "green"].map(|pool| counted(&after, pool) - counted(&before, pool));
            if more == [tally.of("blue"), tally.of("green")] {
                break;
            }
            assert!(Instant::now() < limit, "{more:?} are counted: {tally:?}");
        }
    }
}

#[tokio::test]
async fn a_change_within_the_throttle_is_accepted_and_shows_when_that_is_over() {
    for provider in [Provider::File, Provider::Rest] {
        let fixture = Fixture::throttled(provider, "4s", 1, 1);
        // Whatever was throttled since the start is over when a change shows.
        let first = fixture.shift(1_000).await;
        let hasty = router(fixture.config(Duration::from_millis(700)));
        let prepared = hasty.prepare(&super::weights(2_000), Some(&first)).unwrap();
        assert_eq!(hasty.set(&prepared, Some(&first.native), &Gate::open()).await, SetAnswer::Accepted);
        assert_eq!(read(&fixture.router()).await.native, first.native, "what is not there yet is not said to be");
        let limit = Instant::now() + PATIENT;
        while !read(&fixture.router()).await.native.holds(&prepared.native) {
            assert!(Instant::now() < limit, "it never shows: {:?}", fixture.really());
        }
    }
}

#[tokio::test]
async fn a_change_of_somebody_else_that_still_waits_for_the_throttle_is_not_written_over() {
    let fixture = Fixture::throttled(Provider::File, "4s", 1, 1);
    let first = fixture.shift(1_000).await;
    let router = fixture.router();
    let prepared = router.prepare(&super::weights(2_000), Some(&first)).unwrap();
    let mut document = fixture.traefik.read();
    let list = &mut document["http"]["services"]["app"]["weighted"]["services"];
    (list[0]["weight"], list[1]["weight"]) = (60.into(), 40.into());
    fixture.traefik.write(&document);
    match router.set(&prepared, Some(&first.native), &Gate::open()).await {
        SetAnswer::Moved(split) => assert_eq!(split.0.iter().map(|each| each.weight).collect::<Vec<_>>(), [60, 40]),
        other => panic!("the file has other weights already, and the answer is {other:?}"),
    }
    assert_eq!(fixture.traefik.read(), document);
}
