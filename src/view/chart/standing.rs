//! How a line of a chart stands at a moment: its value, how old that is, and what is not known of it.

use std::time::Duration;

use super::plot::pause;
use super::scale::Scale;
use crate::cockpit::{ChartLine, Model, Range};
use crate::domain::{Elapsed, Freshness, Limit};
use crate::theme::Role;
use crate::view::format::{MISSING, old};
use crate::view::pen::{Row, width};

/// Columns of a number, and of what is said of it: its age, its part.
const NUMBER: u16 = 7;
const NOTE: u16 = 6;

/// How one line stands.
pub(super) struct Standing<'m> {
    /// The value; `None` where there is none at this moment.
    pub(super) value: Option<f64>,
    /// How old the value is, seen from now; of the last one there was, where there is none.
    age: Option<Duration>,
    interval: Duration,
    /// Whether the moment is over: then nothing of it is now, however short ago it was.
    is_past: bool,
    /// How many of its targets it counts, where not all.
    pub(super) part: Option<(usize, usize)>,
    /// Why the last look gave nothing.
    pub(super) trouble: Option<&'m str>,
}

impl<'m> Standing<'m> {
    /// At the end of the range.
    pub(super) fn at_end(model: &Model, line: &ChartLine<'m>, range: &Range) -> Self {
        Self::at(model, line, range.end, range.is_past)
    }

    /// At a moment; one that is over has only what was told about then.
    pub(super) fn at(model: &Model, line: &ChartLine<'m>, at: Elapsed, is_past: bool) -> Self {
        let none = Self { value: None, age: None, interval: Duration::ZERO, is_past, part: None, trouble: None };
        let Some(series) = line.series else { return none };
        let end = series.points.partition_point(|(each, _)| *each <= at);
        let told = series.points.range(..end).rev().find_map(|(each, value)| value.map(|value| (*each, value)));
        let newest = end.checked_sub(1).and_then(|place| series.points.get(place)).copied();
        let value =
            newest.and_then(|(each, value)| value.filter(|_| !is_past || at.since(each) <= pause(series.interval)));
        Self {
            value: value.filter(|value| value.is_finite()),
            age: told.map(|(each, _)| model.now.elapsed.since(each)),
            interval: series.interval,
            is_past,
            part: series.part.filter(|_| !is_past),
            trouble: series.trouble.as_deref().filter(|_| !is_past),
        }
    }

    /// Whether it must not look like what is now.
    pub(super) fn is_old(&self) -> bool {
        self.is_past || !Freshness::of(self.age, self.interval).is_live()
    }

    /// Whether anything makes its value less than it seems.
    pub(super) fn is_doubtful(&self) -> bool {
        self.trouble.is_some() || self.part.is_some() || self.silent_for().is_some()
    }

    /// How long there has been no newer value, where that is too long.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        self.age.filter(|_| self.is_old() && self.value.is_some())
    }

    /// Writes the value with its unit, and beside it what makes it less than it seems: its trouble, its age once that
    /// matters, the limit that it breaks, the part of its targets that it counts.
    pub(super) fn write(&self, row: &mut Row<'_, '_>, scale: &Scale, limit: Option<Limit>, unit: u16) {
        let text = self.value.map_or_else(|| MISSING.to_owned(), |value| scale.number(value));
        let broken = limit.filter(|limit| self.value.is_some_and(|value| limit.is_broken_by(value)) && !self.is_old());
        let role = match (self.value, broken) {
            (Some(_), Some(_)) => Role::Bad,
            (Some(_), None) if !self.is_old() => Role::Strong,
            _ => Role::Stale,
        };
        row.number(role, NUMBER, &text).skip(u16::from(unit > 0)).cell(Role::Dim, unit, &scale.symbol);
        let aged = self.age.filter(|age| self.is_past || *age > self.interval || self.value.is_none());
        let role = if self.is_old() { Role::Stale } else { Role::Dim };
        match (self.trouble, broken, aged, self.part) {
            (Some(_), _, aged, _) => {
                let aged = aged.map(old).unwrap_or_default();
                row.skip(NOTE.saturating_sub(width(&aged) + 2)).put(Role::Bad, "✗").skip(1).put(role, &aged)
            }
            (None, Some(Limit::Above(_)), _, _) => row.number(Role::Bad, NOTE, "above"),
            (None, Some(Limit::Below(_)), _, _) => row.number(Role::Bad, NOTE, "below"),
            (None, None, Some(age), _) => row.number(role, NOTE, &old(age)),
            (None, None, None, Some((some, all))) => row.number(Role::Wait, NOTE, &format!("{some}/{all}")),
            (None, None, None, None) if self.value.is_none() => row.number(Role::Stale, NOTE, "never"),
            (None, None, None, None) => row.skip(NOTE),
        };
    }
}

/// The columns that [`Standing::write`] takes.
pub(super) fn cells(unit: u16) -> u16 {
    NUMBER + u16::from(unit > 0) + unit + NOTE
}
