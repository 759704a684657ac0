//! Two cockpits in real terminals on one session, over one NATS server on loopback: how long what one of them does takes
//! until the other one shows it, and how much of that is the journal's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::string_slice,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, shares the tests' terminal, and says loudly when it cannot go on"
)]

#[path = "../it/support/haproxy.rs"]
pub mod haproxy;
#[path = "../it/support/nats.rs"]
mod nats;
#[path = "../it/support/pool.rs"]
pub mod pool;
#[path = "../it/support/port.rs"]
mod port;
mod print;
#[path = "../it/support/pty.rs"]
pub mod pty;

use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use flightdeck::domain::{CockpitId, Digest, Durability, EntryId, SessionId, Timestamp};
use flightdeck::entry::Entry;
use flightdeck::journal::{Appended, NatsStore, Store};
use flightdeck::session::Event;
use flightdeck::session::event::SessionOpened;
use flightdeck::session::item::Ticking;
use futures_util::StreamExt;
use haproxy::{Haproxy, Layout};
use nats::Nats;
use pool::Pool;
use print::report;
use pty::Pty;
use uuid::Uuid;

/// How often each thing is measured.
const TURNS: u32 = 200;

/// Long enough for anything that begins with the program to have come to rest.
const SETTLED: Duration = Duration::from_secs(3);

const ITEM: &str = "Everybody is here";

fn main() {
    if nats::program().is_none() {
        return println!("two cockpits: skipped, there is no `nats-server` here");
    }
    let servers = Nats::start(1);
    cockpits(&servers);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(stores(&servers));
}

/// From the key of one to the screen of the other.
fn cockpits(servers: &Nats) {
    let (blue, green) = (Pool::start("blue", 2), Pool::start("green", 2));
    let edge = Haproxy::start(Layout::A { blue: &blue.addresses(), green: &green.addresses() });
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile.toml");
    let text = format!(
        "service = \"bench\"\nenvironment = \"bench\"\nnew = \"green\"\n\
         journal = {{ nats = {:?}, stream = \"CREW\", subject = \"crew\", replicas = 1 }}\n\
         [pools.blue]\nmark = \"▲\"\n[pools.green]\nmark = \"●\"\n\
         [[router]]\nname = \"edge\"\nkind = \"haproxy\"\nat = \"unix:{}\"\n\
         pools = {{ blue = \"app/blue-*\", green = \"app/green-*\" }}\n\
         [[step]]\nname = \"Half\"\nshift = {{ green = 50 }}\n\
         [[checklist.section]]\ntitle = \"On the call\"\nitems = [\"{ITEM}\"]\n",
        servers.addresses(),
        edge.admin_socket().display()
    );
    std::fs::write(&profile, text).unwrap();
    let mut ana = open(&profile, "ana");
    ana.wait_for("100 / 0");
    let raj = open(&profile, "raj");
    raj.wait_for("raj (you) copilot");
    ana.wait_for("raj copilot");
    ana.send("\x1b2j");
    sleep(SETTLED);
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let is_ticked = turn % 2 == 0;
        for pty in [&ana, &raj] {
            pty.expect(move |screen| shows(screen, is_ticked));
        }
        let pressed = Instant::now();
        ana.send(" ");
        own.push(ana.met("the item on her own screen").duration_since(pressed));
        other.push(raj.met("the item on the other's screen").duration_since(pressed));
        // In step with no clock of either.
        sleep(Duration::from_millis(u64::from(60 + turn * 37 % 50)));
    }
    report("a key until what it did is on one's own screen, kept", "-", &mut own);
    report("a key until what it did is on the other's screen", "p50 5 ms, p99 20 ms", &mut other);
}

fn open(profile: &Path, name: &str) -> Pty {
    let arguments = ["open", profile.to_str().unwrap(), "--as", name, "--no-motion"];
    Pty::spawn_in(Arc::new(tempfile::tempdir().unwrap()), env!("CARGO_BIN_EXE_flightdeck"), &arguments, (120, 40))
}

/// Whether the item stands there as ticked, or as open.
fn shows(screen: &vt100::Screen, is_ticked: bool) -> bool {
    let mut rows = screen.rows(0, screen.size().1.get());
    let row = rows.find(|row| row.contains(ITEM)).unwrap_or_default();
    row.contains('✓') == is_ticked && row.contains('☐') != is_ticked
}

/// The part of it that is the journal's: one handle appends, the follower of another one gives the entry.
async fn stores(servers: &Nats) {
    let settings = servers.settings("STORES", 1);
    let one = NatsStore::open(settings.clone()).await.unwrap();
    let two = NatsStore::open(settings).await.unwrap();
    append(&one, entry(1, opened())).await;
    let session = SessionId(Uuid::from_u128(2));
    let mut followed = two.follow(session, 1);
    let mut times = Vec::new();
    for number in 2..=u64::from(TURNS) + 1 {
        let ticked =
            Event::ItemTicked { item: "call/everybody".into(), text: ITEM.to_owned(), ticking: Ticking::default() };
        let begun = Instant::now();
        append(&one, entry(number, ticked)).await;
        assert_eq!(followed.next().await.unwrap().unwrap().len(), 1);
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(5 + number * 7 % 13)).await;
    }
    report("of that the journal: append until another handle has it", "-", &mut times);
}

async fn append(store: &NatsStore, entry: Entry) {
    assert!(matches!(store.append(entry).await, Appended::Kept { .. }));
}

fn entry(number: u64, event: Event) -> Entry {
    let me = CockpitId(Uuid::from_u128(1));
    let at = Timestamp(1_795_269_600_000 + i64::try_from(number).unwrap());
    let id = EntryId { cockpit: me, counter: u32::try_from(number).unwrap() };
    Entry {
        session: SessionId(Uuid::from_u128(2)),
        number,
        id,
        cockpit: me,
        actor: "ana".into(),
        at,
        epoch: 1,
        events: vec![event],
    }
}

fn opened() -> Event {
    Event::SessionOpened(Box::new(SessionOpened {
        service: "bench".to_owned(),
        environment: "stores".to_owned(),
        from_version: String::new(),
        to_version: String::new(),
        pools: Vec::new(),
        routers: Vec::new(),
        files: Vec::new(),
        digest: Digest::ZERO,
        flightdeck: String::new(),
        durability: Durability::MemoryOfOne,
        private: false,
        why: flightdeck::domain::Why::default(),
        planned: None,
    }))
}
