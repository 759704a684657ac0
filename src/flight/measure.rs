//! Everything that is measured, as series over time: from metric sources, and from the routers' counters where no source
//! tells. Charts draw them, checks and guards judge them.
//!
//! Invariants: a look that gave nothing is a point without a value; the same sample read twice is one point (G2); a series
//! has one source, and keeps it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Flight;
use crate::domain::metric::{Answered, Look, Past, Rates, Scrape};
use crate::domain::{Elapsed, Measure, Now, PoolId, SourceId, Timestamp, Trouble};

/// How long points are kept.
pub const KEPT: Duration = Duration::from_hours(2);
/// How often the routers' counters become a point.
const SAMPLE: Duration = Duration::from_secs(1);

/// Which series: what is measured, of which pool; without a pool of the whole.
pub type SeriesKey = (Measure, Option<PoolId>);

/// One series: a value per distinct look; `None` is a look that gave nothing, drawn as a gap.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// Oldest first.
    pub points: VecDeque<(Elapsed, Option<f64>)>,
    /// How often a look is taken.
    pub interval: Duration,
    /// The metric source that fills it; `None` where it comes from the routers' counters.
    pub source: Option<SourceId>,
    /// When it was last looked at, whatever that gave.
    pub looked: Elapsed,
    /// Why the last look gave nothing; `None` where it did, or where there is nothing to give.
    pub trouble: Option<String>,
    /// How many of the source's targets the newest value counts, where not all of them.
    pub part: Option<(usize, usize)>,
    /// Up to here its points are what the source remembered when it was first asked: nobody looked at that time.
    pub remembered: Option<Elapsed>,
    /// How far the newest value was behind the look that gave it.
    lag: Duration,
    /// The source's own time of the newest value.
    sampled: Option<Timestamp>,
}

impl Series {
    /// A series from a source, as if its looks had given these points.
    pub fn of(source: SourceId, interval: Duration, points: impl IntoIterator<Item = (Elapsed, Option<f64>)>) -> Self {
        let points: VecDeque<_> = points.into_iter().collect();
        let looked = points.back().map_or(Elapsed(0), |(at, _)| *at);
        Self { points, interval, source: Some(source), looked, ..Self::default() }
    }

    /// The newest point.
    pub fn newest(&self) -> Option<(Elapsed, Option<f64>)> {
        self.points.back().copied()
    }
}

/// What a source counted for a pool until one moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Count {
    /// When.
    pub at: Elapsed,
    /// Requests since the count began.
    pub requests: f64,
    /// Those of them that failed.
    pub errors: f64,
}

/// All series, and what they are made from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Measures {
    /// By what is measured and of which pool.
    pub series: BTreeMap<SeriesKey, Series>,
    /// Requests and failed ones per pool, cumulative over resets, oldest first: what proportions are judged by.
    pub counts: BTreeMap<PoolId, VecDeque<Count>>,
    /// The newest trouble of each source.
    pub troubles: BTreeMap<SourceId, Trouble>,
    /// The look before, per source, for rates.
    last: BTreeMap<SourceId, (Now, Scrape)>,
    /// When the routers' counters were last taken, with each pool's requests and errors so far.
    counted: Option<(Elapsed, BTreeMap<PoolId, Counted>)>,
}

/// What the routers counted for a pool until one moment; `None` where any of them cannot tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Counted {
    requests: Option<u64>,
    errors: Option<u64>,
}

/// One value on its way into its series.
pub(super) struct Arrival<'a> {
    pub(super) key: SeriesKey,
    pub(super) source: Option<&'a SourceId>,
    pub(super) interval: Duration,
    /// When it was looked at.
    pub(super) at: Elapsed,
    /// Of when it is by the source, and how far that is behind the look.
    pub(super) sampled: Option<(Timestamp, Duration)>,
    pub(super) value: Option<f64>,
    pub(super) trouble: Option<String>,
    pub(super) part: Option<(usize, usize)>,
}

impl Measures {
    /// The series of one measure.
    pub fn of(&self, measure: &Measure, pool: Option<&PoolId>) -> Option<&Series> {
        self.series.get(&(measure.clone(), pool.cloned()))
    }

    /// Adds a point. A metric source takes a series over from the routers once it has a value for it, and keeps it.
    pub(super) fn point(&mut self, arrival: Arrival<'_>) {
        let Arrival { key, source, interval, at, sampled, value, trouble, part } = arrival;
        let is_panel = matches!(key.0, Measure::Panel(_));
        let known = self.series.get(&key).map(|series| series.source.as_ref());
        match known {
            // A panel without a value is shown as one that has none; of the rest only what is told is shown.
            None if value.is_none() && !is_panel => return,
            Some(None) if source.is_some() && value.is_none() => return,
            Some(Some(owner)) if source != Some(owner) => return,
            None | Some(_) => {}
        }
        let series = self.series.entry(key).or_default();
        if series.source.as_ref() != source {
            *series = Series { source: source.cloned(), ..Series::default() };
        }
        series.interval = interval;
        series.looked = at;
        series.trouble = trouble;
        series.part = part;
        let time = sampled.map(|(time, _)| time);
        let is_same = time.is_some() && time == series.sampled && value.is_some();
        if is_same {
            return;
        }
        series.sampled = time.or(series.sampled);
        // A value stands at the time that it speaks of, never later: what a source says after a change can be of before
        // (G4). A look without a value stands where its value would.
        series.lag = sampled.map_or(series.lag, |(_, lag)| lag);
        let at = before(at, series.lag).max(series.newest().map_or(Elapsed(0), |(newest, _)| newest));
        series.points.push_back((at, value));
        while series.points.front().is_some_and(|(first, _)| at.since(*first) > KEPT) {
            series.points.pop_front();
        }
    }

    /// Adds what was counted between two looks to a pool's cumulative counts.
    fn count(&mut self, pool: &PoolId, at: Elapsed, requests: f64, errors: f64) {
        let counts = self.counts.entry(pool.clone()).or_default();
        let (before, failed) = counts.back().map_or((0.0, 0.0), |count| (count.requests, count.errors));
        counts.push_back(Count { at, requests: before + requests, errors: failed + errors });
        while counts.front().is_some_and(|first| at.since(first.at) > KEPT) {
            counts.pop_front();
        }
    }
}

impl Flight {
    pub(super) fn looked(&mut self, source: &SourceId, began: Now, look: Look) {
        let Some(spec) = self.procedure.metrics.iter().find(|spec| spec.id == *source) else { return };
        let (pool, interval) = (spec.pool.clone(), spec.interval);
        match look {
            Look::Counters(scrape) => self.take_scrape(source, pool.as_ref(), interval, began, scrape),
            Look::Values(answers) => self.take_values(source, began, answers),
        }
    }

    fn take_scrape(
        &mut self,
        source: &SourceId,
        pool: Option<&PoolId>,
        interval: Duration,
        began: Now,
        scrape: Scrape,
    ) {
        let trouble = scrape.targets.iter().find_map(|(_, said)| said.as_ref().err());
        match trouble {
            Some(trouble) => self.measures.troubles.insert(source.clone(), trouble.clone()),
            None => self.measures.troubles.remove(source),
        };
        let rates = match self.measures.last.get(source) {
            Some((earlier, before)) => Rates::between(before, &scrape, began.elapsed.since(earlier.elapsed)),
            None => Rates::default(),
        };
        let trouble = trouble.map(ToString::to_string);
        let part = (rates.targets_counted < rates.targets).then_some((rates.targets_counted, rates.targets));
        for (measure, value) in [
            (Measure::Requests, rates.requests_per_s),
            (Measure::Errors, rates.error_rate),
            (Measure::P99, rates.p99_ms),
            (Measure::P50, rates.p50_ms),
            (Measure::InFlight, rates.in_flight),
        ] {
            self.measures.point(Arrival {
                key: (measure, pool.cloned()),
                source: Some(source),
                interval,
                at: began.elapsed,
                sampled: None,
                value,
                trouble: trouble.clone(),
                part,
            });
        }
        if let (Some(pool), Some(requests), Some(errors)) = (pool, rates.requests, rates.errors) {
            self.measures.count(pool, began.elapsed, requests, errors);
        }
        self.measures.last.insert(source.clone(), (began, scrape));
    }

    fn take_values(&mut self, source: &SourceId, began: Now, answers: Vec<Answered>) {
        let trouble = answers.iter().find_map(|answered| answered.value.as_ref().err());
        match trouble {
            Some(trouble) => self.measures.troubles.insert(source.clone(), trouble.clone()),
            None => self.measures.troubles.remove(source),
        };
        for Answered { measure, pool, value } in answers {
            let panel = self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == measure);
            let Some(interval) = panel.map(|panel| panel.interval) else { continue };
            let (sample, trouble) = match value {
                Ok(sample) => (sample, None),
                Err(trouble) => (None, Some(trouble.to_string())),
            };
            self.measures.point(Arrival {
                key: (measure, pool),
                source: Some(source),
                interval,
                at: began.elapsed,
                sampled: sample.map(|sample| (sample.at, began.wall.since(sample.at))),
                value: sample.map(|sample| sample.value).filter(|value| value.is_finite()),
                trouble,
                part: None,
            });
        }
    }

    /// Takes what a source remembers of the time before its series began.
    pub(super) fn remembered(&mut self, source: &SourceId, began: Now, past: Vec<Past>) {
        let spec = self.procedure.metrics.iter().find(|spec| spec.id == *source);
        let Some(owner) = spec.map(|spec| spec.pool.clone()) else { return };
        for Past { measure, pool, points } in past {
            let panel = self.procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == measure);
            let Some(interval) = panel.map(|panel| panel.interval) else { continue };
            let pool = pool.or_else(|| owner.clone());
            let series = self.measures.series.entry((measure, pool)).or_insert_with(|| Series {
                source: Some(source.clone()),
                interval,
                ..Series::default()
            });
            if series.source.as_ref() != Some(source) || series.remembered.is_some() {
                continue;
            }
            let first = series.points.front().map_or(began.elapsed, |(at, _)| *at);
            let times = points.into_iter().map(|(at, value)| (before(began.elapsed, began.wall.since(at)), value));
            let kept = times.filter(|(at, _)| *at < first && began.elapsed.since(*at) <= KEPT);
            // Before its first value there is no gap, but nothing.
            let earlier: Vec<_> = kept.skip_while(|(_, value)| value.is_none()).collect();
            series.remembered = earlier.last().map(|(at, _)| *at);
            for (at, value) in earlier.into_iter().rev() {
                series.points.push_front((at, value.filter(|value| value.is_finite())));
            }
        }
    }

    /// Makes points of what the routers count, at most one a second; a look without a fresh reading is a gap.
    pub(super) fn sample_routers(&mut self, now: Elapsed) {
        let due = self.measures.counted.as_ref().is_none_or(|(at, _)| now.since(*at) >= SAMPLE);
        if !due || self.watches.values().all(|watch| watch.last.is_none()) {
            return;
        }
        let pools: Vec<PoolId> = self.procedure.pool_ids().cloned().collect();
        let mut counts = BTreeMap::new();
        let before = self.measures.counted.take().map(|(_, counts)| counts).unwrap_or_default();
        for pool in pools {
            let fresh = self.watches.values().map(|watch| watch.fresh(now).map(|seen| (watch, seen)));
            let fresh: Option<Vec<_>> = fresh.collect();
            let totals: Vec<_> =
                fresh.iter().flatten().map(|(watch, seen)| (watch.rates.get(&pool), seen.totals(&pool))).collect();
            let sum = |field: fn(&crate::domain::reading::PoolTotals) -> Option<u64>| -> Option<u64> {
                fresh.as_ref()?;
                totals.iter().map(|(_, totals)| field(totals)).sum()
            };
            let counted = Counted { requests: sum(|totals| totals.requests), errors: sum(|totals| totals.errors) };
            let in_flight = sum(|totals| totals.in_flight);
            let rate: Option<f64> = fresh.as_ref().and_then(|_| totals.iter().map(|(rate, _)| rate.copied()).sum());
            let earlier = before.get(&pool).copied().unwrap_or_default();
            let since = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
            let answered = since(counted.requests, earlier.requests);
            let failed = since(counted.errors, earlier.errors);
            let share = failed.zip(answered.filter(|answered| *answered > 0));
            let share = share.map(|(failed, answered)| as_f64(failed) / as_f64(answered));
            counts.insert(pool.clone(), counted);
            let by_source =
                self.measures.of(&Measure::Errors, Some(&pool)).is_some_and(|series| series.source.is_some());
            if let (Some(answered), Some(failed), false) = (answered, failed, by_source) {
                self.measures.count(&pool, now, as_f64(answered), as_f64(failed));
            }
            for (measure, value) in
                [(Measure::Requests, rate), (Measure::Errors, share), (Measure::InFlight, in_flight.map(as_f64))]
            {
                self.measures.point(Arrival {
                    key: (measure, Some(pool.clone())),
                    source: None,
                    interval: SAMPLE,
                    at: now,
                    sampled: None,
                    value,
                    trouble: None,
                    part: None,
                });
            }
        }
        self.measures.counted = Some((now, counts));
    }
}

/// That long before a moment; no earlier than the clock's beginning.
fn before(at: Elapsed, span: Duration) -> Elapsed {
    Elapsed(at.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a second are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
