//! What only the store on NATS must do: get in, lose no entry and keep none twice whatever happens to servers and wires,
//! and notice what somebody does to the stream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::entry::{Break, Broken};
use flightdeck::journal::nats::{Login, Settings};
use flightdeck::journal::{Appended, Durability, JournalError, NatsStore, Store};
use futures_util::StreamExt;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::contract::{entries, kept};
use super::told::{ADA, BOB, closing, note, opening, session};
use crate::support::nats::{Nats, Wire, stream, wait};

async fn open(settings: Settings) -> NatsStore {
    NatsStore::open(settings).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refused(settings: Settings) -> String {
    let opened = tokio::time::timeout(Duration::from_secs(20), NatsStore::open(settings)).await;
    opened.expect("it is refused in time").err().expect("it is refused").to_string()
}

/// Asks JetStream as somebody would who keeps the server.
async fn admin(nats: &Nats, subject: &str, body: Json) -> Json {
    let client = async_nats::connect(nats.addresses()).await.unwrap();
    let payload = if body.is_null() { String::new() } else { body.to_string() };
    let answer = client.request(format!("$JS.API.{subject}"), payload.into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

/// Appends notes until it is told to stop, deciding again where somebody else was first. Gives how many were kept.
async fn write(store: Arc<NatsStore>, cockpit: flightdeck::domain::CockpitId, count: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut number = 2;
    for counter in 2..count + 2 {
        loop {
            match store.append(note(session(1), number, cockpit, counter)).await {
                Appended::Kept { number: at, .. } => {
                    numbers.push(counter);
                    number = at + 1;
                    break;
                }
                Appended::Conflict { head } => number = head + 1,
                Appended::Unavailable(_) | Appended::Unknown(_) => {}
                Appended::AlreadyOpen(_) => panic!("nobody opens"),
            }
        }
    }
    numbers
}

/// Follows from the beginning until so many entries came, over every trouble; fails on what comes twice or out of order.
async fn follow(store: &NatsStore, count: u64) -> u32 {
    let mut followed = store.follow(session(1), 0);
    let (mut next, mut troubles) = (1, 0);
    while next <= count {
        match followed.next().await.expect("it goes on") {
            Ok(batch) => {
                for kept in batch {
                    assert_eq!(kept.entry.number, next);
                    next += 1;
                }
            }
            Err(error) => {
                assert!(!error.is_final(), "{error}");
                troubles += 1;
            }
        }
    }
    troubles
}

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
async fn a_stopped_server_costs_time_and_no_entry() {
    let nats = Nats::start(1);
    let store = open(nats.settings("STOP", 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;
    nats.stop(0);
    // It is sent to a server that says nothing, and sent again once it speaks.
    let append = store.append(note(session(1), 2, ADA, 2));
    let going_on = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        nats.cont(0);
    };
    let (answer, ()) = tokio::join!(append, going_on);
    assert!(matches!(answer, Appended::Kept { number: 2, .. }), "{answer:?}");
    kept(&store, note(session(1), 3, ADA, 3)).await;
    assert_eq!(entries(&store, session(1)).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_found_by_reading() {
    let nats = Nats::start(1);
    let wire = Wire::to(&nats);
    let settings = Settings { servers: vec![wire.address()], ..nats.settings("WIRE", 1) };
    let store = open(settings).await;
    let other = open(nats.settings("WIRE", 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;

    // The answer is lost and the connection breaks: the store itself finds out.
    wire.swallow();
    let append = store.append(note(session(1), 2, ADA, 2));
    let breaking = async {
        let mut followed = other.follow(session(1), 1);
        followed.next().await.unwrap().unwrap();
        wire.cut();
    };
    let (answer, ()) = tokio::join!(append, breaking);
    assert!(matches!(answer, Appended::Kept { number: 2, .. }), "{answer:?}");

    // The answer is lost, and nothing comes back for long: nobody can know, and reading tells later.
    wire.swallow();
    let answer = store.append(note(session(1), 3, ADA, 3)).await;
    assert!(matches!(&answer, Appended::Unknown(_)), "{answer:?}");
    wire.cut();
    let read = store.read(session(1), 3).await.unwrap();
    assert_eq!(read.entries.iter().map(|kept| kept.entry.id.counter).collect::<Vec<_>>(), [3]);
    // The same again is the same entry.
    assert!(matches!(store.append(note(session(1), 3, ADA, 3)).await, Appended::Kept { number: 3, .. }));

    // Somebody else comes first while the answer is lost: it is known that nothing was kept.
    kept(&other, note(session(1), 4, BOB, 4)).await;
    assert_eq!(store.append(note(session(1), 4, ADA, 4)).await, Appended::Conflict { head: 4 });
    assert_eq!(entries(&store, session(1)).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_what_was_answered() {
    let mut nats = Nats::start(1);
    let store = Arc::new(open(nats.settings("KILL", 1)).await);
    let reader = open(nats.settings("KILL", 1)).await;
    kept(&*store, opening(session(1), "bridge", "prod")).await;
    let writing = tokio::spawn(write(store.clone(), ADA, 400));
    let following = tokio::spawn(async move { follow(&reader, 401).await });
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        tokio::task::block_in_place(|| {
            nats.kill(0);
            nats.restart(0);
            nats.wait_until_ready();
        });
    }
    assert_eq!(writing.await.unwrap(), (2..402).collect::<Vec<_>>());
    // Each time is told once, or twice where the server was met on its way up; not at every try.
    let troubles = following.await.unwrap();
    assert!(troubles <= 4, "{troubles}");
    let read = entries(&*store, session(1)).await;
    assert!(read.iter().skip(1).map(|kept| kept.entry.id.counter).eq(2..402), "each once, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_goes_on_without_its_leader_and_waits_without_its_majority() {
    let mut nats = Nats::start(3);
    let store = Arc::new(open(nats.settings("LEAD", 3)).await);
    let other = Arc::new(open(nats.settings("LEAD", 3)).await);
    let reader = open(nats.settings("LEAD", 3)).await;
    kept(&*store, opening(session(1), "bridge", "prod")).await;

    // The leader dies while two write and one follows.
    let (one, two) = (tokio::spawn(write(store.clone(), ADA, 150)), tokio::spawn(write(other.clone(), BOB, 150)));
    let following = tokio::spawn(async move { follow(&reader, 301).await });
    let dead = tokio::task::block_in_place(|| {
        let leader = nats.leader("LEAD");
        nats.kill(leader);
        leader
    });
    assert_eq!(one.await.unwrap(), (2..152).collect::<Vec<_>>());
    assert_eq!(two.await.unwrap(), (2..152).collect::<Vec<_>>());
    following.await.unwrap();
    assert_eq!(entries(&*store, session(1)).await.len(), 301);

    // Two of three are gone: nothing is kept, and that is said in time.
    let second = (dead + 1) % 3;
    tokio::task::block_in_place(|| nats.kill(second));
    let before = Instant::now();
    let answer = store.append(note(session(1), 302, ADA, 1_000)).await;
    assert!(matches!(&answer, Appended::Unavailable(_) | Appended::Unknown(_)), "{answer:?}");
    assert!(before.elapsed() < Duration::from_secs(15), "{:?}", before.elapsed());

    // They come back: the same entry stands once, by whichever attempt.
    tokio::task::block_in_place(|| {
        nats.restart(second);
        nats.restart(dead);
        nats.wait_until_ready();
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match store.append(note(session(1), 302, ADA, 1_000)).await {
            Appended::Kept { number: 302, .. } => break,
            Appended::Unavailable(_) | Appended::Unknown(_) if Instant::now() < deadline => {}
            other => panic!("{other:?}"),
        }
    }
    let read = entries(&*other, session(1)).await;
    assert_eq!(read.iter().filter(|kept| kept.entry.id.counter == 1_000).count(), 1);
    assert_eq!(read.len(), 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_stands_still_keeps_nothing_twice() {
    let nats = Nats::start(3);
    let store = Arc::new(open(nats.settings("STILL", 3)).await);
    kept(&*store, opening(session(1), "bridge", "prod")).await;
    let leader = tokio::task::block_in_place(|| nats.leader("STILL"));
    let writing = tokio::spawn(write(store.clone(), ADA, 120));
    tokio::time::sleep(Duration::from_millis(50)).await;
    nats.stop(leader);
    // Another one leads, and the one that stood still comes back with what it had not answered.
    tokio::task::block_in_place(|| {
        wait("another leader", || (0..3).any(|index| index != leader && nats.sees_leader(index, "STILL")));
    });
    nats.cont(leader);
    assert_eq!(writing.await.unwrap(), (2..122).collect::<Vec<_>>());
    let read = entries(&*store, session(1)).await;
    assert!(read.iter().skip(1).map(|kept| kept.entry.id.counter).eq(2..122), "each once, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_refused_without_a_secret_in_the_message() {
    let accounts = r#"authorization { users: [ { user: "deck", password: "right" } ] }"#;
    let nats = Nats::start_with(1, accounts);
    let with = |login| Settings { login, ..nats.settings("DOOR", 1) };
    let password =
        |password: &str| Some(Login::Password { user: "deck".to_owned(), password: SecretString::from(password) });
    open(with(password("right"))).await;
    for (login, who) in
        [(password("hunter2"), "user deck"), (None, "nobody"), (Some(Login::Token("hunter2".into())), "a token")]
    {
        let error = refused(with(login)).await;
        assert!(error.contains(&format!("does not let {who}")) && error.contains("check the credentials"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    for (login, words) in [
        (Login::Nkey("hunter2".into()), "the nkey is not a user's seed"),
        (Login::Credentials("hunter2".into()), "do not hold a JWT and a seed"),
    ] {
        let error = refused(with(Some(login))).await;
        assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
    }
    let nobody = Settings { servers: vec!["nats://127.0.0.1:1".to_owned()], ..with(None) };
    let error = refused(nobody).await;
    assert!(error.contains("Connection refused") && error.contains("check the addresses"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_lets_in() {
    // A pair that stands in the documentation of NATS.
    let public = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
    let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    for (lines, right, wrong) in [
        ("token: \"right\"".to_owned(), Login::Token("right".into()), Login::Token("hunter2".into())),
        (format!("users: [ {{ nkey: {public} }} ]"), Login::Nkey(seed.into()), Login::Token("hunter2".into())),
    ] {
        let nats = Nats::start_with(1, &format!("authorization {{ {lines} }}"));
        let with = |login| Settings { login: Some(login), ..nats.settings("WAYS", 1) };
        kept(&open(with(right)).await, opening(session(1), "bridge", "prod")).await;
        let error = refused(with(wrong)).await;
        assert!(error.contains("does not let a token in") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_find_the_journal_that_a_profile_names() {
    let nats = Nats::start_with(1, r#"authorization { users: [ { user: "deck", password: "right" } ] }"#);
    let folder = tempfile::tempdir().unwrap();
    let sessions = async |password: &str| {
        let profile = folder.path().join("profile.toml");
        std::fs::write(folder.path().join("password"), format!("{password}\n")).unwrap();
        let text = format!(
            "service = \"bridge\"\nenvironment = \"prod\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
             [journal]\nnats = {:?}\nreplicas = 1\nuser = \"deck\"\npassword = {{ file = {:?} }}\n\
             [[step]]\nname = \"Go\"\npause = \"Go.\"\n",
            nats.addresses(),
            folder.path().join("password"),
        );
        std::fs::write(&profile, text).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.arg("sessions").arg("--profile").arg(&profile).arg("--state-dir").arg(folder.path());
        let ended = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.code(), text(&ended.stdout) + &text(&ended.stderr))
    };
    let (code, said) = sessions("right").await;
    assert_eq!(code, Some(0), "no stream is no session: {said}");
    let login = Login::Password { user: "deck".to_owned(), password: "right".into() };
    let settings = Settings { subject: "flightdeck".to_owned(), login: Some(login), ..nats.settings("FLIGHTDECK", 1) };
    kept(&open(settings).await, opening(session(1), "bridge", "prod")).await;
    let (code, said) = sessions("right").await;
    assert!(code == Some(0) && said.contains("bridge") && said.contains("2.5.0"), "{said}");
    let (code, said) = sessions("hunter2").await;
    assert!(code == Some(6) && said.contains("does not let user deck in") && !said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_and_follows_and_is_told_why_it_cannot_write() {
    let accounts = r#"authorization { users: [
        { user: "deck", password: "a" }
        { user: "view", password: "b", permissions: {
            publish: ["$JS.API.STREAM.INFO.>", "$JS.API.STREAM.MSG.GET.>", "$JS.API.CONSUMER.>"], subscribe: [">"] } }
    ] }"#;
    let nats = Nats::start_with(1, accounts);
    let as_user = |user: &str, password: &str| Settings {
        login: Some(Login::Password { user: user.to_owned(), password: password.into() }),
        ..nats.settings("VIEW", 1)
    };
    // There is no stream yet, and it may not make one.
    let error = refused(as_user("view", "b")).await;
    assert!(error.to_lowercase().contains("permissions violation"), "{error}");
    let deck = open(as_user("deck", "a")).await;
    kept(&deck, opening(session(1), "bridge", "prod")).await;
    let view = open(as_user("view", "b")).await;
    assert_eq!(entries(&view, session(1)).await.len(), 1);
    let mut followed = view.follow(session(1), 1);
    let before = Instant::now();
    let answer = view.append(note(session(1), 2, BOB, 1)).await;
    let Appended::Unavailable(why) = answer else { panic!("{answer:?}") };
    assert!(why.to_lowercase().contains("permissions violation for publish to \"view.journal.bridge.prod\""), "{why}");
    assert!(why.contains("ask who keeps it to permit that"), "{why}");
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    kept(&deck, note(session(1), 2, ADA, 2)).await;
    assert_eq!(followed.next().await.unwrap().unwrap()[0].entry.number, 2);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_says_so() {
    let nats = Nats::start_without_jetstream();
    let error = refused(nats.settings("NONE", 1)).await;
    assert!(error.contains("turn JetStream on") || error.contains("JetStream not enabled"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_journal_is_read_and_followed_whole() {
    let (nats, name) = (Nats::one(), stream());
    let store = open(nats.settings(&name, 1)).await;
    kept(&store, opening(session(1), "bridge", "prod")).await;
    for number in 2..1_500 {
        kept(&store, note(session(1), number, ADA, u32::try_from(number).unwrap())).await;
    }
    // Another process knows nothing yet.
    let other = open(nats.settings(&name, 1)).await;
    assert!(entries(&other, session(1)).await.iter().map(|kept| kept.entry.number).eq(1..1_500));
    assert_eq!(other.read(session(1), 1_499).await.unwrap().entries.len(), 1);
    follow(&other, 1_499).await;
    kept(&other, closing(session(1), 1_500)).await;
    assert_eq!(store.unclosed("bridge", "prod").await.unwrap(), None);
}

mod tls {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use flightdeck::journal::nats::{Settings, Tls};

    use super::{kept, open, opening, refused, session};
    use crate::support::nats::Nats;

    /// A certificate authority, a server's certificate and a client's, made by OpenSSL.
    fn certificates(folder: &Path) {
        let script = r#"
            set -e
            authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
                -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
                -keyout "$1.key" -out "$1.pem"; }
            signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" \
                -out "$1.csr"; printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > ext;
                openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext \
                -out "$1.pem"; }
            authority ca; authority other; signed server; signed client
        "#;
        let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
        let made = made.expect("a shell starts");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "openssl; `./tests/run` installs what the tests need:\n{said}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_servers_certificate_must_come_from_the_named_authority_and_so_must_ours() {
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path());
        let file = |name: &str| -> PathBuf { folder.path().join(name) };
        for first in [false, true] {
            let lines = format!(
                "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true, handshake_first: {first} }}",
                file("server.pem"),
                file("server.key"),
                file("ca.pem")
            );
            let nats = Nats::start_with(1, &lines);
            let with = |tls| Settings { tls: Some(tls), ..nats.settings("TLS", 1) };
            let identity = Some((file("client.pem"), file("client.key")));
            let fits = Tls { ca: Some(file("ca.pem")), identity: identity.clone(), first };
            let store = open(with(fits.clone())).await;
            kept(&store, opening(session(1), "bridge", "prod")).await;

            let error = refused(with(Tls { ca: Some(file("other.pem")), ..fits.clone() })).await;
            assert!(error.contains("no TLS with the server") && error.contains("journal.tls"), "{error}");
            let error = refused(with(Tls { identity: None, ..fits.clone() })).await;
            assert!(error.contains("check"), "{error}");
            let error = refused(with(Tls { ca: Some(file("nowhere.pem")), ..fits.clone() })).await;
            assert!(error.contains("nowhere.pem: No such file"), "{error}");
            let error = refused(with(Tls { ca: Some(file("client.key")), ..fits })).await;
            assert!(error.contains("it holds no PEM block \"CERTIFICATE\""), "{error}");
        }
    }
}
