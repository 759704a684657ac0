//! Which charts there are: errors and response times, then the profile's panels in its order, then what carries them.
//!
//! A well-known measure has a chart once anything tells it; a panel always has one, so that one without a value is seen
//! to have none.

use super::super::Model;
use crate::domain::procedure::Pool;
use crate::domain::{Limit, Measure, Unit};
use crate::flight::measure::Series;

/// Well-known measures before the panels, and after them.
const FIRST: [Measure; 2] = [Measure::Errors, Measure::P99];
const LAST: [Measure; 3] = [Measure::Requests, Measure::InFlight, Measure::P50];

/// One chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart<'m> {
    /// What it measures.
    pub measure: Measure,
    /// What it is called on the screen.
    pub title: &'m str,
    /// What its values mean.
    pub unit: Unit,
    /// The limit that is drawn.
    pub limit: Option<Limit>,
    /// A line per pool in the profile's order; the whole last.
    pub lines: Vec<ChartLine<'m>>,
}

/// One line of a chart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChartLine<'m> {
    /// The pool with its place in the profile; `None` is all of them together.
    pub pool: Option<(usize, &'m Pool)>,
    /// What is drawn; `None` where nothing was ever told.
    pub series: Option<&'m Series>,
}

impl Model {
    /// All charts in their order.
    pub fn chart_list(&self) -> Vec<Chart<'_>> {
        let procedure = &self.flight.procedure;
        let panels = procedure.panels.iter().filter(|panel| panel.is_shown).map(|panel| {
            let measure = Measure::Panel(panel.id.clone());
            let of_pools = procedure.pools.iter().enumerate().filter(|(_, pool)| panel.pools.contains(&pool.id));
            let mut lines: Vec<ChartLine<'_>> =
                of_pools.map(|(place, pool)| self.chart_line(&measure, Some((place, pool)))).collect();
            if lines.is_empty() {
                lines.push(self.chart_line(&measure, None));
            }
            Chart { title: panel.id.as_str(), unit: panel.unit.clone(), limit: panel.limit, lines, measure }
        });
        let known = |measures: &'static [Measure]| measures.iter().filter_map(|measure| self.known_chart(measure));
        known(&FIRST).chain(panels).chain(known(&LAST)).collect()
    }

    fn chart_line<'m>(&'m self, measure: &Measure, pool: Option<(usize, &'m Pool)>) -> ChartLine<'m> {
        ChartLine { pool, series: self.flight.measures.of(measure, pool.map(|(_, pool)| &pool.id)) }
    }

    /// The chart of a well-known measure; `None` while nothing tells it.
    fn known_chart(&self, measure: &Measure) -> Option<Chart<'_>> {
        let pools = self.flight.procedure.pools.iter().enumerate().map(Some);
        let lines = pools.chain([None]).map(|pool| self.chart_line(measure, pool));
        let lines: Vec<ChartLine<'_>> = lines.filter(|line| line.series.is_some()).collect();
        let title = match measure {
            Measure::Errors => "errors",
            Measure::P99 => "p99",
            Measure::P50 => "p50",
            Measure::Requests => "rate",
            Measure::InFlight => "in flight",
            Measure::Panel(_) => return None,
        };
        let unit = measure.unit().unwrap_or(Unit::Number);
        (!lines.is_empty()).then(|| Chart { measure: measure.clone(), title, unit, limit: self.limit(measure), lines })
    }

    /// The lowest threshold that a metric source of the profile names for a well-known measure.
    fn limit(&self, measure: &Measure) -> Option<Limit> {
        let limits = self.flight.procedure.metrics.iter().map(|metric| metric.limits);
        let of = |limits: crate::domain::procedure::Limits| match measure {
            Measure::Errors => limits.error_rate,
            Measure::P99 => limits.p99_ms,
            Measure::Requests | Measure::P50 | Measure::InFlight | Measure::Panel(_) => None,
        };
        limits.filter_map(of).min_by(f64::total_cmp).map(Limit::Above)
    }

    /// The place of the selected chart among all.
    pub fn chart_selected(&self, charts: &[Chart<'_>]) -> usize {
        let selected = self.charts.selected.as_ref();
        selected.and_then(|selected| charts.iter().position(|chart| chart.measure == *selected)).unwrap_or(0)
    }

    /// The first chart in view, where `page` of them are: as scrolled, with the selected one in view.
    pub fn chart_scroll(&self, charts: &[Chart<'_>], page: usize) -> usize {
        let selected = self.chart_selected(charts);
        let first = self.charts.scroll.clamp((selected + 1).saturating_sub(page), selected);
        first.min(charts.len().saturating_sub(page))
    }

    /// What Enter does with the charts.
    pub(in crate::cockpit) fn chart_enter(&self) -> Option<String> {
        let charts = self.chart_list();
        let chart = charts.get(self.chart_selected(&charts))?;
        Some(if self.charts.alone { "all charts".to_owned() } else { format!("open {}", chart.title) })
    }
}
