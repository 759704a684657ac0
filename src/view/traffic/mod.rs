//! The traffic pane: what each router was given, what is drafted, what was observed; the fall of the requests into the
//! pools, and how the pools stand.
//!
//! ```text
//! ╭ Traffic  1 240 req/s ──────────────────────────────────────────────────────────╮
//! │ eu-1 haproxy      ✓ ████████████░░░░░░░░░░░░░░░░░   30 / 70    seen 29.4 ±1.6   │  router
//! │ draft               ████████████████████░░░░░░░░░   50 / 50    ▲ +248 req/s     │  draft
//! │          ⡀⠄⠂⠁⡀                ⠁⡀⠄⠂⠁⡀⠄⠂⠁⡀⠄                                       │  fall
//! │    ╭─ ▲ BLUE new ────────╮  ╭─ ● GREEN old ───────╮                  ▲       ●  │  vessel, table
//! │    │▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄│  │▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆│   in flight 41 req  96 req  │
//! │    ╰ 3/3 up ─────────────╯  ╰ 2/2 up ─────────────╯   …                         │
//! ╰──────────────────────────────────────────────────────────────────────────────────╯
//! ```

mod alone;
mod bar;
mod fall;
mod guard;
mod router;
mod table;
mod vessel;

pub(super) use bar::{Look, bar};
pub(super) use guard::summary as guards;
pub(super) use table::{gate_line, next_lines};

use ratatui::text::{Line, Span};

use super::format::{old, rate};
use super::pen::Pen;
use super::seen::Seen;
use crate::cockpit::Model;
use crate::layout::Areas;
use crate::theme::Role;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas, seen: &Seen<'_>) {
    if areas.traffic.is_empty() {
        return;
    }
    let mut title = vec![Span::styled(" Traffic ", pen.style(Role::Title))];
    if let Some(total) = seen.total {
        title.push(Span::styled(format!(" {:>6}", rate(total)), pen.style(seen.number())));
        title.push(Span::styled(" req/s ", pen.style(Role::Dim)));
        if let Some(age) = seen.old {
            title.push(Span::styled(format!("{} ", old(age)), pen.style(seen.number())));
        }
    }
    title.extend(super::pointer::span(pen, model, "Traffic"));
    let routers = &model.flight.procedure.routers;
    let hidden = routers.len().saturating_sub(usize::from(areas.inside.routers.height));
    // Where the guards have no line of their own they stand on the border.
    let mut right = if areas.inside.vessels.is_empty() { guard::title(pen, model) } else { Vec::new() };
    if hidden > 0 {
        let first = areas.inside.first;
        let last = first + usize::from(areas.inside.routers.height);
        let wrong = model.roster.wrong();
        if wrong > 0 {
            right.push(Span::styled(format!(" ✗ {wrong} "), pen.style(Role::Bad)));
        }
        let text = format!(" routers {}-{last} of {} ", first + 1, routers.len());
        right.push(Span::styled(text, pen.style(Role::Title)));
    }
    pen.titles(areas.traffic, &Line::from(title), &Line::from(right));
    if routers.is_empty() {
        alone::draw(pen, model, areas);
        return;
    }
    router::draw(pen, model, &areas.inside);
    router::draft(pen, model, &areas.inside, seen);
    if areas.inside.vessels.is_empty() {
        table::lines(pen, areas.inside.lines, seen);
        return;
    }
    for (pool, vessel) in seen.pools.iter().zip(&areas.inside.vessels) {
        fall::draw(pen, model, pool, *vessel, areas.inside.fall, seen.is_live);
        vessel::draw(pen, pool, *vessel, seen.is_live);
    }
    table::draw(pen, model, areas.inside.table, seen);
}
