//! Changes of a percentage in a map.

use super::super::ask::rest_reference;
use super::{entry_reference, nobody_serves, states};
use crate::domain::reading::{Admin, ServerReading};
use crate::domain::{NativeSplit, NativeWeight, PoolId, Reading, Refused, Weights};

/// The entry that holds the percentage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The map.
    pub(super) map: &'a str,
    /// The key.
    pub(super) key: &'a str,
    /// The pool that gets the percentage.
    pub(super) percent_of: &'a PoolId,
    /// Both pools and their backends.
    pub(super) pools: &'a [(PoolId, String)],
}

type Change = (NativeSplit, Vec<String>);

/// The nearest percentage for shares.
pub(super) fn for_weights(
    what: &str,
    entry: &Entry<'_>,
    weights: &Weights,
    reading: &Reading,
) -> Result<Change, Refused> {
    let mut notes = Vec::new();
    for (pool, _) in entry.pools.iter().filter(|(pool, _)| weights.of(pool).0 > 0) {
        let own = || reading.servers.iter().filter(|server| server.pool == *pool);
        let ready = |server: &&ServerReading| server.admin == Admin::Ready;
        if !own().any(|server| server.admin == Admin::Ready) {
            let states = states(own().map(|server| &server.admin));
            return Err(nobody_serves(what, format!("no {pool} server can take traffic ({states})")));
        }
        let down = own().filter(ready).filter(|server| !super::super::look::is_live(server)).count();
        if down > 0 {
            notes.push(format!("{down} of {} {pool} servers are down", own().filter(ready).count()));
        }
    }
    // A pool that is asked for always gets something, and one that is not never does.
    let percent = match weights.of(entry.percent_of).0 {
        0 => 0,
        10_000 => 100,
        points => ((points + 50) / 100).clamp(1, 99),
    };
    notes.push(lost());
    Ok((split(entry, percent), notes))
}

/// The percentage of a split that was read before.
pub(super) fn for_native(what: &str, entry: &Entry<'_>, native: &NativeSplit) -> Result<Change, Refused> {
    Ok((split(entry, percent(what, entry, native)?), vec![lost()]))
}

/// The percentage that a split holds.
pub(super) fn percent(what: &str, entry: &Entry<'_>, native: &NativeSplit) -> Result<u32, Refused> {
    let refused = |why: String| Err(Refused::new("", what, why, "put back a split that was read with this profile"));
    let reference = entry_reference(entry);
    let Some(held) = native.0.iter().find(|weight| weight.reference == reference) else {
        return refused(format!("it holds no weight of {reference}"));
    };
    if held.weight > 100 {
        return refused(format!("{reference} cannot hold {}: it is a percentage", held.weight));
    }
    let expected = split(entry, held.weight);
    for weight in &native.0 {
        let fits = expected
            .0
            .iter()
            .any(|each| each.reference == weight.reference && each.weight == weight.weight && each.pool == weight.pool);
        if !fits {
            return refused(format!("{} {} ({}) does not belong to it", weight.reference, weight.weight, weight.pool));
        }
    }
    Ok(held.weight)
}

/// The split that a percentage makes; both of its weights are read back.
fn split(entry: &Entry<'_>, percent: u32) -> NativeSplit {
    let one = |(pool, _): &(PoolId, String)| {
        let holds = pool == entry.percent_of;
        NativeWeight {
            reference: if holds { entry_reference(entry) } else { rest_reference(entry.map, entry.key) },
            pool: pool.clone(),
            weight: if holds { percent } else { 100_u32.saturating_sub(percent) },
            admin: Admin::Ready,
        }
    };
    NativeSplit(entry.pools.iter().map(one).collect())
}

fn lost() -> String {
    "the map's file is not written: a reload or restart brings back what it says".to_owned()
}
