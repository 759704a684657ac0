//! Since when values are counted: the change that the traffic follows now, and when it was whole.

use std::time::Duration;

use super::Baselines;
use crate::domain::{ChangeId, Elapsed, age};
use crate::flight::soak::GAP;
use crate::session::Session;

/// How often guards look by themselves.
const LOOK: Duration = Duration::from_millis(100);
/// How often they want to be woken.
const WAKE: Duration = Duration::from_secs(1);

/// What the guards know of the changes.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::flight) struct Moment {
    /// The newest change that may have been sent.
    change: Option<ChangeId>,
    /// When this process learnt of its intent: values from then on speak of it.
    began: Option<Elapsed>,
    /// When this process learnt how it ended.
    settled: Option<Elapsed>,
    looked: Option<Elapsed>,
    /// What was measured before the first change, as far as this process was there.
    pub(super) baselines: Baselines,
}

impl Moment {
    /// Whether it is time to look.
    pub(super) fn is_due(&self, now: Elapsed) -> bool {
        self.looked.is_none_or(|looked| now.since(looked) >= LOOK)
    }

    pub(super) fn wakes_at(&self) -> Elapsed {
        self.looked.map_or(Elapsed(0), |looked| looked.plus(WAKE))
    }

    /// Takes in where the session stands. Gives why everything is to be counted anew, if it is.
    pub(super) fn look(&mut self, session: &Session, now: Elapsed) -> Option<String> {
        let gap = self.looked.map(|looked| now.since(looked)).filter(|gap| *gap > GAP);
        self.looked = Some(now);
        let newest = session.changes.iter().rev().find(|change| change.intent.is_some());
        let id = newest.map(|change| change.id());
        if id != self.change {
            (self.change, self.began, self.settled) = (id, Some(now), None);
        }
        let is_settled = newest.is_some_and(|change| change.settled.is_some());
        if is_settled && self.settled.is_none() {
            self.settled = Some(now);
        }
        if self.began == Some(now) {
            return Some("no value since the change yet".to_owned());
        }
        gap.map(|gap| format!("nobody looked for {}: no value since yet", age(gap)))
    }

    /// Whether nothing was changed yet.
    pub(super) fn is_before(&self) -> bool {
        self.change.is_none()
    }

    /// When what is judged began.
    pub(super) fn began(&self) -> Option<Elapsed> {
        self.began
    }

    /// How long it takes until a value that looks back so far counts; `None` where it does. A breach counts from the first
    /// byte that may have been sent, quiet only once the change was whole.
    pub(super) fn until_counts(&self, at: Elapsed, window: Duration, breaks: bool) -> Option<Duration> {
        let since = if breaks { self.began } else { self.settled.or(self.began) }?;
        Some(since.plus(window).since(at)).filter(|left| !left.is_zero())
    }
}
