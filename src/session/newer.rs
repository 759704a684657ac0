//! Pools that a way back by traffic may not raise: their version is being changed, or is not known to be the old one (R2).

use std::collections::BTreeSet;

use super::action::ActionStage;
use super::command::Evidence;
use super::event::StepMark;
use super::flaw::{self, Flaw};
use super::proposal::RouterOrder;
use super::state::{Session, StepEnd};
use crate::domain::action::ActionEnd;
use crate::domain::procedure::StepAct;
use crate::domain::share::Share;
use crate::domain::{BasisPoints, NativeSplit, PoolId, Procedure, RouterId, Weights};

/// A pool that a way back would raise, and why it must not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Raises {
    /// The pool.
    pub pool: PoolId,
    /// What is known of its version: `is being deployed to`.
    pub why: &'static str,
}

impl Raises {
    /// In a sentence.
    pub fn words(&self) -> String {
        format!("that would raise {}, which {}", self.pool, self.why)
    }
}

impl Session {
    /// What is known of a pool's version, where that is not that it is the old one: an action touches it, one on it did not
    /// end well, or its deploy step is done. A deploy step that is open again after an act of a way back counts no more.
    pub fn newer(&self, procedure: &Procedure, pool: &PoolId) -> Option<&'static str> {
        if self.is_touched(pool) {
            return Some("is being deployed to");
        }
        let of_pool = |act: &StepAct| matches!(act, StepAct::Deploy { pool: of, .. } if of == pool);
        let steps = procedure.plan.iter().filter(|step| of_pool(&step.act));
        let mut marks = steps.filter_map(|step| match &self.steps.get(&step.id)?.how {
            StepEnd::Marked(mark) => Some(mark),
            StepEnd::Verified(_) | StepEnd::Left(_) => None,
        });
        let is_done = |mark: &StepMark| matches!(mark, StepMark::Done { .. } | StepMark::Acted { .. });
        if marks.any(is_done) {
            return Some("has the new version");
        }
        // What was never sent touched nothing.
        let mut runs = self.actions.iter().rev().filter(|run| run.intent.what.pool == *pool);
        let newest =
            runs.find(|run| !matches!(&run.stage, ActionStage::Ended { end: ActionEnd::NotSent { .. }, .. }))?;
        match &newest.stage {
            ActionStage::Ended { end: ActionEnd::Succeeded | ActionEnd::NotSent { .. }, .. } => None,
            ActionStage::Ended { end: ActionEnd::Failed { .. }, .. } => Some("was deployed to, which failed"),
            ActionStage::Starting | ActionStage::Running { .. } | ActionStage::Unknown { .. } => {
                Some("was deployed to, and how that ended is not known")
            }
        }
    }

    /// Pools whose version is not known to be the old one.
    pub fn newer_pools(&self, procedure: &Procedure) -> BTreeSet<PoolId> {
        procedure.pool_ids().filter(|pool| self.newer(procedure, pool).is_some()).cloned().collect()
    }

    /// The pool that these weights would raise on some router although its version is not the old one: above what is expected
    /// there, or above what was read there, as `read` gives it. What a router holds after a change is what that change asked
    /// for, however its own numbers round it.
    ///
    /// What a pool had, verified, since its own deployment is no raise: the version that it has carried that much.
    pub fn raises<'a>(
        &'a self,
        procedure: &Procedure,
        to: &Weights,
        read: impl Fn(&RouterId) -> Option<&'a NativeSplit>,
    ) -> Option<Raises> {
        let held = || {
            self.expected.iter().flat_map(|(router, expected)| {
                std::iter::once(expected).chain(read(router)).map(move |native| (router, native))
            })
        };
        self.first_raised(procedure, |pool, cap| {
            let points = to.of(pool);
            points > cap && held().any(|(router, native)| points > self.asked(procedure, router, native, pool))
        })
    }

    /// As [`Session::raises`], for exact native splits.
    pub fn raises_native<'a>(
        &'a self,
        procedure: &Procedure,
        to: &Weights,
        splits: &(impl Iterator<Item = (&'a RouterId, &'a NativeSplit)> + Clone),
        read: impl Fn(&RouterId) -> Option<&'a NativeSplit>,
    ) -> Option<Raises> {
        let share = |native: &NativeSplit, pool: &PoolId| native.shares(procedure.pool_ids()).of(pool);
        self.first_raised(procedure, |pool, cap| {
            to.of(pool) > cap
                && splits.clone().any(|(router, native)| {
                    let mut holds = self.expected.get(router).into_iter().chain(read(router));
                    holds.any(|holds| is_more(share(native, pool), share(holds, pool)))
                })
        })
    }

    /// As [`Session::raises`], for what routers are about to be sent.
    pub fn raises_orders(
        &self,
        procedure: &Procedure,
        to: &Weights,
        orders: &[RouterOrder],
        evidence: &Evidence,
    ) -> Option<Raises> {
        let read = |router: &RouterId| evidence.readings.get(router).map(|reading| &reading.native);
        self.raises(procedure, to, read)?;
        self.raises_native(procedure, to, &orders.iter().map(|order| (&order.router, &order.prepared.native)), read)
    }

    fn first_raised(&self, procedure: &Procedure, raises: impl Fn(&PoolId, BasisPoints) -> bool) -> Option<Raises> {
        if flaw::is(Flaw::RaisesTheNew) {
            return None;
        }
        let newer: Vec<_> =
            procedure.pool_ids().filter_map(|pool| Some((pool, self.newer(procedure, pool)?))).collect();
        let found = newer.into_iter().find(|(pool, _)| {
            let cap = if self.is_touched(pool) { BasisPoints::ZERO } else { self.most_since(procedure, pool) };
            raises(pool, cap)
        });
        found.map(|(pool, why)| Raises { pool: pool.clone(), why })
    }

    /// What a router was asked to give a pool by the change whose split it holds; its own share where no change gave it that.
    fn asked(&self, procedure: &Procedure, router: &RouterId, holds: &NativeSplit, pool: &PoolId) -> BasisPoints {
        let gave = self
            .changes
            .iter()
            .rev()
            .find(|change| change.order(router).is_some_and(|order| order.prepared.native == *holds));
        match gave {
            Some(change) => change.confirmed.to.of(pool),
            None => holds.shares(procedure.pool_ids()).nearest_weights().map_or(BasisPoints::ZERO, |own| own.of(pool)),
        }
    }

    /// The most that a pool was given by a verified change since its deploy step was over.
    fn most_since(&self, procedure: &Procedure, pool: &PoolId) -> BasisPoints {
        let deployed =
            procedure.plan.iter().filter(|step| matches!(&step.act, StepAct::Deploy { pool: of, .. } if of == pool));
        let since = deployed.filter_map(|step| self.steps.get(&step.id)).map(|done| done.at).max();
        let Some(since) = since else { return BasisPoints::ZERO };
        let verified = self.changes.iter().filter(|change| change.at >= since && change.is_verified());
        verified.map(|change| change.confirmed.to.of(pool)).max().unwrap_or(BasisPoints::ZERO)
    }
}

fn is_more(one: Share, other: Share) -> bool {
    match (one.whole, other.whole) {
        (0, _) | (_, 0) => one.part > 0,
        _ => u128::from(one.part) * u128::from(other.whole) > u128::from(other.part) * u128::from(one.whole),
    }
}
