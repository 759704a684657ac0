//! The runtime: the loop, the terminal, the clocks, and everything that is done rather than decided.
pub mod adapter;
mod alarm;
mod clipboard;
pub mod clock;
pub mod deck;
pub mod fence;
pub mod hands;
pub mod headless;
pub mod keys;
pub mod log;
pub mod look;
pub mod opening;
pub mod process;
pub mod queue;
pub mod signal;
pub mod slot;
pub mod source;
pub mod terminal;
