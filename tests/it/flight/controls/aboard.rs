//! What each cockpit may do, whoever has the controls: observers, the copilot, a rollback of either.

use flightdeck::domain::Seat;
use flightdeck::flight::{Ask, Msg, WayBackChoice};

use super::{in_flight, offer};
use crate::support::crew::{ANA, Pair, RAJ, key, typed};
use crate::support::procedure::{blue_green, weights};

#[test]
fn an_observer_watches_and_nothing_of_theirs_is_taken() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    pair.pass(500);
    pair.shift(ANA);
    pair.pass(20_000);
    let mark = pair.mark();
    let asks: Vec<Ask> = vec![
        Ask::AskControls { reason: "please".to_owned() },
        Ask::Hold { reason: "stop".to_owned() },
        Ask::Note("hello".to_owned()),
        Ask::ToggleItem("deploy/health".into()),
        Ask::TakeOver,
        Ask::AcceptOffer,
        Ask::Resume { controls: pair.flight(eve).me.controls("mine"), holder_gone: true },
        Ask::EndRun { why: "no".to_owned() },
        Ask::Close { outcome: "over".to_owned() },
    ];
    for ask in asks {
        pair.cockpit(eve).notices.clear();
        pair.ask(eve, ask.clone());
        assert!(
            pair.said(eve).contains("only watches") && pair.said(eve).contains("[C2]"),
            "{ask:?}: {}",
            pair.said(eve)
        );
    }
    pair.ask(eve, Ask::ProposeRollback(WayBackChoice::Step));
    pair.confirm(eve, key(), Vec::new());
    pair.pass(2_000);
    assert!(pair.said(eve).contains("[C2]"), "{}", pair.said(eve));
    assert_eq!(pair.story(mark), Vec::<String>::new());
    pair.ask(eve, Ask::LeaveSession { why: "seen enough".to_owned() });
    assert_eq!(pair.story(mark), ["eve: cockpit_left: seen enough"]);
}

#[test]
fn with_a_clock_far_off_nothing_goes_forward_and_the_way_back_is_open() {
    let mut pair = Pair::open(blue_green(1));
    pair.shift(ANA);
    pair.pass(300);
    let mark = pair.mark();
    for who in [ANA, RAJ] {
        pair.tell(who, Msg::Clock { offset_ms: Some(-31_000) });
        assert!(pair.said(who).contains("31 s off"), "{}", pair.said(who));
    }
    pair.ask(ANA, Ask::ProposeShift(weights(&[("blue", 10), ("green", 90)])));
    pair.confirm(ANA, typed("blue 10"), Vec::new());
    assert!(pair.said(ANA).contains("[S2]"), "{}", pair.said(ANA));
    offer(&mut pair, ANA, RAJ);
    assert!(pair.said(ANA).contains("[S2]"), "{}", pair.said(ANA));
    pair.ask(ANA, Ask::Hold { reason: "clocks".to_owned() });
    pair.roll_back(ANA);
    pair.pass(300);
    assert_eq!(
        pair.story(mark),
        [
            "ana: held: clocks",
            "ana: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
        ]
    );
}

#[test]
fn the_copilot_holds_and_only_the_driver_releases() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    pair.ask(RAJ, Ask::Hold { reason: "errors rise".to_owned() });
    assert_eq!(pair.said(ANA), "raj holds the deployment: errors rise");
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("held by raj: errors rise"), "{}", pair.said(ANA));
    pair.ask(RAJ, Ask::ReleaseHold { reason: "calm".to_owned() });
    assert!(pair.said(RAJ).contains("[C2]"), "{}", pair.said(RAJ));
    pair.ask(ANA, Ask::ReleaseHold { reason: "calm".to_owned() });
    assert_eq!(pair.story(mark), ["raj: held: errors rise", "ana: hold_released: calm"]);
}

#[test]
fn a_rollback_by_the_copilot_takes_the_controls_in_the_same_entry_and_supersedes() {
    let mut pair = Pair::open(blue_green(2));
    in_flight(&mut pair);
    let mark = pair.mark();
    pair.roll_back(RAJ);
    let entry = pair.journal[mark].clone();
    assert_eq!(entry.events.len(), 3, "one entry");
    assert_eq!(pair.flight(RAJ).session.controls.as_ref().map(|controls| controls.epoch), Some(entry.number));
    // The stopped router applies what waits, in order: the change, then the rollback.
    pair.router("eu-2").go_on();
    pair.pass(1_000);
    assert_eq!(pair.router("eu-2").weights, [50, 50]);
    assert_eq!(
        pair.story(mark),
        [
            "raj: controls_taken: rollback",
            "+ change_confirmed: rollback instead to 50 / 50, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-2 unknown",
            "+ router_answered: eu-1 verified",
            // Of the change that it took the place of, then of itself.
            "raj: router_answered: eu-2 differs",
            "+ router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    assert!(pair.was_told(ANA, "raj rolls back to 50 / 50"));
    let sent: Vec<(&str, &str)> = pair.sent.iter().map(|(who, router, _)| (who.as_str(), router.as_str())).collect();
    assert_eq!(sent, [("ana", "eu-1"), ("ana", "eu-2"), ("raj", "eu-1"), ("raj", "eu-2")]);
    pair.all_see_the_same();
}

#[test]
fn of_two_who_want_to_roll_back_the_second_finds_nothing_left_to_do() {
    let mut pair = Pair::open(blue_green(1));
    pair.shift(ANA);
    pair.pass(300);
    for who in [ANA, RAJ] {
        pair.ask(who, Ask::ProposeRollback(WayBackChoice::Step));
    }
    let mark = pair.mark();
    pair.confirm(ANA, key(), Vec::new());
    pair.pass(300);
    pair.confirm(RAJ, key(), Vec::new());
    assert!(pair.said(RAJ).contains("every router holds that already"), "{}", pair.said(RAJ));
    pair.pass(500);
    assert_eq!(
        pair.story(mark),
        [
            "ana: change_confirmed: rollback to 50 / 50, one person",
            "+ change_dispatched",
            "ana: router_answered: eu-1 accepted",
            "ana: router_answered: eu-1 verified",
            "+ change_settled: verified",
        ]
    );
    assert_eq!(pair.router("eu-1").weights, [50, 50]);
}
