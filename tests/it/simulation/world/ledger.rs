//! What the checks remember: a naive account of intents, requests, runs and writes, kept apart from the session's own fold.

use flightdeck::domain::RequestId;
use flightdeck::session::second::ConfirmationAsked;

use super::sign::Statement;
use super::stage::Told;
use super::*;

#[derive(Default)]
pub struct Ledger {
    /// When and by which clock each entry was decided.
    pub decided: BTreeMap<EntryId, Decided>,
    /// Every right to send, by change.
    pub intents: BTreeMap<ChangeId, Vec<Right>>,
    pub asked: BTreeMap<RequestId, Asked>,
    /// Confirmations of second persons, by entry.
    pub given: BTreeMap<u64, Given>,
    /// The run that holds now.
    pub run: Option<RunNow>,
    /// Who asks for the controls, and since when in true time.
    pub asking: Option<(CockpitId, u64)>,
    /// When a change was first written to a router in its newest attempt: the same weights sent again prove nothing more.
    pub written: BTreeMap<(ChangeId, RouterId), (u32, u64)>,
    /// Attempts of which a byte went out.
    pub bytes: BTreeSet<(ChangeId, RouterId, u32)>,
    /// Entries that move what proposals are bound to.
    pub moving: BTreeSet<u64>,
    /// Changes that the journal knows.
    pub confirmed: BTreeSet<ChangeId>,
    /// Routers that the journal has as verified, since when in true time.
    pub whole: BTreeMap<(ChangeId, RouterId), u64>,
    /// Changes between whose waves something came since the last intent.
    pub stopped: BTreeSet<ChangeId>,
    /// Waves that a person asked for, in which cockpit.
    pub waves_asked: BTreeSet<(CockpitId, ChangeId, usize)>,
    /// Notes, each asked for once.
    pub notes: BTreeSet<String>,
    pub statements: BTreeMap<String, Statement>,
}

/// A decision, at the moment at which it left its cockpit.
#[derive(Clone)]
pub struct Decided {
    pub wall: Timestamp,
    pub time: u64,
    pub skew_ms: u64,
    /// What stood against it, if it is kept.
    pub against: Option<Broken>,
    /// When the holder of the controls was last heard, and last touched a key.
    pub heard: Option<(u64, u64)>,
    /// What a rollback asks by the profile that the cockpit flew: one that was reloaded and not taken in yet keeps nobody
    /// from rolling back (R3).
    pub rollback: Friction,
    /// The profile that the cockpit flew, and what it had been told of each check.
    pub flown: Option<Digest>,
    pub told: BTreeMap<CheckId, Told>,
}

/// A right to send.
#[derive(Clone)]
pub struct Right {
    pub owner: CockpitId,
    /// `None`: every router of the change.
    pub routers: Option<Vec<RouterId>>,
    pub deadline: Timestamp,
    /// When it was decided, in true time.
    pub time: u64,
    pub kept: bool,
    pub entry: EntryId,
}

#[derive(Clone)]
pub struct Asked {
    pub by: Operator,
    pub cockpit: CockpitId,
    pub what: ConfirmationAsked,
}

#[derive(Clone)]
pub struct Given {
    pub by: Operator,
    pub cockpit: CockpitId,
    pub request: RequestId,
    pub digest: Digest,
    pub signed: Option<Signed>,
}

#[derive(Clone)]
pub struct RunNow {
    pub entry: u64,
    pub steps: Vec<StepId>,
    pub by: Operator,
    pub cockpit: CockpitId,
    pub digest: Digest,
    pub signed: Option<Signed>,
}

impl Right {
    pub fn covers(&self, router: &RouterId) -> bool {
        self.routers.as_ref().is_none_or(|routers| routers.contains(router))
    }
}

/// Whether an event moves what proposals are bound to: a change, controls, a step, a hold or accepted drift (B1).
pub fn moves(event: &Event, fold: &Session, by: CockpitId) -> bool {
    match event {
        Event::CockpitLeft { .. } => fold.drives(by),
        Event::SessionOpened(_)
        | Event::ControlsTaken(_)
        | Event::ChangeConfirmed(_)
        | Event::ChangeDispatched { .. }
        | Event::WaveDispatched { .. }
        | Event::ChangeRetried { .. }
        | Event::RouterAnswered { .. }
        | Event::ChangeSettled { .. }
        | Event::LateEffect { .. }
        | Event::DriftAccepted { .. }
        | Event::StepMarked { .. }
        | Event::ActionStarting(_)
        | Event::ActionUnknown { .. }
        | Event::ActionEnded { .. }
        | Event::RollbackActMarked(_)
        | Event::RouterExcluded(_)
        | Event::RouterIncluded { .. }
        | Event::Held { .. }
        | Event::HoldReleased { .. }
        | Event::ProfileReloaded { .. }
        | Event::SpillMerged(_)
        | Event::GuardsArmed { .. }
        | Event::GuardsDisarmed { .. }
        | Event::SessionClosed { .. } => true,
        _ => false,
    }
}

/// Whether an event ends a confirmed run of steps (F3).
pub fn ends_run(event: &Event, run: &RunNow, by: CockpitId) -> bool {
    match event {
        Event::Held { .. }
        | Event::DriftNoticed { .. }
        | Event::DriftAccepted { .. }
        | Event::LateEffect { .. }
        | Event::ProfileReloaded { .. }
        | Event::SpillMerged(_)
        | Event::SessionClosed { .. }
        | Event::GuardTripped { .. }
        | Event::RollbackActMarked(_)
        | Event::RunEnded { .. }
        | Event::StepMarked { mark: StepMark::Skipped { .. }, .. } => true,
        Event::ChangeSettled { how, .. } => *how != Settlement::Verified,
        Event::ChangeConfirmed(confirmed) => {
            !matches!(confirmed.kind, ChangeKind::Step { .. }) || !confirmed.overrides.is_empty()
        }
        Event::CockpitLeft { .. } => run.cockpit == by,
        _ => false,
    }
}

impl World {
    /// Notes rights to send that were decided, in the journal or beside it.
    pub fn note_intents(&mut self, owner_of_spill: CockpitId, events: &[Event], entry: EntryId) {
        let time = self.ledger.decided.get(&entry).map_or(self.time, |decided| decided.time);
        let beside = !self.ledger.decided.contains_key(&entry);
        for event in events {
            let (change, owner, deadline, routers) = match event {
                Event::ChangeDispatched { change, owner, deadline, routers, .. } => {
                    (change, owner, deadline, (!routers.is_empty()).then(|| routers.clone()))
                }
                Event::WaveDispatched { change, owner, deadline, routers, .. }
                | Event::ChangeRetried { change, owner, deadline, routers, .. } => {
                    (change, owner, deadline, Some(routers.clone()))
                }
                _ => continue,
            };
            debug_assert!(!beside || *owner == owner_of_spill);
            let right = Right { owner: *owner, routers, deadline: *deadline, time, kept: !beside, entry };
            self.ledger.intents.entry(*change).or_default().push(right);
        }
    }
}
