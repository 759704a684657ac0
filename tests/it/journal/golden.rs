//! The stored form: what was written once reads the same for ever.

use std::collections::BTreeSet;
use std::io::Write;

use flightdeck::domain::Digest;
use flightdeck::entry::{Break, Broken, Chain, Entry, FORMAT, History, KINDS, Kept, Unreadable, kind, open, seal};
use flightdeck::session::guard::Acted;
use flightdeck::session::proposal::Gesture;

use super::{told, unwound, windows};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/journal/golden");

const FORMAT_1: &str = include_str!("golden/format-1.jsonl");

/// What a golden file tells.
type Told = fn() -> Vec<Entry>;

/// What was added to format 1 later, each by the name of its file and what that tells.
const ADDED: [(&str, Told); 14] = [
    // A change in waves.
    ("waves", told::waves),
    // What checks came to.
    ("checks", told::checks),
    // Guards that act.
    ("guards", told::guards),
    // A way back in stages, one that was proven, and connections that were ended.
    ("shapes", told::shapes),
    // A stage of a way back that went on despite a check.
    ("stages", told::stages),
    // A slow system's task that was cancelled.
    ("tasks", told::tasks),
    // What people outside were told.
    ("tellings", told::tellings),
    // Deploy actions.
    ("actions", told::actions),
    ("approvals", told::approvals),
    // A version that was resolved to a digest.
    ("versions", told::versions),
    // A planned start, and what was left for after the end.
    ("later", told::later),
    // Items beside their ticks, and who was called.
    ("duties", told::duties),
    // The acts of a way back, and routers that are left out of the plan.
    ("unwinding", unwound::unwound),
    // Why a session was opened, and a window that was set aside.
    ("windows", windows::windows),
];

/// The lines of a golden file of what was added.
pub fn added(name: &str) -> String {
    let path = format!("{FOLDER}/format-1-{name}.jsonl");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}; write_the_golden_files writes it"))
}

/// The entries of such a file, all of which read.
pub fn entries(name: &str) -> Vec<Kept> {
    let (entries, broken) = read(&added(name));
    assert_eq!(broken, None, "{name}");
    entries
}

fn read(lines: &str) -> (Vec<Kept>, Option<Broken>) {
    let mut chain = Chain::start();
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(lines.lines()) {
        match chain.feed(number, line.as_bytes(), None) {
            Ok(kept) => entries.push(kept),
            Err(broken) => return (entries, Some(broken)),
        }
    }
    (entries, None)
}

/// Seals entries into the lines of a golden file.
fn written(entries: Vec<Entry>) -> String {
    let mut prev = Digest::ZERO;
    let mut lines = String::new();
    for entry in entries {
        let sealed = seal(&entry, prev).unwrap();
        prev = sealed.hash;
        lines.push_str(std::str::from_utf8(&sealed.bytes).unwrap());
        lines.push('\n');
    }
    lines
}

#[test]
#[ignore = "writes the golden files that are not there; run by hand when a format is added, or something to it"]
fn write_the_golden_files() {
    let added = ADDED.map(|(name, told)| (format!("-{name}"), told()));
    for (name, entries) in std::iter::once((String::new(), told::deployment())).chain(added) {
        // A golden file is written once: what stands there is never replaced.
        if let Ok(mut file) = std::fs::File::create_new(format!("{FOLDER}/format-{FORMAT}{name}.jsonl")) {
            file.write_all(written(entries).as_bytes()).unwrap();
        }
    }
}

#[test]
fn every_kind_of_event_is_in_the_golden_files() {
    let (mut kept, broken) = read(FORMAT_1);
    assert_eq!(broken, None);
    kept.extend(ADDED.iter().flat_map(|(name, _)| entries(name)));
    let found: BTreeSet<&str> = kept.iter().flat_map(|kept| kept.entry.events.iter().map(kind)).collect();
    assert_eq!(found, KINDS.into_iter().collect());
    for kept in &kept {
        for event in &kept.entry.events {
            let stored = serde_json::to_value(event).unwrap();
            assert_eq!(stored["event"], kind(event), "the name in the stored form");
        }
    }
}

#[test]
fn the_golden_files_read_as_what_was_told() {
    let of = |kept: Vec<Kept>| -> Vec<Entry> { kept.into_iter().map(|kept| kept.entry).collect() };
    let (first, broken) = read(FORMAT_1);
    assert_eq!(broken, None);
    assert_eq!(of(first), told::deployment());
    for (name, told) in ADDED {
        assert_eq!(of(entries(name)), told(), "{name}");
    }
}

#[test]
fn this_version_still_writes_format_1_byte_by_byte() {
    assert_eq!(written(told::deployment()), FORMAT_1);
    for (name, told) in ADDED {
        assert_eq!(written(told()), added(name), "{name}");
    }
}

#[test]
fn an_entry_from_before_there_were_waves_is_a_change_that_goes_to_all_routers_at_once() {
    let (entries, _) = read(FORMAT_1);
    let session = History { entries, broken: None }.fold();
    assert!(session.changes.iter().all(|change| change.confirmed.waves.are_all_at_once()));
    assert!(session.changes.iter().all(|change| change.next_wave().is_none()));
}

#[test]
fn a_change_that_was_left_between_two_waves_is_folded_so() {
    let session = History { entries: entries("waves"), broken: None }.fold();
    let [whole, left] = session.changes.as_slice() else { panic!("two changes") };
    assert_eq!((whole.waves_sent, whole.next_wave()), (2, None));
    assert_eq!((left.waves_sent, left.next_wave()), (1, Some(1)));
    let waiting: Vec<&str> = left.waiting().map(flightdeck::domain::RouterId::as_str).collect();
    assert_eq!(waiting, ["eu-2"]);
}

#[test]
fn guards_that_acted_are_folded_so() {
    let session = History { entries: entries("guards"), broken: None }.fold();
    let baselines: Vec<f64> = session.guard_baselines.values().copied().collect();
    assert_eq!(baselines, [212.0, 433.25]);
    assert_eq!(session.armed(), None, "disarmed by hand");
    let (waits, trip) = session.unanswered().next().unwrap();
    assert_eq!((waits.as_str(), &trip.what.acted), ("errors", &Acted::Proposed));
    let fired = session.changes.last().unwrap();
    assert_eq!(fired.confirmed.confirmation.gesture, Gesture::Guard("errors".into()));
}

#[test]
fn the_golden_files_hashes_never_change() {
    let (entries, _) = read(FORMAT_1);
    let head = entries.last().unwrap();
    // Computed apart from this code, with another program, by the rule in the documentation of the stored form.
    assert_eq!(head.hash.to_string(), "c0925fbed247ada0fe5ba065e4f921fd6d9bd9986a9d98bb73813d35ea89d911");
}

#[test]
fn folding_the_golden_file_gives_the_session() {
    let (entries, _) = read(FORMAT_1);
    let session = History { entries, broken: None }.fold();
    let expected: Vec<String> =
        session.expected.iter().map(|(router, native)| format!("{router} {}", native.0[0].weight)).collect();
    assert_eq!(expected, ["eu-1 0", "eu-2 0"]);
    assert!(session.closed.is_some() && session.in_flight().is_none() && session.drifted.is_empty());
    assert_eq!(session.changes.len(), 6);
    let steps: Vec<&str> = session.steps.keys().map(flightdeck::domain::StepId::as_str).collect();
    assert_eq!(
        steps,
        ["blue-10", "check-green", "deploy-blue", "deploy-green", "drain-blue"],
        "the rollback opened blue-20 again"
    );
    assert_eq!(session.controls.unwrap().holder.operator.as_str(), "bob");
    assert_eq!(session.ticks.len(), 2);
}

#[test]
fn an_edited_entry_breaks_the_chain_at_its_number() {
    // A word is changed: the entry itself still reads, the next one does not follow from it.
    let edited = FORMAT_1.replacen("Channel told", "Channel tol_", 1);
    let (entries, broken) = read(&edited);
    assert_eq!(entries.len(), 3);
    assert_eq!(broken, Some(Broken { number: 4, fault: Break::WrongPrevious }));
}

#[test]
fn a_missing_or_doubled_entry_is_a_gap_with_its_number() {
    let lines: Vec<&str> = FORMAT_1.lines().collect();
    let without = [&lines[..4], &lines[5..]].concat().join("\n");
    assert_eq!(read(&without).1, Some(Broken { number: 5, fault: Break::Gap { found: 6 } }));
    let doubled = [&lines[..5], &lines[4..]].concat().join("\n");
    assert_eq!(read(&doubled).1, Some(Broken { number: 6, fault: Break::Gap { found: 5 } }));
}

#[test]
fn a_torn_last_entry_leaves_the_ones_before_it() {
    let whole = FORMAT_1.lines().count();
    let torn = FORMAT_1.trim_end().strip_suffix(r#""weight":100,"admin":"ready"}]}]}}]}"#).unwrap();
    let (entries, broken) = read(torn);
    let broken = broken.unwrap();
    assert_eq!((entries.len(), broken.number), (whole - 1, whole as u64));
    assert!(matches!(broken.fault, Break::Unreadable(Unreadable::NotAnEntry { .. })) && !broken.is_newer());
}

#[test]
fn an_entry_of_another_session_is_not_taken() {
    let mut entry = told::note(told::session(2), 2, told::ADA, 2);
    let first = seal(&told::opening(told::session(1), "bridge", "prod"), Digest::ZERO).unwrap();
    let second = seal(&entry, first.hash).unwrap();
    let mut chain = Chain::start();
    chain.feed(1, &first.bytes, Some(first.hash)).unwrap();
    let broken = chain.feed(2, &second.bytes, Some(second.hash)).unwrap_err();
    assert_eq!(broken, Broken { number: 2, fault: Break::OtherSession { found: told::session(2) } });
    // The chain stays where it was, and the right entry still fits.
    entry.session = told::session(1);
    let right = seal(&entry, first.hash).unwrap();
    assert_eq!(chain.feed(2, &right.bytes, None).unwrap().entry, entry);
}

#[test]
fn a_newer_entry_ends_the_reading_and_says_so() {
    let mut lines: Vec<String> = FORMAT_1.lines().map(str::to_owned).collect();
    lines[5] = lines[5].replacen("\"format\":1", "\"format\":2", 1);
    let (entries, broken) = read(&lines.join("\n"));
    let broken = broken.unwrap();
    assert_eq!((entries.len(), broken.number, broken.is_newer()), (5, 6, true));
    assert!(broken.to_string().contains("written by a newer flightdeck"), "{broken}");
}

#[test]
fn opening_gives_the_bytes_hash_and_not_a_re_encodings() {
    // Spaces change the bytes, not the meaning: another hash, the same entry.
    let line = FORMAT_1.lines().next().unwrap();
    let spaced = line.replacen("{\"format\":1,", "{ \"format\": 1, ", 1);
    let (plain, spaced) = (open(line.as_bytes()).unwrap(), open(spaced.as_bytes()).unwrap());
    assert_eq!(plain.entry, spaced.entry);
    assert_ne!(plain.hash, spaced.hash);
}
