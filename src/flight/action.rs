//! Deploy actions: worked out for the dialog, started once their intent is kept, looked at until they are over, cancelled.
//!
//! # Invariants
//! - Nothing is sent before its intent is kept (D1), by another process than the one that confirmed it (C4), or twice: a
//!   start without an answer is asked after by its key.
//! - What a system says of a run is written down once, by whoever drives or started it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Effect, Flight, Tone};
use crate::domain::action::{Acting, ActionEnd, ActionLook, ActionState, Description, Started};
use crate::domain::procedure::Step;
use crate::domain::{ActionId, ChangeId, CockpitId, Digest, Elapsed, Now, Outcome, StepId, Timestamp, Trouble};
use crate::session::action::{ActionCancelling, ActionRun, ActionStage, ActionStarting};
use crate::session::command::Command;
use crate::session::decide::action::asked_start;
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::proposal::{Confirmation, Override};
use crate::session::second::AskedAct;

/// What is known of actions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Actions {
    /// The next step's action as it would be started.
    described: Option<Described>,
    /// Acts of this process that are sent once their intent is kept (C4): starts and cancellings.
    ready: BTreeSet<ChangeId>,
    /// The newest look at the run in flight.
    seen: Option<Seen>,
    /// The look that is under way, and when it began.
    asked: Option<(u64, Elapsed)>,
    /// No look before this.
    due: Elapsed,
    /// The run of which nobody can tell from here what became of it.
    lost: Option<ChangeId>,
}

/// An action as it would be started.
#[derive(Clone, PartialEq, Debug)]
pub struct Described {
    /// The act that it would be.
    pub act: ChangeId,
    /// The step.
    pub step: StepId,
    /// When it was asked for.
    pub at: Elapsed,
    /// What would be sent, or why that cannot be told; `None` while it is worked out.
    pub told: Option<Result<Description, Trouble>>,
    request: u64,
    profile: Option<Digest>,
}

/// A look at a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// The run's act.
    pub act: ChangeId,
    /// When the look began: what it says is at least as old.
    pub at: Elapsed,
    /// What it said.
    pub look: ActionLook,
}

/// One start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendStart {
    /// The act.
    pub act: ChangeId,
    /// The action.
    pub action: ActionId,
    /// What it is told.
    pub acting: Acting,
    /// After this nothing is sent, by the wall clock,
    pub deadline: Timestamp,
    /// and by the clock that runs during suspend.
    pub until: Elapsed,
}

/// One look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookAfter {
    /// The question's number.
    pub request: u64,
    /// The act.
    pub act: ChangeId,
    /// The action.
    pub action: ActionId,
    /// What it was told.
    pub acting: Acting,
    /// What its system knows it by; `None` where it is looked for by its key.
    pub handle: Option<String>,
}

/// One request to cancel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendActionCancel {
    /// The act of cancelling.
    pub act: ChangeId,
    /// The action.
    pub action: ActionId,
    /// What it was told.
    pub acting: Acting,
    /// What its system knows it by.
    pub handle: String,
    /// After this nothing is sent, by the wall clock,
    pub deadline: Timestamp,
    /// and by the clock that runs during suspend.
    pub until: Elapsed,
}

/// A system that lists what it was sent late is believed to have nothing of it this long after the deadline.
const LATE: Duration = Duration::from_secs(30);

impl Flight {
    /// The next step's action as it would be started, where it was worked out for this step and profile.
    pub fn described(&self, step: &StepId) -> Option<&Described> {
        let described = self.actions.described.as_ref()?;
        let stands = described.step == *step && described.profile == self.session.profile_digest();
        stands.then_some(described)
    }

    /// Whether what would be sent is known and still counts, so that it can be confirmed.
    pub fn can_start(&self, step: &StepId, now: Elapsed) -> bool {
        self.described(step).is_some_and(|described| {
            matches!(described.told, Some(Ok(_))) && now.since(described.at) <= self.procedure.timing.proposal
        })
    }

    /// The newest look at a run.
    pub fn seen_of(&self, act: ChangeId) -> Option<&Seen> {
        self.actions.seen.as_ref().filter(|seen| seen.act == act)
    }

    /// The run in flight that could be cancelled now.
    pub fn cancellable_action(&self) -> Option<&ActionRun> {
        let run = self.session.action_in_flight()?;
        let can = self.procedure.action(&run.intent.what.action).is_some_and(|spec| spec.can_cancel);
        (can && matches!(run.stage, ActionStage::Running { .. })).then_some(run)
    }

    /// The act of starting a step's action as it was shown; `None` while that is not known.
    pub(super) fn asked_start(&self, step: &Step) -> Option<AskedAct> {
        match &self.described(&step.id)?.told {
            Some(Ok(description)) => Some(asked_start(&self.session, step, &description.requests)),
            Some(Err(_)) | None => None,
        }
    }

    /// Has the next step's action worked out, under an act of its own.
    pub(super) fn describe_action(&mut self, now: Now, out: &mut Vec<Effect>) {
        if let Some(step) = self.session.next_step(&self.procedure.plan).cloned() {
            self.describe(now, &step, out);
        }
    }

    /// Has the action of a step, or of an act of a way back, worked out.
    pub(super) fn describe(&mut self, now: Now, step: &Step, out: &mut Vec<Effect>) {
        let Some((action, pool)) = step.action() else { return };
        // What another person, or a key, was asked about is not worked out anew under it.
        let is_asked = self.waiting.is_some() || self.keys.signing.is_some();
        if is_asked || self.session.action_in_flight().is_some_and(ActionRun::is_running) {
            return;
        }
        self.counters.changes += 1;
        self.counters.requests += 1;
        let act = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        let request = self.counters.requests;
        let opened = self.session.opened.as_ref().map(|opened| &opened.what);
        let from = opened.map_or("", |opened| opened.from_version.as_str());
        let to = opened.map_or("", |opened| opened.to_version.as_str());
        let acting = Acting::of(act, pool, from, to, self.session.digest());
        let profile = self.session.profile_digest();
        let described = Described { act, step: step.id.clone(), at: now.elapsed, told: None, request, profile };
        self.actions.described = Some(described);
        out.push(Effect::DescribeAction { request, action: action.clone(), acting: Box::new(acting) });
        self.hasten_version(now.elapsed);
    }

    /// Works it out anew where it could not be told before.
    pub(super) fn describe_if_untold(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.actions.described.as_ref().is_some_and(|described| matches!(described.told, Some(Err(_)))) {
            self.describe_action(now, out);
        }
    }

    pub(super) fn action_described(&mut self, request: u64, told: Result<Description, Trouble>) {
        if let Some(described) = self.actions.described.as_mut().filter(|described| described.request == request) {
            described.told = Some(told);
        }
    }

    /// What was shown has had its time: it is worked out anew, and looked at again before it is confirmed (B3).
    pub(super) fn is_described_anew(&mut self, now: Now, step: &StepId, out: &mut Vec<Effect>) -> bool {
        if self.can_start(step, now.elapsed) {
            return false;
        }
        if let Some(step) = self.procedure.work(step).cloned() {
            self.describe(now, &step, out);
        }
        out.push(Effect::tell(Tone::Warn, "what would be sent is worked out anew: look at it again; nothing was sent"));
        true
    }

    /// Confirmed, and signed where that is wanted: into the journal with it.
    pub(super) fn start_action(
        &mut self,
        now: Now,
        step: &StepId,
        confirmation: Confirmation,
        overrides: Vec<Override>,
    ) {
        let Some(Described { act, told: Some(Ok(description)), .. }) = self.described(step).cloned() else { return };
        let Description { requests, differences, notes: _ } = description;
        self.actions.ready.insert(act);
        let (step, evidence) = (step.clone(), self.evidence(now));
        self.ask(now, Command::StartAction { act, step, requests, differences, overrides, confirmation, evidence });
    }

    /// The intent is kept: now it may be sent (D1), by the process that confirmed it alone (C4).
    pub(super) fn send_start(&mut self, now: Now, intent: &ActionStarting, out: &mut Vec<Effect>) {
        (self.actions.described, self.actions.seen, self.actions.lost) = (None, None, None);
        self.actions.due = now.elapsed;
        let is_mine = self.actions.ready.remove(&intent.act) && intent.owner == self.me.cockpit;
        if !is_mine && !flaw::is(Flaw::ActsForOthers) {
            return;
        }
        let Some(acting) = self.session.action_run(intent.act).map(|run| run.acting(&self.session)) else { return };
        out.push(Effect::StartAction(Box::new(SendStart {
            act: intent.act,
            action: intent.action.clone(),
            acting,
            deadline: intent.deadline,
            until: now.elapsed.plus(intent.deadline.since(now.wall)),
        })));
    }

    /// Its system's word to the start, or the lack of one.
    pub(super) fn action_answered(&mut self, now: Now, act: ChangeId, started: Started) {
        let log = Vec::new();
        let command = match started {
            Started::Running { handle, link } => Command::NoteActionStarted { act, handle, link },
            Started::Done { words } => Command::NoteActionEnded { act, end: ActionEnd::Succeeded, log: vec![words] },
            Started::NotSent { why } => Command::NoteActionEnded { act, end: ActionEnd::NotSent { why }, log },
            Started::Failed { why } => Command::NoteActionEnded { act, end: ActionEnd::Failed { why }, log },
            Started::Unknown { why } => Command::NoteActionUnknown { act, why },
        };
        self.note(now, command);
    }

    /// Looks at the run in flight when that is due: by its handle, or by its key where it has none.
    pub(super) fn look_after_actions(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(run) = self.followed_run(now) else { return };
        let Some(spec) = self.procedure.action(&run.intent.what.action) else { return };
        let given_up = spec.timeout * 2 + Duration::from_secs(2);
        let is_asked = self.actions.asked.is_some_and(|(_, began)| now.elapsed.since(began) <= given_up);
        if is_asked || now.elapsed < self.actions.due {
            return;
        }
        let handle = match &run.stage {
            ActionStage::Running { handle } => Some(handle.clone()),
            ActionStage::Starting | ActionStage::Unknown { .. } => None,
            ActionStage::Ended { .. } => return,
        };
        let (act, action, acting) = (run.act(), run.intent.what.action.clone(), run.acting(&self.session));
        self.counters.requests += 1;
        let request = self.counters.requests;
        self.actions.asked = Some((request, now.elapsed));
        out.push(Effect::LookAction(Box::new(LookAfter { request, act, action, acting, handle })));
    }

    /// The run that this cockpit looks after: as its driver, or because it started it.
    fn followed_run(&self, now: Now) -> Option<&ActionRun> {
        let run = self.session.action_in_flight().filter(|_| self.session.is_open())?;
        let ActionStarting { owner, deadline, action, .. } = &run.intent.what;
        let is_mine = *owner == self.me.cockpit;
        if !(is_mine || self.drives()) || self.actions.lost == Some(run.act()) {
            return None;
        }
        // What runs in another process only that one sees, as long as it is there.
        let is_theirs = self.procedure.action(action).is_some_and(|spec| spec.ends_with_cockpit) && !is_mine;
        if is_theirs && !self.is_gone(*owner, now.elapsed) {
            return None;
        }
        // Its answer comes to whoever sent it; another cockpit looks for it once it cannot be sent any more.
        let is_being_sent =
            run.stage == ActionStage::Starting && (is_mine || now.wall <= deadline.plus(self.procedure.afterglow()));
        (!is_being_sent).then_some(run)
    }

    /// Whether a cockpit is not there any more, as far as that can be told.
    fn is_gone(&self, cockpit: CockpitId, now: Elapsed) -> bool {
        !self.crew.shared || self.silent_for(cockpit, now) >= self.procedure.people.silence
    }

    /// When the run in flight is next looked at.
    pub(super) fn actions_wake_at(&self) -> Option<Elapsed> {
        self.session.action_in_flight().filter(|run| self.actions.lost != Some(run.act())).map(|_| self.actions.due)
    }

    pub(super) fn action_looked(&mut self, now: Now, request: u64, act: ChangeId, began: Now, look: ActionLook) {
        if self.actions.asked.is_none_or(|(asked, _)| asked != request) {
            return;
        }
        self.actions.asked = None;
        let Some(run) = self.session.action_run(act).filter(|run| !run.is_over()) else { return };
        let poll = self.procedure.action(&run.intent.what.action).map_or(Duration::from_secs(5), |spec| spec.poll);
        self.actions.due = now.elapsed.plus(poll.max(look.not_before.unwrap_or_default()));
        let is_found = !matches!(run.stage, ActionStage::Running { .. });
        let is_late = now.wall > run.intent.what.deadline.plus(LATE);
        if let (true, Some(handle)) = (is_found, &look.handle) {
            let (handle, link) = (handle.clone(), look.link.clone());
            self.note(now, Command::NoteActionStarted { act, handle, link });
        }
        let end = match &look.state {
            ActionState::Running { .. } | ActionState::Unknown { .. } => None,
            ActionState::Succeeded => Some(ActionEnd::Succeeded),
            ActionState::Failed { why } => Some(ActionEnd::Failed { why: why.clone() }),
            // A system may list late what it was sent: only long after it is nothing there.
            ActionState::Absent { why } => (is_found && is_late).then(|| ActionEnd::NotSent { why: why.clone() }),
            ActionState::Lost { why } => {
                self.actions.lost = Some(act);
                let why = why.clone();
                self.note(now, Command::NoteActionUnknown { act, why });
                None
            }
        };
        if let Some(end) = end {
            let log = look.log.clone();
            self.note(now, Command::NoteActionEnded { act, end, log });
        }
        self.actions.seen = Some(Seen { act, at: began.elapsed, look });
    }

    pub(super) fn cancel_action(&mut self, now: Now, of: ChangeId, confirmation: Confirmation) {
        self.counters.changes += 1;
        let act = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        self.actions.ready.insert(act);
        self.ask(now, Command::CancelAction { act, of, confirmation });
    }

    /// The intent to cancel is kept: now it may be sent (D1), by the process that confirmed it alone (C4).
    pub(super) fn send_action_cancel(&mut self, now: Now, intent: &ActionCancelling, out: &mut Vec<Effect>) {
        if !self.actions.ready.remove(&intent.act) || intent.owner != self.me.cockpit {
            return;
        }
        let Some(run) = self.session.action_run(intent.of) else { return };
        let ActionStage::Running { handle } = &run.stage else { return };
        out.push(Effect::CancelAction(Box::new(SendActionCancel {
            act: intent.act,
            action: intent.action.clone(),
            acting: run.acting(&self.session),
            handle: handle.clone(),
            deadline: intent.deadline,
            until: now.elapsed.plus(intent.deadline.since(now.wall)),
        })));
    }

    /// Its system's word; whether it is over the next looks tell.
    pub(super) fn action_cancel_answered(&mut self, now: Now, act: ChangeId, outcome: Outcome, out: &mut Vec<Effect>) {
        let (tone, how) = match outcome {
            Outcome::NotSent { why } => (Tone::Bad, format!("nothing was sent: {why}")),
            Outcome::Failed { why } => (Tone::Bad, format!("refused: {why}")),
            Outcome::Unknown { why } => (Tone::Bad, format!("no answer came ({why}); looks tell whether it ends")),
            Outcome::Accepted | Outcome::Verified | Outcome::Differs { .. } | Outcome::Moved { .. } => {
                (Tone::Plain, "its system took it; looks tell when it is over".to_owned())
            }
        };
        self.actions.due = now.elapsed;
        out.push(Effect::tell(tone, format!("cancelling: {how}")));
        self.note(now, Command::NoteActionCancel { act, how });
    }

    /// What is told of a kept event about an action, and sent for it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only events of actions come here")]
    pub(super) fn react_to_action(&mut self, now: Now, event: &Event, out: &mut Vec<Effect>) {
        match event {
            Event::ActionStarting(intent) => self.send_start(now, intent, out),
            Event::ActionCancelling(intent) => self.send_action_cancel(now, intent, out),
            Event::ActionStarted { act, .. } => {
                let name = self.action_name(*act);
                out.push(Effect::tell(Tone::Plain, format!("{name} runs")));
            }
            Event::ActionUnknown { act, why } => {
                let name = self.action_name(*act);
                out.push(Effect::tell(Tone::Bad, format!("whether {name} runs is not known: {why}")));
            }
            Event::ActionEnded { action, end, .. } => {
                let tone = if *end == ActionEnd::Succeeded { Tone::Good } else { Tone::Bad };
                out.push(Effect::tell(tone, format!("{action} {}", end.words())));
            }
            _ => {}
        }
    }

    fn action_name(&self, act: ChangeId) -> String {
        self.session.action_run(act).map_or_else(|| "the action".to_owned(), |run| run.intent.what.action.to_string())
    }
}
