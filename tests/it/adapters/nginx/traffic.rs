//! Where traffic really goes, and what a change leaves behind.

use std::thread;

use super::{Fixture, Way, read, warns};
use crate::support::haproxy::wait;
use crate::support::load::{self, Connections, Load};

#[tokio::test]
async fn traffic_follows_the_weights_in_pools_of_different_size() {
    // Percentages are drawn for each request: four standard deviations are allowed. Weighted rounds are off next to nothing.
    for (way, slack) in [(Way::Split, 8.0), (Way::Upstream, 1.0)] {
        let fixture = Fixture::start(way, 2, 3);
        let reading = fixture.shift(3_000).await;
        assert_eq!(reading.effective.to_string(), "70.0 / 30.0");
        let tally = Load::start(fixture.nginx.front(), 2_000, 600, Connections::New).finish();
        assert_eq!((tally.failed(), tally.answered()), (0, 600), "{tally:?}");
        let off = (tally.percent("green") - 30.0).abs();
        assert!(off <= slack, "off by {off}: {tally:?}");
        fixture.shift(10_000).await;
        let tally = Load::start(fixture.nginx.front(), 2_000, 200, Connections::New).finish();
        assert_eq!(tally.of("green"), 200, "an accepted change leaves no old worker that takes connections: {tally:?}");
    }
}

#[tokio::test]
async fn requests_of_old_workers_are_seen_until_the_last_one_has_ended() {
    let fixture = Fixture::start(Way::Upstream, 1, 1);
    let front = fixture.nginx.front();
    let held: Vec<_> = (0..2).map(|_| thread::spawn(move || load::once(front, "/held"))).collect();
    wait("two requests that are held", || fixture.blue.held() == 2);
    let reading = fixture.shift(10_000).await;
    assert!(warns(&reading, "1 old worker still ends the connections of 2 clients"), "{:?}", reading.warnings);
    fixture.blue.release();
    for request in held {
        assert_eq!(request.join().unwrap(), Ok("blue-1".to_owned()), "taking its weight away cuts nothing");
    }
    let router = fixture.router();
    let limit = std::time::Instant::now() + super::PATIENT;
    while warns(&read(&router).await, "old worker") {
        assert!(std::time::Instant::now() < limit, "the old worker never ends");
    }
}
