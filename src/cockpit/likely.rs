//! Why counted requests are off the weights, as far as the router and its last change tell.

use super::Model;
use crate::domain::reading::Skew;
use crate::domain::share::{Agreement, Observed};
use crate::domain::{PoolId, RouterId, Share};

/// The likely reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likely {
    /// Its configuration says so.
    Configured(Skew),
    /// A pool that lost weight with the last change still gets more than its share.
    KeptConnections,
    /// Nothing speaks for one or the other.
    Open,
}

impl Likely {
    /// In a word; none where nothing is known.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Configured(Skew::Sticky) => Some("sticky"),
            Self::Configured(Skew::Loose) => Some("loose"),
            Self::KeptConnections => Some("keep-alive"),
            Self::Open => None,
        }
    }

    /// In a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Configured(Skew::Sticky) => {
                "off, most likely because clients keep their server or pool: only new ones follow the weights"
            }
            Self::Configured(Skew::Loose) => {
                "off, most likely because of the way it chooses servers, which heeds weights only loosely"
            }
            Self::KeptConnections => {
                "off, most likely because clients keep connections from before the change: a pool that lost weight still \
                 gets more than its share"
            }
            Self::Open => "off: clients may keep their connections or their server, or somebody else splits as well",
        }
    }
}

impl Model {
    /// The likely reason why a router's counted requests are off its weights; `None` where they are not.
    pub fn likely_reason(&self, router: &RouterId) -> Option<Likely> {
        let observed = self.flight.observed(router);
        if !observed.iter().any(|(_, seen)| seen.agreement == Agreement::Off) {
            return None;
        }
        let seen = self.flight.watches.get(router).and_then(|watch| watch.last.as_ref());
        let configured = seen.and_then(|seen| seen.reading.skew).map(Likely::Configured);
        configured.or_else(|| self.keeps_connections(router, &observed)).or(Some(Likely::Open))
    }

    fn keeps_connections(&self, router: &RouterId, observed: &[(PoolId, Observed)]) -> Option<Likely> {
        let order = self.flight.session.changes.iter().rev().find_map(|change| change.order(router))?;
        let pools = || self.flight.procedure.pool_ids();
        let (before, after) = (order.bound.as_ref()?.native.shares(pools()), order.prepared.native.shares(pools()));
        let gets_too_much = |(pool, seen): &(PoolId, Observed)| {
            let [before, after, counted] = [before.of(pool), after.of(pool), seen.share].map(Share::fraction);
            let lost = before.zip(after).is_some_and(|(before, after)| after < before);
            lost && seen.agreement == Agreement::Off && counted.zip(after).is_some_and(|(gets, set)| gets > set)
        };
        observed.iter().any(gets_too_much).then_some(Likely::KeptConnections)
    }
}
