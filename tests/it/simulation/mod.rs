//! Random flights with a seed that replays: one cockpit, a fake store, fake routers, faults, crashes. After every step the
//! invariants hold, each named after its rule.
//!
//! `FLIGHTDECK_SEED=N cargo test simulation` replays one seed with its journal printed; `FLIGHTDECK_SEEDS=N` flies N of
//! them in each of the four quarters.

pub mod random;
pub mod router;
mod world;

use world::World;

/// Random acts per flight.
const ACTS: u64 = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn quarter(index: u64) {
    let (first, count) = match number("FLIGHTDECK_SEED") {
        Some(seed) if index == 0 => (seed, 1),
        Some(_) => return,
        None => {
            let count = number("FLIGHTDECK_SEEDS").unwrap_or(250);
            (1 + index * count, count)
        }
    };
    let mut seen = world::Seen::default();
    for seed in first..first + count {
        let mut world = World::new(seed);
        world.fly(ACTS);
        world.heal_and_settle();
        seen.add(&world.seen);
    }
    println!("{count} seeds from {first}: {seen:?}");
    // A simulation that never meets what it is for proves nothing.
    if count >= 250 {
        for (what, times) in seen.counts() {
            assert!(times > 0, "no flight ever met: {what}");
        }
    }
}

#[test]
fn random_flights_keep_every_rule_first_quarter() {
    quarter(0);
}

#[test]
fn random_flights_keep_every_rule_second_quarter() {
    quarter(1);
}

#[test]
fn random_flights_keep_every_rule_third_quarter() {
    quarter(2);
}

#[test]
fn random_flights_keep_every_rule_fourth_quarter() {
    quarter(3);
}
