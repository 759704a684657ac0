//! The guards in a line: a mark and a name each, how far the breaches are, the soak beside them; then what the worst of them
//! says, where no gate of a next step says it.
//!
//! ```text
//!  guards    ✓ errors  ! p99 1/2  ? ratio   soak 3:12/5:00
//!  ! p99: breached 1 of 2, blue 612 ms, ≤ 500 ms, limit of blue-30, 2s ago
//! ```
//!
//! Where not all names fit, the marks stand alone and the worst keeps its name.

use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::cockpit::Model;
use crate::domain::guard::{GuardState, Patience};
use crate::domain::{GuardId, clock_span};
use crate::flight::guard::GuardWatch;
use crate::theme::Role;
use crate::view::overlay::wrapped;
use crate::view::pen::{Pen, width};

/// Columns of the label, as of the numbers above.
const LABEL: u16 = 10;
/// The most rows for what the worst guard says.
const SAID: usize = 2;

/// One guard as it is drawn.
struct Seen<'m> {
    id: &'m GuardId,
    watch: &'m GuardWatch,
    mark: &'static str,
    role: Role,
}

/// Draws the line and what belongs to it; says how many rows that took.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let guards = all(model);
    let mut row = pen.row_of(area, 0);
    row.cell(Role::Dim, LABEL, "guards");
    if guards.is_empty() {
        row.put(Role::Dim, "none; [[guard]] adds one");
        return 1;
    }
    let soak = model.flight.soak.as_ref().map(|soak| {
        let role = if soak.paused.is_some() { Role::Wait } else { Role::Text };
        (role, format!("soak {}/{}", clock_span(soak.held.min(soak.needed)), clock_span(soak.needed)))
    });
    for (role, text) in pieces(&guards, row.left()) {
        row.put(role, &text);
    }
    if let Some((role, text)) = soak.filter(|(_, text)| width(text) + 1 < row.left()) {
        row.skip(1).put(role, &text);
    }
    // Where a step is next, what a guard says stands among the gates before it.
    let flight = &model.flight;
    let is_gate = flight.session.is_open() && flight.session.next_step(&flight.procedure.plan).is_some();
    let unsaid = worst(&guards).filter(|seen| !is_gate && seen.role != Role::Good && seen.role != Role::Dim);
    let Some(worst) = unsaid else { return 1 };
    let text = format!("{} {}", worst.mark, worst.watch.line(worst.id, model.now.elapsed));
    let mut used = 1;
    for line in wrapped(&text, area.width).into_iter().take(SAID) {
        pen.row_of(area, used).put(worst.role, &line);
        used += 1;
    }
    used.min(area.height)
}

/// The marks with the worst one's name, for the border of a pane that has no room for the line; empty without guards.
pub(super) fn title(pen: &Pen<'_>, model: &Model) -> Vec<Span<'static>> {
    let guards = all(model);
    if guards.is_empty() {
        return Vec::new();
    }
    let head = Span::styled(" guards ", pen.style(Role::Title));
    let marks = marks(&guards).into_iter().map(|(role, text)| Span::styled(text, pen.style(role)));
    std::iter::once(head).chain(marks).collect()
}

/// All guards in a few words with those that can stand in large letters; `None` without guards.
pub(in crate::view) fn summary(model: &Model) -> Option<(Role, String, String)> {
    let guards = all(model);
    let worst = worst(&guards)?;
    let all = guards.len();
    let of = if all == 1 { "the guard".to_owned() } else { format!("all {all} guards") };
    let name = worst.id.as_str().to_uppercase();
    Some(match &worst.watch.state {
        GuardState::Resting { .. } => (Role::Dim, format!("– {of} not asked"), String::new()),
        GuardState::Quiet => (worst.role, format!("✓ {of} quiet"), "GUARDS QUIET".to_owned()),
        GuardState::Breached { .. } | GuardState::Tripped { .. } => {
            let word = if matches!(worst.watch.state, GuardState::Tripped { .. }) { "TRIPPED" } else { "RED" };
            let line = worst.watch.line(worst.id, model.now.elapsed);
            (worst.role, format!("{} guard {line}", worst.mark), format!("{name} {word}"))
        }
        GuardState::Inconclusive { .. } => {
            let line = worst.watch.line(worst.id, model.now.elapsed);
            (worst.role, format!("? guard {line}"), format!("{name} UNSURE"))
        }
    })
}

fn all(model: &Model) -> Vec<Seen<'_>> {
    let flight = &model.flight;
    let watched = flight.procedure.guards.iter().filter_map(|spec| Some((&spec.id, flight.guards.get(&spec.id)?)));
    watched
        .map(|(id, watch)| {
            let (mark, role) = match &watch.state {
                GuardState::Resting { .. } => ("–", Role::Dim),
                // What was quiet some time ago is not known to be quiet now.
                GuardState::Quiet if watch.is_stale(model.now.elapsed) => ("✓", Role::Stale),
                GuardState::Quiet => ("✓", Role::Good),
                GuardState::Breached { .. } => ("!", Role::Bad),
                GuardState::Tripped { .. } => ("✗", Role::Bad),
                GuardState::Inconclusive { .. } => ("?", Role::Wait),
            };
            Seen { id, watch, mark, role }
        })
        .collect()
}

/// The one that matters most, the first of equals.
fn worst<'a, 'm>(guards: &'a [Seen<'m>]) -> Option<&'a Seen<'m>> {
    guards.iter().rev().max_by_key(|seen| (seen.watch.state.weight(), seen.role == Role::Stale))
}

/// Marks with names where those fit, else the marks.
fn pieces(guards: &[Seen<'_>], cells: u16) -> Vec<(Role, String)> {
    let mut named = Vec::new();
    for seen in guards {
        named.push((seen.role, format!("{} ", seen.mark)));
        let name = if seen.role == Role::Bad { seen.role } else { Role::Text };
        named.push((name, format!("{}{}  ", seen.id, progress(&seen.watch.state))));
    }
    let fits = named.iter().map(|(_, text)| width(text)).sum::<u16>() <= cells + 2;
    if fits { named } else { marks(guards) }
}

/// The marks, and the name of the worst where it is not quiet.
fn marks(guards: &[Seen<'_>]) -> Vec<(Role, String)> {
    let mut found: Vec<(Role, String)> = guards.iter().map(|seen| (seen.role, format!("{} ", seen.mark))).collect();
    let worst = worst(guards).filter(|seen| !matches!(seen.role, Role::Good | Role::Dim));
    found.extend(worst.map(|seen| (seen.role, format!("{}{} ", seen.id, progress(&seen.watch.state)))));
    found
}

/// How far breaches are: ` 1/2`, ` 0:40/2:00`.
fn progress(state: &GuardState) -> String {
    match state {
        GuardState::Breached { count, of: Patience::InARow(of), .. } => format!(" {count}/{of}"),
        GuardState::Breached { held, of: Patience::For(of), .. } => {
            format!(" {}/{}", clock_span(*held), clock_span(*of))
        }
        GuardState::Resting { .. }
        | GuardState::Quiet
        | GuardState::Tripped { .. }
        | GuardState::Inconclusive { .. } => String::new(),
    }
}
