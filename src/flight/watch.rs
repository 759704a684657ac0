//! Polling: when each router is read next, and what it said last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::procedure::{RouterSpec, Timing};
use crate::domain::reading::PoolTotals;
use crate::domain::{Elapsed, Freshness, Now, PoolId, Reading, RouterId, Shares, Trouble};

/// One router as it is watched.
#[derive(Clone, PartialEq, Debug)]
pub struct Watch {
    /// The newest reading with the moment at which it began.
    pub last: Option<Seen>,
    /// The trouble of the newest read, when that failed.
    pub trouble: Option<(Now, Trouble)>,
    /// Requests per second per pool, over the last few seconds.
    pub rates: BTreeMap<PoolId, f64>,
    /// Reads in a row that failed.
    pub failures: u32,
    /// Whether it was started again since it last read what the plan gave it: then drift is lost runtime weights.
    pub restarted: bool,
    /// Whether another node answers than the one that the journal knows (C5).
    pub(super) is_other: bool,
    /// Requests that came since the drains were last looked at, per pool; `None` where they could not be counted.
    pub(super) arrived: BTreeMap<PoolId, Option<u64>>,
    /// The newest read that was begun and not answered: its number and when.
    pub(super) pending: Option<(u64, Elapsed)>,
    /// The number of the newest read that was taken in.
    pub(super) taken: u64,
    /// When it is read next.
    pub(super) due: Elapsed,
    samples: Vec<(Elapsed, BTreeMap<PoolId, u64>)>,
    idle: Duration,
    least: Duration,
}

/// A reading with its moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// When the read began; it is at least as old.
    pub at: Now,
    /// The read's number.
    pub poll: u64,
    /// What was read.
    pub reading: Arc<Reading>,
    /// The shares that its weights give, per pool of the procedure.
    pub shares: Arc<Shares>,
    /// Its sums per pool that it has servers of. Both are worked out once: they are asked for with every frame and every
    /// reading.
    totals: Arc<[(PoolId, PoolTotals)]>,
}

impl Seen {
    /// A reading that began at a moment.
    pub fn new<'p>(at: Now, poll: u64, reading: Arc<Reading>, pools: impl IntoIterator<Item = &'p PoolId>) -> Self {
        let totals = reading.pools().into_iter().map(|pool| (pool.clone(), reading.totals(pool))).collect();
        let shares = Arc::new(reading.native.shares(pools));
        Self { at, poll, reading, shares, totals }
    }

    /// A pool's sums.
    pub fn totals(&self, pool: &PoolId) -> PoolTotals {
        self.totals.iter().find(|(of, _)| of == pool).map(|(_, totals)| *totals).unwrap_or_default()
    }
}

/// The span over which rates are taken.
const RATE_SPAN: Duration = Duration::from_secs(3);

impl Watch {
    /// A router that was never read; it is due at once.
    pub fn new(spec: &RouterSpec) -> Self {
        Self {
            last: None,
            trouble: None,
            rates: BTreeMap::new(),
            failures: 0,
            restarted: false,
            is_other: false,
            arrived: BTreeMap::new(),
            pending: None,
            taken: 0,
            due: Elapsed(0),
            samples: Vec::new(),
            idle: spec.poll,
            least: Duration::from_millis(spec.capabilities.least_poll_ms),
        }
    }

    /// How old the newest reading is, against the interval at which it should be read.
    pub fn freshness(&self, now: Elapsed, close: bool, timing: &Timing) -> Freshness {
        // While watched closely the interval is short; a reading is still good for the slower one.
        let least = self.least.max(Duration::from_millis(500));
        let interval = if close { self.idle.min(timing.poll_close.max(least)) } else { self.idle };
        Freshness::of(self.last.as_ref().map(|seen| now.since(seen.at.elapsed)), interval)
    }

    /// The newest reading, if it is fresh.
    pub fn fresh(&self, now: Elapsed) -> Option<&Seen> {
        self.last.as_ref().filter(|seen| now.since(seen.at.elapsed) <= self.idle * 2)
    }

    /// The weights as set, per pool, of the newest reading.
    pub fn shares(&self) -> Option<&Shares> {
        self.last.as_ref().map(|seen| &*seen.shares)
    }

    pub(super) fn interval(&self, close: bool, timing: &Timing) -> Duration {
        if close { timing.poll_close.max(self.least).min(self.idle) } else { self.idle }
    }

    /// Takes a reading in; `false` when a newer one was taken already.
    pub(super) fn take(&mut self, seen: Seen) -> bool {
        if seen.poll <= self.taken {
            return false;
        }
        self.taken = seen.poll;
        self.trouble = None;
        self.failures = 0;
        let restarted = self.last.as_ref().is_some_and(|last| seen.reading.restarted_since(&last.reading));
        self.restarted |= restarted;
        if restarted {
            self.samples.clear();
        }
        self.arrive(&seen, restarted);
        self.sample(&seen);
        self.last = Some(seen);
        true
    }

    fn arrive(&mut self, seen: &Seen, restarted: bool) {
        let last = self.last.as_ref().filter(|_| !restarted);
        for (pool, totals) in seen.totals.iter() {
            let before = last.and_then(|last| last.totals(pool).requests);
            let came = totals.requests.zip(before).and_then(|(now, before)| now.checked_sub(before));
            let sum = self.arrived.entry(pool.clone()).or_insert(Some(0));
            *sum = sum.zip(came).map(|(sum, came)| sum + came);
        }
    }

    fn sample(&mut self, seen: &Seen) {
        let counts: BTreeMap<PoolId, u64> =
            seen.totals.iter().filter_map(|(pool, totals)| Some((pool.clone(), totals.requests?))).collect();
        let now = seen.at.elapsed;
        let reset = self.samples.last().is_some_and(|(_, earlier)| {
            counts.iter().any(|(pool, count)| earlier.get(pool).is_some_and(|earlier| count < earlier))
        });
        if reset {
            self.samples.clear();
        }
        self.samples.push((now, counts));
        // One sample older than the span stays, so that the span is covered.
        while self.samples.get(1).is_some_and(|(at, _)| now.since(*at) >= RATE_SPAN) {
            self.samples.remove(0);
        }
        self.rates.clear();
        if let (Some((start, first)), Some((end, last))) = (self.samples.first(), self.samples.last()) {
            let seconds = end.since(*start).as_secs_f64();
            if seconds >= 0.3 {
                for (pool, count) in last {
                    if let Some(earlier) = first.get(pool) {
                        #[expect(clippy::cast_precision_loss, reason = "requests of some seconds are far below 2^52")]
                        let requests = count.saturating_sub(*earlier) as f64;
                        self.rates.insert(pool.clone(), requests / seconds);
                    }
                }
            }
        }
    }
}

/// All routers of a flight by name.
pub type Watches = BTreeMap<RouterId, Watch>;
