//! Makes a [`Reading`] of Caddy's answers.

use serde::Deserialize;

use super::handler::Handler;
use super::metrics::Metrics;
use super::{Config, warn};
use crate::domain::reading::{Admin, Health, Identity, ServerReading};
use crate::domain::{NativeSplit, NativeWeight, Reading, Shares};

/// Requests that an upstream is working on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Busy {
    #[serde(default)]
    address: String,
    #[serde(default)]
    num_requests: u64,
}

/// All answers of one look.
pub(super) struct Seen {
    pub(super) handler: Handler,
    pub(super) generation: String,
    pub(super) busy: Vec<Busy>,
    pub(super) metrics: Metrics,
    /// Whether requests of inner servers are counted.
    pub(super) counts: bool,
}

/// The whole reading.
pub(super) fn reading(config: &Config, seen: &Seen) -> Reading {
    let native = seen.handler.native();
    let servers: Vec<ServerReading> = native.0.iter().map(|weight| server(config, seen, &native, weight)).collect();
    let mut reading = Reading {
        identity: Identity { node: String::new(), process: seen.metrics.process() },
        generation: seen.generation.clone(),
        uptime: None,
        effective: effective(config, &native, &servers),
        native,
        servers,
        warnings: Vec::new(),
        underway: None,
        skew: None,
    };
    reading.warnings = warn::warnings(config, seen, &reading);
    reading
}

fn server(config: &Config, seen: &Seen, native: &NativeSplit, weight: &NativeWeight) -> ServerReading {
    let busy = seen.busy.iter().find(|busy| busy.address == weight.reference);
    let health = match seen.metrics.is_healthy(&weight.reference) {
        Some(false) => Health::Down,
        Some(true) if seen.handler.has_checks => Health::Up,
        _ => Health::Unchecked,
    };
    // An inner server counts for its whole pool: its first upstream, and usually the only one, shows that.
    let is_first = native.0.iter().find(|each| each.pool == weight.pool) == Some(weight);
    let inner = config.inner.iter().find(|(pool, _)| *pool == weight.pool).filter(|_| seen.counts);
    let count =
        |of: fn(&Metrics, &str) -> u64| inner.map(|(_, name)| if is_first { of(&seen.metrics, name) } else { 0 });
    ServerReading {
        name: weight.reference.clone(),
        pool: weight.pool.clone(),
        health,
        admin: Admin::Ready,
        // An upstream without requests may be missing from the list after a change.
        in_flight: Some(busy.map_or(0, |busy| busy.num_requests)),
        requests: count(Metrics::requests),
        errors: count(Metrics::errors),
        response: None,
    }
}

/// Who gets what now. Caddy picks the place among the upstreams with weight first and looks for who is well then: the n-th
/// place goes to the n-th that is well, beginning anew at the end. So with one of three down, its share is not spread evenly.
fn effective(config: &Config, native: &NativeSplit, servers: &[ServerReading]) -> Shares {
    let with_weight: Vec<_> = native.0.iter().zip(servers).filter(|(weight, _)| weight.weight > 0).collect();
    let well: Vec<_> = with_weight.iter().filter(|(_, server)| server.health != Health::Down).collect();
    Shares::of_parts(config.pools.iter().map(|(pool, _)| {
        let place = |(at, (weight, _)): (usize, &(&NativeWeight, &ServerReading))| {
            let (_, goes_to) = well.get(at.checked_rem(well.len())?)?;
            (goes_to.pool == *pool).then_some(u64::from(weight.weight))
        };
        (pool.clone(), with_weight.iter().enumerate().filter_map(place).sum())
    }))
}
