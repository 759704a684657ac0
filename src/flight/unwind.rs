//! The acts of a way back after its traffic (R7), and routers that are left out of the plan (D8): what is asked by people,
//! and what is known of both for the screen. The rules are the session's.

use super::propose::Proposing;
use super::{Ask, Effect, Flight, Tone, WayBackChoice};
use crate::domain::procedure::RollbackAct;
use crate::domain::{Now, RouterId, StepId};
use crate::session::Command;
use crate::session::decide::exclude::weights_of_the_rest;
use crate::session::event::StepMark;
use crate::session::gate::unwinding;
use crate::session::proposal::{Confirmation, GateReport, Override};
use crate::session::state::StepEnd;
use crate::session::unwind::{RollbackActMarked, RouterExcluded};

impl Flight {
    /// The next act of a way back, where one is being flown or there is no way back by traffic: then it begins with its
    /// first act.
    pub fn next_act(&self) -> Option<&RollbackAct> {
        let next = self.session.next_rollback_act(&self.procedure).filter(|_| self.session.is_open())?;
        // Idle, a way back does nothing (R3): what was so already, or left out, has changed nothing.
        let changed = |how: &StepEnd| match how {
            StepEnd::Verified(_)
            | StepEnd::Left(_)
            | StepEnd::Marked(StepMark::Done { .. } | StepMark::Acted { .. } | StepMark::LeftFailed { .. }) => true,
            StepEnd::Marked(StepMark::AlreadySo | StepMark::Skipped { .. }) => false,
        };
        let is_begun = !self.session.actions.is_empty() || self.session.steps.values().any(|done| changed(&done.how));
        let is_first = || is_begun && self.no_way_by_traffic().is_some();
        (self.session.unwinding.is_some() || is_first()).then_some(next)
    }

    /// Why there is no way back by traffic; `None` where there is one.
    pub fn no_way_by_traffic(&self) -> Option<String> {
        if self.procedure.routers.is_empty() {
            return Some("this profile names no router".to_owned());
        }
        self.way_back_to(WayBackChoice::Step).err().map(|refused| refused.why)
    }

    /// What stands before an act of a way back.
    pub fn gates_of_act(&self, act: &StepId, now: Now) -> Vec<GateReport> {
        let act = self.procedure.rollback_act(act).map(|(_, act)| act);
        act.map(|act| unwinding(&self.session, &self.procedure, act, &self.evidence(now))).unwrap_or_default()
    }

    /// How many of the required items of an act's checklist section are ticked, of how many.
    pub fn items_of_act(&self, act: &RollbackAct) -> Option<(usize, usize)> {
        let section = self.procedure.checklist.section(act.items.as_ref()?)?;
        let required = || section.items.iter().filter(|item| item.required);
        let ticked = required().filter(|item| self.session.ticks.contains_key(&item.id)).count();
        Some((ticked, required().count()))
    }

    /// What people ask of a way back and of routers that are left out.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is asked of a way back comes here")]
    pub(super) fn asked_on_way_back(&mut self, now: Now, ask: Ask, out: &mut Vec<Effect>) {
        match ask {
            Ask::DescribeRollbackAct => {
                if let Some(step) = self.next_act().map(|act| act.step.clone()) {
                    self.describe(now, &step, out);
                }
            }
            Ask::TakeRollbackAct { confirmation, overrides } => self.take_act(now, confirmation, overrides, out),
            Ask::SkipRollbackAct { reason } => {
                if let Some(step) = self.next_act_id() {
                    self.ask(now, Command::SkipStep { step, reason });
                }
            }
            Ask::PassRollbackAct => {
                if let Some(act) = self.next_act_id() {
                    self.ask(now, Command::PassRollbackAct { act });
                }
            }
            Ask::ExcludeRouter { router, reason } => self.ask(now, Command::ExcludeRouter { router, reason }),
            Ask::ProposeTakeIn(router) => self.propose_take_in(now, &router, out),
            _ => {}
        }
    }

    fn next_act_id(&self) -> Option<StepId> {
        self.next_act().map(|act| act.step.id.clone())
    }

    /// Confirmed: the way back never waits for a signature (R3).
    fn take_act(&mut self, now: Now, confirmation: Confirmation, overrides: Vec<Override>, out: &mut Vec<Effect>) {
        let Some(step) = self.next_act().map(|act| act.step.clone()) else { return };
        if step.action().is_none() || !self.is_described_anew(now, &step.id, out) {
            self.complete_work(now, step.id, confirmation, overrides);
        }
    }

    fn propose_take_in(&mut self, now: Now, router: &RouterId, out: &mut Vec<Effect>) {
        if !self.session.excluded.contains_key(router) {
            out.push(Effect::tell(Tone::Plain, format!("{router} is part of the plan: there is nothing to take in")));
            return;
        }
        if let Some(to) = weights_of_the_rest(&self.session, &self.procedure) {
            self.begin_take_in(now, router, to, out);
        } else {
            let text = format!("what the other routers have is not known: {router} stays left out");
            out.push(Effect::tell(Tone::Warn, text));
        }
    }

    /// What is told of an act of a way back that is over.
    pub(super) fn tell_act(&self, marked: &RollbackActMarked, out: &mut Vec<Effect>) {
        let next = self.session.next_rollback_act(&self.procedure).map(|act| act.step.name.as_str());
        let next = next.map_or_else(|| "nothing is left of the way back".to_owned(), |next| format!("next: {next}"));
        out.push(Effect::tell(Tone::Plain, format!("{} is over; {next}", marked.name)));
    }

    /// A router that is left out is not asked after any more.
    pub(super) fn take_out(&mut self, excluded: &RouterExcluded, out: &mut Vec<Effect>) {
        if let Some(id) = excluded.change
            && let Some(execution) = self.executing.iter_mut().find(|each| each.change == id)
        {
            execution.legs.remove(&excluded.router);
        }
        let text = format!("{} is LEFT OUT of the plan: {}", excluded.router, excluded.reason);
        out.push(Effect::tell(Tone::Bad, text));
    }
}

impl Proposing {
    /// The router that a proposal takes in again, where it does that.
    pub fn takes_in<'p>(&'p self, flight: &Flight) -> Option<&'p RouterId> {
        self.only_target().filter(|router| self.kind.is_forward() && flight.session.excluded.contains_key(*router))
    }
}
