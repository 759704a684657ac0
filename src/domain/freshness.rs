//! How old a polled value is, as a value of its own: an old number never looks like a fresh one.

use std::time::Duration;

/// The age class of something that is polled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// Read within twice its interval.
    Live {
        /// Age of the value.
        age: Duration,
    },
    /// Older than twice its interval; shown grey with its age.
    Stale {
        /// Age of the value.
        age: Duration,
    },
    /// Never read.
    Missing,
}

impl Freshness {
    /// Classifies an age against the interval at which the value should be read anew.
    pub fn of(age: Option<Duration>, interval: Duration) -> Self {
        match age {
            None => Self::Missing,
            Some(age) if age > interval * 2 => Self::Stale { age },
            Some(age) => Self::Live { age },
        }
    }

    /// Whether the value may be shown as current.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// The age, where there is a value.
    pub fn age(self) -> Option<Duration> {
        match self {
            Self::Live { age } | Self::Stale { age } => Some(age),
            Self::Missing => None,
        }
    }
}
