//! Every kind of log source that a profile can name: the one place that lists them.

use std::sync::Arc;

use super::{Origin, cloudwatch, datadog, elastic, kubernetes, local, loki};
use crate::setting::Table;

/// One kind of log source.
pub struct LogKind {
    /// As the profile names it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// The feature that its crates are behind, and whether this build has it; `None` where every build can.
    pub feature: Option<(&'static str, bool)>,
    /// Whether every question costs of a budget that a whole organisation shares, or money: such a source is asked by one
    /// cockpit alone.
    pub is_metered: bool,
    /// Whether `exclude` is a query in the system's own words; else it is a regular expression.
    pub excludes_by_query: bool,
    /// Reads its keys; `None` when something was wrong with them.
    pub read: Read,
}

/// Reads the keys of one kind.
type Read = fn(&mut Table<'_>) -> Option<Arc<dyn Origin>>;

/// The kind of a source that names none.
pub const DEFAULT: &str = "local";

/// All kinds, in the order in which messages name them.
pub const KINDS: &[LogKind] = &[
    LogKind {
        name: DEFAULT,
        doc: "A file of this host, or a command that goes on printing.",
        feature: None,
        is_metered: false,
        excludes_by_query: false,
        read: |table| origin(local::Local::read(table)),
    },
    LogKind {
        name: "datadog",
        doc: "Datadog: what a query of its Log Explorer finds.",
        feature: None,
        is_metered: true,
        excludes_by_query: true,
        read: |table| origin(datadog::Config::read(table)),
    },
    LogKind {
        name: "loki",
        doc: "Loki: what a query in LogQL finds, told as it comes.",
        feature: None,
        is_metered: false,
        excludes_by_query: false,
        read: |table| origin(loki::Config::read(table)),
    },
    LogKind {
        name: "elasticsearch",
        doc: "Elasticsearch: what a query in Lucene's syntax finds.",
        feature: None,
        is_metered: false,
        excludes_by_query: true,
        read: |table| origin(elastic::Config::read(table, elastic::Product::Elasticsearch)),
    },
    LogKind {
        name: "opensearch",
        doc: "OpenSearch: what a query in Lucene's syntax finds.",
        feature: None,
        is_metered: false,
        excludes_by_query: true,
        read: |table| origin(elastic::Config::read(table, elastic::Product::OpenSearch)),
    },
    LogKind {
        name: "cloudwatch-logs",
        doc: "CloudWatch: the lines of a log group.",
        feature: cloudwatch::FEATURE,
        is_metered: true,
        excludes_by_query: false,
        read: |table| origin(cloudwatch::Config::read(table)),
    },
    LogKind {
        name: "kubernetes-logs",
        doc: "Kubernetes: the logs of the pods that have some labels.",
        feature: kubernetes::FEATURE,
        is_metered: false,
        excludes_by_query: false,
        read: |table| origin(kubernetes::Config::read(table)),
    },
];

fn origin(origin: Option<impl Origin + 'static>) -> Option<Arc<dyn Origin>> {
    origin.map(|origin| Arc::new(origin) as Arc<dyn Origin>)
}
