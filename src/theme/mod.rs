//! What things look like: roles to styles, from flat TOML; what the terminal can show of it; which marks it can draw.
//!
//! A colour is a meaning: the pools' hues belong to the pools alone, `bad` is wrong now, `wait` waits for the operator,
//! `stale` is old or unknown, `accent` is the focused pane, and everything else is neutral. A role's value is a colour,
//! or `none` for the terminal's own; `on` names the background; before them stand words: `bold #e06c75 on #1e2127`.
//!
//! Invariant: every theme has a style for every role, so that the view never asks in vain.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod depth;
mod glyph;
mod parse;

pub use depth::Depth;
pub use glyph::Glyphs;
pub use parse::ThemeError;

use ratatui::style::{Modifier, Style};

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $key:literal,)*) => {
        /// What a style stands for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// All roles, in the order of the file.
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// The role's key in a theme's file.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$role => $key,)*
                }
            }
        }
    };
}

roles! {
    /// Everything that has no other role; its background is the screen's.
    Text = "text",
    /// Numbers and names that the eye looks for.
    Strong = "strong",
    /// Units, ages, labels, what is not now.
    Dim = "dim",
    /// Frames.
    Border = "border",
    /// The focused pane's frame, keys, the cursor.
    Accent = "accent",
    /// The title of a pane.
    Title = "title",
    /// Holds, done, verified.
    Good = "good",
    /// Waits for the operator.
    Wait = "wait",
    /// Wrong now.
    Bad = "bad",
    /// Old or unknown.
    Stale = "stale",
    /// Thresholds and marks on a chart.
    Limit = "limit",
    /// The selected row.
    Selected = "selected",
    /// Found text in the logs.
    Found = "found",
    /// The environment's name where acts ask the most.
    Production = "production",
    /// A dialog's ground.
    Dialog = "dialog",
    /// The title of a dialog that sends something.
    DialogTitle = "dialog-title",
    /// The first pool, and so on in the profile's order.
    Pool1 = "pool-1",
    /// The second pool.
    Pool2 = "pool-2",
    /// The third pool.
    Pool3 = "pool-3",
    /// The fourth pool.
    Pool4 = "pool-4",
    /// The fifth pool.
    Pool5 = "pool-5",
    /// The sixth pool; further ones begin again at the first hue and are told apart by name and mark.
    Pool6 = "pool-6",
}

impl Role {
    /// The role of a pool by its place in the profile.
    pub fn pool(place: usize) -> Self {
        const POOLS: [Role; 6] = [Role::Pool1, Role::Pool2, Role::Pool3, Role::Pool4, Role::Pool5, Role::Pool6];
        POOLS.get(place % POOLS.len()).copied().unwrap_or(Self::Pool1)
    }
}

/// A theme, as the terminal can show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// How many colours it was fitted to.
    pub depth: Depth,
    /// The marks that the terminal can draw.
    pub glyphs: Glyphs,
    // Invariant: one style per role, in the order of `Role::ALL`.
    styles: Vec<Style>,
}

/// The themes that are built in: name and file.
const BUILTIN: [(&str, &str); 5] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("plain-16", include_str!("../../themes/plain-16.toml")),
];

impl Theme {
    /// The names of the built-in themes, the default first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// A built-in theme in full colour.
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(each, _)| *each == name)?;
        // The built-in files are held whole by a test.
        Self::parse(name, text).ok()
    }

    /// Reads a theme's text.
    ///
    /// # Errors
    /// When it is no TOML, or names unknown roles, or values that are no style: every problem at once, each with its key
    /// and what is accepted. Roles that are left out are taken from the default theme.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let base = if name == "dark" { None } else { Self::builtin("dark") };
        let styles = parse::styles(name, text, base.as_ref().map(|theme| theme.styles.as_slice()))?;
        Ok(Self { name: name.to_owned(), depth: Depth::True, glyphs: Glyphs::Unicode, styles })
    }

    /// The theme as a terminal with these colours and marks can show it.
    #[must_use]
    pub fn fitted(&self, depth: Depth, glyphs: Glyphs) -> Self {
        let styles =
            self.styles.iter().zip(Role::ALL).map(|(style, role)| told(depth, *role, depth.fit(*style))).collect();
        Self { name: self.name.clone(), depth, glyphs, styles }
    }

    /// A role's style.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

/// What a role looks like where its colours cannot tell it: the selected row, the focused frame, what is old.
fn told(depth: Depth, role: Role, style: Style) -> Style {
    let reversed = Style { bg: None, ..style }.add_modifier(Modifier::REVERSED);
    match (depth, role) {
        (Depth::None, Role::Selected | Role::Found | Role::Production) | (Depth::Ansi16, Role::Selected) => reversed,
        (Depth::None, Role::Accent) => style.add_modifier(Modifier::BOLD),
        (Depth::None, Role::Dim | Role::Stale | Role::Border | Role::Limit) => style.add_modifier(Modifier::DIM),
        _ => style,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    #[test]
    fn every_built_in_theme_can_be_read_and_gives_every_role() {
        for name in Theme::names() {
            let text = BUILTIN.iter().find(|(each, _)| *each == name).expect("it is listed").1;
            let theme = Theme::parse(name, text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(theme.styles.len(), Role::ALL.len(), "{name}");
            for role in Role::ALL {
                assert!(text.contains(&format!("\n{} = ", role.key())), "{name} leaves {} to the default", role.key());
            }
        }
    }

    #[test]
    fn the_pools_hues_belong_to_the_pools_alone() {
        for name in Theme::names().filter(|name| *name != "plain-16") {
            let theme = Theme::builtin(name).expect("it is built in");
            for place in 0..2 {
                let hue = theme.style(Role::pool(place)).fg;
                let others = Role::ALL.iter().filter(|role| !role.key().starts_with("pool-"));
                for role in others {
                    assert_ne!(theme.style(*role).fg, hue, "{name}: {} has a pool's hue", role.key());
                }
            }
        }
    }

    #[test]
    fn a_wrong_theme_names_every_key_and_what_is_accepted() {
        let text = "text = \"#12345\"\nborders = \"red\"\nbad = 4\n";
        let error = Theme::parse("mine", text).expect_err("three things are wrong").to_string();
        assert!(error.contains("`text`") && error.contains("`borders`") && error.contains("`bad`"), "{error}");
        assert!(error.contains("#rrggbb") && error.contains("pool-1"), "{error}");
    }

    #[test]
    fn without_colours_the_selected_row_and_the_focused_frame_are_still_told() {
        let plain = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Unicode);
        assert!(plain.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
        assert_ne!(plain.style(Role::Accent), plain.style(Role::Border));
        assert_ne!(plain.style(Role::Stale), plain.style(Role::Strong));
    }

    #[test]
    fn what_is_left_out_comes_from_the_default() {
        let theme = Theme::parse("mine", "bad = \"bold magenta on none\"").expect("it can be read");
        let bad = theme.style(Role::Bad);
        assert_eq!((bad.fg, bad.bg), (Some(Color::Magenta), Some(Color::Reset)));
        assert!(bad.add_modifier.contains(Modifier::BOLD));
        let dark = Theme::builtin("dark").expect("it is built in");
        assert_eq!(theme.style(Role::Pool1), dark.style(Role::Pool1));
    }
}
