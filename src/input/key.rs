//! Keys in text form: `ctrl-r`, `shift-tab`, `<`, `space`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers. A letter typed with Shift is the capital letter, without a modifier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeyText {
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; only where the key is not a character.
    pub shift: bool,
    /// The key.
    pub key: Key,
}

/// A key without modifiers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// A character.
    Char(char),
    /// A function key.
    F(u8),
    /// A key with a name.
    Named(&'static str),
}

/// Named keys with their codes.
const NAMED: [(&str, KeyCode); 14] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

/// The text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a key: write a character, space, enter, f1 or the like, after ctrl-, alt- or shift-")]
pub struct BadKey {
    /// What was written.
    pub text: String,
}

impl KeyText {
    /// A plain character.
    pub fn char(character: char) -> Self {
        Self { ctrl: false, alt: false, shift: false, key: Key::Char(character) }
    }

    /// A key with a name, without modifiers.
    ///
    /// # Errors
    /// As parsing.
    pub fn named(name: &str) -> Result<Self, BadKey> {
        name.parse()
    }

    /// A key event; `None` for a release, a lone modifier, a media key.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if !event.is_press() {
            return None;
        }
        let with = |modifier| event.modifiers.contains(modifier);
        let (ctrl, alt, mut shift) = (with(KeyModifiers::CONTROL), with(KeyModifiers::ALT), with(KeyModifiers::SHIFT));
        let key = match event.code {
            KeyCode::Char(character) => Key::Char(character),
            KeyCode::F(number) => Key::F(number),
            KeyCode::BackTab => {
                shift = true;
                Key::Named("tab")
            }
            code => Key::Named(NAMED.iter().find(|(_, each)| *each == code).map(|(name, _)| *name)?),
        };
        Some(Self { ctrl, alt, shift, key }.normal())
    }

    /// One way to write each key.
    fn normal(self) -> Self {
        match self.key {
            Key::Char(character) => {
                // With Ctrl terminals do not tell capitals apart.
                let character = match (self.ctrl, self.shift) {
                    (true, _) => character.to_ascii_lowercase(),
                    (false, true) => character.to_ascii_uppercase(),
                    (false, false) => character,
                };
                Self { shift: false, key: Key::Char(character), ..self }
            }
            Key::F(_) | Key::Named(_) => self,
        }
    }

    /// The character that this key types, if it types one.
    pub fn types(&self) -> Option<char> {
        match self.key {
            Key::Char(character) if !self.ctrl && !self.alt => Some(character),
            Key::Char(_) | Key::F(_) | Key::Named(_) => None,
        }
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (with, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if with {
                text.push_str(name);
            }
        }
        match self.key {
            Key::Char(' ') => text.push_str("space"),
            Key::Char(character) => text.push(character),
            Key::F(number) => {
                text.push('f');
                text.push_str(&number.to_string());
            }
            Key::Named(name) => text.push_str(name),
        }
        f.pad(&text)
    }
}

impl std::str::FromStr for KeyText {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut key = Self { ctrl: false, alt: false, shift: false, key: Key::Char(' ') };
        let mut rest = text;
        loop {
            let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (&mut key.ctrl, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (&mut key.alt, after)
            } else if let Some(after) = rest.strip_prefix("shift-") {
                (&mut key.shift, after)
            } else {
                break;
            };
            *flag = true;
            rest = after;
        }
        let mut characters = rest.chars();
        let bad = || BadKey { text: text.to_owned() };
        key.key = match (characters.next(), characters.next()) {
            (Some(character), None) if !character.is_control() => Key::Char(character),
            _ if rest == "space" => Key::Char(' '),
            _ => match rest.strip_prefix('f').and_then(|number| number.parse().ok()) {
                Some(number @ 1..=24) => Key::F(number),
                _ => Key::Named(NAMED.iter().find(|(name, _)| *name == rest).map(|(name, _)| *name).ok_or_else(bad)?),
            },
        };
        Ok(key.normal())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = KeyText> {
        let key = prop_oneof![
            any::<char>().prop_filter("no control characters", |c| !c.is_control()).prop_map(Key::Char),
            (1_u8..=24).prop_map(Key::F),
            (0..NAMED.len()).prop_map(|index| Key::Named(NAMED[index].0)),
        ];
        (any::<bool>(), any::<bool>(), any::<bool>(), key)
            .prop_map(|(ctrl, alt, shift, key)| KeyText { ctrl, alt, shift, key }.normal())
    }

    proptest! {
        #[test]
        fn a_key_reads_as_it_is_written(key in key()) {
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn any_text_is_a_key_or_refused(text in ".{0,12}") {
            if let Ok(key) = text.parse::<KeyText>() {
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }

    #[test]
    fn terminals_events_become_keys_and_releases_do_not() {
        let of = |code, modifiers| KeyText::of(&KeyEvent::new(code, modifiers)).map(|key| key.to_string());
        assert_eq!(of(KeyCode::Char('R'), KeyModifiers::SHIFT).as_deref(), Some("R"));
        assert_eq!(of(KeyCode::Char('r'), KeyModifiers::CONTROL).as_deref(), Some("ctrl-r"));
        assert_eq!(of(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("shift-tab"));
        assert_eq!(of(KeyCode::Char(' '), KeyModifiers::NONE).as_deref(), Some("space"));
        assert_eq!(of(KeyCode::Char('<'), KeyModifiers::NONE).as_deref(), Some("<"));
        assert_eq!(of(KeyCode::F(2), KeyModifiers::NONE).as_deref(), Some("f2"));
        let released =
            KeyEvent::new_with_kind(KeyCode::Char('y'), KeyModifiers::NONE, crossterm::event::KeyEventKind::Release);
        assert_eq!(KeyText::of(&released), None);
        assert!("ctrl-nothing".parse::<KeyText>().is_err());
    }
}
