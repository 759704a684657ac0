//! What the pools carry and have carried: whether a destination, or the way back, can take the traffic (D4, R1).

use std::collections::BTreeMap;

use super::Flight;
use crate::domain::{BasisPoints, Elapsed, PoolId};

/// What was seen of every pool since this cockpit opened.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Loads {
    pools: BTreeMap<PoolId, Carried>,
    /// Readings since it was last worked out.
    readings: usize,
}

/// The sum over all routers is worked out at most so often in one round of reading them: asking all of a thousand after each
/// one of them would take the square of that. Up to so many routers, every reading counts at once.
const PARTS: usize = 8;

/// What one pool has carried.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Carried {
    /// The most requests per second that each of its servers had, over a few seconds.
    pub best_per_server: f64,
    /// Servers that were up when it last carried its largest share.
    pub servers: u32,
    /// That share, as a fraction of one.
    share: f64,
}

impl Flight {
    /// A pool's servers that are up, and all of them, where the fewest are up; `None` without a fresh reading.
    pub fn servers_of(&self, pool: &PoolId, now: Elapsed) -> Option<(u32, u32)> {
        let fresh = self.watches.values().filter_map(|watch| watch.fresh(now));
        fresh.map(|seen| seen.totals(pool)).map(|totals| (totals.up, totals.servers)).min()
    }

    /// Requests per second over all routers and pools; `None` where no router counts them.
    pub fn traffic(&self) -> Option<f64> {
        let rates = || self.watches.values().flat_map(|watch| watch.rates.values());
        rates().next().map(|_| rates().sum())
    }

    /// What each server of a pool gets with such a share of the present traffic, in requests per second.
    pub fn needs_per_server(&self, pool: &PoolId, points: BasisPoints, now: Elapsed) -> Option<f64> {
        let (up, _) = self.servers_of(pool, now).filter(|(up, _)| *up > 0)?;
        Some(self.traffic()? * points.fraction() / f64::from(up))
    }

    /// What a pool has carried, as far as this cockpit has seen; `None` when it has carried nothing yet.
    pub fn carried(&self, pool: &PoolId) -> Option<Carried> {
        self.loads.pools.get(pool).copied()
    }

    /// Takes in what the pools carry now.
    pub(super) fn note_load(&mut self, now: Elapsed) {
        self.loads.readings += 1;
        if self.loads.readings * PARTS < self.watches.len() {
            return;
        }
        self.loads.readings = 0;
        let Some(whole) = self.traffic().filter(|whole| *whole > 0.0) else { return };
        let pools: Vec<PoolId> = self.procedure.pool_ids().cloned().collect();
        for pool in pools {
            let rate: f64 = self.watches.values().filter_map(|watch| watch.rates.get(&pool)).sum();
            let Some((up, _)) = self.servers_of(&pool, now).filter(|(up, _)| *up > 0 && rate > 0.0) else { continue };
            let carried = self.loads.pools.entry(pool).or_default();
            carried.best_per_server = carried.best_per_server.max(rate / f64::from(up));
            // A rate over a few seconds wavers: what is about the largest share counts as it.
            let share = rate / whole;
            if share + 0.02 >= carried.share {
                carried.share = carried.share.max(share);
                carried.servers = up;
            }
        }
    }
}
