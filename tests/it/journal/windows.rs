//! What was added to format 1 with deploy windows: why a session was opened, and a window that was set aside.

use flightdeck::domain::{Timestamp, Why};
use flightdeck::entry::{Entry, History};
use flightdeck::session::Event;
use flightdeck::session::event::StepMark;
use flightdeck::session::proposal::{Gate, GateReport, GateState, Override};
use flightdeck::session::second::Second;

use super::{golden, told};

/// A session that was opened for a ticket, in which a deploy step was completed outside its window.
pub fn windows() -> Vec<Entry> {
    let id = told::session(1);
    let mut opening = told::opening(id, "bridge", "prod");
    if let Some(Event::SessionOpened(opened)) = opening.events.first_mut() {
        opened.why = Why { ticket: "PAY-17".to_owned(), reason: "the fee table of <May>".to_owned() };
    }
    let gate = Gate::Window { window: "off-peak or weekend".into() };
    let text = "outside off-peak or weekend: opens in 3:12:00, at 02:00 UTC".to_owned();
    let mark = StepMark::Done {
        gates: vec![GateReport { gate: gate.clone(), state: GateState::Fails, text }],
        overrides: vec![Override { gate, reason: "agreed with the bank".to_owned() }],
        second: Second::NotAsked,
        signed: None,
    };
    let note = told::note(id, 2, opening.cockpit, 2);
    let at = Timestamp(opening.at.0 + 60_000);
    let marked = Entry { at, events: vec![Event::StepMarked { step: "deploy-to-blue".into(), mark }], ..note };
    let closing = Entry { at: Timestamp(at.0 + 60_000), ..told::closing(id, 3) };
    vec![opening, marked, closing]
}

#[test]
fn a_session_knows_why_it_was_opened() {
    let session = History { entries: golden::entries("windows"), broken: None }.fold();
    let opened = session.opened.expect("it was opened");
    assert_eq!(opened.what.why.words(), "PAY-17: the fee table of <May>");
}

#[test]
fn a_session_from_before_anybody_was_asked_why_says_nothing_of_it() {
    let opening = told::opening(told::session(1), "bridge", "prod");
    let stored = serde_json::to_string(&opening.events).unwrap();
    assert!(!stored.contains("\"why\":{"), "{stored}");
    let read: Vec<Event> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, opening.events);
}

#[test]
fn the_record_says_what_it_was_for_and_which_window_was_set_aside() {
    let history = History { entries: golden::entries("windows"), broken: None };
    let told = flightdeck::record::markdown(&history, None);
    for part in ["PAY-17: the fee table of", "1 gate overridden", "agreed with the bank"] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    assert!(!told.contains("<May>"), "what people wrote is no markup");
    let record = flightdeck::record::json(&history, None);
    assert_eq!(record["why"]["ticket"], "PAY-17");
}
