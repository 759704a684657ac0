//! What follows from the model: the live split, banners, what Enter means, when it wakes.

use std::time::Duration;

use super::{Action, Correlates, Model, OverlayKind, Pane, Purpose, heading};
use crate::domain::procedure::{Friction, Role, StepAct};
use crate::domain::{Elapsed, Outcome, PoolId, Shares, Weights, clock_span};
use crate::flight::propose::Stage;
use crate::flight::watch::Watch;
use crate::layout::{Areas, Screen, areas};
use crate::session::Change;
use crate::session::decide::second::run_target;
use crate::session::decide::step::{own_friction, typed_for};
use crate::session::decide::task;
use crate::session::event::TaskCancelling;
use crate::session::wave::Waits;

/// How often moving things are drawn anew: about twelve times a second.
pub(super) const BEAT: Duration = Duration::from_millis(80);

/// How long the outcome of a change that is over stands as a strip.
const STRIP: Duration = Duration::from_secs(20);

impl Model {
    /// The split that the first router with a reading has.
    pub fn live(&self) -> Option<Shares> {
        let watches = self.flight.procedure.routers.iter().filter_map(|router| self.flight.watches.get(&router.id));
        watches.filter_map(Watch::shares).find(|shares| shares.nearest_weights().is_some()).cloned()
    }

    /// The pool that `+`, `-` and digits set: the chosen one, else the one that the next shift of the plan raises.
    pub fn pool(&self) -> Option<&PoolId> {
        let procedure = &self.flight.procedure;
        let chosen = self.chosen_pool.as_ref().filter(|pool| procedure.pool(pool).is_some());
        chosen.or_else(|| self.raised_next()).or_else(|| {
            let new = procedure.pools.iter().find(|pool| pool.role == Role::New);
            new.or(procedure.pools.first()).map(|pool| &pool.id)
        })
    }

    fn raised_next(&self) -> Option<&PoolId> {
        let live = self.live()?;
        let open = self.flight.procedure.plan.iter().filter(|step| !self.flight.session.steps.contains_key(&step.id));
        let to = open.into_iter().find_map(|step| match &step.act {
            StepAct::Shift(to) => Some(to),
            StepAct::Deploy { .. } | StepAct::Pause { .. } => None,
        })?;
        to.iter()
            .find(|(pool, points)| live.of(pool).fraction().is_some_and(|share| share + 1e-9 < points.fraction()))
            .map(|(pool, _)| pool)
    }

    /// The draft's weights, or the live split where nothing is drafted.
    pub fn drafted(&self) -> Option<Weights> {
        self.draft
            .as_ref()
            .map(|draft| draft.weights.clone())
            .or_else(|| self.live().and_then(|live| live.nearest_weights()))
    }

    /// What the geometry of the screen depends on.
    pub fn screen(&self) -> Screen {
        Screen {
            size: self.size,
            focus: self.focus,
            zoomed: self.zoomed,
            routers: self.flight.procedure.routers.len(),
            router: self.router_row(),
            pools: self.flight.procedure.pools.len(),
            draft: self.draft.is_some(),
        }
    }

    /// Where everything is.
    pub fn areas(&self) -> Areas {
        areas(&self.screen())
    }

    /// The change whose outcome stands as a strip: one in flight, else the one that was confirmed here last, until it is
    /// put away or some time has passed.
    pub fn result(&self) -> Option<&Change> {
        let session = &self.flight.session;
        let followed = || {
            let change = session.change(self.followed?)?;
            let over = change.settled.as_ref().is_some_and(|(at, _)| self.now.wall.since(*at) > STRIP);
            (!over).then_some(change)
        };
        session.in_flight().or_else(followed)
    }

    /// The change in flight, once it is known not to be done everywhere.
    pub fn partial(&self) -> Option<&Change> {
        let change = self.flight.session.in_flight()?;
        let execution = self.flight.execution(change.id());
        let legs = execution.map(|execution| &execution.legs);
        let is_bad = |outcome: Option<&Outcome>| {
            outcome.is_some_and(|outcome| !matches!(outcome, Outcome::Accepted | Outcome::Verified))
        };
        // What is drawn asks this often, of all routers: what is rarely so is looked at first.
        let is_open = |router| match change.outcomes.get(router) {
            _ if change.excluded.contains(router) => false,
            Some(known) => known.outcome != Some(Outcome::Verified),
            None => !change.is_waiting(router),
        };
        let known_here =
            legs.into_iter().flatten().any(|(router, leg)| is_bad(leg.outcome.as_ref()) && is_open(router));
        let known_elsewhere = || {
            let mut bad = change.outcomes.iter().filter(|(_, known)| is_bad(known.outcome.as_ref()));
            bad.any(|(router, _)| {
                !change.excluded.contains(router) && legs.is_none_or(|legs| !legs.contains_key(router))
            })
        };
        (known_here || known_elsewhere()).then_some(change)
    }

    /// The change whose routers the partial dialog names: one that is not done everywhere, or that goes in waves.
    pub fn matrix(&self) -> Option<&Change> {
        let in_waves = || self.flight.session.in_flight().filter(|change| !change.confirmed.waves.are_all_at_once());
        self.partial().or_else(in_waves)
    }

    /// How far the change in flight is with its waves, in a few words; `None` where it has none.
    pub fn wave_words(&self) -> Option<String> {
        let change = self.flight.session.in_flight().filter(|change| !change.confirmed.waves.are_all_at_once())?;
        let (sent, count) = (change.waves_sent, change.confirmed.waves.count());
        let next = sent + 1;
        Some(match self.flight.wave_waits(self.now) {
            _ if sent == count => format!("wave {sent} of {count}, the last, is under way"),
            Some(Waits::Barrier) if self.partial().is_none() => format!("wave {sent} of {count} is under way"),
            Some(Waits::Pause { left }) => format!("wave {next} of {count} goes out in {}", clock_span(left)),
            Some(Waits::Word { why }) => format!("wave {next} of {count} waits for a word: {why}"),
            Some(waits @ (Waits::Barrier | Waits::Held | Waits::Window { .. } | Waits::Drifted(_))) => {
                format!("wave {next} of {count} waits: {}", waits.words())
            }
            None => format!("wave {next} of {count} goes out"),
        })
    }

    /// Whether nothing but a person's word keeps the next wave from going out.
    pub fn wave_wants_a_word(&self) -> bool {
        matches!(self.flight.wave_waits(self.now), Some(Waits::Word { .. }))
    }

    /// What confirming the open dialog asks of the operator; `None` where none is open that confirms.
    pub fn friction(&self) -> Option<Friction> {
        let overlay = self.overlay.as_ref()?;
        let overridden = overlay.confirm().is_some_and(|confirm| !confirm.overrides.is_empty());
        // One person alone types the target, whatever two would do. What began by typing ends so, too: a journal that
        // comes back in the middle of it must not turn the next letter into a key that confirms.
        let types = |confirm: &super::ConfirmState| confirm.alone.is_some() || !confirm.typed.value().is_empty();
        if overlay.confirm().is_some_and(types) {
            return Some(Friction::Type);
        }
        match &overlay.kind {
            OverlayKind::Shift(_) | OverlayKind::RollBack { .. } => Some(self.flight.friction(overridden)),
            OverlayKind::Complete { step, .. } if self.follows(step).is_some() => None,
            OverlayKind::Complete { step, .. } => {
                let step = self.flight.procedure.work(step)?;
                Some(own_friction(&self.flight.procedure, step, overridden))
            }
            OverlayKind::Reload(_) | OverlayKind::Arm { .. } | OverlayKind::CancelAction { .. } => Some(Friction::Key),
            OverlayKind::CancelTask { cancel, .. } => Some(task::friction(cancel.cancel.is_ours)),
            OverlayKind::Duty(duty) => duty.confirm().map(|_| Friction::Key),
            OverlayKind::Look(_)
            | OverlayKind::Run { .. }
            | OverlayKind::Approve { .. }
            | OverlayKind::EndConnections { .. } => Some(Friction::Type),
            OverlayKind::Controls(_)
            | OverlayKind::Approvals(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Connections { .. }
            | OverlayKind::Ask(_)
            | OverlayKind::Help
            | OverlayKind::Palette(_)
            | OverlayKind::Details { .. }
            | OverlayKind::Line(_)
            | OverlayKind::Item(_)
            | OverlayKind::Correlate(_)
            | OverlayKind::Messages
            | OverlayKind::Quit { .. } => None,
        }
    }

    /// The text that the open dialog wants to be typed, where it asks for one and can be confirmed.
    pub fn typed_target(&self) -> Option<String> {
        if self.friction()? != Friction::Type {
            return None;
        }
        match &self.overlay.as_ref()?.kind {
            OverlayKind::Complete { step, .. } => self.flight.procedure.work(step).map(typed_for),
            OverlayKind::Shift(_) | OverlayKind::RollBack { .. } => {
                self.flight.proposing.as_ref()?.proposal().map(crate::session::Proposal::typed_target)
            }
            OverlayKind::EndConnections { end, .. } => {
                let count = u32::try_from(end.connections.len()).unwrap_or(u32::MAX);
                Some(crate::session::decide::connection::typed_for(count))
            }
            OverlayKind::CancelTask { cancel, .. } => Some(task::typed_for(&cancel.task)),
            OverlayKind::Reload(_) => Some("reload".to_owned()),
            OverlayKind::Look(look) => self.look_stands(look).then(|| look.request.asked.act.typed_target()),
            OverlayKind::Approve { given, .. } => Some(given.approval.to_string()),
            OverlayKind::Run { steps, .. } => Some(run_target(steps)),
            OverlayKind::Arm { .. }
            | OverlayKind::CancelAction { .. }
            | OverlayKind::Duty(_)
            | OverlayKind::Controls(_)
            | OverlayKind::Approvals(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Connections { .. }
            | OverlayKind::Ask(_)
            | OverlayKind::Help
            | OverlayKind::Palette(_)
            | OverlayKind::Details { .. }
            | OverlayKind::Line(_)
            | OverlayKind::Item(_)
            | OverlayKind::Correlate(_)
            | OverlayKind::Messages
            | OverlayKind::Quit { .. } => None,
        }
    }

    /// Whether the open dialog's proposal is void, lapsed or impossible, so that it can only be made anew.
    pub fn is_void(&self) -> bool {
        let shown = self
            .overlay
            .as_ref()
            .is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Shift(_) | OverlayKind::RollBack { .. }));
        let stage = self.flight.proposing.as_ref().map(|proposing| &proposing.stage);
        shown && matches!(stage, Some(Stage::Void { .. } | Stage::Impossible { .. }))
    }

    /// What Enter would do now, in a few words; `None` where it does nothing.
    pub fn enter_means(&self) -> Option<String> {
        match &self.overlay {
            Some(overlay) => self.enter_in(&overlay.kind, overlay.by_enter),
            None => self.enter_in_panes(),
        }
    }

    fn enter_in(&self, kind: &OverlayKind, by_enter: bool) -> Option<String> {
        let confirm = self.overlay.as_ref().and_then(super::Overlay::confirm);
        if confirm.is_some_and(|confirm| confirm.overriding.is_some()) {
            return Some("give this reason".to_owned());
        }
        if confirm.is_some_and(|confirm| confirm.waiting) {
            return None;
        }
        if self.is_void() {
            return Some("propose it afresh".to_owned());
        }
        if confirm.is_some_and(|confirm| confirm.breaking.is_some()) {
            return Some("give this reason".to_owned());
        }
        if confirm.is_some_and(|confirm| confirm.alone.is_some()) {
            return self.typed_target().map(|target| format!("do it alone, once {target} is typed"));
        }
        match kind {
            OverlayKind::Complete { step, .. } if self.follows(step).is_some() => None,
            OverlayKind::Shift(_) | OverlayKind::Complete { .. } | OverlayKind::Reload(_) => {
                self.typed_target().map(|target| format!("send, once {target} is typed"))
            }
            OverlayKind::EndConnections { .. } => {
                self.typed_target().map(|target| format!("end them, once {target} is typed"))
            }
            OverlayKind::CancelTask { .. } | OverlayKind::CancelAction { .. } => {
                self.typed_target().map(|target| format!("cancel it, once {target} is typed"))
            }
            OverlayKind::Look(_) => self.typed_target().map(|target| format!("confirm, once {target} is typed")),
            OverlayKind::Approve { .. } => self.typed_target().map(|target| format!("approve, once {target} is typed")),
            OverlayKind::Approvals(_) => {
                Some(if self.could_approve_chosen() { "approve it" } else { "close" }.to_owned())
            }
            OverlayKind::Run { .. } => {
                self.typed_target().map(|target| format!("confirm the run, once {target} is typed"))
            }
            OverlayKind::RollBack { .. } => match self.typed_target() {
                Some(target) => Some(format!("roll back, once {target} is typed")),
                None => (!by_enter).then(|| "roll back".to_owned()),
            },
            OverlayKind::Ask(question) => Some(purpose_words(&question.purpose).to_owned()),
            OverlayKind::Palette(_) => {
                let chosen = self.palette_chosen()?;
                Some(chosen.title)
            }
            OverlayKind::Help
            | OverlayKind::Details { .. }
            | OverlayKind::Messages
            | OverlayKind::People
            | OverlayKind::Item(_)
            | OverlayKind::Connections { .. } => Some("close".to_owned()),
            OverlayKind::Duty(duty) => self.enter_in_duty(duty),
            OverlayKind::Correlate(_) => Some("show them".to_owned()),
            OverlayKind::Line(detail) => Some(match detail.same(detail.chosen(self.detail_cells())) {
                Some(same) => format!("same {}", heading(&same.field)),
                None => "close".to_owned(),
            }),
            OverlayKind::Patterns(_) => {
                Some(if self.logs.patterns.is_empty() { "close" } else { "its lines" }.to_owned())
            }
            OverlayKind::Checks(table) => {
                let has_one = !table.is_open && !self.flight.procedure.checks.is_empty();
                Some(if has_one { "its evidence" } else { "back" }.to_owned())
            }
            OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Arm { .. }
            | OverlayKind::Controls(_)
            | OverlayKind::Quit { .. } => None,
        }
    }

    fn enter_in_panes(&self) -> Option<String> {
        if let Some(draft) = &self.draft {
            return Some(format!("propose {}", draft.weights));
        }
        match self.focus {
            Pane::Traffic => match self.answer_to_banner() {
                Some(Action::OpenPartial) => Some("look at what is not done".to_owned()),
                Some(Action::OpenDrift) => Some("look at the drift".to_owned()),
                Some(Action::ReloadProfile) => Some("look at the changed profile".to_owned()),
                Some(_) | None if !self.flight.drives() || self.flight.is_cut_off() => None,
                Some(_) | None => {
                    let step = self.flight.session.next_step(&self.flight.procedure.plan)?;
                    Some(format!("next step: {}", step.name))
                }
            },
            Pane::Checklist => self.checklist_enter(),
            Pane::Metrics => self.chart_enter(),
            Pane::Logs => match self.correlates() {
                Correlates::By(same) => Some(format!("same {}", heading(&same.field))),
                Correlates::ByOneOf { .. } => Some("same …".to_owned()),
                Correlates::ByNone(_) => None,
            },
        }
    }

    /// The first banner's act that opens a dialog; Enter in the traffic pane answers it.
    pub(super) fn answer_to_banner(&self) -> Option<Action> {
        self.banners()
            .into_iter()
            .filter_map(|banner| banner.action)
            .find(|action| matches!(action, Action::OpenPartial | Action::OpenDrift | Action::ReloadProfile))
    }

    /// Where R goes now, for the key line: `roll back to 10 / 90`.
    pub fn roll_back_words(&self) -> String {
        let choice = self.flight.ways_back().first().copied().unwrap_or_default();
        match self.flight.way_back_to(choice) {
            Ok(to) => format!("roll back to {to}"),
            Err(_nothing) => match (self.flight.cancellable_action(), self.flight.next_act()) {
                (Some(run), _) => format!("roll back: cancel {}", run.intent.what.action),
                (None, Some(act)) => format!("roll back: {}", act.step.name),
                (None, None) => "roll back".to_owned(),
            },
        }
    }

    /// What stops when the cockpit is left now (S1); empty when nothing does.
    pub fn stops(&self) -> Vec<String> {
        let mut stops = Vec::new();
        if let Some(change) = self.flight.session.in_flight() {
            let wave = change.next_wave().map(|wave| format!(", and wave {} does not go out", wave + 1));
            let wave = wave.unwrap_or_default();
            let to = &change.confirmed.to;
            stops.push(format!("the change to {to} is in flight: nobody asks its routers any more{wave}"));
        }
        stops.extend(self.guards_that_stop());
        if let Some(ending) = self.flight.session.ending.iter().find(|ending| ending.owner == self.flight.me.cockpit) {
            let (pool, router) = (&ending.pool, &ending.router);
            stops.push(format!(
                "connections of {pool} on {router} are being ended: nobody writes down what became of it"
            ));
        }
        let ours =
            |each: &&TaskCancelling| each.owner == self.flight.me.cockpit && self.flight.is_cancelling(&each.router);
        if let Some(cancelling) = self.flight.session.cancelling.iter().find(ours) {
            let (task, router) = (&cancelling.task, &cancelling.router);
            stops.push(format!("{task} of {router} is being cancelled: nobody writes down what became of it"));
        }
        stops.extend(self.action_that_stops());
        stops.extend(self.commands_that_stop());
        if let Some(soak) =
            self.flight.soak.as_ref().filter(|soak| self.flight.session.is_open() && !soak.left().is_zero())
        {
            let left = crate::domain::clock_span(soak.left());
            stops.push(format!("the soak of {} has {left} to go: it begins anew", soak.step));
        }
        stops
    }

    /// Whether something on the screen moves now: traffic that is read live, and motion is wanted.
    pub fn is_moving(&self) -> bool {
        self.settings.motion
            && self
                .flight
                .watches
                .values()
                .any(|watch| watch.fresh(self.now.elapsed).is_some() && watch.rates.values().any(|rate| *rate > 0.0))
    }

    /// When the cockpit next wants a [`crate::flight::Msg::Tick`]: for the flight, for clocks, for what moves, for a search.
    pub fn wakes_at(&self) -> Option<Elapsed> {
        let now = self.now.elapsed;
        // Clocks turn with the wall clock's second.
        let into = u64::try_from(self.now.wall.0.rem_euclid(1000)).unwrap_or(0);
        let second = now.plus(Duration::from_millis(1000 - into));
        let beat = self.is_moving().then(|| self.beat_at.plus(BEAT));
        let counts = match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Correlate(choice)) => choice.tally.is_counting(&self.logs.book),
            Some(_) | None => false,
        };
        let search = (self.logs.searching || counts).then(|| now.plus(Duration::from_millis(10)));
        [self.flight.wakes_at(), Some(second), beat, search].into_iter().flatten().min()
    }
}

/// What Enter does with a line of text.
fn purpose_words(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Note => "keep the note",
        Purpose::Hold => "hold, with this reason",
        Purpose::ReleaseHold => "release, with this reason",
        Purpose::SkipStep => "skip the step, with this reason",
        Purpose::SkipRollbackAct => "skip it, with this reason",
        Purpose::ExcludeRouter { .. } => "leave it out, with this reason",
        Purpose::Leave => "leave it, with this reason",
        Purpose::Refuse { .. } => "refuse, with this reason",
        Purpose::EndConnections(_) => "go on, with this reason",
        Purpose::AskControls => "ask for the controls, with this reason",
        Purpose::EndRun => "end the run, with this reason",
        Purpose::ReportApproval { .. } => "note it as told",
        Purpose::WithdrawApproval { .. } => "take it back, with this reason",
        Purpose::AcceptDrift { .. } => "accept, with this reason",
        Purpose::CloseSession => "close the session",
        Purpose::FilterLogs => "filter",
        Purpose::TickDespite { .. } => "tick it, with this reason",
        Purpose::Evidence { .. } => "attach it",
        Purpose::NotSo { .. } => "answer: not so",
        Purpose::Incident => "declare the incident",
    }
}
