//! Log lines as they enter the core: harmless, masked, cut to a bearable length by the adapter that read them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::field::{FIELDS, Fields, FieldsBuilder, fields};
pub use super::spoken::{Spoken, spoken};
use super::{PoolId, SourceId, Timestamp};

/// How bad a line says it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Fine-grained.
    Trace,
    /// For developers.
    Debug,
    /// The normal course; also lines that do not say.
    #[default]
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// Four letters or five, as in a log: `WARN`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// One line. Its text holds no control character, escape sequence or bidirectional override, and personal and card data
/// in it is masked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// The time that the line itself tells, if any.
    pub at: Option<Timestamp>,
    /// How bad it is.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// Whether the profile calls it a health check or other noise; counted apart, never drain evidence, hidden by default.
    pub excluded: bool,
    /// Its fields, where it is a structured one. As harmless and masked as the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Fields>,
}

impl LogLine {
    /// The value of a field: one that is kept beside the text, else one that the text speaks of as `name=value`.
    pub fn field(&self, name: &str) -> Option<&str> {
        field_of(self.kept(), &self.text, name)
    }

    /// Every field with its value, in the order of the line: what is kept, then what the text alone speaks of.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        fields_of(self.kept(), &self.text)
    }

    fn kept(&self) -> &str {
        self.fields.as_ref().map_or("", Fields::kept)
    }
}

/// The value of a field of a line that keeps these beside its text.
pub fn field_of<'a>(kept: &'a str, text: &'a str, name: &str) -> Option<&'a str> {
    let own = fields(kept).find(|(key, _)| *key == name);
    // Most lines do not even hold the name.
    let told = || if text.contains(name) { spoken(text).find(|(key, _)| *key == name) } else { None };
    own.or_else(told).map(|(_, value)| value)
}

/// Every field of a line that keeps these beside its text.
pub fn fields_of<'a>(kept: &'a str, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
    let told = spoken(text).filter(move |(name, _)| fields(kept).all(|(key, _)| key != *name));
    fields(kept).chain(told)
}

/// Lines of one source, as they arrived together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogBatch {
    /// The source.
    pub source: SourceId,
    /// The pool that all of its lines belong to, if any.
    pub pool: Option<PoolId>,
    /// The lines in the order in which they came.
    pub lines: Vec<LogLine>,
    /// The [`line_id`] of each line, where the system gives lines ids of its own; else empty.
    pub ids: Vec<u64>,
    /// Lines lost before these, because they came faster than they could be taken or were cut off by a rotation.
    pub dropped: u64,
    /// Up to when the source has delivered every line, by its own clock; `None` where it cannot tell. A source whose lines
    /// come late lags behind the clock here, and silence is proven only up to this.
    pub watermark: Option<Timestamp>,
    /// Whether lines come late, so that each has its place by its own time. Else they stand in the order in which they came,
    /// which is the log's own.
    pub by_time: bool,
}

/// The id that a system gives a line, as a number: the same in every cockpit and build (FNV-1a).
pub fn line_id(own: &str) -> u64 {
    own.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A stamp further ahead of our clock than this is a mistake of the line, not the time.
pub const AHEAD: Duration = Duration::from_mins(5);

/// What one batch says about the traffic of its source, without its lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Delivery {
    /// Lines that are not excluded.
    pub lines: u64,
    /// Lines that were lost before these: nobody knows what they were.
    pub dropped: u64,
    /// Up to when the source has shown everything: the newest line of any sort, excluded ones included, and no later than
    /// what the source vouches for. `None` where nothing was delivered.
    pub watermark: Option<Timestamp>,
    /// The newest line that is not excluded.
    pub last: Option<Timestamp>,
}

impl Delivery {
    /// What a batch that arrived at `wall` says. A line without a time is as old as its arrival.
    pub fn of(batch: &LogBatch, wall: Timestamp) -> Self {
        let arrived = batch.watermark.unwrap_or(wall).min(wall);
        let latest = wall.plus(AHEAD);
        let stamp = |line: &LogLine| line.at.unwrap_or(arrived).min(latest);
        let newest = if batch.lines.iter().any(|line| line.at.is_some()) {
            batch.lines.iter().filter(|line| line.at.is_some()).map(stamp).max()
        } else {
            batch.lines.iter().map(stamp).max()
        };
        let relevant = || batch.lines.iter().filter(|line| !line.excluded);
        Self {
            lines: relevant().count() as u64,
            dropped: batch.dropped,
            watermark: newest.map(|newest| batch.watermark.map_or(newest, |vouched| newest.min(vouched.min(latest)))),
            last: relevant().map(stamp).max(),
        }
    }
}

/// The state of a log source, told when it changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogSourceState {
    /// Being followed.
    Following,
    /// Not there yet, or gone; looked for again.
    Waiting(super::outcome::Trouble),
    /// Over: a command that ended. Started again after a pause where that makes sense.
    Ended(super::outcome::Trouble),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_has_the_fields_that_it_speaks_of_and_a_structured_one_its_own_first() {
        let line = |text: &str, fields| LogLine {
            at: None,
            level: Level::Info,
            text: text.to_owned(),
            excluded: false,
            fields,
        };
        let plain = line("connect timeout host=db stan=004217", None);
        assert_eq!(
            (plain.field("stan"), plain.field("host"), plain.field("timeout")),
            (Some("004217"), Some("db"), None)
        );
        let both = line("paid stan=9 k=\"a b\" ms=38", Fields::of([("ms", "38"), ("k", "a b")]));
        assert_eq!((both.field("stan"), both.field("ms")), (Some("9"), Some("38")));
        assert_eq!(both.fields().collect::<Vec<_>>(), [("ms", "38"), ("k", "a b"), ("stan", "9")]);
    }
}
