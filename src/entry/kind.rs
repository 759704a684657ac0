//! The kinds of events as they are stored, so that an unknown kind can be told from a broken one.

use crate::session::Event;

/// The stored name of an event's kind.
pub fn kind(event: &Event) -> &'static str {
    match event {
        Event::SessionOpened(_) => "session_opened",
        Event::ControlsTaken(_) => "controls_taken",
        Event::BaselineAccepted { .. } => "baseline_accepted",
        Event::ChangeConfirmed(_) => "change_confirmed",
        Event::ChangeDispatched { .. } => "change_dispatched",
        Event::ChangeRetried { .. } => "change_retried",
        Event::RouterAnswered { .. } => "router_answered",
        Event::ChangeSettled { .. } => "change_settled",
        Event::LateEffect { .. } => "late_effect",
        Event::DriftNoticed { .. } => "drift_noticed",
        Event::DriftEnded { .. } => "drift_ended",
        Event::DriftAccepted { .. } => "drift_accepted",
        Event::RouterRestarted { .. } => "router_restarted",
        Event::StepMarked { .. } => "step_marked",
        Event::ItemTicked { .. } => "item_ticked",
        Event::ItemUnticked { .. } => "item_unticked",
        Event::NoteAdded { .. } => "note_added",
        Event::LinesAttached { .. } => "lines_attached",
        Event::Held { .. } => "held",
        Event::HoldReleased { .. } => "hold_released",
        Event::PoolDrained { .. } => "pool_drained",
        Event::SplitObserved { .. } => "split_observed",
        Event::ProfileReloaded { .. } => "profile_reloaded",
        Event::SessionClosed { .. } => "session_closed",
    }
}

/// Every kind that this version knows. The golden files hold one event of each.
pub const KINDS: [&str; 24] = [
    "session_opened",
    "controls_taken",
    "baseline_accepted",
    "change_confirmed",
    "change_dispatched",
    "change_retried",
    "router_answered",
    "change_settled",
    "late_effect",
    "drift_noticed",
    "drift_ended",
    "drift_accepted",
    "router_restarted",
    "step_marked",
    "item_ticked",
    "item_unticked",
    "note_added",
    "lines_attached",
    "held",
    "hold_released",
    "pool_drained",
    "split_observed",
    "profile_reloaded",
    "session_closed",
];
