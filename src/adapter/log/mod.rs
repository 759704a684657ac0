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

pub mod config;

use futures_util::stream::BoxStream;

use crate::domain::log::{LogBatch, LogSourceState};

/// One log source.
pub trait LogSource: Send + Sync {
    /// Follows the log from its newest lines on. The stream ends only when it is dropped.
    fn follow(&self) -> BoxStream<'static, LogUpdate>;

    /// Looks whether the source is there, without following it.
    ///
    /// # Errors
    /// When it is not, with the reason and a way out.
    fn probe(&self) -> futures_util::future::BoxFuture<'_, Result<String, crate::domain::Trouble>>;
}

/// What a followed log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum LogUpdate {
    /// Lines.
    Lines(LogBatch),
    /// The source's state changed.
    State(LogSourceState),
}
