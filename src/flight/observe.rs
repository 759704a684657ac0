//! The observed share: what the routers' request counters say about the real split since the weights last changed (V2).

use std::collections::BTreeMap;
use std::time::Duration;

use super::Flight;
use super::watch::Seen;
use crate::domain::share::{Agreement, Observed, observe};
use crate::domain::{ChangeId, Elapsed, PoolId, RouterId, Share};
use crate::session::Command;

/// Counters at the moment since which is counted, per router.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observing {
    since: BTreeMap<RouterId, BTreeMap<PoolId, u64>>,
    /// Until when traffic may still follow the weights of before: nothing is counted until then.
    settling: BTreeMap<RouterId, Elapsed>,
    noted: BTreeMap<RouterId, ChangeId>,
}

impl Flight {
    /// How long traffic through a router may still follow the weights of before; `None` when that is over.
    pub fn settling(&self, router: &RouterId, now: Elapsed) -> Option<Duration> {
        let until = self.observing.settling.get(router)?;
        Some(until.since(now)).filter(|left| !left.is_zero())
    }

    /// What is observed of one router, per pool in order; empty where the router does not count or nothing was counted.
    pub fn observed(&self, router: &RouterId) -> Vec<(PoolId, Observed)> {
        let Some(seen) = self.watches.get(router).and_then(|watch| watch.last.as_ref()) else { return Vec::new() };
        let Some(since) = self.observing.since.get(router) else { return Vec::new() };
        let counted: Vec<(PoolId, u64)> = self
            .procedure
            .pool_ids()
            .filter_map(|pool| {
                let now = seen.totals(pool).requests?;
                Some((pool.clone(), now.saturating_sub(*since.get(pool)?)))
            })
            .collect();
        if counted.len() != self.procedure.pools.len() {
            return Vec::new();
        }
        let whole = counted.iter().map(|(_, part)| *part).sum();
        let asked = &seen.shares;
        counted
            .into_iter()
            .filter_map(|(pool, part)| {
                let asked = asked.of(&pool).fraction()?;
                Some((pool, observe(Share { part, whole }, asked)?))
            })
            .collect()
    }

    /// Starts counting anew when weights moved, the router restarted or a counter fell.
    pub(super) fn count(&mut self, router: &RouterId, seen: &Seen, before: Option<&Seen>) {
        let pools = || self.procedure.pool_ids();
        let now: BTreeMap<PoolId, u64> =
            pools().filter_map(|pool| Some((pool.clone(), seen.totals(pool).requests?))).collect();
        let anew = before.is_none_or(|before| {
            before.reading.native != seen.reading.native || seen.reading.restarted_since(&before.reading)
        }) || self
            .observing
            .since
            .get(router)
            .is_none_or(|since| now.iter().any(|(pool, count)| since.get(pool).is_none_or(|since| count < since)));
        let settle = self.procedure.router(router).map_or(0, |router| router.capabilities.settle_ms);
        if anew && settle > 0 {
            let until = seen.at.elapsed.plus(Duration::from_millis(settle));
            self.observing.settling.insert(router.clone(), until);
        }
        let settles = self.observing.settling.get(router).is_some_and(|until| seen.at.elapsed < *until);
        if anew || settles {
            self.observing.since.insert(router.clone(), now);
        }
    }

    /// The first clear word of the counters about the newest change goes into the journal, once per router.
    pub(super) fn note_observed(&mut self, router: &RouterId) -> Vec<Command> {
        let Some((change, _)) = self.session.last_verified() else { return Vec::new() };
        let id = change.id();
        let newest = self.session.changes.last().map(|change| change.id()) == Some(id);
        if !newest || self.observing.noted.get(router) == Some(&id) || change.order(router).is_none() {
            return Vec::new();
        }
        if change.observed.iter().any(|(seen, ..)| seen == router) {
            self.observing.noted.insert(router.clone(), id);
            return Vec::new();
        }
        let observed = self.observed(router);
        if observed.is_empty() || observed.iter().any(|(_, seen)| seen.agreement == Agreement::NotEnoughYet) {
            return Vec::new();
        }
        self.observing.noted.insert(router.clone(), id);
        observed
            .into_iter()
            .map(|(pool, seen)| Command::NoteObserved {
                change: id,
                router: router.clone(),
                pool,
                share: seen.share,
                agreement: seen.agreement,
            })
            .collect()
    }
}
