//! What was added to format 1 with deploy windows: why a session was opened, and a window that was set aside.

use std::io::Write;

use flightdeck::domain::{Digest, Timestamp, Why};
use flightdeck::entry::{Chain, Entry, FORMAT, History, Kept, seal};
use flightdeck::session::Event;
use flightdeck::session::event::StepMark;
use flightdeck::session::proposal::{Gate, GateReport, GateState, Override};
use flightdeck::session::second::Second;

use super::told;

const FORMAT_1_WINDOWS: &str = include_str!("golden/format-1-windows.jsonl");

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

fn written() -> String {
    let mut prev = Digest::ZERO;
    let mut lines = String::new();
    for entry in windows() {
        let sealed = seal(&entry, prev).unwrap();
        prev = sealed.hash;
        lines.push_str(std::str::from_utf8(&sealed.bytes).unwrap());
        lines.push('\n');
    }
    lines
}

fn read() -> Vec<Kept> {
    let mut chain = Chain::start();
    let lines = (1..).zip(FORMAT_1_WINDOWS.lines());
    lines.map(|(number, line)| chain.feed(number, line.as_bytes(), None).unwrap()).collect()
}

#[test]
#[ignore = "writes the golden file; run by hand where it is not there"]
fn write_the_golden_file_of_windows() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/journal/golden");
    let mut file = std::fs::File::create_new(format!("{path}/format-{FORMAT}-windows.jsonl")).unwrap();
    file.write_all(written().as_bytes()).unwrap();
}

#[test]
fn the_golden_file_of_windows_reads_as_what_was_told_and_is_still_written_so() {
    let entries: Vec<Entry> = read().into_iter().map(|kept| kept.entry).collect();
    assert_eq!(entries, windows());
    assert_eq!(written(), FORMAT_1_WINDOWS);
    let session = History { entries: read(), broken: None }.fold();
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
    let history = History { entries: read(), broken: None };
    let told = flightdeck::record::markdown(&history, None);
    for part in ["PAY-17: the fee table of", "1 gate overridden", "agreed with the bank"] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    assert!(!told.contains("<May>"), "what people wrote is no markup");
    let record = flightdeck::record::json(&history, None);
    assert_eq!(record["why"]["ticket"], "PAY-17");
}
