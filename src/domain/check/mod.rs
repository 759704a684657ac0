//! Checks: one question with an answer pass, fail or inconclusive, with evidence and the time at which it was asked.
//!
//! An answer is a value. How many answers make a check passed is the business of [`CheckSpec::tries`] and
//! [`CheckSpec::in_a_row`], which are two settings: thirty tries ten seconds apart until the first pass, or three passes
//! one after another. How a check that is asked again and again stands is a [`Run`].

mod run;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use run::{Run, Standing, Told};

use super::{CheckId, Limit, Measure, PoolId, Timestamp};

/// What an answer says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// It cannot be told: no answer, no data, an answer that says neither. Never a pass, never a fail.
    Inconclusive,
}

impl Verdict {
    /// The sign before its word: `✓`, `✗`, `?`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Fail => "✗",
            Self::Inconclusive => "?",
        }
    }

    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// One answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// What it says.
    pub verdict: Verdict,
    /// In a sentence: `404, version 2.4.0 is not 2.5.0`, `25 of 400 requests, about 75 min`. Masked, one line.
    pub words: String,
    /// What the system's answer was about, for a later comparison with itself: a row count, a digest.
    pub value: Option<String>,
    /// Evidence in lines of a name and a text: request, status, value, threshold, time. Without secrets, masked.
    pub evidence: Vec<(String, String)>,
    /// The time that the answer speaks of, by the system's clock where it tells, else when it was asked.
    pub at: Timestamp,
    /// Not to be asked again before so long: the system said so (429, Retry-After).
    pub not_before: Option<Duration>,
}

impl Answer {
    /// An answer without further evidence.
    pub fn new(verdict: Verdict, words: impl Into<String>, at: Timestamp) -> Self {
        Self { verdict, words: words.into(), value: None, evidence: Vec::new(), at, not_before: None }
    }

    /// With one more line of evidence.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.evidence.push((name.to_owned(), text.into()));
        self
    }
}

/// What a check is told when it is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asking {
    /// Now.
    pub now: Timestamp,
    /// The version that ran before, as `open --from` said; empty when not said.
    pub from_version: String,
    /// The version that is to run, as `open --to` said; empty when not said.
    pub to_version: String,
    /// The digest that its tag was resolved to; empty while it is not resolved.
    pub digest: String,
    /// When the session was opened.
    pub opened: Timestamp,
    /// When the last change was dispatched, for "since the change"; `None` before the first.
    pub changed: Option<Timestamp>,
    /// What this check answered earlier as [`Answer::value`], the first time in this session.
    pub earlier: Option<String>,
}

/// One check as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckSpec {
    /// Its name.
    pub id: CheckId,
    /// The adapter's kind: `http`; `limit` for a measure held against a limit.
    pub kind: String,
    /// The group that it stands in: a suite with a table and totals of its own.
    pub group: Option<String>,
    /// The pool that it speaks of, if one.
    pub pool: Option<PoolId>,
    /// Who answers.
    pub asks: Asks,
    /// How long between two tries.
    pub every: Duration,
    /// How many tries until it counts as failed; the first pass ends them.
    pub tries: u32,
    /// How many passes one after another make it passed.
    pub in_a_row: u32,
    /// How long one answer may take; then it is inconclusive.
    pub timeout: Duration,
    /// Whether it is held against its own first answer in this session: that one is asked for when the session begins.
    pub compares: bool,
}

/// Who answers a check.
#[derive(Clone, PartialEq, Debug)]
pub enum Asks {
    /// A system, through its adapter.
    System,
    /// A measure held against a limit.
    Limit(Threshold),
}

/// A measure held against a limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// What is measured.
    pub measure: Measure,
    /// Where it becomes a fail.
    pub limit: Limit,
    /// A measure that must not be zero for a zero to count: health checks that go on being logged.
    pub liveness: Option<Measure>,
}
