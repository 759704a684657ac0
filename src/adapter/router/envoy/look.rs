//! Makes a [`Reading`] of Envoy's answers.

use super::answer::{BootstrapDump, Cluster, Clusters, Host, RouteDump, Runtime, Started, Stats};
use super::config::{any_of, encoded};
use super::route::Found;
use super::runtime::Said;
use super::{Config, route, runtime, warn};
use crate::domain::reading::{Admin, Health, Identity, ServerReading};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Trouble};

/// All answers of one look.
pub(super) struct Seen {
    pub(super) bootstrap: BootstrapDump,
    pub(super) routes: Vec<RouteDump>,
    pub(super) runtime: Runtime,
    pub(super) clusters: Clusters,
    pub(super) stats: Stats,
}

impl Seen {
    /// When and with what it was started.
    pub(super) fn started(&self) -> Option<&Started> {
        self.bootstrap.configs.first()
    }
}

/// Where the counters of the pools' clusters are, by the names under which they are counted.
pub(super) fn stats_path(config: &Config, clusters: &Clusters) -> String {
    let counted =
        config.pools.iter().map(|(_, name)| clusters.named(name).map_or(name.as_str(), |cluster| cluster.counted_as()));
    let filter = format!(
        r"^(server\.(state|uptime)|cluster\.{}\.upstream_rq_(active|pending_active|total|5xx))$",
        any_of(counted)
    );
    format!("/stats?format=json&filter={}", encoded(&filter))
}

/// The weights that hold.
pub(super) fn native(config: &Config, routes: &[RouteDump], runtime: &Runtime) -> Result<NativeSplit, Trouble> {
    Ok(weights(config, &route::find(config, routes)?, runtime))
}

fn weights(config: &Config, found: &Found, runtime: &Runtime) -> NativeSplit {
    let weight = |(pool, cluster): &(PoolId, String)| {
        let reference = config.key(cluster);
        let weight = match runtime::said(runtime, &reference) {
            Said::Weight(weight) => weight,
            Said::Beyond(_) => u32::MAX,
            Said::Nothing | Said::Unfit(_) => found.first.of(cluster).unwrap_or(0),
        };
        NativeWeight { reference, pool: pool.clone(), weight, admin: Admin::Ready }
    };
    NativeSplit(config.pools.iter().map(weight).collect())
}

/// The whole reading.
pub(super) fn reading(config: &Config, seen: &Seen) -> Result<Reading, Trouble> {
    let found = route::find(config, &seen.routes)?;
    let native = weights(config, &found, &seen.runtime);
    let servers = config.pools.iter().flat_map(|(pool, name)| match seen.clusters.named(name) {
        Some(cluster) if !cluster.host_statuses.is_empty() => hosts(pool, cluster, &seen.stats),
        _ => vec![nobody(pool, name)],
    });
    let started = seen.started();
    let mut reading = Reading {
        identity: Identity {
            node: started.map(|started| started.bootstrap.node.id.clone()).unwrap_or_default(),
            // Envoy tells no process; no two of them were started in the same millisecond in one place.
            process: started.map(|started| started.last_updated.clone()).unwrap_or_default(),
        },
        generation: found.first.version.clone(),
        uptime: Some(std::time::Duration::from_secs(seen.stats.count("server.uptime"))),
        // Chance decides by weight whatever the health of hosts: a pool that is down keeps its share.
        effective: native.shares(config.pools.iter().map(|(pool, _)| pool)),
        native,
        servers: servers.collect(),
        warnings: Vec::new(),
        underway: None,
        skew: None,
    };
    reading.warnings = warn::warnings(config, seen, &found, &reading);
    Ok(reading)
}

/// The hosts of a cluster. Requests that wait for a connection, and those of hosts that are gone, are known of the cluster
/// only: they are counted with its first host, so that the pool's sums are what the cluster says.
fn hosts(pool: &PoolId, cluster: &Cluster, stats: &Stats) -> Vec<ServerReading> {
    let mut servers: Vec<ServerReading> = cluster.host_statuses.iter().map(|host| server(pool, host)).collect();
    let whole = |name: &str| stats.count(&format!("cluster.{}.upstream_rq_{name}", cluster.counted_as()));
    let sum = |field: fn(&ServerReading) -> Option<u64>| servers.iter().filter_map(field).sum::<u64>();
    let rest = [
        (whole("active") + whole("pending_active")).saturating_sub(sum(|server| server.in_flight)),
        whole("total").saturating_sub(sum(|server| server.requests)),
        whole("5xx").saturating_sub(sum(|server| server.errors)),
    ];
    if let Some(first) = servers.first_mut() {
        for (field, rest) in [&mut first.in_flight, &mut first.requests, &mut first.errors].into_iter().zip(rest) {
            *field = field.map(|count| count + rest);
        }
    }
    servers
}

fn server(pool: &PoolId, host: &Host) -> ServerReading {
    let status = &host.health_status;
    let is_down = status.failed_active_health_check
        || status.failed_outlier_check
        || matches!(status.told.as_str(), "UNHEALTHY" | "TIMEOUT");
    let admin = match (status.told.as_str(), host.priority) {
        ("DRAINING", _) => Admin::Drain,
        (_, 0) => Admin::Ready,
        _ => Admin::Backup,
    };
    ServerReading {
        name: host.name(),
        pool: pool.clone(),
        health: if is_down { Health::Down } else { Health::Up },
        admin,
        in_flight: Some(host.count("rq_active") + host.count("rq_pending_active")),
        requests: Some(host.count("rq_total")),
        errors: Some(host.count("rq_error")),
        response: None,
    }
}

/// What stands for a cluster that has no host.
fn nobody(pool: &PoolId, cluster: &str) -> ServerReading {
    ServerReading {
        name: format!("{cluster} (no host)"),
        pool: pool.clone(),
        health: Health::Down,
        admin: Admin::Ready,
        in_flight: Some(0),
        requests: Some(0),
        errors: Some(0),
        response: None,
    }
}
