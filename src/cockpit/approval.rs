//! The panel of approvals: which of them is chosen, and the banner for who could give one (F7).

use super::{Action, Banner, Model, OverlayKind};
use crate::domain::approval::ApprovalSpec;
use crate::domain::procedure::Condition;
use crate::domain::{ApprovalId, Digest};
use crate::flight::Tone;

/// The panel of approvals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ApprovalTable {
    /// The chosen one, in the profile's order.
    pub selected: usize,
}

/// An approval that is about to be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToApprove {
    /// Which one.
    pub approval: ApprovalId,
    /// What it was about when the dialog opened.
    pub about: Digest,
}

impl Model {
    /// The chosen approval of the open panel.
    pub fn chosen_approval(&self) -> Option<&ApprovalSpec> {
        let Some(OverlayKind::Approvals(table)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else {
            return None;
        };
        self.flight.procedure.approvals.get(table.selected)
    }

    /// The names of the steps that wait for an approval: those that need it, and those after a step that is left with it.
    pub fn steps_that_need(&self, id: &ApprovalId) -> Vec<&str> {
        let plan = &self.flight.procedure.plan;
        let leaves = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| plan.get(before));
            before.is_some_and(|step| step.leave_when.contains(&Condition::Approved(id.clone())))
        };
        let needs = plan.iter().enumerate().filter(|(at, step)| step.needs.contains(id) || leaves(*at));
        needs.map(|(_, step)| step.name.as_str()).collect()
    }

    /// Whether what the dialog that gives an approval shows can still be given.
    pub(super) fn can_approve(&self, given: &ToApprove) -> bool {
        let spec = self.flight.procedure.approval(&given.approval);
        let is_same = self.flight.session.about(&given.approval) == given.about;
        is_same && spec.is_some_and(|spec| self.flight.why_not_approve(spec, self.now).is_none())
    }

    /// The next step waits for this operator's word; or for somebody's whose word has expired.
    pub(super) fn approval_banner(&self) -> Option<Banner> {
        let session = &self.flight.session;
        if self.flight.procedure.approvals.is_empty() || !session.is_open() || self.shows_approvals() {
            return None;
        }
        let step = session.next_step(&self.flight.procedure.plan)?;
        let missing = self.flight.missing_approvals(self.now);
        let mine = missing.iter().find(|spec| self.flight.why_not_approve(spec, self.now).is_none());
        if let Some(spec) = mine {
            let text = format!("{} waits for your approval: {}", step.name, spec.title);
            return Some(Banner { text, action: Some(Action::Approvals), tone: Tone::Warn });
        }
        let has_expired = |spec: &&&ApprovalSpec| self.flight.approval_standing(spec, self.now).has_expired();
        let expired = missing.iter().find(has_expired).filter(|_| self.flight.drives())?;
        let text = format!("the approval of {} has expired: {} waits for it", expired.title, step.name);
        Some(Banner { text, action: Some(Action::Approvals), tone: Tone::Warn })
    }

    fn shows_approvals(&self) -> bool {
        let open = self.overlay.as_ref().map(|overlay| &overlay.kind);
        matches!(open, Some(OverlayKind::Approvals(_) | OverlayKind::Approve { .. }))
    }
}
