//! The program in a real terminal.

mod fault;
mod flight;
mod misfit;
mod terminal;
