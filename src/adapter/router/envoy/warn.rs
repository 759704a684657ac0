//! What an operator must know about an Envoy before believing its weights.

use super::look::Seen;
use super::route::Found;
use super::runtime::Said;
use super::{Config, runtime};
use crate::domain::reading::{Admin, Health, ServerReading};
use crate::domain::{NativeSplit, Reading};

/// Said of an Envoy whose runtime cannot be written.
const NO_LAYER: &str = "Envoy's runtime has no admin layer, so its weights cannot be changed";

/// What an operator does about that.
pub(super) const ADD_A_LAYER: &str =
    "add a layer with `admin_layer: {}` at the end of `layered_runtime.layers` in Envoy's bootstrap and restart it";

/// What is said of a key that a higher layer sets begins with this.
const HIDDEN: &str = "whatever is set is hidden: ";

/// What was said of weights that cannot be changed, and what to do about it; a change to shares is then not prepared.
pub(super) fn stuck(reading: &Reading) -> Option<(&str, &'static str)> {
    reading.warnings.iter().find_map(|warning| match warning.as_str() {
        NO_LAYER => Some((NO_LAYER, ADD_A_LAYER)),
        hidden if hidden.starts_with(HIDDEN) => Some((
            hidden,
            "take the key out of that layer, or put the admin layer after it in `layered_runtime.layers` and restart Envoy",
        )),
        _ => None,
    })
}

/// All warnings, one sentence each.
pub(super) fn warnings(config: &Config, seen: &Seen, found: &Found, reading: &Reading) -> Vec<String> {
    let mut warnings = Vec::new();
    about_layers(config, seen, &mut warnings);
    about_state(config, seen, &mut warnings);
    about_routes(config, seen, found, &mut warnings);
    about_values(config, seen, found, reading, &mut warnings);
    about_hosts(config, seen, reading, &mut warnings);
    warnings
}

/// Whether the keys can be written, and whether that would count.
fn about_layers(config: &Config, seen: &Seen, warnings: &mut Vec<String>) {
    let Some(admin) = runtime::admin_layer(seen.started().map(|started| &started.bootstrap)) else {
        warnings.push(NO_LAYER.to_owned());
        return;
    };
    for (_, cluster) in &config.pools {
        let key = config.key(cluster);
        if let Some((layer, value)) = runtime::hidden_by(&seen.runtime, &admin, &key) {
            warnings.push(format!("{HIDDEN}runtime layer {layer} sets {key} to {value}, above the admin layer"));
        }
    }
}

fn about_state(config: &Config, seen: &Seen, warnings: &mut Vec<String>) {
    match seen.stats.count("server.state") {
        0 => {}
        1 => warnings.push("Envoy is draining: it is about to end".to_owned()),
        _ => warnings.push("Envoy is still starting".to_owned()),
    }
    if !config.at.is_local() {
        warnings.push(format!(
            "the admin interface asks nobody who they are: whoever reaches {} can move traffic and end Envoy",
            config.at
        ));
    }
}

/// What else takes part in the split.
fn about_routes(config: &Config, seen: &Seen, found: &Found, warnings: &mut Vec<String>) {
    let ours = |name: &str| config.pools.iter().any(|(_, cluster)| cluster == name);
    for (name, configured) in found.first.clusters.iter().filter(|(name, _)| !ours(name)) {
        let weight = match runtime::said(&seen.runtime, &config.key(name)) {
            Said::Weight(weight) => weight,
            Said::Beyond(_) => u32::MAX,
            Said::Nothing | Said::Unfit(_) => *configured,
        };
        if weight > 0 {
            warnings
                .push(format!("cluster {name} takes part with weight {weight} and belongs to no pool of the profile"));
        }
    }
    if let Some(header) = &found.first.header {
        warnings
            .push(format!("the header {header} of a request decides instead of chance, so shares may follow loosely"));
    }
    for other in &found.others {
        let differs = other.clusters != found.first.clusters;
        if differs {
            warnings.push(format!(
                "another route, in {}, has the prefix {} too and other clusters or configured weights",
                other.route_config, config.prefix
            ));
        }
    }
}

/// Values that mean something else than they say, and weights that a restart takes back.
fn about_values(config: &Config, seen: &Seen, found: &Found, reading: &Reading, warnings: &mut Vec<String>) {
    let mut configured = reading.native.clone();
    for (weight, (_, cluster)) in configured.0.iter_mut().zip(&config.pools) {
        weight.weight = found.first.of(cluster).unwrap_or(0);
        match runtime::said(&seen.runtime, &weight.reference) {
            Said::Unfit(value) => warnings.push(format!(
                "{} is set to {value}, which Envoy does not take: the configured weight of {} holds",
                weight.reference, weight.weight
            )),
            Said::Beyond(value) => {
                warnings.push(format!(
                    "{} is set to {value}: every request of this route fails with 404",
                    weight.reference
                ));
            }
            Said::Nothing | Said::Weight(_) => {}
        }
    }
    let sum = |split: &NativeSplit| split.0.iter().map(|weight| u64::from(weight.weight)).sum::<u64>();
    if sum(&reading.native) == 0 {
        warnings.push("no cluster of a pool has weight: requests of this route fail with 404".to_owned());
    }
    let shares = configured.shares(config.pools.iter().map(|(pool, _)| pool));
    if shares.to_string() != reading.effective.to_string() {
        warnings.push(format!("the weights are set at run time only: a restart brings back {shares}"));
    }
}

/// Clusters that get their share although nobody is well there.
fn about_hosts(config: &Config, seen: &Seen, reading: &Reading, warnings: &mut Vec<String>) {
    for (pool, cluster) in &config.pools {
        let share = reading.effective.of(pool);
        let is_empty = seen.clusters.named(cluster).is_none_or(|cluster| cluster.host_statuses.is_empty());
        let own = || reading.servers.iter().filter(|server| server.pool == *pool && server.admin != Admin::Drain);
        let is_down = |server: &ServerReading| server.health == Health::Down;
        let (all, down) = (own().count(), own().filter(|server| is_down(server)).count());
        if is_empty {
            let what =
                if seen.clusters.named(cluster).is_none() { "there is no cluster" } else { "no host is in cluster" };
            let then = if share.part > 0 {
                format!(", and {pool} gets {share} %: those requests fail with 503")
            } else {
                String::new()
            };
            warnings.push(format!("{what} {cluster}{then}"));
        } else if down == all && down > 0 {
            let then = if share.part > 0 {
                format!(", and it still gets {share} %: Envoy sends there all the same")
            } else {
                String::new()
            };
            warnings.push(format!("all {all} {pool} hosts are down{then}"));
        } else if down > 0 {
            warnings.push(format!("{down} of {all} {pool} hosts are down; {pool} keeps its share"));
        }
    }
}
