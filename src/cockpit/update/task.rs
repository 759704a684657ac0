//! A task of a slow system: shown, and cancelled once that is confirmed (R6).

use super::super::{ConfirmState, Effect, Model, OverlayKind};
use crate::domain::RouterId;
use crate::flight::Tone;
use crate::flight::task::CancelTask;

impl Model {
    /// The task that would be cancelled: of the selected router, else one that a rollback waits behind, else any.
    pub fn task_to_cancel(&self) -> Option<CancelTask> {
        let selected = self.selected_router().map(|router| &router.id);
        let blocked = self.flight.blocked_back();
        let routers = selected.into_iter().chain(blocked).chain(self.flight.watches.keys());
        routers.into_iter().find_map(|router| self.flight.cancellable(router))
    }

    /// Opens the dialog; says why there is none.
    pub(super) fn open_cancel(&mut self, out: &mut Vec<Effect>) {
        if self.stop_followed(out) {
            return;
        }
        // A way back that waits comes before what goes forward.
        if self.flight.blocked_back().is_empty() && self.open_action_cancel() {
            return;
        }
        if let Some(cancel) = self.task_to_cancel() {
            let before = self.flight.session.cancellations;
            let kind = OverlayKind::CancelTask { cancel: Box::new(cancel), before, confirm: ConfirmState::default() };
            return self.open(kind, false);
        }
        let at_work = |router: &&RouterId| self.flight.underway(router).is_some();
        let text = match self.flight.watches.keys().find(at_work) {
            Some(router) => format!("{router} is at work, and that cannot be cancelled from here"),
            None => "no router's system is at work: there is nothing to cancel".to_owned(),
        };
        self.tell(Tone::Plain, text, out);
    }

    /// Whether the dialog stays: until the intent is kept, or the task is over.
    pub(super) fn keeps_cancel(
        &self,
        cancel: &CancelTask,
        before: u32,
        confirm: &mut ConfirmState,
        is_pending: bool,
    ) -> bool {
        let is_kept = self.flight.session.cancellations > before;
        if is_kept && confirm.waiting {
            return false;
        }
        self.take_refusal(confirm, confirm.waiting && !is_pending);
        let running = self.flight.underway(&cancel.router).is_some_and(|underway| underway.task == cancel.task);
        if !running && !confirm.waiting {
            confirm.failed = Some("it is over: there is nothing to cancel any more".to_owned());
        }
        true
    }
}
