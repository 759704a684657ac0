//! The time that the charts show.

use std::time::Duration;

use super::super::Model;
use crate::domain::{Elapsed, Timestamp, clock_span};
use crate::flight::measure::KEPT;

/// The shortest time shown, so that the first seconds after a change are not stretched over the whole width.
const LEAST: Duration = Duration::from_mins(1);

/// How much time is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Span {
    /// The last five minutes.
    #[default]
    Five,
    /// The last quarter of an hour.
    Fifteen,
    /// The last half hour.
    Thirty,
    /// Since the newest change was confirmed, with some time before it to compare with.
    SinceChange,
    /// Since the session was opened.
    SinceSession,
}

impl Span {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 5] = [Self::Five, Self::Fifteen, Self::Thirty, Self::SinceChange, Self::SinceSession];
}

/// A time that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Past {
    /// When it ends.
    pub end: Elapsed,
    /// How long it is.
    pub length: Duration,
}

/// The time that is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Its right end.
    pub end: Elapsed,
    /// How long it is.
    pub length: Duration,
    /// Whether it ended before now.
    pub is_past: bool,
}

impl Range {
    /// Its left end; at the beginning of the clock where it would reach before that.
    pub fn start(&self) -> Elapsed {
        Elapsed(self.end.0.saturating_sub(u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Whether a moment lies in it.
    pub fn holds(&self, at: Elapsed) -> bool {
        at <= self.end && self.end.since(at) <= self.length
    }
}

impl Model {
    /// The time that the charts show now.
    pub fn chart_range(&self) -> Range {
        let now = self.now.elapsed;
        match self.charts.past.filter(|past| past.end < now) {
            Some(Past { end, length }) => Range { end, length, is_past: true },
            None => Range { end: now, length: self.span_length(self.charts.span), is_past: false },
        }
    }

    /// How long a span is at this moment.
    pub(in crate::cockpit) fn span_length(&self, span: Span) -> Duration {
        let since = |at: Option<Timestamp>| at.map_or(Duration::ZERO, |at| self.now.wall.since(at));
        match span {
            Span::Five => Duration::from_mins(5),
            Span::Fifteen => Duration::from_mins(15),
            Span::Thirty => Duration::from_mins(30),
            Span::SinceChange => {
                let since = since(self.changed_at());
                (since + since / 10).clamp(LEAST, KEPT)
            }
            Span::SinceSession => since(self.opened_at()).clamp(LEAST, KEPT),
        }
    }

    /// The next span in this direction that means anything now: before the first change there is no time since it.
    pub(in crate::cockpit) fn span_after(&self, by: isize) -> Span {
        let means = |span: &Span| match span {
            Span::Five | Span::Fifteen | Span::Thirty => true,
            Span::SinceChange => self.changed_at().is_some(),
            Span::SinceSession => self.opened_at().is_some(),
        };
        let spans: Vec<Span> = Span::ALL.into_iter().filter(means).collect();
        let at = spans.iter().position(|span| *span == self.charts.span).unwrap_or(0);
        spans.get(super::super::update::around(at, by, spans.len())).copied().unwrap_or_default()
    }

    /// The time that is shown, in a few words: `last 5 min`, `since the change, 3:12`.
    pub fn span_words(&self) -> String {
        let since = |at: Option<Timestamp>, what: &str| {
            let since = at.map_or(Duration::ZERO, |at| self.now.wall.since(at));
            let cut = if since > KEPT { format!(", the last {} of it", clock_span(KEPT)) } else { String::new() };
            format!("since the {what}, {}{cut}", clock_span(since))
        };
        match self.charts.span {
            Span::Five => "last 5 min".to_owned(),
            Span::Fifteen => "last 15 min".to_owned(),
            Span::Thirty => "last 30 min".to_owned(),
            Span::SinceChange => since(self.changed_at(), "change"),
            Span::SinceSession => since(self.opened_at(), "session"),
        }
    }

    /// The wall clock at a moment of the charts.
    pub fn wall_at(&self, at: Elapsed) -> Timestamp {
        let (now, at) = (self.now.elapsed.0, at.0);
        let ago = i64::try_from(now.abs_diff(at)).unwrap_or(i64::MAX);
        Timestamp(self.now.wall.0.saturating_sub(if at <= now { ago } else { -ago }))
    }

    /// How long the session had been open at a moment; `None` before it was.
    pub fn into_session(&self, at: Elapsed) -> Option<Duration> {
        let (opened, wall) = (self.opened_at()?, self.wall_at(at));
        (wall >= opened).then(|| wall.since(opened))
    }

    /// When the newest change was confirmed.
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.flight.session.changes.last().map(|change| change.at)
    }

    fn opened_at(&self) -> Option<Timestamp> {
        self.flight.session.opened.as_ref().map(|opened| opened.at)
    }
}
