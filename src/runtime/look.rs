//! How the deck looks on this terminal: the themes, fitted to the colours and marks that it can show.

use std::env;
use std::fs;
use std::path::Path;

use ratatui::buffer::Buffer;

use crate::cockpit::{Model, Settings};
use crate::theme::{Depth, Glyphs, Theme};
use crate::view;

/// The themes, and the one that is drawn with; the others are read when they are chosen.
#[derive(Debug)]
pub struct Look {
    /// Whether the mouse is captured at first.
    pub mouse: bool,
    /// Whether things that stand for traffic move.
    pub motion: bool,
    names: Vec<String>,
    /// The theme that was read from a file.
    from_file: Option<Theme>,
    chosen: Theme,
    depth: Depth,
    glyphs: Glyphs,
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
        let mut names: Vec<String> = Theme::names().map(str::to_owned).collect();
        let name = theme.or(names.first().map(String::as_str)).unwrap_or_default().to_owned();
        let is_file = theme.is_some_and(|theme| theme.contains('/') || Path::new(theme).extension().is_some());
        let (from_file, chosen) = if is_file {
            let text =
                fs::read_to_string(&name).map_err(|error| format!("failed to read the theme {name}: {error}"))?;
            let read = Theme::parse(&name, &text).map_err(|error| error.to_string())?;
            names.push(name);
            (Some(read.clone()), read)
        } else {
            let known = || format!("there is no theme `{name}` (accepted: {}, or a path to a file)", names.join(", "));
            (None, Theme::builtin(&name).ok_or_else(known)?)
        };
        Ok(Self { mouse: true, motion, names, from_file, chosen: chosen.fitted(depth, glyphs), depth, glyphs })
    }

    /// The settings that keys change, as they are at first.
    pub fn settings(&self) -> Settings {
        Settings { motion: self.motion, theme: self.chosen.name.clone(), themes: self.names.clone(), mouse: self.mouse }
    }

    /// Draws with another theme from here on.
    pub fn choose(&mut self, name: &str) {
        let from_file = self.from_file.clone().filter(|theme| theme.name == name);
        if let Some(theme) = from_file.or_else(|| Theme::builtin(name)) {
            self.chosen = theme.fitted(self.depth, self.glyphs);
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
