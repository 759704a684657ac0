//! Execution of changes: sent once kept, read back, asked again while unknown (D, V, R4).

use std::collections::BTreeMap;
use std::time::Duration;

use super::watch::Seen;
use super::{Effect, Flight, Send, Tone};
use crate::domain::procedure::RouterSpec;
use crate::domain::{ChangeId, Elapsed, Now, Outcome, RouterId, Timestamp};
use crate::session::event::{ChangeConfirmed, ChangeKind, Settlement, SpillMerged};
use crate::session::flaw::{self, Flaw};
use crate::session::state::RouterOutcome;
use crate::session::{Change, Command, Event};

/// A change that is being sent, read back or asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct Execution {
    /// The change.
    pub change: ChangeId,
    /// Whether it is a rollback: it is bound to its target only, and sent again while it does not read back.
    pub rollback: bool,
    /// Whether a rollback took its place; then it gets its word, and nothing more of it is sent.
    pub superseded: bool,
    /// Per router that was sent to; those that wait for their wave are not among them.
    pub legs: BTreeMap<RouterId, Leg>,
}

/// One router of an execution.
#[derive(Clone, PartialEq, Debug)]
pub struct Leg {
    /// Counts from 1.
    pub attempt: u32,
    /// What is known at this moment; drawn at once, journalled when kept.
    pub outcome: Option<Outcome>,
    /// What it does now.
    pub phase: Phase,
    /// From dispatch until its newest outcome.
    pub took: Option<Duration>,
    /// When its wave was dispatched; `None` when that was before this process began.
    began: Option<Elapsed>,
    /// Whether this cockpit sends it (C4).
    mine: bool,
    /// Whether a byte of this attempt went out before: what is not sent again is not unsent.
    resent: bool,
    /// The first read that was begun after the newest word of the router: no earlier one proves anything.
    counts_from: u64,
    sent_at: Elapsed,
    /// When its newest word came.
    answered_at: Elapsed,
    /// How long what was accepted may take until it reads back.
    read_back: Duration,
    /// Of the intent that this router was last sent to under; another router's retry does not move it.
    deadline: Timestamp,
    until: Elapsed,
}

/// What a leg waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The router's answer to the write.
    Sending,
    /// A read that began after the answer: its number is at least this.
    ReadingBack {
        /// The first read that counts.
        from: u64,
    },
    /// Any read, because no answer came: its number is at least this (V3).
    Asking {
        /// The first read that counts.
        from: u64,
    },
    /// Nothing.
    Done,
}

/// How often a rollback is sent again while it does not read back (R4).
const RESEND: Duration = Duration::from_secs(1);

impl Execution {
    /// Whether every router has its word.
    pub fn is_over(&self) -> bool {
        self.legs.values().all(|leg| leg.phase == Phase::Done)
    }
}

impl Flight {
    /// The execution of the change in flight, if this cockpit knows of one.
    pub fn execution(&self, change: ChangeId) -> Option<&Execution> {
        self.executing.iter().find(|execution| execution.change == change)
    }

    /// After a restart: what was in flight is resolved by reading the routers, never by assuming.
    pub(super) fn take_up_in_flight(&mut self) {
        let Some(change) = self.session.in_flight() else { return };
        let leg = |router: &RouterId, known: &RouterOutcome| {
            let attempt = known.attempt;
            let outcome = known.outcome.clone();
            let asks = outcome.as_ref().is_none_or(Outcome::is_open);
            let outcome = if asks {
                Some(Outcome::Unknown { why: "the cockpit that sent it ended before its word came".to_owned() })
            } else {
                outcome
            };
            let phase = if asks { Phase::Asking { from: 1 } } else { Phase::Done };
            Leg {
                attempt,
                outcome,
                phase,
                took: None,
                began: None,
                mine: false,
                resent: false,
                counts_from: 1,
                sent_at: Elapsed(0),
                answered_at: Elapsed(0),
                read_back: self.procedure.router(router).map_or(Duration::ZERO, RouterSpec::read_back),
                deadline: Timestamp(0),
                until: Elapsed(0),
            }
        };
        let execution = Execution {
            change: change.id(),
            rollback: !change.confirmed.kind.is_forward(),
            superseded: false,
            legs: change.outcomes.iter().map(|(router, known)| (router.clone(), leg(router, known))).collect(),
        };
        self.executing.push(execution);
    }

    /// A rollback is the last word: nothing that was decided before it is sent on (R4), also what was kept only after the
    /// rollback was decided beside the journal.
    fn supersede(&mut self, confirmed: &ChangeConfirmed, out: &mut Vec<Effect>) {
        let ChangeKind::Rollback { supersedes, .. } = &confirmed.kind else { return };
        if flaw::is(Flaw::SupersededGoesOn) {
            return;
        }
        out.extend(supersedes.iter().map(|change| Effect::Cancel { change: *change }));
        let session = &self.session;
        for execution in &mut self.executing {
            let settled = session.change(execution.change).and_then(|change| change.settled.as_ref());
            let by_this = matches!(settled, Some((_, Settlement::Superseded { by })) if *by == confirmed.change);
            if Some(execution.change) == *supersedes {
                execution.superseded = true;
            } else if by_this && !execution.superseded {
                execution.superseded = true;
                out.push(Effect::Cancel { change: execution.change });
            }
        }
    }

    /// What a kept event sets in motion.
    #[expect(clippy::too_many_lines, reason = "one arm for each event, many without a body")]
    pub(super) fn react(&mut self, now: Now, event: &Event, out: &mut Vec<Effect>) {
        match event {
            Event::ChangeConfirmed(confirmed) => {
                if self.proposing.as_ref().is_some_and(|proposing| proposing.change == confirmed.change) {
                    self.proposing = None;
                }
                self.supersede(confirmed, out);
            }
            Event::ChangeDispatched { change, owner, deadline, routers, .. } => {
                let wave = (!routers.is_empty()).then_some(routers.as_slice());
                self.dispatch(now, *change, *owner == self.me.cockpit, *deadline, wave, out);
            }
            Event::WaveDispatched { change, routers, owner, deadline, .. } => {
                self.dispatch(now, *change, *owner == self.me.cockpit, *deadline, Some(routers), out);
                self.tell_wave(*change, out);
            }
            Event::ChangeRetried { change, routers, owner, deadline, .. } => {
                self.dispatch(now, *change, *owner == self.me.cockpit, *deadline, Some(routers), out);
            }
            Event::RouterAnswered { change, router, attempt, outcome } => {
                self.hear_of(now, *change, router, *attempt, outcome, out);
            }
            Event::ChangeSettled { change, how } => {
                self.executing.retain(|execution| execution.change != *change);
                self.tell_settled(*change, how, out);
                self.time_rollback(now, *change);
            }
            Event::WayBackProven(proof) => {
                let slowest = proof.routers.iter().map(|each| each.back_ms).max().unwrap_or(0);
                let routers = proof.routers.len();
                let text =
                    format!("the way back is proven on {routers} of {routers}, {slowest} ms on the slowest: go again");
                out.push(Effect::tell(Tone::Good, text));
            }
            Event::StepMarked { step, .. } => {
                let marks = |kind: &ChangeKind| matches!(kind, ChangeKind::Step { step: proposed } if proposed == step);
                if self.proposing.as_ref().is_some_and(|proposing| marks(&proposing.kind)) {
                    self.proposing = None;
                }
            }
            Event::ProfileReloaded { digest, .. } => self.take_profile(*digest),
            Event::LateEffect { router, .. } => {
                let text = format!("{router} applied a change after its time-out: its weights are the late ones now");
                out.push(Effect::tell(Tone::Bad, text));
            }
            Event::DriftNoticed { router, restarted, .. } => {
                let why = if *restarted { "it was restarted and lost its runtime weights" } else { "changed outside" };
                let text = format!("{router} is not what the plan gave it: {why}; put back, accept or roll back");
                out.push(Effect::tell(Tone::Bad, text));
            }
            Event::ConnectionsEnding(intent) => self.send_end(now, intent, out),
            Event::TaskCancelling(intent) => self.send_cancel(now, intent, out),
            Event::ActionStarting(_)
            | Event::ActionStarted { .. }
            | Event::ActionUnknown { .. }
            | Event::ActionEnded { .. }
            | Event::ActionCancelling(_)
            | Event::ActionCancelAnswered { .. } => self.react_to_action(now, event, out),
            Event::ItemRun(_)
            | Event::ItemRead(_)
            | Event::ItemProven(_)
            | Event::ItemWaiting { .. }
            | Event::Calling(_) => {
                self.react_to_duty(now, event, out);
            }
            Event::RollbackActMarked(marked) => self.tell_act(marked, out),
            Event::RouterExcluded(excluded) => self.take_out(excluded, out),
            Event::RouterIncluded { router } => {
                out.push(Effect::tell(Tone::Good, format!("{router} is part of the plan again")));
            }
            Event::PoolDrained { pool, .. } => out.push(Effect::tell(Tone::Good, format!("{pool} is drained"))),
            Event::CheckAnswered(answered) => self.check_noted(&answered.check),
            Event::VersionResolved(resolved) => self.version_resolved(now, resolved, out),
            Event::SpillMerged(merged) => self.take_up_spill(now, merged, out),
            Event::ControlsTaken(taken) if taken.cockpit == self.me.cockpit => self.note_what_is_known(now),
            // What people and guards do: see `react_to_people` and `react_to_guards`.
            Event::CockpitJoined { .. }
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
            | Event::SessionOpened(_)
            | Event::ControlsTaken(_)
            | Event::BaselineAccepted { .. }
            | Event::BaselineMeasured { .. }
            | Event::GuardsArmed { .. }
            | Event::GuardsDisarmed { .. }
            | Event::GuardTripped { .. }
            | Event::GuardConfessed { .. }
            | Event::GuardCalmed { .. }
            | Event::DriftEnded { .. }
            | Event::DriftAccepted { .. }
            | Event::RouterRestarted { .. }
            | Event::ItemTicked { .. }
            | Event::ItemUnticked { .. }
            | Event::NoteAdded { .. }
            | Event::LinesAttached { .. }
            | Event::Held { .. }
            | Event::HoldReleased { .. }
            | Event::Told(_)
            | Event::ConnectionsEnded { .. }
            | Event::TaskCancelled { .. }
            | Event::ApprovalGiven(_)
            | Event::ApprovalReported(_)
            | Event::ApprovalWithdrawn { .. }
            | Event::RampStage { .. }
            | Event::RollbackTimed { .. }
            | Event::SplitObserved { .. }
            | Event::SessionClosed { .. } => {}
        }
    }

    /// A spill that another process wrote: what it superseded is not sent any more, and its own routers are asked.
    fn take_up_spill(&mut self, now: Now, merged: &SpillMerged, out: &mut Vec<Effect>) {
        for event in merged.entries.iter().flat_map(|entry| &entry.events) {
            if let Some(spilled) = event.confirms() {
                // What stands above it, a rollback of this cockpit's own spill for one, is the later word.
                let session = &self.session;
                let is_over = |id| session.change(id).is_some_and(|change| change.settled.is_some());
                let lost = |each: &&mut Execution| each.change != spilled && is_over(each.change);
                for execution in self.executing.iter_mut().filter(lost) {
                    execution.superseded = true;
                    out.push(Effect::Cancel { change: execution.change });
                }
            }
            if let Event::ChangeDispatched { change, deadline, .. } = event
                && self.execution(*change).is_none()
            {
                self.dispatch(now, *change, false, *deadline, None, out);
            }
        }
        self.forget_superseded();
        if !merged.entries.iter().any(|entry| entry.cockpit == self.me.cockpit) {
            let who = merged.entries.first().map_or("somebody", |entry| entry.actor.as_str());
            let text = format!("{who} rolled back while cut off from the journal: the routers are read again");
            out.push(Effect::tell(Tone::Bad, text));
        }
    }

    /// What a rollback took is measured against what was declared; whoever drives writes it down.
    fn time_rollback(&mut self, now: Now, change: ChangeId) {
        let is_back = self.session.change(change).is_some_and(|change| !change.confirmed.kind.is_forward());
        if is_back && self.drives() {
            let declared = self.procedure.back.estimate;
            let declared_ms = declared.map(|declared| u64::try_from(declared.as_millis()).unwrap_or(u64::MAX));
            self.note(now, Command::NoteRollbackTime { change, declared_ms });
        }
    }

    fn tell_settled(&self, change: ChangeId, how: &Settlement, out: &mut Vec<Effect>) {
        let Some(change) = self.session.change(change) else { return };
        let to = &change.confirmed.to;
        let act = if change.confirmed.kind.is_forward() { "" } else { "rolled back: " };
        let (tone, text) = match how {
            Settlement::Verified => {
                let (routers, out_of) = (change.counted().count(), change.excluded.len());
                let took = change.took().filter(|_| !change.confirmed.kind.is_forward());
                let took = took.map_or_else(String::new, |took| self.against_declared(took));
                let stage = change.ramp.as_ref().filter(|ramp| !ramp.is_last());
                let stage = stage.map_or_else(String::new, |ramp| format!(" ({}; R goes on)", ramp.words()));
                let all = routers + out_of;
                let left_out = if out_of == 0 { String::new() } else { format!(", {out_of} left out") };
                (Tone::Good, format!("{act}{to}, verified on {routers} of {all}{left_out}{took}{stage}"))
            }
            Settlement::Left { reason } => (Tone::Warn, format!("{act}{to} left partly done: {reason}")),
            Settlement::NothingSent => (Tone::Warn, format!("{act}{to}: nothing was sent anywhere")),
            Settlement::Superseded { .. } => return,
        };
        out.push(Effect::tell(tone, text));
    }

    fn dispatch(
        &mut self,
        now: Now,
        id: ChangeId,
        mine: bool,
        deadline: Timestamp,
        only: Option<&[RouterId]>,
        out: &mut Vec<Effect>,
    ) {
        let until = now.elapsed.plus(deadline.since(now.wall));
        if !mine {
            self.crew.intent_seen = Some(now.elapsed);
        }
        let from = self.counters.polls + 1;
        let Some(change) = self.session.change(id) else { return };
        // Kept after all, and lost already to a rollback that was decided beside the journal: it stays unsent (R4).
        if change.settled.is_some() && !flaw::is(Flaw::SupersededGoesOn) {
            return;
        }
        let change = change.clone();
        let at = self.executing.iter().position(|each| each.change == id);
        let index = at.unwrap_or_else(|| {
            self.executing.push(Execution {
                change: id,
                rollback: !change.confirmed.kind.is_forward(),
                superseded: false,
                legs: BTreeMap::new(),
            });
            self.executing.len() - 1
        });
        let Some(execution) = self.executing.get_mut(index) else { return };
        for order in &change.confirmed.routers {
            if only.is_some_and(|only| !only.contains(&order.router)) {
                continue;
            }
            let attempt = change.outcomes.get(&order.router).map_or(1, |known| known.attempt);
            let read_back = self.procedure.router(&order.router).map_or(Duration::ZERO, RouterSpec::read_back);
            let mine = mine || flaw::is(Flaw::SendsForOthers);
            let phase = if mine { Phase::Sending } else { Phase::Asking { from } };
            // A retry is bound to what the operator saw of the first try: a timed-out write may have been taken in part.
            let seen = match execution.legs.get(&order.router).and_then(|leg| leg.outcome.as_ref()) {
                Some(Outcome::Differs { read }) => Some(read.clone()),
                Some(
                    Outcome::NotSent { .. }
                    | Outcome::Accepted
                    | Outcome::Verified
                    | Outcome::Moved { .. }
                    | Outcome::Failed { .. }
                    | Outcome::Unknown { .. },
                )
                | None => None,
            };
            // A retry counts from the first try.
            let began = execution.legs.get(&order.router).map_or(Some(now.elapsed), |leg| leg.began);
            execution.legs.insert(
                order.router.clone(),
                Leg {
                    attempt,
                    outcome: None,
                    phase,
                    took: None,
                    began,
                    mine,
                    resent: false,
                    counts_from: from,
                    sent_at: now.elapsed,
                    answered_at: now.elapsed,
                    read_back,
                    deadline,
                    until,
                },
            );
            if mine {
                let mut send = send(&change, &order.router, attempt, deadline, until);
                if let (Some(expected), Some(seen)) = (send.expected.as_mut(), seen) {
                    *expected = seen;
                }
                out.push(Effect::Send(Box::new(send)));
            }
        }
    }

    pub(super) fn set_answered(
        &mut self,
        now: Now,
        id: ChangeId,
        router: &RouterId,
        attempt: u32,
        outcome: Outcome,
        out: &mut Vec<Effect>,
    ) {
        let next_poll = self.counters.polls + 1;
        let order = self.session.change(id).and_then(|change| change.order(router));
        // What moved may be an earlier try that came true: then the read before the write is the read-back.
        let came_true = order
            .is_some_and(|order| matches!(&outcome, Outcome::Moved { read } if read.holds(&order.prepared.native)));
        let outcome = if came_true { Outcome::Verified } else { flawed(outcome) };
        let Some(execution) = self.executing.iter_mut().find(|each| each.change == id) else { return };
        let superseded = execution.superseded;
        let Some(leg) = execution.legs.get_mut(router).filter(|leg| leg.attempt == attempt) else { return };
        if leg.phase != Phase::Sending {
            return;
        }
        if leg.resent && matches!(outcome, Outcome::NotSent { .. }) {
            leg.phase = Phase::Asking { from: next_poll };
            self.read(now, router, out);
            return;
        }
        leg.phase = match &outcome {
            Outcome::Accepted if superseded => Phase::Done,
            Outcome::Accepted => Phase::ReadingBack { from: next_poll },
            Outcome::Unknown { .. } => Phase::Asking { from: next_poll },
            Outcome::NotSent { .. }
            | Outcome::Verified
            | Outcome::Differs { .. }
            | Outcome::Moved { .. }
            | Outcome::Failed { .. } => Phase::Done,
        };
        leg.counts_from = next_poll;
        leg.answered_at = now.elapsed;
        leg.outcome = Some(outcome.clone());
        leg.took = leg.began.map(|began| now.elapsed.since(began));
        let reads = leg.phase != Phase::Done;
        self.note(now, Command::NoteOutcome { change: id, router: router.clone(), attempt, outcome });
        if reads {
            self.read(now, router, out);
        }
        self.forget_superseded();
    }

    /// What the cockpit that sends it was told says more than what is read here: both screens show the same. Where it had
    /// no clear word, what was read here may have been before its write, and proves nothing.
    fn hear_of(
        &mut self,
        now: Now,
        id: ChangeId,
        router: &RouterId,
        attempt: u32,
        outcome: &Outcome,
        out: &mut Vec<Effect>,
    ) {
        let from = self.counters.polls + 1;
        let execution = self.executing.iter_mut().find(|each| each.change == id);
        let leg = execution.and_then(|execution| execution.legs.get_mut(router));
        let Some(leg) = leg.filter(|leg| !leg.mine && leg.attempt == attempt) else { return };
        leg.outcome = Some(outcome.clone());
        if !outcome.is_open() {
            leg.phase = Phase::Done;
            return;
        }
        leg.phase = Phase::Asking { from };
        leg.counts_from = from;
        leg.answered_at = now.elapsed;
        self.read(now, router, out);
    }

    /// Holds a new reading against every execution that waits for it.
    pub(super) fn read_back(&mut self, now: Now, router: &RouterId, seen: &Seen, out: &mut Vec<Effect>) {
        let mut notes = Vec::new();
        let mut again = Vec::new();
        for execution in &mut self.executing {
            let Some(change) = self.session.change(execution.change) else { continue };
            let Some(order) = change.order(router) else { continue };
            let Some(leg) = execution.legs.get_mut(router) else { continue };
            // Weights that are right while the system is still at work may be those of before: a way back that queues
            // behind the change which it undoes.
            let holds = seen.reading.underway.is_none() && seen.reading.native.holds(&order.prepared.native);
            let counts = match leg.phase {
                Phase::Sending => false,
                Phase::ReadingBack { from } | Phase::Asking { from } => {
                    seen.poll >= from || flaw::is(Flaw::StaleReadBack)
                }
                // A change that did not take may still come true, late or by a hand outside.
                Phase::Done => {
                    let open = leg.outcome != Some(Outcome::Verified) && !execution.superseded;
                    holds && open && seen.poll >= leg.counts_from
                }
            };
            if !counts {
                continue;
            }
            // What is on its way has not failed: the system says so itself, or has been slow to show it before.
            let is_open = leg.phase != Phase::Done && leg.outcome.as_ref().is_some_and(Outcome::is_open);
            let is_slow = leg.outcome == Some(Outcome::Accepted) && now.elapsed.since(leg.answered_at) < leg.read_back;
            let on_its_way = !holds && is_open && (seen.reading.underway.is_some() || is_slow);
            if on_its_way {
                continue;
            }
            let outcome =
                if holds { Outcome::Verified } else { Outcome::Differs { read: seen.reading.native.clone() } };
            let resend = leg.mine
                && execution.rollback
                && !flaw::is(Flaw::RollbackSentOnce)
                && !holds
                && !execution.superseded
                && change.settled.is_none()
                && now.elapsed < leg.until
                && now.wall < leg.deadline;
            leg.took = leg.began.map(|began| now.elapsed.since(began));
            leg.outcome = Some(outcome.clone());
            if resend && now.elapsed.since(leg.sent_at) >= RESEND {
                leg.phase = Phase::Sending;
                leg.resent = true;
                leg.sent_at = now.elapsed;
                let send = send(change, router, leg.attempt, leg.deadline, leg.until);
                again.push(Effect::Send(Box::new(send)));
            } else if !resend {
                leg.phase = Phase::Done;
                let attempt = leg.attempt;
                notes.push(Command::NoteOutcome { change: execution.change, router: router.clone(), attempt, outcome });
            }
        }
        out.extend(again);
        if self.drives() {
            for note in notes {
                self.note(now, note);
            }
        }
        self.forget_superseded();
    }

    /// With the controls comes the duty to write down what was read of the change in flight before.
    fn note_what_is_known(&mut self, now: Now) {
        let mut notes = Vec::new();
        for execution in &self.executing {
            for (router, leg) in &execution.legs {
                // A rollback that does not read back yet and is about to be sent again has not its last word.
                let is_word = leg.phase == Phase::Done || leg.outcome.as_ref().is_some_and(Outcome::is_open);
                if let Some(outcome) = leg.outcome.clone().filter(|_| is_word) {
                    let (change, attempt) = (execution.change, leg.attempt);
                    notes.push(Command::NoteOutcome { change, router: router.clone(), attempt, outcome });
                }
            }
        }
        for note in notes {
            self.note(now, note);
        }
    }

    /// A send that was never answered is unknown once nobody can still be sending it (D3).
    pub(super) fn give_up_on_silence(&mut self, now: Now) {
        let grace = self.procedure.longest_timeout() * 2 + Duration::from_secs(2);
        let from = self.counters.polls + 1;
        let mut notes = Vec::new();
        for execution in &mut self.executing {
            let silent = |leg: &Leg| leg.phase == Phase::Sending && now.elapsed > leg.until.plus(grace);
            for (router, leg) in execution.legs.iter_mut().filter(|(_, leg)| silent(leg)) {
                let outcome = Outcome::Unknown { why: "no word of it came back".to_owned() };
                leg.phase = Phase::Asking { from };
                leg.outcome = Some(outcome.clone());
                let (change, attempt) = (execution.change, leg.attempt);
                notes.push(Command::NoteOutcome { change, router: router.clone(), attempt, outcome });
            }
        }
        for note in notes {
            self.note(now, note);
        }
    }

    fn forget_superseded(&mut self) {
        self.executing.retain(|execution| !(execution.superseded && execution.is_over()));
    }
}

fn send(change: &Change, router: &RouterId, attempt: u32, deadline: Timestamp, until: Elapsed) -> Send {
    let order = change.order(router);
    let forward = change.confirmed.kind.is_forward();
    let expected = order.filter(|_| forward).and_then(|order| order.bound.as_ref()).map(|bound| bound.native.clone());
    Send {
        change: change.id(),
        router: router.clone(),
        attempt,
        prepared: order.map(|order| order.prepared.clone()).unwrap_or_default(),
        expected,
        deadline: if flaw::is(Flaw::IgnoreDeadline) { Timestamp(i64::MAX) } else { deadline },
        until: if flaw::is(Flaw::IgnoreDeadline) { Elapsed(u64::MAX) } else { until },
    }
}

/// The outcome, unless a bug is planted that takes it for another one.
fn flawed(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Unknown { why } if flaw::is(Flaw::TrustTimeout) => Outcome::NotSent { why },
        Outcome::Accepted if flaw::is(Flaw::VerifyUnread) => Outcome::Verified,
        known @ (Outcome::NotSent { .. }
        | Outcome::Accepted
        | Outcome::Verified
        | Outcome::Differs { .. }
        | Outcome::Moved { .. }
        | Outcome::Failed { .. }
        | Outcome::Unknown { .. }) => known,
    }
}
