//! One scalar of a YAML document, found by its place and replaced where it stands: every other byte stays as it is.
//!
//! A document is read as far as that needs: nested keys and list items by their columns; what has several lines or brackets
//! is passed over whole. What cannot be told apart for certain is refused rather than guessed.
//!
//! # Invariants
//! - A text that was changed is read again, and says the new value at the same place, or it is refused.
//! - A scalar with an anchor, a tag or an alias is not touched: it may stand for others.

use std::ops::Range;

use crate::setting::quoted;

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    Plain,
    Single,
    Double,
}

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

/// What stands at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Scalar(Style),
    Nothing,
    Unfit(&'static str),
}

#[derive(Debug)]
struct Leaf {
    place: Vec<String>,
    span: Range<usize>,
    what: What,
}

enum Step {
    Key(String),
    Item(usize),
}

struct Open {
    column: usize,
    step: Step,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    leaves: Vec<Leaf>,
}

/// The segments of a place: `/image/tag`, `/images/0/newTag`; `~1` is a slash within a key and `~0` a tilde.
pub(super) fn segments(place: &str) -> Vec<String> {
    place.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

/// The text with this value at that place.
///
/// # Errors
/// Why it cannot be: what stands there instead, or which line cannot be read.
pub(super) fn edited(text: &str, place: &str, value: &str) -> Result<Edited, String> {
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
        return Err(format!("{} cannot be written at {place} so that it is read back", quoted(value)));
    }
    let before = line_at(text, span.start);
    let after = line_at(&changed, span.start);
    Ok(Edited { old, before, after, text: changed, is_quoted_now })
}

/// Where the one scalar of that place stands, and how it is written.
fn found(text: &str, place: &str) -> Result<(Range<usize>, Style), String> {
    let mut scan = Scan { text, at: 0, open: Vec::new(), leaves: Vec::new() };
    scan.document()?;
    let wanted = segments(place);
    let mut there = scan.leaves.iter().filter(|leaf| leaf.place == wanted);
    let is_above = |leaf: &&Leaf| leaf.place.len() > wanted.len() && leaf.place.starts_with(&wanted);
    match (there.next(), there.next()) {
        (Some(_), Some(_)) => Err(format!("{place} is there twice")),
        (Some(Leaf { what: What::Scalar(style), span, .. }), None) => Ok((span.clone(), *style)),
        (Some(Leaf { what: What::Unfit(why), .. }), None) => Err(format!("what stands at {place} {why}")),
        _ if scan.leaves.iter().any(|leaf| is_above(&leaf)) => Err(format!("{place} holds further keys, and no value")),
        (Some(_), None) => Err(format!("{place} has no value yet: write the first one by hand")),
        (None, _) => {
            let near = wanted.last().map(String::as_str).unwrap_or_default();
            let like = scan.leaves.iter().filter(|leaf| leaf.place.last().is_some_and(|last| last == near));
            let all: Vec<String> = like.take(5).map(|leaf| quoted(&format!("/{}", leaf.place.join("/")))).collect();
            let hint = if all.is_empty() { String::new() } else { format!("; there is {}", all.join(", ")) };
            Err(format!("nothing stands at {place}{hint}"))
        }
    }
}

impl Scan<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn part(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// Where the line ends that `at` is in, without its line break.
    fn end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        if end > at && self.byte(end - 1) == Some(b'\r') { end - 1 } else { end }
    }

    fn next_line(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |found| at + found + 1)
    }

    fn unread(&self, at: usize, why: &str) -> String {
        let before = self.text.get(..at).unwrap_or_default();
        format!("its line {} {why}", before.matches('\n').count() + 1)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Whether nothing but a comment is left in the line.
    fn is_at_end(&self) -> bool {
        self.at >= self.end(self.at) || self.byte(self.at) == Some(b'#')
    }

    fn document(&mut self) -> Result<(), String> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        let mut has_begun = false;
        while self.at < self.text.len() {
            let (start, end) = (self.at, self.end(self.at));
            let line = self.part(start..end);
            let column = line.len() - line.trim_start_matches(' ').len();
            let rest = line.trim_start_matches(' ');
            let is_marker = |marker: &str| column == 0 && rest.split([' ', '\t']).next() == Some(marker);
            if rest.trim().is_empty() || rest.starts_with('#') || !has_begun && rest.starts_with('%') {
                self.at = self.next_line(start);
            } else if is_marker("---") {
                let has_more = rest.split_once(['-']).is_some_and(|(_, more)| {
                    let more = more.trim_start_matches('-').trim();
                    !more.is_empty() && !more.starts_with('#')
                });
                if has_begun || has_more {
                    return Err(self.unread(start, "begins another document: only files of one can be changed"));
                }
                has_begun = true;
                self.at = self.next_line(start);
            } else if is_marker("...") {
                return Ok(());
            } else if rest.starts_with('\t') {
                return Err(self.unread(start, "is indented by a tab"));
            } else {
                has_begun = true;
                self.at = start + column;
                self.node(column)?;
            }
        }
        Ok(())
    }

    /// A key with its value, or a list's item, that begins at this column.
    fn node(&mut self, column: usize) -> Result<(), String> {
        if self.byte(self.at) == Some(b'-')
            && matches!(self.byte(self.at + 1), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
        {
            self.open.retain(|open| open.column <= column);
            match self.open.last_mut() {
                Some(Open { column: at, step: Step::Item(number) }) if *at == column => *number += 1,
                _ => self.open.push(Open { column, step: Step::Item(0) }),
            }
            let dash = self.at;
            self.at += 1;
            self.skip_blanks();
            if self.is_at_end() {
                self.at = self.next_line(self.at);
                return Ok(());
            }
            return self.node(column + self.at - dash);
        }
        let start = self.at;
        let is_item = matches!(self.open.last(), Some(Open { step: Step::Item(_), column: at }) if *at < column);
        let Some(key) = self.key()? else {
            if !is_item {
                return Err(self.unread(start, "is neither a key nor an item of a list"));
            }
            self.at = start;
            let parent = self.open.last().map_or(0, |open| open.column);
            return self.value(parent);
        };
        self.open.retain(|open| open.column <= column);
        if matches!(self.open.last(), Some(Open { column: at, step: Step::Item(_) }) if *at == column) {
            self.open.pop();
        }
        if matches!(self.open.last(), Some(Open { column: at, .. }) if *at == column) {
            self.open.pop();
        }
        self.open.push(Open { column, step: Step::Key(key) });
        self.skip_blanks();
        self.value(column)
    }

    /// Reads a key and its colon; `None` where there is none in this line.
    fn key(&mut self) -> Result<Option<String>, String> {
        let end = self.end(self.at);
        while matches!(self.byte(self.at), Some(b'&' | b'!')) {
            while self.at < end && !matches!(self.byte(self.at), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            self.skip_blanks();
        }
        let start = self.at;
        match self.byte(start) {
            Some(b'?') if matches!(self.byte(start + 1), None | Some(b' ' | b'\t' | b'\r' | b'\n')) => {
                return Err(self.unread(start, "has a key that is written with `?`"));
            }
            Some(b'{' | b'[' | b'|' | b'>') => return Ok(None),
            Some(quote @ (b'"' | b'\'')) => {
                let close = self.quoted(start, quote)?;
                let style = if quote == b'"' { Style::Double } else { Style::Single };
                self.at = close;
                self.skip_blanks();
                if close > end || self.byte(self.at) != Some(b':') {
                    return Ok(None);
                }
                self.at += 1;
                return Ok(Some(decoded(self.part(start..close), style)));
            }
            _ => {}
        }
        let mut at = start;
        while at < end {
            let is_blank = |byte: Option<u8>| matches!(byte, None | Some(b' ' | b'\t' | b'\r' | b'\n'));
            match self.byte(at) {
                Some(b':') if is_blank(self.byte(at + 1)) => {
                    self.at = at + 1;
                    return Ok(Some(self.part(start..at).trim_end().to_owned()));
                }
                Some(b'#') if at > start && is_blank(self.byte(at - 1)) => break,
                _ => at += 1,
            }
        }
        Ok(None)
    }

    /// A value that begins here; what goes on in further lines stands to the right of `column`.
    fn value(&mut self, column: usize) -> Result<(), String> {
        let mut is_marked = false;
        while matches!(self.byte(self.at), Some(b'&' | b'!')) {
            is_marked = true;
            let end = self.end(self.at);
            while self.at < end && !matches!(self.byte(self.at), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            self.skip_blanks();
        }
        let start = self.at;
        if self.is_at_end() {
            self.leaf(start..start, What::Nothing);
            self.at = self.next_line(self.at);
            return Ok(());
        }
        match self.byte(start) {
            Some(b'|' | b'>') => {
                self.leaf(start..start, What::Unfit("is a text of several lines"));
                self.at = self.next_line(start);
                self.skip_deeper(column, true);
            }
            Some(quote @ (b'"' | b'\'')) => {
                let close = self.quoted(start, quote)?;
                let style = if quote == b'"' { Style::Double } else { Style::Single };
                let what = if self.part(start..close).contains('\n') {
                    What::Unfit("is a text of several lines")
                } else {
                    What::Scalar(style)
                };
                self.leaf(start..close, marked(what, is_marked));
                self.close_line(close)?;
            }
            Some(b'{' | b'[') => {
                let close = self.flow(start)?;
                self.leaf(start..close, What::Unfit("is written in brackets: give each of its values a line"));
                self.close_line(close)?;
            }
            Some(b'*') => {
                self.leaf(start..start, What::Unfit("is an alias of what stands elsewhere"));
                self.at = self.next_line(start);
            }
            _ => {
                let end = self.end(start);
                let text = self.part(start..end);
                let comment = [" #", "\t#"].iter().filter_map(|mark| text.find(mark)).min();
                let shown = text.get(..comment.unwrap_or(text.len())).unwrap_or_default().trim_end();
                let close = start + shown.len();
                self.at = self.next_line(start);
                let goes_on = self.skip_deeper(column, false);
                let what = if goes_on { What::Unfit("goes on in the next line") } else { What::Scalar(Style::Plain) };
                self.leaf(start..close, marked(what, is_marked));
            }
        }
        Ok(())
    }

    fn leaf(&mut self, span: Range<usize>, what: What) {
        let place = self.open.iter().map(|open| match &open.step {
            Step::Key(key) => key.clone(),
            Step::Item(number) => number.to_string(),
        });
        let place = place.collect();
        self.leaves.push(Leaf { place, span, what });
    }

    /// Passes over lines that stand to the right of `column`, and blank ones; says whether there was one with a text.
    fn skip_deeper(&mut self, column: usize, is_text: bool) -> bool {
        let mut has_text = false;
        while self.at < self.text.len() {
            let line = self.part(self.at..self.end(self.at));
            let rest = line.trim_start_matches(' ');
            let is_blank = rest.trim().is_empty() || !is_text && rest.starts_with('#');
            if !is_blank {
                if line.len() - rest.len() <= column {
                    break;
                }
                has_text = true;
            }
            self.at = self.next_line(self.at);
        }
        has_text
    }

    /// Where a quoted text ends, behind its closing quote.
    fn quoted(&self, start: usize, quote: u8) -> Result<usize, String> {
        let mut at = start + 1;
        while let Some(byte) = self.byte(at) {
            match byte {
                b'\\' if quote == b'"' => at += 2,
                byte if byte == quote => {
                    if quote == b'\'' && self.byte(at + 1) == Some(quote) {
                        at += 2;
                        continue;
                    }
                    return Ok(at + 1);
                }
                _ => at += 1,
            }
        }
        Err(self.unread(start, "has a quote that is not closed"))
    }

    /// Where brackets end, behind the last of them.
    fn flow(&self, start: usize) -> Result<usize, String> {
        let (mut at, mut depth) = (start, 0_usize);
        while let Some(byte) = self.byte(at) {
            let before = at.checked_sub(1).and_then(|before| self.byte(before));
            let begins = matches!(before, None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b'[' | b'{' | b':'));
            match byte {
                b'"' | b'\'' if begins => at = self.quoted(at, byte)?,
                b'#' if matches!(before, Some(b' ' | b'\t' | b'\n' | b'\r')) => at = self.next_line(at),
                b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
                b'}' | b']' => {
                    (at, depth) = (at + 1, depth.saturating_sub(1));
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                _ => at += 1,
            }
        }
        Err(self.unread(start, "has a bracket that is not closed"))
    }

    /// Nothing but a comment may follow.
    fn close_line(&mut self, at: usize) -> Result<(), String> {
        self.at = at;
        self.skip_blanks();
        if !self.is_at_end() {
            return Err(self.unread(at, "cannot be understood behind its value"));
        }
        self.at = self.next_line(self.at);
        Ok(())
    }
}

fn marked(what: What, is_marked: bool) -> What {
    if is_marked { What::Unfit("has an anchor or a tag: others may mean it") } else { what }
}

fn line_at(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |found| found + 1);
    let line = text.get(start..).unwrap_or_default();
    line.lines().next().unwrap_or_default().to_owned()
}

/// What a scalar says.
fn decoded(written: &str, style: Style) -> String {
    let inner = |quote: char| written.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).unwrap_or(written);
    match style {
        Style::Plain => written.to_owned(),
        Style::Single => inner('\'').replace("''", "'"),
        Style::Double => {
            let mut text = String::new();
            let mut rest = inner('"').chars();
            while let Some(c) = rest.next() {
                match c {
                    '\\' => match rest.next() {
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some('"') => text.push('"'),
                        Some('/') => text.push('/'),
                        Some('\\') | None => text.push('\\'),
                        // Rare forms stay as they are written: they are shown, and compared with nothing that has them.
                        Some(other) => text.extend(['\\', other]),
                    },
                    other => text.push(other),
                }
            }
            text
        }
    }
}

/// Whether a value can stand without quotes and is read as the text that it is.
fn is_plain(value: &str) -> bool {
    let is_clean = value.chars().all(|c| c.is_ascii_alphanumeric() || "._/@+-:".contains(c));
    let begins_well = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/');
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"];
    let is_word = words.iter().any(|word| value.eq_ignore_ascii_case(word));
    is_clean && begins_well && !value.ends_with(':') && !is_word && !is_number(value)
}

/// Whether a plain scalar is a number, a time or a date, by the older rules of YAML or the newer ones.
fn is_number(value: &str) -> bool {
    let text = value.replace('_', "");
    let is_radix = ["0x", "0o", "0b"].iter().any(|lead| text.to_ascii_lowercase().starts_with(lead));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_sexagesimal = text.contains(':') && text.split([':', '.']).all(is_digits);
    let mut dashes = text.splitn(3, '-');
    let is_year = dashes.next().is_some_and(|part| part.len() == 4 && is_digits(part));
    let is_date = is_year && dashes.next().is_some_and(is_digits) && dashes.next().is_some();
    text.parse::<f64>().is_ok() || is_radix || is_sexagesimal || is_date
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
        edited(VALUES, place, value).unwrap_or_else(|why| panic!("{place}: {why}"))
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
            let said = edited(VALUES, place, "1");
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{place}: {said:?}");
        }
        for (text, why) in [
            ("a: 1\na: 2\n", "twice"),
            ("a: &x 1\n", "anchor"),
            ("a: !!str 1\n", "tag"),
            ("a: 1\n---\na: 1\n", "line 2"),
            ("a:\n\tb: 1\n", "tab"),
            ("a: \"1\n", "not closed"),
            ("a: [1\n", "not closed"),
            ("? a\n: 1\n", "`?`"),
            ("a: \"1\" b\n", "behind its value"),
            ("just words\n", "neither"),
        ] {
            let said = edited(text, "/a", "1");
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{text}: {said:?}");
        }
        assert!(edited("a/b:\n  c~d: x\n", "/a~1b/c~0d", "z").is_ok_and(|edited| edited.text == "a/b:\n  c~d: z\n"));
    }

    #[test]
    fn whatever_it_is_given_it_comes_to_an_end() {
        for text in
            ["", "\u{feff}", "-", "- ", "-\n-", ":", "a:\n-", "\"", "'", "[", "é: ü", "&", "a: &", "!", "- - - -", "|"]
        {
            let _either = edited(text, "/a", "1");
            let _either = edited(text, "/0", "1");
        }
    }
}
