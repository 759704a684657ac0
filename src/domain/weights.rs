//! Weights as they are asked for: basis points per pool, adding up to exactly 10,000.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PoolId;

/// Hundredths of a percent, 0 to 10,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Everything: 100 %.
    pub const ALL: Self = Self(10_000);

    /// Whole percent to basis points; more than 100 becomes 100.
    pub fn percent(percent: u32) -> Self {
        Self(percent.min(100) * 100)
    }

    /// As a fraction of one.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl fmt::Display for BasisPoints {
    /// Percent without a unit: `30`, `0.5`, `12.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        let text = match rest {
            0 => whole.to_string(),
            tenths if tenths % 10 == 0 => format!("{whole}.{}", tenths / 10),
            hundredths => format!("{whole}.{hundredths:02}"),
        };
        f.pad(&text)
    }
}

impl std::str::FromStr for BasisPoints {
    type Err = WeightsError;

    /// Reads a percentage with at most two decimals: `30`, `0.5`, `12.25`, `30%`.
    fn from_str(text: &str) -> Result<Self, WeightsError> {
        let bad = || WeightsError::NotAPercentage { text: text.to_owned() };
        let number = text.trim().trim_end_matches('%').trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 2 {
            return Err(bad());
        }
        let whole: u32 = whole.parse().map_err(|_too_long| bad())?;
        let decimals: u32 = format!("{decimals:0<2}").parse().map_err(|_too_long| bad())?;
        let points = whole.checked_mul(100).and_then(|points| points.checked_add(decimals)).ok_or_else(bad)?;
        if points > 10_000 { Err(bad()) } else { Ok(Self(points)) }
    }
}

/// The split that is asked for, in the profile's order of pools.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<(PoolId, BasisPoints)>", into = "Vec<(PoolId, BasisPoints)>")]
pub struct Weights(
    // Invariant: at least one pool, every pool once, the sum is 10,000.
    Vec<(PoolId, BasisPoints)>,
);

/// Why weights cannot be what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The text is not a percentage from 0 to 100 with at most two decimals.
    #[error("`{text}` is not a percentage from 0 to 100 with at most two decimals")]
    NotAPercentage {
        /// What was given.
        text: String,
    },
    /// The weights do not add up to 100 %.
    #[error("the weights add up to {sum} %, not to 100 %")]
    Sum {
        /// What they add up to.
        sum: BasisPoints,
    },
    /// A pool is named twice.
    #[error("pool `{pool}` is named twice")]
    Twice {
        /// The pool.
        pool: PoolId,
    },
    /// The pool is not one of these weights'.
    #[error("there is no pool `{pool}`")]
    UnknownPool {
        /// The pool.
        pool: PoolId,
    },
    /// No pool at all.
    #[error("no pool is named")]
    NoPool,
}

impl Weights {
    /// Weights from pairs in the profile's order.
    ///
    /// # Errors
    /// When the sum is not 100 %, a pool is named twice, or there is none.
    pub fn new(pairs: Vec<(PoolId, BasisPoints)>) -> Result<Self, WeightsError> {
        if pairs.is_empty() {
            return Err(WeightsError::NoPool);
        }
        for (index, (pool, _)) in pairs.iter().enumerate() {
            if pairs.iter().take(index).any(|(earlier, _)| earlier == pool) {
                return Err(WeightsError::Twice { pool: pool.clone() });
            }
        }
        let sum = pairs.iter().fold(0_u32, |sum, (_, points)| sum.saturating_add(points.0));
        if sum == BasisPoints::ALL.0 { Ok(Self(pairs)) } else { Err(WeightsError::Sum { sum: BasisPoints(sum) }) }
    }

    /// Everything on one pool of `pools`.
    ///
    /// # Errors
    /// When `pool` is not one of `pools`, or one is named twice.
    pub fn all_on<'a>(pools: impl IntoIterator<Item = &'a PoolId>, pool: &PoolId) -> Result<Self, WeightsError> {
        let pairs: Vec<_> = pools
            .into_iter()
            .map(|each| (each.clone(), if each == pool { BasisPoints::ALL } else { BasisPoints::ZERO }))
            .collect();
        if pairs.iter().any(|(each, _)| each == pool) {
            Self::new(pairs)
        } else {
            Err(WeightsError::UnknownPool { pool: pool.clone() })
        }
    }

    /// The nearest weights to a list of exact parts, by largest remainder. `None` when there is no part at all.
    pub fn nearest(parts: &[(PoolId, u64)]) -> Option<Self> {
        let points = apportion(BasisPoints::ALL.0, &parts.iter().map(|(_, part)| *part).collect::<Vec<_>>())?;
        Self::new(parts.iter().zip(points).map(|((pool, _), points)| (pool.clone(), BasisPoints(points))).collect())
            .ok()
    }

    /// What a pool is given; zero for a pool that is not one of these.
    pub fn of(&self, pool: &PoolId) -> BasisPoints {
        self.0.iter().find(|(each, _)| each == pool).map_or(BasisPoints::ZERO, |(_, points)| *points)
    }

    /// Gives `pool` exactly `points`; the others keep their proportions to each other (largest remainder). Where the
    /// others have nothing, what is left is shared between them equally.
    ///
    /// # Errors
    /// When the pool is not one of these, or it is the only one and `points` is not 100 %.
    pub fn with(&self, pool: &PoolId, points: BasisPoints) -> Result<Self, WeightsError> {
        if !self.0.iter().any(|(each, _)| each == pool) {
            return Err(WeightsError::UnknownPool { pool: pool.clone() });
        }
        let points = BasisPoints(points.0.min(BasisPoints::ALL.0));
        let rest = BasisPoints::ALL.0 - points.0;
        let others: Vec<u64> = self.0.iter().filter(|(each, _)| each != pool).map(|(_, p)| u64::from(p.0)).collect();
        let shared = apportion(rest, &others).or_else(|| apportion(rest, &vec![1; others.len()])).unwrap_or_default();
        let mut shared = shared.into_iter();
        Self::new(
            self.0
                .iter()
                .map(|(each, _)| {
                    let points = if each == pool { points } else { BasisPoints(shared.next().unwrap_or(0)) };
                    (each.clone(), points)
                })
                .collect(),
        )
    }

    /// Pools with their weights, in the profile's order.
    pub fn iter(&self) -> impl Iterator<Item = (&PoolId, BasisPoints)> {
        self.0.iter().map(|(pool, points)| (pool, *points))
    }

    /// How many pools there are.
    pub fn pools(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Weights {
    /// In the profile's order: `30 / 70`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Vec<String> = self.0.iter().map(|(_, points)| points.to_string()).collect();
        f.pad(&text.join(" / "))
    }
}

impl TryFrom<Vec<(PoolId, BasisPoints)>> for Weights {
    type Error = WeightsError;

    fn try_from(pairs: Vec<(PoolId, BasisPoints)>) -> Result<Self, WeightsError> {
        Self::new(pairs)
    }
}

impl From<Weights> for Vec<(PoolId, BasisPoints)> {
    fn from(weights: Weights) -> Self {
        weights.0
    }
}

/// Shares `total` out in proportion to `parts` by largest remainder; ties go to the earlier part. `None` when the parts
/// are all zero or there are none.
pub fn apportion(total: u32, parts: &[u64]) -> Option<Vec<u32>> {
    let whole: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    if whole == 0 {
        return None;
    }
    let exact = |part: u64| u128::from(part) * u128::from(total);
    let mut shares: Vec<u32> =
        parts.iter().map(|part| u32::try_from(exact(*part) / whole).unwrap_or(u32::MAX)).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(parts.get(index).map_or(0, |part| exact(*part) % whole)));
    let given: u32 = shares.iter().sum();
    for index in by_remainder.into_iter().take((total - given) as usize) {
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
        }
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weights(pairs: &[(&str, u32)]) -> Weights {
        Weights::new(pairs.iter().map(|(pool, points)| (PoolId::from(*pool), BasisPoints(*points))).collect())
            .expect("the example adds up")
    }

    #[test]
    fn raising_one_pool_shrinks_the_others_in_proportion() {
        let three = weights(&[("a", 1_000), ("b", 6_000), ("c", 3_000)]);
        assert_eq!(
            three.with(&"a".into(), BasisPoints(4_000)),
            Ok(weights(&[("a", 4_000), ("b", 4_000), ("c", 2_000)]))
        );
    }

    #[test]
    fn lowering_the_only_full_pool_shares_the_rest_equally() {
        let three = weights(&[("a", 10_000), ("b", 0), ("c", 0)]);
        assert_eq!(three.with(&"a".into(), BasisPoints(0)), Ok(weights(&[("a", 0), ("b", 5_000), ("c", 5_000)])));
    }

    #[test]
    fn percentages_are_read_and_shown_without_loss() {
        for text in ["0", "0.5", "12.25", "30", "99.99", "100"] {
            assert_eq!(text.parse::<BasisPoints>().map(|points| points.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-1", "100.01", "101", "1.234", "abc", "1e2", "٣"] {
            assert!(text.parse::<BasisPoints>().is_err(), "{text} must be refused");
        }
    }

    proptest! {
        #[test]
        fn weights_always_sum(start in proptest::collection::vec(0_u64..10_000, 2..6), pool in 0_usize..6, points in 0_u32..=10_000) {
            let parts: Vec<(PoolId, u64)> =
                start.iter().enumerate().map(|(index, part)| (PoolId::new(index.to_string()), *part)).collect();
            if let Some(weights) = Weights::nearest(&parts) {
                let pool = PoolId::new((pool % start.len()).to_string());
                let next = weights.with(&pool, BasisPoints(points)).expect("any pool can be given any weight");
                prop_assert_eq!(next.iter().map(|(_, p)| p.0).sum::<u32>(), 10_000);
                prop_assert_eq!(next.of(&pool), BasisPoints(points));
            }
        }
    }
}
