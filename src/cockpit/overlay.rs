//! Dialogs and what lies over the panes. A dialog is data: prompting, waiting, failed; its default is No.

use std::collections::BTreeSet;

use tui_input::Input;

use super::approval::{ApprovalTable, ToApprove};
use super::check::CheckTable;
use super::correlation::Choice;
use super::duty::DutySheet;
use super::item_detail::ItemDetail;
use super::log_detail::LogDetail;
use super::pattern::PatternTable;
use crate::domain::{
    ApprovalId, ChangeId, CheckId, CockpitId, ItemId, NativeSplit, Operator, PoolId, RequestId, RouterId, StepId,
};
use crate::flight::connection::EndConnections;
use crate::flight::task::CancelTask;
use crate::flight::{Ask, WayBackChoice};
use crate::session::proposal::{Gate, Override};
use crate::session::second::Request;

/// What has the keys instead of the panes.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// What it is.
    pub kind: OverlayKind,
    /// The model's version when it was opened.
    pub opened: u64,
    /// Whether a frame that shows it as it is now has gone out: keys before that confirm nothing (F2).
    pub seen: bool,
    /// Whether Enter opened it; then Enter does not confirm it (F2).
    pub by_enter: bool,
    /// The first line shown, where it is longer than its box.
    pub scroll: u16,
}

/// The overlays.
#[derive(Clone, Debug)]
pub enum OverlayKind {
    /// Confirm the flight's proposal of a forward change.
    Shift(ConfirmState),
    /// Confirm the way back.
    RollBack {
        /// Which of the ways back is shown.
        choice: WayBackChoice,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// Start the next step's action and follow it, or confirm that a person did the step.
    Complete {
        /// The step.
        step: StepId,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// A change that is not done everywhere, or goes in waves, router by router; opens by itself only as a banner, by Enter or a key as a dialog.
    Partial,
    /// A drifted router: put back, accept, roll back.
    Drift {
        /// The router.
        router: RouterId,
    },
    /// What a router still holds open to a pool.
    Connections {
        /// The router.
        router: RouterId,
        /// The pool.
        pool: PoolId,
    },
    /// End it (D6).
    EndConnections {
        /// What, and why.
        end: Box<EndConnections>,
        /// How often connections had been ended when the dialog opened.
        before: u32,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// Cancel what a slow system is at (R6).
    CancelTask {
        /// What, as it was when the dialog opened.
        cancel: Box<CancelTask>,
        /// How often tasks had been cancelled then.
        before: u32,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// Cancel a deploy action that runs.
    CancelAction {
        /// Its act.
        of: ChangeId,
        /// How often tasks and actions had been cancelled when the dialog opened.
        before: u32,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// A line of text is asked for.
    Ask(Question),
    /// All keys.
    Help,
    /// The palette.
    Palette(Palette),
    /// A log line in full.
    Line(Box<LogDetail>),
    /// An item of the checklist in full.
    Item(Box<ItemDetail>),
    /// By which field of a log line are others looked for?
    Correlate(Box<Choice>),
    /// Details of something, as lines.
    Details {
        /// The title.
        title: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// The messages so far, newest last; `scroll` counts from the newest.
    Messages,
    /// Take the changed profile in?
    Reload(ConfirmState),
    /// Let guards roll back by themselves, or let none do so any more (G1).
    Arm {
        /// Whether it disarms.
        disarms: bool,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// What another person asks to be confirmed (F3).
    Look(Box<Look>),
    /// Confirm the next steps of the plan at once.
    Run {
        /// The steps that are chosen so far.
        steps: Vec<StepId>,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// The controls change hands (C3).
    Controls(Handover),
    /// The table of checks, or the evidence of one.
    Checks(CheckTable),
    /// The approvals (F7).
    Approvals(ApprovalTable),
    /// Give an approval.
    Approve {
        /// Which one, as it was when the dialog opened.
        given: Box<ToApprove>,
        /// The confirmation.
        confirm: ConfirmState,
    },
    /// The table of error patterns.
    Patterns(PatternTable),
    /// Who is there.
    People,
    /// A command of an item, reading aloud, whom to call.
    Duty(Box<DutySheet>),
    /// Leave, although something stops with it (S1).
    Quit {
        /// What stops.
        stops: Vec<String>,
        /// Whether it is Ctrl-Z instead.
        suspend: bool,
    },
}

/// How far a confirmation is.
#[derive(Clone, Debug, Default)]
pub struct ConfirmState {
    /// The proposal that this is about, once every router has worked it out.
    pub change: Option<ChangeId>,
    /// How it was asked for, so that it can be proposed afresh.
    pub asked: Option<Ask>,
    /// What was typed, where the act asks for its target.
    pub typed: Input,
    /// Checks between the stages of a way back that do not pass, as the dialog shows them.
    pub against: BTreeSet<CheckId>,
    /// Gates that are overridden so far.
    pub overrides: Vec<Override>,
    /// A gate whose reason is being typed.
    pub overriding: Option<(Gate, Input)>,
    /// The reason for breaking the glass, while it is being typed.
    pub breaking: Option<Input>,
    /// Why one person does alone what asks two.
    pub alone: Option<String>,
    /// What was wrong with the last try.
    pub failed: Option<String>,
    /// Whether it was confirmed and waits for the journal, a signature or another person.
    pub waiting: bool,
}

/// A request of another person, as it was when it was opened here.
#[derive(Clone, Debug)]
pub struct Look {
    /// What is asked, by whom; what is drawn and confirmed, whatever comes after it.
    pub request: Request,
    /// The confirmation.
    pub confirm: ConfirmState,
    /// What became of it; `None` while it stands.
    pub over: Option<String>,
}

/// The dialogs in which the controls change hands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Handover {
    /// To whom this driver offers them.
    OfferTo {
        /// The operators that are there, each with a cockpit.
        cockpits: Vec<(CockpitId, Operator)>,
        /// The chosen one.
        chosen: usize,
    },
    /// They are offered to this cockpit.
    Offered,
    /// Another cockpit asks this driver for them.
    Asked,
    /// This cockpit asks for them.
    Asking,
}

impl Overlay {
    /// The confirmation in it, if it is one.
    pub fn confirm(&self) -> Option<&ConfirmState> {
        match &self.kind {
            OverlayKind::Shift(confirm)
            | OverlayKind::RollBack { confirm, .. }
            | OverlayKind::Complete { confirm, .. }
            | OverlayKind::Run { confirm, .. }
            | OverlayKind::Arm { confirm, .. }
            | OverlayKind::EndConnections { confirm, .. }
            | OverlayKind::CancelTask { confirm, .. }
            | OverlayKind::CancelAction { confirm, .. }
            | OverlayKind::Approve { confirm, .. }
            | OverlayKind::Reload(confirm) => Some(confirm),
            OverlayKind::Look(look) => Some(&look.confirm),
            OverlayKind::Duty(duty) => duty.confirm(),
            OverlayKind::Partial
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
            | OverlayKind::Quit { .. } => None,
        }
    }

    pub(super) fn confirm_mut(&mut self) -> Option<&mut ConfirmState> {
        match &mut self.kind {
            OverlayKind::Shift(confirm)
            | OverlayKind::RollBack { confirm, .. }
            | OverlayKind::Complete { confirm, .. }
            | OverlayKind::Run { confirm, .. }
            | OverlayKind::Arm { confirm, .. }
            | OverlayKind::EndConnections { confirm, .. }
            | OverlayKind::CancelTask { confirm, .. }
            | OverlayKind::CancelAction { confirm, .. }
            | OverlayKind::Approve { confirm, .. }
            | OverlayKind::Reload(confirm) => Some(confirm),
            OverlayKind::Look(look) => Some(&mut look.confirm),
            OverlayKind::Duty(duty) => duty.confirm_mut(),
            OverlayKind::Partial
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
            | OverlayKind::Quit { .. } => None,
        }
    }
}

/// A line of text with what it is for.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is for.
    pub purpose: Purpose,
    /// The text so far.
    pub input: Input,
    /// What was wrong with the last try.
    pub failed: Option<String>,
}

/// What a line of text is asked for.
#[derive(Clone, PartialEq, Debug)]
pub enum Purpose {
    /// A note.
    Note,
    /// Why the deployment is held.
    Hold,
    /// Why the hold is released.
    ReleaseHold,
    /// Why the next step is skipped.
    SkipStep,
    /// Why the next act of a way back is skipped.
    SkipRollbackAct,
    /// Why a router is left out of the rest of the plan.
    ExcludeRouter {
        /// The router.
        router: RouterId,
    },
    /// Why a change is left partly done.
    Leave,
    /// Why the second person refuses.
    Refuse {
        /// What is refused.
        request: RequestId,
    },
    /// Why connections are ended.
    EndConnections(Box<EndConnections>),
    /// Why the controls are asked for.
    AskControls,
    /// Why a run of steps is ended.
    EndRun,
    /// Who approved elsewhere, and where that can be looked at.
    ReportApproval {
        /// What they approved.
        approval: ApprovalId,
    },
    /// Why a word for an approval is taken back.
    WithdrawApproval {
        /// The approval.
        approval: ApprovalId,
        /// Whose word it is.
        by: Operator,
    },
    /// Why a drifted router is taken as it is.
    AcceptDrift {
        /// The router.
        router: RouterId,
        /// What was seen of it when the question opened.
        read: NativeSplit,
    },
    /// What the session came to.
    CloseSession,
    /// The log filter.
    FilterLogs,
    /// Why an item is ticked although its order or its time speaks against it.
    TickDespite {
        /// The item.
        item: ItemId,
        /// What speaks against it.
        rule: String,
    },
    /// What is attached to an item.
    Evidence {
        /// The item.
        item: ItemId,
    },
    /// What is not so of an item that was read.
    NotSo {
        /// The item.
        item: ItemId,
        /// The entry that read it.
        reading: u64,
    },
    /// What is happening, while an incident is declared.
    Incident,
}

/// The palette: every action by name, found by fuzzy search.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// The text so far.
    pub input: Input,
    /// The selected row of what is found.
    pub selected: usize,
}
