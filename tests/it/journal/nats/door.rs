//! Getting in: credentials, permissions, and who is told what.

use std::time::{Duration, Instant};

use flightdeck::journal::nats::{Login, Settings};
use flightdeck::journal::{Appended, Store};
use futures_util::StreamExt;
use secrecy::SecretString;

use super::super::contract::{entries, kept};
use super::super::told::{ADA, BOB, note, opening, session};
use super::{open, refused};
use crate::support::nats::Nats;

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
async fn a_server_without_jetstream_says_so() {
    let nats = Nats::start_without_jetstream();
    let error = refused(nats.settings("NONE", 1)).await;
    assert!(error.contains("turn JetStream on") || error.contains("JetStream not enabled"), "{error}");
}
