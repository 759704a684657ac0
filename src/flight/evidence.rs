//! What is known now: evidence for the gates.

use super::Flight;
use crate::domain::Now;
use crate::session::command::Evidence;
use crate::session::proposal::Bound;

impl Flight {
    /// What is known now, for the gates.
    pub fn evidence(&self, now: Now) -> Evidence {
        let mut evidence =
            Evidence { soak: self.soak.as_ref().map(super::soak::Soak::evidence), ..Evidence::default() };
        evidence.present = self.present(now.elapsed).map(|presence| presence.cockpit).collect();
        evidence.signers.clone_from(&self.keys.checked);
        evidence.own_key.clone_from(&self.me.key);
        let fresh =
            || self.watches.iter().filter_map(|(router, watch)| Some((router, &watch.fresh(now.elapsed)?.reading)));
        // Made of what stands in order already, not one by one: the routers may be many.
        evidence.readings = fresh().map(|(router, reading)| (router.clone(), Bound::of(reading))).collect();
        let servers = fresh().flat_map(|(router, reading)| {
            self.procedure.pool_ids().map(move |pool| {
                let totals = reading.totals(pool);
                ((router.clone(), pool.clone()), (totals.up, totals.servers))
            })
        });
        evidence.servers = servers.collect();
        evidence.traffic = self.traffic();
        for (pool, drain) in &self.drains {
            evidence.drains.insert(pool.clone(), (drain.state, self.drain_words(drain)));
        }
        evidence
    }
}
