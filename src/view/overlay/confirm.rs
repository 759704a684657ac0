//! What all confirmations share: gates, the orders of the routers, and the line that says how it is confirmed.

use super::{Piece, Sheet, field, key, piece};
use crate::cockpit::{Action, ConfirmState, Model, Pane};
use crate::domain::{ApprovalId, RouterId, clock_span};
use crate::session::proposal::{Gate, GateReport, GateState, Proposal, RouterOrder};
use crate::theme::Role;
use crate::view::key as keys;
use crate::view::pen::width;
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
        Gate::Window { .. } => "wait until it opens".to_owned(),
        Gate::Approval { approval } => approved(model, approval),
        Gate::Version => "it is looked at again by itself; another image wants a new session".to_owned(),
        Gate::Drained { .. } | Gate::Guard { .. } => "wait for it".to_owned(),
        Gate::Check { .. } | Gate::Checks { .. } => "it is asked again by itself".to_owned(),
        Gate::WayBack { .. } => in_panes(&Action::RollBack, "fly the way back, then the step again"),
        Gate::NoTraffic { .. } => "take its weight, and let it drain".to_owned(),
        Gate::Untouched { .. } => "wait for its end".to_owned(),
        Gate::ActionKnown { .. } => "look at its system".to_owned(),
        Gate::Soak | Gate::SoakBeforeEnd => match &model.flight.soak {
            Some(soak) => match &soak.paused {
                Some(why) => format!("it stands still: {why}"),
                None => format!("wait {}", clock_span(soak.left())),
            },
            None => "wait for it".to_owned(),
        },
    }
}

/// Who gives an approval, to whom one turns else, and where it stands.
fn approved(model: &Model, id: &ApprovalId) -> String {
    let Some(spec) = model.flight.procedure.approval(id) else { return "look at the profile".to_owned() };
    let ask = match spec.approvers() {
        Some(approvers) => format!("ask {}", approvers.people_words()),
        None => "it is asked again by itself".to_owned(),
    };
    let turn = if spec.escalation.is_empty() {
        String::new()
    } else {
        format!("; else turn to {}", spec.escalation.join(", then "))
    };
    let close = keys::of(model, &Action::Escape);
    format!("{ask}{turn} ({close}, then {}: all of it)", keys::in_panes(model, &Action::Approvals))
}

/// The cells that gates side by side may take: what a dialog has on the smallest screen. One longer than that has its own
/// line, so that no mark is parted from its gate.
const SIDE_BY_SIDE: u16 = 72;

/// Gates that hold, side by side where they fit.
pub(super) fn holding(sheet: &mut Sheet, reports: &[GateReport]) {
    let mut line: Vec<Piece> = Vec::new();
    let mut taken = 0;
    for report in reports.iter().filter(|report| report.state == GateState::Holds) {
        let wide = width(&report.text) + 2;
        if !line.is_empty() && taken + wide > SIDE_BY_SIDE {
            sheet.line(std::mem::take(&mut line));
            taken = 0;
        }
        line.extend([piece(Role::Good, "✓ "), piece(Role::Text, format!("{}     ", report.text))]);
        taken += wide + 5;
    }
    if !line.is_empty() {
        sheet.line(line);
        sheet.gap();
    }
}

/// From so many routers on, those that are sent the same are told together.
const MANY: usize = 24;

/// Every router with what it has, what it gets and what is sent for it. Of many, each that differs from the others stands
/// for itself and before them.
pub(super) fn orders(model: &Model, sheet: &mut Sheet, proposal: &Proposal) {
    let groups = groups(model, proposal);
    let names = groups.iter().map(|group| width(group.first.router.as_str())).max().unwrap_or(0);
    let mut shown: Option<&RouterOrder> = None;
    for group in &groups {
        let order = group.first;
        sheet.line(order_line(model, proposal, order, usize::from(names), shown));
        if !is_same_sent(shown, order) {
            for request in &order.prepared.requests {
                sheet.line(vec![piece(Role::Text, format!("  {request}"))]);
            }
            shown.get_or_insert(order);
        }
        for note in &order.prepared.notes {
            sheet.line(vec![piece(Role::Wait, format!("  ! {note}"))]);
        }
        if let (Some(second), Some(last)) = (group.others.first(), group.others.last()) {
            let count = crate::view::format::whole(group.others.len() as u64);
            let which = if group.others.len() == 1 { second.to_string() } else { format!("{second} … {last}") };
            sheet.line(vec![
                piece(Role::Strong, format!("and {count} more ")),
                piece(Role::Dim, "that have, get and are sent the same: "),
                piece(Role::Text, which),
            ]);
        }
    }
    sheet.gap();
}

/// Routers that are told together: the first of them, and the names of the others.
struct Group<'p> {
    first: &'p RouterOrder,
    others: Vec<&'p RouterId>,
}

/// Few routers stand for themselves; of many, the smallest groups come first, because they are what differs.
fn groups<'p>(model: &Model, proposal: &'p Proposal) -> Vec<Group<'p>> {
    let alone = |order| Group { first: order, others: Vec::new() };
    if proposal.routers.len() < MANY {
        return proposal.routers.iter().map(alone).collect();
    }
    let kind = |order: &RouterOrder| model.flight.procedure.router(&order.router).map(|router| router.kind.as_str());
    let native = |order: &'p RouterOrder| order.bound.as_ref().map(|bound| &bound.native);
    let mut groups: Vec<Group<'p>> = Vec::new();
    for order in &proposal.routers {
        let same = |group: &&mut Group<'p>| {
            native(group.first) == native(order)
                && group.first.prepared == order.prepared
                && kind(group.first) == kind(order)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.others.push(&order.router),
            None => groups.push(alone(order)),
        }
    }
    groups.sort_by_key(|group| group.others.len());
    groups
}

fn is_same_sent(shown: Option<&RouterOrder>, order: &RouterOrder) -> bool {
    shown.is_some_and(|shown| shown.prepared.requests == order.prepared.requests)
}

/// One router: what it has and gets, and what is unusual about it.
fn order_line(
    model: &Model,
    proposal: &Proposal,
    order: &RouterOrder,
    names: usize,
    shown: Option<&RouterOrder>,
) -> Vec<Piece> {
    let kind = model.flight.procedure.router(&order.router).map_or("", |router| router.kind.as_str());
    let before = order.bound.as_ref().map_or_else(|| "? no reading".to_owned(), |bound| shares(model, &bound.native));
    let after: Vec<String> =
        order.prepared.shares.0.iter().map(|(_, each)| crate::view::format::share(each.part, each.whole)).collect();
    let mut line = vec![
        piece(Role::Strong, format!("{:<names$}", order.router.as_str())),
        piece(Role::Dim, format!("  {kind}  ")),
        piece(Role::Text, before),
        piece(Role::Dim, " → "),
        piece(Role::Strong, after.join(" / ")),
    ];
    let holds = order.bound.as_ref().is_some_and(|bound| bound.native.holds(&order.prepared.native));
    let is_fresh =
        model.flight.watches.get(&order.router).is_some_and(|watch| watch.fresh(model.now.elapsed).is_some());
    if holds && is_fresh {
        line.push(piece(Role::Dim, "   holds it already"));
    } else if holds {
        line.push(piece(Role::Wait, "   held it when it was last read"));
    } else if !order.prepared.shares.are_exactly(&proposal.to) {
        line.push(piece(Role::Wait, format!("   asked {}, real share after rounding", proposal.to)));
    }
    if is_same_sent(shown, order) && !order.prepared.requests.is_empty() {
        line.push(piece(Role::Dim, "   the same requests"));
    }
    line
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
