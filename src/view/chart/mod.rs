//! The charts: a braille line per pool, the threshold as a dim line, the newest value with unit and age, changes as marks
//! on the time axis.
//!
//! ```text
//! ╭ Metrics 5:00 ───────────────────────────────────╮
//! │ errors ⣀⣀⣀⡠⠤⣀⣀⣀┆⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀  ▲  0.02 %    │
//! │ limit 1⠤⠤⠒⠒⠤⠤⠒⠊┆⠒⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤  ●  0.01 %  4s│
//! ╰─────────────────────────────────────────────────╯
//! ```

mod plot;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::checklist::{nothing, titles};
use super::format::{MISSING, millis, old, percent, rate};
use super::pen::{Pen, width};
use crate::cockpit::{Model, Pane};
use crate::domain::{Freshness, Measure, PoolId, clock_span};
use crate::flight::measure::Series;
use crate::layout::Areas;
use crate::theme::Role;
use plot::Plot;

/// The charts in the order of what they say about safety.
const ORDER: [Measure; 4] = [Measure::Errors, Measure::P99, Measure::Requests, Measure::InFlight];
/// Columns of the label and of the values.
const LABEL: u16 = 10;
const VALUE: u16 = 16;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    if areas.metrics.is_empty() {
        return;
    }
    let mut title = vec![Span::styled(" Metrics ", pen.style(Role::Title))];
    title.push(Span::styled(format!("{} ", clock_span(model.charts.span)), pen.style(Role::Dim)));
    title.extend(super::pointer::span(pen, model, "Metrics"));
    let trouble = model.flight.measures.troubles.iter().next();
    let right = trouble.map_or_else(Line::default, |(source, why)| {
        let room = usize::from(areas.metrics.width.saturating_sub(24));
        let text = super::pen::fit(&format!("{source}: {why}"), u16::try_from(room).unwrap_or(u16::MAX));
        Line::styled(format!(" ✗ {text} "), pen.style(Role::Bad))
    });
    titles(pen, areas, Pane::Metrics, title, &right);
    let inside = areas.inner(Pane::Metrics);
    let has = |measure: &Measure| model.flight.measures.series.keys().any(|(each, _)| each == measure);
    let charts: Vec<Measure> = ORDER.into_iter().filter(has).collect();
    if charts.is_empty() {
        let teach = "Routers that count requests fill this pane; [[metrics]] in the profile add errors and times.";
        nothing(pen, inside, "No numbers yet.", teach);
        return;
    }
    let pools = u16::try_from(model.flight.procedure.pools.len()).unwrap_or(u16::MAX);
    let least = pools.clamp(2, 3);
    let fit = (inside.height / least).clamp(1, 4);
    let shown = u16::try_from(charts.len()).unwrap_or(4).min(fit);
    let each = inside.height / shown.max(1);
    let spare = inside.height - each * shown;
    let mut y = inside.y;
    for (index, chart) in (0..shown).zip(charts) {
        let height = each + u16::from(index < spare);
        one(pen, model, &chart, Rect { y, height, ..inside }, index == 0);
        y += height;
    }
}

fn one(pen: &mut Pen<'_>, model: &Model, chart: &Measure, area: Rect, is_first: bool) {
    let (name, unit, write): (&str, &str, fn(f64) -> String) = match chart {
        Measure::Errors => ("errors", " %", percent),
        Measure::P99 => ("p99", " ms", millis),
        Measure::P50 => ("p50", " ms", millis),
        Measure::Requests => ("rate", " /s", rate),
        Measure::InFlight | Measure::Panel(_) => ("in flight", "", millis),
    };
    let limit = limit(model, chart);
    pen.row_of(area, 0).skip(1).put(Role::Text, name);
    if let Some(limit) = limit {
        pen.row_of(area, 1).skip(1).cell(Role::Limit, LABEL - 1, &format!("< {}{unit}", trimmed(&write(limit))));
    }
    let series = series(model, chart);
    let graph = Rect { x: area.x + LABEL, width: area.width.saturating_sub(LABEL + VALUE + 1), ..area };
    let now = model.now.elapsed;
    let mut plot = Plot::new(graph, now, model.charts.span);
    let highest = series.iter().filter_map(|(_, series)| plot.highest(series)).fold(0.0, f64::max);
    let top = match limit {
        Some(limit) if highest > limit * 0.3 => highest.max(limit) * 1.1,
        _ if highest > 0.0 => highest * 1.15,
        _ => 1.0,
    };
    for (role, series) in &series {
        plot.line(series, top, *role);
    }
    plot.draw(pen, limit.filter(|limit| *limit <= top).map(|limit| limit / top));
    marks(pen, model, graph, is_first);
    for (row, (pool, series)) in (0..area.height).zip(&series) {
        let mark = pool_mark(model, *pool);
        value(
            pen,
            model,
            Rect { x: graph.right() + 1, y: area.y + row, width: VALUE, height: 1 },
            &mark,
            series,
            (unit, write),
        );
    }
}

fn pool_mark(model: &Model, role: Role) -> (Role, String) {
    let pools = model.flight.procedure.pools.iter().enumerate();
    let mark = pools.filter(|(place, _)| Role::pool(*place) == role).map(|(_, pool)| pool.mark.clone()).next();
    (role, mark.unwrap_or_else(|| " ".to_owned()))
}

fn value(
    pen: &mut Pen<'_>,
    model: &Model,
    area: Rect,
    mark: &(Role, String),
    series: &Series,
    (unit, write): (&str, fn(f64) -> String),
) {
    let last = series.points.back();
    let age = last.map(|(at, _)| model.now.elapsed.since(*at));
    let freshness = Freshness::of(age, series.interval);
    let mut row = pen.row_of(area, 0);
    row.put(mark.0, &mark.1);
    let text = last.and_then(|(_, value)| *value).map_or_else(|| MISSING.to_owned(), write);
    let role = if freshness.is_live() && text != MISSING { Role::Strong } else { Role::Stale };
    row.number(role, 7, &text).cell(Role::Dim, width(" ms"), unit);
    if let Some(age) = freshness.age().filter(|age| *age > series.interval) {
        row.number(if freshness.is_live() { Role::Dim } else { Role::Stale }, 4, &old(age));
    }
}

/// The series of one chart, in the order of the pools; one without a pool last.
fn series<'m>(model: &'m Model, chart: &Measure) -> Vec<(Role, &'m Series)> {
    let find = |pool: Option<&PoolId>| model.flight.measures.of(chart, pool);
    let pools = model.flight.procedure.pools.iter().enumerate();
    let mut found: Vec<(Role, &'m Series)> =
        pools.filter_map(|(place, pool)| Some((Role::pool(place), find(Some(&pool.id))?))).collect();
    found.extend(find(None).map(|series| (Role::Text, series)));
    found
}

/// The lowest threshold that the profile draws on a chart.
fn limit(model: &Model, chart: &Measure) -> Option<f64> {
    let limits = model.flight.procedure.metrics.iter().map(|metric| metric.limits);
    let of = |limits: crate::domain::procedure::Limits| match chart {
        Measure::Errors => limits.error_rate,
        Measure::P99 => limits.p99_ms,
        Measure::Requests | Measure::P50 | Measure::InFlight | Measure::Panel(_) => None,
    };
    limits.filter_map(of).min_by(f64::total_cmp)
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Changes and other acts as dim lines through the graph, with their words at the first chart.
fn marks(pen: &mut Pen<'_>, model: &Model, graph: Rect, with_words: bool) {
    let span = model.charts.span.as_millis().max(1);
    for (at, words) in &model.charts.marks {
        let age = model.now.elapsed.since(*at).as_millis();
        if age >= span || graph.width == 0 {
            continue;
        }
        let from_left = (span - age) * u128::from(graph.width) / span;
        let x = graph.x + u16::try_from(from_left).unwrap_or(0).min(graph.width - 1);
        let style = pen.style(Role::Limit);
        for y in graph.y..graph.bottom() {
            if pen.buffer.cell((x, y)).is_some_and(|cell| matches!(cell.symbol(), " " | "╌")) {
                pen.mark(x, y, '┆', style);
            }
        }
        let Some(words) = short(words).filter(|_| with_words) else { continue };
        let end = x + 1 + width(words);
        let is_free = (x + 1..end)
            .all(|x| x < graph.right() && pen.buffer.cell((x, graph.y)).is_some_and(|cell| cell.symbol() == " "));
        if is_free {
            pen.text(x + 1, graph.y, end - x - 1, words, style);
        }
    }
}

/// What fits beside a mark: the first weight of the split that its words name.
fn short(words: &str) -> Option<&str> {
    let (before, _) = words.split_once(" / ")?;
    before.rsplit(' ').next().filter(|weight| width(weight) <= 5)
}
