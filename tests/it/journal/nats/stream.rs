//! The stream: its settings, and what somebody does to it.

use std::time::Duration;

use flightdeck::entry::{Break, Broken};
use flightdeck::journal::nats::Settings;
use flightdeck::journal::{Appended, Durability, JournalError, NatsStore, Store};
use futures_util::StreamExt;
use serde_json::{Value as Json, json};

use super::super::contract::{entries, kept};
use super::super::told::{ADA, note, opening, session};
use super::{admin, open, refused};
use crate::support::nats::{Nats, stream};

#[tokio::test(flavor = "multi_thread")]
async fn the_durability_is_that_of_the_servers() {
    let name = stream();
    assert_eq!(open(Nats::one().settings(&name, 1)).await.durability(), Durability::MemoryOfOne);
    let error = refused(Nats::one().settings(&stream(), 3)).await;
    assert!(error.contains("replicas > 1 not supported") && error.contains("journal.replicas = 1"), "{error}");
    assert_eq!(open(Nats::three().settings(&name, 3)).await.durability(), Durability::Replicated);
    assert_eq!(open(Nats::three().settings(&stream(), 1)).await.durability(), Durability::MemoryOfOne);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_settings_that_lose_entries_is_refused() {
    let nats = Nats::one();
    let name = stream();
    let config = json!({
        "name": name, "subjects": [format!("{}.>", name.to_lowercase())], "storage": "memory", "num_replicas": 1,
        "retention": "limits", "discard": "old", "max_age": 3_600_000_000_000_i64, "max_msgs": 1000,
        "allow_rollup_hdrs": true,
    });
    admin(nats, &format!("STREAM.CREATE.{name}"), config).await;
    let error = refused(nats.settings(&name, 1)).await;
    for words in [
        "storage is \"memory\", wanted \"file\"",
        "discard is \"old\", wanted \"new\"",
        "max_age is 3600000000000, wanted no limit",
        "max_msgs is 1000, wanted no limit",
        "deny_delete is",
        "deny_purge is",
        "allow_rollup_hdrs is true, wanted false",
        "alone",
        "nats stream edit",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    let absent = Settings { create: false, ..nats.settings(&stream(), 1) };
    assert!(NatsStore::open_existing(absent.clone()).await.unwrap().is_none());
    let error = refused(absent).await;
    assert!(error.contains("stream not found") && error.contains("journal.create = true"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_make_the_stream_at_once_each_gets_in() {
    for _ in 0..3 {
        let settings = Nats::three().settings(&stream(), 3);
        let opened = futures_util::future::join_all((0..8).map(|_| open(settings.clone()))).await;
        for store in opened {
            assert_eq!(store.sessions().await.unwrap(), []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_cannot_be_removed_by_asking() {
    let (nats, name) = (Nats::one(), stream());
    let store = open(nats.settings(&name, 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;
    for (subject, body) in [("STREAM.PURGE", json!({})), ("STREAM.MSG.DELETE", json!({ "seq": 1 }))] {
        let answer = admin(nats, &format!("{subject}.{name}"), body).await;
        assert!(answer["error"].is_object(), "{answer}");
    }
    assert_eq!(entries(&store, session(1)).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_settings_are_told_once_and_followed_through() {
    let (nats, name) = (Nats::one(), stream());
    let store = open(nats.settings(&name, 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;
    let mut followed = store.follow(session(1), 1);
    let mut config = admin(nats, &format!("STREAM.INFO.{name}"), Json::Null).await["config"].clone();
    config["max_age"] = json!(3_600_000_000_000_i64);
    let answer = admin(nats, &format!("STREAM.UPDATE.{name}"), config).await;
    assert!(answer["error"].is_null(), "{answer}");
    let error = followed.next().await.unwrap().unwrap_err();
    assert!(matches!(&error, JournalError::SettingsChanged { .. }) && !error.is_final(), "{error}");
    assert!(error.to_string().contains("max_age"), "{error}");
    kept(&store, note(session(1), 2, ADA, 2)).await;
    assert_eq!(followed.next().await.unwrap().unwrap()[0].entry.number, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_made_again_ends_the_following_and_takes_nothing() {
    for with_entries in [false, true] {
        let (nats, name) = (Nats::one(), stream());
        let store = open(nats.settings(&name, 1)).await;
        kept(&store, opening(session(1), "bridge", "prod")).await;
        kept(&store, note(session(1), 2, ADA, 2)).await;
        let mut followed = store.follow(session(1), 2);
        assert_eq!(admin(nats, &format!("STREAM.DELETE.{name}"), Json::Null).await["success"], true);
        let again = open(nats.settings(&name, 1)).await;
        if with_entries {
            kept(&again, opening(session(2), "bridge", "prod")).await;
            kept(&again, note(session(2), 2, ADA, 2)).await;
        }
        let error = loop {
            let next = tokio::time::timeout(Duration::from_secs(20), followed.next()).await.expect("it is noticed");
            match next.expect("it says why it ends") {
                Err(error) if error.is_final() => break error,
                Err(_) => {}
                Ok(batch) => panic!("{batch:?}"),
            }
        };
        assert!(error.to_string().contains("deleted and made again"), "{error}");
        assert!(followed.next().await.is_none());
        let answer = store.append(note(session(1), 3, ADA, 3)).await;
        assert!(!matches!(answer, Appended::Kept { .. }), "{answer:?}");
        let answer = store.append(opening(session(3), "bridge", "test")).await;
        assert!(matches!(&answer, Appended::Unavailable(why) if why.contains("made again")), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_something_missing_or_changed_says_where_it_breaks() {
    type Change = fn(&mut Vec<(async_nats::HeaderMap, Vec<u8>)>);
    let cases: [(Change, Broken); 3] = [
        (|all| drop(all.remove(2)), Broken { number: 3, fault: Break::Gap { found: 4 } }),
        (|all| drop(all.remove(0)), Broken { number: 1, fault: Break::Gap { found: 2 } }),
        (
            |all| {
                let text = String::from_utf8(all[2].1.clone()).unwrap();
                all[2].1 = text.replace("note 3", "note 9").into_bytes();
            },
            Broken { number: 3, fault: Break::Edited },
        ),
    ];
    for (change, broken) in cases {
        let (nats, name) = (Nats::one(), stream());
        let settings = nats.settings(&name, 1);
        let store = open(settings.clone()).await;
        kept(&store, opening(session(1), "bridge", "prod")).await;
        for number in 2..6 {
            kept(&store, note(session(1), number, ADA, u32::try_from(number).unwrap())).await;
        }
        // Everything is taken out, changed, and put into a stream of the same name.
        let client = async_nats::connect(nats.addresses()).await.unwrap();
        let mut all = Vec::new();
        for sequence in 1..=5 {
            all.push(message(nats, &name, sequence).await);
        }
        assert_eq!(admin(nats, &format!("STREAM.DELETE.{name}"), Json::Null).await["success"], true);
        change(&mut all);
        open(settings.clone()).await;
        for (headers, bytes) in all {
            let subject = format!("{}.journal.bridge.prod", settings.subject);
            client.request_with_headers(subject, headers, bytes.into()).await.unwrap();
        }
        let store = open(settings).await;
        let wanted = usize::try_from(broken.number).unwrap() - 1;
        let history = store.read(session(1), 1).await.unwrap();
        assert_eq!((history.entries.len(), history.broken.clone()), (wanted, Some(broken.clone())));
        let answer = store.append(note(session(1), broken.number, ADA, 9)).await;
        assert!(!matches!(answer, Appended::Kept { .. }), "{answer:?}");
        let mut followed = store.follow(session(1), 0);
        let mut count = 0;
        let error = loop {
            match followed.next().await.unwrap() {
                Ok(batch) => count += batch.len(),
                Err(error) => break error,
            }
        };
        assert_eq!(count, wanted);
        assert!(matches!(&error, JournalError::Broken { broken: found, .. } if *found == broken), "{error}");
        assert!(followed.next().await.is_none());
    }
}

/// The headers that make a message an entry, and its bytes.
async fn message(nats: &Nats, name: &str, sequence: u64) -> (async_nats::HeaderMap, Vec<u8>) {
    use base64::Engine as _;
    let answer = admin(nats, &format!("STREAM.MSG.GET.{name}"), json!({ "seq": sequence })).await;
    let decode = |field: &str| {
        let text = answer["message"][field].as_str().unwrap_or_default();
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    };
    let mut headers = async_nats::HeaderMap::new();
    for line in String::from_utf8(decode("hdrs")).unwrap().lines() {
        if let Some((key, value)) = line.split_once(':').filter(|(key, _)| key.starts_with("Flightdeck-")) {
            headers.insert(key, value.trim());
        }
    }
    (headers, decode("data"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_somebody_else_is_no_entry_and_does_no_harm() {
    let (nats, name) = (Nats::one(), stream());
    let store = open(nats.settings(&name, 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;
    let mut followed = store.follow(session(1), 1);
    let client = async_nats::connect(nats.addresses()).await.unwrap();
    let subject = format!("{}.journal.bridge.prod", name.to_lowercase());
    client.request(subject, "hello".into()).await.unwrap();
    kept(&store, note(session(1), 2, ADA, 2)).await;
    assert_eq!(followed.next().await.unwrap().unwrap()[0].entry.number, 2);
    assert_eq!(entries(&store, session(1)).await.len(), 2);
}
