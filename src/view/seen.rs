//! What is known of each pool over all routers at this moment, with its freshness; worked out once per frame.

use std::time::Duration;

use crate::cockpit::Model;
use crate::domain::drain::Drain;
use crate::domain::procedure::Pool;
use crate::domain::reading::PoolTotals;
use crate::domain::{Freshness, Measure, PoolId};
use crate::theme::Role;
use crate::view::format::MISSING;

/// One pool as it stands. `None` is what is not known; it is never zero.
pub(super) struct PoolSeen<'a> {
    pub(super) spec: &'a Pool,
    /// Its hue.
    pub(super) role: Role,
    /// Its share by the weights as read, the mean over the routers.
    pub(super) share: Option<f64>,
    /// The smallest and the largest share that a router gives it.
    pub(super) between: Option<(f64, f64)>,
    /// Requests per second.
    pub(super) rate: Option<f64>,
    /// Requests being served.
    pub(super) in_flight: Option<u64>,
    /// Servers up, as the router that sees fewest sees them, and all.
    pub(super) servers: Option<(u32, u32)>,
    /// 99th percentile in milliseconds, with its freshness.
    pub(super) p99: Reading,
    /// Share of failed requests, with its freshness.
    pub(super) errors: Reading,
    /// Its level against the highest of late, as a fraction of one.
    pub(super) level: Option<f64>,
    /// Its drain.
    pub(super) drain: Option<&'a Drain>,
}

impl PoolSeen<'_> {
    /// Its share in percent, `10` or `54.5`; where the routers differ the smallest and the largest of them, `10–50`: a mean
    /// would be a number that no router has.
    pub(super) fn percent(&self) -> String {
        let edge =
            |share: f64| if share > 0.0 && share < 0.005 { "<1".to_owned() } else { format!("{:.0}", share * 100.0) };
        match self.between {
            Some((least, most)) if differ(least, most) => format!("{}–{}", edge(least), edge(most)),
            Some(_) | None => self.percent_fixed().trim_end_matches(".0").to_owned(),
        }
    }

    /// The same for where it has few cells, with one decimal; where the routers differ it is a mean, and says so: `~27.5`.
    pub(super) fn percent_fixed(&self) -> String {
        match (self.share, self.between) {
            (Some(mean), Some((least, most))) if differ(least, most) => format!("~{:.1}", mean * 100.0),
            (Some(mean), _) => format!("{:.1}", mean * 100.0),
            (None, _) => MISSING.to_owned(),
        }
    }
}

/// Whether two shares are written differently.
fn differ(one: f64, other: f64) -> bool {
    (one - other).abs() >= 0.0005
}

/// A charted value as it stands last.
#[derive(Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) value: Option<f64>,
    pub(super) is_old: bool,
    /// Its age, once that is more than its interval.
    pub(super) age: Option<Duration>,
}

/// Everything that is seen.
pub(super) struct Seen<'a> {
    pub(super) pools: Vec<PoolSeen<'a>>,
    /// Requests per second over all pools and routers.
    pub(super) total: Option<f64>,
    /// Whether every router was read freshly; else sums are grey.
    pub(super) is_live: bool,
    /// How old the oldest reading in the sums is, once that is more than the routers' interval.
    pub(super) old: Option<Duration>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(model: &'a Model) -> Self {
        let flight = &model.flight;
        let pools: Vec<PoolSeen> =
            flight.procedure.pools.iter().enumerate().map(|(place, spec)| pool(model, place, spec)).collect();
        let total = pools.iter().filter_map(|pool| pool.rate).reduce(|sum, rate| sum + rate);
        let is_live =
            !flight.watches.is_empty() && flight.watches.values().all(|watch| watch.fresh(model.now.elapsed).is_some());
        let oldest = flight.watches.values().filter_map(|watch| watch.last.as_ref()).map(|seen| seen.at.elapsed).min();
        // By the longest interval: of many routers each has its own age in its row.
        let interval = flight.procedure.routers.iter().map(|router| router.poll).max();
        let old = oldest.map(|at| model.now.elapsed.since(at)).filter(|age| Some(*age) > interval);
        Self { pools, total, is_live, old }
    }

    /// The role of a number that comes from the routers.
    pub(super) fn number(&self) -> Role {
        if self.is_live { Role::Strong } else { Role::Stale }
    }
}

fn pool<'a>(model: &'a Model, place: usize, spec: &'a Pool) -> PoolSeen<'a> {
    let flight = &model.flight;
    let id = &spec.id;
    let all_read = !flight.watches.is_empty() && flight.watches.values().all(|watch| watch.last.is_some());
    let rates = || flight.watches.values().map(|watch| watch.rates.get(id).copied());
    let rate = if flight.watches.is_empty() { None } else { rates().sum() };
    let totals: Vec<PoolTotals> =
        flight.watches.values().filter_map(|watch| watch.last.as_ref()).map(|seen| seen.totals(id)).collect();
    let in_flight = if all_read { totals.iter().map(|totals| totals.in_flight).sum() } else { None };
    let servers = totals.iter().map(|totals| (totals.up, totals.servers)).min();
    let drain = flight.drains.get(id);
    let peak = in_flight.map(|now| highest(model, id).max(drain.and_then(Drain::peak).unwrap_or(0)).max(now));
    let shares = shares(model, id);
    let level = in_flight.zip(peak).filter(|(_, peak)| *peak > 0).map(|(now, peak)| ratio(now, peak));
    PoolSeen {
        spec,
        role: Role::pool(place),
        share: shares.map(|(mean, ..)| mean),
        between: shares.map(|(_, least, most)| (least, most)),
        rate,
        in_flight,
        servers,
        p99: last(model, id, &Measure::P99),
        errors: last(model, id, &Measure::Errors),
        level: level.or(in_flight.map(|_| 0.0)),
        drain,
    }
}

#[expect(clippy::cast_precision_loss, reason = "requests in flight stay far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The highest number in flight on the chart of late.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count that came as a number")]
fn highest(model: &Model, pool: &PoolId) -> u64 {
    let series = model.flight.measures.of(&Measure::InFlight, Some(pool));
    let points = series.into_iter().flat_map(|series| series.points.iter().rev().take(300));
    points.filter_map(|(_, value)| *value).fold(0.0, f64::max).clamp(0.0, 1e15) as u64
}

/// The pool's share by the weights as read: the mean over the routers, the smallest and the largest.
fn shares(model: &Model, pool: &PoolId) -> Option<(f64, f64, f64)> {
    let each = model.flight.watches.values().filter_map(|watch| watch.shares()?.of(pool).fraction());
    let found = each.fold(None, |found: Option<(f64, f64, f64, f64)>, share| {
        let (count, sum, least, most) = found.unwrap_or((0.0, 0.0, share, share));
        Some((count + 1.0, sum + share, least.min(share), most.max(share)))
    });
    found.map(|(count, sum, least, most)| (sum / count, least, most))
}

/// The newest value of a series, if it is one.
fn last(model: &Model, pool: &PoolId, chart: &Measure) -> Reading {
    let Some(series) = model.flight.measures.of(chart, Some(pool)) else { return Reading::default() };
    let Some((at, value)) = series.points.back() else { return Reading::default() };
    let age = model.now.elapsed.since(*at);
    let is_old = !Freshness::of(Some(age), series.interval).is_live();
    Reading { value: *value, is_old, age: Some(age).filter(|age| *age > series.interval) }
}
