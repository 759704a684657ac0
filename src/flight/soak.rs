//! The soak clock (G4): how long the step last done has held. It starts when the last router is verified and its settle
//! time is over; drift, a restart or a shift starts it again; missing readings pause it; a gap starts it again (S2).

use std::time::Duration;

use super::Flight;
use super::guard::Holding;
use crate::domain::procedure::{Step, StepAct};
use crate::domain::soak::{SoakTask, task_after, task_at};
use crate::domain::{Elapsed, Now, StepId};
use crate::session::command::SoakEvidence;
use crate::session::decide::step::ends_way_back;

/// A running soak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Soak {
    /// The step.
    pub step: StepId,
    /// How long it has held.
    pub held: Duration,
    /// How long it must hold.
    pub needed: Duration,
    /// Why it stands still; `None` while it runs.
    pub paused: Option<String>,
    last: Elapsed,
    settle: Duration,
    /// Breaches of guards when it was last looked at.
    breaches: u64,
}

/// A pause between two looks that is longer than this starts the soak again.
pub(super) const GAP: Duration = Duration::from_secs(10);

impl Soak {
    /// As evidence for the gate.
    pub fn evidence(&self) -> SoakEvidence {
        SoakEvidence { held: self.held.min(self.needed), needed: self.needed }
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        self.needed.saturating_sub(self.held)
    }
}

/// What the schedule of a running soak asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tasks<'a> {
    /// What is to be done now, and whether it is ticked.
    pub now: Option<(&'a SoakTask, bool)>,
    /// What comes next, and in how long.
    pub next: Option<(&'a SoakTask, Duration)>,
    /// Tasks whose time is over and that were not ticked.
    pub missed: usize,
}

impl Flight {
    /// What the schedule of the running soak asks for; `None` where none runs, or it has no schedule.
    pub fn soak_tasks(&self) -> Option<Tasks<'_>> {
        let soak = self.soak.as_ref()?;
        let (_, step) = self.procedure.step(&soak.step)?;
        let schedule = step.schedule.as_slice();
        if schedule.is_empty() {
            return None;
        }
        let is_ticked = |task: &SoakTask| self.session.ticks.contains_key(&task.item);
        let next = task_after(schedule, soak.held);
        Some(Tasks {
            now: task_at(schedule, soak.held).map(|task| (task, is_ticked(task))),
            next: next.map(|task| (task, task.from.saturating_sub(soak.held))),
            missed: schedule.iter().filter(|task| task.to <= soak.held && !is_ticked(task)).count(),
        })
    }

    /// The step that soaks: the last one; where an act that ends the way back is still to come, also the shift before
    /// pauses and other work, because that act waits for it.
    fn soaking_step(&self) -> Option<&Step> {
        let plan = &self.procedure.plan;
        let is_to_come =
            |step: &Step| !self.session.steps.contains_key(&step.id) && ends_way_back(&self.procedure, step);
        let last = self.session.last_step(plan)?;
        if plan.iter().any(is_to_come) && !matches!(last.act, StepAct::Shift(_)) {
            return self.session.newest_shift(plan);
        }
        Some(last).filter(|step| !self.session.is_skipped(step))
    }

    pub(super) fn run_soak(&mut self, now: Now) {
        let step = self.soaking_step();
        let soaks = step.and_then(|step| Some((step.id.clone(), step.soak.filter(|soak| !soak.is_zero())?)));
        let Some((step, needed)) = soaks else {
            self.soak = None;
            return;
        };
        if self.session.in_flight().is_some() {
            self.soak = None;
            return;
        }
        let settle = self.procedure.routers.iter().map(|router| router.capabilities.settle_ms).max().unwrap_or(0);
        let (guards, breaches) = (self.guards_on_soak(), self.breaches_so_far());
        let fresh_clock = || Soak {
            step: step.clone(),
            held: Duration::ZERO,
            needed,
            paused: None,
            last: now.elapsed,
            settle: Duration::from_millis(settle),
            breaches,
        };
        let stale: Vec<String> = self
            .watches
            .iter()
            .filter(|(router, watch)| {
                watch.fresh(now.elapsed).is_none() && !self.session.excluded.contains_key(*router)
            })
            .map(|(router, _)| router.to_string())
            .collect();
        let mut soak = self.soak.take().filter(|soak| soak.step == step).unwrap_or_else(fresh_clock);
        let passed = now.elapsed.since(soak.last);
        soak.last = now.elapsed;
        if passed > GAP {
            // Whatever else is wrong after it: nobody saw what happened meanwhile.
            soak.held = Duration::ZERO;
        }
        if !self.session.drifted.is_empty() {
            soak.held = Duration::ZERO;
            soak.paused = Some("a router drifted".to_owned());
        } else if let Some(Holding::Red(why)) = guards {
            soak.held = Duration::ZERO;
            soak.paused = Some(why);
        } else if soak.breaches != breaches {
            soak.held = Duration::ZERO;
        } else if let Some(Holding::Blind(why)) = guards {
            soak.paused = Some(why);
        } else if !stale.is_empty() {
            soak.paused = Some(format!("no fresh reading of {}", stale.join(", ")));
        } else if passed > GAP {
            soak.paused = None;
        } else {
            let settling = passed.min(soak.settle);
            soak.settle = soak.settle.saturating_sub(settling);
            soak.held += passed.saturating_sub(settling);
            soak.paused = None;
        }
        soak.breaches = breaches;
        self.soak = Some(soak);
    }
}
