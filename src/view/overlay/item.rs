//! An item of the checklist in full: what is typed for it, and where it leads to.
//!
//! ```text
//! ╭ Before the call ─────────────────────────────────────────────╮
//! │ › Backups are taken and one of them was read back            │
//! │                                                              │
//! │   open, and required   by the database's people              │
//! │                                                              │
//! │   bash                                                       │
//! │   pg_dump -h db.example.net orders > orders.sql              │
//! │                                                              │
//! │   the page                                                   │
//! │   https://wiki.example.net/backups                           │
//! ╰──────────────────────────────────────────────────────────────╯
//! ```

use super::{Sheet, key, piece};
use crate::cockpit::{Action, ItemDetail, ItemPart, LogDetail, MARGIN, Model, item_rows};
use crate::theme::Role;
use crate::view::key as keys;

/// The item.
pub(super) fn item(model: &Model, detail: &ItemDetail) -> Sheet {
    let checklist = &model.flight.procedure.checklist;
    let section = checklist.sections.iter().find(|section| section.items.iter().any(|item| item.id == detail.item));
    let mut sheet = Sheet::new(section.map_or("Checklist", |section| section.title.as_str()));
    sheet.wraps = false;
    let inside = LogDetail::inside(model.areas().all.width);
    sheet.width = inside;
    sheet.pin(footer(model));
    let Some(item) = checklist.item(&detail.item) else {
        sheet.line(vec![piece(Role::Dim, "the profile that is flown now has no such item")]);
        return sheet;
    };
    let cells = usize::from(inside.saturating_sub(MARGIN));
    let rows = item_rows(item, cells);
    let at = detail.row.min(rows.len().saturating_sub(1));
    let chosen = detail.chosen(item, cells);
    let mut is_told = false;
    for (index, row) in rows.iter().enumerate() {
        if row.part != ItemPart::Text && !is_told {
            state(model, detail, item.required, item.role.as_deref(), &mut sheet);
            is_told = true;
        }
        if row.is_first {
            sheet.gap();
            let label = match row.part {
                ItemPart::Text => "",
                ItemPart::Command(at) => item.commands.get(at).map_or("", |command| match command.language.as_str() {
                    "" => "to type",
                    language => language,
                }),
                ItemPart::Link(at) => item.links.get(at).map_or("", |link| match link.text.as_str() {
                    "" => "leads to",
                    words => words,
                }),
            };
            if !label.is_empty() {
                sheet.line(vec![piece(Role::Dim, format!("  {label}"))]);
            }
        }
        if index == at {
            sheet.cursor = Some(sheet.body.len());
        }
        let role = match row.part {
            part if part == chosen => Role::Strong,
            ItemPart::Text | ItemPart::Command(_) => Role::Text,
            ItemPart::Link(_) => Role::Accent,
        };
        let text = row.text.replace('\t', "    ");
        sheet.line(vec![piece(Role::Accent, if index == at { "› " } else { "  " }), piece(role, text)]);
    }
    if !is_told {
        state(model, detail, item.required, item.role.as_deref(), &mut sheet);
    }
    sheet.gap();
    super::duty::beside(model, item, &mut sheet);
    sheet
}

/// How it stands, and whose it is.
fn state(model: &Model, detail: &ItemDetail, required: bool, role: Option<&str>, sheet: &mut Sheet) {
    let (style, words) = match model.flight.session.ticks.get(&detail.item) {
        Some(tick) => (Role::Good, format!("✓ ticked by {} at {}", tick.by, tick.at.clock())),
        None if required => (Role::Wait, "open, and required".to_owned()),
        None => (Role::Dim, "open".to_owned()),
    };
    sheet.gap();
    let mut line = vec![piece(Role::Text, "  "), piece(style, words)];
    if let Some(role) = role {
        line.extend([piece(Role::Dim, "   by "), piece(Role::Text, role)]);
    }
    sheet.line(line);
}

fn footer(model: &Model) -> Vec<super::Piece> {
    let mut line = key(&keys::of(model, &Action::Copy), "copy it");
    if model.flight.procedure.shell.is_some() {
        line.extend(key(&keys::of(model, &Action::RunCommand), "run it"));
    }
    line.extend(key(&keys::of(model, &Action::AttachEvidence), "attach"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    line
}
