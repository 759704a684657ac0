//! The acts of a way back after its traffic (R7): in order, each confirmed, followed to its end; and what they come to.
//!
//! A list begins with a rollback of the traffic, or with its first act where there is no traffic to move, and is over once
//! the deployment goes forward again. Nothing of it stands in the way of the traffic.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::StepMark;
use super::state::{Session, StepEnd};
use crate::domain::procedure::RollbackAct;
use crate::domain::{ChangeId, Procedure, RouterId, StepId, Timestamp};

/// The acts of the way back that is being flown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwinding {
    /// The entry that began it.
    pub since: u64,
    /// When.
    pub at: Timestamp,
    /// Acts that are over, by whatever way.
    pub over: BTreeSet<StepId>,
}

/// An act of a way back is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RollbackActMarked {
    /// The act.
    pub act: StepId,
    /// Its title, so that the journal can be read alone.
    pub name: String,
    /// How it stands now.
    pub mark: StepMark,
    /// Steps of the plan that are open again after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopens: Vec<StepId>,
}

/// A router is left out of the rest of the plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RouterExcluded {
    /// The router.
    pub router: RouterId,
    /// Why.
    pub reason: String,
    /// The change in flight that does not wait for it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeId>,
}

/// How an act of a way back stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActStanding {
    /// Nothing was done for it yet.
    Open,
    /// Its action runs, or is about to.
    Runs,
    /// Its action ended badly, or nobody knows whether it runs.
    Failed,
    /// Its action came to a good end, or a person did it.
    Done,
    /// It was left out, or left as it ended.
    LeftOut,
}

impl Session {
    /// The first act of a way back that is not over.
    pub fn next_rollback_act<'p>(&self, procedure: &'p Procedure) -> Option<&'p RollbackAct> {
        procedure.rollback.iter().find(|act| !self.steps.contains_key(&act.step.id))
    }

    /// How an act of the way back stands.
    pub fn act_standing(&self, act: &RollbackAct) -> ActStanding {
        match self.steps.get(&act.step.id).map(|done| &done.how) {
            Some(StepEnd::Marked(StepMark::Skipped { .. } | StepMark::LeftFailed { .. }) | StepEnd::Left(_)) => {
                ActStanding::LeftOut
            }
            Some(StepEnd::Marked(StepMark::Done { .. } | StepMark::Acted { .. } | StepMark::AlreadySo)) => {
                ActStanding::Done
            }
            Some(StepEnd::Verified(_)) => ActStanding::Done,
            None => match self.run_of(&act.step) {
                Some(run) if run.is_running() => ActStanding::Runs,
                Some(_) => ActStanding::Failed,
                None => ActStanding::Open,
            },
        }
    }

    /// What is left to do of a way back, a sentence each: acts that are open or were left as they ended.
    pub fn unwinding_left(&self, procedure: &Procedure) -> Vec<String> {
        if self.unwinding.is_none() {
            return Vec::new();
        }
        let each = procedure.rollback.iter().filter_map(|act| {
            let name = &act.step.name;
            match self.act_standing(act) {
                ActStanding::Done => None,
                ActStanding::LeftOut => match self.steps.get(&act.step.id).map(|done| &done.how) {
                    Some(StepEnd::Marked(StepMark::LeftFailed { why, .. })) => {
                        Some(format!("{name}, of the way back, was left as it ended: {why}"))
                    }
                    Some(StepEnd::Marked(StepMark::Skipped { reason })) => {
                        Some(format!("{name}, of the way back, was skipped: {reason}"))
                    }
                    Some(_) | None => Some(format!("{name}, of the way back, was left out")),
                },
                ActStanding::Open | ActStanding::Runs | ActStanding::Failed => {
                    Some(format!("{name}, of the way back, is not done"))
                }
            }
        });
        each.collect()
    }
}
