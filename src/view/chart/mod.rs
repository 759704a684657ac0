//! The charts: a line of dots per pool over one scale, the limit as a dim line, the newest value with unit and age,
//! changes as marks on the time axis. Where it is wide enough the pools stand side by side.
//!
//! ```text
//! ╭ Metrics last 5 min ─────────────────────────────╮
//! │›errors ⣀⣀⣀⡠⠤⣀⣀⣀┆⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  ▲  0.02 %    │
//! │ ≤ 1 %  ⠤⠤⠒⠒⠤⠤⠒⠊┆⠒⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤  ●  0.01 %  4s│
//! │ queue  ✗ prometheus: no answer for 2 s             │
//! ╰──────────────────────────────────────── 3 more ─╯
//! ```
//!
//! Parts: [`row`] draws a chart among others, [`alone`] one that has the pane, with its [`axis`]; [`scale`], [`plot`],
//! [`standing`] and [`mark`] are what both are made of. Invariant: a time that is over never looks like now.

mod alone;
mod axis;
mod mark;
mod plot;
mod row;
mod scale;
mod standing;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::checklist::{nothing, titles};
use super::pen::{Pen, fit, width};
use crate::cockpit::{Chart, Model, Pane, Range};
use crate::domain::clock_span;
use crate::layout::{Areas, Shape, chart_rows, charts_that_fit};
use crate::theme::Role;
use scale::Scale;

/// From this width on the title of a time that is over has both its ends.
const ROOMY: u16 = 64;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    if areas.metrics.is_empty() {
        return;
    }
    let charts = model.chart_list();
    let range = model.chart_range();
    let selected = model.chart_selected(&charts);
    let alone = charts.get(selected).filter(|_| model.charts.alone);
    let (title, right) = title(pen, model, areas, &range, alone);
    titles(pen, areas, Pane::Metrics, title, &right);
    let inside = areas.inner(Pane::Metrics);
    if charts.is_empty() {
        let teach = "Routers that count requests fill this pane; [[metrics]] in the profile add errors and times, \
                     [[panel]] adds a query of your own with its unit and limit.";
        nothing(pen, inside, "No numbers yet.", teach);
        return;
    }
    if let Some(chart) = alone {
        alone::draw(pen, model, chart, inside, &range);
        return;
    }
    let page = charts_that_fit(inside, model.flight.procedure.pools.len());
    let first = model.chart_scroll(&charts, page);
    let shown: Vec<(&Chart<'_>, Scale)> =
        charts.iter().skip(first).take(page).map(|chart| (chart, Scale::of(chart, &range))).collect();
    let columns = row::Columns::of(&shown, inside.width);
    for ((place, (chart, scale)), area) in (first..).zip(&shown).zip(chart_rows(inside, shown.len())) {
        let is_selected = place == selected && model.focus == Pane::Metrics && charts.len() > 1;
        row::draw(
            pen,
            model,
            &row::Shown { chart, scale, range, is_selected, with_words: place == first },
            area,
            &columns,
        );
    }
    let hidden = charts.len() - shown.len();
    if hidden > 0 {
        let text = format!(" {hidden} more ");
        let style = pen.style(Role::Dim);
        let x = areas.metrics.right().saturating_sub(width(&text) + 1);
        pen.text(x, areas.metrics.bottom() - 1, width(&text), &text, style);
    }
}

fn title(
    pen: &Pen<'_>,
    model: &Model,
    areas: &Areas,
    range: &Range,
    alone: Option<&Chart<'_>>,
) -> (Vec<Span<'static>>, Line<'static>) {
    let mut title = vec![Span::styled(" Metrics ", pen.style(Role::Title))];
    if let Some(chart) = alone {
        title.push(Span::styled(format!("{} ", chart.title), pen.style(Role::Strong)));
    }
    if range.is_past {
        let ago = clock_span(model.now.elapsed.since(range.end));
        let clock = |at| model.wall_at(at).clock();
        let words = if areas.shape == Shape::Tabs || areas.metrics.width < ROOMY {
            format!("not now: {ago} ago ")
        } else {
            format!("not now: {} – {}Z, {ago} ago ", clock(range.start()), clock(range.end))
        };
        title.push(Span::styled(words, pen.style(Role::Wait)));
    } else {
        title.push(Span::styled(format!("{} ", model.span_words()), pen.style(Role::Dim)));
    }
    if let Some(at) = model.charts.cursor.filter(|at| alone.is_some() && range.holds(*at)) {
        let ago = clock_span(model.now.elapsed.since(at));
        title.push(Span::styled(format!(" cursor {ago} ago "), pen.style(Role::Accent)));
    }
    title.extend(super::pointer::span(pen, model, "Metrics"));
    let trouble = model.flight.measures.troubles.iter().next();
    let right = trouble.map_or_else(Line::default, |(source, why)| {
        let taken: usize = title.iter().map(Span::width).sum();
        let room = usize::from(areas.metrics.width).saturating_sub(taken + 8);
        let text = fit(&format!("{source}: {why}"), u16::try_from(room).unwrap_or(u16::MAX));
        Line::styled(format!(" ✗ {text} "), pen.style(Role::Bad))
    });
    (title, right)
}

/// The marks and hues of a line: a pool's own, or none for all of them together.
fn mark_of<'m>(line: &crate::cockpit::ChartLine<'m>) -> (Role, &'m str) {
    line.pool.map_or((Role::Text, "·"), |(place, pool)| (Role::pool(place), pool.mark.as_str()))
}

/// An area cut into columns side by side, with a gap before each.
fn side_by_side(area: Rect, count: u16, gap: u16) -> impl Iterator<Item = Rect> {
    let each = (area.width / count.max(1)).saturating_sub(gap);
    (0..count).map(move |place| Rect { x: area.x + place * (each + gap) + gap, width: each, ..area })
}
