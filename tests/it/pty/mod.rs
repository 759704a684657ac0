//! The program in a real terminal.

#[cfg(feature = "lab")]
mod act;
#[cfg(feature = "lab")]
mod controls;
mod fault;
mod flight;
mod four;
mod guard;
mod misfit;
#[cfg(feature = "lab")]
mod plan;
mod procedure;
#[cfg(feature = "lab")]
mod reload;
#[cfg(feature = "lab")]
mod stall;
mod terminal;
mod two;
