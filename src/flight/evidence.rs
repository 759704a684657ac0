//! What is known now: evidence for the gates.

use super::Flight;
use crate::domain::Now;
use crate::session::command::Evidence;

impl Flight {
    /// What is known now, for the gates.
    pub fn evidence(&self, now: Now) -> Evidence {
        let mut evidence =
            Evidence { soak: self.soak.as_ref().map(super::soak::Soak::evidence), ..Evidence::default() };
        evidence.present = self.present(now.elapsed).map(|presence| presence.cockpit).collect();
        evidence.signers.clone_from(&self.keys.checked);
        evidence.own_key.clone_from(&self.me.key);
        evidence.checks = self.check_evidence(now.elapsed);
        evidence.version = self.version_seen(now.elapsed);
        let fresh = self.watches.iter().filter_map(|(router, watch)| Some((router, watch.fresh(now.elapsed)?)));
        // Shared, and made of what stands in order already: the routers may be many.
        evidence.readings = fresh.map(|(router, seen)| (router.clone(), seen.reading.clone())).collect();
        evidence.traffic = self.traffic();
        for (pool, drain) in &self.drains {
            evidence.drains.insert(pool.clone(), (drain.state, self.drain_words(drain)));
        }
        evidence.guards =
            self.guards.iter().map(|(guard, watch)| (guard.clone(), (watch.gate(), watch.words()))).collect();
        evidence
    }
}
