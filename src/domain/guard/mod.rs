//! Guards: checks that run all the time and, after breaches in a row, propose the way back or, armed, take it (G1 to G4).
//!
//! Parts: what a profile says of a guard (here), `run` (the state machine of one guard over distinct samples), [`proportion`]
//! and [`rank`] (the two tests of guards that compare pools), [`normal`] (what both tests are judged by).
//!
//! Invariants: a sample without a value is neither a breach nor quiet: it holds what was counted. Failed queries are counted
//! apart and are never breaches. A statistic alone is no breach: the absolute difference must be there too.

pub mod normal;
pub mod proportion;
pub mod rank;
mod run;

use std::time::Duration;

pub use run::{GuardState, Run, Said};

use super::{CheckId, GuardId, Limit, Measure, PoolId, Weights};

/// One guard as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct GuardSpec {
    /// Its name.
    pub id: GuardId,
    /// What it watches.
    pub subject: Subject,
    /// How many breaches, or how long, until it trips.
    pub patience: Patience,
    /// How many failed queries in a row until it says that it is blind. They are never breaches.
    pub failures: u32,
    /// What it does when it trips.
    pub then: Then,
    /// How often its check is asked; a measure has its own interval.
    pub every: Duration,
    /// Where it goes back to; else where R goes at that moment.
    pub back_to: Option<Weights>,
}

/// What a guard watches.
#[derive(Clone, PartialEq, Debug)]
pub enum Subject {
    /// A check: a fail is a breach.
    Check(CheckId),
    /// A measure against a fixed limit.
    Limit {
        /// What.
        measure: Measure,
        /// Of which pool.
        of: Of,
        /// Where it becomes a breach.
        limit: Limit,
    },
    /// A measure against its own baseline, taken before the first change and kept in the journal.
    Baseline {
        /// What.
        measure: Measure,
        /// Of which pool.
        of: Of,
        /// How far from the baseline is a breach, as a fraction of it: 0.5 is half as much again, -0.5 is half of it.
        worse_by: f64,
        /// And at least so much in the measure's own unit: a tiny baseline is no trap.
        at_least: f64,
    },
    /// The raised pool against the other one: the ratio of failed requests, by a two-proportion test.
    ErrorsAgainst {
        /// Requests that each pool must have had.
        min_requests: u64,
        /// The absolute difference that must be there beside the test, as a fraction of one.
        at_least: f64,
    },
    /// The raised pool against the other one: interval values of a latency, by a rank test.
    LatencyAgainst {
        /// Which.
        measure: Measure,
        /// Interval values that each pool must have.
        min_values: u32,
        /// The difference of the medians that must be there beside the test, in milliseconds.
        at_least_ms: f64,
    },
}

impl Subject {
    /// What it measures; `None` of a check.
    pub fn measure(&self) -> Option<&Measure> {
        match self {
            Self::Check(_) => None,
            Self::Limit { measure, .. } | Self::Baseline { measure, .. } | Self::LatencyAgainst { measure, .. } => {
                Some(measure)
            }
            Self::ErrorsAgainst { .. } => Some(&Measure::Errors),
        }
    }

    /// The limit beside a baseline: `worse_by` of it away, and at least `at_least`.
    pub fn beside(baseline: f64, worse_by: f64, at_least: f64) -> Limit {
        let away = (baseline * worse_by).abs().max(at_least);
        if worse_by < 0.0 { Limit::Below(baseline - away) } else { Limit::Above(baseline + away) }
    }
}

/// Of which pool a guard's measure is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Of {
    /// The pool whose share the plan raises at this step.
    Raised,
    /// This one.
    Pool(PoolId),
    /// Each pool that has traffic; one breach is enough.
    Each,
    /// All pools together.
    Whole,
}

/// When breaches are enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// So many distinct samples in a row.
    InARow(u32),
    /// Every sample for so long.
    For(Duration),
}

/// What a guard does when it trips.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// Rings, and puts up its banner: R and Enter finish it.
    Propose,
    /// Rolls back by itself while it is armed; else it proposes.
    RollBack,
}
