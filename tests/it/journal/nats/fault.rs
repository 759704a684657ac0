//! Servers that stop, die and come back, and wires that lose answers: no entry is lost, and none stands twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::journal::nats::Settings;
use flightdeck::journal::{Appended, NatsStore, Store};
use futures_util::StreamExt;

use super::super::contract::{entries, kept};
use super::super::told::{ADA, BOB, closing, note, opening, session};
use super::open;
use crate::support::nats::{Nats, Wire, stream, wait};

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
