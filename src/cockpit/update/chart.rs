//! The charts: selecting one, giving it the pane, moving its cursor and the time that is shown; what is known of it in
//! words.

use std::time::Duration;

use super::super::chart::{Chart, ChartLine, Past};
use super::super::{Effect, Model, Pane};
use super::navigate::Go;
use crate::domain::{Elapsed, Measure, SourceId, age};
use crate::flight::Tone;
use crate::layout::charts_that_fit;

/// How many steps the cursor needs from one end of a chart to the other, at most.
const STEPS: u32 = 100;
/// How many steps a page is.
const PAGE: isize = 10;

impl Model {
    /// Up and down choose a chart. In one that stands alone pages move the cursor, and the ends are the ends of time.
    pub(super) fn go_in_charts(&mut self, go: Go, out: &mut Vec<Effect>) {
        match go {
            Go::Pages(by) if self.charts.alone => self.move_cursor(by.saturating_mul(PAGE)),
            Go::Top if self.charts.alone => self.first_range(out),
            Go::Bottom if self.charts.alone => (self.charts.past, self.charts.cursor) = (None, None),
            Go::By(_) | Go::Pages(_) | Go::Top | Go::Bottom => {
                let page = self.charts_in_view();
                let charts = self.chart_list();
                let place = go.from(self.chart_selected(&charts), page, charts.len());
                let measure = charts.get(place).map(|chart| chart.measure.clone());
                self.select_chart(measure);
            }
        }
    }

    pub(super) fn select_chart(&mut self, measure: Option<Measure>) {
        self.charts.selected = measure;
        let charts = self.chart_list();
        self.charts.scroll = self.chart_scroll(&charts, self.charts_in_view());
    }

    /// The chart under a row of the pane, counted from its first.
    pub(super) fn click_chart(&mut self, row: u16) {
        if self.charts.alone {
            return;
        }
        let inside = self.areas().inner(Pane::Metrics);
        let charts = self.chart_list();
        let first = self.chart_scroll(&charts, self.charts_in_view());
        let shown = charts.len().min(self.charts_in_view());
        let mut rows = crate::layout::chart_rows(inside, shown);
        let place = rows.position(|area| (area.y..area.bottom()).contains(&(inside.y + row)));
        let measure = place.and_then(|place| charts.get(first + place)).map(|chart| chart.measure.clone());
        if measure.is_some() {
            self.select_chart(measure);
        }
    }

    fn charts_in_view(&self) -> usize {
        charts_that_fit(self.areas().inner(Pane::Metrics), self.flight.procedure.pools.len())
    }

    /// Moves the cursor by steps; past the right end there is none.
    pub(super) fn move_cursor(&mut self, by: isize) {
        let range = self.chart_range();
        let charts = self.chart_list();
        let selected = charts.get(self.chart_selected(&charts));
        let intervals = selected
            .into_iter()
            .flat_map(|chart| &chart.lines)
            .filter_map(|line| line.series)
            .map(|each| each.interval);
        let step = intervals.min().unwrap_or_default().max(range.length / STEPS).max(Duration::from_millis(1));
        let way = step.saturating_mul(u32::try_from(by.unsigned_abs()).unwrap_or(u32::MAX));
        let at = self.charts.cursor.filter(|at| range.holds(*at)).unwrap_or(range.end);
        let to = if by < 0 { before(at, way).max(range.start()) } else { at.plus(way) };
        self.charts.cursor = (to < range.end).then_some(to);
    }

    pub(super) fn span_by(&mut self, by: isize) {
        self.charts.span = self.span_after(by);
        // A time that is looked at keeps its end.
        if let Some(Past { end, .. }) = self.charts.past {
            self.charts.past = Some(Past { end, length: self.span_length(self.charts.span) });
        }
    }

    /// Half a range earlier or later. Not before what is kept, and not after now.
    pub(super) fn shift_range(&mut self, earlier: bool, out: &mut Vec<Effect>) {
        let range = self.chart_range();
        let step = range.length / 2;
        if earlier {
            let Some(first) = self.first_end(range.length) else {
                self.tell(Tone::Plain, "nothing was measured yet", out);
                return;
            };
            let end = before(range.end, step).max(first);
            if end >= range.end {
                self.tell(Tone::Plain, "nothing older was measured here; s shows another span", out);
                return;
            }
            self.charts.past = Some(Past { end, length: range.length });
        } else {
            let end = range.end.plus(step);
            self.charts.past = (end < self.now.elapsed).then_some(Past { end, length: range.length });
        }
        self.charts.cursor = None;
    }

    fn first_range(&mut self, out: &mut Vec<Effect>) {
        let range = self.chart_range();
        match self.first_end(range.length).filter(|end| *end < range.end) {
            Some(end) => {
                self.charts.past = Some(Past { end, length: range.length });
                self.charts.cursor = None;
            }
            None => self.tell(Tone::Plain, "nothing older was measured here", out),
        }
    }

    /// The end of a range of this length that begins with the first point of any chart.
    fn first_end(&self, length: Duration) -> Option<Elapsed> {
        let firsts = self.flight.measures.series.values().filter_map(|series| series.points.front());
        firsts.map(|(at, _)| *at).min().map(|first| first.plus(length))
    }

    /// Closes the innermost thing of the charts: the cursor, the time that is over, the chart alone. Says whether there
    /// was one.
    pub(super) fn escape_chart(&mut self) -> bool {
        self.charts.cursor.take().is_some()
            || self.charts.past.take().is_some()
            || std::mem::take(&mut self.charts.alone)
    }

    /// Everything that is known of the selected chart.
    pub(super) fn chart_details(&self) -> (String, Vec<String>) {
        let charts = self.chart_list();
        let Some(chart) = charts.get(self.chart_selected(&charts)) else {
            let teach = "nothing is measured: routers that count requests, [[metrics]] and [[panel]] fill this pane";
            return ("Metrics".to_owned(), self.with_troubles(vec![teach.to_owned()]));
        };
        let mut lines = Vec::new();
        lines.push(match chart.limit {
            Some(limit) => format!("good while {}", limit.words(&chart.unit)),
            None => "no limit is drawn".to_owned(),
        });
        let panel = self.flight.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == chart.measure);
        let pairs = |line: &ChartLine<'_>| self.flight.tally_of(&chart.measure, line.pool.map(|(_, pool)| &pool.id));
        if let Some(panel) = panel {
            let (every, window) = (age(panel.interval), age(panel.window));
            lines.push(match chart.lines.first().and_then(pairs) {
                Some((spec, _)) => {
                    let logs: Vec<&str> = spec.logs.iter().map(SourceId::as_str).collect();
                    format!("paired in the lines of {} every {every}; each value looks back {window}", logs.join(", "))
                }
                None => format!("asked of {} every {every}; each value looks back {window}", panel.source),
            });
        }
        for line in &chart.lines {
            lines.extend(self.line_words(chart, line));
            if let Some((_, tally)) = pairs(line) {
                let nothing = || vec!["nothing is paired yet: each of the logs must have told a line".to_owned()];
                let words = tally.map_or_else(nothing, |tally| tally.words());
                lines.extend(words.into_iter().map(|words| format!("  {words}")));
            }
        }
        (format!("Metrics: {}", chart.title), self.with_troubles(lines))
    }

    fn with_troubles(&self, mut lines: Vec<String>) -> Vec<String> {
        let troubles = self.flight.measures.troubles.iter();
        lines.extend(troubles.map(|(source, why)| format!("✗ {source}: {why}")));
        if self.flight.measures.troubles.is_empty() && !self.flight.procedure.metrics.is_empty() {
            lines.push("every metric source answers".to_owned());
        }
        lines
    }

    fn line_words(&self, chart: &Chart<'_>, line: &ChartLine<'_>) -> Vec<String> {
        let name = line.pool.map_or_else(|| "all pools".to_owned(), |(_, pool)| format!("{} {}", pool.mark, pool.id));
        let Some(series) = line.series else { return vec![format!("{name}: never answered")] };
        let source = match &series.source {
            Some(source) => format!("{source}, every {}", age(series.interval)),
            None => "the routers' counters".to_owned(),
        };
        let old = |at: Elapsed| age(self.now.elapsed.since(at));
        let last = series.points.iter().rev().find_map(|(at, value)| Some((*at, (*value)?)));
        let value = match (series.newest().and_then(|(_, value)| value), last) {
            (Some(value), Some((at, _))) => format!("{}, {} old", chart.unit.words(value), old(at)),
            (_, Some((at, value))) => {
                format!("no value now; the last was {}, {} ago", chart.unit.words(value), old(at))
            }
            (_, None) => "no value yet".to_owned(),
        };
        let mut words = vec![format!("{name}: {value}, from {source}")];
        words.extend(series.part.map(|(some, all)| format!("  counts {some} of {all} targets")));
        words.extend(series.trouble.as_ref().map(|why| format!("  ✗ {why}")));
        words
    }
}

fn before(at: Elapsed, span: Duration) -> Elapsed {
    Elapsed(at.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}
