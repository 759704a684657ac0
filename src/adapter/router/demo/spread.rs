//! From shares of pools to a whole weight for each server.

use super::{is_named_after, is_ours};
use crate::domain::reading::{Admin, Health, NativeWeight};
use crate::domain::{NativeSplit, PoolId, Reading, Refused, Weights};

/// The highest weight that a server can have.
const MOST: u32 = 256;
/// With so many parts the usual percentages read as they are: 30 becomes 30.
const READABLE: u32 = 100;

/// One pool that is to get a share.
struct Part {
    pool: PoolId,
    points: u64,
    /// Its servers that take part.
    servers: u64,
}

/// The native weights for shares of pools, and what rounding did to them.
///
/// Every server of a pool gets the same weight, so that the pool's servers stay evenly loaded; among all scales from 1 to
/// 256 the one with the smallest error is taken, and among equals the one that reads like percent.
pub(super) fn weights(
    pools: &[(PoolId, String)],
    wanted: &Weights,
    reading: Option<&Reading>,
) -> Result<(NativeSplit, Vec<String>), Refused> {
    let refused = |why: String, advice: &str| Refused::new("", format!("shift {wanted}"), why, advice);
    let Some(reading) = reading else {
        return Err(refused(
            "the router has not been read, so its servers are not known".to_owned(),
            "wait for a reading",
        ));
    };
    if let Some((stranger, _)) = wanted.iter().find(|(pool, _)| !pools.iter().any(|(known, _)| known == *pool)) {
        return Err(refused(
            format!("this router has no pool `{stranger}`"),
            "name the pool under `pools` of this router in the profile",
        ));
    }
    let mut parts = Vec::new();
    for (pool, _) in pools {
        let ready = reading.native.0.iter().filter(|each| each.pool == *pool && each.admin == Admin::Ready);
        let part = Part { pool: pool.clone(), points: u64::from(wanted.of(pool).0), servers: ready.count() as u64 };
        if part.points > 0 && part.servers == 0 {
            return Err(refused(
                format!("{pool} has no server that takes traffic on this router"),
                "take a server out of maintenance, or give its share to another pool",
            ));
        }
        parts.push(part);
    }
    let scales = std::iter::once(READABLE).chain((1..=MOST).rev());
    let best = scales
        .map(|scale| scaled(&parts, scale))
        .min_by(|one, other| error(one, &parts).total_cmp(&error(other, &parts)));
    let best = best.unwrap_or_default();
    let native = NativeSplit(
        reading
            .native
            .0
            .iter()
            .filter(|each| each.admin == Admin::Ready)
            .map(|each| {
                let place = parts.iter().position(|part| part.pool == each.pool);
                let weight = place.and_then(|place| best.get(place)).copied().unwrap_or(0);
                NativeWeight { weight, ..each.clone() }
            })
            .collect(),
    );
    let shares = native.shares(parts.iter().map(|part| &part.pool));
    let mut notes = Vec::new();
    if !shares.are_exactly(wanted) {
        notes.push(format!("rounded to whole weights: the real share is {shares}, asked was {wanted}"));
    }
    Ok((native, notes))
}

/// The weight of each pool's servers when the heaviest weight is `scale`. A share that is asked for is never rounded to
/// nothing.
fn scaled(parts: &[Part], scale: u32) -> Vec<u32> {
    // Per server, in proportion to points / servers. The common denominator keeps this in whole numbers.
    let product: u64 = parts.iter().map(|part| part.servers.max(1)).product();
    let heights: Vec<u64> = parts.iter().map(|part| part.points * (product / part.servers.max(1))).collect();
    // At the readable scale a weight is a percentage where the pools are of equal size; else the heaviest is the scale.
    let heaviest = heights.iter().copied().max().unwrap_or(0);
    let whole: u64 = if scale == READABLE { heights.iter().sum() } else { heaviest };
    let whole = whole.max(1);
    heights
        .iter()
        .map(|height| match height {
            0 => 0,
            height => u32::try_from((height * u64::from(scale) + whole / 2) / whole).unwrap_or(MOST).clamp(1, MOST),
        })
        .collect()
}

/// The sum of all deviations from the shares asked, in basis points.
#[expect(clippy::cast_precision_loss, reason = "weights and basis points are small")]
fn error(weights: &[u32], parts: &[Part]) -> f64 {
    let each = || weights.iter().zip(parts).map(|(weight, part)| (u64::from(*weight) * part.servers, part.points));
    let whole: u64 = each().map(|(weight, _)| weight).sum();
    if whole == 0 {
        return f64::INFINITY;
    }
    each()
        .map(|(weight, points)| {
            // Exact ratios are exactly zero apart, whatever the scale.
            let apart = (weight * 10_000).abs_diff(points * whole);
            apart as f64 / whole as f64
        })
        .sum()
}

/// The native weights of a split as it was read earlier, to the letter; servers that are not ours are left out.
pub(super) fn snapshot(pools: &[(PoolId, String)], split: &NativeSplit) -> Result<(NativeSplit, Vec<String>), Refused> {
    let refused = |why: String| {
        Refused::new("", "go back to a split as it was read", why, "choose weights instead of a snapshot")
    };
    let native = NativeSplit(split.0.iter().filter(|each| is_ours(each.admin)).cloned().collect());
    if let Some(stranger) = native.0.iter().find(|each| !pools.iter().any(|(pool, _)| *pool == each.pool)) {
        return Err(refused(format!(
            "{} is of pool `{}`, which this router does not have",
            stranger.reference, stranger.pool
        )));
    }
    let is_at_home = |each: &NativeWeight| {
        pools.iter().any(|(pool, name)| *pool == each.pool && is_named_after(name, &each.reference))
    };
    if let Some(stranger) = native.0.iter().find(|each| !is_at_home(each)) {
        return Err(refused(format!(
            "`{}` is no server of {} on this router: the split is another router's",
            stranger.reference, stranger.pool
        )));
    }
    if let Some(heavy) = native.0.iter().find(|each| each.weight > MOST) {
        return Err(refused(format!("{} had weight {}, this router holds 0 to {MOST}", heavy.reference, heavy.weight)));
    }
    if native.0.iter().all(|each| each.weight == 0 || each.admin != Admin::Ready) {
        return Err(refused("no server would get traffic any more".to_owned()));
    }
    Ok((native, Vec::new()))
}

/// What an operator must know of the servers that the weights go to.
pub(super) fn cautions(native: &NativeSplit, reading: &Reading) -> Vec<String> {
    let mut pools: Vec<&PoolId> = native.0.iter().filter(|each| each.weight > 0).map(|each| &each.pool).collect();
    pools.dedup();
    let mut notes = Vec::new();
    for pool in pools {
        let totals = reading.totals(pool);
        if totals.up < totals.servers {
            notes.push(format!(
                "{pool}: {} of {} servers up; its share is that much smaller until the others are back",
                totals.up, totals.servers
            ));
        }
    }
    for server in &reading.servers {
        if server.admin == Admin::Drain && native.0.iter().any(|each| each.reference == server.name) {
            notes.push(format!(
                "{} is set to drain on the router: its weight means nothing until it is ready",
                server.name
            ));
        }
    }
    let alive = |each: &&NativeWeight| {
        reading.servers.iter().any(|server| server.name == each.reference && server.health != Health::Down)
    };
    if !native.0.iter().filter(|each| each.weight > 0).any(|each| alive(&each)) {
        notes.push("no server that gets weight is up: nothing would answer".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::BasisPoints;

    fn parts(wanted: &[(u64, u64)]) -> Vec<Part> {
        let part = |(index, (points, servers)): (usize, &(u64, u64))| Part {
            pool: PoolId::new(index.to_string()),
            points: *points,
            servers: *servers,
        };
        wanted.iter().enumerate().map(part).collect()
    }

    fn reading(servers: &[(&str, u32, Admin)]) -> Reading {
        let native = |(index, (pool, weight, admin)): (usize, &(&str, u32, Admin))| NativeWeight {
            reference: format!("{pool}-{index}"),
            pool: PoolId::from(*pool),
            weight: *weight,
            admin: *admin,
        };
        Reading {
            identity: crate::domain::reading::Identity::default(),
            generation: String::new(),
            uptime: None,
            native: NativeSplit(servers.iter().enumerate().map(native).collect()),
            effective: crate::domain::Shares::default(),
            servers: Vec::new(),
            warnings: Vec::new(),
            underway: None,
            skew: None,
        }
    }

    fn pools() -> Vec<(PoolId, String)> {
        ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec()
    }

    fn split(blue: u32) -> Weights {
        let points = BasisPoints(blue);
        Weights::new(vec![("blue".into(), points), ("green".into(), BasisPoints(10_000 - blue))]).expect("it adds up")
    }

    fn given(wanted: &Weights, servers: &[(&str, u32, Admin)]) -> Vec<u32> {
        let (native, _) = weights(&pools(), wanted, Some(&reading(servers))).expect("it can be held");
        native.0.iter().map(|each| each.weight).collect()
    }

    const EVEN: [(&str, u32, Admin); 4] = [
        ("blue", 50, Admin::Ready),
        ("blue", 50, Admin::Ready),
        ("green", 50, Admin::Ready),
        ("green", 50, Admin::Ready),
    ];

    #[test]
    fn whole_percentages_of_equal_pools_read_as_they_are() {
        assert_eq!(given(&split(3_000), &EVEN), [30, 30, 70, 70]);
        assert_eq!(given(&split(0), &EVEN), [0, 0, 100, 100]);
        assert_eq!(given(&split(10_000), &EVEN), [100, 100, 0, 0]);
    }

    #[test]
    fn pools_of_different_size_get_exact_shares_where_the_range_allows() {
        let uneven = &EVEN[1..];
        let (native, notes) = weights(&pools(), &split(5_000), Some(&reading(uneven))).expect("it can be held");
        assert!(native.shares(&[PoolId::from("blue"), PoolId::from("green")]).are_exactly(&split(5_000)));
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn a_small_share_is_rounded_never_lost_and_said() {
        let (native, notes) = weights(&pools(), &split(1), Some(&reading(&EVEN))).expect("it can be held");
        assert_eq!(native.0.iter().map(|each| each.weight).collect::<Vec<_>>(), [1, 1, 256, 256]);
        assert_eq!(notes, ["rounded to whole weights: the real share is 0.4 / 99.6, asked was 0.01 / 99.99"]);
    }

    #[test]
    fn servers_in_maintenance_are_left_alone() {
        let mut servers = EVEN.to_vec();
        servers[1].2 = Admin::Maintenance;
        let (native, _) = weights(&pools(), &split(3_000), Some(&reading(&servers))).expect("it can be held");
        assert!(native.0.iter().all(|each| each.reference != "blue-1"), "{native:?}");
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_its_reason() {
        let none = [("blue", 0, Admin::Maintenance), ("green", 50, Admin::Ready)];
        let refusal = weights(&pools(), &split(3_000), Some(&reading(&none))).expect_err("blue has no server");
        assert_eq!(refusal.why, "blue has no server that takes traffic on this router");
        let zero = reading(&[("blue", 0, Admin::Ready), ("green", 0, Admin::Ready)]).native;
        assert_eq!(snapshot(&pools(), &zero).expect_err("nothing is left").why, "no server would get traffic any more");
        assert!(weights(&pools(), &split(3_000), None).is_err());
    }

    proptest! {
        #[test]
        fn the_real_share_is_near_and_nobody_is_forgotten(blue in 0_u32..=10_000, left in 1_u64..8, right in 1_u64..8) {
            let parts = parts(&[(u64::from(blue), left), (u64::from(10_000 - blue), right)]);
            let best = std::iter::once(READABLE).chain(1..=MOST).map(|scale| scaled(&parts, scale))
                .min_by(|one, other| error(one, &parts).total_cmp(&error(other, &parts))).expect("there are scales");
            for (weight, part) in best.iter().zip(&parts) {
                prop_assert!(*weight <= MOST);
                prop_assert_eq!(*weight == 0, part.points == 0);
            }
            // One weight of 256 on the smaller side against seven servers on the other: 2.7 points at the very edge.
            prop_assert!(error(&best, &parts) / 2.0 <= 275.0, "{:?}", best);
        }
    }
}
