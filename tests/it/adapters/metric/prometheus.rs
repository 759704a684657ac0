//! What is particular to Prometheus, against a real one and against a fake that lets time stand still.

use std::time::Duration;

use flightdeck::domain::{Measure, TroubleKind};

use super::fake::prometheus::Prometheus as Fake;
use super::scenario::{Scene, profile, source, value};
use crate::support::prometheus::Prometheus;

fn keys(real: &Prometheus) -> String {
    format!("at = \"{}\"\nscrape = \"1s\"", real.at())
}

#[tokio::test]
async fn a_real_one_gives_values_per_pool_and_their_past() {
    let real = Prometheus::start(&[("app_load{pool=\"blue\"}", 3.0), ("app_load{pool=\"green\"}", 7.0)]);
    real.wait("sum(app_load) > 9");
    let loaded = profile(&keys(&real), "prometheus", "query = 'sum(app_load{pool=\"{pool}\"})'\nbelow = 5");
    let source = source(&loaded);
    let (mut blue, mut green) = (None, None);
    for _ in 0..200 {
        let flightdeck::domain::metric::Look::Values(values) = source.look().await else { panic!("not values") };
        assert_eq!(values.len(), 2);
        assert!(values.iter().all(|answered| answered.measure == Measure::Panel("panel".into())));
        let of = |pool: &str| values.iter().find(|each| each.pool == Some(pool.into())).unwrap().value.clone().unwrap();
        (blue, green) = (of("blue").map(|sample| sample.value), of("green").map(|sample| sample.value));
        if blue.is_some() && green.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((blue, green), (Some(3.0), Some(7.0)));
    let past = source.past(Duration::from_mins(5), Duration::from_secs(1)).await.unwrap();
    assert_eq!(past.len(), 2);
    let (first, last) = (past[0].points.first().unwrap().1, past[0].points.last().unwrap().1);
    assert_eq!((first, last), (None, Some(3.0)), "it was not there five minutes ago");
    let (found, remarks) = source.probe().await.unwrap();
    assert_eq!((found.as_str(), remarks), ("2 of 2 queries have a value", Vec::new()));
}

#[tokio::test]
async fn no_traffic_is_no_error_rate_in_a_real_one() {
    let real = Prometheus::start(&[("app_requests_total", 100.0), ("app_errors_total", 1.0)]);
    real.wait("rate(app_requests_total[5s]) >= 0");
    let query = "query = 'sum(rate(app_errors_total[5s])) / sum(rate(app_requests_total[5s]))'\nunit = \"percent\"\nabove = \"1%\"";
    let loaded = profile(&keys(&real), "prometheus", query);
    assert_eq!(loaded.procedure.panels[0].window, Duration::from_secs(5), "as the query says");
    // 0 / 0 is NaN.
    assert_eq!(value(source(&loaded).as_ref()).await, Ok(None));
    let loaded = profile(&keys(&real), "prometheus", "query = 'sum(rate(no_such_total[5s]))'");
    assert_eq!(value(source(&loaded).as_ref()).await, Ok(None));
}

#[tokio::test]
async fn what_a_real_one_refuses_is_told_in_its_words() {
    let real = Prometheus::start(&[("app_load{pod=\"a\"}", 1.0), ("app_load{pod=\"b\"}", 1.0)]);
    real.wait("count(app_load) == 2");
    for (query, kind, why, advice) in [
        ("app_load", TroubleKind::Mismatch, "it gave 2 series", "sum(...)"),
        ("app_load[5s]", TroubleKind::Mismatch, "it gave a range", "rate(...)"),
        ("sum(app_load) by", TroubleKind::Mismatch, "cannot read the query: ", "`query`"),
        ("nothing_such(app_load)", TroubleKind::Mismatch, "unknown function", "`query`"),
        ("'words'", TroubleKind::Mismatch, "it gave a string", "function"),
    ] {
        let loaded = profile(&keys(&real), "prometheus", &format!("query = \"{query}\""));
        let mut told = None;
        // Its newest whole second may lie before the first scrape.
        for _ in 0..100 {
            told = value(source(&loaded).as_ref()).await.err();
            if told.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let told = told.unwrap_or_else(|| panic!("{query} is refused"));
        assert_eq!(told.kind, kind, "{told}");
        assert!(told.why.contains(why) && told.advice.contains(advice), "{told}");
    }
}

#[tokio::test]
async fn a_value_whose_target_is_gone_stands_still_and_ages() {
    let real = Prometheus::start(&[("app_requests_total", 0.0)]);
    for count in [10, 20, 30] {
        real.set("app_requests_total", f64::from(count));
        real.wait(&format!("app_requests_total >= {count}"));
    }
    real.wait("sum(rate(app_requests_total[1m])) > 0");
    let loaded = profile(&keys(&real), "prometheus", "query = 'sum(rate(app_requests_total[1m]))'");
    let source = source(&loaded);
    real.target.state().is_down = true;
    real.wait("up == 0");
    // The range still gives a value, whose time no longer moves.
    let mut seen = Vec::new();
    for _ in 0..400 {
        if let Some(sample) = value(source.as_ref()).await.unwrap() {
            seen.push((sample.at, chrono::Utc::now().timestamp_millis() - sample.at.0));
        }
        if seen.last().is_some_and(|(_, age)| *age > 4_000) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (at, age) = *seen.last().expect("it gives values");
    assert!(age > 4_000, "it looks fresh: {age} ms of {} looks", seen.len());
    assert!(seen.iter().rev().take(20).all(|(each, _)| *each == at), "its time moves");
}

#[tokio::test]
async fn a_value_behind_which_no_scrape_is_new_keeps_its_time() {
    let scene = Scene::of::<Fake>();
    scene.web.state().frozen_ms = 60_000;
    let sample = scene.look().await.unwrap().unwrap();
    let age = chrono::Utc::now().timestamp_millis() - sample.at.0;
    assert!((59_000..66_000).contains(&age), "{age}");
}

#[tokio::test]
async fn one_scrape_interval_is_asked_about_once() {
    let scene = Scene::of::<Fake>();
    let mut counts = std::collections::BTreeMap::new();
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(1500) {
        scene.look().await.unwrap();
    }
    for asked in scene.web.asked() {
        *counts.entry(String::from_utf8_lossy(&asked.body).into_owned()).or_insert(0) += 1;
    }
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert!(counts.len() >= 4, "a value and its time, at two times at least: {counts:?}");
}
