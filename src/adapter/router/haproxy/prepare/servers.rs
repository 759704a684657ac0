//! Changes of weights per server.

use super::super::Shape;
use super::super::look::{is_live, pool_of};
use super::super::round::{self, HIGHEST, Wanted};
use super::super::warn;
use super::{nobody_serves, states};
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Refused, Weights};

type Change = (NativeSplit, Vec<String>);

/// Native weights for shares.
pub(super) fn for_weights(
    what: &str,
    backend: &str,
    pools: &[(PoolId, String)],
    weights: &Weights,
    reading: &Reading,
) -> Result<Change, Refused> {
    if reading.warnings.contains(&warn::static_algorithm(backend)) {
        return Err(Refused::new(
            "",
            what,
            warn::static_algorithm(backend),
            "write `balance roundrobin` into the backend and reload HAProxy",
        ));
    }
    if let Some(low) = warn::too_low(reading) {
        return Err(Refused::new("", what, low, warn::RAISE_THE_LEVEL));
    }
    let ready = |pool: &PoolId| own(reading, pool).filter(|weight| weight.admin == Admin::Ready).count();
    let wanted: Vec<Wanted> = pools
        .iter()
        .map(|(pool, _)| Wanted { points: weights.of(pool).0, servers: u32::try_from(ready(pool)).unwrap_or(u32::MAX) })
        .collect();
    for ((pool, _), wanted) in pools.iter().zip(&wanted) {
        if wanted.points > 0 && wanted.servers == 0 {
            let states = states(own(reading, pool).map(|weight| &weight.admin));
            return Err(nobody_serves(what, format!("no {pool} server can take traffic ({states})")));
        }
    }
    let Some(found) = round::weights(&wanted) else {
        return Err(nobody_serves(what, "no server would take traffic".to_owned()));
    };
    let mut notes = Vec::new();
    let mut native = Vec::new();
    for (((pool, _), each), wanted) in pools.iter().zip(&found).zip(&wanted) {
        let mut each = each.iter().copied();
        // A drained server gets what its pool's others get, so that it has its part when somebody ends the drain.
        let level = each.clone().max().unwrap_or(0);
        for weight in own(reading, pool) {
            let share = match weight.admin {
                Admin::Ready => each.next().unwrap_or(0),
                Admin::Drain => level,
                Admin::Maintenance | Admin::Backup => continue,
            };
            if wanted.points > 0 && share == 0 {
                notes.push(format!("{} gets nothing: weights are too coarse for a share that small", weight.reference));
            }
            native.push(NativeWeight { weight: share, ..weight.clone() });
        }
    }
    notes.extend(standing_notes(&native, reading, backend));
    Ok((NativeSplit(raising_first(native, Some(reading))), notes))
}

/// The servers of one pool.
fn own<'a>(reading: &'a Reading, pool: &'a PoolId) -> impl Iterator<Item = &'a NativeWeight> {
    reading.native.0.iter().filter(move |weight| weight.pool == *pool)
}

/// Native weights to the letter.
pub(super) fn for_native(
    what: &str,
    shape: &Shape,
    native: &NativeSplit,
    reading: Option<&Reading>,
) -> Result<Change, Refused> {
    refuse_strangers(what, shape, native)?;
    let Shape::Servers { backend, .. } = shape else { return Ok((native.clone(), Vec::new())) };
    let mut notes = Vec::new();
    let mut written = Vec::new();
    for weight in &native.0 {
        let now = reading.map(|reading| reading.native.0.iter().find(|now| now.reference == weight.reference));
        match now {
            Some(None) => notes.push(format!("{} is gone from the router and is not written", weight.reference)),
            Some(Some(now)) => written.push(NativeWeight { admin: now.admin, ..weight.clone() }),
            None => written.push(weight.clone()),
        }
    }
    written.retain(|weight| {
        let left_alone = matches!(weight.admin, Admin::Maintenance | Admin::Backup);
        // With a reading the note about servers left alone is made from it.
        if left_alone && reading.is_none() {
            notes.push(format!("{} was in maintenance or a backup and is left alone", weight.reference));
        }
        !left_alone
    });
    if let Some(reading) = reading {
        let new = reading.native.0.iter().filter(|now| {
            matches!(now.admin, Admin::Ready | Admin::Drain)
                && !native.0.iter().any(|weight| weight.reference == now.reference)
        });
        notes.extend(
            new.map(|now| format!("{} is not part of it and keeps its weight of {}", now.reference, now.weight)),
        );
        notes.extend(standing_notes(&written, reading, backend));
    }
    if !written.iter().any(|weight| weight.weight > 0 && weight.admin == Admin::Ready) {
        return Err(nobody_serves(what, "no server with weight would take traffic".to_owned()));
    }
    Ok((NativeSplit(raising_first(written, reading)), notes))
}

/// Refuses weights of servers that the mapping does not know, and weights out of range.
pub(super) fn refuse_strangers(what: &str, shape: &Shape, native: &NativeSplit) -> Result<(), Refused> {
    let Shape::Servers { backend, pools, .. } = shape else { return Ok(()) };
    for weight in &native.0 {
        let server = weight.reference.strip_prefix(backend.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let is_known = server.is_some_and(|server| {
            // HAProxy's own names have none of these, so nothing else can be meant.
            !server.contains(|c: char| c.is_control() || matches!(c, ' ' | ';' | '/' | '\\'))
                && pool_of(pools, server) == Some(&weight.pool)
        });
        if !is_known {
            return Err(Refused::new(
                "",
                what,
                format!("{} is no {} server of this router's mapping", weight.reference, weight.pool),
                "put back a split that was read with this profile",
            ));
        }
        if weight.weight > HIGHEST {
            return Err(Refused::new(
                "",
                what,
                format!("{} cannot have weight {}", weight.reference, weight.weight),
                "weights go from 0 to 256",
            ));
        }
    }
    Ok(())
}

/// Weights that rise, then those that stay, then those that fall, and among each of them the pool that grows before the others:
/// at no moment do all pools have nothing, and what is left of a line that is carried out in part is near to before or after.
fn raising_first(mut native: Vec<NativeWeight>, reading: Option<&Reading>) -> Vec<NativeWeight> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let after = NativeSplit(native.clone());
    let fraction = |split: &NativeSplit, pool: &PoolId, all: &[PoolId]| split.shares(all).of(pool).fraction();
    let mut pools: Vec<PoolId> = Vec::new();
    for weight in reading.map_or(&after.0, |reading| &reading.native.0) {
        if !pools.contains(&weight.pool) {
            pools.push(weight.pool.clone());
        }
    }
    let grows =
        |pool: &PoolId| reading.is_some_and(|now| fraction(&after, pool, &pools) > fraction(&now.native, pool, &pools));
    let growing: Vec<PoolId> = pools.iter().filter(|pool| grows(pool)).cloned().collect();
    native.sort_by_key(|weight| {
        let now = reading.and_then(|reading| reading.native.0.iter().find(|now| now.reference == weight.reference));
        let turn = match now.map(|now| weight.weight.cmp(&now.weight)) {
            Some(Greater) => 0,
            Some(Equal) => 1,
            Some(Less) => 2,
            // Not read: whatever keeps something comes first, the highest before the others.
            None => HIGHEST.saturating_sub(weight.weight),
        };
        (turn, !growing.contains(&weight.pool))
    });
    native
}

/// What stands in the way of the shares that a change asks for.
fn standing_notes(written: &[NativeWeight], reading: &Reading, backend: &str) -> Vec<String> {
    let mut notes = Vec::new();
    for now in &reading.native.0 {
        let name = &now.reference;
        match now.admin {
            Admin::Maintenance => notes.push(format!("{name} is in maintenance and is left alone")),
            Admin::Backup => notes.push(format!("{name} is a backup and is left alone")),
            Admin::Drain if written.iter().any(|weight| weight.reference == *name && weight.weight > 0) => {
                notes.push(format!(
                    "{name} is set to drain: a weight does not end that; `set server {name} state ready` on HAProxy does"
                ));
            }
            Admin::Drain | Admin::Ready => {}
        }
    }
    let mut told: Vec<&PoolId> = Vec::new();
    for weight in written.iter().filter(|weight| weight.weight > 0) {
        let own = || reading.servers.iter().filter(|server| server.pool == weight.pool && server.admin == Admin::Ready);
        let (all, live) = (own().count(), own().filter(|server| is_live(server)).count());
        if live < all && !told.contains(&&weight.pool) {
            told.push(&weight.pool);
            notes.push(format!("{} of {all} {} servers are down", all - live, weight.pool));
        }
    }
    notes.extend(
        reading
            .warnings
            .iter()
            .filter(|warning| {
                let doubtful = format!("{backend} uses `balance ");
                warning.starts_with(&doubtful) || warn::too_low(reading) == Some(warning.as_str())
            })
            .cloned(),
    );
    notes
}
