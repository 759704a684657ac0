//! The fold. Total: whatever a journal holds, applying it does not fail; what does not fit changes nothing.

mod action;
mod guard;
mod people;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::{ChangeKind, Event, Settlement};
use super::state::{Change, CheckNoted, Drifted, Intent, RouterOutcome, Session, Stamped, StepDone, StepEnd};
use crate::domain::{ChangeId, CockpitId, Operator, Outcome, RouterId, Timestamp};

/// What an entry says about all of its events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The entry's number, from 1.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub actor: Operator,
    /// From which cockpit.
    pub cockpit: CockpitId,
}

impl Session {
    /// Takes one entry in.
    pub fn apply_entry(&mut self, stamp: &Stamp, events: &[Event]) {
        self.head = stamp.number;
        self.at = stamp.at;
        for event in events {
            self.apply(stamp, event);
        }
        let steps = &self.steps;
        self.run.take_if(|run| run.steps.iter().all(|step| steps.contains_key(step)));
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each event, most of one line")]
    fn apply(&mut self, stamp: &Stamp, event: &Event) {
        if touches_traffic(event) {
            self.touched(stamp);
        }
        if Self::ends_run(event) {
            self.run = None;
        }
        match event {
            Event::SessionOpened(opened) => self.opened = Some(stamped(stamp, (**opened).clone())),
            Event::ControlsTaken(holder) => self.apply_controls(stamp, holder),
            Event::CockpitJoined { seat, process } => self.apply_joined(stamp, *seat, process),
            Event::CockpitLeft { why: _ } => self.apply_left(stamp),
            Event::ControlsOffered { to, operator, summary } => self.apply_offered(stamp, *to, operator, summary),
            Event::OfferEnded { why: _ } => self.offer = None,
            Event::ControlsAsked { reason } => self.apply_asking(stamp, reason),
            Event::AskingEnded { why: _ } => self.asking = None,
            Event::ConfirmationAsked(asked) => self.apply_request(stamp, asked),
            Event::ConfirmationGiven { request, digest: _, looked: _, signed } => {
                self.apply_given(stamp, *request, signed.as_ref());
            }
            Event::ConfirmationRefused { request, .. } | Event::ConfirmationEnded { request, .. } => {
                self.end_request(*request);
            }
            Event::RunConfirmed(run) => self.apply_run(stamp, run),
            Event::SpillMerged(spill) => self.apply_spill(stamp, spill),
            Event::RollbackSigned { change, signed } => {
                self.with_change(*change, |change| {
                    Arc::make_mut(&mut change.confirmed).confirmation.signed = Some(signed.clone());
                });
            }
            Event::BaselineAccepted { routers } => {
                self.baseline = true;
                self.identities = routers.iter().map(|each| (each.router.clone(), each.identity.clone())).collect();
                self.expected = routers.iter().map(|each| (each.router.clone(), each.native.clone())).collect();
                self.drifted.clear();
            }
            Event::BaselineMeasured { guards } => self.apply_measured(guards),
            Event::GuardsArmed { guards, epoch } => self.apply_armed(stamp, guards, *epoch),
            Event::GuardsDisarmed { why: _ } => self.disarm(),
            Event::GuardTripped { guard, words, acted } => self.apply_tripped(stamp, guard, words, acted),
            Event::GuardConfessed { guard, words } => {
                self.guards.confessed.insert(guard.clone(), stamped(stamp, words.clone()));
            }
            Event::GuardCalmed { guard } => {
                self.guards.tripped.remove(guard);
                self.guards.confessed.remove(guard);
            }
            Event::ChangeConfirmed(confirmed) => self.apply_confirmed(stamp, confirmed),
            Event::ChangeDispatched { change, owner, epoch, deadline, routers } => {
                let intent = Intent { owner: *owner, epoch: *epoch, deadline: *deadline };
                self.with_change(*change, |change| {
                    let all = || change.confirmed.routers.iter().map(|order| order.router.clone()).collect();
                    let routers: Vec<RouterId> = if routers.is_empty() { all() } else { routers.clone() };
                    change.waves_sent = 1;
                    begin_attempt(change, intent, &routers, stamp.at);
                });
            }
            Event::WaveDispatched { change, wave, routers, owner, epoch, deadline } => {
                let intent = Intent { owner: *owner, epoch: *epoch, deadline: *deadline };
                self.with_change(*change, |change| {
                    change.waves_sent = usize::try_from(*wave).unwrap_or(usize::MAX);
                    begin_attempt(change, intent, routers, stamp.at);
                });
            }
            Event::ChangeRetried { change, routers, owner, epoch, deadline } => {
                let intent = Intent { owner: *owner, epoch: *epoch, deadline: *deadline };
                self.with_change(*change, |change| begin_attempt(change, intent, routers, stamp.at));
            }
            Event::RouterAnswered { change, router, attempt, outcome } => {
                self.apply_outcome(stamp, *change, router, *attempt, outcome);
            }
            Event::ChangeSettled { change, how } => self.apply_settled(stamp, *change, how),
            // Where another change stands since, it is not what is expected.
            Event::LateEffect { change, .. } if !self.is_newest(*change) => {}
            Event::LateEffect { change: _, router, read } => {
                self.expected.insert(router.clone(), read.clone());
                self.drifted.remove(router);
            }
            Event::DriftNoticed { router, expected: _, read, restarted } => {
                let drifted = Drifted { at: stamp.at, read: read.clone(), restarted: *restarted };
                self.drifted.insert(router.clone(), drifted);
                self.stop_waves(router);
            }
            Event::DriftEnded { router } => {
                self.drifted.remove(router);
            }
            Event::DriftAccepted { router, native, reason: _ } => {
                self.expected.insert(router.clone(), native.clone());
                self.drifted.remove(router);
            }
            Event::StepMarked { step, mark } => {
                let done = StepDone { at: stamp.at, by: stamp.actor.clone(), how: StepEnd::Marked(mark.clone()) };
                self.steps.insert(step.clone(), done);
            }
            Event::ItemTicked { item, text: _ } => {
                self.ticks.insert(item.clone(), stamped(stamp, ()));
            }
            Event::ItemUnticked { item, text: _ } => {
                self.ticks.remove(item);
            }
            Event::NoteAdded { text } => self.notes.push(stamped(stamp, text.clone())),
            Event::Held { reason } => self.hold = Some(stamped(stamp, reason.clone())),
            Event::HoldReleased { reason: _ } => self.hold = None,
            Event::CheckAnswered(answered) => {
                let known = self.checks.get(&answered.check).and_then(|noted| noted.what.first.clone());
                let first = known.or_else(|| answered.value.clone());
                let noted = CheckNoted { verdict: answered.verdict, words: answered.words.clone(), first };
                self.checks.insert(answered.check.clone(), stamped(stamp, noted));
            }
            Event::Told(told) => {
                if let Some(reference) = &told.reference {
                    self.told.insert(told.notifier.clone(), reference.clone());
                }
            }
            Event::ConnectionsEnding(ending) => {
                // Of one whose process is gone nobody will ever say what became of it.
                self.ending.retain(|earlier| earlier.deadline >= stamp.at);
                self.ending.push((**ending).clone());
            }
            Event::ConnectionsEnded { act, .. } => {
                self.ending.retain(|ending| ending.act != *act);
                self.endings += 1;
            }
            Event::TaskCancelling(cancelling) => {
                // Of one whose process is gone nobody will ever say what became of it.
                self.cancelling
                    .retain(|earlier| earlier.task != cancelling.task || earlier.router != cancelling.router);
                self.cancelling.push((**cancelling).clone());
                self.cancellations += 1;
            }
            Event::TaskCancelled { act, .. } => self.cancelling.retain(|cancelling| cancelling.act != *act),
            Event::ActionStarting(_)
            | Event::ActionStarted { .. }
            | Event::ActionUnknown { .. }
            | Event::ActionEnded { .. }
            | Event::ActionCancelling(_)
            | Event::ActionCancelAnswered { .. } => self.apply_action(stamp, event),
            Event::RampStage { change, ramp, despite: _ } => {
                self.with_change(*change, |change| change.ramp = Some(ramp.clone()));
            }
            Event::WayBackProven(proof) => {
                self.proven.insert(proof.step.clone(), stamped(stamp, (**proof).clone()));
            }
            Event::PoolDrained { pool, evidence } => {
                self.drained.insert(pool.clone(), stamped(stamp, evidence.clone()));
            }
            Event::SplitObserved { change, router, pool, share, agreement } => {
                let seen = (router.clone(), pool.clone(), *share, *agreement);
                self.with_change(*change, |change| {
                    change.observed.retain(|(r, p, ..)| (r, p) != (&seen.0, &seen.1));
                    change.observed.push(seen.clone());
                });
            }
            Event::ProfileReloaded { files, digest, second: _, signed: _ } => {
                self.reloaded = Some((files.clone(), *digest));
                self.disarm();
            }
            Event::SessionClosed { outcome, follow_ups, .. } => {
                self.follow_ups.clone_from(follow_ups);
                self.closed = Some(stamped(stamp, outcome.clone()));
                self.disarm();
            }
            Event::RouterRestarted { router, was: _, is } => {
                self.identities.insert(router.clone(), is.clone());
            }
            // The run ended before the match: see `ends_run`. What a rollback took stands in its change.
            Event::RunEnded { .. } | Event::LinesAttached { .. } | Event::RollbackTimed { .. } => {}
        }
    }

    /// Traffic, or the right to move it, changed: what a second person was asked is void with it (B1).
    fn touched(&mut self, stamp: &Stamp) {
        self.revision = stamp.number;
        self.request.take_if(|request| request.asked.act.is_void_when_touched());
    }

    fn apply_confirmed(&mut self, stamp: &Stamp, confirmed: &super::event::ChangeConfirmed) {
        self.answer_trips(&confirmed.kind);
        if let ChangeKind::Rollback { supersedes, reopens } = &confirmed.kind {
            if let Some(superseded) = supersedes {
                let how = Settlement::Superseded { by: confirmed.change };
                self.with_change(*superseded, |change| change.settled = Some((stamp.at, how.clone())));
            }
            for step in reopens {
                self.steps.remove(step);
            }
        }
        let asks = |request: &mut super::second::Request| request.asked.act.change() == Some(confirmed.change);
        self.request.take_if(asks);
        for order in &confirmed.routers {
            self.drifted.remove(&order.router);
        }
        let mut places = BTreeMap::new();
        for (place, order) in confirmed.routers.iter().enumerate() {
            places.entry(order.router.clone()).or_insert(place);
        }
        self.changes.push(Arc::new(Change {
            confirmed: Arc::new(confirmed.clone()),
            places: Arc::new(places),
            at: stamp.at,
            by: stamp.actor.clone(),
            intent: None,
            waves_sent: 0,
            is_stopped: false,
            outcomes: BTreeMap::new(),
            settled: None,
            ramp: None,
            observed: Vec::new(),
        }));
    }

    fn apply_outcome(&mut self, stamp: &Stamp, id: ChangeId, router: &RouterId, attempt: u32, outcome: &Outcome) {
        let newest = self.changes.last().map(|change| change.id()) == Some(id);
        let Some(change) = self.changes.iter_mut().rev().find(|change| change.id() == id) else { return };
        let change = Arc::make_mut(change);
        let known = change.outcomes.entry(router.clone()).or_insert_with(|| RouterOutcome {
            attempt,
            outcome: None,
            at: stamp.at,
        });
        if attempt < known.attempt {
            return;
        }
        *known = RouterOutcome { attempt, outcome: Some(outcome.clone()), at: stamp.at };
        change.is_stopped |= match outcome {
            Outcome::NotSent { .. } | Outcome::Differs { .. } | Outcome::Moved { .. } | Outcome::Failed { .. } => true,
            Outcome::Accepted | Outcome::Verified | Outcome::Unknown { .. } => false,
        };
        if !newest {
            return;
        }
        match outcome {
            Outcome::Verified => {
                let prepared = change.order(router).map(|order| order.prepared.native.clone()).unwrap_or_default();
                let expected = self.expected.entry(router.clone()).or_default();
                for weight in prepared.0 {
                    match expected.0.iter_mut().find(|each| each.reference == weight.reference) {
                        Some(each) => each.weight = weight.weight,
                        None => expected.0.push(weight),
                    }
                }
            }
            Outcome::Differs { read } | Outcome::Moved { read } => {
                self.expected.insert(router.clone(), read.clone());
            }
            Outcome::NotSent { .. } | Outcome::Accepted | Outcome::Failed { .. } | Outcome::Unknown { .. } => {}
        }
    }

    fn apply_settled(&mut self, stamp: &Stamp, id: ChangeId, how: &Settlement) {
        let mut step_over = None;
        self.with_change(id, |change| {
            change.settled = Some((stamp.at, how.clone()));
            if let ChangeKind::Step { step } = &change.confirmed.kind {
                let end = match how {
                    Settlement::Verified => Some(StepEnd::Verified(id)),
                    Settlement::Left { .. } => Some(StepEnd::Left(id)),
                    Settlement::Superseded { .. } | Settlement::NothingSent => None,
                };
                step_over = end.map(|how| (step.clone(), StepDone { at: stamp.at, by: stamp.actor.clone(), how }));
            }
        });
        if let Some((step, done)) = step_over {
            self.steps.insert(step, done);
        }
    }

    /// No wave goes out by itself once a router of the change in flight has drifted (D5).
    fn stop_waves(&mut self, router: &RouterId) {
        let waves = self.in_flight().filter(|change| change.next_wave().is_some() && change.order(router).is_some());
        if let Some(id) = waves.map(Change::id) {
            self.with_change(id, |change| change.is_stopped = true);
        }
    }

    fn with_change(&mut self, id: ChangeId, act: impl FnOnce(&mut Change)) {
        if let Some(change) = self.changes.iter_mut().rev().find(|change| change.id() == id) {
            act(Arc::make_mut(change));
        }
    }
}

/// Whoever appended an intent has answered what had stopped the change before.
fn begin_attempt(change: &mut Change, intent: Intent, routers: &[RouterId], at: Timestamp) {
    change.intent = Some(intent);
    change.is_stopped = false;
    for router in routers {
        let attempt = change.outcomes.get(router).map_or(1, |known| known.attempt.saturating_add(1));
        change.outcomes.insert(router.clone(), RouterOutcome { attempt, outcome: None, at });
    }
}

fn stamped<T>(stamp: &Stamp, what: T) -> Stamped<T> {
    Stamped { at: stamp.at, by: stamp.actor.clone(), entry: stamp.number, what }
}

/// Whether an event moves the traffic revision that proposals are bound to (B1, B2).
fn touches_traffic(event: &Event) -> bool {
    match event {
        Event::SessionOpened(_)
        | Event::ControlsTaken(_)
        | Event::GuardsArmed { .. }
        | Event::GuardsDisarmed { .. }
        | Event::ChangeConfirmed(_)
        | Event::ChangeDispatched { .. }
        | Event::WaveDispatched { .. }
        | Event::ChangeRetried { .. }
        | Event::RouterAnswered { .. }
        | Event::ChangeSettled { .. }
        | Event::LateEffect { .. }
        | Event::DriftAccepted { .. }
        | Event::StepMarked { .. }
        | Event::ActionStarting(_)
        | Event::ActionUnknown { .. }
        | Event::ActionEnded { .. }
        | Event::Held { .. }
        | Event::HoldReleased { .. }
        | Event::ProfileReloaded { .. }
        | Event::SpillMerged(_)
        | Event::SessionClosed { .. } => true,
        // The baseline says what was read; a proposal is bound to readings of its own. Nobody's coming or going moves
        // traffic; that the holder leaves does, and is seen where it is folded.
        Event::BaselineAccepted { .. }
        | Event::BaselineMeasured { .. }
        | Event::GuardTripped { .. }
        | Event::GuardConfessed { .. }
        | Event::GuardCalmed { .. }
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
        | Event::RunEnded { .. }
        | Event::RollbackSigned { .. }
        | Event::DriftNoticed { .. }
        | Event::DriftEnded { .. }
        | Event::RouterRestarted { .. }
        | Event::ItemTicked { .. }
        | Event::ItemUnticked { .. }
        | Event::NoteAdded { .. }
        | Event::LinesAttached { .. }
        | Event::CheckAnswered(_)
        | Event::Told(_)
        | Event::ConnectionsEnding(_)
        | Event::ConnectionsEnded { .. }
        | Event::TaskCancelling(_)
        | Event::TaskCancelled { .. }
        | Event::ActionStarted { .. }
        | Event::ActionCancelling(_)
        | Event::ActionCancelAnswered { .. }
        | Event::RampStage { .. }
        | Event::RollbackTimed { .. }
        | Event::WayBackProven(_)
        | Event::PoolDrained { .. }
        | Event::SplitObserved { .. } => super::flaw::is(super::flaw::Flaw::BindEverything),
    }
}
