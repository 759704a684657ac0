//! Offers and askings: controls change hands between two who are there.

use flightdeck::domain::Seat;
use flightdeck::flight::{Ask, Msg};

use super::{asks, in_flight, offer};
use crate::support::crew::{ANA, Pair, RAJ};
use crate::support::procedure::blue_green;

#[test]
fn offered_and_taken_they_change_hands_with_a_summary() {
    let mut pair = Pair::open(blue_green(2));
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    let summary = pair.flight(RAJ).session.offer.clone().unwrap().summary;
    assert_eq!(
        summary,
        [
            "eu-1 has 50.0 / 50.0, read 0:00 ago",
            "eu-2 has 50.0 / 50.0, read 0:00 ago",
            "next step: Drain blue",
            "1 required items are open",
            "no way back: nothing has been changed yet",
        ]
    );
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.flight(RAJ).drives() && !pair.flight(ANA).drives());
    pair.shift(ANA);
    assert!(pair.said(ANA).contains("raj has the controls") && pair.said(ANA).contains("[C2]"), "{}", pair.said(ANA));
    pair.shift(RAJ);
    assert_eq!(
        pair.story(mark),
        [
            "ana: controls_offered: to raj",
            "raj: controls_taken: handed over by ana",
            "raj: change_confirmed: drain-blue to 0 / 100, one person",
            "+ change_dispatched",
            "raj: router_answered: eu-1 accepted",
            "raj: router_answered: eu-2 accepted",
            "+ router_answered: eu-1 verified",
            "raj: router_answered: eu-2 verified",
            "+ change_settled: verified",
        ]
    );
    pair.all_see_the_same();
}

#[test]
fn an_offer_can_be_refused_by_one_and_taken_back_by_the_other() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    pair.ask(RAJ, Ask::EndOffer);
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("not offered to this cockpit") && pair.said(RAJ).contains("[C3]"));
    offer(&mut pair, ANA, RAJ);
    pair.ask(ANA, Ask::EndOffer);
    pair.ask(RAJ, Ask::AcceptOffer);
    assert_eq!(
        pair.story(mark),
        [
            "ana: controls_offered: to raj",
            "raj: offer_ended: refused",
            "ana: controls_offered: to raj",
            "ana: offer_ended: taken back",
        ]
    );
    assert!(pair.was_told(ANA, "raj ended the offer of the controls: refused"));
    assert!(pair.flight(ANA).drives());
}

#[test]
fn a_third_cockpit_neither_ends_nor_takes_an_offer_between_two_others() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Operator);
    let mark = pair.mark();
    offer(&mut pair, ANA, RAJ);
    pair.ask(eve, Ask::AcceptOffer);
    pair.ask(eve, Ask::EndOffer);
    assert!(pair.said(eve).contains("between two others"), "{}", pair.said(eve));
    asks(&mut pair, RAJ, "my turn");
    pair.ask(eve, Ask::EndAsking);
    asks(&mut pair, eve, "mine");
    assert!(pair.said(eve).contains("raj asks for them already"), "{}", pair.said(eve));
    assert_eq!(pair.story(mark), ["ana: controls_offered: to raj", "raj: controls_asked: my turn"]);
}

#[test]
fn while_a_forward_change_is_in_flight_they_stay_where_they_are() {
    let mut pair = Pair::open(blue_green(2));
    offer(&mut pair, ANA, RAJ);
    in_flight(&mut pair);
    let mark = pair.mark();
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("a forward change is in flight"), "{}", pair.said(RAJ));
    offer(&mut pair, ANA, RAJ);
    assert!(pair.said(ANA).contains("a forward change is in flight"), "{}", pair.said(ANA));
    assert_eq!(pair.story(mark), Vec::<String>::new());
}

#[test]
fn they_are_not_offered_to_who_watches_is_absent_or_has_them() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    let mark = pair.mark();
    offer(&mut pair, ANA, eve);
    assert!(pair.said(ANA).contains("they only watch") && pair.said(ANA).contains("[C2]"), "{}", pair.said(ANA));
    offer(&mut pair, ANA, ANA);
    assert!(pair.said(ANA).contains("you have them"), "{}", pair.said(ANA));
    pair.ask(RAJ, Ask::LeaveSession { why: "lunch".to_owned() });
    offer(&mut pair, ANA, RAJ);
    assert_eq!(pair.story(mark), ["raj: cockpit_left: lunch"]);
}

#[test]
fn an_asking_stands_on_every_screen_until_it_is_answered() {
    let mut pair = Pair::open(blue_green(1));
    let eve = pair.aboard("eve", Seat::Observer);
    let mark = pair.mark();
    asks(&mut pair, RAJ, "  ");
    assert!(pair.said(RAJ).contains("no reason is given"), "{}", pair.said(RAJ));
    asks(&mut pair, RAJ, "ana is on the phone");
    assert_eq!(pair.said(ANA), "raj asks for the controls: ana is on the phone");
    assert!(pair.flight(eve).session.asking.is_some());
    asks(&mut pair, RAJ, "really");
    assert!(pair.said(RAJ).contains("you asked already"), "{}", pair.said(RAJ));
    asks(&mut pair, ANA, "why not");
    assert!(pair.said(ANA).contains("you have them"), "{}", pair.said(ANA));
    pair.ask(ANA, Ask::EndAsking);
    assert_eq!(pair.said(RAJ), "ana ended the asking for the controls: refused");
    asks(&mut pair, RAJ, "now");
    pair.ask(RAJ, Ask::EndAsking);
    assert_eq!(
        pair.story(mark),
        [
            "raj: controls_asked: ana is on the phone",
            "ana: asking_ended: refused",
            "raj: controls_asked: now",
            "raj: asking_ended: withdrawn",
        ]
    );
}

#[test]
fn an_asking_is_answered_by_the_holder_leaving() {
    let mut pair = Pair::open(blue_green(1));
    let mark = pair.mark();
    asks(&mut pair, RAJ, "my turn");
    pair.ask(ANA, Ask::LeaveSession { why: "bye".to_owned() });
    pair.ask(RAJ, Ask::TakeOver);
    assert_eq!(
        pair.story(mark),
        ["raj: controls_asked: my turn", "ana: cockpit_left: bye", "raj: controls_taken: taken over"]
    );
}

#[test]
fn an_offer_is_not_taken_with_a_clock_far_off() {
    let mut pair = Pair::open(blue_green(1));
    offer(&mut pair, ANA, RAJ);
    pair.tell(RAJ, Msg::Clock { offset_ms: Some(31_000) });
    let mark = pair.mark();
    pair.ask(RAJ, Ask::AcceptOffer);
    assert!(pair.said(RAJ).contains("[S2]"), "{}", pair.said(RAJ));
    pair.tell(RAJ, Msg::Clock { offset_ms: Some(29_000) });
    pair.ask(RAJ, Ask::AcceptOffer);
    assert_eq!(pair.story(mark), ["raj: controls_taken: handed over by ana"]);
}
