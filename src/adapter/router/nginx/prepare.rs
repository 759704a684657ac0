//! Works out the file for a target.

use super::look;
use super::run::shown;
use super::text::{self, WHEN, reference};
use super::{Config, Reload, Shape};
use crate::domain::reading::Admin;
use crate::domain::{NativeSplit, NativeWeight, PoolId, Prepared, Reading, Refused, Target, Weights};

/// Weights beyond this gain nothing, and nginx adds them up.
const HIGHEST: u64 = 1_000_000;

/// All shares together.
const WHOLE: u32 = 10_000;

/// Works out a change.
pub(super) fn prepare(config: &Config, target: &Target, reading: Option<&Reading>) -> Result<Prepared, Refused> {
    let pools = pools(&config.shape);
    let (native, mut notes) = match target {
        Target::Weights(weights) => {
            let what = format!("shift {weights}");
            if let Some((pool, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !pools.contains(pool)) {
                let advice = "correct the pools of the router in the profile, or shift a pool that it has";
                return Err(Refused::new("", what, format!("this router has no pool {pool}"), advice));
            }
            let Some(reading) = reading else {
                let advice = "wait until it answers, or put back a split that was read before";
                return Err(Refused::new("", what, "this router has not been read", advice));
            };
            if let Some((why, advice)) = look::obstacle(reading) {
                return Err(Refused::new("", what, why, advice));
            }
            (for_weights(&config.shape, weights), Vec::new())
        }
        Target::Native(native) => {
            fits(config, native)?;
            (native.clone(), Vec::new())
        }
    };
    let shares = native.shares(pools);
    if let Target::Weights(weights) = target
        && !shares.are_exactly(weights)
    {
        notes.push(format!("asked {weights}, the nearest that its weights can give is {shares}"));
    }
    if config.status.is_none() {
        notes.push(
            "the profile names no `status`: nobody can tell afterwards whether workers have the new weights".to_owned(),
        );
    }
    Ok(Prepared { requests: requests(config, &native), native, shares, notes })
}

/// Whether a split can be written to the letter.
pub(super) fn fits(config: &Config, native: &NativeSplit) -> Result<(), Refused> {
    let what = "put back weights";
    let advice = "read the router again and propose anew";
    let known: Vec<String> =
        text::places(&config.shape).iter().map(|(_, place)| reference(&config.shape, place)).collect();
    if let Some(strange) = native.0.iter().find(|each| !known.contains(&each.reference)) {
        return Err(Refused::new("", what, format!("this router has no {}", strange.reference), advice));
    }
    if let Some(missing) = known.iter().find(|known| !native.0.iter().any(|each| each.reference == **known)) {
        // The file is written whole: what is not told would be lost.
        return Err(Refused::new("", what, format!("nothing is said of {missing}"), advice));
    }
    let sum: u64 = native.0.iter().map(|each| u64::from(each.weight)).sum();
    if sum == 0 {
        let advice = "give one pool something";
        return Err(Refused::new("D4", what, "nobody would have any weight, and nginx would answer 502", advice));
    }
    if matches!(config.shape, Shape::Split { .. }) && sum != u64::from(WHOLE) {
        return Err(Refused::new("", what, "its percentages do not add up to 100", advice));
    }
    Ok(())
}

/// All pools, in the profile's order.
fn pools(shape: &Shape) -> Vec<&PoolId> {
    match shape {
        Shape::Split { pools, .. } => pools.iter().map(|(pool, _)| pool).collect(),
        Shape::Upstream { pools, .. } => pools.iter().map(|(pool, _)| pool).collect(),
    }
}

fn for_weights(shape: &Shape, weights: &Weights) -> NativeSplit {
    let one = |pool: &PoolId, place: &str, weight: u32| NativeWeight {
        reference: reference(shape, place),
        pool: pool.clone(),
        weight,
        admin: Admin::Ready,
    };
    match shape {
        Shape::Split { pools, .. } => {
            NativeSplit(pools.iter().map(|(pool, value)| one(pool, value, weights.of(pool).0)).collect())
        }
        Shape::Upstream { pools, .. } => {
            let each = per_server(
                &pools.iter().map(|(pool, servers)| (weights.of(pool).0, servers.len())).collect::<Vec<_>>(),
            );
            let all = pools
                .iter()
                .zip(each)
                .flat_map(|((pool, servers), weight)| servers.iter().map(move |server| (pool, server, weight)));
            NativeSplit(all.map(|(pool, server, weight)| one(pool, server, weight)).collect())
        }
    }
}

/// The weight of each server of pools with these shares and numbers of servers: exact wherever numbers stay small enough,
/// and like percentages where they can.
fn per_server(pools: &[(u32, usize)]) -> Vec<u32> {
    let count = |servers: usize| u64::try_from(servers.max(1)).unwrap_or(u64::MAX);
    let common = pools.iter().try_fold(1_u64, |common, (_, servers)| {
        let servers = count(*servers);
        (common / gcd(common, servers)).checked_mul(servers).filter(|common| common * u64::from(WHOLE) <= HIGHEST * 100)
    });
    let mut weights: Vec<u64> = match common {
        Some(common) => pools.iter().map(|(points, servers)| u64::from(*points) * common / count(*servers)).collect(),
        None => pools
            .iter()
            .map(|(points, servers)| match u64::from(*points) * 1_000 / count(*servers) {
                0 if *points > 0 => 1,
                weight => weight,
            })
            .collect(),
    };
    for factor in [100, 10, 2, 5] {
        if weights.iter().all(|weight| weight % factor == 0) {
            for weight in &mut weights {
                *weight /= factor;
            }
            if factor == 100 {
                break;
            }
        }
    }
    weights.into_iter().map(|weight| u32::try_from(weight).unwrap_or(u32::MAX)).collect()
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// What is done, in order.
fn requests(config: &Config, native: &NativeSplit) -> Vec<String> {
    let file = config.file.display();
    let text = text::render(config, native, WHEN);
    // The first line is a remark for people who open the file.
    let written = text.lines().skip(1).map(|line| format!("write {file}: {line}"));
    let reload = match (&config.reload, &config.pid_file) {
        (Reload::Command(words), _) => format!("run {}", shown(words)),
        (Reload::Signal, file) => {
            let file = file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            format!("send SIGHUP to the process in {file}")
        }
    };
    let asked = config.status.as_ref().map(|status| format!("ask {status} until all workers have it"));
    written.chain([format!("run {}", shown(&config.test)), reload]).chain(asked).collect()
}

#[cfg(test)]
mod tests {
    use super::per_server;

    #[test]
    fn weights_are_exact_and_read_like_percentages_where_they_can() {
        assert_eq!(per_server(&[(7_000, 2), (3_000, 2)]), [70, 30]);
        assert_eq!(per_server(&[(7_000, 2), (3_000, 3)]), [210, 60]);
        assert_eq!(per_server(&[(10_000, 2), (0, 3)]), [300, 0]);
        assert_eq!(per_server(&[(8_766, 1), (1_234, 1)]), [4_383, 617]);
        for (blue, green) in [(1, 1), (2, 3), (7, 11), (13, 17)] {
            for points in [0_u32, 1, 1_234, 5_000, 9_999, 10_000] {
                let found = per_server(&[(10_000 - points, blue), (points, green)]);
                let sums = [u64::from(found[0]) * blue as u64, u64::from(found[1]) * green as u64];
                assert_eq!(sums[1] * 10_000, u64::from(points) * (sums[0] + sums[1]), "{points} on {blue} and {green}");
            }
        }
        let odd: Vec<(u32, usize)> = [97, 89, 83, 79, 73].iter().map(|servers| (2_000, *servers)).collect();
        assert!(per_server(&odd).iter().all(|weight| (1..=1_000_000).contains(weight)));
    }
}
