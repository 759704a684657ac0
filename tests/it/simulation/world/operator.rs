//! The operator with random fingers, the hands outside, and the crash.

use super::*;

impl World {
    pub(super) fn act(&mut self) {
        match self.random.below(100) {
            0..12 => self.ask(Ask::ProposeStep),
            12..34 => self.confirm(),
            34..36 => self.ask(Ask::Withdraw),
            36..42 => {
                let blue = u32::try_from(self.random.below(11)).unwrap() * 10;
                self.ask(Ask::ProposeShift(weights(&[("blue", blue), ("green", 100 - blue)])));
            }
            42..48 => {
                let choice = if self.random.chance(70) { WayBackChoice::Step } else { WayBackChoice::OffNew };
                self.ask(Ask::ProposeRollback(choice));
            }
            48..54 => {
                let confirmation = self.confirmation("blue");
                let overrides = self.overrides(true);
                self.ask(Ask::CompleteStep { confirmation, overrides });
            }
            54..58 => self.ask(Ask::ToggleItem(ItemId::from("deploy/health"))),
            58..60 => self.ask(Ask::Hold { reason: "look at that".to_owned() }),
            60..63 => self.ask(Ask::ReleaseHold { reason: "looked".to_owned() }),
            63..69 => self.settle(),
            69..73 => self.answer_drift(),
            73 => self.ask(Ask::SkipStep { reason: "not today".to_owned() }),
            74 => self.ask(Ask::Note("a note".to_owned())),
            75..79 => self.foreign_change(),
            79..83 => self.with_router(|router, _| router.stopped = true),
            83..90 => self.with_router(|router, _| router.go_on()),
            90 => self.restart(),
            91 => self.with_router(|router, _| router.dead = true),
            92..95 => self.restart_dead(),
            95..98 => {
                self.mood = match self.random.below(5) {
                    0 => StoreMood::Unavailable,
                    1 => StoreMood::LosesAnswers,
                    _ => StoreMood::Well,
                };
            }
            98 => self.crash(),
            _ => {
                let quiet = 5_000 + self.random.below(5_000);
                self.pass(quiet);
            }
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.tell(Msg::Ask(ask));
    }

    pub(super) fn confirmation(&mut self, typed: &str) -> Confirmation {
        let gesture = if self.random.chance(50) { Gesture::Key } else { Gesture::Typed(typed.to_owned()) };
        Confirmation::new(gesture, !self.random.chance(10))
    }

    pub(super) fn overrides(&mut self, complete: bool) -> Vec<Override> {
        if self.random.chance(40) {
            return Vec::new();
        }
        let now = self.now();
        let gates = if complete { self.flight.gates_to_complete(now) } else { self.flight.gates(now) };
        gates
            .into_iter()
            .filter(|report| report.state != GateState::Holds)
            .map(|report| Override { gate: report.gate, reason: "we know".to_owned() })
            .collect()
    }

    pub(super) fn confirm(&mut self) {
        let typed = self
            .flight
            .proposing
            .as_ref()
            .and_then(|each| each.proposal())
            .map(flightdeck::session::Proposal::typed_target);
        let confirmation = self.confirmation(&typed.unwrap_or_default());
        let overrides = self.overrides(false);
        self.ask(Ask::Confirm { confirmation, overrides });
    }

    pub(super) fn settle(&mut self) {
        let Some(change) = self.flight.session.in_flight() else { return };
        let routers: Vec<RouterId> = change.unfinished().map(|(router, _)| router.clone()).collect();
        if self.random.chance(60) {
            let some = self.random.pick(&routers).cloned();
            self.ask(Ask::Retry(some.into_iter().collect()));
        } else {
            self.ask(Ask::Leave { reason: "good enough".to_owned() });
        }
    }

    pub(super) fn answer_drift(&mut self) {
        let Some((router, drifted)) =
            self.flight.session.drifted.iter().next().map(|(router, drifted)| (router.clone(), drifted.clone()))
        else {
            return;
        };
        if self.random.chance(50) {
            self.ask(Ask::ProposePutBack(router));
        } else {
            self.ask(Ask::AcceptDrift { router, read: drifted.read, reason: "known".to_owned() });
        }
    }

    pub(super) fn with_router(&mut self, act: impl FnOnce(&mut Router, u64)) {
        let names: Vec<RouterId> = self.routers.keys().cloned().collect();
        let time = self.time;
        if let Some(name) = self.random.pick(&names)
            && let Some(router) = self.routers.get_mut(name)
        {
            act(router, time);
        }
    }

    pub(super) fn touch_all(&mut self) {
        for router in self.routers.keys() {
            self.touched.insert(router.clone(), self.time);
        }
    }

    pub(super) fn foreign_change(&mut self) {
        let blue = u32::try_from(self.random.below(101)).unwrap();
        self.touch_all();
        self.with_router(|router, _| {
            if !router.stopped && !router.dead {
                router.weights = vec![blue, 100 - blue];
            }
        });
    }

    pub(super) fn restart(&mut self) {
        self.touch_all();
        self.with_router(Router::restart);
    }

    pub(super) fn restart_dead(&mut self) {
        self.touch_all();
        let time = self.time;
        for router in self.routers.values_mut().filter(|router| router.dead) {
            router.restart(time);
        }
    }

    /// `kill -9`: what was not sent is never sent; an append on its way may or may not be kept. Then it is opened again.
    pub(super) fn crash(&mut self) {
        if self.store.is_empty() || self.mood != StoreMood::Well {
            return;
        }
        if self.flight.session.in_flight().is_some() {
            self.seen.mark("crash in flight");
        }
        self.cockpits += 1;
        let me = me(self.cockpits);
        let pause = self.random.below(500);
        // Appends of the dead process that are still on their way land or are lost before it is opened again.
        let old = self.cockpit();
        self.flight = Flight::new(me.clone(), self.flight.id, Session::default(), self.procedure.clone());
        let appends: Vec<(u64, u64)> = self
            .due
            .iter()
            .filter(|(_, due)| matches!(due, Due::ServeAppend(cockpit, _) if *cockpit == old))
            .map(|(key, _)| *key)
            .collect();
        for key in appends {
            if let Some(due) = self.due.remove(&key)
                && self.random.chance(50)
            {
                self.happen(due);
            }
        }
        self.time += pause;
        let session = self.folded();
        self.flight = Flight::new(me.clone(), self.flight.id, session, self.procedure.clone());
        let controls = me.controls("the process before is gone");
        if let Some(spill) = self.spill.clone() {
            self.tell(Msg::SpillFound(Box::new(spill)));
        }
        self.ask(Ask::Resume { controls, holder_gone: true });
    }
}
