//! Outcomes: what is known of each router, when, and why (D, V).

use flightdeck::domain::{Outcome, RouterId};
use flightdeck::flight::{Appended, Ask, Msg};
use flightdeck::session::Event;
use flightdeck::session::event::Settlement;

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn outcomes(desk: &Desk, router: &str) -> Vec<&'static str> {
    desk.events()
        .filter_map(|event| match event {
            Event::RouterAnswered { router: each, outcome, .. } if *each == RouterId::from(router) => {
                Some(outcome.word())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn nothing_is_sent_before_the_intent_is_kept() {
    let mut desk = Desk::open(blue_green(2));
    desk.journal_answers = false;
    desk.shift();
    desk.pass(1_000);
    assert!(desk.sent.is_empty(), "the journal has not answered");
    let entry = desk.unanswered.remove(0);
    let id = entry.id;
    desk.journal.push(entry);
    desk.journal_answers = true;
    desk.tell(Msg::Appended { entry: id, answer: Appended::Kept { hash: flightdeck::domain::Digest::ZERO } });
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn an_intent_that_is_kept_too_late_sends_nothing_and_says_so() {
    let mut desk = Desk::open(blue_green(1));
    desk.journal_answers = false;
    desk.shift();
    desk.pass(6_000);
    let entry = desk.unanswered.remove(0);
    let id = entry.id;
    desk.journal.push(entry);
    desk.journal_answers = true;
    desk.tell(Msg::Appended { entry: id, answer: Appended::Kept { hash: flightdeck::domain::Digest::ZERO } });
    assert!(desk.sent.is_empty());
    assert_eq!(outcomes(&desk, "eu-1"), ["not sent"]);
    assert!(desk.said().contains("nothing was sent anywhere"), "{}", desk.said());
}

#[test]
fn a_journal_that_is_away_keeps_a_change_from_being_sent_and_the_change_can_be_tried_again() {
    let mut desk = Desk::open(blue_green(1));
    desk.journal_answers = false;
    desk.shift();
    let id = desk.unanswered.remove(0).id;
    desk.tell(Msg::Appended { entry: id, answer: Appended::Unavailable { why: "disk full".to_owned() } });
    assert!(desk.said().contains("disk full"), "{}", desk.said());
    desk.journal_answers = true;
    desk.pass(1_500);
    desk.confirm();
    assert_eq!(desk.sent.len(), 1);
}

#[test]
fn accepted_and_verified_are_two_facts() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    assert_eq!(outcomes(&desk, "eu-1"), ["accepted", "verified"]);
    assert!(desk.said().contains("0 / 100, verified on 2 of 2"), "{}", desk.said());
}

#[test]
fn a_stopped_router_is_unknown_and_asked_until_it_says() {
    let mut desk = Desk::open(blue_green(2));
    desk.router("eu-2").stopped = true;
    desk.shift();
    desk.pass(3_000);
    assert_eq!((outcomes(&desk, "eu-1"), outcomes(&desk, "eu-2")), (vec!["accepted", "verified"], vec!["unknown"]));
    assert!(desk.flight.session.in_flight().is_some(), "a timeout settles nothing");
    desk.router("eu-2").go_on();
    desk.pass(300);
    assert_eq!(outcomes(&desk, "eu-2"), ["unknown", "verified"]);
    assert!(desk.flight.session.in_flight().is_none());
}

#[test]
fn a_stopped_router_that_applies_a_left_change_later_is_noticed_as_a_late_effect() {
    let mut desk = Desk::open(blue_green(2));
    desk.router("eu-2").stopped = true;
    desk.shift();
    desk.pass(3_000);
    desk.ask(Ask::Leave { reason: "eu-2 is being looked at".to_owned() });
    desk.router("eu-2").go_on();
    desk.pass(1_500);
    assert!(desk.events().any(|event| matches!(event, Event::LateEffect { .. })));
    assert!(!desk.events().any(|event| matches!(event, Event::DriftNoticed { .. })), "it is not drift");
}

#[test]
fn a_dead_router_can_be_retried_or_left() {
    let mut desk = Desk::open(blue_green(2));
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").dead = true;
    desk.confirm();
    desk.pass(500);
    assert_eq!(outcomes(&desk, "eu-2"), ["not sent"]);
    desk.router("eu-2").dead = false;
    desk.ask(Ask::Retry(vec!["eu-2".into()]));
    desk.pass(300);
    assert_eq!(outcomes(&desk, "eu-2"), ["not sent", "accepted", "verified"]);
    assert!(matches!(
        desk.flight.session.changes.last().and_then(|change| change.settled.clone()),
        Some((_, Settlement::Verified))
    ));
}

#[test]
fn a_retry_after_a_write_that_was_taken_in_part_makes_it_whole() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").stopped = true;
    desk.shift();
    let router = desk.router("eu-1");
    router.held.clear();
    router.weights = vec![50, 100];
    router.go_on();
    desk.pass(300);
    assert_eq!(outcomes(&desk, "eu-1"), ["unknown", "differs"]);
    desk.ask(Ask::Retry(vec!["eu-1".into()]));
    desk.pass(300);
    assert_eq!(desk.router("eu-1").weights, [0, 100]);
    assert!(desk.flight.session.in_flight().is_none());
}

#[test]
fn killed_between_intent_and_settlement_it_reads_the_truth_when_opened_again() {
    for applied in [true, false] {
        let mut desk = Desk::open(blue_green(2));
        desk.router("eu-2").stopped = true;
        desk.shift();
        desk.crash();
        assert!(desk.flight.session.in_flight().is_some(), "the decision is not lost");
        let router = desk.router("eu-2");
        if !applied {
            router.held.clear();
        }
        router.go_on();
        let sent = desk.sent.len();
        desk.pass(500);
        let change = desk.flight.session.changes.last().unwrap();
        let known = change.outcomes[&RouterId::from("eu-2")].outcome.clone();
        assert_eq!(known.as_ref().map(Outcome::word), Some(if applied { "verified" } else { "differs" }));
        assert_eq!(change.settled.is_some(), applied);
        assert_eq!(desk.sent.len(), sent, "another cockpit sends nothing of it by itself");
    }
}
