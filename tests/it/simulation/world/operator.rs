//! Operators with random fingers: most of the time they do what the screen asks for, else anything.

use flightdeck::session::decide::second::run_target;
use flightdeck::session::decide::step::typed_for;

use super::*;

impl World {
    pub fn act(&mut self) {
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let Some(at) = self.random.pick(&awake).copied() else { return };
        self.tell(at, Msg::Ask(Ask::LookClosely));
        if self.random.chance(70) { self.do_what_is_asked(at) } else { self.do_anything(at) }
    }

    fn do_what_is_asked(&mut self, at: usize) {
        let flight = &self.cockpits[at].flight;
        let (session, me) = (&flight.session, flight.me.cockpit);
        let drives = flight.drives();
        if session.offer.as_ref().is_some_and(|offer| offer.to == me) {
            return self.ask(at, Ask::AcceptOffer);
        }
        if flight.asked_of_me().is_some() {
            return self.answer_request(at);
        }
        if session.controls.is_none() {
            let controls = flight.me.controls("nobody had the controls");
            return self.ask(at, Ask::Resume { controls, holder_gone: false });
        }
        if !drives {
            return self.copilot(at);
        }
        if session.asking.is_some() && self.random.chance(40) {
            return self.answer_asking(at);
        }
        let flight = &self.cockpits[at].flight;
        if let Some(proposing) = &flight.proposing {
            match proposing.stage {
                Stage::Ready(_) => return self.confirm(at),
                Stage::Preparing | Stage::Confirming(_) => return,
                Stage::Asking(_) => {
                    if self.random.chance(80) {
                        return;
                    }
                }
                Stage::Void { .. } | Stage::Impossible { .. } => {}
            }
        }
        let flight = &self.cockpits[at].flight;
        if flight.session.in_flight().is_some() {
            return self.settle(at);
        }
        if flight.session.hold.is_some() {
            return self.ask(at, Ask::ReleaseHold { reason: "looked".to_owned() });
        }
        // Drift may end by itself; a run of steps is over all the same.
        if !flight.session.drifted.is_empty() && flight.session.run.is_some() && self.random.chance(60) {
            return;
        }
        if !flight.session.drifted.is_empty() && self.random.chance(70) {
            return self.answer_drift(at);
        }
        if self.cockpits[at].flight.next_is_by_hand() {
            return self.complete(at);
        }
        self.ask(at, Ask::ProposeStep);
    }

    fn copilot(&mut self, at: usize) {
        let (time, flight) = (self.now(at).elapsed, &self.cockpits[at].flight);
        let grace = flight.procedure.people.grace;
        if flight.asked_for(time).is_some_and(|waited| waited >= grace || self.random.chance(20)) {
            return self.ask(at, Ask::TakeOver);
        }
        match self.random.below(10) {
            0..3 => self.ask(at, Ask::AskControls { reason: "they do not answer".to_owned() }),
            3..6 => self.confirm_run(at),
            6 => self.ask(at, Ask::Hold { reason: "look at that".to_owned() }),
            7 => self.roll_back(at),
            _ => self.confirm(at),
        }
    }

    fn do_anything(&mut self, at: usize) {
        match self.random.below(100) {
            0..8 => self.ask(at, Ask::ProposeStep),
            8..20 => self.confirm(at),
            20..23 => self.ask(at, Ask::Withdraw),
            23..30 => {
                let blue = u32::try_from(self.random.below(11)).unwrap() * 10;
                self.ask(at, Ask::ProposeShift(weights(&[("blue", blue), ("green", 100 - blue)])));
            }
            30..39 => self.roll_back(at),
            39..43 => self.complete(at),
            43..47 => self.ask(at, Ask::ToggleItem(ItemId::from("deploy/health"))),
            47..50 => self.ask(at, Ask::Hold { reason: "look at that".to_owned() }),
            50..53 => self.ask(at, Ask::ReleaseHold { reason: "looked".to_owned() }),
            53..58 => self.settle(at),
            58..60 => self.answer_drift(at),
            60 => self.ask(at, Ask::SkipStep { reason: "not today".to_owned() }),
            61 | 62 => {
                let text = format!("note {}", self.steps);
                self.ask(at, Ask::Note(text));
            }
            63..66 => self.offer(at),
            66..69 => self.answer_asking(at),
            69..72 => self.ask(at, Ask::AskControls { reason: "my turn".to_owned() }),
            72..75 => self.ask(at, Ask::TakeOver),
            75..79 => self.answer_request(at),
            79..83 => self.confirm_run(at),
            83 => self.ask(at, Ask::EndRun { why: "enough".to_owned() }),
            84..87 => {
                let confirmation = self.confirmation("reload");
                self.ask(at, Ask::ReloadProfile { confirmation });
            }
            87 => self.ask(at, Ask::Point(Some("eu-1".to_owned()))),
            88 => self.ask(at, Ask::AcceptOffer),
            89 => self.ask(at, Ask::EndOffer),
            90 => self.ask(at, Ask::LeaveSession { why: "lunch".to_owned() }),
            91 => self.ask(at, Ask::Join),
            92 => {
                if self.random.chance(6) {
                    self.ask(at, Ask::Close { outcome: "done".to_owned() });
                }
            }
            _ => {
                let quiet = 1_000 + self.random.below(3_000);
                self.pass(quiet);
            }
        }
    }

    fn confirmation(&mut self, typed: &str) -> Confirmation {
        let gesture = match self.random.below(10) {
            0..4 => Gesture::Key,
            4 => Gesture::Typed("something else".to_owned()),
            _ => Gesture::Typed(typed.to_owned()),
        };
        let seen = !self.random.chance(4);
        let mut confirmation = Confirmation::new(gesture, seen);
        if self.random.chance(8) {
            confirmation.alone = Some("nobody answers".to_owned());
        }
        confirmation
    }

    fn overrides(&mut self, at: usize, complete: bool) -> Vec<Override> {
        if self.random.chance(30) {
            return Vec::new();
        }
        let (now, flight) = (self.now(at), &self.cockpits[at].flight);
        let gates = if complete { flight.gates_to_complete(now) } else { flight.gates(now) };
        let open = gates.into_iter().filter(|report| report.state != GateState::Holds);
        open.map(|report| Override { gate: report.gate, reason: "we know".to_owned() }).collect()
    }

    pub fn confirm(&mut self, at: usize) {
        let proposing = self.cockpits[at].flight.proposing.as_ref();
        let typed = proposing.and_then(|each| each.proposal()).map(flightdeck::session::Proposal::typed_target);
        let confirmation = self.confirmation(&typed.unwrap_or_default());
        let overrides = self.overrides(at, false);
        self.ask(at, Ask::Confirm { confirmation, overrides });
    }

    fn complete(&mut self, at: usize) {
        if self.random.chance(40) {
            return self.ask(at, Ask::ToggleItem(ItemId::from("deploy/health")));
        }
        let flight = &self.cockpits[at].flight;
        let typed = flight.session.next_step(&flight.procedure.plan).map(typed_for);
        let confirmation = self.confirmation(&typed.unwrap_or_default());
        let overrides = self.overrides(at, true);
        self.ask(at, Ask::CompleteStep { confirmation, overrides });
    }

    fn roll_back(&mut self, at: usize) {
        let choice = if self.random.chance(70) { WayBackChoice::Step } else { WayBackChoice::OffNew };
        self.ask(at, Ask::ProposeRollback(choice));
        if self.random.chance(70) {
            self.pass(20);
            self.confirm(at);
        }
    }

    fn answer_request(&mut self, at: usize) {
        let Some(request) = self.cockpits[at].flight.session.request.clone() else { return };
        let id = request.asked.request;
        self.ask(at, Ask::LookAt(Some(request.asked.digest)));
        if self.random.chance(10) {
            return self.ask(at, Ask::Refuse { request: id, reason: "not yet".to_owned() });
        }
        let mut confirmation = self.confirmation(&request.asked.act.typed_target());
        if self.random.chance(60) {
            confirmation.gesture = Gesture::Typed(request.asked.act.typed_target());
        }
        confirmation.alone = None;
        let digest = if self.random.chance(6) { Digest([5; 32]) } else { request.asked.digest };
        self.ask(at, Ask::Give { request: id, digest, confirmation });
    }

    fn confirm_run(&mut self, at: usize) {
        let flight = &self.cockpits[at].flight;
        if flight.procedure.confirm.shift != Friction::Two {
            return;
        }
        let open = flight.procedure.plan.iter().filter(|step| !flight.session.steps.contains_key(&step.id));
        let shifts = open.take_while(|step| matches!(step.act, StepAct::Shift(_)));
        let steps: Vec<StepId> = shifts.map(|step| step.id.clone()).take(3).collect();
        let confirmation = Confirmation::new(Gesture::Typed(run_target(&steps)), true);
        self.ask(at, Ask::ConfirmRun { steps, confirmation });
    }

    fn offer(&mut self, at: usize) {
        let me = self.cockpits[at].flight.me.cockpit;
        let aboard = self.cockpits[at].flight.session.aboard.keys().copied();
        let others: Vec<CockpitId> = aboard.filter(|other| *other != me).collect();
        if let Some(to) = self.random.pick(&others).copied() {
            self.ask(at, Ask::Offer { to });
        }
    }

    fn answer_asking(&mut self, at: usize) {
        let asking = self.cockpits[at].flight.session.asking.as_ref().map(|asking| asking.cockpit);
        match asking {
            Some(to) if self.random.chance(60) => self.ask(at, Ask::Offer { to }),
            Some(_) | None => self.ask(at, Ask::EndAsking),
        }
    }

    fn settle(&mut self, at: usize) {
        let Some(change) = self.cockpits[at].flight.session.in_flight() else { return };
        let (id, next) = (change.id(), change.next_wave());
        if let Some(wave) = next.filter(|_| self.random.chance(70)) {
            return self.look_at_waves(at, id, wave);
        }
        let change = self.cockpits[at].flight.session.in_flight();
        let open = change.into_iter().flat_map(flightdeck::session::Change::unfinished);
        let routers: Vec<RouterId> = open.map(|(router, _)| router.clone()).collect();
        if self.random.chance(60) {
            let some = self.random.pick(&routers).cloned();
            self.ask(at, Ask::Retry(some.into_iter().collect()));
        } else {
            self.ask(at, Ask::Leave { reason: "good enough".to_owned() });
        }
    }

    /// Most waves are waited for; a hold is released, and a wave that wants a word gets it.
    fn look_at_waves(&mut self, at: usize, change: ChangeId, wave: usize) {
        if self.cockpits[at].flight.session.hold.is_some() && self.random.chance(60) {
            return self.ask(at, Ask::ReleaseHold { reason: "looked".to_owned() });
        }
        let waits = self.cockpits[at].flight.wave_waits(self.now(at));
        let wants_a_word = matches!(waits, Some(flightdeck::session::wave::Waits::Word { .. }));
        if self.random.chance(if wants_a_word { 90 } else { 20 }) {
            let me = self.cockpits[at].flight.me.cockpit;
            self.ledger.waves_asked.insert((me, change, wave));
            self.ask(at, Ask::SendWave);
        }
    }

    fn answer_drift(&mut self, at: usize) {
        let drifted = self.cockpits[at].flight.session.drifted.iter().next();
        let Some((router, drifted)) = drifted.map(|(router, drifted)| (router.clone(), drifted.clone())) else {
            return;
        };
        if self.random.chance(60) {
            self.ask(at, Ask::ProposePutBack(router));
        } else {
            self.ask(at, Ask::AcceptDrift { router, read: drifted.read, reason: "known".to_owned() });
        }
    }
}
