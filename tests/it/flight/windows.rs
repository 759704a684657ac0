//! Deploy windows (G5): when a step may go, what becomes of a change in its middle, and what never asks for them.
//!
//! It is Wednesday, 18 November 2026, 11:06:41 UTC, when each session is opened.

use std::time::Duration;

use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::domain::window::{StepKind, WindowRule};
use flightdeck::domain::{Procedure, RouterId, Waves, WindowSpec};
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gate, GateState, Gesture, Override};

use crate::support::action::with_action;
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;
use crate::support::window::{freezing, window};

/// It is over a few seconds after the session was opened.
const MORNINGS: &str = "09:00-11:07 UTC";

fn flown_in(windows: Vec<WindowSpec>) -> Desk {
    Desk::open(Procedure { windows, ..blue_green(1) })
}

/// Three routers, one after the other, 30 s apart: the window closes before the second one's turn.
fn in_waves(windows: Vec<WindowSpec>) -> Desk {
    let names: Vec<RouterId> = (1..=3).map(|each| RouterId::from(format!("eu-{each}").as_str())).collect();
    let rollout = Waves::of_size(&names, 1, Duration::from_secs(30));
    Desk::open(Procedure { windows, rollout, ..blue_green(3) })
}

fn sent(desk: &Desk) -> Vec<&str> {
    desk.sent.iter().map(|(router, _)| router.as_str()).collect()
}

fn waits(desk: &Desk) -> String {
    desk.flight.wave_waits(desk.now()).map_or_else(|| "nothing".to_owned(), |waits| waits.words())
}

fn gate(name: &str) -> Gate {
    Gate::Window { window: name.into() }
}

#[test]
fn outside_its_window_a_step_goes_only_with_a_reason_which_is_written_down() {
    let mut desk = flown_in(vec![window("nights", WindowRule::Allow, "02:00-06:00 UTC")]);
    desk.shift();
    let said = desk.said().to_owned();
    assert!(said.contains("[F4]") && said.contains("outside nights: opens in 14:53:"), "{said}");
    assert!(said.contains("at Thu 02:00 UTC") && said.contains("or override it with a reason"), "{said}");
    let overridden = vec![Override { gate: gate("nights"), reason: "the vendor is on the call now".to_owned() }];
    desk.confirm_by(Gesture::Typed("green 100".to_owned()), true, overridden);
    assert_eq!(sent(&desk), ["eu-1"], "{}", desk.said());
    let confirmed = desk.events().find_map(|event| match event {
        Event::ChangeConfirmed(confirmed) => Some(confirmed),
        _ => None,
    });
    let confirmed = confirmed.expect("it was confirmed");
    assert_eq!(confirmed.overrides[0].gate, gate("nights"));
    let failed = confirmed.gates.iter().find(|report| report.gate == gate("nights")).expect("the journal has it");
    assert_eq!(failed.state, GateState::Fails);
}

#[test]
fn one_window_of_several_that_allow_is_enough_and_one_that_blocks_is_too_much() {
    let nights = || window("nights", WindowRule::Allow, "02:00-06:00 UTC");
    let wednesdays = || window("Wednesdays", WindowRule::Allow, "Wed Europe/London");
    let mut desk = flown_in(vec![nights(), wednesdays()]);
    desk.shift();
    assert_eq!(sent(&desk), ["eu-1"], "{}", desk.said());
    let lunch = window("lunch", WindowRule::Block, "12-13 Europe/Berlin, Mon-Fri");
    let mut desk = flown_in(vec![nights(), wednesdays(), lunch]);
    desk.shift();
    assert_eq!(sent(&desk), [""; 0]);
    assert!(desk.said().contains("lunch blocks: ends in 53:1"), "{}", desk.said());
    assert!(desk.said().contains("at 13:00 Berlin"), "{}", desk.said());
}

#[test]
fn a_freeze_that_is_over_is_not_told_any_more() {
    let desk = flown_in(vec![window("audit", WindowRule::Block, "2026-11-01 to 2026-11-17 UTC")]);
    assert!(desk.ask_gates().iter().all(|report| report.gate != gate("audit")), "{:?}", desk.ask_gates());
    let desk = flown_in(vec![window("audit", WindowRule::Block, "2026-11-01 to 2026-11-18 UTC")]);
    let report = desk.ask_gates().into_iter().find(|report| report.gate == gate("audit")).expect("it is asked");
    assert_eq!(report.state, GateState::Fails);
    assert!(report.text.ends_with("at Thu 00:00 UTC"), "the last day belongs to it: {}", report.text);
}

#[test]
fn only_the_kinds_of_step_that_it_names_ask_for_it() {
    let deploys =
        WindowSpec { steps: vec![StepKind::Deploy], ..window("deploy hours", WindowRule::Block, "11-12 UTC") };
    let mut procedure = Procedure { windows: vec![deploys], ..blue_green(1) };
    procedure.plan[0].leave_when.clear();
    let mut desk = Desk::open(procedure);
    desk.shift();
    assert_eq!(sent(&desk), ["eu-1"], "traffic may be shifted");
    desk.pass(300);
    let report = desk.ask_gates().into_iter().find(|report| report.gate == gate("deploy hours"));
    assert_eq!(report.expect("the deploy step asks").state, GateState::Fails);
}

#[test]
fn rolling_back_and_putting_back_never_ask_for_a_window() {
    let mut desk = flown_in(vec![freezing("mornings", MORNINGS)]);
    desk.shift();
    desk.pass(60_000);
    desk.router("eu-1").weights = vec![30, 70];
    desk.pass(3_000);
    assert!(!desk.flight.session.drifted.is_empty(), "somebody changed it");
    desk.ask(Ask::ProposePutBack("eu-1".into()));
    desk.confirm_by(Gesture::Typed("green 100".to_owned()), true, Vec::new());
    desk.pass(1_000);
    assert_eq!(sent(&desk).len(), 2, "{}", desk.said());
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    assert_eq!(sent(&desk).len(), 3, "{}", desk.said());
}

#[test]
fn a_change_in_its_middle_is_finished_where_the_window_says_so() {
    let mut desk = in_waves(vec![window("mornings", WindowRule::Allow, MORNINGS)]);
    desk.shift();
    desk.pass(120_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"], "{}", waits(&desk));
    assert!(desk.flight.session.in_flight().is_none(), "{}", desk.said());
    desk.ask(Ask::ProposeStep);
    let report = desk.ask_gates().into_iter().find(|report| report.gate == gate("mornings")).expect("it is asked");
    assert_eq!(report.state, GateState::Fails, "the next step has to wait");
}

#[test]
fn a_change_in_its_middle_stops_before_the_next_wave_where_the_window_says_so() {
    let mut desk = in_waves(vec![freezing("mornings", MORNINGS)]);
    desk.shift();
    desk.pass(120_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    assert!(waits(&desk).starts_with("outside mornings: opens in 21:5"), "{}", waits(&desk));
    desk.ask(Ask::SendWave);
    assert!(desk.said().contains("[D5]") && desk.said().contains("wait until it opens"), "{}", desk.said());
    assert_eq!(sent(&desk), ["eu-1"], "a key does not change the time");
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50], "the way back is open");
}

#[test]
fn after_its_time_was_over_in_between_the_next_wave_wants_a_key() {
    let opens_again = freezing("mornings", MORNINGS);
    let again = window("noon", WindowRule::Allow, "11:08-12:00 UTC");
    let mut desk =
        in_waves(vec![WindowSpec { spans: [opens_again.spans.clone(), again.spans].concat(), ..opens_again }]);
    desk.shift();
    desk.pass(70_000);
    assert!(waits(&desk).starts_with("outside mornings"), "{}", waits(&desk));
    desk.pass(60_000);
    assert_eq!((sent(&desk), waits(&desk).as_str()), (vec!["eu-1"], "its time was over in between"));
    desk.ask(Ask::SendWave);
    desk.pass(1_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2"]);
    desk.pass(60_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"], "one word is enough");
}

#[test]
fn a_wave_that_is_out_is_made_whole_whatever_time_it_is() {
    let mut procedure = blue_green(3);
    let wave = |names: &[&str]| names.iter().map(|name| RouterId::from(*name)).collect();
    procedure.rollout = Waves::new(vec![wave(&["eu-1", "eu-2"]), wave(&["eu-3"])], Duration::ZERO);
    procedure.windows = vec![freezing("mornings", MORNINGS)];
    let mut desk = Desk::open(procedure);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").dead = true;
    desk.confirm();
    desk.pass(40_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    desk.router("eu-2").dead = false;
    desk.pass(1_000);
    desk.ask(Ask::Retry(vec!["eu-2".into()]));
    desk.pass(2_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2"], "{}", desk.said());
    assert!(waits(&desk).starts_with("outside mornings"), "and the next one waits: {}", waits(&desk));
}

#[test]
fn an_action_that_runs_when_its_window_closes_goes_on_to_its_end() {
    let procedure = with_action(blue_green(1), "deploy-to-blue", false);
    let plan = procedure.plan[1..].to_vec();
    let windows = vec![freezing("mornings", MORNINGS)];
    let mut desk = Desk::open_at(Procedure { plan, windows, ..procedure }, &[0, 100]);
    desk.pass(12_000);
    desk.ask(Ask::DescribeAction);
    let confirmation = Confirmation::new(Gesture::Key, true);
    desk.ask(Ask::CompleteStep { confirmation, overrides: Vec::new() });
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
    desk.pass(30_000);
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(3_000);
    assert!(desk.flight.session.steps.contains_key(&"deploy-to-blue".into()), "{}", desk.said());
    desk.ask(Ask::ToggleItem("deploy/health".into()));
    desk.shift();
    assert!(sent(&desk).is_empty() && desk.said().contains("mornings"), "the next step waits: {}", desk.said());
}

#[test]
fn what_was_set_aside_when_a_change_was_confirmed_is_set_aside_for_its_waves() {
    let mut desk = in_waves(vec![freezing("nights", "02:00-06:00 UTC")]);
    desk.ask(Ask::ProposeStep);
    let overridden = vec![Override { gate: gate("nights"), reason: "agreed with the bank".to_owned() }];
    desk.confirm_by(Gesture::Typed("green 100".to_owned()), true, overridden);
    desk.pass(120_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"], "{}", waits(&desk));
}

#[test]
fn a_step_that_is_so_already_is_marked_at_any_time() {
    let windows = vec![window("nights", WindowRule::Allow, "02:00-06:00 UTC")];
    let mut desk = Desk::open_at(Procedure { windows, ..blue_green(1) }, &[0, 100]);
    desk.shift();
    assert!(desk.events().any(|event| matches!(event, Event::StepMarked { .. })), "{}", desk.said());
}
