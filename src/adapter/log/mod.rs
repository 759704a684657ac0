//! Logs: followed as streams of batches, whatever system keeps them.
//!
//! # The contract
//!
//! A source MUST:
//! - hand over lines in the order in which the system has them, each whole line once, at most one batch every 10 ms;
//! - make every line harmless and masked before it leaves the adapter (control characters, escape sequences, card numbers and the like);
//! - count what it drops, and say it in the next batch;
//! - bound its memory whatever the pace of the system;
//! - say in [`LogUpdate::State`] when it starts to follow, waits or has ended, and go on trying;
//! - where the system is asked again and again: overlap the spans that it asks for, hand a line over once by the system's own
//!   id of it, place late lines by their own time, follow pages to the end, keep away for as long as the system asks (429
//!   with Retry-After), and tell by [`LogBatch::watermark`] up to when it has delivered everything.
//!
//! # The way of a line
//!
//! An origin reads bytes, `lines` cuts them, [`Cleaner`] makes a line of them: `harmless` first, then `stamp`, `level` and
//! `json` read what the line tells, `mask` last, on the text and on every field. A system that keeps more of a line than bytes
//! hands it over as [`Delivered`]. What leaves goes through an `outbox`, which makes a stream of whatever follows step by step.
//!
//! # Parts
//! `local` follows this host's files and commands. `poll` is what all systems share that are asked again and again; `datadog`,
//! `elastic`, `cloudwatch` say how each is asked, and `loki` tells lines by itself besides. `kubernetes` follows a stream for each
//! container.
//!
//! To add a kind: a file or folder beside `local` with a configuration that is an [`Origin`], and a line in `kinds`.

mod clean;
pub mod cloudwatch;
mod config;
pub mod datadog;
pub mod elastic;
mod harmless;
mod json;
mod keys;
mod kinds;
pub mod kubernetes;
mod level;
mod lines;
pub mod local;
pub mod loki;
mod mask;
mod outbox;
mod poll;
mod stamp;
mod watermark;

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

pub use clean::{Cleaner, Delivered};
pub use config::Config;
use futures_util::stream::BoxStream;
pub use kinds::{DEFAULT, KINDS, LogKind};
pub use poll::Pace;

use super::withheld;
use crate::domain::log::{LogBatch, LogSourceState};
use crate::domain::{Timestamp, Trouble};

/// Text of a system for people, wherever it is quoted: one harmless line without anything personal, not longer than `most`
/// characters; nothing of it where it holds what looks like a secret.
pub(in crate::adapter) fn quotable(text: &str, most: usize) -> String {
    let text = &*withheld::without(text);
    if crate::setting::literal::is_in(text) {
        return "(it holds what looks like a secret and is not shown)".to_owned();
    }
    let mut harmless = String::new();
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    harmless::push(&mut harmless, one_line.as_bytes());
    let masked = mask::mask(harmless.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut short: String = masked.chars().take(most).collect();
    if short.len() < masked.len() {
        short.push('…');
    }
    short
}

/// The source that a configuration asks for.
///
/// # Errors
/// When the pattern of lines to exclude cannot be read, or the command is empty.
pub fn source(config: &Config) -> Result<Arc<dyn LogSource>, Trouble> {
    // Whoever follows later makes a cleaner of its own; patterns that cannot be read are said now.
    Cleaner::of(config)?;
    config.origin.connect(config)
}

/// A text with everything personal in it masked: addresses, card and phone numbers; and without the secrets that are known here.
pub fn masked(text: String) -> String {
    mask::mask(without_secrets(text))
}

/// A text without the secrets that are known here.
fn without_secrets(text: String) -> String {
    match withheld::without(&text) {
        Cow::Owned(without) => without,
        Cow::Borrowed(_) => text,
    }
}

/// Where the lines of a source come from, read from a profile and not yet connected.
pub trait Origin: Debug + Send + Sync {
    /// The source that reads there, by these rules. Nothing is asked yet.
    ///
    /// # Errors
    /// When it cannot be used here: an empty command, a feature that this build lacks.
    fn connect(&self, config: &Config) -> Result<Arc<dyn LogSource>, Trouble>;

    /// How long after it was written a line may come by the way that the source works; zero where lines are followed.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }
}

/// One log source.
pub trait LogSource: Send + Sync {
    /// Follows the log from its newest lines on. The stream ends only when it is dropped.
    fn follow(&self) -> BoxStream<'static, LogUpdate>;

    /// Follows the log, as [`Self::follow`] does, where everything up to that time is known already, for another cockpit read
    /// it. What cannot begin at a time begins with its newest lines.
    fn follow_from(&self, _upto: Option<Timestamp>) -> BoxStream<'static, LogUpdate> {
        self.follow()
    }

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
