//! The fold of what people do with each other: coming and going, controls, second persons, spills.

use super::Stamp;
use crate::domain::{CockpitId, Operator, RequestId, Signed};
use crate::session::event::{ChangeConfirmed, ChangeKind, ControlsTaken, Event, Process, Settlement, SpillMerged};
use crate::session::flaw::{self, Flaw};
use crate::session::second::{ConfirmationAsked, Given, Request, Run, RunConfirmed};
use crate::session::state::{Aboard, Asking, Controls, Offer, Session};

impl Session {
    pub(super) fn apply_joined(&mut self, stamp: &Stamp, seat: crate::domain::Seat, process: &Process) {
        let aboard = Aboard { operator: stamp.actor.clone(), seat, process: process.clone(), at: stamp.at };
        self.aboard.insert(stamp.cockpit, aboard);
    }

    pub(super) fn apply_left(&mut self, stamp: &Stamp) {
        let gone = stamp.cockpit;
        self.aboard.remove(&gone);
        if self.drives(gone) {
            self.controls = None;
            self.offer = None;
            self.guards.armed = None;
            self.touched(stamp);
        }
        self.offer.take_if(|offer| offer.to == gone);
        self.asking.take_if(|asking| asking.cockpit == gone);
        self.request.take_if(|request| request.cockpit == gone);
        // A required person who leaves pauses the plan (F3).
        self.run.take_if(|run| run.given.cockpit == gone);
        self.end_runs_of(gone, stamp.at);
    }

    pub(super) fn apply_controls(&mut self, stamp: &Stamp, holder: &ControlsTaken) {
        self.aboard.entry(holder.cockpit).or_insert_with(|| Aboard {
            operator: holder.operator.clone(),
            seat: crate::domain::Seat::Operator,
            process: holder.process.clone(),
            at: stamp.at,
        });
        self.controls = Some(Controls { holder: holder.clone(), epoch: stamp.number });
        self.controls_changed(stamp, holder);
        self.offer = None;
        self.asking = None;
    }

    pub(super) fn apply_offered(&mut self, stamp: &Stamp, to: CockpitId, operator: &Operator, summary: &[String]) {
        self.offer = Some(Offer {
            to,
            operator: operator.clone(),
            by: stamp.actor.clone(),
            at: stamp.at,
            summary: summary.to_vec(),
        });
    }

    pub(super) fn apply_asking(&mut self, stamp: &Stamp, reason: &str) {
        self.asking = Some(Asking {
            cockpit: stamp.cockpit,
            by: stamp.actor.clone(),
            at: stamp.at,
            entry: stamp.number,
            reason: reason.to_owned(),
        });
    }

    pub(super) fn apply_request(&mut self, stamp: &Stamp, asked: &ConfirmationAsked) {
        self.request = Some(Request {
            asked: asked.clone(),
            by: stamp.actor.clone(),
            cockpit: stamp.cockpit,
            at: stamp.at,
            given: None,
        });
    }

    pub(super) fn apply_given(&mut self, stamp: &Stamp, id: RequestId, signed: Option<&Signed>) {
        if let Some(request) = self.request.as_mut().filter(|request| request.asked.request == id) {
            request.given = Some(given(stamp, signed));
        }
    }

    pub(super) fn end_request(&mut self, id: RequestId) {
        self.request.take_if(|request| request.asked.request == id);
    }

    pub(super) fn apply_run(&mut self, stamp: &Stamp, run: &RunConfirmed) {
        let given = given(stamp, run.signed.as_ref());
        self.run = Some(Run { steps: run.steps.clone(), digest: run.digest, given });
    }

    /// What was decided while cut off is fact (R5): a change in flight meanwhile has lost to it, the rollback being the last
    /// word. An entry whose change is known already was kept after all.
    pub(super) fn apply_spill(&mut self, stamp: &Stamp, spill: &SpillMerged) {
        for spilled in &spill.entries {
            if spilled.events.iter().filter_map(Event::confirms).any(|change| self.change(change).is_some()) {
                continue;
            }
            let at =
                Stamp { number: stamp.number, at: spilled.at, actor: spilled.actor.clone(), cockpit: spilled.cockpit };
            for event in &spilled.events {
                if let Event::ChangeConfirmed(confirmed) = event {
                    self.supersede_with(&at, confirmed);
                }
                self.apply(&at, event);
            }
        }
    }

    fn supersede_with(&mut self, stamp: &Stamp, rollback: &ChangeConfirmed) {
        let in_flight = self.in_flight().map(crate::session::Change::id);
        if let (Some(lost), ChangeKind::Rollback { .. }) = (in_flight, &rollback.kind) {
            let how = Settlement::Superseded { by: rollback.change };
            self.with_change(lost, |change| change.settled = Some((stamp.at, how)));
        }
    }

    /// Whether an event ends a confirmed run of steps (F3).
    pub(super) fn ends_run(event: &Event) -> bool {
        match event {
            Event::ChangeConfirmed(confirmed) => match confirmed.kind {
                ChangeKind::Step { .. } => !confirmed.overrides.is_empty(),
                ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => true,
            },
            Event::ChangeSettled { how, .. } => match how {
                Settlement::Verified => false,
                Settlement::Left { .. } | Settlement::Superseded { .. } | Settlement::NothingSent => true,
            },
            Event::Held { .. } if flaw::is(Flaw::RunSurvivesHold) => false,
            Event::StepMarked { mark: crate::session::event::StepMark::Skipped { .. }, .. }
            | Event::Held { .. }
            | Event::DriftNoticed { .. }
            | Event::DriftAccepted { .. }
            | Event::LateEffect { .. }
            | Event::ProfileReloaded { .. }
            | Event::SpillMerged(_)
            | Event::SessionClosed { .. }
            | Event::GuardTripped { .. }
            | Event::RollbackActMarked(_)
            | Event::RouterExcluded(_)
            | Event::RunEnded { .. } => true,
            Event::StepMarked { .. }
            | Event::SessionOpened(_)
            | Event::ControlsTaken(_)
            | Event::CockpitJoined { .. }
            | Event::CockpitLeft { .. }
            | Event::ControlsOffered { .. }
            | Event::OfferEnded { .. }
            | Event::ControlsAsked { .. }
            | Event::AskingEnded { .. }
            | Event::ConfirmationAsked(_)
            | Event::ConfirmationGiven { .. }
            | Event::ConfirmationRefused { .. }
            | Event::ConfirmationEnded { .. }
            | Event::RunConfirmed(_)
            | Event::RollbackSigned { .. }
            | Event::BaselineAccepted { .. }
            | Event::BaselineMeasured { .. }
            | Event::GuardsArmed { .. }
            | Event::GuardsDisarmed { .. }
            | Event::GuardConfessed { .. }
            | Event::GuardCalmed { .. }
            | Event::ChangeDispatched { .. }
            | Event::WaveDispatched { .. }
            | Event::ChangeRetried { .. }
            | Event::RouterAnswered { .. }
            | Event::DriftEnded { .. }
            | Event::RouterRestarted { .. }
            | Event::ItemTicked { .. }
            | Event::ItemUnticked { .. }
            | Event::ItemRun(_)
            | Event::ItemRead(_)
            | Event::ItemProven(_)
            | Event::ItemWaiting { .. }
            | Event::Calling(_)
            | Event::NoteAdded { .. }
            | Event::LinesAttached { .. }
            | Event::CheckAnswered(_)
            | Event::VersionResolved(_)
            | Event::Told(_)
            | Event::HoldReleased { .. }
            | Event::ConnectionsEnding(_)
            | Event::ConnectionsEnded { .. }
            | Event::TaskCancelling(_)
            | Event::TaskCancelled { .. }
            | Event::ActionStarting(_)
            | Event::ActionStarted { .. }
            | Event::ActionUnknown { .. }
            | Event::ActionEnded { .. }
            | Event::ActionCancelling(_)
            | Event::ActionCancelAnswered { .. }
            | Event::ApprovalGiven(_)
            | Event::ApprovalReported(_)
            | Event::ApprovalWithdrawn { .. }
            | Event::RouterIncluded { .. }
            | Event::RampStage { .. }
            | Event::RollbackTimed { .. }
            | Event::WayBackProven(_)
            | Event::PoolDrained { .. }
            | Event::SplitObserved { .. } => false,
        }
    }
}

fn given(stamp: &Stamp, signed: Option<&Signed>) -> Given {
    Given {
        by: stamp.actor.clone(),
        cockpit: stamp.cockpit,
        at: stamp.at,
        entry: stamp.number,
        signed: signed.cloned(),
    }
}
