//! Which server gets the next request: a smooth weighted choice.

/// The highest weight that one server can have.
pub(in crate::lab) const MOST: u32 = 256;

/// Weights and what each server is owed.
///
/// Every choice gives each eligible server its weight in credit and takes the sum from the one that is chosen, so that
/// the choices are spread evenly and, over any sum of weights, exact.
pub(super) struct Balance {
    weights: Vec<u32>,
    credit: Vec<i64>,
}

impl Balance {
    pub(super) fn new(weights: Vec<u32>) -> Self {
        Self { credit: vec![0; weights.len()], weights }
    }

    pub(super) fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// Puts other weights in place, all at once. What was owed by the old ones is forgotten.
    pub(super) fn set(&mut self, weights: Vec<u32>) {
        *self = Self::new(weights);
    }

    /// Chooses among the servers that `may` serve; `None` when none of them has weight.
    pub(super) fn choose(&mut self, may: impl Fn(usize) -> bool) -> Option<usize> {
        let mut sum = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, (weight, credit)) in self.weights.iter().zip(&mut self.credit).enumerate() {
            if *weight == 0 || !may(index) {
                continue;
            }
            *credit += i64::from(*weight);
            sum += i64::from(*weight);
            if best.is_none_or(|(_, most)| *credit > most) {
                best = Some((index, *credit));
            }
        }
        let (index, _) = best?;
        if let Some(credit) = self.credit.get_mut(index) {
            *credit -= sum;
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn choices_are_spread_not_bunched() {
        let mut balance = Balance::new(vec![5, 1, 1]);
        let order: Vec<_> = (0..7).filter_map(|_| balance.choose(|_| true)).collect();
        assert_eq!(order, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn servers_that_may_not_serve_are_never_chosen() {
        let mut balance = Balance::new(vec![10, 10, 0]);
        assert!((0..50).all(|_| balance.choose(|index| index != 0) == Some(1)));
        assert_eq!(balance.choose(|index| index == 2), None);
    }

    proptest! {
        #[test]
        fn over_one_sum_of_weights_every_server_gets_exactly_its_weight(weights in proptest::collection::vec(0_u32..=MOST, 1..7)) {
            let sum: u32 = weights.iter().sum();
            let mut balance = Balance::new(weights.clone());
            let mut chosen = vec![0; weights.len()];
            for _ in 0..sum {
                chosen[balance.choose(|_| true).expect("someone has weight")] += 1;
            }
            prop_assert_eq!(chosen, weights);
        }
    }
}
