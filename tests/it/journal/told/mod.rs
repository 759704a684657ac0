//! Told deployments: what the golden files of the stored form hold.
//!
//! `deployment` has the first of them; the others have what was added later. What they are told with is here.

mod acting;
mod deployment;
mod people;
mod traffic;

use flightdeck::domain::reading::{Admin, Identity};
use flightdeck::domain::{
    BasisPoints, ChangeId, CockpitId, Digest, Durability, EntryId, NativeSplit, NativeWeight, Outcome, PoolId,
    Prepared, SessionId, Timestamp, Waves, Weights,
};
use flightdeck::entry::Entry;
use flightdeck::session::Event;
use flightdeck::session::event::{ChangeConfirmed, ChangeKind, ControlsTaken, Process, ProfileText, SessionOpened};
use flightdeck::session::item::Ticking;
use flightdeck::session::proposal::{Bound, Confirmation, Gate, GateReport, GateState, Gesture, RouterOrder};
use flightdeck::session::second::Second;
use uuid::Uuid;

pub use acting::{actions, versions};
pub use deployment::deployment;
pub use people::{approvals, duties, later, tellings};
pub use traffic::{checks, guards, shapes, stages, tasks, waves};

/// 2026-11-21 14:00:00 UTC.
const START: i64 = 1_795_269_600_000;

pub const ADA: CockpitId = CockpitId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_ada0));
pub const BOB: CockpitId = CockpitId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_b0b0));

/// A session's id by a small number.
pub fn session(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(0x0192_0000_0000_7000_8000_5e55_0000_0000 + number))
}

/// The split of a router with one server in each pool.
pub fn split(blue: u32, green: u32) -> NativeSplit {
    let weight = |name: &str, pool: &str, weight| NativeWeight {
        reference: format!("app/{name}"),
        pool: PoolId::from(pool),
        weight,
        admin: Admin::Ready,
    };
    NativeSplit(vec![weight("blue-1", "blue", blue), weight("green-1", "green", green)])
}

pub fn weights(blue: u32) -> Weights {
    let blue = BasisPoints::percent(blue);
    Weights::new(vec![("blue".into(), blue), ("green".into(), BasisPoints(10_000 - blue.0))]).unwrap()
}

fn identity(process: &str) -> Identity {
    Identity { node: "lb".to_owned(), process: process.to_owned() }
}

fn controls(cockpit: CockpitId, operator: &str, why: &str) -> Event {
    Event::ControlsTaken(ControlsTaken {
        cockpit,
        operator: operator.into(),
        process: Process { host: "bastion".to_owned(), boot: "b00t".to_owned(), pid: 4711, started: 99 },
        why: why.to_owned(),
    })
}

/// The first entry of a session.
pub fn opening(session: SessionId, service: &str, environment: &str) -> Entry {
    let opened = SessionOpened {
        service: service.to_owned(),
        environment: environment.to_owned(),
        from_version: "2.4.0".to_owned(),
        to_version: "2.5.0".to_owned(),
        pools: vec![("blue".into(), "▲".to_owned()), ("green".into(), "●".to_owned())],
        routers: vec![("eu-1".into(), "haproxy".to_owned()), ("eu-2".into(), "haproxy".to_owned())],
        files: vec![ProfileText { path: "bridge.toml".to_owned(), text: "service = \"bridge\"\n".to_owned() }],
        digest: Digest([7; 32]),
        flightdeck: "0.1.0".to_owned(),
        durability: Durability::Synced,
        private: false,
        why: flightdeck::domain::Why::default(),
        planned: None,
    };
    Entry {
        session,
        number: 1,
        id: EntryId { cockpit: ADA, counter: 1 },
        cockpit: ADA,
        actor: "ada".into(),
        at: Timestamp(START),
        epoch: 0,
        events: vec![Event::SessionOpened(Box::new(opened)), controls(ADA, "ada", "opened")],
    }
}

/// An entry with a note.
pub fn note(session: SessionId, number: u64, cockpit: CockpitId, counter: u32) -> Entry {
    Entry {
        session,
        number,
        id: EntryId { cockpit, counter },
        cockpit,
        actor: if cockpit == ADA { "ada".into() } else { "bob".into() },
        at: Timestamp(START + i64::from(counter) * 1000),
        epoch: 1,
        events: vec![Event::NoteAdded { text: format!("note {counter}") }],
    }
}

/// The entry that closes a session.
pub fn closing(session: SessionId, number: u64) -> Entry {
    let closed = Event::SessionClosed {
        outcome: "done".to_owned(),
        routers: Vec::new(),
        left: Vec::new(),
        follow_ups: Vec::new(),
    };
    Entry { events: vec![closed], ..note(session, number, ADA, u32::try_from(number).unwrap()) }
}

struct Teller {
    entries: Vec<Entry>,
    counters: [u32; 2],
}

impl Teller {
    fn tell(&mut self, seconds: f64, who: &str, epoch: u64, events: Vec<Event>) {
        let (cockpit, index) = if who == "bob" { (BOB, 1) } else { (ADA, 0) };
        self.counters[index] += 1;
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand seconds")]
        let at = Timestamp(START + (seconds * 1000.0).round() as i64);
        self.entries.push(Entry {
            session: session(1),
            number: self.entries.len() as u64 + 1,
            id: EntryId { cockpit, counter: self.counters[index] },
            cockpit,
            actor: who.into(),
            at,
            epoch,
            events,
        });
    }
}

fn order(router: &str, process: &str, from: Option<(u32, u32)>, to: (u32, u32)) -> RouterOrder {
    let native = split(to.0, to.1);
    let pools = [PoolId::from("blue"), PoolId::from("green")];
    RouterOrder {
        router: router.into(),
        bound: from.map(|(blue, green)| Bound {
            native: split(blue, green),
            identity: identity(process),
            generation: String::new(),
        }),
        prepared: Prepared {
            requests: native
                .0
                .iter()
                .map(|each| format!("set server {} weight {}", each.reference, each.weight))
                .collect(),
            shares: native.shares(&pools),
            native,
            notes: Vec::new(),
        },
    }
}

fn change(id: ChangeId, kind: ChangeKind, blue: u32, routers: Vec<RouterOrder>) -> ChangeConfirmed {
    ChangeConfirmed {
        change: id,
        kind,
        to: weights(blue),
        routers,
        waves: Waves::default(),
        gates: vec![GateReport {
            gate: Gate::Destination { pool: "green".into() },
            state: GateState::Holds,
            text: "green 2/2 up".to_owned(),
        }],
        overrides: Vec::new(),
        confirmation: Confirmation::new(Gesture::Key, true),
        digest: Digest([9; 32]),
        revision: 3,
        second: Second::NotAsked,
    }
}

fn dispatched(id: ChangeId, epoch: u64, seconds: i64) -> Event {
    let deadline = Timestamp(START + seconds * 1000);
    Event::ChangeDispatched { change: id, owner: id.cockpit, epoch, deadline, routers: Vec::new() }
}

fn answered(change: ChangeId, router: &str, attempt: u32, outcome: Outcome) -> Event {
    Event::RouterAnswered { change, router: router.into(), attempt, outcome }
}

fn ticked(item: &str, text: &str) -> Event {
    Event::ItemTicked { item: item.into(), text: text.to_owned(), ticking: Ticking::default() }
}
