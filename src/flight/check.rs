//! Checks: which are asked when, and what their answers mean for gates, guards and the record.
//!
//! Asked while somebody waits for it: what the step last done and the next one wait for, what a guard watches, what an
//! operator asked for by hand, what is evidence of a drain, what stands between two stages of a way back, and once at the beginning what is later held
//! against its own first answer. Each answer is
//! evidence (B2): it binds nothing, and is asked again before it counts at the moment of confirming.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Effect, Flight};
use crate::domain::check::{Answer, Asking, Asks, CheckSpec, Run, Told, Verdict};
use crate::domain::drain::{Evidence as Sort, Finding};
use crate::domain::guard::Subject;
use crate::domain::procedure::Condition;
use crate::domain::{ApprovalId, ChangeId, CheckId, Elapsed, Now, PoolId, Seat, Timestamp};
use crate::session::command::Command;
use crate::session::event::CheckAnswered;
use crate::session::gate::{StageCheck, between_stages};
use crate::session::proposal::GateState;

/// All checks as they stand.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Checks {
    runs: BTreeMap<CheckId, Run>,
    requests: u64,
    /// The sample that each limit was last judged by: the same one twice is one answer (G2).
    pub(super) judged: BTreeMap<CheckId, Elapsed>,
    /// Verdicts on their way into the journal.
    noting: BTreeMap<CheckId, Verdict>,
    /// The stage of a way back since whose verification those between the stages were asked.
    stage: Option<ChangeId>,
}

impl Checks {
    /// The run of one check; `None` before it was asked.
    pub fn run(&self, check: &CheckId) -> Option<&Run> {
        self.runs.get(check)
    }
}

/// How many of a group's checks stand how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// All of them.
    pub all: usize,
    /// Passed, and not long ago.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Asked, and neither: no data, stale.
    pub inconclusive: usize,
    /// Being tried.
    pub trying: usize,
}

impl Totals {
    /// As a sentence: `5/7, 1 failed, 1 inconclusive`.
    pub fn words(&self) -> String {
        let mut words = format!("{}/{}", self.passed, self.all);
        for (count, what) in
            [(self.failed, "failed"), (self.inconclusive, "inconclusive"), (self.trying, "being asked")]
        {
            if count > 0 {
                // Writing to text cannot fail.
                let _written = write!(words, ", {count} {what}");
            }
        }
        words
    }
}

impl Flight {
    /// The newest answer of a check, whatever its tries: its verdict, in words, and its number, which grows with each
    /// distinct answer. `None` before the first. An answer that is stale has the number of the fresh one that it was.
    pub fn check_verdict(&self, check: &CheckId) -> Option<(Verdict, String, u64)> {
        let run = self.checks.runs.get(check)?;
        let answer = &run.last.as_ref()?.answer;
        Some((answer.verdict, answer.words.clone(), run.answers))
    }

    /// What a check is taken for now, with the evidence in words.
    pub fn standing_of(&self, spec: &CheckSpec, now: Elapsed) -> (Verdict, String) {
        match self.checks.run(&spec.id) {
            Some(run) => run.stands(spec, now),
            None => (Verdict::Inconclusive, "not asked yet".to_owned()),
        }
    }

    /// How the checks of a group stand; without a group all of them.
    pub fn check_totals(&self, group: Option<&str>, now: Elapsed) -> Totals {
        let of_group = |spec: &&CheckSpec| group.is_none() || spec.group.as_deref() == group;
        self.totals_of(self.procedure.checks.iter().filter(of_group), now)
    }

    /// How these checks stand.
    pub fn totals_of<'c>(&self, checks: impl Iterator<Item = &'c CheckSpec>, now: Elapsed) -> Totals {
        let mut totals = Totals::default();
        for spec in checks {
            totals.all += 1;
            let Some(run) = self.checks.run(&spec.id) else { continue };
            let is_settled = run.standing.verdict().is_some();
            match run.stands(spec, now).0 {
                _ if run.last.is_none() && !run.by_hand => {}
                _ if !is_settled && (run.last.is_none() || !run.is_stale(spec, now)) => totals.trying += 1,
                Verdict::Pass => totals.passed += 1,
                Verdict::Fail => totals.failed += 1,
                Verdict::Inconclusive => totals.inconclusive += 1,
            }
        }
        totals
    }

    /// Asks for checks by hand: they run until they are settled, whoever else waits for them.
    pub(super) fn run_checks(&mut self, now: Now, checks: &[CheckId], out: &mut Vec<Effect>) {
        for check in checks {
            if self.procedure.check(check).is_some() {
                self.checks.runs.entry(check.clone()).or_default().begin(now.elapsed);
            }
        }
        self.look_after_checks(now, out);
    }

    /// Asks what is due, and gives up what does not come.
    pub(super) fn look_after_checks(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.procedure.checks.is_empty() || !self.session.is_open() {
            return;
        }
        let (procedure, wanted) = (self.procedure.clone(), self.wanted_checks());
        let stage = self.verified_stage();
        if stage.is_some() && stage != self.checks.stage {
            for check in &procedure.back.checks {
                self.checks.runs.entry(check.clone()).or_default().renew(now.elapsed);
            }
        }
        self.checks.stage = stage;
        for spec in &procedure.checks {
            let run = self.checks.runs.entry(spec.id.clone()).or_default();
            let settled = run.give_up(spec, now);
            if run.is_due(now.elapsed, wanted.contains(&spec.id)) {
                self.ask_check(now, spec, out);
            }
            self.note_check(now, spec, settled);
        }
    }

    fn ask_check(&mut self, now: Now, spec: &CheckSpec, out: &mut Vec<Effect>) {
        self.checks.requests += 1;
        let request = self.checks.requests;
        let asking = self.asking(spec, now);
        if let Some(run) = self.checks.runs.get_mut(&spec.id) {
            run.ask(spec, request, now.elapsed);
        }
        match &spec.asks {
            Asks::System => out.push(Effect::AskCheck { check: spec.id.clone(), request, asking: Box::new(asking) }),
            Asks::Limit(threshold) => {
                let (answer, sample) = self.hold_against(threshold, spec.pool.as_ref(), now);
                let is_distinct = match sample {
                    Some(sample) => self.checks.judged.insert(spec.id.clone(), sample) != Some(sample),
                    None => true,
                };
                self.take_answer(now, spec, request, Told { answer, began: now }, is_distinct);
            }
        }
    }

    pub(super) fn check_answered(&mut self, now: Now, check: &CheckId, request: u64, began: Now, answer: Answer) {
        let procedure = self.procedure.clone();
        if let Some(spec) = procedure.check(check) {
            self.take_answer(now, spec, request, Told { answer, began }, true);
        }
    }

    fn take_answer(&mut self, now: Now, spec: &CheckSpec, request: u64, told: Told, is_distinct: bool) {
        let Some(run) = self.checks.runs.get_mut(&spec.id) else { return };
        let (by_hand, had_first) = (run.by_hand, run.first.is_some());
        let settled = run.answered(spec, request, told, is_distinct);
        // What later answers are compared with must outlive this cockpit.
        let is_first = spec.compares && !had_first && run.first.is_some() && self.first_value(spec).is_none();
        match settled {
            Some(verdict) if by_hand && self.me.seat != Seat::Observer => self.note_verdict(now, spec, verdict),
            Some(_) => self.note_check(now, spec, settled),
            None if is_first && self.drives() => self.note_verdict(now, spec, Verdict::Pass),
            None => {}
        }
    }

    /// The driver notes a verdict that is another one than the journal has.
    fn note_check(&mut self, now: Now, spec: &CheckSpec, settled: Option<Verdict>) {
        let Some(verdict) = settled.filter(|_| self.drives()) else { return };
        let kept = self.session.checks.get(&spec.id).map(|noted| noted.what.verdict);
        if kept != Some(verdict) && self.checks.noting.get(&spec.id) != Some(&verdict) {
            self.note_verdict(now, spec, verdict);
        }
    }

    fn note_verdict(&mut self, now: Now, spec: &CheckSpec, verdict: Verdict) {
        let Some(told) = self.checks.runs.get(&spec.id).and_then(|run| run.last.as_ref()) else { return };
        let Answer { words, value, evidence, .. } = told.answer.clone();
        self.checks.noting.insert(spec.id.clone(), verdict);
        let value = value.filter(|_| spec.compares);
        let answered = CheckAnswered { check: spec.id.clone(), verdict, words, value, evidence };
        self.note(now, Command::NoteCheck(Box::new(answered)));
    }

    /// A verdict is in the journal: the next one is held against that.
    pub(super) fn check_noted(&mut self, check: &CheckId) {
        self.checks.noting.remove(check);
    }

    fn first_value(&self, spec: &CheckSpec) -> Option<String> {
        self.session.checks.get(&spec.id).and_then(|noted| noted.what.first.clone())
    }

    fn asking(&self, spec: &CheckSpec, now: Now) -> Asking {
        let opened = self.session.opened.as_ref();
        let versions = opened.map(|opened| (opened.what.from_version.clone(), opened.what.to_version.clone()));
        let (from_version, to_version) = versions.unwrap_or_default();
        let own = || self.checks.run(&spec.id).and_then(|run| run.first.clone());
        Asking {
            now: now.wall,
            from_version,
            to_version,
            digest: self.session.digest().to_owned(),
            opened: opened.map_or(now.wall, |opened| opened.at),
            changed: self.last_sent(),
            earlier: self.first_value(spec).or_else(own).filter(|_| spec.compares),
        }
    }

    /// When the newest change was sent.
    pub(super) fn last_sent(&self) -> Option<Timestamp> {
        self.session.changes.iter().rev().find(|change| change.intent.is_some()).map(|change| change.at)
    }

    /// Whether a check is asked again by itself: somebody waits for it, or an operator asked.
    pub fn is_check_wanted(&self, check: &CheckId) -> bool {
        self.checks.run(check).is_some_and(|run| run.by_hand) || self.wanted_checks().contains(check)
    }

    /// The checks that somebody waits for.
    fn wanted_checks(&self) -> BTreeSet<CheckId> {
        let plan = &self.procedure.plan;
        let steps =
            [self.session.last_step(plan).filter(|step| !self.session.is_skipped(step)), self.session.next_step(plan)];
        let mut wanted = BTreeSet::new();
        for condition in steps.into_iter().flatten().flat_map(|step| &step.leave_when) {
            match condition {
                Condition::Check(check) => {
                    wanted.insert(check.clone());
                }
                Condition::Checks(group) => wanted.extend(self.procedure.group(group).map(|check| check.id.clone())),
                Condition::Approved(approval) => wanted.extend(self.approval_check(approval)),
                Condition::Drained(_) | Condition::Items(_) => {}
            }
        }
        let needs = self.session.next_step(plan).into_iter().flat_map(|step| &step.needs);
        wanted.extend(needs.filter_map(|approval| self.approval_check(approval)));
        for guard in &self.procedure.guards {
            if let Subject::Check(check) = &guard.subject {
                wanted.insert(check.clone());
            }
        }
        // What stands beside an open item is looked at by whoever is about to tick it.
        let open = self.procedure.checklist.items().filter(|item| !self.session.ticks.contains_key(&item.id));
        wanted.extend(open.filter_map(|item| item.rules.check.clone()));
        wanted.extend(self.version_checks());
        wanted.extend(self.drain_checks().cloned());
        if self.verified_stage().is_some() {
            wanted.extend(self.procedure.back.checks.iter().cloned());
        }
        let unknown = |spec: &&CheckSpec| {
            let own = self.checks.run(&spec.id).is_some_and(|run| run.first.is_some());
            spec.compares && !own && self.first_value(spec).is_none()
        };
        wanted.extend(self.procedure.checks.iter().filter(unknown).map(|spec| spec.id.clone()));
        wanted
    }

    /// The check that reads an approval.
    fn approval_check(&self, approval: &ApprovalId) -> Option<CheckId> {
        self.procedure.approval(approval)?.check().cloned()
    }

    /// The checks that are evidence of a pool's drain, while a pool that they speak of has weight nowhere.
    fn drain_checks(&self) -> impl Iterator<Item = &CheckId> {
        let is_empty = |pool: &PoolId| {
            let lines = self.drains.get(pool).into_iter().flat_map(|drain| &drain.lines);
            lines.filter(|line| line.evidence == Sort::WeightZero).any(|line| line.finding == Finding::Zero)
        };
        let listed = self.procedure.drain.evidence.iter().filter_map(|sort| match sort {
            Sort::Check(check) => self.procedure.check(check),
            Sort::WeightZero | Sort::InFlight | Sort::Requests | Sort::Measure(_) | Sort::Log(_) => None,
        });
        let waits = move |spec: &&CheckSpec| match &spec.pool {
            Some(pool) => is_empty(pool),
            None => self.procedure.pool_ids().any(is_empty),
        };
        listed.filter(waits).map(|spec| &spec.id)
    }

    /// When a check must be looked at next.
    pub(super) fn checks_wake_at(&self) -> Option<Elapsed> {
        if self.procedure.checks.is_empty() || !self.session.is_open() {
            return None;
        }
        let wanted = self.wanted_checks();
        let each = self.procedure.checks.iter().filter_map(|spec| {
            let is_wanted = wanted.contains(&spec.id);
            match self.checks.run(&spec.id) {
                Some(run) => run.wakes_at(spec, is_wanted),
                None => is_wanted.then_some(Elapsed(0)),
            }
        });
        each.min()
    }

    /// Every check that was asked, for the gates.
    pub(super) fn check_evidence(&self, now: Elapsed) -> BTreeMap<CheckId, (Verdict, String)> {
        let asked = self.procedure.checks.iter().filter(|spec| self.checks.run(&spec.id).is_some());
        let mut found: BTreeMap<_, _> = asked.map(|spec| (spec.id.clone(), self.standing_of(spec, now))).collect();
        // Asked before the stage was verified, it says nothing of it.
        if self.verified_stage() != self.checks.stage {
            let not_yet = || (Verdict::Inconclusive, "not asked since the stage was verified".to_owned());
            found.extend(self.procedure.back.checks.iter().map(|check| (check.clone(), not_yet())));
        }
        found
    }

    /// The stage of a way back that is verified and has another one after it.
    fn verified_stage(&self) -> Option<ChangeId> {
        self.session.ramp().and(self.session.newest_rollback()).map(crate::session::Change::id)
    }

    /// How the checks stand that are looked at before the next stage of a way back goes (R8); none while no stage waits.
    pub fn stage_checks(&self, now: Elapsed) -> Vec<StageCheck> {
        if self.procedure.back.checks.is_empty() || self.session.ramp().is_none() {
            return Vec::new();
        }
        between_stages(&self.session, &self.procedure, &self.check_evidence(now)).collect()
    }

    /// Those of them that do not pass: what a stage that goes on all the same goes on despite.
    pub fn against_next_stage(&self, now: Elapsed) -> Vec<StageCheck> {
        let mut against = self.stage_checks(now);
        against.retain(|each| each.state != GateState::Holds);
        against
    }

    /// Asks these anew: what they answered before says nothing of what has come since.
    pub(super) fn renew_checks(&mut self, checks: &[CheckId], now: Elapsed) {
        for check in checks {
            self.checks.runs.entry(check.clone()).or_default().renew(now);
        }
    }

    /// Asks this one as soon as may be, where it is asked at all.
    pub(super) fn hasten_check(&mut self, check: &CheckId, now: Elapsed) {
        if let Some(run) = self.checks.runs.get_mut(check) {
            run.hasten(now);
        }
    }

    /// After another profile was taken in: what was asked before may have been another question.
    pub(super) fn forget_checks(&mut self) {
        let requests = self.checks.requests;
        self.checks = Checks { requests, ..Checks::default() };
    }
}
