//! Lines per second over the last seconds.

use crate::domain::Elapsed;

/// How long one slot is, and how many whole slots are looked at: five seconds together. One more is being filled.
const SLOT_MS: u64 = 500;
const SLOTS: u64 = 10;
const KEPT: usize = 11;

/// How many lines came in each of the last slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    slots: [(u64, u64); KEPT],
    since: Option<u64>,
}

impl Rate {
    pub(super) fn count(&mut self, now: Elapsed, lines: u64) {
        let slot = now.0 / SLOT_MS;
        self.since.get_or_insert(slot);
        if let Some(kept) = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot % KEPT)) {
            if kept.0 != slot {
                *kept = (slot, 0);
            }
            kept.1 += lines;
        }
    }

    /// Over the last five whole seconds, or since the first line when that is less long ago.
    #[expect(clippy::cast_precision_loss, reason = "counts of lines within seconds are small")]
    pub(super) fn per_second(&self, now: Elapsed) -> f64 {
        let slot = now.0 / SLOT_MS;
        let Some(since) = self.since else { return 0.0 };
        let whole = SLOTS.min(slot.saturating_sub(since));
        let from = slot - whole;
        let sum: u64 = self.slots.iter().filter(|(at, _)| (from..slot).contains(at)).map(|(_, lines)| lines).sum();
        if whole == 0 { 0.0 } else { sum as f64 * 1000.0 / (whole * SLOT_MS) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_flow_has_its_rate_at_once_and_loses_it_within_seconds() {
        let mut rate = Rate::default();
        assert!(rate.per_second(Elapsed(0)).abs() < f64::EPSILON);
        for tenth in 0..60 {
            rate.count(Elapsed(tenth * 100), 10);
            if tenth >= 5 {
                assert!((rate.per_second(Elapsed(tenth * 100)) - 100.0).abs() < 1e-9, "{tenth}");
            }
        }
        assert!((rate.per_second(Elapsed(9_000)) - 40.0).abs() < 1e-9);
        assert!(rate.per_second(Elapsed(20_000)).abs() < f64::EPSILON);
    }
}
