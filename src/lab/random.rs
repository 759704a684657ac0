//! Chance for the built-in world: small, seeded, good enough for latencies and arrivals, not for secrets.

/// A `SplitMix64` generator (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
pub(super) struct Random(u64);

impl Random {
    /// A generator that always gives the same numbers for the same seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something that happens with this probability happens now.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// The time to the next of independent arrivals, in units of their mean distance.
    pub(super) fn arrival(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// A factor around 1 with a long upper tail, as response times have: log-normal, its sigma as given. The sum of
    /// twelve uniform numbers stands for a normal one, which bounds the tail.
    pub(super) fn tail(&mut self, sigma: f64) -> f64 {
        let normal = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        (normal * sigma).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        assert!((0..100).all(|_| one.bits() == two.bits()));
    }

    #[test]
    fn arrivals_and_tails_keep_their_means() {
        let mut random = Random::new(1);
        let mean = |draw: &mut dyn FnMut() -> f64| (0..20_000).map(|_| draw()).sum::<f64>() / 20_000.0;
        let arrivals = mean(&mut || random.arrival());
        assert!((arrivals - 1.0).abs() < 0.05, "{arrivals}");
        // The mean of a log-normal factor is exp(sigma² / 2).
        let tails = mean(&mut || random.tail(0.4));
        assert!((tails - (0.08_f64).exp()).abs() < 0.05, "{tails}");
    }
}
