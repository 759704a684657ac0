//! G1: guards that act, by a naive account of who armed which of them, and what ended that.

use std::time::Duration;

use flightdeck::domain::GuardId;
use flightdeck::domain::guard::{GuardSpec, Of, Patience, Subject, Then};
use flightdeck::domain::{Limit, Measure};
use flightdeck::session::guard::Acted;

use super::*;
use crate::support::guard::{BAD, GOOD, guard, looked};

/// What the pools' errors are, and what is known of armings.
pub struct Guarding {
    /// Its own, so that flights without guards are what they were before there were any.
    random: Random,
    /// Whether this flight has guards.
    pub flies: bool,
    /// Whether blue, and green, fails too often now.
    bad: [bool; 2],
    armed: Option<Arming>,
    /// Guards that fired since they were last armed.
    fired: u64,
}

struct Arming {
    guards: BTreeSet<GuardId>,
    cockpit: CockpitId,
    epoch: u64,
}

/// One flight of three has guards.
const SOME: u64 = 3;
/// How often each cockpit looks at what is measured, in milliseconds.
const LOOK: u64 = 250;

impl Guarding {
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed ^ 0x0067_7561_7264_7321);
        Self { random, flies: seed.is_multiple_of(SOME), bad: [false; 2], armed: None, fired: 0 }
    }

    /// Two guards that trip at about the same time, one that only proposes.
    pub fn procedure(&self, procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        let measured = crate::support::guard::measured(procedure.clone());
        let twice = |spec: GuardSpec| GuardSpec { patience: Patience::InARow(2), ..spec };
        let blue = Subject::Limit {
            measure: Measure::Panel("errors".into()),
            of: Of::Pool("blue".into()),
            limit: Limit::Above(0.012),
        };
        let own = GuardSpec { subject: blue, ..guard("of-blue", Then::RollBack) };
        let long = GuardSpec {
            patience: Patience::For(Duration::from_secs(1)),
            back_to: Some(weights(&[("blue", 0), ("green", 100)])),
            ..guard("long", Then::RollBack)
        };
        let guards = vec![twice(guard("errors", Then::RollBack)), twice(own), long, guard("tells", Then::Propose)];
        Procedure { guards, metrics: measured.metrics, panels: measured.panels, ..procedure }
    }
}

impl World {
    /// A new process begins to look at what is measured.
    pub fn begin_looking(&mut self, at: usize) {
        if self.guarding.flies {
            self.later(LOOK, Due::Look(at));
        }
    }

    /// What is measured now; errors come and go, and end with the faults.
    pub fn look_at_measures(&mut self, at: usize) {
        if !self.cockpits[at].alive {
            return;
        }
        let healed = self.healed;
        let guarding = &mut self.guarding;
        for (pool, bad) in guarding.bad.iter_mut().enumerate() {
            let begins = if pool == 0 { 5 } else { 1 };
            *bad = !healed && if *bad { !guarding.random.chance(12) } else { guarding.random.chance(begins) };
        }
        let value = |bad: bool| if bad { BAD } else { GOOD };
        let [blue, green] = guarding.bad.map(value);
        let lost = !healed && guarding.random.chance(5);
        if !lost {
            let now = self.now(at);
            self.tell(at, looked(now, blue, green));
        }
        self.later(LOOK, Due::Look(at));
    }

    /// Somebody arms the guards, or disarms them; most often who drives.
    pub fn act_on_guards(&mut self) {
        if !self.guarding.flies {
            return;
        }
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let driver = awake.iter().copied().find(|at| self.cockpits[*at].flight.drives());
        let random = &mut self.guarding.random;
        let Some(at) = (if random.chance(85) { driver } else { random.pick(&awake).copied() }) else { return };
        match random.below(100) {
            0..25 => {
                let confirmation = Confirmation::new(Gesture::Key, !random.chance(10));
                self.ask(at, Ask::ArmGuards { confirmation });
            }
            25 | 26 => self.ask(at, Ask::DisarmGuards),
            _ => {}
        }
    }

    /// What must be true of an event about guards at its place in the journal; and what it changes in the account.
    pub fn check_guards(&mut self, entry: &Entry, event: &Event, fold: &Session) {
        let holder = fold.controls.as_ref().map(|held| (held.holder.cockpit, held.epoch));
        match event {
            Event::GuardsArmed { guards, epoch } => {
                self.seen.mark("guards armed");
                if holder != Some((entry.cockpit, *epoch)) {
                    self.broke("G1", "guards were armed by a cockpit that does not drive, or for another epoch");
                }
                if guards.iter().any(|guard| fold.guards.is_red(guard)) {
                    self.broke("G1", "a guard was armed that is red already");
                }
                let guards = guards.iter().cloned().collect();
                self.guarding.armed = Some(Arming { guards, cockpit: entry.cockpit, epoch: *epoch });
                self.guarding.fired = 0;
            }
            Event::GuardsDisarmed { .. } | Event::ProfileReloaded { .. } | Event::SessionClosed { .. } => {
                self.guarding.armed = None;
            }
            Event::ControlsTaken(_) if self.guarding.armed.is_some() => {
                self.guarding.armed = None;
                self.broke("G1", "the controls changed hands, and nothing says that the guards were disarmed");
            }
            Event::CockpitLeft { .. } if fold.drives(entry.cockpit) => self.guarding.armed = None,
            Event::GuardTripped { guard, acted, .. } => self.check_trip(entry, guard, acted, fold),
            Event::ChangeConfirmed(confirmed) => {
                if let Gesture::Guard(guard) = &confirmed.confirmation.gesture {
                    self.check_fired(entry, guard, confirmed, holder);
                }
                if !confirmed.kind.is_forward() {
                    self.guarding.armed = None;
                }
            }
            Event::SpillMerged(_) => self.guarding.armed = None,
            Event::GuardConfessed { .. } => self.seen.mark("guard confessed"),
            Event::GuardCalmed { .. } => self.seen.mark("guard red no more"),
            Event::BaselineMeasured { .. } if !fold.changes.is_empty() => {
                self.broke("G1", "what guards compare with was measured after the first change");
            }
            _ => {}
        }
    }

    fn check_trip(&mut self, entry: &Entry, guard: &GuardId, acted: &Acted, fold: &Session) {
        if !fold.drives(entry.cockpit) {
            self.broke("G1", "a trip was noted by a cockpit that does not drive");
        }
        if fold.guards.is_red(guard) {
            self.broke("G1", "the same trip stands in the journal twice");
        }
        match acted {
            Acted::Proposed => self.seen.mark("guard proposed"),
            Acted::Rang { .. } => self.seen.mark("guard rang instead"),
            Acted::RolledBack { change } => {
                let in_entry = entry.events.iter().filter_map(Event::confirms).any(|confirmed| confirmed == *change);
                if !in_entry {
                    self.broke("G1", "a guard fired, and its rollback is in another entry");
                }
            }
        }
    }

    fn check_fired(
        &mut self,
        entry: &Entry,
        guard: &GuardId,
        confirmed: &flightdeck::session::event::ChangeConfirmed,
        holder: Option<(CockpitId, u64)>,
    ) {
        self.seen.mark("guard fired");
        if confirmed.kind.is_forward() {
            self.broke("G1", "a guard moved something forward");
        }
        if matches!(&confirmed.kind, ChangeKind::Rollback { supersedes: Some(_), .. }) {
            self.seen.mark("guard fired in the middle of a change");
        }
        self.guarding.fired += 1;
        if self.guarding.fired > 1 {
            self.broke("G1", "a guard fired twice for one arming");
        }
        let right = |armed: &Arming| {
            armed.cockpit == entry.cockpit
                && Some((armed.cockpit, armed.epoch)) == holder
                && armed.guards.contains(guard)
        };
        if !self.guarding.armed.as_ref().is_some_and(right) {
            self.broke("G1", "a guard fired that nobody had armed in this cockpit and epoch");
        }
    }

    /// A guard's rollback never goes beside the journal.
    pub fn check_spilled_guard(&mut self, events: &[Event]) {
        let of_guard = |event: &Event| {
            matches!(event, Event::GuardTripped { .. })
                || matches!(event, Event::ChangeConfirmed(confirmed) if matches!(confirmed.confirmation.gesture, Gesture::Guard(_)))
        };
        if events.iter().any(of_guard) {
            self.broke("G1", "a guard's rollback went beside the journal");
        }
    }
}
