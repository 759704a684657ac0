//! One line of evidence over time: what it says, how old that is, and how long it has been quiet by its own clock.
//!
//! What routers and gauges say stands at a moment of our own clock. A log has a clock of its own, the newest line of any
//! sort that it delivered: it may lag behind ours, stand still, or jump. Its quiet time is the least of what passed on
//! either clock, so that a source whose clock jumps ahead proves nothing sooner.

use std::time::Duration;

use super::evidence::{Evidence, Finding, Look, Until};
use crate::domain::log::AHEAD;
use crate::domain::{Elapsed, Now, RouterId, Timestamp, clock_span};

/// A log that delivers nothing for this long, not even health checks, may have stopped: its silence proves nothing.
pub const STILL: Duration = Duration::from_secs(45);

/// One line of evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What is looked at.
    pub evidence: Evidence,
    /// What it says.
    pub finding: Finding,
    /// The routers that cannot count it, where others can.
    pub cannot: Vec<RouterId>,
    /// How long it has been quiet by its own clock; `None` while it is not.
    pub quiet: Option<Duration>,
    /// How old what it says was at the look; for a log: how far it lags behind our clock.
    pub age: Option<Duration>,
    /// A log's own clock: up to when it delivered everything.
    pub watermark: Option<Timestamp>,
    pub(super) clock: Option<Clock>,
}

/// Since when a line has been quiet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Clock {
    /// On our clock.
    since: Elapsed,
    /// On the source's clock, where it has one.
    stamp: Timestamp,
    /// Lines older than this are from before the quiet began, however late they come.
    begun: Timestamp,
}

impl Line {
    /// Takes a look in. `clock` is that of the look before, where it goes on.
    pub(super) fn take(now: Now, look: Look, clock: Option<Clock>) -> Self {
        let Look { evidence, finding, until, cannot } = look;
        let (age, watermark) = match until {
            Until::Nothing => (None, None),
            Until::Moment(at) => (Some(now.elapsed.since(at)), None),
            Until::Source { watermark, .. } => (Some(now.wall.since(watermark)), Some(watermark)),
        };
        let mut line = Self { evidence, finding, cannot, quiet: None, age, watermark, clock };
        line.run(now, until);
        line
    }

    fn run(&mut self, now: Now, until: Until) {
        match (&self.finding, until) {
            (Finding::CannotCount | Finding::Unknown { .. }, _)
            | (Finding::Some(_), Until::Nothing | Until::Moment(_)) => self.clock = None,
            (Finding::Zero, Until::Nothing | Until::Moment(_)) => {
                let at = if let Until::Moment(at) = until { at } else { now.elapsed };
                let clock = *self.clock.get_or_insert(Clock { since: at, stamp: now.wall, begun: now.wall });
                self.quiet = Some(at.since(clock.since));
            }
            (Finding::Zero | Finding::Some(_), Until::Source { watermark, last, delivered }) => {
                self.run_by_source(now, watermark, last, delivered);
            }
        }
    }

    /// Lines of before the quiet began may come late; what is newer begins it anew.
    fn run_by_source(&mut self, now: Now, watermark: Timestamp, last: Option<Timestamp>, delivered: Elapsed) {
        let fresh = Clock { since: now.elapsed, stamp: now.wall.max(watermark), begun: now.wall };
        // Our own clock went back: what it said at the beginning is no measure for what the source says now.
        let goes_on = |clock: &Clock| now.wall.plus(AHEAD) >= clock.begun;
        let clock = self.clock.filter(goes_on).unwrap_or(fresh);
        let last = last.unwrap_or(now.wall);
        if matches!(self.finding, Finding::Some(_)) {
            if last > clock.begun {
                self.clock = Some(Clock { since: now.elapsed, stamp: clock.stamp.max(last), begun: last });
                return;
            }
            self.finding = Finding::Zero;
        }
        self.clock = Some(clock);
        let silent = now.elapsed.since(delivered);
        if silent > STILL {
            // The clock is kept: once it delivers again, up to its watermark everything is known.
            let why = format!("nothing delivered for {}: silence is not proof", clock_span(silent));
            self.finding = Finding::Unknown { why };
            return;
        }
        self.quiet = Some(watermark.since(clock.stamp).min(now.elapsed.since(clock.since)));
    }
}
