//! The event-sourced decisions of one deployment. Pure: the session is the fold of its journal's events.
//!
//! [`decide()`] takes a session and a command and gives events or a refusal; [`Session::apply_entry`] folds kept events in.
//! Nothing else changes a session. What is only seen (splits, metrics, log lines) or only local (focus, a draft) is not
//! here.
#![doc = include_str!("protocol.md")]
#![doc = include_str!("table.md")]
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

pub mod action;
pub mod apply;
pub mod approval;
pub mod command;
pub mod decide;
pub mod due;
pub mod duty;
pub mod event;
pub mod flaw;
pub mod gate;
pub mod guard;
pub mod item;
pub mod newer;
pub mod proposal;
pub mod second;
pub mod signing;
pub mod stage;
pub mod state;
pub mod unwind;
pub mod version;
pub mod wave;
pub mod window;

pub use apply::Stamp;
pub use command::{Asked, Command, Evidence};
pub use decide::decide;
pub use event::Event;
pub use proposal::Proposal;
pub use state::{Change, Session};
