//! Guards over what sources work out themselves: distinct samples, windows, kept baselines. The stories that need nothing but
//! counters stand in `scenarios/guard`.

use std::time::Duration;

use flightdeck::domain::guard::{GuardSpec, Of, Patience, Subject, Then};
use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look};
use flightdeck::domain::procedure::{Limits, MetricSpec, Procedure};
use flightdeck::domain::{GuardId, Limit, Measure, PoolId, Timestamp, Unit};
use flightdeck::flight::Msg;

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

/// Green carries everything after the first step; the queue is measured for each pool, over a minute.
fn watched(subject: Subject) -> Procedure {
    let mut procedure = blue_green(1);
    let interval = Duration::from_secs(1);
    procedure.metrics =
        vec![MetricSpec { id: "prom".into(), pool: None, interval, limits: Limits::default(), metered: false }];
    procedure.panels = vec![PanelSpec {
        id: "queue".into(),
        source: "prom".into(),
        unit: Unit::Number,
        pools: vec!["blue".into(), "green".into()],
        limit: None,
        interval,
        window: Duration::from_mins(1),
        is_shown: true,
    }];
    procedure.guards = vec![GuardSpec {
        id: "queue".into(),
        subject,
        patience: Patience::InARow(2),
        failures: 3,
        then: Then::Propose,
        every: Duration::from_secs(10),
        back_to: None,
    }];
    procedure
}

fn queue() -> Measure {
    Measure::Panel("queue".into())
}

fn below_five() -> Procedure {
    watched(Subject::Limit { measure: queue(), of: Of::Pool("green".into()), limit: Limit::Above(5.0) })
}

/// One look, whose value for green is of this moment; gives the value's own time.
fn look(desk: &mut Desk, value: Option<f64>) -> Timestamp {
    let at = desk.now().wall;
    look_at(desk, at, value);
    at
}

/// One look, whose value for green is of this time of the source.
fn look_at(desk: &mut Desk, at: Timestamp, value: Option<f64>) {
    let began = desk.now();
    let pool = Some(PoolId::from("green"));
    let value = Ok(value.map(|value| Sample { at, value }));
    let look = Look::Values(vec![Answered { measure: queue(), pool, value }]);
    desk.tell(Msg::Looked { source: "prom".into(), began, look });
    desk.pass(1_000);
}

fn words(desk: &Desk) -> String {
    desk.flight.guards[&GuardId::from("queue")].words()
}

#[test]
fn the_same_sample_read_twice_is_one_breach() {
    let mut desk = Desk::open(below_five());
    let at = look(&mut desk, Some(9.0));
    look_at(&mut desk, at, Some(9.0));
    look_at(&mut desk, at, Some(9.0));
    assert_eq!(words(&desk), "breached 1 of 2, green 9, ≤ 5, red since before the first change");
    look(&mut desk, Some(9.0));
    assert_eq!(words(&desk), "tripped: green 9, ≤ 5, 2 in a row, red since before the first change");
}

#[test]
fn a_source_that_repeats_itself_says_nothing_new() {
    let mut desk = Desk::open(below_five());
    let at = look(&mut desk, Some(1.0));
    for _ in 0..70 {
        look_at(&mut desk, at, Some(1.0));
    }
    assert!(words(&desk).starts_with("inconclusive: the source repeats its value of queue of green from 1m ago"));
}

#[test]
fn a_panel_counts_once_its_window_is_past_the_change() {
    let mut desk = Desk::open(below_five());
    look(&mut desk, Some(1.0));
    assert_eq!(words(&desk), "quiet, green 1, ≤ 5");
    desk.shift();
    for _ in 0..58 {
        look(&mut desk, Some(9.0));
    }
    assert!(words(&desk).starts_with("inconclusive: a value looks back 1:00, before the change"), "{}", words(&desk));
    for _ in 0..5 {
        look(&mut desk, Some(9.0));
    }
    assert_eq!(words(&desk), "tripped: green 9, ≤ 5, 2 in a row");
}

#[test]
fn what_has_no_value_is_told_once_it_lasts() {
    let mut desk = Desk::open(below_five());
    look(&mut desk, Some(1.0));
    look(&mut desk, None);
    assert_eq!(words(&desk), "quiet, green 1, ≤ 5");
    look(&mut desk, None);
    look(&mut desk, None);
    assert_eq!(words(&desk), "inconclusive: no value of queue of green");
}

#[test]
fn a_kept_baseline_is_believed_before_what_was_measured_here() {
    let of = Of::Pool("green".into());
    let mut desk = Desk::open(watched(Subject::Baseline { measure: queue(), of, worse_by: 0.5, at_least: 2.0 }));
    for _ in 0..4 {
        look(&mut desk, Some(10.0));
    }
    let green = (GuardId::from("queue"), Some(PoolId::from("green")));
    assert_eq!(desk.flight.guard_baselines(), [(green.0.clone(), green.1.clone(), 10.0)]);
    let kept = |desk: &mut Desk, value| desk.flight.session.guard_baselines.insert(green.clone(), value);
    kept(&mut desk, 100.0);
    assert_eq!(desk.flight.guard_baselines(), [], "it is kept once");
    desk.shift();
    for _ in 0..63 {
        look(&mut desk, Some(120.0));
    }
    assert_eq!(words(&desk), "quiet, green 120, ≤ 150, baseline 100");
}

#[test]
fn without_a_baseline_it_cannot_tell() {
    let of = Of::Pool("green".into());
    let mut desk = Desk::open(watched(Subject::Baseline { measure: queue(), of, worse_by: 0.5, at_least: 2.0 }));
    assert_eq!(words(&desk), "not asked: takes its baseline, too few values so far");
    desk.shift();
    desk.pass(1_000);
    assert_eq!(words(&desk), "inconclusive: no baseline was taken before the first change");
}
