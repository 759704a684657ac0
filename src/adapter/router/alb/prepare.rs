//! From a target and a reading to weights of target groups. Pure: nothing is sent.

use super::config::{Config, Place};
use super::weigh::{self, MOST};
use crate::domain::reading::{Admin, Health, NativeWeight};
use crate::domain::{BasisPoints, NativeSplit, PoolId, Prepared, Reading, Refused, Target, Weights};

/// The least share above zero: a weight of 1 beside one of 999.
const LEAST: BasisPoints = BasisPoints(10);

/// Prepares a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let (native, mut notes) = match target {
        Target::Weights(weights) => for_weights(config, weights, reading)?,
        Target::Native(split) => for_native(config, split)?,
    };
    let shares = native.shares(config.pools.iter().map(|(pool, _)| pool));
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.insert(0, format!("asked {weights}, the nearest that weights from 0 to {MOST} give is {shares}"));
    }
    if let Some(reading) = reading {
        notes.extend(cautions(&native, reading));
    }
    Ok(Prepared { requests: vec![request(config, &native)], native, shares, notes })
}

/// The change as it is sent, in AWS's own words but for the length of names and what stays as it is.
fn request(config: &Config, native: &NativeSplit) -> String {
    let groups: Vec<String> = native
        .0
        .iter()
        .map(|each| format!("{{TargetGroupArn={}, Weight={}}}", full(config, &each.reference), each.weight))
        .collect();
    let (action, name, actions) = match &config.place {
        Place::Rule(_) => ("ModifyRule", "RuleArn", "Actions"),
        Place::Listener(_) => ("ModifyListener", "ListenerArn", "DefaultActions"),
    };
    format!(
        "POST {}/ Action={action} {name}={} {actions}=[{{Type=forward, ForwardConfig={{TargetGroups=[{}]}}}}] \
         (stickiness, other groups and other actions go back as they are read directly before)",
        config.endpoint,
        config.place.arn(),
        groups.join(", ")
    )
}

fn full<'a>(config: &'a Config, reference: &'a str) -> &'a str {
    config.group(reference).map_or(reference, |(_, group)| group.as_str())
}

type Change = (NativeSplit, Vec<String>);

fn for_weights(config: &Config, weights: &Weights, reading: Option<&Reading>) -> Result<Change, Refused> {
    let refused = |rule: &str, why: String, advice: String| Refused::new(rule, format!("shift {weights}"), why, advice);
    if let Some((stranger, _)) = weights.iter().find(|(pool, _)| !config.pools.iter().any(|(known, _)| known == *pool))
    {
        let why = format!("this router has no pool `{stranger}`");
        return Err(refused("", why, "name its target group under `pools` of this router in the profile".to_owned()));
    }
    let Some(reading) = reading else {
        let why = "the router has not been read, so it is not known which target groups it forwards to".to_owned();
        return Err(refused("", why, "wait until it answers, or put back a split that was read before".to_owned()));
    };
    let mut notes = Vec::new();
    let mut points = Vec::new();
    for (pool, group) in &config.pools {
        let share = weights.of(pool);
        points.push(share);
        let is_in = reading.native.0.iter().any(|each| each.reference == group.group());
        if share > BasisPoints::ZERO && share < LEAST {
            let why = format!("{pool} {share} is less than weights from 0 to {MOST} can give");
            return Err(refused("", why, format!("the nearest is 0 or {LEAST}: choose one of them")));
        }
        if share > BasisPoints::ZERO {
            destination(pool, group.group(), is_in, reading).map_err(|(why, advice)| refused("D4", why, advice))?;
        } else if !is_in {
            notes.push(format!(
                "{} goes in with weight 0: from then on the load balancer checks its targets, and when they are healthy {pool} \
                 can have a share",
                group.group()
            ));
        }
    }
    let found = weigh::weights(&points);
    let native = config.pools.iter().zip(found).map(|((pool, group), weight)| NativeWeight {
        reference: group.group().to_owned(),
        pool: pool.clone(),
        weight,
        admin: Admin::Ready,
    });
    Ok((NativeSplit(native.collect()), notes))
}

/// Whether a pool can have a share at all.
fn destination(pool: &PoolId, group: &str, is_in: bool, reading: &Reading) -> Result<(), (String, String)> {
    let servers = || reading.servers.iter().filter(|server| server.pool == *pool);
    if servers().next().is_none() {
        let why = format!("{pool}'s target group {group} has no targets, so its share would be answered with 503");
        return Err((why, "register its servers with the target group first".to_owned()));
    }
    if servers().all(|server| server.admin == Admin::Drain) {
        let why = format!("all targets of {pool}'s target group {group} are being deregistered");
        return Err((why, "register servers with the target group first".to_owned()));
    }
    if !is_in && servers().any(|server| server.health == Health::Unchecked) {
        let why =
            format!("{pool}'s target group {group} is in no rule, so nobody knows whether its targets are healthy");
        let advice = format!("shift {pool} to 0 first: it goes in with weight 0, and its targets are checked");
        return Err((why, advice));
    }
    Ok(())
}

fn for_native(config: &Config, split: &NativeSplit) -> Result<Change, Refused> {
    let refused = |why: String| {
        let advice = "put back a split that was read with this profile, or choose weights";
        Refused::new("", "put back a split as it was read", why, advice)
    };
    for each in &split.0 {
        if config.group(&each.reference).is_none_or(|(pool, _)| *pool != each.pool) {
            return Err(refused(format!(
                "{} is not the target group of {} in this profile",
                each.reference, each.pool
            )));
        }
        if each.weight > MOST {
            return Err(refused(format!(
                "{} had weight {}, and weights go from 0 to {MOST}",
                each.reference, each.weight
            )));
        }
    }
    if split.0.iter().all(|each| each.weight == 0) {
        return Err(refused("no pool would get traffic any more".to_owned()));
    }
    let mut notes = Vec::new();
    let native = config.pools.iter().map(|(pool, group)| {
        let was = split.0.iter().find(|each| each.reference == group.group());
        if was.is_none() {
            notes.push(format!(
                "{} was not in it: it stays in with weight 0, so that its targets are checked",
                group.group()
            ));
        }
        NativeWeight {
            reference: group.group().to_owned(),
            pool: pool.clone(),
            weight: was.map_or(0, |was| was.weight),
            admin: Admin::Ready,
        }
    });
    let native = NativeSplit(native.collect());
    Ok((native, notes))
}

/// What an operator must know of the pools that the weights go to.
fn cautions(native: &NativeSplit, reading: &Reading) -> Vec<String> {
    let mut notes = Vec::new();
    for each in native.0.iter().filter(|each| each.weight > 0) {
        let totals = reading.totals(&each.pool);
        if totals.up == 0 {
            notes.push(format!(
                "no {} target is healthy: the load balancer then sends its share to all of them all the same",
                each.pool
            ));
        } else if totals.up < totals.servers {
            notes.push(format!("{}: {} of {} targets are healthy", each.pool, totals.up, totals.servers));
        }
    }
    let sticky = |warning: &&String| warning.contains(super::STICKY);
    notes.extend(reading.warnings.iter().find(sticky).cloned());
    notes
}
