//! Works out a change: pure, nothing is sent here.

use super::config::Config;
use super::look::UNWRITABLE;
use super::memory::Memory;
use super::plan::Plan;
use crate::domain::reading::Admin;
use crate::domain::weights::apportion;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target, Weights};

/// Prepares a change.
pub(super) fn prepare(
    config: &Config,
    memory: &Memory,
    target: &Target,
    reading: Option<&Reading>,
) -> Result<Prepared, Refused> {
    let pools = || config.pools.iter().map(|(pool, _)| pool);
    let (native, plan, mut notes) = match target {
        Target::Weights(weights) => for_weights(config, weights, reading)?,
        Target::Native(native) => for_native(config, memory, native)?,
    };
    if let Some(underway) = reading.and_then(|reading| reading.underway.as_ref()) {
        notes.push(match target {
            Target::Weights(_) => format!("{} is not over: this change is not sent while it goes on", underway.what),
            Target::Native(_) => format!(
                "{} is not over: cancelled first if flightdeck started it, else waited for by Octopus",
                underway.what
            ),
        });
    }
    let shares = native.shares(pools());
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.insert(0, format!("asked {weights}, the nearest that its weights can give is {shares}"));
    }
    let requests = plan.shown(config, memory.names().as_ref(), &native);
    Ok(Prepared { requests, native, shares, notes })
}

type Change = (NativeSplit, Plan, Vec<String>);

fn for_weights(config: &Config, weights: &Weights, reading: Option<&Reading>) -> Result<Change, Refused> {
    let what = || format!("shift {weights}");
    let refused = |why: String, advice: &str| Err(Refused::new("", what(), why, advice));
    let known = |pool: &PoolId| config.pools.iter().any(|(each, _)| each == pool);
    if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
        let advice = "correct the pools in the router's mapping, or shift a pool that it has";
        return refused(format!("this router has no pool {pool}"), advice);
    }
    let Some(reading) = reading else {
        let why = "this router has not been read, so the variables that would be saved are not known".to_owned();
        return refused(why, "wait until it answers, or put back a split that was read before");
    };
    if let Some(warning) = reading.warnings.iter().find(|warning| warning.starts_with(UNWRITABLE)) {
        return refused(warning.clone(), "put it right in Octopus, then read again");
    }
    let Ok(bound) = reading.generation.parse() else {
        let why = "the server did not tell the version of the project's variables".to_owned();
        return refused(why, "read it again");
    };
    let points: Vec<u32> = config.pools.iter().map(|(pool, _)| weights.of(pool).0).collect();
    let parts: Vec<u64> = points.iter().copied().map(u64::from).collect();
    let shared = apportion(config.sum, &parts).unwrap_or_default();
    let lost =
        config.pools.iter().zip(points.iter().zip(&shared)).find(|(_, (points, weight))| **points > 0 && **weight == 0);
    if let Some(((pool, _), (points, _))) = lost {
        let (asked, step) = (f64::from(*points) / 100.0, 100.0 / f64::from(config.sum));
        let why = format!("{pool} cannot have {asked} %: its weight is a whole number of {}", config.sum);
        return refused(why, &format!("ask for 0 or for {step} %, the nearest that it can have"));
    }
    let one = |((pool, name), weight): (&(PoolId, String), &u32)| NativeWeight {
        reference: name.clone(),
        pool: pool.clone(),
        weight: *weight,
        admin: Admin::Ready,
    };
    let native = NativeSplit(config.pools.iter().zip(&shared).map(one).collect());
    let mut notes = vec![
        "Octopus says yes before anything moves: the weights are live when its deployment has succeeded".to_owned(),
        "a release that the lifecycle deploys by itself is not deployed a second time".to_owned(),
    ];
    notes.extend(reading.warnings.iter().filter(|warning| warning.starts_with("saved but not deployed")).cloned());
    Ok((native, Plan::Save { bound: Some(bound) }, notes))
}

fn for_native(config: &Config, memory: &Memory, native: &NativeSplit) -> Result<Change, Refused> {
    let what = || {
        let weights: Vec<String> = native.0.iter().map(|each| format!("{} {}", each.reference, each.weight)).collect();
        format!("put back {}", weights.join(", "))
    };
    let refused = |why: String| Err(Refused::new("", what(), why, "put back a split that was read with this profile"));
    let is_ours =
        |each: &NativeWeight| config.pools.iter().any(|(pool, name)| *pool == each.pool && *name == each.reference);
    if let Some(stranger) = native.0.iter().find(|each| !is_ours(each)) {
        return refused(format!("{} ({}) is no weight of this router", stranger.reference, stranger.pool));
    }
    let has = |name: &String| native.0.iter().filter(|each| each.reference == *name).count() == 1;
    if let Some((pool, name)) = config.pools.iter().find(|(_, name)| !has(name)) {
        return refused(format!("it does not hold one weight for {name} ({pool})"));
    }
    if native.0.iter().all(|each| each.weight == 0) {
        let advice = "put back a split in which some pool has a weight";
        return Err(Refused::new("D4", what(), "nobody would serve any more", advice));
    }
    let cancels =
        "a deployment that flightdeck started and that is not over is cancelled first: POST …/tasks/<id>/cancel";
    let (plan, note) = if let Some(known) = memory.holding(native) {
        let version = known.version;
        let note = format!("release {version} holds these weights; it brings back its other variables and steps too");
        (Plan::Deploy { version }, note)
    } else {
        let note = "no release that was seen holds these weights: they are saved and a new release is made";
        (Plan::Save { bound: None }, note.to_owned())
    };
    Ok((native.clone(), plan, vec![note, cancels.to_owned()]))
}
