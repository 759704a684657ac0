//! The fold of what guards do. Whatever stands in an entry, who gets the controls, leaves or rolls back has no armed guard
//! after it (G1).

use super::{Stamp, stamped};
use crate::domain::GuardId;
use crate::session::event::{ChangeKind, ControlsTaken};
use crate::session::flaw::{self, Flaw};
use crate::session::guard::{Acted, Armed, GuardBaseline, Trip};
use crate::session::state::Session;

impl Session {
    pub(super) fn apply_measured(&mut self, guards: &[GuardBaseline]) {
        let each = guards.iter().map(|each| ((each.guard.clone(), each.pool.clone()), each.value()));
        self.guard_baselines.extend(each);
    }

    pub(super) fn apply_armed(&mut self, stamp: &Stamp, guards: &[GuardId], epoch: u64) {
        self.guards.armed = Some(Armed {
            guards: guards.iter().cloned().collect(),
            cockpit: stamp.cockpit,
            epoch,
            by: stamp.actor.clone(),
            at: stamp.at,
        });
    }

    pub(super) fn disarm(&mut self) {
        if !flaw::is(Flaw::GuardFiresTwice) {
            self.guards.armed = None;
        }
    }

    pub(super) fn apply_tripped(&mut self, stamp: &Stamp, guard: &GuardId, words: &str, acted: &Acted) {
        let trip = Trip { words: words.to_owned(), acted: acted.clone(), answered: false };
        self.guards.tripped.insert(guard.clone(), stamped(stamp, trip));
    }

    pub(super) fn controls_changed(&mut self, stamp: &Stamp, holder: &ControlsTaken) {
        match &mut self.guards.armed {
            Some(armed) if flaw::is(Flaw::HandOverKeepsArmed) => {
                (armed.cockpit, armed.epoch) = (holder.cockpit, stamp.number);
            }
            armed => *armed = None,
        }
    }

    /// A change answers what tripped before it; the way back disarms as well.
    pub(super) fn answer_trips(&mut self, kind: &ChangeKind) {
        for trip in self.guards.tripped.values_mut() {
            trip.what.answered = true;
        }
        if !kind.is_forward() {
            self.disarm();
        }
    }
}
