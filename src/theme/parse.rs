//! From TOML to styles; every problem at once.

use std::fmt;

use ratatui::style::{Color, Modifier, Style};

use super::Role;

/// Why a theme's text is no theme.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThemeError {
    theme: String,
    problems: Vec<String>,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the theme `{}` cannot be used: {}", self.theme, self.problems.join("; "))
    }
}

impl std::error::Error for ThemeError {}

/// What a value may be, for messages.
const ACCEPTED: &str = "write a colour (#rrggbb, a name like red or light-blue, 0 to 255, none), with `on` and a colour \
                        for the background, and before it bold, dim, italic, underline or reversed";

/// The styles of a theme, in the order of the roles; what is left out is taken from `base`, or is the terminal's own.
pub(super) fn styles(theme: &str, text: &str, base: Option<&[Style]>) -> Result<Vec<Style>, ThemeError> {
    let failed = |problems| ThemeError { theme: theme.to_owned(), problems };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        failed(vec![format!("it is no TOML: {}", error.to_string().lines().collect::<Vec<_>>().join(" "))])
    })?;
    let mut found: Vec<Style> = base.map_or_else(|| vec![Style::new(); Role::ALL.len()], <[Style]>::to_vec);
    let mut problems = Vec::new();
    for (key, value) in &table {
        let Some(role) = Role::ALL.iter().find(|role| role.key() == key) else {
            let roles: Vec<&str> = Role::ALL.iter().map(|role| role.key()).collect();
            problems.push(format!("`{key}` is no role; the roles are {}", roles.join(", ")));
            continue;
        };
        match value.as_str().map(style) {
            Some(Ok(style)) => {
                if let Some(place) = found.get_mut(*role as usize) {
                    *place = style;
                }
            }
            Some(Err(word)) => {
                let value = value.as_str().unwrap_or_default();
                problems.push(format!("`{key}` is `{value}`, in which `{word}` means nothing; {ACCEPTED}"));
            }
            None => problems.push(format!("`{key}` is no text; {ACCEPTED}")),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(failed(problems)) }
}

/// Reads a style; the error is the word that means nothing.
fn style(text: &str) -> Result<Style, &str> {
    let mut style = Style::new();
    let mut ground = false;
    for word in text.split_whitespace() {
        let modifier = match word {
            "on" => {
                ground = true;
                continue;
            }
            "bold" => Some(Modifier::BOLD),
            "dim" => Some(Modifier::DIM),
            "italic" => Some(Modifier::ITALIC),
            "underline" => Some(Modifier::UNDERLINED),
            "reversed" => Some(Modifier::REVERSED),
            _ => None,
        };
        if let Some(modifier) = modifier {
            style = style.add_modifier(modifier);
            continue;
        }
        let colour = colour(word).ok_or(word)?;
        style = if ground { style.bg(colour) } else { style.fg(colour) };
    }
    Ok(style)
}

fn colour(word: &str) -> Option<Color> {
    if word == "none" {
        return Some(Color::Reset);
    }
    if let Some(digits) = word.strip_prefix('#') {
        if digits.len() != 6 {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = value.to_be_bytes();
        return Some(Color::Rgb(red, green, blue));
    }
    word.parse::<Color>().ok()
}
