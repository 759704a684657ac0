//! Text that others wrote, made harmless in Markdown; times and spans for people.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::domain::{Share, Shares, Timestamp, clock_span};

/// Shows what a terminal or a page would obey instead of showing: control characters, bidirectional overrides, characters
/// without a width.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let is_hidden = character.is_control()
            || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
        if is_hidden && character != '\t' {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Adds formatted text. Writing to a string cannot fail.
pub(super) fn add(text: &mut String, part: fmt::Arguments<'_>) {
    text.write_fmt(part).unwrap_or_default();
}

/// Text for a line or a table cell: one line, nothing of it is markup.
pub(super) fn inline(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(one_line.len());
    for character in visible(&one_line).chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '$') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Lines in a fence that nothing in them can close.
pub(super) fn fenced<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<String> = lines.into_iter().map(visible).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

fn longest_run(line: &str) -> usize {
    line.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A time as it stands in a table: the day only where it is not the first one.
pub(super) fn moment(at: Timestamp, start: Timestamp) -> String {
    const DAY: i64 = 86_400_000;
    if at.0.div_euclid(DAY) == start.0.div_euclid(DAY) { at.clock() } else { at.long() }
}

/// A span with its unit: `34 ms`, `2.1 s`, `12:31`.
pub(super) fn span(span: Duration) -> String {
    match span.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => clock_span(span),
    }
}

/// Shares in the profile's order: `50 / 50`, and `54.5 / 45.5` where they are not whole percent.
pub(super) fn split(shares: &Shares) -> String {
    let one = |share: &Share| {
        let is_whole = share.whole > 0 && (u128::from(share.part) * 100).is_multiple_of(u128::from(share.whole));
        let text = share.to_string();
        if is_whole { text.trim_end_matches(".0").to_owned() } else { text }
    };
    shares.0.iter().map(|(_, share)| one(share)).collect::<Vec<_>>().join(" / ")
}

/// A count with its thousands apart: `2,000`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PoolId;

    #[test]
    fn nothing_that_was_typed_is_markup() {
        assert_eq!(inline("a|b\n# *c* <d> `e`"), "a\\|b \\# \\*c\\* \\<d\\> \\`e\\`");
        assert_eq!(inline("red \u{1b}[31m\u{202e}"), "red \\\\u{1b}\\[31m\\\\u{202e}");
    }

    #[test]
    fn no_line_closes_its_fence() {
        assert_eq!(fenced(["a", "```` b"]), "`````text\na\n```` b\n`````\n");
        assert_eq!(fenced(["a"]), "```text\na\n```\n");
    }

    #[test]
    fn numbers_and_spans_read_well() {
        assert_eq!([count(7), count(2_000), count(1_234_567)], ["7", "2,000", "1,234,567"]);
        assert_eq!(span(Duration::from_millis(2_150)), "2.1 s");
        let shares = |parts: [u64; 3]| Shares::of_parts(["a", "b", "c"].map(PoolId::from).into_iter().zip(parts));
        assert_eq!(split(&shares([0, 50, 50])), "0 / 50 / 50");
        assert_eq!(split(&shares([1, 1, 9_998])), "0.0 / 0.0 / 100.0", "what is not nothing is not shown as nothing");
        assert_eq!(split(&shares([0, 0, 0])), "– / – / –");
        let start = Timestamp(1_795_269_600_000);
        assert_eq!(moment(start.plus(Duration::from_hours(11)), start), "2026-11-22 01:00:00Z");
    }
}
