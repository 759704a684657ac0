//! The record as a file: whole, checked byte by byte, kept in a directory, and what is left after the end.

mod complete;
mod damage;
mod filed;
mod later;
mod secret;

use std::path::Path;

use flightdeck::domain::due::FollowUp;
use flightdeck::domain::{Digest, ItemId, SessionId, Timestamp};
use flightdeck::entry::{Entry, History, open, seal};
use flightdeck::journal::{Appended, Place, SqliteStore, Store};
use flightdeck::session::Event;
use flightdeck::session::event::ProfileText;

use crate::journal::told;

/// Entries as a store would give them.
fn history(entries: Vec<Entry>) -> History {
    let mut prev = Digest::ZERO;
    let kept = entries.into_iter().map(|entry| {
        let sealed = seal(&entry, prev).unwrap();
        prev = sealed.hash;
        open(&sealed.bytes).unwrap()
    });
    let history = History::link(kept.collect());
    assert_eq!(history.broken, None);
    history
}

/// A profile that people fly alone, with its records in a directory.
const PROFILE: &str = "service = \"bridge\"\nenvironment = \"prod\"\n\n[record]\ndirectory = \"docs/deployments\"\n\n\
                       [[checklist.section]]\ntitle = \"Look\"\nitems = [\"Look at it\"]\n\n\
                       [[follow_up]]\nname = \"look-again\"\ntitle = \"Look at it once more\"\ndue = \"2h\"\n\n\
                       [[follow_up]]\nname = \"old-pool\"\ntitle = \"Scale the old pool down\"\ndue = \"24h\"\n";

/// A session of the profile in that file, closed, with two things left: one was due a year ago, one never comes.
fn closed(profile: &Path, session: SessionId) -> Vec<Entry> {
    let text = std::fs::read_to_string(profile).unwrap();
    let mut opening = told::opening(session, "bridge", "prod");
    for event in &mut opening.events {
        if let Event::SessionOpened(opened) = event {
            opened.files = vec![ProfileText { path: profile.display().to_string(), text: text.clone() }];
            "PAY-17".clone_into(&mut opened.why.ticket);
        }
    }
    let left = |name: &str, text: &str, due| FollowUp {
        item: ItemId::new(format!("follow-up/{name}")),
        text: text.to_owned(),
        due: Timestamp(due),
    };
    let follow_ups = vec![
        left("look-again", "Look at it once more", 1_795_269_600_000 - 86_400_000 * 365),
        left("old-pool", "Scale the old pool down", 4_102_444_800_000),
    ];
    let outcome = "2.5.0 serves".to_owned();
    let mut end = told::closing(session, 3);
    end.events = vec![Event::SessionClosed { outcome, routers: Vec::new(), left: Vec::new(), follow_ups }];
    vec![opening, told::note(session, 2, told::BOB, 1), end]
}

/// Puts entries into the journal of a state directory.
fn keep(state: &Path, entries: &[Entry]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&Place::Private(state.join("journal"))).unwrap();
        for entry in entries {
            let kept = store.append(entry.clone()).await;
            assert!(matches!(kept, Appended::Kept { .. }), "{kept:?}");
        }
    });
}
