//! Series for the charts: from metric sources, and from the routers' counters where no source tells.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::chart::Counted;
use super::super::{Chart, Model, Series};
use crate::domain::metric::{Rates, Scrape};
use crate::domain::{Elapsed, Now, PoolId, SourceId};

/// How long points are kept.
const KEPT: Duration = Duration::from_mins(30);
/// How often the routers' counters become a point.
const SAMPLE: Duration = Duration::from_secs(1);

impl Model {
    pub(super) fn take_scrape(&mut self, source: &SourceId, began: Now, scrape: Scrape) {
        let Some(spec) = self.flight.procedure.metrics.iter().find(|spec| spec.id == *source) else { return };
        let (pool, interval) = (spec.pool.clone(), spec.interval);
        let trouble = scrape.targets.iter().find_map(|(_, said)| said.as_ref().err());
        match trouble {
            Some(trouble) => self.charts.troubles.insert(source.clone(), trouble.to_string()),
            None => self.charts.troubles.remove(source),
        };
        let rates = match self.charts.last.get(source) {
            Some((earlier, before)) => Rates::between(before, &scrape, began.elapsed.since(earlier.elapsed)),
            None => Rates::default(),
        };
        for (chart, value) in [
            (Chart::Requests, rates.requests_per_s),
            (Chart::Errors, rates.error_rate),
            (Chart::P99, rates.p99_ms),
            (Chart::P50, rates.p50_ms),
            (Chart::InFlight, rates.in_flight),
        ] {
            self.point((pool.clone(), chart), Some(source), interval, began.elapsed, value);
        }
        self.charts.last.insert(source.clone(), (began, scrape));
    }

    /// Adds a point. A metric source takes a series over from the routers once it has a value for it, and keeps it.
    fn point(
        &mut self,
        key: (Option<PoolId>, Chart),
        source: Option<&SourceId>,
        interval: Duration,
        at: Elapsed,
        value: Option<f64>,
    ) {
        let known = self.charts.series.get(&key).map(|series| series.source.as_ref());
        match known {
            None if value.is_none() => return,
            Some(None) if source.is_some() && value.is_none() => return,
            Some(Some(owner)) if source != Some(owner) => return,
            None | Some(_) => {}
        }
        let series = self.charts.series.entry(key).or_default();
        if series.source.as_ref() != source {
            *series = Series { source: source.cloned(), ..Series::default() };
        }
        series.interval = interval;
        series.points.push_back((at, value));
        while series.points.front().is_some_and(|(first, _)| at.since(*first) > KEPT) {
            series.points.pop_front();
        }
    }

    /// Makes points of what the routers count, at most one a second; a look without a fresh reading is a gap.
    pub(super) fn sample_routers(&mut self) {
        let now = self.now.elapsed;
        let due = self.charts.counted.as_ref().is_none_or(|(at, _)| now.since(*at) >= SAMPLE);
        if !due || self.flight.watches.values().all(|watch| watch.last.is_none()) {
            return;
        }
        let pools: Vec<PoolId> = self.flight.procedure.pool_ids().cloned().collect();
        let mut counts = BTreeMap::new();
        let before = self.charts.counted.take().map(|(_, counts)| counts).unwrap_or_default();
        for pool in pools {
            let fresh = self.flight.watches.values().map(|watch| watch.fresh(now).map(|seen| (watch, seen)));
            let fresh: Option<Vec<_>> = fresh.collect();
            let totals: Vec<_> = fresh
                .iter()
                .flatten()
                .map(|(watch, seen)| (watch.rates.get(&pool), seen.reading.totals(&pool)))
                .collect();
            let sum = |field: fn(&crate::domain::reading::PoolTotals) -> Option<u64>| -> Option<u64> {
                fresh.as_ref()?;
                totals.iter().map(|(_, totals)| field(totals)).sum()
            };
            let counted = Counted { requests: sum(|totals| totals.requests), errors: sum(|totals| totals.errors) };
            let in_flight = sum(|totals| totals.in_flight);
            let rate: Option<f64> = fresh.as_ref().and_then(|_| totals.iter().map(|(rate, _)| rate.copied()).sum());
            let earlier = before.get(&pool).copied().unwrap_or_default();
            let since = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
            let answered = since(counted.requests, earlier.requests).filter(|answered| *answered > 0);
            let failed = since(counted.errors, earlier.errors);
            let share = failed.zip(answered).map(|(failed, answered)| as_f64(failed) / as_f64(answered));
            counts.insert(pool.clone(), counted);
            for (chart, value) in
                [(Chart::Requests, rate), (Chart::Errors, share), (Chart::InFlight, in_flight.map(as_f64))]
            {
                self.point((Some(pool.clone()), chart), None, SAMPLE, now, value);
            }
        }
        self.charts.counted = Some((now, counts));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a second are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
