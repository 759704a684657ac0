//! The session on its own: every command in every state, and what holds whatever is asked.

mod command;
mod decided;
mod law;
mod past;
mod table;
mod version;
mod world;
