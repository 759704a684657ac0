//! The two-proportion test: whether one pool fails a larger share of its requests than another, by the pooled z, one-sided.

use super::normal;

/// What a pool did: requests, and those of them that failed.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counted {
    /// Requests.
    pub requests: f64,
    /// Failed ones.
    pub failed: f64,
}

impl Counted {
    /// The share that failed; `None` without requests.
    pub fn ratio(self) -> Option<f64> {
        (self.requests > 0.0).then(|| self.failed / self.requests)
    }
}

/// What the test says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Compared {
    /// The statistic: how many standard errors the first ratio lies above the other.
    pub z: f64,
    /// How likely that is when both fail alike.
    pub p: f64,
    /// How far the first ratio lies above the other.
    pub difference: f64,
}

impl Compared {
    /// Whether both speak: the statistic, and the absolute difference.
    pub fn is_worse(&self, at_least: f64) -> bool {
        self.z > normal::SPEAKS && self.difference >= at_least
    }
}

/// Compares a pool with another; `None` where either had no request. Where nothing failed, or everything did, in both, they
/// are alike.
pub fn compare(one: Counted, other: Counted) -> Option<Compared> {
    let difference = one.ratio()? - other.ratio()?;
    let pooled = (one.failed + other.failed) / (one.requests + other.requests);
    let error = (pooled * (1.0 - pooled) * (1.0 / one.requests + 1.0 / other.requests)).sqrt();
    let z = if error > 0.0 { difference / error } else { 0.0 };
    Some(Compared { z, p: normal::upper_tail(z), difference })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(failed: f64, requests: f64) -> Counted {
        Counted { requests, failed }
    }

    #[test]
    fn the_statistic_is_that_of_published_examples() {
        // Penn State, STAT 415, lesson 9.4 (Comparing Two Proportions): 351 of 605 and 41 of 195, Z = 8.99.
        let smokers = compare(counted(351.0, 605.0), counted(41.0, 195.0)).expect("both were asked");
        assert!((smokers.z - 8.99).abs() < 0.01, "{smokers:?}");
        assert!(smokers.p < 1e-12 && (smokers.difference - 0.37).abs() < 0.001, "{smokers:?}");
    }

    #[test]
    fn both_the_statistic_and_the_difference_must_speak() {
        // Ten times the requests make a tiny difference significant; it stays tiny.
        let tiny = compare(counted(1_300.0, 1_000_000.0), counted(1_000.0, 1_000_000.0)).expect("both had requests");
        assert!(tiny.z > 6.0 && !tiny.is_worse(0.005) && tiny.is_worse(0.000_1), "{tiny:?}");
        let few = compare(counted(2.0, 20.0), counted(0.0, 20.0)).expect("both had requests");
        assert!(few.difference > 0.09 && !few.is_worse(0.005), "{few:?}");
    }

    #[test]
    fn better_is_never_worse_and_nothing_is_no_answer() {
        let better = compare(counted(0.0, 1_000.0), counted(500.0, 1_000.0)).expect("both had requests");
        assert!(better.z < -10.0 && !better.is_worse(-1.0));
        for (failed, of) in [(0.0, 1_000.0), (1_000.0, 1_000.0)] {
            let alike = compare(counted(failed, of), counted(failed, of)).expect("both had requests");
            assert!(alike.z.abs() < f64::EPSILON && !alike.is_worse(0.0), "{alike:?}");
        }
        assert_eq!(compare(counted(0.0, 0.0), counted(1.0, 10.0)), None);
    }
}
