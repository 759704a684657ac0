//! The fields that a plain line speaks of as `name=value`: `connect timeout host=db stan=004217 why="no answer"`.
//!
//! A name begins with a letter, at the line's beginning or behind a space, a bracket or a comma. A value ends at a space, or
//! where the next name begins behind a comma; one in quotes or brackets goes on to their end. Nothing is copied: a value in
//! quotes keeps the escapes that it has.

use std::ops::Range;

/// The fields that a text speaks of, in its order.
pub fn spoken(text: &str) -> Spoken<'_> {
    Spoken { text, at: 0 }
}

/// See [`spoken`].
#[derive(Clone, Debug)]
pub struct Spoken<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Spoken<'a> {
    /// The next field with the place that it takes in the text, from its name to its value's end.
    pub fn next_place(&mut self) -> Option<(Range<usize>, &'a str, &'a str)> {
        loop {
            let rest = self.text.get(self.at..)?;
            let equals = self.at + rest.find('=')?;
            let before = self.text.get(self.at..equals)?;
            let name = name_before(before, self.at == 0);
            let after = self.text.get(equals + 1..)?;
            let (value, length) = value_of(after);
            if let (Some(name), false) = (name, value.is_empty() || value.starts_with(['=', '>', '~'])) {
                let end = equals + 1 + length;
                self.at = end;
                return Some((equals - name.len()..end, name, value));
            }
            self.at = equals + 1;
        }
    }
}

impl<'a> Iterator for Spoken<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_place().map(|(_, name, value)| (name, value))
    }
}

/// The name at the end of what stands before a `=`.
fn name_before(before: &str, is_start: bool) -> Option<&str> {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@' | b'/');
    let length = before.bytes().rev().take_while(|byte| is_of_name(byte)).count();
    let (left, name) = before.split_at_checked(before.len() - length)?;
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@'));
    let stands_alone = match left.chars().next_back() {
        None => is_start,
        Some(each) => each.is_whitespace() || matches!(each, '(' | '[' | '{' | ',' | ';' | '|' | '<'),
    };
    (begins && stands_alone).then_some(name)
}

/// The value at the beginning of a text, without its quotes, and how long it is with them.
fn value_of(after: &str) -> (&str, usize) {
    let enclosed = match after.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => quoted(after, quote),
        Some(b'[') => closed(after, b'[', b']'),
        Some(b'{') => closed(after, b'{', b'}'),
        Some(_) | None => None,
    };
    enclosed.unwrap_or_else(|| {
        let value = bare(after);
        (value, value.len())
    })
}

fn quoted(after: &str, quote: u8) -> Option<(&str, usize)> {
    let mut is_escaped = false;
    let end = after.bytes().skip(1).position(|byte| {
        let ends = byte == quote && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })?;
    Some((after.get(1..=end)?, end + 2))
}

fn closed(after: &str, open: u8, close: u8) -> Option<(&str, usize)> {
    let mut depth = 0_usize;
    let end = after.bytes().position(|byte| {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    })?;
    Some((after.get(..=end)?, end + 1))
}

/// Up to a space or a comma with a name behind it, without what only ends a clause.
fn bare(after: &str) -> &str {
    let end = after.char_indices().find_map(|(at, each)| {
        let parts = matches!(each, ',' | ';' | '|') && after.get(at + 1..).is_some_and(begins_with_name);
        (each.is_whitespace() || parts).then_some(at)
    });
    let mut value = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
    loop {
        let less = value.trim_end_matches([',', ';', '|', '.', ':']);
        let less = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')].iter().fold(less, |less, (open, close)| {
            less.strip_suffix(*close).filter(|inner| !inner.contains(*open)).unwrap_or(less)
        });
        if less.len() == value.len() {
            return value;
        }
        value = less;
    }
}

fn begins_with_name(text: &str) -> bool {
    let length = text.find('=').unwrap_or(0);
    length > 0 && text.get(..length).is_some_and(|name| name_before(name, true) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_found_in_plain_text() {
        let cases: [(&str, &[(&str, &str)]); 14] = [
            (
                "connect timeout host=db stan=004217 why=\"no answer\"",
                &[("host", "db"), ("stan", "004217"), ("why", "no answer")],
            ),
            ("level=info msg=\"a \\\"b\\\" c=d\" ms=3", &[("level", "info"), ("msg", "a \\\"b\\\" c=d"), ("ms", "3")]),
            ("[trace_id=abc,span_id=def] paid", &[("trace_id", "abc"), ("span_id", "def")]),
            ("paid (stan=7, rrn=9).", &[("stan", "7"), ("rrn", "9")]),
            ("paid (stan=7)", &[("stan", "7")]),
            ("a.b-c=1; @t=x", &[("a.b-c", "1"), ("@t", "x")]),
            ("ids=[1, 2] m={\"a\":{\"b\":1}} e=f(x)", &[("ids", "[1, 2]"), ("m", "{\"a\":{\"b\":1}}"), ("e", "f(x)")]),
            ("total=1,234.50 eur", &[("total", "1,234.50")]),
            ("a == b, c => d, e= f, g=", &[]),
            ("GET /pay?stan=5&x=1 200", &[]),
            ("--flag=1 7=8 =9 ok=", &[]),
            ("open=\"never closed", &[("open", "\"never")]),
            ("Größe=5 name=Größe", &[("name", "Größe")]),
            ("", &[]),
        ];
        for (text, wanted) in cases {
            assert_eq!(spoken(text).collect::<Vec<_>>(), wanted, "{text}");
        }
    }

    #[test]
    fn the_place_of_a_field_is_the_whole_of_it() {
        let text = "paid why=\"no answer\" ms=3";
        let mut fields = spoken(text);
        let mut places = Vec::new();
        while let Some((place, _, _)) = fields.next_place() {
            places.extend(text.get(place));
        }
        assert_eq!(places, ["why=\"no answer\"", "ms=3"]);
    }
}
