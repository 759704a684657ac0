//! The standing way back: where R goes, whether that can take it, and how long it takes on each router.
//!
//! ```text
//!  R → 10 / 90   rollback window 3:12 left   ● green 2/2 up, needs 558/s each of 620   eu-1 1 s   eu-2 1 s
//! ```

use std::time::Duration;

use ratatui::layout::Rect;

use super::format::rate;
use super::pen::Pen;
use crate::cockpit::Model;
use crate::domain::clock_span;
use crate::flight::back::{Raised, Window};
use crate::session::proposal::GateState;
use crate::theme::Role;

/// Draws the line.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let choice = model.flight.ways_back().first().copied().unwrap_or_default();
    let view = match model.flight.way_back_view(choice, model.now) {
        Ok(view) => view,
        Err(refused) => {
            let mut row = pen.row_of(area, 0);
            row.skip(1).put(Role::Accent, &back_key(model)).put(Role::Dim, " → – ");
            row.skip(1).put(Role::Dim, &refused.why);
            if let Some(act) = model.flight.next_act() {
                row.put(Role::Dim, "; its first act: ").put(Role::Strong, &act.step.name);
            }
            return;
        }
    };
    let mut row = pen.row_of(area, 0);
    row.skip(1).put(Role::Accent, &back_key(model)).put(Role::Dim, " → ");
    row.put(Role::Strong, &view.to.to_string()).put(Role::Dim, " %").skip(3);
    if let Some((role, text)) = window(model) {
        row.put(role, &text).skip(3);
    }
    match model.flight.next_stage_waits(model.now.elapsed) {
        Some(Ok(left)) => _ = row.put(Role::Wait, &format!("next stage by itself in {}", clock_span(left))).skip(3),
        Some(Err(why)) => _ = row.put(Role::Wait, &format!("next stage waits: {why}")).skip(3),
        None => {
            let checks = model.flight.stage_checks(model.now.elapsed);
            if !checks.is_empty() && checks.iter().all(|check| check.state == GateState::Holds) {
                row.put(Role::Good, "✓ checked for the next stage").skip(3);
            }
        }
    }
    if view.holds {
        row.put(Role::Dim, "every router holds it").skip(3);
    }
    for raised in &view.raised {
        for (role, text) in pieces(model, raised) {
            row.put(role, &text);
        }
        row.skip(3);
    }
    let slowest = view.routers.iter().map(|(_, ms)| *ms).max().unwrap_or(0);
    if view.routers.len() > 4 {
        row.put(Role::Dim, &format!("{} routers, {} each", view.routers.len(), seconds(slowest)));
        return;
    }
    for (router, ms) in &view.routers {
        let read = model.flight.watches.get(router).is_some_and(|watch| watch.fresh(model.now.elapsed).is_some());
        let text = format!("{router} {}", seconds(*ms));
        if read {
            row.put(Role::Dim, &text).skip(2);
        } else {
            row.put(Role::Wait, &format!("{text}, no reading")).skip(2);
        }
    }
}

/// What is left of the time in which the newest step may be rolled back.
pub(super) fn window(model: &Model) -> Option<(Role, String)> {
    const SOON: Duration = Duration::from_mins(1);
    Some(match model.flight.rollback_window(model.now)? {
        Window::Left(left) if left < SOON => (Role::Wait, format!("rollback window {} left", clock_span(left))),
        Window::Left(left) => (Role::Text, format!("rollback window {} left", clock_span(left))),
        Window::Over(since) => (Role::Bad, format!("rollback window over for {}", clock_span(since))),
    })
}

/// The key of the way back; who only watches has none.
fn back_key(model: &Model) -> String {
    if model.is_observer() {
        return "back".to_owned();
    }
    super::key::in_panes(model, &crate::cockpit::Action::RollBack)
}

/// A pool that is raised, with what it needs and has.
pub(super) fn pieces(model: &Model, raised: &Raised) -> Vec<(Role, String)> {
    let pools = &model.flight.procedure.pools;
    let place = pools.iter().position(|pool| pool.id == raised.pool).unwrap_or(0);
    let mark = pools.get(place).map(|pool| pool.mark.clone()).unwrap_or_default();
    let mut found = vec![(Role::pool(place), format!("{mark} {} ", raised.pool))];
    found.push(match raised.servers {
        Some((up, all)) if up < all => (Role::Bad, format!("{up}/{all} up")),
        Some((up, all)) => (Role::Text, format!("{up}/{all} up")),
        None => (Role::Wait, "servers not known".to_owned()),
    });
    if let Some(before) = raised.shrunk_from() {
        found.push((Role::Bad, format!(", was {before}")));
    }
    let enough = raised.is_enough();
    match (raised.needs_per_server, raised.capacity_per_server) {
        (Some(needs), Some(capacity)) => {
            let role = if enough == Some(false) { Role::Bad } else { Role::Text };
            let word = if enough == Some(false) { ", not enough" } else { "" };
            found.push((role, format!(", needs {}/s each of {}/s{word}", rate(needs), rate(capacity))));
        }
        (Some(needs), None) => {
            let best = raised.carried.map(|carried| carried.best_per_server);
            let beyond = best.filter(|best| needs > *best);
            let role = if beyond.is_some() { Role::Wait } else { Role::Text };
            let best = beyond.map_or_else(String::new, |best| format!(", most so far {}/s", rate(best)));
            found.push((role, format!(", needs {}/s each{best}", rate(needs))));
        }
        (None, _) => {}
    }
    if raised.being_deployed {
        found.push((Role::Wait, ", its deploy is the next step".to_owned()));
    }
    found
}

/// A time that is usual, in seconds.
pub(super) fn seconds(ms: u64) -> String {
    if ms < 1000 { "<1 s".to_owned() } else { format!("{} s", ms.div_ceil(1000)) }
}
