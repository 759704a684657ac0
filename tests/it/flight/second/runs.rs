//! A run of steps that was confirmed at once, and what ends it.

use flightdeck::domain::procedure::Procedure;
use flightdeck::flight::Ask;
use flightdeck::session::proposal::{Gate, Override};

use super::{NOTHING, refused, run, two_people};
use crate::support::crew::{ANA, Pair, RAJ, key, typed};
use crate::support::procedure::weights;

/// A run of shifts, without a step of a person between them.
fn shifts_only() -> Procedure {
    let mut procedure = two_people(1);
    procedure.plan.retain(|step| step.name.starts_with("Blue"));
    for step in &mut procedure.plan {
        step.soak = None;
    }
    procedure
}

#[test]
fn a_confirmed_run_covers_its_steps_and_no_other() {
    let mut pair = Pair::open(shifts_only());
    let mark = pair.mark();
    run(&mut pair, RAJ, &["blue-30"]);
    refused(&pair, RAJ, "it is not the next shifts of the plan", "F3");
    run(&mut pair, RAJ, &["blue-10", "blue-30"]);
    for _ in 0..3 {
        pair.shift(ANA);
        pair.pass(300);
    }
    assert_eq!(
        pair.story(mark),
        [
            "raj: run_confirmed: blue-10 blue-30",
            "ana: change_confirmed: blue-10 to 10 / 90, in a run of raj",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
            "ana: change_confirmed: blue-30 to 30 / 70, in a run of raj",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
            "ana: confirmation_asked: shift to 50 / 50",
        ]
    );
    pair.all_see_the_same();
}

#[test]
fn a_run_ends_before_a_step_of_a_person() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    run(&mut pair, RAJ, &["drain-blue", "blue-10"]);
    refused(&pair, RAJ, "a deploy step or a pause ends a run", "F3");
    run(&mut pair, ANA, &["drain-blue"]);
    refused(&pair, ANA, "both are the same person", "F3");
    assert_eq!(pair.story(mark), NOTHING);
}

/// What ends a run, each in a session of its own, and what the journal then tells.
fn ends(how: impl FnOnce(&mut Pair)) -> Vec<String> {
    let mut pair = Pair::open(shifts_only());
    run(&mut pair, RAJ, &["blue-10", "blue-30"]);
    assert!(pair.flight(ANA).session.run.is_some());
    let mark = pair.mark();
    how(&mut pair);
    assert!(pair.flight(ANA).session.run.is_none(), "the run goes on");
    let story = pair.story(mark);
    pair.sent.clear();
    pair.shift(ANA);
    assert!(pair.sent.is_empty(), "nothing goes out alone any more");
    story
}

#[test]
fn a_run_ends_with_a_hold() {
    let story = ends(|pair| pair.ask(RAJ, Ask::Hold { reason: "wait".to_owned() }));
    assert_eq!(story, ["raj: held: wait"]);
}

#[test]
fn a_run_ends_with_drift() {
    let story = ends(|pair| {
        pair.router("eu-1").weights = vec![20, 80];
        pair.pass(1_200);
    });
    assert_eq!(story, ["ana: drift_noticed: eu-1"]);
}

#[test]
fn a_run_ends_with_a_rollback() {
    let story = ends(|pair| {
        pair.shift(ANA);
        pair.pass(300);
        pair.roll_back(RAJ);
        pair.pass(300);
    });
    assert_eq!(
        story[5..8],
        ["raj: controls_taken: rollback", "+ change_confirmed: rollback to 0 / 100, one person", "+ change_dispatched",]
    );
}

#[test]
fn a_run_ends_with_a_shift_off_the_plan() {
    let story = ends(|pair| {
        pair.ask(ANA, Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
        pair.confirm(ANA, typed("blue 60"), Vec::new());
        pair.pass(300);
    });
    assert_eq!(story[0], "ana: change_confirmed: off plan to 60 / 40, one person");
}

#[test]
fn a_run_ends_with_a_step_that_is_left_out() {
    let story = ends(|pair| pair.ask(ANA, Ask::SkipStep { reason: "not today".to_owned() }));
    assert_eq!(story, ["ana: step_marked: blue-10 skipped, not today"]);
}

#[test]
fn a_run_ends_when_the_next_pool_has_no_living_server() {
    let story = ends(|pair| {
        pair.router("eu-1").down = vec![true, false];
        pair.pass(1_300);
    });
    assert_eq!(story, ["ana: run_ended: the way is not green: blue would get 10 % and has 0/1 up on eu-1"]);
}

#[test]
fn a_run_ends_when_who_confirmed_it_leaves() {
    let story = ends(|pair| pair.ask(RAJ, Ask::LeaveSession { why: "lunch".to_owned() }));
    assert_eq!(story, ["raj: cockpit_left: lunch"]);
}

#[test]
fn a_run_ends_when_who_confirmed_it_falls_silent() {
    let story = ends(|pair| {
        pair.stop(RAJ);
        pair.pass(28_000);
    });
    assert_eq!(story, ["ana: run_ended: raj, who confirmed it, is not here any more"]);
}

#[test]
fn while_who_confirmed_it_is_silent_a_run_lets_nothing_through() {
    let mut pair = Pair::open(shifts_only());
    run(&mut pair, RAJ, &["blue-10", "blue-30"]);
    pair.stop(RAJ);
    pair.pass(12_000);
    let mark = pair.mark();
    pair.shift(ANA);
    refused(&pair, ANA, "raj, who confirmed the run, is not here", "F3");
    pair.go_on(RAJ);
    pair.pass(2_200);
    pair.confirm(ANA, key(), Vec::new());
    assert_eq!(pair.story(mark)[0], "ana: change_confirmed: blue-10 to 10 / 90, in a run of raj");
}

#[test]
fn a_step_with_a_gate_set_aside_is_not_covered_by_a_run() {
    let mut procedure = shifts_only();
    procedure.plan[0].leave_when = vec![flightdeck::domain::procedure::Condition::Items("deploy".to_owned())];
    let mut pair = Pair::open(procedure);
    run(&mut pair, RAJ, &["blue-10", "blue-30"]);
    pair.shift(ANA);
    pair.pass(300);
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    pair.confirm(ANA, key(), Vec::new());
    refused(&pair, ANA, "Deploy 0/1, open: Health is green", "F4");
    let gate = Gate::Items { section: "deploy".to_owned() };
    pair.confirm(ANA, typed("blue 30"), vec![Override { gate, reason: "seen".to_owned() }]);
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 30 / 70, 1 overridden"]);
}
