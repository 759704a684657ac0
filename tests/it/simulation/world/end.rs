//! The end: all faults are over, time passes, and then nothing may be open without a word.

use super::store::Mood;
use super::*;

impl World {
    /// Heals everything, lets it settle, and holds what there is against what there must be.
    pub fn heal_and_settle(&mut self) {
        if self.broken.is_some() {
            return;
        }
        self.heal();
        self.pass(3_000);
        self.spills_come_back();
        self.pass(14_000);
        if !self.store.fold.is_open() || self.broken.is_some() {
            return;
        }
        self.check_journal_reached();
        self.check_every_word();
        self.check_spills();
        self.count_the_words();
        self.resolve_at_last();
        self.check_commands_ended();
        self.walk_back_in_stages();
        self.roll_back_once_more();
        self.fly_the_acts();
    }

    fn heal(&mut self) {
        self.healed = true;
        self.store.mood = Mood::Well;
        for router in self.routers.values_mut() {
            router.go_on();
            router.down.fill(false);
        }
        self.revive_routers();
        for cockpit in &mut self.cockpits {
            cockpit.mute = false;
            if cockpit.skew.abs() >= 1_000 {
                (cockpit.skew, cockpit.clock_set) = (cockpit.skew % 1_000, self.time);
            }
        }
        for at in self.alive() {
            self.reconnect(at);
            self.wake(at);
        }
        self.revive();
        self.pass(500);
        // Somebody drives: readings are noted by the driver.
        let driver = self.store.fold.controls.as_ref().and_then(|held| self.at(held.holder.cockpit));
        if driver.is_none_or(|driver| !self.cockpits[driver].alive) {
            for at in self.alive() {
                let flight = &self.cockpits[at].flight;
                if flight.me.seat == Seat::Operator && driver.is_none() {
                    let controls = flight.me.controls("nobody had the controls");
                    self.ask(at, Ask::Resume { controls, holder_gone: false });
                    break;
                }
            }
        }
    }

    /// A host with several spills has them found one after the other.
    fn spills_come_back(&mut self) {
        for _ in 0..4 {
            for at in self.alive() {
                self.find_spill(at);
            }
            self.pass(1_500);
        }
    }

    /// J1, J2: everything is in the journal, and every cockpit has the journal's session.
    fn check_journal_reached(&mut self) {
        for at in self.alive() {
            let flight = &self.cockpits[at].flight;
            if flight.link.is_busy() || flight.link.down.is_some() {
                let down = flight.link.down.clone();
                return self.broke("J1", format!("cockpit {at} waits for a journal that answers: {down:?}"));
            }
            if flight.kept_session().head != self.store.fold.head {
                return self.broke("J2", format!("cockpit {at} does not have the whole journal"));
            }
            if *flight.kept_session() != self.store.fold {
                return self.broke("J2", format!("the session of cockpit {at} is not the fold of what is kept"));
            }
        }
    }

    /// V3: no router is without a word, and what differs is said.
    fn check_every_word(&mut self) {
        let fold = &self.store.fold;
        let Some(driver) = fold.controls.as_ref().and_then(|held| self.at(held.holder.cockpit)) else { return };
        if !self.cockpits[driver].alive || !fold.baseline {
            return;
        }
        let mut broken = None;
        if let Some(change) = fold.in_flight() {
            for (router, known) in change.unfinished() {
                if known.and_then(|known| known.outcome.as_ref()).is_none_or(Outcome::is_open) {
                    broken = Some(format!("{router} never got its word about {}: {known:?}", change.id()));
                }
            }
        }
        for (router, simulated) in self.routers.iter().filter(|(router, _)| !self.leaving.out.contains(*router)) {
            let expected = fold.expected.get(router);
            let holds = expected.is_some_and(|expected| simulated.native().holds(expected));
            let unfinished =
                fold.in_flight().is_some_and(|change| change.unfinished().any(|(other, _)| other == router));
            if !holds && !fold.drifted.contains_key(router) && !unfinished {
                broken =
                    Some(format!("{router} has {:?} and nobody says so; expected {expected:?}", simulated.weights));
            }
        }
        if let Some(what) = broken {
            self.broke("V3", what);
        }
    }

    /// R5: what was decided beside the journal is in it.
    fn check_spills(&mut self) {
        let changes = |spill: &SpillMerged| -> Vec<ChangeId> {
            let events = spill.entries.iter().flat_map(|entry| &entry.events);
            let confirmed = events.filter_map(|event| match event {
                Event::ChangeConfirmed(confirmed) => Some(confirmed.change),
                _ => None,
            });
            confirmed.collect()
        };
        for at in 0..self.cockpits.len() {
            let cockpit = &self.cockpits[at];
            let beside = cockpit.flight.spill.as_ref().filter(|_| cockpit.alive).map(|spill| &spill.merged);
            let lost: Vec<ChangeId> = [cockpit.spill.as_ref(), beside]
                .into_iter()
                .flatten()
                .flat_map(changes)
                .filter(|change| self.store.fold.change(*change).is_none())
                .collect();
            if let Some(change) = lost.first() {
                return self.broke("R5", format!("{change} is beside the journal and never came into it"));
            }
        }
    }

    /// R3, R4: from wherever it is, any operator: R, one more key, and the routers have it.
    fn roll_back_once_more(&mut self) {
        if self.broken.is_some() {
            return;
        }
        let operators: Vec<usize> =
            self.alive().into_iter().filter(|at| self.cockpits[*at].flight.me.seat == Seat::Operator).collect();
        let Some(at) = self.random.pick(&operators).copied() else { return };
        // Who waits for another person stops waiting first, as a person does with one key.
        self.ask(at, Ask::Withdraw);
        self.pass(100);
        self.ask(at, Ask::ProposeRollback(WayBackChoice::Step));
        self.pass(100);
        let proposing = self.cockpits[at].flight.proposing.as_ref().filter(|each| each.is_rollback());
        let Some(proposal) = proposing.and_then(|each| each.proposal()).cloned() else { return };
        let holds = |order: &flightdeck::session::proposal::RouterOrder| {
            self.routers[&order.router].native().holds(&order.prepared.native)
        };
        let idle = self.store.fold.in_flight().is_none() && proposal.routers.iter().all(holds);
        let mut confirmation = Confirmation::new(Gesture::Typed(proposal.typed_target()), true);
        let flown = &self.cockpits[at].flight.procedure;
        if flown.confirm.rollback == Friction::Two {
            if !flown.people.break_glass {
                return;
            }
            confirmation.alone = Some("nobody answers".to_owned());
        }
        self.ask(at, Ask::Confirm { confirmation, overrides: Vec::new() });
        self.pass(7_000);
        let lacks =
            proposal.routers.iter().find(|order| !self.routers[&order.router].native().holds(&order.prepared.native));
        if let Some(order) = lacks {
            let router = order.router.clone();
            return self.broke("R4", format!("{router} does not have the rollback's weights"));
        }
        let last = self.store.fold.changes.last().map(|change| change.settled.as_ref().map(|(_, how)| how.clone()));
        if !idle && last != Some(Some(Settlement::Verified)) {
            self.broke("R3", format!("a rollback on healthy routers did not verify: {last:?}"));
        }
    }
}
