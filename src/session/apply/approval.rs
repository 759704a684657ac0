//! Folding approvals.

use super::{Stamp, stamped};
use crate::domain::{ApprovalId, Operator};
use crate::session::approval::{Approval, ApprovalGiven, ApprovalReported, Came};
use crate::session::state::Session;

impl Session {
    pub(super) fn apply_approved(&mut self, stamp: &Stamp, given: &ApprovalGiven) {
        self.approvals.push(Approval {
            approval: given.approval.clone(),
            by: stamp.actor.clone(),
            how: Came::Given { signed: given.signed.clone() },
            cockpit: stamp.cockpit,
            at: stamp.at,
            entry: stamp.number,
            about: given.about,
            until: given.until,
            withdrawn: None,
        });
    }

    pub(super) fn apply_approval_reported(&mut self, stamp: &Stamp, reported: &ApprovalReported) {
        self.approvals.push(Approval {
            approval: reported.approval.clone(),
            by: reported.by.clone(),
            how: Came::Reported { noted: stamp.actor.clone(), link: reported.link.clone() },
            cockpit: stamp.cockpit,
            at: stamp.at,
            entry: stamp.number,
            about: reported.about,
            until: reported.until,
            withdrawn: None,
        });
    }

    pub(super) fn apply_approval_withdrawn(&mut self, stamp: &Stamp, id: &ApprovalId, by: &Operator, reason: &str) {
        let theirs = |word: &&mut Approval| word.approval == *id && word.by == *by && word.withdrawn.is_none();
        for word in self.approvals.iter_mut().filter(theirs) {
            word.withdrawn = Some(stamped(stamp, reason.to_owned()));
        }
    }
}
