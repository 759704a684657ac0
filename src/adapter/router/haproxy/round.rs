//! Native weights for shares: whole numbers from 0 to 256 per server, as near as they get.
//!
//! The servers of one pool get the same weight as long as the real share stays within [`NEAR`] of the asked one; else weights
//! that differ by one, and where even that is too coarse (one percent of traffic on ten servers beside one), some servers of the
//! pool get nothing. Among equally near weights those win whose sum stays the same from step to step: a pool that grows is then
//! only raised and the others only lowered, and in pools of equal size a weight reads like a percentage.

/// The highest weight that HAProxy takes.
pub(super) const HIGHEST: u32 = 256;

/// Five basis points: unseen in a share that is shown with one decimal.
const NEAR: Error = Error { off: 5, whole: 10_000 };

/// The sum that weights keep to, per server of the largest pool, wherever it costs no nearness.
const STEADY: u32 = 100;

/// More pools than this are rounded one way only, so that the search stays short.
const EXHAUSTIVE: usize = 7;

/// One pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its share in basis points.
    pub(super) points: u32,
    /// Its servers that take part.
    pub(super) servers: u32,
}

/// The largest deviation of a pool's share, as an exact ratio.
#[derive(Debug, Clone, Copy)]
struct Error {
    off: u128,
    whole: u128,
}

impl Error {
    fn of(pools: &[Wanted], sums: &[u32]) -> Self {
        let whole: u128 = sums.iter().map(|sum| u128::from(*sum)).sum();
        let off = pools
            .iter()
            .zip(sums)
            .map(|(pool, sum)| (u128::from(*sum) * 10_000).abs_diff(u128::from(pool.points) * whole));
        Self { off: off.max().unwrap_or(0), whole: whole * 10_000 }
    }

    fn compare(self, other: Self) -> std::cmp::Ordering {
        (self.off * other.whole).cmp(&(other.off * self.whole))
    }
}

/// The weights of each pool's servers. `None` when no pool that is asked for has a server, or one that is asked for has none.
pub(super) fn weights(pools: &[Wanted]) -> Option<Vec<Vec<u32>>> {
    let asked = || pools.iter().filter(|pool| pool.points > 0);
    if asked().next().is_none() || asked().any(|pool| pool.servers == 0) {
        return None;
    }
    let mut best: Option<(Error, Vec<u32>)> = None;
    for grain in [Grain::Equal, Grain::Each, Grain::Some] {
        let found = search(pools, grain);
        best = match (best, found) {
            (Some(one), Some(other)) if other.0.compare(one.0).is_lt() => Some(other),
            (None, found) => found,
            (best, _) => best,
        };
        if best.as_ref().is_some_and(|(error, _)| error.compare(NEAR).is_le()) {
            break;
        }
    }
    let (_, sums) = best?;
    Some(pools.iter().zip(sums).map(|(pool, sum)| spread(sum, pool.servers)).collect())
}

/// In which steps the sum of a pool's weights may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    /// All servers of a pool alike.
    Equal,
    /// Any sum that leaves each server something.
    Each,
    /// Any sum.
    Some,
}

impl Grain {
    fn step(self, pool: Wanted) -> u32 {
        if self == Self::Equal { pool.servers } else { 1 }
    }

    fn least(self, pool: Wanted) -> u32 {
        if self == Self::Some { 1 } else { pool.servers }
    }
}

/// For every sum of every pool: the sums of the others that come nearest to it, rounded either way.
fn search(pools: &[Wanted], grain: Grain) -> Option<(Error, Vec<u32>)> {
    let mut best: Option<(Error, Vec<u32>)> = None;
    let asked = pools.iter().filter(|pool| pool.points > 0).count();
    let steady = pools.iter().map(|pool| pool.servers).max().unwrap_or(0).saturating_mul(STEADY);
    let strays = |sums: &[u32]| sums.iter().sum::<u32>().abs_diff(steady);
    for anchor in pools.iter().filter(|pool| pool.points > 0) {
        let step = grain.step(*anchor);
        let mut sum = grain.least(*anchor);
        while sum <= HIGHEST * anchor.servers {
            let choices: Vec<[u32; 2]> = pools.iter().map(|pool| near(*pool, *anchor, sum, grain)).collect();
            let ways = if asked > EXHAUSTIVE { 1 } else { 1_usize << pools.len() };
            for way in 0..ways {
                // A bit per pool says which way it is rounded; where both ways are the same one of them is enough.
                let repeats =
                    choices.iter().enumerate().any(|(index, [low, high])| way >> index & 1 == 1 && low == high);
                if repeats {
                    continue;
                }
                let sums: Vec<u32> = choices
                    .iter()
                    .enumerate()
                    .map(|(index, [low, high])| if way >> index & 1 == 1 { *high } else { *low })
                    .collect();
                let error = Error::of(pools, &sums);
                let better = best.as_ref().is_none_or(|(least, held)| {
                    error.compare(*least).then_with(|| strays(&sums).cmp(&strays(held))).is_lt()
                });
                if better {
                    best = Some((error, sums));
                }
            }
            sum += step;
        }
    }
    best
}

/// The two sums of `pool` around the one that fits `anchor` having `sum`, within what its servers can hold.
fn near(pool: Wanted, anchor: Wanted, sum: u32, grain: Grain) -> [u32; 2] {
    if pool.points == 0 {
        return [0, 0];
    }
    if pool == anchor {
        return [sum, sum];
    }
    let step = u64::from(grain.step(pool));
    let most = u64::from(HIGHEST) * u64::from(pool.servers);
    let least = u64::from(grain.least(pool));
    let low = u64::from(sum) * u64::from(pool.points) / (u64::from(anchor.points) * step) * step;
    let held = |sum: u64| u32::try_from(sum.clamp(least, most)).unwrap_or(0);
    [held(low), held(low + step)]
}

/// Shares a sum among servers, the first ones getting one more.
fn spread(sum: u32, servers: u32) -> Vec<u32> {
    let (each, more) = (sum.checked_div(servers).unwrap_or(0), sum.checked_rem(servers).unwrap_or(0));
    (0..servers).map(|index| each + u32::from(index < more)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exact_shares_are_found_wherever_there_are_any() {
        for (points, servers, expected) in [
            ([7_000, 3_000], [2, 2], [70, 30]),
            ([7_000, 3_000], [2, 3], [105, 30]),
            ([5_000, 5_000], [3, 2], [50, 75]),
            ([10_000, 0], [2, 3], [150, 0]),
            ([9_900, 100], [2, 2], [99, 1]),
        ] {
            let found = weights(&wanted(&points, &servers)).expect("there are servers");
            assert_eq!(found.iter().map(|each| each[0]).collect::<Vec<_>>(), expected, "{points:?} on {servers:?}");
            assert!(found.iter().all(|each| each.iter().all(|weight| *weight == each[0])), "alike within a pool");
        }
    }

    #[test]
    fn from_step_to_step_one_pool_only_rises_and_the_other_only_falls() {
        for servers in [[1, 1], [2, 3], [3, 2], [4, 4]] {
            let mut before: Option<Vec<u32>> = None;
            for points in [0, 1_000, 3_000, 5_000, 7_000, 9_000, 10_000] {
                let found = weights(&wanted(&[10_000 - points, points], &servers)).expect("there are servers");
                let now: Vec<u32> = found.iter().map(|each| each[0]).collect();
                if let Some(before) = before.replace(now.clone()) {
                    assert!(now[0] < before[0] && now[1] > before[1], "{before:?} to {now:?} on {servers:?}");
                }
            }
        }
    }

    #[test]
    fn three_pools_share_too() {
        let found = weights(&wanted(&[5_000, 3_000, 2_000], &[1, 2, 3])).expect("there are servers");
        let sums: Vec<u32> = found.iter().map(|each| each.iter().sum()).collect();
        assert_eq!((sums[0] * 3, sums[0] * 2), (sums[1] * 5, sums[2] * 5), "{sums:?}");
    }

    #[test]
    fn a_small_share_of_a_large_pool_leaves_some_of_its_servers_out() {
        let found = weights(&wanted(&[9_900, 100], &[1, 10])).expect("there are servers");
        assert_eq!(found[1].iter().filter(|weight| **weight > 0).count(), 2, "{found:?}");
        assert!(share(&found) - 0.01 < 0.003, "{found:?}");
    }

    #[test]
    fn a_pool_that_is_asked_for_needs_a_server() {
        assert_eq!(weights(&wanted(&[5_000, 5_000], &[1, 0])), None);
        assert_eq!(weights(&wanted(&[0, 0], &[1, 1])), None);
        assert!(weights(&wanted(&[10_000, 0], &[1, 0])).is_some(), "one that gets nothing does not");
    }

    proptest! {
        #[test]
        fn weights_stay_in_range_and_near_to_what_was_asked(
            points in 0_u32..=10_000, blue in 1_u32..8, green in 1_u32..8,
        ) {
            let found = weights(&wanted(&[10_000 - points, points], &[blue, green])).expect("there are servers");
            prop_assert!(found.iter().flatten().all(|weight| *weight <= HIGHEST));
            prop_assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [blue as usize, green as usize]);
            for (each, points) in found.iter().zip([10_000 - points, points]) {
                prop_assert_eq!(each.iter().sum::<u32>() == 0, points == 0, "nothing for nothing, something for something");
            }
            // The coarsest case is one step at the edge of the range: half of it, or the least share that is not nothing.
            let off = (share(&found) - f64::from(points) / 10_000.0).abs();
            prop_assert!(off <= 1.0 / 256.0 + 1e-9, "{points} on {blue}/{green}: off by {off}, {found:?}");
        }

        #[test]
        fn a_larger_share_never_becomes_less(
            blue in 1_u32..5, green in 1_u32..5, one in 0_u32..=100, other in 0_u32..=100,
        ) {
            let at = |percent: u32| {
                share(&weights(&wanted(&[10_000 - percent * 100, percent * 100], &[blue, green])).expect("there are servers"))
            };
            let (low, high) = (one.min(other), one.max(other));
            prop_assert!(at(low) <= at(high), "{low} {high} on {blue}/{green}");
        }

    }

    proptest! {
        // Each case looks at all 65,536 pairs.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_other_equal_weights_come_nearer(points in 1_u32..10_000, blue in 1_u32..5, green in 1_u32..5) {
            let pools = wanted(&[10_000 - points, points], &[blue, green]);
            let (found, _) = search(&pools, Grain::Equal).expect("there are servers");
            for one in 1..=HIGHEST {
                for other in 1..=HIGHEST {
                    let naive = Error::of(&pools, &[one * blue, other * green]);
                    prop_assert!(found.compare(naive).is_le(), "{one}/{other} comes nearer");
                }
            }
        }
    }

    fn wanted(points: &[u32], servers: &[u32]) -> Vec<Wanted> {
        points.iter().zip(servers).map(|(points, servers)| Wanted { points: *points, servers: *servers }).collect()
    }

    fn share(found: &[Vec<u32>]) -> f64 {
        let whole: u32 = found.iter().flatten().sum();
        f64::from(found[1].iter().sum::<u32>()) / f64::from(whole)
    }
}
