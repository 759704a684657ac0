//! What a router of the built-in world tells about itself.

use std::time::Duration;

use ::http::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::is_named_after;
use crate::domain::reading::{Admin, Health, Identity, NativeWeight, ServerReading};
use crate::domain::{NativeSplit, PoolId, Reading, Shares};

/// The answer to `GET /state`.
#[derive(Deserialize)]
pub(super) struct State {
    node: String,
    process: String,
    uptime_ms: u64,
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    name: String,
    pool: String,
    weight: u32,
    admin: Admin,
    health: Health,
    in_flight: u64,
    requests: u64,
    errors: u64,
    average_us: u64,
}

impl State {
    /// The reading for a profile that knows the router's pools by these names.
    ///
    /// # Errors
    /// When the router does not have one of the pools, in words.
    pub(super) fn reading(self, pools: &[(PoolId, String)]) -> Result<Reading, String> {
        for (pool, name) in pools {
            if !self.servers.iter().any(|server| server.pool == *name) {
                let mut known: Vec<&str> = self.servers.iter().map(|server| server.pool.as_str()).collect();
                known.sort_unstable();
                known.dedup();
                return Err(format!("it has no pool `{name}` for {pool}, only {}", known.join(", ")));
            }
        }
        let mut native = NativeSplit::default();
        let mut servers = Vec::new();
        let mut strangers = Vec::new();
        for server in self.servers {
            let Some((pool, _)) = pools.iter().find(|(_, name)| *name == server.pool) else {
                strangers.push(server.name);
                continue;
            };
            // Invariant: every split that is read can be put back without a reading.
            if !is_named_after(&server.pool, &server.name) {
                let (name, pool) = (server.name, server.pool);
                return Err(format!("its server `{name}` is not named after its pool `{pool}`, like `{pool}-1`"));
            }
            native.0.push(NativeWeight {
                reference: server.name.clone(),
                pool: pool.clone(),
                weight: server.weight,
                admin: server.admin,
            });
            servers.push(ServerReading {
                name: server.name,
                pool: pool.clone(),
                health: server.health,
                admin: server.admin,
                in_flight: Some(server.in_flight),
                requests: Some(server.requests),
                errors: Some(server.errors),
                response: (server.requests > 0).then(|| Duration::from_micros(server.average_us)),
            });
        }
        let ids = || pools.iter().map(|(pool, _)| pool);
        let effective = effective(&native, &servers, ids());
        let mut warnings = Vec::new();
        if !strangers.is_empty() {
            warnings.push(format!("{} belong to no pool of the profile and take traffic too", strangers.join(", ")));
        }
        let meant = native.shares(ids());
        if servers.iter().any(|server| server.health == Health::Down) && effective != meant {
            warnings.push(format!("servers are down: the living ones share {effective} where the weights say {meant}"));
        }
        Ok(Reading {
            identity: Identity { node: self.node, process: self.process },
            generation: String::new(),
            uptime: Some(Duration::from_millis(self.uptime_ms)),
            native,
            effective,
            servers,
            warnings,
            underway: None,
            skew: None,
        })
    }
}

/// The shares of the servers that live and take part.
fn effective<'a>(native: &NativeSplit, servers: &[ServerReading], pools: impl Iterator<Item = &'a PoolId>) -> Shares {
    let lives =
        |reference: &str| servers.iter().any(|server| server.name == reference && server.health != Health::Down);
    NativeSplit(native.0.iter().filter(|each| lives(&each.reference)).cloned().collect()).shares(pools)
}

/// The header that makes a change conditional on a split.
pub(super) const CONDITION: HeaderName = HeaderName::from_static("expected-weights");

/// What that header says for this split.
///
/// # Errors
/// When a name in it cannot be in a header.
pub(super) fn condition(expected: &NativeSplit) -> Result<HeaderValue, String> {
    let each = expected.0.iter().map(|each| {
        let admin = match each.admin {
            Admin::Ready => "ready",
            Admin::Drain => "drain",
            Admin::Maintenance => "maintenance",
            Admin::Backup => "backup",
        };
        format!("{}={}:{admin}", each.reference, each.weight)
    });
    HeaderValue::from_str(&each.collect::<Vec<_>>().join(","))
        .map_err(|_unfit| "a server's name cannot be sent in a header".to_owned())
}
