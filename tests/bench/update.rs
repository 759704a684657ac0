//! What the flight costs per message, and what a change of a thousand routers costs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, shares the tests' desk, and says loudly when it cannot go on"
)]

#[path = "../it/support/action.rs"]
pub mod action;
#[path = "../it/support/desk.rs"]
pub mod desk;
mod print;
#[path = "../it/support/procedure.rs"]
pub mod procedure;
#[path = "../it/simulation/router.rs"]
pub mod router;

/// The places at which the tests' desk looks for what it uses.
mod simulation {
    pub use crate::router;
}
mod support {
    pub use crate::{desk, procedure};
}

use std::time::{Duration, Instant};

use flightdeck::flight::Msg;
use print::report;
use support::desk::Desk;
use support::procedure::blue_green;

/// Times of `flight.update` for reading messages on a steady flight.
fn per_reading(routers: usize, rounds: usize) -> Vec<Duration> {
    let mut desk = Desk::open(blue_green(routers));
    desk.pass(2_000);
    let mut times = Vec::new();
    let names: Vec<_> = desk.routers.keys().cloned().collect();
    let mut poll = 1_000_000;
    for _ in 0..rounds {
        desk.skip(1_000);
        for name in &names {
            poll += 1;
            let now = desk.now();
            let reading = desk.routers.get_mut(name).unwrap().read(now.elapsed.0);
            let msg = Msg::RouterRead { router: name.clone(), poll, began: now, result: Ok(reading) };
            let start = Instant::now();
            let effects = desk.flight.update(now, msg);
            times.push(start.elapsed());
            drop(effects);
        }
    }
    times
}

fn main() {
    let mut two = per_reading(2, 5_000);
    report("update with a router's reading, 2 routers", "p50 5 µs", &mut two);
    let mut thousand = per_reading(1_000, 20);
    report("update with a router's reading, 1,000 routers", "p50 5 µs", &mut thousand);

    let mut whole = Vec::new();
    for _ in 0..5 {
        let mut desk = Desk::open(blue_green(1_000));
        desk.ask(flightdeck::flight::Ask::ProposeStep);
        let start = Instant::now();
        desk.confirm();
        desk.pass(100);
        whole.push(start.elapsed());
        assert!(desk.flight.session.in_flight().is_none(), "not verified everywhere");
    }
    report("1,000 routers that answer at once: confirm to all verified", "150 ms with 1 ms each", &mut whole);
}
