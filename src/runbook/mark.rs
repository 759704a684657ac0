//! Boxes: what people put before a thing to tick.

/// Signs that stand for a box, open or ticked.
const SIGNS: [char; 19] =
    ['☐', '⬜', '◻', '◽', '□', '▢', '❏', '❑', '🔲', '🔳', '⬛', '☑', '☒', '✅', '✔', '✓', '🗹', '✗', '❌'];

/// The words after a box at the beginning of a text; `None` where it does not begin with one.
pub(super) fn after_box(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let rest = SIGNS
        .iter()
        .find_map(|sign| text.strip_prefix(*sign))
        .or_else(|| ["[ ]", "[x]", "[X]", "[]", "[-]", "( )"].iter().find_map(|typed| text.strip_prefix(typed)))?;
    let rest = rest.strip_prefix('\u{fe0f}').unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start())
}

/// The words after a bullet; `None` where there is none.
pub(super) fn after_bullet(text: &str) -> Option<&str> {
    ["- ", "* ", "+ ", "• ", "– ", "‣ ", "◦ "].iter().find_map(|bullet| text.strip_prefix(bullet)).map(str::trim_start)
}

/// The words after a number: `3. `, `3) `.
pub(super) fn after_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len().saturating_sub(rest.len());
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (1..=3).contains(&digits).then(|| rest.trim_start())
}

/// Whether an item says itself that it may be left out.
pub(super) fn is_optional(text: &str) -> bool {
    const ENDS: [&str; 6] =
        ["(optional)", "(if needed)", "(if required)", "(if applicable)", "(if enabled)", "(if configured)"];
    let text = text.to_lowercase();
    ENDS.iter().any(|end| text.trim_end_matches(['.', ':']).ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::{after_box, after_number, is_optional};

    #[test]
    fn boxes_are_what_begins_with_one() {
        for text in ["☐ a", "⬜️ a", "✅ a", "[ ] a", "[x] a", "  🔲 a", "☑\u{fe0f} a"] {
            assert_eq!(after_box(text), Some("a"), "{text}");
        }
        for text in ["a ☐", "[link] a", "[x](https://a)", "☐a", "-", ""] {
            assert_eq!(after_box(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_end_with_a_point_or_a_bracket() {
        assert_eq!(after_number("12. a"), Some("a"));
        assert_eq!(after_number("1) a"), Some("a"));
        for text in ["1.5 a", "2025. a", ". a", "a. b", "1."] {
            assert_eq!(after_number(text), None, "{text}");
        }
    }

    #[test]
    fn optional_is_what_says_so_at_its_end() {
        assert!(is_optional("Window (If needed)") && is_optional("x (optional)."));
        assert!(!is_optional("(optional) x"));
    }
}
