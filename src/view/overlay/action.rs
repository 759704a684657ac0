//! A deploy action: what would be sent, then in the same place how far it is, and the dialog that cancels it.
//!
//! ```text
//! ╭ Deploy to blue · payments-api · PROD ───────────────────────────╮
//! │ deploy-blue, http, touches ▲ blue                               │
//! │ version: 2.4.0 → 2.5.0                                          │
//! │                                                                 │
//! │   POST https://deploy.example.net/deployments                   │
//! │     idempotency-key: fd-9abcdef01122-3                          │
//! │                                                                 │
//! │ ✓ blue at 0 on every router, blue drained                       │
//! │ The way back stays: blue gets no traffic from it.               │
//! │                                                                 │
//! │ y start it    Esc send nothing                                  │
//! ╰─────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::{answer, failing, holding};
use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, ConfirmState, Model};
use crate::domain::action::{ActionState, Description};
use crate::domain::procedure::Step;
use crate::domain::{ChangeId, StepId, age, clock_span};
use crate::session::action::{ActionRun, ActionStage};
use crate::session::decide::step::ends_way_back;
use crate::theme::Role;
use crate::view::key as keys;

/// The dialog of a step that an action does.
pub(super) fn action(model: &Model, id: &StepId, confirm: &ConfirmState) -> Sheet {
    let flight = &model.flight;
    let Some((_, step)) = flight.procedure.step(id) else { return Sheet::act(model, "Deploy") };
    let ends = ends_way_back(&flight.procedure, step);
    let title = if ends { format!("{}, which ends the way back", step.name) } else { step.name.clone() };
    let mut sheet = Sheet::act(model, &title);
    if ends {
        sheet.border = Role::Bad;
    }
    sheet.line(touches(model, step));
    if let crate::domain::procedure::StepAct::Deploy { text, .. } = &step.act {
        for line in text.lines() {
            sheet.line(vec![piece(Role::Text, line)]);
        }
    }
    if let Some(run) = model.follows(id) {
        follow(model, &mut sheet, run);
        return sheet;
    }
    if let Some(run) = flight.session.run_of(step) {
        before(model, &mut sheet, run);
    }
    sheet.gap();
    match flight.described(id).and_then(|described| described.told.as_ref()) {
        None => sheet.line(vec![piece(Role::Dim, "↻ working out what is sent …")]),
        Some(Err(trouble)) => {
            sheet.line(vec![piece(Role::Bad, format!("✗ what would be sent is not known: {trouble}"))]);
        }
        Some(Ok(description)) => described(&mut sheet, description),
    }
    sheet.gap();
    let reports = flight.gates_to_complete(model.now);
    failing(model, &mut sheet, &reports, confirm);
    holding(&mut sheet, &reports);
    sheet.line(vec![way_back(model, ends)]);
    if flight.can_start(id, model.now.elapsed) || confirm.waiting {
        answer(model, &mut sheet, confirm, "start it");
    } else {
        if let Some(failed) = &confirm.failed {
            sheet.pin(vec![piece(Role::Bad, format!("✗ {failed}"))]);
        }
        let is_old = flight.described(id).is_some_and(|described| matches!(described.told, Some(Ok(_))));
        let mut line = if is_old {
            vec![piece(Role::Wait, "It was worked out too long ago: close this and look again.    ")]
        } else {
            Vec::new()
        };
        line.extend(key(&keys::of(model, &Action::Escape), "send nothing"));
        sheet.pin(line);
    }
    sheet
}

/// The action with its kind, and the pool that it touches.
fn touches(model: &Model, step: &Step) -> Vec<Piece> {
    let Some((action, pool)) = step.action() else { return Vec::new() };
    let kind = model.flight.procedure.action(action).map_or("", |spec| spec.kind.as_str());
    let mark = model.flight.procedure.pool(pool).map(|pool| format!("{} ", pool.mark)).unwrap_or_default();
    vec![
        piece(Role::Strong, action.to_string()),
        piece(Role::Dim, format!(", {kind}, touches ")),
        piece(Role::Strong, format!("{mark}{pool}")),
    ]
}

/// What the system said of the try before this one.
fn before(model: &Model, sheet: &mut Sheet, run: &ActionRun) {
    sheet.gap();
    let (by, at) = (&run.intent.by, run.intent.at.clock());
    sheet.line(vec![
        piece(Role::Bad, format!("✗ {}", model.action_words(run))),
        piece(Role::Dim, format!("   started by {by} at {at}")),
    ]);
    if let ActionStage::Unknown { why } = &run.stage {
        sheet.line(vec![piece(Role::Text, format!("  {why}"))]);
    }
    if let ActionStage::Ended { log, .. } = &run.stage {
        sheet.body.extend(log.iter().map(|line| vec![piece(Role::Dim, format!("  {line}"))]));
    }
    sheet.body.extend(run.link.iter().map(|link| vec![piece(Role::Accent, format!("  {link}"))]));
}

fn described(sheet: &mut Sheet, description: &Description) {
    for line in &description.differences {
        sheet.line(vec![piece(Role::Strong, line.clone())]);
    }
    sheet.gap();
    for request in &description.requests {
        sheet.line(vec![piece(Role::Text, format!("  {request}"))]);
    }
    for note in &description.notes {
        sheet.line(vec![piece(Role::Wait, format!("! {note}"))]);
    }
}

fn way_back(model: &Model, ends: bool) -> Piece {
    if ends {
        return piece(Role::Bad, "! After it there is no way back by traffic: what it replaces or ends is gone.");
    }
    let back = keys::in_panes(model, &Action::RollBack);
    piece(Role::Dim, format!("The way back stays as it is: {back}, {}.", model.roll_back_words()))
}

/// How far it is, in the place where it was started.
fn follow(model: &Model, sheet: &mut Sheet, run: &ActionRun) {
    sheet.gap();
    sheet.line(vec![piece(Role::Strong, format!("↻ {}", model.action_words(run)))]);
    let (by, at) = (&run.intent.by, run.intent.at.clock());
    sheet.line(vec![piece(Role::Dim, format!("  started by {by} at {at}, key {}", run.intent.what.key))]);
    let seen = model.flight.seen_of(run.act());
    let link = run.link.as_ref().or_else(|| seen.and_then(|seen| seen.look.link.as_ref()));
    sheet.body.extend(link.into_iter().map(|link| vec![piece(Role::Accent, format!("  {link}"))]));
    match seen {
        None => sheet.line(vec![piece(Role::Dim, "  not looked at yet")]),
        Some(seen) => {
            let since = model.now.elapsed.since(seen.at);
            sheet.line(vec![piece(Role::Dim, format!("  looked at {} ago", age(since)))]);
            if let ActionState::Unknown { why } = &seen.look.state {
                sheet.line(vec![piece(Role::Wait, format!("  ? {why}"))]);
            }
            if !seen.look.log.is_empty() {
                sheet.gap();
            }
            sheet.body.extend(seen.look.log.iter().map(|line| vec![piece(Role::Text, format!("  {line}"))]));
        }
    }
    if let Some(cancelling) = &run.cancelling {
        let left = clock_span(cancelling.deadline.since(model.now.wall));
        sheet.line(vec![piece(Role::Wait, format!("  being cancelled, sent within {left}"))]);
    }
    let mut foot = Vec::new();
    if model.flight.cancellable_action().is_some() {
        foot.extend(key(&keys::of(model, &Action::CancelTask), "cancel it, in a dialog of its own"));
    }
    foot.extend(key(&keys::of(model, &Action::Escape), "close, it goes on"));
    sheet.pin(foot);
}

/// The dialog that cancels an action.
pub(super) fn cancel(model: &Model, of: ChangeId, confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "Cancel a deploy action");
    sheet.border = Role::Bad;
    let Some(run) = model.flight.session.action_run(of) else { return sheet };
    sheet.line(vec![piece(Role::Strong, model.action_words(run))]);
    if let ActionStage::Running { handle } = &run.stage {
        sheet.line(vec![piece(Role::Dim, format!("its system knows it as {handle}"))]);
    }
    sheet.gap();
    let pool = &run.intent.what.pool;
    sheet.line(vec![piece(Role::Wait, format!("! what it has done to {pool} so far stays done"))]);
    sheet.line(vec![piece(Role::Dim, "Its end is looked for after it; then it can be started again, or skipped.")]);
    answer(model, &mut sheet, confirm, "cancel it");
    sheet
}
