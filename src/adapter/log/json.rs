//! Lines that are one JSON object, as structured loggers write them: time and level are taken out, the message comes
//! first, everything else follows as `key=value`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::clean::TEXT_LIMIT;
use super::level;
use super::stamp::{self, Stamps};
use crate::domain::Timestamp;
use crate::domain::log::Level;

/// What an object tells.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    /// Its time.
    pub(super) at: Option<Timestamp>,
    /// Its level.
    pub(super) level: Option<Level>,
    /// The message and the other keys.
    pub(super) text: String,
}

/// Reads one line; `None` when it is not one object.
pub(super) fn read(line: &str, stamps: &mut Stamps) -> Option<Told> {
    let fields = Fields::read(line)?;
    let mut told = Told { at: None, level: None, text: String::with_capacity(line.len()) };
    let mut rest = String::with_capacity(line.len());
    // The journal's own entries carry dozens of fields about the process, all with this first letter.
    let journal = fields.0.iter().any(|(key, _)| key == "__REALTIME_TIMESTAMP");
    for (key, value) in &fields.0 {
        match meaning(key) {
            Meaning::Other if journal && key.starts_with('_') => {}
            Meaning::Time if told.at.is_none() => {
                told.at = time(value.get(), stamps);
                if told.at.is_none() {
                    append(&mut rest, key, value.get(), 0);
                }
            }
            Meaning::Level if told.level.is_none() => {
                told.level = severity(value.get());
                if told.level.is_none() {
                    append(&mut rest, key, value.get(), 0);
                }
            }
            Meaning::Message if told.text.is_empty() && value.get().starts_with('"') => {
                told.text.push_str(string(value.get()).trim_end());
            }
            _ => append(&mut rest, key, value.get(), 0),
        }
    }
    told.text.push_str(if told.text.is_empty() { rest.trim_start() } else { &rest });
    Some(told)
}

enum Meaning {
    Time,
    Level,
    Message,
    Other,
}

fn meaning(key: &str) -> Meaning {
    match key {
        "time" | "ts" | "timestamp" | "@timestamp" | "@t" | "t" | "datetime" | "__REALTIME_TIMESTAMP" => Meaning::Time,
        "level" | "lvl" | "severity" | "levelname" | "log.level" | "loglevel" | "@l" | "PRIORITY" => Meaning::Level,
        "msg" | "message" | "MESSAGE" | "@m" | "@mt" | "event" | "log" => Meaning::Message,
        _ => Meaning::Other,
    }
}

fn time(value: &str, stamps: &mut Stamps) -> Option<Timestamp> {
    if value.starts_with('"') { stamps.field(&string(value)) } else { value.parse().ok().and_then(stamp::since_1970) }
}

fn severity(value: &str) -> Option<Level> {
    let text = string(value);
    level::named(&text).or_else(|| text.parse().ok().and_then(level::numbered))
}

/// Nested objects become `outer.inner=value` down to this depth; below it they stay JSON.
const DEPTH: usize = 3;

/// A line's text is not shown beyond this, so nothing more is put together: keys within keys could make it very long.
const ENOUGH: usize = 4 * TEXT_LIMIT;

fn append(out: &mut String, key: &str, value: &str, depth: usize) {
    if out.len() > ENOUGH {
        return;
    }
    if depth < DEPTH
        && value.starts_with('{')
        && let Some(fields) = Fields::read(value)
        && !fields.0.is_empty()
    {
        for (inner, value) in &fields.0 {
            append(out, &format!("{key}.{inner}"), value.get(), depth + 1);
        }
        return;
    }
    out.push(' ');
    out.push_str(key);
    out.push('=');
    if !value.starts_with('"') {
        return out.push_str(value);
    }
    let text = string(value);
    if text.is_empty() || text.contains([' ', '=', '"']) {
        out.push('"');
        out.push_str(&text);
        out.push('"');
    } else {
        out.push_str(&text);
    }
}

/// A JSON string without its quotes and escapes; anything else as it is.
fn string(value: &str) -> Cow<'_, str> {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => serde_json::from_str(value).map_or(Cow::Borrowed(inner), Cow::Owned),
    }
}

/// The keys and unread values of one object, in order.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(FieldsVisitor).ok()?;
        json.end().ok().map(|()| fields)
    }
}

struct FieldsVisitor;

impl<'a> Visitor<'a> for FieldsVisitor {
    type Value = Fields<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Fields<'a>, M::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<(Option<String>, Option<Level>, String)> {
        read(line, &mut Stamps::default()).map(|told| (told.at.map(|at| at.to_string()), told.level, told.text))
    }

    #[test]
    fn objects_become_readable_lines() {
        let at = Some("2026-11-21T01:32:10.742Z".to_owned());
        for (line, level, text) in [
            (
                r#"{"time":"2026-11-21T01:32:10.742Z","level":"warn","msg":"connect timeout","host":"db","try":3}"#,
                Level::Warn,
                "connect timeout host=db try=3",
            ),
            (r#"{"level":50,"time":1795224730742,"pid":7,"msg":"bad \"x\""}"#, Level::Error, "bad \"x\" pid=7"),
            (
                r#"{"@timestamp":"2026-11-21T01:32:10.742Z","log.level":"INFO","message":"a","http":{"status":500,"u":{"n":"b c"}}}"#,
                Level::Info,
                "a http.status=500 http.u.n=\"b c\"",
            ),
            (r#"{"ts":1795224730.742,"severity":"DEBUG","k":"","l":[1, 2]}"#, Level::Debug, r#"k="" l=[1, 2]"#),
        ] {
            assert_eq!(told(line), Some((at.clone(), Some(level), text.to_owned())), "{line}");
        }
    }

    #[test]
    fn the_journals_fields_about_the_process_are_left_out() {
        let line =
            r#"{"_PID":"7","__REALTIME_TIMESTAMP":"1795224730742000","PRIORITY":"4","MESSAGE":"slow","UNIT":"app"}"#;
        let at = Some("2026-11-21T01:32:10.742Z".to_owned());
        assert_eq!(told(line), Some((at, Some(Level::Warn), "slow UNIT=app".to_owned())));
    }

    #[test]
    fn an_unreadable_time_or_level_stays_to_be_read() {
        assert_eq!(
            told(r#"{"time":"noon","level":"loud","msg":"x"}"#),
            Some((None, None, "x time=noon level=loud".to_owned()))
        );
    }

    #[test]
    fn keys_within_keys_cannot_make_a_line_endless() {
        let inner: Vec<String> = (0..2_000).map(|number| format!("\"{number}\":1")).collect();
        let line = format!("{{\"{}\":{{{}}}}}", "k".repeat(30_000), inner.join(","));
        let (_, _, text) = told(&line).expect("an object");
        assert!(text.len() < 100_000, "{}", text.len());
    }

    #[test]
    fn what_is_no_object_is_none() {
        for line in ["", "{", "{}x", "[1]", "{\"a\":1", "text"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
