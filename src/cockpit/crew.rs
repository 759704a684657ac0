//! Who is there, who could confirm, who points at what; what somebody without the controls is told.

use std::time::Duration;

use super::{Action, ChecklistRow, Model, OverlayKind, Pane};
use crate::domain::procedure::{Friction, StepAct};
use crate::domain::{CockpitId, Operator, Seat, StepId};
use crate::session::proposal::{Confirmation, Gesture};

/// What a person does in the session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// Has the controls.
    Drives,
    /// May take them, confirms as the second person.
    Copilot,
    /// Only watches.
    Watches,
}

impl Part {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drives => "drives",
            Self::Copilot => "copilot",
            Self::Watches => "watches",
        }
    }
}

/// A cockpit of the session, as far as it is known here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Its operator.
    pub name: Operator,
    /// The cockpit.
    pub cockpit: CockpitId,
    /// What they do.
    pub part: Part,
    /// How long nothing was heard of them, where that is too long; `None` while they are there.
    pub silent: Option<Duration>,
    /// Whether it is this cockpit.
    pub is_me: bool,
}

impl Model {
    /// Everybody aboard: the driver first, then copilots, then who only watches.
    pub fn people(&self) -> Vec<Person> {
        let (flight, now) = (&self.flight, self.now.elapsed);
        let session = &flight.session;
        let part = |cockpit: CockpitId, seat: Seat| match seat {
            _ if session.drives(cockpit) => Part::Drives,
            Seat::Operator => Part::Copilot,
            Seat::Observer => Part::Watches,
        };
        let here = |cockpit: CockpitId| {
            let heard = !flight.crew.shared || flight.present(now).any(|each| each.cockpit == cockpit);
            cockpit == flight.me.cockpit || (heard && self.gone != Some(cockpit))
        };
        let person = |cockpit: CockpitId, name: &Operator, seat: Seat| Person {
            name: name.clone(),
            cockpit,
            part: part(cockpit, seat),
            silent: (!here(cockpit)).then(|| flight.silent_for(cockpit, now)),
            is_me: cockpit == flight.me.cockpit,
        };
        let mut people: Vec<Person> =
            session.aboard.iter().map(|(cockpit, aboard)| person(*cockpit, &aboard.operator, aboard.seat)).collect();
        if flight.crew.shared && !session.aboard.contains_key(&flight.me.cockpit) && session.is_open() {
            people.push(person(flight.me.cockpit, &flight.me.operator, flight.me.seat));
        }
        // Where nobody announces themselves, only who drives is known: others may be long gone.
        people.retain(|each| flight.crew.shared || each.is_me || each.part == Part::Drives);
        // Who came back in another cockpit is not missed in the old one.
        let back: Vec<Operator> =
            people.iter().filter(|each| each.silent.is_none()).map(|each| each.name.clone()).collect();
        people.retain(|each| each.silent.is_none() || each.part == Part::Drives || !back.contains(&each.name));
        people.sort_by(|a, b| (a.part, a.name.as_str(), a.cockpit).cmp(&(b.part, b.name.as_str(), b.cockpit)));
        people
    }

    /// Whether this cockpit only watches.
    pub fn is_observer(&self) -> bool {
        self.flight.me.seat == Seat::Observer
    }

    /// Operators that are there and could be the second person: another name in another cockpit (F3).
    pub fn could_confirm(&self) -> Vec<Operator> {
        let me = &self.flight.me.operator;
        let there = self.flight.present(self.now.elapsed).filter(|each| !each.observer && each.operator != *me);
        let mut names: Vec<Operator> = there.map(|each| each.operator.clone()).collect();
        names.dedup();
        names
    }

    /// Operators that have a request on their screen now.
    pub fn lookers(&self, digest: crate::domain::Digest) -> Vec<Operator> {
        let there = self.flight.present(self.now.elapsed);
        there.filter(|each| each.looking_at == Some(digest)).map(|each| each.operator.clone()).collect()
    }

    /// Whether the rules ask for another person's key, and there is no list of keys: then a name is only a claim (F3).
    pub fn names_are_claims(&self) -> bool {
        let procedure = &self.flight.procedure;
        procedure.confirm.asks_two() && !procedure.people.keys
    }

    /// Whether shifts of the plan ask two people in this profile.
    pub fn asks_two_to_shift(&self) -> bool {
        self.flight.procedure.confirm.shift == Friction::Two
    }

    /// Whether what the open dialog confirms asks another person first.
    pub fn asks_two(&self) -> bool {
        let Some(overlay) = &self.overlay else { return false };
        let Some(confirm) = overlay.confirm() else { return false };
        let confirmation = Confirmation { alone: confirm.alone.clone(), ..Confirmation::new(Gesture::Key, false) };
        match &overlay.kind {
            OverlayKind::Shift(_) | OverlayKind::RollBack { .. } => {
                let proposing = self.flight.proposing.as_ref();
                proposing.is_some_and(|each| self.flight.asks_second(&each.kind, &confirm.overrides, &confirmation))
            }
            OverlayKind::Complete { step, .. } => self.flight.completing_asks_second(step, &confirmation),
            OverlayKind::Reload(_) => self.flight.reloading_asks_second(&confirmation),
            OverlayKind::Arm { .. }
            | OverlayKind::Duty(_)
            | OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Connections { .. }
            | OverlayKind::EndConnections { .. }
            | OverlayKind::CancelTask { .. }
            | OverlayKind::CancelAction { .. }
            | OverlayKind::Approve { .. }
            | OverlayKind::Approvals(_)
            | OverlayKind::Ask(_)
            | OverlayKind::Help
            | OverlayKind::Palette(_)
            | OverlayKind::Details { .. }
            | OverlayKind::Line(_)
            | OverlayKind::Item(_)
            | OverlayKind::Correlate(_)
            | OverlayKind::Messages
            | OverlayKind::Look(_)
            | OverlayKind::Run { .. }
            | OverlayKind::Controls(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Quit { .. } => false,
        }
    }

    /// Whether the open dialog offers to do alone what asks two people.
    pub fn could_break_glass(&self) -> bool {
        let idle = |confirm: &super::ConfirmState| !confirm.waiting && confirm.breaking.is_none();
        let open = self.overlay.as_ref().and_then(super::Overlay::confirm).is_some_and(idle);
        open && self.flight.procedure.people.break_glass && self.asks_two() && !self.is_void()
    }

    /// The next shifts of the plan, which a run can hold.
    pub fn runnable(&self) -> Vec<StepId> {
        let session = &self.flight.session;
        let open = self.flight.procedure.plan.iter().filter(|step| !session.steps.contains_key(&step.id));
        open.take_while(|step| matches!(step.act, StepAct::Shift(_))).map(|step| step.id.clone()).collect()
    }

    /// Until this cockpit can take the controls that it asks for: none left, some time, or the holder is there.
    pub fn taken_in(&self) -> Option<Result<Duration, Duration>> {
        let now = self.now.elapsed;
        let waited = self.flight.asked_for(now)?;
        let (holder, _) = self.flight.other_driver()?;
        let people = self.flight.procedure.people;
        let (silent, away) = (self.flight.silent_for(holder, now), self.flight.away_for(holder, now));
        if silent < people.silence && away < people.away {
            return Some(Err(away));
        }
        Some(Ok(people.grace.saturating_sub(waited)))
    }

    /// What the pointer of `o` names: the selected router or item, else the focused pane.
    pub fn pointable(&self) -> String {
        match self.focus {
            Pane::Traffic => self.selected_router().map_or("Traffic".to_owned(), |router| router.id.to_string()),
            Pane::Checklist => match self.checklist_selected() {
                Some(ChecklistRow::Item { item, .. }) => self.item_pointer(item),
                Some(ChecklistRow::Heading { section, .. }) => section.title.clone(),
                None => "Checklist".to_owned(),
            },
            Pane::Metrics => "Metrics".to_owned(),
            Pane::Logs => "Logs".to_owned(),
        }
    }

    /// What an item is called by pointers: its text, or where two have the same, its id.
    pub fn item_pointer(&self, item: &crate::domain::checklist::Item) -> String {
        let same = self.flight.procedure.checklist.items().filter(|each| each.text == item.text).count();
        if same > 1 { item.id.to_string() } else { item.text.clone() }
    }

    /// Who points at something by this name; this cockpit's own pointer too.
    pub fn pointed_by(&self, name: &str) -> Option<String> {
        let others = self.flight.present(self.now.elapsed);
        let mut who: Vec<&str> =
            others.filter(|each| each.pointer.as_deref() == Some(name)).map(|each| each.operator.as_str()).collect();
        if self.flight.crew.pointer.as_deref() == Some(name) {
            who.push("you");
        }
        (!who.is_empty()).then(|| who.join(", "))
    }

    /// Why somebody without the controls cannot do this, with what gives them; `None` when it is theirs to try.
    pub(super) fn not_for_me(&self, action: &Action) -> Option<String> {
        let session = &self.flight.session;
        if !session.is_open() {
            return None;
        }
        let forward = is_forward(action);
        if self.is_observer() && (forward || is_act(action)) {
            let text = "you only watch: nothing is taken from an observer; open the session as an operator to act";
            return Some(text.to_owned());
        }
        if forward && self.flight.is_cut_off() {
            return Some("cut off from the journal: nothing goes forward until it answers; R rolls back".to_owned());
        }
        if !forward || self.flight.drives() {
            return None;
        }
        Some(match &session.controls {
            Some(controls) if self.gone == Some(controls.holder.cockpit) => {
                format!("{} had the controls and is gone: t takes them", controls.holder.operator)
            }
            Some(controls) => {
                let holder = &controls.holder.operator;
                format!("{holder} has the controls: A asks for them; R and H need none")
            }
            None => "nobody has the controls: t takes them; R and H need none".to_owned(),
        })
    }
}

/// Acts that need the controls.
fn is_forward(action: &Action) -> bool {
    matches!(
        action,
        Action::NextStep
            | Action::SkipStep
            | Action::DraftMore
            | Action::DraftLess
            | Action::DraftDigit(_)
            | Action::DraftSet(_)
            | Action::ReloadProfile
            | Action::CloseSession
            | Action::EndConnections
            | Action::ExcludeRouter
            | Action::OfferControls
            | Action::ArmGuards
    )
}

/// Acts that an operator may do without them.
fn is_act(action: &Action) -> bool {
    matches!(
        action,
        Action::RollBack
            | Action::BackAtOnce
            | Action::NextRollbackAct
            | Action::SkipRollbackAct
            | Action::PassRollbackAct
            | Action::CancelTask
            | Action::Hold
            | Action::Note
            | Action::AttachLines
            | Action::TakeControls
            | Action::AskControls
            | Action::ConfirmRun
            | Action::EndRun
            | Action::Approve
            | Action::ReportApproval
            | Action::WithdrawApproval
            | Action::RunGroup
            | Action::RunChecks
            | Action::TellAgain
            | Action::RunCommand
            | Action::AttachEvidence
            | Action::Start
            | Action::Yes
            | Action::No
    )
}
