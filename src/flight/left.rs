//! What stands when a session is closed, and what is left to do.

use super::Flight;
use crate::domain::{ItemId, clock_span};

impl Flight {
    /// What is left to do when the session is closed now, a sentence each: weights that live in memory only, a soak that
    /// runs, steps of the plan that are not over, required items that are not ticked. What is due after the end is not
    /// among them.
    pub fn left_at_closing(&self) -> Vec<String> {
        let mut left = self.to_make_permanent();
        if let Some(soak) = self.soak.as_ref().filter(|soak| !soak.left().is_zero()) {
            let name = self.procedure.step(&soak.step).map_or(soak.step.as_str(), |(_, step)| step.name.as_str());
            left.push(format!("the soak of {name} has {} to go", clock_span(soak.left())));
        }
        let steps = self.procedure.plan.iter().filter(|step| !self.session.steps.contains_key(&step.id));
        let steps: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
        match steps.as_slice() {
            [] => {}
            [one] => left.push(format!("the step {one} was not taken")),
            [first, .., last] => left.push(format!("{} steps were not taken: {first} to {last}", steps.len())),
        }
        let dues = &self.procedure.checklist.due.items;
        let is_later = |item: &ItemId| dues.get(item).is_some_and(|due| due.is_follow_up());
        let is_open = |item: &&crate::domain::checklist::Item| {
            item.required && !self.session.ticks.contains_key(&item.id) && !is_later(&item.id)
        };
        let open: Vec<&str> = self.procedure.checklist.items().filter(is_open).map(|item| item.text.as_str()).collect();
        match open.as_slice() {
            [] => {}
            [one] => left.push(format!("“{one}” is not ticked")),
            [first, more @ ..] => left.push(format!("“{first}” and {} more required items are not ticked", more.len())),
        }
        left
    }

    /// Where the traffic is, as read; `None` where nothing is read.
    pub fn stand_at_closing(&self) -> Option<String> {
        let each = self.procedure.routers.iter().filter_map(|router| {
            let shares = self.watches.get(&router.id).and_then(|watch| watch.shares())?;
            Some(format!("{} {shares}", router.id))
        });
        let mut each: Vec<String> = each.collect();
        let more = each.len().saturating_sub(4);
        each.truncate(4);
        if more > 0 {
            each.push(format!("and {more} more"));
        }
        (!each.is_empty()).then(|| format!("stands at {}", each.join(", ")))
    }
}
