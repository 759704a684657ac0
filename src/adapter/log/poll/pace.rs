//! How often a system is asked, and for what times.

use std::time::Duration;

use crate::setting::{Table, duration};

/// How often a system is asked, and for what times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// The pause between two polls.
    pub every: Duration,
    /// How late lines may come: what is younger is asked for again.
    pub lag: Duration,
    /// How far back the first window reaches.
    pub since: Duration,
}

impl Pace {
    /// How long after it was written a line may come.
    pub(in crate::adapter::log) fn delay(self) -> Duration {
        self.every + self.lag
    }

    /// Reads `every`, `lag` and `since`.
    pub(in crate::adapter::log) fn read(table: &mut Table<'_>, usual: Self) -> Self {
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        let doc = "The pause between two polls. A system that limits how often it is asked is asked less often.";
        let every = table.optional("every", doc, &duration(second, Duration::from_mins(10)));
        let doc = "How late lines may come. What is younger is asked for again, and silence is proven only up to then.";
        let lag = table.optional("lag", doc, &duration(second, Duration::from_mins(15)));
        let doc = "How far back it begins.";
        let since = table.optional("since", doc, &duration(second, hour));
        Self {
            every: every.map_or(usual.every, |found| found.value),
            lag: lag.map_or(usual.lag, |found| found.value),
            since: since.map_or(usual.since, |found| found.value),
        }
    }
}
