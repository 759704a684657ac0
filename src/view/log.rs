//! The logs: pool, time, level and text of each line, what operators did as rules between them.
//!
//! ```text
//! ╭ Logs ▲ blue  -health  12/s  paused, 40 below ─────────────────────────╮
//! │ 14:02:10 ▲ WARN  connect timeout host=db stan=004217                  │
//! │ ── 14:01:02 ana: 10 → 30, verified on 2 of 2 ─────────────────────────│
//! │ 14:02:11 ▲ INFO  authorize approved=true 38 ms stan=004218            │
//! ╰────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::checklist::{nothing, titles};
use super::format::{rate, whole};
use super::log_column;
use super::pen::{Pen, cut, fit};
use crate::cockpit::{Model, Pane};
use crate::domain::SourceId;
use crate::domain::log::{Level, LogSourceState};
use crate::layout::Areas;
use crate::logbook::LineRef;
use crate::theme::Role;

/// Draws the pane.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    if areas.logs.is_empty() {
        return;
    }
    let (title, right) = title(pen, model, areas.logs.width);
    titles(pen, areas, Pane::Logs, title, &right);
    let inside = areas.inner(Pane::Logs);
    if model.flight.procedure.logs.is_empty() {
        let teach = "A [[log]] in the profile, with a name, a pool and a file or command, is followed here; \
                     exclude hides health checks.";
        nothing(pen, inside, "No log source.", teach);
        return;
    }
    let logs = &model.logs;
    let inside = log_column::above(pen, model, inside);
    let window = logs.view.window(usize::from(inside.height));
    if window.is_empty() {
        empty(pen, model, inside);
        return;
    }
    let chosen = logs.anchor.and_then(|_| logs.chosen());
    let cursor = logs.cursor().filter(|_| model.focus == Pane::Logs);
    for (row, number) in (0..inside.height).zip(&window) {
        let Some(line) = logs.book.line(*number) else { continue };
        let is_chosen = chosen.is_some_and(|(first, last)| (first..=last).contains(&line.place));
        if is_chosen {
            let area = Rect { y: inside.y + row, height: 1, ..inside };
            let style = pen.style(Role::Selected);
            pen.buffer.set_style(area, style);
        }
        let is_cursor = logs.is_paused() && cursor == Some(*number);
        if line.is_mark() {
            mark(pen, inside, row, &line);
        } else {
            one(pen, model, inside, row, &line, is_cursor);
        }
    }
}

fn title(pen: &Pen<'_>, model: &Model, width: u16) -> (Vec<Span<'static>>, Line<'static>) {
    let logs = &model.logs;
    let mut title = vec![Span::styled(" Logs ", pen.style(Role::Title))];
    title.extend(super::pointer::span(pen, model, "Logs"));
    if !model.flight.procedure.logs.is_empty() {
        let pools = &logs.view.filter().pools;
        for (place, pool) in model.flight.procedure.pools.iter().enumerate() {
            if pools.contains(&pool.id) {
                title.push(Span::styled(format!("{} {} ", pool.mark, pool.id), pen.style(Role::pool(place))));
            }
        }
        let filter = filter_words(model);
        if !filter.is_empty() {
            let words = fit(&filter, width / 3);
            title.push(Span::styled(format!("{words} "), pen.style(Role::Text)));
        }
        if logs.view.filter().text.is_some() {
            let more = if logs.searching { "…" } else { "" };
            let found = format!("{}{more} found ", whole(logs.view.matched() as u64));
            title.push(Span::styled(found, pen.style(Role::Dim)));
        }
        let per_second = logs.book.rate(None, model.now.elapsed);
        title.push(Span::styled(format!("{:>5}/s ", rate(per_second)), pen.style(Role::Dim)));
        if logs.is_paused() {
            let below = whole(logs.view.below() as u64);
            title.push(Span::styled(format!("paused, {below} below "), pen.style(Role::Wait)));
        }
    }
    let mut right = Vec::new();
    let new = model.new_patterns();
    if new > 0 {
        let words = if new == 1 { "1 new error pattern".to_owned() } else { format!("{new} new error patterns") };
        right.push(Span::styled(format!(" {words} "), pen.style(Role::Wait)));
    }
    let (by_other, of_other) = read_by_other(model);
    if let Some(words) = of_other {
        right.push(Span::styled(format!(" {} ", fit(&words.1, width / 3)), pen.style(words.0)));
    }
    for (source, state) in logs.sources.iter().filter(|(source, _)| !by_other.contains(source)) {
        let why = match state {
            LogSourceState::Following => continue,
            LogSourceState::Waiting(trouble) => format!("{source} waits: {}", trouble.why),
            LogSourceState::Ended(trouble) => format!("{source} ended: {}", trouble.why),
        };
        right.push(Span::styled(format!(" ? {} ", fit(&why, width / 3)), pen.style(Role::Wait)));
        break;
    }
    // What is kept no longer had been here; what was dropped never was.
    let gone = logs.book.first().0;
    if gone > 0 {
        right.push(Span::styled(format!(" {} older let go ", whole(gone)), pen.style(Role::Dim)));
    }
    let looks = if model.dropped == 1 { "look" } else { "looks" };
    for (dropped, what) in [(logs.book.dropped(), String::new()), (model.dropped, format!("{looks} "))] {
        if dropped > 0 {
            right.push(Span::styled(format!(" {} {what}dropped ", whole(dropped)), pen.style(Role::Wait)));
        }
    }
    (title, Line::from(right))
}

/// The logs that another cockpit reads for this one, and a word about it.
fn read_by_other(model: &Model) -> (Vec<&SourceId>, Option<(Role, String)>) {
    let flight = &model.flight;
    let Some(asker) = flight.metered_asker(model.now.elapsed) else { return (Vec::new(), None) };
    let metered = flight.procedure.logs.iter().filter(|log| log.metered).map(|log| &log.id);
    let sources: Vec<&SourceId> = metered.collect();
    let trouble = sources.iter().find_map(|source| Some((source, flight.logs.get(*source)?.trouble.as_ref()?)));
    let words = match (trouble, sources.as_slice()) {
        (Some((source, why)), _) => Some((Role::Wait, format!("? {source}, read by {asker}, waits: {why}"))),
        (None, []) => None,
        (None, [one]) => Some((Role::Dim, format!("{one} read by {asker}"))),
        (None, [_, _, ..]) => Some((Role::Dim, format!("{} logs read by {asker}", sources.len()))),
    };
    (sources, words)
}

/// What is left out, in the words of the filter.
fn filter_words(model: &Model) -> String {
    let filter = model.logs.view.filter();
    let mut words = Vec::new();
    if let Some(text) = &filter.text {
        words.push(text.to_string());
    }
    if filter.min_level > Level::Trace {
        words.push(format!("≥{}", filter.min_level.word()));
    }
    words.extend(filter.sources.iter().map(ToString::to_string));
    if filter.hide_excluded && model.logs.book.excluded() > 0 {
        words.push(format!("-{} noise", whole(model.logs.book.excluded())));
    }
    words.join(" ")
}

fn empty(pen: &mut Pen<'_>, model: &Model, inside: Rect) {
    let logs = &model.logs;
    let (what, teach) = if let (Some(same), false) = (logs.correlation(), logs.searching) {
        let what = format!("None of the lines that are kept has {} = {}.", same.field, same.value);
        return nothing(pen, inside, &what, "Esc goes back.");
    } else if logs.searching {
        ("Searching …", String::new())
    } else if logs.book.end() > logs.book.first() {
        ("No line matches the filter.", "Other levels and pools, or another filter, show more.".to_owned())
    } else {
        let names: Vec<String> = model.flight.procedure.logs.iter().map(|log| log.id.to_string()).collect();
        ("No line yet.", format!("Following {}.", names.join(", ")))
    };
    nothing(pen, inside, what, &teach);
}

fn mark(pen: &mut Pen<'_>, inside: Rect, row: u16, line: &LineRef<'_>) {
    let style = pen.style(Role::Limit);
    pen.run(inside.x, inside.y + row, inside.width, "─", style);
    let mut cells = pen.row_of(inside, row);
    cells.skip(2).styled(style, " ").styled(style, &line.at.clock()).styled(style, " ");
    cells.put(Role::Text, line.text).styled(style, " ");
}

fn one(pen: &mut Pen<'_>, model: &Model, inside: Rect, row: u16, line: &LineRef<'_>, is_cursor: bool) {
    let pools = &model.flight.procedure.pools;
    let place = line.pool.and_then(|pool| pools.iter().position(|each| each.id == *pool));
    let mut cells = pen.row_of(inside, row);
    cells.put(Role::Accent, if is_cursor { "›" } else { " " });
    let clock = line.at.clock();
    let (time, _) = cut(&clock, 8);
    cells.put(if line.tells_time { Role::Dim } else { Role::Stale }, time).skip(1);
    log_column::between(&mut cells, model, line);
    match place.and_then(|place| Some((place, pools.get(place)?))) {
        Some((place, pool)) => cells.cell(Role::pool(place), 1, &pool.mark).skip(1),
        None => cells.skip(2),
    };
    let (level, text) = match line.level {
        Level::Error => (Role::Bad, Role::Text),
        Level::Warn => (Role::Wait, Role::Text),
        Level::Info => (Role::Dim, Role::Text),
        Level::Debug | Level::Trace => (Role::Dim, Role::Dim),
    };
    let text = if line.excluded { Role::Dim } else { text };
    cells.cell(level, 5, line.level.word()).skip(1);
    let line_text = log_column::fields(&mut cells, model, inside, line);
    let Some(matcher) = &model.logs.view.filter().text else {
        cells.put(text, &line_text);
        return;
    };
    let mut from = 0;
    for (start, end) in matcher.places(&line_text) {
        cells.put(text, line_text.get(from..start).unwrap_or_default());
        cells.put(Role::Found, line_text.get(start..end).unwrap_or_default());
        from = end;
    }
    cells.put(text, line_text.get(from..).unwrap_or_default());
}
