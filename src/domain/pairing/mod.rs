//! Requests in logs paired with their answers by a key that both carry, such as a STAN: how many wait, how many have waited
//! too long, which keys were used twice, and how long answers take.
//!
//! Parts: `sight` tells requests and answers among lines, [`Lane`] pairs them, [`Tally`] is what it found, of one pool or of
//! all. A lane is what shares keys and a clock: the logs of one pool, or all logs of a [`PairSpec`] where the lines
//! themselves tell their pool.
//!
//! # Invariants
//! - Time is the log's own. A lane's clock is the watermark of the slowest of its logs, less the lateness that is allowed:
//!   up to there lines are taken in the order of their times, however they came. While a log delivers nothing, nothing grows
//!   older.
//! - Nothing is a number where nothing is known: after a loss, before the first request could have waited too long, and
//!   without any request.
//! - What is kept is bounded; what was given up is counted and said.

mod lane;
mod recent;
mod sight;
mod tally;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use lane::{Lane, Standing};
pub use sight::{BadPattern, NoKey, Pattern, Recognised, Seen, Side, Sighting, Sightings, Told, Wanted, sight};
pub use tally::Tally;

use super::measure::Unit;
use super::procedure::LogSpec;
use super::{PanelId, PoolId, SourceId, Timestamp};

/// What is paired, as the profile says it.
#[derive(Clone, PartialEq, Debug)]
pub struct PairSpec {
    /// Its name; the source of the panels that it gives.
    pub id: SourceId,
    /// The logs whose lines are looked at.
    pub logs: Vec<SourceId>,
    /// What a request is told by.
    pub request: Recognised,
    /// What an answer is told by.
    pub answer: Recognised,
    /// The fields whose values, together, are the same in a request and its answer.
    pub key: Vec<String>,
    /// The field that names the pool; else it is the log's.
    pub pool: Option<String>,
    /// Times and counts.
    pub rule: Rule,
}

/// By what pairs are judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// A request that has no answer for longer than this is unanswered.
    pub unanswered_after: Duration,
    /// How far back the figures look, by the log's time.
    pub window: Duration,
    /// How late a line may come after one that tells a later time; and how far before its request an answer may be stamped,
    /// by clocks that do not agree.
    pub late: Duration,
    /// So many answers make a 95th percentile.
    pub fewest: usize,
    /// How often there is a new value, at most.
    pub interval: Duration,
}

/// What pairs are measured by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Figure {
    /// Requests without an answer so far.
    Open,
    /// Those of them that have waited too long.
    Unanswered,
    /// Requests with a key of which another request was open.
    Duplicates,
    /// The 95th percentile of the time between request and answer.
    P95,
}

impl Figure {
    /// All, in the order of what they say about safety.
    pub const ALL: [Self; 4] = [Self::Unanswered, Self::Duplicates, Self::P95, Self::Open];

    /// As a profile names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unanswered => "unanswered",
            Self::Duplicates => "duplicates",
            Self::P95 => "p95",
        }
    }

    /// What its values mean.
    pub fn unit(self) -> Unit {
        match self {
            Self::Open | Self::Unanswered => Unit::Other("req".to_owned()),
            Self::Duplicates => Unit::Other("keys".to_owned()),
            Self::P95 => Unit::Milliseconds,
        }
    }

    /// The panel of this figure: `p95-authorisations`.
    pub fn panel(self, pairs: &SourceId) -> PanelId {
        PanelId::new(format!("{}-{pairs}", self.name()))
    }
}

/// The logs and the pools of one lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// The logs whose lines are paired with each other.
    pub logs: Vec<SourceId>,
    /// The pools that its figures are told of; `None` is the whole.
    pub pools: Vec<Option<PoolId>>,
}

impl PairSpec {
    /// The lanes, given the logs of the profile and its pools. Pools number their requests each for itself, so where every
    /// log is a pool's own there is a lane for each pool.
    pub fn ways(&self, logs: &[LogSpec], pools: &[PoolId]) -> Vec<Way> {
        let pool_of = |log: &SourceId| logs.iter().find(|each| each.id == *log).and_then(|each| each.pool.as_ref());
        if self.pool.is_some() {
            return vec![Way { logs: self.logs.clone(), pools: pools.iter().cloned().map(Some).collect() }];
        }
        let of_pool = |pool: &PoolId| -> Vec<SourceId> {
            self.logs.iter().filter(|log| pool_of(log) == Some(pool)).cloned().collect()
        };
        let told: Vec<Way> = pools
            .iter()
            .map(|pool| Way { logs: of_pool(pool), pools: vec![Some(pool.clone())] })
            .filter(|way| !way.logs.is_empty())
            .collect();
        if self.logs.iter().all(|log| pool_of(log).is_some()) {
            return told;
        }
        // A log without a pool may hold requests and answers of any.
        vec![Way { logs: self.logs.clone(), pools: vec![None] }]
    }
}

/// That long before a time.
fn back(at: Timestamp, span: Duration) -> Timestamp {
    Timestamp(at.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
}
