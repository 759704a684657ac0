//! The world around the simulated cockpits: time, hosts, a store, routers, operators with random fingers, and the rules.

mod acting;
mod approving;
mod check;
mod cockpit;
mod end;
mod fault;
mod guard;
mod leaving;
mod ledger;
mod operator;
mod running;
mod scene;
mod serve;
mod sign;
mod stage;
mod store;
mod tagging;
mod wave;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flightdeck::domain::procedure::{Confirm, Friction, StepAct, Timing};
use flightdeck::domain::{
    ChangeId, CheckId, CockpitId, Digest, Elapsed, EntryId, ItemId, NativeSplit, Now, Operator, Outcome, People,
    PoolId, Presence, Procedure, Reading, RouterId, Seat, SessionId, Signed, Signer, StepId, Timestamp, Trouble,
    TroubleKind, Waves,
};
use flightdeck::entry::Entry;
use flightdeck::flight::propose::Stage;
use flightdeck::flight::{
    Appended, Ask, ChangedProfile, Effect, Flight, Me, Msg, Send, SignedAct, ToCheck, ToSign, WayBackChoice,
};
use flightdeck::session::event::{ChangeKind, Process, SessionOpened, Settlement, SpillMerged, Spilled, StepMark};
use flightdeck::session::flaw::{self, Flaw};
use flightdeck::session::proposal::{Confirmation, GateState, Gesture, Override};
use flightdeck::session::second::{AskedAct, Second};
use flightdeck::session::{Event, Session};

use super::random::Random;
use super::router::{Router, prepare};
use super::seen::Seen;
use crate::support::procedure::{blue_green, weights};
use acting::Acting;
use approving::Approving;
use cockpit::Cockpit;
use guard::Guarding;
use leaving::Leaving;
use ledger::Ledger;
use running::Running;
use scene::Place;
use stage::Staging;
use store::Store;
use tagging::Tagging;

/// The rule that a flight broke, and how.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Broken {
    pub rule: &'static str,
    pub what: String,
}

/// What is due at a moment. The first number is the cockpit that it is about.
enum Due {
    ToFlight(usize, Box<Msg>),
    Read(usize, RouterId, u64, Now),
    Set(usize, Box<Send>),
    /// A start of an action.
    Start(usize, Box<flightdeck::flight::action::SendStart>),
    /// A command of an item.
    Command(usize, Box<flightdeck::flight::duty::RunCommand>),
    /// The byte of a write whose fence was asked before its process was stopped.
    LateByte(usize, Box<Send>),
    Append(usize, Box<Entry>),
    /// An append that was given up and is still on its way.
    LateAppend(Box<Entry>),
    ReadJournal(usize, u64),
    Follow(usize),
    /// Entries of a follower that come late: from and up to these numbers.
    Batch(usize, u64, u64),
    Wake(usize),
    /// What is measured is looked at.
    Look(usize),
}

/// One simulated session from its opening to its end.
pub struct World {
    random: Random,
    /// The true time in milliseconds.
    time: u64,
    sequence: u64,
    due: BTreeMap<(u64, u64), Due>,
    /// The profile as it was opened with, and its later editions, by digest.
    editions: Vec<Arc<Procedure>>,
    pools: Vec<PoolId>,
    places: Vec<Place>,
    cockpits: Vec<Cockpit>,
    routers: BTreeMap<RouterId, Router>,
    store: Store,
    ledger: Ledger,
    guarding: Guarding,
    staging: Staging,
    acting: Acting,
    approving: Approving,
    leaving: Leaving,
    tagging: Tagging,
    running: Running,
    steps: u64,
    id: SessionId,
    /// Whether every fault is over.
    healed: bool,
    /// Whether what the cockpits are told is shown as it happens.
    traced: bool,
    pub seen: Seen,
    pub broken: Option<Broken>,
}

const START: i64 = 1_795_000_000_000;

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let guarding = Guarding::new(seed);
        let mut staging = Staging::new(seed);
        let mut acting = Acting::new(seed);
        let procedure = staging.procedure(guarding.procedure(scene::procedure(&mut random)));
        let mut approving = Approving::new(seed);
        let procedure = approving.procedure(acting.procedure(procedure));
        let mut tagging = Tagging::new(seed);
        let mut running = Running::new(seed);
        let procedure = running.procedure(tagging.procedure(procedure));
        let procedure = Arc::new(procedure);
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let (lag, tells) = scene::slowness(&mut random, &procedure);
        let router = || Router::new(&pools, &[50, 50]).slow(lag, tells);
        let routers = procedure.routers.iter().map(|each| (each.id.clone(), router())).collect();
        let places = scene::places(&mut random);
        let mut world = Self {
            random,
            time: 1_000,
            sequence: 0,
            due: BTreeMap::new(),
            editions: vec![procedure.clone()],
            pools,
            places,
            cockpits: Vec::new(),
            routers,
            store: Store::default(),
            ledger: Ledger::default(),
            guarding,
            staging,
            acting,
            approving,
            leaving: Leaving::new(seed),
            tagging,
            running,
            steps: 0,
            id: SessionId(uuid::Uuid::from_u128(99)),
            healed: false,
            traced: std::env::var_os("FLIGHTDECK_TRACE").is_some(),
            seen: Seen::default(),
            broken: None,
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
            why: flightdeck::domain::Why::default(),
            planned: None,
        });
        world.start(0);
        let controls = world.cockpits[0].flight.me.controls("opened");
        world.ask(0, Ask::Open { opened, controls });
        world.pass(60);
        for place in 1..world.places.len() {
            world.start(place);
        }
        world.pass(60);
        world
    }

    /// What the store keeps, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.store.entries.iter().map(|kept| kept.entry.clone()).collect()
    }

    /// The moment by one cockpit's clocks.
    fn now(&self, at: usize) -> Now {
        let cockpit = &self.cockpits[at];
        let wall = START + i64::try_from(self.time).unwrap() + cockpit.skew;
        Now { wall: Timestamp(wall), elapsed: Elapsed(self.time + cockpit.elapsed) }
    }

    /// Notes that a rule is broken; the first one counts.
    fn broke(&mut self, rule: &'static str, what: impl Into<String>) {
        if self.broken.is_none() {
            self.broken = Some(Broken { rule, what: what.into() });
        }
    }

    /// What is known of this flight, for whoever looks for the fault.
    pub fn story(&self) -> String {
        use std::fmt::Write as _;
        let mut story = String::new();
        for kept in self.store.entries.iter().rev().take(14).rev() {
            let entry = &kept.entry;
            writeln!(story, "{} at {} by {:?}: {:?}", entry.number, kept.at, entry.cockpit, entry.events).unwrap();
        }
        for (at, cockpit) in self.cockpits.iter().enumerate().filter(|(_, cockpit)| cockpit.alive) {
            let flight = &cockpit.flight;
            writeln!(
                story,
                "cockpit {at} {:?} {} head {} revision {} drives {} skew {} cut off {} asleep {}; {:?}; {:?}; link {:?} spill {:?}",
                flight.me.cockpit,
                flight.me.operator,
                flight.kept_session().head,
                flight.session.revision,
                flight.drives(),
                cockpit.skew,
                cockpit.cut_off,
                cockpit.asleep,
                flight.proposing,
                flight.executing,
                flight.link,
                flight.spill.as_ref().map(|spill| &spill.merged),
            )
            .unwrap();
        }
        writeln!(story, "now {} after {} acts, store {:?}", self.time, self.steps, self.store.mood).unwrap();
        story
    }

    fn later(&mut self, delay: u64, due: Due) {
        self.sequence += 1;
        self.due.insert((self.time + delay, self.sequence), due);
    }

    fn answer(&mut self, at: usize, delay: u64, msg: Msg) {
        self.later(delay, Due::ToFlight(at, Box::new(msg)));
    }

    /// Acts at random for so many acts, time passing between them.
    pub fn fly(&mut self, acts: u64) {
        for _ in 0..acts {
            if self.broken.is_some() {
                return;
            }
            self.steps += 1;
            if self.random.chance(16) {
                self.fault();
            } else {
                self.act();
            }
            self.act_on_guards();
            self.act_on_stages();
            self.act_on_actions();
            self.act_on_approvals();
            self.act_on_leaving();
            self.act_on_version();
            self.act_on_items();
            let pause = match self.random.below(20) {
                0 => 2_000 + self.random.below(3_000),
                1..8 => self.random.below(600),
                _ => self.random.below(60),
            };
            self.pass(pause);
        }
    }

    /// Lets time pass: what is due happens in order, and every cockpit ticks when it wants to.
    fn pass(&mut self, span: u64) {
        let end = self.time + span;
        while self.broken.is_none() {
            let due = self.due.keys().next().copied().filter(|(at, _)| *at <= end);
            let tick = self.next_tick().filter(|(at, _)| *at <= end);
            match (due, tick) {
                (due, Some((when, at))) if due.is_none_or(|(due, _)| when < due) => {
                    self.time = self.time.max(when);
                    self.tell(at, Msg::Tick);
                }
                (Some(key), _) => {
                    self.time = self.time.max(key.0);
                    if let Some(due) = self.due.remove(&key) {
                        self.happen(due);
                    }
                }
                (None, _) => break,
            }
        }
        self.time = end;
    }

    fn next_tick(&self) -> Option<(u64, usize)> {
        let awake = self.cockpits.iter().enumerate().filter(|(_, cockpit)| cockpit.alive && !cockpit.asleep);
        awake.map(|(at, cockpit)| (cockpit.next_tick(), at)).min()
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::ToFlight(at, msg) => self.tell(at, *msg),
            Due::Read(at, router, poll, began) => self.serve_read(at, router, poll, began),
            Due::Set(at, send) => self.serve_set(at, *send),
            Due::Start(at, start) => self.serve_start(at, *start),
            Due::Command(at, command) => self.serve_command(at, *command),
            Due::LateByte(at, send) => self.late_byte(at, &send),
            Due::Append(at, entry) => self.serve_append(at, *entry),
            Due::LateAppend(entry) => self.serve_late_append(*entry),
            Due::ReadJournal(at, after) => self.serve_journal(at, after),
            Due::Follow(at) => self.serve_follower(at),
            Due::Batch(at, from, to) => self.deliver(at, from, to),
            Due::Wake(at) => self.wake(at),
            Due::Look(at) => self.look_at_measures(at),
        }
    }

    /// Every cockpit that runs, asleep or not.
    fn alive(&self) -> Vec<usize> {
        (0..self.cockpits.len()).filter(|at| self.cockpits[*at].alive).collect()
    }

    fn at(&self, id: CockpitId) -> Option<usize> {
        self.cockpits.iter().position(|cockpit| cockpit.flight.me.cockpit == id)
    }
}
