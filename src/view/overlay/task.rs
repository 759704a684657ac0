//! The task of a slow system, and the dialog that cancels it.
//!
//! ```text
//! ╭ Cancel a task · payments-api · PROD ────────────────────────────╮
//! │ deployment of release 2.5.1 on eu-2, ServerTasks-77             │
//! │ under way for 2:10, 40 %; a change of eu-2 usually takes 3 min  │
//! │   POST https://octopus/api/Spaces-1/tasks/ServerTasks-77/cancel │
//! │ ! flightdeck did not start it: whoever did waits for it         │
//! ╰─────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::answer;
use super::{Piece, Sheet, piece};
use crate::cockpit::{ConfirmState, Model};
use crate::domain::reading::Underway;
use crate::domain::{RouterId, age, clock_span};
use crate::flight::task::CancelTask;
use crate::theme::Role;

/// The dialog.
pub(super) fn cancel(model: &Model, cancel: &CancelTask, confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "Cancel a task");
    sheet.border = Role::Bad;
    let CancelTask { router, task, what, cancel } = cancel;
    sheet.line(vec![
        piece(Role::Strong, what.clone()),
        piece(Role::Text, format!(" on {router}")),
        piece(Role::Dim, format!(", {task}")),
    ]);
    match model.flight.underway(router).filter(|underway| underway.task == *task) {
        Some(underway) => sheet.line(vec![piece(Role::Text, progress(model, router, underway))]),
        None => sheet.line(vec![piece(Role::Wait, "it is over")]),
    }
    sheet.gap();
    sheet.line(vec![piece(Role::Text, format!("  {}", cancel.request))]);
    sheet.gap();
    let (role, whose) = if cancel.is_ours {
        (Role::Dim, "flightdeck started it")
    } else {
        (Role::Wait, "! flightdeck did not start it: whoever did waits for it")
    };
    sheet.line(vec![piece(role, whose)]);
    if model.flight.is_rolling_back() && cancel.is_ours {
        sheet.line(vec![piece(Role::Wait, "! it is the way back that is under way: the routers stay as they are")]);
    }
    sheet.line(vec![piece(Role::Wait, format!("! {}", cancel.leaves))]);
    sheet.line(vec![piece(Role::Dim, "Waiting sends nothing; what was sent after it goes on when it is over.")]);
    answer(model, &mut sheet, confirm, "cancel it");
    sheet
}

/// How far it is, what it waits for, and how long such a thing takes.
fn progress(model: &Model, router: &RouterId, underway: &Underway) -> String {
    let mut text = match model.flight.underway_for(router, model.now.elapsed) {
        Some(span) => format!("under way for {}", clock_span(span)),
        None => "under way".to_owned(),
    };
    if let Some(percent) = underway.percent {
        text = format!("{text}, {percent} %");
    }
    if let Some(waits) = &underway.waits_for {
        text = format!("{text}, waits for {waits}");
    }
    let usual = model.flight.procedure.router(router).map_or(0, |router| router.capabilities.change_ms);
    format!("{text}; a change of {router} usually takes {}", age(std::time::Duration::from_millis(usual)))
}

/// What a way back meets on each router: its own task is cancelled by it, what others started it waits behind.
pub(super) fn in_the_way(model: &Model) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    for router in model.flight.procedure.routers.iter().map(|router| &router.id) {
        let Some(underway) = model.flight.underway(router) else { continue };
        let what = format!("↻ {router}: {}, {}", underway.what, progress(model, router, underway));
        lines.push(vec![piece(Role::Wait, what)]);
        let then = match &underway.cancel {
            Some(cancel) if cancel.is_ours => "flightdeck started it: cancelled first, unless it brings these weights",
            Some(_) => "this waits behind it, unless it is cancelled",
            None => "this waits until it is over",
        };
        lines.push(vec![piece(Role::Dim, format!("  {then}"))]);
    }
    lines
}
