//! Leaving the front for a while (Ctrl-Z), and for good (S1).

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::super::clock;
use super::super::headless::{GRACE, is_unsettled};
use super::super::opening::short;
use super::super::signal::Signal;
use super::super::terminal::suspend;
use super::turn::BEAT;
use super::{Deck, End, Landed};
use crate::cockpit::Msg;
use crate::flight::{self, Tone};

impl Deck {
    /// To the background, and back when it is continued.
    pub(super) async fn suspend(&mut self) {
        if !suspend::is_possible() {
            let text = "no shell waits that could bring flightdeck back: it stays in front";
            self.tell(Tone::Warn, text.to_owned());
            return;
        }
        // The thread that reads keys is stopped with all others.
        self.terminal.leave();
        match suspend::stop() {
            Ok(()) => self.wait_for_the_front().await,
            Err(error) => self.tell(Tone::Warn, format!("it could not be suspended: {error}")),
        }
        if self.end.is_some() {
            return;
        }
        if self.terminal.enter().is_err() {
            self.end = Some(End::TerminalGone);
            return;
        }
        self.screen.forget();
        self.resize();
        self.update(Msg::Resumed);
    }

    /// The stop takes hold a moment after it was asked for: until it is over, the terminal is the shell's.
    async fn wait_for_the_front(&mut self) {
        loop {
            match timeout(BEAT, self.signals.next()).await {
                Ok(Signal::Continue) | Err(_) => return,
                Ok(Signal::End(number)) => {
                    self.end = Some(End::Signal(number));
                    return;
                }
                Ok(Signal::Suspend | Signal::Resize) => {}
            }
        }
    }

    /// Gives the terminal back at once, then waits a moment for answers (S1).
    pub(super) async fn land(mut self) -> Landed {
        self.hands.fences.end();
        self.keys.close();
        self.terminal.leave();
        self.sources.cancel();
        if self.model.flight.session.is_open() {
            let why = match self.end {
                Some(End::Signal(number)) => format!("ended by signal {number}"),
                Some(End::TerminalGone) => "its terminal is gone".to_owned(),
                Some(End::Quit) | None => "quit".to_owned(),
            };
            self.update(Msg::Flight(flight::Msg::Ask(flight::Ask::LeaveSession { why })));
        }
        let until = clock::elapsed().plus(GRACE);
        while is_unsettled(&self.model.flight) && clock::elapsed() < until {
            tokio::select! {
                biased;
                Some(message) = self.answers.recv() => self.take(message),
                () = sleep(Duration::from_millis(50)) => self.update(Msg::Flight(flight::Msg::Tick)),
            }
        }
        self.cancel.cancel();
        self.tracker.close();
        timeout(Duration::from_millis(500), self.tracker.wait()).await.ok();
        self.terminal.print(&last_words(&self.model.flight));
        let signal = match self.end {
            Some(End::Signal(number)) => Some(number),
            Some(End::TerminalGone) => u8::try_from(rustix::process::Signal::HUP.as_raw()).ok(),
            Some(End::Quit) | None => None,
        };
        Landed { signal }
    }
}

/// What stands when the screen is gone.
fn last_words(flight: &flight::Flight) -> Vec<String> {
    let mut words = Vec::new();
    let id = short(flight.id);
    match (&flight.session.opened, &flight.session.closed) {
        (None, _) => words.push("No session was begun: nothing is in the journal.".to_owned()),
        (Some(_), Some(_)) => words.push(format!("Session {id} is closed. Read it: flightdeck record {id}")),
        (Some(_), None) => {
            words.push(format!(
                "Session {id} stays open: open the profile again to go on. Read it: flightdeck record {id}"
            ));
        }
    }
    if let Some(change) = flight.session.in_flight() {
        let known = |router| {
            let leg = flight.execution(change.id()).and_then(|execution| execution.legs.get(router));
            leg.and_then(|leg| leg.outcome.as_ref()).map_or("no answer yet", crate::domain::Outcome::word)
        };
        let routers: Vec<String> = change
            .confirmed
            .routers
            .iter()
            .map(|order| format!("{}: {}", order.router, known(&order.router)))
            .collect();
        words.push(format!("The change to {} was in flight: {}", change.confirmed.to, routers.join(", ")));
    }
    if let Some(why) = &flight.link.down {
        words.push(format!("The journal did not answer at the end: {why}"));
    }
    words
}
