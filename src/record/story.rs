//! The parts of a record.

use serde::Serialize;

use super::action::ActionStory;
use super::approval::ApprovalStory;
use super::crew::{Asked, BrokenGlass, Came, CutOff, Drove, RunStory, SignatureStory};
use super::loud::{Following, Incident, Overridden};
use crate::domain::check::Verdict;
use crate::domain::share::Agreement;
use crate::domain::version::Resolved;
use crate::domain::{
    ChangeId, CheckId, CockpitId, Digest, Durability, ItemId, NativeSplit, Operator, Outcome, PoolId, RouterId,
    SessionId, Share, Shares, SourceId, StepId, Timestamp, Weights, Why,
};
use crate::session::event::{ChangeKind, Settlement};
use crate::session::proposal::{Confirmation, GateReport, Override};
use crate::session::second::Second;

/// One deployment, told.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Story {
    /// The record's format.
    pub record: u32,
    /// The session.
    pub session: SessionId,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The version that ran; empty when not said.
    pub from_version: String,
    /// The version that was to run; empty when not said.
    pub to_version: String,
    /// What its tag was resolved to, where the profile asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
    /// Why it was opened, as the operator said: the ticket and the reason.
    #[serde(skip_serializing_if = "Why::is_empty")]
    pub why: Why,
    /// When it was planned to begin, as the operator said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<Timestamp>,
    /// The program that opened the session.
    pub flightdeck: String,
    /// Digest of the profile that holds at the end.
    pub profile: Digest,
    /// Pools in the profile's order; every list of shares keeps it.
    pub pools: Vec<PoolStory>,
    /// Routers in the profile's order.
    pub routers: Vec<RouterStory>,
    /// The opening.
    pub opened: Act,
    /// The closing; null while the session is unclosed.
    pub closed: Option<Ending>,
    /// What the chain says.
    pub chain: ChainStory,
    /// What the names are worth: `proven` where something was signed and every signature that is there or that the profile
    /// wants was checked and holds, else `claims`. Ticks, holds and notes are never signed: their names are claims.
    pub names: &'static str,
    /// How safe a kept entry was when the session was opened.
    pub durability: Durability,
    /// Whether nobody else could join.
    pub private: bool,
    /// What one person did alone that asks two.
    pub broken_glass: Vec<BrokenGlass>,
    /// What was done while cut off from the journal.
    pub cut_off: Vec<CutOff>,
    /// Who drove, in order.
    pub drove: Vec<Drove>,
    /// Which cockpits were aboard, in the order in which they came.
    pub aboard: Vec<Came>,
    /// What second persons were asked.
    pub asked: Vec<Asked>,
    /// Runs of steps that second persons confirmed.
    pub runs: Vec<RunStory>,
    /// Words for approvals, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ApprovalStory>,
    /// The signatures.
    pub signatures: Vec<SignatureStory>,
    /// Gates that were overridden to complete steps done by people.
    pub step_overrides: usize,
    /// Every gate that was overridden, in order: also those of steps and actions.
    pub overrides: Vec<Overridden>,
    /// What went wrong, in order.
    pub incidents: Vec<Incident>,
    /// Everything in its order, one row per act; what came of a change stands in the change's row.
    pub timeline: Vec<Row>,
    /// The changes in the order in which they were confirmed.
    pub changes: Vec<ChangeStory>,
    /// The deploy actions in the order in which they were confirmed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionStory>,
    /// The steps in the order in which they ended.
    pub steps: Vec<StepStory>,
    /// Items as they stand at the end, in the order in which they were first ticked.
    pub checklist: Vec<Ticked>,
    /// What is to be done after the end, as the session was closed, and whether it was.
    pub follow_ups: Vec<Following>,
    /// What checks came to, in order.
    pub checks: Vec<Checked>,
    /// Proven drains.
    pub drains: Vec<Drained>,
    /// Attached log lines.
    pub lines: Vec<Attached>,
    /// Notes.
    pub notes: Vec<Said>,
    /// What is left open at the end, one sentence each.
    pub left_open: Vec<String>,
    /// Kinds of events that were skipped because this version does not know them.
    pub skipped: Vec<String>,
}

impl Story {
    /// When the first change or deploy action was confirmed; `None` where there was none.
    pub fn began(&self) -> Option<Timestamp> {
        let changed = self.changes.first().map(|change| change.confirmed.at);
        let acted = self.actions.first().map(|action| action.confirmed.at);
        changed.into_iter().chain(acted).min()
    }
}

/// Who did something, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Act {
    /// The entry that says so.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Operator,
}

/// A pool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PoolStory {
    /// Its name.
    pub pool: PoolId,
    /// Its mark.
    pub mark: String,
}

/// A router.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RouterStory {
    /// Its name.
    pub router: RouterId,
    /// Its kind.
    pub kind: String,
}

/// The closing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ending {
    /// Who and when.
    pub act: Act,
    /// What it came to.
    pub outcome: String,
    /// Each router's shares at closing.
    pub routers: Vec<NamedShares>,
}

/// A router's shares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NamedShares {
    /// The router.
    pub router: RouterId,
    /// Its shares.
    pub shares: Shares,
}

/// What the chain says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChainStory {
    /// How many entries were read and checked.
    pub entries: u64,
    /// The hash of the last of them.
    pub head: Digest,
    /// Where and how it breaks; null where it was checked up to its end.
    pub broken: Option<String>,
}

/// One row of the timeline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// The entry.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who; null for what was noticed and not done by anybody here.
    pub by: Option<Operator>,
    /// What.
    pub what: String,
    /// What came of it, or why.
    pub came: String,
    /// The change that it belongs to, as its place in `changes`, from 1.
    pub change: Option<usize>,
    /// Whether it was done while cut off from the journal; `entry` is then the one that brought it in.
    pub cut_off: bool,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeStory {
    /// Its place in the record, from 1.
    pub number: usize,
    /// Its id.
    pub change: ChangeId,
    /// The sort of act.
    pub kind: ChangeKind,
    /// The weights that were asked for.
    pub to: Weights,
    /// Who confirmed it, and when.
    pub confirmed: Act,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// The key that signed it, `SHA256:…`; null where it was not signed. See `signatures` for whether it holds.
    pub key: Option<String>,
    /// What let it through where it asks two people: `not_asked`, `given`, `run`, `alone`, as in the journal.
    pub second: Second,
    /// Digest of the proposal.
    pub digest: Digest,
    /// The cockpit that sends it; null where it was never dispatched.
    pub owner: Option<CockpitId>,
    /// After this nothing of it was to be sent.
    pub deadline: Option<Timestamp>,
    /// The gates as they stood when it was confirmed.
    pub gates: Vec<GateReport>,
    /// Gates that were overridden, with reasons.
    pub overrides: Vec<Override>,
    /// Its waves in order; empty where it went to all routers at once.
    pub waves: Vec<WaveStory>,
    /// The pause between two waves, in milliseconds.
    pub between_ms: u64,
    /// Per router: what was asked and what came of it.
    pub routers: Vec<RouterChange>,
    /// How it ended; null while it is in flight.
    pub settled: Option<Settled>,
}

/// One wave of a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WaveStory {
    /// Its routers.
    pub routers: Vec<RouterId>,
    /// Who sent it, and when; null where it never went out.
    pub sent: Option<Act>,
}

/// A change on one router.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RouterChange {
    /// The router.
    pub router: RouterId,
    /// Its shares as the operator saw them; null for a rollback of a router without a reading.
    pub before: Option<Shares>,
    /// Its native weights then.
    pub native_before: Option<NativeSplit>,
    /// The shares that the native weights give.
    pub after: Shares,
    /// The native weights that were asked for.
    pub native: NativeSplit,
    /// The requests exactly as they were to be sent, secrets masked.
    pub requests: Vec<String>,
    /// What came of each attempt.
    pub attempts: Vec<Attempt>,
    /// What the counters said, the newest of each pool.
    pub observed: Vec<ObservedShare>,
    /// When it took the change after its time-out.
    pub late: Option<Late>,
}

/// One attempt to send.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Attempt {
    /// Counts from 1.
    pub attempt: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// When the router said yes.
    pub accepted: Option<Timestamp>,
    /// The newest that is known.
    pub outcome: Option<Outcome>,
    /// Since when.
    pub known: Option<Timestamp>,
}

/// What the counters said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ObservedShare {
    /// The pool.
    pub pool: PoolId,
    /// Its requests of all since the change.
    pub share: Share,
    /// The word.
    pub agreement: Agreement,
    /// When.
    pub at: Timestamp,
}

/// A late effect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Late {
    /// When it was noticed.
    pub at: Timestamp,
    /// What it reads.
    pub shares: Shares,
}

/// How a change ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Settled {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: Settlement,
}

/// A step that is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StepStory {
    /// The step.
    pub step: StepId,
    /// How it ended: `verified`, `left partly done`, `rolled back`, `nothing sent`, `done`, `already so`, `skipped`.
    pub how: &'static str,
    /// Why, where a reason was given.
    pub reason: String,
    /// When its change was confirmed; the same as its end where it had none.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// By whom.
    pub by: Operator,
    /// How long its split was kept until the next change or the end, in milliseconds; null where that is not over.
    pub held_ms: Option<u64>,
    /// Whether a rollback opened it again.
    pub reopened: bool,
}

/// A checklist item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ticked {
    /// The item.
    pub item: ItemId,
    /// Its text.
    pub text: String,
    /// Whether it is ticked at the end.
    pub ticked: bool,
    /// The newest tick, or the newest taking back.
    pub act: Act,
    /// How often a tick was taken back.
    pub taken_back: u32,
}

/// A proven drain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Drained {
    /// The pool.
    pub pool: PoolId,
    /// When.
    pub at: Timestamp,
    /// Each line of evidence.
    pub evidence: Vec<String>,
}

/// What a check came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Checked {
    /// Whose cockpit noted it, and when.
    pub act: Act,
    /// The check.
    pub check: CheckId,
    /// What it came to.
    pub verdict: Verdict,
    /// In a sentence.
    pub words: String,
    /// Each line of evidence.
    pub evidence: Vec<String>,
}

/// Log lines as evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Attached {
    /// Who and when.
    pub act: Act,
    /// Their source.
    pub source: SourceId,
    /// The lines.
    pub lines: Vec<String>,
}

/// A note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Said {
    /// Who and when.
    pub act: Act,
    /// What.
    pub text: String,
}
