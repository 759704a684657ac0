//! Changes and steps: what was confirmed, what blocked it, and what became of it on each router.

use flightdeck::session::state::StepEnd;

use super::second::Act;
use super::*;

impl World {
    pub fn check_confirmed(
        &mut self,
        entry: &Entry,
        confirmed: &flightdeck::session::event::ChangeConfirmed,
        fold: &Session,
        decided: &Decided,
    ) {
        if !self.ledger.confirmed.insert(confirmed.change) {
            self.broke("J1", format!("{} was confirmed twice", confirmed.change));
        }
        let by_person = !matches!(confirmed.confirmation.gesture, Gesture::Guard(_));
        if by_person && !confirmed.confirmation.seen {
            self.broke("F2", "confirmed by a key from before the dialog was drawn");
        }
        let confirm = self.flown(fold).confirm;
        let asks = match confirmed.kind {
            ChangeKind::Step { .. } => confirm.shift,
            ChangeKind::OffPlan | ChangeKind::PutBack => confirm.off_plan,
            ChangeKind::Rollback { .. } => decided.rollback,
        };
        self.check_second(entry, &Act::Change(confirmed), &confirmed.second, asks == Friction::Two, decided);
        if let ChangeKind::Rollback { supersedes, .. } = &confirmed.kind {
            self.seen.mark("rollback");
            if !confirmed.waves.are_all_at_once() {
                self.broke("D5", "a rollback goes in waves");
            }
            if fold.in_flight().is_some_and(|change| change.next_wave().is_some()) {
                self.seen.mark("rollback between waves");
            }
            if supersedes.is_some() {
                self.seen.mark("superseded");
            }
            if *supersedes != fold.in_flight().map(flightdeck::session::Change::id) {
                self.broke("R4", "a rollback does not supersede what is in flight");
            }
            self.check_raises_no_new(confirmed, fold);
            let held = fold.controls.as_ref().and_then(|held| self.at(held.holder.cockpit));
            if entry.events.iter().any(|event| matches!(event, Event::ControlsTaken(_))) {
                self.seen.mark("rollback by the copilot");
                if held.is_some_and(|held| self.cockpits[held].asleep) {
                    self.seen.mark("rollback with the driver asleep");
                }
            }
            return;
        }
        if confirmed.revision != fold.revision {
            self.broke("B1", "a change was confirmed although the session had gone on since it was proposed");
        }
        if fold.in_flight().is_some() {
            self.broke("D4", "a change was confirmed while another one was in flight");
        }
        let blocks = |gate: &flightdeck::session::proposal::GateReport| {
            gate.state != GateState::Holds && !confirmed.overrides.iter().any(|each| each.gate == gate.gate)
        };
        if confirmed.gates.iter().any(blocks) || (fold.hold.is_some()) {
            self.broke("F4", "a failing gate did not block");
        }
    }

    /// A pool that got the new version and no traffic since gets none by a way back (R2).
    fn check_raises_no_new(&mut self, confirmed: &flightdeck::session::event::ChangeConfirmed, fold: &Session) {
        let procedure = self.flown(fold);
        for step in &procedure.plan {
            let StepAct::Deploy { pool, .. } = &step.act else { continue };
            let Some(done) = fold.steps.get(&step.id) else { continue };
            let had = |change: &&std::sync::Arc<flightdeck::session::Change>| change.confirmed.to.of(pool).0 > 0;
            let since = fold.changes.iter().rev().take_while(|change| change.at >= done.at);
            let is_at_zero =
                fold.expected.values().all(|native| native.shares(procedure.pool_ids()).of(pool).part == 0);
            if !matches!(done.how, StepEnd::Marked(StepMark::Done { .. } | StepMark::Acted { .. }))
                || !is_at_zero
                || since.filter(had).count() > 0
            {
                continue;
            }
            self.seen.mark("rollback after a deployment");
            if confirmed.to.of(pool).0 > 0 {
                self.broke("R2", format!("a rollback gives traffic to the new version on {pool}"));
                return;
            }
        }
    }

    pub fn check_marked(&mut self, entry: &Entry, step: &StepId, mark: &StepMark, fold: &Session, decided: &Decided) {
        match mark {
            StepMark::AlreadySo => self.seen.mark("already so"),
            StepMark::Skipped { .. } => self.seen.mark("step skipped"),
            StepMark::LeftFailed { .. } => self.broke("R7", "a step of the plan was gone on from as an act is"),
            StepMark::Acted { act } => {
                if !fold.action_run(*act).is_some_and(flightdeck::session::action::ActionRun::is_over) {
                    self.broke("D1", "a step is done by an action that is not over");
                }
            }
            StepMark::Done { gates, overrides, second, .. } => {
                self.seen.mark("step completed");
                let blocks = |gate: &flightdeck::session::proposal::GateReport| {
                    gate.state != GateState::Holds && !overrides.iter().any(|each| each.gate == gate.gate)
                };
                if gates.iter().any(blocks) || fold.hold.is_some() {
                    self.broke("F4", "a failing gate did not block a step");
                }
                let flown = self.flown(fold);
                let deploys = flown.step(step).is_some_and(|(_, step)| matches!(step.act, StepAct::Deploy { .. }));
                let asks = deploys && flown.confirm.deploy == Friction::Two;
                if matches!(second, Second::Given { .. }) {
                    self.seen.mark("two-person completed");
                }
                self.check_second(entry, &Act::Complete(step, overrides), second, asks, decided);
            }
        }
    }

    /// V1: verified was read back after the write; not sent was not sent.
    #[expect(clippy::too_many_arguments, reason = "an event taken apart, with what it is held against")]
    pub fn check_outcome(
        &mut self,
        by: CockpitId,
        change: ChangeId,
        router: &RouterId,
        attempt: u32,
        outcome: &Outcome,
        fold: &Session,
        decided: &Decided,
    ) {
        match outcome {
            Outcome::Verified => {
                self.seen.mark("verified");
                let order = fold.change(change).and_then(|change| change.order(router));
                if order.is_none() {
                    return self.broke("R5", "a change was verified that never came into the journal");
                }
                let prepared = order.map(|order| order.prepared.native.clone()).unwrap_or_default();
                let since = self.ledger.written.get(&(change, router.clone())).map_or(0, |(_, time)| *time);
                let served = self.at(by).and_then(|at| self.cockpits[at].served.get(router));
                let mut served = served.into_iter().flatten();
                if !served.any(|(_, until, native)| *until >= since && native.holds(&prepared)) {
                    self.broke("V1", "verified without a read after the write that shows it");
                }
            }
            Outcome::NotSent { .. } if self.ledger.bytes.contains(&(change, router.clone(), attempt)) => {
                self.broke("V1", "told as not sent, and a byte of it went out");
            }
            Outcome::Differs { read } => {
                self.seen.mark("differs");
                self.check_differs(by, change, router, read, fold, decided);
            }
            _ => {}
        }
    }

    /// V1 and R4: differing was read after the write, and a rollback is sent again until its deadline.
    pub fn check_differs(
        &mut self,
        by: CockpitId,
        change: ChangeId,
        router: &RouterId,
        read: &NativeSplit,
        fold: &Session,
        decided: &Decided,
    ) {
        let right = self.ledger.intents.get(&change).into_iter().flatten().rfind(|right| right.covers(router)).cloned();
        let Some(right) = right.filter(|right| right.owner == by && right.time < decided.time) else { return };
        let Some(at) = self.at(by) else { return };
        let since = self.ledger.written.get(&(change, router.clone())).map_or(0, |(_, time)| *time);
        let mut served = self.cockpits[at].served.get(router).into_iter().flatten();
        if !served.any(|(_, until, native)| *until >= since && native == read) {
            self.broke("V1", "told to differ without a read after the write that shows it");
        }
        let rolls_back =
            fold.change(change).is_some_and(|change| !change.confirmed.kind.is_forward() && change.settled.is_none());
        let deadline = right.time + millis(self.editions[0].timing.deadline);
        // A clock that was set meanwhile may have shown a time after the deadline.
        let was_set = self.cockpits[at].clock_set > right.time;
        let early = decided.time + 100 < deadline && decided.wall.0 + 100 < right.deadline.0 && !was_set;
        if rolls_back && since > 0 && early {
            self.broke("R4", "a rollback was given up before its deadline, and does not read back");
        }
    }
}
