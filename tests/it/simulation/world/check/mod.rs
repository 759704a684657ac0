//! The rules, each by its name: at the moment of deciding, of keeping, and of the first byte.

mod change;
mod controls;
mod second;
mod write;

use second::Act;

use super::ledger::{Asked, Decided, Given, RunNow, ends_run, moves};
use super::*;

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
            against = against.or_else(|| self.deploys_despite_tag(at, event));
            if let Event::ActionStarting(intent) = event {
                against = against.or_else(|| self.acts_despite_traffic(at, intent));
            }
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
        let procedure = &cockpit.flight.procedure;
        let (rollback, flown, told) = (procedure.confirm.rollback, Some(procedure.digest), cockpit.told.clone());
        let decided = Decided { wall: now.wall, time, skew_ms, against, heard, rollback, flown, told };
        self.ledger.decided.insert(entry.id, decided);
        self.check_stage_decided(at, entry);
    }

    /// What must be true of an entry at its place in the journal.
    pub fn check_entry(&mut self, entry: &Entry) {
        let mut fold = std::mem::take(&mut self.store.fold);
        let decided = self.ledger.decided.get(&entry.id).cloned();
        let decided = decided.unwrap_or_else(|| {
            let (against, heard, rollback) = (None, None, Friction::Key);
            let (flown, told) = (None, BTreeMap::new());
            Decided { wall: entry.at, time: self.time, skew_ms: 0, against, heard, rollback, flown, told }
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
            self.check_stages(entry, event, &fold, &decided);
            self.check_acting(entry, event, &fold, &decided);
            self.check_event(entry, event, &fold, &decided);
            self.check_approvals(entry, event, &fold, &decided);
            self.check_leaving(entry, event, &fold);
            self.check_version(entry, event, &fold);
            self.check_items(entry, event, &fold);
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

    /// The profile that is flown at a place of the journal.
    pub fn flown(&self, fold: &Session) -> Arc<Procedure> {
        fold.profile_digest().and_then(|digest| self.edition(digest)).unwrap_or_else(|| self.editions[0].clone())
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
}

fn is_rollback(event: &Event) -> bool {
    matches!(event, Event::ChangeConfirmed(confirmed) if !confirmed.kind.is_forward())
}

pub fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap()
}
