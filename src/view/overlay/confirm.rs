//! What all confirmations share: gates, the orders of the routers, and the line that says how it is confirmed.

use super::{Piece, Sheet, field, key, piece};
use crate::cockpit::{Action, ConfirmState, Model, Pane};
use crate::domain::clock_span;
use crate::session::proposal::{Gate, GateReport, GateState, Proposal, RouterOrder};
use crate::theme::Role;
use crate::view::key as keys;
use crate::view::state::shares;
use crate::view::traffic::gate_line;

/// Failing gates, a line each, with their overrides.
pub(super) fn failing(model: &Model, sheet: &mut Sheet, reports: &[GateReport], confirm: &ConfirmState) {
    let before = sheet.body.len();
    for report in reports.iter().filter(|report| report.state != GateState::Holds) {
        let given = confirm.overrides.iter().find(|each| each.gate == report.gate);
        let (role, text) = gate_line(report);
        let mut line = match given {
            Some(given) => vec![
                piece(Role::Wait, format!("↷ {}", report.text)),
                piece(Role::Text, format!("   overridden: {}", given.reason)),
            ],
            None => vec![piece(role, text)],
        };
        let typing = confirm.overriding.as_ref().is_some_and(|(gate, _)| *gate == report.gate);
        if given.is_none() && !typing {
            line.push(way_out(model, &report.gate, confirm));
        }
        sheet.line(line);
    }
    if let Some((_, input)) = &confirm.overriding {
        let mut line = vec![piece(Role::Wait, "  reason for the override: ")];
        line.extend(field(input));
        sheet.line(line);
    }
    if sheet.body.len() > before {
        sheet.gap();
    }
}

fn way_out(model: &Model, gate: &Gate, confirm: &ConfirmState) -> Piece {
    let key = keys::of(model, &Action::Override);
    let way = settle(model, gate);
    let text = if gate.may_be_overridden() && !confirm.waiting && !key.is_empty() {
        format!("   {way}, or {key} override, with a reason")
    } else {
        format!("   {way}")
    };
    piece(Role::Dim, text)
}

/// What makes a gate hold, in a few words.
fn settle(model: &Model, gate: &Gate) -> String {
    let in_panes = |action: &Action, what: &str| {
        let close = keys::of(model, &Action::Escape);
        format!("{close}, then {}: {what}", keys::in_panes(model, action))
    };
    match gate {
        Gate::Destination { .. } => "bring it up first".to_owned(),
        Gate::NoHold => in_panes(&Action::Hold, "release it"),
        Gate::NoDrift => in_panes(&Action::OpenDrift, "look at it"),
        Gate::Items { .. } => in_panes(&Action::Focus(Pane::Checklist), "tick it"),
        Gate::Readings => "wait for its answer".to_owned(),
        Gate::Drained { .. } => "wait for it".to_owned(),
        Gate::WayBack { .. } => in_panes(&Action::RollBack, "fly the way back, then the step again"),
        Gate::Soak => match &model.flight.soak {
            Some(soak) => match &soak.paused {
                Some(why) => format!("it stands still: {why}"),
                None => format!("wait {}", clock_span(soak.left())),
            },
            None => "wait for it".to_owned(),
        },
    }
}

/// Gates that hold, side by side.
pub(super) fn holding(sheet: &mut Sheet, reports: &[GateReport]) {
    let line: Vec<Piece> = reports
        .iter()
        .filter(|report| report.state == GateState::Holds)
        .flat_map(|report| [piece(Role::Good, "✓ "), piece(Role::Text, format!("{}     ", report.text))])
        .collect();
    if !line.is_empty() {
        sheet.line(line);
        sheet.gap();
    }
}

/// Every router with what it has, what it gets and what is sent for it.
pub(super) fn orders(model: &Model, sheet: &mut Sheet, proposal: &Proposal) {
    let names = proposal.routers.iter().map(|order| crate::view::pen::width(order.router.as_str())).max().unwrap_or(0);
    let mut first: Option<&RouterOrder> = None;
    for order in &proposal.routers {
        let kind = model.flight.procedure.router(&order.router).map_or("", |router| router.kind.as_str());
        let before =
            order.bound.as_ref().map_or_else(|| "? no reading".to_owned(), |bound| shares(model, &bound.native));
        let after: Vec<String> =
            order.prepared.shares.0.iter().map(|(_, each)| crate::view::format::share(each.part, each.whole)).collect();
        let mut line = vec![
            piece(Role::Strong, format!("{:<width$}", order.router.as_str(), width = usize::from(names))),
            piece(Role::Dim, format!("  {kind}  ")),
            piece(Role::Text, before),
            piece(Role::Dim, " → "),
            piece(Role::Strong, after.join(" / ")),
        ];
        let holds = order.bound.as_ref().is_some_and(|bound| bound.native.holds(&order.prepared.native));
        if holds {
            line.push(piece(Role::Dim, "   holds it already"));
        } else if !order.prepared.shares.are_exactly(&proposal.to) {
            line.push(piece(Role::Wait, format!("   asked {}, real share after rounding", proposal.to)));
        }
        let same = first.is_some_and(|first| first.prepared.requests == order.prepared.requests);
        if same && !order.prepared.requests.is_empty() {
            line.push(piece(Role::Dim, "   the same requests"));
        }
        sheet.line(line);
        if !same {
            for request in &order.prepared.requests {
                sheet.line(vec![piece(Role::Text, format!("  {request}"))]);
            }
            first.get_or_insert(order);
        }
        for note in &order.prepared.notes {
            sheet.line(vec![piece(Role::Wait, format!("  ! {note}"))]);
        }
    }
    sheet.gap();
}

/// The pinned lines: what went wrong with the last try, how it is confirmed, how long it stands, what Esc does.
pub(super) fn answer(model: &Model, sheet: &mut Sheet, confirm: &ConfirmState, act: &str) {
    if let Some(failed) = &confirm.failed {
        sheet.pin(vec![piece(Role::Bad, format!("✗ {failed}"))]);
    }
    if confirm.waiting {
        super::second::waiting(model, sheet);
        return;
    }
    if confirm.overriding.is_some() {
        let mut line = key(&keys::of(model, &Action::Enter), "give this reason");
        line.extend(key(&keys::of(model, &Action::Escape), "no override"));
        sheet.pin(line);
        return;
    }
    if super::second::alone(model, sheet, confirm) {
        return;
    }
    let act = if model.asks_two() {
        super::second::needed(model, sheet, confirm);
        "ask the second person"
    } else {
        act
    };
    let mut line = if model.is_blocked() {
        vec![piece(Role::Wait, "It cannot be done yet, see above.    ")]
    } else if let Some(target) = model.typed_target() {
        let mut line =
            vec![piece(Role::Text, "Type "), piece(Role::Strong, target), piece(Role::Text, format!(" to {act}: "))];
        line.extend(field(&confirm.typed));
        line.push(piece(Role::Text, "    "));
        line
    } else {
        let send = keys::of(model, &Action::Send);
        let send = if send.is_empty() { keys::of(model, &Action::Enter) } else { send };
        key(&send, act)
    };
    if let Some(left) = valid(model) {
        let role = if left.as_secs() < 10 { Role::Wait } else { Role::Dim };
        line.push(piece(role, format!("valid {}    ", clock_span(left))));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "send nothing"));
    sheet.pin(line);
}

fn valid(model: &Model) -> Option<std::time::Duration> {
    let proposing = model.flight.proposing.as_ref()?;
    proposing.proposal()?;
    let lapses = crate::session::decide::change::lapses_after(&model.flight.procedure, &proposing.kind);
    proposing.valid_for(model.now.elapsed, lapses)
}
