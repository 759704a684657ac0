//! D5: waves, by a naive account of what is verified, of what came between, and of who asked.

use super::check::millis;
use super::ledger::Decided;
use super::*;

impl World {
    /// What must be true of the intent of a later wave at its place in the journal.
    pub fn check_wave(&mut self, entry: &Entry, id: ChangeId, wave: u32, fold: &Session, decided: &Decided) {
        let Some(change) = fold.change(id).cloned() else {
            return self.broke("D5", "a wave of a change that nobody confirmed");
        };
        let index = usize::try_from(wave).unwrap() - 1;
        if change.settled.is_some() {
            self.broke("D5", "a wave of a change that is over");
        }
        if fold.hold.is_some() {
            self.broke("D5", "a wave went out during a hold");
        }
        if !fold.drifted.is_empty() {
            self.broke("D5", "a wave went out while a router differed from the plan");
        }
        let earlier = change.confirmed.waves.iter().take(index).flatten();
        let earlier: Vec<RouterId> = earlier.filter(|router| !self.leaving.out.contains(*router)).cloned().collect();
        let since: Vec<Option<u64>> =
            earlier.iter().map(|router| self.ledger.whole.get(&(id, router.clone())).copied()).collect();
        if since.iter().any(Option::is_none) {
            self.broke("D5", "a wave was decided before every router of the earlier ones was verified");
        }
        let last = since.into_iter().flatten().max().unwrap_or_default();
        // Without a pause the last word and the next intent may stand in one entry.
        let between = millis(change.confirmed.waves.between());
        if between > 0 && decided.time < last + between {
            self.broke("D5", "a wave was decided before the pause was over");
        }
        let asked = self.ledger.waves_asked.contains(&(entry.cockpit, id, index));
        let epoch = fold.controls.as_ref().map(|held| held.epoch);
        let same = change.intent.is_some_and(|last| last.owner == entry.cockpit && Some(last.epoch) == epoch);
        let stopped = self.ledger.stopped.contains(&id);
        if (!same || stopped) && !asked {
            self.broke("D5", "a wave went out by itself although something came between");
        }
        if !same || stopped {
            self.seen.mark("wave sent by a key");
        }
        if change.outcomes.values().any(|known| known.attempt > 1) {
            self.seen.mark("wave after a retry");
        }
    }

    pub fn account_of_waves(&mut self, event: &Event, fold: &Session) {
        match event {
            Event::RouterAnswered { change, router, outcome, .. } => {
                let key = (*change, router.clone());
                match outcome {
                    Outcome::Verified => _ = self.ledger.whole.entry(key).or_insert(self.time),
                    Outcome::NotSent { .. }
                    | Outcome::Differs { .. }
                    | Outcome::Moved { .. }
                    | Outcome::Failed { .. } => {
                        self.ledger.whole.remove(&key);
                        self.ledger.stopped.insert(*change);
                    }
                    Outcome::Accepted | Outcome::Unknown { .. } => _ = self.ledger.whole.remove(&key),
                }
            }
            Event::DriftNoticed { .. } => {
                self.ledger.stopped.extend(fold.in_flight().map(flightdeck::session::Change::id));
            }
            Event::ChangeRetried { change, routers, .. } => {
                self.ledger.stopped.remove(change);
                for router in routers {
                    self.ledger.whole.remove(&(*change, router.clone()));
                }
            }
            Event::WaveDispatched { change, .. } => _ = self.ledger.stopped.remove(change),
            Event::ChangeSettled { change, how: Settlement::Left { .. } }
                if fold.change(*change).is_some_and(|change| change.next_wave().is_some()) =>
            {
                self.seen.mark("left between waves");
            }
            _ => {}
        }
    }

    /// No byte to a later wave before every router of the earlier ones is verified.
    pub fn check_barrier(&mut self, send: &Send, change: &flightdeck::session::Change) {
        let waves = &change.confirmed.waves;
        let own = waves.iter().position(|wave| wave.contains(&send.router)).unwrap_or_default();
        let earlier = waves.iter().take(own).flatten();
        let mut earlier = earlier.filter(|router| !self.leaving.out.contains(*router));
        if !earlier.all(|router| self.ledger.whole.contains_key(&(send.change, router.clone()))) {
            self.broke("D5", "a byte went to a wave before every router of the earlier ones was verified");
        }
    }
}
