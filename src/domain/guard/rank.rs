//! The rank test: whether the values of one pool tend to lie above those of another (Mann and Whitney's U), by its normal
//! approximation with the correction for ties, one-sided. It asks nothing of how the values are distributed.

use super::normal;

/// What the test says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ranked {
    /// The statistic: pairs in which the first value is larger; an equal pair is half of one.
    pub u: f64,
    /// How many standard deviations it lies above what chance would give.
    pub z: f64,
    /// How likely that is when both are alike.
    pub p: f64,
    /// How far the first median lies above the other.
    pub difference: f64,
}

impl Ranked {
    /// Whether both speak: the statistic, and the difference of the medians.
    pub fn is_worse(&self, at_least: f64) -> bool {
        self.z > normal::SPEAKS && self.difference >= at_least
    }
}

/// Compares the values of one with those of another; `None` where either has none. The statistic moves by one half towards
/// its mean, because it counts in steps.
pub fn compare(one: &[f64], other: &[f64]) -> Option<Ranked> {
    let difference = median(one)? - median(other)?;
    let mut all: Vec<(f64, bool)> =
        one.iter().map(|value| (*value, true)).chain(other.iter().map(|value| (*value, false))).collect();
    all.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (m, n) = (count(one.len()), count(other.len()));
    let whole = m + n;
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|(one, _), (other, _)| one.total_cmp(other).is_eq()) {
        let size = count(equal.len());
        let rank = before + f64::midpoint(size, 1.0);
        ranks += rank * count(equal.iter().filter(|(_, is_one)| *is_one).count());
        ties += size.powi(3) - size;
        before += size;
    }
    let u = ranks - m * (m + 1.0) / 2.0;
    let away = u - m * n / 2.0;
    let variance = m * n / 12.0 * (whole + 1.0 - ties / (whole * (whole - 1.0)));
    let z = if variance > 0.0 { away.signum() * (away.abs() - 0.5).max(0.0) / variance.sqrt() } else { 0.0 };
    Some(Ranked { u, z, p: normal::upper_tail(z), difference })
}

/// The value in the middle; of an even number, between the two in the middle. `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[expect(clippy::cast_precision_loss, reason = "values of an hour are far below 2^52")]
fn count(values: usize) -> f64 {
    values as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_is_that_of_published_examples() {
        // The documentation of scipy.stats.mannwhitneyu: ages at which diabetes was found, U = 17; by the approximation
        // 0.1113 on both sides.
        let ages = compare(&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0]).expect("both have values");
        assert!((ages.u - 17.0).abs() < 1e-9 && (2.0 * ages.p - 0.111_346_9).abs() < 1e-5, "{ages:?}");
        // Hollander and Wolfe (1973), page 69, as in the documentation of wilcox.test in R: permeability of membranes at
        // term and before, W = 35; z is 1.2247, without the half step by which it is drawn in here.
        let at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let before = compare(&at_term, &[1.15, 0.88, 0.90, 0.74, 1.21]).expect("both have values");
        assert!((before.u - 35.0).abs() < 1e-9 && (before.z - 9.5 / (800.0_f64 / 12.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn ties_are_corrected_as_wilcox_test_in_r_does() {
        // From the tests of scipy.stats.mannwhitneyu, which has them from wilcox.test(x, y, exact = FALSE) in R.
        let x = [1.0, 2.0, 3.0, 4.0];
        for (y, u, p) in [
            ([1.0, 2.0, 3.0, 4.0, 5.0], 8.0, 0.708_624_058_443_9),
            ([1.0, 2.0, 2.99, 4.0, 5.0], 8.5, 0.804_080_657_472),
            ([1.0, 1.99, 3.0, 3.99, 5.0], 9.0, 0.901_704_803_731_7),
            ([1.01, 2.01, 3.01, 4.01, 5.01], 6.0, 0.391_267_279_282_6),
        ] {
            let found = compare(&x, &y).expect("both have values");
            let both_sides = 2.0 * normal::upper_tail(found.z.abs());
            assert!((found.u - u).abs() < 1e-9 && (both_sides - p).abs() < 1e-6, "{y:?}: {found:?}, {both_sides}");
        }
    }

    #[test]
    fn both_the_statistic_and_the_difference_must_speak() {
        let fast: Vec<f64> = (0..30).map(|at| 100.0 + f64::from(at)).collect();
        let slow: Vec<f64> = fast.iter().map(|value| value + 40.0).collect();
        let found = compare(&slow, &fast).expect("both have values");
        assert!(found.is_worse(25.0) && !found.is_worse(50.0), "{found:?}");
        assert!(!compare(&fast, &slow).expect("both have values").is_worse(-100.0));
        let few = compare(&[140.0, 150.0], &[100.0, 110.0]).expect("both have values");
        assert!(few.difference > 30.0 && !few.is_worse(25.0), "{few:?}");
    }

    #[test]
    fn one_value_for_all_is_no_difference_and_nothing_is_no_answer() {
        let alike = compare(&[5.0; 20], &[5.0; 20]).expect("both have values");
        assert!(alike.z.abs() < f64::EPSILON && !alike.is_worse(0.0), "{alike:?}");
        assert_eq!(compare(&[], &[1.0]), None);
        assert_eq!(median(&[]), None);
        assert!((median(&[3.0, 1.0, 2.0, 10.0]).unwrap_or_default() - 2.5).abs() < 1e-9);
    }
}
