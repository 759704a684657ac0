//! The text of keys as they are written on the screen.

use crate::cockpit::{Action, Model};
use crate::input::{KeyText, keys_for, keys_in_panes};

/// The key of an act at this moment; empty where it has none.
pub(super) fn of(model: &Model, action: &Action) -> String {
    keys_for(action, model).first().map(written).unwrap_or_default()
}

/// The key of an act in the panes, whatever lies over them.
pub(super) fn in_panes(model: &Model, action: &Action) -> String {
    keys_in_panes(action, model).first().map(written).unwrap_or_default()
}

/// A key as it stands on a keyboard: `Enter`, `Ctrl-R`, `n`.
pub(super) fn written(key: &KeyText) -> String {
    let text = key.to_string();
    let parts: Vec<String> = text.split('-').map(capital).collect();
    match text.strip_prefix("ctrl-") {
        Some(letter) if letter.chars().count() == 1 => format!("Ctrl-{}", letter.to_uppercase()),
        _ if text == "-" => text,
        _ => parts.join("-"),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if name.chars().count() > 1 => first.to_uppercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}
