//! What must be true when the first byte of a write goes out.

use super::*;

impl World {
    /// What must be true at the moment at which the first byte of a write goes out.
    pub fn check_write(&mut self, at: usize, send: &Send) {
        let (now, id) = (self.now(at), self.cockpits[at].flight.me.cockpit);
        let Some(change) = self.cockpits[at].flight.session.change(send.change).cloned() else {
            return self.broke("D1", "a change was sent that its cockpit's session does not know");
        };
        let forward = change.confirmed.kind.is_forward();
        let kept = |entry: &EntryId| self.store.ids.contains(entry);
        let rights: Vec<_> = self.ledger.intents.get(&send.change).into_iter().flatten().collect();
        let mine: Vec<_> = rights.iter().filter(|right| right.owner == id && right.covers(&send.router)).collect();
        let others = rights.iter().any(|right| right.owner != id);
        let recorded: Vec<_> = mine.iter().filter(|right| (!forward && !right.kept) || kept(&right.entry)).collect();
        let in_time = recorded.iter().any(|right| now.wall <= right.deadline);
        let broken = match (recorded.is_empty(), in_time) {
            (true, _) if mine.is_empty() && others => Some(("C4", "a cockpit sent what another one decided")),
            (true, _) if forward => Some(("D1", "a byte went out without a kept intent of this cockpit")),
            (true, _) => Some(("R5", "a rollback went out that is neither kept nor spilled nor told as not recorded")),
            (false, false) => Some(("D3", "a byte went out after the deadline of its intent")),
            (false, true) => None,
        };
        if let Some((rule, what)) = broken {
            return self.broke(rule, what);
        }
        let by_person = !matches!(change.confirmed.confirmation.gesture, Gesture::Guard(_));
        if by_person && !change.confirmed.confirmation.seen {
            self.broke("F2", "a change was sent whose dialog was never on the screen");
        }
        if change.order(&send.router).map(|order| &order.prepared) != Some(&send.prepared) {
            self.broke("B1", "something else was sent than was confirmed");
        }
        self.check_byte(send, forward);
        if !forward {
            return;
        }
        self.check_barrier(send, &change);
        if change.settled.is_some() {
            self.broke("R4", "a forward change was sent on by a cockpit that knew that it was over");
        }
        let over = self.store.fold.change(send.change).and_then(|change| change.settled.clone());
        if over.is_some_and(|(_, how)| !matches!(how, Settlement::Superseded { .. })) {
            self.broke("D3", "a forward change was sent after the journal had it for over");
        }
        let other = self.store.fold.in_flight().filter(|other| other.id() != send.change);
        if other.is_some_and(|other| other.confirmed.kind.is_forward()) {
            self.broke("D4", "a forward change was sent while another one was in flight");
        }
    }
}
