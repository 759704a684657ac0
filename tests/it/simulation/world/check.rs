//! The rules, each by its name: at the moment of deciding, of keeping, and of the first byte.

use super::ledger::{Asked, Decided, Given, RunNow, ends_run, moves};
use super::*;

/// An act that may ask two people.
enum Act<'a> {
    Change(&'a flightdeck::session::event::ChangeConfirmed),
    Complete(&'a StepId, &'a [Override]),
    Reload(Digest),
}

impl World {
    /// Notes what is true when an entry leaves its cockpit; it counts once the entry is kept.
    pub fn check_decided(&mut self, at: usize, entry: &Entry) {
        if self.ledger.decided.contains_key(&entry.id) {
            return;
        }
        let (now, time) = (self.now(at), self.time);
        let cockpit = &self.cockpits[at];
        let skew_ms = cockpit.flight.crew.skew_ms();
        let mut against = None;
        for event in &entry.events {
            let Event::ChangeConfirmed(confirmed) = event else { continue };
            if !confirmed.kind.is_forward() {
                continue;
            }
            for order in &confirmed.routers {
                let read = cockpit.readings.get(&order.router);
                let holds =
                    order.bound.as_ref().zip(read).is_some_and(|(bound, (_, read))| {
                        bound.native == read.native && bound.identity == read.identity
                    });
                if !holds {
                    let what = format!("{} had moved when a change was decided", order.router);
                    against = Some(Broken { rule: "B3", what });
                }
            }
            if let Second::Run { cockpit: giver, .. } = &confirmed.second {
                let heard = cockpit.heard.get(giver).map(|(heard, _)| *heard);
                if heard.is_none_or(|heard| time - heard > 3_000) {
                    let what = "a step of a run went out, and who confirmed the run is not there".to_owned();
                    against = Some(Broken { rule: "F3", what });
                }
            }
        }
        let holder = cockpit.flight.session.controls.as_ref().map(|held| held.holder.cockpit);
        let began = (cockpit.began, cockpit.began);
        let heard = holder.map(|holder| cockpit.heard.get(&holder).copied().unwrap_or(began));
        let rollback = cockpit.flight.procedure.confirm.rollback;
        self.ledger.decided.insert(entry.id, Decided { wall: now.wall, time, skew_ms, against, heard, rollback });
    }

    /// C3 and D3: controls are taken from silence, after the grace, and not while an intent may live.
    fn check_silence(&mut self, taker: CockpitId, decided: &Decided, fold: &Session) {
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

    /// What must be true of an entry at its place in the journal.
    pub fn check_entry(&mut self, entry: &Entry) {
        let mut fold = std::mem::take(&mut self.store.fold);
        let decided = self.ledger.decided.get(&entry.id).cloned();
        let decided = decided.unwrap_or_else(|| {
            let (against, heard, rollback) = (None, None, Friction::Key);
            Decided { wall: entry.at, time: self.time, skew_ms: 0, against, heard, rollback }
        });
        if let Some(against) = decided.against.clone() {
            self.broke(against.rule, against.what);
        }
        if entry.number != fold.head + 1 {
            self.broke("J3", "numbers have a gap");
        }
        if entry.at < fold.at {
            self.broke("S2", "an entry is stamped before the one before it");
        }
        if self.store.ids.contains(&entry.id) {
            self.broke("J1", "an entry stands in the journal twice");
        }
        let seat = fold.aboard.get(&entry.cockpit).map(|aboard| aboard.seat);
        let seat = seat.or_else(|| self.at(entry.cockpit).map(|at| self.cockpits[at].flight.me.seat));
        self.note_intents(entry.cockpit, &entry.events, entry.id);
        let rolls_back = entry.events.iter().any(is_rollback);
        let stamp = entry.stamp();
        for event in &entry.events {
            let comes = matches!(event, Event::CockpitJoined { .. } | Event::CockpitLeft { .. });
            if seat == Some(Seat::Observer) && !comes {
                self.broke("C2", format!("an observer acted: {event:?}"));
            }
            if moves(event, &fold, entry.cockpit) {
                self.ledger.moving.insert(entry.number);
            }
            self.check_controls(entry, event, &fold, &decided, rolls_back);
            self.check_guards(entry, event, &fold);
            self.check_event(entry, event, &fold, &decided);
            let over = self.ledger.run.as_ref().is_some_and(|run| ends_run(event, run, entry.cockpit));
            if over {
                match event {
                    Event::Held { .. } => self.seen.mark("run ended by a hold"),
                    Event::DriftNoticed { .. } => self.seen.mark("run ended by drift"),
                    _ => {}
                }
                self.ledger.run = None;
            }
            self.take_account(entry, event, &fold);
            fold.apply_entry(&stamp, std::slice::from_ref(event));
        }
        if fold.changes.iter().filter(|change| change.settled.is_none()).count() > 1 {
            self.broke("D4", "two changes are in flight at once by the journal");
        }
        self.store.fold = fold;
    }

    /// C1, C2, S2: who moves forward has the controls at this place of the journal, and a clock that means something.
    fn check_controls(&mut self, entry: &Entry, event: &Event, fold: &Session, decided: &Decided, rolls_back: bool) {
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
            | Event::StepMarked { .. }
            | Event::DriftAccepted { .. }
            | Event::HoldReleased { .. }
            | Event::ProfileReloaded { .. }
            | Event::ControlsOffered { .. }
            | Event::BaselineAccepted { .. }
            | Event::SessionClosed { .. } => true,
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
    fn check_taken(
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

    fn check_event(&mut self, entry: &Entry, event: &Event, fold: &Session, decided: &Decided) {
        match event {
            Event::ChangeConfirmed(confirmed) => self.check_confirmed(entry, confirmed, fold, decided),
            Event::WaveDispatched { change, wave, .. } => self.check_wave(entry, *change, *wave, fold, decided),
            Event::StepMarked { step, mark } => self.check_marked(entry, step, mark, fold, decided),
            Event::ProfileReloaded { digest, second, .. } => {
                self.seen.mark("profile reloaded");
                let asks = self.flown(fold).confirm.asks_two();
                self.check_second(entry, &Act::Reload(*digest), second, asks, decided);
            }
            Event::RouterAnswered { change, router, attempt, outcome } => {
                self.check_outcome(entry.cockpit, *change, router, *attempt, outcome, fold, decided);
            }
            Event::ConfirmationGiven { request, digest, .. } => {
                let Some(asked) = self.ledger.asked.get(request).cloned() else { return };
                if asked.by == entry.actor || asked.cockpit == entry.cockpit {
                    self.broke("F3", "a person confirmed their own request as the second one");
                }
                if asked.what.digest != *digest {
                    self.broke("F3", "a confirmation of another digest was taken");
                }
                if decided.wall > asked.what.until {
                    self.broke("F3", "a lapsed request was confirmed");
                }
            }
            Event::RunConfirmed(_) => {
                self.seen.mark("run confirmed");
                let own = fold
                    .controls
                    .as_ref()
                    .is_some_and(|held| held.holder.operator == entry.actor || held.holder.cockpit == entry.cockpit);
                if own {
                    self.broke("F3", "a person confirmed their own run as the second one");
                }
            }
            Event::NoteAdded { text } if !self.ledger.notes.insert(text.clone()) => {
                self.broke("J1", "what was asked once stands in the journal twice");
            }
            Event::DriftNoticed { router, read, .. } => {
                let late = fold.changes.iter().rev().take(4).any(|change| {
                    let known = change.outcomes.get(router).and_then(|known| known.outcome.as_ref());
                    let unproven = matches!(known, Some(Outcome::Unknown { .. } | Outcome::Accepted));
                    let order = change.order(router);
                    unproven
                        && change.settled.is_some()
                        && order.is_some_and(|order| read.holds(&order.prepared.native))
                });
                // Where another change stands since, both are said.
                let said = entry
                    .events
                    .iter()
                    .any(|each| matches!(each, Event::LateEffect { router: late, .. } if late == router));
                if late && !said {
                    self.broke("V3", "a change that came true late was taken for drift");
                }
            }
            Event::SpillMerged(merged) => {
                self.seen.mark("spill merged");
                if merged.entries.iter().any(|spilled| spilled.cockpit != entry.cockpit) {
                    self.seen.mark("spill of another process merged");
                }
            }
            _ => {}
        }
    }

    fn check_confirmed(
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

    fn check_marked(&mut self, entry: &Entry, step: &StepId, mark: &StepMark, fold: &Session, decided: &Decided) {
        match mark {
            StepMark::AlreadySo => self.seen.mark("already so"),
            StepMark::Skipped { .. } => self.seen.mark("step skipped"),
            StepMark::Acted { .. } => self.broke("D1", "an action did a step, and no simulated plan holds one"),
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

    /// The profile that is flown at a place of the journal.
    fn flown(&self, fold: &Session) -> Arc<Procedure> {
        fold.profile_digest().and_then(|digest| self.edition(digest)).unwrap_or_else(|| self.editions[0].clone())
    }

    /// F3: what asks two people had two, or one alone who may and said why.
    fn check_second(&mut self, entry: &Entry, act: &Act<'_>, second: &Second, asks: bool, decided: &Decided) {
        let people = self.editions[0].people;
        match second {
            Second::NotAsked => {
                if asks {
                    self.broke("F3", "one person alone did what asks two");
                }
            }
            Second::Alone { reason } => {
                self.seen.mark("glass broken");
                if !people.break_glass || reason.trim().is_empty() {
                    self.broke("F3", "the glass was broken where the profile forbids it, or without a reason");
                }
            }
            Second::Given { entry: number, .. } => {
                self.seen.mark("two-person confirmed");
                let given = self.ledger.given.get(number).filter(|_| *number < entry.number).cloned();
                let asked = given.as_ref().and_then(|given| self.ledger.asked.get(&given.request)).cloned();
                let (Some(given), Some(asked)) = (given, asked) else {
                    return self.broke("F3", "nobody confirmed what is said to be confirmed by two");
                };
                if given.by == entry.actor || given.cockpit == entry.cockpit || asked.cockpit != entry.cockpit {
                    self.broke("F3", "both persons are the same one");
                }
                if !is_same_act(act, &asked) || given.digest != asked.what.digest {
                    self.broke("F3", "the second person confirmed something else");
                }
                if decided.wall > asked.what.until {
                    self.broke("F3", "a lapsed confirmation counted");
                }
                let signed = self.truly_signed(given.signed.as_ref(), &given.by, SignedAct::Give, given.digest);
                if people.keys && !signed {
                    self.broke("F3", "a confirmation counted whose signature does not hold");
                }
            }
            Second::Run { entry: number, .. } => {
                self.seen.mark("confirmed by run");
                let Some(run) = self.ledger.run.clone().filter(|run| run.entry == *number) else {
                    return self.broke("F3", "a run that was over let a step through");
                };
                let Act::Change(confirmed) = act else {
                    return self.broke("F3", "a run let through what is no step of it");
                };
                let covers = matches!(&confirmed.kind, ChangeKind::Step { step } if run.steps.contains(step));
                if !covers || !confirmed.overrides.is_empty() {
                    self.broke("F3", "a run let through what it does not cover");
                }
                if run.by == entry.actor || run.cockpit == entry.cockpit {
                    self.broke("F3", "both persons are the same one");
                }
                if people.keys && !self.truly_signed(run.signed.as_ref(), &run.by, SignedAct::Run, run.digest) {
                    self.broke("F3", "a run counted whose signature does not hold");
                }
            }
        }
    }

    /// V1: verified was read back after the write; not sent was not sent.
    #[expect(clippy::too_many_arguments, reason = "an event taken apart, with what it is held against")]
    fn check_outcome(
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
    fn check_differs(
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

    fn take_account(&mut self, entry: &Entry, event: &Event, fold: &Session) {
        self.account_of_waves(event, fold);
        match event {
            Event::ConfirmationAsked(what) => {
                let asked = Asked { by: entry.actor.clone(), cockpit: entry.cockpit, what: (**what).clone() };
                self.ledger.asked.insert(what.request, asked);
            }
            Event::ConfirmationGiven { request, digest, signed, .. } => {
                let given = Given {
                    by: entry.actor.clone(),
                    cockpit: entry.cockpit,
                    request: *request,
                    digest: *digest,
                    signed: signed.clone(),
                };
                self.ledger.given.insert(entry.number, given);
            }
            Event::RunConfirmed(run) => {
                self.ledger.run = Some(RunNow {
                    entry: entry.number,
                    steps: run.steps.clone(),
                    by: entry.actor.clone(),
                    cockpit: entry.cockpit,
                    digest: run.digest,
                    signed: run.signed.clone(),
                });
            }
            Event::ControlsAsked { .. } => {
                self.ledger.asking = Some((entry.cockpit, self.time));
                self.seen.mark("asked for the controls");
            }
            Event::AskingEnded { .. } | Event::ControlsTaken(_) => self.ledger.asking = None,
            Event::SpillMerged(merged) => {
                for event in merged.entries.iter().flat_map(|spilled| &spilled.events) {
                    if let Event::ChangeConfirmed(confirmed) = event {
                        self.ledger.confirmed.insert(confirmed.change);
                    }
                }
            }
            _ => {}
        }
        let what = match event {
            Event::LateEffect { .. } => "late effect",
            Event::DriftNoticed { .. } => "drift noticed",
            Event::DriftEnded { .. } => "drift ended",
            Event::DriftAccepted { .. } => "drift accepted",
            Event::ChangeRetried { .. } => "retried",
            Event::WaveDispatched { .. } => "wave sent",
            Event::ChangeSettled { how: Settlement::Left { .. }, .. } => "left",
            Event::ChangeSettled { how: Settlement::NothingSent, .. } => "nothing sent",
            Event::PoolDrained { .. } => "drained",
            Event::RouterRestarted { .. } => "router restarted",
            Event::CockpitJoined { .. } => "joined",
            Event::CockpitLeft { .. } => "left the session",
            Event::ControlsOffered { .. } => "offered",
            Event::ConfirmationRefused { .. } => "two-person refused",
            Event::RollbackSigned { .. } => "rollback signed",
            Event::SessionClosed { .. } => "session closed",
            _ => return,
        };
        self.seen.mark(what);
    }

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

fn is_rollback(event: &Event) -> bool {
    matches!(event, Event::ChangeConfirmed(confirmed) if !confirmed.kind.is_forward())
}

fn is_same_act(act: &Act<'_>, asked: &Asked) -> bool {
    match (act, &asked.what.act) {
        (Act::Change(confirmed), AskedAct::Change(proposal)) => {
            let same_kind = !confirmed.kind.is_forward() || confirmed.kind == proposal.kind;
            confirmed.change == proposal.change
                && same_kind
                && confirmed.to == proposal.to
                && confirmed.routers == proposal.routers
                && confirmed.waves == proposal.waves
                && confirmed.overrides == asked.what.overrides
        }
        (Act::Complete(step, overrides), AskedAct::Complete { step: asked_step, .. }) => {
            *step == asked_step && *overrides == asked.what.overrides
        }
        (Act::Reload(digest), AskedAct::Reload { digest: asked_digest, .. }) => digest == asked_digest,
        _ => false,
    }
}

pub fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap()
}
