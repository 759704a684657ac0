//! The acts with their names for keys and palette, and one line of help each. One list feeds dispatch, footer, help and
//! palette.

use super::{Action, Pane};

/// One act.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The act.
    pub action: Action,
    /// Its name in key files: `next-step`.
    pub name: &'static str,
    /// What it does, for help and palette.
    pub title: &'static str,
    /// Whether the palette offers it: acts that only move something about are left to the keys.
    pub in_palette: bool,
}

/// Every act without a parameter of its own, in the order of the help.
#[expect(clippy::too_many_lines, reason = "one line for each act")]
pub fn catalogue() -> Vec<Entry> {
    let act = |action, name, title| Entry { action, name, title, in_palette: true };
    let key = |action, name, title| Entry { action, name, title, in_palette: false };
    vec![
        act(Action::NextStep, "next-step", "propose the next step of the plan"),
        act(Action::RollBack, "roll-back", "roll back"),
        act(Action::BackAtOnce, "back-at-once", "roll back at once, not in stages"),
        act(Action::NextRollbackAct, "next-act", "the next act of the way back, after its traffic"),
        key(Action::SkipRollbackAct, "skip-act", "skip this act of the way back, with a reason"),
        key(Action::PassRollbackAct, "pass-act", "go on with the next act of the way back"),
        act(Action::ExcludeRouter, "exclude-router", "leave the router out of the plan, or take it in again"),
        key(Action::DraftMore, "draft-more", "draft more for the chosen pool"),
        key(Action::DraftLess, "draft-less", "draft less for the chosen pool"),
        key(Action::DraftErase, "draft-erase", "take the last digit of the draft back"),
        key(Action::Enter, "enter", "do what the key line says"),
        key(Action::Escape, "escape", "drop the draft, close the dialog; sends nothing"),
        key(Action::Send, "send", "confirm what the dialog shows"),
        key(Action::Afresh, "afresh", "propose the same again"),
        key(Action::Override, "override", "override a failing gate, with a reason"),
        key(Action::OtherWayBack, "other-way-back", "the other way back"),
        act(Action::OpenPartial, "open-partial", "look at a change that is not done everywhere"),
        key(Action::Retry, "retry", "send once more to the routers that are not done"),
        key(Action::SendWave, "send-wave", "send the next wave of the change"),
        key(Action::Leave, "leave", "leave it partly done, with a reason"),
        act(Action::OpenDrift, "open-drift", "look at a router that drifted"),
        key(Action::PutBack, "put-back", "put the router back"),
        key(Action::AcceptDrift, "accept-drift", "take the router as it is, with a reason"),
        act(Action::SkipStep, "skip-step", "skip the next step, with a reason"),
        act(Action::Hold, "hold", "hold the deployment, or release the hold"),
        act(Action::ArmGuards, "arm-guards", "arm the guards that may roll back by themselves, or disarm them"),
        act(Action::Note, "note", "write a note into the record"),
        key(Action::Toggle, "toggle", "tick the item, or fold the heading"),
        act(Action::FilterLogs, "filter-logs", "filter the logs: words, /pattern/, level:warn, pool:name"),
        act(Action::PauseLogs, "pause-logs", "pause the logs, or follow again"),
        act(Action::NextLevel, "next-level", "logs: the next lowest level"),
        act(Action::NextPool, "next-pool", "logs: the next pool"),
        act(Action::ToggleExcluded, "toggle-excluded", "logs: show or hide health checks and other noise"),
        act(Action::Patterns, "error-patterns", "logs: errors grouped and counted, new ones since the change first"),
        act(Action::SelectLines, "select-lines", "logs: begin or end a choice of lines"),
        act(Action::AttachLines, "attach-lines", "logs: attach the chosen lines to the record"),
        act(Action::Copy, "copy", "logs: copy the chosen lines; of a line or an item in full, what is chosen"),
        act(Action::Correlate, "correlate", "logs: every line with the same value of a field, as a trace id; Enter"),
        act(Action::ToggleColumns, "toggle-columns", "logs: fields as columns, or not"),
        act(Action::Checks, "checks", "the checks: how each stands, its evidence, smoke tests by group"),
        key(Action::RunGroup, "run-group", "checks: ask the chosen one's group now"),
        act(Action::RunChecks, "run-checks", "checks: ask all of them now"),
        act(Action::Tellings, "tellings", "who outside is told what, and what could not be told"),
        act(Action::TellAgain, "tell-again", "tell people outside again what could not be told"),
        act(Action::NextSpan, "next-span", "charts: the next span"),
        act(Action::EarlierRange, "earlier-range", "charts: an earlier time"),
        act(Action::LaterRange, "later-range", "charts: a later time, up to now"),
        act(Action::Connections, "connections", "list the connections of the pool without weight"),
        key(Action::EndConnections, "end-connections", "end the listed connections, with a reason"),
        act(
            Action::CancelTask,
            "cancel-task",
            "cancel the deploy action that runs, or the task that a slow system is at",
        ),
        act(
            Action::Details,
            "details",
            "details of what is selected: an item with its commands, a log line with its fields",
        ),
        act(Action::Messages, "messages", "the messages so far"),
        act(Action::CallView, "call-view", "big letters for a shared screen"),
        act(Action::Zoom, "zoom", "the pane fills the screen, or gives the room back"),
        act(Action::Focus(Pane::Traffic), "focus-traffic", "go to the traffic"),
        act(Action::Focus(Pane::Checklist), "focus-checklist", "go to the checklist"),
        act(Action::Focus(Pane::Metrics), "focus-metrics", "go to the metrics"),
        act(Action::Focus(Pane::Logs), "focus-logs", "go to the logs"),
        key(Action::FocusNext, "focus-next", "the next pane"),
        key(Action::FocusPrevious, "focus-previous", "the pane before"),
        key(Action::Up, "up", "up"),
        key(Action::Down, "down", "down"),
        key(Action::PageUp, "page-up", "a page up"),
        key(Action::PageDown, "page-down", "a page down"),
        key(Action::Top, "top", "to the first"),
        key(Action::Bottom, "bottom", "to the last; in the logs: follow; in a chart: now"),
        key(Action::Left, "left", "fold, the pool before, or the cursor of a chart"),
        key(Action::Right, "right", "unfold, the next pool, or the cursor of a chart"),
        act(Action::NextTheme, "next-theme", "the next theme"),
        act(Action::ToggleMotion, "toggle-motion", "motion on or off"),
        act(Action::ToggleMouse, "toggle-mouse", "mouse on or off, for the terminal's own selection"),
        act(Action::ReloadProfile, "reload-profile", "take the changed profile in"),
        act(Action::TakeControls, "take-controls", "take the controls from a cockpit that is gone"),
        act(Action::LookAtRequest, "look-at-request", "look at what another person asks you to confirm"),
        key(Action::Refuse, "refuse", "refuse it, or take your own asking back"),
        key(Action::BreakGlass, "break-glass", "do alone what asks two people, with a reason"),
        act(Action::ConfirmRun, "confirm-run", "confirm the next steps at once, as the second person"),
        act(Action::EndRun, "end-run", "end the confirmed run of steps, with a reason"),
        act(Action::OfferControls, "offer-controls", "offer the controls, or take the offer back"),
        act(Action::AskControls, "ask-for-controls", "ask for the controls, or take the asking back"),
        act(Action::LookAtControls, "look-at-controls", "look at an offer of the controls, or an asking for them"),
        act(Action::Point, "point", "point at what is selected, on every screen; again: no longer"),
        act(Action::PointAtStep, "point-at-step", "point at the next step, on every screen"),
        act(Action::People, "people", "who is there, and who they are"),
        act(Action::CloseSession, "close-session", "close the session, with its outcome"),
        act(Action::Help, "help", "all keys"),
        key(Action::Palette, "palette", "every act, by its name"),
        act(Action::Redraw, "redraw", "draw everything anew"),
        act(Action::Suspend, "suspend", "to the background"),
        act(Action::Quit, "quit", "leave; the session stays open"),
    ]
}
