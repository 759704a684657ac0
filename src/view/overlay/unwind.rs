//! The acts of a way back (R7): the list with its marks, in the rollback's dialog and in those of the acts.
//!
//! ```text
//! │ no way back by traffic: this profile names no router            │
//! │   ✓ Suspend scaling                                             │
//! │   ▸ Tag back                                                    │
//! │   ○ Scale down                   After a rollback 1 of 3 ticked │
//! │ runs again: 2.4.0, {from}      taken back: 2.5.0, {to}          │
//! ```

use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, Model};
use crate::domain::StepId;
use crate::domain::action::Description;
use crate::domain::procedure::RollbackAct;
use crate::session::unwind::ActStanding;
use crate::theme::Role;
use crate::view::key as keys;

/// The title of an act's dialog.
pub(super) fn title(model: &Model, id: &StepId) -> Option<String> {
    let (place, act) = model.flight.procedure.rollback_act(id)?;
    let all = model.flight.procedure.rollback.len();
    Some(format!("Roll back, {} of {all}: {}", place + 1, act.step.name))
}

/// What stands above an act: why it is not traffic that goes back, and where the act stands in its list.
pub(super) fn head(model: &Model, sheet: &mut Sheet, id: &StepId) {
    if model.flight.session.unwinding.is_none()
        && let Some(why) = model.flight.no_way_by_traffic()
    {
        sheet.line(vec![piece(Role::Wait, format!("! no way back by traffic: {why}"))]);
    }
    list(model, sheet, Some(id));
    sheet.gap();
}

/// The acts in order, each with its mark.
pub(super) fn list(model: &Model, sheet: &mut Sheet, here: Option<&StepId>) {
    for act in &model.flight.procedure.rollback {
        sheet.line(row(model, act, here == Some(&act.step.id)));
    }
}

fn row(model: &Model, act: &RollbackAct, is_here: bool) -> Vec<Piece> {
    let (mark, role) = match model.flight.session.act_standing(act) {
        ActStanding::Done => ('✓', Role::Good),
        ActStanding::Runs => ('↻', Role::Wait),
        ActStanding::Failed => ('✗', Role::Bad),
        ActStanding::LeftOut => ('–', Role::Dim),
        ActStanding::Open if is_here => ('▸', Role::Strong),
        ActStanding::Open => ('○', Role::Dim),
    };
    let name = if is_here { Role::Strong } else { Role::Text };
    let mut line = vec![piece(role, format!("  {mark} ")), piece(name, act.step.name.clone())];
    if let Some((action, pool)) = act.step.action() {
        line.push(piece(Role::Dim, format!("   {action} on {pool}")));
    } else if !act.text().is_empty() && !is_here {
        line.push(piece(Role::Dim, format!("   {}", act.text())));
    }
    if let Some((ticked, all)) = model.flight.items_of_act(act) {
        let section = act.items.as_ref().and_then(|slug| model.flight.procedure.checklist.section(slug));
        let title = section.map_or("items", |section| section.title.as_str());
        let role = if ticked == all { Role::Good } else { Role::Wait };
        line.push(piece(role, format!("   {title}: {ticked} of {all} ticked")));
    }
    line
}

/// Which version is which, as the acts of a way back are told them.
pub(super) fn versions(model: &Model, sheet: &mut Sheet) {
    let Some(opened) = model.flight.session.opened.as_ref().map(|opened| &opened.what) else { return };
    let or = |version: &str| if version.is_empty() { "not said".to_owned() } else { version.to_owned() };
    sheet.line(vec![
        piece(Role::Dim, "runs again: "),
        piece(Role::Strong, or(&opened.from_version)),
        piece(Role::Dim, ", told as {from}     taken back: "),
        piece(Role::Text, or(&opened.to_version)),
        piece(Role::Dim, ", told as {to}"),
    ]);
}

/// What is sent names the version that is taken back, and not the one that is to run again.
pub(super) fn wrong_version(model: &Model, sheet: &mut Sheet, description: &Description) {
    let Some(opened) = model.flight.session.opened.as_ref().map(|opened| &opened.what) else { return };
    let names = |version: &str| {
        let version = version.trim_start_matches('v');
        !version.is_empty() && description.requests.iter().any(|line| line.contains(version))
    };
    if names(&opened.to_version) && !names(&opened.from_version) {
        let text = format!(
            "! what is sent names {}, the version that is taken back, and not {}",
            opened.to_version,
            if opened.from_version.is_empty() { "the one before" } else { &opened.from_version }
        );
        sheet.line(vec![piece(Role::Bad, text)]);
    }
}

/// The ways past an act.
pub(super) fn ways_past(model: &Model, sheet: &mut Sheet) {
    if model.act_in_dialog().is_none() {
        return;
    }
    let mut line = key(&keys::of(model, &Action::SkipRollbackAct), "skip it, with a reason");
    if model.act_can_be_passed() {
        line.extend(key(&keys::of(model, &Action::PassRollbackAct), "go on, it stays as it ended"));
    }
    sheet.pin(line);
}
