//! Drained is evidence held for a time, never a timer and never a weight alone.
//!
//! Weight zero read back on every router is always part of the evidence. What else counts, the profile lists; what no
//! router can count is said to be so and proves nothing. Whatever is not known stays [`DrainState::Unknown`].

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Elapsed, SourceId};

/// What the profile asks for before a pool counts as drained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DrainRule {
    /// How long all evidence must hold without a break.
    pub quiet: Duration,
    /// Evidence beside weight zero; at least one line of it speaks of traffic.
    pub evidence: Vec<Evidence>,
}

impl Default for DrainRule {
    fn default() -> Self {
        Self { quiet: Duration::from_mins(1), evidence: vec![Evidence::InFlight, Evidence::Requests] }
    }
}

/// One sort of evidence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "source", rename_all = "snake_case")]
pub enum Evidence {
    /// Every router has weight zero for the pool, as read back.
    WeightZero,
    /// No request in flight on any router.
    InFlight,
    /// No new request on any router.
    Requests,
    /// No line but excluded ones from this log source.
    Log(SourceId),
}

impl Evidence {
    /// Its short name on the screen.
    pub fn name(&self) -> String {
        match self {
            Self::WeightZero => "weight 0 read back".to_owned(),
            Self::InFlight => "in flight".to_owned(),
            Self::Requests => "new requests".to_owned(),
            Self::Log(source) => format!("log {source}"),
        }
    }
}

/// What one look says about one line of evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// It speaks for drained: zero.
    Zero,
    /// It speaks against: so many.
    Some(u64),
    /// The source cannot count this. Neither for nor against.
    CannotCount,
    /// No fresh answer.
    Unknown {
        /// Why, for people.
        why: String,
    },
}

/// The state of one pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrainState {
    /// It has weight somewhere.
    Active,
    /// Weight zero everywhere, evidence not yet quiet for long enough.
    Draining,
    /// All evidence has been quiet for the time asked, and still is.
    Drained,
    /// Something that is needed is not known.
    Unknown,
}

impl DrainState {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Unknown => "unknown",
        }
    }
}

/// The drain of one pool, fed with looks.
#[derive(Clone, PartialEq, Debug)]
pub struct Drain {
    /// Where it stands.
    pub state: DrainState,
    /// The newest finding of each line of evidence, weight zero first.
    pub findings: Vec<(Evidence, Finding)>,
    /// Since when all evidence has been quiet without a break.
    pub quiet_since: Option<Elapsed>,
    /// The last look.
    pub looked: Option<Elapsed>,
    /// Requests in flight over the last looks, oldest first, for the trend.
    levels: VecDeque<(Elapsed, u64)>,
    quiet: Duration,
}

/// How far back the trend looks.
const TREND: Duration = Duration::from_secs(20);

impl Drain {
    /// A pool of which nothing is known yet.
    pub fn new(rule: &DrainRule) -> Self {
        Self {
            state: DrainState::Unknown,
            findings: Vec::new(),
            quiet_since: None,
            looked: None,
            levels: VecDeque::new(),
            quiet: rule.quiet,
        }
    }

    /// Takes one look: a finding per line of evidence, weight zero among them.
    pub fn look(&mut self, now: Elapsed, findings: Vec<(Evidence, Finding)>) {
        if let Some(level) = findings.iter().find_map(|(evidence, finding)| match (evidence, finding) {
            (Evidence::InFlight, Finding::Zero) => Some(0),
            (Evidence::InFlight, Finding::Some(level)) => Some(*level),
            _ => None,
        }) {
            self.levels.push_back((now, level));
        }
        while self.levels.front().is_some_and(|(at, _)| now.since(*at) > TREND) {
            self.levels.pop_front();
        }
        let weight =
            findings.iter().find(|(evidence, _)| *evidence == Evidence::WeightZero).map(|(_, finding)| finding);
        let traffic = || findings.iter().filter(|(evidence, _)| *evidence != Evidence::WeightZero);
        let unknown = findings.iter().any(|(_, finding)| matches!(finding, Finding::Unknown { .. }))
            || matches!(weight, None | Some(Finding::CannotCount))
            || !traffic().any(|(_, finding)| matches!(finding, Finding::Zero | Finding::Some(_)));
        let busy = traffic().any(|(_, finding)| matches!(finding, Finding::Some(_)));
        // A gap between looks that is longer than the quiet time proves nothing about the time between.
        let gap = self.looked.is_some_and(|looked| now.since(looked) > self.quiet);
        if unknown || busy || gap || !matches!(weight, Some(Finding::Zero)) {
            self.quiet_since = None;
        }
        self.state = if matches!(weight, Some(Finding::Some(_))) {
            DrainState::Active
        } else if unknown {
            DrainState::Unknown
        } else if busy {
            DrainState::Draining
        } else {
            let since = *self.quiet_since.get_or_insert(now);
            if now.since(since) >= self.quiet { DrainState::Drained } else { DrainState::Draining }
        };
        self.findings = findings;
        self.looked = Some(now);
    }

    /// How long all evidence has been quiet.
    pub fn quiet_for(&self, now: Elapsed) -> Option<Duration> {
        self.quiet_since.map(|since| now.since(since))
    }

    /// How long it must be quiet.
    pub fn quiet_needed(&self) -> Duration {
        self.quiet
    }

    /// Requests in flight at the last look that could count them.
    pub fn level(&self) -> Option<u64> {
        self.levels.back().map(|(_, level)| *level)
    }

    /// The highest level in the time that the trend looks at.
    pub fn peak(&self) -> Option<u64> {
        self.levels.iter().map(|(_, level)| *level).max()
    }

    /// How long until nothing is in flight, at the pace since the peak. `None` while it does not fall.
    pub fn time_left(&self) -> Option<Duration> {
        let (end, now) = *self.levels.back()?;
        let (start, peak) = *self.levels.iter().rev().max_by_key(|(_, level)| *level)?;
        let fallen = peak.checked_sub(now).filter(|fallen| *fallen > 0)?;
        let took = u64::try_from(end.since(start).as_millis()).ok()?;
        Some(Duration::from_millis(took.saturating_mul(now) / fallen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain() -> Drain {
        Drain::new(&DrainRule { quiet: Duration::from_secs(10), ..DrainRule::default() })
    }

    fn findings(weight: Finding, in_flight: Finding) -> Vec<(Evidence, Finding)> {
        vec![(Evidence::WeightZero, weight), (Evidence::InFlight, in_flight)]
    }

    #[test]
    fn drained_is_quiet_for_the_whole_time() {
        let mut drain = drain();
        for (second, level, state) in [
            (0, 4, DrainState::Draining),
            (1, 0, DrainState::Draining),
            (6, 1, DrainState::Draining),
            (7, 0, DrainState::Draining),
            (16, 0, DrainState::Draining),
            (17, 0, DrainState::Drained),
            (18, 1, DrainState::Draining),
        ] {
            let level = if level == 0 { Finding::Zero } else { Finding::Some(level) };
            drain.look(Elapsed(second * 1000), findings(Finding::Zero, level));
            assert_eq!(drain.state, state, "second {second}");
        }
    }

    #[test]
    fn weight_alone_proves_nothing() {
        let mut drain = drain();
        for second in 0..30 {
            drain.look(Elapsed(second * 1000), findings(Finding::Zero, Finding::CannotCount));
        }
        assert_eq!(drain.state, DrainState::Unknown);
    }

    #[test]
    fn a_missing_answer_starts_the_quiet_time_again() {
        let mut drain = drain();
        let silent = Finding::Unknown { why: "no answer".to_owned() };
        for second in 0..9 {
            drain.look(Elapsed(second * 1000), findings(Finding::Zero, Finding::Zero));
        }
        drain.look(Elapsed(9_000), findings(Finding::Zero, silent));
        assert_eq!(drain.state, DrainState::Unknown);
        drain.look(Elapsed(10_000), findings(Finding::Zero, Finding::Zero));
        assert_eq!((drain.state, drain.quiet_for(Elapsed(10_000))), (DrainState::Draining, Some(Duration::ZERO)));
    }

    #[test]
    fn a_pause_in_looking_is_not_quiet() {
        let mut drain = drain();
        drain.look(Elapsed(0), findings(Finding::Zero, Finding::Zero));
        drain.look(Elapsed(60_000), findings(Finding::Zero, Finding::Zero));
        assert_eq!(drain.state, DrainState::Draining);
    }

    #[test]
    fn the_time_left_follows_the_pace() {
        let mut drain = drain();
        for (second, level) in [(0, 40), (5, 30), (10, 20)] {
            drain.look(Elapsed(second * 1000), findings(Finding::Zero, Finding::Some(level)));
        }
        assert_eq!(drain.time_left(), Some(Duration::from_secs(10)));
    }
}
