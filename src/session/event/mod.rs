//! What happened. Past tense, stored for good, never rewritten.
//!
//! Adjacently tagged, no flattened and no untagged part, no float in what binds: the stored form must read the same in
//! every later version.
//!
//! Parts: `change`, `opening`, `spill` and `told` have what the larger events hold.

mod change;
mod opening;
mod spill;
mod told;

use serde::{Deserialize, Serialize};

pub use change::{
    ChangeConfirmed, ChangeKind, ConnectionsEnding, ProvenRouter, Settlement, StepMark, TaskCancelling, WayBackProven,
};
pub use opening::{ControlsTaken, Process, ProfileText, RouterBaseline, SessionOpened};
pub use spill::{SpillMerged, Spilled};
pub use told::{CheckAnswered, Told};

use super::action::{ActionCancelling, ActionStarting};
use super::approval::{ApprovalGiven, ApprovalReported};
use super::guard::{Acted, GuardBaseline};
use super::item::{Attached, Calling, ItemRun, Reading, Ticking};
use super::second::{ConfirmationAsked, RunConfirmed, Second};
use super::unwind::{RollbackActMarked, RouterExcluded};
use crate::domain::action::ActionEnd;
use crate::domain::due::FollowUp;
use crate::domain::ramp::Ramp;
use crate::domain::reading::Identity;
use crate::domain::share::Agreement;
use crate::domain::version::Resolved;
use crate::domain::{
    ActionId, ApprovalId, ChangeId, CockpitId, Digest, GuardId, ItemId, NativeSplit, Operator, Outcome, PoolId,
    RequestId, RouterId, Seat, Share, Signed, SourceId, StepId, Timestamp,
};

/// One thing that happened in a session.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The session began (J7).
    SessionOpened(Box<SessionOpened>),
    /// A cockpit has the controls from this entry on; the entry's number is the epoch (C1).
    ControlsTaken(ControlsTaken),
    /// A cockpit came aboard; it binds nothing.
    CockpitJoined {
        /// What it may do.
        seat: Seat,
        /// Its process.
        process: Process,
    },
    /// A cockpit left; controls that it had are free (C1).
    CockpitLeft {
        /// Why.
        why: String,
    },
    /// The holder of the controls offers them to another cockpit (C3).
    ControlsOffered {
        /// To which one.
        to: CockpitId,
        /// Its operator.
        operator: Operator,
        /// Where things are, what is open, what is red.
        summary: Vec<String>,
    },
    /// The offer is over without having been taken.
    OfferEnded {
        /// Why.
        why: String,
    },
    /// A cockpit asks for the controls (C3).
    ControlsAsked {
        /// Why.
        reason: String,
    },
    /// The asking is over without the controls having changed hands.
    AskingEnded {
        /// Why.
        why: String,
    },
    /// Another person is asked to confirm an act (F3).
    ConfirmationAsked(Box<ConfirmationAsked>),
    /// Another person confirmed it.
    ConfirmationGiven {
        /// The request.
        request: RequestId,
        /// The digest that was on their screen.
        digest: Digest,
        /// Routers that they read themselves, from the same process as the request was bound to.
        looked: Vec<RouterId>,
        /// What was signed, where keys are named.
        signed: Option<Signed>,
    },
    /// Another person refused it.
    ConfirmationRefused {
        /// The request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// The request is over without an act: withdrawn, void or lapsed.
    ConfirmationEnded {
        /// The request.
        request: RequestId,
        /// Why.
        why: String,
    },
    /// Another person confirmed a run of planned steps (F3).
    RunConfirmed(Box<RunConfirmed>),
    /// The run is over before its last step.
    RunEnded {
        /// Why.
        why: String,
    },
    /// What was decided while cut off from the journal, taken in as fact (R5).
    SpillMerged(Box<SpillMerged>),
    /// A rollback, which never waits for a signature, was signed after it (R3).
    RollbackSigned {
        /// The rollback.
        change: ChangeId,
        /// What was signed.
        signed: Signed,
    },
    /// The splits as read at opening were accepted as where the plan starts; drift is measured from here.
    BaselineAccepted {
        /// Each router's split and identity as read.
        routers: Vec<RouterBaseline>,
    },
    /// What guards compare with was measured, before the first change.
    BaselineMeasured {
        /// A value for each guard that has one, per pool where it is of pools.
        guards: Vec<GuardBaseline>,
    },
    /// Guards may roll back by themselves from here on: in this cockpit, in this epoch, once (G1).
    GuardsArmed {
        /// Which.
        guards: Vec<GuardId>,
        /// The epoch.
        epoch: u64,
    },
    /// No guard rolls back by itself any more.
    GuardsDisarmed {
        /// Why.
        why: String,
    },
    /// A guard had its breaches.
    GuardTripped {
        /// The guard.
        guard: GuardId,
        /// Its evidence: `1.4 % > 1 % on blue, 3 in a row`.
        words: String,
        /// What it did.
        acted: Acted,
    },
    /// A guard is red before the first change: it would never trip.
    GuardConfessed {
        /// The guard.
        guard: GuardId,
        /// Its evidence.
        words: String,
    },
    /// A guard that had tripped or was red at the start is so no more: quiet, or counting anew.
    GuardCalmed {
        /// The guard.
        guard: GuardId,
    },
    /// A change was confirmed by its operators.
    ChangeConfirmed(Box<ChangeConfirmed>),
    /// The intent: from here on, and until the deadline, the owner may send (D1).
    ChangeDispatched {
        /// The change.
        change: ChangeId,
        /// The only cockpit that sends it (C4).
        owner: CockpitId,
        /// The epoch in which it was decided.
        epoch: u64,
        /// After this nothing of it is sent any more.
        deadline: Timestamp,
        /// The routers of the first wave; empty where the change goes to all of its routers at once.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        routers: Vec<RouterId>,
    },
    /// A later wave of a change is sent (D5); an intent of its own.
    WaveDispatched {
        /// The change.
        change: ChangeId,
        /// Which one, counted from 1; the first wave goes with the change itself.
        wave: u32,
        /// Its routers.
        routers: Vec<RouterId>,
        /// The only cockpit that sends it.
        owner: CockpitId,
        /// The epoch.
        epoch: u64,
        /// After this nothing of it is sent any more.
        deadline: Timestamp,
    },
    /// Routers of a change are sent to once more (V4); an intent of its own.
    ChangeRetried {
        /// The change.
        change: ChangeId,
        /// The routers.
        routers: Vec<RouterId>,
        /// The only cockpit that sends it.
        owner: CockpitId,
        /// The epoch.
        epoch: u64,
        /// The new deadline.
        deadline: Timestamp,
    },
    /// What became of a change on one router (V1).
    RouterAnswered {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// Counts the attempts from 1.
        attempt: u32,
        /// What is known.
        outcome: Outcome,
    },
    /// A change is over.
    ChangeSettled {
        /// The change.
        change: ChangeId,
        /// How.
        how: Settlement,
    },
    /// A router applied a change after its time-out (V3).
    LateEffect {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// What it reads now.
        read: NativeSplit,
    },
    /// A router's weights are not what the plan gave it.
    DriftNoticed {
        /// The router.
        router: RouterId,
        /// What it should be.
        expected: NativeSplit,
        /// What it is.
        read: NativeSplit,
        /// Whether it is another process than before: then its runtime weights were lost, not changed by somebody.
        restarted: bool,
    },
    /// A drifted router is back at what the plan gave it.
    DriftEnded {
        /// The router.
        router: RouterId,
    },
    /// An operator took a drifted router's weights as they are.
    DriftAccepted {
        /// The router.
        router: RouterId,
        /// What it is now expected to be.
        native: NativeSplit,
        /// Why.
        reason: String,
    },
    /// A router is another process than before.
    RouterRestarted {
        /// The router.
        router: RouterId,
        /// Who answered before.
        was: Identity,
        /// Who answers now.
        is: Identity,
    },
    /// A plan step is over without a change of its own: done by a person, already so, or skipped.
    StepMarked {
        /// The step.
        step: StepId,
        /// How it stands now.
        mark: StepMark,
    },
    /// A checklist item was ticked.
    ItemTicked {
        /// The item.
        item: ItemId,
        /// Its text, so that the journal can be read alone.
        text: String,
        /// How it came to that, where it was more than a key.
        #[serde(default, skip_serializing_if = "Ticking::is_plain")]
        ticking: Ticking,
    },
    /// A tick was taken back; the history keeps both.
    ItemUnticked {
        /// The item.
        item: ItemId,
        /// Its text.
        text: String,
    },
    /// Somebody wrote something down. Binds nothing (J6).
    NoteAdded {
        /// What.
        text: String,
    },
    /// Log lines were attached as evidence by an operator.
    LinesAttached {
        /// Their source.
        source: SourceId,
        /// The lines, masked as on the screen.
        lines: Vec<String>,
    },
    /// Forward acts are stopped until the hold is released (C2).
    Held {
        /// Why.
        reason: String,
    },
    /// The hold is over.
    HoldReleased {
        /// Why.
        reason: String,
    },
    /// What a check came to: its first verdict, another one than before, or one that an operator asked for. Binds nothing
    /// (B2).
    CheckAnswered(Box<CheckAnswered>),
    /// People outside were told of something, or could not be. Binds nothing (J6).
    Told(Box<Told>),
    /// The intent to end connections that linger in a pool without weight (D6).
    ConnectionsEnding(Box<ConnectionsEnding>),
    /// What became of that.
    ConnectionsEnded {
        /// The act.
        act: ChangeId,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// How many are known to have been ended.
        count: u32,
        /// Why they were to be ended.
        reason: String,
        /// What the router said, for people.
        how: String,
    },
    /// The intent to cancel a task of a slow system (R6).
    TaskCancelling(Box<TaskCancelling>),
    /// What became of that.
    TaskCancelled {
        /// The act.
        act: ChangeId,
        /// The router.
        router: RouterId,
        /// The task, by the system's name for it.
        task: String,
        /// What the system said and what was read after it, for people.
        how: String,
    },
    /// The intent to start a deploy action.
    ActionStarting(Box<ActionStarting>),
    /// Its system took it.
    ActionStarted {
        /// The act.
        act: ChangeId,
        /// What its system knows it by; nothing secret.
        handle: String,
        /// Where people look at it.
        link: Option<String>,
    },
    /// No whole answer came: it may or may not run.
    ActionUnknown {
        /// The act.
        act: ChangeId,
        /// What was seen instead of an answer.
        why: String,
    },
    /// A deploy action is over.
    ActionEnded {
        /// The act.
        act: ChangeId,
        /// The action.
        action: ActionId,
        /// How.
        end: ActionEnd,
        /// The last lines of its log, masked.
        log: Vec<String>,
    },
    /// The intent to cancel a deploy action.
    ActionCancelling(Box<ActionCancelling>),
    /// What its system said to that.
    ActionCancelAnswered {
        /// The act of cancelling.
        act: ChangeId,
        /// The act that is cancelled.
        of: ChangeId,
        /// The action.
        action: ActionId,
        /// What its system said, for people.
        how: String,
    },
    /// Somebody gave their approval (F7).
    ApprovalGiven(Box<ApprovalGiven>),
    /// Somebody noted that an approval was given elsewhere: reported, not verified.
    ApprovalReported(Box<ApprovalReported>),
    /// A word for an approval was taken back.
    ApprovalWithdrawn {
        /// The approval.
        approval: ApprovalId,
        /// Whose word it was.
        by: Operator,
        /// Why.
        reason: String,
    },
    /// An act of a way back is over (R7).
    RollbackActMarked(Box<RollbackActMarked>),
    /// A router is left out of the rest of the plan (D8).
    RouterExcluded(Box<RouterExcluded>),
    /// A router that was left out is part of the plan again; told with the change that brings it to the others.
    RouterIncluded {
        /// The router.
        router: RouterId,
    },
    /// The version's tag was resolved to a digest (D9).
    VersionResolved(Box<Resolved>),
    /// A rollback is a stage of a way back in stages; told with its confirmation.
    RampStage {
        /// The rollback.
        change: ChangeId,
        /// Which stage of which way.
        ramp: Ramp,
        /// What the checks between the stages said against it, where a person went on all the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        despite: Vec<String>,
    },
    /// How long a rollback's traffic took, from its intent to its last read-back.
    RollbackTimed {
        /// The rollback.
        change: ChangeId,
        /// What it took.
        took_ms: u64,
        /// What was declared.
        declared_ms: u64,
    },
    /// A step's way back was flown, there and back, and verified on every router.
    WayBackProven(Box<WayBackProven>),
    /// A pool's drain was proven.
    PoolDrained {
        /// The pool.
        pool: PoolId,
        /// Each line of evidence, for people.
        evidence: Vec<String>,
    },
    /// The counters said something about a change's real split (V2).
    SplitObserved {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// Requests of this pool and of all since the change.
        share: Share,
        /// The word.
        agreement: Agreement,
    },
    /// The profile was read again, by a confirmed act.
    ProfileReloaded {
        /// The files as read.
        files: Vec<ProfileText>,
        /// Digest over them.
        digest: Digest,
        /// What let it through where it asks two people (F3).
        second: Second,
        /// What its operator signed, where keys are named.
        signed: Option<Signed>,
    },
    /// The session is over.
    SessionClosed {
        /// What the operator said it came to.
        outcome: String,
        /// Each router's split at closing.
        routers: Vec<RouterBaseline>,
        /// What is left to do, a sentence each: where weights that live in memory only are made permanent.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
        /// What is to be done after the end, by when; each may be ticked after the session is closed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        follow_ups: Vec<FollowUp>,
    },
    /// The command of an item is run (I2).
    ItemRun(Box<ItemRun>),
    /// An item is read aloud and answered (I3).
    ItemRead(Box<Reading>),
    /// Evidence was attached to an item.
    ItemProven(Box<Attached>),
    /// The time that an item waits for was begun by a key.
    ItemWaiting {
        /// The item.
        item: ItemId,
        /// Its text.
        text: String,
    },
    /// People are called (I4).
    Calling(Box<Calling>),
}

impl Event {
    /// The change that it confirms, if it does.
    pub fn confirms(&self) -> Option<ChangeId> {
        if let Self::ChangeConfirmed(confirmed) = self { Some(confirmed.change) } else { None }
    }
}
