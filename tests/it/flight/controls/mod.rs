//! The controls (C1 to C5): handed over, asked for, taken from silence, released; and what needs none.

mod aboard;
mod entries;
mod offers;
mod silence;

use flightdeck::domain::CockpitId;
use flightdeck::flight::Ask;

use crate::support::crew::{ANA, Pair};

fn id(pair: &Pair, who: usize) -> CockpitId {
    pair.flight(who).me.cockpit
}

fn offer(pair: &mut Pair, from: usize, to: usize) {
    let to = id(pair, to);
    pair.ask(from, Ask::Offer { to });
}

fn asks(pair: &mut Pair, who: usize, reason: &str) {
    pair.ask(who, Ask::AskControls { reason: reason.to_owned() });
}

/// A change that stays in flight: the second router is stopped.
fn in_flight(pair: &mut Pair) {
    pair.router("eu-2").stopped = true;
    pair.shift(ANA);
    pair.pass(200);
}
