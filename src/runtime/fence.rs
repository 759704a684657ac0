//! The fence before a write (D3): the deadline on both clocks, and whether the change was superseded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::clock;
use crate::adapter::router::Fence;
use crate::domain::{ChangeId, Elapsed, Now, Timestamp};

/// Asked by an adapter directly before the first byte of a write.
pub struct Deadline {
    wall: Timestamp,
    elapsed: Elapsed,
    is_cancelled: Arc<AtomicBool>,
    is_ending: Arc<AtomicBool>,
}

impl Deadline {
    fn judge(&self, now: Now) -> Result<(), String> {
        if self.is_cancelled.load(Ordering::SeqCst) {
            return Err("a rollback took its place before it was sent".to_owned());
        }
        if self.is_ending.load(Ordering::SeqCst) {
            return Err("flightdeck was ending before it was sent".to_owned());
        }
        if now.wall > self.wall || now.elapsed > self.elapsed {
            return Err(format!("its deadline {} was over before it could be sent", self.wall.clock()));
        }
        Ok(())
    }
}

impl Fence for Deadline {
    fn may_send(&self) -> Result<(), String> {
        self.judge(clock::now()).inspect_err(|why| tracing::warn!(%why, "a write was not sent"))
    }
}

/// The fences of all changes: which may not be sent any more.
#[derive(Clone, Default)]
pub struct Fences {
    cancelled: Arc<Mutex<BTreeMap<ChangeId, Arc<AtomicBool>>>>,
    is_ending: Arc<AtomicBool>,
}

impl Fences {
    /// The fence of one write.
    pub fn fence(&self, change: ChangeId, deadline: Timestamp, until: Elapsed) -> Deadline {
        Deadline { wall: deadline, elapsed: until, is_cancelled: self.flag(change), is_ending: self.is_ending.clone() }
    }

    /// Nothing more of this change is sent.
    pub fn cancel(&self, change: ChangeId) {
        self.flag(change).store(true, Ordering::SeqCst);
    }

    /// Nothing at all is sent any more (S1).
    pub fn end(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
    }

    fn flag(&self, change: ChangeId) -> Arc<AtomicBool> {
        let mut all = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(change).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::CockpitId;

    fn change(counter: u32) -> ChangeId {
        ChangeId { cockpit: CockpitId(Uuid::from_u128(1)), counter }
    }

    fn at(ms: u64) -> Now {
        Now { wall: Timestamp(i64::try_from(ms).expect("small")), elapsed: Elapsed(ms) }
    }

    #[test]
    fn either_clock_closes_the_fence() {
        let fence = Fences::default().fence(change(1), Timestamp(5_000), Elapsed(5_000));
        assert_eq!(fence.judge(at(5_000)), Ok(()));
        for late in
            [Now { wall: Timestamp(5_001), elapsed: Elapsed(1) }, Now { wall: Timestamp(1), elapsed: Elapsed(5_001) }]
        {
            assert!(fence.judge(late).is_err_and(|why| why.contains("deadline")), "{late:?}");
        }
    }

    #[test]
    fn a_rollback_closes_the_fence_of_the_change_it_supersedes_alone() {
        let fences = Fences::default();
        let superseded = fences.fence(change(1), Timestamp(5_000), Elapsed(5_000));
        let rollback = fences.fence(change(2), Timestamp(5_000), Elapsed(5_000));
        fences.cancel(change(1));
        assert!(superseded.judge(at(1)).is_err() && rollback.judge(at(1)).is_ok());
        fences.end();
        assert!(rollback.judge(at(1)).is_err_and(|why| why.contains("ending")));
    }
}
