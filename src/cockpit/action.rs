//! What a key, a click or a palette entry means. [`super::catalogue`] names them for keys, help and palette.

use tui_input::InputRequest;

use super::Pane;
use crate::domain::BasisPoints;

/// Something an operator does. Actions without a parameter work on what is focused, selected or open.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Move the focus to a pane.
    Focus(Pane),
    /// The next pane.
    FocusNext,
    /// The pane before.
    FocusPrevious,
    /// The focused pane fills the screen, or gives the room back.
    Zoom,
    /// Up in the focused pane, the dialog or the list.
    Up,
    /// Down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    Top,
    /// To the last; in the logs: follow.
    Bottom,
    /// Left: fold, or the pool before.
    Left,
    /// Right: unfold, or the next pool.
    Right,
    /// Raise the draft by the profile's increment.
    DraftMore,
    /// Lower the draft by the profile's increment.
    DraftLess,
    /// A digit or a decimal point for the draft.
    DraftDigit(char),
    /// Take the last digit of the draft back.
    DraftErase,
    /// Set the draft outright (a click on a bar).
    DraftSet(BasisPoints),
    /// What Enter means now: propose the draft, fold, confirm a typed text.
    Enter,
    /// Drop the draft, close the dialog; nothing is sent.
    Escape,
    /// Propose the next step of the plan, or open its dialog when it is a person's work.
    NextStep,
    /// Skip the next step, with a reason.
    SkipStep,
    /// Open the rollback dialog.
    RollBack,
    /// Open the rollback dialog with the way back at once, whatever stages are under way.
    BackAtOnce,
    /// In the rollback dialog: the other way back.
    OtherWayBack,
    /// Open the dialog of the next act of a way back (R7).
    NextRollbackAct,
    /// In the dialog of an act of a way back: skip it, with a reason.
    SkipRollbackAct,
    /// In the dialog of an act of a way back that did not end well: go on with the next one.
    PassRollbackAct,
    /// Leave a router out of the rest of the plan, with a reason; or take it in again (D8).
    ExcludeRouter,
    /// Send what the dialog shows; the key that confirms.
    Send,
    /// Propose the same again, where the proposal is void or lapsed.
    Afresh,
    /// Override a failing gate of the dialog, with a reason.
    Override,
    /// Open the dialog of the change that is not done everywhere.
    OpenPartial,
    /// In the partial dialog: retry the routers that do not hold the change.
    Retry,
    /// In the partial dialog: send the next wave.
    SendWave,
    /// In the partial dialog: leave it partly done, with a reason.
    Leave,
    /// Open the dialog of a drifted or restarted router.
    OpenDrift,
    /// In the drift dialog: put the router back.
    PutBack,
    /// In the drift dialog: take the router as it is, with a reason.
    AcceptDrift,
    /// Tick the selected item or take the tick back; on a heading: fold.
    Toggle,
    /// Stop forward acts, with a reason; or release the hold, with a reason.
    Hold,
    /// Open the dialog in which guards are armed, or disarmed (G1).
    ArmGuards,
    /// Write a note.
    Note,
    /// Begin or end a choice of log lines.
    SelectLines,
    /// Attach the chosen log lines to the session.
    AttachLines,
    /// Copy the choice to the clipboard; of a line or an item shown in full, what is chosen.
    Copy,
    /// Show the log lines with the same value of a field as the one at the cursor.
    Correlate,
    /// Fields as columns of the log, or not.
    ToggleColumns,
    /// Pause or resume the log's scrolling.
    PauseLogs,
    /// Filter the log by text or `/regex/`.
    FilterLogs,
    /// The next lowest level shown in the log.
    NextLevel,
    /// The next pool shown in the log.
    NextPool,
    /// Show or hide excluded lines.
    ToggleExcluded,
    /// The next span of the charts.
    NextSpan,
    /// The charts show an earlier time.
    EarlierRange,
    /// The charts show a later time, at most until now.
    LaterRange,
    /// All keys.
    Help,
    /// The palette.
    Palette,
    /// Big letters for a shared screen.
    CallView,
    /// List the connections of the pool without weight; in the list: list again.
    Connections,
    /// In the list of connections: end them, with a reason.
    EndConnections,
    /// Cancel what a slow system is at.
    CancelTask,
    /// Details of the focused router, step or item.
    Details,
    /// The messages so far.
    Messages,
    /// The next theme.
    NextTheme,
    /// Motion on or off.
    ToggleMotion,
    /// Mouse capture on or off, so that the terminal's own selection works.
    ToggleMouse,
    /// Open the dialog of the profile that changed on disk.
    ReloadProfile,
    /// Take the controls from a cockpit whose process is gone (C4).
    TakeControls,
    /// Look at what another person asks to be confirmed (F3).
    LookAtRequest,
    /// In a dialog about another person's asking: refuse it, or take one's own back.
    Refuse,
    /// In a dialog that asks two people: do it alone, with a reason.
    BreakGlass,
    /// Confirm the next steps of the plan at once, as the second person.
    ConfirmRun,
    /// End a run of steps that was confirmed.
    EndRun,
    /// Offer the controls to another cockpit, or take the offer back (C3).
    OfferControls,
    /// Ask for the controls, or take the asking back.
    AskControls,
    /// Look at an offer of the controls, or at an asking for them.
    LookAtControls,
    /// Point at what is selected, on every screen; once more: point no longer.
    Point,
    /// Point at the next step of the plan.
    PointAtStep,
    /// The error patterns of the logs, as a table.
    Patterns,
    /// The approvals: who gave which, until when, what is missing (F7).
    Approvals,
    /// In the panel of approvals: give the chosen one.
    Approve,
    /// In the panel of approvals: note the chosen one as told by somebody, with a link.
    ReportApproval,
    /// In the panel of approvals: take a word back, with a reason.
    WithdrawApproval,
    /// The checks, as a table.
    Checks,
    /// In the table of checks: ask the chosen one's group now.
    RunGroup,
    /// Ask all checks now.
    RunChecks,
    /// Who is told what, and what could not be told.
    Tellings,
    /// Tell people outside again what could not be told.
    TellAgain,
    /// Who is there.
    People,
    /// Read items aloud, and answer what is read.
    ReadAloud,
    /// Whom to call.
    Contacts,
    /// Run the command of the item at hand, once that is confirmed.
    RunCommand,
    /// Attach evidence to the item at hand.
    AttachEvidence,
    /// Begin the time of the item at hand; where people are called: declare an incident, or end it.
    Start,
    /// It is so; they answered.
    Yes,
    /// It is not so; they did not answer.
    No,
    /// Close the session, with its outcome.
    CloseSession,
    /// A fault or act of the built-in world, by its name.
    Demo(String),
    /// An edit of the text field that has the keys.
    Edit(InputRequest),
    /// Draw everything anew.
    Redraw,
    /// To the background (Ctrl-Z).
    Suspend,
    /// Leave.
    Quit,
}

impl Action {
    /// Whether it works on the panes, and does nothing while something lies over them.
    #[expect(clippy::too_many_lines, reason = "one name after the other")]
    pub(super) fn is_for_panes(&self) -> bool {
        match self {
            Self::Focus(_)
            | Self::FocusNext
            | Self::FocusPrevious
            | Self::Zoom
            | Self::DraftMore
            | Self::DraftLess
            | Self::DraftDigit(_)
            | Self::DraftErase
            | Self::DraftSet(_)
            | Self::NextStep
            | Self::SkipStep
            | Self::NextRollbackAct
            | Self::OpenPartial
            | Self::OpenDrift
            | Self::Toggle
            | Self::Hold
            | Self::ArmGuards
            | Self::Note
            | Self::SelectLines
            | Self::AttachLines
            | Self::Correlate
            | Self::ToggleColumns
            | Self::PauseLogs
            | Self::FilterLogs
            | Self::NextLevel
            | Self::NextPool
            | Self::ToggleExcluded
            | Self::NextSpan
            | Self::EarlierRange
            | Self::LaterRange
            | Self::Help
            | Self::Palette
            | Self::Details
            | Self::Messages
            | Self::ReloadProfile
            | Self::TakeControls
            | Self::ConfirmRun
            | Self::EndRun
            | Self::OfferControls
            | Self::AskControls
            | Self::Point
            | Self::PointAtStep
            | Self::Patterns
            | Self::Approvals
            | Self::Checks
            | Self::Tellings
            | Self::People
            | Self::ReadAloud
            | Self::Contacts
            | Self::CloseSession => true,
            Self::Up
            | Self::Down
            | Self::PageUp
            | Self::PageDown
            | Self::Top
            | Self::Bottom
            | Self::Left
            | Self::Right
            | Self::Enter
            | Self::Escape
            | Self::Copy
            | Self::RollBack
            | Self::SkipRollbackAct
            | Self::PassRollbackAct
            | Self::ExcludeRouter
            | Self::BackAtOnce
            | Self::Connections
            | Self::EndConnections
            | Self::CancelTask
            | Self::OtherWayBack
            | Self::Send
            | Self::Afresh
            | Self::Override
            | Self::LookAtRequest
            | Self::LookAtControls
            | Self::Refuse
            | Self::BreakGlass
            | Self::Retry
            | Self::SendWave
            | Self::Leave
            | Self::PutBack
            | Self::AcceptDrift
            | Self::Approve
            | Self::ReportApproval
            | Self::WithdrawApproval
            | Self::RunGroup
            | Self::RunChecks
            | Self::TellAgain
            | Self::RunCommand
            | Self::AttachEvidence
            | Self::Start
            | Self::Yes
            | Self::No
            | Self::CallView
            | Self::NextTheme
            | Self::ToggleMotion
            | Self::ToggleMouse
            | Self::Demo(_)
            | Self::Edit(_)
            | Self::Redraw
            | Self::Suspend
            | Self::Quit => false,
        }
    }
}
