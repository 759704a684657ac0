//! When a frame is drawn, and what becomes of it.

use ratatui::buffer::Buffer;

use super::super::clock;
use super::super::terminal::Screen;
use super::{Deck, FRAME};
use crate::cockpit::Msg;

impl Deck {
    pub(super) fn is_dirty(&self) -> bool {
        self.handed != Some(self.model.version) || self.screen.is_urgent()
    }

    pub(super) fn draw(&mut self) {
        let now = clock::elapsed();
        let is_due = self.is_eager || now >= self.drawn_at.plus(FRAME);
        if !self.is_dirty() || !is_due || !self.terminal.is_free() || self.end.is_some() {
            return;
        }
        let mut buffer = Buffer::empty(Screen::area(self.model.size));
        self.look.draw(&self.model, &mut buffer);
        let version = self.model.version;
        self.drawn_at = now;
        match self.screen.frame(buffer, None) {
            // What was handed over has gone out, and shows this version too.
            Ok(bytes) if bytes.is_empty() => {
                self.handed = Some(version);
                self.is_eager = false;
                self.update(Msg::Drawn { version });
            }
            Ok(bytes) => {
                if self.terminal.frame(bytes, version) {
                    self.handed = Some(version);
                    self.is_eager = false;
                } else {
                    self.screen.forget();
                }
            }
            Err(error) => tracing::error!(%error, "a frame could not be made"),
        }
    }
}
