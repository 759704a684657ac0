//! Every kind of metric source that a profile can name: the one place that lists them.

use std::sync::Arc;
use std::time::Duration;

use super::ready::{ECS, ENVOY, HAPROXY, KUBERNETES, NGINX, SPRING, Set};
use super::{Configured, cloudwatch, datadog, json, prometheus, text};
use crate::domain::SourceId;
use crate::setting::Table;

/// One kind of metric source.
pub struct MetricKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// How often it is read where the profile does not say.
    pub interval: Duration,
    /// How long an answer may take where the profile does not say.
    pub timeout: Duration,
    /// The ready-made sets of panels that it can answer.
    pub sets: &'static [&'static Set],
    /// Reads its keys; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind, for a source of this name and this time-out.
type Read = fn(&mut Table<'_>, &SourceId, Duration) -> Option<Arc<dyn Configured>>;

/// The kind of a source that names none.
pub const DEFAULT: &str = "text";

/// All kinds, in the order in which messages name them.
pub const KINDS: &[MetricKind] = &[
    MetricKind {
        name: DEFAULT,
        doc: "Prometheus text endpoints, read directly.",
        feature: None,
        interval: Duration::from_secs(2),
        timeout: Duration::from_secs(1),
        sets: &[],
        read: |table, id, timeout| configured(text::Config::read(table, id, timeout)),
    },
    MetricKind {
        name: "prometheus",
        doc: "Queries to Prometheus, or to what speaks its API: Thanos, Mimir, VictoriaMetrics.",
        feature: None,
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(3),
        sets: &[&HAPROXY, &ENVOY, &NGINX, &KUBERNETES, &SPRING],
        read: |table, id, timeout| configured(prometheus::Config::read(table, id, timeout)),
    },
    MetricKind {
        name: "datadog",
        doc: "Queries to Datadog.",
        feature: None,
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(10),
        sets: &[],
        read: |table, id, timeout| configured(datadog::Config::read(table, id, timeout)),
    },
    MetricKind {
        name: "cloudwatch",
        doc: "Metrics of CloudWatch.",
        feature: Some(("aws", cfg!(feature = "aws"))),
        interval: Duration::from_mins(1),
        timeout: Duration::from_secs(10),
        sets: &[&ECS],
        read: |table, id, timeout| configured(cloudwatch::Config::read(table, id, timeout)),
    },
    MetricKind {
        name: "http",
        doc: "Numbers in JSON that any system answers over HTTP.",
        feature: None,
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(3),
        sets: &[],
        read: |table, id, timeout| configured(json::Config::read(table, id, timeout)),
    },
];

fn configured(config: Option<impl Configured + 'static>) -> Option<Arc<dyn Configured>> {
    config.map(|config| Arc::new(config) as Arc<dyn Configured>)
}
