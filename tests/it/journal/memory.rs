//! Scripted faults of the store in memory, and what a cockpit does about them.

use std::time::Duration;

use flightdeck::entry::{Break, Broken};
use flightdeck::journal::{Appended, Fault, JournalError, MemoryStore, Store};
use futures_util::{FutureExt, StreamExt};

use super::contract::kept;
use super::told::{ADA, BOB, note, opening, session};

async fn opened() -> MemoryStore {
    let store = MemoryStore::new();
    kept(&store, opening(session(1), "bridge", "prod")).await;
    store
}

/// What a cockpit does after an unknown answer: it reads on until its id, or another entry at its place, is found (J1).
async fn resolved(store: &MemoryStore, entry: flightdeck::entry::Entry) -> Option<bool> {
    let tail = store.read(entry.session, entry.number).await.unwrap();
    tail.entries.first().map(|kept| kept.entry.id == entry.id)
}

#[tokio::test]
async fn after_an_unknown_answer_reading_tells() {
    let store = opened().await;
    let entry = || note(session(1), 2, ADA, 2);

    store.script(|_| Fault::LostAnswerLost);
    assert!(matches!(store.append(entry()).await, Appended::Unknown(_)));
    assert_eq!(resolved(&store, entry()).await, None, "nothing stands there yet");

    store.script(|_| Fault::KeptAnswerLost);
    assert!(matches!(store.append(entry()).await, Appended::Unknown(_)));
    assert_eq!(resolved(&store, entry()).await, Some(true), "it was kept");
    assert_eq!(resolved(&store, note(session(1), 2, BOB, 1)).await, Some(false), "another one was first");
}

#[tokio::test]
async fn an_unavailable_store_keeps_nothing() {
    let store = opened().await;
    store.script(|_| Fault::Unavailable);
    assert!(matches!(store.append(note(session(1), 2, ADA, 2)).await, Appended::Unavailable(_)));
    assert_eq!(store.read(session(1), 1).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_late_append_counts_when_it_is_kept() {
    let store = opened().await;
    store.script(|_| Fault::Late(Duration::from_millis(20)));
    assert!(store.append(note(session(1), 2, ADA, 2)).now_or_never().is_none(), "it is not kept yet");
    assert_eq!(store.read(session(1), 2).await.unwrap().entries, []);
    kept(&store, note(session(1), 2, ADA, 2)).await;
    assert_eq!(store.read(session(1), 2).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_damaged_entry_ends_reading_and_following_with_its_number() {
    let store = opened().await;
    kept(&store, note(session(1), 2, ADA, 2)).await;
    kept(&store, note(session(1), 3, ADA, 3)).await;
    store.tamper(session(1), 2, |bytes| {
        let text = String::from_utf8(std::mem::take(bytes)).unwrap();
        *bytes = text.replace("note 2", "note 9").into_bytes();
    });
    let history = store.read(session(1), 1).await.unwrap();
    assert_eq!(history.broken, Some(Broken { number: 2, fault: Break::Edited }));
    assert_eq!(history.entries.len(), 1, "what stands before it is given");
    let mut followed = store.follow(session(1), 1);
    let error = followed.next().await.unwrap().unwrap_err();
    assert!(matches!(error, JournalError::Broken { .. }) && error.is_final(), "{error}");
    assert!(followed.next().await.is_none());
}
