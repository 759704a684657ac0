//! A log line in full, and the fields by which others are looked for.
//!
//! ```text
//! ╭ Log line ────────────────────────────────────────────────────────╮
//! │ time 2026-11-21 14:02:03.123Z   age 4s   source blue   pool ▲ blue│
//! │                                                                  │
//! │ › connect timeout host=db attempt=1 stan=004218                  │
//! │                                                                  │
//! │   host     db                                                    │
//! │   stan     004218                                                │
//! ╰──────────────────────────────────────────────────────────────────╯
//! ```

use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, Choice, DetailPart, LogDetail, MARGIN, Model};
use crate::domain::age;
use crate::domain::log::Level;
use crate::theme::Role;
use crate::view::format::whole;
use crate::view::key as keys;
use crate::view::pen::{fit, fit_middle, width};

/// The columns of the chooser, and the widest that a name is in it.
const CHOICE: u16 = 84;
const NAME: u16 = 24;

/// A line in full.
pub(super) fn line(model: &Model, detail: &LogDetail) -> Sheet {
    let mut sheet = Sheet::new(if detail.source.is_some() { "Log line" } else { "What an operator did" });
    sheet.wraps = false;
    let inside = LogDetail::inside(model.areas().all.width);
    sheet.width = inside;
    for line in facts(model, detail, inside) {
        sheet.line(line);
    }
    sheet.gap();
    let cells = usize::from(inside.saturating_sub(MARGIN));
    let (names, chosen) = (detail.names(cells), detail.chosen(cells));
    let rows = detail.rows(cells);
    let at = detail.row.min(rows.len().saturating_sub(1));
    let mut before = DetailPart::Text;
    for (index, row) in rows.into_iter().enumerate() {
        if before == DetailPart::Text && row.part != before {
            sheet.gap();
        }
        before = row.part;
        if index == at {
            sheet.cursor = Some(sheet.body.len());
        }
        let is_chosen = row.part == chosen;
        let mut line = vec![piece(Role::Accent, if index == at { "› " } else { "  " })];
        if row.part != DetailPart::Text {
            let name = row.name.unwrap_or_default();
            let gap = (names + 1).saturating_sub(usize::from(width(name)));
            let gap = if row.text.is_some() { gap } else { 0 };
            line.push(piece(if is_chosen { Role::Accent } else { Role::Dim }, format!("{name}{}", " ".repeat(gap))));
        }
        line.push(match row.text {
            Some("") if row.part != DetailPart::Text => piece(Role::Dim, "\"\""),
            text => piece(if is_chosen { Role::Strong } else { Role::Text }, text.unwrap_or_default()),
        });
        sheet.line(line);
    }
    if detail.fields.is_empty() {
        sheet.gap();
        sheet.line(vec![piece(Role::Dim, "  no fields: no JSON, nothing that reads name=value")]);
    }
    let mut line = key(&keys::of(model, &Action::Copy), "copy it");
    if let Some(same) = detail.same(chosen) {
        line.extend(key(&keys::of(model, &Action::Enter), &format!("every line with this {}", fit(&same.field, NAME))));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

/// What is known beside its text and fields, as many to a row as fit.
fn facts(model: &Model, detail: &LogDetail, inside: u16) -> Vec<Vec<Piece>> {
    let around = &model.around;
    let mut facts: Vec<(&str, Role, String)> = Vec::new();
    let at = if detail.tells_time { "time" } else { "came" };
    facts.push((at, Role::Text, detail.at.written(0)));
    if around.zone_minutes != 0 {
        let (utc, here) = (detail.at.written(0), detail.at.written(around.zone_minutes));
        // The day once, unless it is another one here.
        let clock = here.split_once(' ').filter(|(day, _)| utc.starts_with(day)).map(|(_, clock)| clock.to_owned());
        facts.push(("here", Role::Text, clock.unwrap_or(here)));
    }
    facts.push(("age", Role::Text, age(model.now.wall.since(detail.at))));
    if let Some(source) = &detail.source {
        facts.push(("source", Role::Text, source.to_string()));
    }
    let pools = &model.flight.procedure.pools;
    if let Some(id) = &detail.pool {
        let place = pools.iter().position(|pool| pool.id == *id);
        let mark = place.and_then(|place| pools.get(place)).map_or("", |pool| pool.mark.as_str());
        facts.push(("pool", place.map_or(Role::Text, Role::pool), format!("{mark} {id}")));
    }
    if detail.source.is_some() {
        let role = match detail.level {
            Level::Error => Role::Bad,
            Level::Warn => Role::Wait,
            Level::Info | Level::Debug | Level::Trace => Role::Text,
        };
        facts.push(("level", role, detail.level.word().to_owned()));
    }
    if detail.excluded {
        facts.push(("noise", Role::Text, "by the profile's exclude".to_owned()));
    }
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut left = inside;
    for (name, role, text) in facts {
        let wide = width(name) + 1 + width(&text);
        if let Some(line) = lines.last_mut().filter(|line| line.is_empty() || wide + 3 <= left) {
            if !line.is_empty() {
                line.push(piece(Role::Dim, "   "));
                left = left.saturating_sub(3);
            }
            line.extend([piece(Role::Dim, format!("{name} ")), piece(role, text)]);
        } else {
            left = inside;
            lines.push(vec![piece(Role::Dim, format!("{name} ")), piece(role, text)]);
        }
        left = left.saturating_sub(wide);
    }
    lines
}

/// By which field?
pub(super) fn choice(model: &Model, choice: &Choice) -> Sheet {
    let mut sheet = Sheet::new("Every line with the same …");
    sheet.wraps = false;
    let inside = CHOICE.min(model.areas().all.width.saturating_sub(6));
    sheet.width = inside;
    for line in super::wrapped(&choice.why, inside) {
        sheet.line(vec![piece(Role::Dim, line)]);
    }
    sheet.gap();
    let counts = choice.tally.counts();
    let names = counts.iter().map(|(same, _)| width(&same.field)).max().unwrap_or(0).min(NAME.min(inside / 3));
    let is_counting = choice.tally.is_counting(&model.logs.book);
    for (place, (same, count)) in counts.iter().enumerate() {
        let is_chosen = place == choice.selected;
        if is_chosen {
            sheet.cursor = Some(sheet.body.len());
        }
        // While it is counted there may be more; a number that stands alone is the last word.
        let lines = if *count == 1 { "line" } else { "lines" };
        let counted = format!("{}{} {lines:<5}", if is_counting { "≥ " } else { "" }, whole(*count));
        let name = fit_middle(&same.field, names);
        let gap = usize::from(names - width(&name));
        let room = inside.saturating_sub(2 + names + 2 + 1 + 16);
        let value = fit(&same.value, room);
        let pad = usize::from(room - width(&value));
        sheet.line(vec![
            piece(Role::Accent, if is_chosen { "› " } else { "  " }),
            piece(if is_chosen { Role::Accent } else { Role::Text }, format!("{name}{}  ", " ".repeat(gap))),
            piece(if is_chosen { Role::Strong } else { Role::Text }, format!("{value}{}", " ".repeat(pad))),
            piece(Role::Dim, format!(" {counted:>16}")),
        ]);
    }
    let mut line = key(&keys::of(model, &Action::Enter), "show them");
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}
