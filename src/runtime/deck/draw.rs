//! When a frame is drawn, and what becomes of it.

use std::time::Duration;

use super::super::clock;
use super::super::terminal::Handed;
use super::{AWAITED, Deck, FRAME};
use crate::cockpit::Msg;

impl Deck {
    pub(super) fn is_dirty(&self) -> bool {
        self.handed != Some(self.model.version) || self.screen.is_urgent()
    }

    /// The least time between two frames that no key asked for.
    pub(super) fn pace(&self) -> Duration {
        if self.is_awaited || self.is_under_way() { AWAITED } else { FRAME }
    }

    /// Whether a change is under way, and people look at nothing else.
    fn is_under_way(&self) -> bool {
        !self.model.flight.executing.is_empty() || self.model.flight.session.in_flight().is_some()
    }

    pub(super) fn draw(&mut self) {
        let now = clock::elapsed();
        let is_due = self.is_eager || now >= self.drawn_at.plus(self.pace());
        if !self.is_dirty() || !is_due || !self.terminal.is_free() || self.end.is_some() {
            return;
        }
        let mut buffer = self.screen.blank(self.model.size);
        self.look.draw(&self.model, &mut buffer);
        let version = self.model.version;
        self.drawn_at = now;
        self.is_awaited = self.is_under_way();
        match self.screen.frame(buffer, None) {
            Ok(bytes) => {
                // Where nothing differs, what was handed over before has gone out, and shows this version too.
                let handed = if bytes.is_empty() { Handed::Gone } else { self.terminal.frame(bytes, version) };
                if handed == Handed::Refused {
                    self.screen.forget();
                    return;
                }
                self.handed = Some(version);
                self.is_eager = false;
                if handed == Handed::Gone {
                    self.update(Msg::Drawn { version });
                }
            }
            Err(error) => tracing::error!(%error, "a frame could not be made"),
        }
    }
}
