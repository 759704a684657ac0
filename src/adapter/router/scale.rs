//! One weight per pool: from shares to whole numbers in a system's own range, for every adapter whose router holds just that.
//!
//! Invariants: a pool that is to get something never gets nothing by rounding; no split is made in which every pool has
//! nothing; a split of another router is refused without a reading.

use crate::domain::reading::{Admin, NativeWeight};
use crate::domain::weights::apportion;
use crate::domain::{BasisPoints, Holds, NativeSplit, PoolId, Reading, Refused, Target, Weights, Zero};

/// With so many parts the usual percentages read as they are: 30 becomes 30.
const READABLE: [u32; 3] = [100, 1_000, 10_000];
/// Up to this range every scale is tried; above it the readable ones and the whole range are as good.
const TRIED: u32 = 1_000;

/// The numbers that a system takes as weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scale {
    /// The least weight of a pool.
    pub(super) least: u32,
    /// The most.
    pub(super) most: u32,
    /// What all weights must add up to, where only their whole means anything.
    pub(super) sum: Option<u32>,
}

/// The pools of one router, each with its reference, and the numbers that it takes.
pub(super) struct Places<'a> {
    /// In the profile's order.
    pub(super) pools: &'a [(PoolId, String)],
    /// The numbers.
    pub(super) scale: Scale,
}

impl Scale {
    /// Which shares it can hold.
    pub(super) fn holds(self) -> Holds {
        let parts = self.sum.unwrap_or(self.most).max(1);
        let least = self.least.max(1);
        let finest = (u64::from(least) * 10_000).div_ceil(u64::from(parts)).clamp(1, 5_000);
        Holds::Shares { finest: BasisPoints(u32::try_from(finest).unwrap_or(5_000)) }
    }

    /// How it says nothing.
    pub(super) fn zero(self) -> Zero {
        if self.least == 0 { Zero::Weight } else { Zero::Never }
    }

    /// Weights for shares, the nearest there are; `None` when none fit.
    pub(super) fn weights(self, points: &[u64]) -> Option<Vec<u32>> {
        if let Some(sum) = self.sum {
            return self.fitted(points, sum);
        }
        let all = if self.most <= TRIED { 1..=self.most.saturating_mul(2) } else { self.most..=self.most };
        READABLE
            .into_iter()
            .chain(all)
            .filter_map(|whole| self.fitted(points, whole))
            .min_by(|one, other| error(one, points).total_cmp(&error(other, points)))
    }

    /// Weights that add up to `whole`, nothing lost to rounding.
    fn fitted(self, points: &[u64], whole: u32) -> Option<Vec<u32>> {
        let mut weights = apportion(whole, points)?;
        let least = self.least.max(1);
        for index in 0..weights.len() {
            let asked = points.get(index).copied().unwrap_or(0) > 0;
            let weight = weights.get(index).copied().unwrap_or(0);
            if !asked || weight >= least {
                continue;
            }
            let heaviest = weights.iter_mut().max_by_key(|weight| **weight)?;
            *heaviest = heaviest.checked_sub(least - weight).filter(|left| *left >= least)?;
            *weights.get_mut(index)? = least;
        }
        weights.iter().all(|weight| (self.least..=self.most).contains(weight)).then_some(weights)
    }
}

/// How far weights are from the shares that were asked, in basis points over all pools.
fn error(weights: &[u32], points: &[u64]) -> f64 {
    let whole: f64 = weights.iter().copied().map(f64::from).sum();
    let far = |(weight, points): (&u32, &u64)| {
        let points = u32::try_from(*points).map_or(0.0, f64::from);
        (f64::from(*weight) / whole * 10_000.0 - points).abs()
    };
    weights.iter().zip(points).map(far).sum()
}

impl Places<'_> {
    /// The native split for a target, and what rounding did to it.
    ///
    /// # Errors
    /// When this router cannot hold it, with the reason.
    pub(super) fn split(
        &self,
        target: &Target,
        reading: Option<&Reading>,
    ) -> Result<(NativeSplit, Vec<String>), Refused> {
        match target {
            Target::Weights(weights) => self.of_weights(weights, reading),
            Target::Native(split) => self.of_native(split).map(|split| (split, Vec::new())),
        }
    }

    fn of_weights(&self, weights: &Weights, reading: Option<&Reading>) -> Result<(NativeSplit, Vec<String>), Refused> {
        let refused = |why: String, advice: &str| Refused::new("", format!("shift {weights}"), why, advice);
        let known = |pool: &PoolId| self.pools.iter().any(|(each, _)| each == pool);
        if let Some((stranger, _)) = weights.iter().find(|(pool, points)| points.0 > 0 && !known(pool)) {
            return Err(refused(
                format!("this router has no pool `{stranger}`"),
                "name the pool under `pools` of this router in the profile, or shift a pool that it has",
            ));
        }
        if reading.is_none() {
            return Err(refused(
                "this router has not been read, so it is not known what it holds".to_owned(),
                "wait until it answers, or put back a split that was read before",
            ));
        }
        let points: Vec<u64> = self.pools.iter().map(|(pool, _)| u64::from(weights.of(pool).0)).collect();
        let Scale { least, most, sum } = self.scale;
        if let Some((pool, _)) = self.pools.iter().find(|(pool, _)| least > 0 && weights.of(pool).0 == 0) {
            return Err(refused(
                format!("it holds weights from {least} to {most}, so {pool} cannot be given nothing"),
                &format!("the smallest share that it can hold is {} %", self.smallest()),
            ));
        }
        let Some(native) = self.scale.weights(&points) else {
            let adding = sum.map(|sum| format!(" that add up to {sum}")).unwrap_or_default();
            return Err(refused(
                format!("no weights from {least} to {most}{adding} come near to it"),
                &format!("the smallest share that it can hold is {} %", self.smallest()),
            ));
        };
        let weight = |((pool, reference), weight): (&(PoolId, String), u32)| NativeWeight {
            reference: reference.clone(),
            pool: pool.clone(),
            weight,
            admin: Admin::Ready,
        };
        let split = NativeSplit(self.pools.iter().zip(native).map(weight).collect());
        let shares = split.shares(self.pools.iter().map(|(pool, _)| pool));
        let mut notes = Vec::new();
        if !shares.are_exactly(weights) {
            notes.push(format!("rounded to whole weights: the real share is {shares}, asked was {weights}"));
        }
        Ok((split, notes))
    }

    fn smallest(&self) -> BasisPoints {
        match self.scale.holds() {
            Holds::Shares { finest } => finest,
            Holds::AllOrNothing | Holds::Steps(_) => BasisPoints::ALL,
        }
    }

    fn of_native(&self, split: &NativeSplit) -> Result<NativeSplit, Refused> {
        let refused = |why: String| {
            let each: Vec<String> =
                split.0.iter().map(|weight| format!("{} {}", weight.reference, weight.weight)).collect();
            let what = format!("put back {}", each.join(", "));
            Refused::new("", what, why, "read this router again and propose anew")
        };
        for (index, weight) in split.0.iter().enumerate() {
            let is_ours =
                self.pools.iter().any(|(pool, reference)| *pool == weight.pool && *reference == weight.reference);
            if !is_ours {
                return Err(refused(format!(
                    "`{}` is no place of {} on this router: the split is another router's",
                    weight.reference, weight.pool
                )));
            }
            if split.0.iter().take(index).any(|earlier| earlier.reference == weight.reference) {
                return Err(refused(format!("`{}` stands in it twice", weight.reference)));
            }
            let Scale { least, most, .. } = self.scale;
            if !(least..=most).contains(&weight.weight) {
                let (reference, weight) = (&weight.reference, weight.weight);
                return Err(refused(format!("{reference} had weight {weight}, this router holds {least} to {most}")));
            }
        }
        if split.0.iter().all(|weight| weight.weight == 0) {
            return Err(Refused { rule: "D4".to_owned(), ..refused("no pool would get traffic any more".to_owned()) });
        }
        Ok(split.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERCENT: Scale = Scale { least: 0, most: 100, sum: Some(100) };

    #[test]
    fn a_sum_is_kept_and_a_small_share_is_never_lost() {
        assert_eq!(PERCENT.weights(&[3_000, 7_000]), Some(vec![30, 70]));
        assert_eq!(PERCENT.weights(&[10, 9_990]), Some(vec![1, 99]));
        assert_eq!(PERCENT.weights(&[0, 10_000]), Some(vec![0, 100]));
    }

    #[test]
    fn weights_without_a_sum_read_like_percent_where_that_is_as_good() {
        let any = Scale { least: 0, most: 256, sum: None };
        assert_eq!(any.weights(&[3_000, 7_000]), Some(vec![30, 70]));
        assert_eq!(any.weights(&[1, 9_999]), Some(vec![1, 256]));
        let fine = Scale { least: 0, most: 1_000_000, sum: None };
        assert_eq!(fine.weights(&[1_234, 8_766]), Some(vec![1_234, 8_766]));
    }

    #[test]
    fn where_zero_is_no_weight_nobody_gets_zero() {
        let never = Scale { least: 1, most: 1_000, sum: None };
        assert_eq!(never.zero(), Zero::Never);
        assert_eq!(never.weights(&[0, 10_000]), None);
        assert_eq!(never.weights(&[2_500, 7_500]), Some(vec![25, 75]));
    }

    proptest! {
        #[test]
        fn what_fits_is_near_and_within_the_range(first in 0_u64..=10_000, most in 1_u32..2_000) {
            let scale = Scale { least: 0, most, sum: None };
            let points = [first, 10_000 - first];
            let weights = scale.weights(&points).expect("something always fits from zero on");
            prop_assert!(weights.iter().all(|weight| *weight <= most));
            for (weight, points) in weights.iter().zip(&points) {
                prop_assert_eq!(*weight == 0, *points == 0);
            }
            // Half of the smallest share that the range holds, on both sides.
            prop_assert!(error(&weights, &points) <= 2.0 * 10_000.0 / f64::from(most + 1) + 1e-6, "{:?}", weights);
        }
    }
}
