//! The runtime: the loop, the terminal, the clocks, and everything that is done rather than decided.
pub mod clock;
pub mod fence;
pub mod process;
pub mod queue;
pub mod terminal;
