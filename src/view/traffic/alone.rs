//! The pane of a profile without a router: there is no split to draw, so it tells what runs and what comes next.

use super::table::next_lines;
use crate::cockpit::{Model, Pane};
use crate::layout::Areas;
use crate::theme::Role;
use crate::view::overlay::wrapped;
use crate::view::pen::Pen;
use crate::view::plan;

/// The action that runs with the end of its log, the minutes of the soak, the next step with what it waits for.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    let inside = areas.inner(Pane::Traffic);
    let lines: Vec<(Role, String)> =
        running(model).into_iter().chain(plan::schedule(model)).chain(next_lines(model)).collect();
    if lines.is_empty() {
        let what = "No router here: nothing to shift.";
        let teach = "A [[router]] in the profile, with a name, a kind, at and pools, fills this pane. Plan, checklist, \
                     actions, metrics, logs and the journal work without one.";
        crate::view::checklist::nothing(pen, inside, what, teach);
        return;
    }
    let mut row = u16::from(inside.height > 6);
    for (role, text) in lines {
        for line in wrapped(&text, inside.width.saturating_sub(2)) {
            if row < inside.height {
                pen.row_of(inside, row).skip(1).put(role, &line);
                row += 1;
            }
        }
    }
}

/// What runs: how it stands, where people look at it, the last lines of its log.
fn running(model: &Model) -> Vec<(Role, String)> {
    let Some(run) = model.flight.session.action_in_flight() else { return Vec::new() };
    let seen = model.flight.seen_of(run.act());
    let link = run.link.as_ref().or_else(|| seen.and_then(|seen| seen.look.link.as_ref()));
    let head = (if run.is_running() { Role::Strong } else { Role::Bad }, format!("↻ {}", model.action_words(run)));
    let link = link.map(|link| (Role::Accent, format!("  {link}")));
    let log = seen.map_or(&[][..], |seen| seen.look.log.as_slice());
    let log = log.iter().map(|line| (Role::Text, format!("  {line}")));
    std::iter::once(head).chain(link).chain(log).collect()
}
