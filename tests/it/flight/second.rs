//! The second person (F3): asked, given, refused, void; runs of steps; the broken glass.

use std::sync::Arc;

use flightdeck::domain::procedure::{Friction, Procedure};
use flightdeck::domain::reading::Identity;
use flightdeck::domain::{Digest, Durability, Seat, StepId};
use flightdeck::flight::propose::Stage;
use flightdeck::flight::{Ask, ChangedProfile, Msg, WayBackChoice};
use flightdeck::session::proposal::{Gate, Override};

use crate::support::crew::{ANA, Line, Pair, RAJ, alone, key, typed};
use crate::support::procedure::{blue_green, weights};

/// Shifts and deploy steps ask two people.
fn two_people(routers: usize) -> Procedure {
    let mut procedure = blue_green(routers);
    procedure.confirm.shift = Friction::Two;
    procedure.confirm.deploy = Friction::Two;
    procedure
}

/// A run of shifts, without a step of a person between them.
fn shifts_only() -> Procedure {
    let mut procedure = two_people(1);
    procedure.plan.retain(|step| step.name.starts_with("Blue"));
    for step in &mut procedure.plan {
        step.soak = None;
    }
    procedure
}

fn stage(pair: &Pair, who: usize) -> Option<Stage> {
    pair.flight(who).proposing.as_ref().map(|proposing| proposing.stage.clone())
}

fn run(pair: &mut Pair, who: usize, steps: &[&str]) {
    let steps: Vec<StepId> = steps.iter().map(|step| StepId::from(*step)).collect();
    let confirmation = typed(&format!("{} {}", steps.len(), steps.last().unwrap()));
    pair.ask(who, Ask::ConfirmRun { steps, confirmation });
}

fn refused(pair: &Pair, who: usize, words: &str, rule: &str) {
    let said = pair.said(who);
    assert!(said.contains(words) && said.contains(&format!("[{rule}]")), "{said}");
}

const NOTHING: Vec<String> = Vec::new();

#[test]
fn asked_and_given_it_is_sent_once() {
    let mut pair = Pair::open(two_people(2));
    let mark = pair.mark();
    pair.shift(ANA);
    assert!(pair.sent.is_empty() && pair.flight(ANA).waits_for_second());
    assert_eq!(pair.said(RAJ), "ana asks for a second person: shift to 0 / 100");
    pair.give(RAJ);
    pair.pass(1_000);
    assert_eq!(
        pair.story(mark),
        [
            "ana: confirmation_asked: shift to 0 / 100",
            "raj: confirmation_given: eu-1 eu-2",
            "ana: change_confirmed: drain-blue to 0 / 100, with raj",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "ana: router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert_eq!(pair.sent.len(), 2);
    assert!(pair.flight(ANA).waiting.is_none() && pair.flight(ANA).session.request.is_none());
    pair.all_see_the_same();
}

#[test]
fn pressing_again_while_it_waits_asks_nobody_again_and_sends_nothing() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    pair.confirm(ANA, key(), Vec::new());
    pair.confirm(ANA, key(), Vec::new());
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100"]);
    assert!(pair.sent.is_empty());
}

#[test]
fn giving_twice_counts_once() {
    let mut pair = Pair::open(two_people(1));
    let eve = pair.aboard("eve", Seat::Operator);
    pair.shift(ANA);
    let mark = pair.mark();
    let asked = pair.flight(RAJ).session.request.clone().unwrap().asked;
    // The driver does not hear of it before both have given.
    pair.stop(ANA);
    for who in [RAJ, RAJ, eve] {
        let confirmation = typed(&asked.act.typed_target());
        pair.ask(who, Ask::Give { request: asked.request, digest: asked.digest, confirmation });
    }
    pair.go_on(ANA);
    pair.pass(300);
    assert_eq!(
        pair.story(mark),
        [
            "raj: confirmation_given: eu-1",
            "ana: change_confirmed: drain-blue to 0 / 100, with raj",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
        ]
    );
    assert_eq!(pair.sent.len(), 1);
}

#[test]
fn one_person_in_two_cockpits_is_one_person() {
    let mut pair = Pair::open(two_people(1));
    let other = pair.aboard("ana", Seat::Operator);
    pair.pass(500);
    let mark = pair.mark();
    pair.shift(ANA);
    for who in [ANA, other] {
        pair.give(who);
        refused(&pair, who, "both are the same person", "F3");
    }
    run(&mut pair, other, &["drain-blue"]);
    refused(&pair, other, "both are the same person", "F3");
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100"]);
    assert!(pair.sent.is_empty());
}

#[test]
fn an_observer_is_nobodys_second_person() {
    let mut pair = Pair::open(two_people(1));
    let eve = pair.aboard("eve", Seat::Observer);
    let mark = pair.mark();
    pair.shift(ANA);
    pair.give(eve);
    refused(&pair, eve, "only watches", "C2");
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100"]);
}

#[test]
fn another_digest_than_the_one_on_the_screen_is_refused() {
    let mut pair = Pair::open(two_people(1));
    pair.shift(ANA);
    let mark = pair.mark();
    let asked = pair.flight(RAJ).session.request.clone().unwrap().asked;
    let confirmation = typed(&asked.act.typed_target());
    pair.ask(RAJ, Ask::Give { request: asked.request, digest: Digest([1; 32]), confirmation });
    refused(&pair, RAJ, "it is not what was on your screen", "F3");
    pair.ask(RAJ, Ask::Give { request: asked.request, digest: asked.digest, confirmation: key() });
    refused(&pair, RAJ, "asks for its target to be typed", "F1");
    pair.ask(RAJ, Ask::Give { request: asked.request, digest: asked.digest, confirmation: typed("blue 1") });
    refused(&pair, RAJ, "`blue 1` is not", "F1");
    assert_eq!(pair.story(mark), NOTHING);
}

#[test]
fn nobodys_answer_counts_after_the_time_to_answer() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    let asked = pair.flight(RAJ).session.request.clone().unwrap().asked;
    pair.stop(ANA);
    pair.pass(301_000);
    let confirmation = typed(&asked.act.typed_target());
    pair.ask(RAJ, Ask::Give { request: asked.request, digest: asked.digest, confirmation });
    refused(&pair, RAJ, "the request has lapsed", "B3");
    pair.go_on(ANA);
    pair.pass(200);
    assert!(
        matches!(stage(&pair, ANA), Some(Stage::Void { why }) if why.contains("lapsed")),
        "{:?}",
        stage(&pair, ANA)
    );
    let story = pair.story(mark);
    assert_eq!(story[0], "ana: confirmation_asked: shift to 0 / 100");
    assert!(story[1].starts_with("ana: confirmation_ended: ") && story[1].contains("lapsed"), "{story:?}");
    assert_eq!(story.len(), 2);
    assert!(pair.flight(RAJ).asked_of_me().is_none());
    assert!(pair.sent.is_empty());
}

#[test]
fn a_router_that_moves_while_it_waits_voids_it_on_both_sides() {
    let mut pair = Pair::open(two_people(2));
    let mark = pair.mark();
    pair.shift(ANA);
    let asked = pair.flight(RAJ).session.request.clone().unwrap().asked;
    pair.router("eu-2").weights = vec![25, 75];
    pair.pass(300);
    assert!(matches!(stage(&pair, ANA), Some(Stage::Void { .. })), "{:?}", stage(&pair, ANA));
    assert!(pair.flight(RAJ).asked_of_me().is_none());
    let confirmation = typed(&asked.act.typed_target());
    pair.ask(RAJ, Ask::Give { request: asked.request, digest: asked.digest, confirmation });
    refused(&pair, RAJ, "this is not asked any more", "F3");
    assert_eq!(
        pair.story(mark),
        [
            "ana: confirmation_asked: shift to 0 / 100",
            "ana: confirmation_ended: void: eu-2 changed outside: app/blue: 50 → 25, app/green: 50 → 75",
            "ana: drift_noticed: eu-2",
        ]
    );
    assert!(pair.sent.is_empty());
}

#[test]
fn what_the_copilot_reads_for_itself_must_be_the_same() {
    let mut pair = Pair::open(two_people(1));
    let elsewhere = Identity { node: "another".to_owned(), process: "7".to_owned() };
    pair.cockpits[RAJ].reaches.insert("eu-1".into(), elsewhere);
    pair.pass(1_200);
    let mark = pair.mark();
    pair.shift(ANA);
    pair.give(RAJ);
    refused(&pair, RAJ, "eu-1 is not the same router here: process 7 of another answers", "C5");
    pair.cockpits[RAJ].reaches.clear();
    pair.pass(1_200);
    // Raj sees other weights than ana, whose process is stopped meanwhile.
    pair.stop(ANA);
    pair.router("eu-1").weights = vec![25, 75];
    pair.pass(1_200);
    pair.give(RAJ);
    refused(&pair, RAJ, "eu-1 changed outside", "B3");
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100"]);
}

#[test]
fn refused_with_a_reason_it_is_over() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    let request = pair.flight(RAJ).session.request.clone().unwrap().asked.request;
    pair.ask(RAJ, Ask::Refuse { request, reason: " ".to_owned() });
    refused(&pair, RAJ, "no reason is given", "F4");
    pair.ask(ANA, Ask::Refuse { request, reason: "no".to_owned() });
    refused(&pair, ANA, "it is your own", "F3");
    pair.ask(RAJ, Ask::Refuse { request, reason: "errors rise".to_owned() });
    assert_eq!(pair.said(ANA), "raj refused: errors rise; nothing was sent");
    assert!(matches!(stage(&pair, ANA), Some(Stage::Void { .. })), "{:?}", stage(&pair, ANA));
    assert_eq!(
        pair.story(mark),
        ["ana: confirmation_asked: shift to 0 / 100", "raj: confirmation_refused: errors rise"]
    );
}

#[test]
fn withdrawn_it_is_over() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    pair.ask(ANA, Ask::Withdraw);
    assert!(pair.flight(RAJ).asked_of_me().is_none());
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100", "ana: confirmation_ended: withdrawn"]);
}

#[test]
fn a_hold_while_it_waits_voids_it() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    pair.ask(RAJ, Ask::Hold { reason: "wait".to_owned() });
    pair.pass(200);
    assert!(pair.flight(RAJ).asked_of_me().is_none() && !pair.flight(ANA).waits_for_second());
    assert!(matches!(stage(&pair, ANA), Some(Stage::Void { .. })), "{:?}", stage(&pair, ANA));
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: shift to 0 / 100", "raj: held: wait"]);
}

#[test]
fn a_tick_or_a_note_while_it_waits_voids_nothing() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.shift(ANA);
    pair.ask(RAJ, Ask::Note("looks good".to_owned()));
    pair.ask(RAJ, Ask::ToggleItem("deploy/health".into()));
    pair.give(RAJ);
    assert_eq!(
        pair.story(mark)[..5],
        [
            "ana: confirmation_asked: shift to 0 / 100",
            "raj: note_added: looks good",
            "raj: item_ticked",
            "raj: confirmation_given: eu-1",
            "ana: change_confirmed: drain-blue to 0 / 100, with raj",
        ]
    );
}

#[test]
fn a_deploy_step_is_completed_by_two_and_its_overrides_are_part_of_what_both_confirm() {
    let mut pair = Pair::open(two_people(1));
    pair.shift(ANA);
    pair.give(RAJ);
    pair.pass(300);
    let mark = pair.mark();
    let gate = Gate::Drained { pool: "blue".into() };
    let overrides = |reason: &str| vec![Override { gate: gate.clone(), reason: reason.to_owned() }];
    pair.ask(ANA, Ask::CompleteStep { confirmation: key(), overrides: Vec::new() });
    refused(&pair, ANA, "blue not drained", "F4");
    pair.ask(ANA, Ask::CompleteStep { confirmation: key(), overrides: overrides("nothing is connected") });
    refused(&pair, ANA, "typed", "F1");
    pair.ask(ANA, Ask::CompleteStep { confirmation: typed("blue"), overrides: overrides("nothing is connected") });
    let first = pair.flight(RAJ).session.request.clone().unwrap().asked;
    assert_eq!(first.overrides, overrides("nothing is connected"));
    let other = flightdeck::session::second::ConfirmationAsked::digest_of(&first.act, &overrides("another reason"));
    pair.ask(RAJ, Ask::Give { request: first.request, digest: other, confirmation: typed("blue") });
    refused(&pair, RAJ, "not what was on your screen", "F3");
    pair.give(RAJ);
    assert_eq!(
        pair.story(mark),
        [
            "ana: confirmation_asked: complete deploy-to-blue, 1 overridden",
            "raj: confirmation_given",
            "ana: step_marked: deploy-to-blue done, with raj",
        ]
    );
    pair.all_see_the_same();
}

#[test]
fn a_changed_profile_is_taken_in_by_two_where_acts_ask_two() {
    let mut pair = Pair::open(two_people(1));
    let mut changed = two_people(1);
    changed.digest = Digest([8; 32]);
    let good = || ChangedProfile::Good { procedure: Arc::new(changed.clone()), files: Vec::new() };
    for who in [ANA, RAJ] {
        pair.tell(who, Msg::ProfileDiffers { changed: Some(Box::new(good())) });
    }
    let mark = pair.mark();
    pair.ask(ANA, Ask::ReloadProfile { confirmation: key() });
    pair.give(RAJ);
    assert_eq!(
        pair.story(mark),
        [
            "ana: confirmation_asked: take in the profile 0808·0808",
            "raj: confirmation_given",
            "ana: profile_reloaded: with raj",
        ]
    );
    for who in [ANA, RAJ] {
        assert_eq!(pair.flight(who).procedure.digest, Digest([8; 32]));
    }
}

#[test]
fn a_profile_that_changed_again_while_it_waited_is_not_taken_in() {
    let mut pair = Pair::open(two_people(1));
    let changed = |byte: u8| {
        let mut procedure = two_people(1);
        procedure.digest = Digest([byte; 32]);
        let good = ChangedProfile::Good { procedure: Arc::new(procedure), files: Vec::new() };
        Msg::ProfileDiffers { changed: Some(Box::new(good)) }
    };
    pair.tell(ANA, changed(8));
    let mark = pair.mark();
    pair.ask(ANA, Ask::ReloadProfile { confirmation: key() });
    pair.tell(ANA, changed(9));
    pair.give(RAJ);
    pair.pass(300);
    refused(&pair, ANA, "another person has to confirm it", "F3");
    assert_eq!(pair.story(mark), ["ana: confirmation_asked: take in the profile 0808·0808", "raj: confirmation_given"]);
    assert_eq!(pair.flight(ANA).procedure.digest, Digest([7; 32]));
}

#[test]
fn alone_with_the_target_and_a_reason_the_glass_is_broken_and_every_screen_says_so() {
    let mut pair = Pair::open(two_people(1));
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    pair.confirm(ANA, alone("blue 0", " "), Vec::new());
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, alone(&target, " "), Vec::new());
    refused(&pair, ANA, "no reason is given", "F4");
    let by_key = flightdeck::session::proposal::Confirmation { alone: Some("raj is away".to_owned()), ..key() };
    pair.confirm(ANA, by_key, Vec::new());
    refused(&pair, ANA, "typed", "F1");
    pair.confirm(ANA, alone(&target, "raj is away"), Vec::new());
    for who in [ANA, RAJ] {
        assert!(pair.was_told(who, "ana broke the glass, alone: raj is away"));
    }
    assert_eq!(
        pair.story(mark)[..2],
        ["ana: change_confirmed: drain-blue to 0 / 100, alone, raj is away", "+ change_dispatched"]
    );
}

#[test]
fn where_the_profile_forbids_it_nobody_breaks_the_glass() {
    let mut procedure = two_people(1);
    procedure.people.break_glass = false;
    let mut pair = Pair::open(procedure);
    let mark = pair.mark();
    pair.ask(ANA, Ask::ProposeStep);
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, alone(&target, "raj is away"), Vec::new());
    refused(&pair, ANA, "this profile lets nobody do it alone", "F3");
    assert_eq!(pair.story(mark), NOTHING);
    // The way back asks nobody.
    assert!(pair.sent.is_empty());
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

#[test]
fn where_rolling_back_asks_two_the_copilot_may_ask_and_the_driver_give() {
    let mut procedure = blue_green(1);
    procedure.confirm.rollback = Friction::Two;
    let mut pair = Pair::open(procedure);
    pair.shift(ANA);
    pair.pass(300);
    let mark = pair.mark();
    pair.roll_back(RAJ);
    pair.give(ANA);
    pair.pass(300);
    assert_eq!(
        pair.story(mark)[..5],
        [
            "raj: confirmation_asked: roll back to 50 / 50",
            "ana: confirmation_given: eu-1",
            "raj: controls_taken: rollback",
            "+ change_confirmed: rollback to 50 / 50, with ana",
            "+ change_dispatched",
        ]
    );
}

#[test]
fn where_rolling_back_asks_two_it_asks_nobody_when_cut_off() {
    let mut procedure = blue_green(1);
    procedure.confirm.rollback = Friction::Two;
    let mut pair = Pair::open(procedure);
    pair.shift(ANA);
    pair.pass(300);
    pair.cockpits[ANA].line = Line::Away;
    pair.ask(ANA, Ask::Note("is it there?".to_owned()));
    pair.ask(ANA, Ask::ProposeRollback(WayBackChoice::Step));
    pair.confirm(ANA, key(), Vec::new());
    refused(&pair, ANA, "typed", "F1");
    let target = pair.flight(ANA).proposing.as_ref().and_then(|each| each.proposal()).unwrap().typed_target();
    pair.confirm(ANA, typed(&target), Vec::new());
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
}

#[test]
fn a_journal_of_ones_own_or_in_one_servers_memory_is_refused_where_acts_ask_two() {
    let pair = Pair::opening(two_people(1), |opened| opened.private = true);
    assert!(pair.journal.is_empty());
    refused(&pair, ANA, "nobody else can join this journal", "J5");
    let pair = Pair::opening(two_people(1), |opened| opened.durability = Durability::MemoryOfOne);
    assert!(pair.journal.is_empty());
    refused(&pair, ANA, "in the memory of one server", "J5");
    let pair = Pair::opening(two_people(1), |opened| opened.durability = Durability::Replicated);
    assert_eq!(pair.story(0)[..2], ["ana: session_opened", "+ controls_taken: opened"]);
    let alone = Pair::opening(blue_green(1), |opened| {
        opened.private = true;
        opened.durability = Durability::MemoryOfOne;
    });
    assert_eq!(alone.story(0)[..2], ["ana: session_opened", "+ controls_taken: opened"]);
}
