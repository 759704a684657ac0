//! A question, details, a changed profile, leaving.

use super::confirm::answer;
use super::{Sheet, field, key, piece};
use crate::cockpit::{Action, ConfirmState, Model, Purpose, Question};
use crate::flight::ChangedProfile;
use crate::theme::Role;
use crate::view::key as keys;

/// A line of text is asked for.
pub(super) fn ask(model: &Model, question: &Question) -> Sheet {
    let (title, help) = match &question.purpose {
        Purpose::Note => ("Note", "It goes into the record, with your name and the time."),
        Purpose::Hold => {
            ("Hold: why?", "Nothing goes forward until the hold is released. Rolling back stays possible.")
        }
        Purpose::ReleaseHold => ("Release the hold: why?", "It goes into the record."),
        Purpose::SkipStep => ("Skip the next step: why?", "It goes into the record."),
        Purpose::Leave => (
            "Leave the change partly done: why?",
            "The routers stay as they are, and what waits is never sent. It goes into the record.",
        ),
        Purpose::Refuse { .. } => {
            ("Refuse: why?", "Nothing is sent. The driver sees the reason, and it goes into the record.")
        }
        Purpose::EndConnections(_) => (
            "End these connections: why?",
            "Their requests end without an answer. The number is typed next; it goes into the record.",
        ),
        Purpose::AskControls => (
            "Ask for the controls: why?",
            "Every screen shows it. The driver hands over or refuses; silence gives them to you.",
        ),
        Purpose::EndRun => ("End the run of steps: why?", "From here on another person confirms each step again."),
        Purpose::AcceptDrift { .. } => ("Take the router as it is: why?", "It goes into the record."),
        Purpose::CloseSession => ("Close the session: what did it come to?", "It ends the record."),
        Purpose::FilterLogs => {
            ("Filter the logs", "Words, /pattern/ or /pattern/i, level:warn, pool:name, source:name, noise:show")
        }
    };
    let mut sheet = Sheet::new(title);
    sheet.width = 76;
    let mut line = vec![piece(Role::Accent, "› ")];
    line.extend(field(&question.input));
    sheet.line(line);
    sheet.gap();
    sheet.line(vec![piece(Role::Dim, help)]);
    if question.purpose == Purpose::CloseSession {
        stands(model, &mut sheet);
    }
    if let Some(failed) = &question.failed {
        sheet.line(vec![piece(Role::Bad, format!("✗ {failed}"))]);
    }
    sheet
}

/// What stands when a session is closed, and what is left to do.
fn stands(model: &Model, sheet: &mut Sheet) {
    const MOST: usize = 8;
    let flight = &model.flight;
    let left = flight.left_at_closing();
    let later = flight.session.follow_ups_at(&flight.procedure, model.now.wall);
    if let Some(stand) = flight.stand_at_closing() {
        sheet.line(vec![piece(Role::Text, stand)]);
    }
    for left in left.iter().take(MOST) {
        sheet.line(vec![piece(Role::Wait, format!("! {left}"))]);
    }
    for later in later.iter().take(MOST) {
        sheet.line(vec![piece(Role::Text, format!("  by {}: {}", later.due.long(), later.text))]);
    }
    let hidden = left.len().saturating_sub(MOST) + later.len().saturating_sub(MOST);
    if hidden > 0 {
        sheet.line(vec![piece(Role::Dim, format!("  {hidden} more; the record has them all"))]);
    }
}

/// Details of something.
pub(super) fn details(title: &str, lines: &[String]) -> Sheet {
    let mut sheet = Sheet::new(title);
    sheet.width = 100;
    for line in lines {
        sheet.line(vec![piece(Role::Text, line.clone())]);
    }
    sheet
}

/// The profile on disk is another one.
pub(super) fn reload(model: &Model, confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "Take the changed profile in");
    match &model.flight.changed_profile {
        Some(ChangedProfile::Good { procedure, files }) => {
            sheet.line(vec![
                piece(Role::Dim, "flown now  "),
                piece(Role::Text, model.flight.procedure.digest.short()),
                piece(Role::Dim, "     on disk  "),
                piece(Role::Strong, procedure.digest.short()),
            ]);
            for file in files {
                sheet.line(vec![piece(Role::Text, format!("  {}", file.path))]);
            }
            sheet.gap();
            sheet.line(vec![piece(Role::Dim, "Proposals that wait become void. The record keeps both.")]);
            answer(model, &mut sheet, confirm, "take it in");
        }
        Some(ChangedProfile::Bad { why }) => {
            sheet.line(vec![piece(Role::Bad, format!("✗ it has problems: {why}"))]);
            sheet.line(vec![piece(Role::Text, "The old one is flown on.")]);
            sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        }
        None => {
            sheet.line(vec![piece(Role::Good, "✓ the profile on disk is the one that is flown")]);
            sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        }
    }
    sheet
}

/// Leaving, although something stops with it.
pub(super) fn quit(model: &Model, stops: &[String], suspend: bool) -> Sheet {
    let mut sheet = Sheet::new(if suspend { "To the background?" } else { "Leave?" });
    sheet.border = Role::Wait;
    sheet.width = 84;
    for stop in stops {
        sheet.line(vec![piece(Role::Wait, format!("! {stop}"))]);
    }
    sheet.gap();
    sheet.line(vec![piece(Role::Dim, "The session stays open; it can be taken up again.")]);
    let act = if suspend { "go to the background" } else { "leave" };
    let send = keys::of(model, &Action::Send);
    let mut line = key(&send, act);
    line.extend(key(&keys::of(model, &Action::Escape), "stay"));
    sheet.pin(line);
    sheet
}
