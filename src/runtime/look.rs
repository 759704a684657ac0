//! How the deck looks on this terminal: the themes, fitted to the colours and marks that it can show.

use std::env;
use std::fs;
use std::path::Path;

use ratatui::buffer::Buffer;

use crate::cockpit::{Model, Settings};
use crate::theme::{Depth, Glyphs, Theme};
use crate::view;

/// The themes, and the one that is drawn with.
#[derive(Debug)]
pub struct Look {
    /// Whether the mouse is captured at first.
    pub mouse: bool,
    /// Whether things that stand for traffic move.
    pub motion: bool,
    themes: Vec<Theme>,
    chosen: Theme,
}

impl Look {
    /// The look of a theme by its name, or of a theme's file by its path.
    ///
    /// # Errors
    /// When there is no such theme, or the file holds none; with what there is.
    pub fn new(theme: Option<&str>, motion: bool) -> Result<Self, String> {
        let variable = |name| env::var(name).ok();
        let (no_color, colorterm, term) = (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM"));
        let depth = Depth::of_environment(no_color.as_deref(), colorterm.as_deref(), term.as_deref());
        let (lc_all, lc_ctype, lang) = (variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG"));
        let glyphs = Glyphs::of_environment(lc_all.as_deref(), lc_ctype.as_deref(), lang.as_deref());
        let mut raw: Vec<Theme> = Theme::names().filter_map(Theme::builtin).collect();
        let default = raw.first().map(|theme| theme.name.clone());
        let name = match theme.or(default.as_deref()) {
            Some(path) if path.contains('/') || Path::new(path).extension().is_some() => {
                let text =
                    fs::read_to_string(path).map_err(|error| format!("failed to read the theme {path}: {error}"))?;
                raw.push(Theme::parse(path, &text).map_err(|error| error.to_string())?);
                path
            }
            other => other.unwrap_or_default(),
        }
        .to_owned();
        let themes: Vec<Theme> = raw.iter().map(|theme| theme.fitted(depth, glyphs)).collect();
        let Some(chosen) = themes.iter().find(|theme| theme.name == name).cloned() else {
            let known: Vec<&str> = themes.iter().map(|theme| theme.name.as_str()).collect();
            return Err(format!("there is no theme `{name}` (accepted: {}, or a path to a file)", known.join(", ")));
        };
        Ok(Self { mouse: true, motion, themes, chosen })
    }

    /// The settings that keys change, as they are at first.
    pub fn settings(&self) -> Settings {
        Settings {
            motion: self.motion,
            theme: self.chosen.name.clone(),
            themes: self.themes.iter().map(|theme| theme.name.clone()).collect(),
            mouse: self.mouse,
        }
    }

    /// Draws with another theme from here on.
    pub fn choose(&mut self, name: &str) {
        if let Some(theme) = self.themes.iter().find(|theme| theme.name == name) {
            self.chosen = theme.clone();
        }
    }

    /// Draws a model.
    pub fn draw(&self, model: &Model, buffer: &mut Buffer) {
        view::draw(model, &self.chosen, buffer.area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_theme_is_refused_with_the_known_ones() {
        let why = Look::new(Some("neon"), true).expect_err("there is none such");
        assert!(why.contains("neon") && why.contains("high-contrast"), "{why}");
    }

    #[test]
    fn a_theme_can_be_a_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("mine.toml");
        fs::write(&path, "").expect("it can be written");
        let path = path.to_str().expect("it is UTF-8");
        let look = Look::new(Some(path), true).expect("an empty theme is the default one");
        assert_eq!(look.settings().theme, path);
    }
}
