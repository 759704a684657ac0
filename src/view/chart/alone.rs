//! One chart with the pane to itself: its numbers over the time shown, its graph with both axes, what was done meanwhile.
//!
//! ```text
//! │ in ms           now       14:01:22Z     min    mean     p95     max   │
//! │ ▲ blue new       212             219     181     207     240     262  │
//! │ ● green old      190  12s        188     170     186     201     214  │
//! │ 500 ┤╌╌╌╌╌╌╌╌╌╌╌╌┆╌╌╌╌│╌╌╌╌╌╌╌  500 ┤╌╌╌╌╌╌╌╌╌╌╌╌┆╌╌╌╌│╌╌╌╌╌╌╌       │
//! │ 250 ┤⠤⠤⠒⠒⠤⠤⠒⠊┆⠒⠤⠤│⠤⠤⠤           ┤⠤⠤⠒⠒⠤⠤⠒⠊┆⠒⠤⠤│⠤⠤⠤                 │
//! │   0 ┤        ┆    │               ┤        ┆    │                     │
//! │ UTC ╵14:00:00   ╵14:02:00                                             │
//! │  T+ ╵0:00       ╵2:00                                                 │
//! │ ┆ 14:01:02Z T+1:02 ana: shift to 30 / 70                              │
//! ```

use ratatui::layout::Rect;

use super::plot::Plot;
use super::row::{Shown, absent, limit_words, one_graph};
use super::scale::Scale;
use super::standing::Standing;
use super::{axis, mark, mark_of, side_by_side};
use crate::cockpit::{Chart, ChartLine, Model, Range};
use crate::domain::{Elapsed, clock_span, procedure};
use crate::theme::Role;
use crate::view::format::{MISSING, whole};
use crate::view::pen::{Pen, fit, width};

/// The narrowest graph of one pool beside another's.
const NARROW: u16 = 30;
/// The fewest rows of a graph before anything but the numbers is left out.
const LOW: u16 = 5;

/// Draws the chart.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, chart: &Chart<'_>, area: Rect, range: &Range) {
    let scale = Scale::close(chart, range);
    let standings: Vec<Standing<'_>> = chart.lines.iter().map(|line| Standing::at_end(model, line, range)).collect();
    let cursor = model.charts.cursor.filter(|at| range.holds(*at));
    let lines = u16::try_from(chart.lines.len()).unwrap_or(u16::MAX);
    let mut left = area;
    let mut take = |rows: u16| {
        let rows = rows.min(left.height);
        let taken = Rect { height: rows, ..left };
        left = Rect { y: left.y + rows, height: left.height - rows, ..left };
        taken
    };
    table(pen, model, chart, &scale, &standings, (take(lines + 1), range, cursor));
    let unsure = chart.lines.iter().zip(&standings).filter(|(_, standing)| !range.is_past && standing.is_doubtful());
    let unsure: Vec<_> = unsure.collect();
    let room = area.height.saturating_sub(lines + 1 + LOW + 1);
    let said = take(u16::try_from(unsure.len()).unwrap_or(u16::MAX).min(room));
    for (row, (line, standing)) in (0..said.height).zip(unsure) {
        doubt(pen, said, row, line, standing);
    }
    let axis_rows = match left.height {
        0..LOW => 0,
        LOW..10 => 1,
        _ => 2,
    };
    let marks = u16::try_from(mark::marks(model, range).count()).unwrap_or(u16::MAX);
    let marks = marks.min(3).min(left.height.saturating_sub(axis_rows + 8));
    let graph = Rect { height: left.height - axis_rows - marks, ..left };
    let below = Rect { y: graph.bottom(), height: axis_rows, ..graph };
    let list = Rect { y: below.bottom(), height: marks, ..graph };
    let shown = Shown { chart, scale: &scale, range: *range, is_selected: false, with_words: marks == 0 };
    graphs(pen, model, &shown, &standings, (graph, below), cursor);
    mark::list(pen, model, list, range);
}

/// The numbers: the newest, at the cursor, and over all of the time shown.
fn table(
    pen: &mut Pen<'_>,
    model: &Model,
    chart: &Chart<'_>,
    scale: &Scale,
    standings: &[Standing<'_>],
    (area, range, cursor): (Rect, &Range, Option<Elapsed>),
) {
    let names: Vec<String> = chart.lines.iter().map(name).collect();
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let label = (longest + 4).min(area.width / 3).max(9);
    let wide = area.width.saturating_sub(label + 14);
    let cursor_cells = if cursor.is_some() { 11 } else { 0 };
    // Where not all of them fit, the first go: the highest and what most stay below say most.
    let columns = [("values", 7), ("min", 8), ("mean", 8), ("p95", 8), ("max", 8)];
    let mut room = wide.saturating_sub(cursor_cells);
    let mut from = columns.len();
    while let Some((_, cells)) =
        from.checked_sub(1).and_then(|place| columns.get(place)).filter(|(_, cells)| *cells <= room)
    {
        room -= cells;
        from -= 1;
    }
    let columns = columns.get(from..).unwrap_or_default();
    let mut head = pen.row_of(area, 0);
    let unit = if scale.symbol.is_empty() { "a number".to_owned() } else { format!("in {}", scale.symbol) };
    head.skip(1).cell(Role::Dim, label - 1, &unit);
    head.number(if range.is_past { Role::Wait } else { Role::Dim }, 8, if range.is_past { "then" } else { "now" })
        .skip(6);
    if let Some(at) = cursor {
        head.number(Role::Accent, cursor_cells, &format!("{}Z", model.wall_at(at).clock()));
    }
    for (title, cells) in columns {
        head.number(Role::Dim, *cells, title);
    }
    if let Some(limit) = chart.limit {
        head.end(Role::Limit, &format!("good while {} ", limit_words(limit, scale)));
    }
    for (row, ((line, standing), name)) in (1..area.height).zip(chart.lines.iter().zip(standings).zip(names)) {
        let (role, mark) = mark_of(line);
        let stats = Stats::of(line, range);
        let mut cells = pen.row_of(area, row);
        cells.skip(1).put(role, mark).skip(1).cell(Role::Text, label - 3, &fit(&name, label - 4)).skip(1);
        standing.write(&mut cells, scale, chart.limit, 0);
        if let Some(at) = cursor {
            let then = Standing::at(model, line, at, true);
            let text = then.value.map_or_else(|| MISSING.to_owned(), |value| scale.number(value));
            cells.number(Role::Accent, cursor_cells, &text);
        }
        for (title, width) in columns {
            let number = |value: Option<f64>| value.map_or_else(|| MISSING.to_owned(), |value| scale.number(value));
            let text = match *title {
                "values" => whole(stats.count),
                "min" => number(stats.min),
                "mean" => number(stats.mean),
                "p95" => number(stats.p95),
                _ => number(stats.max),
            };
            cells.number(if stats.count == 0 { Role::Stale } else { Role::Text }, *width, &text);
        }
    }
}

/// A line's name with what its pool is.
fn name(line: &ChartLine<'_>) -> String {
    line.pool.map_or_else(
        || "all pools".to_owned(),
        |(_, pool)| match pool.role {
            procedure::Role::Old => format!("{} old", pool.id),
            procedure::Role::New => format!("{} new", pool.id),
        },
    )
}

/// What makes a number less than it seems.
fn doubt(pen: &mut Pen<'_>, area: Rect, row: u16, line: &ChartLine<'_>, standing: &Standing<'_>) {
    let (role, mark) = mark_of(line);
    let mut cells = pen.row_of(area, row);
    cells.skip(1).put(role, mark).skip(1);
    if let Some((some, all)) = standing.part {
        cells.put(Role::Wait, &format!("{some} of {all} targets answer; the number is theirs alone")).skip(2);
    }
    if let Some(silent) = standing.silent_for() {
        let text = format!("stale: no newer value for {}", clock_span(silent));
        cells.put(Role::Stale, &text).skip(2);
    }
    if let Some(why) = standing.trouble {
        cells.put(Role::Bad, "✗ ").put(Role::Bad, why);
    }
}

fn graphs(
    pen: &mut Pen<'_>,
    model: &Model,
    shown: &Shown<'_, '_>,
    standings: &[Standing<'_>],
    (area, below): (Rect, Rect),
    cursor: Option<Elapsed>,
) {
    let Shown { chart, scale, range, .. } = shown;
    let ticks = axis::values(scale, chart.limit, area);
    let gutter = ticks.iter().map(|tick| width(&tick.text)).max().unwrap_or(0).max(3) + 3;
    let right = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..area };
    if !scale.has_values {
        absent(pen, right, standings, range.is_past);
        return;
    }
    axis::draw_values(pen, area, gutter, &ticks);
    axis::name_times(pen, Rect { width: gutter, ..below });
    let count = u16::try_from(chart.lines.len()).unwrap_or(u16::MAX);
    let all: Vec<(&ChartLine<'_>, &Standing<'_>)> = chart.lines.iter().zip(standings).collect();
    let groups: Vec<&[(&ChartLine<'_>, &Standing<'_>)]> =
        if count > 1 && right.width / count >= NARROW { all.chunks(1).collect() } else { vec![&all] };
    let cuts = u16::try_from(groups.len()).unwrap_or(1);
    let gap = if cuts > 1 { 2 } else { 0 };
    // The first graph begins at the axis.
    let wide = Rect { x: right.x.saturating_sub(gap), width: right.width + gap, ..right };
    for (place, (lines, graph)) in groups.into_iter().zip(side_by_side(wide, cuts, gap)).enumerate() {
        if place > 0 {
            for y in graph.y..graph.bottom() {
                let style = pen.style(Role::Border);
                pen.mark(graph.x - 1, y, '│', style);
            }
        }
        one_graph(pen, model, shown, lines, graph);
        if let [(line, _)] = lines {
            whose(pen, line, graph);
        }
        let times = Rect { x: graph.x, width: graph.width, ..below };
        axis::draw_times(pen, model, times, range);
        if let Some(at) = cursor {
            cross(pen, model, graph, times, range, at);
        }
    }
}

/// Whose line it is, in the corner where nothing stands.
fn whose(pen: &mut Pen<'_>, line: &ChartLine<'_>, graph: Rect) {
    let Some((place, pool)) = line.pool else { return };
    let text = format!("{} {}", pool.mark, pool.id);
    let is_free = |x| pen.buffer.cell((x, graph.y)).is_some_and(|cell| matches!(cell.symbol(), " " | "╌"));
    let cells = if (graph.x..graph.x + width(&text)).all(is_free) { width(&text) } else { width(&pool.mark) };
    let style = pen.style(Role::pool(place));
    pen.text(graph.x, graph.y, cells.min(graph.width), &text, style);
}

/// The cursor: a line through the graph, and its time below.
fn cross(pen: &mut Pen<'_>, model: &Model, graph: Rect, times: Rect, range: &Range, at: Elapsed) {
    let Some(cell) = Plot::new(Rect { height: 0, ..graph }, *range).cell(at) else { return };
    let style = pen.style(Role::Accent);
    for y in graph.y..graph.bottom() {
        // A number that is half covered would be another number.
        let below = pen.buffer.cell((graph.x + cell, y)).map(ratatui::buffer::Cell::symbol);
        let is_number = below.is_some_and(|symbol| symbol.bytes().all(|byte| byte.is_ascii_graphic()));
        if !is_number {
            pen.mark(graph.x + cell, y, '│', style);
        }
    }
    let into = model.into_session(at).map(clock_span).unwrap_or_default();
    for (row, text) in (0..times.height).zip([format!("{}Z", model.wall_at(at).clock()), into]) {
        axis::cursor_time(pen, Rect { y: times.y + row, height: 1, ..times }, cell, &text);
    }
}

/// What a line came to over a range.
#[derive(Default)]
struct Stats {
    count: u64,
    min: Option<f64>,
    mean: Option<f64>,
    p95: Option<f64>,
    max: Option<f64>,
}

impl Stats {
    #[expect(clippy::cast_precision_loss, reason = "points of some hours are far below 2^52")]
    fn of(line: &ChartLine<'_>, range: &Range) -> Self {
        let Some(series) = line.series else { return Self::default() };
        let points = series.points.iter().filter(|(at, _)| range.holds(*at));
        let mut values: Vec<f64> = points.filter_map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len();
        let sum: f64 = values.iter().sum();
        values.sort_unstable_by(f64::total_cmp);
        // The nearest rank: the smallest value that at least 95 of 100 do not exceed.
        let rank = (count * 95).div_ceil(100).max(1);
        Self {
            count: count as u64,
            min: values.first().copied(),
            mean: Some(sum / count as f64),
            p95: values.get(rank - 1).copied(),
            max: values.last().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::flight::measure::Series;

    fn stats(values: impl IntoIterator<Item = Option<f64>>) -> Stats {
        let points = (1_u64..).zip(values).map(|(second, value)| (Elapsed(second * 1000), value));
        let series = Series::of("one".into(), Duration::from_secs(1), points);
        let line = ChartLine { pool: None, series: Some(&series) };
        Stats::of(&line, &Range { end: Elapsed(60_000), length: Duration::from_mins(1), is_past: false })
    }

    #[test]
    fn percentiles_are_by_nearest_rank_and_gaps_do_not_count() {
        // The worked example of the nearest-rank method: of 15, 20, 35, 40, 50 the 95th percentile is 50.
        let five = stats([35.0, 20.0, 15.0, 50.0, 40.0].map(Some));
        assert_eq!((five.p95, five.min, five.max, five.mean), (Some(50.0), Some(15.0), Some(50.0), Some(32.0)));
        let twenty = stats((1..=20).map(|value| Some(f64::from(value))));
        assert_eq!((twenty.p95, twenty.count), (Some(19.0), 20));
        let gaps = stats([Some(4.0), None, Some(f64::NAN), Some(6.0)]);
        assert_eq!((gaps.mean, gaps.count), (Some(5.0), 2));
        assert_eq!((stats([None]).mean, stats([None]).count), (None, 0));
    }
}
