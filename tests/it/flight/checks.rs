//! Checks: which are asked when, what a gate makes of their answers, and what goes into the journal.

use std::time::Duration;

use flightdeck::domain::check::{Answer, Asks, Threshold, Verdict};
use flightdeck::domain::guard::{GuardSpec, Patience, Subject, Then};
use flightdeck::domain::measure::{PanelSpec, Sample};
use flightdeck::domain::metric::{Answered, Look};
use flightdeck::domain::procedure::{Condition, MetricSpec, Procedure};
use flightdeck::domain::{CheckId, Limit, Measure, Unit};
use flightdeck::flight::{Ask, Msg};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Gate, GateReport, GateState};

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, check};

/// The drain of blue is left when the check `health` is passed; `smoke` stands nowhere in the plan.
fn procedure() -> Procedure {
    let mut procedure = blue_green(1);
    procedure.checks = vec![check("health", None), check("login", Some("smoke")), check("pay", Some("smoke"))];
    procedure.plan[0].leave_when = vec![Condition::Check("health".into())];
    procedure.plan[1].leave_when.clear();
    procedure
}

fn answer(desk: &mut Desk, name: &str, verdict: Verdict) {
    let at = desk.questions.iter().position(|(check, ..)| check.as_str() == name).expect("it was asked");
    let (check, request, asking) = desk.questions.remove(at);
    let answer = Answer::new(verdict, format!("{name} {}", verdict.word()), asking.now);
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer: Box::new(answer) });
}

fn gate(desk: &Desk, wanted: &Gate) -> GateReport {
    desk.ask_gates().into_iter().find(|report| report.gate == *wanted).expect("the gate is asked")
}

fn health() -> Gate {
    Gate::Check { check: "health".into() }
}

fn asked(desk: &Desk) -> Vec<&str> {
    desk.questions.iter().map(|(check, ..)| check.as_str()).collect()
}

fn noted(desk: &Desk) -> Vec<(String, Verdict)> {
    let of = |event: &Event| match event {
        Event::CheckAnswered(answered) => Some((answered.check.to_string(), answered.verdict)),
        _ => None,
    };
    desk.events().filter_map(of).collect()
}

#[test]
fn only_what_the_step_waits_for_is_asked_and_its_answer_opens_the_gate() {
    let mut desk = Desk::open(procedure());
    desk.shift();
    desk.pass(300);
    assert_eq!(asked(&desk), ["health"]);
    let report = gate(&desk, &health());
    assert_eq!((report.state, report.text.as_str()), (GateState::Inconclusive, "health inconclusive: not asked yet"));
    answer(&mut desk, "health", Verdict::Fail);
    let report = gate(&desk, &health());
    assert_eq!((report.state, report.text.as_str()), (GateState::Fails, "health failed: health fail"));
    // It is asked again at its interval, and not before.
    desk.pass(8_000);
    assert!(asked(&desk).is_empty());
    desk.pass(2_500);
    answer(&mut desk, "health", Verdict::Pass);
    assert_eq!(gate(&desk, &health()).state, GateState::Holds);
    assert_eq!(noted(&desk), [("health".to_owned(), Verdict::Fail), ("health".to_owned(), Verdict::Pass)]);
}

#[test]
fn a_pass_that_is_not_renewed_holds_nothing_any_more() {
    let mut desk = Desk::open(procedure());
    desk.shift();
    desk.pass(300);
    answer(&mut desk, "health", Verdict::Pass);
    assert_eq!(gate(&desk, &health()).state, GateState::Holds);
    // The next question is never answered.
    desk.pass(17_900);
    assert_eq!(gate(&desk, &health()).state, GateState::Inconclusive);
    assert!(gate(&desk, &health()).text.contains("no answer came within 5s"), "{}", gate(&desk, &health()).text);
    // One late answer says nothing: the question was given up.
    answer(&mut desk, "health", Verdict::Pass);
    assert_eq!(gate(&desk, &health()).state, GateState::Inconclusive);
}

#[test]
fn a_verdict_that_stays_the_same_is_noted_once() {
    let mut desk = Desk::open(procedure());
    desk.shift();
    for _ in 0..5 {
        desk.pass(10_100);
        answer(&mut desk, "health", Verdict::Pass);
    }
    assert_eq!(noted(&desk).len(), 1);
}

#[test]
fn a_suite_asked_by_hand_runs_until_it_is_settled_and_is_noted_each_time() {
    let mut desk = Desk::open(procedure());
    let suite: Vec<CheckId> = vec!["login".into(), "pay".into()];
    desk.ask(Ask::RunChecks(suite.clone()));
    assert!(asked(&desk).ends_with(&["login", "pay"]), "{:?}", asked(&desk));
    answer(&mut desk, "login", Verdict::Pass);
    answer(&mut desk, "pay", Verdict::Inconclusive);
    let totals = desk.flight.check_totals(Some("smoke"), desk.now().elapsed);
    assert_eq!(totals.words(), "1/2, 1 inconclusive");
    desk.pass(30_000);
    assert!(!asked(&desk).iter().any(|check| *check != "health"), "nobody waits for them any more");
    assert_eq!(desk.flight.check_totals(Some("smoke"), desk.now().elapsed).passed, 0, "a stale pass is no pass");
    desk.ask(Ask::RunChecks(suite));
    answer(&mut desk, "login", Verdict::Pass);
    answer(&mut desk, "pay", Verdict::Fail);
    let of_suite = noted(&desk).into_iter().filter(|(check, _)| check != "health");
    let said: Vec<Verdict> = of_suite.map(|(_, verdict)| verdict).collect();
    assert_eq!(said, [Verdict::Pass, Verdict::Inconclusive, Verdict::Pass, Verdict::Fail]);
}

#[test]
fn a_gate_of_a_group_counts_and_names_the_first_that_does_not_pass() {
    let mut procedure = procedure();
    procedure.plan[0].leave_when = vec![Condition::Checks("smoke".to_owned())];
    let mut desk = Desk::open(procedure);
    desk.shift();
    desk.pass(300);
    answer(&mut desk, "login", Verdict::Inconclusive);
    answer(&mut desk, "pay", Verdict::Fail);
    let smoke = Gate::Checks { group: "smoke".to_owned() };
    let report = gate(&desk, &smoke);
    assert_eq!((report.state, report.text.as_str()), (GateState::Fails, "smoke 0/2, pay failed: pay fail"));
    desk.pass(10_500);
    answer(&mut desk, "login", Verdict::Pass);
    answer(&mut desk, "pay", Verdict::Pass);
    let report = gate(&desk, &smoke);
    assert_eq!((report.state, report.text.as_str()), (GateState::Holds, "smoke 2/2"));
}

#[test]
fn what_a_guard_watches_is_asked_all_the_time() {
    let mut procedure = procedure();
    procedure.guards = vec![GuardSpec {
        id: "pay".into(),
        subject: Subject::Check("pay".into()),
        patience: Patience::InARow(2),
        failures: 3,
        then: Then::Propose,
        every: Duration::from_secs(10),
        back_to: None,
    }];
    let mut desk = Desk::open(procedure);
    assert!(asked(&desk).contains(&"pay"));
    assert_eq!(desk.flight.check_verdict(&"pay".into()), None);
    answer(&mut desk, "pay", Verdict::Fail);
    assert_eq!(desk.flight.check_verdict(&"pay".into()), Some((Verdict::Fail, "pay fail".to_owned(), 1)));
    desk.pass(10_100);
    answer(&mut desk, "pay", Verdict::Fail);
    assert_eq!(desk.flight.check_verdict(&"pay".into()).map(|(.., number)| number), Some(2));
}

#[test]
fn what_compares_with_itself_is_asked_once_at_the_beginning_and_told_its_first_answer_for_good() {
    let mut procedure = procedure();
    procedure.checks[2].compares = true;
    let mut desk = Desk::open(procedure);
    let at =
        desk.questions.iter().position(|(check, ..)| check.as_str() == "pay").expect("it is asked at the beginning");
    let (check, request, asking) = desk.questions.remove(at);
    assert_eq!(asking.earlier, None);
    let mut first = Answer::new(Verdict::Pass, "412 rows", asking.now);
    first.value = Some("412".to_owned());
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer: Box::new(first) });
    desk.pass(11_000);
    assert!(!asked(&desk).contains(&"pay"));
    // The cockpit crashes; the journal still knows.
    desk.crash();
    desk.questions.clear();
    desk.ask(Ask::RunChecks(vec!["pay".into()]));
    assert_eq!(desk.questions.last().expect("it is asked").2.earlier.as_deref(), Some("412"));
}

/// A limit of 1 % on a panel of declined payments, with the panel of health checks that proves that a zero is one.
fn limit() -> Procedure {
    let mut procedure = procedure();
    let panel = |name: &str, window| PanelSpec {
        id: name.into(),
        source: "servers".into(),
        unit: Unit::Number,
        pools: vec!["blue".into()],
        limit: None,
        interval: Duration::from_secs(2),
        window: Duration::from_secs(window),
        is_shown: true,
    };
    procedure.panels = vec![panel("declined", 30), panel("heartbeats", 1)];
    procedure.checks[0].asks = Asks::Limit(Threshold {
        measure: Measure::Panel("declined".into()),
        limit: Limit::Above(5.0),
        liveness: Some(Measure::Panel("heartbeats".into())),
    });
    procedure.metrics = vec![MetricSpec {
        id: "servers".into(),
        pool: Some("blue".into()),
        metered: false,
        interval: Duration::from_secs(2),
        limits: flightdeck::domain::procedure::Limits::default(),
    }];
    procedure
}

/// A look at the metric source that gives these values; `None` where it has none.
fn looked(desk: &mut Desk, declined: Option<f64>, heartbeats: Option<f64>) {
    let began = desk.now();
    let answered = |panel: &str, value: Option<f64>| Answered {
        measure: Measure::Panel(panel.into()),
        pool: Some("blue".into()),
        value: Ok(value.map(|value| Sample { at: began.wall, value })),
    };
    let look = Look::Values(vec![answered("declined", declined), answered("heartbeats", heartbeats)]);
    desk.tell(Msg::Looked { source: "servers".into(), began, look });
}

/// What the limit says once these values are there.
fn judged(desk: &mut Desk, declined: Option<f64>, heartbeats: Option<f64>) -> (GateState, String) {
    looked(desk, declined, heartbeats);
    desk.ask(Ask::RunChecks(vec!["health".into()]));
    let report = gate(desk, &health());
    (report.state, report.text)
}

#[test]
fn a_limit_holds_fails_and_is_inconclusive_where_nothing_is_measured() {
    let mut desk = Desk::open(limit());
    desk.shift();
    desk.pass(35_000);
    let (state, text) = (gate(&desk, &health()).state, gate(&desk, &health()).text);
    assert_eq!(state, GateState::Inconclusive);
    assert!(text.contains("declined of blue: nothing measures it"), "{text}");
    let said = judged(&mut desk, Some(3.0), Some(1.0));
    assert_eq!(said, (GateState::Holds, "health: 3 keeps ≤ 5".to_owned()));
    desk.pass(2_000);
    let said = judged(&mut desk, Some(6.0), Some(1.0));
    assert_eq!(said, (GateState::Fails, "health failed: 6 breaks ≤ 5".to_owned()));
    desk.pass(2_000);
    let said = judged(&mut desk, None, Some(1.0));
    assert_eq!(said, (GateState::Inconclusive, "health inconclusive: declined of blue: no value".to_owned()));
    desk.pass(2_000);
    judged(&mut desk, Some(3.0), Some(1.0));
    desk.pass(12_000);
    let text = gate(&desk, &health()).text;
    assert!(text.contains("its source was not read since"), "{text}");
}

#[test]
fn a_zero_counts_only_while_something_else_is_not_zero() {
    let mut desk = Desk::open(limit());
    desk.shift();
    desk.pass(35_000);
    let said = judged(&mut desk, Some(0.0), Some(12.0));
    assert_eq!(said, (GateState::Holds, "health: 0 keeps ≤ 5, and heartbeats is alive".to_owned()));
    desk.pass(2_000);
    let (state, text) = judged(&mut desk, Some(0.0), Some(0.0));
    assert_eq!(state, GateState::Inconclusive);
    assert!(text.contains("declined of blue is zero, and so is heartbeats"), "{text}");
    desk.pass(2_000);
    let (state, text) = judged(&mut desk, Some(0.0), None);
    assert_eq!(state, GateState::Inconclusive);
    assert!(text.contains("heartbeats, which would prove it, is not known"), "{text}");
}

#[test]
fn a_value_whose_window_reaches_back_before_the_change_does_not_count_yet() {
    let mut desk = Desk::open(limit());
    desk.shift();
    desk.pass(10_000);
    let (state, text) = judged(&mut desk, Some(3.0), Some(1.0));
    assert_eq!(state, GateState::Inconclusive);
    assert!(text.contains("its window reaches back before the last change, for 20s more"), "{text}");
    desk.pass(25_000);
    assert_eq!(judged(&mut desk, Some(3.0), Some(1.0)).0, GateState::Holds);
}

#[test]
fn the_same_sample_judged_twice_is_one_answer() {
    let mut desk = Desk::open(limit());
    desk.shift();
    desk.pass(35_000);
    judged(&mut desk, Some(3.0), Some(1.0));
    let number = |desk: &Desk| desk.flight.check_verdict(&"health".into()).expect("it was judged").2;
    let before = number(&desk);
    desk.ask(Ask::RunChecks(vec!["health".into()]));
    assert_eq!(number(&desk), before);
    desk.pass(2_000);
    judged(&mut desk, Some(3.0), Some(1.0));
    assert_eq!(number(&desk), before + 1);
}
