//! Settings that keys change.

use super::super::{Effect, Model};

impl Model {
    pub(super) fn next_theme(&mut self, out: &mut Vec<Effect>) {
        let themes = &self.settings.themes;
        let at = themes.iter().position(|theme| *theme == self.settings.theme);
        let next = at.map_or(0, |at| super::navigate::around(at, 1, themes.len()));
        if let Some(theme) = themes.get(next).cloned() {
            self.settings.theme.clone_from(&theme);
            out.push(Effect::Theme(theme));
        }
    }

    pub(super) fn toggle_mouse(&mut self, out: &mut Vec<Effect>) {
        self.settings.mouse = !self.settings.mouse;
        out.push(Effect::Mouse { capture: self.settings.mouse });
    }
}
