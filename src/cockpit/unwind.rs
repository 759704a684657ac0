//! What follows from the model about the acts of a way back (R7) and about routers that are left out (D8): what their
//! dialogs and banners say.

use super::{Action, Banner, Model, OverlayKind};
use crate::domain::{Outcome, RouterId, StepId};
use crate::flight::Tone;
use crate::session::event::Settlement;
use crate::session::proposal::GateReport;
use crate::session::unwind::ActStanding;

impl Model {
    /// Whether this is an act of a way back, and no step of the plan.
    pub fn is_back_act(&self, step: &StepId) -> bool {
        self.flight.procedure.rollback_act(step).is_some()
    }

    /// What stands before a person's step, an action, or an act of a way back.
    pub fn gates_of(&self, step: &StepId) -> Vec<GateReport> {
        if self.is_back_act(step) {
            self.flight.gates_of_act(step, self.now)
        } else {
            self.flight.gates_to_complete(self.now)
        }
    }

    /// The act of a way back that the open dialog is about, while it can still be left out.
    pub fn act_in_dialog(&self) -> Option<&StepId> {
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Complete { step, confirm }) if !confirm.waiting && self.is_back_act(step) => {
                self.follows(step).is_none().then_some(step)
            }
            Some(_) | None => None,
        }
    }

    /// Whether the act of the open dialog was tried and did not end well, so that the next one can be gone on with.
    pub fn act_can_be_passed(&self) -> bool {
        let act = self.act_in_dialog().and_then(|id| self.flight.procedure.rollback_act(id));
        act.is_some_and(|(_, act)| self.flight.session.act_standing(act) == ActStanding::Failed)
    }

    /// The acts of a way back that is being flown: what is done, what comes next.
    pub(super) fn unwinding_banner(&self) -> Option<Banner> {
        let (flight, session) = (&self.flight, &self.flight.session);
        let acts = &flight.procedure.rollback;
        session.unwinding.as_ref().filter(|_| session.is_open() && !acts.is_empty())?;
        let is_open = matches!(&self.overlay, Some(overlay) if matches!(&overlay.kind,
            OverlayKind::Complete { step, .. } if self.is_back_act(step)));
        let action = (!self.is_observer() && !is_open).then_some(Action::NextRollbackAct);
        let over = acts.iter().filter(|act| session.steps.contains_key(&act.step.id)).count();
        let traffic = session.newest_rollback().map(|back| match &back.settled {
            None => format!("{} under way, ", back.confirmed.to),
            Some((_, Settlement::Verified)) => format!("{} verified, ", back.confirmed.to),
            Some(_) => format!("{} not verified everywhere, ", back.confirmed.to),
        });
        let count = format!("way back: {}{over} of {} acts over", traffic.unwrap_or_default(), acts.len());
        let Some(next) = session.next_rollback_act(&flight.procedure) else {
            let open = acts.iter().filter_map(|act| Some((act, flight.items_of_act(act)?)));
            let (act, (ticked, all)) = open.into_iter().find(|(_, (ticked, all))| ticked < all)?;
            let section = act.items.as_ref().and_then(|slug| flight.procedure.checklist.section(slug));
            let title = section.map_or("", |section| section.title.as_str());
            let text = format!("{count}; {title}: {ticked} of {all} ticked");
            return Some(Banner { text, action: None, tone: Tone::Warn });
        };
        let name = &next.step.name;
        let (tone, text) = match (session.act_standing(next), session.run_of(&next.step)) {
            (ActStanding::Runs, Some(run)) => (Tone::Warn, format!("{count}; {name}: {}", self.action_words(run))),
            (ActStanding::Failed, Some(run)) => {
                let words = self.action_words(run);
                (Tone::Bad, format!("{count}; {name}: {words}: again, skip it, or go on"))
            }
            _ => {
                let after = acts.iter().skip_while(|act| act.step.id != next.step.id).skip(1);
                let after: Vec<&str> = after.map(|act| act.step.name.as_str()).collect();
                let then = if after.is_empty() { String::new() } else { format!("; then {}", after.join(", ")) };
                (Tone::Warn, format!("{count}, next: {name}{then}"))
            }
        };
        Some(Banner { text, action, tone })
    }

    /// Routers that are left out, each with the reason.
    pub(super) fn excluded_banners(&self) -> Vec<Banner> {
        let session = &self.flight.session;
        let each = session.excluded.iter().map(|(router, why)| {
            let text = format!("{router} is LEFT OUT of the plan since {} by {}: {}", why.at.clock(), why.by, why.what);
            Banner { text, action: None, tone: Tone::Bad }
        });
        each.collect()
    }

    /// The router that would be left out: the selected one, and in the dialog of a change that is not done everywhere one of
    /// those that are not done.
    pub fn router_to_exclude(&self) -> Option<RouterId> {
        let selected = self.selected_router().map(|router| router.id.clone());
        if !self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Partial)) {
            return selected;
        }
        let change = self.flight.session.in_flight()?;
        let has_word = |outcome: Option<&Outcome>| outcome.is_some_and(|outcome| *outcome != Outcome::Accepted);
        let open: Vec<&RouterId> = change
            .unfinished()
            .filter(|(_, known)| has_word(known.and_then(|known| known.outcome.as_ref())))
            .map(|(router, _)| router)
            .collect();
        selected.filter(|router| open.contains(&router)).or_else(|| open.first().map(|router| (*router).clone()))
    }
}
