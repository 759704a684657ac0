//! Random flights with a seed that replays: one cockpit, a fake store, fake routers, faults, crashes. After every step the
//! invariants hold, each named after its rule.
//!
//! `FLIGHTDECK_SEED=N cargo test simulation` replays one seed; `FLIGHTDECK_SEEDS=N` flies so many.

mod random;
pub mod router;
mod world;

use world::World;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn a_thousand_random_flights_keep_every_rule() {
    let (first, count) = match number("FLIGHTDECK_SEED") {
        Some(seed) => (seed, 1),
        None => (1, number("FLIGHTDECK_SEEDS").unwrap_or(1_000)),
    };
    let mut seen = world::Seen::default();
    for seed in first..first + count {
        let mut world = World::new(seed);
        world.fly(250);
        world.heal_and_settle();
        seen.add(&world.seen);
    }
    println!("{count} seeds from {first}: {seen:?}");
    // A simulation that never meets what it is for proves nothing.
    if count >= 1_000 {
        for (what, times) in seen.counts() {
            assert!(times > 0, "no flight ever met: {what}");
        }
    }
}
