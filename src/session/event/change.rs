//! What is sent to routers or steps: changes, how they end, steps that are over, other acts that are sent.

use serde::{Deserialize, Serialize};

use super::super::proposal::{Confirmation, GateReport, Override, RouterOrder};
use super::super::second::Second;
use crate::domain::{ChangeId, CockpitId, Digest, PoolId, RouterId, Signed, StepId, Timestamp, Waves, Weights};

/// A change as it was confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangeConfirmed {
    /// The change.
    pub change: ChangeId,
    /// What sort of act it is.
    pub kind: ChangeKind,
    /// The weights that are asked for.
    pub to: Weights,
    /// Every router with what is sent to it.
    pub routers: Vec<RouterOrder>,
    /// In which order they are sent to (D5).
    #[serde(default, skip_serializing_if = "Waves::are_all_at_once")]
    pub waves: Waves,
    /// The gates as they stood at the moment of confirming.
    pub gates: Vec<GateReport>,
    /// Gates that were overridden, with reasons (F4).
    pub overrides: Vec<Override>,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// Digest of the proposal that the operator saw.
    pub digest: Digest,
    /// The traffic revision that it was bound to (B1).
    pub revision: u64,
    /// What let it through where it asks two people (F3).
    pub second: Second,
}

/// The sorts of change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum ChangeKind {
    /// The next step of the plan.
    Step {
        /// The step.
        step: StepId,
    },
    /// A shift that the plan does not hold.
    OffPlan,
    /// A drifted router is put back to what the plan gave it.
    PutBack,
    /// The way back (R1 to R7).
    Rollback {
        /// The change in flight that it supersedes.
        supersedes: Option<ChangeId>,
        /// Steps that are open again after it.
        reopens: Vec<StepId>,
    },
}

impl ChangeKind {
    /// Whether it moves the deployment forward, and so needs controls and gates.
    pub fn is_forward(&self) -> bool {
        match self {
            Self::Step { .. } | Self::OffPlan | Self::PutBack => true,
            Self::Rollback { .. } => false,
        }
    }
}

/// How a change ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "how", content = "detail", rename_all = "snake_case")]
pub enum Settlement {
    /// Verified on every router.
    Verified,
    /// Left partly done, with a reason (V4).
    Left {
        /// Why.
        reason: String,
    },
    /// A rollback took its place (R4).
    Superseded {
        /// The rollback.
        by: ChangeId,
    },
    /// Nothing of it was sent anywhere.
    NothingSent,
}

/// How a step stands when no change says so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "mark", content = "detail", rename_all = "snake_case")]
pub enum StepMark {
    /// A person did it and confirmed it.
    Done {
        /// The gates as they stood at the moment of confirming.
        gates: Vec<GateReport>,
        /// Gates that were overridden, with reasons (F4).
        overrides: Vec<Override>,
        /// What let it through where it asks two people (F3).
        second: Second,
        /// What its operator signed, where keys are named.
        signed: Option<Signed>,
    },
    /// Its action came to a good end.
    Acted {
        /// The act.
        act: ChangeId,
    },
    /// Of an act of a way back: its action did not end well, and the next one was gone on with.
    LeftFailed {
        /// The run.
        act: ChangeId,
        /// How it ended, as far as that is known.
        why: String,
    },
    /// Its target held already; nothing was sent (B4).
    AlreadySo,
    /// Left out, with a reason.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// Connections that are about to be ended: from here on, and until the deadline, the owner may send.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConnectionsEnding {
    /// The act.
    pub act: ChangeId,
    /// The router.
    pub router: RouterId,
    /// The pool.
    pub pool: PoolId,
    /// How many were listed, seen and confirmed.
    pub count: u32,
    /// Why.
    pub reason: String,
    /// The only cockpit that sends it (C4).
    pub owner: CockpitId,
    /// The epoch in which it was decided.
    pub epoch: u64,
    /// After this nothing of it is sent any more.
    pub deadline: Timestamp,
}

/// A task that is about to be cancelled: from here on, and until the deadline, the owner may send.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TaskCancelling {
    /// The act.
    pub act: ChangeId,
    /// The router.
    pub router: RouterId,
    /// The task, by the system's name for it.
    pub task: String,
    /// What it is, for people.
    pub what: String,
    /// The only cockpit that sends it (C4).
    pub owner: CockpitId,
    /// After this nothing of it is sent any more.
    pub deadline: Timestamp,
}

/// A way back that was flown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WayBackProven {
    /// The step.
    pub step: StepId,
    /// Its change.
    pub there: ChangeId,
    /// The rollback.
    pub back: ChangeId,
    /// What both took, router by router.
    pub routers: Vec<ProvenRouter>,
}

/// What a way there and back took on one router.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProvenRouter {
    /// The router.
    pub router: RouterId,
    /// From the intent of the way there to its read-back.
    pub there_ms: u64,
    /// From the intent of the way back to its read-back.
    pub back_ms: u64,
}
