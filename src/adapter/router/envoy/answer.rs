//! The forms in which Envoy's admin interface answers. What it leaves out is zero, empty or false.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `/config_dump` of one sort of thing.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dump<T> {
    #[serde(default = "Vec::new")]
    pub(super) configs: Vec<T>,
}

/// What Envoy was started with, as far as it is asked for.
pub(super) type BootstrapDump = Dump<Started>;

/// When and with which runtime layers Envoy was started.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Started {
    #[serde(default)]
    pub(super) bootstrap: Bootstrap,
    #[serde(default)]
    pub(super) last_updated: String,
}

/// The bootstrap configuration.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Bootstrap {
    #[serde(default)]
    pub(super) node: Node,
    pub(super) layered_runtime: Option<Layers>,
}

/// Who it is.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Node {
    #[serde(default)]
    pub(super) id: String,
}

/// The runtime's layers.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Layers {
    #[serde(default)]
    pub(super) layers: Vec<Layer>,
}

/// One of them.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Layer {
    #[serde(default)]
    pub(super) name: String,
    /// There where this is the layer that `/runtime_modify` writes.
    pub(super) admin_layer: Option<Value>,
}

/// One route configuration.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RouteDump {
    #[serde(default)]
    pub(super) route_config: Value,
    /// The version that came over `rds`.
    #[serde(default)]
    pub(super) version_info: String,
    #[serde(default)]
    pub(super) last_updated: String,
}

/// `/runtime`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Runtime {
    pub(super) layers: Vec<String>,
    pub(super) entries: BTreeMap<String, Entry>,
}

/// One runtime key.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    /// Per layer; empty where the layer does not set it.
    #[serde(default)]
    pub(super) layer_values: Vec<String>,
    #[serde(default)]
    pub(super) final_value: String,
}

/// `/clusters`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Clusters {
    #[serde(default)]
    pub(super) cluster_statuses: Vec<Cluster>,
}

impl Clusters {
    /// The cluster of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Cluster> {
        self.cluster_statuses.iter().find(|cluster| cluster.name == name)
    }
}

/// One cluster.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cluster {
    #[serde(default)]
    pub(super) name: String,
    /// Its name in statistics, where that is another one.
    #[serde(default)]
    observability_name: String,
    #[serde(default)]
    pub(super) host_statuses: Vec<Host>,
}

impl Cluster {
    /// Its name in statistics.
    pub(super) fn counted_as(&self) -> &str {
        if self.observability_name.is_empty() { &self.name } else { &self.observability_name }
    }
}

/// One host.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Host {
    #[serde(default)]
    address: Value,
    #[serde(default)]
    stats: Vec<Stat>,
    #[serde(default)]
    pub(super) health_status: HealthStatus,
    /// Above 0 where it takes traffic only when those below are gone.
    #[serde(default)]
    pub(super) priority: u32,
}

impl Host {
    /// Where it is: `127.0.0.1:9101`.
    pub(super) fn name(&self) -> String {
        let socket = self.address.get("socket_address");
        let at = socket.and_then(|socket| Some((socket.get("address")?.as_str()?, socket.get("port_value")?)));
        match at {
            Some((address, port)) => format!("{address}:{port}"),
            None => match self.address.pointer("/pipe/path").and_then(Value::as_str) {
                Some(path) => path.to_owned(),
                None => self.address.to_string(),
            },
        }
    }

    /// One of its counters; absent is 0.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.stats.iter().find(|stat| stat.name == name).map_or(0, Stat::value)
    }
}

/// What Envoy thinks of a host.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct HealthStatus {
    #[serde(default)]
    pub(super) failed_active_health_check: bool,
    #[serde(default)]
    pub(super) failed_outlier_check: bool,
    /// What whoever tells Envoy of its hosts says: `HEALTHY`, `UNHEALTHY`, `DRAINING` …
    #[serde(default, rename = "eds_health_status")]
    pub(super) told: String,
}

/// `/stats`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Stats {
    stats: Vec<Stat>,
}

impl Stats {
    /// One number; absent is 0.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.stats.iter().find(|stat| stat.name == name).map_or(0, Stat::value)
    }
}

/// One number with its name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Stat {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: Value,
}

impl Stat {
    /// Numbers of 64 bits are text in some answers.
    fn value(&self) -> u64 {
        self.value.as_u64().or_else(|| self.value.as_str()?.parse().ok()).unwrap_or(0)
    }
}
