//! Native weights for shares: whole numbers from 0 to 256 per server, as near as they get.
//!
//! The servers of one pool get the same weight as long as the real share stays within [`NEAR`] of the asked one; else weights
//! that differ by one, and where even that is too coarse (one percent of traffic on ten servers beside one), some servers of the
//! pool get nothing. Among equally near weights the largest win: the next small step then finds room between them.

/// The highest weight that HAProxy takes.
pub(super) const HIGHEST: u32 = 256;

/// Five basis points: unseen in a share that is shown with one decimal.
const NEAR: Error = Error { off: 5, whole: 10_000 };

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
                let total = |sums: &[u32]| sums.iter().sum::<u32>();
                let better = best.as_ref().is_none_or(|(least, held)| {
                    error.compare(*least).then_with(|| total(held).cmp(&total(&sums))).is_lt()
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
