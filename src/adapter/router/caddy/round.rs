//! Weights for shares: small ones, for Caddy sends as many requests in a row to one upstream as its weight says.
//!
//! The upstreams of a pool get the same weight. Exact weights win where they are small, else the smallest that are near enough
//! to what is asked; whole percentages between single upstreams are always exact.

/// The largest sum of weights that is tried: a hundredth of a percent can be said.
const MOST: u64 = 10_000;

/// One pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its share in basis points.
    pub(super) points: u32,
    /// Its upstreams.
    pub(super) upstreams: u32,
}

/// The weight of each pool's upstreams.
pub(super) fn weights(pools: &[Wanted]) -> Vec<u32> {
    // Up to here it is worth looking for weights that are exact.
    let patient = 100 * pools.iter().map(|pool| u64::from(pool.upstreams)).max().unwrap_or(1);
    let mut near: Option<Vec<u32>> = None;
    let mut nearest: Option<(u64, Vec<u32>)> = None;
    for sum in 1..=MOST {
        let found: Vec<u32> = pools.iter().map(|pool| part(*pool, sum)).collect();
        let off = off(pools, &found);
        if off == 0 {
            return found;
        }
        if off <= NEAR && near.is_none() {
            near = Some(found.clone());
        }
        if nearest.as_ref().is_none_or(|(least, _)| off < *least) {
            nearest = Some((off, found));
        }
        if sum >= patient && near.is_some() {
            break;
        }
    }
    near.or(nearest.map(|(_, found)| found)).unwrap_or_default()
}

/// A pool's weight where all weights add up to about `sum`; never nothing for a pool that is asked for.
fn part(pool: Wanted, sum: u64) -> u32 {
    if pool.points == 0 {
        return 0;
    }
    let whole = 10_000 * u64::from(pool.upstreams.max(1));
    let weight = (u64::from(pool.points) * sum + whole / 2) / whole;
    u32::try_from(weight).unwrap_or(u32::MAX).max(1)
}

/// Near enough, in the unit of [`off`]: five basis points, and for small pools the hundredth part of what is asked.
const NEAR: u64 = 500;

/// From here down a pool counts as small: being off is scaled up, so that rounding does not double a small share.
const SMALL: u64 = 500;

/// How far the worst pool is from what was asked, in hundredths of a basis point.
fn off(pools: &[Wanted], weights: &[u32]) -> u64 {
    let parts = || pools.iter().zip(weights).map(|(pool, weight)| u64::from(*weight) * u64::from(pool.upstreams));
    let whole: u64 = parts().sum();
    let one = |(pool, part): (&Wanted, u64)| {
        let asked = u64::from(pool.points);
        let apart = (part * 10_000).abs_diff(asked * whole) * 100;
        (apart * SMALL).checked_div(whole * asked.clamp(1, SMALL)).unwrap_or(u64::MAX)
    };
    pools.iter().zip(parts()).map(one).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pools: &[(u32, u32)]) -> Vec<u32> {
        weights(
            &pools
                .iter()
                .map(|(points, upstreams)| Wanted { points: *points, upstreams: *upstreams })
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn whole_percentages_are_exact_and_as_small_as_they_can_be() {
        assert_eq!(found(&[(7_000, 1), (3_000, 1)]), [7, 3]);
        assert_eq!(found(&[(9_900, 1), (100, 1)]), [99, 1]);
        assert_eq!(found(&[(10_000, 1), (0, 1)]), [1, 0]);
        assert_eq!(found(&[(5_000, 1), (4_500, 1), (500, 1)]), [10, 9, 1]);
        for percent in 0..=100 {
            let [one, other] = found(&[(100 * percent, 1), (10_000 - 100 * percent, 1)])[..] else {
                panic!("two pools")
            };
            assert_eq!(one * (100 - percent), other * percent, "{percent}");
        }
    }

    #[test]
    fn pools_of_different_size_get_shares_and_not_weights() {
        assert_eq!(found(&[(7_000, 2), (3_000, 3)]), [7, 2]);
        assert_eq!(found(&[(5_000, 1), (5_000, 4)]), [4, 1]);
    }

    #[test]
    fn a_small_share_is_neither_lost_nor_doubled() {
        for points in [1, 10, 25, 50, 66, 150, 1_234] {
            let [one, other] = found(&[(10_000 - points, 1), (points, 1)])[..] else { panic!("two pools") };
            let share = f64::from(other) / f64::from(one + other) * 10_000.0;
            let asked = f64::from(points);
            assert!((share - asked).abs() <= (asked / 50.0).clamp(0.01, 5.1), "{points}: {one} and {other}, {share}");
        }
    }
}
