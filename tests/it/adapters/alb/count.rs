//! What CloudWatch counts, told and never taken for a counter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use flightdeck::adapter::http::Endpoint;
use flightdeck::adapter::router::alb::{Alb, Place};

use super::super::router::{PATIENT, Subject, read};
use super::account::Fixture;
use super::{arn, config};
use crate::support::aws::{BLUE, GREEN, RULE};

/// 21 November 2026, 14:51:20 UTC.
const BEGIN: u64 = 1_795_272_680;

#[tokio::test]
async fn whole_minutes_under_these_weights_are_told_with_their_time() {
    let fixture = Fixture::rule();
    fixture.account.state().minutes = [("blue/6d0ecf831eec9f09", [90, 110]), ("green/943f017f100becff", [10, 0])]
        .map(|(name, counts)| (format!("targetgroup/order-api-{name}"), counts))
        .into();
    let clock = Arc::new(AtomicU64::new(BEGIN));
    let router = counting(&fixture, Arc::clone(&clock));
    let asked = || fixture.account.state().count("GetMetricData");
    let reading = read(&router).await;
    assert!(reading.warnings.is_empty(), "no minute of them is over: {:?}", reading.warnings);
    assert!(reading.servers.iter().all(|server| server.requests.is_none()), "it is no counter");
    clock.fetch_add(200, Ordering::SeqCst);
    assert_eq!(
        read(&router).await.warnings,
        [
            "CloudWatch counted from 14:52 to 14:54 UTC, under these weights: blue 200, green 10 requests, which is 95.2 / 4.8 %"
        ]
    );
    clock.fetch_add(10, Ordering::SeqCst);
    assert_eq!(read(&router).await.warnings.len(), 1);
    assert_eq!(asked(), 1, "one question a minute");
    // Other weights: minutes before do not count for them.
    fixture.meddle();
    assert!(read(&router).await.warnings.is_empty());
    clock.fetch_add(120, Ordering::SeqCst);
    assert_eq!(
        read(&router).await.warnings,
        [
            "CloudWatch counted from 14:55 to 14:56 UTC, under these weights: blue 90, green 10 requests, which is 90.0 / 10.0 %"
        ]
    );
}

#[tokio::test]
async fn weights_are_read_also_when_cloudwatch_says_no() {
    let fixture = Fixture::rule();
    let no = (403, "AccessDenied".to_owned(), "Not authorized".to_owned());
    fixture.account.state().instead = [("GetMetricData".to_owned(), no)].into();
    let clock = Arc::new(AtomicU64::new(BEGIN));
    let router = counting(&fixture, Arc::clone(&clock));
    read(&router).await;
    clock.fetch_add(200, Ordering::SeqCst);
    assert_eq!(
        read(&router).await.warnings,
        [
            "CloudWatch tells no requests: AWS answered AccessDenied: Not authorized; ask whoever runs the account for the \
          permission cloudwatch:GetMetricData"
        ]
    );
}

fn counting(fixture: &Fixture, clock: Arc<AtomicU64>) -> Alb {
    let address = fixture.account.address.to_string();
    let mut settings = config(Place::Rule(arn(RULE)), [BLUE, GREEN], &address, fixture.credentials.path(), PATIENT);
    settings.cloudwatch = Endpoint::parse(&format!("http://{address}"));
    Alb::with_clock(settings, move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst))).unwrap()
}
