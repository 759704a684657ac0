//! One act and another person: asked, given, refused, withdrawn, void.

use flightdeck::domain::reading::Identity;
use flightdeck::domain::{Digest, Seat};
use flightdeck::flight::Ask;
use flightdeck::flight::propose::Stage;

use super::{NOTHING, refused, run, stage, two_people};
use crate::support::crew::{ANA, Pair, RAJ, key, typed};

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
