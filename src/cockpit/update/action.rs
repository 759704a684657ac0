//! The dialogs of deploy actions: starting one and following it, and cancelling it.

use tui_input::Input;

use super::super::{ConfirmState, Model, OverlayKind};
use crate::domain::{ChangeId, StepId};

impl Model {
    /// Opens the dialog that cancels the action that runs; says whether there is one.
    pub(super) fn open_action_cancel(&mut self) -> bool {
        let Some(of) = self.flight.cancellable_action().map(crate::session::action::ActionRun::act) else {
            return false;
        };
        let before = self.flight.session.cancellations;
        self.open(OverlayKind::CancelAction { of, before, confirm: ConfirmState::default() }, false);
        true
    }

    /// Whether the dialog of an action stays: until its step is over. Once it is started, it is followed in the same place;
    /// what is worked out anew is looked at before a key counts for it.
    pub(super) fn keeps_action(
        &self,
        step: &StepId,
        confirm: &mut ConfirmState,
        opened: &mut u64,
        seen: &mut bool,
    ) -> bool {
        if self.flight.session.steps.contains_key(step) {
            return false;
        }
        if self.follows(step).is_some() {
            *confirm = ConfirmState::default();
            return true;
        }
        self.take_refusal(confirm, confirm.waiting && !self.is_pending());
        let described = self.flight.described(step).filter(|described| described.told.is_some());
        let shown = described.map(|described| described.act);
        if confirm.change != shown {
            confirm.change = shown;
            if !confirm.waiting {
                confirm.typed = Input::default();
                (*opened, *seen) = (self.version + 1, false);
            }
        }
        true
    }

    /// Whether the cancelling dialog stays: until the intent is kept, or the action is over.
    pub(super) fn keeps_action_cancel(
        &self,
        of: ChangeId,
        before: u32,
        confirm: &mut ConfirmState,
        is_pending: bool,
    ) -> bool {
        if self.flight.session.cancellations > before && confirm.waiting {
            return false;
        }
        self.take_refusal(confirm, confirm.waiting && !is_pending);
        let runs = self.flight.cancellable_action().is_some_and(|run| run.act() == of);
        if !runs && !confirm.waiting {
            confirm.failed = Some("it is over: there is nothing to cancel any more".to_owned());
        }
        true
    }
}
