//! When a frame is drawn, and what becomes of it.

use super::super::clock;
use super::super::terminal::Handed;
use super::{ANSWER, AWAITED, Deck, FRAME};
use crate::cockpit::Msg;
use crate::domain::Elapsed;

impl Deck {
    pub(super) fn is_dirty(&self) -> bool {
        self.handed != Some(self.model.version) || self.screen.is_urgent()
    }

    /// When the next frame that no key asked for may be drawn.
    pub(super) fn next_frame(&self) -> Elapsed {
        let pace = if self.is_awaited { AWAITED } else { FRAME };
        // Frames that take long leave at least as much time again for what they are to show.
        let next = self.drawn_at.plus(pace.max(self.frame_took * 2));
        self.held_until.map_or(next, |until| next.max(until))
    }

    /// A router is asked: its answer and what asked for it are to be one frame, if it comes soon.
    pub(super) fn hold_frame(&mut self) {
        self.held_until.get_or_insert(clock::elapsed().plus(ANSWER));
    }

    /// It has answered. Until the next frame no other answer is waited for.
    pub(super) fn release_frame(&mut self) {
        self.held_until = self.held_until.and(Some(Elapsed(0)));
    }

    /// Whether a change is under way, and people look at nothing else; or something that was asked for here is on its way
    /// into the journal, whose answer comes right after the key's frame.
    fn is_under_way(&self) -> bool {
        let flight = &self.model.flight;
        let is_being_kept = flight.link.is_busy() && !flight.is_cut_off();
        is_being_kept || !flight.executing.is_empty() || flight.session.in_flight().is_some()
    }

    pub(super) fn draw(&mut self) {
        self.is_awaited |= self.is_under_way();
        let now = clock::elapsed();
        let is_due = self.is_eager || now >= self.next_frame();
        if !self.is_dirty() || !is_due || !self.terminal.is_free() || self.end.is_some() {
            return;
        }
        let mut buffer = self.screen.blank(self.model.size);
        self.look.draw(&self.model, &mut buffer);
        let version = self.model.version;
        self.drawn_at = now;
        self.held_until = None;
        self.is_awaited = self.is_under_way();
        let frame = self.screen.frame(buffer, None);
        self.frame_took = clock::elapsed().since(now);
        match frame {
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
