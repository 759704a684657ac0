//! What is known now: evidence for gates and for the drain.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Flight;
use crate::domain::drain::{Drain, DrainState, Evidence as Sort, Finding};
use crate::domain::{Elapsed, Now, PoolId, RouterId, SourceId, clock_span};
use crate::session::command::{Command, Evidence};

/// A log source as evidence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogWatch {
    /// Lines that are not excluded, so far.
    pub lines: u64,
    /// Lines that were lost so far.
    pub dropped: u64,
    /// Why it is not followed; `None` while it is.
    pub trouble: Option<String>,
    /// Whether it was ever followed.
    pub followed: bool,
    /// How many lines, and how many lost ones, each pool's last look had seen.
    seen: BTreeMap<PoolId, (u64, u64)>,
}

/// How often the drains are looked at, at most: what arrives in between is gathered.
const LOOK: Duration = Duration::from_millis(100);

impl Flight {
    /// What is known now, for the gates.
    pub fn evidence(&self, now: Now) -> Evidence {
        let mut evidence =
            Evidence { soak: self.soak.as_ref().map(super::soak::Soak::evidence), ..Evidence::default() };
        evidence.present = self.present(now.elapsed).map(|presence| presence.cockpit).collect();
        evidence.signers.clone_from(&self.keys.checked);
        evidence.own_key.clone_from(&self.me.key);
        evidence.checks = self.check_evidence(now.elapsed);
        let fresh = self.watches.iter().filter_map(|(router, watch)| Some((router, watch.fresh(now.elapsed)?)));
        // Shared, and made of what stands in order already: the routers may be many.
        evidence.readings = fresh.map(|(router, seen)| (router.clone(), seen.reading.clone())).collect();
        evidence.traffic = self.traffic();
        for (pool, drain) in &self.drains {
            evidence.drains.insert(pool.clone(), (drain.state, self.drain_words(drain, now.elapsed)));
        }
        evidence.guards =
            self.guards.iter().map(|(guard, watch)| (guard.clone(), (watch.gate(), watch.words()))).collect();
        evidence
    }

    /// A drain in words: what speaks against it, or how long it has been quiet.
    pub fn drain_words(&self, drain: &Drain, now: Elapsed) -> String {
        let against: Vec<String> = drain
            .findings
            .iter()
            .filter_map(|(sort, finding)| match finding {
                Finding::Zero | Finding::CannotCount => None,
                Finding::Some(count) if *sort == Sort::WeightZero => Some(format!("it has weight ({count})")),
                Finding::Some(count) => Some(format!("{} {count}", sort.name())),
                Finding::Unknown { why } => Some(format!("{} unknown: {why}", sort.name())),
            })
            .collect();
        if against.is_empty() {
            let quiet = drain.quiet_for(now).unwrap_or_default();
            format!("quiet {} of {}", clock_span(quiet), clock_span(drain.quiet_needed()))
        } else {
            against.join(", ")
        }
    }

    /// Looks at every pool's drain; a proof that has just become whole goes into the journal.
    pub(super) fn look_at_drains(&mut self, now: Now) -> Vec<Command> {
        let mut commands = Vec::new();
        let looked = self.drains.values().filter_map(|drain| drain.looked).max();
        if looked.is_some_and(|looked| now.elapsed.since(looked) < LOOK) {
            return commands;
        }
        let pools: Vec<PoolId> = self.procedure.pool_ids().cloned().collect();
        for pool in pools {
            let findings = self.findings(&pool, now.elapsed);
            for watch in self.watches.values_mut() {
                watch.arrived.remove(&pool);
            }
            let Some(drain) = self.drains.get_mut(&pool) else { continue };
            drain.look(now.elapsed, findings);
            if drain.state == DrainState::Active {
                self.undrained.insert(pool.clone());
            }
            if drain.state == DrainState::Drained && self.session.is_open() && self.undrained.remove(&pool) {
                let evidence = drain.findings.iter().map(|(sort, finding)| proof(sort, finding)).collect();
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

    fn findings(&mut self, pool: &PoolId, now: Elapsed) -> Vec<(Sort, Finding)> {
        let mut findings = vec![(Sort::WeightZero, self.weight(pool, now))];
        for sort in self.procedure.drain.evidence.clone() {
            let finding = match &sort {
                Sort::WeightZero => continue,
                Sort::InFlight => self.in_flight(pool, now),
                Sort::Requests => self.new_requests(pool, now),
                Sort::Log(source) => {
                    let of_pool =
                        self.procedure.logs.iter().find(|log| log.id == *source).and_then(|log| log.pool.clone());
                    if of_pool.is_some_and(|of| of != *pool) {
                        continue;
                    }
                    self.new_lines(source, pool)
                }
            };
            findings.push((sort, finding));
        }
        findings
    }

    fn weight(&self, pool: &PoolId, now: Elapsed) -> Finding {
        if self.watches.is_empty() {
            return Finding::CannotCount;
        }
        let mut sum = 0;
        for (router, watch) in &self.watches {
            match watch.fresh(now) {
                Some(seen) => sum += seen.reading.native.shares([pool]).of(pool).part,
                None => return Finding::Unknown { why: format!("no fresh reading of {router}") },
            }
        }
        if sum == 0 { Finding::Zero } else { Finding::Some(sum) }
    }

    fn in_flight(&self, pool: &PoolId, now: Elapsed) -> Finding {
        self.sum_over_routers(
            now,
            |capabilities| capabilities.counts_in_flight,
            |router| {
                let seen = self.watches.get(router)?.fresh(now)?;
                seen.reading.totals(pool).in_flight
            },
        )
    }

    fn new_requests(&self, pool: &PoolId, now: Elapsed) -> Finding {
        let counts = |capabilities: &crate::domain::Capabilities| capabilities.counts_requests;
        self.sum_over_routers(now, counts, |router| {
            let watch = self.watches.get(router)?;
            watch.fresh(now)?;
            // Without a reading since the last look nothing is known to have come; the next reading tells.
            watch.arrived.get(pool).copied().unwrap_or(Some(0))
        })
    }

    fn sum_over_routers(
        &self,
        now: Elapsed,
        counts: impl Fn(&crate::domain::Capabilities) -> bool,
        count: impl Fn(&RouterId) -> Option<u64>,
    ) -> Finding {
        let mut sum = 0;
        let mut counted = false;
        for router in self.procedure.routers.iter().filter(|router| counts(&router.capabilities)) {
            counted = true;
            let Some(each) = count(&router.id) else {
                let fresh = self.watches.get(&router.id).is_some_and(|watch| watch.fresh(now).is_some());
                let why = if fresh { "does not tell" } else { "no fresh reading" };
                return Finding::Unknown { why: format!("{} {why}", router.id) };
            };
            sum += each;
        }
        match (counted, sum) {
            (false, _) => Finding::CannotCount,
            (true, 0) => Finding::Zero,
            (true, sum) => Finding::Some(sum),
        }
    }

    fn new_lines(&mut self, source: &SourceId, pool: &PoolId) -> Finding {
        let Some(log) = self.logs.get_mut(source) else {
            return Finding::Unknown { why: "not followed yet".to_owned() };
        };
        if let Some(trouble) = &log.trouble {
            return Finding::Unknown { why: trouble.clone() };
        }
        let seen = log.seen.insert(pool.clone(), (log.lines, log.dropped));
        match seen {
            Some((_, dropped)) if dropped < log.dropped => {
                Finding::Unknown { why: format!("{} lines were lost", log.dropped - dropped) }
            }
            Some((lines, _)) if lines < log.lines => Finding::Some(log.lines - lines),
            Some(_) => Finding::Zero,
            None if log.followed => Finding::Zero,
            None => Finding::Unknown { why: "not followed yet".to_owned() },
        }
    }
}

fn proof(sort: &Sort, finding: &Finding) -> String {
    match finding {
        Finding::Zero => format!("{}: 0", sort.name()),
        Finding::Some(count) => format!("{}: {count}", sort.name()),
        Finding::CannotCount => format!("{}: no router can count it", sort.name()),
        Finding::Unknown { why } => format!("{}: unknown, {why}", sort.name()),
    }
}
