//! Lines within the last minute.

use crate::domain::Elapsed;

/// How long one slot is, and how many of them are a minute.
const SLOT_MS: u64 = 10_000;
const SLOTS: u64 = 6;
const KEPT: usize = 6;

/// How many lines came in each of the last slots.
#[derive(Clone, Debug, Default)]
pub(super) struct PerMinute([(u64, u64); KEPT]);

impl PerMinute {
    pub(super) fn count(&mut self, now: Elapsed) {
        let slot = now.0 / SLOT_MS;
        if let Some(kept) = usize::try_from(slot).ok().and_then(|slot| self.0.get_mut(slot % KEPT)) {
            if kept.0 != slot {
                *kept = (slot, 0);
            }
            kept.1 += 1;
        }
    }

    /// In the slot that is being filled and the five before it.
    pub(super) fn of_last_minute(&self, now: Elapsed) -> u64 {
        let slot = now.0 / SLOT_MS;
        self.0.iter().filter(|(at, _)| at + SLOTS > slot && *at <= slot).map(|(_, lines)| lines).sum()
    }
}
