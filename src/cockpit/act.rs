//! What follows from the model about deploy actions: what their dialog shows, banners, what stops when the cockpit is left.

use super::{Action, Banner, Model};
use crate::domain::action::{ActionEnd, ActionState};
use crate::domain::{StepId, clock_span};
use crate::flight::Tone;
use crate::session::action::{ActionRun, ActionStage};

impl Model {
    /// Whether an action does this step.
    pub fn is_action(&self, step: &StepId) -> bool {
        self.flight.procedure.work(step).is_some_and(|step| step.action().is_some())
    }

    /// The run of a step's action that its dialog follows: it runs, or is about to.
    pub fn follows(&self, step: &StepId) -> Option<&ActionRun> {
        let run = self.flight.session.action_in_flight()?;
        (run.intent.what.step == *step && run.is_running()).then_some(run)
    }

    /// Whether what the dialog of a person's step or of an action shows can be confirmed.
    pub(super) fn can_complete(&self, step: &StepId) -> bool {
        let can_start = || self.follows(step).is_none() && self.flight.can_start(step, self.now.elapsed);
        !self.is_action(step) || can_start()
    }

    /// A run in a few words: `deploy-blue runs for 2:10, 40 %`.
    pub fn action_words(&self, run: &ActionRun) -> String {
        let name = &run.intent.what.action;
        let span = clock_span(self.now.wall.since(run.intent.at));
        let seen = self.flight.seen_of(run.act()).map(|seen| &seen.look.state);
        let how_far = match seen {
            Some(ActionState::Running { percent, waits_for }) => {
                let percent = percent.map(|percent| format!(", {percent} %")).unwrap_or_default();
                let waits = waits_for.as_ref().map(|what| format!(", waits for {what}")).unwrap_or_default();
                format!("{percent}{waits}")
            }
            Some(ActionState::Unknown { .. }) => ", cannot be looked at now".to_owned(),
            Some(
                ActionState::Succeeded
                | ActionState::Failed { .. }
                | ActionState::Absent { .. }
                | ActionState::Lost { .. },
            )
            | None => String::new(),
        };
        match &run.stage {
            ActionStage::Starting => format!("{name} is being started"),
            ActionStage::Running { .. } if run.cancelling.is_some() => format!("{name} is being cancelled, {span}"),
            ActionStage::Running { .. } => format!("{name} runs for {span}{how_far}"),
            ActionStage::Unknown { .. } => format!("whether {name} runs is not known"),
            ActionStage::Ended { end, .. } => format!("{name} {}", end.words()),
        }
    }

    /// An action that ended badly, or of which nothing is known, waits for a person: again, skip, or back.
    pub(super) fn action_banner(&self) -> Option<Banner> {
        let session = &self.flight.session;
        let step = session.next_step(&self.flight.procedure.plan).filter(|_| session.is_open())?;
        let run = session.run_of(step)?;
        let next = (self.flight.drives() && self.overlay.is_none()).then_some(Action::NextStep);
        match &run.stage {
            ActionStage::Ended { end, .. } if *end == ActionEnd::Succeeded => None,
            ActionStage::Ended { .. } => {
                let text = format!("{}: start it again, skip it with a reason, or roll back", self.action_words(run));
                Some(Banner { text, action: next, tone: Tone::Bad })
            }
            ActionStage::Unknown { why } => {
                let text = format!("{}: {why}", self.action_words(run));
                Some(Banner { text, action: next, tone: Tone::Bad })
            }
            ActionStage::Starting | ActionStage::Running { .. } => None,
        }
    }

    /// What stops with this cockpit of an action that runs (S1).
    pub(super) fn action_that_stops(&self) -> Option<String> {
        let run = self.flight.session.action_in_flight().filter(|run| run.is_running())?;
        let is_mine = run.intent.what.owner == self.flight.me.cockpit;
        let name = &run.intent.what.action;
        let ends = self.flight.procedure.action(name).is_some_and(|spec| spec.ends_with_cockpit);
        match (is_mine && ends, self.flight.drives()) {
            (true, _) => Some(format!("{name} runs in this flightdeck: it is killed with it")),
            (false, true) => Some(format!("{name} runs: nobody follows it from here on")),
            (false, false) => None,
        }
    }
}
