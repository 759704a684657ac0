//! D9: the version that is deployed: a registry in which somebody moves the tag, and a naive account of the first digest and
//! of what each cockpit was told since.

use std::time::Duration;

use flightdeck::domain::check::{Answer, CheckSpec, Verdict};
use flightdeck::domain::version::Resolved;
use flightdeck::session::proposal::Gate;

use super::*;
use crate::support::version::{CHECK, digest, with_version};

/// What is known of the version's tag.
pub struct Tagging {
    /// Its own, so that flights without a version are what they were before there were any.
    random: Random,
    /// Whether this flight resolves its version.
    pub flies: bool,
    /// What the tag points to now; `None` where it is gone.
    points_to: Option<char>,
    /// The first digest that the journal has.
    first: Option<String>,
    /// What each cockpit was told: when it had asked, in true time, and the digest of the answer to the newest question.
    told: BTreeMap<usize, Vec<(u64, Option<String>)>>,
}

/// Two flights of twelve resolve a version: one of them has actions as well.
const SOME: (u64, [u64; 2]) = (12, [2, 4]);
/// For how long an answer says anything: every second, 600 ms to answer, 2 s of patience.
const STALE: u64 = 3_600;

impl Tagging {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x0076_6572_7369_6f6e),
            flies: SOME.1.contains(&(seed % SOME.0)),
            points_to: Some('a'),
            first: None,
            told: BTreeMap::new(),
        }
    }

    /// Whether a check is the one that resolves the tag.
    pub fn resolves(&self, check: &CheckId) -> bool {
        self.flies && check.as_str() == CHECK
    }

    pub fn procedure(&mut self, procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        let mut procedure = with_version(procedure, &[]);
        let quick =
            |spec: CheckSpec| CheckSpec { every: Duration::from_secs(1), timeout: Duration::from_millis(600), ..spec };
        procedure.checks = procedure.checks.into_iter().map(quick).collect();
        // In half of them a deployment comes first.
        if self.random.chance(50) {
            let shifts = |step: &flightdeck::domain::procedure::Step| !matches!(step.act, StepAct::Deploy { .. });
            let first = procedure.plan.iter().take_while(|step| shifts(step)).count();
            procedure.plan.drain(..first);
        }
        procedure
    }

    fn newest(&self, at: usize) -> Option<&(u64, Option<String>)> {
        self.told.get(&at)?.iter().max_by_key(|(asked, _)| *asked)
    }
}

impl World {
    /// Somebody pushes the tag anew, deletes it, or puts it back.
    pub fn act_on_version(&mut self) {
        if !self.tagging.flies {
            return;
        }
        let random = &mut self.tagging.random;
        let points_to = match random.below(100) {
            0..6 => Some('a'),
            6..11 => Some('b'),
            11 => None,
            _ => return,
        };
        if self.tagging.points_to != points_to {
            self.seen.mark("tag moved");
        }
        self.tagging.points_to = points_to;
    }

    /// The registry answers, late or never.
    pub fn serve_tag(&mut self, at: usize, check: CheckId, request: u64) {
        let (began, healed) = (self.now(at), self.healed);
        let random = &mut self.tagging.random;
        if !healed && random.chance(4) {
            return;
        }
        let answer = match self.tagging.points_to {
            _ if !healed && random.chance(4) => Answer::new(Verdict::Inconclusive, "no answer for 600 ms", began.wall),
            Some(letter) => {
                let answer = Answer::new(Verdict::Pass, "registry.example.net/shop:2.5.0 is there", began.wall);
                Answer { value: Some(digest(letter)), ..answer }
            }
            None => Answer::new(Verdict::Fail, "registry.example.net/shop:2.5.0 is not there", began.wall),
        };
        let late = !healed && random.chance(4);
        let delay = random.below(if late { 3_000 } else { 250 });
        self.answer(at, delay, Msg::CheckAnswered { check, request, began, answer: Box::new(answer) });
    }

    /// What a cockpit is told of the tag.
    pub fn note_tag(&mut self, at: usize, msg: &Msg) {
        if let Msg::CheckAnswered { check, began, answer, .. } = msg
            && self.tagging.resolves(check)
        {
            let digest = answer.value.clone().filter(|_| answer.verdict == Verdict::Pass);
            let asked = began.elapsed.0 - self.cockpits[at].elapsed;
            self.tagging.told.entry(at).or_default().push((asked, digest));
        }
    }

    /// D9: what a cockpit knew of the tag when it let a deployment go: that it points to the first digest, or that was set
    /// aside.
    pub fn deploys_despite_tag(&self, at: usize, event: &Event) -> Option<Broken> {
        if !self.tagging.flies {
            return None;
        }
        let flown = &self.cockpits[at].flight.procedure;
        let overrides = match event {
            Event::ActionStarting(intent) if !intent.unwinds => &intent.overrides,
            Event::StepMarked { step, mark: StepMark::Done { overrides, .. } } => {
                let deploys = flown.step(step).is_some_and(|(_, step)| matches!(step.act, StepAct::Deploy { .. }));
                Some(overrides).filter(|_| deploys)?
            }
            _ => return None,
        };
        if overrides.iter().any(|each| each.gate == Gate::Version && !each.reason.trim().is_empty()) {
            return None;
        }
        let newest = self.tagging.newest(at).filter(|(asked, _)| self.time - asked <= STALE);
        let told = newest.and_then(|(_, digest)| digest.as_ref());
        let what = match (told, &self.tagging.first) {
            (Some(told), Some(first)) if told == first => return None,
            (Some(_), Some(_)) => "a deployment went although the tag points elsewhere now",
            (None, _) => "a deployment went although nobody knew what the tag points to",
            (_, None) => "a deployment went before its version was written down",
        };
        Some(Broken { rule: "D9", what: what.to_owned() })
    }

    /// What must be true of an event at its place in the journal; and what it changes in the account.
    pub fn check_version(&mut self, entry: &Entry, event: &Event, fold: &Session) {
        match event {
            Event::VersionResolved(resolved) => self.check_resolved(entry, resolved, fold),
            Event::ActionStarting(intent) if self.tagging.flies && !intent.unwinds => {
                let aside = intent.overrides.iter().any(|each| each.gate == Gate::Version);
                self.seen.mark(if aside { "deployed despite its version" } else { "deployed as resolved" });
            }
            Event::StepMarked { mark: StepMark::Done { overrides, .. }, .. }
                if self.tagging.flies && overrides.iter().any(|each| each.gate == Gate::Version) =>
            {
                self.seen.mark("deployed despite its version");
            }
            _ => {}
        }
    }

    fn check_resolved(&mut self, entry: &Entry, resolved: &Resolved, fold: &Session) {
        self.seen.mark("version resolved");
        if self.tagging.first.is_some() {
            self.broke("D9", "the digest of a version was moved");
        }
        if !fold.drives(entry.cockpit) {
            self.broke("D9", "somebody else than who drives wrote down what the version is");
        }
        let told = self.at(entry.cockpit).and_then(|at| self.tagging.told.get(&at));
        let was_told = told.into_iter().flatten().any(|(_, digest)| digest.as_ref() == Some(&resolved.digest));
        if resolved.tag != "2.5.0" || !was_told {
            self.broke("D9", "a digest was written down that nobody answered for the version");
        }
        self.tagging.first.get_or_insert_with(|| resolved.digest.clone());
    }

    /// D9: all faults being over, a version that is wanted is written down.
    pub fn resolve_at_last(&mut self) {
        if !self.tagging.flies || self.broken.is_some() {
            return;
        }
        self.tagging.points_to = self.tagging.points_to.or(Some('a'));
        self.pass(5_000);
        let fold = &self.store.fold;
        let flown = self.flown(fold);
        let next = flown.plan.iter().find(|step| !fold.steps.contains_key(&step.id));
        let deploys = next.is_some_and(|step| matches!(step.act, StepAct::Deploy { .. }));
        let driver = fold.controls.as_ref().and_then(|held| self.at(held.holder.cockpit));
        let Some(driver) = driver.filter(|at| self.cockpits[*at].alive) else { return };
        let flight = &self.cockpits[driver].flight;
        let reaches = flight.procedure.digest == flown.digest && flight.crew.skew_ms() <= 30_000;
        if deploys && reaches && fold.is_open() && self.tagging.first.is_none() {
            self.broke("D9", "a version that is wanted was never written down");
        }
    }
}
