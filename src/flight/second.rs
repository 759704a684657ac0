//! Waiting for another person's word and for signatures (F3).

use std::collections::BTreeMap;

use super::propose::{Proposing, Stage};
use super::{ChangedProfile, Effect, Flight, SignedAct, ToCheck, ToSign, Tone};
use crate::domain::procedure::Friction;
use crate::domain::{ApprovalId, ChangeId, Digest, Now, RequestId, Signed, Signer, StepId};
use crate::session::decide::change::friction;
use crate::session::decide::lifecycle::reload_friction;
use crate::session::decide::step;
use crate::session::event::{ChangeConfirmed, ChangeKind, Event};
use crate::session::flaw::{self, Flaw};
use crate::session::proposal::{Confirmation, Override};
use crate::session::second::{AskedAct, ConfirmationAsked, run_digest};
use crate::session::signing::{About, about, signed_in};
use crate::session::{Command, Stamp};

/// An act of this cockpit that waits for another person.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// The request.
    pub request: RequestId,
    /// What.
    pub act: AskedAct,
    /// Overridden gates.
    pub overrides: Vec<Override>,
    /// How it was confirmed here.
    pub confirmation: Confirmation,
    /// Whether the journal has kept the request.
    pub kept: bool,
    /// Whether it went on after the other person's word.
    sent: bool,
}

/// Signatures: what is being signed here, and what was checked.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Checked signatures by the entry that holds them: of an entry with several, all hold, or none counts.
    pub checked: BTreeMap<u64, Result<Signer, String>>,
    /// How many signatures of an entry are being checked.
    pub(super) open: BTreeMap<u64, u32>,
    /// Whether the signatures of approvals that stood in the journal at opening were given to be checked.
    pub(super) is_taken_up: bool,
    /// What is being signed now: the screen says to touch the key.
    pub signing: Option<Signing>,
}

/// Something that is being signed.
#[derive(Clone, PartialEq, Debug)]
pub struct Signing {
    /// What, in one line.
    pub what: String,
    request: u64,
    /// What the signature is about.
    digest: Digest,
    then: Then,
}

/// What goes on once it is signed.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Then {
    Confirm { confirmation: Confirmation, overrides: Vec<Override> },
    Complete { confirmation: Confirmation, overrides: Vec<Override> },
    Reload { confirmation: Confirmation },
    Give { request: RequestId, digest: Digest, confirmation: Confirmation },
    Run { steps: Vec<StepId>, confirmation: Confirmation },
    Rollback { change: ChangeId },
    Approve { approval: ApprovalId, about: Digest, confirmation: Confirmation },
}

impl Waiting {
    /// Whether a kept event is the act that waited.
    pub(super) fn is_over(&self, event: &Event) -> bool {
        match (&self.act, event) {
            (AskedAct::Change(proposal), Event::ChangeConfirmed(confirmed)) => confirmed.change == proposal.change,
            (AskedAct::Complete { step, .. }, Event::StepMarked { step: marked, .. }) => step == marked,
            (AskedAct::Complete { step, .. }, Event::ActionStarting(intent)) => *step == intent.step,
            (AskedAct::Complete { step, .. }, Event::RollbackActMarked(marked)) => *step == marked.act,
            (AskedAct::Reload { digest, .. }, Event::ProfileReloaded { digest: taken, .. }) => digest == taken,
            _ => false,
        }
    }
}

impl Flight {
    /// Whether an act waits for another person's word now.
    pub fn waits_for_second(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.sent)
    }

    /// A request of another cockpit that waits for this one's word.
    pub fn asked_of_me(&self) -> Option<&crate::session::second::Request> {
        self.session.request.as_ref().filter(|request| request.cockpit != self.me.cockpit && request.given.is_none())
    }

    /// Whether a run that another person confirmed covers this step.
    fn is_covered(&self, kind: &ChangeKind, overrides: &[Override]) -> bool {
        let ChangeKind::Step { step } = kind else { return false };
        overrides.is_empty() && self.session.run.as_ref().is_some_and(|run| run.steps.contains(step))
    }

    /// Whether confirming this now asks another person first.
    pub fn asks_second(&self, kind: &ChangeKind, overrides: &[Override], confirmation: &Confirmation) -> bool {
        friction(&self.procedure, kind) == Friction::Two
            && confirmation.alone.is_none()
            && !self.is_covered(kind, overrides)
            && (kind.is_forward() || !self.is_cut_off())
    }

    /// Whether completing the next step now asks another person first.
    pub fn completing_asks_second(&self, id: &StepId, confirmation: &Confirmation) -> bool {
        let step = self.procedure.work(id);
        confirmation.alone.is_none() && step.is_some_and(|step| step::friction(&self.procedure, step) == Friction::Two)
    }

    /// Whether taking the changed profile in now asks another person first.
    pub fn reloading_asks_second(&self, confirmation: &Confirmation) -> bool {
        confirmation.alone.is_none() && reload_friction(&self.procedure) == Friction::Two
    }

    /// Asks another person. The act goes on by itself once they have confirmed it.
    pub(super) fn ask_second(&mut self, now: Now, act: AskedAct, overrides: Vec<Override>, confirmation: Confirmation) {
        self.counters.asked += 1;
        let request = RequestId { cockpit: self.me.cockpit, counter: self.counters.asked };
        let evidence = self.evidence(now);
        self.waiting = Some(Waiting {
            request,
            act: act.clone(),
            overrides: overrides.clone(),
            confirmation: confirmation.clone(),
            kept: false,
            sent: false,
        });
        let act = Box::new(act);
        self.ask(now, Command::AskSecond { request, act, overrides, confirmation, evidence });
    }

    /// Looks whether what waits can go on, or is over.
    pub(super) fn look_after_waiting(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(waiting) = self.waiting.as_mut() else { return };
        if waiting.sent || !waiting.kept {
            return;
        }
        let request = self.session.request.as_ref().filter(|request| request.asked.request == waiting.request);
        let Some(request) = request else {
            let what = waiting.act.words();
            self.waiting = None;
            self.void_asking("the session went on while it waited for another person");
            out.push(Effect::tell(Tone::Warn, format!("{what}: nothing was sent, the request is over")));
            return;
        };
        if now.wall > request.asked.until && !flaw::is(Flaw::LapsedCounts) {
            self.end_waiting(now, "it lapsed: nobody confirmed it in time");
            return;
        }
        let Some(given) = &request.given else { return };
        if self.procedure.people.keys && !self.keys.checked.contains_key(&given.entry) {
            return;
        }
        waiting.sent = true;
        let Waiting { act, overrides, confirmation, .. } = waiting.clone();
        match act {
            AskedAct::Change(_) => self.confirm_asked(now, confirmation, overrides, out),
            AskedAct::Complete { step, .. } => {
                self.take_step(now, step, overrides, confirmation);
                self.waiting = None;
            }
            AskedAct::Reload { .. } => {
                self.reload_now(now, confirmation, out);
                self.waiting = None;
            }
        }
    }

    /// Ends what waits for another person; nothing was sent.
    pub(super) fn end_waiting(&mut self, now: Now, why: &str) {
        let Some(waiting) = self.waiting.take() else { return };
        self.void_asking(why);
        if waiting.kept {
            self.note(now, Command::EndSecond { request: waiting.request, why: why.to_owned() });
        }
    }

    /// The proposal that waited for another person cannot be confirmed any more.
    fn void_asking(&mut self, why: &str) {
        if let Some(Proposing { stage: stage @ Stage::Asking(_), .. }) = &mut self.proposing {
            *stage = Stage::Void { why: why.to_owned() };
        }
    }

    pub(super) fn request_kept(&mut self, id: RequestId) {
        if let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.request == id) {
            waiting.kept = true;
        }
    }

    pub(super) fn request_refused(&mut self, id: RequestId, by: &str, reason: &str, out: &mut Vec<Effect>) {
        if self.waiting.take_if(|waiting| waiting.request == id).is_some() {
            self.void_asking(&format!("{by} refused it: {reason}"));
            out.push(Effect::tell(Tone::Warn, format!("{by} refused: {reason}; nothing was sent")));
        }
    }

    /// Signs first where the profile names keys; then goes on.
    ///
    /// Gives back what shall go on at once.
    pub(super) fn signed_or(
        &mut self,
        now: Now,
        act: SignedAct,
        digest: Digest,
        what: String,
        then: Then,
        out: &mut Vec<Effect>,
    ) -> Option<Then> {
        if !self.procedure.people.keys {
            return Some(then);
        }
        self.counters.requests += 1;
        let request = self.counters.requests;
        out.push(Effect::Sign(Box::new(ToSign {
            request,
            act,
            digest,
            what: what.clone(),
            head: self.link.head(),
            at: now.wall,
            until: now.wall.plus(self.procedure.people.answer),
        })));
        // A rollback's signature comes after it and keeps nobody waiting.
        if !matches!(then, Then::Rollback { .. }) || self.keys.signing.is_none() {
            self.keys.signing = Some(Signing { what, request, digest, then });
        }
        None
    }

    pub(super) fn signed(&mut self, now: Now, request: u64, result: Result<Signed, String>, out: &mut Vec<Effect>) {
        let Some(signing) = self.keys.signing.take_if(|signing| signing.request == request) else { return };
        let signed = match result {
            Ok(signed) => signed,
            Err(why) => {
                let text = match signing.then {
                    Then::Rollback { .. } => format!("the rollback is sent and not signed: {why}"),
                    Then::Confirm { .. }
                    | Then::Complete { .. }
                    | Then::Reload { .. }
                    | Then::Give { .. }
                    | Then::Approve { .. }
                    | Then::Run { .. } => format!("not signed, so nothing was done: {why}"),
                };
                out.push(Effect::tell(Tone::Bad, text));
                return;
            }
        };
        if !self.still_stands(&signing) {
            let text = format!("what was signed is not what stands here now, so nothing was done: {}", signing.what);
            out.push(Effect::tell(Tone::Warn, text));
            return;
        }
        let with = |confirmation: Confirmation| Confirmation { signed: Some(signed.clone()), ..confirmation };
        let then = match signing.then {
            Then::Confirm { confirmation, overrides } => Then::Confirm { confirmation: with(confirmation), overrides },
            Then::Complete { confirmation, overrides } => {
                Then::Complete { confirmation: with(confirmation), overrides }
            }
            Then::Reload { confirmation } => Then::Reload { confirmation: with(confirmation) },
            Then::Give { request, digest, confirmation } => {
                Then::Give { request, digest, confirmation: with(confirmation) }
            }
            Then::Run { steps, confirmation } => Then::Run { steps, confirmation: with(confirmation) },
            Then::Approve { approval, about, confirmation } => {
                Then::Approve { approval, about, confirmation: with(confirmation) }
            }
            Then::Rollback { change } => {
                self.note(now, Command::SignRollback { change, signed });
                return;
            }
        };
        self.go_on(now, then, out);
    }

    /// Whether what was signed is what would go on now: signing takes its time, and something else may have been proposed,
    /// or the session gone on.
    fn still_stands(&self, signing: &Signing) -> bool {
        let now = match &signing.then {
            Then::Confirm { overrides, .. } => self.request_digest(overrides),
            Then::Complete { overrides, .. } => self
                .session
                .next_step(&self.procedure.plan)
                .and_then(|step| match step.action() {
                    Some(_) => self.asked_start(step),
                    None => Some(step::asked_act(&self.session, step)),
                })
                .map(|act| ConfirmationAsked::digest_of(&act, overrides)),
            Then::Reload { .. } => match &self.changed_profile {
                Some(ChangedProfile::Good { procedure, .. }) => {
                    Some(ConfirmationAsked::digest_of(&AskedAct::reload(&self.session, procedure.digest), &[]))
                }
                Some(ChangedProfile::Bad { .. }) | None => None,
            },
            // These say themselves what they are about, and are held against it where they are decided.
            Then::Give { .. } | Then::Run { .. } | Then::Rollback { .. } | Then::Approve { .. } => return true,
        };
        now == Some(signing.digest)
    }

    /// What was signed, or needed no signature, goes on.
    pub(super) fn go_on(&mut self, now: Now, then: Then, out: &mut Vec<Effect>) {
        match then {
            Then::Confirm { confirmation, overrides } => self.confirm_signed(now, confirmation, overrides, out),
            Then::Complete { confirmation, overrides } => self.complete_signed(now, confirmation, overrides),
            Then::Reload { confirmation } => self.reload_signed(now, confirmation, out),
            Then::Give { request, digest, confirmation } => {
                let evidence = self.evidence(now);
                self.ask(now, Command::GiveSecond { request, digest, confirmation, evidence });
            }
            Then::Run { steps, confirmation } => self.ask(now, Command::ConfirmRun { steps, confirmation }),
            Then::Approve { approval, about, confirmation } => self.approve_signed(now, approval, about, confirmation),
            Then::Rollback { .. } => {}
        }
    }

    pub(super) fn give(
        &mut self,
        now: Now,
        request: RequestId,
        digest: Digest,
        confirmation: Confirmation,
        out: &mut Vec<Effect>,
    ) {
        let what = self.session.request.as_ref().map(|request| request.asked.act.words()).unwrap_or_default();
        let then = Then::Give { request, digest, confirmation };
        if let Some(then) = self.signed_or(now, SignedAct::Give, digest, what, then, out) {
            self.go_on(now, then, out);
        }
    }

    pub(super) fn confirm_run(
        &mut self,
        now: Now,
        steps: Vec<StepId>,
        confirmation: Confirmation,
        out: &mut Vec<Effect>,
    ) {
        let digest = run_digest(&self.procedure, &steps);
        let what = format!("a run of {} steps", steps.len());
        if let Some(then) = self.signed_or(now, SignedAct::Run, digest, what, Then::Run { steps, confirmation }, out) {
            self.go_on(now, then, out);
        }
    }

    /// Has the signature of a kept confirmation checked, where keys are named.
    pub(super) fn check_given(&mut self, stamp: &Stamp, event: &Event, out: &mut Vec<Effect>) {
        let Some(signed) = signed_in(event) else { return };
        let Some(About { act, digest, since }) = about(&self.session, &self.procedure, event) else { return };
        let heads = self.link.heads_before(stamp.number);
        *self.keys.open.entry(stamp.number).or_default() += 1;
        out.push(Effect::CheckSignature(Box::new(ToCheck {
            entry: stamp.number,
            signed: signed.clone(),
            act,
            digest,
            since,
            by: stamp.actor.clone(),
            cockpit: stamp.cockpit,
            at: stamp.at,
            heads,
            used_in: None,
        })));
    }

    pub(super) fn signature_checked(&mut self, entry: u64, result: Result<Signer, String>, out: &mut Vec<Effect>) {
        if let Err(why) = &result {
            out.push(Effect::tell(Tone::Bad, format!("a signature does not count: {why}")));
        }
        let open = self.keys.open.entry(entry).or_default();
        *open = open.saturating_sub(1);
        let refused = matches!(self.keys.checked.get(&entry), Some(Err(_)));
        if result.is_err() || (*open == 0 && !refused) {
            self.keys.checked.insert(entry, result);
        }
    }

    /// A rollback is signed after it was sent (R3).
    pub(super) fn sign_rollback(&mut self, now: Now, confirmed: &ChangeConfirmed, out: &mut Vec<Effect>) {
        let what = format!("roll back to {}", confirmed.to);
        let then = Then::Rollback { change: confirmed.change };
        self.signed_or(now, SignedAct::Rollback, confirmed.digest, what, then, out);
    }

    /// The digest that people sign and read to each other for what is proposed now.
    pub fn request_digest(&self, overrides: &[Override]) -> Option<Digest> {
        let proposal = self.proposing.as_ref()?.proposal()?;
        Some(ConfirmationAsked::digest_of(&AskedAct::Change(Box::new(proposal.clone())), overrides))
    }
}
