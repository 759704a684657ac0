//! The session on its own: every command in every state, and what holds whatever is asked.

mod command;
mod decided;
mod law;
#[path = "../simulation/random.rs"]
mod random;
mod table;
mod world;
