//! Boxes, numbers and bullets: what people put before a thing to do.

use super::Sort;

/// Signs that stand for a box, open or ticked.
const SIGNS: [char; 19] =
    ['☐', '⬜', '◻', '◽', '□', '▢', '❏', '❑', '🔲', '🔳', '⬛', '☑', '☒', '✅', '✔', '✓', '🗹', '✗', '❌'];

/// Boxes of letters.
const TYPED: [&str; 6] = ["[ ]", "[x]", "[X]", "[]", "[-]", "( )"];

/// What a line begins with, and the words after it; `None` where it begins with words.
pub(super) fn begun(words: &str) -> Option<(Sort, &str)> {
    let bare = after_bullet(words);
    let number = after_number(words);
    if let Some(rest) = after_box(bare.or(number).unwrap_or(words)) {
        Some((Sort::Box, rest))
    } else if let Some(rest) = number {
        Some((Sort::Step, rest))
    } else {
        bare.map(|rest| (Sort::Point, rest))
    }
}

/// The words after a box at the beginning of a text; `None` where it does not begin with one.
pub(super) fn after_box(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let rest = SIGNS
        .iter()
        .find_map(|sign| text.strip_prefix(*sign))
        .or_else(|| TYPED.iter().find_map(|typed| text.strip_prefix(typed)))?;
    let rest = rest.strip_prefix('\u{fe0f}').unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start())
}

/// Whether a line holds a box that nothing but a checklist has: `☐`, or a bullet with one of letters.
pub(super) fn is_plain_box(words: &str) -> bool {
    let typed = |text: &str| TYPED.iter().any(|typed| text.starts_with(typed));
    after_box(words).is_some_and(|_| words.starts_with('☐')) || after_bullet(words).is_some_and(typed)
}

/// The words after a bullet, or after a branch of a tree that is drawn with lines; `None` where there is none.
pub(super) fn after_bullet(text: &str) -> Option<&str> {
    let bullet = ["- ", "* ", "+ ", "• ", "– ", "‣ ", "◦ ", "-\t", "*\t"];
    if let Some(rest) = bullet.iter().find_map(|bullet| text.strip_prefix(bullet)) {
        return Some(rest.trim_start());
    }
    let branch = text.strip_prefix(['├', '└'])?;
    Some(branch.trim_start_matches(['─', '╴', '→', '>', ' ']))
}

/// The words after a number: `3. `, `3) `.
pub(super) fn after_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len().saturating_sub(rest.len());
    let rest = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    (1..=3).contains(&digits).then(|| rest.trim_start())
}

/// How far a line is moved in, and its words. The lines of a tree move in like spaces.
pub(super) fn moved_in(line: &str) -> (usize, &str) {
    let words = line.trim_start_matches(|c: char| c.is_whitespace() || c == '│');
    let before = line.strip_suffix(words).unwrap_or_default();
    let cells = before.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
    (cells, words.trim_end())
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
    use super::{Sort, after_box, after_number, begun, is_optional, moved_in};

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
    fn what_a_line_begins_with_says_what_it_is() {
        for (line, sort) in [
            ("- [ ] a", Sort::Box),
            ("3. [x] a", Sort::Box),
            ("☐ a", Sort::Box),
            ("2) a", Sort::Step),
            ("* a", Sort::Point),
            ("├─ a", Sort::Point),
            ("└─→ a", Sort::Point),
            ("├── ✅ a", Sort::Box),
        ] {
            assert_eq!(begun(line), Some((sort, "a")), "{line}");
        }
        assert_eq!(begun("a - b"), None);
        assert_eq!(moved_in("  │  └─ a"), (5, "└─ a"));
    }

    #[test]
    fn optional_is_what_says_so_at_its_end() {
        assert!(is_optional("Window (If needed)") && is_optional("x (optional)."));
        assert!(!is_optional("(optional) x"));
    }
}
