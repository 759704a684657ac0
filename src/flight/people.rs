//! What kept events about people set in motion here: a word to the operator, a check of a signature, a wait that ends.

use super::{Effect, Flight, Tone};
use crate::domain::{Now, Seat};
use crate::session::Stamp;
use crate::session::decide::guard::fired;
use crate::session::event::{ChangeKind, Event, StepMark};
use crate::session::second::Second;

impl Flight {
    #[expect(clippy::wildcard_enum_match_arm, reason = "this is about few of many events; the others are `react`'s")]
    pub(super) fn react_to_people(&mut self, now: Now, stamp: &Stamp, event: &Event, out: &mut Vec<Effect>) {
        let mine = stamp.cockpit == self.me.cockpit;
        let who = stamp.actor.clone();
        match event {
            Event::CockpitJoined { seat, .. } if !mine => {
                let as_what = if *seat == Seat::Observer { " as an observer" } else { "" };
                out.push(Effect::tell(Tone::Plain, format!("{who} joined{as_what}")));
            }
            Event::CockpitLeft { why } if !mine => {
                out.push(Effect::tell(Tone::Warn, format!("{who} left: {why}")));
            }
            Event::ControlsTaken(taken) if !mine && stamp.number > 1 => {
                out.push(Effect::tell(Tone::Warn, format!("{who} has the controls: {}", taken.why)));
            }
            Event::ControlsTaken(taken) if taken.why.starts_with("handed over") => {
                out.push(Effect::tell(Tone::Good, format!("you have the controls, {}", taken.why)));
            }
            Event::ControlsOffered { to, operator, .. } if *to == self.me.cockpit => {
                out.push(Effect::tell(Tone::Warn, format!("{who} offers you, {operator}, the controls")));
            }
            Event::OfferEnded { why } if !mine => {
                out.push(Effect::tell(Tone::Warn, format!("{who} ended the offer of the controls: {why}")));
            }
            Event::ControlsAsked { reason } => {
                self.asking_folded(now.elapsed, stamp.cockpit);
                if self.drives() {
                    out.push(Effect::tell(Tone::Bad, format!("{who} asks for the controls: {reason}")));
                }
            }
            Event::AskingEnded { why } if !mine => {
                out.push(Effect::tell(Tone::Warn, format!("{who} ended the asking for the controls: {why}")));
            }
            Event::ConfirmationAsked(asked) if mine => self.request_kept(asked.request),
            Event::ConfirmationAsked(asked) => {
                let text = format!("{who} asks for a second person: {}", asked.act.words());
                out.push(Effect::tell(Tone::Warn, text));
            }
            Event::ConfirmationGiven { digest, .. } => {
                self.check_given(stamp, event, out);
                if !mine {
                    out.push(Effect::tell(Tone::Good, format!("{who} confirmed {}", digest.short())));
                }
            }
            Event::ConfirmationRefused { request, reason } => {
                self.request_refused(*request, who.as_str(), reason, out);
            }
            Event::ConfirmationEnded { why, .. } => {
                let whose = if mine { "the request".to_owned() } else { format!("the request of {who}") };
                out.push(Effect::tell(Tone::Warn, format!("{whose} to confirm is over, nothing was sent: {why}")));
            }
            Event::RunConfirmed(run) => {
                self.check_given(stamp, event, out);
                if !mine {
                    let text = format!("{who} confirmed the next {} steps", run.steps.len());
                    out.push(Effect::tell(Tone::Good, text));
                }
            }
            Event::RunEnded { why } => {
                out.push(Effect::tell(Tone::Warn, format!("the confirmed run of steps is over: {why}")));
            }
            Event::ChangeConfirmed(confirmed) => {
                tell_alone(&who, &confirmed.second, out);
                // A guard's rollback is no person's: it has its own word, and nobody signs it.
                let by_person = fired(&confirmed.confirmation).is_none();
                let rollback = matches!(confirmed.kind, ChangeKind::Rollback { .. }) && by_person;
                if rollback && !mine {
                    out.push(Effect::tell(Tone::Bad, format!("{who} rolls back to {}", confirmed.to)));
                }
                if rollback && mine && confirmed.confirmation.signed.is_none() {
                    self.sign_rollback(now, confirmed, out);
                }
            }
            Event::StepMarked { mark: StepMark::Done { second, .. }, .. } | Event::ProfileReloaded { second, .. } => {
                tell_alone(&who, second, out);
            }
            Event::RollbackActMarked(marked) => {
                if let StepMark::Done { second, .. } = &marked.mark {
                    tell_alone(&who, second, out);
                }
            }
            Event::Held { reason } if !mine => {
                out.push(Effect::tell(Tone::Bad, format!("{who} holds the deployment: {reason}")));
            }
            _ => {}
        }
        if self.waiting.as_ref().is_some_and(|waiting| waiting.is_over(event)) {
            self.waiting = None;
        }
    }
}

fn tell_alone(who: &crate::domain::Operator, second: &Second, out: &mut Vec<Effect>) {
    if let Second::Alone { reason } = second {
        out.push(Effect::tell(Tone::Bad, format!("{who} broke the glass, alone: {reason}")));
    }
}
