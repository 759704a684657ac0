//! How many routers are spoken to at the same time.
//!
//! Routers are read and written side by side, and a slow one keeps nobody waiting: each has a task of its own. The bound is
//! for the host that flightdeck runs on: each conversation takes a socket or a child process, a process may open 1,024
//! files on many systems, and log sources, the journal and the terminal want theirs. Three times 256 leaves room for them.
//!
//! # Invariants
//! - Reads, forward writes and the way back have places of their own: neither slow reads nor a jammed forward wave keep a
//!   rollback waiting.
//! - A place is waited for before the fence of a write is asked, never after it: the deadline counts at the first byte.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many conversations of one sort may run at the same time.
pub const PLACES: usize = 256;

/// Places for conversations with routers.
#[derive(Clone, Debug)]
pub struct Slots {
    reads: Arc<Semaphore>,
    forward: Arc<Semaphore>,
    back: Arc<Semaphore>,
}

/// What a place is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Talk {
    /// A read.
    Read,
    /// A write that goes forward.
    Forward,
    /// A write of a rollback.
    Back,
}

/// A place that is taken; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Slots {
    fn default() -> Self {
        let places = || Arc::new(Semaphore::new(PLACES));
        Self { reads: places(), forward: places(), back: places() }
    }
}

impl Slots {
    /// Waits for a place.
    pub async fn place(&self, talk: Talk) -> Place {
        let places = match talk {
            Talk::Read => &self.reads,
            Talk::Forward => &self.forward,
            Talk::Back => &self.back,
        };
        // Nobody closes them; if somebody did, going on without a bound is the smaller harm.
        Place { _permit: places.clone().acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::task::unconstrained;

    use super::*;

    #[tokio::test]
    async fn a_jam_of_one_sort_does_not_touch_the_others_and_a_place_that_is_left_is_free() {
        let slots = Slots::default();
        let mut taken = Vec::new();
        for _ in 0..PLACES {
            taken.push(unconstrained(slots.place(Talk::Forward)).now_or_never().expect("there is a place"));
        }
        assert!(
            unconstrained(slots.place(Talk::Forward)).now_or_never().is_none(),
            "no more than {PLACES} at the same time"
        );
        for talk in [Talk::Read, Talk::Back] {
            assert!(unconstrained(slots.place(talk)).now_or_never().is_some(), "{talk:?}");
        }
        taken.pop();
        assert!(unconstrained(slots.place(Talk::Forward)).now_or_never().is_some());
    }
}
