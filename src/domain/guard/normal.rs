//! The normal distribution, as far as the tests need it.

/// Both tests speak from here on: one sample in a thousand goes this far by chance. Guards look often, and a looser limit
/// would be passed by chance sooner or later.
pub const SPEAKS: f64 = 3.090_232;

/// How likely a standard normal value above `z` is.
///
/// By formula 7.1.26 of Abramowitz and Stegun, Handbook of Mathematical Functions, whose error is below 1.5e-7.
pub fn upper_tail(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = series.into_iter().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = 0.5 * sum * (-x * x).exp();
    if z < 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.1, cumulative distribution of the standard normal.
        for (z, below) in [(0.0, 0.5), (1.0, 0.841_34), (1.645, 0.950_02), (1.96, 0.975_00), (2.5, 0.993_79)] {
            assert!((1.0 - upper_tail(z) - below).abs() < 1e-5, "{z}: {}", upper_tail(z));
            assert!((upper_tail(-z) - below).abs() < 1e-5, "-{z}");
        }
        assert!((upper_tail(SPEAKS) - 0.001).abs() < 1e-6);
    }
}
