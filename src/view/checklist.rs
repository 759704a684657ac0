//! The checklist: headings with counts, items with who ticked them and when.
//!
//! ```text
//! ╭ Checklist 5/14 ───────────────────╮
//! │ ▸ Before the call            4/4 ✓│
//! │ ▾ Drain blue                 1/3  │
//! │   ✓ Channel told      ana  13:58  │
//! │   ☐ Only health checks in blue  $ │
//! ╰───────────────────────────────────╯
//! ```

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pen::{Pen, fit, width};
use crate::cockpit::{ChecklistRow, Model, Pane};
use crate::domain::checklist::{Item, Section};
use crate::domain::due::{Due, Standing};
use crate::flight::check::Totals;
use crate::layout::{Areas, Shape};
use crate::theme::Role;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    if areas.checklist.is_empty() {
        return;
    }
    let title = title(pen, model);
    let checks = checks(pen, model);
    titles(pen, areas, Pane::Checklist, title, &checks);
    let inside = areas.inner(Pane::Checklist);
    let rows = model.checklist_rows();
    if rows.is_empty() {
        nothing(
            pen,
            inside,
            "No checklist.",
            "from in the profile's [checklist] names a Markdown file: its headings and - [ ] items stand here.",
        );
        return;
    }
    let page = usize::from(inside.height);
    let selected = model.checklist.selected.min(rows.len().saturating_sub(1));
    let first = model
        .checklist
        .scroll
        .min(rows.len().saturating_sub(page))
        .clamp((selected + 1).saturating_sub(page), selected);
    let is_focused = model.focus == Pane::Checklist;
    for (row, (index, each)) in (0..inside.height).zip(rows.iter().enumerate().skip(first)) {
        if index == selected && is_focused {
            let line = Rect { y: inside.y + row, height: 1, ..inside };
            let style = pen.style(Role::Selected);
            pen.buffer.set_style(line, style);
        }
        one(pen, model, inside, row, each, index == selected && is_focused);
    }
    let hidden = rows.len().saturating_sub(first + page);
    if hidden > 0 {
        let text = format!(" {hidden} more ");
        let style = pen.style(Role::Dim);
        let x = areas.checklist.right().saturating_sub(width(&text) + 1);
        pen.text(x, areas.checklist.bottom() - 1, width(&text), &text, style);
    }
}

fn title(pen: &Pen<'_>, model: &Model) -> Vec<Span<'static>> {
    let (ticked, all) = model.checklist_counts();
    let mut title = vec![Span::styled(" Checklist ", pen.style(Role::Title))];
    if all > 0 {
        let role = if ticked == all { Role::Good } else { Role::Text };
        title.push(Span::styled(format!("{ticked}/{all} "), pen.style(role)));
    }
    let (now, late) = model.due_counts();
    if late > 0 {
        title.push(Span::styled(format!("{late} overdue "), pen.style(Role::Bad)));
    } else if now > 0 {
        title.push(Span::styled(format!("{now} due "), pen.style(Role::Wait)));
    }
    title.extend(super::pointer::span(pen, model, "Checklist"));
    title
}

/// How the checks stand, where the profile names some.
fn checks(pen: &Pen<'_>, model: &Model) -> Line<'static> {
    let totals = model.flight.check_totals(None, model.now.elapsed);
    if totals.all == 0 {
        return Line::default();
    }
    let (role, sign) = match totals {
        Totals { failed: 1.., .. } => (Role::Bad, "✗"),
        Totals { passed, all, .. } if passed == all => (Role::Good, "✓"),
        Totals { inconclusive: 1.., .. } => (Role::Wait, "?"),
        _ => (Role::Dim, "·"),
    };
    Line::from(Span::styled(format!(" checks {sign} {}/{} ", totals.passed, totals.all), pen.style(role)))
}

/// The titles of a pane or, where panes share one place, the tabs of all of them.
pub(super) fn titles(pen: &mut Pen<'_>, areas: &Areas, pane: Pane, title: Vec<Span<'_>>, right: &Line<'_>) {
    if areas.shape != Shape::Tabs {
        pen.titles(areas.pane(pane), &Line::from(title), right);
        return;
    }
    for (area, each) in &areas.tabs {
        let mut row = pen.row_of(*area, 0);
        if *each == pane {
            for span in &title {
                row.styled(span.style, &span.content);
            }
            continue;
        }
        let name = match each {
            Pane::Traffic => " Traffic ",
            Pane::Checklist => " Checklist ",
            Pane::Metrics => " Metrics ",
            Pane::Logs => " Logs ",
        };
        row.put(Role::Dim, name);
    }
}

/// What an empty pane says: what is not there, and what would fill it.
pub(super) fn nothing(pen: &mut Pen<'_>, inside: Rect, what: &str, teach: &str) {
    let mut row = u16::from(inside.height > 4);
    pen.row_of(inside, row).skip(1).put(Role::Text, what);
    row += 1;
    for line in super::overlay::wrapped(teach, inside.width.saturating_sub(2)) {
        pen.row_of(inside, row).skip(1).put(Role::Dim, line.trim_start());
        row += 1;
    }
}

fn one(pen: &mut Pen<'_>, model: &Model, inside: Rect, row: u16, each: &ChecklistRow<'_>, selected: bool) {
    let mut cells = pen.row_of(inside, row);
    match each {
        ChecklistRow::Heading { section, ticked, open, folded } => {
            let all = section.items.len();
            let count = format!("{ticked}/{all} {} ", if *open { ' ' } else { '✓' });
            cells.end(if *open { Role::Text } else { Role::Good }, &count);
            if let Some((role, due)) = due_of(model, section) {
                cells.end(role, &due);
            }
            if let Some(mark) = super::pointer::mark(model, &section.title) {
                cells.end(Role::Accent, &mark);
            }
            cells.skip(1).put(Role::Dim, if *folded { "▸ " } else { "▾ " });
            let title = fitted(&section.title, cells.left());
            cells.put(if *open { Role::Strong } else { Role::Text }, &title);
        }
        ChecklistRow::Item { section, item, tick } => {
            if let Some(mark) = super::pointer::mark(model, &model.item_pointer(item)) {
                cells.end(Role::Accent, &mark);
            } else if let Some(tick) = tick {
                let clock = tick.at.clock();
                let (minutes, _) = super::pen::cut(&clock, 5);
                let who = format!("{}  {minutes} ", fit(tick.by.as_str(), 8));
                cells.end(Role::Dim, &who);
            } else if let Some((role, due)) = due_of_item(model, section, item) {
                cells.end(role, &due);
            }
            // Something to type, or somewhere to look: details show it.
            let more = match (item.commands.is_empty(), item.links.is_empty()) {
                (false, _) => "$ ",
                (true, false) => "↗ ",
                (true, true) => "",
            };
            if !more.is_empty() {
                cells.end(Role::Accent, more);
            }
            cells.skip(3 + u16::from(item.depth) * 2);
            if tick.is_some() {
                cells.put(Role::Good, "✓ ").put(Role::Dim, &item.text);
            } else {
                let text = if selected { Role::Strong } else { Role::Text };
                cells.put(if selected { Role::Accent } else { Role::Text }, "☐ ").put(text, &item.text);
            }
            if tick.is_none() && !item.required && cells.left() > 9 {
                cells.skip(1).put(Role::Dim, "optional");
            }
        }
    }
}

/// When what is open of a section is due.
fn due_of(model: &Model, section: &Section) -> Option<(Role, String)> {
    let flight = &model.flight;
    let due = *flight.procedure.checklist.due.sections.get(&section.slug)?;
    let open = section.items.iter().find(|item| !flight.session.ticks.contains_key(&item.id))?;
    // An item of its own time says it itself; the section says when its others are due.
    let same = |item: &&Item| flight.procedure.checklist.due.items.get(&item.id) == Some(&due);
    let open =
        section.items.iter().filter(same).find(|item| !flight.session.ticks.contains_key(&item.id)).unwrap_or(open);
    Some(standing(model, open, due))
}

/// When an item is due that is due at another time than its section.
fn due_of_item(model: &Model, section: &Section, item: &Item) -> Option<(Role, String)> {
    let dues = &model.flight.procedure.checklist.due;
    let due = *dues.items.get(&item.id)?;
    (dues.sections.get(&section.slug) != Some(&due)).then(|| standing(model, item, due))
}

fn standing(model: &Model, item: &Item, due: Due) -> (Role, String) {
    let flight = &model.flight;
    let known = flight.session.standing(&flight.procedure.checklist, &flight.procedure.plan, &item.id, model.now.wall);
    match known {
        None => (Role::Dim, format!("{} ", due.short())),
        Some(later @ Standing::Later(_)) => (Role::Dim, format!("{} ", later.short())),
        Some(now @ Standing::Now(_)) => (Role::Wait, format!("{} ", now.short())),
        Some(late @ Standing::Overdue(_)) => (Role::Bad, format!("{} ", late.short())),
    }
}

/// What a heading stands under, `PATH › HEADING`, gives way from its front: the heading itself tells sections apart.
fn fitted(title: &str, room: u16) -> String {
    let mut short = title.to_owned();
    let mut rest = title;
    while width(&short) > room {
        let Some((_, after)) = rest.split_once(" › ") else { break };
        short = format!("… › {after}");
        rest = after;
    }
    short
}
