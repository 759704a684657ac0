//! Guards that act (G1, G2): who may arm, what fires, what only rings, and what disarms.

use std::sync::Arc;

use flightdeck::domain::guard::Then;
use flightdeck::domain::procedure::Friction;
use flightdeck::domain::{Procedure, Seat};
use flightdeck::flight::Ask;
use flightdeck::session::Event;
use flightdeck::session::guard::Acted;

use crate::support::crew::{ANA, Line, Pair, RAJ, key};
use crate::support::guard::{BAD, GOOD, guard, guarded, looked};
use crate::support::procedure::{blue_green, weights};

/// So many looks a second apart, in every cockpit.
fn measure(pair: &mut Pair, looks: u32, blue: f64, green: f64) {
    for _ in 0..looks {
        pair.pass(1_000);
        for who in 0..pair.cockpits.len() {
            pair.tell(who, looked(pair.now(), blue, green));
        }
    }
}

/// Ana drives, blue has 30 on both routers, the guard is quiet.
fn at_thirty(procedure: Procedure) -> Pair {
    let mut pair = Pair::open(guarded(procedure));
    pair.aboard("raj", Seat::Operator);
    for blue in [0, 10, 30] {
        measure(&mut pair, 3, GOOD, GOOD);
        pair.shift(ANA);
        pair.pass(500);
        let weights = pair.router("eu-1").weights.clone();
        assert_eq!(weights, [blue, 100 - blue], "{}", pair.said(ANA));
    }
    measure(&mut pair, 5, GOOD, GOOD);
    pair.sent.clear();
    pair
}

fn arm(pair: &mut Pair, who: usize) {
    pair.ask(who, Ask::ArmGuards { confirmation: key() });
}

/// The newest trip as the journal has it.
fn acted(pair: &Pair) -> Option<Acted> {
    pair.journal.iter().rev().flat_map(|entry| entry.events.iter().rev()).find_map(|event| match event {
        Event::GuardTripped { acted, .. } => Some(acted.clone()),
        _ => None,
    })
}

fn rang_because(pair: &Pair) -> String {
    match acted(pair) {
        Some(Acted::Rang { because }) => because,
        other => panic!("it did not ring instead: {other:?}"),
    }
}

fn is_armed(pair: &Pair, who: usize) -> bool {
    pair.flight(who).session.armed().is_some()
}

#[test]
fn armed_it_goes_back_to_the_last_good_split_in_one_entry_and_is_disarmed() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    assert!(is_armed(&pair, ANA) && is_armed(&pair, RAJ));
    measure(&mut pair, 2, BAD, GOOD);
    assert!(pair.sent.is_empty(), "two breaches are not enough");
    let mark = pair.mark();
    measure(&mut pair, 1, BAD, GOOD);
    pair.pass(300);
    assert_eq!(
        pair.story(mark)[..4],
        [
            "ana: guard_tripped: errors: blue 1.40 %, ≤ 1.00 %, 3 in a row: rolled back",
            "+ change_confirmed: rollback to 10 / 90, one person",
            "+ change_dispatched",
            "+ guards_disarmed: errors fired",
        ]
    );
    for router in ["eu-1", "eu-2"] {
        assert_eq!(pair.router(router).weights, [10, 90]);
    }
    assert!(!is_armed(&pair, ANA));
    assert!(pair.was_told(ANA, "ROLLS BACK") && pair.was_told(RAJ, "ROLLS BACK"));
    pair.all_see_the_same();
    // Nothing goes forward by itself, and the same trip fires once.
    pair.sent.clear();
    measure(&mut pair, 10, BAD, GOOD);
    assert!(pair.sent.is_empty());
}

#[test]
fn unarmed_it_rings_everywhere_once_and_a_person_finishes_it() {
    let mut pair = at_thirty(blue_green(2));
    measure(&mut pair, 6, BAD, GOOD);
    assert!(pair.sent.is_empty());
    assert_eq!(acted(&pair), Some(Acted::Proposed));
    for who in [ANA, RAJ] {
        let rang = pair.cockpits[who].notices.iter().filter(|text| text.contains("the guard errors tripped"));
        assert_eq!(rang.count(), 1);
        let waiting = pair.flight(who).waiting_trips();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].1, "blue 1.40 %, ≤ 1.00 %, 3 in a row");
    }
    // The copilot may finish it.
    pair.roll_back(RAJ);
    pair.pass(300);
    assert_eq!(pair.router("eu-2").weights, [10, 90]);
    let waiting = pair.flight(ANA).waiting_trips();
    assert!(waiting.is_empty(), "it was answered: {waiting:?}");
}

#[test]
fn a_guard_that_only_proposes_is_not_armed() {
    let mut procedure = blue_green(2);
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    let mut pair = at_thirty(procedure);
    let mut proposing = pair.flight(ANA).procedure.as_ref().clone();
    proposing.guards = vec![guard("errors", Then::Propose)];
    for cockpit in &mut pair.cockpits {
        cockpit.flight.procedure = Arc::new(proposing.clone());
    }
    arm(&mut pair, ANA);
    assert!(!is_armed(&pair, ANA));
    assert!(pair.said(ANA).contains("no guard that may roll back"), "{}", pair.said(ANA));
}

#[test]
fn only_who_drives_arms_and_disarms() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, RAJ);
    assert!(pair.said(RAJ).contains("[C2]"), "{}", pair.said(RAJ));
    arm(&mut pair, ANA);
    pair.ask(RAJ, Ask::DisarmGuards);
    assert!(is_armed(&pair, ANA));
    pair.ask(ANA, Ask::DisarmGuards);
    assert!(!is_armed(&pair, ANA));
}

#[test]
fn where_a_rollback_asks_two_people_no_guard_is_armed() {
    let mut procedure = blue_green(2);
    procedure.confirm.rollback = Friction::Two;
    let mut pair = at_thirty(procedure);
    arm(&mut pair, ANA);
    assert!(!is_armed(&pair, ANA));
    assert!(pair.said(ANA).contains("asks two people for a rollback"), "{}", pair.said(ANA));
}

#[test]
fn a_hand_over_disarms_and_the_new_driver_rings_only() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    let to = pair.flight(RAJ).me.cockpit;
    pair.ask(ANA, Ask::Offer { to });
    assert!(is_armed(&pair, ANA), "an offer is not yet a hand-over");
    let mark = pair.mark();
    pair.ask(RAJ, Ask::AcceptOffer);
    assert_eq!(
        pair.story(mark),
        ["raj: guards_disarmed: raj took the controls", "+ controls_taken: handed over by ana",]
    );
    measure(&mut pair, 6, BAD, GOOD);
    assert!(pair.sent.is_empty());
    assert_eq!(acted(&pair), Some(Acted::Proposed));
}

#[test]
fn a_rollback_by_anybody_disarms() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.roll_back(RAJ);
    assert!(!is_armed(&pair, ANA));
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.roll_back(ANA);
    assert!(!is_armed(&pair, ANA));
}

#[test]
fn leaving_disarms() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.ask(ANA, Ask::LeaveSession { why: "done".to_owned() });
    assert!(!is_armed(&pair, RAJ));
}

#[test]
fn a_driver_that_stopped_fires_nothing_and_nobody_fires_for_it() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.stop(ANA);
    for _ in 0..6 {
        pair.pass(1_000);
        pair.tell(RAJ, looked(pair.now(), BAD, GOOD));
    }
    assert!(pair.sent.is_empty());
    assert!(pair.was_told(RAJ, "the guard errors tripped"), "it rings where somebody is");
    assert_eq!(pair.flight(RAJ).waiting_trips().len(), 1);
}

#[test]
fn what_the_journal_does_not_keep_is_not_sent_neither_now_nor_later() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.cockpits[ANA].line = Line::Away;
    measure(&mut pair, 3, BAD, GOOD);
    pair.pass(2_000);
    assert!(pair.sent.is_empty() && pair.cockpits[ANA].spilled.is_empty(), "a guard's rollback is never spilled");
    assert!(pair.was_told(ANA, "is armed and did NOT roll back"), "{}", pair.said(ANA));
    assert_eq!(pair.flight(ANA).waiting_trips().len(), 1);
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    measure(&mut pair, 3, BAD, GOOD);
    assert!(pair.sent.is_empty(), "the journal is back, and a person decides");
    assert!(rang_because(&pair).contains("the journal did not keep it"), "{:?}", acted(&pair));
}

#[test]
fn where_the_journal_is_silent_a_person_need_not_wait_for_it() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.cockpits[ANA].line = Line::Silent;
    measure(&mut pair, 3, BAD, GOOD);
    assert!(pair.sent.is_empty());
    pair.roll_back(ANA);
    pair.pass(1_500);
    assert_eq!(pair.router("eu-1").weights, [10, 90], "beside the journal, by hand");
    assert_eq!(pair.cockpits[ANA].spilled.len(), 1);
}

#[test]
fn it_rings_where_the_pool_to_go_back_to_breaks_the_same_limit() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    measure(&mut pair, 4, BAD, BAD);
    assert!(pair.sent.is_empty());
    assert!(rang_because(&pair).contains("the way back is no better: green 1.40 %"), "{:?}", acted(&pair));
    assert!(is_armed(&pair, ANA), "it has not fired");
}

#[test]
fn it_rings_where_the_pool_to_go_back_to_is_down_or_too_small() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    pair.router("eu-2").down = vec![false, true];
    measure(&mut pair, 4, BAD, GOOD);
    assert!(pair.sent.is_empty());
    assert_eq!(rang_because(&pair), "green has 0/1 up");

    let mut pair = at_thirty(blue_green(2));
    let mut small = pair.flight(ANA).procedure.as_ref().clone();
    small.pools.iter_mut().for_each(|pool| pool.capacity_per_server = Some(1.0));
    for cockpit in &mut pair.cockpits {
        cockpit.flight.procedure = Arc::new(small.clone());
    }
    arm(&mut pair, ANA);
    measure(&mut pair, 4, BAD, GOOD);
    assert!(pair.sent.is_empty());
    assert!(rang_because(&pair).contains("with 1 declared"), "{:?}", acted(&pair));
}

#[test]
fn a_change_in_flight_loses_to_it() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    measure(&mut pair, 1, GOOD, GOOD);
    pair.router("eu-2").stopped = true;
    pair.shift(ANA);
    measure(&mut pair, 4, BAD, GOOD);
    assert!(matches!(acted(&pair), Some(Acted::RolledBack { .. })), "{:?}", acted(&pair));
    assert_eq!(pair.router("eu-1").weights, [30, 70], "back to before the change that was in flight");
    pair.router("eu-2").go_on();
    pair.pass(2_000);
    assert_eq!(pair.router("eu-2").weights, [30, 70]);
}

#[test]
fn its_own_back_to_is_where_it_goes_and_where_r_goes_while_it_waits() {
    let mut procedure = blue_green(2);
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    let own = weights(&[("blue", 5), ("green", 95)]);
    let with_own = |pair: &mut Pair| {
        let mut procedure = pair.flight(ANA).procedure.as_ref().clone();
        procedure.guards[0].back_to = Some(own.clone());
        for cockpit in &mut pair.cockpits {
            cockpit.flight.procedure = Arc::new(procedure.clone());
        }
    };
    let mut pair = at_thirty(procedure.clone());
    with_own(&mut pair);
    arm(&mut pair, ANA);
    measure(&mut pair, 3, BAD, GOOD);
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [5, 95]);

    let mut pair = at_thirty(procedure);
    with_own(&mut pair);
    measure(&mut pair, 4, BAD, GOOD);
    pair.roll_back(RAJ);
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [5, 95]);
}

#[test]
fn red_before_the_first_change_it_is_confessed_and_not_armed() {
    let mut pair = Pair::open(guarded(blue_green(2)));
    pair.aboard("raj", Seat::Operator);
    let mut procedure = pair.flight(ANA).procedure.as_ref().clone();
    procedure.guards[0].subject = match guard("errors", Then::RollBack).subject {
        flightdeck::domain::guard::Subject::Limit { measure, limit, .. } => flightdeck::domain::guard::Subject::Limit {
            measure,
            limit,
            of: flightdeck::domain::guard::Of::Pool("blue".into()),
        },
        other => other,
    };
    for cockpit in &mut pair.cockpits {
        cockpit.flight.procedure = Arc::new(procedure.clone());
    }
    let mark = pair.mark();
    measure(&mut pair, 4, BAD, GOOD);
    assert_eq!(pair.story(mark), ["ana: guard_confessed: errors"]);
    arm(&mut pair, ANA);
    assert!(!is_armed(&pair, ANA));
    assert!(pair.said(ANA).contains("red already"), "{}", pair.said(ANA));
    let mark = pair.mark();
    measure(&mut pair, 4, GOOD, GOOD);
    assert_eq!(pair.story(mark), ["ana: guard_calmed: errors"]);
    arm(&mut pair, ANA);
    assert!(is_armed(&pair, ANA));
}

#[test]
fn fired_and_quiet_again_it_is_armed_anew_by_a_person_and_fires_anew() {
    let mut pair = at_thirty(blue_green(2));
    arm(&mut pair, ANA);
    measure(&mut pair, 3, BAD, GOOD);
    measure(&mut pair, 4, GOOD, GOOD);
    assert!(!pair.flight(ANA).session.guards.is_red(&"errors".into()));
    pair.shift(ANA);
    pair.pass(500);
    let weights = pair.router("eu-1").weights.clone();
    assert_eq!(weights, [30, 70], "{}", pair.said(ANA));
    measure(&mut pair, 2, GOOD, GOOD);
    arm(&mut pair, ANA);
    measure(&mut pair, 3, BAD, GOOD);
    pair.pass(300);
    assert_eq!(pair.router("eu-1").weights, [10, 90]);
}
