//! What a flight is told.

use std::sync::Arc;

use super::effect::Notice;
use crate::domain::action::{ActionLook, Description, Started};
use crate::domain::check::Answer;
use crate::domain::connection::{Connection, Ended};
use crate::domain::log::{Delivery, LogBatch};
use crate::domain::metric::{Look, Past};
use crate::domain::notify::Notified;
use crate::domain::pairing::Sightings;
use crate::domain::parcel::Parcel;
use crate::domain::procedure::Procedure;
use crate::domain::{
    ChangeId, CheckId, CockpitId, Digest, EntryId, ItemId, NativeSplit, NotifierId, Now, Outcome, PoolId, Prepared,
    Presence, Reading, Refused, RequestId, RouterId, Signed, Signer, SourceId, StepId, Trouble, Weights,
};
use crate::entry::Entry;
use crate::session::event::{ControlsTaken, ProfileText, SessionOpened, SpillMerged};
use crate::session::proposal::{Confirmation, Override};

/// A message: an answer to an effect, the passing of time, or what an operator asks.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    /// Time has passed.
    Tick,
    /// Answers [`super::Effect::Read`].
    RouterRead {
        /// The router.
        router: RouterId,
        /// The read's number; a later read has a higher one.
        poll: u64,
        /// When the read began; what it says is at least as old.
        began: Now,
        /// What it said.
        result: Result<Arc<Reading>, Trouble>,
    },
    /// A look at a metric source.
    Looked {
        /// The source.
        source: SourceId,
        /// When the look began.
        began: Now,
        /// What it gave.
        look: Look,
    },
    /// What a metric source remembers of the time before it was first looked at.
    Remembered {
        /// The source.
        source: SourceId,
        /// When it was asked.
        began: Now,
        /// What it remembers.
        past: Vec<Past>,
    },
    /// Answers [`super::Effect::AskCheck`].
    CheckAnswered {
        /// The check.
        check: CheckId,
        /// The question's number.
        request: u64,
        /// When it was asked; what it says is at least as old.
        began: Now,
        /// What was answered.
        answer: Box<Answer>,
    },
    /// Answers [`super::Effect::Notify`].
    Notified {
        /// The notifier.
        notifier: NotifierId,
        /// Which telling.
        key: String,
        /// What came of it.
        came: Box<Notified>,
    },
    /// Answers [`super::Effect::Prepare`].
    Prepared {
        /// The request's number.
        request: u64,
        /// The router.
        router: RouterId,
        /// What would be sent.
        result: Result<Prepared, Refused>,
    },
    /// Answers [`super::Effect::Send`].
    SetAnswered {
        /// The change.
        change: ChangeId,
        /// The router.
        router: RouterId,
        /// The attempt.
        attempt: u32,
        /// What is known from the answer alone: never verified.
        outcome: Outcome,
    },
    /// Answers [`super::Effect::Append`].
    Appended {
        /// The entry.
        entry: EntryId,
        /// What the store said.
        answer: Appended,
    },
    /// Entries of the journal in order with their hashes, from a follower or in answer to [`super::Effect::ReadJournal`]. Those that were
    /// seen already are ignored.
    Followed {
        /// The entries.
        entries: Vec<(Entry, Digest)>,
        /// Whether these answer a read: the journal held no more at that moment.
        is_tail: bool,
    },
    /// The record of the session that was closed here was written to files, or could not be: what its operator is told.
    RecordWritten(Notice),
    /// The journal is not followed at the moment.
    JournalAway {
        /// Why, for people.
        why: String,
    },
    /// The journal cannot be read on: another format, a broken chain. Read-only from here; rollback stays possible.
    JournalBroken {
        /// Why, for people.
        why: String,
    },
    /// A sign of life of a cockpit of this session, this one's own too (J6).
    Present(Presence),
    /// What another cockpit read of a metered source, or this one's own come back (J6).
    Shared(Box<Parcel>),
    /// How far this host's clock is from the store's, in milliseconds; `None` while that is not known (S2).
    Clock {
        /// Ours minus the store's.
        offset_ms: Option<i64>,
    },
    /// Answers [`super::Effect::Sign`].
    Signed {
        /// The request's number.
        request: u64,
        /// The signature, or why there is none.
        result: Result<Signed, String>,
    },
    /// Answers [`super::Effect::CheckSignature`].
    SignatureChecked {
        /// The entry that holds it.
        entry: u64,
        /// Whose it is, or why it does not count.
        result: Result<Signer, String>,
    },
    /// Answers [`super::Effect::Spill`].
    Spilled {
        /// The entry.
        entry: EntryId,
        /// Its hash in the spill's chain, or why it could not be written.
        result: Result<Digest, String>,
    },
    /// A spill of an earlier cockpit of this host was found at opening (R5).
    SpillFound(Box<SpillMerged>),
    /// Answers [`super::Effect::ListConnections`].
    ConnectionsListed {
        /// The request's number.
        request: u64,
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
        /// When it was asked.
        began: Now,
        /// The connections, or why they are not known.
        result: Result<Vec<Connection>, Trouble>,
    },
    /// Answers [`super::Effect::EndConnections`].
    ConnectionsEnded {
        /// The act.
        act: ChangeId,
        /// What became of it.
        ended: Ended,
    },
    /// Requests and answers were told among lines of a log source; before the [`Msg::LogSeen`] of the same lines.
    Sighted(Vec<Sightings>),
    /// So many messages about logs or metrics were dropped before they came here, whosever they were.
    TelemetryLost {
        /// How many.
        count: u64,
    },
    /// Answers [`super::Effect::CancelTask`].
    TaskCancelAnswered {
        /// The act.
        act: ChangeId,
        /// What the system said.
        outcome: Outcome,
    },
    /// Answers [`super::Effect::DescribeAction`].
    ActionDescribed {
        /// The request's number.
        request: u64,
        /// What it would send, or why that cannot be told.
        result: Result<Description, Trouble>,
    },
    /// Answers [`super::Effect::StartAction`].
    ActionAnswered {
        /// The act.
        act: ChangeId,
        /// What its system said.
        started: Started,
    },
    /// Answers [`super::Effect::LookAction`].
    ActionLooked {
        /// The question's number.
        request: u64,
        /// The act.
        act: ChangeId,
        /// When it was asked; what it says is at least as old.
        began: Now,
        /// What its system said.
        look: Box<ActionLook>,
    },
    /// Answers [`super::Effect::CancelAction`].
    ActionCancelAnswered {
        /// The act of cancelling.
        act: ChangeId,
        /// What its system said.
        outcome: Outcome,
    },
    /// This cockpit read lines of a metered log. Answered by [`super::Effect::Lines`].
    LinesRead(Box<LogBatch>),
    /// Lines of a log source were counted.
    LogSeen {
        /// The source.
        source: SourceId,
        /// What they say about its traffic.
        delivery: Delivery,
    },
    /// A log source follows, or does not.
    LogState {
        /// The source.
        source: SourceId,
        /// Why it does not follow; `None` when it does.
        trouble: Option<String>,
    },
    /// The profile on disk is not the one that is flown; `None` when it is again.
    ProfileDiffers {
        /// What is on disk now, checked.
        changed: Option<Box<ChangedProfile>>,
    },
    /// An operator asks.
    Ask(Ask),
}

/// A profile that changed on disk.
#[derive(Clone, PartialEq, Debug)]
pub enum ChangedProfile {
    /// It can be flown.
    Good {
        /// The checked procedure.
        procedure: Arc<Procedure>,
        /// Its files.
        files: Vec<ProfileText>,
    },
    /// It has problems.
    Bad {
        /// The first of them.
        why: String,
    },
}

/// What the store said to an append (J1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It is kept, durably.
    Kept {
        /// Its hash.
        hash: Digest,
    },
    /// Another entry has that number.
    Conflict {
        /// The store's last number.
        head: u64,
    },
    /// Nothing was kept.
    Unavailable {
        /// Why.
        why: String,
    },
    /// It may have been kept.
    Unknown {
        /// What came instead of an answer.
        why: String,
    },
}

/// What an operator asks of the flight.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// Begin a session.
    Open {
        /// What it is about.
        opened: Box<SessionOpened>,
        /// Who gets the controls.
        controls: ControlsTaken,
    },
    /// Go on with an unclosed session.
    Resume {
        /// Who wants the controls.
        controls: ControlsTaken,
        /// Whether the process that has them is provably gone.
        holder_gone: bool,
    },
    /// Watch the routers closely for a while: a person is at the keys.
    LookClosely,
    /// List the connections of a pool on a router.
    ListConnections {
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
    },
    /// End connections as they were listed (D6).
    EndConnections {
        /// Which ones, and why.
        end: Box<super::connection::EndConnections>,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Cancel a task of a slow system, as it was shown (R6).
    CancelTask {
        /// Which one.
        cancel: Box<super::task::CancelTask>,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Work out what the next step's action would send, for the dialog that confirms it.
    DescribeAction,
    /// Cancel a deploy action that runs.
    CancelAction {
        /// Its act.
        of: ChangeId,
        /// How it is confirmed.
        confirmation: Confirmation,
    },
    /// Propose the next step of the plan.
    ProposeStep,
    /// Propose weights that the plan does not hold.
    ProposeShift(Weights),
    /// Propose putting a drifted router back.
    ProposePutBack(RouterId),
    /// Propose the way back.
    ProposeRollback(WayBackChoice),
    /// Drop the proposal. Nothing is sent.
    Withdraw,
    /// Confirm the proposal.
    Confirm {
        /// How.
        confirmation: Confirmation,
        /// Overridden gates.
        overrides: Vec<Override>,
    },
    /// Complete the next step, which is a person's work.
    CompleteStep {
        /// How.
        confirmation: Confirmation,
        /// Overridden gates.
        overrides: Vec<Override>,
    },
    /// Leave the next step out.
    SkipStep {
        /// Why.
        reason: String,
    },
    /// Send the change in flight once more to routers that do not hold it.
    Retry(Vec<RouterId>),
    /// Send the next wave of the change in flight.
    SendWave,
    /// Leave the change in flight partly done.
    Leave {
        /// Why.
        reason: String,
    },
    /// Let the guards that may roll back do so by themselves (G1).
    ArmGuards {
        /// How.
        confirmation: Confirmation,
    },
    /// Let none do so any more.
    DisarmGuards,
    /// Take a drifted router as it is.
    AcceptDrift {
        /// The router.
        router: RouterId,
        /// What was seen.
        read: NativeSplit,
        /// Why.
        reason: String,
    },
    /// Tick an item, or take the tick back.
    ToggleItem(ItemId),
    /// Ask these checks now, until they are settled.
    RunChecks(Vec<CheckId>),
    /// Tell people outside again what could not be told.
    TellAgain,
    /// Add a note.
    Note(String),
    /// Attach log lines.
    Attach {
        /// Their source.
        source: SourceId,
        /// The lines.
        lines: Vec<String>,
    },
    /// Hold the deployment.
    Hold {
        /// Why.
        reason: String,
    },
    /// Release the hold.
    ReleaseHold {
        /// Why.
        reason: String,
    },
    /// Take the changed profile in.
    ReloadProfile {
        /// How.
        confirmation: Confirmation,
    },
    /// Come aboard a session that runs.
    Join,
    /// Leave it; controls become free (S1).
    LeaveSession {
        /// Why.
        why: String,
    },
    /// Offer the controls to another cockpit (C3).
    Offer {
        /// To which one.
        to: CockpitId,
    },
    /// Take the controls that are offered to this cockpit.
    AcceptOffer,
    /// Take the offer back, or refuse it.
    EndOffer,
    /// Ask for the controls.
    AskControls {
        /// Why.
        reason: String,
    },
    /// Withdraw the asking, or refuse it.
    EndAsking,
    /// Take the controls from a silent holder.
    TakeOver,
    /// Confirm as the second person what is asked.
    Give {
        /// The request.
        request: RequestId,
        /// The digest that was on the screen.
        digest: Digest,
        /// How.
        confirmation: Confirmation,
    },
    /// Refuse it.
    Refuse {
        /// The request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Confirm the next steps of the plan at once, as the second person.
    ConfirmRun {
        /// The steps.
        steps: Vec<StepId>,
        /// How.
        confirmation: Confirmation,
    },
    /// End a run of steps that was confirmed.
    EndRun {
        /// Why.
        why: String,
    },
    /// Point at something, on the others' screens too; `None` points no more.
    Point(Option<String>),
    /// Say which request is on this screen.
    LookAt(Option<Digest>),
    /// Close the session.
    Close {
        /// What it came to.
        outcome: String,
    },
}

/// The ways back that the rollback dialog offers (R1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WayBackChoice {
    /// The step's `back_to`, else the splits before the step. After a rollback that nothing followed: the same once more.
    #[default]
    Step,
    /// There in stages, each verified before the next (R8): the first of them, or the one that comes next.
    Ramp,
    /// From where a rollback went to, one step further.
    Further,
    /// Everything off the pools that run the new version.
    OffNew,
}
