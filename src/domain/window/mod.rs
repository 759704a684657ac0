//! Deploy windows and freezes: when something may be deployed, by the clocks of a place.
//!
//! Parts: `span` (what a window is made of, and its borders), `written` (how it is written in a profile), `said` (when it
//! changes, for people).
//!
//! # Invariants
//! - A window holds whenever a clock of its zone shows a time that lies within one of its spans: from the start on, before
//!   the end. An hour that a clock shows twice counts twice, and what stands in an hour that it leaves out does not happen.
//! - [`WindowSpec::next_change`] is the first moment after the given one at which [`WindowSpec::is_within`] is another.

mod said;
mod span;
#[cfg(test)]
mod tests;
mod written;

use chrono::{DateTime, Offset, TimeZone};
pub use chrono_tz::Tz;

pub use said::{city, in_words, moment};
pub use span::{DAY, Days, Span, Weekly};
pub use written::{BadWhen, When, zone};

use super::{Timestamp, WindowId};

/// One window of the profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WindowSpec {
    /// Its name.
    pub id: WindowId,
    /// Whether it is the time in which things may be done, or the time in which they may not.
    pub rule: WindowRule,
    /// When; at least one.
    pub spans: Vec<Span>,
    /// By which clocks.
    pub zone: Tz,
    /// Which kinds of step it is about.
    pub steps: Vec<StepKind>,
    /// What becomes of a change in its middle.
    pub during: During,
}

/// What being within a window means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WindowRule {
    /// Steps may be taken within it, and within others of this rule, only.
    Allow,
    /// No step may be taken within it.
    Block,
}

/// What becomes of a change in its middle when the time for it is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum During {
    /// It goes on to its end, with all of its waves.
    #[default]
    Finish,
    /// The wave that is out is finished, and the next one waits.
    Freeze,
}

/// A kind of step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StepKind {
    /// It shifts traffic, in the plan or off it.
    Shift,
    /// It brings another version.
    Deploy,
    /// It waits for a person.
    Pause,
}

impl StepKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shift, Self::Deploy, Self::Pause];

    /// As the profile names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::Deploy => "deploy",
            Self::Pause => "pause",
        }
    }
}

/// How much is looked at in one go. No zone changes its clocks twice within it.
const CHUNK: i64 = 6 * 3_600;
/// After so many of these, three weeks, what comes every week has come, also where a clock left it out once.
const CHUNKS: i64 = 22 * 4;

impl WindowSpec {
    /// Whether a moment lies within it.
    pub fn is_within(&self, at: Timestamp) -> bool {
        self.is_within_second(at.0.div_euclid(1_000))
    }

    /// The first moment after another at which it begins or ends; `None` where it never does again.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.0.div_euclid(1_000);
        // What does not change for three weeks does not before the next date that is written.
        let mut dates: Vec<i64> = self.spans.iter().filter_map(Span::dates).flatten().collect();
        dates.sort_unstable();
        // Clocks are less than a day and a half from UTC.
        let near_dates = dates.into_iter().map(|date| date - DAY - DAY / 2).filter(|near| *near > after);
        let found = std::iter::once(after).chain(near_dates).find_map(|from| self.change_soon(after, from));
        found.map(|second| Timestamp(second * 1_000))
    }

    /// Whether it is about a kind of step.
    pub fn is_about(&self, kind: StepKind) -> bool {
        self.steps.contains(&kind)
    }

    /// The first second within three weeks of `from` at which it is not what it is at `after`.
    fn change_soon(&self, after: i64, from: i64) -> Option<i64> {
        let is = self.is_within_second(after);
        (0..CHUNKS).find_map(|chunk| {
            let start = from + chunk * CHUNK;
            let mut borders = self.borders(start, start + CHUNK);
            borders.sort_unstable();
            borders.into_iter().find(|border| self.is_within_second(*border) != is)
        })
    }

    /// Every second after `start`, up to `end`, at which something may change: a border of a span, or the clocks. Others
    /// may be among them.
    fn borders(&self, start: i64, end: i64) -> Vec<i64> {
        let ahead = [self.ahead(start), self.ahead(end)];
        let mut found = Vec::new();
        for ahead in ahead {
            let local = self.spans.iter().flat_map(|span| span.borders(start + ahead, end + ahead));
            found.extend(local.map(|border| border - ahead));
        }
        if ahead.first() != ahead.last() {
            found.push(self.clocks_change(start, end));
        }
        found.retain(|border| (start + 1..=end).contains(border));
        found
    }

    /// The second between two at which the clocks are changed.
    fn clocks_change(&self, start: i64, end: i64) -> i64 {
        let before = self.ahead(start);
        let (mut low, mut high) = (start, end);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.ahead(middle) == before {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn is_within_second(&self, second: i64) -> bool {
        let local = second + self.ahead(second);
        self.spans.iter().any(|span| span.holds(local))
    }

    /// How many seconds the clocks of its zone are ahead of UTC.
    fn ahead(&self, second: i64) -> i64 {
        ahead(self.zone, second)
    }
}

/// How many seconds the clocks of a zone are ahead of UTC at a second since 1970.
fn ahead(zone: Tz, second: i64) -> i64 {
    let utc = DateTime::from_timestamp(second, 0).map(|at| at.naive_utc());
    utc.map_or(0, |utc| i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()))
}
