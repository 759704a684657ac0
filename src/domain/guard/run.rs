//! The state of one guard over one pool: fed with one word per distinct sample (G2), it counts breaches in a row.
//!
//! A sample without a value holds the count: it neither adds to it nor clears it, and after some of them in a row the guard
//! says that it is inconclusive. A tripped guard is quiet again once it was quiet for as long as it took to trip, or when
//! the traffic was changed: then everything is counted anew.

use std::collections::VecDeque;
use std::time::Duration;

use super::Patience;
use crate::domain::{Elapsed, clock_span};

/// Where a guard stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GuardState {
    /// It is not asked now: its pool has no weight, there is nothing to compare.
    Resting {
        /// Why.
        why: String,
    },
    /// The newest sample keeps the limit.
    Quiet,
    /// The newest sample with a value breaks it, and that is not enough yet.
    Breached {
        /// Breaches in a row.
        count: u32,
        /// How long they have lasted without a break.
        held: Duration,
        /// When they are enough.
        of: Patience,
    },
    /// Breaches were enough.
    Tripped {
        /// Since when.
        since: Elapsed,
        /// What was found then: `blue 2.31 %, ≤ 1.00 %, 2 in a row`.
        words: String,
    },
    /// It cannot be told. Neither a breach nor quiet.
    Inconclusive {
        /// What would decide it and when at the present rate, or what is missing: `25 of 400 requests, about 75 min`.
        words: String,
    },
}

impl GuardState {
    /// Whether it speaks against going on.
    pub fn is_red(&self) -> bool {
        match self {
            Self::Breached { .. } | Self::Tripped { .. } => true,
            Self::Resting { .. } | Self::Quiet | Self::Inconclusive { .. } => false,
        }
    }

    /// How much it matters: of a guard on several pools, the state that matters most is the guard's.
    pub fn weight(&self) -> u8 {
        match self {
            Self::Resting { .. } => 0,
            Self::Quiet => 1,
            Self::Inconclusive { .. } => 2,
            Self::Breached { .. } => 3,
            Self::Tripped { .. } => 4,
        }
    }

    /// In a few words: `quiet`, `breached 1 of 2`, `inconclusive: 25 of 400 requests, about 75 min`.
    pub fn words(&self) -> String {
        match self {
            Self::Resting { why } => format!("not asked: {why}"),
            Self::Quiet => "quiet".to_owned(),
            Self::Breached { count, held, of } => format!("breached {}", of.progress(*count, *held)),
            Self::Tripped { words, .. } => format!("tripped: {words}"),
            Self::Inconclusive { words } => format!("inconclusive: {words}"),
        }
    }
}

impl Patience {
    /// How far it is used up: `1 of 2`, `0:40 of 2:00`.
    pub fn progress(self, count: u32, held: Duration) -> String {
        match self {
            Self::InARow(of) => format!("{count} of {of}"),
            Self::For(of) => format!("{} of {}", clock_span(held), clock_span(of)),
        }
    }

    /// When it is used up, in words: `2 in a row`, `for 2:00`.
    pub fn words(self) -> String {
        match self {
            Self::InARow(of) => format!("{of} in a row"),
            Self::For(of) => format!("for {}", clock_span(of)),
        }
    }

    fn is_over(self, count: u32, held: Duration) -> bool {
        match self {
            Self::InARow(of) => count >= of,
            Self::For(of) => held >= of,
        }
    }
}

/// What one sample says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// It keeps the limit.
    Keeps,
    /// It breaks it; with what was found, for the moment at which that is enough.
    Breaks(String),
    /// It has no value: no traffic, not a number.
    Nothing(String),
    /// The query failed.
    Failed(String),
    /// It does not count yet, and this is what it waits for. Known at once to be inconclusive.
    NotYet(String),
}

/// One guard over one pool.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    patience: Patience,
    failures: u32,
    state: GuardState,
    breaking: Row,
    keeping: Row,
    tripped: Option<(Elapsed, String)>,
    /// Samples without a value in a row, failed queries among them.
    missing: u32,
    failed: u32,
    /// Breaches so far, whatever came between.
    breaches: u64,
    trips: u32,
    /// Whether the last samples with a value were breaches.
    recent: VecDeque<bool>,
}

/// Samples of one sort in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Row {
    count: u32,
    held: Duration,
    /// The newest one, where nothing came between it and the next.
    last: Option<Elapsed>,
}

impl Row {
    fn add(&mut self, at: Elapsed) {
        self.count = self.count.saturating_add(1);
        self.held += self.last.map(|last| at.since(last)).unwrap_or_default();
        self.last = Some(at);
    }
}

/// How many samples back flapping is looked for.
const RECENT: usize = 10;

impl Run {
    /// A guard that was not asked yet.
    pub fn new(patience: Patience, failures: u32) -> Self {
        Self {
            patience,
            failures: failures.max(1),
            state: GuardState::Resting { why: "not asked yet".to_owned() },
            breaking: Row::default(),
            keeping: Row::default(),
            tripped: None,
            missing: 0,
            failed: 0,
            breaches: 0,
            trips: 0,
            recent: VecDeque::new(),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> &GuardState {
        &self.state
    }

    /// Breaches so far, whatever came between: a breach that nobody looked at in time is still seen to have been.
    pub fn breaches(&self) -> u64 {
        self.breaches
    }

    /// How often it has tripped.
    pub fn trips(&self) -> u32 {
        self.trips
    }

    /// Breaches among the last samples, where they come and go; `None` while they are of one sort or nearly so.
    pub fn flapping(&self) -> Option<(usize, usize)> {
        let turns = self.recent.iter().zip(self.recent.iter().skip(1)).filter(|(one, next)| one != next).count();
        (turns >= 3).then(|| (self.recent.iter().filter(|broke| **broke).count(), self.recent.len()))
    }

    /// Takes in what one distinct sample says.
    pub fn take(&mut self, at: Elapsed, said: Said) {
        match said {
            Said::Keeps => {
                self.decided(false);
                self.breaking = Row::default();
                self.keeping.add(at);
                if self.patience.is_over(self.keeping.count, self.keeping.held) {
                    self.tripped = None;
                }
                self.stand();
            }
            Said::Breaks(words) => {
                self.decided(true);
                self.keeping = Row::default();
                self.breaking.add(at);
                self.breaches += 1;
                if self.tripped.is_none() && self.patience.is_over(self.breaking.count, self.breaking.held) {
                    self.trips += 1;
                    self.tripped = Some((at, format!("{words}, {}", self.patience.words())));
                }
                self.stand();
            }
            Said::Nothing(words) => {
                self.missed();
                if self.missing >= self.failures {
                    self.hold(words);
                }
            }
            Said::Failed(words) => {
                self.missed();
                self.failed = self.failed.saturating_add(1);
                if self.failed >= self.failures {
                    self.hold(format!("blind, {} queries in a row failed: {words}", self.failed));
                } else if self.missing >= self.failures {
                    self.hold(words);
                }
            }
            Said::NotYet(words) => {
                self.missed();
                self.hold(words);
            }
        }
    }

    /// Says that nothing new comes, without a sample: what was counted stands.
    pub fn wait(&mut self, words: String) {
        self.breaking.last = None;
        self.keeping.last = None;
        self.hold(words);
    }

    /// Says that it is not asked now; what was counted is forgotten.
    pub fn rest(&mut self, why: String) {
        self.clear();
        self.state = GuardState::Resting { why };
    }

    /// Counts anew, because the traffic was changed or nobody looked for a while: what was known says nothing any more.
    pub fn restart(&mut self, words: String) {
        self.clear();
        self.state = GuardState::Inconclusive { words };
    }

    fn clear(&mut self) {
        self.breaking = Row::default();
        self.keeping = Row::default();
        self.tripped = None;
        self.missing = 0;
        self.failed = 0;
        self.recent.clear();
    }

    fn decided(&mut self, broke: bool) {
        self.missing = 0;
        self.failed = 0;
        self.recent.push_back(broke);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    fn missed(&mut self) {
        self.missing = self.missing.saturating_add(1);
        self.breaking.last = None;
        self.keeping.last = None;
    }

    fn hold(&mut self, words: String) {
        // A guard that has tripped stays so while nothing says otherwise.
        if self.tripped.is_some() {
            return;
        }
        let words = match self.breaking.count {
            0 => words,
            count => format!("{words}; {} stands", self.patience.progress(count, self.breaking.held)),
        };
        self.state = GuardState::Inconclusive { words };
    }

    fn stand(&mut self) {
        self.state = match &self.tripped {
            Some((since, words)) => GuardState::Tripped { since: *since, words: words.clone() },
            None if self.breaking.count == 0 => GuardState::Quiet,
            None => GuardState::Breached { count: self.breaking.count, held: self.breaking.held, of: self.patience },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds one sample a second: `b` breaks, `q` keeps, `n` has no value, `f` failed, `w` does not count yet.
    fn fed(patience: Patience, failures: u32, samples: &str) -> Run {
        let mut run = Run::new(patience, failures);
        for (at, sample) in (1_u64..).zip(samples.chars()) {
            let said = match sample {
                'b' => Said::Breaks("2 %".to_owned()),
                'q' => Said::Keeps,
                'n' => Said::Nothing("no value".to_owned()),
                'f' => Said::Failed("refused".to_owned()),
                _ => Said::NotYet("25 of 400 requests".to_owned()),
            };
            run.take(Elapsed(at * 1_000), said);
        }
        run
    }

    #[test]
    fn what_samples_make_of_a_guard() {
        let twice = Patience::InARow(2);
        for (samples, words) in [
            ("", "not asked: not asked yet"),
            ("q", "quiet"),
            ("b", "breached 1 of 2"),
            ("bq", "quiet"),
            ("bb", "tripped: 2 %, 2 in a row"),
            ("bqbqbq", "quiet"),
            ("bbq", "tripped: 2 %, 2 in a row"),
            ("bbqbq", "tripped: 2 %, 2 in a row"),
            ("bbqq", "quiet"),
            // What has no value holds the count, and is said once it lasts.
            ("bn", "breached 1 of 2"),
            ("bnnn", "inconclusive: no value; 1 of 2 stands"),
            ("bnnnb", "tripped: 2 %, 2 in a row"),
            ("bnnnq", "quiet"),
            ("qnn", "quiet"),
            ("qnnn", "inconclusive: no value"),
            ("nn", "not asked: not asked yet"),
            ("nnn", "inconclusive: no value"),
            ("bbnnnn", "tripped: 2 %, 2 in a row"),
            // Failed queries are counted apart.
            ("ff", "not asked: not asked yet"),
            ("qff", "quiet"),
            ("qfff", "inconclusive: blind, 3 queries in a row failed: refused"),
            ("qfnf", "inconclusive: refused"),
            ("qfffq", "quiet"),
            ("w", "inconclusive: 25 of 400 requests"),
            ("bw", "inconclusive: 25 of 400 requests; 1 of 2 stands"),
        ] {
            assert_eq!(fed(twice, 3, samples).state().words(), words, "{samples}");
        }
    }

    #[test]
    fn a_time_without_samples_is_no_time_of_breach() {
        let long = Patience::For(Duration::from_secs(3));
        for (samples, words) in [
            ("b", "breached 0:00 of 0:03"),
            ("bbb", "breached 0:02 of 0:03"),
            ("bbbb", "tripped: 2 %, for 0:03"),
            ("bbnbb", "breached 0:02 of 0:03"),
            ("bbnbbb", "tripped: 2 %, for 0:03"),
            ("bbbqbbb", "breached 0:02 of 0:03"),
            ("bbbbqqq", "tripped: 2 %, for 0:03"),
            ("bbbbqqqq", "quiet"),
        ] {
            assert_eq!(fed(long, 3, samples).state().words(), words, "{samples}");
        }
    }

    #[test]
    fn flapping_is_told_and_every_breach_is_counted() {
        let run = fed(Patience::InARow(2), 3, "qqqqbqbqb");
        assert_eq!((run.flapping(), run.breaches(), run.trips()), (Some((3, 9)), 3, 0));
        assert_eq!(fed(Patience::InARow(2), 3, "qqqqbbqqq").flapping(), None);
        assert_eq!(fed(Patience::InARow(2), 3, "bbqqbb").trips(), 2);
    }

    #[test]
    fn another_split_is_counted_anew() {
        let mut run = fed(Patience::InARow(2), 3, "bb");
        run.restart("no value since the change".to_owned());
        assert_eq!(run.state().words(), "inconclusive: no value since the change");
        run.take(Elapsed(9_000), Said::Breaks("2 %".to_owned()));
        assert_eq!(run.state().words(), "breached 1 of 2");
        run.rest("blue has no weight".to_owned());
        run.take(Elapsed(10_000), Said::Breaks("2 %".to_owned()));
        assert_eq!(run.state().words(), "breached 1 of 2");
    }
}
