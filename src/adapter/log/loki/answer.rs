//! What Loki answers, to a range and on a tail.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::poll::Heard;
use super::NANOS;
use crate::domain::Timestamp;

/// The answer to a range.
#[derive(Deserialize)]
pub(super) struct Range {
    data: Results,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "resultType")]
    sort: String,
    #[serde(default)]
    result: Value,
}

/// A frame of a tail.
#[derive(Deserialize)]
pub(super) struct Frame {
    #[serde(default)]
    streams: Option<Vec<Stream>>,
    #[serde(default)]
    dropped_entries: Option<Vec<Dropped>>,
}

#[derive(Deserialize)]
struct Stream {
    stream: BTreeMap<String, String>,
    /// Each a time, a line, and where there is more, an object of it.
    values: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct Dropped {
    timestamp: Value,
}

/// One line.
pub(super) struct Line {
    pub(super) nanos: i64,
    labels: Arc<BTreeMap<String, String>>,
    more: Vec<(String, String)>,
    text: String,
}

impl Range {
    /// Its lines; `None` where it holds something else.
    pub(super) fn lines(self) -> Option<Vec<Line>> {
        if self.data.sort != "streams" {
            return None;
        }
        Some(lines(serde_json::from_value(self.data.result).ok()?))
    }
}

impl Frame {
    /// Its lines, and the times of those that were left out.
    pub(super) fn read(self) -> (Vec<Line>, Vec<Timestamp>) {
        let dropped = self.dropped_entries.unwrap_or_default();
        let dropped = dropped.iter().filter_map(|each| nanos(&each.timestamp)).map(|nanos| Timestamp(nanos / NANOS));
        (lines(self.streams.unwrap_or_default()), dropped.collect())
    }
}

impl Line {
    pub(super) fn heard(self) -> Heard {
        let mut hasher = DefaultHasher::new();
        (&self.labels, &self.text).hash(&mut hasher);
        let labels = self.labels.iter().map(|(key, value)| (key.clone(), value.clone())).chain(self.more);
        Heard {
            id: format!("{}-{:x}", self.nanos, hasher.finish()),
            at: Timestamp(self.nanos.div_euclid(NANOS)),
            text: self.text.into_bytes(),
            labels: labels.collect(),
        }
    }
}

fn lines(streams: Vec<Stream>) -> Vec<Line> {
    let mut lines = Vec::new();
    for Stream { stream, values } in streams {
        let labels = Arc::new(stream);
        lines.extend(values.into_iter().filter_map(|mut value| {
            let more = match value.get_mut(2) {
                Some(Value::Object(more)) => {
                    more.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
                }
                _ => Vec::new(),
            };
            let nanos = nanos(value.first()?)?;
            let text = value.get(1)?.as_str()?.to_owned();
            Some(Line { nanos, labels: Arc::clone(&labels), more, text })
        }));
    }
    lines
}

fn nanos(value: &Value) -> Option<i64> {
    value.as_str().map_or_else(|| value.as_i64(), |text| text.parse().ok())
}
