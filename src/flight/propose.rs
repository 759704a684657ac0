//! Proposals: worked out per router, bound to what was read, void when that moves, lapsed when time is over (B1 to B4).

use std::collections::BTreeMap;
use std::time::Duration;

use super::second::Then;
use super::{Effect, Flight, SignedAct, Tone, WayBackChoice};
use crate::domain::procedure::{Friction, StepAct};
use crate::domain::ramp::Ramp;
use crate::domain::{
    ChangeId, CheckId, Digest, Elapsed, NativeSplit, Now, Prepared, Reading, Refused, RouterId, Target, Waves, Weights,
};
use crate::session::Command;
use crate::session::decide::change::{asked_of, own_friction, rollback_friction, stands, void};
use crate::session::event::{ChangeKind, Settlement};
use crate::session::gate::{Forward, forward, gates};
use crate::session::proposal::{Bound, Confirmation, GateReport, Override, Proposal, RouterOrder};
use crate::session::second::AskedAct;

/// A proposal with its stage.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposing {
    /// The change.
    pub change: ChangeId,
    /// What sort of act.
    pub kind: ChangeKind,
    /// The weights asked for.
    pub to: Weights,
    /// Where it stands.
    pub stage: Stage,
    /// Which of the ways back it is; says nothing of a forward change.
    pub choice: WayBackChoice,
    /// Which stage of a way back in stages it is (R8).
    pub ramp: Option<Ramp>,
    /// Checks between the stages that did not pass when a person confirmed it.
    pub(super) despite: Vec<CheckId>,
    /// The stage before it, where it goes with the confirmation of that one and nobody confirmed it.
    pub(super) goes_with: Option<ChangeId>,
    request: u64,
    made: Now,
    revision: u64,
    targets: BTreeMap<RouterId, Target>,
    orders: BTreeMap<RouterId, Result<RouterOrder, Refused>>,
}

/// The stages of a proposal.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// Routers are still working out what it means for them.
    Preparing,
    /// It can be looked at and confirmed.
    Ready(Box<Proposal>),
    /// It was confirmed here and waits for another person (F3).
    Asking(Box<Proposal>),
    /// It was confirmed and is on its way into the journal.
    Confirming(Box<Proposal>),
    /// What it was based on moved, or its time is over: nothing was sent.
    Void {
        /// What moved.
        why: String,
    },
    /// A router cannot hold it: nothing was sent.
    Impossible {
        /// Each router's reason.
        refusals: Vec<(RouterId, Refused)>,
    },
}

impl Proposing {
    /// The proposal, once every router has worked it out.
    pub fn proposal(&self) -> Option<&Proposal> {
        match &self.stage {
            Stage::Ready(proposal) | Stage::Asking(proposal) | Stage::Confirming(proposal) => Some(proposal),
            Stage::Preparing | Stage::Void { .. } | Stage::Impossible { .. } => None,
        }
    }

    /// The router that it is for, where that is one.
    pub(super) fn only_target(&self) -> Option<&RouterId> {
        self.targets.keys().next().filter(|_| self.targets.len() == 1)
    }

    /// Whether it is the way back.
    pub fn is_rollback(&self) -> bool {
        !self.kind.is_forward()
    }

    /// How long it still stands, of the time that such a proposal has; a rollback does not lapse (R4).
    pub fn valid_for(&self, now: Elapsed, stands: Duration) -> Option<Duration> {
        self.kind.is_forward().then(|| stands.saturating_sub(now.since(self.made.elapsed)))
    }

    pub(super) fn refused(&mut self, change: ChangeId, refused: &Refused) {
        if self.change != change {
            return;
        }
        if let Stage::Asking(proposal) | Stage::Confirming(proposal) = &self.stage {
            self.stage = if refused.rule == "B3" {
                Stage::Void { why: refused.why.clone() }
            } else {
                Stage::Ready(proposal.clone())
            };
        }
    }
}

impl Flight {
    pub(super) fn propose_step(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(step) = self.session.next_step(&self.procedure.plan).cloned() else {
            out.push(Effect::tell(Tone::Plain, "the plan has no step left: close the session, or shift off plan"));
            return;
        };
        if let StepAct::Shift(to) = step.act {
            self.propose(now, ChangeKind::Step { step: step.id }, to, out);
        }
    }

    pub(super) fn propose_shift(&mut self, now: Now, to: Weights, out: &mut Vec<Effect>) {
        // A draft that happens to be the next step is the next step.
        let next = self.session.next_step(&self.procedure.plan);
        let kind = match next {
            Some(step) if step.act == StepAct::Shift(to.clone()) => ChangeKind::Step { step: step.id.clone() },
            Some(_) | None => ChangeKind::OffPlan,
        };
        self.propose(now, kind, to, out);
    }

    fn propose(&mut self, now: Now, kind: ChangeKind, to: Weights, out: &mut Vec<Effect>) {
        let flown = self.procedure.routers.iter().filter(|router| !self.session.excluded.contains_key(&router.id));
        let targets = flown.map(|router| (router.id.clone(), Target::Weights(to.clone()))).collect();
        self.begin(now, kind, to, targets, WayBackChoice::Step, out);
    }

    /// A router that was left out gets what the others have.
    pub(super) fn begin_take_in(&mut self, now: Now, router: &RouterId, to: Weights, out: &mut Vec<Effect>) {
        let targets = BTreeMap::from([(router.clone(), Target::Weights(to.clone()))]);
        self.begin(now, ChangeKind::OffPlan, to, targets, WayBackChoice::Step, out);
    }

    pub(super) fn propose_put_back(&mut self, now: Now, router: &RouterId, out: &mut Vec<Effect>) {
        let expected = self.session.expected.get(router).filter(|_| self.session.drifted.contains_key(router));
        let Some(expected) = expected.cloned() else {
            out.push(Effect::tell(Tone::Plain, format!("{router} has what the plan gave it: nothing to put back")));
            return;
        };
        let Some(to) = expected.shares(self.procedure.pool_ids()).nearest_weights() else { return };
        let targets = BTreeMap::from([(router.clone(), Target::Native(expected))]);
        self.begin(now, ChangeKind::PutBack, to, targets, WayBackChoice::Step, out);
    }

    pub(super) fn propose_rollback(&mut self, now: Now, choice: WayBackChoice, out: &mut Vec<Effect>) {
        let back = match self.way_back(choice) {
            Ok(back) => back,
            Err(refused) => {
                out.push(Effect::refused(&refused));
                return;
            }
        };
        let supersedes = self.session.in_flight().map(crate::session::Change::id);
        let kind = ChangeKind::Rollback { supersedes, reopens: Vec::new() };
        self.begin(now, kind, back.to, back.targets, choice, out);
    }

    fn begin(
        &mut self,
        now: Now,
        kind: ChangeKind,
        to: Weights,
        targets: BTreeMap<RouterId, Target>,
        choice: WayBackChoice,
        out: &mut Vec<Effect>,
    ) {
        if let Some(Proposing { stage: Stage::Confirming(_), .. }) = &self.proposing
            && kind.is_forward()
        {
            out.push(Effect::tell(Tone::Warn, "a confirmed change is on its way into the journal: wait for it"));
            return;
        }
        if kind.is_forward() && self.session.is_open() && !self.session.baseline {
            let is_flown = |router: &RouterId| !self.session.excluded.contains_key(router);
            let missing = self.watches.iter().filter(|(router, watch)| watch.last.is_none() && is_flown(router));
            let missing: Vec<&str> = missing.map(|(router, _)| router.as_str()).collect();
            if !missing.is_empty() {
                let text = format!("{} was not read yet: where the plan starts is not known", missing.join(", "));
                out.push(Effect::tell(Tone::Warn, text));
                return;
            }
        }
        if targets.is_empty() {
            let text = "this profile names no router: there is no traffic to move from here";
            out.push(Effect::tell(Tone::Plain, text));
            return;
        }
        let ramp = if choice == WayBackChoice::Ramp && !kind.is_forward() { self.next_stage().ok() } else { None };
        self.counters.changes += 1;
        self.counters.requests += 1;
        let change = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        let request = self.counters.requests;
        for (router, target) in &targets {
            let reading =
                self.watches.get(router).and_then(|watch| watch.last.as_ref()).map(|seen| seen.reading.clone());
            out.push(Effect::Prepare { request, router: router.clone(), target: target.clone(), reading });
        }
        self.close_until = now.elapsed.plus(self.procedure.timing.close_for);
        self.proposing = Some(Proposing {
            change,
            kind,
            to,
            stage: Stage::Preparing,
            choice,
            ramp,
            despite: Vec::new(),
            goes_with: None,
            request,
            made: now,
            revision: self.session.revision,
            targets,
            orders: BTreeMap::new(),
        });
    }

    pub(super) fn prepared(&mut self, request: u64, router: RouterId, result: Result<Prepared, Refused>) {
        if self.prepared_for_guard(request, &router, &result) {
            return;
        }
        let Some(proposing) = self.proposing.as_mut() else { return };
        if proposing.request != request || !matches!(proposing.stage, Stage::Preparing) {
            return;
        }
        let bound =
            self.watches.get(&router).and_then(|watch| watch.last.as_ref()).map(|seen| Bound::of(&seen.reading));
        let order = result.map(|prepared| RouterOrder { router: router.clone(), bound, prepared });
        proposing.orders.insert(router, order);
        if proposing.orders.len() < proposing.targets.len() {
            return;
        }
        let mut orders = Vec::new();
        let mut refusals = Vec::new();
        // Orders stand in the profile's order of routers.
        for spec in &self.procedure.routers {
            match proposing.orders.get(&spec.id) {
                Some(Ok(order)) => orders.push(order.clone()),
                Some(Err(refused)) => refusals.push((spec.id.clone(), refused.clone())),
                None => {}
            }
        }
        let sent_to = |router: &RouterId| orders.iter().any(|order| order.router == *router);
        let waves = if proposing.is_rollback() { Waves::default() } else { self.procedure.rollout.only(sent_to) };
        // The way back goes where it can: a router that cannot be prepared does not keep the others from it.
        proposing.stage = if refusals.is_empty() || (proposing.is_rollback() && !orders.is_empty()) {
            Stage::Ready(Box::new(Proposal {
                change: proposing.change,
                kind: proposing.kind.clone(),
                to: proposing.to.clone(),
                routers: orders,
                waves,
                revision: proposing.revision,
                profile: self.procedure.digest,
                made: proposing.made,
            }))
        } else {
            Stage::Impossible { refusals }
        };
    }

    /// Voids the proposal when its time is over or the session went on (B3).
    pub(super) fn check_stands(&mut self, now: Now) {
        let Some(Proposing { stage: Stage::Ready(proposal) | Stage::Asking(proposal), kind, .. }) = &self.proposing
        else {
            return;
        };
        if kind.is_forward()
            && let Err(refused) = stands(&self.session, &self.procedure, now, proposal)
        {
            self.void(now, refused.why);
        }
    }

    /// Voids the proposal when a new reading shows that what it is bound to moved (B3).
    pub(super) fn check_bound(&mut self, now: Now, router: &RouterId, reading: &Reading) {
        let Some(Proposing { stage: Stage::Ready(proposal) | Stage::Asking(proposal), kind, .. }) = &self.proposing
        else {
            return;
        };
        let bound =
            proposal.routers.iter().find(|order| order.router == *router).and_then(|order| order.bound.as_ref());
        let moved = bound.filter(|_| kind.is_forward()).and_then(|bound| bound.moved_since(reading));
        if let Some(moved) = moved {
            let why = void(proposal, format!("{router} {moved}")).why;
            self.void(now, why);
        }
    }

    fn void(&mut self, now: Now, why: String) {
        self.end_waiting(now, &why);
        if let Some(proposing) = self.proposing.as_mut() {
            proposing.stage = Stage::Void { why };
        }
    }

    pub(super) fn confirm(
        &mut self,
        now: Now,
        confirmation: Confirmation,
        overrides: Vec<Override>,
        out: &mut Vec<Effect>,
    ) {
        self.check_stands(now);
        let Some(proposal) = self.ready_proposal(out) else { return };
        let then = Then::Confirm { confirmation, overrides };
        let Then::Confirm { confirmation, overrides } = &then else { return };
        // The way back never waits for a signature (R3).
        if !proposal.kind.is_forward() {
            let seen = self.against_next_stage(now.elapsed).into_iter().map(|each| each.check).collect();
            if let Some(proposing) = self.proposing.as_mut() {
                proposing.despite = seen;
                proposing.goes_with = None;
            }
            self.confirm_signed(now, confirmation.clone(), overrides.clone(), out);
            return;
        }
        let act = if confirmation.alone.is_some() { SignedAct::Alone } else { SignedAct::Confirm };
        let digest = self.request_digest(overrides).unwrap_or(Digest::ZERO);
        let what = format!("shift to {}", proposal.to);
        if let Some(then) = self.signed_or(now, act, digest, what, then, out) {
            self.go_on(now, then, out);
        }
    }

    fn ready_proposal(&self, out: &mut Vec<Effect>) -> Option<Box<Proposal>> {
        match self.proposing.as_ref().map(|proposing| &proposing.stage) {
            Some(Stage::Ready(proposal)) => Some(proposal.clone()),
            Some(
                Stage::Preparing
                | Stage::Asking(_)
                | Stage::Confirming(_)
                | Stage::Void { .. }
                | Stage::Impossible { .. },
            ) => {
                out.push(Effect::tell(Tone::Plain, "the proposal cannot be confirmed as it stands: nothing was sent"));
                None
            }
            None => {
                out.push(Effect::tell(Tone::Plain, "there is nothing to confirm"));
                None
            }
        }
    }

    /// Goes on with what was confirmed and, where keys are named, signed: to another person, or into the journal.
    pub(super) fn confirm_signed(
        &mut self,
        now: Now,
        confirmation: Confirmation,
        overrides: Vec<Override>,
        out: &mut Vec<Effect>,
    ) {
        self.check_stands(now);
        let Some(proposal) = self.ready_proposal(out) else { return };
        let nothing_to_send = matches!(proposal.kind, ChangeKind::Step { .. }) && proposal.holds_already();
        if !nothing_to_send && self.asks_second(&proposal.kind, &overrides, &confirmation) {
            if let Some(proposing) = self.proposing.as_mut() {
                proposing.stage = Stage::Asking(proposal.clone());
            }
            self.ask_second(now, AskedAct::Change(proposal), overrides, confirmation);
        } else {
            self.send_confirmed(now, proposal, confirmation, overrides, out);
        }
    }

    /// Another person has confirmed the same: the binding is looked at once more where it is decided.
    pub(super) fn confirm_asked(
        &mut self,
        now: Now,
        confirmation: Confirmation,
        overrides: Vec<Override>,
        out: &mut Vec<Effect>,
    ) {
        let Some(Proposing { stage: Stage::Asking(proposal), .. }) = &self.proposing else { return };
        let proposal = proposal.clone();
        self.send_confirmed(now, proposal, confirmation, overrides, out);
    }

    fn send_confirmed(
        &mut self,
        now: Now,
        proposal: Box<Proposal>,
        confirmation: Confirmation,
        overrides: Vec<Override>,
        out: &mut Vec<Effect>,
    ) {
        let evidence = self.evidence(now);
        let controls = self.me.controls("rollback");
        let by_itself = self.by_itself(now.elapsed);
        let Some(proposing) = self.proposing.as_mut() else { return };
        proposing.stage = Stage::Confirming(proposal.clone());
        let change = proposing.change;
        let command = if proposing.is_rollback() {
            let ramp = proposing.ramp.clone();
            let despite = proposing.despite.clone();
            let cut_off = false;
            let command =
                Command::RollBack { proposal, confirmation, controls, cut_off, ramp, despite, by_itself, evidence };
            self.roll_back_urgently(now, change, command, out);
            return;
        } else if matches!(proposing.kind, ChangeKind::Step { .. }) && proposal.holds_already() {
            Command::MarkAlreadySo { proposal, evidence }
        } else {
            self.note_baselines(now);
            Command::Confirm { proposal, overrides, confirmation, evidence }
        };
        self.ask(now, command);
    }

    /// The gates of the proposal as they stand now; none for a rollback.
    pub fn gates(&self, now: Now) -> Vec<GateReport> {
        let Some(proposing) = self.proposing.as_ref().filter(|proposing| proposing.kind.is_forward()) else {
            return Vec::new();
        };
        let reports =
            gates(&self.session, &self.procedure, Forward::Shift(&proposing.to), &self.evidence(now), now.wall);
        asked_of(if proposing.takes_in(self).is_some() { &ChangeKind::PutBack } else { &proposing.kind }, reports)
    }

    /// The gates of the next step when it is a person's work.
    pub fn gates_to_complete(&self, now: Now) -> Vec<GateReport> {
        let next = self.session.next_step(&self.procedure.plan).map_or(Forward::Complete, forward);
        gates(&self.session, &self.procedure, next, &self.evidence(now), now.wall)
    }

    /// What confirming the proposal asks of the operator.
    pub fn friction(&self, overridden: bool) -> Friction {
        self.proposing.as_ref().map_or(Friction::Type, |proposing| match proposing.kind {
            ChangeKind::Rollback { .. } => {
                rollback_friction(&self.session, &self.procedure, self.me.cockpit, self.is_cut_off())
            }
            ChangeKind::Step { .. } | ChangeKind::OffPlan | ChangeKind::PutBack => {
                own_friction(&self.procedure, &proposing.kind, overridden)
            }
        })
    }

    /// The splits that were verified before the newest change that is not a rollback: what it goes back to without a
    /// `back_to` (R1).
    pub(super) fn splits_before(&self) -> Option<(Weights, BTreeMap<&RouterId, &NativeSplit>)> {
        let change = self.session.changes.iter().rev().find(|change| {
            change.confirmed.kind.is_forward() && !matches!(change.settled, Some((_, Settlement::NothingSent)))
        })?;
        let natives: BTreeMap<&RouterId, &NativeSplit> = change
            .confirmed
            .routers
            .iter()
            .filter_map(|order| Some((&order.router, &order.bound.as_ref()?.native)))
            .collect();
        let weights = natives.values().find_map(|native| native.shares(self.procedure.pool_ids()).nearest_weights())?;
        Some((weights, natives))
    }
}
