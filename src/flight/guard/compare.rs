//! The raised pool against those that run the other version: failed requests by proportion, latencies by rank.
//!
//! Both are judged over what came since the change, at most some minutes of it, once in a while: looking at the same
//! numbers again is no further sample (G2).

use std::time::Duration;

use super::Watched;
use crate::domain::guard::proportion::{self, Counted};
use crate::domain::guard::{GuardSpec, Said, rank};
use crate::domain::{Elapsed, Measure, PoolId, Unit, age};
use crate::flight::Flight;

/// What lies longer ago says little of now.
const SPAN: Duration = Duration::from_mins(10);

/// What a pool counted over the span that is judged.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Tally {
    counted: Counted,
    /// How long that took.
    span: Duration,
    /// When the newest count was taken.
    last: Option<Elapsed>,
}

impl Flight {
    /// Compares failed requests.
    pub(super) fn compare_errors(
        &self,
        now: Elapsed,
        spec: &GuardSpec,
        pool: Option<&PoolId>,
        min_requests: u64,
        at_least: f64,
        one: &mut Watched,
    ) {
        let Some((pool, others)) = self.opponents(now, pool, one) else { return };
        if !is_due(now, spec, one) {
            return;
        }
        let mine = self.tally(now, &pool);
        let theirs = others.iter().map(|other| self.tally(now, other)).fold(Tally::default(), Tally::with);
        let newest = mine.last.zip(theirs.last).map(|(mine, theirs)| mine.min(theirs));
        let too_old = spec.every * 2 + Duration::from_secs(1);
        let Some(newest) = newest.filter(|newest| now.since(*newest) <= too_old) else {
            let silent = if mine.last.is_some_and(|last| now.since(last) <= too_old) {
                names(&others)
            } else {
                pool.to_string()
            };
            one.run.wait(format!("no count of the requests of {silent}"));
            return;
        };
        if one.taken.is_some_and(|taken| newest <= taken) {
            return;
        }
        one.taken = Some(newest);
        let short = [(pool.to_string(), mine), (names(&others), theirs)]
            .into_iter()
            .filter_map(|(name, tally)| too_few(&name, tally, min_requests))
            .max_by_key(|(left, _)| *left);
        if let Some((_, words)) = short {
            one.run.take(now, Said::NotYet(words));
            return;
        }
        let Some(found) = proportion::compare(mine.counted, theirs.counted) else { return };
        let (ratio, against) = (mine.counted.ratio().unwrap_or_default(), theirs.counted.ratio().unwrap_or_default());
        let percent = |ratio| Unit::Percent.words(ratio);
        one.value = Some((newest, ratio));
        one.found = format!(
            "{pool} {} of {:.0} against {} {} of {:.0}, z {:.1}",
            percent(ratio),
            mine.counted.requests,
            names(&others),
            percent(against),
            theirs.counted.requests,
            found.z
        );
        let said = if found.is_worse(at_least) { Said::Breaks(one.found.clone()) } else { Said::Keeps };
        one.run.take(now, said);
    }

    /// Compares interval values of a latency.
    #[expect(clippy::too_many_arguments, reason = "what the profile says of this guard, spelt out")]
    pub(super) fn compare_latency(
        &self,
        now: Elapsed,
        spec: &GuardSpec,
        pool: Option<&PoolId>,
        measure: &Measure,
        min_values: u32,
        at_least_ms: f64,
        one: &mut Watched,
    ) {
        let Some((pool, others)) = self.opponents(now, pool, one) else { return };
        if !is_due(now, spec, one) {
            return;
        }
        let (mine, newest, every) = self.values(now, measure, &pool);
        let mut theirs = Vec::new();
        for other in &others {
            theirs.extend(self.values(now, measure, other).0);
        }
        let silent = every * 2 + Duration::from_secs(1);
        let Some(newest) = newest.filter(|newest| now.since(*newest) <= silent) else {
            one.run.wait(format!("no new value of {measure} of {pool}"));
            return;
        };
        if one.taken.is_some_and(|taken| newest <= taken) {
            return;
        }
        one.taken = Some(newest);
        let least = usize::try_from(min_values).unwrap_or(usize::MAX);
        let short = [(pool.to_string(), mine.len()), (names(&others), theirs.len())]
            .into_iter()
            .filter(|(_, count)| *count < least)
            .min_by_key(|(_, count)| *count);
        if let Some((name, count)) = short {
            let left = every * u32::try_from(least - count).unwrap_or(u32::MAX);
            one.run.take(now, Said::NotYet(format!("{name} {count} of {least} values, {}", about(left))));
            return;
        }
        let Some(found) = rank::compare(&mine, &theirs) else { return };
        let median = |values: &[f64]| rank::median(values).unwrap_or_default();
        let unit = self.unit(measure);
        one.value = Some((newest, median(&mine)));
        one.found = format!(
            "{measure} of {pool} {} against {} {}, medians of {} and {} values, z {:.1}",
            unit.words(median(&mine)),
            names(&others),
            unit.words(median(&theirs)),
            mine.len(),
            theirs.len(),
            found.z
        );
        let said = if found.is_worse(at_least_ms) { Said::Breaks(one.found.clone()) } else { Said::Keeps };
        one.run.take(now, said);
    }

    /// The pool and those with the other version that have weight; where there is nothing to compare, the guard rests.
    fn opponents(&self, now: Elapsed, pool: Option<&PoolId>, one: &mut Watched) -> Option<(PoolId, Vec<PoolId>)> {
        let pool = pool?;
        let others = self.other_version(pool);
        if others.is_empty() {
            one.rest("every pool runs the same version");
            return None;
        }
        let carrying: Vec<PoolId> =
            others.iter().filter(|other| self.has_weight(other, now) != Some(false)).cloned().collect();
        if carrying.is_empty() {
            one.rest(format!("{} has no traffic to compare with", names(&others)));
            return None;
        }
        Some((pool.clone(), carrying))
    }

    /// What a pool counted since the change.
    fn tally(&self, now: Elapsed, pool: &PoolId) -> Tally {
        let since = self.since(now);
        let Some(counts) = self.measures.counts.get(pool) else { return Tally::default() };
        let mut counts = counts.iter().filter(|count| count.at >= since);
        let Some(first) = counts.next() else { return Tally::default() };
        let last = counts.next_back().unwrap_or(first);
        Tally {
            counted: Counted { requests: last.requests - first.requests, failed: last.errors - first.errors },
            span: last.at.since(first.at),
            last: Some(last.at),
        }
    }

    /// The values of a pool that speak of nothing before the change, when the newest look was, and how often one is taken.
    fn values(&self, now: Elapsed, measure: &Measure, pool: &PoolId) -> (Vec<f64>, Option<Elapsed>, Duration) {
        let Some(series) = self.measures.of(measure, Some(pool)) else {
            return (Vec::new(), None, Duration::from_secs(1));
        };
        let window = self.window(measure, series);
        let since = self.since(now).plus(if self.guarding.is_before() { Duration::ZERO } else { window });
        let counted = series.points.iter().filter(|(at, _)| *at >= since);
        let values = counted.filter_map(|(_, value)| value.filter(|value| value.is_finite())).collect();
        (values, Some(series.looked), series.interval)
    }

    /// Since when is compared.
    fn since(&self, now: Elapsed) -> Elapsed {
        let longest = Elapsed(now.0.saturating_sub(u64::try_from(SPAN.as_millis()).unwrap_or(u64::MAX)));
        self.guarding.began().unwrap_or_default().max(longest)
    }
}

impl Tally {
    fn with(self, other: Self) -> Self {
        let Counted { requests, failed } = self.counted;
        Self {
            counted: Counted { requests: requests + other.counted.requests, failed: failed + other.counted.failed },
            span: self.span.max(other.span),
            last: self.last.max(other.last),
        }
    }
}

/// Whether it is time to compare again.
fn is_due(now: Elapsed, spec: &GuardSpec, one: &Watched) -> bool {
    one.taken.is_none_or(|taken| now.since(taken) >= spec.every)
}

/// How long it takes until there are enough requests, at the present rate, and that in words; `None` where there are.
fn too_few(name: &str, tally: Tally, least: u64) -> Option<(Duration, String)> {
    #[expect(clippy::cast_precision_loss, reason = "a number of requests in a profile is far below 2^52")]
    let least = least as f64;
    let have = tally.counted.requests;
    if have >= least {
        return None;
    }
    let per_second = if tally.span.is_zero() { 0.0 } else { have / tally.span.as_secs_f64() };
    let left = Duration::try_from_secs_f64((least - have) / per_second).unwrap_or(Duration::MAX);
    let when = if left == Duration::MAX { "and none is coming".to_owned() } else { about(left) };
    Some((left, format!("{name} {have:.0} of {least:.0} requests, {when}")))
}

/// A span as an estimate: `about 75 min`.
fn about(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..100 => format!("about {} s", seconds.max(1)),
        seconds @ 100..36_000 => format!("about {} min", (seconds + 30) / 60),
        _ => format!("about {}", age(left)),
    }
}

fn names(pools: &[PoolId]) -> String {
    pools.iter().map(PoolId::as_str).collect::<Vec<_>>().join(" and ")
}
