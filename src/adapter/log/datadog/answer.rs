//! What a search of Datadog finds.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::poll::Found as Line;
use super::super::stamp;
use super::super::{Cleaner, Delivered};
use crate::domain::{Trouble, TroubleKind};

/// One page.
#[derive(Deserialize)]
pub(super) struct Found {
    data: Vec<Event>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    page: Option<After>,
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    timestamp: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default, rename = "attributes")]
    told: Option<Box<RawValue>>,
}

impl Found {
    /// What asks for the next page; the last one has nothing.
    pub(super) fn next(&self) -> Option<String> {
        let after = self.meta.as_ref()?.page.as_ref()?.after.clone()?;
        Some(after).filter(|after| !after.is_empty())
    }

    /// Its lines.
    ///
    /// # Errors
    /// When one tells no time.
    pub(super) fn lines(self, cleaner: &mut Cleaner, is_noise: bool, what: &str) -> Result<Vec<Line>, Trouble> {
        let mut stamps = stamp::Stamps::default();
        let mut lines = Vec::with_capacity(self.data.len());
        for Event { id, attributes } in self.data {
            let Some(at) = stamps.field(&attributes.timestamp) else {
                let why = "a line that it found tells no time";
                let advice = "see whether that address is the one of Datadog's API";
                return Err(Trouble::new(TroubleKind::Garbage, what, why, advice));
            };
            let mut labels: Vec<(&str, &str)> = Vec::new();
            let named = [("service", &attributes.service), ("host", &attributes.host), ("status", &attributes.status)];
            labels.extend(named.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))));
            labels.extend(attributes.tags.iter().filter_map(|tag| tag.split_once(':')));
            let mut line = cleaner.delivered(&Delivered {
                at: Some(at),
                level: attributes.status.as_deref(),
                text: attributes.message.as_deref().unwrap_or_default().as_bytes(),
                labels: &labels,
                attributes: attributes.told.as_deref().map(RawValue::get),
                more: 0,
            });
            line.excluded |= is_noise;
            lines.push(Line { id, at, line });
        }
        Ok(lines)
    }
}
