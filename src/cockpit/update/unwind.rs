//! The dialogs of a way back's acts (R7), and leaving routers out or taking them in again (D8).

use super::super::{ConfirmState, Effect, Model, OverlayKind, Purpose};
use crate::domain::RouterId;
use crate::flight::{Ask, Tone};

impl Model {
    /// Opens the dialog of the next act of a way back; says whether there is one.
    pub(super) fn open_act(&mut self, by_enter: bool, out: &mut Vec<Effect>) -> bool {
        let Some(act) = self.flight.next_act() else { return false };
        let (step, acts) = (act.step.id.clone(), act.step.action().is_some());
        self.open(OverlayKind::Complete { step, confirm: ConfirmState::default() }, by_enter);
        if acts {
            self.ask(Ask::DescribeRollbackAct, out);
        }
        true
    }

    /// The same by its key; says why there is none.
    pub(super) fn next_act(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        if self.open_act(by_enter, out) {
            return;
        }
        let text = if self.flight.procedure.rollback.is_empty() {
            "the profile names no [[rollback]]: the way back is its traffic"
        } else if self.flight.session.unwinding.is_some() {
            "every act of the way back is over"
        } else {
            "no way back is being flown: its acts come after the traffic"
        };
        self.tell(Tone::Plain, text, out);
    }

    pub(super) fn ask_to_skip_act(&mut self) {
        if self.act_in_dialog().is_some() {
            self.question(Purpose::SkipRollbackAct);
        }
    }

    /// Goes on with the next act; a key that came before the dialog was drawn does not count.
    pub(super) fn pass_act(&mut self, out: &mut Vec<Effect>) {
        let seen = self.overlay.as_ref().is_some_and(|overlay| overlay.seen);
        if seen && self.act_can_be_passed() {
            self.ask(Ask::PassRollbackAct, out);
        }
    }

    /// Asks why a router is left out; of one that is left out, proposes taking it in again.
    pub(super) fn exclude_router(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        let excluded = &self.flight.session.excluded;
        let selected = self.router_to_exclude();
        // From a banner: the router that it names, where none of those is selected.
        let is_one: Option<RouterId> = match &selected {
            Some(router) if excluded.contains_key(router) => Some(router.clone()),
            Some(_) | None => None,
        };
        match (is_one, selected) {
            (Some(router), _) => _ = self.propose(Ask::ProposeTakeIn(router), by_enter, out),
            (None, Some(router)) => self.question(Purpose::ExcludeRouter { router }),
            (None, None) => self.tell(Tone::Plain, "no router is selected", out),
        }
    }
}
