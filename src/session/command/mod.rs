//! What may be asked of a session. Imperative; answered by events or a refusal.
//!
//! What a decision is judged from is in `evidence`.

mod evidence;

use std::time::Duration;

pub use evidence::{Evidence, SoakEvidence};

use super::duty::Duty;
use super::event::{
    CheckAnswered, ControlsTaken, Process, ProfileText, RouterBaseline, SessionOpened, SpillMerged, Told,
};
use super::guard::GuardBaseline;
use super::proposal::{Confirmation, Override, Proposal};
use super::second::AskedAct;
use super::stage::ByItself;
use super::wave::Rest;
use crate::domain::action::ActionEnd;
use crate::domain::outcome::Outcome;
use crate::domain::ramp::Ramp;
use crate::domain::share::Agreement;
use crate::domain::version::Resolved;
use crate::domain::{
    ApprovalId, ChangeId, CheckId, CockpitId, Digest, GuardId, ItemId, NativeSplit, Now, Operator, PoolId, RequestId,
    RouterId, Seat, Share, Signed, SourceId, StepId,
};

/// A command with who asks it, from which cockpit and when (F5).
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// Who asks.
    pub actor: Operator,
    /// From which cockpit.
    pub cockpit: CockpitId,
    /// What that cockpit may do (C2).
    pub seat: Seat,
    /// How far its clock is from the store's, in milliseconds (S2).
    pub skew_ms: u64,
    /// How long ago this cockpit saw the newest intent of the change in flight, by its own clock; `None` when it saw none.
    pub intent_seen: Option<Duration>,
    /// When.
    pub now: Now,
    /// What.
    pub command: Command,
}

/// What may be asked.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Begin.
    Open {
        /// What the session is about.
        opened: Box<SessionOpened>,
        /// Who gets the controls.
        controls: ControlsTaken,
    },
    /// Take the controls from a process that is provably gone (C4).
    TakeBack {
        /// The new holder.
        controls: ControlsTaken,
        /// The cockpit whose process does not run any more, as the runtime found it: nobody else's controls are taken.
        gone: Option<CockpitId>,
    },
    /// Come aboard.
    Join {
        /// What the cockpit may do.
        seat: Seat,
        /// Its process.
        process: Process,
    },
    /// Leave; controls that the cockpit has become free.
    LeaveSession {
        /// Why.
        why: String,
    },
    /// Offer the controls to another cockpit (C3).
    Offer {
        /// To which one.
        to: CockpitId,
        /// Its operator.
        operator: Operator,
        /// Where things are, what is open, what is red.
        summary: Vec<String>,
    },
    /// Take the controls that were offered.
    AcceptOffer {
        /// The new holder.
        controls: ControlsTaken,
    },
    /// Take the offer back, or refuse it.
    EndOffer {
        /// Why.
        why: String,
    },
    /// Ask for the controls (C3).
    AskControls {
        /// Why.
        reason: String,
    },
    /// Withdraw the asking, or refuse it.
    EndAsking {
        /// Why.
        why: String,
    },
    /// Take the controls from a silent holder (C3).
    TakeOver {
        /// The new holder.
        controls: ControlsTaken,
        /// The entry of this cockpit's asking.
        asking: u64,
        /// How long ago it saw that kept.
        waited: Duration,
        /// How long ago the holder's process was last heard.
        silent: Duration,
        /// How long ago the holder last touched a key.
        away: Duration,
    },
    /// Ask another person to confirm an act (F3).
    AskSecond {
        /// The request.
        request: RequestId,
        /// What.
        act: Box<AskedAct>,
        /// Overridden gates.
        overrides: Vec<Override>,
        /// How the driver confirmed it.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// Confirm as the second person.
    GiveSecond {
        /// The request.
        request: RequestId,
        /// The digest that was on the screen.
        digest: Digest,
        /// How.
        confirmation: Confirmation,
        /// What this cockpit knows now.
        evidence: Evidence,
    },
    /// Refuse as the second person.
    RefuseSecond {
        /// The request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// End a request without an act: withdrawn, void, lapsed.
    EndSecond {
        /// The request.
        request: RequestId,
        /// Why.
        why: String,
    },
    /// Confirm a run of planned steps as the second person (F3).
    ConfirmRun {
        /// The steps.
        steps: Vec<StepId>,
        /// How.
        confirmation: Confirmation,
    },
    /// End a run.
    EndRun {
        /// Why.
        why: String,
    },
    /// Take in what was decided while cut off (R5).
    MergeSpill {
        /// All of it.
        spill: Box<SpillMerged>,
    },
    /// Add the signature of a rollback (R3).
    SignRollback {
        /// The rollback.
        change: ChangeId,
        /// What was signed.
        signed: Signed,
    },
    /// Take the splits as read for the plan's start.
    AcceptBaseline {
        /// Every router.
        routers: Vec<RouterBaseline>,
    },
    /// Confirm and dispatch a proposal.
    Confirm {
        /// The proposal.
        proposal: Box<Proposal>,
        /// Overridden gates.
        overrides: Vec<Override>,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// Confirm and dispatch a rollback. Superseding and taking the controls are part of it (C2, R4).
    RollBack {
        /// What is sent where.
        proposal: Box<Proposal>,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// The asker's process, for the controls.
        controls: ControlsTaken,
        /// Whether the journal does not answer, so that it goes into the spill (R5).
        cut_off: bool,
        /// Which stage of a way back in stages it is; `None` where it goes at once.
        ramp: Option<Ramp>,
        /// Checks between the stages that were seen not to pass, and that it goes on despite; none where no person looked.
        despite: Vec<CheckId>,
        /// What a stage goes with that goes by itself; `None` where a person confirmed it.
        by_itself: Option<ByItself>,
        /// What is known now.
        evidence: Evidence,
    },
    /// Note what guards compare with, before the first change.
    MeasureBaseline {
        /// A value for each guard that has one.
        guards: Vec<GuardBaseline>,
    },
    /// Let guards roll back by themselves (G1).
    ArmGuards {
        /// Which.
        guards: Vec<GuardId>,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Let no guard roll back by itself any more.
    DisarmGuards {
        /// Why.
        why: String,
    },
    /// Note that a guard tripped and did not roll back.
    NoteTripped {
        /// The guard.
        guard: GuardId,
        /// Its evidence.
        words: String,
        /// Why it rang although it was armed; `None` where it was not.
        because: Option<String>,
    },
    /// Note that a guard is red before the first change.
    NoteConfessed {
        /// The guard.
        guard: GuardId,
        /// Its evidence.
        words: String,
    },
    /// Note that a guard that was red is quiet again.
    NoteCalmed {
        /// The guard.
        guard: GuardId,
    },
    /// An armed guard rolls back (G1).
    FireGuard {
        /// The guard.
        guard: GuardId,
        /// The evidence of its trip.
        words: String,
        /// Whether it is red at this moment.
        is_red: bool,
        /// A pool that the way back raises breaches the same limit, in words (G2).
        others: Option<String>,
        /// What is sent where.
        proposal: Box<Proposal>,
        /// What is known now.
        evidence: Evidence,
    },
    /// Send the next wave of the change in flight (D5).
    SendWave {
        /// The change.
        change: ChangeId,
        /// The wave, counted from 0.
        wave: usize,
        /// Whether a person asks for it; else the flight goes on by itself.
        by_key: bool,
        /// The time since the waves before it became whole.
        rest: Rest,
        /// What is known now.
        evidence: Evidence,
    },
    /// Send once more to routers of the change in flight (V4).
    Retry {
        /// The change.
        change: ChangeId,
        /// The routers.
        routers: Vec<RouterId>,
    },
    /// Note what became of a change on a router.
    NoteOutcome {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// The attempt.
        attempt: u32,
        /// What is known.
        outcome: Outcome,
    },
    /// Leave a change partly done (V4).
    Leave {
        /// The change.
        change: ChangeId,
        /// Why.
        reason: String,
    },
    /// A router's weights are not, or are again, what the plan gave it, or what a change that is over asked of it (V3).
    NoteDrift {
        /// The router.
        router: RouterId,
        /// What it reads.
        read: NativeSplit,
        /// Whether it is another process than before.
        restarted: bool,
    },
    /// A router is another process than before.
    NoteRestart {
        /// The router.
        router: RouterId,
        /// Who answered before.
        was: crate::domain::reading::Identity,
        /// Who answers now.
        is: crate::domain::reading::Identity,
    },
    /// Take a drifted router's weights as they are.
    AcceptDrift {
        /// The router.
        router: RouterId,
        /// What it reads.
        read: NativeSplit,
        /// Why.
        reason: String,
    },
    /// Mark a shift step whose target every router holds already (B4).
    MarkAlreadySo {
        /// What would be sent; every router reads it already.
        proposal: Box<Proposal>,
        /// What is known now.
        evidence: Evidence,
    },
    /// Confirm a deploy step or a pause as done by a person.
    CompleteStep {
        /// The step.
        step: StepId,
        /// Overridden gates.
        overrides: Vec<Override>,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// Leave a step out.
    SkipStep {
        /// The step.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// Tick an item.
    Tick {
        /// The item.
        item: ItemId,
    },
    /// Take a tick back.
    Untick {
        /// The item.
        item: ItemId,
    },
    /// Write something down.
    AddNote {
        /// What.
        text: String,
    },
    /// Attach log lines as evidence.
    AttachLines {
        /// Their source.
        source: SourceId,
        /// The lines.
        lines: Vec<String>,
    },
    /// Stop forward acts.
    Hold {
        /// Why.
        reason: String,
    },
    /// Allow them again.
    ReleaseHold {
        /// Why.
        reason: String,
    },
    /// Note what a check came to.
    NoteCheck(Box<CheckAnswered>),
    /// Note what people outside were told.
    NoteTold(Box<Told>),
    /// End connections that linger in a pool without weight (D6).
    EndConnections {
        /// The act.
        act: ChangeId,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// How many were listed.
        count: u32,
        /// Why.
        reason: String,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// Note what became of that.
    NoteConnectionsEnded {
        /// The act.
        act: ChangeId,
        /// How many were ended.
        count: u32,
        /// What the router said, for people.
        how: String,
    },
    /// Cancel a task of a slow system (R6).
    CancelTask {
        /// The act.
        act: ChangeId,
        /// The router.
        router: RouterId,
        /// The task, by the system's name for it.
        task: String,
        /// What it is, for people.
        what: String,
        /// Whether flightdeck started it.
        is_ours: bool,
        /// The task that could be cancelled by the newest reading.
        running: Option<String>,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Note what became of that.
    NoteTaskCancelled {
        /// The act.
        act: ChangeId,
        /// What the system said and what was read after it, for people.
        how: String,
    },
    /// Start the next step's action.
    StartAction {
        /// The act.
        act: ChangeId,
        /// The step.
        step: StepId,
        /// Each request as it was shown.
        requests: Vec<String>,
        /// What differs between running and coming, as it was shown.
        differences: Vec<String>,
        /// Overridden gates.
        overrides: Vec<Override>,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// Note that its system took it.
    NoteActionStarted {
        /// The act.
        act: ChangeId,
        /// What its system knows it by.
        handle: String,
        /// Where people look at it.
        link: Option<String>,
    },
    /// Note that no whole answer came.
    NoteActionUnknown {
        /// The act.
        act: ChangeId,
        /// What was seen instead of an answer.
        why: String,
    },
    /// Note that it is over.
    NoteActionEnded {
        /// The act.
        act: ChangeId,
        /// How.
        end: ActionEnd,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// Cancel an action that runs.
    CancelAction {
        /// The act of cancelling.
        act: ChangeId,
        /// The act that is cancelled.
        of: ChangeId,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Note what its system said to that.
    NoteActionCancel {
        /// The act of cancelling.
        act: ChangeId,
        /// What it said, for people.
        how: String,
    },
    /// Give one's approval (F7).
    Approve {
        /// The approval.
        approval: ApprovalId,
        /// What it is about, as it was on the screen.
        about: Digest,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Note that somebody approved elsewhere: reported, not verified.
    ReportApproval {
        /// The approval.
        approval: ApprovalId,
        /// Whose word it is.
        by: Operator,
        /// Where it can be looked at.
        link: String,
    },
    /// Take a word for an approval back.
    WithdrawApproval {
        /// The approval.
        approval: ApprovalId,
        /// Whose word it is.
        by: Operator,
        /// Why.
        reason: String,
    },
    /// Go on with the next act of a way back, although the action of this one did not end well (R7).
    PassRollbackAct {
        /// The act.
        act: StepId,
    },
    /// Leave a router out of the rest of the plan (D8).
    ExcludeRouter {
        /// The router.
        router: RouterId,
        /// Why.
        reason: String,
    },
    /// Note what the version's tag was resolved to.
    NoteVersion(Box<Resolved>),
    /// Note how long a rollback took.
    NoteRollbackTime {
        /// The rollback.
        change: ChangeId,
        /// What the profile declares, where it does.
        declared_ms: Option<u64>,
    },
    /// Note that a pool's drain is proven.
    NoteDrained {
        /// The pool.
        pool: PoolId,
        /// Each line of evidence.
        evidence: Vec<String>,
    },
    /// Note what the counters say about a change.
    NoteObserved {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// Counted since the change.
        share: Share,
        /// The word.
        agreement: Agreement,
    },
    /// Take a changed profile in.
    ReloadProfile {
        /// The files.
        files: Vec<ProfileText>,
        /// Their digest.
        digest: Digest,
        /// Names of pools and routers that the new profile has, in order; they must be the same ones.
        same_routers: bool,
        /// How it is confirmed.
        confirmation: Confirmation,
        /// What is known now.
        evidence: Evidence,
    },
    /// End the session.
    Close {
        /// What it came to.
        outcome: String,
        /// Every router as read.
        routers: Vec<RouterBaseline>,
        /// What is left to do, a sentence each.
        left: Vec<String>,
    },
    /// Something about items beside their ticks, or about calling people.
    Duty(Box<Duty>),
}
