//! One chart among others: its name and limit, its lines, its values.
//!
//! ```text
//! │›errors   ▲⣀⣀⣀⡠⠤⣀⣀⣀┆⣀⣀⣀⣀⣀  ●⣀⣀⡠⠤⠒⠒⠤┆⣀⣀⣀⣀⣀  ▲   0.02 %      │
//! │ ≤ 1 %     ⠤⠤⠒⠒⠤⠤⠒⠊┆⠒⠤⠤⠤⠤   ⠤⠤⠒⠒⠤⠤⠒┆⠤⠤⠤⠤⠤  ●   0.01 %   12s│
//! │                                             ▲ 3 of 4 answer │
//! ```

use ratatui::layout::Rect;

use super::plot::{Plot, Stroke};
use super::scale::Scale;
use super::standing::{self, Standing};
use super::{mark, mark_of, side_by_side};
use crate::cockpit::{Chart, ChartLine, Model, Range};
use crate::domain::Limit;
use crate::theme::Role;
use crate::view::pen::{Pen, fit, width};

/// The narrowest graph of one pool beside another's.
const NARROW: u16 = 24;

/// The columns that all charts of the pane share, so that their graphs and numbers stand below each other.
pub(super) struct Columns {
    label: u16,
    unit: u16,
}

impl Columns {
    pub(super) fn of(shown: &[(&Chart<'_>, Scale)], pane: u16) -> Self {
        let limit = |chart: &Chart<'_>, scale: &Scale| chart.limit.map_or(0, |limit| width(&limit_words(limit, scale)));
        let longest = shown.iter().map(|(chart, scale)| width(chart.title).max(limit(chart, scale))).max().unwrap_or(0);
        let unit = shown.iter().map(|(_, scale)| width(&scale.symbol)).max().unwrap_or(0);
        Self { label: longest.clamp(8, (pane / 5).max(8)) + 2, unit: unit.clamp(2, 7) }
    }

    fn values(&self) -> u16 {
        standing::cells(self.unit) + 1
    }
}

/// One chart as it is to be drawn.
pub(super) struct Shown<'a, 'm> {
    pub(super) chart: &'a Chart<'m>,
    pub(super) scale: &'a Scale,
    pub(super) range: Range,
    pub(super) is_selected: bool,
    /// Whether the marks have words here.
    pub(super) with_words: bool,
}

/// Draws the chart.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, shown: &Shown<'_, '_>, area: Rect, columns: &Columns) {
    let Shown { chart, scale, range, is_selected, .. } = shown;
    let mut head = pen.row_of(area, 0);
    head.put(Role::Accent, if *is_selected { "›" } else { " " });
    head.cell(if *is_selected { Role::Strong } else { Role::Text }, columns.label - 2, chart.title);
    if let Some(limit) = chart.limit {
        pen.row_of(area, 1).skip(1).cell(Role::Limit, columns.label - 2, &limit_words(limit, scale));
    }
    let standings: Vec<Standing<'_>> = chart.lines.iter().map(|line| Standing::at_end(model, line, range)).collect();
    let taken = columns.label + columns.values();
    let graph = Rect { x: area.x + columns.label, width: area.width.saturating_sub(taken + 1), ..area };
    if scale.has_values {
        graphs(pen, model, shown, &standings, graph);
    } else {
        absent(pen, graph, &standings, range.is_past);
    }
    let values =
        Rect { x: area.right().saturating_sub(columns.values()), width: columns.values().min(area.width), ..area };
    for (row, (line, standing)) in (0..area.height).zip(chart.lines.iter().zip(&standings)) {
        let (role, mark) = mark_of(line);
        let mut cells = pen.row_of(values, row);
        standing.write(cells.put(role, mark), scale, chart.limit, columns.unit);
    }
    let parts = chart.lines.iter().zip(&standings).filter_map(|(line, standing)| Some((line, standing.part?)));
    let below = u16::try_from(chart.lines.len()).unwrap_or(u16::MAX);
    for (row, (line, (some, all))) in (below..area.height).zip(parts) {
        let (role, mark) = mark_of(line);
        pen.row_of(values, row).put(role, mark).skip(1).put(Role::Wait, &format!("{some} of {all} answer"));
    }
}

/// The limit as it stands below a name: `≤ 1 %`.
pub(super) fn limit_words(limit: Limit, scale: &Scale) -> String {
    let sign = match limit {
        Limit::Above(_) => "≤",
        Limit::Below(_) => "≥",
    };
    let gap = if scale.symbol.is_empty() { "" } else { " " };
    format!("{sign} {}{gap}{}", scale.short(limit.value()), scale.symbol)
}

/// Side by side where each pool has room, else all in one.
fn graphs(pen: &mut Pen<'_>, model: &Model, shown: &Shown<'_, '_>, standings: &[Standing<'_>], graph: Rect) {
    let lines = &shown.chart.lines;
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if count > 1 && graph.width / count >= NARROW {
        for ((line, standing), area) in lines.iter().zip(standings).zip(side_by_side(graph, count, 2)) {
            let (role, mark) = mark_of(line);
            pen.row(area.x - 1, area.y, 1).put(role, mark);
            one_graph(pen, model, shown, &[(line, standing)], area);
        }
    } else {
        let all: Vec<(&ChartLine<'_>, &Standing<'_>)> = lines.iter().zip(standings).collect();
        one_graph(pen, model, shown, &all, graph);
    }
}

/// One graph with some of the lines.
pub(super) fn one_graph(
    pen: &mut Pen<'_>,
    model: &Model,
    shown: &Shown<'_, '_>,
    lines: &[(&ChartLine<'_>, &Standing<'_>)],
    area: Rect,
) {
    let mut plot = Plot::new(area, shown.range);
    let mut ends = Vec::new();
    for (place, (line, standing)) in lines.iter().enumerate() {
        let Some(series) = line.series else { continue };
        let (hue, mark) = mark_of(line);
        // A line whose source is silent is grey as its number is; a time that is over says so in the title.
        let role = if standing.is_old() && !shown.range.is_past { Role::Stale } else { hue };
        let dashed = place % 2 == 1 && !pen.has_colour();
        let end = plot.line(series, shown.scale, Stroke { role, dashed });
        if role != hue || (!pen.has_colour() && lines.len() > 1) {
            ends.extend(end.map(|end| (end, hue, mark)));
        }
    }
    plot.draw(pen, shown.chart.limit.map(|limit| shown.scale.place(limit.value())));
    mark::draw(pen, model, &plot, area, &shown.range, shown.with_words);
    // Where the hue does not tell whose line it is, the pool's mark stands at its end.
    for ((column, row), role, mark) in ends {
        let x = (area.x + column + 1).min(area.right().saturating_sub(1));
        let style = pen.style(role);
        pen.text(x, area.y + row, 1, mark, style);
    }
}

/// What stands in the place of lines that there are not.
pub(super) fn absent(pen: &mut Pen<'_>, area: Rect, standings: &[Standing<'_>], is_past: bool) {
    let trouble = standings.iter().find_map(|standing| standing.trouble);
    let (role, text) = match trouble {
        Some(why) => (Role::Bad, format!("✗ {why}")),
        None if is_past => (Role::Stale, "nothing was measured then".to_owned()),
        None if area.width < 21 => (Role::Stale, "no value yet".to_owned()),
        None => (Role::Stale, "missing: no value yet".to_owned()),
    };
    pen.row_of(area, 0).put(role, &fit(&text, area.width));
}
