//! Lists: all keys, the palette, the messages so far.

use super::{Sheet, field, piece};
use crate::cockpit::catalogue::catalogue;
use crate::cockpit::{Model, Palette};
use crate::input::{Keymap, Meaning};
use crate::theme::Role;
use crate::view::key::{in_panes, written};
use crate::view::message::{mark, tone};

/// All keys, by when they mean something.
pub(super) fn help(model: &Model) -> Sheet {
    let mut sheet = Sheet::new("Keys");
    sheet.width = 72;
    let titles = catalogue();
    let mut before = "";
    for group in Keymap::built_in().groups() {
        if group.title != before {
            sheet.gap();
            sheet.line(vec![piece(Role::DialogTitle, group.title.clone())]);
        }
        before = &group.title;
        for (meaning, keys) in &group.keys {
            let keys: Vec<String> = keys.iter().map(written).collect();
            let title = match meaning {
                Meaning::Digit => "draft a percentage",
                Meaning::Act(action) => {
                    titles.iter().find(|entry| entry.action == *action).map_or("", |entry| entry.title)
                }
            };
            sheet.line(vec![
                piece(Role::Accent, format!("  {:<18}", shortened(&keys))),
                piece(Role::Text, format!(" {title}")),
            ]);
        }
    }
    if !model.around.demo.is_empty() {
        sheet.gap();
        sheet.line(vec![piece(Role::Dim, "Faults of the built-in world stand in the palette, as demo.")]);
    }
    sheet
}

/// Ten digits are one thing to read.
fn shortened(keys: &[String]) -> String {
    if keys.len() > 4 {
        let (first, last) = (keys.first().cloned().unwrap_or_default(), keys.last().cloned().unwrap_or_default());
        let before = keys.get(keys.len() - 2).cloned().unwrap_or_default();
        return format!("{first}-{before} {last}");
    }
    keys.join("  ")
}

/// The palette.
pub(super) fn palette(model: &Model, palette: &Palette) -> Sheet {
    let mut sheet = Sheet::new("Command");
    sheet.width = 84;
    sheet.wraps = false;
    let entries = model.palette_entries();
    let mut line = vec![piece(Role::Accent, ":")];
    line.extend(field(&palette.input));
    sheet.pin(line);
    if entries.is_empty() {
        sheet.line(vec![piece(Role::Dim, "nothing is called that")]);
    }
    for (row, entry) in entries.iter().enumerate() {
        let selected = row == palette.selected;
        let key = in_panes(model, &entry.action);
        let (role, name) = match (selected, entry.unavailable) {
            (true, None) => (Role::Strong, Role::Accent),
            (_, Some(_)) => (Role::Stale, Role::Stale),
            (false, None) => (Role::Text, Role::Text),
        };
        let mut line = vec![
            piece(Role::Accent, if selected { "› " } else { "  " }),
            piece(name, format!("{:<17} ", entry.name)),
            piece(if entry.unavailable.is_some() { Role::Stale } else { Role::Dim }, format!("{key:<7}")),
        ];
        match entry.unavailable {
            Some(why) => line.push(piece(Role::Stale, format!("not now: {why}"))),
            None => line.push(piece(role, entry.title.clone())),
        }
        sheet.line(line);
    }
    sheet.cursor = Some(palette.selected);
    sheet
}

/// The messages so far, newest at the bottom.
pub(super) fn messages(model: &Model) -> Sheet {
    let mut sheet = Sheet::new("Messages");
    sheet.width = 100;
    if model.notices.is_empty() {
        sheet.line(vec![piece(Role::Dim, "no message yet")]);
    }
    for noticed in &model.notices {
        let role = tone(noticed.notice.tone);
        sheet.line(vec![
            piece(Role::Dim, format!("{} ", noticed.at.wall.clock())),
            piece(role, format!("{} {}", mark(noticed.notice.tone), noticed.notice.text)),
        ]);
    }
    sheet
}
