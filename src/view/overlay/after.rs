//! After a change: not done everywhere, or a router that is not what the plan gave it.
//!
//! ```text
//! ╭ 50 / 50: not done everywhere ──────────────────────────────────────────╮
//! │  eu-1  ✓ verified            0.009 s   reads 50 / 50                   │
//! │  eu-2  ? unknown, asking again: no answer for 2 s                      │
//! │        last known 30 / 70, 7s old                                      │
//! │                                                                        │
//! │  r retry    b put back    l leave, with a reason    Esc close          │
//! ╰────────────────────────────────────────────────────────────────────────╯
//! ```

use super::{Sheet, key, piece};
use crate::cockpit::{Action, Model};
use crate::domain::{RouterId, age};
use crate::theme::Role;
use crate::view::format::took;
use crate::view::key as keys;
use crate::view::state::{self, leg_state, outcome_state, shares};

/// The dialog of a change that is not done everywhere.
pub(super) fn partial(model: &Model) -> Sheet {
    let flight = &model.flight;
    let Some(change) = flight.session.in_flight() else {
        let mut sheet = Sheet::new("Not done everywhere");
        sheet.line(vec![piece(Role::Good, "✓ nothing is open any more")]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let mut sheet = Sheet::new(format!("{}: not done everywhere", change.confirmed.to));
    sheet.border = Role::Bad;
    sheet.width = 84;
    let execution = flight.execution(change.id());
    let names = change.confirmed.routers.iter().map(|order| order.router.as_str().chars().count()).max().unwrap_or(0);
    for order in &change.confirmed.routers {
        let leg = execution.and_then(|execution| execution.legs.get(&order.router));
        let known = change.outcomes.get(&order.router).and_then(|known| known.outcome.as_ref());
        let state = match (leg, known) {
            (Some(leg), _) => leg_state(model, leg),
            (None, Some(outcome)) => outcome_state(model, outcome),
            (None, None) => state::router(model, &order.router),
        };
        let mut line = vec![
            piece(Role::Strong, format!("{:<names$}  ", order.router.as_str())),
            piece(state.role, format!("{} {:<10}", state.mark, state.words)),
        ];
        if let Some(span) = leg.and_then(|leg| leg.took) {
            line.push(piece(Role::Dim, format!("  {}", took(span))));
        }
        sheet.line(line);
        let indent = " ".repeat(names + 4);
        match flight.watches.get(&order.router).and_then(|watch| watch.last.as_ref()) {
            Some(seen) => {
                let old = model.now.elapsed.since(seen.at.elapsed);
                let fresh = flight.watches.get(&order.router).is_some_and(|w| w.fresh(model.now.elapsed).is_some());
                let split = shares(model, &seen.reading.native);
                let (role, text) = if fresh {
                    (Role::Text, format!("{indent}reads {split}"))
                } else {
                    (Role::Stale, format!("{indent}last known {split}, {} old", age(old)))
                };
                sheet.line(vec![piece(role, text)]);
            }
            None => sheet.line(vec![piece(Role::Stale, format!("{indent}never read"))]),
        }
    }
    let mut line = key(&keys::of(model, &Action::Retry), "retry what is not verified");
    line.extend(key(&keys::of(model, &Action::PutBack), "put back"));
    line.extend(key(&keys::of(model, &Action::Leave), "leave, with a reason"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

/// The dialog of a drifted router.
pub(super) fn drift(model: &Model, router: &RouterId) -> Sheet {
    let flight = &model.flight;
    let mut sheet = Sheet::new(format!("{router} is not what the plan gave it"));
    sheet.border = Role::Bad;
    sheet.width = 84;
    let Some(drifted) = flight.session.drifted.get(router) else {
        sheet.border = Role::Accent;
        sheet.line(vec![piece(Role::Good, "✓ it is again")]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let since = model.now.wall.since(drifted.at);
    let why = if drifted.restarted {
        "Its process was replaced, and its runtime weights were lost."
    } else {
        "Its weights were changed outside of this session."
    };
    sheet.line(vec![
        piece(Role::Text, why),
        piece(Role::Dim, format!("  {} ago, at {}", age(since), drifted.at.clock())),
    ]);
    sheet.gap();
    if let Some(expected) = flight.session.expected.get(router) {
        sheet.line(vec![piece(Role::Dim, "the plan gave it  "), piece(Role::Strong, shares(model, expected))]);
        sheet.line(vec![piece(Role::Dim, "it reads          "), piece(Role::Bad, shares(model, &drifted.read))]);
        sheet.gap();
        for difference in expected.differences(&drifted.read) {
            sheet.line(vec![piece(Role::Text, format!("  {difference}"))]);
        }
    }
    let mut line = key(&keys::of(model, &Action::PutBack), "put it back");
    line.extend(key(&keys::of(model, &Action::AcceptDrift), "take it as it is, with a reason"));
    line.extend(key(&keys::of(model, &Action::RollBack), "roll back"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}
