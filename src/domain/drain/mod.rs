//! Drained is evidence held for a time, never a timer and never a weight alone.
//!
//! Weight zero read back on every router is always part of the evidence. What else counts, the profile lists; what a
//! router cannot count is said to be so, and those that can still count. Whatever is not known stays
//! [`DrainState::Unknown`].
//!
//! Parts: [`evidence`] is what is looked at and what one look finds; [`mod@line`] holds one line of evidence over time, with a
//! quiet clock of its own; this page makes one word of all lines.
//!
//! A check can stand among the evidence: while it does not pass, the pool is not drained. It is never the evidence of traffic
//! that a drain needs.
//!
//! Invariants: no line's quiet time is longer than what its own source has shown to be quiet; a pool is drained when every
//! line that can tell has been quiet for the time asked, and at least one of them speaks of traffic.

pub mod evidence;
pub mod line;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use evidence::{Evidence, Finding, Look, Until};
pub use line::Line;

use super::{Elapsed, Now};

/// What the profile asks for before a pool counts as drained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DrainRule {
    /// How long all evidence must hold without a break.
    pub quiet: Duration,
    /// Evidence beside weight zero; at least one line of it speaks of traffic.
    pub evidence: Vec<Evidence>,
    /// Whether the addresses of clients are shown where connections are listed; else they are masked.
    pub show_clients: bool,
}

impl Default for DrainRule {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(1),
            evidence: vec![Evidence::InFlight, Evidence::Requests],
            show_clients: false,
        }
    }
}

/// The state of one pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrainState {
    /// It has weight somewhere.
    Active,
    /// Weight zero everywhere, evidence not yet quiet for long enough.
    Draining,
    /// All evidence has been quiet for the time asked, and still is.
    Drained,
    /// Something that is needed is not known.
    Unknown,
}

impl DrainState {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Unknown => "unknown",
        }
    }
}

/// The drain of one pool, fed with looks.
#[derive(Clone, PartialEq, Debug)]
pub struct Drain {
    /// Where it stands.
    pub state: DrainState,
    /// The lines of evidence as last looked at, weight zero first.
    pub lines: Vec<Line>,
    /// The last look.
    pub looked: Option<Elapsed>,
    /// How long all evidence has been quiet together, as the last look had it; `None` while some of it is not.
    quiet_for: Option<Duration>,
    /// Requests in flight over the last looks, oldest first, for the trend.
    levels: VecDeque<(Elapsed, u64)>,
    quiet: Duration,
}

/// How far back the trend looks.
const TREND: Duration = Duration::from_secs(20);

impl Drain {
    /// A pool of which nothing is known yet.
    pub fn new(rule: &DrainRule) -> Self {
        Self {
            state: DrainState::Unknown,
            lines: Vec::new(),
            looked: None,
            quiet_for: None,
            levels: VecDeque::new(),
            quiet: rule.quiet,
        }
    }

    /// Takes one look: what each line of evidence says now, weight zero among them. A pause since the look before that is
    /// longer than `bound` proves nothing about the time between, and every clock starts again.
    pub fn look(&mut self, now: Now, bound: Duration, looks: Vec<Look>) {
        self.follow_level(now.elapsed, &looks);
        let gap = self.looked.is_some_and(|looked| now.elapsed.since(looked) > bound);
        let is_zero = |look: &Look| look.evidence == Evidence::WeightZero && look.finding == Finding::Zero;
        let starts_again = gap || !looks.iter().any(is_zero);
        let mut before = std::mem::take(&mut self.lines);
        self.lines = looks
            .into_iter()
            .map(|look| {
                let place = before.iter().position(|line| line.evidence == look.evidence);
                let clock = place.and_then(|place| before.swap_remove(place).clock).filter(|_| !starts_again);
                Line::take(now, look, clock)
            })
            .collect();
        (self.state, self.quiet_for) = self.judge();
        self.looked = Some(now.elapsed);
    }

    /// One word of all lines, and how long all have been quiet together.
    fn judge(&self) -> (DrainState, Option<Duration>) {
        let weight = self.lines.iter().find(|line| line.evidence == Evidence::WeightZero).map(|line| &line.finding);
        let others = || self.lines.iter().filter(|line| line.evidence != Evidence::WeightZero);
        let tells = |line: &&Line| matches!(line.finding, Finding::Zero | Finding::Some(_));
        match weight {
            Some(Finding::Some(_)) => return (DrainState::Active, None),
            Some(Finding::Zero) => {}
            None | Some(Finding::CannotCount | Finding::Unknown { .. }) => return (DrainState::Unknown, None),
        }
        let is_unknown = others().any(|line| matches!(line.finding, Finding::Unknown { .. }));
        if is_unknown || !others().any(|line| line.evidence.is_of_traffic() && tells(&line)) {
            return (DrainState::Unknown, None);
        }
        // A line that cannot count has no clock, and none that it could hold back.
        let quiet = self.lines.iter().filter(tells).map(|line| line.quiet).min().flatten();
        match quiet {
            Some(quiet) if quiet >= self.quiet => (DrainState::Drained, Some(quiet)),
            quiet => (DrainState::Draining, quiet),
        }
    }

    fn follow_level(&mut self, now: Elapsed, looks: &[Look]) {
        let level = looks.iter().find(|look| look.evidence == Evidence::InFlight).map(|look| &look.finding);
        match level {
            Some(Finding::Zero) => self.levels.push_back((now, 0)),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "routers count whole requests")]
            Some(Finding::Some(level)) => self.levels.push_back((now, *level as u64)),
            Some(Finding::CannotCount | Finding::Unknown { .. }) | None => {}
        }
        while self.levels.front().is_some_and(|(at, _)| now.since(*at) > TREND) {
            self.levels.pop_front();
        }
    }

    /// How long all evidence has been quiet together.
    pub fn quiet_for(&self) -> Option<Duration> {
        self.quiet_for
    }

    /// How long it must be quiet.
    pub fn quiet_needed(&self) -> Duration {
        self.quiet
    }

    /// Requests in flight at the last look that could count them.
    pub fn level(&self) -> Option<u64> {
        self.levels.back().map(|(_, level)| *level)
    }

    /// The highest level in the time that the trend looks at.
    pub fn peak(&self) -> Option<u64> {
        self.levels.iter().map(|(_, level)| *level).max()
    }

    /// How long until nothing is in flight, at the pace since the peak. `None` while it does not fall.
    pub fn time_left(&self) -> Option<Duration> {
        let (end, now) = *self.levels.back()?;
        let (start, peak) = *self.levels.iter().rev().max_by_key(|(_, level)| *level)?;
        let fallen = peak.checked_sub(now).filter(|fallen| *fallen > 0)?;
        let took = u64::try_from(end.since(start).as_millis()).ok()?;
        Some(Duration::from_millis(took.saturating_mul(now) / fallen))
    }
}
