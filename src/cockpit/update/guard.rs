//! Arming guards, and disarming them: a dialog like every other act (G1).

use super::super::{ConfirmState, Effect, Model, OverlayKind};
use crate::flight::Tone;
use crate::session::guard::{may_be_armed, to_arm};

impl Model {
    /// Opens the dialog that arms, or where guards are armed the one that disarms.
    pub(super) fn open_arming(&mut self, out: &mut Vec<Effect>) {
        let disarms = self.flight.session.armed().is_some();
        match may_be_armed(&self.flight.procedure) {
            Err(refused) if !disarms => {
                self.tell(Tone::Plain, format!("guards cannot be armed: {}; {}", refused.why, refused.advice), out);
            }
            Ok(()) | Err(_) => self.open(OverlayKind::Arm { disarms, confirm: ConfirmState::default() }, false),
        }
    }

    /// Whether there is a guard to arm: one that may roll back and is not red already.
    pub(super) fn can_arm(&self) -> bool {
        !to_arm(&self.flight.session, &self.flight.procedure).0.is_empty()
    }

    /// Whether the dialog still has something to be about: what it does is not done yet, and this cockpit drives.
    pub(super) fn keeps_arming(&self, disarms: bool, confirm: &mut ConfirmState) -> bool {
        let armed = self.flight.session.armed().is_some();
        let refused = confirm.waiting && !self.is_pending() && armed == disarms;
        self.take_refusal(confirm, refused);
        armed == disarms && self.flight.drives() && self.flight.session.is_open()
    }
}
