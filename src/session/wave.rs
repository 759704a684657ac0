//! What the next wave of a change waits for (D5): judged in one place for the screen and for the decision alike.

use std::time::Duration;

use super::flaw::{self, Flaw};
use super::state::{Change, Session};
use super::window;
use crate::domain::{Procedure, RouterId, Timestamp, clock_span};

/// What a cockpit knows of the time since the waves that were sent became whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rest {
    /// How long this cockpit has seen every router of them verified.
    pub held: Duration,
    /// Whether it watched all the time: a process that slept, or began later, does not go on by itself.
    pub watched: bool,
}

/// What keeps the next wave from going out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Waits {
    /// Routers that were sent to have no word yet, or are not verified: the barrier.
    Barrier,
    /// Somebody holds the deployment.
    Held,
    /// It is not the time for it any more, and the window says that the change stops then.
    Window {
        /// How it stands: `outside off-peak: opens in 0:42, at 17:00 New York`.
        text: String,
    },
    /// Routers are not what the plan gave them.
    Drifted(Vec<RouterId>),
    /// The pause between two waves.
    Pause {
        /// What is left of it.
        left: Duration,
    },
    /// Nothing but a person's word.
    Word {
        /// Why it does not go on by itself.
        why: String,
    },
}

impl Waits {
    /// What it waits for, in a few words: `the pause, 0:12 left`.
    pub fn words(&self) -> String {
        match self {
            Self::Barrier => "not every router before it is verified".to_owned(),
            Self::Held => "the deployment is held".to_owned(),
            Self::Window { text } => text.clone(),
            Self::Drifted(routers) => format!("{} differs from the plan", names(routers)),
            Self::Pause { left } => format!("the pause, {} left", clock_span(*left)),
            Self::Word { why } => why.clone(),
        }
    }
}

/// How long the pause before the next wave is: until the routers of the last one have settled, and what the change says.
pub fn pause(procedure: &Procedure, change: &Change) -> Duration {
    let last = change.waves_sent.checked_sub(1).and_then(|wave| change.confirmed.waves.get(wave)).unwrap_or_default();
    let specs = last.iter().filter_map(|router| procedure.router(router));
    let settle = specs.map(|router| router.capabilities.settle_ms).max().unwrap_or(0);
    Duration::from_millis(settle) + change.confirmed.waves.between()
}

/// What keeps the next wave of a change from going out, the worst first; `None` when it may go by itself.
pub fn waits(session: &Session, procedure: &Procedure, change: &Change, rest: Rest, at: Timestamp) -> Option<Waits> {
    if !change.is_whole_so_far() && !flaw::is(Flaw::WaveSkipsBarrier) {
        return Some(Waits::Barrier);
    }
    if session.hold.is_some() && !flaw::is(Flaw::WaveDespiteHold) {
        return Some(Waits::Held);
    }
    if let Some(text) = window::freezes(procedure, change, at) {
        return Some(Waits::Window { text });
    }
    if !session.drifted.is_empty() {
        return Some(Waits::Drifted(session.drifted.keys().cloned().collect()));
    }
    let left = pause(procedure, change).saturating_sub(rest.held);
    if !left.is_zero() {
        return Some(Waits::Pause { left });
    }
    let closed = window::was_closed_since(procedure, change, at).then_some("its time was over in between");
    closed.or_else(|| asks_a_word(session, change, rest)).map(|why| Waits::Word { why: why.to_owned() })
}

/// Why a change does not go on by itself: only the cockpit and the epoch that sent the last wave do, and only while
/// nothing came between.
fn asks_a_word(session: &Session, change: &Change, rest: Rest) -> Option<&'static str> {
    let (Some(intent), Some(held)) = (change.intent, &session.controls) else { return Some("nobody has the controls") };
    if intent.owner != held.holder.cockpit || intent.epoch != held.epoch {
        return Some("another cockpit sent the wave before it");
    }
    if change.is_stopped {
        return Some("a router did not take it at first, or differed since");
    }
    (!rest.watched).then_some("this cockpit did not watch all the time")
}

fn names(routers: &[RouterId]) -> String {
    routers.iter().map(RouterId::as_str).collect::<Vec<_>>().join(", ")
}
