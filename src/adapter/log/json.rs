//! Lines that are one JSON object, as structured loggers write them: time and level are taken out, the message comes
//! first, everything else follows as `key=value`, and is kept as fields beside the text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::clean::TEXT_LIMIT;
use super::level;
use super::mask::{MASKED, Masks};
use super::stamp::{self, Stamps};
use crate::domain::Timestamp;
use crate::domain::log::Level;

/// What an object tells.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// Its time.
    pub(super) at: Option<Timestamp>,
    /// Its level.
    pub(super) level: Option<Level>,
    /// Its message.
    message: Option<Cow<'a, str>>,
    /// The other keys.
    pairs: Pairs<'a>,
}

/// Keys with values as they are written, nested ones with dots between.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, &'a str)>;

/// Reads one line; `None` when it is not one object.
pub(super) fn read<'a>(line: &'a str, stamps: &mut Stamps) -> Option<Told<'a>> {
    let fields = Object::read(line)?;
    let mut told = Told { at: None, level: None, message: None, pairs: Vec::with_capacity(fields.0.len()) };
    // The journal's own entries carry dozens of fields about the process, all with this first letter.
    let journal = fields.0.iter().any(|(key, _)| key == "__REALTIME_TIMESTAMP");
    let mut room = ENOUGH;
    for (key, value) in fields.0 {
        match meaning(&key) {
            Meaning::Other if journal && key.starts_with('_') => continue,
            Meaning::Time if told.at.is_none() => told.at = time(value.get(), stamps),
            Meaning::Level if told.level.is_none() => told.level = severity(value.get()),
            Meaning::Message if told.message.is_none() && value.get().starts_with('"') => {
                told.message = Some(string(value.get())).filter(|text| !text.trim_end().is_empty());
            }
            _ => {
                flatten(&mut told.pairs, &mut room, key, value.get(), 0);
                continue;
            }
        }
        let is_read = match meaning(&key) {
            Meaning::Time => told.at.is_some(),
            Meaning::Level => told.level.is_some(),
            Meaning::Message | Meaning::Other => true,
        };
        if !is_read {
            flatten(&mut told.pairs, &mut room, key, value.get(), 0);
        }
    }
    Some(told)
}

/// The keys and values of an object; none where it is no object.
pub(super) fn pairs(object: &str) -> Pairs<'_> {
    let (mut pairs, mut room) = (Vec::new(), ENOUGH);
    for (key, value) in Object::read(object).map(|object| object.0).unwrap_or_default() {
        flatten(&mut pairs, &mut room, key, value.get(), 0);
    }
    pairs
}

impl<'a> Told<'a> {
    /// Message and pairs.
    pub(super) fn parts(&self) -> (&str, &Pairs<'a>) {
        (self.message.as_deref().unwrap_or_default().trim_end(), &self.pairs)
    }
}

/// A message and what follows it as `key=value`, without the fields that are masked.
pub(super) fn text(message: &str, pairs: &Pairs<'_>, masks: &Masks) -> String {
    let length = pairs.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>();
    let mut out = String::with_capacity(message.len() + length.min(ENOUGH));
    out.push_str(message);
    for (key, value) in pairs {
        if out.len() > ENOUGH {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(key);
        out.push('=');
        if masks.hides(key, is_nested(value)) {
            out.push_str(MASKED);
            continue;
        }
        if !value.starts_with('"') {
            out.push_str(value);
            continue;
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
    out
}

/// Whether a value as it is written may hold further keys.
pub(super) fn is_nested(value: &str) -> bool {
    value.starts_with(['{', '['])
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
const DEPTH: usize = 6;

/// A line's text is not shown beyond this, so nothing more is put together: keys within keys could make it very long.
const ENOUGH: usize = 4 * TEXT_LIMIT;

fn flatten<'a>(out: &mut Pairs<'a>, room: &mut usize, key: Cow<'a, str>, value: &'a str, depth: usize) {
    if *room == 0 {
        return;
    }
    if depth < DEPTH
        && value.starts_with('{')
        && let Some(object) = Object::read(value)
        && !object.0.is_empty()
    {
        for (inner, value) in object.0 {
            if *room == 0 {
                return;
            }
            flatten(out, room, Cow::Owned(format!("{key}.{inner}")), value.get(), depth + 1);
        }
        return;
    }
    *room = room.saturating_sub(key.len() + value.len());
    out.push((key, value));
}

/// A JSON string without its quotes and escapes; anything else as it is.
pub(super) fn string(value: &str) -> Cow<'_, str> {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => serde_json::from_str(value).map_or(Cow::Borrowed(inner), Cow::Owned),
    }
}

/// The keys and unread values of one object, in order.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(ObjectVisitor).ok()?;
        json.end().ok().map(|()| fields)
    }
}

struct ObjectVisitor;

impl<'a> Visitor<'a> for ObjectVisitor {
    type Value = Object<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Object<'a>, M::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Object(fields))
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<(Option<String>, Option<Level>, String)> {
        let masks = Masks::new(false, &["secret.pan".to_owned()], &[]).expect("no pattern");
        let told = read(line, &mut Stamps::default())?;
        let (message, pairs) = told.parts();
        Some((told.at.map(|at| at.to_string()), told.level, text(message, pairs, &masks)))
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
    fn fields_that_are_masked_are_masked_at_any_depth() {
        for (line, wanted) in [
            (r#"{"msg":"m","secret":{"pan":"1","other":2}}"#, "m secret.pan=‹masked› secret.other=2"),
            (r#"{"msg":"m","secret":[{"pan":"1"}]}"#, "m secret=‹masked›"),
            (r#"{"msg":"m","a":{"b":{"c":{"d":{"e":1}}}}}"#, "m a.b.c.d.e=1"),
        ] {
            assert_eq!(told(line).map(|told| told.2).as_deref(), Some(wanted), "{line}");
        }
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
