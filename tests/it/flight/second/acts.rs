//! Acts other than a shift: completing a step, a changed profile, a way back.

use std::sync::Arc;

use flightdeck::domain::procedure::Friction;
use flightdeck::domain::{Digest, Durability};
use flightdeck::flight::{Ask, ChangedProfile, Msg, WayBackChoice};
use flightdeck::session::proposal::{Gate, Override};

use super::{refused, two_people};
use crate::support::crew::{ANA, Line, Pair, RAJ, key, typed};
use crate::support::procedure::blue_green;

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
