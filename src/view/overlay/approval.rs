//! The approvals, and the dialog in which one is given.
//!
//! ```text
//! ╭ Approvals · payments-api · PROD ───────────────────────────────────╮
//! │ › ✗ Operations lead   1 of 2   for Blue 10                         │
//! │     by operations-lead: carol, dave, erin; holds 24 h              │
//! │     ✓ carol   at 14:02:11Z, until 2026-11-22 14:02:11Z             │
//! │     ✗ dave    expired at 14:01:02Z                                 │
//! │     turn to: VP Engineering, +49 …                                 │
//! │   ✓ Release ticket   for Blue 10                                   │
//! │     read by the check ticket: RELEASE-42 is Approved               │
//! │                                                                    │
//! │ a approve    t note as told    w take back    Esc close            │
//! ╰────────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::answer;
use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, ApprovalTable, ConfirmState, Model, ToApprove};
use crate::domain::approval::ApprovalSpec;
use crate::domain::clock_span;
use crate::session::approval::{Approval, ApprovalStanding, Came, Worth, moment};
use crate::session::proposal::GateState;
use crate::theme::Role;
use crate::view::key as keys;

/// The panel.
pub(super) fn approvals(model: &Model, table: ApprovalTable) -> Sheet {
    let mut sheet = Sheet::act(model, "Approvals");
    for (at, spec) in model.flight.procedure.approvals.iter().enumerate() {
        let is_chosen = at == table.selected;
        if at > 0 {
            sheet.gap();
        }
        let first = sheet.body.len();
        of_one(model, &mut sheet, spec, is_chosen);
        if is_chosen {
            // All of it is in view where there is room, its first line in any case.
            sheet.cursor = Some((sheet.body.len() - 1).min(first + 8));
        }
    }
    let mut line = Vec::new();
    if model.could_approve_chosen() {
        line.extend(key(&keys::of(model, &Action::Approve), "approve"));
    }
    let chosen = model.chosen_approval();
    if chosen.and_then(ApprovalSpec::approvers).is_some_and(|approvers| approvers.reported) && !model.is_observer() {
        line.extend(key(&keys::of(model, &Action::ReportApproval), "note as told by somebody"));
    }
    if chosen.is_some_and(|spec| model.flight.own_word(spec).is_some()) {
        line.extend(key(&keys::of(model, &Action::WithdrawApproval), "take it back"));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

fn of_one(model: &Model, sheet: &mut Sheet, spec: &ApprovalSpec, is_chosen: bool) {
    let standing = model.flight.approval_standing(spec, model.now);
    let (role, mark) = match standing.state {
        GateState::Holds => (Role::Good, "✓ "),
        GateState::Fails => (Role::Wait, "✗ "),
        GateState::Inconclusive => (Role::Wait, "? "),
    };
    let mut line = vec![
        piece(Role::Accent, if is_chosen { "› " } else { "  " }),
        piece(role, mark),
        piece(if is_chosen { Role::Strong } else { Role::Text }, spec.title.clone()),
    ];
    if spec.check().is_none() {
        line.push(piece(role, format!("   {} of {}", standing.count, standing.quorum)));
    }
    line.push(piece(Role::Dim, format!("   for {}", model.steps_that_need(&spec.id).join(", "))));
    sheet.line(line);
    sheet.line(vec![piece(Role::Dim, format!("    {}", source(spec, &standing)))]);
    let at = model.now.wall.max(model.flight.session.at);
    for (word, worth) in &standing.words {
        sheet.line(said(word, worth, at));
        if let Came::Reported { link, .. } = &word.how {
            sheet.line(vec![piece(Role::Accent, format!("      {link}"))]);
        }
    }
    if standing.state != GateState::Holds {
        for (at, each) in spec.escalation.iter().enumerate() {
            let words = if at == 0 { "    turn to: " } else { "    then to: " };
            sheet.line(vec![piece(Role::Wait, words), piece(Role::Text, each.clone())]);
        }
    }
}

/// Where it comes from.
fn source(spec: &ApprovalSpec, standing: &ApprovalStanding<'_>) -> String {
    let Some(approvers) = spec.approvers() else {
        let check = spec.check().map_or("", |check| check.as_str());
        return format!("read by the check {check}: {}", standing.check.clone().unwrap_or_default());
    };
    let own = if approvers.own { "; who drives may" } else { "" };
    let minutes = approvers.valid_for.as_secs() / 60;
    let holds = if minutes % 60 == 0 { format!("{} h", minutes / 60) } else { clock_span(approvers.valid_for) };
    format!("by {}: {}; holds {holds}{own}", approvers.role_words(), approvers.people_words())
}

/// One person's word: whose, when, until when, what it is worth.
fn said(word: &Approval, worth: &Worth, at: crate::domain::Timestamp) -> Vec<Piece> {
    let given = moment(word.at, at);
    let (role, mark) = match worth {
        Worth::Counts if word.is_reported() => (Role::Wait, "✓ "),
        Worth::Counts => (Role::Good, "✓ "),
        Worth::Unproven { .. } => (Role::Wait, "? "),
        Worth::Expired | Worth::Withdrawn { .. } | Worth::Other | Worth::Own | Worth::NoRole => (Role::Bad, "✗ "),
    };
    let mut line = vec![piece(role, format!("    {mark}")), piece(Role::Strong, word.by.to_string())];
    if let Came::Reported { noted, .. } = &word.how {
        line.push(piece(Role::Wait, format!("  reported by {noted}, not verified")));
    }
    let words = match worth {
        Worth::Counts => format!("  at {given}, until {}", moment(word.until, at)),
        Worth::Expired
        | Worth::Withdrawn { .. }
        | Worth::Other
        | Worth::Own
        | Worth::NoRole
        | Worth::Unproven { .. } => format!("  at {given}; {}", worth.words(word, at)),
    };
    line.push(piece(Role::Text, words));
    line
}

/// The dialog in which one is given.
pub(super) fn approve(model: &Model, given: &ToApprove, confirm: &ConfirmState) -> Sheet {
    let flight = &model.flight;
    let Some(spec) = flight.procedure.approval(&given.approval) else { return Sheet::act(model, "Approve") };
    let mut sheet = Sheet::act(model, &format!("Approve: {}", spec.title));
    sheet.line(vec![
        piece(Role::Dim, "for  "),
        piece(Role::Strong, model.steps_that_need(&spec.id).join(", ")),
        piece(Role::Dim, "     digest "),
        piece(Role::Strong, given.about.short()),
    ]);
    if let Some(opened) = &flight.session.opened {
        let or_unknown = |version: &str| if version.is_empty() { "?".to_owned() } else { version.to_owned() };
        sheet.line(vec![
            piece(Role::Dim, "of   "),
            piece(Role::Text, or_unknown(&opened.what.from_version)),
            piece(Role::Dim, " → "),
            piece(Role::Strong, or_unknown(&opened.what.to_version)),
            piece(Role::Dim, "     by the profile "),
            piece(Role::Text, flight.procedure.digest.short()),
        ]);
    }
    if let Some(approvers) = spec.approvers() {
        let at = model.now.wall.max(flight.session.at);
        let until = moment(at.plus(approvers.valid_for), at);
        sheet.line(vec![
            piece(Role::Dim, "as   "),
            piece(Role::Strong, flight.me.operator.to_string()),
            piece(Role::Dim, format!(", {}     until ", approvers.role_words())),
            piece(Role::Text, until),
        ]);
        sheet.gap();
        let standing = flight.approval_standing(spec, model.now);
        let (count, quorum) = (standing.count, standing.quorum);
        let text = format!(
            "{count} of {quorum} so far. Who drives confirms the step itself; another version or profile asks anew."
        );
        sheet.line(vec![piece(Role::Dim, text)]);
        let worth = if flight.procedure.people.keys {
            piece(Role::Dim, "It is signed with your key.")
        } else {
            piece(Role::Wait, "Names are claims, no keys.")
        };
        sheet.line(vec![worth]);
    }
    answer(model, &mut sheet, confirm, &format!("approve as {}", flight.me.operator));
    sheet
}
