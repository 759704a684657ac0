//! Logs: files and commands, each followed as a stream of batches.
//!
//! # The contract
//!
//! A source MUST:
//! - hand over lines in the order in which the system has them, each whole line once, at most one batch every 10 ms;
//! - make every line harmless and masked before it leaves the adapter (control characters, escape sequences, card numbers and the like);
//! - count what it drops, and say it in the next batch;
//! - bound its memory whatever the pace of the system;
//! - say in [`LogUpdate::State`] when it starts to follow, waits or has ended, and go on trying.
//!
//! # The way of a line
//!
//! `file` and `command` read bytes, `lines` cuts them, [`Cleaner`] makes a line of them: `harmless` first, then `stamp`,
//! `level` and `json` read what the line tells, `mask` last. `follow` turns the reading of a file into a stream.

mod clean;
mod command;
pub mod config;
mod file;
mod follow;
mod harmless;
mod json;
mod level;
mod lines;
mod mask;
mod stamp;

pub use clean::Cleaner;

use futures_util::stream::BoxStream;

use crate::domain::Trouble;
use crate::domain::log::{LogBatch, LogSourceState};

/// The source that a configuration asks for.
///
/// # Errors
/// When the pattern of lines to exclude cannot be read, or the command is empty.
pub fn source(config: &config::Config) -> Result<Box<dyn LogSource>, Trouble> {
    // Whoever follows later makes a cleaner of its own; a pattern that cannot be read is said now.
    Cleaner::new(config.mask, config.exclude.as_deref())?;
    match &config.origin {
        config::Origin::File(path) => Ok(Box::new(follow::FileSource::new(config, path))),
        config::Origin::Command(words) => Ok(Box::new(command::CommandSource::new(config, words)?)),
    }
}

/// One log source.
pub trait LogSource: Send + Sync {
    /// Follows the log from its newest lines on. The stream ends only when it is dropped.
    fn follow(&self) -> BoxStream<'static, LogUpdate>;

    /// Looks whether the source is there, without following it.
    ///
    /// # Errors
    /// When it is not, with the reason and a way out.
    fn probe(&self) -> futures_util::future::BoxFuture<'_, Result<String, Trouble>>;
}

/// What a followed log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum LogUpdate {
    /// Lines.
    Lines(LogBatch),
    /// The source's state changed.
    State(LogSourceState),
}
