//! Controls of somebody who is silent, gone, or leaves.

use flightdeck::domain::Seat;
use flightdeck::flight::Ask;

use super::{asks, in_flight};
use crate::support::crew::{ANA, Pair, RAJ};
use crate::support::procedure::blue_green;

#[test]
fn they_are_not_taken_over_from_a_holder_who_is_there() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("you have not asked for them"), "{}", pair.said(RAJ));
    asks(&mut pair, RAJ, "she is slow");
    let mark = pair.mark();
    pair.pass(60_000);
    pair.ask(ANA, Ask::LookClosely);
    pair.pass(60_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there: last key 1:0"), "{}", pair.said(RAJ));
    assert_eq!(pair.story(mark), Vec::<String>::new());
}

#[test]
fn from_a_stopped_process_they_are_taken_over_after_silence_and_grace_and_not_before() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(ANA, Ask::LookClosely);
    pair.pass(100);
    pair.stop(ANA);
    let mark = pair.mark();
    pair.pass(5_000);
    asks(&mut pair, RAJ, "her laptop sleeps");
    pair.pass(4_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there"), "{}", pair.said(RAJ));
    pair.pass(6_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana may still answer for 0:0"), "{}", pair.said(RAJ));
    pair.pass(5_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.flight(RAJ).drives(), "{}", pair.said(RAJ));
    pair.go_on(ANA);
    assert!(!pair.flight(ANA).drives());
    assert!(pair.was_told(ANA, "raj has the controls: ana was silent: her laptop sleeps"));
    pair.shift(ANA);
    assert_eq!(
        pair.story(mark),
        ["raj: controls_asked: her laptop sleeps", "raj: controls_taken: ana was silent: her laptop sleeps",]
    );
    pair.all_see_the_same();
}

#[test]
fn a_holder_who_touches_no_key_counts_as_silent() {
    let mut pair = Pair::open(blue_green(1));
    pair.ask(ANA, Ask::LookClosely);
    asks(&mut pair, RAJ, "nobody at her desk");
    let mark = pair.mark();
    pair.pass(115_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.said(RAJ).contains("ana is there"), "{}", pair.said(RAJ));
    pair.pass(6_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert_eq!(pair.story(mark), ["raj: controls_taken: ana was silent: nobody at her desk"]);
}

#[test]
fn a_copilot_who_has_just_come_has_seen_no_silence_yet() {
    let mut pair = Pair::open(blue_green(1));
    pair.stop(ANA);
    pair.pass(60_000);
    let eve = pair.aboard("eve", Seat::Operator);
    asks(&mut pair, eve, "nobody drives");
    let mark = pair.mark();
    pair.pass(9_000);
    pair.ask(eve, Ask::TakeOver);
    assert!(pair.said(eve).contains("ana is there"), "{}", pair.said(eve));
    pair.pass(8_000);
    pair.ask(eve, Ask::TakeOver);
    assert_eq!(pair.story(mark), ["eve: controls_taken: ana was silent: nobody drives"]);
}

#[test]
fn while_the_holders_intent_may_still_live_nobody_takes_them() {
    let mut procedure = blue_green(2);
    procedure.timing.deadline = std::time::Duration::from_secs(30);
    let mut pair = Pair::open(procedure);
    in_flight(&mut pair);
    pair.stop(ANA);
    asks(&mut pair, RAJ, "she is gone");
    let mark = pair.mark();
    pair.pass(26_000);
    pair.ask(RAJ, Ask::TakeOver);
    // The deadline, the longest time-out of a router, and two seconds more.
    assert!(
        pair.said(RAJ).contains("may still send a change that it decided, for 0:07") && pair.said(RAJ).contains("[D3]"),
        "{}",
        pair.said(RAJ)
    );
    pair.pass(8_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.flight(RAJ).drives(), "{}", pair.said(RAJ));
    pair.ask(RAJ, Ask::Leave { reason: "eu-2 is looked at".to_owned() });
    assert_eq!(
        pair.story(mark),
        ["raj: controls_taken: ana was silent: she is gone", "raj: change_settled: left, eu-2 is looked at",]
    );
}

#[test]
fn leaving_releases_them_and_they_can_be_taken_at_once() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    pair.ask(ANA, Ask::LeaveSession { why: "done for today".to_owned() });
    assert!(pair.flight(RAJ).session.controls.is_none());
    assert_eq!(pair.said(RAJ), "ana left: done for today");
    pair.shift(RAJ);
    assert!(pair.said(RAJ).contains("nobody has the controls"), "{}", pair.said(RAJ));
    resume(&mut pair, RAJ, false);
    assert!(pair.flight(RAJ).drives());
    assert_eq!(
        pair.story(mark),
        ["ana: cockpit_left: done for today", "raj: controls_taken: the process before is gone"]
    );
}

fn resume(pair: &mut Pair, who: usize, holder_gone: bool) {
    let controls = pair.flight(who).me.controls("the process before is gone");
    pair.ask(who, Ask::Resume { controls, holder_gone });
}

#[test]
fn from_a_process_that_is_provably_gone_they_are_taken_back_at_once_and_else_not() {
    let mut pair = Pair::open(blue_green(1));
    pair.stop(ANA);
    let mark = pair.mark();
    resume(&mut pair, RAJ, false);
    assert!(
        pair.said(RAJ).contains("is not known to be gone") && pair.said(RAJ).contains("[C4]"),
        "{}",
        pair.said(RAJ)
    );
    resume(&mut pair, RAJ, true);
    assert_eq!(pair.story(mark), ["raj: controls_taken: the process before is gone"]);
}
