//! Guards on the screen: whether they are armed and watched, what tripped and waits for a person, what stops with leaving.

use super::banner::Banner;
use super::{Action, Model};
use crate::domain::GuardId;
use crate::flight::Tone;

/// How the armed guards are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arming {
    /// The cockpit that armed them is there.
    Watched,
    /// It is gone or silent: nobody watches, and none of them acts.
    Unwatched,
}

impl Model {
    /// Whether guards are armed, and whether anybody watches; `None` where none is.
    pub fn arming(&self) -> Option<Arming> {
        let cockpit = self.flight.session.armed()?.cockpit;
        let now = self.now.elapsed;
        let is_me = cockpit == self.flight.me.cockpit;
        let silent =
            self.flight.crew.shared && self.flight.silent_for(cockpit, now) >= self.flight.procedure.people.silence;
        let is_away = !is_me && (self.gone == Some(cockpit) || silent);
        Some(if is_away { Arming::Unwatched } else { Arming::Watched })
    }

    /// Guards that tripped and wait for a person: with the evidence, and why an armed one did not roll back.
    pub fn trips(&self) -> Vec<(GuardId, String, Option<String>)> {
        if self.flight.session.is_open() { self.flight.waiting_trips() } else { Vec::new() }
    }

    pub(super) fn trip_banners(&self) -> Vec<Banner> {
        let back = (!self.is_observer()).then_some(Action::RollBack);
        let text = |guard: GuardId, words: String, because: Option<String>| match because {
            Some(because) => format!("{guard} tripped: {words}; it did NOT roll back: {because}"),
            None => format!("{guard} tripped: {words}"),
        };
        let trips = self.trips().into_iter();
        trips
            .map(|(guard, words, because)| Banner {
                text: text(guard, words, because),
                action: back.clone(),
                tone: Tone::Bad,
            })
            .collect()
    }

    pub(super) fn confession_banners(&self) -> Vec<Banner> {
        let session = &self.flight.session;
        let confessed = session.guards.confessed.iter().filter(|_| session.is_open());
        confessed
            .map(|(guard, words)| Banner {
                text: format!("{guard} is red before anything was changed, it would never trip: {}", words.what),
                action: None,
                tone: Tone::Warn,
            })
            .collect()
    }

    /// The armed guards of this cockpit, which stop when it is left (S1).
    pub(super) fn guards_that_stop(&self) -> Option<String> {
        let armed = self.flight.session.armed().filter(|armed| armed.cockpit == self.flight.me.cockpit)?;
        let names: Vec<&str> = armed.guards.iter().map(GuardId::as_str).collect();
        Some(format!("armed guards stop with this cockpit, nothing rolls back by itself then: {}", names.join(", ")))
    }
}
