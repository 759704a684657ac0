//! Every state of a drain as a scenario: evidence over time is given, states and words are wanted. Each file of `drains/` is
//! one; a step sets what goes on from then, lets so many seconds pass, and says what is to be seen at their end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::drain::{DrainState, Evidence};
use flightdeck::domain::log::Delivery;
use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look};
use flightdeck::domain::procedure::{LogSpec, MetricSpec, Procedure};
use flightdeck::domain::{Measure, PoolId, SourceId, Timestamp, Unit};
use flightdeck::flight::Msg;
use serde::Deserialize;

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, check};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    evidence: Vec<String>,
    /// Routers that cannot count requests in flight.
    #[serde(default)]
    cannot: Vec<String>,
    quiet: u64,
    /// Seconds between two readings of a router.
    poll: Option<u64>,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Seconds that pass before what is expected is looked at.
    after: u64,
    /// What comes every second from here on.
    feed: Option<Feed>,
    /// Lines that come once.
    lines: Option<Lines>,
    /// The log's trouble; empty: it is followed again.
    log: Option<String>,
    /// Seconds that pass unseen before.
    sleep: Option<u64>,
    /// What every router has from here on, by another's hand.
    weights: Option<Vec<u32>>,
    /// The routers that do not answer.
    stopped: Option<Vec<String>>,
    expect: String,
    /// A part of the words about it.
    why: Option<String>,
    /// Parts of the evidence that is written down when it is proven.
    #[serde(default)]
    says: Vec<String>,
    quiet_at_least: Option<u64>,
    quiet_at_most: Option<u64>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct Feed {
    health_checks: bool,
    /// How many seconds the log's lines are late; below zero its clock is ahead.
    late: i64,
    gauge: Option<f64>,
    gauge_gone: bool,
    /// Every so many seconds a request comes to the pool without weight.
    request_every: u64,
    /// What each check that is asked answers; one that is not here does not answer.
    checks: BTreeMap<String, Verdict>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    count: u64,
    late: i64,
}

#[test]
fn every_scenario_ends_as_it_says() {
    let mut files: Vec<_> =
        std::fs::read_dir("tests/it/flight/drains").unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 14, "{} scenarios", files.len());
    for path in files {
        fly(&path);
    }
}

fn fly(path: &Path) {
    let scenario: Scenario = toml::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut desk = Desk::open_at(procedure(&scenario), &[50, 50]);
    desk.tell(Msg::LogState { source: "blue".into(), trouble: None });
    desk.shift();
    let blue = PoolId::from("blue");
    let mut feed = Feed::default();
    for (number, step) in (1..).zip(&scenario.step) {
        let place = format!("{}, step {number}: {}", path.display(), scenario.about);
        begin(&mut desk, step, &mut feed);
        for second in 0..step.after {
            supply(&mut desk, &feed, second);
            desk.pass(1_000);
        }
        let drain = &desk.flight.drains[&blue];
        let words = desk.flight.drain_words(drain);
        assert_eq!(drain.state.word(), step.expect, "{place}: {words}");
        if let Some(why) = &step.why {
            assert!(words.contains(why), "{place}: {words}");
        }
        let quiet = drain.quiet_for().map_or(0, |quiet| quiet.as_secs());
        assert!(step.quiet_at_least.is_none_or(|least| quiet >= least), "{place}: quiet {quiet}");
        assert!(step.quiet_at_most.is_none_or(|most| quiet <= most), "{place}: quiet {quiet}");
        if drain.state == DrainState::Drained {
            let proof = desk.flight.session.drained.get(&blue).map(|proof| proof.what.join("; ")).unwrap_or_default();
            for part in &step.says {
                assert!(proof.contains(part), "{place}: {proof}");
            }
        }
    }
}

fn begin(desk: &mut Desk, step: &Step, feed: &mut Feed) {
    if let Some(sleep) = step.sleep {
        desk.skip(sleep * 1_000);
    }
    if let Some(next) = &step.feed {
        *feed = next.clone();
    }
    if let Some(trouble) = &step.log {
        let trouble = (!trouble.is_empty()).then(|| trouble.clone());
        desk.tell(Msg::LogState { source: "blue".into(), trouble });
    }
    if let Some(weights) = &step.weights {
        desk.routers.values_mut().for_each(|router| router.weights.clone_from(weights));
    }
    if let Some(stopped) = &step.stopped {
        for (name, router) in &mut desk.routers {
            if router.stopped && !stopped.iter().any(|each| each == name.as_str()) {
                router.go_on();
            }
            router.stopped = stopped.iter().any(|each| each == name.as_str());
        }
    }
    if let Some(lines) = &step.lines {
        deliver(desk, lines.count, lines.late);
    }
}

/// What comes in one second.
fn supply(desk: &mut Desk, feed: &Feed, second: u64) {
    if feed.health_checks {
        deliver(desk, 0, feed.late);
    }
    if feed.request_every > 0 && second.is_multiple_of(feed.request_every) {
        desk.router("eu-1").stray(&"blue".into(), 1);
    }
    for (name, verdict) in &feed.checks {
        let Some(at) = desk.questions.iter().position(|(check, ..)| check.as_str() == name) else { continue };
        let (check, request, asking) = desk.questions.remove(at);
        let answer = Box::new(Answer::new(*verdict, format!("{name} says {}", verdict.word()), asking.now));
        let began = desk.now();
        desk.tell(Msg::CheckAnswered { check, request, began, answer });
    }
    if let Some(value) = feed.gauge.filter(|_| !feed.gauge_gone) {
        let sample = Sample { at: desk.now().wall, value };
        let measure = Measure::Panel("sessions".into());
        let answered = Answered { measure, pool: Some("blue".into()), value: Ok(Some(sample)) };
        let began = desk.now();
        desk.tell(Msg::Looked { source: "app".into(), began, look: Look::Values(vec![answered]) });
    }
}

/// Lines of the log that are so many seconds late; without a count a health check.
fn deliver(desk: &mut Desk, lines: u64, late: i64) {
    let stamp = Timestamp(desk.now().wall.0 - late * 1_000);
    let source = SourceId::from("blue");
    let delivery = Delivery { lines, dropped: 0, watermark: Some(stamp), last: (lines > 0).then_some(stamp) };
    desk.tell(Msg::LogSeen { source, delivery });
}

fn procedure(scenario: &Scenario) -> Procedure {
    let mut procedure = blue_green(2);
    procedure.drain.quiet = Duration::from_secs(scenario.quiet);
    if let Some(poll) = scenario.poll {
        procedure.routers.iter_mut().for_each(|router| router.poll = Duration::from_secs(poll));
    }
    procedure.drain.evidence = scenario
        .evidence
        .iter()
        .map(|each| match each.split_once(':').unwrap_or((each.as_str(), "")) {
            ("in-flight", "") => Evidence::InFlight,
            ("requests", "") => Evidence::Requests,
            ("panel", name) => Evidence::Measure(Measure::Panel(name.into())),
            ("logs", name) => Evidence::Log(name.into()),
            ("check", name) => Evidence::Check(name.into()),
            _ => panic!("{each} is no evidence"),
        })
        .collect();
    for router in
        procedure.routers.iter_mut().filter(|router| scenario.cannot.iter().any(|each| *each == router.id.as_str()))
    {
        router.capabilities.counts_in_flight = false;
    }
    procedure.checks = vec![check("idle", None), check("shared", None), check("of-green", None)];
    procedure.checks[1].pool = None;
    procedure.checks[2].pool = Some("green".into());
    procedure.logs = vec![LogSpec::new("blue".into(), Some("blue".into()))];
    procedure.metrics = vec![MetricSpec {
        id: "app".into(),
        pool: None,
        interval: Duration::from_secs(1),
        limits: flightdeck::domain::procedure::Limits::default(),
        metered: false,
    }];
    procedure.panels = vec![PanelSpec {
        id: "sessions".into(),
        source: "app".into(),
        unit: Unit::Number,
        pools: vec!["blue".into()],
        limit: None,
        interval: Duration::from_secs(1),
        window: Duration::ZERO,
        is_shown: true,
    }];
    procedure
}
