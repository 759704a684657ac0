//! The world around one simulated cockpit: time, store, routers, an operator with random fingers, and the invariants.

mod check;
mod operator;
mod serve;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use flightdeck::domain::{
    ChangeId, CockpitId, Digest, Elapsed, ItemId, NativeSplit, Now, Operator, Outcome, PoolId, Procedure, RouterId,
    SessionId, Timestamp, Trouble, TroubleKind,
};
use flightdeck::entry::Entry;
use flightdeck::flight::propose::Stage;
use flightdeck::flight::{Appended, Ask, Effect, Flight, Me, Msg, Send, WayBackChoice};
use flightdeck::session::event::{ChangeKind, Process, SessionOpened, Settlement, SpillMerged, Spilled, StepMark};
use flightdeck::session::proposal::{Confirmation, GateState, Gesture, Override};
use flightdeck::session::{Event, Session, Stamp};

use super::random::Random;
use super::router::{Router, prepare};
use crate::support::procedure::{blue_green, weights};

/// What a flight met, so that the whole run can show that it met everything.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<&'static str, u64>);

const WANTED: [&str; 24] = [
    "spilled",
    "not even spilled",
    "sent",
    "verified",
    "moved",
    "unknown",
    "differs",
    "not sent",
    "rollback",
    "superseded",
    "void",
    "late effect",
    "drift noticed",
    "drift ended",
    "drift accepted",
    "retried",
    "left",
    "nothing sent",
    "already so",
    "drained",
    "store unavailable",
    "store unknown, kept",
    "store unknown, lost",
    "crash in flight",
];

impl Seen {
    fn mark(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        WANTED.iter().map(|what| (*what, self.0.get(what).copied().unwrap_or(0))).collect()
    }
}

enum Due {
    ToFlight(CockpitId, Box<Msg>),
    ServeRead(CockpitId, RouterId, u64, Now),
    ServeSet(CockpitId, Box<Send>),
    ServeAppend(CockpitId, Box<Entry>),
    ServeJournal(CockpitId, u64),
}

#[derive(Clone, Copy, PartialEq)]
enum StoreMood {
    Well,
    Unavailable,
    LosesAnswers,
}

pub struct World {
    seed: u64,
    random: Random,
    time: u64,
    sequence: u64,
    due: BTreeMap<(u64, u64), Due>,
    procedure: Arc<Procedure>,
    pools: Vec<PoolId>,
    routers: BTreeMap<RouterId, Router>,
    store: Vec<Entry>,
    mood: StoreMood,
    flight: Flight,
    cockpits: u128,
    cancelled: BTreeSet<ChangeId>,
    /// Per router: splits that reads were answered with, from when to when, newest last.
    served: BTreeMap<RouterId, VecDeque<(u64, u64, NativeSplit)>>,
    /// Per change and router: when a write took effect or was held.
    written: BTreeMap<(ChangeId, RouterId), u64>,
    /// Per router: when somebody else than flightdeck last moved it.
    touched: BTreeMap<RouterId, u64>,
    /// What the spill file holds.
    spill: Option<SpillMerged>,
    /// What not even the spill file took.
    unrecorded: Vec<Spilled>,
    steps: u64,
    pub seen: Seen,
}

const START: i64 = 1_795_000_000_000;

fn me(number: u128) -> Me {
    Me {
        cockpit: CockpitId(uuid::Uuid::from_u128(number)),
        operator: Operator::from("ana"),
        process: Process { host: "here".to_owned(), boot: "b".to_owned(), pid: 1, started: 1 },
        seat: flightdeck::domain::Seat::Operator,
        key: None,
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let procedure = Arc::new(blue_green(usize::try_from(1 + random.below(3)).unwrap()));
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let routers: BTreeMap<RouterId, Router> =
            procedure.routers.iter().map(|router| (router.id.clone(), Router::new(&pools, &[50, 50]))).collect();
        let me = me(1);
        let controls = me.controls("opened");
        let id = SessionId(uuid::Uuid::from_u128(99));
        let flight = Flight::new(me, id, Session::default(), procedure.clone());
        let mut world = Self {
            seed,
            random,
            time: 0,
            sequence: 0,
            due: BTreeMap::new(),
            pools,
            routers,
            store: Vec::new(),
            mood: StoreMood::Well,
            flight,
            cockpits: 1,
            cancelled: BTreeSet::new(),
            served: BTreeMap::new(),
            written: BTreeMap::new(),
            touched: BTreeMap::new(),
            spill: None,
            unrecorded: Vec::new(),
            steps: 0,
            seen: Seen::default(),
            procedure: procedure.clone(),
        };
        let opened = Box::new(SessionOpened {
            service: procedure.service.clone(),
            environment: procedure.environment.clone(),
            from_version: "2.4.0".to_owned(),
            to_version: "2.5.0".to_owned(),
            pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
            routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
            files: Vec::new(),
            digest: procedure.digest,
            flightdeck: "0".to_owned(),
            durability: flightdeck::domain::Durability::Synced,
            private: false,
        });
        world.tell(Msg::Ask(Ask::Open { opened, controls }));
        while !world.flight.session.is_open() {
            world.pass(10);
        }
        world
    }

    fn now(&self) -> Now {
        Now { wall: Timestamp(START + i64::try_from(self.time).unwrap()), elapsed: Elapsed(self.time) }
    }

    fn cockpit(&self) -> CockpitId {
        self.flight.me.cockpit
    }

    fn fail(&self, rule: &str, what: &str) -> ! {
        if std::env::var("FLIGHTDECK_SEED").is_ok() {
            for entry in self.store.iter().rev().take(12).rev() {
                println!("{} {:?} {:?}", entry.number, entry.at, entry.events);
            }
            println!("{:?}", self.flight.link);
        }
        panic!("seed {} at {} ms after {} acts broke {rule}: {what}", self.seed, self.time, self.steps);
    }

    fn later(&mut self, delay: u64, due: Due) {
        self.sequence += 1;
        self.due.insert((self.time + delay, self.sequence), due);
    }

    fn answer(&mut self, delay: u64, msg: Msg) {
        let due = Due::ToFlight(self.cockpit(), Box::new(msg));
        self.later(delay, due);
    }

    /// Acts at random for so many acts, time passing between them.
    pub fn fly(&mut self, acts: u64) {
        for _ in 0..acts {
            self.steps += 1;
            self.act();
            let pause = match self.random.below(10) {
                0 => 3_000 + self.random.below(3_000),
                1..4 => self.random.below(700),
                _ => self.random.below(40),
            };
            self.pass(pause);
            if self.steps.is_multiple_of(25) {
                self.check_fold();
            }
        }
    }

    /// Lets time pass: what is due happens in order, and the flight ticks when it wants to.
    fn pass(&mut self, span: u64) {
        let end = self.time + span;
        loop {
            let due = self.due.keys().next().copied().filter(|(at, _)| *at <= end);
            let tick = self.flight.wakes_at().map(|at| at.0.max(self.time + 20)).filter(|at| *at <= end);
            match (due, tick) {
                (None, None) => break,
                (Some((at, _)), Some(tick)) if tick < at => self.tick(tick),
                (None, Some(tick)) => self.tick(tick),
                (Some(key), _) => {
                    self.time = self.time.max(key.0);
                    if let Some(due) = self.due.remove(&key) {
                        self.happen(due);
                    }
                }
            }
        }
        self.time = end;
        self.tell(Msg::Tick);
    }

    fn tick(&mut self, at: u64) {
        self.time = self.time.max(at);
        self.tell(Msg::Tick);
    }

    fn tell(&mut self, msg: Msg) {
        let now = self.now();
        let was_ready = matches!(self.flight.proposing.as_ref().map(|each| &each.stage), Some(Stage::Ready(_)));
        let effects = self.flight.update(now, msg);
        if was_ready && matches!(self.flight.proposing.as_ref().map(|each| &each.stage), Some(Stage::Void { .. })) {
            self.seen.mark("void");
        }
        for effect in effects {
            self.perform(effect);
        }
        if self.flight.session.changes.iter().filter(|change| change.settled.is_none()).count() > 1 {
            self.fail("D4", "two changes are in flight at once");
        }
    }

    fn perform(&mut self, effect: Effect) {
        let cockpit = self.cockpit();
        let delay = self.random.below(15);
        match effect {
            Effect::Read { router, poll } => {
                let now = self.now();
                self.later(delay, Due::ServeRead(cockpit, router, poll, now));
            }
            Effect::Prepare { request, router, target, reading: _ } => {
                let result = Ok(prepare(&self.pools, &target));
                self.answer(delay / 4, Msg::Prepared { request, router, result });
            }
            Effect::Append(entry) => self.later(delay, Due::ServeAppend(cockpit, entry)),
            Effect::ReadJournal { after } => self.later(delay + 20, Due::ServeJournal(cockpit, after)),
            Effect::Send(send) => self.later(delay, Due::ServeSet(cockpit, send)),
            Effect::Cancel { change } => {
                self.cancelled.insert(change);
            }
            Effect::Announce(_) | Effect::Sign(_) | Effect::CheckSignature(_) | Effect::Tell(_) => {}
            Effect::Spill { after, hash, entry } => {
                self.seen.mark("spilled");
                let result = if self.random.chance(90) {
                    let hash = Some(hash);
                    let spilled = Spilled { hash, ..(*entry).clone() };
                    let spill = self.spill.get_or_insert_with(|| SpillMerged {
                        after,
                        hash: Digest::ZERO,
                        entries: Vec::new(),
                    });
                    spill.entries.push(spilled);
                    Ok(Digest::ZERO)
                } else {
                    self.seen.mark("not even spilled");
                    self.unrecorded.push((*entry).clone());
                    Err("the disk is full".to_owned())
                };
                self.answer(delay, Msg::Spilled { entry: entry.id, result });
            }
            Effect::DropSpill => self.spill = None,
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::ToFlight(cockpit, msg) => {
                if cockpit == self.cockpit() {
                    self.tell(*msg);
                }
            }
            Due::ServeRead(cockpit, router, poll, began) => self.serve_read(cockpit, router, poll, began),
            Due::ServeSet(cockpit, send) => self.serve_set(cockpit, &send),
            Due::ServeAppend(cockpit, entry) => self.serve_append(cockpit, *entry),
            Due::ServeJournal(cockpit, after) => {
                if cockpit == self.cockpit() && self.mood != StoreMood::Unavailable {
                    let entries = self
                        .store
                        .iter()
                        .filter(|entry| entry.number > after)
                        .map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO))
                        .collect();
                    self.tell(Msg::Followed { entries, is_tail: true });
                } else if cockpit == self.cockpit() {
                    self.later(200, Due::ServeJournal(cockpit, after));
                }
            }
        }
    }
}
