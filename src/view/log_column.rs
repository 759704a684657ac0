//! What stands in a log line between its time and its text: what is told apart where lines belong together, and fields as
//! columns; above them what the lines have in common, and the columns' headings.
//!
//! ```text
//! │ trace = 4f1c · 7 lines · 2 sources · over 1.2 s                       │
//! │                           status    ms                                │
//! │ 14:02:10          ▲ INFO     200    38 authorized route=/pay          │
//! │ 14:02:11   +12 ms ● WARN     200   910 slow answer from ledger        │
//! ```

use std::borrow::Cow;
use std::time::Duration;

use ratatui::layout::Rect;

use super::format::whole;
use super::pen::{Pen, Row, fit_middle, width};
use crate::cockpit::{Column, Model, heading, in_column};
use crate::domain::clock_span;
use crate::logbook::{LineRef, without};
use crate::theme::Role;

/// Cursor, time, pool and level with the gaps behind them.
const BEFORE: u16 = 1 + 9 + 2 + 6;
/// The time since the line before, with its gap.
const BETWEEN: u16 = 9;
/// The columns leave at least so much for the text, and so much of the whole in percent.
const TEXT: u16 = 24;
const TEXT_PERCENT: u16 = 40;

/// Draws what stands above the lines, and says what is left for them.
pub(super) fn above(pen: &mut Pen<'_>, model: &Model, inside: Rect) -> Rect {
    let room = model.log_room(inside.height);
    if room.bar {
        bar(pen, model, inside);
    }
    if room.headings {
        let mut row = pen.row_of(inside, u16::from(room.bar));
        row.skip(before(model));
        for column in shown(model, inside) {
            let heading = heading(&column.name);
            if column.is_number {
                row.number(Role::Dim, column.cells, heading);
            } else {
                row.cell(Role::Dim, column.cells, heading);
            }
            row.skip(1);
        }
    }
    let above = u16::from(room.bar) + u16::from(room.headings);
    Rect { y: inside.y + above, height: room.rows, ..inside }
}

fn before(model: &Model) -> u16 {
    BEFORE + if model.logs.correlation().is_some() { BETWEEN } else { 0 }
}

/// What the lines have in common, how many they are, and over what time.
fn bar(pen: &mut Pen<'_>, model: &Model, inside: Rect) {
    let Some(same) = model.logs.correlation() else { return };
    let view = &model.logs.view;
    let (lines, sources) = (view.matched() as u64, view.sources() as u64);
    let span = view.ends().map(|(first, last)| last.at.since(first.at)).filter(|_| lines > 1);
    let counted = |count: u64, noun: &str| format!("{} {noun}{}", whole(count), if count == 1 { "" } else { "s" });
    let mut facts = format!(" · {} · {}", counted(lines, "line"), counted(sources, "source"));
    if let Some(span) = span {
        facts.push_str(" · over ");
        facts.push_str(&between_words(span));
    }
    if model.logs.searching {
        facts.push_str(" · searching …");
    }
    let area = Rect { height: 1, ..inside };
    let style = pen.style(Role::Selected);
    pen.buffer.set_style(area, style);
    let mut row = pen.row_of(inside, 0);
    row.skip(1).put(Role::Strong, &format!("{} = ", same.field));
    let room = row.left().saturating_sub(width(&facts));
    row.put(Role::Accent, &fit_middle(&same.value, room.max(8))).put(Role::Text, &facts);
}

/// The time since the line before, where lines belong together.
pub(super) fn between(cells: &mut Row<'_, '_>, model: &Model, line: &LineRef<'_>) {
    if model.logs.correlation().is_none() {
        return;
    }
    let since = model.logs.view.before(line.place).map(|before| line.place.at.since(before.at));
    let text = since.map(|since| format!("+{}", between_words(since))).unwrap_or_default();
    // Where a line tells no time, the time at which it came stands for it.
    let role = if line.tells_time { Role::Text } else { Role::Stale };
    cells.number(role, BETWEEN - 1, &text).skip(1);
}

/// A short span: `12 ms`, `1.2 s`, `3:05`.
fn between_words(span: Duration) -> String {
    match span.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", span.as_secs_f64()),
        _ => clock_span(span),
    }
}

/// The columns that fit, from the left.
fn shown(model: &Model, inside: Rect) -> Vec<Column> {
    let text = TEXT.max(inside.width * TEXT_PERCENT / 100);
    let mut room = inside.width.saturating_sub(before(model) + text);
    let fits = |column: &Column| {
        let fits = column.cells < room;
        room = room.saturating_sub(column.cells + 1);
        fits
    };
    model.log_columns().into_iter().take_while(fits).collect()
}

/// Draws a line's fields in their columns, and gives its text without what stands there whole.
pub(super) fn fields<'a>(cells: &mut Row<'_, '_>, model: &Model, inside: Rect, line: &LineRef<'a>) -> Cow<'a, str> {
    let columns = shown(model, inside);
    for column in &columns {
        let value = in_column(line, &column.name).unwrap_or_default();
        if column.is_number {
            cells.number(Role::Strong, column.cells, value);
        } else {
            cells.cell(Role::Strong, column.cells, value);
        }
        cells.skip(1);
    }
    if columns.is_empty() {
        return Cow::Borrowed(line.text);
    }
    without(line.text, |name, value| columns.iter().any(|column| column.name == name && width(value) <= column.cells))
}
