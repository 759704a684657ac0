//! C1 to C4, S2: who holds the controls, how they change hands, and a clock that means something.

use super::*;

impl World {
    /// C3 and D3: controls are taken from silence, after the grace, and not while an intent may live.
    pub fn check_silence(&mut self, taker: CockpitId, decided: &Decided, fold: &Session) {
        self.seen.mark("taken over");
        let people = self.editions[0].people;
        let (silence, away) = (millis(people.silence), millis(people.away));
        let asked = self.ledger.asking.filter(|(asker, _)| *asker == taker);
        let waited = asked.map(|(_, since)| decided.time.saturating_sub(since));
        if waited.is_none_or(|waited| waited < millis(people.grace)) {
            self.broke("C3", "controls were taken over before the grace was over");
        }
        if decided.heard.is_some_and(|(heard, touched)| decided.time - heard < silence && decided.time - touched < away)
        {
            self.broke("C3", "controls were taken from a holder who is there");
        }
        let timing = self.editions[0].timing;
        let alive = millis(timing.deadline) + millis(timing.router_timeout);
        let in_flight = fold.in_flight().map(flightdeck::session::Change::id);
        // What another cockpit decided beside the journal nobody can know before it is merged (R5).
        let rights = in_flight.and_then(|change| self.ledger.intents.get(&change));
        let newest = rights.and_then(|rights| rights.iter().rev().find(|right| right.kept));
        if newest.is_some_and(|right| right.owner != taker && decided.time < right.time + alive) {
            self.broke("D3", "controls were taken while an intent of another cockpit may still be sent");
        }
    }

    /// C1, C2, S2: who moves forward has the controls at this place of the journal, and a clock that means something.
    pub fn check_controls(
        &mut self,
        entry: &Entry,
        event: &Event,
        fold: &Session,
        decided: &Decided,
        rolls_back: bool,
    ) {
        let holds = fold.drives(entry.cockpit);
        let epoch_of = |change: ChangeId| fold.change(change).map(|change| change.confirmed.kind.is_forward());
        let forward = match event {
            Event::ChangeConfirmed(confirmed) => confirmed.kind.is_forward(),
            Event::ChangeDispatched { change, owner, epoch, .. }
            | Event::WaveDispatched { change, owner, epoch, .. }
            | Event::ChangeRetried { change, owner, epoch, .. } => {
                if *owner != entry.cockpit {
                    self.broke("C4", "an intent names another cockpit than the one that appended it");
                }
                let is_forward = epoch_of(*change).unwrap_or(false);
                if is_forward && fold.controls.as_ref().map(|held| held.epoch) != Some(*epoch) {
                    self.broke("C1", "an intent names another epoch than the one that it was kept in");
                }
                is_forward
            }
            Event::ChangeSettled { how: Settlement::Left { .. }, .. }
            | Event::RouterExcluded(_)
            | Event::DriftAccepted { .. }
            | Event::HoldReleased { .. }
            | Event::ProfileReloaded { .. }
            | Event::ControlsOffered { .. }
            | Event::BaselineAccepted { .. }
            | Event::SessionClosed { .. } => true,
            // The end of an action is its step's: whoever started it says so.
            Event::StepMarked { mark, .. } => !matches!(mark, StepMark::Acted { .. }),
            Event::ActionStarting(intent) => !intent.unwinds,
            Event::ControlsTaken(taken) => {
                self.check_taken(entry, taken, fold, decided, rolls_back);
                return;
            }
            _ => false,
        };
        if forward && !holds {
            self.broke("C2", format!("who does not have the controls moved forward: {event:?}"));
        }
        if forward && decided.skew_ms > 30_000 {
            self.broke("S2", "a clock far off moved something forward");
        }
    }

    /// C3, C4: how controls may change hands.
    pub fn check_taken(
        &mut self,
        entry: &Entry,
        taken: &flightdeck::session::event::ControlsTaken,
        fold: &Session,
        decided: &Decided,
        rolls_back: bool,
    ) {
        if taken.cockpit != entry.cockpit {
            self.broke("C1", "controls were taken for another cockpit");
        }
        let Some(held) = &fold.controls else { return };
        if rolls_back || held.holder.cockpit == entry.cockpit {
            return;
        }
        let forward = fold.in_flight().is_some_and(|change| change.confirmed.kind.is_forward());
        if fold.offer.as_ref().is_some_and(|offer| offer.to == entry.cockpit) && taken.why.starts_with("handed over") {
            self.seen.mark("handed over");
            if forward {
                self.broke("C3", "controls were handed over while a forward change was in flight");
            }
        } else if taken.why.contains("was silent") {
            self.check_silence(entry.cockpit, decided, fold);
        } else {
            self.seen.mark("taken from a dead process");
            let dead = self.at(held.holder.cockpit).is_some_and(|at| !self.cockpits[at].alive);
            let same_host = held.holder.process.host == taken.process.host;
            if !dead || !same_host {
                self.broke("C4", "controls were taken from a process that is not provably gone");
            }
        }
    }
}
