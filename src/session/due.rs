//! Before and after: the planned start, the first change or action, and what is to be done by when.

use std::time::Duration;

use super::state::Session;
use crate::domain::checklist::Checklist;
use crate::domain::due::{Due, FollowUp, Standing};
use crate::domain::procedure::Step;
use crate::domain::{ItemId, Procedure, Timestamp};

impl Session {
    /// When it is planned to begin, as the operator said.
    pub fn planned(&self) -> Option<Timestamp> {
        self.opened.as_ref()?.what.planned
    }

    /// When the first change or deploy action was confirmed: T+ counts from here.
    pub fn began(&self) -> Option<Timestamp> {
        let changed = self.changes.first().map(|change| change.at);
        let acted = self.actions.first().map(|run| run.intent.at);
        changed.into_iter().chain(acted).min()
    }

    /// When something is due; `None` where what it counts from is not known yet.
    pub fn due_at(&self, plan: &[Step], due: Due) -> Option<Timestamp> {
        match due {
            Due::Before(by) => {
                let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
                Some(Timestamp(self.planned()?.0.saturating_sub(by)))
            }
            Due::AfterLastStep(by) => Some(self.last_step_at(plan).or(self.closed_at())?.plus(by)),
            Due::AfterEnd(by) => Some(self.closed_at()?.plus(by)),
        }
    }

    /// How an item stands to its time; `None` where it is ticked, has no time, or that is not known yet.
    pub fn standing(&self, checklist: &Checklist, plan: &[Step], item: &ItemId, now: Timestamp) -> Option<Standing> {
        if self.ticks.contains_key(item) {
            return None;
        }
        let due = *checklist.due.items.get(item)?;
        Some(Standing::of(self.due_at(plan, due)?, due.distance(), now))
    }

    /// What was left for after the end, as it stood at closing and is not ticked since.
    pub fn open_follow_ups(&self) -> impl Iterator<Item = &FollowUp> {
        self.follow_ups.iter().filter(|follow_up| !self.ticks.contains_key(&follow_up.item))
    }

    /// How a follow-up of a closed session stands to its time.
    pub fn follow_up_standing(&self, follow_up: &FollowUp, now: Timestamp) -> Standing {
        let distance = self.closed_at().map_or(Duration::ZERO, |closed| follow_up.due.since(closed));
        Standing::of(follow_up.due, distance, now)
    }

    /// What is left for after the end of a session that is closed now, each with its time.
    pub fn follow_ups_at(&self, procedure: &Procedure, now: Timestamp) -> Vec<FollowUp> {
        let checklist = &procedure.checklist;
        let each = checklist.items().filter(|item| !self.ticks.contains_key(&item.id)).filter_map(|item| {
            let due = *checklist.due.items.get(&item.id)?;
            let from = match due {
                Due::Before(_) => return None,
                Due::AfterLastStep(_) => self.last_step_at(&procedure.plan).unwrap_or(now),
                Due::AfterEnd(_) => now,
            };
            Some(FollowUp { item: item.id.clone(), text: item.text.clone(), due: from.plus(due.distance()) })
        });
        each.collect()
    }

    fn closed_at(&self) -> Option<Timestamp> {
        self.closed.as_ref().map(|closed| closed.at)
    }

    /// When the plan's last step was over; `None` while one is left.
    fn last_step_at(&self, plan: &[Step]) -> Option<Timestamp> {
        if self.next_step(plan).is_some() {
            return None;
        }
        plan.iter().filter_map(|step| self.steps.get(&step.id)).map(|done| done.at).max()
    }
}
