//! Works out a change: pure, nothing is sent here.
//!
//! Invariants: a change names the key of every pool, so that no configured weight comes through; it never gives nothing to
//! all of them.

use super::config::encoded;
use super::{Config, warn};
use crate::domain::reading::{Admin, Health};
use crate::domain::{NativeSplit, NativeWeight, Prepared, Reading, Refused, Target, Weights};

/// Prepares a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let native = match target {
        Target::Weights(weights) => for_weights(config, weights, reading)?,
        Target::Native(native) => native.clone(),
    };
    let path = path(config, &native)?;
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    let mut notes = Vec::new();
    if let Some(reading) = reading {
        notes.extend(warn::stuck(reading).map(|(why, _)| why.to_owned()));
        notes.extend(cautions(&native, reading));
    }
    Ok(Prepared { requests: vec![format!("POST {}{path}", config.at)], native, shares, notes })
}

/// Native weights for shares: percentages where the shares are whole ones, else hundredths of them. Both are exact.
fn for_weights(config: &Config, weights: &Weights, reading: Option<&Reading>) -> Result<NativeSplit, Refused> {
    let refused = |rule: &str, why: String, advice: &str| Refused::new(rule, format!("shift {weights}"), why, advice);
    let known = |pool: &crate::domain::PoolId| config.pools.iter().any(|(each, _)| each == pool);
    if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
        return Err(refused(
            "",
            format!("this router has no pool {pool}"),
            "correct the pools in the router's mapping, or shift a pool that it has",
        ));
    }
    let Some(reading) = reading else {
        return Err(refused(
            "",
            "this router has not been read, so its route is not known".to_owned(),
            "wait until it answers, or put back a split that was read before",
        ));
    };
    if let Some((why, advice)) = warn::stuck(reading) {
        return Err(refused("", why.to_owned(), advice));
    }
    let has_hosts = |pool: &crate::domain::PoolId| {
        reading.servers.iter().any(|server| server.pool == *pool && !is_placeholder(&server.name))
    };
    if let Some((pool, cluster)) = config.pools.iter().find(|(pool, _)| weights.of(pool).0 > 0 && !has_hosts(pool)) {
        return Err(refused(
            "D4",
            format!("cluster {cluster} of {pool} has no host: its requests would fail with 503"),
            "bring hosts into that cluster first, or shift to another pool",
        ));
    }
    let scale = if weights.iter().all(|(_, points)| points.0 % 100 == 0) { 100 } else { 1 };
    let weight = config.pools.iter().map(|(pool, cluster)| NativeWeight {
        reference: config.key(cluster),
        pool: pool.clone(),
        weight: weights.of(pool).0 / scale,
        admin: Admin::Ready,
    });
    Ok(NativeSplit(weight.collect()))
}

fn is_placeholder(name: &str) -> bool {
    name.ends_with(" (no host)")
}

/// The path of a change, exactly as it goes out.
pub(super) fn path(config: &Config, native: &NativeSplit) -> Result<String, Refused> {
    let weights: Vec<String> =
        native.0.iter().map(|weight| format!("{} {}", weight.reference, weight.weight)).collect();
    let refused = |why: String, advice: &str| Refused::new("", format!("set {}", weights.join(", ")), why, advice);
    let another = "put back a split that was read with this profile";
    for weight in &native.0 {
        let is_known =
            config.pools.iter().any(|(pool, name)| *pool == weight.pool && config.key(name) == weight.reference);
        if !is_known {
            return Err(refused(format!("{} is no key of {} on this router", weight.reference, weight.pool), another));
        }
    }
    let of = |cluster: &str| native.0.iter().find(|weight| weight.reference == config.key(cluster));
    let mut sum = 0_u64;
    let mut query = Vec::new();
    for (pool, cluster) in &config.pools {
        let Some(weight) = of(cluster) else {
            return Err(refused(format!("it says nothing of pool {pool}"), another));
        };
        sum += u64::from(weight.weight);
        query.push(format!("{}={}", encoded(&weight.reference), weight.weight));
    }
    match sum {
        0 => Err(Refused::new(
            "D4",
            format!("set {}", weights.join(", ")),
            "no pool would get anything: every request would fail with 404",
            "give one pool a weight",
        )),
        1..=0xFFFF_FFFF => Ok(format!("/runtime_modify?{}", query.join("&"))),
        _ => Err(refused(
            format!("its weights add up to {sum}: every request would fail with 404"),
            "Envoy takes weights up to a sum of 4294967295",
        )),
    }
}

/// What stands in the way of the shares that a change asks for.
fn cautions(native: &NativeSplit, reading: &Reading) -> Vec<String> {
    let mut notes = Vec::new();
    for weight in native.0.iter().filter(|weight| weight.weight > 0) {
        let own = || reading.servers.iter().filter(|server| server.pool == weight.pool && server.admin == Admin::Ready);
        let (all, down) = (own().count(), own().filter(|server| server.health == Health::Down).count());
        if down > 0 {
            notes.push(format!(
                "{down} of {all} {} hosts are down; Envoy sends the pool its share all the same",
                weight.pool
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
