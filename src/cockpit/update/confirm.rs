//! Proposing and confirming (F1 to F4, B3, R3). The only place that asks the flight to send.

use std::collections::BTreeSet;

use tui_input::Input;

use super::super::{ConfirmState, Effect, Model, Overlay, OverlayKind};
use crate::domain::CheckId;
use crate::domain::procedure::{Friction, StepAct};
use crate::flight::propose::Stage;
use crate::flight::{Ask, Tone, WayBackChoice};
use crate::session::proposal::{Confirmation, Gate, GateReport, GateState, Gesture, Override};

/// Which key confirms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// The confirming key.
    Key,
    /// Enter.
    Enter,
}

impl Model {
    /// Asks for a proposal and opens its dialog; where the flight does not propose, it has said why.
    pub(super) fn propose(&mut self, ask: Ask, by_enter: bool, out: &mut Vec<Effect>) -> bool {
        let change = |model: &Self| model.flight.proposing.as_ref().map(|proposing| proposing.change);
        let before = change(self);
        self.ask(ask.clone(), out);
        let made = change(self).is_some() && change(self) != before;
        if made {
            let choice = if let Ask::ProposeRollback(choice) = &ask { Some(*choice) } else { None };
            let confirm = ConfirmState { asked: Some(ask), ..ConfirmState::default() };
            let kind = match choice {
                Some(choice) => OverlayKind::RollBack { choice, confirm },
                None => OverlayKind::Shift(confirm),
            };
            self.open(kind, by_enter);
            self.followed = None;
            self.follow_flight();
        }
        made
    }

    pub(super) fn next_step(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        match self.flight.session.next_step(&self.flight.procedure.plan) {
            Some(step) if matches!(step.act, StepAct::Deploy { .. } | StepAct::Pause { .. }) => {
                let acts = step.action().is_some();
                let step = step.id.clone();
                self.open(OverlayKind::Complete { step, confirm: ConfirmState::default() }, by_enter);
                if acts {
                    self.ask(Ask::DescribeAction, out);
                }
            }
            Some(_) | None => {
                self.propose(Ask::ProposeStep, by_enter, out);
            }
        }
    }

    /// From anywhere, over whatever is open (R3). The key that opened the dialog does nothing more in it.
    pub(super) fn roll_back(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        let open = self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::RollBack { .. }));
        if open && !self.is_void() {
            return;
        }
        // Where traffic cannot go back, the acts are the way back (R2, R7).
        if self.flight.no_way_by_traffic().is_some() {
            // What is being done now is stopped first, or waited for (R6).
            let is_cancel =
                self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::CancelAction { .. }));
            if is_cancel || self.open_action_cancel() {
                return;
            }
            let is_act = self.overlay.as_ref().is_some_and(
                |overlay| matches!(&overlay.kind, OverlayKind::Complete { step, .. } if self.is_back_act(step)),
            );
            if is_act || self.open_act(by_enter, out) {
                return;
            }
        }
        let choice = self.flight.ways_back().first().copied().unwrap_or_default();
        self.propose(Ask::ProposeRollback(choice), by_enter, out);
    }

    /// At once, from wherever a way back in stages is: the same dialog, one key and one more (R8).
    pub(super) fn back_at_once(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        let open = match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::RollBack { choice, confirm }) => Some((*choice, confirm.waiting)),
            Some(_) | None => None,
        };
        let is_shown = open.is_some_and(|(choice, waiting)| waiting || choice == WayBackChoice::Step);
        if !is_shown || self.is_void() {
            self.propose(Ask::ProposeRollback(WayBackChoice::Step), by_enter, out);
        }
    }

    pub(super) fn other_way_back(&mut self, out: &mut Vec<Effect>) {
        let Some(overlay) = &self.overlay else { return };
        let by_enter = overlay.by_enter;
        if let OverlayKind::RollBack { choice, confirm } = &overlay.kind
            && !confirm.waiting
        {
            let ways = self.flight.ways_back();
            let at = ways.iter().position(|way| way == choice).unwrap_or(0);
            let other = ways.get((at + 1) % ways.len().max(1)).copied().unwrap_or_default();
            self.propose(Ask::ProposeRollback(other), by_enter, out);
        }
    }

    pub(super) fn afresh(&mut self, out: &mut Vec<Effect>) {
        if !self.is_void() {
            return;
        }
        let asked = self.overlay.as_ref().and_then(Overlay::confirm).and_then(|confirm| confirm.asked.clone());
        if let Some(ask) = asked {
            // Enter may have brought it about, so that only the confirming key confirms what comes.
            self.propose(ask, true, out);
        }
    }

    /// Confirms what the dialog shows, if a frame that shows it went out and the gesture is the one that it asks for.
    pub(super) fn confirm(&mut self, by: By, out: &mut Vec<Effect>) {
        if self.is_quit_dialog() {
            return self.confirm_quit(by, out);
        }
        if self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Controls(_))) {
            return self.confirm_controls(by, out);
        }
        let (friction, target) = (self.friction(), self.typed_target());
        let ready = self.can_be_confirmed();
        let unwinds = self.act_in_dialog().is_some();
        let Some(overlay) = self.overlay.as_mut() else { return };
        let enter_confirms = matches!(overlay.kind, OverlayKind::RollBack { .. }) && !overlay.by_enter;
        let seen = overlay.seen;
        let Some(confirm) = overlay.confirm_mut() else { return };
        if confirm.waiting || confirm.overriding.is_some() || confirm.breaking.is_some() || !ready {
            return;
        }
        let gesture = match (friction, target) {
            (Some(Friction::Type), Some(target)) if by == By::Enter => {
                let typed = confirm.typed.value().trim().to_owned();
                if typed != target {
                    confirm.failed = Some(format!("type {target}; nothing was sent"));
                    return;
                }
                Gesture::Typed(typed)
            }
            (Some(Friction::Key), _) if by == By::Key || enter_confirms => Gesture::Key,
            (Some(_) | None, _) => return,
        };
        if !seen {
            confirm.failed = Some("the key came before this was on the screen: press it again".to_owned());
            return;
        }
        confirm.failed = None;
        confirm.waiting = true;
        let overrides = confirm.overrides.clone();
        let alone = confirm.alone.clone();
        let confirmation = Confirmation { alone, ..Confirmation::new(gesture, seen) };
        let ask = match &overlay.kind {
            OverlayKind::Complete { .. } if unwinds => Ask::TakeRollbackAct { confirmation, overrides },
            OverlayKind::Complete { .. } => Ask::CompleteStep { confirmation, overrides },
            OverlayKind::Reload(_) => Ask::ReloadProfile { confirmation },
            OverlayKind::Look(look) => {
                let asked = &look.request.asked;
                Ask::Give { request: asked.request, digest: asked.digest, confirmation }
            }
            OverlayKind::Arm { disarms: true, .. } => Ask::DisarmGuards,
            OverlayKind::Arm { disarms: false, .. } => Ask::ArmGuards { confirmation },
            OverlayKind::Run { steps, .. } => Ask::ConfirmRun { steps: steps.clone(), confirmation },
            OverlayKind::EndConnections { end, .. } => Ask::EndConnections { end: end.clone(), confirmation },
            OverlayKind::CancelTask { cancel, .. } => Ask::CancelTask { cancel: cancel.clone(), confirmation },
            OverlayKind::CancelAction { of, .. } => Ask::CancelAction { of: *of, confirmation },
            OverlayKind::Duty(duty) => match Self::run_ask(duty, confirmation) {
                Some(ask) => ask,
                None => return,
            },
            OverlayKind::Approve { given, .. } => {
                Ask::Approve { approval: given.approval.clone(), about: given.about, confirmation }
            }
            OverlayKind::Shift(_)
            | OverlayKind::RollBack { .. }
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
            | OverlayKind::Controls(_)
            | OverlayKind::Approvals(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Quit { .. } => Ask::Confirm { confirmation, overrides },
        };
        self.ask(ask, out);
    }

    /// Whether there is something to confirm: a proposal that every router has worked out, or a person's work.
    pub(super) fn can_be_confirmed(&self) -> bool {
        let Some(overlay) = &self.overlay else { return false };
        match &overlay.kind {
            OverlayKind::Shift(confirm) | OverlayKind::RollBack { confirm, .. } => {
                self.flight.proposing.as_ref().is_some_and(|proposing| {
                    matches!(proposing.stage, Stage::Ready(_)) && confirm.change == Some(proposing.change)
                })
            }
            OverlayKind::Complete { step, .. } => self.can_complete(step),
            OverlayKind::Reload(_) | OverlayKind::EndConnections { .. } | OverlayKind::CancelTask { .. } => true,
            OverlayKind::CancelAction { of, .. } => {
                self.flight.cancellable_action().is_some_and(|run| run.act() == *of)
            }
            OverlayKind::Approve { given, .. } => self.can_approve(given),
            OverlayKind::Run { steps, .. } => !steps.is_empty(),
            OverlayKind::Arm { disarms, .. } => *disarms || self.can_arm(),
            OverlayKind::Look(look) => self.look_stands(look),
            OverlayKind::Duty(duty) => self.can_run(duty),
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
            | OverlayKind::Quit { .. } => false,
        }
    }

    /// The gates of the open dialog as they stand now, failing ones first.
    pub fn dialog_gates(&self) -> Vec<GateReport> {
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Shift(_)) => self.flight.gates(self.now),
            Some(OverlayKind::Complete { step, .. }) => self.gates_of(step),
            Some(_) | None => Vec::new(),
        }
    }

    /// Whether a gate stands against what the open dialog shows, and is not overridden in it.
    pub fn is_blocked(&self) -> bool {
        let Some(confirm) = self.overlay.as_ref().and_then(Overlay::confirm) else { return false };
        let given = |gate: &Gate| confirm.overrides.iter().any(|each| each.gate == *gate);
        self.dialog_gates().iter().any(|report| report.state != GateState::Holds && !given(&report.gate))
    }

    /// The first gate of the open dialog that stands against it and could be overridden.
    pub fn to_override(&self) -> Option<Gate> {
        let given = &self.overlay.as_ref()?.confirm()?.overrides;
        let stands = |report: &GateReport| report.state != GateState::Holds && report.gate.may_be_overridden();
        let mut reports = self.dialog_gates().into_iter().filter(stands).map(|report| report.gate);
        reports.find(|gate| given.iter().all(|each| each.gate != *gate))
    }

    pub(super) fn begin_override(&mut self, out: &mut Vec<Effect>) {
        let gate = self.to_override();
        let Some(confirm) = self.overlay.as_mut().and_then(Overlay::confirm_mut) else { return };
        if confirm.waiting || confirm.overriding.is_some() || confirm.breaking.is_some() || confirm.alone.is_some() {
            return;
        }
        match gate {
            Some(gate) => confirm.overriding = Some((gate, Input::default())),
            None => self.tell(Tone::Plain, "no gate here can be overridden", out),
        }
    }

    /// Takes the reason that was typed for an override; the act then asks for its target to be typed (F4).
    pub(super) fn give_reason(&mut self) {
        let opened = self.version + 1;
        let Some(overlay) = self.overlay.as_mut() else { return };
        let Some(confirm) = overlay.confirm_mut() else { return };
        let Some((gate, input)) = confirm.overriding.take() else { return };
        let reason = input.value().trim().to_owned();
        if reason.is_empty() {
            confirm.failed = Some("an override needs a reason; Esc goes back".to_owned());
            confirm.overriding = Some((gate, input));
            return;
        }
        confirm.failed = None;
        confirm.overrides.push(Override { gate, reason });
        confirm.typed = Input::default();
        (overlay.opened, overlay.seen) = (opened, false);
        let next = self.to_override();
        if let (Some(gate), Some(confirm)) = (next, self.overlay.as_mut().and_then(Overlay::confirm_mut)) {
            confirm.overriding = Some((gate, Input::default()));
        }
    }

    /// Whether an overlay stays open after the flight went on; brings it up to date.
    pub(super) fn keeps(&mut self, overlay: &mut Overlay) -> bool {
        let opened = self.version + 1;
        if let OverlayKind::RollBack { choice: WayBackChoice::Ramp, confirm } = &mut overlay.kind
            && !confirm.waiting
        {
            // A check that no longer passes is seen before a key counts for going on despite it.
            let against = self.flight.against_next_stage(self.now.elapsed).into_iter().map(|each| each.check);
            let against: BTreeSet<CheckId> = against.collect();
            if !against.is_subset(&confirm.against) {
                (overlay.opened, overlay.seen) = (opened, false);
            }
            confirm.against = against;
        }
        match &mut overlay.kind {
            OverlayKind::Shift(confirm) | OverlayKind::RollBack { confirm, .. } => {
                let Some(proposing) = &self.flight.proposing else {
                    self.followed = confirm.change.filter(|change| self.flight.session.change(*change).is_some());
                    if confirm.waiting {
                        self.draft = None;
                        self.chosen_pool = None;
                        self.closed_at = Some(self.now.elapsed);
                    }
                    return false;
                };
                match &proposing.stage {
                    Stage::Ready(_) => {
                        if confirm.waiting && self.flight.keys.signing.is_none() {
                            confirm.waiting = false;
                            confirm.failed = self.notices.back().map(|noticed| noticed.notice.text.clone());
                        }
                        if confirm.change != Some(proposing.change) {
                            confirm.change = Some(proposing.change);
                            confirm.typed = Input::default();
                            (overlay.opened, overlay.seen) = (opened, false);
                        }
                    }
                    Stage::Preparing | Stage::Asking(_) | Stage::Confirming(_) => {}
                    Stage::Void { .. } | Stage::Impossible { .. } => {
                        confirm.waiting = false;
                        (confirm.overriding, confirm.breaking, confirm.alone) = (None, None, None);
                        confirm.typed = Input::default();
                    }
                }
                true
            }
            OverlayKind::Complete { step, confirm } if self.is_action(step) => {
                let step = step.clone();
                self.keeps_action(&step, confirm, &mut overlay.opened, &mut overlay.seen)
            }
            OverlayKind::Complete { step, confirm } => {
                let refused = confirm.waiting && !self.is_pending();
                let done = self.flight.session.steps.contains_key(step);
                self.take_refusal(confirm, refused && !done);
                if done && confirm.waiting {
                    self.closed_at = Some(self.now.elapsed);
                }
                !done
            }
            OverlayKind::Reload(confirm) => {
                let refused = confirm.waiting && !self.is_pending();
                let done = self.flight.changed_profile.is_none();
                self.take_refusal(confirm, refused && !done);
                !done
            }
            OverlayKind::Arm { disarms, confirm } => self.keeps_arming(*disarms, confirm),
            OverlayKind::Look(look) => self.keeps_look(look),
            OverlayKind::Duty(duty) => self.keeps_duty(duty, &mut overlay.opened, &mut overlay.seen),
            OverlayKind::Run { steps, confirm } => self.keeps_run(steps, confirm),
            OverlayKind::EndConnections { before, confirm, .. } => {
                let (before, is_pending) = (*before, self.is_pending());
                self.keeps_end(before, confirm, is_pending)
            }
            OverlayKind::CancelTask { cancel, before, confirm } => {
                let (cancel, before, is_pending) = (cancel.clone(), *before, self.is_pending());
                self.keeps_cancel(&cancel, before, confirm, is_pending)
            }
            OverlayKind::CancelAction { of, before, confirm } => {
                let (of, before, is_pending) = (*of, *before, self.is_pending());
                self.keeps_action_cancel(of, before, confirm, is_pending)
            }
            OverlayKind::Approve { given, confirm } => {
                let given = given.clone();
                self.keeps_approve(&given, confirm)
            }
            OverlayKind::Controls(handover) => self.keeps_controls(handover),
            OverlayKind::Partial => self.flight.session.in_flight().is_some(),
            OverlayKind::Drift { router } => self.flight.session.drifted.contains_key(router),
            OverlayKind::Ask(_)
            | OverlayKind::Connections { .. }
            | OverlayKind::Help
            | OverlayKind::Palette(_)
            | OverlayKind::Details { .. }
            | OverlayKind::Line(_)
            | OverlayKind::Item(_)
            | OverlayKind::Correlate(_)
            | OverlayKind::Messages
            | OverlayKind::Approvals(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Quit { .. } => true,
        }
    }

    /// Whether something that was confirmed is still on its way: to a key, to another person, into the journal.
    pub(super) fn is_pending(&self) -> bool {
        self.flight.link.is_busy() || self.flight.waiting.is_some() || self.flight.keys.signing.is_some()
    }

    pub(super) fn take_refusal(&self, confirm: &mut ConfirmState, refused: bool) {
        if refused {
            confirm.waiting = false;
            confirm.failed = self.notices.back().map(|noticed| noticed.notice.text.clone());
        }
    }
}
