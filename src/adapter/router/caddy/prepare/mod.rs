//! Works out a change: pure, nothing is sent here.

use super::Config;
use super::round::{self, Wanted};
use crate::domain::reading::Health;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target, Weights};

/// Prepares a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let native = match target {
        Target::Weights(weights) => for_weights(config, weights, reading)?,
        Target::Native(native) => native.clone(),
    };
    check(config, &native)?;
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    let mut notes = Vec::new();
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.push(format!("asked {weights}, the nearest with small weights is {shares}"));
    }
    notes.extend(in_a_row(&native));
    notes.extend(reading.map(|reading| down(config, &native, reading)).unwrap_or_default());
    let weights: Vec<String> = native.0.iter().map(|weight| weight.weight.to_string()).collect();
    let requests = vec![format!("PATCH {}{} [{}]", config.at, config.weights_path(), weights.join(","))];
    Ok(Prepared { requests, native, shares, notes })
}

/// Native weights for shares, in the order of the upstreams.
fn for_weights(config: &Config, weights: &Weights, reading: Option<&Reading>) -> Result<NativeSplit, Refused> {
    let refused = |why: String, advice: &str| Refused::new("", format!("shift {weights}"), why, advice);
    let known = |pool: &PoolId| config.pools.iter().any(|(each, _)| each == pool);
    if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
        return Err(refused(
            format!("this router has no pool {pool}"),
            "correct the pools in the router's mapping, or shift a pool that it has",
        ));
    }
    let Some(reading) = reading else {
        return Err(refused(
            "this router has not been read, so its upstreams are not known".to_owned(),
            "wait until it answers, or put back a split that was read before",
        ));
    };
    let own = |pool: &PoolId| reading.native.0.iter().filter(|weight| weight.pool == *pool).count();
    let wanted = config.pools.iter().map(|(pool, _)| Wanted {
        points: weights.of(pool).0,
        upstreams: u32::try_from(own(pool)).unwrap_or(u32::MAX),
    });
    let found = round::weights(&wanted.collect::<Vec<_>>());
    let native = reading.native.0.iter().map(|weight| {
        let at = config.pools.iter().position(|(pool, _)| *pool == weight.pool);
        NativeWeight { weight: at.and_then(|at| found.get(at)).copied().unwrap_or(0), ..weight.clone() }
    });
    Ok(NativeSplit(native.collect()))
}

/// Refuses weights that are not this router's, and nothing for everybody.
pub(super) fn check(config: &Config, native: &NativeSplit) -> Result<(), Refused> {
    let weights: Vec<String> =
        native.0.iter().map(|weight| format!("{} {}", weight.reference, weight.weight)).collect();
    let refused = |rule: &str, why: String, advice: &str| {
        Err(Refused::new(rule, format!("set {}", weights.join(", ")), why, advice))
    };
    let another = "put back a split that was read with this profile";
    for weight in &native.0 {
        if !config.pools_of(&weight.reference).any(|pool| *pool == weight.pool) {
            return refused("", format!("{} is no {} upstream of this router", weight.reference, weight.pool), another);
        }
    }
    if let Some((pool, _)) = config.pools.iter().find(|(pool, _)| !native.0.iter().any(|weight| weight.pool == *pool)) {
        return refused("", format!("it says nothing of pool {pool}, and weights go by position"), another);
    }
    if native.0.iter().all(|weight| weight.weight == 0) {
        return refused(
            "D4",
            "no upstream would get anything, which Caddy refuses".to_owned(),
            "give one pool a weight",
        );
    }
    Ok(())
}

/// How the split looks from nearby, where it is one.
fn in_a_row(native: &NativeSplit) -> Option<String> {
    let rows: Vec<String> = native
        .0
        .iter()
        .filter(|weight| weight.weight > 0)
        .map(|weight| format!("{} to {}", weight.weight, weight.reference))
        .collect();
    (rows.len() > 1)
        .then(|| format!("Caddy sends requests in rows, {}, and begins anew with each change", rows.join(", then ")))
}

/// Who is down of those that are to get something.
fn down(config: &Config, native: &NativeSplit, reading: &Reading) -> Vec<String> {
    let mut notes = Vec::new();
    for (pool, _) in &config.pools {
        let gets = native.0.iter().any(|weight| weight.pool == *pool && weight.weight > 0);
        let own = || reading.servers.iter().filter(|server| server.pool == *pool);
        let (all, down) = (own().count(), own().filter(|server| server.health == Health::Down).count());
        if gets && down > 0 {
            notes.push(format!("{down} of {all} {pool} upstreams are down, and others get what would be theirs"));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
