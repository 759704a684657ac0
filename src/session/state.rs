//! The session: what its journal says, folded. Built by [`Session::apply`] and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::event::{
    ChangeConfirmed, ChangeKind, ControlsTaken, Process, ProfileText, SessionOpened, Settlement, StepMark,
    WayBackProven,
};
use super::guard::Guards;
use super::item::{Duties, Ticking};
use super::proposal::RouterOrder;
use super::second::{Request, Run};
use crate::domain::check::Verdict;
use crate::domain::due::FollowUp;
use crate::domain::ramp::Ramp;
use crate::domain::reading::Identity;
use crate::domain::share::Agreement;
use crate::domain::version::Resolved;
use crate::domain::{
    ChangeId, CheckId, CockpitId, Digest, GuardId, ItemId, NativeSplit, NotifierId, Operator, Outcome, PoolId,
    RouterId, Seat, Share, StepId, Timestamp, Weights,
};

/// One deployment as its journal has it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Session {
    /// The number of the last entry; 0 before the first.
    pub head: u64,
    /// When the last entry was written; the next one is never before it (S2).
    pub at: Timestamp,
    /// The number of the last entry that touched traffic: a change, controls, a step, a hold (B1).
    pub revision: u64,
    /// What it is about; `None` before the first entry.
    pub opened: Option<Stamped<SessionOpened>>,
    /// Who has the controls, with the epoch; `None` after they were released.
    pub controls: Option<Controls>,
    /// Cockpits aboard.
    pub aboard: BTreeMap<CockpitId, Aboard>,
    /// The controls as they are offered to another cockpit, if they are.
    pub offer: Option<Offer>,
    /// The cockpit that asks for the controls, if one does.
    pub asking: Option<Asking>,
    /// What a second person is asked, if anything.
    pub request: Option<Request>,
    /// The run of steps that a second person confirmed, while it holds.
    pub run: Option<Run>,
    /// The profile as it holds now, where it was reloaded since opening.
    pub reloaded: Option<(Vec<ProfileText>, Digest)>,
    /// Whether the splits at opening were accepted.
    pub baseline: bool,
    /// What guards measured before the first change, of which pool; `None` of the whole. Kept once, never moved.
    pub guard_baselines: BTreeMap<(GuardId, Option<PoolId>), f64>,
    /// What each router is expected to read: the baseline, then what was verified or accepted.
    pub expected: BTreeMap<RouterId, NativeSplit>,
    /// Who answers for each router, as the driver found it (C5).
    pub identities: BTreeMap<RouterId, Identity>,
    /// Routers that were noticed to read something else, until answered.
    pub drifted: BTreeMap<RouterId, Drifted>,
    /// Every change, in the order in which they were confirmed.
    pub changes: Vec<Arc<Change>>,
    /// Steps that are over, by whatever way.
    pub steps: BTreeMap<StepId, StepDone>,
    /// Ticked items.
    pub ticks: BTreeMap<ItemId, Stamped<Ticking>>,
    /// Items beside their ticks, and who was called.
    pub duties: Duties,
    /// The hold, if any.
    pub hold: Option<Stamped<String>>,
    /// The guards: measured, armed, tripped.
    pub guards: Guards,
    /// When each pool was last proven drained.
    pub drained: BTreeMap<PoolId, Stamped<Vec<String>>>,
    /// What each check last came to, as far as it was noted.
    pub checks: BTreeMap<CheckId, Stamped<CheckNoted>>,
    /// What each notifier gave for its newest telling, where later ones need it: a message, an incident.
    pub told: BTreeMap<NotifierId, String>,
    /// Steps whose way back was flown and verified, with what it took on each router.
    pub proven: BTreeMap<StepId, Stamped<WayBackProven>>,
    /// Connections that are being ended.
    pub ending: Vec<super::event::ConnectionsEnding>,
    /// How often connections were ended.
    pub endings: u32,
    /// Runs of deploy actions, in the order in which they were confirmed.
    pub actions: Vec<super::action::ActionRun>,
    /// What the version's tag was resolved to; kept once, never moved.
    pub version: Option<Stamped<Resolved>>,
    /// Tasks that are being cancelled.
    pub cancelling: Vec<super::event::TaskCancelling>,
    /// How often tasks were cancelled.
    pub cancellations: u32,
    /// Words for approvals, in the order in which they came.
    pub approvals: Vec<super::approval::Approval>,
    /// The acts of a way back, while they are being done (R7).
    pub unwinding: Option<super::unwind::Unwinding>,
    /// Routers that are left out of the rest of the plan, with the reason (D8).
    pub excluded: BTreeMap<RouterId, Stamped<String>>,
    /// Notes in order.
    pub notes: Vec<Stamped<String>>,
    /// When and how it ended.
    pub closed: Option<Stamped<String>>,
    /// What was left for after the end, as it stood at closing.
    pub follow_ups: Vec<FollowUp>,
}

/// What a check came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckNoted {
    /// Its verdict.
    pub verdict: Verdict,
    /// In a sentence.
    pub words: String,
    /// The first value in this session, of a check that compares with itself.
    pub first: Option<String>,
}

/// Something with who did it and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamped<T> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Operator,
    /// The entry that says so.
    pub entry: u64,
    /// What.
    pub what: T,
}

/// Who has the controls (C1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Controls {
    /// The holder.
    pub holder: ControlsTaken,
    /// The number of the entry that gave them.
    pub epoch: u64,
}

/// A cockpit aboard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Aboard {
    /// Its operator.
    pub operator: Operator,
    /// What it may do.
    pub seat: Seat,
    /// Its process.
    pub process: Process,
    /// Since when.
    pub at: Timestamp,
}

/// The controls, offered (C3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// To which cockpit.
    pub to: CockpitId,
    /// Its operator.
    pub operator: Operator,
    /// By whom.
    pub by: Operator,
    /// When.
    pub at: Timestamp,
    /// Where things are, what is open, what is red.
    pub summary: Vec<String>,
}

/// Somebody asks for the controls (C3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asking {
    /// The cockpit.
    pub cockpit: CockpitId,
    /// Its operator.
    pub by: Operator,
    /// When.
    pub at: Timestamp,
    /// The entry that says so.
    pub entry: u64,
    /// Why.
    pub reason: String,
}

/// A router that reads something else than the plan gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drifted {
    /// Since when.
    pub at: Timestamp,
    /// What it read.
    pub read: NativeSplit,
    /// Whether its process had been replaced: its runtime weights were lost.
    pub restarted: bool,
}

/// A step that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepDone {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Operator,
    /// How.
    pub how: StepEnd,
}

/// How a step came to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepEnd {
    /// Its change was verified on every router.
    Verified(ChangeId),
    /// A mark says so.
    Marked(StepMark),
    /// Its change was left partly done.
    Left(ChangeId),
}

/// One change and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// As confirmed.
    pub confirmed: Arc<ChangeConfirmed>,
    /// Where each router stands among the confirmed ones.
    pub(super) places: Arc<BTreeMap<RouterId, usize>>,
    /// Who confirmed, when, in which entry.
    pub at: Timestamp,
    /// By whom.
    pub by: Operator,
    /// The cockpit that sends it; `None` before the intent.
    pub intent: Option<Intent>,
    /// How many of its waves have an intent (D5); all at once is one.
    pub waves_sent: usize,
    /// Whether something came between its waves, a router that did not take it or drift: then none goes out by itself
    /// before a person answers.
    pub is_stopped: bool,
    /// Per router: attempt and what is known of it.
    pub outcomes: BTreeMap<RouterId, RouterOutcome>,
    /// Routers that it does not wait for: left out while it was in flight, or before a way back.
    pub excluded: BTreeSet<RouterId>,
    /// How it ended; `None` while it is in flight.
    pub settled: Option<(Timestamp, Settlement)>,
    /// Which stage of a way back it is, where that goes in stages.
    pub ramp: Option<Ramp>,
    /// What the counters said, per router and pool, newest last.
    pub observed: Vec<(RouterId, PoolId, Share, Agreement)>,
}

/// The right to send, as kept (D1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Intent {
    /// The only cockpit that sends.
    pub owner: CockpitId,
    /// The epoch.
    pub epoch: u64,
    /// After this nothing is sent any more.
    pub deadline: Timestamp,
}

/// What is known of a change on one router.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouterOutcome {
    /// Counts the attempts from 1.
    pub attempt: u32,
    /// What is known of the newest attempt; `None` between the intent and the first answer.
    pub outcome: Option<Outcome>,
    /// When that was learnt.
    pub at: Timestamp,
}

impl Change {
    /// Its id.
    pub fn id(&self) -> ChangeId {
        self.confirmed.change
    }

    /// What is sent to one router.
    pub fn order(&self, router: &RouterId) -> Option<&RouterOrder> {
        self.confirmed.routers.get(*self.places.get(router)?)
    }

    /// How long it took, from its intent to the last router's read-back; `None` where it was not verified.
    pub fn took(&self) -> Option<Duration> {
        let (at, how) = self.settled.as_ref()?;
        matches!(how, Settlement::Verified).then(|| at.since(self.at))
    }

    /// How long it took on one router.
    pub fn took_on(&self, router: &RouterId) -> Option<Duration> {
        let known = self.outcomes.get(router).filter(|known| known.outcome == Some(Outcome::Verified))?;
        Some(known.at.since(self.at))
    }

    /// Its routers that count: all but those that are left out.
    pub fn counted(&self) -> impl DoubleEndedIterator<Item = &RouterId> {
        let routers = self.confirmed.routers.iter().map(|order| &order.router);
        routers.filter(|router| !self.excluded.contains(*router))
    }

    /// Whether every router that counts is verified.
    pub fn is_verified(&self) -> bool {
        self.counted()
            .all(|router| self.outcomes.get(router).is_some_and(|known| known.outcome == Some(Outcome::Verified)))
    }

    /// Routers that count and are not verified, in order, with what is known. Those that wait for their wave are not among
    /// them.
    pub fn unfinished(&self) -> impl Iterator<Item = (&RouterId, Option<&RouterOutcome>)> {
        let waiting: BTreeSet<&RouterId> = self.waiting().collect();
        self.counted().map(|router| (router, self.outcomes.get(router))).filter(move |(router, known)| match known {
            Some(known) => known.outcome != Some(Outcome::Verified),
            None => !waiting.contains(router),
        })
    }

    /// The wave that has no intent yet and comes next, counted from 0; `None` once all are sent.
    pub fn next_wave(&self) -> Option<usize> {
        (self.waves_sent < self.confirmed.waves.count()).then_some(self.waves_sent)
    }

    /// Routers of waves that have no intent yet, in their order: nothing was sent to them.
    pub fn waiting(&self) -> impl Iterator<Item = &RouterId> {
        self.confirmed.waves.iter().skip(self.waves_sent).flatten()
    }

    /// Whether a router's wave has no intent yet.
    pub fn is_waiting(&self, router: &RouterId) -> bool {
        self.waiting().any(|waiting| waiting == router)
    }

    /// Whether every router of the waves that have an intent is verified: the barrier before the next one (D5).
    pub fn is_whole_so_far(&self) -> bool {
        self.confirmed
            .waves
            .iter()
            .take(self.waves_sent)
            .flatten()
            .filter(|router| !self.excluded.contains(*router))
            .all(|router| self.outcomes.get(router).is_some_and(|known| known.outcome == Some(Outcome::Verified)))
    }
}

impl Session {
    /// The way back in stages that is under way: its newest stage, verified, with nothing after it.
    pub fn ramp(&self) -> Option<&Ramp> {
        let newest = self.changes.last().filter(|change| change.took().is_some())?;
        newest.ramp.as_ref().filter(|ramp| !ramp.is_last())
    }

    /// The rollback that nothing came after, whatever became of it: going back once more is going back to the same.
    pub fn newest_rollback(&self) -> Option<&Change> {
        let newest = self.changes.last()?;
        matches!(newest.confirmed.kind, ChangeKind::Rollback { .. }).then_some(&**newest)
    }

    /// The change that is in flight: confirmed and not settled. At most one; a rollback supersedes it.
    pub fn in_flight(&self) -> Option<&Change> {
        self.changes.iter().rev().find(|change| change.settled.is_none()).map(Arc::as_ref)
    }

    /// One change.
    pub fn change(&self, id: ChangeId) -> Option<&Change> {
        self.changes.iter().rev().find(|change| change.id() == id).map(Arc::as_ref)
    }

    /// What a router is held against: what is expected of it; where it was left out when that was written down, what the
    /// newest change that is over asked of it.
    pub fn expects(&self, router: &RouterId) -> Option<&NativeSplit> {
        let asked = || {
            let over = self.changes.iter().rev().filter(|change| change.settled.is_some());
            over.filter_map(|change| change.order(router)).map(|order| &order.prepared.native).next()
        };
        self.expected.get(router).or_else(asked)
    }

    /// Whether no change was confirmed after this one.
    pub fn is_newest(&self, id: ChangeId) -> bool {
        self.changes.last().is_some_and(|change| change.id() == id)
    }

    /// Whether this cockpit has the controls.
    pub fn drives(&self, cockpit: CockpitId) -> bool {
        self.controls.as_ref().is_some_and(|controls| controls.holder.cockpit == cockpit)
    }

    /// The newest intent of another cockpit that nobody has seen the end of: of the change in flight, or of one that
    /// somebody else than its owner superseded: the owner may be stopped, and send on when it wakes.
    pub fn intent_of_others(&self, cockpit: CockpitId) -> Option<Intent> {
        let owner = |change: &Change| change.intent.map(|intent| intent.owner);
        let is_open = |change: &&Arc<Change>| match &change.settled {
            None => true,
            Some((_, Settlement::Superseded { by })) => self.change(*by).and_then(owner) != owner(change),
            Some((_, Settlement::Verified | Settlement::Left { .. } | Settlement::NothingSent)) => false,
        };
        let intents = self.changes.iter().filter(is_open).filter_map(|change| change.intent);
        intents.filter(|intent| intent.owner != cockpit).max_by_key(|intent| intent.deadline)
    }

    /// Whether its journal is kept on one host, so that a host of the same name is the same one.
    pub fn is_on_one_host(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.what.durability == crate::domain::Durability::Synced)
    }

    /// Whether it runs: opened and not closed.
    pub fn is_open(&self) -> bool {
        self.opened.is_some() && self.closed.is_none()
    }

    /// The digest of the profile that holds now.
    pub fn profile_digest(&self) -> Option<Digest> {
        self.reloaded
            .as_ref()
            .map(|(_, digest)| *digest)
            .or_else(|| self.opened.as_ref().map(|opened| opened.what.digest))
    }

    /// The profile's files that hold now.
    pub fn profile_files(&self) -> &[ProfileText] {
        match (&self.reloaded, &self.opened) {
            (Some((files, _)), _) => files,
            (None, Some(opened)) => &opened.what.files,
            (None, None) => &[],
        }
    }

    /// The first step of a plan that is not over.
    pub fn next_step<'a>(
        &self,
        plan: &'a [crate::domain::procedure::Step],
    ) -> Option<&'a crate::domain::procedure::Step> {
        plan.iter().find(|step| !self.steps.contains_key(&step.id))
    }

    /// The step of a plan that was last over: the one before the next step.
    pub fn last_step<'a>(
        &self,
        plan: &'a [crate::domain::procedure::Step],
    ) -> Option<&'a crate::domain::procedure::Step> {
        let next = plan.iter().position(|step| !self.steps.contains_key(&step.id)).unwrap_or(plan.len());
        next.checked_sub(1).and_then(|index| plan.get(index))
    }

    /// The step of a plan that gave the traffic what it has: the newest shift that is over and was not left out.
    pub fn newest_shift<'a>(
        &self,
        plan: &'a [crate::domain::procedure::Step],
    ) -> Option<&'a crate::domain::procedure::Step> {
        let next = plan.iter().position(|step| !self.steps.contains_key(&step.id)).unwrap_or(plan.len());
        let is_shift = |step: &&crate::domain::procedure::Step| {
            matches!(step.act, crate::domain::procedure::StepAct::Shift(_)) && !self.is_skipped(step)
        };
        plan.iter().take(next).rev().find(is_shift)
    }

    /// Whether a step was left out.
    pub fn is_skipped(&self, step: &crate::domain::procedure::Step) -> bool {
        self.steps.get(&step.id).is_some_and(|done| matches!(done.how, StepEnd::Marked(StepMark::Skipped { .. })))
    }

    /// The newest settled change that was verified everywhere, with its weights.
    pub fn last_verified(&self) -> Option<(&Change, &Weights)> {
        self.changes
            .iter()
            .rev()
            .find(|change| matches!(change.settled, Some((_, Settlement::Verified))))
            .map(|change| (change.as_ref(), &change.confirmed.to))
    }
}
