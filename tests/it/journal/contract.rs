//! What every store must do. Each test runs on every store.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::log::{Fields, Level, LogLine};
use flightdeck::domain::measure::Sample;
use flightdeck::domain::metric::Answered;
use flightdeck::domain::parcel::{Content, Lines, Parcel};
use flightdeck::domain::{Digest, Measure, Presence, SessionId, Timestamp};
use flightdeck::entry::{Chain, Entry, Kept, hash, seal};
#[cfg(feature = "nats")]
use flightdeck::journal::NatsStore;
use flightdeck::journal::{Appended, JournalError, MemoryStore, Place, SqliteStore, Store};
use futures_util::StreamExt;

use super::told::{ADA, BOB, closing, deployment, note, opening, session};
#[cfg(feature = "nats")]
use crate::support::nats::{self, Nats};

/// A store that can be opened twice, as two processes would.
pub struct World {
    /// One handle.
    pub one: Arc<dyn Store>,
    /// Another one of the same journal.
    pub two: Arc<dyn Store>,
}

/// The stores that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Memory,
    Sqlite,
    /// One server.
    #[cfg(feature = "nats")]
    NatsAlone,
    /// Three servers.
    #[cfg(feature = "nats")]
    NatsCluster,
}

const KINDS: &[Kind] = &[
    Kind::Memory,
    Kind::Sqlite,
    #[cfg(feature = "nats")]
    Kind::NatsAlone,
    #[cfg(feature = "nats")]
    Kind::NatsCluster,
];

impl World {
    /// With the directory that stores may lie in, which the caller holds: a test's future keeps only what it names.
    async fn new(kind: Kind, directory: &Path) -> Self {
        let (one, two): (Arc<dyn Store>, Arc<dyn Store>) = match kind {
            Kind::Memory => {
                let store = MemoryStore::new();
                (Arc::new(store.clone()), Arc::new(store))
            }
            Kind::Sqlite => {
                let place = Place::Shared(directory.to_owned());
                (Arc::new(SqliteStore::open(&place).unwrap()), Arc::new(SqliteStore::open(&place).unwrap()))
            }
            #[cfg(feature = "nats")]
            Kind::NatsAlone | Kind::NatsCluster => {
                let settings = match kind {
                    Kind::NatsAlone => Nats::one().settings(&nats::stream(), 1),
                    _ => Nats::three().settings(&nats::stream(), 3),
                };
                // Both may have to make the stream, at once.
                let (one, two) = tokio::join!(NatsStore::open(settings.clone()), NatsStore::open(settings));
                (Arc::new(one.unwrap()), Arc::new(two.unwrap()))
            }
        };
        Self { one, two }
    }
}

fn on_every_store<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    for kind in KINDS {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let limited = async {
            let directory = tempfile::tempdir().unwrap();
            let world = World::new(*kind, directory.path()).await;
            tokio::time::timeout(Duration::from_mins(1), test(world))
                .await
                .unwrap_or_else(|_| panic!("{kind:?} answers in time"));
        };
        println!("on {kind:?}");
        runtime.block_on(limited);
    }
}

pub async fn kept(store: &dyn Store, entry: Entry) -> Digest {
    let number = entry.number;
    match store.append(entry).await {
        Appended::Kept { number: at, hash } if at == number => hash,
        other => panic!("entry {number} was not kept: {other:?}"),
    }
}

pub async fn entries(store: &dyn Store, session: SessionId) -> Vec<Kept> {
    let history = store.read(session, 1).await.unwrap();
    assert_eq!(history.broken, None);
    history.entries
}

#[test]
fn a_whole_deployment_comes_back_as_it_was_appended() {
    on_every_store(|world| async move {
        for entry in deployment() {
            kept(&*world.one, entry).await;
        }
        let read = entries(&*world.two, session(1)).await;
        assert_eq!(read.iter().map(|kept| kept.entry.clone()).collect::<Vec<_>>(), deployment());
        // The hashes are those of the documented rule, computed here from its words.
        let mut prev = Digest::ZERO;
        for kept in &read {
            let sealed = seal(&kept.entry, prev).unwrap();
            assert_eq!((kept.prev, kept.hash), (prev, hash(prev, &sealed.bytes)));
            prev = kept.hash;
        }
        let tail = world.one.read(session(1), 5).await.unwrap();
        assert_eq!(tail.entries, read[4..]);
    });
}

#[test]
fn an_entry_that_was_decided_on_an_older_head_is_not_kept() {
    on_every_store(|world| async move {
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        kept(&*world.one, note(session(1), 2, ADA, 2)).await;
        assert_eq!(world.two.append(note(session(1), 2, BOB, 1)).await, Appended::Conflict { head: 2 });
        assert_eq!(world.two.append(note(session(1), 4, BOB, 1)).await, Appended::Conflict { head: 2 });
        assert_eq!(world.two.append(note(session(7), 2, BOB, 1)).await, Appended::Conflict { head: 0 });
        // The same command, decided again on the new head.
        kept(&*world.two, note(session(1), 3, BOB, 1)).await;
        assert_eq!(entries(&*world.one, session(1)).await.len(), 3);
    });
}

#[test]
fn two_writers_at_once_share_the_numbers_without_a_gap() {
    on_every_store(|world| async move {
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        let write = |store: Arc<dyn Store>, cockpit| async move {
            let mut number = 2;
            for counter in 2..42 {
                loop {
                    match store.append(note(session(1), number, cockpit, counter)).await {
                        Appended::Kept { number: at, .. } => {
                            number = at + 1;
                            break;
                        }
                        Appended::Conflict { head } => number = head + 1,
                        other => panic!("{other:?}"),
                    }
                }
            }
        };
        tokio::join!(write(world.one.clone(), ADA), write(world.two.clone(), BOB));
        let read = entries(&*world.one, session(1)).await;
        assert_eq!(read.len(), 81);
        for cockpit in [ADA, BOB] {
            let counters: Vec<u32> = read
                .iter()
                .skip(1)
                .map(|kept| kept.entry.id)
                .filter(|id| id.cockpit == cockpit)
                .map(|id| id.counter)
                .collect();
            assert_eq!(counters, (2..42).collect::<Vec<_>>(), "every entry of one cockpit, in its order");
        }
    });
}

#[test]
fn the_same_entry_twice_stands_once() {
    on_every_store(|world| async move {
        let first = opening(session(1), "bridge", "prod");
        let opened = kept(&*world.one, first.clone()).await;
        assert_eq!(world.two.append(first).await, Appended::Kept { number: 1, hash: opened });
        let hash = kept(&*world.one, note(session(1), 2, ADA, 2)).await;
        kept(&*world.two, note(session(1), 3, BOB, 1)).await;
        // Sent again after an answer that was lost, and once more with a number that was decided anew.
        assert_eq!(world.one.append(note(session(1), 2, ADA, 2)).await, Appended::Kept { number: 2, hash });
        assert_eq!(world.one.append(note(session(1), 4, ADA, 2)).await, Appended::Kept { number: 2, hash });
        assert_eq!(entries(&*world.two, session(1)).await.len(), 3);
    });
}

#[test]
fn a_service_has_one_unclosed_session_in_an_environment() {
    on_every_store(|world| async move {
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        let second = || opening(session(2), "bridge", "prod");
        assert_eq!(world.two.append(second()).await, Appended::AlreadyOpen(session(1)));
        assert_eq!(entries(&*world.two, session(2)).await, []);
        // Another environment is another key, and closing frees this one.
        kept(&*world.two, opening(session(3), "bridge", "test")).await;
        assert_eq!(world.two.unclosed("bridge", "prod").await.unwrap(), Some(session(1)));
        kept(&*world.one, closing(session(1), 2)).await;
        assert_eq!(world.two.unclosed("bridge", "prod").await.unwrap(), None);
        kept(&*world.two, second()).await;
        assert_eq!(world.one.unclosed("bridge", "prod").await.unwrap(), Some(session(2)));
    });
}

#[test]
fn of_two_that_open_at_once_one_does() {
    on_every_store(|world| async move {
        let (one, two) = tokio::join!(
            world.one.append(opening(session(1), "bridge", "prod")),
            world.two.append(opening(session(2), "bridge", "prod"))
        );
        match (&one, &two) {
            (Appended::Kept { .. }, Appended::AlreadyOpen(first)) => assert_eq!(*first, session(1)),
            (Appended::AlreadyOpen(first), Appended::Kept { .. }) => assert_eq!(*first, session(2)),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_first_entry_that_opens_nothing_is_refused() {
    on_every_store(|world| async move {
        let answer = world.one.append(note(session(1), 1, ADA, 1)).await;
        assert!(matches!(&answer, Appended::Unavailable(why) if why.contains("must open its session")), "{answer:?}");
        assert_eq!(entries(&*world.one, session(1)).await, []);
    });
}

#[test]
fn the_list_of_sessions_says_what_they_are() {
    on_every_store(|world| async move {
        for entry in deployment() {
            kept(&*world.one, entry).await;
        }
        let mut later = opening(session(2), "bridge", "test");
        later.at = later.at.plus(Duration::from_hours(2));
        kept(&*world.one, later).await;
        let [open, closed] = &world.two.sessions().await.unwrap()[..] else { panic!("there are two") };
        assert_eq!((open.id, &open.closed, open.entries), (session(2), &None, 1));
        assert_eq!((closed.id, closed.entries), (session(1), deployment().len() as u64));
        assert_eq!((closed.service.as_str(), closed.environment.as_str()), ("message-bridge", "prod"));
        assert_eq!((closed.by.as_str(), closed.from_version.as_str()), ("ada", "2.4.0"));
        assert_eq!(closed.closed.as_ref().unwrap().outcome, "rolled back, green serves 2.4.0");
    });
}

#[test]
fn a_follower_gets_every_entry_once_and_in_order_its_own_too() {
    on_every_store(|world| async move {
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        let mut chain = Chain::of(session(1));
        chain.link(&entries(&*world.one, session(1)).await[0]).unwrap();
        let mut followed = world.two.follow(session(1), 1);
        let writers = async {
            for number in 2..60 {
                let (store, cockpit) = if number % 3 == 0 { (&world.two, BOB) } else { (&world.one, ADA) };
                kept(&**store, note(session(1), number, cockpit, u32::try_from(number).unwrap())).await;
                if number % 20 == 0 {
                    // A session of somebody else between them is not part of it.
                    kept(&*world.one, opening(session(u128::from(number)), "bridge", &number.to_string())).await;
                }
            }
        };
        let reader = async {
            while chain.number() < 59 {
                for kept in followed.next().await.unwrap().unwrap() {
                    chain.link(&kept).unwrap();
                }
            }
        };
        tokio::join!(writers, reader);
    });
}

#[test]
fn a_follower_may_wait_for_a_session_to_be_opened() {
    on_every_store(|world| async move {
        let mut followed = world.two.follow(session(1), 0);
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        let batch = followed.next().await.unwrap().unwrap();
        assert_eq!(batch[0].entry, opening(session(1), "bridge", "prod"));
    });
}

#[test]
fn an_older_copy_of_the_journal_is_noticed() {
    on_every_store(|world| async move {
        kept(&*world.one, opening(session(1), "bridge", "prod")).await;
        let missing = |error| matches!(error, JournalError::Missing { number: 4, .. });
        assert!(missing(world.one.read(session(1), 5).await.unwrap_err()));
        let mut followed = world.one.follow(session(1), 4);
        assert!(missing(followed.next().await.unwrap().unwrap_err()));
        assert!(followed.next().await.is_none());
        assert_eq!(world.one.read(session(1), 2).await.unwrap().entries, []);
    });
}

#[test]
fn names_that_look_alike_are_kept_apart() {
    on_every_store(|world| async move {
        let names = ["bridge", "Bridge", "bridge.v2", "bridge v2", "bridge>", "*", "brücke", "bridge=2Ev2"];
        for (number, name) in (1..).zip(names) {
            kept(&*world.one, opening(session(number), name, "prod.eu *")).await;
        }
        for (number, name) in (1..).zip(names) {
            assert_eq!(world.two.unclosed(name, "prod.eu *").await.unwrap(), Some(session(number)), "{name}");
        }
        assert_eq!(world.two.unclosed("bridge.*", "prod.eu *").await.unwrap(), None);
        assert_eq!(world.two.sessions().await.unwrap().len(), names.len());
    });
}

#[test]
fn cockpits_hear_of_each_other_and_of_nobody_elses_session() {
    on_every_store(|world| async move {
        let presence = |cockpit, pointer: Option<&str>, leaving| Presence {
            cockpit,
            operator: "ada".into(),
            host: "bastion".to_owned(),
            pid: 4711,
            observer: false,
            at: Timestamp(1_795_269_600_000),
            idle_ms: 0,
            leaving,
            pointer: pointer.map(str::to_owned),
            looking_at: Some(Digest([7; 32])),
        };
        let mut heard = world.two.presence(session(1));
        // Said again and again, as cockpits do: what nobody hears yet is lost.
        let mut hear = async |said: Presence| {
            let listening = async {
                loop {
                    let next = heard.next().await.expect("it goes on");
                    if next == said {
                        break;
                    }
                    assert_ne!(next.pointer.as_deref(), Some("elsewhere"));
                }
            };
            let saying = async {
                loop {
                    world.one.announce(session(2), presence(BOB, Some("elsewhere"), false)).await;
                    world.one.announce(session(1), said.clone()).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                () = listening => {}
                () = saying => {}
            }
        };
        hear(presence(ADA, None, false)).await;
        hear(presence(ADA, Some("eu-1"), false)).await;
        hear(presence(BOB, Some("eu-1"), false)).await;
        hear(presence(ADA, None, true)).await;
        // Nothing of this is journal.
        assert_eq!(world.one.sessions().await.unwrap(), []);
        assert_eq!(entries(&*world.two, session(1)).await, []);
    });
}

#[test]
fn what_one_cockpit_read_for_all_reaches_the_others_of_its_session() {
    on_every_store(|world| async move {
        let parcel = |number, value| Parcel {
            cockpit: ADA,
            number,
            source: "dd".into(),
            content: Content::Values(vec![Answered {
                measure: Measure::Panel("rate".into()),
                pool: Some("blue".into()),
                value: Ok(Some(Sample { at: Timestamp(1_795_269_600_000), value })),
            }]),
        };
        let mut heard = world.two.shared(session(1));
        for number in 1..=20 {
            let said = parcel(number, 0.25);
            let listening = async {
                loop {
                    let next = heard.next().await.expect("it goes on");
                    assert_eq!(next.content, said.content, "nothing of another session");
                    if next == said {
                        break;
                    }
                }
            };
            let saying = async {
                loop {
                    world.one.share(session(2), parcel(number, 0.5)).await;
                    world.one.share(session(1), said.clone()).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::select! {
                () = listening => {}
                () = saying => {}
            }
        }
        // Nothing of this is journal.
        assert_eq!(entries(&*world.two, session(1)).await, []);
    });
}

#[test]
fn lines_that_one_cockpit_read_for_all_reach_the_others_in_order() {
    on_every_store(|world| async move {
        let parcel = |number: u64| {
            let line = |place: u64| LogLine {
                at: Some(Timestamp(1_795_269_600_000)),
                level: Level::Warn,
                text: format!("line {number}.{place} {}", "x".repeat(900)),
                excluded: place == 1,
                fields: Fields::of([("Properties.Stan", "004217"), ("odd", "\"\\ü")]),
            };
            let lines = (0..50).map(|place| (number * 50 + place, line(place))).collect();
            let watermark = Some(Timestamp(1_795_269_500_000));
            let lines = Lines { before: number * 50, lines, dropped: 2, watermark, trouble: Some("429".to_owned()) };
            Parcel { cockpit: ADA, number, source: "dd".into(), content: Content::Lines(lines) }
        };
        let mut heard = world.two.shared(session(1));
        // Whoever begins to listen may miss the first.
        let first = loop {
            world.one.share(session(1), parcel(0)).await;
            match tokio::time::timeout(Duration::from_millis(100), heard.next()).await {
                Ok(heard) => break heard.expect("it goes on"),
                Err(_not_yet) => {}
            }
        };
        for number in 1..=12 {
            world.one.share(session(2), parcel(99)).await;
            world.one.share(session(1), parcel(number)).await;
        }
        let mut numbers = vec![first.number];
        while numbers.last() != Some(&12) {
            let next = tokio::time::timeout(Duration::from_secs(10), heard.next()).await;
            let next = next.unwrap_or_else(|_| panic!("only {numbers:?} came")).expect("it goes on");
            assert_eq!(next, parcel(next.number), "as it was shared");
            numbers.push(next.number);
        }
        numbers.dedup();
        assert_eq!(numbers, (0..=12).collect::<Vec<_>>());
        // Nothing of this is journal.
        assert_eq!(entries(&*world.two, session(1)).await, []);
    });
}

#[test]
fn the_stores_clock_is_near_on_one_host() {
    on_every_store(|world| async move {
        let offset = world.one.clock_offset().await.expect("it can be told");
        assert!(offset.abs() < 1_000, "{offset} ms");
    });
}
