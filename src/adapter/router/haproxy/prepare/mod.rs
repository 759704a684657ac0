//! Works out a change: pure, nothing is sent here.
//!
//! Invariants: a change names every weight that it means to hold, not only those that differ, so that the result does not hang on
//! what moved in between; weights that rise come first on the line; no change leaves all pools without a server that takes traffic.

mod map;
mod servers;

use super::Shape;
use super::ask::map_reference;
use super::words::escaped;
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target};

/// Prepares a change.
pub(super) fn prepare(shape: &Shape, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let what = what(target);
    if let Target::Weights(weights) = target {
        let known = pools(shape);
        if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known.contains(pool)) {
            return Err(Refused::new(
                "",
                what,
                format!("this router has no pool {pool}"),
                "correct the pools in the router's mapping, or shift a pool that it has",
            ));
        }
        if reading.is_none() {
            return Err(Refused::new(
                "",
                what,
                "this router has not been read, so its servers are not known",
                "wait until it answers, or put back a split that was read before",
            ));
        }
    }
    let (native, mut notes) = match (shape, target, reading) {
        (Shape::Servers { backend, pools, .. }, Target::Weights(weights), Some(reading)) => {
            servers::for_weights(&what, backend, pools, weights, reading)?
        }
        (Shape::Map { map, key, percent_of, pools }, Target::Weights(weights), Some(reading)) => {
            map::for_weights(&what, &map::Entry { map, key, percent_of, pools }, weights, reading)?
        }
        (Shape::Servers { .. }, Target::Native(native), reading) => servers::for_native(&what, shape, native, reading)?,
        (Shape::Map { map, key, percent_of, pools }, Target::Native(native), _) => {
            map::for_native(&what, &map::Entry { map, key, percent_of, pools }, native)?
        }
        // Refused above: weights without a reading.
        (_, Target::Weights(_), None) => (NativeSplit::default(), Vec::new()),
    };
    let requests = commands(shape, &native)?;
    let shares = native.shares(pools(shape));
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.insert(0, format!("asked {weights}, the nearest that its weights can give is {shares}"));
    }
    Ok(Prepared { requests, native, shares, notes })
}

/// The commands of a change, exactly as they go out after the severity prefix, in the order of the weights.
pub(super) fn commands(shape: &Shape, native: &NativeSplit) -> Result<Vec<String>, Refused> {
    let what = "send weights";
    let commands: Vec<String> = match shape {
        Shape::Servers { backend, .. } => {
            servers::refuse_strangers(what, shape, native)?;
            let one = |weight: &NativeWeight| {
                let server = weight.reference.strip_prefix(backend.as_str())?.strip_prefix('/')?;
                Some(format!("set server {}/{} weight {}", escaped(backend), escaped(server), weight.weight))
            };
            native.0.iter().filter_map(one).collect()
        }
        Shape::Map { map, key, percent_of, pools } => {
            let percent = map::percent(what, &map::Entry { map, key, percent_of, pools }, native)?;
            vec![format!("set map {} {} {percent}", escaped(map), escaped(key))]
        }
    };
    if commands.is_empty() {
        return Err(Refused::new("", what, "there is no weight to send", "read the router again and propose anew"));
    }
    Ok(commands)
}

/// All pools of a shape, in the profile's order.
fn pools(shape: &Shape) -> Vec<&PoolId> {
    let (Shape::Servers { pools, .. } | Shape::Map { pools, .. }) = shape;
    pools.iter().map(|(pool, _)| pool).collect()
}

fn what(target: &Target) -> String {
    match target {
        Target::Weights(weights) => format!("shift {weights}"),
        Target::Native(native) => {
            let weights: Vec<String> =
                native.0.iter().map(|weight| format!("{} {}", weight.reference, weight.weight)).collect();
            format!("put back {}", weights.join(", "))
        }
    }
}

/// The refusal of a change after which nobody would serve.
fn nobody_serves(what: &str, why: String) -> Refused {
    Refused::new(
        "D4",
        what,
        why,
        "bring servers of that pool out of maintenance or drain first, or shift to another pool",
    )
}

/// How a pool's servers stand that take no part.
fn states<'a>(servers: impl Iterator<Item = &'a Admin>) -> String {
    let all: Vec<&Admin> = servers.collect();
    let count = |admin: Admin| all.iter().filter(|each| ***each == admin).count();
    let parts: Vec<String> =
        [(Admin::Maintenance, "in maintenance"), (Admin::Drain, "set to drain"), (Admin::Backup, "backup")]
            .into_iter()
            .map(|(admin, word)| (count(admin), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
    if parts.is_empty() { "there are none".to_owned() } else { parts.join(", ") }
}

/// The map's reference, for those who look a weight up.
fn entry_reference(entry: &map::Entry<'_>) -> String {
    map_reference(entry.map, entry.key)
}

#[cfg(test)]
mod tests;
