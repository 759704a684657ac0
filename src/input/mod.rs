//! Keys and mouse to messages, against the model of the moment at which they are taken from the queue.
//!
//! [`read`] turns a terminal's event into a [`Msg`]; [`KeyText`] is the text form of keys; [`Keymap`] holds ordered
//! (condition, act) rules over [`Fact`]s of the moment, from `default.toml`; [`footer()`] and [`keys_for`] tell the view
//! which keys to show. A key that means nothing is told, so that nobody wonders; text goes to the field that has the keys.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod fact;
mod footer;
mod key;
mod keymap;

use crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use tui_input::InputRequest;

pub use fact::{Fact, Facts, facts, facts_of_panes};
pub use footer::{HelpGroup, HelpLine, footer, help, keys_for, keys_in_panes};
pub use key::{BadKey, Key, KeyText};
pub use keymap::{BadKeys, Group, Keymap, Meaning};

use crate::cockpit::{Action, Model, Msg};

/// How many lines one notch of the wheel moves.
const NOTCH: i32 = 3;

/// What a terminal's event means for this model; `None` where it means nothing at all.
pub fn read(event: &Event, model: &Model) -> Option<Msg> {
    match event {
        Event::Key(event) => Some(meaning(&KeyText::of(event)?, model)),
        Event::Mouse(event) => mouse(*event),
        Event::Paste(text) => Some(Msg::Paste(text.clone())),
        Event::Resize(columns, rows) => Some(Msg::Resized { columns: *columns, rows: *rows }),
        Event::FocusGained | Event::FocusLost => None,
    }
}

/// What a key means for this model.
pub fn meaning(key: &KeyText, model: &Model) -> Msg {
    let facts = facts(model);
    if let Some(action) = Keymap::built_in().meaning(key, &facts) {
        return Msg::Action(action);
    }
    if facts.contains(&Fact::Text)
        && let Some(request) = edit(*key)
    {
        return Msg::Action(Action::Edit(request));
    }
    Msg::NoSuchKey(key.to_string())
}

/// What a key does in a text field.
fn edit(key: KeyText) -> Option<InputRequest> {
    if let Some(character) = key.types() {
        return Some(InputRequest::InsertChar(character));
    }
    Some(match key.to_string().as_str() {
        "backspace" | "ctrl-h" => InputRequest::DeletePrevChar,
        "delete" | "ctrl-d" => InputRequest::DeleteNextChar,
        "left" | "ctrl-b" => InputRequest::GoToPrevChar,
        "right" | "ctrl-f" => InputRequest::GoToNextChar,
        "ctrl-left" | "alt-b" => InputRequest::GoToPrevWord,
        "ctrl-right" | "alt-f" => InputRequest::GoToNextWord,
        "home" | "ctrl-a" => InputRequest::GoToStart,
        "end" | "ctrl-e" => InputRequest::GoToEnd,
        "ctrl-w" | "alt-backspace" => InputRequest::DeletePrevWord,
        "alt-d" => InputRequest::DeleteNextWord,
        "ctrl-u" => InputRequest::DeleteLine,
        "ctrl-k" => InputRequest::DeleteTillEnd,
        "ctrl-y" => InputRequest::Yank,
        _ => return None,
    })
}

fn mouse(event: MouseEvent) -> Option<Msg> {
    let (column, row) = (event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Msg::Click { column, row }),
        MouseEventKind::ScrollUp => Some(Msg::Wheel { column, row, lines: -NOTCH }),
        MouseEventKind::ScrollDown => Some(Msg::Wheel { column, row, lines: NOTCH }),
        MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => None,
    }
}
