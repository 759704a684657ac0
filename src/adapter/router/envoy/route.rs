//! Weighted clusters, wherever they stand in Envoy's route configurations.

use serde_json::Value;

use super::Config;
use super::answer::RouteDump;
use crate::domain::{Trouble, TroubleKind};

/// The weighted clusters of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weighted {
    /// The route configuration's name.
    pub(super) route_config: String,
    /// Its version: as it came over `rds`, else when it was read.
    pub(super) version: String,
    /// Each cluster with its configured weight, in the route's order.
    pub(super) clusters: Vec<(String, u32)>,
    /// The request header that decides instead of chance.
    pub(super) header: Option<String>,
}

impl Weighted {
    /// A cluster's configured weight.
    pub(super) fn of(&self, cluster: &str) -> Option<u32> {
        self.clusters.iter().find(|(name, _)| name == cluster).map(|(_, weight)| *weight)
    }

    fn has_all(&self, config: &Config) -> bool {
        config.pools.iter().all(|(_, cluster)| self.of(cluster).is_some())
    }
}

/// The routes that take their weights from the profile's keys.
#[derive(Debug)]
pub(super) struct Found {
    /// The first that has all pools.
    pub(super) first: Weighted,
    /// All others with the same prefix.
    pub(super) others: Vec<Weighted>,
}

/// Finds the routes that the profile means.
pub(super) fn find(config: &Config, dumps: &[RouteDump]) -> Result<Found, Trouble> {
    let mut all = Vec::new();
    for dump in dumps {
        let name = dump.route_config.get("name").and_then(Value::as_str).unwrap_or_default();
        let version = if dump.version_info.is_empty() { &dump.last_updated } else { &dump.version_info };
        collect(&dump.route_config, name, version, &mut all);
    }
    let (ours, strange): (Vec<_>, Vec<_>) = all.into_iter().partition(|(prefix, _)| *prefix == config.prefix);
    let mut ours: Vec<Weighted> = ours.into_iter().map(|(_, weighted)| weighted).collect();
    if let Some(position) = ours.iter().position(|weighted| weighted.has_all(config)) {
        let first = ours.remove(position);
        return Ok(Found { first, others: ours });
    }
    let mismatch = |why: String, advice: &str| {
        Err(Trouble::new(TroubleKind::Mismatch, format!("read {}/config_dump", config.at), why, advice))
    };
    if let Some(near) = ours.first() {
        let missing: Vec<_> = config.pools.iter().filter(|(_, cluster)| near.of(cluster).is_none()).collect();
        let missing: Vec<_> = missing.iter().map(|(pool, cluster)| format!("`{cluster}` ({pool})")).collect();
        let there: Vec<_> = near.clusters.iter().map(|(name, _)| name.as_str()).collect();
        let why = format!(
            "the weighted clusters of {} have no {}; they have {}",
            config.prefix,
            missing.join(", "),
            listed(&there)
        );
        return mismatch(why, "correct `pools` of this router in the profile");
    }
    let mut there: Vec<&str> =
        strange.iter().map(|(prefix, _)| prefix.as_str()).filter(|name| !name.is_empty()).collect();
    there.dedup();
    let within =
        config.route_config.as_ref().map(|name| format!(" in route configuration `{name}`")).unwrap_or_default();
    let why = if there.is_empty() {
        format!("no route{within} has weighted_clusters with a runtime_key_prefix")
    } else {
        format!("no route{within} has runtime_key_prefix `{}`; there is {}", config.prefix, listed(&there))
    };
    mismatch(
        why,
        "correct `prefix` or `route_config` in the profile, or write the prefix into Envoy's `weighted_clusters`",
    )
}

/// Some names for people, not too many.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut text = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(" and others");
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

/// Every `weighted_clusters` below, in routes and in the matchers of newer configurations alike, with its prefix.
fn collect(value: &Value, name: &str, version: &str, found: &mut Vec<(String, Weighted)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                if key == "weighted_clusters" {
                    found.push(weighted(field, name, version));
                } else {
                    collect(field, name, version, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, version, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn weighted(field: &Value, name: &str, version: &str) -> (String, Weighted) {
    let text = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let clusters = field.get("clusters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let clusters = clusters.iter().map(|cluster| {
        let name = cluster.get("name").and_then(Value::as_str).unwrap_or_default();
        let weight = cluster.get("weight").and_then(Value::as_u64).unwrap_or(0);
        (name.to_owned(), u32::try_from(weight).unwrap_or(u32::MAX))
    });
    let header = Some(text("header_name")).filter(|header| !header.is_empty());
    let weighted =
        Weighted { route_config: name.to_owned(), version: version.to_owned(), clusters: clusters.collect(), header };
    (text("runtime_key_prefix"), weighted)
}
