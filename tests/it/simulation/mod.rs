//! Random sessions with a seed that replays: two or three cockpits on different clocks, one store, the same routers; delay,
//! loss, doubles, reordering, crashes, sleep, clocks that are wrong, a store that falls silent. At every step and after
//! everything has healed the rules hold, each named as in the protocol.
//!
//! - `cargo test simulation` flies 10,000 seeds, in four tests side by side.
//! - `FLIGHTDECK_SEEDS=1000000 cargo test --release simulation::flights` flies a million, or any other number.
//! - `FLIGHTDECK_SEED=N cargo test simulation::flights` flies one seed and tells its story; with
//!   `FLIGHTDECK_TRACE=1` also every word that a cockpit is told, measures and presence aside.
//! - `cargo test --features flaws simulation::flaws` plants bugs one by one and shows which rule each one breaks.

#[cfg(feature = "flaws")]
mod flaws;
mod flights;
pub mod random;
pub mod router;
mod seen;
mod world;

pub use world::World;
