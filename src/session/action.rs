//! A run of a deploy action, as the journal has it.

use serde::{Deserialize, Serialize};

use super::proposal::{Confirmation, GateReport, Override};
use super::second::Second;
use super::state::{Session, Stamped};
use crate::domain::action::{Acting, ActionEnd};
use crate::domain::procedure::Step;
use crate::domain::{ActionId, ChangeId, CockpitId, PoolId, StepId, Timestamp};

/// The intent to start an action: from here on, and until the deadline, the owner may send (D1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActionStarting {
    /// The act.
    pub act: ChangeId,
    /// The step that runs it.
    pub step: StepId,
    /// The action.
    pub action: ActionId,
    /// The pool that it touches.
    pub pool: PoolId,
    /// The key that its system knows it by.
    pub key: String,
    /// Each request as it was shown and is sent.
    pub requests: Vec<String>,
    /// What differs between running and coming, as it was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// The gates as they stood at the moment of confirming.
    pub gates: Vec<GateReport>,
    /// Gates that were overridden, with reasons (F4).
    pub overrides: Vec<Override>,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// What let it through where it asks two people (F3).
    pub second: Second,
    /// The only cockpit that sends it (C4).
    pub owner: CockpitId,
    /// The epoch in which it was decided.
    pub epoch: u64,
    /// After this nothing of it is sent any more.
    pub deadline: Timestamp,
    /// Whether it is an act of a way back; `step` is then the act's name (R7).
    #[serde(default, skip_serializing_if = "is_forward")]
    pub unwinds: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what the serialiser gives")]
fn is_forward(unwinds: &bool) -> bool {
    !unwinds
}

/// An action that is about to be cancelled: from here on, and until the deadline, the owner may send.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActionCancelling {
    /// The act of cancelling.
    pub act: ChangeId,
    /// The act that is cancelled.
    pub of: ChangeId,
    /// The action.
    pub action: ActionId,
    /// The only cockpit that sends it (C4).
    pub owner: CockpitId,
    /// After this nothing of it is sent any more.
    pub deadline: Timestamp,
}

/// One run of an action and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionRun {
    /// As it was confirmed.
    pub intent: Stamped<ActionStarting>,
    /// How far it is.
    pub stage: ActionStage,
    /// Where people look at it.
    pub link: Option<String>,
    /// The cancelling of it that is under way.
    pub cancelling: Option<ActionCancelling>,
}

/// How far a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActionStage {
    /// Its intent is kept; nobody has said more.
    Starting,
    /// Its system took it.
    Running {
        /// What it is asked about by.
        handle: String,
    },
    /// No whole answer came: it may or may not run.
    Unknown {
        /// What was seen instead of an answer.
        why: String,
    },
    /// It is over.
    Ended {
        /// When that was learnt.
        at: Timestamp,
        /// How.
        end: ActionEnd,
        /// The last lines of its log.
        log: Vec<String>,
    },
}

impl ActionRun {
    /// Its act.
    pub fn act(&self) -> ChangeId {
        self.intent.what.act
    }

    /// Whether it is known to be over.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, ActionStage::Ended { .. })
    }

    /// Whether it runs, or is about to.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, ActionStage::Starting | ActionStage::Running { .. })
    }

    /// What its adapter is told.
    pub fn acting(&self, session: &Session) -> Acting {
        let versions = session.opened.as_ref().map(|opened| (&opened.what.from_version, &opened.what.to_version));
        let ActionStarting { key, pool, .. } = &self.intent.what;
        Acting {
            key: key.clone(),
            pool: pool.to_string(),
            from_version: versions.map(|(from, _)| from.clone()).unwrap_or_default(),
            to_version: versions.map(|(_, to)| to.clone()).unwrap_or_default(),
            digest: session.digest().to_owned(),
        }
    }
}

impl Session {
    /// The newest run of a step's action; of an act of a way back, only of the one that is being flown.
    pub fn run_of(&self, step: &Step) -> Option<&ActionRun> {
        let run = self.actions.iter().rev().find(|run| run.intent.what.step == step.id)?;
        let since = || self.unwinding.as_ref().map(|unwinding| unwinding.since);
        (!run.intent.what.unwinds || since().is_some_and(|since| run.intent.entry >= since)).then_some(run)
    }

    /// How often a step's action was started.
    pub fn tries_of(&self, step: &Step) -> usize {
        self.actions.iter().filter(|run| run.intent.what.step == step.id).count()
    }

    /// One run.
    pub fn action_run(&self, act: ChangeId) -> Option<&ActionRun> {
        self.actions.iter().rev().find(|run| run.act() == act)
    }

    /// The run that is not known to be over, and whose step is not: it may be touching its pool.
    pub fn action_in_flight(&self) -> Option<&ActionRun> {
        let newest = self.actions.last()?;
        (!newest.is_over() && !self.steps.contains_key(&newest.intent.what.step)).then_some(newest)
    }

    /// Whether an action touches this pool, or may.
    pub fn is_touched(&self, pool: &PoolId) -> bool {
        self.action_in_flight().is_some_and(|run| run.intent.what.pool == *pool)
    }
}
