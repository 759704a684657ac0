//! The world around one simulated cockpit: time, store, routers, an operator with random fingers, and the invariants.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use flightdeck::domain::{
    ChangeId, CockpitId, Elapsed, ItemId, NativeSplit, Now, Operator, Outcome, PoolId, Procedure, RouterId, SessionId,
    Timestamp, Trouble, TroubleKind,
};
use flightdeck::entry::Entry;
use flightdeck::flight::propose::Stage;
use flightdeck::flight::{Appended, Ask, Effect, Flight, Me, Msg, Send, WayBackChoice};
use flightdeck::session::event::{ChangeKind, Process, SessionOpened, Settlement, StepMark};
use flightdeck::session::proposal::{Confirmation, GateState, Gesture, Override};
use flightdeck::session::{Event, Session, Stamp};

use super::random::Random;
use super::router::{Router, prepare};
use crate::support::procedure::{blue_green, weights};

/// What a flight met, so that the whole run can show that it met everything.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<&'static str, u64>);

const WANTED: [&str; 22] = [
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
    steps: u64,
    pub seen: Seen,
}

const START: i64 = 1_795_000_000_000;

fn me(number: u128) -> Me {
    Me {
        cockpit: CockpitId(uuid::Uuid::from_u128(number)),
        operator: Operator::from("ana"),
        process: Process { host: "here".to_owned(), boot: "b".to_owned(), pid: 1, started: 1 },
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
            Effect::Tell(_) => {}
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
                    let entries = self.store.iter().filter(|entry| entry.number > after).cloned().collect();
                    self.tell(Msg::Followed { entries, is_tail: true });
                } else if cockpit == self.cockpit() {
                    self.later(200, Due::ServeJournal(cockpit, after));
                }
            }
        }
    }

    fn serve_read(&mut self, cockpit: CockpitId, router: RouterId, poll: u64, began: Now) {
        if cockpit != self.cockpit() {
            return;
        }
        let trouble = |kind, why: &str| Trouble::new(kind, "read", why, "wait");
        let time = self.time;
        let simulated = self.routers.get_mut(&router).unwrap();
        let (delay, result) = if simulated.dead {
            (1, Err(trouble(TroubleKind::Unreachable, "refused")))
        } else if simulated.stopped {
            (2_000, Err(trouble(TroubleKind::TimedOut, "no answer")))
        } else {
            (self.random.below(10), Ok(simulated.read(time)))
        };
        if let Ok(reading) = &result {
            let served = self.served.entry(router.clone()).or_default();
            if served.back().map(|(.., native)| native) != Some(&reading.native) {
                served.push_back((time, time, reading.native.clone()));
            } else if let Some(newest) = served.back_mut() {
                newest.1 = time;
            }
        }
        self.answer(delay, Msg::RouterRead { router, poll, began, result });
    }

    fn serve_set(&mut self, cockpit: CockpitId, send: &Send) {
        // A killed process sends nothing more.
        if cockpit != self.cockpit() {
            return;
        }
        let answer = |outcome| Msg::SetAnswered {
            change: send.change,
            router: send.router.clone(),
            attempt: send.attempt,
            outcome,
        };
        let now = self.now();
        if self.cancelled.contains(&send.change) || now.wall > send.deadline || now.elapsed > send.until {
            self.seen.mark("not sent");
            return self.tell(answer(Outcome::NotSent { why: "the fence is closed".to_owned() }));
        }
        let router = self.routers.get(&send.router).unwrap().clone();
        if router.dead {
            return self.tell(answer(Outcome::NotSent { why: "refused".to_owned() }));
        }
        if let Some(expected) = send.expected.as_ref().filter(|_| !router.stopped)
            && *expected != router.native()
        {
            self.seen.mark("moved");
            return self.tell(answer(Outcome::Moved { read: router.native() }));
        }
        self.check_write(cockpit, send);
        self.written.insert((send.change, send.router.clone()), self.time);
        self.seen.mark("sent");
        let simulated = self.routers.get_mut(&send.router).unwrap();
        if simulated.stopped {
            simulated.held.push_back(send.prepared.native.clone());
            self.answer(2_000, answer(Outcome::Unknown { why: "no answer for 2 s".to_owned() }));
        } else {
            simulated.apply(&send.prepared.native);
            if simulated.weights.iter().all(|weight| *weight == 0) {
                self.fail("D4", "a router has no weight left");
            }
            let delay = self.random.below(10);
            if self.random.chance(8) {
                self.seen.mark("unknown");
                self.answer(delay, answer(Outcome::Unknown { why: "the answer was lost".to_owned() }));
            } else {
                self.answer(delay, answer(Outcome::Accepted));
            }
        }
    }

    /// What must be true at the moment at which the first byte of a write goes out.
    fn check_write(&self, cockpit: CockpitId, send: &Send) {
        let intent = self.store.iter().flat_map(|entry| &entry.events).any(|event| match event {
            Event::ChangeDispatched { change, owner, deadline, .. } => {
                *change == send.change && *owner == cockpit && self.now().wall <= *deadline
            }
            Event::ChangeRetried { change, owner, deadline, routers, .. } => {
                *change == send.change
                    && *owner == cockpit
                    && self.now().wall <= *deadline
                    && routers.contains(&send.router)
            }
            _ => false,
        });
        if !intent {
            self.fail("D1", "a byte went out without a kept intent of this cockpit, or after its deadline");
        }
        let Some(change) = self.flight.session.change(send.change) else {
            self.fail("D1", "a change was sent that the session does not know");
        };
        if change.confirmed.kind.is_forward() && change.settled.is_some() {
            self.fail("R4", "a forward change was sent after it was over");
        }
        if !change.confirmed.confirmation.seen {
            self.fail("F2", "a change was sent whose dialog was never on the screen");
        }
        if change.order(&send.router).map(|order| &order.prepared) != Some(&send.prepared) {
            self.fail("B1", "something else was sent than was confirmed");
        }
    }

    fn serve_append(&mut self, cockpit: CockpitId, entry: Entry) {
        let id = entry.id;
        let head = self.store.last().map_or(0, |last| last.number);
        let known = self.store.iter().any(|kept| kept.id == id);
        let guarded = entry.number == head + 1;
        let answer = match self.mood {
            StoreMood::Unavailable => {
                self.seen.mark("store unavailable");
                Appended::Unavailable { why: "away".to_owned() }
            }
            StoreMood::LosesAnswers if self.random.chance(50) => {
                if guarded && !known && self.random.chance(50) {
                    self.seen.mark("store unknown, kept");
                    self.keep(entry);
                } else {
                    self.seen.mark("store unknown, lost");
                }
                Appended::Unknown { why: "the answer was lost".to_owned() }
            }
            StoreMood::Well | StoreMood::LosesAnswers => {
                if known {
                    Appended::Kept
                } else if guarded {
                    self.keep(entry);
                    Appended::Kept
                } else {
                    Appended::Conflict { head }
                }
            }
        };
        if cockpit == self.cockpit() {
            let delay = self.random.below(8);
            self.answer(delay, Msg::Appended { entry: id, answer });
        }
    }

    fn keep(&mut self, entry: Entry) {
        if self.store.last().is_some_and(|last| entry.at < last.at) {
            self.fail("S2", "an entry is stamped before the one before it");
        }
        for event in &entry.events {
            self.check_event(event);
        }
        self.store.push(entry);
    }

    fn check_event(&mut self, event: &Event) {
        match event {
            Event::RouterAnswered { change, router, outcome, .. } => match outcome {
                Outcome::Verified => {
                    self.seen.mark("verified");
                    let session = self.folded();
                    let order = session.change(*change).and_then(|change| change.order(router)).cloned();
                    let prepared = order.map(|order| order.prepared.native).unwrap_or_default();
                    let since = self.written.get(&(*change, router.clone())).copied().unwrap_or(0);
                    let served = self.served.get(router).into_iter().flatten();
                    if !served.clone().any(|(_, until, native)| *until >= since && native.holds(&prepared)) {
                        self.fail("V1", "verified without a read after the write that shows it");
                    }
                }
                Outcome::Differs { .. } => self.seen.mark("differs"),
                _ => {}
            },
            Event::ChangeConfirmed(confirmed) => {
                if !confirmed.confirmation.seen {
                    self.fail("F2", "confirmed by a key from before the dialog was drawn");
                }
                if let ChangeKind::Rollback { supersedes, .. } = &confirmed.kind {
                    self.seen.mark("rollback");
                    if supersedes.is_some() {
                        self.seen.mark("superseded");
                    }
                } else if confirmed.gates.iter().any(|gate| {
                    gate.state != GateState::Holds && !confirmed.overrides.iter().any(|each| each.gate == gate.gate)
                }) {
                    self.fail("F4", "a failing gate did not block");
                }
            }
            Event::LateEffect { .. } => self.seen.mark("late effect"),
            Event::DriftNoticed { .. } => self.seen.mark("drift noticed"),
            Event::DriftEnded { .. } => self.seen.mark("drift ended"),
            Event::DriftAccepted { .. } => self.seen.mark("drift accepted"),
            Event::ChangeRetried { .. } => self.seen.mark("retried"),
            Event::ChangeSettled { how: Settlement::Left { .. }, .. } => self.seen.mark("left"),
            Event::ChangeSettled { how: Settlement::NothingSent, .. } => self.seen.mark("nothing sent"),
            Event::StepMarked { mark: StepMark::AlreadySo, .. } => self.seen.mark("already so"),
            Event::PoolDrained { .. } => self.seen.mark("drained"),
            _ => {}
        }
    }

    fn folded(&self) -> Session {
        let mut session = Session::default();
        for entry in &self.store {
            let stamp =
                Stamp { number: entry.number, at: entry.at, actor: entry.actor.clone(), cockpit: entry.cockpit };
            session.apply_entry(&stamp, &entry.events);
        }
        session
    }

    fn check_fold(&self) {
        let mut session = Session::default();
        for entry in self.store.iter().take_while(|entry| entry.number <= self.flight.session.head) {
            let stamp =
                Stamp { number: entry.number, at: entry.at, actor: entry.actor.clone(), cockpit: entry.cockpit };
            session.apply_entry(&stamp, &entry.events);
        }
        if session != self.flight.session {
            self.fail("J2", "the session is not the fold of what is kept");
        }
    }

    fn act(&mut self) {
        match self.random.below(100) {
            0..12 => self.ask(Ask::ProposeStep),
            12..34 => self.confirm(),
            34..36 => self.ask(Ask::Withdraw),
            36..42 => {
                let blue = u32::try_from(self.random.below(11)).unwrap() * 10;
                self.ask(Ask::ProposeShift(weights(&[("blue", blue), ("green", 100 - blue)])));
            }
            42..48 => {
                let choice = if self.random.chance(70) { WayBackChoice::Step } else { WayBackChoice::OffNew };
                self.ask(Ask::ProposeRollback(choice));
            }
            48..54 => {
                let confirmation = self.confirmation("blue");
                let overrides = self.overrides(true);
                self.ask(Ask::CompleteStep { confirmation, overrides });
            }
            54..58 => self.ask(Ask::ToggleItem(ItemId::from("deploy/health"))),
            58..60 => self.ask(Ask::Hold { reason: "look at that".to_owned() }),
            60..63 => self.ask(Ask::ReleaseHold { reason: "looked".to_owned() }),
            63..69 => self.settle(),
            69..73 => self.answer_drift(),
            73 => self.ask(Ask::SkipStep { reason: "not today".to_owned() }),
            74 => self.ask(Ask::Note("a note".to_owned())),
            75..79 => self.foreign_change(),
            79..83 => self.with_router(|router, _| router.stopped = true),
            83..90 => self.with_router(|router, _| router.go_on()),
            90 => self.restart(),
            91 => self.with_router(|router, _| router.dead = true),
            92..95 => self.restart_dead(),
            95..98 => {
                self.mood = match self.random.below(5) {
                    0 => StoreMood::Unavailable,
                    1 => StoreMood::LosesAnswers,
                    _ => StoreMood::Well,
                };
            }
            98 => self.crash(),
            _ => {
                let quiet = 5_000 + self.random.below(5_000);
                self.pass(quiet);
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.tell(Msg::Ask(ask));
    }

    fn confirmation(&mut self, typed: &str) -> Confirmation {
        let gesture = if self.random.chance(50) { Gesture::Key } else { Gesture::Typed(typed.to_owned()) };
        Confirmation { gesture, seen: !self.random.chance(10) }
    }

    fn overrides(&mut self, complete: bool) -> Vec<Override> {
        if self.random.chance(40) {
            return Vec::new();
        }
        let now = self.now();
        let gates = if complete { self.flight.gates_to_complete(now) } else { self.flight.gates(now) };
        gates
            .into_iter()
            .filter(|report| report.state != GateState::Holds)
            .map(|report| Override { gate: report.gate, reason: "we know".to_owned() })
            .collect()
    }

    fn confirm(&mut self) {
        let typed = self
            .flight
            .proposing
            .as_ref()
            .and_then(|each| each.proposal())
            .map(flightdeck::session::Proposal::typed_target);
        let confirmation = self.confirmation(&typed.unwrap_or_default());
        let overrides = self.overrides(false);
        self.ask(Ask::Confirm { confirmation, overrides });
    }

    fn settle(&mut self) {
        let Some(change) = self.flight.session.in_flight() else { return };
        let routers: Vec<RouterId> = change.unfinished().map(|(router, _)| router.clone()).collect();
        if self.random.chance(60) {
            let some = self.random.pick(&routers).cloned();
            self.ask(Ask::Retry(some.into_iter().collect()));
        } else {
            self.ask(Ask::Leave { reason: "good enough".to_owned() });
        }
    }

    fn answer_drift(&mut self) {
        let Some((router, drifted)) =
            self.flight.session.drifted.iter().next().map(|(router, drifted)| (router.clone(), drifted.clone()))
        else {
            return;
        };
        if self.random.chance(50) {
            self.ask(Ask::ProposePutBack(router));
        } else {
            self.ask(Ask::AcceptDrift { router, read: drifted.read, reason: "known".to_owned() });
        }
    }

    fn with_router(&mut self, act: impl FnOnce(&mut Router, u64)) {
        let names: Vec<RouterId> = self.routers.keys().cloned().collect();
        let time = self.time;
        if let Some(name) = self.random.pick(&names)
            && let Some(router) = self.routers.get_mut(name)
        {
            act(router, time);
        }
    }

    fn touch_all(&mut self) {
        for router in self.routers.keys() {
            self.touched.insert(router.clone(), self.time);
        }
    }

    fn foreign_change(&mut self) {
        let blue = u32::try_from(self.random.below(101)).unwrap();
        self.touch_all();
        self.with_router(|router, _| {
            if !router.stopped && !router.dead {
                router.weights = vec![blue, 100 - blue];
            }
        });
    }

    fn restart(&mut self) {
        self.touch_all();
        self.with_router(Router::restart);
    }

    fn restart_dead(&mut self) {
        self.touch_all();
        let time = self.time;
        for router in self.routers.values_mut().filter(|router| router.dead) {
            router.restart(time);
        }
    }

    /// `kill -9`: what was not sent is never sent; an append on its way may or may not be kept. Then it is opened again.
    fn crash(&mut self) {
        if self.store.is_empty() || self.mood != StoreMood::Well {
            return;
        }
        if self.flight.session.in_flight().is_some() {
            self.seen.mark("crash in flight");
        }
        self.cockpits += 1;
        let me = me(self.cockpits);
        let pause = self.random.below(500);
        // Appends of the dead process that are still on their way land or are lost before it is opened again.
        let old = self.cockpit();
        self.flight = Flight::new(me.clone(), self.flight.id, Session::default(), self.procedure.clone());
        let appends: Vec<(u64, u64)> = self
            .due
            .iter()
            .filter(|(_, due)| matches!(due, Due::ServeAppend(cockpit, _) if *cockpit == old))
            .map(|(key, _)| *key)
            .collect();
        for key in appends {
            if let Some(due) = self.due.remove(&key)
                && self.random.chance(50)
            {
                self.happen(due);
            }
        }
        self.time += pause;
        let session = self.folded();
        self.flight = Flight::new(me.clone(), self.flight.id, session, self.procedure.clone());
        let controls = me.controls("the process before is gone");
        self.ask(Ask::Resume { controls, holder_gone: true });
    }

    /// All faults end; then nothing may stay open without a word, and what differs must be said.
    pub fn heal_and_settle(&mut self) {
        self.mood = StoreMood::Well;
        let time = self.time;
        for router in self.routers.values_mut() {
            router.go_on();
            if router.dead {
                router.restart(time);
            }
        }
        self.touch_all();
        for _ in 0..60 {
            self.pass(1_000);
        }
        self.check_fold();
        if self.flight.link.is_busy() || self.flight.link.down.is_some() {
            self.fail(
                "J1",
                &format!("something is still on its way into a journal that answers: {:?}", self.flight.link),
            );
        }
        if let Some(change) = self.flight.session.in_flight() {
            for (router, known) in change.unfinished() {
                let open = known.and_then(|known| known.outcome.as_ref()).is_none_or(Outcome::is_open);
                if open {
                    self.fail("V3", &format!("{router} never got its word: {known:?}, {:#?}", self.flight.executing));
                }
            }
        }
        for (router, simulated) in &self.routers {
            let expected = self.flight.session.expected.get(router);
            let holds = expected.is_some_and(|expected| simulated.native().holds(expected));
            let said = self.flight.session.drifted.contains_key(router)
                || self
                    .flight
                    .session
                    .in_flight()
                    .is_some_and(|change| change.unfinished().any(|(unfinished, _)| unfinished == router));
            if !holds && !said {
                self.fail(
                    "V3",
                    &format!(
                        "{router} has {:?} and nobody says so; expected {expected:?}, drives {}, open {}, executing {:#?}",
                        simulated.weights,
                        self.flight.drives(),
                        self.flight.session.is_open(),
                        self.flight.executing,
                    ),
                );
            }
        }
        self.roll_back_once_more();
    }

    /// From wherever it is: R, one more key, and the routers have it (R3).
    fn roll_back_once_more(&mut self) {
        self.ask(Ask::ProposeRollback(WayBackChoice::Step));
        self.pass(100);
        let Some(proposal) = self.flight.proposing.as_ref().and_then(|each| each.proposal()).cloned() else { return };
        if !matches!(proposal.kind, ChangeKind::Rollback { .. }) {
            return;
        }
        let idle = self.flight.session.in_flight().is_none() && proposal.holds_already();
        self.ask(Ask::Confirm {
            confirmation: Confirmation { gesture: Gesture::Key, seen: true },
            overrides: Vec::new(),
        });
        self.pass(8_000);
        for order in &proposal.routers {
            let simulated = &self.routers[&order.router];
            if !simulated.native().holds(&order.prepared.native) {
                self.fail("R4", &format!("{} does not have the rollback's weights", order.router));
            }
        }
        let last = self.flight.session.changes.last().map(|change| change.settled.as_ref().map(|(_, how)| how.clone()));
        if !idle && last != Some(Some(Settlement::Verified)) {
            self.fail("R3", &format!("a rollback on healthy routers did not verify: {last:?}"));
        }
    }
}
