//! Which marks a terminal can draw. Where its locale is not UTF-8, every mark has one in ASCII of the same width.

/// The marks that a terminal can draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Glyphs {
    /// All of them.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

impl Glyphs {
    /// What the locale says: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty.
    pub fn of_environment(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> Self {
        let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Self::Unicode } else { Self::Ascii }
    }

    /// The ASCII mark that stands for a character; `?` for one that has none, so that nothing vanishes.
    pub fn ascii(character: char) -> char {
        match character {
            ' '..='~' => character,
            '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2800}' => ' ',
            '─' | '━' | '╌' | '–' | '—' | '‾' | '▁' | '⎯' => '-',
            '│' | '┆' | '┊' | '▏' | '┃' | '▌' | '▐' => '|',
            '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => {
                '+'
            }
            '✗' | '×' => 'x',
            '●' | '◉' | '█' | '■' | '▆' | '▇' => '#',
            '○' | '◯' | '☐' => 'o',
            '▲' | '↑' | '△' => '^',
            '✓' | '▼' | '▾' | '↓' | '▽' => 'v',
            '◆' | '◇' | '↻' | '★' => '*',
            '▸' | '▶' | '→' | '›' => '>',
            '◀' | '←' | '↩' | '‹' => '<',
            '·' | '…' | '•' | '⋅' => '.',
            '±' => '~',
            '▓' => '%',
            '░' => ':',
            '▂' | '▃' => '_',
            '▒' | '▄' | '▅' => '=',
            '\u{2801}'..='\u{28ff}' => braille(character),
            _ => '?',
        }
    }
}

/// A braille cell by where its dots are: high, low or both.
fn braille(character: char) -> char {
    let dots = u32::from(character) - 0x2800;
    let (high, low) = (dots & 0b0001_1011 != 0, dots & 0b1110_0100 != 0);
    match (high, low) {
        (true, true) => ':',
        (true, false) => '\'',
        (false, true) => '.',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_marks_can_be_drawn() {
        assert_eq!(Glyphs::of_environment(None, None, Some("en_GB.UTF-8")), Glyphs::Unicode);
        assert_eq!(Glyphs::of_environment(Some("C"), None, Some("en_GB.UTF-8")), Glyphs::Ascii);
        assert_eq!(Glyphs::of_environment(Some(""), Some("de_DE.utf8"), None), Glyphs::Unicode);
        assert_eq!(Glyphs::of_environment(None, None, None), Glyphs::Ascii);
    }
}
