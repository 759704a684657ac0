//! One turn of the loop: what comes in, in what order it is served, and when something is due without anything coming in.

use std::time::Duration;

use crossterm::event::Event;

use super::super::clock;
use super::super::signal::Signal;
use super::super::terminal::{FromTerminal, panic};
use super::{Deck, End, ToLoop};
use crate::cockpit::Msg;
use crate::domain::Elapsed;
use crate::flight::{self, Tone};
use crate::input;

/// Between two ticks, at most; also how often, at least, a vanished terminal is looked for.
pub(super) const BEAT: Duration = Duration::from_millis(1_200);
/// A tick that comes so long after a beat is one, too: the clock's tick each second is nearly always there first.
const NEARLY: Duration = Duration::from_millis(800);
/// Between two ticks, at least.
const REST: Duration = Duration::from_millis(10);
/// Telemetry that is taken in before the loop looks up again.
const BATCH: usize = 32;

impl Deck {
    pub(super) async fn run(&mut self, panic_at: Option<Elapsed>) {
        while self.end.is_none() {
            if std::mem::take(&mut self.is_leaving_front) {
                self.suspend().await;
                continue;
            }
            // Here and not where the sleep ends: what keeps coming in must not put it off.
            self.tick_when_due();
            if self.end.is_some() {
                break;
            }
            self.draw();
            assert!(panic_at.is_none_or(|at| clock::elapsed() < at), "asked for by --panic-after");
            let at = panic_at.map_or_else(|| self.due(), |panic_at| self.due().min(panic_at));
            tokio::select! {
                biased;
                signal = self.signals.next() => self.signal(signal),
                // Before keys: that a dialog was drawn must be known before a key that answers it (F2).
                Some(message) = self.answers.recv() => self.take(message),
                event = self.keys.next() => self.event(event),
                message = panic::next() => self.tell(
                    Tone::Bad,
                    format!("flightdeck has a fault: {message}; the deck flies on, its own log has more"),
                ),
                () = self.alarm.ring(at) => {}
                Some(sample) = self.samples.recv() => self.take_batch(sample),
            }
        }
    }

    /// When something is due without anything coming in.
    fn due(&self) -> Elapsed {
        let mut at = self.beat_at.plus(BEAT);
        if let Some(wakes_at) = self.model.wakes_at() {
            at = at.min(wakes_at.max(self.ticked_at.plus(REST)));
        }
        if self.is_dirty() && self.terminal.is_free() {
            at = at.min(self.next_frame());
        }
        at
    }

    fn tick_when_due(&mut self) {
        let now = clock::elapsed();
        let wakes = self.model.wakes_at().is_some_and(|at| now >= at.max(self.ticked_at.plus(REST)));
        let beat = now >= self.beat_at.plus(if wakes { NEARLY } else { BEAT });
        if beat {
            self.beat_at = now;
            if self.terminal.size().is_err() {
                self.end = Some(End::TerminalGone);
            }
            self.look_for_holder();
        }
        if beat || wakes {
            self.ticked_at = now;
            let dropped = self.telemetry.take_dropped();
            if dropped > 0 {
                self.update(Msg::Dropped { count: dropped });
            }
            self.update(Msg::Flight(flight::Msg::Tick));
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End(number) => {
                tracing::info!(number, "ended by a signal");
                self.end = Some(End::Signal(number));
            }
            Signal::Suspend => self.is_leaving_front = true,
            // Whoever stopped it may have left the terminal in other modes.
            Signal::Continue => {
                if self.terminal.enter().is_err() {
                    self.end = Some(End::TerminalGone);
                }
                self.screen.forget();
            }
            Signal::Resize => self.resize(),
        }
    }

    fn event(&mut self, event: Option<Event>) {
        self.is_eager = true;
        match event {
            Some(Event::Resize(..)) => self.resize(),
            Some(event) => {
                if let Some(msg) = input::read(&event, &self.model) {
                    self.update(msg);
                }
            }
            None => self.end = Some(End::TerminalGone),
        }
    }

    pub(super) fn resize(&mut self) {
        match self.terminal.size() {
            Ok((columns, rows)) => {
                self.is_eager = true;
                self.update(Msg::Resized { columns, rows });
            }
            Err(_gone) => self.end = Some(End::TerminalGone),
        }
    }

    fn take_batch(&mut self, first: ToLoop) {
        self.take(first);
        for _ in 1..BATCH {
            match self.samples.try_recv() {
                Ok(sample) => self.take(sample),
                Err(_none_left) => break,
            }
        }
    }

    pub(super) fn take(&mut self, message: ToLoop) {
        match message {
            ToLoop::Cockpit(msg) => {
                if matches!(msg, Msg::Flight(flight::Msg::RouterRead { .. })) {
                    self.release_frame();
                }
                self.update(msg);
            }
            ToLoop::Terminal(FromTerminal::Written { version }) => self.update(Msg::Drawn { version }),
            ToLoop::Terminal(FromTerminal::Lost(error)) => {
                tracing::warn!(%error, "the terminal is gone");
                self.end = Some(End::TerminalGone);
            }
            ToLoop::OnDisk(told) => self.found_on_disk(told.0),
        }
    }
}
