//! What lines of the same sort have in common: their text with everything replaced that differs from one to the next.
//!
//! # How
//! The text is read once, from left to right. What is replaced, by the first of these that fits at a place where no letter or
//! digit stands before:
//!
//! | in the text | in the template |
//! | --- | --- |
//! | a text between two `"`, two backticks or, where no letter touches it, two `'`; a key before `:` stays | `"‹…›"` |
//! | 8-4-4-4-12 hexadecimal digits | `‹uuid›` |
//! | a date, with or without a time of day; a time of day | `‹time›` |
//! | four numbers with dots between, with or without a port; hexadecimal digits with two colons or more | `‹ip›` |
//! | hexadecimal digits after `0x`; six or more with letters and digits among them | `‹hex›` |
//! | sixteen or more letters and digits that are mixed | `‹id›` |
//! | any other run of digits, with dots or commas within: `38` of `38ms`, `2` of `worker-2` | `‹n›` |
//!
//! Spaces in a row are one. A line with fields has them behind its text: it is cut before the first of them, for their values
//! differ as words. What is longer than a template may be is cut, too.
//!
//! # Invariants
//! - The same text has the same template, whatever was seen before.
//! - The [`expression`] of a text's template finds that text.

use std::fmt::Write as _;

use crate::domain::log::fields;

/// About the most bytes of a template; the rest of a line is of no use to tell sorts apart.
const LONGEST: usize = 160;
/// Stands where a template was cut.
const CUT: char = '…';
/// A quoted text that is longer than this is not looked for the end of.
const QUOTED: usize = 400;

/// Each placeholder, and what a regular expression says for it.
const PLACES: [(&str, &str); 7] = [
    (QUOTE, r".*?"),
    ("‹uuid›", r"[0-9A-Fa-f-]{36}"),
    ("‹time›", r"\d[0-9T :.,/-]*(?:Z|[+-]\d{2}:?\d{2})?"),
    ("‹ip›", r"[0-9A-Fa-f.]*[0-9:][0-9A-Fa-f:.]*"),
    ("‹hex›", r"[0-9A-Fa-f]*[0-9][0-9A-Fa-fxX]*"),
    ("‹id›", r"[0-9A-Za-z]{16,}"),
    (NUMBER, r"\d[0-9.,]*"),
];
const QUOTE: &str = "‹…›";
const NUMBER: &str = "‹n›";

/// Writes the template of a line into `out`, which is emptied first. `kept` are its fields.
pub(super) fn write(text: &str, kept: &str, out: &mut String) {
    out.clear();
    let mut rest = message(text, kept).trim();
    // What was read last: a word begins where no letter or digit stands before.
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if out.len() >= LONGEST {
            out.push(CUT);
            return;
        }
        if first.is_whitespace() {
            out.push(' ');
            (before, rest) = (' ', rest.trim_start());
            continue;
        }
        let read = if let Some((inside, is_key)) = quoted(rest, before) {
            out.push(first);
            out.push_str(if is_key { inside } else { QUOTE });
            out.push(first);
            inside.len() + 2
        } else if !before.is_alphanumeric() && (first.is_ascii_alphanumeric() || first == ':') {
            word(rest, out)
        } else {
            out.push(first);
            first.len_utf8()
        };
        let (done, after) = rest.split_at_checked(read).unwrap_or((rest, ""));
        (before, rest) = (done.chars().next_back().unwrap_or(' '), after);
    }
}

/// The regular expression that finds lines of this template.
pub(super) fn expression(template: &str) -> String {
    let is_cut = template.ends_with(CUT);
    let mut rest = template.strip_suffix(CUT).unwrap_or(template);
    let mut out = String::from(r"^\s*");
    while let Some(first) = rest.chars().next() {
        let length = if let Some((place, said)) = PLACES.iter().find(|(place, _)| rest.starts_with(place)) {
            // Writing to a string cannot fail. A text may hold what a mask put there.
            let _written = write!(out, "(?:{place}|{said})");
            place.len()
        } else if first == ' ' {
            out.push_str(r"\s+");
            1
        } else {
            out.push_str(&regex::escape(first.encode_utf8(&mut [0; 4])));
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    // Behind the whole of it there are fields, or nothing.
    if !is_cut {
        out.push_str(r"(?:\s*$|\s+\S+=)");
    }
    out
}

/// The text before the first field that it repeats.
fn message<'a>(text: &'a str, kept: &str) -> &'a str {
    let mut message = text;
    for (key, _) in fields(kept) {
        let is_field = |at: &usize| {
            let (before, after) = message.split_at_checked(*at).unwrap_or((message, ""));
            before.ends_with(' ') && after.get(key.len()..).is_some_and(|after| after.starts_with('='))
        };
        if let Some(at) = message.match_indices(key).map(|(at, _)| at).find(is_field) {
            message = message.get(..at).unwrap_or(message);
        }
    }
    if message.trim().is_empty() { text } else { message }
}

/// What stands between the quotes that the text begins with, and whether it is the key of a value.
fn quoted(text: &str, before: char) -> Option<(&str, bool)> {
    let quote = text.bytes().next().filter(|first| matches!(first, b'"' | b'`' | b'\''))?;
    // Else it is an apostrophe.
    if quote == b'\'' && before.is_alphanumeric() {
        return None;
    }
    let bytes = text.as_bytes();
    let mut at = 1;
    while at <= QUOTED {
        match bytes.get(at)? {
            b'\\' => at += 2,
            byte if *byte == quote => {
                let after = bytes.get(at + 1);
                if quote == b'\'' && after.is_some_and(u8::is_ascii_alphanumeric) {
                    return None;
                }
                return Some((text.get(1..at)?, quote == b'"' && after == Some(&b':')));
            }
            _ => at += 1,
        }
    }
    None
}

/// Writes what the word becomes that the text begins with, and says how many bytes were read.
fn word(text: &str, out: &mut String) -> usize {
    let bytes = text.as_bytes();
    let whole = uuid(bytes).map(|length| (length, "‹uuid›"));
    let whole = whole.or_else(|| Some((time(bytes)?, "‹time›")));
    if let Some((length, place)) = whole.or_else(|| Some((address(bytes)?, "‹ip›"))) {
        out.push_str(place);
        return length;
    }
    let length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = bytes.get(..length).unwrap_or_default();
    let is_mixed = word.iter().any(u8::is_ascii_digit) && word.iter().any(u8::is_ascii_alphabetic);
    let is_hex = |digits: &[u8], least| digits.len() >= least && digits.iter().all(u8::is_ascii_hexdigit);
    let after_0x = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"0X"));
    if after_0x.is_some_and(|digits| is_hex(digits, 1)) || (is_mixed && is_hex(word, 6)) {
        out.push_str("‹hex›");
        return length;
    }
    if is_mixed && length >= 16 {
        out.push_str("‹id›");
        return length;
    }
    let mut at = 0;
    while let Some(byte) = bytes.get(at).filter(|byte| byte.is_ascii_alphanumeric()) {
        if byte.is_ascii_digit() {
            out.push_str(NUMBER);
            at += number(bytes.get(at..).unwrap_or_default());
        } else {
            out.push(char::from(*byte));
            at += 1;
        }
    }
    if at == 0 {
        out.push(':');
        at = 1;
    }
    at
}

/// How long the number is that begins here, with dots and commas between its digits.
fn number(bytes: &[u8]) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while digit(at) || (matches!(bytes.get(at), Some(b'.' | b',')) && digit(at + 1)) {
        at += 1;
    }
    at
}

fn uuid(bytes: &[u8]) -> Option<usize> {
    let is_right = |(at, byte): (usize, &u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    let is_one = bytes.get(8) == Some(&b'-') && bytes.get(..36)?.iter().enumerate().all(is_right);
    (is_one && ends(bytes, 36)).then_some(36)
}

/// A date, a date with a time of day, or a time of day.
fn time(bytes: &[u8]) -> Option<usize> {
    bytes.first().filter(|first| first.is_ascii_digit())?;
    let date = has(bytes, "dddd-dd-dd").or_else(|| has(bytes, "dddd/dd/dd"));
    let Some(date) = date else { return clock(bytes) };
    let after = bytes.get(date..).unwrap_or_default();
    let of_day = after.split_first().filter(|(part, _)| matches!(part, b'T' | b' ')).and_then(|(_, rest)| clock(rest));
    let length = of_day.map_or(date, |of_day| date + 1 + of_day);
    ends(bytes, length).then_some(length)
}

fn clock(bytes: &[u8]) -> Option<usize> {
    let mut length = has(bytes, "dd:dd:dd")?;
    if matches!(bytes.get(length), Some(b'.' | b',')) {
        let digits = bytes.iter().skip(length + 1).take_while(|byte| byte.is_ascii_digit()).count();
        length += if digits > 0 { digits + 1 } else { 0 };
    }
    let zone = bytes.get(length..).unwrap_or_default();
    if zone.first() == Some(&b'Z') {
        length += 1;
    } else if let Some(offset) = ["+dd:dd", "+dddd", "-dd:dd", "-dddd"].iter().find_map(|shape| has(zone, shape)) {
        length += offset;
    }
    ends(bytes, length).then_some(length)
}

/// How long a shape is that the bytes begin with: `d` is any digit, all else is itself.
fn has(bytes: &[u8], shape: &str) -> Option<usize> {
    let fits = |(byte, wanted): (&u8, u8)| if wanted == b'd' { byte.is_ascii_digit() } else { *byte == wanted };
    let is_there = bytes.len() >= shape.len() && bytes.iter().zip(shape.bytes()).all(fits);
    is_there.then_some(shape.len())
}

/// An address of either version, with or without a port.
fn address(bytes: &[u8]) -> Option<usize> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let run = bytes.get(..length)?;
    // What ends a sentence is not part of it.
    let run = run.strip_suffix(b".").unwrap_or(run);
    let run = if run.ends_with(b"::") { run } else { run.strip_suffix(b":").unwrap_or(run) };
    let colons = memchr::memchr_iter(b':', run).count();
    let is_six = colons >= 2 && run.iter().any(u8::is_ascii_hexdigit);
    let host = run.split(|byte| *byte == b':').next().unwrap_or_default();
    let parts = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let is_four =
        colons <= 1 && host.split(|byte| *byte == b'.').count() == 4 && host.split(|byte| *byte == b'.').all(parts);
    ((is_six || is_four) && ends(bytes, run.len())).then_some(run.len())
}

/// Whether no word goes on there.
fn ends(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::domain::log::Fields;

    fn template(text: &str) -> String {
        let mut out = String::new();
        write(text, "", &mut out);
        out
    }

    #[test]
    fn what_differs_from_line_to_line_is_replaced() {
        for (text, wanted) in [
            ("connect timeout host=db attempt=1 stan=004217", "connect timeout host=db attempt=‹n› stan=‹n›"),
            ("took 38ms, 1.5 s or 1,204 of 10%", "took ‹n›ms, ‹n› s or ‹n› of ‹n›%"),
            ("user 'ana' isn't \"known\" as `x`", "user '‹…›' isn't \"‹…›\" as `‹…›`"),
            ("it's 'a", "it's 'a"),
            (r#"{"code":"E1","at":3}"#, r#"{"code":"‹…›","at":‹n›}"#),
            (r#"said "a \"quoted\" word" twice"#, r#"said "‹…›" twice"#),
            ("order 0190f5fe-7c3a-7b1c-8d2e-0f1a2b3c4d5e is gone", "order ‹uuid› is gone"),
            ("2026-11-21T07:37:15.123Z lost", "‹time› lost"),
            ("since 2026-11-21 07:37:15,1 +00:00", "since ‹time› +‹n›:‹n›"),
            ("on 2026/11/21 at 7 and 07:37:15+0100", "on ‹time› at ‹n› and ‹time›"),
            ("refused by 10.0.0.12:5432.", "refused by ‹ip›."),
            ("from fe80::1 and ::1, not a::b::cell", "from ‹ip› and ‹ip›, not a::b::cell"),
            ("‹ip› said no", "‹ip› said no"),
            ("pod app-6d4cf56db6-x2k7q, worker_12", "pod app-‹hex›-x‹n›k‹n›q, worker_‹n›"),
            ("at 0xdeadBEEF, trace 4bf92f3577b34da6a3ce929d0e0e4736", "at ‹hex›, trace ‹hex›"),
            ("token xK9wqT3mPz71bbQr left", "token ‹id› left"),
            ("a  b\t c ", "a b c"),
            ("größe 7", "größe ‹n›"),
            ("feed the decade", "feed the decade"),
            ("version 2.4.0-rc1", "version ‹n›-rc‹n›"),
            ("", ""),
        ] {
            assert_eq!(template(text), wanted, "{text}");
        }
    }

    #[test]
    fn fields_are_no_part_of_it() {
        let kept = Fields::of([("user", "ana"), ("ms", "38"), ("host", "b-1")]).expect("three");
        let of = |text: &str| {
            let mut out = String::new();
            write(text, kept.kept(), &mut out);
            out
        };
        assert_eq!(of("authorize failed user=ana ms=38"), "authorize failed");
        assert_eq!(of("no such user=ana"), "no such");
        assert_eq!(of("user=ana ms=38"), "user=ana", "without a message the first field stands for it");
        assert_eq!(of("superuser=1"), "superuser=‹n›");
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = template(&"word ".repeat(1_000));
        assert!(long.ends_with('…') && long.len() < LONGEST + 20, "{long}");
        let expression = Regex::new(&expression(&long)).expect("an expression");
        assert!(expression.is_match(&"word ".repeat(1_000)));
    }

    #[test]
    fn its_expression_finds_lines_of_its_sort_alone() {
        let expression = Regex::new(&expression(&template("connect to 10.0.0.1:80 (try 3)"))).expect("an expression");
        assert!(
            expression.is_match("connect to 10.9.8.7:80 (try 44)") && expression.is_match("connect to ::1 (try 1)")
        );
        assert!(expression.is_match("connect to ‹ip› (try 1) user=ana"));
        assert!(!expression.is_match("cannot connect to 10.0.0.1:80 (try 3)"));
        assert!(!expression.is_match("connect to 10.0.0.1:80 (try 3) again"));
    }

    proptest! {
        #[test]
        fn every_text_is_found_by_the_expression_of_its_template(
            text in r#"([a-f0-9:. "'`‹›…=xTZ-]|time|‹ip›|‹n›|12:00:01|::1|0x1f|\PC){0,60}"#,
        ) {
            let template = template(&text);
            let expression = Regex::new(&expression(&template)).expect("an expression");
            prop_assert!(expression.is_match(&text), "{template} gives {expression} for {text}");
        }
    }
}
