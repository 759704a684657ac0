//! The run of one check: when it is asked, and what its answers amount to.
//!
//! A run tries until the first pass, at most [`CheckSpec::tries`] times, and needs [`CheckSpec::in_a_row`] passes one after
//! another. Every answer that is no pass is one try, also an inconclusive one: no data must not be asked for without an end
//! that is seen. A check that failed, or is passed, is asked again at its interval for as long as somebody waits for it: an
//! answer of a while ago says nothing of now.
//!
//! # Invariants
//! - A stale answer is inconclusive, whatever it said.
//! - One question at a time; an answer to another one than the last is ignored.
//! - A system that asked to be left alone is not asked before that time, not even by hand.

use std::time::Duration;

use super::{Answer, CheckSpec, Verdict};
use crate::domain::{Elapsed, Now, Timestamp, age};

/// What an answer that does not come may take beyond its time-out before it is given up.
const GRACE: Duration = Duration::from_secs(2);

/// How a check stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Standing {
    /// It was not asked yet.
    #[default]
    NotAsked,
    /// It is being tried; neither passed nor failed yet.
    Trying,
    /// It is settled.
    Settled {
        /// As what.
        verdict: Verdict,
        /// Since when it stands so.
        since: Timestamp,
    },
}

impl Standing {
    /// The verdict, once there is one.
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::NotAsked | Self::Trying => None,
            Self::Settled { verdict, .. } => Some(verdict),
        }
    }
}

/// The newest answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// It.
    pub answer: Answer,
    /// When it was asked for; it is at least as old.
    pub began: Now,
}

/// The run of one check.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Run {
    /// How it stands.
    pub standing: Standing,
    /// The newest answer.
    pub last: Option<Told>,
    /// Answers of this run that were no pass.
    pub tried: u32,
    /// Passes one after another, up to now.
    pub in_a_row: u32,
    /// How many distinct answers there were: the same sample of a measure looked at twice is one.
    pub answers: u64,
    /// What it answered as its value, the first time.
    pub first: Option<String>,
    /// Whether an operator asked for it and it is not settled yet.
    pub by_hand: bool,
    pending: Option<(u64, Elapsed)>,
    due: Elapsed,
    /// The system asked to be left alone until then.
    not_before: Elapsed,
}

impl Run {
    /// Begins it anew, because an operator asks.
    pub fn begin(&mut self, now: Elapsed) {
        self.standing = Standing::NotAsked;
        self.tried = 0;
        self.in_a_row = 0;
        self.by_hand = true;
        self.due = now;
    }

    /// Begins it anew, because what it answered before says nothing of what has come since. An answer that is on its way is
    /// of before as well.
    pub fn renew(&mut self, now: Elapsed) {
        self.standing = Standing::NotAsked;
        self.tried = 0;
        self.in_a_row = 0;
        self.pending = None;
        self.due = now;
    }

    /// Asked again as soon as may be; what it answered before counts until then.
    pub fn hasten(&mut self, now: Elapsed) {
        self.due = now;
    }

    /// Whether it is to be asked now, where somebody waits for it or an operator asked.
    pub fn is_due(&self, now: Elapsed, is_wanted: bool) -> bool {
        (is_wanted || self.by_hand) && self.pending.is_none() && now >= self.due_at()
    }

    /// Whether a question is on its way.
    pub fn is_asked(&self) -> bool {
        self.pending.is_some()
    }

    /// When it may be asked next.
    pub fn due_at(&self) -> Elapsed {
        self.due.max(self.not_before)
    }

    /// When it must be looked at next: to be asked, or because an answer does not come.
    pub fn wakes_at(&self, spec: &CheckSpec, is_wanted: bool) -> Option<Elapsed> {
        match self.pending {
            Some((_, began)) => Some(began.plus(spec.timeout + GRACE)),
            None => (is_wanted || self.by_hand).then(|| self.due_at()),
        }
    }

    /// It is asked now.
    pub fn ask(&mut self, spec: &CheckSpec, request: u64, now: Elapsed) {
        self.pending = Some((request, now));
        self.due = now.plus(spec.every);
    }

    /// Takes an answer in. `is_distinct` says whether it speaks of something else than the one before. Gives the verdict
    /// that it settled as, where this answer did that.
    pub fn answered(&mut self, spec: &CheckSpec, request: u64, told: Told, is_distinct: bool) -> Option<Verdict> {
        if self.pending.is_none_or(|(pending, _)| pending != request) {
            return None;
        }
        self.pending = None;
        self.take(spec, told, is_distinct)
    }

    /// Gives a question up whose answer does not come; it is inconclusive then.
    pub fn give_up(&mut self, spec: &CheckSpec, now: Now) -> Option<Verdict> {
        let (_, began) = self.pending.filter(|(_, began)| now.elapsed.since(*began) > spec.timeout + GRACE)?;
        self.pending = None;
        let words = format!("no answer came within {}", span(spec.timeout));
        let asked = Now { wall: now.wall, elapsed: began };
        let answer = Answer::new(Verdict::Inconclusive, words, now.wall);
        self.take(spec, Told { answer, began: asked }, true)
    }

    fn take(&mut self, spec: &CheckSpec, told: Told, is_distinct: bool) -> Option<Verdict> {
        let (verdict, at) = (told.answer.verdict, told.began);
        if let Some(span) = told.answer.not_before {
            self.not_before = at.elapsed.plus(span);
        }
        if self.first.is_none() {
            self.first.clone_from(&told.answer.value);
        }
        self.last = Some(told);
        self.answers += u64::from(is_distinct);
        match verdict {
            Verdict::Pass => {
                self.in_a_row = self.in_a_row.saturating_add(1);
                if self.in_a_row < spec.in_a_row {
                    self.standing = Standing::Trying;
                    return None;
                }
                self.tried = 0;
            }
            Verdict::Fail | Verdict::Inconclusive => {
                self.in_a_row = 0;
                self.tried = self.tried.saturating_add(1);
                if self.tried < spec.tries {
                    self.standing = Standing::Trying;
                    return None;
                }
            }
        }
        self.settle(verdict, at.wall)
    }

    fn settle(&mut self, verdict: Verdict, at: Timestamp) -> Option<Verdict> {
        let is_news = self.by_hand || self.standing.verdict() != Some(verdict);
        if self.standing.verdict() != Some(verdict) {
            self.standing = Standing::Settled { verdict, since: at };
        }
        self.by_hand = false;
        is_news.then_some(verdict)
    }

    /// How old the newest answer is.
    pub fn age(&self, now: Elapsed) -> Option<Duration> {
        self.last.as_ref().map(|told| now.since(told.began.elapsed))
    }

    /// Whether the newest answer is too old to say anything of now.
    pub fn is_stale(&self, spec: &CheckSpec, now: Elapsed) -> bool {
        self.age(now).is_some_and(|age| age > (spec.every * 2).max(spec.every + spec.timeout + GRACE))
    }

    /// What a gate takes it for, with the evidence in words and what would settle it. Stale, still tried, and never asked
    /// are inconclusive.
    pub fn stands(&self, spec: &CheckSpec, now: Elapsed) -> (Verdict, String) {
        let Some(told) = &self.last else { return (Verdict::Inconclusive, "not asked yet".to_owned()) };
        let words = &told.answer.words;
        if self.is_stale(spec, now) {
            let old = age(self.age(now).unwrap_or_default());
            return (Verdict::Inconclusive, format!("{words}, asked {old} ago: too old to count"));
        }
        match self.standing {
            Standing::NotAsked => (Verdict::Inconclusive, format!("{words}, asked again now")),
            Standing::Trying => (Verdict::Inconclusive, format!("{words}; {}", self.trying(spec, now))),
            Standing::Settled { verdict, .. } => (verdict, words.clone()),
        }
    }

    /// How far the trying is, and when it goes on: `try 3 of 30, next in 8s`.
    pub fn trying(&self, spec: &CheckSpec, now: Elapsed) -> String {
        let far = if self.in_a_row > 0 {
            format!("{} of {} passes in a row", self.in_a_row, spec.in_a_row)
        } else {
            format!("try {} of {}", self.tried, spec.tries)
        };
        match self.next_in(now) {
            Some(left) => format!("{far}, next in {}", age(left)),
            None => format!("{far}, asked now"),
        }
    }

    /// How long until it is asked next; `None` while it is being asked.
    pub fn next_in(&self, now: Elapsed) -> Option<Duration> {
        (!self.is_asked()).then(|| self.due_at().since(now))
    }
}

/// A span in the unit that suits it: `800ms`, `5s`.
fn span(span: Duration) -> String {
    if span < Duration::from_secs(1) { format!("{}ms", span.as_millis()) } else { age(span) }
}

#[cfg(test)]
mod tests;
