//! Requests and answers that share keys and a clock, and how they pair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::recent::Recent;
use super::sight::{NoKey, Seen, Side, Sighting};
use super::tally::{Tally, nearest_rank};
use super::{Rule, back};
use crate::domain::{PoolId, Timestamp};

/// So many requests may be open, wait to be taken in, or be kept as pairs of the window.
const MOST: usize = 100_000;

/// How often answers without a request are looked through, by the lane's clock.
const SWEEP: Duration = Duration::from_secs(1);

/// One lane.
#[derive(Clone, PartialEq, Debug)]
pub struct Lane {
    rule: Rule,
    most: usize,
    /// Up to here everything was taken in, in the order of its times.
    clock: Option<Timestamp>,
    /// From this clock on it is known what is open: what began before the lane, or before a loss, is not.
    sure_from: Timestamp,
    /// What was lost, while that matters.
    lost: Option<String>,
    /// What came and is not taken in yet: earlier lines may still come.
    waiting: Recent<Seen>,
    open: BTreeMap<Arc<str>, Open>,
    /// The keys of the open ones by their time.
    order: BTreeSet<(Timestamp, Arc<str>)>,
    /// Answers without a request so far.
    orphans: BTreeMap<Arc<str>, Timestamp>,
    /// Up to when those that are too old were last looked for.
    swept: Timestamp,
    pairs: Recent<Pair>,
    duplicates: Recent<Option<PoolId>>,
    keyless: Recent<NoKey>,
    /// Requests that were given up because too much was open.
    given_up: Recent<()>,
    /// Requests that the window has passed without an answer, ever.
    lapsed: u64,
    /// Lines that came later than is allowed, ever.
    late: u64,
}

#[derive(Clone, PartialEq, Debug)]
struct Open {
    at: Timestamp,
    pool: Option<PoolId>,
}

/// A request with its answer, which stands at the answer's time.
#[derive(Clone, PartialEq, Debug)]
struct Pair {
    asked: Timestamp,
    key: Arc<str>,
    pool: Option<PoolId>,
}

/// How one request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Not taken in yet: an earlier line may still come.
    Waiting,
    /// Open, by the lane's clock for so many milliseconds.
    Open(u64),
    /// Answered after so many milliseconds; `None` where the answer is stamped before the request.
    Answered(Option<u64>),
}

impl Lane {
    /// An empty lane.
    pub fn new(rule: Rule) -> Self {
        Self::bounded(rule, MOST)
    }

    /// An empty lane that keeps no more than so many of each.
    pub(super) fn bounded(rule: Rule, most: usize) -> Self {
        Self {
            rule,
            most,
            clock: None,
            sure_from: Timestamp(i64::MAX),
            lost: None,
            waiting: Recent::new(most),
            open: BTreeMap::new(),
            order: BTreeSet::new(),
            orphans: BTreeMap::new(),
            swept: Timestamp(i64::MIN),
            pairs: Recent::new(most),
            duplicates: Recent::new(most),
            keyless: Recent::new(most),
            given_up: Recent::new(most),
            lapsed: 0,
            late: 0,
        }
    }

    /// Takes a sighting in: at its place where its time has not been passed yet, else as well as can be.
    pub fn take(&mut self, sighting: Sighting) {
        let at = sighting.at;
        let seen = match sighting.seen {
            Ok(seen) => seen,
            Err(keyless) => {
                self.keyless.push(at, keyless);
                return;
            }
        };
        if self.clock.is_some_and(|clock| at <= clock) {
            self.late += 1;
            self.apply(at, seen);
        } else if let Some((at, _)) = self.waiting.push(at, seen) {
            self.given_up.push(at, ());
        }
    }

    /// The slowest log has delivered everything up to here.
    pub fn advance(&mut self, watermark: Timestamp) {
        let to = back(watermark, self.rule.late);
        match self.clock {
            None => self.sure_from = to.plus(self.rule.unanswered_after),
            // The clock of the logs was set back: what was before is of another time.
            Some(clock) if to < back(clock, self.rule.window) => {
                *self = Self::bounded(self.rule, self.most);
                self.sure_from = to.plus(self.rule.unanswered_after);
            }
            Some(clock) if to <= clock => return,
            Some(_) => {}
        }
        self.clock = Some(to);
        while let Some((at, seen)) = self.waiting.pop_until(to) {
            self.apply(at, seen);
        }
        self.forget(to);
    }

    /// Lines were lost, up to this time: what was open may have been answered among them.
    pub fn lose(&mut self, until: Timestamp, why: String) {
        let Some(clock) = self.clock else { return };
        let until = until.max(clock);
        self.waiting.forget(until);
        self.open.clear();
        self.order.clear();
        self.orphans.clear();
        self.sure_from = until.plus(self.rule.unanswered_after);
        self.lost = Some(why);
    }

    /// Up to which time everything was taken in.
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// What was found of a pool, of all without one; `None` while nothing was taken in.
    pub fn tally(&self, pool: Option<&PoolId>) -> Option<Tally> {
        let clock = self.clock?;
        let is_of = |of: Option<&PoolId>| pool.is_none() || of == pool;
        let (begin, overdue) = (back(clock, self.rule.window), back(clock, self.rule.unanswered_after));
        let open: Vec<&Open> = self.open.values().filter(|open| is_of(open.pool.as_ref())).collect();
        let pairs = self.pairs.iter().filter(|(_, pair)| is_of(pair.pool.as_ref()));
        let (mut answered, mut asked, mut times) = (0, 0, Vec::new());
        for (at, pair) in pairs {
            answered += 1;
            asked += usize::from(pair.asked > begin);
            times.extend(between(pair.asked, at));
        }
        let keyless = |side| self.keyless.iter().filter(|(_, keyless)| keyless.side == side).count();
        Some(Tally {
            clock,
            rule: self.rule,
            requests: open.len() + asked,
            unanswered: open.iter().filter(|open| open.at < overdue).count(),
            oldest: open.iter().map(|open| open.at).min().map(|at| clock.since(at)),
            open: open.len(),
            duplicates: self.duplicates.iter().filter(|(_, of)| is_of(of.as_ref())).count(),
            answered,
            timed: times.len(),
            p95_ms: nearest_rank(&mut times, 95),
            keyless_requests: keyless(Side::Request),
            keyless_answers: keyless(Side::Answer),
            masked: self.keyless.iter().any(|(_, keyless)| keyless.is_masked),
            without_pool: self.open.values().filter(|open| pool.is_some() && open.pool.is_none()).count(),
            given_up: self.given_up.iter().count(),
            is_cut: self.pairs.is_cut(),
            is_sure: clock >= self.sure_from,
            lost: self.lost.clone(),
            lapsed: self.lapsed,
            late: self.late,
        })
    }

    /// How the request of a key stands, that a line of this time speaks of.
    pub fn standing(&self, key: &str, at: Timestamp) -> Option<Standing> {
        let clock = self.clock?;
        if at > clock {
            return Some(Standing::Waiting);
        }
        if let Some(open) = self.open.get(key).filter(|open| at >= open.at) {
            return Some(Standing::Open(between(open.at, clock)?));
        }
        let near = self.pairs.iter().filter(|(answered, pair)| {
            &*pair.key == key && (pair.asked.min(*answered)..=pair.asked.max(*answered)).contains(&at)
        });
        near.last().map(|(answered, pair)| Standing::Answered(between(pair.asked, answered)))
    }

    fn apply(&mut self, at: Timestamp, seen: Seen) {
        match seen.side {
            Side::Request => self.request(at, seen),
            Side::Answer => self.answer(at, seen),
        }
    }

    fn request(&mut self, at: Timestamp, Seen { key, pool, .. }: Seen) {
        // An answer that came first is its own where it is stamped later, or so little earlier that clocks may disagree.
        if let Some(answered) = self.orphans.remove(&key)
            && answered.plus(self.rule.late) >= at
        {
            self.pairs.push(answered, Pair { asked: at, key, pool });
            return;
        }
        if let Some(open) = self.open.get_mut(&key) {
            self.duplicates.push(at.max(open.at), pool);
            if at < open.at {
                self.order.remove(&(open.at, key.clone()));
                self.order.insert((at, key));
                open.at = at;
            }
            return;
        }
        self.order.insert((at, key.clone()));
        self.open.insert(key, Open { at, pool });
        if self.open.len() > self.most
            && let Some((at, key)) = self.order.pop_first()
        {
            self.open.remove(&key);
            self.given_up.push(at, ());
        }
    }

    fn answer(&mut self, at: Timestamp, Seen { key, pool, .. }: Seen) {
        if let Some(open) = self.open.remove(&key) {
            self.order.remove(&(open.at, key.clone()));
            self.pairs.push(at, Pair { asked: open.at, key, pool: open.pool.or(pool) });
            return;
        }
        if self.orphans.len() >= self.most {
            self.lose(at, format!("more than {} answers came without a request", self.most));
        }
        self.orphans.insert(key, at);
    }

    /// Lets go of what the window has passed.
    fn forget(&mut self, clock: Timestamp) {
        let begin = back(clock, self.rule.window);
        while let Some((at, key)) = self.order.first().filter(|(at, _)| *at <= begin).cloned() {
            self.order.remove(&(at, key.clone()));
            self.open.remove(&key);
            self.lapsed += 1;
        }
        // All are looked at, so not with every batch; one that is too old pairs with nothing.
        if begin.since(self.swept) >= SWEEP {
            self.swept = begin;
            self.orphans.retain(|_, at| *at > begin);
        }
        self.pairs.forget(begin);
        self.duplicates.forget(begin);
        self.keyless.forget(begin);
        self.given_up.forget(begin);
        if clock >= self.sure_from {
            self.lost = None;
        }
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> [usize; 4] {
        [self.waiting.len(), self.open.len(), self.pairs.len(), self.orphans.len()]
    }
}

/// Milliseconds from one time to another; `None` where the other is earlier.
fn between(from: Timestamp, to: Timestamp) -> Option<u64> {
    u64::try_from(to.0.saturating_sub(from.0)).ok()
}
