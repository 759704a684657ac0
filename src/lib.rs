//! # flightdeck
//!
//! A full-screen cockpit for a deployment: two engineers on a call move traffic between pools in small steps, watch the old
//! pool drain, tick off the checklist, and go on or go back. Nothing is sent to a router that an operator has not seen
//! spelled out and confirmed, and what happened is written down while it happens.
//!
//! ## The shape
//!
//! ```text
//! key, mouse --input--> Action --+
//! resize, tick, signals ---------+--> Msg + Now --> cockpit::update -> flight::update --> Model --> view --> writer --> screen
//! answer of an effect -----------+                       |  session::decide -> events
//! entry kept, entry followed ----+                       v
//!                     runtime <-- Vec<Effect> -----------+
//! ```
//!
//! - [`domain`]: values and their laws. [`session`]: the event-sourced decisions of one deployment. [`entry`]: how events are
//!   stored. [`flight`]: a session with what is read of its routers and the execution of its changes. [`cockpit`]: panes,
//!   dialogs and drafts over a flight. All of these are pure: no input, no output, no clock.
//! - [`signature`]: what operators sign, and whose signature it is, as OpenSSH has it. Pure, too.
//! - [`layout`], [`view`], [`theme`]: the screen as a function of the model. [`input`]: keys and mouse to actions.
//! - [`setting`], [`profile`]: TOML to a checked procedure. [`runbook`]: a team's Markdown to what it asks for.
//!   [`journal`]: where entries are kept. [`record`]: entries for people.
//! - [`adapter`]: routers, logs, metrics and the signer, one trait and one folder per sort. `lab`: the built-in world of `demo`.
//! - [`runtime`]: the loop, the terminal, the clocks, the effects. [`cli`]: the commands.
//!
//! Who may import whom is a test: `tests/it/architecture.rs`. Why things are as they are: [`decisions`].

pub mod adapter;
pub mod cli;
pub mod cockpit;
pub mod decisions;
pub mod domain;
pub mod entry;
pub mod error;
pub mod flight;
pub mod input;
pub mod journal;
#[cfg(feature = "lab")]
pub mod lab;
pub mod layout;
pub mod logbook;
pub mod profile;
pub mod record;
pub mod runbook;
pub mod runtime;
pub mod session;
pub mod setting;
pub mod signature;
pub mod theme;
pub mod view;

/// Runs the command line that this process was started with.
pub fn run() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
