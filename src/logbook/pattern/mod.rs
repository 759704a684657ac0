//! Patterns of errors: lines of level WARN and ERROR, and those that a profile counts with them, grouped by what they have in
//! common, per pool. Pure and incremental: a line is looked at once, when it comes, and any other line costs a comparison.
//!
//! # Invariants
//! - A pattern is new where its first line that was not expected is from after the change, and lines were watched before.
//! - What is expected is counted apart for the declared time after a change, by the line's own time; later it counts as any.
//! - At most [`MOST`] patterns are kept; a line of another one is counted among the others. Where all places are taken, one
//!   that came once and long ago makes room, and is remembered as known.

mod rate;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regex::Regex;

use self::rate::PerMinute;
use super::filter::{BadFilter, Filter, Matcher};
use crate::domain::log::{Fields, Level, LogBatch, LogLine, line_id};
use crate::domain::procedure::Procedure;
use crate::domain::{Digest, Elapsed, Now, PoolId, SourceId, Timestamp};

/// The most patterns that are kept.
const MOST: usize = 500;
/// A pattern that came once makes room for another after this.
const OLD: Duration = Duration::from_mins(10);
/// Where none makes room, none is looked for again for this.
const PAUSE: Duration = Duration::from_secs(1);
/// The most patterns that are remembered as known after they made room.
const GONE: usize = 10_000;
/// The most bytes of an example.
const EXAMPLE: usize = 1_000;

/// The patterns of all logs.
#[derive(Debug, Default)]
pub struct Patterns {
    rules: Rules,
    pools: Vec<OfPool>,
    kept: usize,
    full_until: Elapsed,
    /// Templates are written here before anything is kept of them.
    scratch: String,
}

/// What the profile says of patterns.
#[derive(Debug, Default)]
struct Rules {
    digest: Option<Digest>,
    errors: Vec<(SourceId, Regex)>,
    expected: Vec<Expected>,
}

/// A pattern that is expected after a change.
#[derive(Debug)]
struct Expected {
    source: Option<SourceId>,
    matches: Regex,
    span: Duration,
    reason: String,
}

#[derive(Debug)]
struct OfPool {
    pool: Option<PoolId>,
    /// The oldest line of any sort that was seen: before, nothing is known.
    since: Timestamp,
    patterns: BTreeMap<Box<str>, Kept>,
    gone: BTreeSet<u64>,
    others: u64,
}

#[derive(Debug)]
struct Kept {
    level: Level,
    count: u64,
    expected: u64,
    reason: String,
    /// The first that was not expected; `None` while there was none.
    first: Option<Timestamp>,
    last: Timestamp,
    arrived: Elapsed,
    rate: PerMinute,
    example: String,
}

/// One pattern, as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern<'p> {
    /// The pool of its lines; `None` for logs of no pool in particular.
    pub pool: Option<&'p PoolId>,
    /// What its lines have in common.
    pub template: &'p str,
    /// The worst level that one of them had.
    pub level: Level,
    /// How many there were, the expected ones left out.
    pub count: u64,
    /// How many were expected.
    pub expected: u64,
    /// Why they were, in the profile's words; empty where none was.
    pub reason: &'p str,
    /// How many came within the last minute, expected or not.
    pub per_minute: u64,
    /// The time of the first that was not expected; of the newest where all were.
    pub first: Timestamp,
    /// The time of the newest.
    pub last: Timestamp,
    /// The newest, as it was read.
    pub example: &'p str,
    /// Whether it is new since the change.
    pub is_new: bool,
}

impl Patterns {
    /// Goes by the rules of this profile from now on; patterns that are kept stay.
    pub fn obey(&mut self, procedure: &Procedure) {
        if self.rules.digest != Some(procedure.digest) {
            self.rules = Rules::of(procedure);
        }
    }

    /// Takes a batch; `changes` are the moments at which changes went out.
    pub fn push(&mut self, batch: &LogBatch, now: Now, changes: &[Timestamp]) {
        let Some(first) = batch.lines.first() else { return };
        let place = self.pools.iter().position(|of| of.pool == batch.pool).unwrap_or(self.pools.len());
        if place == self.pools.len() {
            let pool = batch.pool.clone();
            let (patterns, gone) = (BTreeMap::new(), BTreeSet::new());
            self.pools.push(OfPool { pool, since: now.wall, patterns, gone, others: 0 });
        }
        let Some(of) = self.pools.get_mut(place) else { return };
        of.since = of.since.min(first.at.unwrap_or(now.wall));
        let errors: Vec<&Regex> =
            self.rules.errors.iter().filter(|(source, _)| *source == batch.source).map(|(_, regex)| regex).collect();
        for line in &batch.lines {
            let is_error = line.level >= Level::Warn || errors.iter().any(|regex| regex.is_match(&line.text));
            if line.excluded || !is_error {
                continue;
            }
            let at = line.at.unwrap_or(now.wall);
            let expected = self.rules.expects(&batch.source, line, at, changes);
            let kept = line.fields.as_ref().map_or("", Fields::kept);
            template::write(&line.text, kept, &mut self.scratch);
            if let Some(pattern) = of.patterns.get_mut(self.scratch.as_str()) {
                pattern.count(line, at, now.elapsed, expected);
                continue;
            }
            if self.kept >= MOST {
                if now.elapsed < self.full_until || !of.make_room(now.elapsed) {
                    self.full_until = self.full_until.max(now.elapsed.plus(PAUSE));
                    of.others += 1;
                    continue;
                }
                self.kept -= 1;
            }
            self.kept += 1;
            let mut pattern = Kept::new(line, at);
            // It was known before it made room.
            if of.gone.contains(&line_id(&self.scratch)) {
                pattern.first = Some(of.since);
            }
            pattern.count(line, at, now.elapsed, expected);
            of.patterns.insert(self.scratch.as_str().into(), pattern);
        }
    }

    /// The patterns: new ones since `changed` first, then by how often they came.
    pub fn rows(&self, now: Elapsed, changed: Option<Timestamp>) -> Vec<Pattern<'_>> {
        let mut rows: Vec<Pattern<'_>> = self.all(now, changed).collect();
        rows.sort_by(|a, b| {
            let by = |row: &Pattern<'_>| (std::cmp::Reverse((row.is_new, row.count, row.expected)), row.last);
            by(a).cmp(&by(b)).then_with(|| (a.pool, a.template).cmp(&(b.pool, b.template)))
        });
        rows
    }

    /// How many patterns are new since a change.
    pub fn new_since(&self, now: Elapsed, changed: Option<Timestamp>) -> usize {
        self.all(now, changed).filter(|row| row.is_new).count()
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.kept == 0
    }

    /// How many lines are of patterns for which there was no place.
    pub fn others(&self) -> u64 {
        self.pools.iter().map(|of| of.others).sum()
    }

    /// Since when lines are watched; `None` while none came. What a log had before is not known, nor whether it is new.
    pub fn since(&self) -> Option<Timestamp> {
        self.pools.iter().map(|of| of.since).min()
    }

    fn all(&self, now: Elapsed, changed: Option<Timestamp>) -> impl Iterator<Item = Pattern<'_>> {
        self.pools.iter().flat_map(move |of| {
            let changed = changed.filter(|changed| of.since < *changed);
            of.patterns.iter().map(move |(template, kept)| Pattern {
                pool: of.pool.as_ref(),
                template,
                level: kept.level,
                count: kept.count,
                expected: kept.expected,
                reason: &kept.reason,
                per_minute: kept.rate.of_last_minute(now),
                first: kept.first.unwrap_or(kept.last),
                last: kept.last,
                example: &kept.example,
                is_new: kept.first.zip(changed).is_some_and(|(first, changed)| first >= changed),
            })
        })
    }
}

impl Pattern<'_> {
    /// What shows its lines, within what another filter shows.
    ///
    /// # Errors
    /// When its expression is too large.
    pub fn filter(&self, within: &Filter) -> Result<Filter, BadFilter> {
        let text = Matcher::regex(&template::expression(self.template), false)?;
        let pools = self.pool.cloned().into_iter().collect();
        let min_level = within.min_level.min(self.level);
        Ok(Filter { text: Some(text), pools, sources: Vec::new(), min_level, ..within.clone() })
    }
}

impl OfPool {
    /// Lets go of the pattern that came once and longest ago.
    fn make_room(&mut self, now: Elapsed) -> bool {
        let oldest = self
            .patterns
            .iter()
            .filter(|(_, kept)| kept.count + kept.expected == 1 && now.since(kept.arrived) >= OLD)
            .min_by_key(|(_, kept)| kept.arrived);
        let Some(template) = oldest.map(|(template, _)| template.clone()) else { return false };
        self.patterns.remove(&template);
        if self.gone.len() < GONE {
            self.gone.insert(line_id(&template));
        }
        self.others += 1;
        true
    }
}

impl Kept {
    fn new(line: &LogLine, at: Timestamp) -> Self {
        Self {
            level: line.level,
            count: 0,
            expected: 0,
            reason: String::new(),
            first: None,
            last: at,
            arrived: Elapsed(0),
            rate: PerMinute::default(),
            example: String::new(),
        }
    }

    fn count(&mut self, line: &LogLine, at: Timestamp, now: Elapsed, expected: Option<&Expected>) {
        self.rate.count(now);
        self.arrived = now;
        self.level = self.level.max(line.level);
        if let Some(expected) = expected {
            self.expected += 1;
            if self.reason != expected.reason {
                self.reason.clone_from(&expected.reason);
            }
        } else {
            self.count += 1;
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
        }
        if at >= self.last {
            self.last = at;
            let end = (0..=EXAMPLE.min(line.text.len())).rev().find(|end| line.text.is_char_boundary(*end));
            self.example.clear();
            self.example.push_str(line.text.get(..end.unwrap_or(0)).unwrap_or_default());
        }
    }
}

impl Rules {
    /// What cannot be compiled was refused when the profile was read.
    fn of(procedure: &Procedure) -> Self {
        let errors = procedure.logs.iter().filter_map(|log| {
            let errors = Regex::new(log.errors.as_deref()?).ok()?;
            Some((log.id.clone(), errors))
        });
        let expected = procedure.expected.iter().filter_map(|spec| {
            let matches = Regex::new(&spec.matches).ok()?;
            Some(Expected { source: spec.log.clone(), matches, span: spec.span, reason: spec.reason.clone() })
        });
        Self { digest: Some(procedure.digest), errors: errors.collect(), expected: expected.collect() }
    }

    fn expects(&self, source: &SourceId, line: &LogLine, at: Timestamp, changes: &[Timestamp]) -> Option<&Expected> {
        let is_after = |span| changes.iter().any(|change| *change <= at && at.since(*change) < span);
        self.expected.iter().find(|expected| {
            let is_its = expected.source.as_ref().is_none_or(|its| its == source);
            is_its && is_after(expected.span) && expected.matches.is_match(&line.text)
        })
    }
}

#[cfg(test)]
mod tests;
