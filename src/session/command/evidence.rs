//! What a decision is judged from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::proposal::GateState;
use super::Command;
use crate::domain::check::Verdict;
use crate::domain::drain::DrainState;
use crate::domain::version::Seen;
use crate::domain::{CheckId, CockpitId, GuardId, PoolId, Reading, RouterId, Signer};

/// What the flight knows at the moment of deciding; gates are judged from it (B2).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evidence {
    /// Each router's newest fresh reading. A router without one is missing.
    pub readings: BTreeMap<RouterId, Arc<Reading>>,
    /// Requests per second over all routers and pools; `None` where no router counts them.
    pub traffic: Option<f64>,
    /// How each pool's drain stands, with the evidence in words.
    pub drains: BTreeMap<PoolId, (DrainState, String)>,
    /// How each check that was asked stands, with the evidence in words; one that is stale or still being tried is
    /// inconclusive.
    pub checks: BTreeMap<CheckId, (Verdict, String)>,
    /// What the version's tag points to.
    pub version: Seen,
    /// The soak of the step last done: how long so far and how long it must be; `None` when none runs.
    pub soak: Option<SoakEvidence>,
    /// How each guard stands, with the evidence in words (G1 to G4).
    pub guards: BTreeMap<GuardId, (GateState, String)>,
    /// Cockpits that were heard within the time of silence (J6).
    pub present: BTreeSet<CockpitId>,
    /// Signatures that were checked against the profile's keys, by the entry that holds them; a reason where it does not
    /// hold.
    pub signers: BTreeMap<u64, Result<Signer, String>>,
    /// The key of this cockpit's own operator, where keys are named.
    pub own_key: Option<Signer>,
}

/// How a soak stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SoakEvidence {
    /// So far.
    pub held: Duration,
    /// Needed.
    pub needed: Duration,
}

impl Command {
    /// What the flight knew when it was asked, where a decision is judged from that.
    pub fn evidence_mut(&mut self) -> Option<&mut Evidence> {
        match self {
            Self::AskSecond { evidence, .. }
            | Self::GiveSecond { evidence, .. }
            | Self::Confirm { evidence, .. }
            | Self::RollBack { evidence, .. }
            | Self::FireGuard { evidence, .. }
            | Self::SendWave { evidence, .. }
            | Self::MarkAlreadySo { evidence, .. }
            | Self::CompleteStep { evidence, .. }
            | Self::StartAction { evidence, .. }
            | Self::EndConnections { evidence, .. }
            | Self::ReloadProfile { evidence, .. } => Some(evidence),
            Self::Open { .. }
            | Self::TakeBack { .. }
            | Self::Join { .. }
            | Self::LeaveSession { .. }
            | Self::Offer { .. }
            | Self::AcceptOffer { .. }
            | Self::EndOffer { .. }
            | Self::AskControls { .. }
            | Self::EndAsking { .. }
            | Self::TakeOver { .. }
            | Self::RefuseSecond { .. }
            | Self::EndSecond { .. }
            | Self::ConfirmRun { .. }
            | Self::EndRun { .. }
            | Self::MergeSpill { .. }
            | Self::SignRollback { .. }
            | Self::AcceptBaseline { .. }
            | Self::MeasureBaseline { .. }
            | Self::ArmGuards { .. }
            | Self::DisarmGuards { .. }
            | Self::NoteTripped { .. }
            | Self::NoteConfessed { .. }
            | Self::NoteCalmed { .. }
            | Self::Retry { .. }
            | Self::NoteOutcome { .. }
            | Self::Leave { .. }
            | Self::NoteDrift { .. }
            | Self::NoteRestart { .. }
            | Self::AcceptDrift { .. }
            | Self::SkipStep { .. }
            | Self::Tick { .. }
            | Self::Untick { .. }
            | Self::AddNote { .. }
            | Self::AttachLines { .. }
            | Self::Hold { .. }
            | Self::ReleaseHold { .. }
            | Self::NoteCheck(_)
            | Self::NoteTold(_)
            | Self::NoteConnectionsEnded { .. }
            | Self::CancelTask { .. }
            | Self::NoteTaskCancelled { .. }
            | Self::NoteActionStarted { .. }
            | Self::NoteActionUnknown { .. }
            | Self::NoteActionEnded { .. }
            | Self::CancelAction { .. }
            | Self::NoteActionCancel { .. }
            | Self::Approve { .. }
            | Self::ReportApproval { .. }
            | Self::WithdrawApproval { .. }
            | Self::PassRollbackAct { .. }
            | Self::ExcludeRouter { .. }
            | Self::NoteVersion(_)
            | Self::NoteRollbackTime { .. }
            | Self::NoteDrained { .. }
            | Self::NoteObserved { .. }
            | Self::Close { .. }
            | Self::Duty(_) => None,
        }
    }
}
