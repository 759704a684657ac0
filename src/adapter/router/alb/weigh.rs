//! From shares of pools to weights of target groups: whole numbers from 0 to 999.

use crate::domain::BasisPoints;
use crate::domain::weights::apportion;

/// The heaviest weight that a target group can have.
pub(super) const MOST: u32 = 999;

/// The weights nearest to these shares, one for each; a share above zero never becomes zero. Among those that are equally
/// near, the ones that read like percent, then like tenths of it.
pub(super) fn weights(points: &[BasisPoints]) -> Vec<u32> {
    let parts: Vec<u64> = points.iter().map(|points| u64::from(points.0)).collect();
    let most = MOST.saturating_mul(u32::try_from(points.len()).unwrap_or(1));
    let wholes = [100, 1_000].into_iter().chain(1..=most);
    let fitting = wholes.filter_map(|whole| {
        let found: Vec<u32> = apportion(whole, &parts)?
            .into_iter()
            .zip(&parts)
            .map(|(weight, part)| if *part > 0 { weight.max(1) } else { 0 })
            .collect();
        found.iter().all(|weight| *weight <= MOST).then_some(found)
    });
    // The first of the least: what is exact at a readable scale stays there.
    fitting.min_by(|one, other| error(one, &parts).total_cmp(&error(other, &parts))).unwrap_or_default()
}

/// The sum of all deviations, in basis points.
#[expect(clippy::cast_precision_loss, reason = "weights and basis points are small")]
fn error(weights: &[u32], parts: &[u64]) -> f64 {
    let whole: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let apart: u64 =
        weights.iter().zip(parts).map(|(weight, part)| (u64::from(*weight) * 10_000).abs_diff(part * whole)).sum();
    if whole == 0 { f64::INFINITY } else { apart as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn given(points: &[u32]) -> Vec<u32> {
        weights(&points.iter().copied().map(BasisPoints).collect::<Vec<_>>())
    }

    #[test]
    fn percent_read_as_they_are_and_finer_shares_are_exact_where_the_range_allows() {
        assert_eq!(given(&[3_000, 7_000]), [30, 70]);
        assert_eq!(given(&[0, 10_000]), [0, 100]);
        assert_eq!(given(&[50, 9_950]), [5, 995]);
        assert_eq!(given(&[25, 9_975]), [1, 399]);
        assert_eq!(given(&[10, 9_990]), [1, 999]);
        assert_eq!(given(&[3_300, 3_300, 3_400]), [33, 33, 34]);
    }

    proptest! {
        #[test]
        fn no_share_is_lost_and_none_is_far_off(one in 10_u32..=9_990) {
            let found = given(&[one, 10_000 - one]);
            prop_assert!(found.iter().all(|weight| (1..=MOST).contains(weight)), "{found:?}");
            prop_assert!(error(&found, &[u64::from(one), u64::from(10_000 - one)]) < 10.0, "{found:?}");
        }
    }
}
