//! Kinds of values: what is accepted in words, as a schema, and as a check.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

use super::{Found, Report, Spot, Wrong, nearest};

/// One kind of value.
pub struct Kind<T> {
    accepted: String,
    schema: Json,
    read: Box<dyn Fn(&Value<'_>) -> Result<T, Wrong>>,
    parse: Option<Parse<T>>,
}

type Parse<T> = std::rc::Rc<dyn Fn(&str) -> Result<T, Wrong>>;

/// A value with where it stands.
#[derive(Clone)]
pub(super) struct Value<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) spot: Spot,
    pub(super) value: &'a DeValue<'a>,
    /// The last part of its key, where that is a name of the user's.
    pub(super) name: &'a str,
}

impl<'a> Value<'a> {
    pub(super) fn refuse(&self, wrong: Wrong) {
        self.report.refuse(&self.spot, wrong);
    }

    pub(super) fn table(&self, accepted: &str) -> Option<&'a DeTable<'a>> {
        let table = self.value.as_table();
        if table.is_none() {
            self.refuse(Wrong::new(format!("is {}, not a table", self.sort())).accepted(accepted));
        }
        table
    }

    /// Its TOML type, for people.
    pub(super) fn sort(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    pub(super) fn child(&self, item: &'a toml::Spanned<DeValue<'a>>, suffix: &str) -> Self {
        let spot = Spot { span: item.span(), key: format!("{}{suffix}", self.spot.key), ..self.spot };
        Self { spot, value: item.get_ref(), ..*self }
    }
}

impl<T: 'static> Kind<T> {
    /// A kind that is written as text.
    pub fn from_text(
        accepted: impl Into<String>,
        schema: Json,
        parse: impl Fn(&str) -> Result<T, Wrong> + 'static,
    ) -> Self {
        let parse: Parse<T> = std::rc::Rc::new(parse);
        let by_text = std::rc::Rc::clone(&parse);
        let read = move |value: &Value<'_>| match value.value.as_str() {
            Some(text) => by_text(text),
            None => Err(Wrong::new(format!("is {}, not text in quotes", value.sort()))),
        };
        Self { accepted: accepted.into(), schema, read: Box::new(read), parse: Some(parse) }
    }

    /// The same with a further check.
    #[must_use]
    pub fn and_then<U: 'static>(
        self,
        accepted: impl Into<String>,
        check: impl Fn(T) -> Result<U, Wrong> + 'static,
    ) -> Kind<U> {
        let Self { schema, read, parse, .. } = self;
        let check = std::rc::Rc::new(check);
        let by_text: Option<Parse<U>> = parse.map(|parse| {
            let check = std::rc::Rc::clone(&check);
            let parse = move |text: &str| parse(text).and_then(|value| check(value));
            std::rc::Rc::new(parse) as Parse<U>
        });
        let read = move |value: &Value<'_>| read(value).and_then(|read| check(read));
        Kind { accepted: accepted.into(), schema, read: Box::new(read), parse: by_text }
    }

    /// A list with at least one of these. Items that are refused are left out: that they are has been said.
    #[must_use]
    pub fn list(self, accepted: impl Into<String>) -> Kind<Vec<Found<T>>> {
        let schema = json!({ "type": "array", "items": self.schema, "minItems": 1 });
        let read = move |value: &Value<'_>| {
            let not_a_list = || Wrong::new(format!("is {}, not a list", value.sort()));
            let items = value.value.as_array().ok_or_else(not_a_list)?;
            if items.is_empty() {
                return Err(Wrong::new("is an empty list"));
            }
            let each = items.iter().enumerate().filter_map(|(index, item)| {
                let child = value.child(item, &format!("[{}]", index + 1));
                self.read(&child).map(|value| Found { value, spot: child.spot })
            });
            Ok(each.collect())
        };
        Kind { accepted: accepted.into(), schema, read: Box::new(read), parse: None }
    }
}

impl<T> Kind<T> {
    /// What is accepted, in words.
    pub fn accepted(&self) -> &str {
        &self.accepted
    }

    pub(super) fn schema(&self) -> Json {
        self.schema.clone()
    }

    pub(super) fn read(&self, value: &Value<'_>) -> Option<T> {
        self.taken(value, (self.read)(value))
    }

    /// Reads the name of a table as if it were a value.
    pub(super) fn read_text(&self, at: &Value<'_>, text: &str) -> Option<T> {
        let parse = self.parse.as_ref()?;
        self.taken(at, parse(text))
    }

    fn taken(&self, value: &Value<'_>, read: Result<T, Wrong>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(wrong) => {
                value.refuse(wrong.accepted_or(&self.accepted));
                None
            }
        }
    }
}

/// Text on one line, which can be shown as it is.
pub fn text() -> Kind<String> {
    within("text on one line", 1_000)
}

/// A program and its arguments. No shell reads it, so nothing in it is expanded.
pub fn command() -> Kind<Vec<String>> {
    let accepted = "a list of a program and its arguments, such as [\"journalctl\", \"-f\"]";
    let words = text().list(accepted);
    words.and_then(accepted, |words| Ok(words.into_iter().map(|word| word.value).collect()))
}

/// A title: text on one line that fits a heading.
pub fn title() -> Kind<String> {
    within("text on one line of at most 80 characters", 80)
}

fn within(accepted: &str, most: usize) -> Kind<String> {
    Kind::from_text(accepted, json!({ "type": "string", "minLength": 1, "maxLength": most }), move |text| {
        let hidden = |c: char| {
            c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let text = text.trim();
        if text.is_empty() {
            Err(Wrong::new("is empty"))
        } else if let Some(hidden) = text.chars().find(|c| hidden(*c)) {
            Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode())))
        } else if text.chars().count() > most {
            Err(Wrong::new(format!("is {} characters long", text.chars().count())))
        } else {
            Ok(text.to_owned())
        }
    })
}

/// A name that other keys refer to.
pub fn name() -> Kind<String> {
    word("a name of at most 32 letters, digits, - and _", "-_", 32)
}

/// One word of ASCII letters, digits and `others`. What it may hold keeps it harmless in commands and on screens.
pub fn word(accepted: &'static str, others: &'static str, most: usize) -> Kind<String> {
    let class: String = others.chars().map(|c| format!("\\{c}")).collect();
    let schema = json!({ "type": "string", "pattern": format!("^[A-Za-z0-9{class}]+$"), "maxLength": most });
    Kind::from_text(accepted, schema, move |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        if text.is_empty() {
            Err(Wrong::new("is empty"))
        } else if text.chars().all(fits) && text.len() <= most {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

/// One of several words, each with what it stands for. `not_yet` are words that a later version will know.
pub fn choice<T: Clone + 'static>(words: &[(&'static str, T)], not_yet: &[&'static str]) -> Kind<T> {
    let names: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
    let accepted = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let schema = json!({ "enum": names });
    let (words, not_yet) = (words.to_vec(), not_yet.to_vec());
    let said = accepted.clone();
    Kind::from_text(accepted, schema, move |text| {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(value.clone());
        }
        if not_yet.contains(&text) {
            return Err(Wrong::new(format!("{} is not supported in this version", quoted(text))));
        }
        let wrong = Wrong::new(format!("cannot be {}", quoted(text))).accepted(said.clone());
        Err(match nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(meant) => wrong.advice(format!("did you mean \"{meant}\"?")),
            None => wrong,
        })
    })
}

/// `true` or `false`.
pub fn flag() -> Kind<bool> {
    let read = |value: &Value<'_>| {
        let wrong = || Wrong::new(format!("is {}", value.sort()));
        value.value.as_bool().ok_or_else(wrong)
    };
    let schema = json!({ "type": "boolean" });
    Kind { accepted: "true or false".to_owned(), schema, read: Box::new(read), parse: None }
}

/// A percentage with at most two decimals, as a number or as text with a sign, in hundredths of a percent.
pub fn percent(least: u32, most: u32) -> Kind<u32> {
    let shown = |hundredths: u32| format!("{}", f64::from(hundredths) / 100.0);
    let accepted = format!("a percentage from {} to {} with at most two decimals", shown(least), shown(most));
    let number = json!({ "type": "number", "minimum": f64::from(least) / 100.0, "maximum": f64::from(most) / 100.0 });
    let schema = json!({ "anyOf": [number, { "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,2})? ?%$" }] });
    let read = move |value: &Value<'_>| {
        let written = match value.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::String(text) => text.as_ref(),
            _ => return Err(Wrong::new(format!("is {}", value.sort()))),
        };
        hundredths(written)
            .filter(|hundredths| (least..=most).contains(hundredths))
            .ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(written))))
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

fn hundredths(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%').map_or(text, str::trim_end);
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 2 || whole.len() > 6 {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 100 + format!("{decimals:0<2}").parse::<u32>().ok()?)
}

/// A span of time within limits: `"500ms"`, `"5m"`, `"1m30s"`. Zero and "forever" are not spans.
pub fn duration(least: Duration, most: Duration) -> Kind<Duration> {
    let accepted =
        format!("a time from \"{}\" to \"{}\" in ms, s, m or h, such as \"1m30s\"", span_text(least), span_text(most));
    let schema = json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$" });
    let read = move |value: &Value<'_>| {
        let wrong = match value.value {
            DeValue::Integer(number) => Wrong::new(format!("{number} has no unit")),
            DeValue::String(text) => match parse_span(text) {
                Some(span) if (least..=most).contains(&span) => return Ok(span),
                Some(span) if span.is_zero() => Wrong::new("cannot be zero, which never means \"without end\""),
                Some(span) if span < least => Wrong::new(format!("{} is too short", quoted(text))),
                Some(_) => Wrong::new(format!("{} is too long", quoted(text))),
                None => Wrong::new(format!("{} is not a time", quoted(text))),
            },
            _ => Wrong::new(format!("is {}, not a time", value.sort())),
        };
        Err(wrong)
    };
    Kind { accepted, schema, read: Box::new(read), parse: None }
}

fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let number: u64 = number.parse().ok()?;
        let millis = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = after;
    }
    Some(total)
}

/// A span as a profile would write it: `1m30s`.
pub fn span_text(span: Duration) -> String {
    let millis = span.as_millis();
    let parts =
        [(millis / 3_600_000, "h"), (millis / 60_000 % 60, "m"), (millis / 1_000 % 60, "s"), (millis % 1_000, "ms")];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// An `http://` or `https://` address with a host.
pub fn url() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^https?://[^/]+" });
    Kind::from_text("an address that begins with http:// or https://", schema, |text| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let port_fits = host.and_then(|host| host.rsplit_once(':')).is_none_or(|(before, port)| {
            before.starts_with('[') && !before.ends_with(']') || port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if clean && port_fits && host.is_some_and(|host| !host.is_empty() && !host.starts_with(':')) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

/// A path from the root. A session may be taken up again from another directory, so nothing is relative to one.
pub fn absolute_path() -> Kind<PathBuf> {
    let schema = json!({ "type": "string", "pattern": "^/." });
    Kind::from_text("a whole path, such as \"/var/log/app.log\"", schema, |text| {
        let clean = text.chars().all(|c| !c.is_control());
        if text.starts_with('/') && text.len() > 1 && clean {
            Ok(PathBuf::from(text))
        } else {
            Err(Wrong::new(format!("{} is not a whole path", quoted(text))).advice("begin it with /"))
        }
    })
}

/// A regular expression.
pub fn regex() -> Kind<String> {
    Kind::from_text("a regular expression", json!({ "type": "string", "format": "regex" }), |text| {
        match regex::Regex::new(text) {
            Ok(_) if text.is_empty() => Err(Wrong::new("is empty, which fits every line")),
            Ok(_) => Ok(text.to_owned()),
            Err(error) => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(Wrong::new(format!("is not a regular expression: {why}"))
                    .advice("mind that \\ is doubled in \"...\" and plain in '...'"))
            }
        }
    })
}

/// A short excerpt in quotes, harmless on a terminal.
pub fn quoted(text: &str) -> String {
    let harmless: String =
        text.chars().flat_map(|c| if matches!(c, '"' | '\'') { vec![c] } else { c.escape_debug().collect() }).collect();
    let mut short: String = harmless.chars().take(48).collect();
    if short.len() < harmless.len() {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_alike() {
        for text in ["500ms", "2s", "1m30s", "1h", "1h1m1s1ms"] {
            assert_eq!(parse_span(text).map(span_text).as_deref(), Some(text));
        }
        for text in ["", "5", "m", "5 days", "-1s", "1.5s", "99999999999999999999h", "18446744073709551615h"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn percentages_are_exact() {
        for (text, wanted) in [("10", 1_000), ("0.5", 50), ("12.25", 1_225), ("1%", 100), ("1 %", 100), ("100", 10_000)]
        {
            assert_eq!(hundredths(text), Some(wanted), "{text}");
        }
        for text in ["", "-1", "1e1", "1.234", "nan", "inf", ".5", "5.", "%", "99999999"] {
            assert_eq!(hundredths(text), None, "{text}");
        }
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(quoted("a\u{1b}[31m\"b\"'"), "`a\\u{1b}[31m\"b\"'`");
        assert_eq!(quoted(&"x".repeat(60)), format!("`{}…`", "x".repeat(48)));
    }
}
