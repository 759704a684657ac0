//! The places of a document and what stands at each: nested keys and list items by their columns; what has several lines or
//! brackets is passed over whole.

use std::ops::Range;

use super::scalar::{Style, decoded};
use super::unread::{Line, Unfit, Unread};

/// What stands at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// One scalar, in one line.
    Scalar(Style),
    /// No value, or further keys in the lines below.
    Nothing,
    /// No single scalar.
    Unfit(Unfit),
}

/// A place that has a value of its own.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The keys and numbers that lead to it.
    pub(super) place: Vec<String>,
    /// Where its value stands.
    pub(super) span: Range<usize>,
    /// What its value is.
    pub(super) what: What,
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

/// All places of a text.
///
/// # Errors
/// Which line is not understood.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Unread> {
    let mut scan = Scan { text, at: 0, open: Vec::new(), leaves: Vec::new() };
    scan.document()?;
    Ok(scan.leaves)
}

/// The number of the line that `at` is in.
pub(super) fn line_number(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
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

    fn unread(&self, at: usize, why: Line) -> Unread {
        Unread::Line { number: line_number(self.text, at), why }
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

    fn document(&mut self) -> Result<(), Unread> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        let (mut has_begun, mut has_ended) = (false, false);
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
                if has_begun || has_ended || has_more {
                    return Err(self.unread(start, Line::Document));
                }
                has_begun = true;
                self.at = self.next_line(start);
            } else if is_marker("...") {
                has_ended = true;
                self.at = self.next_line(start);
            } else if has_ended {
                return Err(self.unread(start, Line::Document));
            } else if rest.starts_with('\t') {
                return Err(self.unread(start, Line::Tab));
            } else {
                has_begun = true;
                self.at = start + column;
                self.node(column)?;
            }
        }
        Ok(())
    }

    /// A key with its value, or a list's item, that begins at this column.
    fn node(&mut self, column: usize) -> Result<(), Unread> {
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
                return Err(self.unread(start, Line::Neither));
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
    fn key(&mut self) -> Result<Option<String>, Unread> {
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
                return Err(self.unread(start, Line::Question));
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
    fn value(&mut self, column: usize) -> Result<(), Unread> {
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
                self.leaf(start..start, What::Unfit(Unfit::Block));
                self.at = self.next_line(start);
                self.skip_deeper(column, true);
            }
            Some(quote @ (b'"' | b'\'')) => {
                let close = self.quoted(start, quote)?;
                let style = if quote == b'"' { Style::Double } else { Style::Single };
                let what = if self.part(start..close).contains('\n') {
                    What::Unfit(Unfit::Lines)
                } else {
                    What::Scalar(style)
                };
                self.leaf(start..close, marked(what, is_marked));
                self.close_line(close)?;
            }
            Some(b'{' | b'[') => {
                let close = self.flow(start)?;
                self.leaf(start..close, What::Unfit(Unfit::Brackets));
                self.close_line(close)?;
            }
            Some(b'*') => {
                self.leaf(start..start, What::Unfit(Unfit::Alias));
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
                let what = if goes_on { What::Unfit(Unfit::GoesOn) } else { What::Scalar(Style::Plain) };
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
    fn quoted(&self, start: usize, quote: u8) -> Result<usize, Unread> {
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
        Err(self.unread(start, Line::Quote))
    }

    /// Where brackets end, behind the last of them.
    fn flow(&self, start: usize) -> Result<usize, Unread> {
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
        Err(self.unread(start, Line::Bracket))
    }

    /// Nothing but a comment may follow.
    fn close_line(&mut self, at: usize) -> Result<(), Unread> {
        self.at = at;
        self.skip_blanks();
        if !self.is_at_end() {
            return Err(self.unread(at, Line::Behind));
        }
        self.at = self.next_line(self.at);
        Ok(())
    }
}

fn marked(what: What, is_marked: bool) -> What {
    if is_marked { What::Unfit(Unfit::Marked) } else { what }
}
