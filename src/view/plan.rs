//! The plan in one line: what is over, where we stand, what is next.
//!
//! ```text
//! ├ Plan 3/10 ──────────────────────────────────────────────────── soak 3:12 of 5:00 ┤
//! │ ✓ drain  ✓ deploy  ✓ 10  ◉ 30  ○ 50  ○ flip  ○ deploy green  ↩ 90  ○ 70  ○ 50     │
//! ```

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::header::ROOMY;
use super::pen::{Pen, width};
use crate::cockpit::Model;
use crate::domain::clock_span;
use crate::domain::procedure::Step;
use crate::domain::soak::range;
use crate::domain::version::short;
use crate::layout::inner;
use crate::session::event::{ChangeKind, StepMark};
use crate::session::state::StepEnd;
use crate::theme::Role;

/// Draws the strip.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    if area.is_empty() {
        return;
    }
    let plan = &model.flight.procedure.plan;
    let done = plan.iter().filter(|step| model.flight.session.steps.contains_key(&step.id)).count();
    let mut title = vec![Span::styled(" Plan ", pen.style(Role::Title))];
    if !plan.is_empty() {
        title.push(Span::styled(format!("{done}/{} ", plan.len()), pen.style(Role::Text)));
    }
    if model.size.0 < ROOMY && !model.flight.session.digest().is_empty() {
        let digest = short(model.flight.session.digest());
        let digits = digest.rsplit(':').next().unwrap_or_default();
        let text = format!(" {}@{digits} ", model.flight.session.to_version());
        title.push(Span::styled(text, pen.style(Role::Dim)));
    }
    if let Some(run) = &model.flight.session.run {
        let left = run.steps.iter().filter(|step| !model.flight.session.steps.contains_key(*step)).count();
        let text = format!(" ◆ run: {left} confirmed by {} ", run.given.by);
        title.push(Span::styled(text, pen.style(Role::Good)));
    }
    let right = soak(model)
        .or_else(|| wave(model))
        .or_else(|| action(model))
        .map_or_else(Line::default, |(role, text)| Line::styled(text, pen.style(role)));
    pen.titles(area, &Line::from(title), &right);
    // Without its lower border the strip has one row below its title.
    let inside =
        if area.height == 2 { Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), 1) } else { inner(area) };
    if plan.is_empty() {
        let text = "No plan. Each [[step]] of the profile stands here; drafts work without.";
        pen.row_of(inside, 0).skip(1).put(Role::Dim, text);
        return;
    }
    steps(pen, model, inside);
}

/// How far the change in flight is with its waves.
fn wave(model: &Model) -> Option<(Role, String)> {
    let words = model.wave_words()?;
    // Why it waits stands in the dialog.
    let words = words.split_once(": ").map_or(words.as_str(), |(words, _)| words);
    Some((if model.wave_wants_a_word() { Role::Wait } else { Role::Strong }, format!(" {words} ")))
}

/// The deploy action that runs.
fn action(model: &Model) -> Option<(Role, String)> {
    let run = model.flight.session.action_in_flight()?;
    let role = if run.is_running() { Role::Strong } else { Role::Bad };
    Some((role, format!(" {} ", model.action_words(run))))
}

/// The soak of the step last done.
pub(super) fn soak(model: &Model) -> Option<(Role, String)> {
    let soak = model.flight.soak.as_ref()?;
    let (held, needed) = (clock_span(soak.held.min(soak.needed)), clock_span(soak.needed));
    Some(match &soak.paused {
        Some(why) => (Role::Wait, format!(" soak {held} of {needed}, stands still: {why} ")),
        None if soak.left().is_zero() => (Role::Good, format!(" ✓ soak {needed} ")),
        None => (Role::Strong, format!(" soak {held} of {needed} ")),
    })
}

/// The schedule of the soak that runs: what is to be done now, what comes next, what was missed; and what comes after it.
pub(super) fn schedule(model: &Model) -> Vec<(Role, String)> {
    let flight = &model.flight;
    let (Some(soak), Some(tasks)) = (flight.soak.as_ref(), flight.soak_tasks()) else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some((task, is_ticked)) = tasks.now {
        let (role, mark) = if is_ticked { (Role::Good, "✓") } else { (Role::Wait, "☐") };
        lines.push((role, format!("{mark} now, {}: {}", range(task), task.text)));
    }
    if tasks.missed > 0 {
        let plural = if tasks.missed == 1 { "task" } else { "tasks" };
        lines.push((Role::Wait, format!("! {} {plural} of the minutes before not ticked", tasks.missed)));
    }
    if let Some((task, until)) = tasks.next {
        lines.push((Role::Dim, format!("○ in {}: {}", clock_span(until), task.text)));
    }
    if !soak.left().is_zero() {
        let next = flight.session.next_step(&flight.procedure.plan).map(|step| step.name.as_str());
        let next = next.unwrap_or("the end of the plan");
        lines.push((Role::Dim, format!("○ in {}: {next} may follow", clock_span(soak.left()))));
    }
    lines
}

fn steps(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let plan = &model.flight.procedure.plan;
    let next = plan.iter().position(|step| !model.flight.session.steps.contains_key(&step.id));
    let here = next.unwrap_or(plan.len()).saturating_sub(1);
    let marks: Vec<(char, Role, Role)> =
        plan.iter().enumerate().map(|(place, step)| mark(model, step, place, here, next)).collect();
    let pointer = |step: &Step| model.pointed_by(&step.name).map(|who| format!("◀{who}")).unwrap_or_default();
    let cells = |step: &Step| width(&step.name) + width(&pointer(step)) + 4;
    // The strip begins so far left that where we stand and what is next are in view, with one step before them.
    let mut first = 0;
    let last = next.unwrap_or(here);
    while first < here.saturating_sub(1) {
        let needed: u16 = plan.iter().skip(first).take(last + 2 - first).map(cells).sum();
        if needed + 2 <= area.width {
            break;
        }
        first += 1;
    }
    let mut row = pen.row_of(area, 0);
    row.put(Role::Dim, if first > 0 { "…" } else { " " });
    for (step, (mark, mark_role, name_role)) in plan.iter().zip(marks).skip(first) {
        if row.left() < 4 {
            break;
        }
        row.put(mark_role, mark.encode_utf8(&mut [0; 4])).skip(1).put(name_role, &step.name);
        row.put(Role::Accent, &pointer(step)).skip(2);
    }
}

fn mark(model: &Model, step: &Step, place: usize, here: usize, next: Option<usize>) -> (char, Role, Role) {
    let session = &model.flight.session;
    let changes = || session.changes.iter().rev();
    let of_step = |kind: &ChangeKind| matches!(kind, ChangeKind::Step { step: id } if *id == step.id);
    if session.in_flight().is_some_and(|change| of_step(&change.confirmed.kind)) {
        return ('↻', Role::Wait, Role::Strong);
    }
    if let Some(run) = session.action_in_flight().filter(|run| run.intent.what.step == step.id) {
        return if run.is_running() { ('↻', Role::Wait, Role::Strong) } else { ('?', Role::Bad, Role::Strong) };
    }
    match session.steps.get(&step.id).map(|done| &done.how) {
        Some(StepEnd::Left(_)) => ('!', Role::Wait, Role::Wait),
        Some(StepEnd::Marked(StepMark::Skipped { .. })) => ('–', Role::Dim, Role::Dim),
        Some(StepEnd::Verified(_) | StepEnd::Marked(_)) if place == here => ('◉', Role::Strong, Role::Strong),
        Some(StepEnd::Verified(_) | StepEnd::Marked(_)) => ('✓', Role::Good, Role::Dim),
        None if changes().any(|change| of_step(&change.confirmed.kind) && change.settled.is_some()) => {
            ('↩', Role::Wait, if next == Some(place) { Role::Accent } else { Role::Text })
        }
        None if session.run_of(step).is_some() => {
            ('✗', Role::Bad, if next == Some(place) { Role::Accent } else { Role::Text })
        }
        None if session.run.as_ref().is_some_and(|run| run.steps.contains(&step.id)) => {
            ('◆', Role::Good, if next == Some(place) { Role::Accent } else { Role::Text })
        }
        None if next == Some(place) => ('○', Role::Accent, Role::Accent),
        None => ('○', Role::Dim, Role::Text),
    }
}
