//! The drain of every pool: what routers, gauges and logs say about the traffic that still arrives, gathered into looks.
//!
//! Every line of evidence comes with the moment that it speaks of: the oldest of the readings that it is made of, the time
//! of the newest sample, the watermark of a log. [`crate::domain::drain`] judges them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Flight;
use crate::domain::check::Verdict;
use crate::domain::drain::{Drain, DrainState, Evidence as Sort, Finding, Line, Look, Until};
use crate::domain::log::{AHEAD, Delivery};
use crate::domain::{Capabilities, CheckId, Elapsed, Measure, Now, PoolId, RouterId, Timestamp, age, clock_span};
use crate::session::command::Command;

/// A log source as evidence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogWatch {
    /// Lines that are not excluded, so far.
    pub lines: u64,
    /// Lines that were lost so far.
    pub dropped: u64,
    /// Up to when everything was delivered, by the source's own clock: its newest line of any sort.
    pub watermark: Option<Timestamp>,
    /// The newest line that is not excluded, by the source's own clock.
    pub last: Option<Timestamp>,
    /// When anything was delivered last.
    pub delivered: Option<Elapsed>,
    /// Why it is not followed; `None` while it is.
    pub trouble: Option<String>,
    /// Whether it was ever followed.
    pub followed: bool,
    /// How many lines, and how many lost ones, each pool's last look had seen.
    seen: BTreeMap<PoolId, (u64, u64)>,
}

/// How often the drains are looked at, at most: what arrives in between is gathered.
const LOOK: Duration = Duration::from_millis(100);
/// How often at least, however seldom the routers are read: gauges, logs and checks tell in between.
const OFTEN: Duration = Duration::from_secs(5);
/// A sample stays evidence for so many of its intervals, and no shorter than this.
const INTERVALS: u32 = 3;
const SAMPLE: Duration = Duration::from_secs(30);

impl LogWatch {
    /// Takes in what a batch says.
    pub(super) fn take(&mut self, now: Now, delivery: Delivery) {
        self.lines += delivery.lines;
        self.dropped += delivery.dropped;
        self.followed = true;
        let Some(watermark) = delivery.watermark else { return };
        // A stamp that our own clock has not reached by far is from before that clock went back.
        let stands = |stamp: &Timestamp| *stamp <= now.wall.plus(AHEAD);
        self.watermark = self.watermark.filter(stands).max(Some(watermark));
        self.last = self.last.filter(stands).max(delivery.last);
        self.delivered = Some(now.elapsed);
    }

    fn look(&mut self, pool: &PoolId) -> (Finding, Until) {
        let seen = self.seen.insert(pool.clone(), (self.lines, self.dropped));
        if let Some(trouble) = &self.trouble {
            return (Finding::unknown(trouble), Until::Nothing);
        }
        if !self.followed {
            return (Finding::unknown("not followed yet"), Until::Nothing);
        }
        let (lines, dropped) = seen.unwrap_or((self.lines, self.dropped));
        if dropped < self.dropped {
            return (Finding::unknown(format!("{} lines were lost", self.dropped - dropped)), Until::Nothing);
        }
        let (Some(watermark), Some(delivered)) = (self.watermark, self.delivered) else {
            return (Finding::unknown("nothing delivered yet: silence is not proof"), Until::Nothing);
        };
        (Finding::count(self.lines - lines), Until::Source { watermark, last: self.last, delivered })
    }
}

impl Flight {
    /// A drain in words: what speaks against it, or how long it has been quiet.
    pub fn drain_words(&self, drain: &Drain) -> String {
        let against: Vec<String> = drain
            .lines
            .iter()
            .filter_map(|line| match &line.finding {
                Finding::Zero | Finding::CannotCount => None,
                Finding::Some(_) if line.evidence == Sort::WeightZero => {
                    Some(format!("it has weight ({})", self.amount(line)))
                }
                Finding::Some(_) => Some(format!("{} {}", line.evidence.name(), self.amount(line))),
                Finding::Unknown { why } => Some(format!("{} unknown: {why}", line.evidence.name())),
            })
            .collect();
        if against.is_empty() && drain.state == DrainState::Unknown {
            return "nothing that is listed as evidence counts its traffic".to_owned();
        }
        if against.is_empty() {
            let quiet = drain.quiet_for().unwrap_or_default();
            let out: Vec<&str> = self.session.excluded.keys().map(RouterId::as_str).collect();
            let out = if out.is_empty() { String::new() } else { format!(", {} left out", out.join(", ")) };
            format!("quiet {} of {}{out}", clock_span(quiet), clock_span(drain.quiet_needed()))
        } else {
            against.join(", ")
        }
    }

    /// What a line of evidence counts, with its unit.
    pub fn amount(&self, line: &Line) -> String {
        let value = match line.finding {
            Finding::Some(value) => value,
            Finding::Zero | Finding::CannotCount | Finding::Unknown { .. } => 0.0,
        };
        match &line.evidence {
            Sort::Measure(Measure::Panel(id)) => {
                let panel = self.procedure.panels.iter().find(|panel| panel.id == *id);
                panel.map_or_else(|| value.to_string(), |panel| panel.unit.words(value))
            }
            Sort::Measure(measure) => measure.unit().map_or_else(|| value.to_string(), |unit| unit.words(value)),
            Sort::Check(check) => {
                let words = self.check_verdict(check).map(|(_, words, _)| format!(": {words}"));
                format!("failed{}", words.unwrap_or_default())
            }
            Sort::WeightZero | Sort::InFlight | Sort::Requests | Sort::Log(_) => format!("{value:.0}"),
        }
    }

    /// The routers that cannot count what a line of evidence is made of, in words; empty where all can, or none.
    pub fn cannot_count(&self, line: &Line) -> String {
        let names: Vec<&str> = line.cannot.iter().map(RouterId::as_str).collect();
        match (&line.finding, names.is_empty()) {
            (_, true) | (Finding::CannotCount, _) => String::new(),
            (Finding::Zero | Finding::Some(_) | Finding::Unknown { .. }, false) => {
                format!("{} cannot count {}", names.join(", "), line.evidence.counted())
            }
        }
    }

    /// When the drains are looked at next where their routers are read more seldom than that.
    pub(super) fn drains_wake_at(&self) -> Option<Elapsed> {
        let is_slow = self.procedure.routers.iter().any(|router| router.poll > OFTEN);
        let looked = self.drains.values().filter_map(|drain| drain.looked).max();
        looked.filter(|_| is_slow && self.session.is_open()).map(|looked| looked.plus(OFTEN))
    }

    /// Looks at the drains between two readings of slow routers: what else is evidence does not wait for them.
    pub(super) fn look_between_readings(&mut self, now: Now) {
        if self.drains_wake_at().is_some_and(|at| at <= now.elapsed) {
            let notes = self.look_at_drains(now);
            let notes = if self.drives() { notes } else { Vec::new() };
            self.note_all(now, notes);
        }
    }

    /// Looks at every pool's drain; a proof that has just become whole goes into the journal.
    pub(super) fn look_at_drains(&mut self, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        let looked = self.drains.values().filter_map(|drain| drain.looked).max();
        if looked.is_some_and(|looked| now.elapsed.since(looked) < LOOK) {
            return commands;
        }
        // Routers are read no more seldom than this; a longer pause is one of this process.
        let slowest = self.procedure.routers.iter().map(|router| router.poll).max().unwrap_or_default();
        let bound = super::soak::GAP.max(slowest * 2);
        let pools: Vec<PoolId> = self.procedure.pool_ids().cloned().collect();
        for pool in pools {
            let looks = self.looks(&pool, now.elapsed);
            for watch in self.watches.values_mut() {
                watch.arrived.remove(&pool);
            }
            let Some(drain) = self.drains.get_mut(&pool) else { continue };
            drain.look(now, bound, looks);
            if drain.state == DrainState::Active {
                self.undrained.insert(pool.clone());
            }
            let is_proven = drain.state == DrainState::Drained && self.session.is_open();
            if is_proven && self.undrained.remove(&pool) {
                let lines = self.drains.get(&pool).map(|drain| &drain.lines);
                let evidence = lines.into_iter().flatten().map(|line| self.proof(line)).collect();
                commands.push(Command::NoteDrained { pool, evidence });
            }
        }
        commands
    }

    /// After a restart: a pool that the session took weight from and that was not proven drained since may be draining.
    pub(super) fn take_up_drains(&mut self) {
        for change in &self.session.changes {
            for order in &change.confirmed.routers {
                let had = order.bound.iter().flat_map(|bound| &bound.native.0).filter(|weight| weight.weight > 0);
                let proven = |pool: &PoolId| self.session.drained.get(pool).is_some_and(|proof| proof.at >= change.at);
                self.undrained.extend(had.map(|weight| weight.pool.clone()).filter(|pool| !proven(pool)));
            }
        }
    }

    fn looks(&mut self, pool: &PoolId, now: Elapsed) -> Vec<Look> {
        let mut looks = vec![self.weight(pool, now)];
        for sort in self.procedure.drain.evidence.clone() {
            looks.push(match &sort {
                Sort::WeightZero => continue,
                Sort::InFlight => self.in_flight(pool, now),
                Sort::Requests => self.new_requests(pool, now),
                Sort::Measure(measure) => match self.gauge(measure, pool, now) {
                    Some(look) => look,
                    None => continue,
                },
                Sort::Check(check) => match self.checked(check, pool, now) {
                    Some(look) => look,
                    None => continue,
                },
                Sort::Log(source) => {
                    let of_pool =
                        self.procedure.logs.iter().find(|log| log.id == *source).and_then(|log| log.pool.as_ref());
                    if of_pool.is_some_and(|of| of != pool) {
                        continue;
                    }
                    let log = self.logs.get_mut(source);
                    let (finding, until) = log
                        .map_or_else(|| (Finding::unknown("not followed yet"), Until::Nothing), |log| log.look(pool));
                    Look::new(sort, finding).until(until)
                }
            });
        }
        looks
    }

    fn weight(&self, pool: &PoolId, now: Elapsed) -> Look {
        if self.watches.is_empty() {
            return Look::new(Sort::WeightZero, Finding::CannotCount);
        }
        let mut sum = 0;
        let mut oldest = now;
        for (router, watch) in &self.watches {
            // One that is left out counts while it answers, and is not waited for.
            if watch.fresh(now).is_none() && self.session.excluded.contains_key(router) {
                continue;
            }
            match watch.fresh(now) {
                Some(seen) => {
                    sum += seen.shares.of(pool).part;
                    oldest = oldest.min(seen.at.elapsed);
                }
                None => {
                    return Look::new(Sort::WeightZero, Finding::unknown(format!("no fresh reading of {router}")));
                }
            }
        }
        Look::new(Sort::WeightZero, Finding::count(sum)).until(Until::Moment(oldest))
    }

    fn in_flight(&self, pool: &PoolId, now: Elapsed) -> Look {
        let count = |router: &RouterId| {
            let seen = self.watches.get(router)?.fresh(now)?;
            seen.totals(pool).in_flight
        };
        self.over_routers(Sort::InFlight, now, |capabilities| capabilities.counts_in_flight, count)
    }

    fn new_requests(&self, pool: &PoolId, now: Elapsed) -> Look {
        let count = |router: &RouterId| {
            let watch = self.watches.get(router)?;
            watch.fresh(now)?;
            // Without a reading since the last look nothing is known to have come; the next reading tells.
            watch.arrived.get(pool).copied().unwrap_or(Some(0))
        };
        self.over_routers(Sort::Requests, now, |capabilities| capabilities.counts_requests, count)
    }

    fn over_routers(
        &self,
        sort: Sort,
        now: Elapsed,
        counts: impl Fn(&Capabilities) -> bool,
        count: impl Fn(&RouterId) -> Option<u64>,
    ) -> Look {
        let mut sum = 0;
        let mut oldest = now;
        let (can, cannot): (Vec<_>, Vec<_>) =
            self.procedure.routers.iter().partition(|router| counts(&router.capabilities));
        let cannot: Vec<RouterId> = cannot.into_iter().map(|router| router.id.clone()).collect();
        for router in &can {
            let fresh = self.watches.get(&router.id).and_then(|watch| watch.fresh(now));
            if fresh.is_none() && self.session.excluded.contains_key(&router.id) {
                continue;
            }
            let Some(each) = count(&router.id) else {
                let why = if fresh.is_some() { "does not tell" } else { "no fresh reading" };
                return Look { cannot, ..Look::new(sort, Finding::unknown(format!("{} {why}", router.id))) };
            };
            sum += each;
            oldest = fresh.map_or(oldest, |seen| oldest.min(seen.at.elapsed));
        }
        let finding = if can.is_empty() { Finding::CannotCount } else { Finding::count(sum) };
        Look { cannot, ..Look::new(sort, finding).until(Until::Moment(oldest)) }
    }

    /// What a metric source says of a pool; `None` where the measure is of other pools only.
    fn gauge(&self, measure: &Measure, pool: &PoolId, now: Elapsed) -> Option<Look> {
        if let Measure::Panel(id) = measure {
            let panel = self.procedure.panels.iter().find(|panel| panel.id == *id)?;
            panel.pools.contains(pool).then_some(())?;
        }
        let look = |finding| Some(Look::new(Sort::Measure(measure.clone()), finding));
        // What routers count is evidence of its own: here a source of metrics must have told.
        let series = self.measures.of(measure, Some(pool)).filter(|series| series.source.is_some());
        let Some(series) = series else { return look(Finding::unknown("no metric source has told it yet")) };
        let Some((at, value)) = series.newest() else { return look(Finding::unknown("no sample yet")) };
        let old = now.since(at);
        if old > (series.interval * INTERVALS).max(SAMPLE) {
            let why = series.trouble.as_ref().map_or_else(String::new, |trouble| format!(", {trouble}"));
            return look(Finding::unknown(format!("no new sample for {}{why}", age(old))));
        }
        let finding = match value {
            None => Finding::unknown(series.trouble.as_deref().unwrap_or("no value: no such series, or not a number")),
            Some(value) if value < 0.0 => Finding::unknown(format!("below zero: {value}")),
            Some(0.0) => Finding::Zero,
            Some(value) => Finding::Some(value),
        };
        let part = series.part.filter(|(counted, all)| counted < all);
        let finding = match (finding, part) {
            (Finding::Zero, Some((counted, all))) => Finding::unknown(format!("{counted} of {all} targets tell")),
            (finding, _) => finding,
        };
        Some(Look::new(Sort::Measure(measure.clone()), finding).until(Until::Moment(at)))
    }

    /// What a check says of a pool, as old as its newest answer; `None` where it is another pool's.
    fn checked(&self, check: &CheckId, pool: &PoolId, now: Elapsed) -> Option<Look> {
        let spec = self.procedure.check(check).filter(|spec| spec.pool.as_ref().is_none_or(|of| of == pool))?;
        let finding = match self.standing_of(spec, now) {
            (Verdict::Pass, _) => Finding::Zero,
            (Verdict::Fail, _) => Finding::Some(1.0),
            (Verdict::Inconclusive, why) => Finding::Unknown { why },
        };
        let answered = self.checks.run(check).and_then(|run| run.last.as_ref());
        let until = answered.map_or(Until::Nothing, |told| Until::Moment(told.began.elapsed));
        Some(Look::new(Sort::Check(check.clone()), finding).until(until))
    }

    /// A line of a proven drain, for the journal.
    fn proof(&self, line: &Line) -> String {
        let name = line.evidence.name();
        let quiet = line.quiet.map_or_else(String::new, |quiet| format!(", quiet {}", clock_span(quiet)));
        let upto = line.watermark.map_or_else(String::new, |watermark| format!(" up to {}Z", watermark.clock()));
        let cannot = self.cannot_count(line);
        let cannot = if cannot.is_empty() { cannot } else { format!(" ({cannot})") };
        match &line.finding {
            Finding::Zero => format!("{name}: {}{upto}{quiet}{cannot}", line.evidence.nothing()),
            Finding::Some(_) => format!("{name}: {}{cannot}", self.amount(line)),
            Finding::CannotCount => format!("{name}: no router can count it"),
            Finding::Unknown { why } => format!("{name}: unknown, {why}"),
        }
    }
}
