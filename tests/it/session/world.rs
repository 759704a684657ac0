//! A session that is built by deciding, with routers that are nothing but their weights.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use flightdeck::domain::checklist::Command as Line;
use flightdeck::domain::drain::DrainState;
use flightdeck::domain::duty::{Wait, WaitFrom};
use flightdeck::domain::guard::{GuardSpec, Of, Patience, Subject, Then};
use flightdeck::domain::procedure::{Friction, Procedure, StepAct};
use flightdeck::domain::reading::{Admin, Health, Identity, ServerReading};
use flightdeck::domain::version::Seen;
use flightdeck::domain::{
    ChangeId, CockpitId, Durability, Elapsed, EntryId, Limit, Measure, NativeSplit, Now, Operator, Outcome, PoolId,
    Reading, Refused, RouterId, Seat, SessionId, Shares, Target, Timestamp, Weights,
};
use flightdeck::entry::Entry;
use flightdeck::session::command::Evidence;
use flightdeck::session::event::{ChangeKind, ControlsTaken, Process, RouterBaseline, SessionOpened};
use flightdeck::session::proposal::{Bound, GateState, Proposal, RouterOrder};
use flightdeck::session::{Asked, Command, Event, Session, decide};

use crate::simulation::router::{Router, prepare};
use crate::support::procedure::blue_green;
use crate::support::version::digest;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    pub name: &'static str,
    pub number: u128,
    pub seat: Seat,
}

/// Opens the session.
pub const ANA: Who = Who { name: "ana", number: 1, seat: Seat::Operator };
/// The other operator.
pub const RAJ: Who = Who { name: "raj", number: 2, seat: Seat::Operator };
/// Watches.
pub const EVE: Who = Who { name: "eve", number: 3, seat: Seat::Observer };

impl Who {
    pub fn cockpit(self) -> CockpitId {
        CockpitId(uuid::Uuid::from_u128(self.number))
    }

    pub fn process(self) -> Process {
        let pid = u32::try_from(self.number).unwrap();
        Process { host: "here".to_owned(), boot: "b".to_owned(), pid, started: 1 }
    }

    pub fn controls(self, why: &str) -> ControlsTaken {
        ControlsTaken {
            cockpit: self.cockpit(),
            operator: Operator::from(self.name),
            process: self.process(),
            why: why.to_owned(),
        }
    }
}

/// A session with all that is known around it.
#[derive(Clone)]
pub struct World {
    pub session: Session,
    pub procedure: Procedure,
    pub natives: BTreeMap<RouterId, NativeSplit>,
    pub entries: Vec<Entry>,
    pub time: u64,
}

/// Two routers; planned shifts ask two people, what is off the plan its target, the rest a key. Every gate holds; no step
/// needs the approval.
pub fn procedure() -> Procedure {
    let mut procedure = blue_green(2);
    procedure.confirm.shift = Friction::Two;
    procedure.guards = vec![guard("errors", Then::RollBack), guard("p99", Then::Propose)];
    procedure.approvals = vec![approval("operations", &["raj", "mia"])];
    for step in &mut procedure.plan {
        step.leave_when.clear();
        step.soak = None;
    }
    // The second item has a command, and waits for a time that a key begins.
    if let Some(item) = procedure.checklist.sections.iter_mut().flat_map(|section| &mut section.items).nth(1) {
        item.commands = vec![Line { language: String::new(), text: "true".to_owned() }];
        item.rules.wait = Some(Wait { span: Duration::from_mins(15), from: WaitFrom::Key });
    }
    procedure.shell = Some(crate::support::duty::shell());
    procedure.contacts = crate::support::duty::contacts();
    procedure
}

/// An approval by one of these people, for a day; it may be noted as told.
pub fn approval(id: &str, people: &[&str]) -> ApprovalSpec {
    ApprovalSpec {
        id: id.into(),
        title: "Operations lead".to_owned(),
        source: ApprovalSource::People(Approvers {
            roles: vec!["operations-lead".into()],
            people: people.iter().map(|name| Operator::from(*name)).collect(),
            quorum: 1,
            valid_for: std::time::Duration::from_hours(24),
            own: false,
            reported: true,
        }),
        escalation: vec!["VP Engineering".to_owned()],
    }
}

/// A guard over the errors of the raised pool.
pub fn guard(id: &str, then: Then) -> GuardSpec {
    GuardSpec {
        id: id.into(),
        subject: Subject::Limit { measure: Measure::Errors, of: Of::Raised, limit: Limit::Above(0.01) },
        patience: Patience::InARow(3),
        failures: 3,
        then,
        every: std::time::Duration::from_secs(5),
        back_to: None,
    }
}

impl World {
    /// Nothing has happened; the routers stand at 50 / 50.
    pub fn new(procedure: Procedure) -> Self {
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let native = Router::new(&pools, &[50, 50]).native();
        let natives = procedure.routers.iter().map(|router| (router.id.clone(), native.clone())).collect();
        Self { session: Session::default(), procedure, natives, entries: Vec::new(), time: 1_000 }
    }

    /// Ana opened it and drives, raj is aboard, the routers were read.
    pub fn open() -> Self {
        Self::opened(procedure())
    }

    /// The same with another procedure.
    pub fn opened(procedure: Procedure) -> Self {
        let mut world = Self::new(procedure);
        world.does(ANA, world.opening(ANA));
        world.does(RAJ, Command::Join { seat: RAJ.seat, process: RAJ.process() });
        world.does(ANA, Command::AcceptBaseline { routers: world.as_read() });
        world
    }

    pub fn now(&self) -> Now {
        let wall = Timestamp(1_795_000_000_000 + i64::try_from(self.time).unwrap());
        Now { wall, elapsed: Elapsed(self.time) }
    }

    pub fn asked(&self, who: Who, command: Command) -> Asked {
        Asked {
            actor: Operator::from(who.name),
            cockpit: who.cockpit(),
            seat: who.seat,
            skew_ms: 0,
            intent_seen: None,
            now: self.now(),
            command,
        }
    }

    pub fn decides(&self, who: Who, command: Command) -> Result<Vec<Event>, Refused> {
        decide(&self.session, &self.procedure, &self.asked(who, command))
    }

    /// Decides a command and keeps what was decided.
    pub fn tries(&mut self, who: Who, command: Command) -> Result<Vec<Event>, Refused> {
        let events = self.decides(who, command)?;
        if !events.is_empty() {
            self.keep(who, events.clone());
        }
        Ok(events)
    }

    /// As [`World::tries`]; it must not be refused.
    pub fn does(&mut self, who: Who, command: Command) {
        let name = format!("{command:?}");
        let events = self.tries(who, command).unwrap_or_else(|refused| panic!("{}: {name}: {refused:?}", who.name));
        assert!(!events.is_empty(), "{}: {name} decides nothing", who.name);
    }

    pub fn keep(&mut self, who: Who, events: Vec<Event>) {
        let number = self.session.head + 1;
        let entry = Entry {
            session: SessionId(uuid::Uuid::from_u128(99)),
            number,
            id: EntryId { cockpit: who.cockpit(), counter: u32::try_from(number).unwrap() },
            cockpit: who.cockpit(),
            actor: Operator::from(who.name),
            at: self.now().wall.max(self.session.at),
            epoch: self.session.controls.as_ref().map_or(0, |controls| controls.epoch),
            events,
        };
        self.session.apply_entry(&entry.stamp(), &entry.events);
        for event in &entry.events {
            if let Event::RouterAnswered { change, router, outcome: Outcome::Verified, .. } = event {
                let order = self.session.change(*change).and_then(|change| change.order(router));
                if let Some(order) = order {
                    self.natives.insert(router.clone(), order.prepared.native.clone());
                }
            }
        }
        self.entries.push(entry);
    }

    pub fn opening(&self, who: Who) -> Command {
        let opened = SessionOpened {
            service: "payments-api".to_owned(),
            environment: "prod".to_owned(),
            from_version: "2.4.0".to_owned(),
            to_version: "2.5.0".to_owned(),
            pools: self.procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
            routers: self.procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
            files: Vec::new(),
            digest: self.procedure.digest,
            flightdeck: "0".to_owned(),
            durability: Durability::Synced,
            private: false,
            why: flightdeck::domain::Why::default(),
            planned: None,
        };
        Command::Open { opened: Box::new(opened), controls: who.controls("opened") }
    }

    fn identity() -> Identity {
        Identity { node: "sim".to_owned(), process: "1".to_owned() }
    }

    pub fn as_read(&self) -> Vec<RouterBaseline> {
        let read = |(router, native): (&RouterId, &NativeSplit)| RouterBaseline {
            router: router.clone(),
            identity: Self::identity(),
            native: native.clone(),
        };
        self.natives.iter().map(read).collect()
    }

    fn bound(&self, router: &RouterId) -> Bound {
        Bound::of(&self.reading(router))
    }

    fn reading(&self, router: &RouterId) -> Reading {
        let native = self.natives.get(router).cloned().unwrap_or_default();
        Reading {
            identity: Self::identity(),
            servers: self.procedure.pool_ids().map(server).collect(),
            native,
            generation: String::new(),
            uptime: None,
            effective: Shares::default(),
            warnings: Vec::new(),
            underway: None,
            skew: None,
        }
    }

    /// What is known: every router was read, every server is up, every pool is drained, everybody is there.
    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        for router in self.natives.keys() {
            evidence.readings.insert(router.clone(), Arc::new(self.reading(router)));
        }
        for pool in self.procedure.pool_ids() {
            evidence.drains.insert(pool.clone(), (DrainState::Drained, "quiet".to_owned()));
        }
        for guard in &self.procedure.guards {
            evidence.guards.insert(guard.id.clone(), (GateState::Holds, "quiet".to_owned()));
        }
        evidence.version = Seen::Digest(digest('a'));
        evidence.present = [ANA, RAJ, EVE].map(Who::cockpit).into();
        evidence
    }

    /// A change that nobody has made yet.
    pub fn new_change(&self, who: Who) -> ChangeId {
        ChangeId { cockpit: who.cockpit(), counter: u32::try_from(self.session.head + 1).unwrap_or(u32::MAX) }
    }

    pub fn proposal(&self, who: Who, kind: ChangeKind, to: &Weights, only: Option<&RouterId>) -> Proposal {
        let pools: Vec<PoolId> = self.procedure.pool_ids().cloned().collect();
        let routers = self.natives.keys().filter(|router| only.is_none_or(|only| only == *router));
        let order = |router: &RouterId| RouterOrder {
            router: router.clone(),
            bound: Some(self.bound(router)),
            prepared: prepare(&pools, &Target::Weights(to.clone())),
        };
        Proposal {
            change: self.new_change(who),
            kind,
            to: to.clone(),
            waves: self.procedure.rollout.only(|router| only.is_none_or(|only| only == router)),
            routers: routers.map(order).collect(),
            revision: self.session.revision,
            profile: self.procedure.digest,
            made: self.now(),
        }
    }

    /// The next shift of the plan, whether or not it is the next step.
    pub fn step(&self, who: Who) -> Proposal {
        let open = self.procedure.plan.iter().filter(|step| !self.session.steps.contains_key(&step.id));
        let shift = open.chain(self.procedure.plan.last()).find_map(|step| match &step.act {
            StepAct::Shift(to) => Some((step.id.clone(), to.clone())),
            StepAct::Deploy { .. } | StepAct::Pause { .. } => None,
        });
        let (step, to) = shift.expect("the plan ends with a shift");
        self.proposal(who, ChangeKind::Step { step }, &to, None)
    }
}

/// A server that is up.
fn server(pool: &PoolId) -> ServerReading {
    ServerReading {
        name: format!("{pool}-1"),
        pool: pool.clone(),
        health: Health::Up,
        admin: Admin::Ready,
        in_flight: Some(0),
        requests: Some(0),
        errors: Some(0),
        response: None,
    }
}
