//! What a lane found, and which of it is a number.

use std::time::Duration;

use super::{Figure, Rule};
use crate::domain::{Timestamp, age};

/// What was found in the window of a lane, of one pool or of all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Up to when, by the logs' own clock.
    pub clock: Timestamp,
    /// By what it was judged.
    pub rule: Rule,
    /// Requests of the window.
    pub requests: usize,
    /// Those without an answer.
    pub open: usize,
    /// Those of them that have waited too long.
    pub unanswered: usize,
    /// How long the oldest has waited.
    pub oldest: Option<Duration>,
    /// Requests with a key that was open.
    pub duplicates: usize,
    /// Answers of the window that found their request.
    pub answered: usize,
    /// Those of them whose time is known: an answer stamped before its request has none.
    pub timed: usize,
    /// The 95th percentile of their times, in milliseconds, however few they are.
    pub p95_ms: Option<u64>,
    /// Requests of all pools that have no key.
    pub keyless_requests: usize,
    /// Answers of all pools that have none.
    pub keyless_answers: usize,
    /// Whether any of those has a key that is masked.
    pub masked: bool,
    /// Open requests that name no pool, where one pool is asked about.
    pub without_pool: usize,
    /// Requests of the window that were given up because too much was open.
    pub given_up: usize,
    /// Whether there were more pairs than are kept.
    pub is_cut: bool,
    /// Whether it is known what is open.
    pub is_sure: bool,
    /// What was lost, while that matters.
    pub lost: Option<String>,
    /// Requests that the window has passed without an answer, ever.
    pub lapsed: u64,
    /// Lines that came later than is allowed, ever.
    pub late: u64,
}

impl Tally {
    /// A figure as a number, where it is known, and what makes it less than it seems.
    ///
    /// What only may be too small stays a number while it is not zero: it is at least so much.
    pub fn value(&self, figure: Figure) -> (Option<f64>, Option<String>) {
        let doubt = self.doubt();
        match figure {
            Figure::P95 => (self.p95_ms.filter(|_| self.timed >= self.rule.fewest).map(as_f64), None),
            Figure::Open if !self.is_sure => (None, self.lost.clone()),
            Figure::Open => at_least(self.open, doubt),
            // Without a request nothing can be unanswered or double, and that says nothing.
            Figure::Unanswered | Figure::Duplicates if self.requests == 0 => (None, doubt),
            Figure::Duplicates => at_least(self.duplicates, self.missed()),
            Figure::Unanswered if !self.is_sure => (None, self.lost.clone()),
            // What was not known as an answer leaves its request unanswered.
            Figure::Unanswered if self.keyless_answers > 0 => (None, doubt),
            Figure::Unanswered => at_least(self.unanswered, doubt),
        }
    }

    /// In lines, for people.
    pub fn words(&self) -> Vec<String> {
        let window = age(self.rule.window);
        let oldest = self.oldest.map_or_else(String::new, |oldest| format!(", the oldest for {}", age(oldest)));
        let mut lines = vec![format!(
            "{} requests in {window} up to {}Z by the log: {} answered, {} open{oldest}",
            self.requests,
            self.clock.clock(),
            self.answered,
            self.open,
        )];
        let fewest = self.rule.fewest;
        if self.timed < fewest {
            lines.push(format!("p95 needs {fewest} answers, {} have a time", self.timed));
        } else if self.timed < self.answered {
            let without = self.answered - self.timed;
            lines.push(format!("p95 of {}; {without} are stamped before their requests", self.timed));
        } else {
            let cut = if self.is_cut { ", the newest of more" } else { "" };
            lines.push(format!("p95 of {} answers{cut}", self.timed));
        }
        if self.lapsed > 0 {
            lines.push(format!("{} requests so far were older than {window} without an answer", self.lapsed));
        }
        if self.late > 0 {
            lines.push(format!("{} lines so far came more than {} late", self.late, age(self.rule.late)));
        }
        lines.extend(self.doubt());
        lines
    }

    fn doubt(&self) -> Option<String> {
        self.lost.clone().or_else(|| self.missed())
    }

    /// What was seen and could not be paired.
    fn missed(&self) -> Option<String> {
        let window = age(self.rule.window);
        let why = if self.masked { "a key that is masked" } else { "no key" };
        match (self.given_up, self.keyless_requests, self.keyless_answers) {
            (0, 0, 0) if self.without_pool > 0 => Some(format!("{} open requests name no pool", self.without_pool)),
            (0, 0, 0) => None,
            (0, 0, answers) => Some(format!("{answers} answers of the last {window} have {why}")),
            (0, requests, 0) => Some(format!("{requests} requests of the last {window} have {why}")),
            (0, requests, answers) => {
                Some(format!("{requests} requests and {answers} answers of the last {window} have {why}"))
            }
            (given_up, ..) => {
                Some(format!("{given_up} requests of the last {window} were given up: too many are open"))
            }
        }
    }
}

/// A count that may be too small: where something was missed it is at least so much, and zero says nothing.
fn at_least(count: usize, missed: Option<String>) -> (Option<f64>, Option<String>) {
    (Some(as_f64(count as u64)).filter(|_| count > 0 || missed.is_none()), missed)
}

/// The percentile by nearest rank: the smallest value that so many percent of all are not above. `None` without values.
pub(super) fn nearest_rank(values: &mut [u64], percent: usize) -> Option<u64> {
    let rank = (values.len() * percent).div_ceil(100);
    let place = rank.checked_sub(1)?;
    Some(*values.select_nth_unstable(place).1)
}

#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds of a window are far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
