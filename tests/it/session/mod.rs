//! The session on its own: every command in every state, and what holds whatever is asked.

mod approvals;
mod command;
mod decided;
mod duty;
mod law;
mod past;
mod table;
mod version;
mod world;
