//! Steps and items as they are told: how each was over, and who ticked what.

use super::story::{StepStory, Ticked};
use super::tell::{Teller, act};
use crate::domain::{ItemId, StepId, Timestamp};
use crate::entry::Entry;
use crate::session::event::StepMark;

impl Teller<'_> {
    pub(super) fn marked(&mut self, entry: &Entry, step: &StepId, mark: &StepMark) {
        let (word, reason, what) = match mark {
            StepMark::Done { gates, overrides, second, signed: _ } => {
                self.second(entry, second, &format!("complete {step}"));
                let overrode: Vec<String> = overrides
                    .iter()
                    .map(|each| {
                        let text =
                            gates.iter().find(|report| report.gate == each.gate).map(|report| report.text.as_str());
                        format!("overrode \"{}\": {}", text.unwrap_or("a gate"), each.reason)
                    })
                    .collect();
                self.story.step_overrides += overrides.len();
                self.overrode(entry, step.as_str(), gates, overrides);
                ("done", overrode.join("; "), format!("did {step}"))
            }
            StepMark::Acted { .. } => {
                // What was sent, and how it ended, stands in rows of its own.
                return self.step_over(entry, step.clone(), "done", String::new(), entry.at);
            }
            StepMark::AlreadySo => ("already so", String::new(), format!("marked {step} as already so")),
            StepMark::LeftFailed { why, .. } => ("left as it ended", why.clone(), format!("went on after {step}")),
            StepMark::Skipped { reason } => ("skipped", reason.clone(), format!("skipped {step}")),
        };
        self.did(entry, what, reason.clone());
        self.step_over(entry, step.clone(), word, reason, entry.at);
    }

    pub(super) fn step_over(
        &mut self,
        entry: &Entry,
        step: StepId,
        how: &'static str,
        reason: String,
        began: Timestamp,
    ) {
        let by = entry.actor.clone();
        self.story.steps.push(StepStory {
            step,
            how,
            reason,
            began,
            ended: entry.at,
            by,
            held_ms: None,
            reopened: false,
        });
    }

    /// The newest step's split is kept no longer.
    pub(super) fn hold_ends(&mut self, at: Timestamp) {
        for step in self.story.steps.iter_mut().filter(|step| step.held_ms.is_none() && step.how == "verified") {
            step.held_ms = u64::try_from(at.since(step.ended).as_millis()).ok();
        }
    }

    pub(super) fn ticked(&mut self, entry: &Entry, item: &ItemId, text: &str, ticked: bool) {
        self.followed_up(entry, item, ticked);
        match self.story.checklist.iter_mut().find(|each| each.item == *item) {
            Some(known) => {
                (known.ticked, known.act) = (ticked, act(entry));
                known.taken_back += u32::from(!ticked);
            }
            None => self.story.checklist.push(Ticked {
                item: item.clone(),
                text: text.to_owned(),
                ticked,
                act: act(entry),
                taken_back: u32::from(!ticked),
            }),
        }
        if !ticked {
            return;
        }
        let row = self.ticks_row.and_then(|index| self.story.timeline.get_mut(index));
        if let Some(row) = row.filter(|row| row.by.as_ref() == Some(&entry.actor)) {
            row.came.push_str("; ");
            row.came.push_str(text);
        } else {
            self.ticks_row = Some(self.story.timeline.len());
            self.did(entry, "ticked", text);
        }
    }
}
