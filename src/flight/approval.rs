//! Approvals: asked of a person here, signed where keys are named, and how they stand for the screen (F7).

use super::second::Then;
use super::{Effect, Flight, SignedAct, ToCheck, Tone};
use crate::domain::approval::ApprovalSpec;
use crate::domain::procedure::Condition;
use crate::domain::{ApprovalId, Digest, Now, Operator, Seat};
use crate::session::approval::{Approval, ApprovalStanding, Came, Known, moment};
use crate::session::event::Event;
use crate::session::proposal::{Confirmation, GateState};
use crate::session::{Command, Stamp};

impl Flight {
    /// The approvals that the next step waits for, each once, in the plan's order.
    pub fn approvals_of_next(&self) -> Vec<&ApprovalSpec> {
        let (session, plan) = (&self.session, &self.procedure.plan);
        let last = session.last_step(plan).filter(|step| !session.is_skipped(step));
        let left = last.into_iter().flat_map(|step| &step.leave_when).filter_map(|condition| match condition {
            Condition::Approved(approval) => Some(approval),
            Condition::Drained(_) | Condition::Items(_) | Condition::Check(_) | Condition::Checks(_) => None,
        });
        let needed = session.next_step(plan).into_iter().flat_map(|step| &step.needs);
        let mut found: Vec<&ApprovalSpec> = Vec::new();
        for spec in left.chain(needed).filter_map(|id| self.procedure.approval(id)) {
            if found.iter().all(|each| each.id != spec.id) {
                found.push(spec);
            }
        }
        found
    }

    /// How an approval stands.
    pub fn approval_standing(&self, spec: &ApprovalSpec, now: Now) -> ApprovalStanding<'_> {
        let checks = self.check_evidence(now.elapsed);
        let known = Known { checks: &checks, signers: &self.keys.checked, own_key: self.me.key.as_ref() };
        self.session.approval(&self.procedure, spec, &known, now.wall)
    }

    /// The approvals that the next step waits for and that are not there.
    pub fn missing_approvals(&self, now: Now) -> Vec<&ApprovalSpec> {
        let mut waits = self.approvals_of_next();
        waits.retain(|spec| self.approval_standing(spec, now).state != GateState::Holds);
        waits
    }

    /// Why this cockpit's operator cannot give an approval now; `None` where they can.
    pub fn why_not_approve(&self, spec: &ApprovalSpec, now: Now) -> Option<String> {
        let me = &self.me.operator;
        let Some(approvers) = spec.approvers() else {
            let check = spec.check().map_or("a check", |check| check.as_str());
            return Some(format!("{check} reads it from its system: give it there"));
        };
        if self.me.seat == Seat::Observer {
            return Some("you only watch: an operator approves".to_owned());
        }
        if !self.session.is_open() {
            return Some("the session is closed".to_owned());
        }
        if !spec.is_for(me) {
            return Some(format!("it is not yours: ask {}", approvers.people_words()));
        }
        let drives =
            self.drives() || self.session.controls.as_ref().is_some_and(|controls| controls.holder.operator == *me);
        if drives && !approvers.own {
            return Some("you drive, and nobody approves what is their own".to_owned());
        }
        self.stands_from(spec, me, now).map(|word| format!("you have, at {}", word.at.clock()))
    }

    /// An operator's word for an approval that could still count.
    fn stands_from(&self, spec: &ApprovalSpec, who: &Operator, now: Now) -> Option<&Approval> {
        let about = self.session.about(&spec.id);
        let at = now.wall.max(self.session.at);
        self.session.words_for(&spec.id).into_iter().find(|word| word.by == *who && word.stands(about, at))
    }

    /// The word for an approval that this operator could take back: their own, else the newest that they noted.
    pub fn own_word(&self, spec: &ApprovalSpec) -> Option<&Approval> {
        let me = &self.me.operator;
        let mut words = self.session.words_for(&spec.id);
        words.retain(|word| word.withdrawn.is_none());
        let own = words.iter().find(|word| word.by == *me);
        let noted = |word: &&&Approval| matches!(&word.how, Came::Reported { noted, .. } if noted == me);
        own.or_else(|| words.iter().rev().find(noted)).copied()
    }

    pub(super) fn approve(
        &mut self,
        now: Now,
        approval: ApprovalId,
        about: Digest,
        confirmation: Confirmation,
        out: &mut Vec<Effect>,
    ) {
        let title = self.procedure.approval(&approval).map_or_else(|| approval.to_string(), |spec| spec.title.clone());
        let what = format!("approve: {title}");
        let then = Then::Approve { approval, about, confirmation };
        if let Some(then) = self.signed_or(now, SignedAct::Approval, about, what, then, out) {
            self.go_on(now, then, out);
        }
    }

    pub(super) fn approve_signed(&mut self, now: Now, approval: ApprovalId, about: Digest, confirmation: Confirmation) {
        self.ask(now, Command::Approve { approval, about, confirmation });
    }

    /// Approvals that stood in the journal when this cockpit opened it: their signatures are checked here as well.
    pub(super) fn take_up_approvals(&mut self, out: &mut Vec<Effect>) {
        if std::mem::replace(&mut self.keys.is_taken_up, true) || !self.procedure.people.keys {
            return;
        }
        let mut checks = Vec::new();
        for word in &self.session.approvals {
            let Came::Given { signed: Some(signed) } = &word.how else { continue };
            if word.about != self.session.about(&word.approval) {
                continue;
            }
            checks.push(ToCheck {
                entry: word.entry,
                signed: signed.clone(),
                act: SignedAct::Approval,
                digest: word.about,
                since: 1,
                by: word.by.clone(),
                cockpit: word.cockpit,
                at: word.at,
                heads: self.link.heads_before(word.entry),
                used_in: None,
            });
        }
        for check in checks {
            *self.keys.open.entry(check.entry).or_default() += 1;
            out.push(Effect::CheckSignature(Box::new(check)));
        }
    }

    /// What kept events about approvals set in motion here.
    #[expect(clippy::wildcard_enum_match_arm, reason = "this is about few of many events")]
    pub(super) fn react_to_approvals(&mut self, stamp: &Stamp, event: &Event, out: &mut Vec<Effect>) {
        let mine = stamp.cockpit == self.me.cockpit;
        let who = if mine { "you" } else { stamp.actor.as_str() };
        match event {
            Event::ApprovalGiven(given) => {
                self.check_given(stamp, event, out);
                let until = moment(given.until, stamp.at);
                out.push(Effect::tell(Tone::Good, format!("{who} approved: {}, until {until}", given.title)));
            }
            Event::ApprovalReported(reported) => {
                let (by, title) = (&reported.by, &reported.title);
                let text = format!("{who} noted that {by} approved: {title}; reported, not verified");
                out.push(Effect::tell(Tone::Warn, text));
            }
            Event::ApprovalWithdrawn { approval, by, reason } => {
                let title = self.procedure.approval(approval).map_or(approval.as_str(), |spec| spec.title.as_str());
                let whose =
                    if *by == stamp.actor { "the approval".to_owned() } else { format!("what was told of {by}") };
                let text = format!("{who} took back {whose}: {title}: {reason}");
                out.push(Effect::tell(if mine { Tone::Warn } else { Tone::Bad }, text));
            }
            _ => {}
        }
    }
}
