//! Works out a switch: pure, nothing is sent here.

use serde_json::{Map, Value, json};

use super::look::reference;
use super::{Config, Labels};
use crate::adapter::router::kubernetes::object::{Object, Patch, guard_note};
use crate::domain::reading::Admin;
use crate::domain::{BasisPoints, NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target};

/// Prepares a switch.
pub(super) fn prepare(
    config: &Config,
    object: &Object,
    target: &Target,
    reading: Option<&Reading>,
) -> Result<Prepared, Refused> {
    let mut notes = Vec::new();
    let native = match target {
        Target::Native(native) => native.clone(),
        Target::Weights(weights) => {
            let what = format!("shift {weights}");
            let refused = |why: String, advice: &str| Err(Refused::new("", what.clone(), why, advice));
            let known = |pool: &PoolId| config.pools.iter().any(|(each, _)| each == pool);
            if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
                return refused(
                    format!("this router has no pool {pool}"),
                    "correct the pools in the router's mapping, or shift a pool that it has",
                );
            }
            let Some((chosen, _)) = weights.iter().find(|(_, points)| *points == BasisPoints::ALL) else {
                return refused(
                    "a selector sends everything to one pool, and shares are none that it could hold".to_owned(),
                    "give one pool 100 %",
                );
            };
            let Some(reading) = reading else {
                return refused(
                    "this router has not been read, so that its pods are not known".to_owned(),
                    "wait until it answers, or put back what was read before",
                );
            };
            let may_not = object.may_not(&config.place.namespace);
            if reading.warnings.contains(&may_not) {
                return refused(may_not, "have the cluster's administrator grant the verb `patch` on it");
            }
            let totals = reading.totals(chosen);
            if totals.up == 0 {
                let why = format!("no pod of {chosen} is ready, of {}", totals.servers);
                return Err(Refused::new("D4", what, why, "bring its pods up first, with every label of the selector"));
            }
            if totals.up < totals.servers {
                notes.push(format!("{} of {} pods of {chosen} are ready", totals.up, totals.servers));
            }
            split(config, chosen)
        }
    };
    let patch = patch(config, &native)?;
    notes.push("connections that are open stay on the pods that they are on".to_owned());
    notes.push(guard_note());
    Ok(Prepared {
        requests: vec![object.shown(&config.place.namespace, &patch)],
        shares: native.shares(config.pools.iter().map(|(pool, _)| pool)),
        native,
        notes,
    })
}

fn split(config: &Config, chosen: &PoolId) -> NativeSplit {
    let each = config.pools.iter().map(|(pool, labels)| NativeWeight {
        reference: reference(labels),
        pool: pool.clone(),
        weight: if pool == chosen { 100 } else { 0 },
        admin: Admin::Ready,
    });
    NativeSplit(each.collect())
}

/// The patch that makes a split so.
pub(super) fn patch(config: &Config, native: &NativeSplit) -> Result<Patch, Refused> {
    let chosen = config.pools.iter().find(|(pool, _)| *native == split(config, pool));
    let Some((_, Labels(labels))) = chosen else {
        let held: Vec<String> =
            native.0.iter().map(|weight| format!("{} {}", weight.reference, weight.weight)).collect();
        let why = "it is none of the two or more selectors that the profile names";
        let advice = "put back a split that was read with this profile";
        return Err(Refused::new("", format!("put back {}", held.join(", ")), why, advice));
    };
    let labels: Map<String, Value> = labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    Ok(Patch::Merge(json!({ "spec": { "selector": labels } })))
}
