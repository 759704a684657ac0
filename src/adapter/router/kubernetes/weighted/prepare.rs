//! Works out a change: pure, nothing is sent here.
//!
//! Invariants: every weight is written, those of other destinations never; no change leaves nothing to anybody.

use serde_json::{Value, json};

use super::config::{Config, Sort};
use crate::adapter::router::kubernetes::object::{Object, Patch, guard_note};
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target, Weights};
use crate::setting::Which;

/// The greatest weight that the Gateway API takes; the others take it too.
const MOST: u32 = 1_000_000;

/// Prepares a change.
pub(super) fn prepare(
    config: &Config,
    object: &Object,
    target: &Target,
    reading: Option<&Reading>,
) -> Result<Prepared, Refused> {
    let mut notes = Vec::new();
    let native = match target {
        Target::Weights(weights) => for_weights(config, object, weights, reading, &mut notes)?,
        Target::Native(native) => for_native(native, reading)?,
    };
    let patch = patch(config, &native)?;
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.insert(0, format!("asked {weights}, the nearest in whole percent is {shares}"));
    }
    if config.sort == Sort::TraefikService && native.0.iter().any(|weight| weight.weight == 0) {
        notes.push("at weight 0 clients with a sticky cookie are moved as well".to_owned());
    }
    notes.push(guard_note());
    Ok(Prepared { requests: vec![object.shown(&config.place.namespace, &patch)], native, shares, notes })
}

fn for_weights(
    config: &Config,
    object: &Object,
    weights: &Weights,
    reading: Option<&Reading>,
    notes: &mut Vec<String>,
) -> Result<NativeSplit, Refused> {
    let what = format!("shift {weights}");
    let is_ours = |pool: &PoolId| config.pools.iter().any(|(each, _)| each == pool);
    if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !is_ours(pool)) {
        let advice = "correct the pools in the router's mapping, or shift a pool that it has";
        return Err(Refused::new("", what, format!("this router has no pool {pool}"), advice));
    }
    let Some(reading) = reading else {
        let advice = "wait until it answers, or put back a split that was read before";
        return Err(Refused::new(
            "",
            what,
            "this router has not been read, so the places of its weights are not known",
            advice,
        ));
    };
    let may_not = object.may_not(&config.place.namespace);
    if reading.warnings.contains(&may_not) {
        return Err(Refused::new("", what, may_not, "have the cluster's administrator grant the verb `patch` on it"));
    }
    let asked: Vec<&PoolId> = weights.iter().filter(|(_, points)| points.0 > 0).map(|(pool, _)| pool).collect();
    let without: Vec<&PoolId> = asked.iter().copied().filter(|pool| reading.totals(pool).up == 0).collect();
    if without.len() == asked.len() {
        let why = format!("no ready server stands behind {}", names(&without));
        return Err(Refused::new("D4", what, why, "bring its pods up first, or shift to another pool"));
    }
    for pool in without {
        notes.push(format!("{pool} has no ready server: its share is answered with errors"));
    }
    let whole = parts(config, weights);
    let native = reading.native.0.iter().map(|held| {
        let part = whole.iter().find(|(pool, _)| **pool == held.pool).map_or(0, |(_, part)| *part);
        NativeWeight { weight: part, ..held.clone() }
    });
    Ok(NativeSplit(native.collect()))
}

/// Every pool's weight: percent where that says it all, else hundredths of a percent where such a sum is taken.
fn parts<'a>(config: &Config, weights: &'a Weights) -> Vec<(&'a PoolId, u32)> {
    let is_whole = weights.iter().all(|(_, points)| points.0 % 100 == 0);
    if config.sort != Sort::VirtualService && !is_whole {
        return weights.iter().map(|(pool, points)| (pool, points.0)).collect();
    }
    // A pool that is asked for always gets something, and the greatest ones make up for it.
    let mut parts: Vec<(&PoolId, u32)> = weights
        .iter()
        .map(|(pool, points)| (pool, if points.0 == 0 { 0 } else { ((points.0 + 50) / 100).max(1) }))
        .collect();
    loop {
        let sum: u32 = parts.iter().map(|(_, part)| part).sum();
        let Some(greatest) = parts.iter_mut().max_by_key(|(_, part)| *part) else { return parts };
        match sum {
            100 => return parts,
            less if less < 100 => greatest.1 += 1,
            _ => greatest.1 -= 1,
        }
    }
}

fn for_native(native: &NativeSplit, reading: Option<&Reading>) -> Result<NativeSplit, Refused> {
    // Where the destinations now stand in another order, what is meant is found by its name.
    let moved = |weight: &NativeWeight| {
        let name = name(&weight.reference);
        let here = reading?.native.0.iter().find(|each| self::name(&each.reference) == name)?;
        Some(NativeWeight { reference: here.reference.clone(), ..weight.clone() })
    };
    let native = NativeSplit(native.0.iter().map(|weight| moved(weight).unwrap_or_else(|| weight.clone())).collect());
    if native.0.iter().all(|weight| weight.weight == 0) {
        let advice = "put back a split in which a pool has weight";
        return Err(Refused::new("D4", what(&native), "nobody would get any traffic", advice));
    }
    Ok(native)
}

/// The patch that makes a split so. It needs no reading: a reference holds the place and what must stand there.
pub(super) fn patch(config: &Config, native: &NativeSplit) -> Result<Patch, Refused> {
    let refused = |why: String| {
        Refused::new("", what(native), why, "put back a split that was read with this profile, or read the router anew")
    };
    let mut operations: Vec<Value> = Vec::new();
    let mut list: Option<&str> = None;
    for (pool, name) in &config.pools {
        let mut own = native.0.iter().filter(|weight| weight.pool == *pool);
        let (Some(weight), None) = (own.next(), own.next()) else {
            return Err(refused(format!("it does not hold one weight for {pool}")));
        };
        let place = weight.reference.strip_suffix(name).and_then(|place| place.strip_suffix(' '));
        let pointer = place.and_then(|place| config.sort.pointer(place));
        let (Some(place), Some(pointer)) = (place, pointer) else {
            return Err(refused(format!("{} is no place of {name} ({pool})", weight.reference)));
        };
        let of = place.rsplit_once('[').map_or(place, |(list, _)| list);
        if *list.get_or_insert(of) != of {
            return Err(refused(format!("{} stands in another list than the others", weight.reference)));
        }
        if weight.weight > MOST || weight.admin != Admin::Ready {
            return Err(refused(format!("{} cannot hold {}", weight.reference, weight.weight)));
        }
        if let (Some(Which::Named(rule)), true) = (&config.rule, operations.is_empty())
            && let Some((rule_at, _)) = pointer.rsplit_once('/').and_then(|(list, _)| list.rsplit_once('/'))
        {
            operations.push(json!({ "op": "test", "path": format!("{rule_at}/name"), "value": rule }));
        }
        operations.extend(config.sort.tests(&pointer, name));
        // Added and not replaced: a weight that is not written is none that could be replaced.
        operations.push(json!({ "op": "add", "path": format!("{pointer}/weight"), "value": weight.weight }));
    }
    if native.0.len() != config.pools.len() {
        return Err(refused("it holds weights of other pools".to_owned()));
    }
    Ok(Patch::Json(operations))
}

fn what(native: &NativeSplit) -> String {
    let weights: Vec<String> =
        native.0.iter().map(|weight| format!("{} {}", name(&weight.reference), weight.weight)).collect();
    format!("put back {}", weights.join(", "))
}

/// The destination's name in a reference.
fn name(reference: &str) -> &str {
    reference.split_once(' ').map_or(reference, |(_, name)| name)
}

fn names(pools: &[&PoolId]) -> String {
    pools.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
