//! Confirming the way back: where it goes, what it raises and whether that is well, what it takes the place of, what it
//! does not undo.
//!
//! ```text
//! ╭ Roll back · payments-api · PROD ─────────────────────────────────────────────────╮
//! │  ▲ blue 30 → 10    ● green 70 → 90    about 248 req/s move to green              │
//! │  back_to of Blue 30                                                              │
//! │                                                                                  │
//! │  raises ● green 2/2 up, needs 558/s each of 620                                  │
//! │  ! takes the place of the change to 50 / 50, which is in flight                  │
//! │  ! eu-2 has no reading: it is sent without a look at it                          │
//! │                                                                                  │
//! │  eu-1  haproxy  30 / 70 → 10 / 90                                                │
//! │    …                                                                             │
//! │  Not undone by this: previous release to blue                                    │
//! │                                                                                  │
//! │  Enter roll back    Tab the other way back    Esc send nothing                   │
//! ╰──────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::action::beside_way_back;
use super::change::{stage, summary};
use super::confirm::{answer, orders};
use super::task::in_the_way;
use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, ConfirmState, Model};
use crate::domain::ramp::Ramp;
use crate::flight::{Flight, WayBackChoice};
use crate::session::gate::StageCheck;
use crate::session::proposal::GateState;
use crate::theme::Role;
use crate::view::format::took;
use crate::view::key as keys;
use crate::view::seen::Seen;
use crate::view::way_back::{pieces, window};

/// The stages of a way back, the present one marked.
pub(super) fn stages(ramp: &Ramp) -> Vec<Piece> {
    let mut line = vec![piece(Role::Dim, "stages  ")];
    let mut each = Ramp { stage: 1, ..ramp.clone() };
    loop {
        let (role, mark) = match each.stage.cmp(&ramp.stage) {
            std::cmp::Ordering::Less => (Role::Dim, "✓ "),
            std::cmp::Ordering::Equal => (Role::Strong, "▸ "),
            std::cmp::Ordering::Greater => (Role::Dim, ""),
        };
        line.push(piece(role, format!("{mark}{}", each.weights())));
        if each.is_last() {
            return line;
        }
        line.push(piece(Role::Dim, " → "));
        each = each.next();
    }
}

/// What the other way back is, of those that are there.
fn instead(flight: &Flight, choice: WayBackChoice) -> &'static str {
    let ways = flight.ways_back();
    let at = ways.iter().position(|way| *way == choice).unwrap_or(0);
    match ways.get((at + 1) % ways.len().max(1)).copied().unwrap_or_default() {
        WayBackChoice::Step if flight.session.newest_rollback().is_some() => "instead: at once, to its end",
        WayBackChoice::Step => "instead: at once, to the split before this step",
        WayBackChoice::Ramp => "instead: in stages, each verified before the next",
        WayBackChoice::Further => "instead: one step further back",
        WayBackChoice::OffNew => "instead: everything off the new version's pools",
    }
}

/// What the checks between two stages say, and whether all pass.
pub(super) fn between(sheet: &mut Sheet, checks: &[StageCheck]) -> bool {
    for check in checks {
        let (role, mark) = match check.state {
            GateState::Holds => (Role::Good, "✓"),
            GateState::Fails => (Role::Bad, "✗"),
            GateState::Inconclusive => (Role::Wait, "?"),
        };
        sheet.line(vec![piece(Role::Dim, "between "), piece(role, format!("{mark} {}", check.text))]);
    }
    let all_pass = checks.iter().all(|check| check.state == GateState::Holds);
    if !all_pass {
        let text = "no check keeps you from the way back: go on with this stage despite it, or at once";
        sheet.line(vec![piece(Role::Wait, text)]);
    }
    all_pass
}

/// The rollback dialog.
pub(super) fn roll_back(model: &Model, choice: WayBackChoice, confirm: &ConfirmState, seen: &Seen<'_>) -> Sheet {
    let flight = &model.flight;
    let mut sheet = Sheet::act(model, "Roll back");
    let view = match flight.way_back_view(choice, model.now) {
        Ok(view) => view,
        Err(refused) => {
            sheet.line(vec![piece(Role::Text, format!("{}; {}", refused.why, refused.advice))]);
            let mut line = key(&keys::of(model, &Action::OtherWayBack), "the other way back");
            line.extend(key(&keys::of(model, &Action::Escape), "close"));
            sheet.pin(line);
            return sheet;
        }
    };
    sheet.line(summary(&view.to, seen));
    sheet.line(vec![piece(Role::Dim, view.why.clone())]);
    if let (WayBackChoice::Ramp, Ok(ramp)) = (choice, flight.next_stage()) {
        sheet.line(stages(&ramp));
    }
    let checks = if choice == WayBackChoice::Ramp { flight.stage_checks(model.now.elapsed) } else { Vec::new() };
    let all_pass = between(&mut sheet, &checks);
    let declared =
        flight.procedure.back.estimate.map(|declared| (Role::Dim, format!("declared to take {}", took(declared))));
    let told: Vec<Piece> =
        declared.into_iter().chain(window(model)).flat_map(|told| [told, piece(Role::Dim, "   ")]).collect();
    if !told.is_empty() {
        sheet.line(told);
    }
    sheet.gap();
    for raised in &view.raised {
        let mut line = vec![piece(Role::Dim, "raises ")];
        line.extend(pieces(model, raised));
        if raised.is_enough() == Some(false) {
            line.push(piece(Role::Bad, "   the way back may be the broken side"));
        }
        sheet.line(line);
    }
    if view.holds {
        sheet.line(vec![piece(Role::Good, "✓ every router holds it already; it is sent again all the same")]);
    }
    if let Some(change) = flight.session.in_flight() {
        let never = change.next_wave().map(|wave| format!("; wave {} and what comes after it never go out", wave + 1));
        let to = &change.confirmed.to;
        let text = format!("! takes the place of the change to {to}, which is in flight{}", never.unwrap_or_default());
        sheet.line(vec![piece(Role::Wait, text)]);
    }
    if flight.is_cut_off() {
        let text = "! the journal does not answer: this goes beside it, and into it once that answers";
        sheet.line(vec![piece(Role::Wait, text)]);
        if !flight.drives() {
            let text = "! you are not the last known driver: its target is typed";
            sheet.line(vec![piece(Role::Wait, text)]);
        }
    }
    for line in in_the_way(model) {
        sheet.line(line);
    }
    beside_way_back(model, &mut sheet, &view.raised);
    for (router, watch) in &flight.watches {
        if watch.fresh(model.now.elapsed).is_none() {
            let text =
                format!("! {router} has no fresh reading: it is sent without a look at it, and asked until it answers");
            sheet.line(vec![piece(Role::Wait, text)]);
        }
    }
    sheet.gap();
    if let Some(proposing) = flight.proposing.as_ref().filter(|proposing| proposing.is_rollback()) {
        if stage(model, &mut sheet, &proposing.stage) {
            return sheet;
        }
        if let Some(proposal) = proposing.proposal() {
            orders(model, &mut sheet, proposal);
            let missing =
                view.routers.iter().filter(|(router, _)| !proposal.routers.iter().any(|o| o.router == *router));
            for (router, _) in missing {
                let text = format!("✗ {router} cannot be sent to: what it needs is not known");
                sheet.line(vec![piece(Role::Bad, text)]);
            }
        }
    }
    if !flight.procedure.rollback.is_empty() {
        sheet.gap();
        let next = keys::in_panes(model, &Action::NextRollbackAct);
        let text = format!("Not undone by this; after the traffic, each with a key of its own ({next}):");
        sheet.line(vec![piece(Role::Wait, text)]);
        super::unwind::list(model, &mut sheet, None);
    }
    answer(model, &mut sheet, confirm, if all_pass { "roll back" } else { "on with this stage despite it" });
    if flight.watches.keys().any(|router| flight.cancellable(router).is_some_and(|each| !each.cancel.is_ours)) {
        sheet.pin(key(&keys::of(model, &Action::CancelTask), "cancel what is in its way, in a dialog of its own"));
    } else if let Some(run) = flight.cancellable_action() {
        let text = format!("cancel {}, in a dialog of its own", run.intent.what.action);
        sheet.pin(key(&keys::of(model, &Action::CancelTask), &text));
    }
    let other = key(&keys::of(model, &Action::OtherWayBack), instead(flight, choice));
    if !other.is_empty() && !confirm.waiting {
        sheet.pin(other);
    }
    sheet
}
