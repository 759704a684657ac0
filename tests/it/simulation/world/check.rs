//! The invariants, each named after its rule.

use super::*;

impl World {
    /// What must be true at the moment at which the first byte of a write goes out.
    pub(super) fn check_write(&self, cockpit: CockpitId, send: &Send) {
        let spilled = self.spill.iter().flat_map(|spill| &spill.entries).chain(&self.unrecorded);
        let merged = self.store.iter().flat_map(|entry| &entry.events).filter_map(|event| match event {
            Event::SpillMerged(merged) => Some(&merged.entries),
            _ => None,
        });
        let spilled = spilled.chain(merged.flatten()).flat_map(|entry| &entry.events);
        let intent = self.store.iter().flat_map(|entry| &entry.events).chain(spilled).any(|event| match event {
            Event::ChangeDispatched { change, owner, deadline, .. } => {
                *change == send.change && *owner == cockpit && self.now().wall <= *deadline
            }
            Event::ChangeRetried { change, owner, deadline, routers, .. } => {
                *change == send.change
                    && *owner == cockpit
                    && self.now().wall <= *deadline
                    && routers.contains(&send.router)
            }
            _ => false,
        });
        if !intent {
            self.fail("D1", "a byte went out without a kept intent of this cockpit, or after its deadline");
        }
        let Some(change) = self.flight.session.change(send.change) else {
            self.fail("D1", "a change was sent that the session does not know");
        };
        if change.confirmed.kind.is_forward() && change.settled.is_some() {
            self.fail("R4", "a forward change was sent after it was over");
        }
        if !change.confirmed.confirmation.seen {
            self.fail("F2", "a change was sent whose dialog was never on the screen");
        }
        if change.order(&send.router).map(|order| &order.prepared) != Some(&send.prepared) {
            self.fail("B1", "something else was sent than was confirmed");
        }
    }

    pub(super) fn check_event(&mut self, event: &Event) {
        match event {
            Event::RouterAnswered { change, router, outcome, .. } => match outcome {
                Outcome::Verified => {
                    self.seen.mark("verified");
                    let session = self.folded();
                    let order = session.change(*change).and_then(|change| change.order(router)).cloned();
                    let prepared = order.map(|order| order.prepared.native).unwrap_or_default();
                    let since = self.written.get(&(*change, router.clone())).copied().unwrap_or(0);
                    let served = self.served.get(router).into_iter().flatten();
                    if !served.clone().any(|(_, until, native)| *until >= since && native.holds(&prepared)) {
                        self.fail("V1", "verified without a read after the write that shows it");
                    }
                }
                Outcome::Differs { .. } => self.seen.mark("differs"),
                _ => {}
            },
            Event::ChangeConfirmed(confirmed) => {
                if !confirmed.confirmation.seen {
                    self.fail("F2", "confirmed by a key from before the dialog was drawn");
                }
                if let ChangeKind::Rollback { supersedes, .. } = &confirmed.kind {
                    self.seen.mark("rollback");
                    if supersedes.is_some() {
                        self.seen.mark("superseded");
                    }
                } else if confirmed.gates.iter().any(|gate| {
                    gate.state != GateState::Holds && !confirmed.overrides.iter().any(|each| each.gate == gate.gate)
                }) {
                    self.fail("F4", "a failing gate did not block");
                }
            }
            Event::LateEffect { .. } => self.seen.mark("late effect"),
            Event::DriftNoticed { .. } => self.seen.mark("drift noticed"),
            Event::DriftEnded { .. } => self.seen.mark("drift ended"),
            Event::DriftAccepted { .. } => self.seen.mark("drift accepted"),
            Event::ChangeRetried { .. } => self.seen.mark("retried"),
            Event::ChangeSettled { how: Settlement::Left { .. }, .. } => self.seen.mark("left"),
            Event::ChangeSettled { how: Settlement::NothingSent, .. } => self.seen.mark("nothing sent"),
            Event::StepMarked { mark: StepMark::AlreadySo, .. } => self.seen.mark("already so"),
            Event::PoolDrained { .. } => self.seen.mark("drained"),
            _ => {}
        }
    }

    pub(super) fn folded(&self) -> Session {
        let mut session = Session::default();
        for entry in &self.store {
            let stamp =
                Stamp { number: entry.number, at: entry.at, actor: entry.actor.clone(), cockpit: entry.cockpit };
            session.apply_entry(&stamp, &entry.events);
        }
        session
    }

    pub(super) fn check_fold(&self) {
        let mut session = Session::default();
        for entry in self.store.iter().take_while(|entry| entry.number <= self.flight.kept_session().head) {
            let stamp =
                Stamp { number: entry.number, at: entry.at, actor: entry.actor.clone(), cockpit: entry.cockpit };
            session.apply_entry(&stamp, &entry.events);
        }
        if session != *self.flight.kept_session() {
            self.fail("J2", "the session is not the fold of what is kept");
        }
    }

    /// All faults end; then nothing may stay open without a word, and what differs must be said.
    pub fn heal_and_settle(&mut self) {
        self.mood = StoreMood::Well;
        let time = self.time;
        for router in self.routers.values_mut() {
            router.go_on();
            if router.dead {
                router.restart(time);
            }
        }
        self.touch_all();
        for _ in 0..60 {
            self.pass(1_000);
        }
        self.check_fold();
        if self.flight.link.is_busy() || self.flight.link.down.is_some() {
            self.fail(
                "J1",
                &format!("something is still on its way into a journal that answers: {:?}", self.flight.link),
            );
        }
        if let Some(change) = self.flight.session.in_flight() {
            for (router, known) in change.unfinished() {
                let open = known.and_then(|known| known.outcome.as_ref()).is_none_or(Outcome::is_open);
                if open {
                    self.fail("V3", &format!("{router} never got its word: {known:?}, {:#?}", self.flight.executing));
                }
            }
        }
        for (router, simulated) in &self.routers {
            let expected = self.flight.session.expected.get(router);
            let holds = expected.is_some_and(|expected| simulated.native().holds(expected));
            let said = self.flight.session.drifted.contains_key(router)
                || self
                    .flight
                    .session
                    .in_flight()
                    .is_some_and(|change| change.unfinished().any(|(unfinished, _)| unfinished == router));
            if !holds && !said {
                self.fail(
                    "V3",
                    &format!(
                        "{router} has {:?} and nobody says so; expected {expected:?}, drives {}, open {}, executing {:#?}",
                        simulated.weights,
                        self.flight.drives(),
                        self.flight.session.is_open(),
                        self.flight.executing,
                    ),
                );
            }
        }
        self.roll_back_once_more();
    }

    /// From wherever it is: R, one more key, and the routers have it (R3).
    pub(super) fn roll_back_once_more(&mut self) {
        self.ask(Ask::ProposeRollback(WayBackChoice::Step));
        self.pass(100);
        let Some(proposal) = self.flight.proposing.as_ref().and_then(|each| each.proposal()).cloned() else { return };
        if !matches!(proposal.kind, ChangeKind::Rollback { .. }) {
            return;
        }
        let holds = |order: &flightdeck::session::proposal::RouterOrder| {
            self.routers[&order.router].native().holds(&order.prepared.native)
        };
        let idle = self.flight.session.in_flight().is_none() && proposal.routers.iter().all(holds);
        self.ask(Ask::Confirm { confirmation: Confirmation::new(Gesture::Key, true), overrides: Vec::new() });
        self.pass(8_000);
        for order in &proposal.routers {
            let simulated = &self.routers[&order.router];
            if !simulated.native().holds(&order.prepared.native) {
                self.fail("R4", &format!("{} does not have the rollback's weights", order.router));
            }
        }
        let last = self.flight.session.changes.last().map(|change| change.settled.as_ref().map(|(_, how)| how.clone()));
        if !idle && last != Some(Some(Settlement::Verified)) {
            self.fail("R3", &format!("a rollback on healthy routers did not verify: {last:?}"));
        }
    }
}
