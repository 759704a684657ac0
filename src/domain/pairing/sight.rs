//! Requests and answers, told among the lines of a log.

use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::PairSpec;
use crate::domain::log::{AHEAD, Fields, LogBatch, LogLine, field_of};
use crate::domain::{PoolId, SourceId, Timestamp};

/// What a line is told by.
#[derive(Clone, PartialEq, Debug)]
pub enum Recognised {
    /// Its text holds this.
    Text(Pattern),
    /// One of its fields has this value.
    Field {
        /// The field.
        name: String,
        /// Its value.
        wanted: Wanted,
    },
}

/// What a field's value must be.
#[derive(Clone, PartialEq, Debug)]
pub enum Wanted {
    /// One of these.
    OneOf(Vec<String>),
    /// One that holds this.
    Matches(Pattern),
}

/// A regular expression.
#[derive(Clone)]
pub struct Pattern {
    written: String,
    compiled: Regex,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadPattern {
    /// On one line.
    pub why: String,
}

impl Pattern {
    /// Compiles it.
    ///
    /// # Errors
    /// When it is no regular expression, or one that would take too much memory.
    pub fn new(written: &str) -> Result<Self, BadPattern> {
        match RegexBuilder::new(written).size_limit(SIZE).build() {
            Ok(compiled) => Ok(Self { written: written.to_owned(), compiled }),
            Err(error) => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
                Err(BadPattern { why })
            }
        }
    }
}

/// A pattern may not grow beyond this when it is compiled: it is asked of every line.
const SIZE: usize = 1024 * 1024;

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

/// What a line tells.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its fields as they are kept; empty where it has none.
    pub fields: &'a str,
}

impl<'a> Told<'a> {
    fn field(self, name: &str) -> Option<&'a str> {
        field_of(self.fields, self.text, name)
    }
}

impl<'a> From<&'a LogLine> for Told<'a> {
    fn from(line: &'a LogLine) -> Self {
        Self { text: &line.text, fields: line.fields.as_ref().map_or("", Fields::kept) }
    }
}

impl Recognised {
    /// Whether a line is one.
    pub fn is(&self, line: Told<'_>) -> bool {
        match self {
            Self::Text(pattern) => pattern.compiled.is_match(line.text),
            Self::Field { name, wanted } => line.field(name).is_some_and(|value| match wanted {
                Wanted::OneOf(values) => values.iter().any(|each| each == value),
                Wanted::Matches(pattern) => pattern.compiled.is_match(value),
            }),
        }
    }
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// A request.
    Request,
    /// An answer.
    Answer,
}

/// A request or an answer among the lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// When, by the line; by its arrival where it tells no time.
    pub at: Timestamp,
    /// What it is and whose.
    pub seen: Result<Seen, NoKey>,
}

/// What is known of a request or an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Which of the two.
    pub side: Side,
    /// What both have in common.
    pub key: Arc<str>,
    /// The pool, where the line or its log tells.
    pub pool: Option<PoolId>,
}

/// A request or an answer that nothing can be paired with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoKey {
    /// Which of the two.
    pub side: Side,
    /// Whether the key is there but masked: what is masked is the same in all.
    pub is_masked: bool,
}

/// What was told among the lines of one batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sightings {
    /// For which pairs.
    pub pairs: SourceId,
    /// Of which log.
    pub log: SourceId,
    /// In the order in which they came.
    pub all: Vec<Sighting>,
}

/// Parts the values of a key that is made of several.
const PART: char = '\u{1f}';
/// What stands around a word that masks, and before what is left of a card number.
const MASK: [char; 2] = ['‹', '›'];
const CARD: &str = "••••";

/// Tells requests and answers of all pairs among the lines of a batch that came at `wall`. Noise is neither.
pub fn sight(specs: &[PairSpec], batch: &LogBatch, wall: Timestamp) -> Vec<Sightings> {
    let arrived = batch.watermark.unwrap_or(wall).min(wall);
    let latest = wall.plus(AHEAD);
    let wanted = specs.iter().filter(|spec| spec.logs.contains(&batch.source));
    let each = wanted.map(|spec| {
        let lines = batch.lines.iter().filter(|line| !line.excluded);
        let all = lines.filter_map(|line| {
            let seen = spec.see(line.into(), batch.pool.as_ref())?;
            Some(Sighting { at: line.at.unwrap_or(arrived).min(latest), seen })
        });
        Sightings { pairs: spec.id.clone(), log: batch.source.clone(), all: all.collect() }
    });
    each.filter(|sightings| !sightings.all.is_empty()).collect()
}

impl PairSpec {
    /// What a line is to these pairs; `None` where it is neither. One that could be both is a request.
    pub fn see(&self, line: Told<'_>, pool: Option<&PoolId>) -> Option<Result<Seen, NoKey>> {
        let side = match (self.request.is(line), self.answer.is(line)) {
            (true, _) => Side::Request,
            (false, true) => Side::Answer,
            (false, false) => return None,
        };
        let pool = match &self.pool {
            Some(field) => line.field(field).map(PoolId::new),
            None => pool.cloned(),
        };
        Some(self.key_of(line).map(|key| Seen { side, key, pool }).map_err(|is_masked| NoKey { side, is_masked }))
    }

    /// The key of a line, or whether it is masked.
    fn key_of(&self, line: Told<'_>) -> Result<Arc<str>, bool> {
        let part = |name: &String| {
            let value = line.field(name).filter(|value| !value.is_empty()).ok_or(false)?;
            let is_masked = MASK.iter().all(|mark| value.contains(*mark)) || value.contains(CARD);
            if is_masked { Err(true) } else { Ok(value) }
        };
        match self.key.as_slice() {
            [name] => part(name).map(Arc::from),
            names => {
                let parts: Result<Vec<&str>, bool> = names.iter().map(part).collect();
                parts.map(|parts| Arc::from(parts.join(PART.encode_utf8(&mut [0; 4]))))
            }
        }
    }
}
