//! F3: what asks two people had two, or one alone who may and said why.

use super::*;

/// An act that may ask two people.
pub enum Act<'a> {
    Change(&'a flightdeck::session::event::ChangeConfirmed),
    Complete(&'a StepId, &'a [Override]),
    Reload(Digest),
}

impl World {
    /// F3: what asks two people had two, or one alone who may and said why.
    pub fn check_second(&mut self, entry: &Entry, act: &Act<'_>, second: &Second, asks: bool, decided: &Decided) {
        let people = self.editions[0].people;
        match second {
            Second::NotAsked => {
                if asks {
                    self.broke("F3", "one person alone did what asks two");
                }
            }
            Second::Alone { reason } => {
                self.seen.mark("glass broken");
                if !people.break_glass || reason.trim().is_empty() {
                    self.broke("F3", "the glass was broken where the profile forbids it, or without a reason");
                }
            }
            Second::Given { entry: number, .. } => {
                self.seen.mark("two-person confirmed");
                let given = self.ledger.given.get(number).filter(|_| *number < entry.number).cloned();
                let asked = given.as_ref().and_then(|given| self.ledger.asked.get(&given.request)).cloned();
                let (Some(given), Some(asked)) = (given, asked) else {
                    return self.broke("F3", "nobody confirmed what is said to be confirmed by two");
                };
                if given.by == entry.actor || given.cockpit == entry.cockpit || asked.cockpit != entry.cockpit {
                    self.broke("F3", "both persons are the same one");
                }
                if !is_same_act(act, &asked) || given.digest != asked.what.digest {
                    self.broke("F3", "the second person confirmed something else");
                }
                if decided.wall > asked.what.until {
                    self.broke("F3", "a lapsed confirmation counted");
                }
                let signed = self.truly_signed(given.signed.as_ref(), &given.by, SignedAct::Give, given.digest);
                if people.keys && !signed {
                    self.broke("F3", "a confirmation counted whose signature does not hold");
                }
            }
            Second::Run { entry: number, .. } => {
                self.seen.mark("confirmed by run");
                let Some(run) = self.ledger.run.clone().filter(|run| run.entry == *number) else {
                    return self.broke("F3", "a run that was over let a step through");
                };
                let Act::Change(confirmed) = act else {
                    return self.broke("F3", "a run let through what is no step of it");
                };
                let covers = matches!(&confirmed.kind, ChangeKind::Step { step } if run.steps.contains(step));
                if !covers || !confirmed.overrides.is_empty() {
                    self.broke("F3", "a run let through what it does not cover");
                }
                if run.by == entry.actor || run.cockpit == entry.cockpit {
                    self.broke("F3", "both persons are the same one");
                }
                if people.keys && !self.truly_signed(run.signed.as_ref(), &run.by, SignedAct::Run, run.digest) {
                    self.broke("F3", "a run counted whose signature does not hold");
                }
            }
        }
    }
}

fn is_same_act(act: &Act<'_>, asked: &Asked) -> bool {
    match (act, &asked.what.act) {
        (Act::Change(confirmed), AskedAct::Change(proposal)) => {
            let same_kind = !confirmed.kind.is_forward() || confirmed.kind == proposal.kind;
            confirmed.change == proposal.change
                && same_kind
                && confirmed.to == proposal.to
                && confirmed.routers == proposal.routers
                && confirmed.waves == proposal.waves
                && confirmed.overrides == asked.what.overrides
        }
        (Act::Complete(step, overrides), AskedAct::Complete { step: asked_step, .. }) => {
            *step == asked_step && *overrides == asked.what.overrides
        }
        (Act::Reload(digest), AskedAct::Reload { digest: asked_digest, .. }) => digest == asked_digest,
        _ => false,
    }
}
