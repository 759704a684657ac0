//! What the profile says about the logs of pods.

use std::time::Duration;

use super::super::keys::timeout;
use crate::adapter::router::kubernetes::Place;
use crate::adapter::router::kubernetes::place::name;
use crate::setting::{Kind, Table, Wrong, duration, text};

/// The logs of some pods.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which cluster and namespace.
    pub place: Place,
    /// Which pods, as labels.
    pub selector: String,
    /// Which of their containers; all of them where none is named.
    pub container: Option<String>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often pods are listed.
    pub every: Duration,
    /// How far back it begins.
    pub since: Duration,
}

impl Config {
    /// Reads the keys of `kind = "kubernetes-logs"`.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let place = Place::read(table);
        let doc = "Which pods, by their labels as kubectl takes them: \"app=shop,track=blue\".";
        let selector = table.required("selector", doc, &selector());
        let container = table.optional("container", "Which of their containers. Default: all.", &name());
        let timeout = timeout(table);
        let (least, most) = (Duration::from_millis(500), Duration::from_mins(1));
        let every = table.optional("every", "How often pods are listed. Default 3s.", &duration(least, most));
        let (least, most) = (Duration::from_secs(1), Duration::from_hours(1));
        let since = table.optional("since", "How far back it begins. Default 15m.", &duration(least, most));
        Some(Self {
            place: place?,
            selector: selector?.value,
            container: container.map(|container| container.value),
            timeout,
            every: every.map_or(Duration::from_secs(3), |every| every.value),
            since: since.map_or(Duration::from_mins(15), |since| since.value),
        })
    }
}

fn selector() -> Kind<String> {
    text().and_then("labels of pods, such as \"app=shop,track in (blue)\"", |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_./,=!() ".contains(c);
        if text.chars().all(fits) { Ok(text) } else { Err(Wrong::new("is no selector of labels")) }
    })
}
