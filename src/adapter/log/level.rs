//! How bad a line says it is: a word near its beginning, `level=` in a line of keys and values, or a field's value.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::domain::log::Level;

/// A level and how much of the line's beginning only says it and may be left out.
pub(super) fn leading(text: &str) -> Option<(Level, usize)> {
    letter(text).or_else(|| words(text)).or_else(|| Some((key(text)?, 0)))
}

/// The level that a word names, in any case.
pub(super) fn named(word: &str) -> Option<Level> {
    let names: [(&str, Level); 27] = [
        ("info", Level::Info),
        ("warn", Level::Warn),
        ("error", Level::Error),
        ("debug", Level::Debug),
        ("trace", Level::Trace),
        ("warning", Level::Warn),
        ("err", Level::Error),
        ("inf", Level::Info),
        ("dbg", Level::Debug),
        ("wrn", Level::Warn),
        ("trc", Level::Trace),
        ("fatal", Level::Error),
        ("ftl", Level::Error),
        ("critical", Level::Error),
        ("crit", Level::Error),
        ("panic", Level::Error),
        ("emerg", Level::Error),
        ("emergency", Level::Error),
        ("alert", Level::Error),
        ("severe", Level::Error),
        ("notice", Level::Info),
        ("information", Level::Info),
        ("informational", Level::Info),
        ("fine", Level::Debug),
        ("verbose", Level::Trace),
        ("finer", Level::Trace),
        ("finest", Level::Trace),
    ];
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
}

/// The level that a number means: syslog's severities up to 7, tens as Node's loggers have them above.
pub(super) fn numbered(number: f64) -> Option<Level> {
    match number {
        n if (0.0..4.0).contains(&n) => Some(Level::Error),
        n if (4.0..5.0).contains(&n) => Some(Level::Warn),
        n if (5.0..7.0).contains(&n) => Some(Level::Info),
        n if (7.0..8.0).contains(&n) => Some(Level::Debug),
        n if (10.0..20.0).contains(&n) => Some(Level::Trace),
        n if (20.0..30.0).contains(&n) => Some(Level::Debug),
        n if (30.0..40.0).contains(&n) => Some(Level::Info),
        n if (40.0..50.0).contains(&n) => Some(Level::Warn),
        n if (50.0..100.0).contains(&n) => Some(Level::Error),
        _ => None,
    }
}

/// How far into a line a level may stand, and at which of its words.
const NEAR: usize = 80;
const WORDS: usize = 6;

fn words(text: &str) -> Option<(Level, usize)> {
    let near = text.as_bytes().get(..text.len().min(NEAR))?;
    let (mut at, mut count) = (0, 0);
    while at < near.len() && count < WORDS {
        at += near.get(at..)?.iter().position(u8::is_ascii_alphabetic)?;
        let length = near.get(at..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let end = at + length;
        let word = text.get(at..end)?;
        if (3..=13).contains(&length)
            && let Some(level) = named(word)
            && let Some(strip) = meant(text, at, end, word)
        {
            return Some((level, strip));
        }
        count += 1;
        at = end;
    }
    None
}

/// Whether the word at `at..end` is meant as a level, and how much of the line's beginning it takes. In capitals it always
/// is; else in brackets, before a colon, or as the first word, which stays, as it may be the beginning of a sentence.
fn meant(text: &str, at: usize, end: usize, word: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let before = text.get(..at)?;
    let after = bytes.get(end).copied().unwrap_or(b' ');
    let first = before.bytes().all(|byte| matches!(byte, b' ' | b'[' | b'<' | b'(' | b'|'));
    let bracketed = before.ends_with(['[', '<', '(']) && matches!(after, b']' | b'>' | b')' | b' ');
    let capital = word.bytes().all(|byte| byte.is_ascii_uppercase())
        && matches!(after, b' ' | b':' | b']' | b'>' | b')' | b'|' | b',');
    let marked = capital || bracketed || (first && after == b':');
    if !marked {
        return (first && after == b' ').then_some(0);
    }
    if !first {
        return Some(0);
    }
    let rest = text.get(end..)?;
    Some(text.len() - rest.trim_start_matches([']', '>', ')', ':', ' ', '|']).len())
}

/// The single letter of `W message`, `[W] message` and `W/tag`. `I` alone is a word.
fn letter(text: &str) -> Option<(Level, usize)> {
    let (initial, length) = match text.as_bytes() {
        [b'[', letter, b']', b' ', ..] => (*letter, 4),
        [letter, b' ' | b'/', ..] => (*letter, 2),
        _ => return None,
    };
    lettered(initial).filter(|_| initial != b'I' || length == 4).map(|level| (level, length))
}

/// The level of a first letter, as glog writes it before the date: `W1121 07:37:15`.
pub(super) fn lettered(letter: u8) -> Option<Level> {
    match letter {
        b'E' | b'F' => Some(Level::Error),
        b'W' => Some(Level::Warn),
        b'I' => Some(Level::Info),
        b'D' => Some(Level::Debug),
        _ => None,
    }
}

/// `level=warn`, `lvl=warn`, `"level":"warn"` in the middle of a line.
fn key(text: &str) -> Option<Level> {
    static END_OF_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("l="));
    END_OF_KEY.find_iter(text.as_bytes()).find_map(|at| {
        let key = text.get(..at + 1)?;
        let value = text.get(at + 2..)?.trim_start_matches('"');
        let word = value.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        (key.ends_with("level") || key.ends_with("lvl")).then(|| named(word)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_loggers_put_them() {
        for (text, level, rest) in [
            ("WARN connect timeout", Level::Warn, "connect timeout"),
            ("[error] 12#0: refused", Level::Error, "12#0: refused"),
            ("ERROR: no route", Level::Error, "no route"),
            ("  INFO 1234 --- [main] c.f.App : up", Level::Info, "1234 --- [main] c.f.App : up"),
            ("[main] WARN com.foo - slow", Level::Warn, "[main] WARN com.foo - slow"),
            ("worker - CRITICAL - down", Level::Error, "worker - CRITICAL - down"),
            ("error connecting to db", Level::Error, "error connecting to db"),
            ("msg=\"x\" level=warn", Level::Warn, "msg=\"x\" level=warn"),
            ("lvl=\"debug\" x=1", Level::Debug, "lvl=\"debug\" x=1"),
            ("<trace> deep", Level::Trace, "deep"),
        ] {
            let found = leading(text).map(|(level, length)| (level, text.get(length..).expect("a boundary")));
            assert_eq!(found, Some((level, rest)), "{text}");
        }
    }

    #[test]
    fn words_in_a_sentence_are_no_levels() {
        for text in ["no error here", "payment took 3 ms", "the warning was ignored", "I am here", "GET /error 200", ""]
        {
            assert_eq!(leading(text), None, "{text}");
        }
    }
}
