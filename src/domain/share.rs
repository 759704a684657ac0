//! Shares as exact ratios, and what counters say about them.

use std::fmt;

use super::PoolId;
use super::weights::{BasisPoints, Weights};
use serde::{Deserialize, Serialize};

/// An exact ratio `part / whole`; rounded only when drawn. A `whole` of zero means that there is nothing to share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Share {
    /// What this pool has.
    pub part: u64,
    /// What there is.
    pub whole: u64,
}

impl Share {
    /// As a fraction of one; `None` when there is nothing to share.
    #[expect(clippy::cast_precision_loss, reason = "counters and weights stay far below 2^52")]
    pub fn fraction(self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 / self.whole as f64)
    }

    /// Whether the ratio is exactly that of these basis points.
    pub fn is_exactly(self, points: BasisPoints) -> bool {
        self.whole > 0 && u128::from(self.part) * 10_000 == u128::from(points.0) * u128::from(self.whole)
    }
}

impl fmt::Display for Share {
    /// Percent with one decimal, without a unit: `29.4`; `–` when there is nothing to share.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fraction() {
            Some(fraction) => f.pad(&format!("{:.1}", fraction * 100.0)),
            None => f.pad("–"),
        }
    }
}

/// Every pool's share of one whole, in the profile's order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shares(pub Vec<(PoolId, Share)>);

impl Shares {
    /// Shares from each pool's part.
    pub fn of_parts(parts: impl IntoIterator<Item = (PoolId, u64)>) -> Self {
        let parts: Vec<_> = parts.into_iter().collect();
        let whole = parts.iter().map(|(_, part)| *part).sum();
        Self(parts.into_iter().map(|(pool, part)| (pool, Share { part, whole })).collect())
    }

    /// One pool's share; nothing of nothing for a pool that is not here.
    pub fn of(&self, pool: &PoolId) -> Share {
        self.0.iter().find(|(each, _)| each == pool).map_or(Share::default(), |(_, share)| *share)
    }

    /// The nearest weights in basis points; `None` when there is nothing to share.
    pub fn nearest_weights(&self) -> Option<Weights> {
        Weights::nearest(&self.0.iter().map(|(pool, share)| (pool.clone(), share.part)).collect::<Vec<_>>())
    }

    /// Whether these shares are exactly the weights.
    pub fn are_exactly(&self, weights: &Weights) -> bool {
        weights.pools() == self.0.len() && weights.iter().all(|(pool, points)| self.of(pool).is_exactly(points))
    }
}

impl fmt::Display for Shares {
    /// Percent with one decimal in the profile's order: `50.2 / 49.8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Vec<String> = self.0.iter().map(|(_, share)| share.to_string()).collect();
        f.pad(&text.join(" / "))
    }
}

/// A 95 % confidence interval of a share, as fractions of one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Half the width, in percentage points.
    pub fn half_width_points(self) -> f64 {
        (self.high - self.low) * 50.0
    }
}

/// The Wilson score interval at 95 % for `part` of `whole` (E. B. Wilson, JASA 22, 1927). `None` without a sample.
#[expect(clippy::cast_precision_loss, reason = "request counts stay far below 2^52")]
pub fn wilson(part: u64, whole: u64) -> Option<Interval> {
    /// The 97.5th percentile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if whole == 0 {
        return None;
    }
    let n = whole as f64;
    let p = part.min(whole) as f64 / n;
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// What the counters since the last change say about the share that was asked (V2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// The asked share lies in the interval, and the interval is narrow enough to mean something.
    Consistent,
    /// Too few requests since the change.
    NotEnoughYet,
    /// The asked share lies outside the interval.
    Off,
}

impl Agreement {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::NotEnoughYet => "not enough yet",
            Self::Off => "off",
        }
    }
}

/// A share as counted since the last change.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Observed {
    /// Requests of this pool and of all, since the change.
    pub share: Share,
    /// The 95 % interval.
    pub interval: Interval,
    /// The word.
    pub agreement: Agreement,
}

/// Judges counted requests against the real share that the weights give. Fewer than 100 requests, or an interval wider than
/// ±5 points, say nothing yet. A deviation inside 3 points is not called off: random splits and weighted rounds both stay within it
/// (measured on HAProxy, Envoy and others at 900 requests), and a wrong alarm teaches operators to ignore it.
pub fn observe(share: Share, asked: f64) -> Option<Observed> {
    const FEW: u64 = 100;
    const WIDE: f64 = 5.0;
    const SLACK: f64 = 0.03;
    let interval = wilson(share.part, share.whole)?;
    let fraction = share.fraction()?;
    let inside = (interval.low..=interval.high).contains(&asked) || (fraction - asked).abs() <= SLACK;
    let agreement = if share.whole < FEW || interval.half_width_points() > WIDE {
        Agreement::NotEnoughYet
    } else if inside {
        Agreement::Consistent
    } else {
        Agreement::Off
    };
    Some(Observed { share, interval, agreement })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wilson_interval_matches_a_published_example() {
        // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
        let wide = wilson(81, 263).expect("there is a sample");
        assert!((wide.low - 0.2553).abs() < 5e-5 && (wide.high - 0.3662).abs() < 5e-5, "{wide:?}");
        let none = wilson(0, 20).expect("there is a sample");
        assert!(none.low.abs() < 1e-12 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn few_requests_prove_nothing_and_many_wrong_ones_are_off() {
        let word = |part, whole, asked| observe(Share { part, whole }, asked).map(|seen| seen.agreement);
        assert_eq!(word(0, 0, 0.5), None);
        assert_eq!(word(5, 10, 0.5), Some(Agreement::NotEnoughYet));
        assert_eq!(word(0, 99, 0.0), Some(Agreement::NotEnoughYet));
        assert_eq!(word(604, 2000, 0.3), Some(Agreement::Consistent));
        assert_eq!(word(1000, 2000, 0.3), Some(Agreement::Off));
    }
}
