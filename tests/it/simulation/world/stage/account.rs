//! What must hold of ways back in stages (R8), by a naive account of who confirmed what, of which router was verified when,
//! of what spoke against the next stage, and of what the checks between two stages said to whom.

use flightdeck::session::event::ChangeConfirmed;

use super::super::check::millis;
use super::super::ledger::Decided;
use super::*;

/// What is known of stages, apart from the session's own fold.
#[derive(Default)]
pub struct Account {
    stages: BTreeMap<ChangeId, StageSent>,
    /// Changes that a person confirmed, wherever.
    pressed: BTreeSet<ChangeId>,
    /// When something last spoke against going on, or the controls changed hands, in true time.
    spoken: u64,
}

/// A stage that the journal has.
#[derive(Clone)]
pub struct StageSent {
    ramp: Ramp,
    cockpit: CockpitId,
    epoch: u64,
    routers: Vec<RouterId>,
}

/// What a cockpit was told of a check: when it had asked, in true time, and the answer to the newest question.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub asked: u64,
    pub verdict: Verdict,
}

/// For how long an answer says anything: every second, 600 ms to answer, 2 s of patience.
const STALE: u64 = 3_600;

impl StageSent {
    /// Whether a cockpit sent it, and has had the controls ever since.
    pub fn is_of(&self, cockpit: CockpitId, fold: &Session) -> bool {
        let held = fold.controls.as_ref().map(|held| (held.holder.cockpit, held.epoch));
        self.cockpit == cockpit && held == Some((cockpit, self.epoch))
    }
}

impl Account {
    /// The newest change of the journal, if it is a stage.
    pub fn newest(&self, fold: &Session) -> Option<&StageSent> {
        self.stages.get(&fold.changes.last()?.id())
    }

    pub fn press(&mut self, change: ChangeId) {
        self.pressed.insert(change);
    }

    fn learn(&mut self, events: &[Event], cockpit: CockpitId) {
        for event in events {
            let Event::RampStage { change, ramp, .. } = event else { continue };
            let routers = events.iter().find_map(|each| match each {
                Event::ChangeConfirmed(confirmed) if confirmed.change == *change => Some(&confirmed.routers),
                _ => None,
            });
            let epoch = events.iter().find_map(|each| match each {
                Event::ChangeDispatched { change: sent, epoch, .. } if sent == change => Some(*epoch),
                _ => None,
            });
            let routers = routers.into_iter().flatten().map(|order| order.router.clone()).collect();
            let sent = StageSent { ramp: ramp.clone(), cockpit, epoch: epoch.unwrap_or_default(), routers };
            self.stages.insert(*change, sent);
        }
    }

    fn stages_of_nobody(&self, events: &[Event]) -> bool {
        let of_nobody =
            |event: &Event| matches!(event, Event::RampStage { change, .. } if !self.pressed.contains(change));
        events.iter().any(of_nobody)
    }
}

impl World {
    /// A person's way back at once is never overtaken by a stage that goes by itself.
    pub fn check_stage_decided(&mut self, at: usize, entry: &Entry) {
        let at_once = self.cockpits[at].flight.proposing.as_ref().is_some_and(|each| {
            each.is_rollback() && each.ramp.is_none() && matches!(each.stage, Stage::Confirming(_))
        });
        if at_once && self.staging.account.stages_of_nobody(&entry.events) {
            self.broke("R8", "a stage went by itself although a person had confirmed going back at once");
        }
    }

    /// Beside the journal nobody knows what was said: nothing goes there by itself.
    pub fn check_spilled_stage(&mut self, events: &[Event]) {
        if self.staging.account.stages_of_nobody(events) {
            self.broke("R8", "a stage went by itself beside the journal");
        }
    }

    /// What must be true of an event at its place in the journal; and what it changes in the account.
    pub fn check_stages(&mut self, entry: &Entry, event: &Event, fold: &Session, decided: &Decided) {
        match event {
            Event::ChangeConfirmed(confirmed) => {
                let stage = entry.events.iter().find_map(|each| match each {
                    Event::RampStage { change, ramp, despite } if *change == confirmed.change => Some((ramp, despite)),
                    _ => None,
                });
                let by_guard = matches!(confirmed.confirmation.gesture, Gesture::Guard(_));
                let by_person = by_guard || self.staging.account.pressed.contains(&confirmed.change);
                match stage {
                    Some((ramp, despite)) => self.check_stage(entry, confirmed, ramp, despite, fold, decided),
                    None if !by_person => {
                        let rule = if self.staging.account.newest(fold).is_some() { "R8" } else { "F1" };
                        self.broke(rule, "something went out that nobody confirmed");
                    }
                    None if !confirmed.kind.is_forward() => self.note_at_once(fold),
                    None => {}
                }
                self.staging.account.learn(&entry.events, entry.cockpit);
            }
            Event::SpillMerged(merged) => {
                for spilled in &merged.entries {
                    self.staging.account.learn(&spilled.events, spilled.cockpit);
                }
                self.staging.account.spoken = self.time;
            }
            Event::ControlsTaken(_) => {
                if fold.ramp().is_some() {
                    self.seen.mark("controls changed hands between two stages");
                }
                self.staging.account.spoken = self.time;
            }
            Event::Held { .. }
            | Event::HoldReleased { .. }
            | Event::DriftNoticed { .. }
            | Event::DriftEnded { .. }
            | Event::DriftAccepted { .. }
            | Event::ProfileReloaded { .. } => self.staging.account.spoken = self.time,
            _ => {}
        }
    }

    fn note_at_once(&mut self, fold: &Session) {
        if fold.ramp().is_some() {
            self.seen.mark("at once between two stages");
        } else if self.staging.account.newest(fold).is_some() && fold.in_flight().is_some() {
            self.seen.mark("stage superseded in flight");
        }
    }

    fn check_stage(
        &mut self,
        entry: &Entry,
        confirmed: &ChangeConfirmed,
        ramp: &Ramp,
        despite: &[String],
        fold: &Session,
        decided: &Decided,
    ) {
        self.seen.mark("stage sent");
        let by_person = self.staging.account.pressed.contains(&confirmed.change);
        if !goes_as_far_as_it_says(confirmed, ramp) {
            self.broke("R8", "a stage goes somewhere else than its way says");
        }
        let on_its_way = fold.in_flight().map(flightdeck::session::Change::id);
        if on_its_way.is_some_and(|change| self.staging.account.stages.contains_key(&change)) {
            self.broke("R8", "a stage went before every router of the one before it was verified");
        }
        if ramp.stage == 1 {
            if !by_person {
                self.broke("R8", "a way back in stages began by itself");
            }
            return;
        }
        let before = fold.changes.last().map(|change| change.id());
        let found = before.and_then(|id| Some((id, self.staging.account.stages.get(&id)?.clone())));
        let Some((id, before)) = found.filter(|(_, before)| is_next(&before.ramp, ramp)) else {
            return self.broke("R8", "a stage follows none of its way");
        };
        let verified = before.routers.iter().map(|router| self.ledger.whole.get(&(id, router.clone())).copied());
        let Some(verified) = verified.collect::<Option<Vec<u64>>>().and_then(|times| times.into_iter().max()) else {
            return self.broke("R8", "a stage went before every router of the one before it was verified");
        };
        let flown = self.flown(fold);
        let says = |check: &CheckId| decided.told.get(check).filter(|told| told.asked >= verified);
        let passes = |check: &CheckId| {
            says(check).is_some_and(|told| told.verdict == Verdict::Pass && decided.time - told.asked <= STALE)
        };
        let failing = flown.back.checks.iter().find(|check| !passes(check));
        if by_person {
            self.seen.mark("stage sent by a key");
            if failing.is_some() && despite.is_empty() && decided.flown == Some(flown.digest) {
                self.broke("R8", "a person went on despite a check, and that is not written down");
            }
            if !despite.is_empty() {
                self.seen.mark("stage despite a check");
            }
            return;
        }
        self.seen.mark("stage went by itself");
        if failing.is_some() || !despite.is_empty() {
            self.broke("R8", "a stage went by itself although a check has not passed since the one before it");
        }
        if confirmed.confirmation.signed.is_some() {
            self.broke("R8", "a stage that nobody confirmed carries a signature");
        }
        self.check_going_on(entry, &before, verified, fold, decided, &flown);
    }

    /// By itself only from the cockpit that sent the one before, in its epoch, by the profile that holds, after the time
    /// between, and while nothing speaks against it.
    fn check_going_on(
        &mut self,
        entry: &Entry,
        before: &StageSent,
        verified: u64,
        fold: &Session,
        decided: &Decided,
        flown: &Procedure,
    ) {
        if entry.cockpit != before.cockpit {
            self.broke("R8", "a stage went by itself from another cockpit than the one before it");
        }
        if !before.is_of(entry.cockpit, fold) {
            self.broke("R8", "a stage went by itself in another epoch than the one before it");
        }
        if decided.flown != Some(flown.digest) {
            self.broke("R8", "a stage went by itself by a profile that does not hold any more");
        }
        if fold.hold.is_some() {
            self.broke("R8", "a stage went by itself during a hold");
        }
        if !fold.drifted.is_empty() {
            self.broke("R8", "a stage went by itself while a router differed from the plan");
        }
        let Some(between) = flown.back.goes_on.map(millis) else {
            return self.broke("R8", "a stage went by itself where the profile lets none");
        };
        if decided.time < verified.max(self.staging.account.spoken) + between {
            self.broke("R8", "a stage went by itself before the time between was over");
        }
    }
}

fn is_next(before: &Ramp, ramp: &Ramp) -> bool {
    let same_way = (&before.from, &before.to, &before.left) == (&ramp.from, &ramp.to, &ramp.left);
    same_way && ramp.stage == before.stage + 1 && ramp.stage <= ramp.left.len()
}

/// Of the way from one split to another so much is left; a hundredth of a percent is lost in rounding.
fn goes_as_far_as_it_says(confirmed: &ChangeConfirmed, ramp: &Ramp) -> bool {
    let Some(left) = ramp.left.get(ramp.stage - 1).map(|left| u64::from(left.0)) else { return false };
    ramp.to.iter().all(|(pool, to)| {
        let wanted = u64::from(to.0) * (10_000 - left) + u64::from(ramp.from.of(pool).0) * left;
        let sent = u64::from(confirmed.to.of(pool).0) * 10_000;
        sent.abs_diff(wanted) <= 10_000
    })
}
