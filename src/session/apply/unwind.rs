//! Folding the acts of a way back, and routers that are left out.

use super::{Stamp, stamped};
use crate::domain::RouterId;
use crate::session::event::{ChangeConfirmed, ChangeKind};
use crate::session::state::{Change, Session, StepDone, StepEnd};
use crate::session::unwind::{RollbackActMarked, RouterExcluded, Unwinding};

impl Session {
    pub(super) fn begin_unwinding(&mut self, stamp: &Stamp) {
        if self.unwinding.is_none() {
            self.unwinding =
                Some(Unwinding { since: stamp.number, at: stamp.at, over: std::collections::BTreeSet::new() });
        }
    }

    /// The deployment goes forward again: the next way back begins its acts anew.
    pub(super) fn end_unwinding(&mut self) {
        for act in self.unwinding.take().into_iter().flat_map(|unwinding| unwinding.over) {
            self.steps.remove(&act);
        }
    }

    pub(super) fn unwinds_from(&mut self, stamp: &Stamp, confirmed: &ChangeConfirmed) {
        // A router that is put back, or taken in again, goes nowhere new.
        let is_taken_in = confirmed.routers.iter().all(|order| self.excluded.contains_key(&order.router));
        match confirmed.kind {
            ChangeKind::Rollback { .. } => self.begin_unwinding(stamp),
            ChangeKind::Step { .. } => self.end_unwinding(),
            ChangeKind::OffPlan if !is_taken_in => self.end_unwinding(),
            ChangeKind::OffPlan | ChangeKind::PutBack => {}
        }
    }

    pub(super) fn apply_included(&mut self, router: &RouterId) {
        self.excluded.remove(router);
        if let Some(id) = self.in_flight().map(Change::id) {
            self.with_change(id, |change| _ = change.excluded.remove(router));
        }
    }

    pub(super) fn apply_act_marked(&mut self, stamp: &Stamp, marked: &RollbackActMarked) {
        self.begin_unwinding(stamp);
        for step in &marked.reopens {
            self.steps.remove(step);
        }
        let done = StepDone { at: stamp.at, by: stamp.actor.clone(), how: StepEnd::Marked(marked.mark.clone()) };
        self.steps.insert(marked.act.clone(), done);
        if let Some(unwinding) = &mut self.unwinding {
            unwinding.over.insert(marked.act.clone());
        }
    }

    pub(super) fn apply_excluded(&mut self, stamp: &Stamp, excluded: &RouterExcluded) {
        self.excluded.insert(excluded.router.clone(), stamped(stamp, excluded.reason.clone()));
        self.drifted.remove(&excluded.router);
        if let Some(change) = excluded.change {
            self.with_change(change, |change| {
                change.excluded.insert(excluded.router.clone());
                // Whoever left it out has answered what had stopped the change.
                change.is_stopped = false;
            });
        }
    }
}
