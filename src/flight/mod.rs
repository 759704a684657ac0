//! The flight: a session, what is read of its routers, and the execution of its changes. Pure: messages and the moment
//! go in, effects come out. The cockpit, the `rollback` and `status` commands and the simulation all run this.
//!
//! Parts: [`watch`] polls routers; [`propose`] works a change out and keeps it bound to what was read; [`link`] brings
//! decisions into the journal, one append at a time, or where that does not answer [`spill`] beside it; [`execute`] sends, reads back and asks again; [`wave`] sends the next
//! wave once the ones before it are whole; [`back`] knows the way back at any time, and [`stage`] goes it in stages, [`unwind`] does what comes after its traffic; [`evidence`], [`drain`], [`guard`], [`soak`] and [`observe`] watch what is known about pools, [`check`] what checks answer, [`pairing`] pairs requests with answers in the logs; [`fire`] does what follows when a guard trips; [`connection`] lists what lingers; [`task`] cancels what a slow system is at; [`action`] starts deploy actions and follows them; [`duty`] runs commands of items; [`version`] resolves the tag that is deployed; [`tell`] tells people outside; [`crew`] knows who else is there;
//! [`second`] waits for another person's word and for signatures.
//!
//! Invariants: nothing is sent before its intent is kept (D1); nothing is verified that was not read back after it was
//! sent (V1); the session changes only by kept entries (J2).
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

pub mod action;
mod approval;
pub mod back;
pub mod check;
pub mod connection;
pub mod crew;
pub mod drain;
pub mod duty;
mod effect;
pub mod evidence;
pub mod execute;
pub mod fire;
pub mod guard;
pub mod left;
mod limit;
pub mod link;
pub mod load;
pub mod measure;
pub mod meter;
mod msg;
pub mod observe;
pub mod pairing;
mod people;
mod permanent;
pub mod propose;
pub mod reel;
pub mod second;
pub mod soak;
pub mod spill;
pub mod stage;
pub mod task;
pub mod tell;
pub mod unwind;
mod update;
pub mod version;
pub mod watch;
pub mod wave;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use crate::session::signing::SignedAct;
pub use effect::{Effect, Notice, Send, ToCheck, ToSign, Tone};
pub use msg::{Appended, Ask, ChangedProfile, Msg, WayBackChoice};

use crate::domain::drain::Drain;
use crate::domain::procedure::Procedure;
use crate::domain::{CockpitId, Elapsed, GuardId, Operator, PoolId, Seat, SessionId, Signer, SourceId};
use crate::session::Session;
use crate::session::event::{ControlsTaken, Process};
use watch::{Watch, Watches};

/// Who flies, from which process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Me {
    /// This cockpit.
    pub cockpit: CockpitId,
    /// Its operator.
    pub operator: Operator,
    /// Its process.
    pub process: Process,
    /// What it may do.
    pub seat: Seat,
    /// Its operator's key, where the profile names keys and this one is among them.
    pub key: Option<Signer>,
}

impl Me {
    /// The controls as this cockpit would take them.
    pub fn controls(&self, why: &str) -> ControlsTaken {
        ControlsTaken {
            cockpit: self.cockpit,
            operator: self.operator.clone(),
            process: self.process.clone(),
            why: why.to_owned(),
        }
    }
}

/// One flight.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Who flies.
    pub me: Me,
    /// The session's id.
    pub id: SessionId,
    /// The session as its journal has it.
    pub session: Session,
    /// What is flown.
    pub procedure: Arc<Procedure>,
    /// The routers as watched.
    pub watches: Watches,
    /// The proposal that waits for confirmation, at whatever stage.
    pub proposing: Option<propose::Proposing>,
    /// Changes that are being sent, read back or asked about, newest last.
    pub executing: Vec<execute::Execution>,
    /// The link to the journal.
    pub link: link::Link,
    /// What became of writing the record of this session to files, once it was closed here.
    pub record: Option<Notice>,
    /// Every pool's drain.
    pub drains: BTreeMap<PoolId, Drain>,
    /// Pools that had weight since they were last proven drained: only of these a drain is news.
    undrained: BTreeSet<PoolId>,
    /// Connections that linger, as far as they were asked for.
    pub lingering: connection::Lingering,
    /// Deploy actions: worked out, started, looked at.
    pub actions: action::Actions,
    /// Tasks of slow systems: seen, and being cancelled.
    pub tasks: task::Tasks,
    /// Commands of items that this process runs.
    pub commands: duty::Commands,
    /// Log sources as evidence.
    pub logs: BTreeMap<SourceId, drain::LogWatch>,
    /// Requests and answers of the logs, paired.
    pub pairs: pairing::Pairings,
    /// The checks as they stand.
    pub checks: check::Checks,
    /// What is measured.
    pub measures: measure::Measures,
    /// What guards that tripped set in motion here.
    pub fire: fire::Fire,
    /// Every guard as it watches.
    pub guards: BTreeMap<GuardId, guard::GuardWatch>,
    /// Since when the guards count.
    guarding: guard::Moment,
    /// The time since the waves that were sent became whole.
    pub resting: Option<wave::Resting>,
    /// The stage of a way back that was verified last, where the next one goes by itself.
    pub staging: Option<stage::Staging>,
    /// The soak of the step last done.
    pub soak: Option<soak::Soak>,
    /// Request counters since each router's weights last changed.
    pub observing: observe::Observing,
    /// What the pools carry and have carried.
    loads: load::Loads,
    /// No router that is not being read is due before this; `None` where all are being read. Kept, because it is asked
    /// for after each message, and the routers may be many.
    reads_at: Option<Elapsed>,
    /// The profile on disk, when it is not the one that is flown.
    pub changed_profile: Option<ChangedProfile>,
    /// Until when the routers are watched closely.
    pub close_until: Elapsed,
    /// Who else is there, and what they see of us.
    pub crew: crew::Crew,
    /// Who asks the metered sources.
    meter: meter::Meter,
    /// What waits for another person's word.
    pub waiting: Option<second::Waiting>,
    /// What people outside are told.
    pub tellings: tell::Tellings,
    /// Signatures: wanted, and checked.
    pub keys: second::Keys,
    /// What was decided while cut off from the journal and is not in it yet.
    pub spill: Option<spill::Spill>,
    counters: Counters,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Counters {
    changes: u32,
    asked: u32,
    entries: u32,
    polls: u64,
    requests: u64,
}

impl Flight {
    /// A flight over what a journal holds so far; an empty session before it is opened.
    pub fn new(me: Me, id: SessionId, session: Session, procedure: Arc<Procedure>) -> Self {
        let watches = procedure.routers.iter().map(|router| (router.id.clone(), Watch::new(router))).collect();
        let drains = procedure.pool_ids().map(|pool| (pool.clone(), Drain::new(&procedure.drain))).collect();
        let mut flight = Self {
            me,
            id,
            session,
            procedure,
            watches,
            proposing: None,
            executing: Vec::new(),
            link: link::Link::default(),
            record: None,
            drains,
            undrained: BTreeSet::new(),
            lingering: connection::Lingering::default(),
            actions: action::Actions::default(),
            tasks: task::Tasks::default(),
            commands: duty::Commands::default(),
            logs: BTreeMap::new(),
            pairs: pairing::Pairings::default(),
            checks: check::Checks::default(),
            measures: measure::Measures::default(),
            fire: fire::Fire::default(),
            guards: BTreeMap::new(),
            guarding: guard::Moment::default(),
            resting: None,
            staging: None,
            soak: None,
            observing: observe::Observing::default(),
            loads: load::Loads::default(),
            reads_at: Some(Elapsed(0)),
            changed_profile: None,
            close_until: Elapsed(0),
            crew: crew::Crew::default(),
            meter: meter::Meter::default(),
            waiting: None,
            tellings: tell::Tellings::default(),
            keys: second::Keys::default(),
            spill: None,
            counters: Counters::default(),
        };
        flight.guards = guard::watches(&flight.procedure, &flight.procedure, BTreeMap::new());
        flight.pairs = pairing::Pairings::of(&flight.procedure);
        flight.take_up_in_flight();
        flight.take_up_drains();
        flight
    }

    /// Whether this cockpit has the controls.
    pub fn drives(&self) -> bool {
        self.session.drives(self.me.cockpit)
    }

    /// Whether the routers are watched closely now.
    pub fn is_close(&self, now: Elapsed) -> bool {
        now < self.close_until || self.session.in_flight().is_some() || !self.executing.is_empty()
    }

    /// The moment at which the flight next wants a [`Msg::Tick`].
    pub fn wakes_at(&self) -> Option<Elapsed> {
        let reads_at = self.reads_at.filter(|_| !self.watches.is_empty());
        let guards_at = self.guards_wake_at();
        let checks_at = self.checks_wake_at();
        let pairs_at = self.pairs.wakes_at();
        let actions_at = self.actions_wake_at();
        [
            actions_at,
            reads_at,
            self.crew.wakes_at(),
            self.link.wakes_at(),
            self.next_wave_at(),
            guards_at,
            checks_at,
            pairs_at,
            self.drains_wake_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
