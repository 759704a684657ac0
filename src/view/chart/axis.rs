//! The axes of a chart that stands alone: values with their ticks at the left, the clock and the session's time below.

use std::time::Duration;

use ratatui::layout::Rect;

use super::plot::row_of;
use super::scale::Scale;
use crate::cockpit::{Model, Range};
use crate::domain::{Elapsed, Limit, clock_span};
use crate::theme::Role;
use crate::view::pen::{Pen, width};

/// Times between two labels, of which the shortest that leaves room for its labels is taken.
const STEPS: [u64; 11] = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
/// Columns of a label with its tick and a gap.
const LABEL: u16 = 11;

/// One label of the value axis.
pub(super) struct Tick {
    y: u16,
    role: Role,
    pub(super) text: String,
}

/// The labels of the value axis: the ends, what lies between, and the limit.
pub(super) fn values(scale: &Scale, limit: Option<Limit>, area: Rect) -> Vec<Tick> {
    let parts: u16 = match area.height {
        0..3 => 1,
        3..9 => 2,
        _ => 4,
    };
    let mut ticks: Vec<Tick> = (0..=parts)
        .filter_map(|part| {
            let place = f64::from(part) / f64::from(parts);
            Some(Tick { y: row_of(area, place)?, role: Role::Dim, text: scale.short(scale.at(place)) })
        })
        .collect();
    let limit = limit.and_then(|limit| Some((row_of(area, scale.place(limit.value()))?, limit.value())));
    if let Some((y, limit)) = limit {
        ticks.retain(|tick| tick.y != y);
        ticks.push(Tick { y, role: Role::Limit, text: scale.short(limit) });
    }
    ticks
}

/// Draws the value axis into the columns left of the graph.
pub(super) fn draw_values(pen: &mut Pen<'_>, area: Rect, gutter: u16, ticks: &[Tick]) {
    for y in area.y..area.bottom() {
        let style = pen.style(Role::Border);
        pen.mark(area.x + gutter - 1, y, '│', style);
    }
    for tick in ticks {
        let mut row = pen.row(area.x, tick.y, gutter);
        row.number(tick.role, gutter - 2, &tick.text).skip(1).put(Role::Border, "┤");
    }
}

/// Says what the rows of the time axis are.
pub(super) fn name_times(pen: &mut Pen<'_>, area: Rect) {
    for (row, name) in (0..area.height).zip(["UTC", "T+"]) {
        pen.row_of(area, row).number(Role::Dim, area.width.saturating_sub(2), name);
    }
}

/// Draws the times below one graph.
pub(super) fn draw_times(pen: &mut Pen<'_>, model: &Model, area: Rect, range: &Range) {
    if area.is_empty() {
        return;
    }
    let length = u64::try_from(range.length.as_millis()).unwrap_or(u64::MAX).max(1);
    let fits = |step: &&u64| **step * 1000 * u64::from(area.width) / length >= u64::from(LABEL);
    let step =
        i64::try_from(STEPS.iter().find(fits).or(STEPS.last()).copied().unwrap_or(3600) * 1000).unwrap_or(i64::MAX);
    let end = model.wall_at(range.end).0;
    let start = end - i64::try_from(length).unwrap_or(i64::MAX);
    let mut at = (start.div_euclid(step) + 1) * step;
    while at <= end {
        let ago = u64::try_from(end - at).unwrap_or(0);
        let moment = Elapsed(range.end.0.saturating_sub(ago));
        let cell = u64::from(area.width).saturating_mul(length - ago.min(length)) / length;
        let x = area.x + u16::try_from(cell).unwrap_or(u16::MAX).min(area.width - 1);
        let room = area.right() - x;
        if room >= LABEL - 2 {
            pen.row(x, area.y, room).put(Role::Border, "╵").put(Role::Dim, &model.wall_at(moment).clock());
            if let Some(into) = model.into_session(moment).filter(|_| area.height > 1) {
                pen.row(x, area.y + 1, room).skip(1).put(Role::Dim, &clock_span(whole_seconds(into)));
            }
        }
        at += step;
    }
}

/// Writes the cursor's time into one row of the labels; those that it would cover in part go.
pub(super) fn cursor_time(pen: &mut Pen<'_>, area: Rect, cell: u16, text: &str) {
    let cells = width(text);
    if area.is_empty() || area.width < cells + 2 {
        return;
    }
    let from = area.x + cell.saturating_sub(cells / 2).min(area.width - cells);
    let style = pen.style(Role::Text);
    let is_blank = |pen: &Pen<'_>, x: u16| pen.buffer.cell((x, area.y)).is_none_or(|cell| cell.symbol() == " ");
    let (mut left, mut right) = (from.saturating_sub(1).max(area.x), (from + cells + 1).min(area.right()));
    while left > area.x && !is_blank(pen, left) {
        left -= 1;
    }
    while right < area.right() && !is_blank(pen, right) {
        right += 1;
    }
    for x in left..right {
        pen.mark(x, area.y, ' ', style);
    }
    let style = pen.style(Role::Accent);
    pen.text(from, area.y, cells, text, style);
}

fn whole_seconds(span: Duration) -> Duration {
    Duration::from_secs((span.as_millis() + 500).try_into().unwrap_or(0_u64) / 1000)
}
