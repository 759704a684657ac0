//! Works out a change: pure, nothing is sent here.

use serde_json::json;

use super::config::Config;
use super::look::{POINTLESS, VERSION};
use crate::domain::reading::{Admin, Health};
use crate::domain::weights::apportion;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target, Weights};
use crate::setting::span_text;

/// The highest weight, and what the weights of a change add up to.
const HIGHEST: u32 = 1_000;

/// What an address may end in.
const SORTS: [&str; 3] = ["AzureEndpoints", "ExternalEndpoints", "NestedEndpoints"];

/// Prepares a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let (mut native, mut notes) = match target {
        Target::Weights(weights) => for_weights(config, weights, reading)?,
        Target::Native(native) => {
            fits(config, native)?;
            (native.clone(), Vec::new())
        }
    };
    let before = |each: &NativeWeight| {
        let held = reading.and_then(|reading| reading.native.0.iter().find(|held| held.reference == each.reference));
        held.map_or(0, |held| held.weight)
    };
    // What rises goes first, what falls after it, what is disabled last.
    native.0.sort_by_key(|each| (each.weight == 0, each.weight <= before(each), std::cmp::Reverse(each.weight)));
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.insert(0, format!("asked {weights}, the nearest that its weights can give is {shares}"));
    }
    notes.push(format!(
        "names are answered anew from the change on; clients follow when the {} of the answer that they have is over, and \
         stay where they are connected",
        span_text(config.ttl)
    ));
    if native.0.len() > 1 {
        notes.push(
            "each endpoint takes a request of its own: between them the shares are neither the old nor the new"
                .to_owned(),
        );
    }
    let requests = native.0.iter().map(|each| format!("PATCH {}{} {}", config.at, path(config, each), body(each)));
    Ok(Prepared { requests: requests.collect(), shares, notes, native })
}

/// The address of an endpoint.
pub(super) fn path(config: &Config, each: &NativeWeight) -> String {
    format!("{}/{}?{VERSION}", config.path(), each.reference)
}

/// What an endpoint is asked to be.
pub(super) fn body(each: &NativeWeight) -> serde_json::Value {
    match each.weight {
        0 => json!({ "properties": { "endpointStatus": "Disabled" } }),
        weight => json!({ "properties": { "endpointStatus": "Enabled", "weight": weight } }),
    }
}

/// Refuses a split that is not of this router.
pub(super) fn fits(config: &Config, native: &NativeSplit) -> Result<(), Refused> {
    let what = || {
        let weights: Vec<String> = native.0.iter().map(|each| format!("{} {}", each.reference, each.weight)).collect();
        format!("set {}", weights.join(", "))
    };
    let refused = |why: String| Err(Refused::new("", what(), why, "put back a split that was read with this profile"));
    let is_of = |each: &NativeWeight, (pool, name): &(PoolId, String)| {
        let (sort, own) = each.reference.split_once('/').unwrap_or_default();
        *pool == each.pool && own.eq_ignore_ascii_case(name) && SORTS.contains(&sort)
    };
    if let Some(stranger) = native.0.iter().find(|each| !config.pools.iter().any(|pool| is_of(each, pool))) {
        return refused(format!("{} ({}) is no endpoint of this router", stranger.reference, stranger.pool));
    }
    let has_one = |pool: &&(PoolId, String)| native.0.iter().filter(|each| is_of(each, pool)).count() == 1;
    if let Some((pool, name)) = config.pools.iter().find(|pool| !has_one(pool)) {
        return refused(format!("it does not hold one weight for {name} ({pool})"));
    }
    if let Some(high) = native.0.iter().find(|each| each.weight > HIGHEST) {
        return refused(format!("{} cannot hold {}: at most {HIGHEST}", high.reference, high.weight));
    }
    if native.0.iter().all(|each| each.weight == 0) {
        let advice = "put back a split in which some pool has a weight";
        return Err(Refused::new("D4", what(), "no endpoint would be enabled any more", advice));
    }
    Ok(())
}

fn for_weights(
    config: &Config,
    weights: &Weights,
    reading: Option<&Reading>,
) -> Result<(NativeSplit, Vec<String>), Refused> {
    let refused = |why: String, advice: &str| Err(Refused::new("", format!("shift {weights}"), why, advice));
    let known = |pool: &PoolId| config.pools.iter().any(|(each, _)| each == pool);
    if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
        let advice = "correct the pools in the router's mapping, or shift a pool that it has";
        return refused(format!("this router has no pool {pool}"), advice);
    }
    let Some(reading) = reading else {
        let why = "this router has not been read, so its endpoints are not known".to_owned();
        return refused(why, "wait until it answers, or put back a split that was read before");
    };
    if let Some(warning) = reading.warnings.iter().find(|warning| warning.starts_with(POINTLESS)) {
        return refused(warning.clone(), "put it right in Azure, then read again");
    }
    let parts: Vec<u64> = config.pools.iter().map(|(pool, _)| u64::from(weights.of(pool).0)).collect();
    let shared = apportion(HIGHEST, &parts).unwrap_or_default();
    let mut native = NativeSplit::default();
    let mut notes = Vec::new();
    for ((pool, _), weight) in config.pools.iter().zip(shared) {
        let Some(held) = reading.native.0.iter().find(|held| held.pool == *pool) else {
            return refused(format!("the reading has no endpoint of {pool}"), "read it again");
        };
        if weight == 0 && weights.of(pool).0 > 0 {
            let why = format!("{pool} cannot have {} %: weights are whole numbers of {HIGHEST}", weights.of(pool));
            return refused(why, "ask for 0 or for 0.1 %, the nearest that it can have");
        }
        if weight > 0 && held.weight == 0 {
            notes.push(format!("{pool} is enabled by this change, and answered before its first probe has passed"));
        }
        let is_down = reading.servers.iter().any(|server| server.pool == *pool && server.health == Health::Down);
        if weight > 0 && is_down {
            notes.push(format!("{pool} fails its probes: it is left out of the answers until it passes them"));
        }
        native.0.push(NativeWeight { weight, admin: Admin::Ready, ..held.clone() });
    }
    Ok((native, notes))
}
