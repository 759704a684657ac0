//! One scalar of a YAML document, found by its place: read, or replaced where it stands, with every other byte as it is.
//!
//! A document is read as far as that needs. What cannot be told apart for certain is refused rather than guessed.
//!
//! Parts: `scan` (the places of a document), `scalar` (how one value is written), `unread` (why it cannot be had).
//!
//! # Invariants
//! - A text that was changed is read again, and says the new value at the same place, or it is refused.
//! - A scalar with an anchor, a tag or an alias is neither read nor touched: it may stand for others.

mod scalar;
mod scan;
mod unread;

use std::ops::Range;

use self::scalar::{Style, decoded, is_null, is_plain, is_understood};
use self::scan::{Leaf, What, leaves, line_number};
pub(super) use self::unread::{Line, Unfit, Unread};
use crate::setting::quoted;

/// A scalar with a new value in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Edited {
    /// What it said.
    pub(super) old: String,
    /// Its line as it was,
    pub(super) before: String,
    /// and as it is now.
    pub(super) after: String,
    /// The whole text as it is now.
    pub(super) text: String,
    /// Whether quotes had to be put around it: without them it would be read as a number or the like.
    pub(super) is_quoted_now: bool,
}

/// What the scalar at that place says: `/image/tag`, `/images/0/newTag`. `None` where there is none, or one that says so.
///
/// # Errors
/// What stands there instead, or which line cannot be read.
pub(super) fn read(text: &str, place: &str) -> Result<Option<String>, Unread> {
    let (span, style) = match found(text, place) {
        Ok(found) => found,
        Err(Unread::Above | Unread::Empty | Unread::Nowhere { .. }) => return Ok(None),
        Err(unread) => return Err(unread),
    };
    let written = text.get(span.clone()).unwrap_or_default();
    let unfit = |why| Unread::Unfit { line: line_number(text, span.start), why };
    if style == Style::Plain && written.starts_with(['@', '`', '%']) {
        return Err(unfit(Unfit::Reserved));
    }
    if !is_understood(written, style) {
        return Err(unfit(Unfit::Escape));
    }
    let is_nothing = style == Style::Plain && is_null(written);
    Ok((!is_nothing).then(|| decoded(written, style)))
}

/// The text with this value at that place.
///
/// # Errors
/// Why it cannot be: what stands there instead, or which line cannot be read.
pub(super) fn edited(text: &str, place: &str, value: &str) -> Result<Edited, Unread> {
    let (span, style) = found(text, place)?;
    let written = text.get(span.clone()).unwrap_or_default();
    let old = decoded(written, style);
    let is_quoted_now = style == Style::Plain && !is_plain(value);
    let new = match style {
        Style::Single => format!("'{}'", value.replace('\'', "''")),
        Style::Plain if !is_quoted_now => value.to_owned(),
        Style::Plain | Style::Double => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let mut changed = text.to_owned();
    changed.replace_range(span.clone(), &new);
    let again = found(&changed, place)?;
    if again.0.start != span.start || decoded(changed.get(again.0).unwrap_or_default(), again.1) != value {
        return Err(Unread::Lost { value: value.to_owned() });
    }
    let before = line_at(text, span.start);
    let after = line_at(&changed, span.start);
    Ok(Edited { old, before, after, text: changed, is_quoted_now })
}

/// Where the one scalar of that place stands, and how it is written.
fn found(text: &str, place: &str) -> Result<(Range<usize>, Style), Unread> {
    let leaves = leaves(text)?;
    let wanted = segments(place);
    let mut there = leaves.iter().filter(|leaf| leaf.place == wanted);
    let is_above = |leaf: &Leaf| leaf.place.len() > wanted.len() && leaf.place.starts_with(&wanted);
    match (there.next(), there.next()) {
        (Some(_), Some(_)) => Err(Unread::Twice),
        (Some(Leaf { what: What::Scalar(style), span, .. }), None) => Ok((span.clone(), *style)),
        (Some(Leaf { what: What::Unfit(why), span, .. }), None) => {
            Err(Unread::Unfit { line: line_number(text, span.start), why: *why })
        }
        _ if leaves.iter().any(is_above) => Err(Unread::Above),
        (Some(_), None) => Err(Unread::Empty),
        (None, _) => {
            let near = wanted.last().map(String::as_str).unwrap_or_default();
            let like = leaves.iter().filter(|leaf| leaf.place.last().is_some_and(|last| last == near));
            let like = like.take(5).map(|leaf| quoted(&format!("/{}", leaf.place.join("/")))).collect();
            Err(Unread::Nowhere { like })
        }
    }
}

/// The segments of a place; `~1` is a slash within a key and `~0` a tilde.
fn segments(place: &str) -> Vec<String> {
    place.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

fn line_at(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |found| found + 1);
    let line = text.get(start..).unwrap_or_default();
    line.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: &str = "# Values of the shop.\r\n\
        ---\r\n\
        image: &img   # where it comes from\r\n\
        \x20 repository: registry.example.net/shop\r\n\
        \x20 tag:   \"2.4.0\"   # set by the pipeline\r\n\
        \x20 pullPolicy: IfNotPresent\r\n\
        text: |\r\n\
        \x20 tag: not this one\r\n\
        \r\n\
        \x20 image:\r\n\
        flow: { image: { tag: \"}\" },\r\n\
        \x20 tag: x }  # and not this\r\n\
        images:\r\n\
        - name: shop\r\n\
        \x20 newTag: '1.0'\r\n\
        -   name: cart\r\n\
        \x20   \"newTag\": v7-rc.1\r\n\
        copy: *img\r\n\
        env: [a,\r\n\
        \x20 'it''s: b']\r\n\
        list:\r\n\
        \x20 - - x: one\r\n\
        \x20     y: two\r\n\
        \x20   - three\r\n\
        long: a text that\r\n\
        \x20 goes on # here\r\n\
        none:\r\n\
        last: 7";

    fn change(place: &str, value: &str) -> Edited {
        edited(VALUES, place, value).unwrap_or_else(|why| panic!("{place}: {why:?}"))
    }

    #[test]
    fn one_scalar_is_changed_and_no_other_byte() {
        for (place, old, new) in [
            ("/image/tag", "\"2.4.0\"", "\"2.5.0\""),
            ("/images/0/newTag", "'1.0'", "'2.5.0'"),
            ("/images/1/newTag", "v7-rc.1", "2.5.0"),
            ("/list/0/0/y", "two", "2.5.0"),
            ("/list/0/1", "three", "2.5.0"),
            ("/last", "last: 7", "last: 2.5.0"),
        ] {
            assert_eq!(change(place, "2.5.0").text, VALUES.replacen(old, new, 1), "{place}");
        }
        let Edited { old, before, after, .. } = change("/image/tag", "2.5.0");
        assert_eq!(old, "2.4.0");
        assert_eq!(before, "  tag:   \"2.4.0\"   # set by the pipeline");
        assert_eq!(after, "  tag:   \"2.5.0\"   # set by the pipeline");
    }

    #[test]
    fn what_would_be_read_as_something_else_gets_quotes_and_what_is_quoted_is_escaped() {
        for number in
            ["2.50", "123", "1e5", "0x1f", "true", "No", "12:30", "2026-11-22", "1_000", "~", "a: b", "- x", ""]
        {
            let edited = change("/images/1/newTag", number);
            assert!(edited.is_quoted_now && edited.after.ends_with(&format!("\"{number}\"")), "{number}: {edited:?}");
        }
        for text in ["2.5.0", "v1", "sha-12ab", "registry:5000/a@sha256:ab", "main-abc123", "1.2.3-rc.1"] {
            assert!(!change("/images/1/newTag", text).is_quoted_now, "{text}");
        }
        assert!(change("/image/tag", "a\"b\\c").after.contains("\"a\\\"b\\\\c\""));
        assert!(change("/images/0/newTag", "it's").after.contains("'it''s'"));
        assert!(!change("/image/tag", "123").is_quoted_now);
    }

    #[test]
    fn what_is_no_single_scalar_is_refused_with_what_stands_there() {
        for (place, why) in [
            ("/image", "holds further keys"),
            ("/text", "several lines"),
            ("/flow", "brackets"),
            ("/copy", "alias"),
            ("/long", "goes on"),
            ("/none", "no value yet"),
            ("/tag", "there is `/image/tag`"),
            ("/nowhere", "nothing stands at"),
        ] {
            let said = edited(VALUES, place, "1").map_err(|unread| unread.words(place));
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{place}: {said:?}");
        }
        for (text, why) in [
            ("a: 1\na: 2\n", "twice"),
            ("a: &x 1\n", "anchor"),
            ("a: !!str 1\n", "tag"),
            ("a: 1\n---\na: 1\n", "line 2"),
            ("a: 1\n...\n# over\n---\nb: 1\n", "line 4 begins another document"),
            ("a: 1\n...\nb: 1\n", "line 3 begins another document"),
            ("a:\n\tb: 1\n", "tab"),
            ("a: \"1\n", "not closed"),
            ("a: [1\n", "not closed"),
            ("? a\n: 1\n", "`?`"),
            ("a: \"1\" b\n", "behind its value"),
            ("just words\n", "neither"),
        ] {
            let said = edited(text, "/a", "1").map_err(|unread| unread.words("/a"));
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{text}: {said:?}");
        }
        assert!(edited("a/b:\n  c~d: x\n", "/a~1b/c~0d", "z").is_ok_and(|edited| edited.text == "a/b:\n  c~d: z\n"));
    }

    const TAGS: &str = "\
# image tags of staging
accounts:
  repository: registry.example.net/accounts
  tag: v2.5.0  # by the pipeline
  \"notes\": |
    tag: not this one
cards:
  list:
    - name: a
      tag: nor this one
  tag: \"1.10\"
loans: { tag: '7', other: x }
empty:
  tag: ~
";

    #[test]
    fn one_value_is_read_as_it_is_written() {
        let of = |pointer| read(TAGS, pointer);
        assert_eq!(of("/accounts/tag"), Ok(Some("v2.5.0".to_owned())));
        assert_eq!(of("/cards/tag"), Ok(Some("1.10".to_owned())), "no number is made of it");
        assert_eq!(of("/gateway/tag"), Ok(None));
        assert_eq!(of("/empty/tag"), Ok(None));
        assert_eq!(of("/cards/list/tag"), Ok(None), "an item of a list has no key");
        assert_eq!(of("/cards/list/0/tag"), Ok(Some("nor this one".to_owned())), "it has a number");
        assert_eq!(of("/cards"), Ok(None), "it holds further keys");
        assert_eq!(of("/loans/tag"), Ok(None), "what is in braces is not looked into");
        assert_eq!(read("---\r\na:\r\n  tag: 3\r\n...\r\n", "/a/tag"), Ok(Some("3".to_owned())));
        assert_eq!(read("b: [1,\n  2]\na:\n  tag: 'it''s'\n", "/a/tag"), Ok(Some("it's".to_owned())));
        assert_eq!(read("a: \"x\\/y\"\n", "/a"), Ok(Some("x/y".to_owned())));
    }

    #[test]
    fn what_cannot_be_read_for_certain_is_refused() {
        for (text, why) in [
            ("a: *last\n", Unfit::Alias),
            ("a: &x 1\n", Unfit::Marked),
            ("a: { b: 1 }\n", Unfit::Brackets),
            ("a: |\n  x\n", Unfit::Block),
            ("a: \"x\n  y\"\n", Unfit::Lines),
            ("a: x\n  y\n", Unfit::GoesOn),
            ("a: @x\n", Unfit::Reserved),
            ("a: \"\\x41\"\n", Unfit::Escape),
        ] {
            assert_eq!(read(text, "/a"), Err(Unread::Unfit { line: 1, why }), "{text:?}");
        }
        assert_eq!(read("a: x\na: y\n", "/a"), Err(Unread::Twice));
        assert_eq!(read("b: 1\n\ta: x\n", "/a"), Err(Unread::Line { number: 2, why: Line::Tab }));
        assert_eq!(read("a: x\n---\na: y\n", "/a"), Err(Unread::Line { number: 2, why: Line::Document }));
    }

    #[test]
    fn whatever_it_is_given_it_comes_to_an_end() {
        for text in
            ["", "\u{feff}", "-", "- ", "-\n-", ":", "a:\n-", "\"", "'", "[", "é: ü", "&", "a: &", "!", "- - - -", "|"]
        {
            let _either = edited(text, "/a", "1");
            let _either = edited(text, "/0", "1");
            let _either = read(text, "/a");
        }
    }
}
