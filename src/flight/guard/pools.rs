//! Which pool a guard watches, what runs there, and which step's limit holds.

use std::collections::BTreeSet;

use crate::domain::guard::{GuardSpec, Of, Subject};
use crate::domain::procedure::{Step, StepAct};
use crate::domain::{Elapsed, GuardId, Limit, NativeSplit, PoolId, StepId, Weights};
use crate::flight::Flight;
use crate::session::event::ChangeKind;

impl Flight {
    /// The pools that a guard watches, `None` for the whole; or why it watches none.
    pub(super) fn watched(&self, spec: &GuardSpec) -> Result<Vec<Option<PoolId>>, String> {
        if !self.session.is_open() {
            return Err("no session is open".to_owned());
        }
        let raised = || match self.raised_pool() {
            Some(pool) => Ok(vec![Some(pool)]),
            None => Err("no step raises a pool".to_owned()),
        };
        match &spec.subject {
            Subject::Check(_) => Ok(vec![None]),
            Subject::Limit { of, .. } | Subject::Baseline { of, .. } => match of {
                Of::Raised => raised(),
                Of::Pool(pool) => Ok(vec![Some(pool.clone())]),
                Of::Each => Ok(self.procedure.pool_ids().cloned().map(Some).collect()),
                Of::Whole => Ok(vec![None]),
            },
            Subject::ErrorsAgainst { .. } | Subject::LatencyAgainst { .. } => raised(),
        }
    }

    /// The pool whose share the last step, or the last shift off the plan, raises most; before the first change, the one
    /// that the next step raises.
    pub fn raised_pool(&self) -> Option<PoolId> {
        let mut forward = self
            .session
            .changes
            .iter()
            .rev()
            .filter(|change| matches!(change.confirmed.kind, ChangeKind::Step { .. } | ChangeKind::OffPlan))
            .filter(|change| change.intent.is_some())
            .peekable();
        if forward.peek().is_some() {
            return forward.find_map(|change| {
                let bound = change.confirmed.routers.iter().filter_map(|order| order.bound.as_ref());
                self.risen(&bound.map(|bound| &bound.native), &change.confirmed.to)
            });
        }
        let shifts = self.procedure.plan.iter().filter(|step| !self.session.steps.contains_key(&step.id));
        let next = shifts.filter_map(|step| match &step.act {
            StepAct::Shift(to) => Some(to),
            StepAct::Deploy { .. } | StepAct::Pause { .. } => None,
        });
        let last = self.watches.values().filter_map(|watch| watch.last.as_ref());
        let natives: Vec<&NativeSplit> = last.map(|seen| &seen.reading.native).collect();
        next.take(1).find_map(|to| self.risen(&natives.iter().copied(), to))
    }

    /// The pool that rises most from these splits to these weights.
    fn risen<'n>(&self, from: &(impl Iterator<Item = &'n NativeSplit> + Clone), to: &Weights) -> Option<PoolId> {
        let rise = |pool: &PoolId| {
            let shares = from.clone().filter_map(|native| native.shares(self.procedure.pool_ids()).of(pool).fraction());
            shares.map(|share| to.of(pool).fraction() - share).max_by(f64::total_cmp)
        };
        let rises = self.procedure.pool_ids().filter_map(|pool| Some((pool, rise(pool)?)));
        // The first of equals. Shares are rounded by the routers: what rises less than a hundredth of a percent does not.
        let most =
            rises.filter(|(_, rise)| *rise > 0.000_1).reduce(|most, each| if each.1 > most.1 { each } else { most });
        most.map(|(pool, _)| pool.clone())
    }

    /// Whether a pool has weight on any router; `None` where that is not known, or no router is there to have it.
    pub(super) fn has_weight(&self, pool: &PoolId, now: Elapsed) -> Option<bool> {
        let mut fresh = self.watches.values().map(|watch| watch.fresh(now)).peekable();
        fresh.peek()?;
        let parts: Option<Vec<u64>> = fresh.map(|seen| Some(seen?.shares.of(pool).part)).collect();
        let parts = parts?;
        Some(parts.iter().any(|part| *part > 0))
    }

    /// The pools that run another version than this one, in order: those whose deployment is done against those whose is
    /// not. None where the versions were said to be the same.
    pub(super) fn other_version(&self, pool: &PoolId) -> Vec<PoolId> {
        let opened = self.session.opened.as_ref().map(|opened| &opened.what);
        if opened.is_some_and(|opened| !opened.to_version.is_empty() && opened.from_version == opened.to_version) {
            return Vec::new();
        }
        let new: BTreeSet<PoolId> = self.new_pools();
        let others = self.procedure.pool_ids().filter(|other| new.contains(*other) != new.contains(pool));
        others.cloned().collect()
    }

    /// The limit that the step gives a guard on which the traffic stands, or towards which it goes.
    pub(super) fn step_limit(&self, guard: &GuardId) -> Option<(StepId, Limit)> {
        let under_way = self.session.in_flight().and_then(|change| match &change.confirmed.kind {
            ChangeKind::Step { step } => self.procedure.step(step).map(|(_, step)| step),
            ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => None,
        });
        let is_shift = |step: &&Step| matches!(step.act, StepAct::Shift(_)) && !self.session.is_skipped(step);
        let done = || {
            let plan = self.procedure.plan.iter().take_while(|step| self.session.steps.contains_key(&step.id));
            plan.filter(is_shift).last()
        };
        let step = under_way.or_else(done)?;
        Some((step.id.clone(), *step.guards.get(guard)?))
    }
}
