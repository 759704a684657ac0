//! A way back in stages: each is a change of its own, verified before the next one goes.

use serde::{Deserialize, Serialize};

use super::{BasisPoints, Weights};

/// One stage of a way back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ramp {
    /// The split from which it began.
    pub from: Weights,
    /// Where it ends.
    pub to: Weights,
    /// How much of the way is left after each stage; the last is nothing.
    pub left: Vec<BasisPoints>,
    /// Which stage this is, from 1.
    pub stage: usize,
}

impl Ramp {
    /// The weights of this stage.
    pub fn weights(&self) -> Weights {
        let left = self.stage.checked_sub(1).and_then(|index| self.left.get(index)).map_or(0, |left| left.0);
        let left = u64::from(left.min(BasisPoints::ALL.0));
        let gone = u64::from(BasisPoints::ALL.0) - left;
        let parts: Vec<_> = self
            .to
            .iter()
            .map(|(pool, points)| (pool.clone(), u64::from(points.0) * gone + u64::from(self.from.of(pool).0) * left))
            .collect();
        Weights::nearest(&parts).unwrap_or_else(|| self.to.clone())
    }

    /// Whether no stage comes after this one.
    pub fn is_last(&self) -> bool {
        self.stage >= self.left.len()
    }

    /// The stage after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { stage: self.stage.saturating_add(1), ..self.clone() }
    }

    /// Whether another one is the stage after this one, of the same way.
    pub fn goes_on_with(&self, other: &Self) -> bool {
        !self.is_last() && *other == self.next()
    }

    /// Which stage of how many: `stage 1 of 3`.
    pub fn words(&self) -> String {
        format!("stage {} of {}", self.stage, self.left.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PoolId;

    fn weights(blue: u32) -> Weights {
        let pairs = [("blue", blue), ("green", 100 - blue)];
        Weights::new(pairs.map(|(pool, points)| (PoolId::from(pool), BasisPoints::percent(points))).to_vec())
            .expect("they add up")
    }

    #[test]
    fn each_stage_leaves_its_part_of_the_way() {
        let left = [50, 20, 0].map(BasisPoints::percent).to_vec();
        let first = Ramp { from: weights(90), to: weights(10), left, stage: 1 };
        assert_eq!(first.weights(), weights(50));
        assert_eq!(first.next().weights(), weights(26));
        let last = first.next().next();
        assert_eq!((last.weights(), last.is_last(), last.words()), (weights(10), true, "stage 3 of 3".to_owned()));
        assert!(first.goes_on_with(&first.next()) && !first.goes_on_with(&last) && !last.goes_on_with(&last.next()));
    }
}
