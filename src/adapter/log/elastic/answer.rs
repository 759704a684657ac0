//! What a search finds.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::poll::Found as Line;
use super::super::stamp::{self, Stamps};
use super::super::{Cleaner, Delivered};
use super::{Config, NOISE};
use crate::domain::{Trouble, TroubleKind};

/// One page.
#[derive(Deserialize)]
pub(super) struct Found {
    hits: Hits,
    #[serde(default)]
    timed_out: bool,
    #[serde(default, rename = "_shards")]
    shards: Shards,
    #[serde(default)]
    pit_id: Option<String>,
}

#[derive(Deserialize, Default)]
struct Shards {
    #[serde(default)]
    failed: u64,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_index", default)]
    index: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_source")]
    source: Box<RawValue>,
    #[serde(default)]
    sort: Value,
    #[serde(default)]
    matched_queries: Vec<String>,
}

impl Found {
    /// The newest id of the point in time.
    pub(super) fn point(&self) -> Option<&str> {
        self.pit_id.as_deref()
    }

    /// Whether every part of the index was asked: what was not found there is not known.
    ///
    /// # Errors
    /// When it was not.
    pub(super) fn is_whole(&self, what: &str) -> Result<(), Trouble> {
        let why = match self.shards.failed {
            0 if !self.timed_out => return Ok(()),
            0 => "the search ran out of time before it had looked everywhere".to_owned(),
            1 => "one shard could not be searched".to_owned(),
            failed => format!("{failed} shards could not be searched"),
        };
        Err(Trouble::new(TroubleKind::Unreachable, what, why, "see how the cluster is; it is asked again"))
    }

    /// What sorts the last line of a full page.
    pub(super) fn last(&self, full: usize) -> Option<&Value> {
        self.hits.hits.last().filter(|_| self.hits.hits.len() >= full).map(|hit| &hit.sort)
    }

    /// Its lines.
    ///
    /// # Errors
    /// When one tells no time.
    pub(super) fn lines(self, cleaner: &mut Cleaner, config: &Config, what: &str) -> Result<Vec<Line>, Trouble> {
        let mut stamps = Stamps::default();
        let mut lines = Vec::with_capacity(self.hits.hits.len());
        for hit in self.hits.hits {
            let at = match &hit.sort[0] {
                Value::String(text) => stamps.field(text),
                Value::Number(number) => number.as_f64().and_then(stamp::since_1970),
                _ => None,
            };
            let Some(at) = at else {
                let why = format!("a line that it found has no time in `{}`", config.time);
                let advice = "name the field that holds the time as `time` in the profile";
                return Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
            };
            let is_noise = hit.matched_queries.iter().any(|query| query == NOISE);
            // Read as a line of a structured log is: its time, level and message are found by the usual names.
            let mut line = cleaner.delivered(&Delivered {
                at: Some(at),
                text: hit.source.get().as_bytes(),
                labels: &[("_index", hit.index.as_str())],
                ..Delivered::default()
            });
            line.excluded |= is_noise;
            lines.push(Line { id: format!("{}/{}", hit.index, hit.id), at, line });
        }
        Ok(lines)
    }
}
