//! What the journal costs: one kept append, a follower's wait, and opening a session of 100,000 events; on SQLite, and on
//! one NATS server over loopback where there is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, shares how, and says loudly when it cannot go on"
)]

#[cfg(feature = "nats")]
#[path = "../it/support/nats.rs"]
mod nats;
#[path = "../it/support/port.rs"]
mod port;
mod print;

use std::path::Path;
use std::time::{Duration, Instant};

use flightdeck::domain::{CockpitId, Digest, Durability, EntryId, SessionId, Timestamp};
use flightdeck::entry::{Entry, seal};
use flightdeck::journal::{Appended, Place, SqliteStore, Store};
use flightdeck::session::Event;
use flightdeck::session::event::SessionOpened;
use flightdeck::session::item::Ticking;
use futures_util::StreamExt;
use print::report;
use uuid::Uuid;

const ME: CockpitId = CockpitId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));

fn entry(number: u64, events: Vec<Event>) -> Entry {
    let at = Timestamp(1_795_269_600_000 + i64::try_from(number).unwrap());
    let id = EntryId { cockpit: ME, counter: u32::try_from(number).unwrap() };
    Entry { session: SESSION, number, id, cockpit: ME, actor: "ada".into(), at, epoch: 1, events }
}

fn opening() -> Entry {
    let opened = SessionOpened {
        service: "bench".to_owned(),
        environment: "bench".to_owned(),
        from_version: String::new(),
        to_version: String::new(),
        pools: Vec::new(),
        routers: Vec::new(),
        files: Vec::new(),
        digest: Digest::ZERO,
        flightdeck: String::new(),
        durability: Durability::Synced,
        private: false,
        why: flightdeck::domain::Why::default(),
        planned: None,
    };
    entry(1, vec![Event::SessionOpened(Box::new(opened))])
}

fn tick(number: u64) -> Entry {
    let item = format!("section/item-{}", number % 40);
    entry(
        number,
        vec![Event::ItemTicked {
            item: item.as_str().into(),
            text: "Something that was done".to_owned(),
            ticking: Ticking::default(),
        }],
    )
}

async fn append(store: &dyn Store, entry: Entry) {
    assert!(matches!(store.append(entry).await, Appended::Kept { .. }));
}

async fn sqlite(directory: &Path) {
    let open = || SqliteStore::open(&Place::Shared(directory.to_owned())).unwrap();
    appends(&open(), &open(), "synced").await;
}

/// Nothing is said of NATS where there is no server to ask.
#[cfg(feature = "nats")]
async fn nats() {
    use flightdeck::journal::NatsStore;
    if nats::program().is_none() {
        return println!("append, one NATS server: skipped, there is no `nats-server` here");
    }
    for (servers, words) in [(1, "1 NATS server"), (3, "3 NATS servers")] {
        let running = nats::Nats::start(servers);
        let settings = running.settings("BENCH", servers);
        let one = NatsStore::open(settings.clone()).await.unwrap();
        let two = NatsStore::open(settings).await.unwrap();
        appends(&one, &two, words).await;
        for number in 501..=10_000 {
            append(&one, tick(number)).await;
        }
        let mut times = Vec::new();
        for _ in 0..5 {
            let before = Instant::now();
            let store = NatsStore::open(running.settings("BENCH", servers)).await.unwrap();
            let session = store.read(SESSION, 1).await.unwrap().fold();
            times.push(before.elapsed());
            assert_eq!(session.head, 10_000);
        }
        report(&format!("open a session of 10,000 events, {words}"), "-", &mut times);
    }
}

async fn appends(store: &dyn Store, other: &dyn Store, words: &str) {
    append(store, opening()).await;
    let mut followed = other.follow(SESSION, 1);
    let (mut kept, mut seen) = (Vec::new(), Vec::new());
    for number in 2..=500 {
        let before = Instant::now();
        append(store, tick(number)).await;
        kept.push(before.elapsed());
        assert_eq!(followed.next().await.unwrap().unwrap().len(), 1);
        seen.push(before.elapsed());
    }
    report(&format!("append, {words}"), "5 ms", &mut kept);
    report(&format!("append until another handle's follower has it, {words}"), "5 ms", &mut seen);
}

async fn opens(directory: &Path) {
    let place = Place::Shared(directory.to_owned());
    let store = SqliteStore::open(&place).unwrap();
    append(&store, opening()).await;
    let mut prev = store.read(SESSION, 1).await.unwrap().entries[0].hash;
    let mut connection = rusqlite::Connection::open(directory.join("journal.db")).unwrap();
    let transaction = connection.transaction().unwrap();
    for number in 2..=100_000 {
        let sealed = seal(&tick(number), prev).unwrap();
        prev = sealed.hash;
        let text = String::from_utf8(sealed.bytes).unwrap();
        let row = rusqlite::params![number.cast_signed(), ME.to_string(), number.cast_signed(), prev.0, text];
        let insert = "INSERT INTO entry (session, number, cockpit, counter, hash, text) VALUES (1, ?1, ?2, ?3, ?4, ?5)";
        transaction.prepare_cached(insert).unwrap().execute(row).unwrap();
    }
    transaction.execute("UPDATE session SET head = 100000", []).unwrap();
    transaction.commit().unwrap();
    drop((store, connection));
    let mut times: Vec<Duration> = (0..10)
        .map(|_| {
            let before = Instant::now();
            let store = SqliteStore::open(&place).unwrap();
            let history = futures_util::FutureExt::boxed(async move { store.read(SESSION, 1).await.unwrap() });
            let history = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(history));
            let session = history.fold();
            let took = before.elapsed();
            assert_eq!((session.head, history.broken), (100_000, None));
            took
        })
        .collect();
    report("open a session of 100,000 events, chain checked, folded", "300 ms", &mut times);
}

#[tokio::main]
async fn main() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sqlite(one.path()).await;
    #[cfg(feature = "nats")]
    nats().await;
    opens(two.path()).await;
}
