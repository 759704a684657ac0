//! Guards as they watch (G1 to G4): every guard of the procedure over what is measured and what its checks answer.
//!
//! Parts: what is known of one guard ([`GuardWatch`]) and what others ask of it (here), `moment` (what the values are
//! counted since), `pools` (which pool a guard watches, and what runs there), `judge` (a value against a limit or a baseline, a
//! check), `compare` (one pool against the others).
//!
//! For what acts: [`Flight::guards`] has the state of each guard; [`GuardWatch::trips`] counts up whenever it trips, and
//! [`GuardWatch::elsewhere`] says whether the old version breaks the same limit. Before the first change
//! [`Flight::guard_baselines`] gives what is to be kept; once kept it stands in
//! [`Session::guard_baselines`](crate::session::Session::guard_baselines), which is believed before what this process
//! measured itself.
//!
//! Invariants: guards run on elapsed time alone, and start again after a gap; a change starts them again; a value whose
//! window reaches back before the change is neither a breach nor quiet (G4).

mod compare;
mod judge;
mod moment;
mod pools;

use std::collections::BTreeMap;
use std::time::Duration;

pub(super) use moment::Moment;

use super::Flight;
use crate::domain::guard::{GuardSpec, GuardState, Run, Subject};
use crate::domain::{Elapsed, GuardId, Limit, Measure, Now, PoolId, Procedure, SourceId, StepId, Unit, age};
use crate::session::proposal::GateState;

/// What was measured before the first change, by guard and pool; `None` of the whole.
pub type Baselines = BTreeMap<(GuardId, Option<PoolId>), f64>;

/// One guard as it watches.
#[derive(Clone, PartialEq, Debug)]
pub struct GuardWatch {
    /// Where it stands; of a guard on several pools, where the worst of them stands.
    pub state: GuardState,
    /// The pool that this speaks of; `None` of the whole, or where it watches none.
    pub pool: Option<PoolId>,
    /// The newest value and when it was measured.
    pub value: Option<(Elapsed, f64)>,
    /// The unit of the value and the limit.
    pub unit: Unit,
    /// The limit in force: the guard's own, the step's, or the one beside its baseline. `None` of a check, of pools that are
    /// compared, and while it rests.
    pub limit: Option<Limit>,
    /// The step whose limit is in force instead of the guard's own.
    pub by_step: Option<StepId>,
    /// What the newest judgement found: `blue 0.42 %, ≤ 1.00 %`. Empty before the first.
    pub found: String,
    /// How often a new value is expected.
    pub interval: Duration,
    /// What it found where it was red before the first change (it would otherwise pass for news); gone once it is quiet.
    pub red_at_start: Option<String>,
    /// That pools with the old version break the same limit: going back would not help (G2).
    pub elsewhere: Option<String>,
    /// How often it has tripped: a trip is news when this has grown.
    pub trips: u32,
    /// Breaches so far, whatever came between.
    pub breaches: u64,
    /// Each pool that it watches.
    runs: BTreeMap<Option<PoolId>, Watched>,
}

/// A guard on one pool.
#[derive(Clone, PartialEq, Debug)]
struct Watched {
    run: Run,
    value: Option<(Elapsed, f64)>,
    limit: Option<Limit>,
    found: String,
    /// The newest sample that was taken in, and whose it was.
    taken: Option<Elapsed>,
    source: Option<SourceId>,
    /// The number of the newest answer of its check that was taken in.
    answer: Option<u64>,
}

impl Watched {
    fn new(spec: &GuardSpec) -> Self {
        let run = Run::new(spec.patience, spec.failures);
        Self { run, value: None, limit: None, found: String::new(), taken: None, source: None, answer: None }
    }

    fn rest(&mut self, why: impl Into<String>) {
        self.run.rest(why.into());
        self.limit = None;
        self.value = None;
        self.found.clear();
    }
}

impl GuardWatch {
    fn new(spec: &GuardSpec, unit: Unit) -> Self {
        Self {
            state: GuardState::Resting { why: "not asked yet".to_owned() },
            pool: None,
            value: None,
            unit,
            limit: None,
            by_step: None,
            found: String::new(),
            interval: spec.every,
            red_at_start: None,
            elsewhere: None,
            trips: 0,
            breaches: 0,
            runs: BTreeMap::new(),
        }
    }

    /// How old the newest value is.
    pub fn age(&self, now: Elapsed) -> Option<Duration> {
        self.value.map(|(at, _)| now.since(at))
    }

    /// Whether the newest value is older than twice the time after which a new one is expected.
    pub fn is_stale(&self, now: Elapsed) -> bool {
        self.age(now).is_some_and(|age| age > self.interval * 2)
    }

    /// The newest value with its unit: `0.42 %`.
    pub fn value_words(&self) -> Option<String> {
        self.value.map(|(_, value)| self.unit.words(value))
    }

    /// Where it stands and what was found: `quiet, blue 0.42 %, ≤ 1.00 %`.
    pub fn words(&self) -> String {
        let mut words = self.state.words();
        match &self.state {
            GuardState::Quiet | GuardState::Breached { .. } if !self.found.is_empty() => {
                words = format!("{words}, {}", self.found);
            }
            GuardState::Quiet
            | GuardState::Breached { .. }
            | GuardState::Resting { .. }
            | GuardState::Tripped { .. }
            | GuardState::Inconclusive { .. } => {}
        }
        if let Some((breaches, of)) = self.runs.get(&self.pool).and_then(|watched| watched.run.flapping()) {
            words = format!("{words}, flapping: {breaches} breaches in {of} looks");
        }
        if let Some(step) = &self.by_step {
            words = format!("{words}, limit of {step}");
        }
        if self.red_at_start.is_some() && self.state.is_red() {
            words.push_str(", red since before the first change");
        }
        words
    }

    /// As one line with its name and the age of its value: `errors: quiet, blue 0.42 %, ≤ 1.00 %, 3s ago`.
    pub fn line(&self, id: &GuardId, now: Elapsed) -> String {
        let ago = self.age(now).map(|span| format!(", {} ago", age(span))).unwrap_or_default();
        format!("{id}: {}{ago}", self.words())
    }

    /// As a gate sees it: what is not known blocks as well (G3); what rests holds nothing up.
    pub fn gate(&self) -> GateState {
        match &self.state {
            GuardState::Resting { .. } | GuardState::Quiet => GateState::Holds,
            GuardState::Breached { .. } | GuardState::Tripped { .. } => GateState::Fails,
            GuardState::Inconclusive { .. } => GateState::Inconclusive,
        }
    }

    /// Brings together what the pools say: the worst of them is the guard's word.
    fn settle(&mut self) {
        // The first of equals, in the order of the names.
        let worst = self.runs.iter().rev().max_by_key(|(_, watched)| watched.run.state().weight());
        if let Some((pool, watched)) = worst {
            self.state = watched.run.state().clone();
            self.pool.clone_from(pool);
            self.value = watched.value;
            self.limit = watched.limit;
            self.found.clone_from(&watched.found);
        }
    }
}

/// What guards make of a soak (G4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holding {
    /// A guard is red: it starts again.
    Red(String),
    /// A guard cannot tell: it stands still.
    Blind(String),
}

impl Flight {
    /// Looks at every guard. At most ten times a second, but at once where something was measured.
    pub(super) fn run_guards(&mut self, now: Now, at_once: bool) {
        if self.guards.is_empty() || !(at_once || self.guarding.is_due(now.elapsed)) {
            return;
        }
        let was_before = self.guarding.is_before();
        let news = self.guarding.look(&self.session, now.elapsed);
        if was_before && !self.guarding.is_before() {
            self.guarding.baselines = self.measured_baselines();
        }
        let procedure = self.procedure.clone();
        let mut watches = std::mem::take(&mut self.guards);
        for spec in &procedure.guards {
            let Some(watch) = watches.get_mut(&spec.id) else { continue };
            if let Some(why) = &news {
                watch.runs.values_mut().for_each(|watched| watched.run.restart(why.clone()));
            }
            self.watch(now.elapsed, spec, watch);
        }
        self.guards = watches;
    }

    fn watch(&self, now: Elapsed, spec: &GuardSpec, watch: &mut GuardWatch) {
        let watched = self.watched(spec);
        watch.by_step = None;
        watch.elsewhere = None;
        match &watched {
            Err(why) => {
                watch.runs.clear();
                watch.state = GuardState::Resting { why: why.clone() };
                (watch.pool, watch.value, watch.limit) = (None, None, None);
                watch.found.clear();
            }
            Ok(pools) => {
                watch.runs.retain(|pool, _| pools.contains(pool));
                for pool in pools {
                    let mut one = watch.runs.remove(pool).unwrap_or_else(|| Watched::new(spec));
                    let (trips, breaches) = (one.run.trips(), one.run.breaches());
                    self.judge(now, spec, pool.as_ref(), &mut one, watch);
                    watch.trips += one.run.trips() - trips;
                    watch.breaches += one.run.breaches() - breaches;
                    watch.runs.insert(pool.clone(), one);
                }
                watch.settle();
            }
        }
        watch.red_at_start = match (&watch.state, self.guarding.is_before()) {
            (state, true) if state.is_red() => Some(watch.found.clone()),
            (GuardState::Quiet, _) => None,
            (_, _) => watch.red_at_start.take(),
        };
    }

    fn judge(&self, now: Elapsed, spec: &GuardSpec, pool: Option<&PoolId>, one: &mut Watched, watch: &mut GuardWatch) {
        if pool.is_some_and(|pool| self.has_weight(pool, now) == Some(false)) {
            one.rest(format!("{} has no weight", pool.map_or("", PoolId::as_str)));
            return;
        }
        match &spec.subject {
            Subject::Check(check) => self.judge_check(now, check, one),
            Subject::Limit { measure, limit, .. } => {
                let stepped = self.step_limit(&spec.id);
                let limit = stepped.as_ref().map_or(*limit, |(_, limit)| *limit);
                watch.by_step = stepped.map(|(step, _)| step);
                watch.interval = self.judge_value(now, measure, pool, limit, "", one);
                if one.run.state().is_red() {
                    watch.elsewhere = self.elsewhere(measure, pool, |_| Some(limit)).or(watch.elsewhere.take());
                }
            }
            Subject::Baseline { measure, worse_by, at_least, .. } => {
                let beside = |pool: Option<&PoolId>| {
                    let (baseline, _) = self.baseline(&spec.id, pool)?;
                    Some(Subject::beside(baseline, *worse_by, *at_least))
                };
                watch.interval = self.judge_baseline(now, spec, measure, pool, beside(pool), one);
                if one.run.state().is_red() {
                    let limit = |pool: &PoolId| beside(Some(pool));
                    watch.elsewhere = self.elsewhere(measure, pool, limit).or(watch.elsewhere.take());
                }
            }
            Subject::ErrorsAgainst { min_requests, at_least } => {
                self.compare_errors(now, spec, pool, *min_requests, *at_least, one);
            }
            Subject::LatencyAgainst { measure, min_values, at_least_ms } => {
                self.compare_latency(now, spec, pool, measure, *min_values, *at_least_ms, one);
            }
        }
    }

    /// What was measured before the first change, for guards that compare with it: to be kept with that change. Empty once
    /// it is kept.
    pub fn guard_baselines(&self) -> Vec<(GuardId, Option<PoolId>, f64)> {
        if !self.guarding.is_before() || !self.session.guard_baselines.is_empty() {
            return Vec::new();
        }
        self.measured_baselines().into_iter().map(|((guard, pool), value)| (guard, pool, value)).collect()
    }

    /// Guards that have tripped, in the profile's order.
    pub fn tripped_guards(&self) -> impl Iterator<Item = (&GuardSpec, &GuardWatch)> {
        self.procedure
            .guards
            .iter()
            .filter_map(|spec| Some((spec, self.guards.get(&spec.id)?)))
            .filter(|(_, watch)| matches!(watch.state, GuardState::Tripped { .. }))
    }

    /// Guards that were red before the first change and are still: to be confessed, in the profile's order.
    pub fn red_at_start(&self) -> impl Iterator<Item = (&GuardId, &str)> {
        self.procedure
            .guards
            .iter()
            .filter_map(|spec| Some((&spec.id, self.guards.get(&spec.id)?.red_at_start.as_deref()?)))
    }

    /// What the guards make of a soak now; `None` where all of them are quiet or rest.
    pub fn guards_on_soak(&self) -> Option<Holding> {
        let of = |gate: GateState| {
            let found = self.procedure.guards.iter().find_map(|spec| {
                let watch = self.guards.get(&spec.id).filter(|watch| watch.gate() == gate)?;
                Some((&spec.id, watch))
            });
            found.map(|(id, watch)| format!("guard {id}: {}", watch.state.words()))
        };
        of(GateState::Fails).map(Holding::Red).or_else(|| of(GateState::Inconclusive).map(Holding::Blind))
    }

    /// Breaches of all guards so far: one that came and went between two looks has been all the same.
    pub fn breaches_so_far(&self) -> u64 {
        self.guards.values().map(|watch| watch.breaches).sum()
    }

    /// When guards next want to look, so that they notice that nothing comes.
    pub(super) fn guards_wake_at(&self) -> Option<Elapsed> {
        (!self.guards.is_empty() && self.session.is_open()).then(|| self.guarding.wakes_at())
    }
}

/// The guards of a procedure; those that did not change go on as they are.
pub(super) fn watches(
    procedure: &Procedure,
    before: &Procedure,
    mut known: BTreeMap<GuardId, GuardWatch>,
) -> BTreeMap<GuardId, GuardWatch> {
    let unit = |measure: &Measure| {
        let panel = procedure.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
        measure.unit().or_else(|| panel.map(|panel| panel.unit.clone())).unwrap_or(Unit::Number)
    };
    let watch = |spec: &GuardSpec| {
        let same = known.remove(&spec.id).filter(|_| before.guard(&spec.id) == Some(spec));
        let unit = spec.subject.measure().map_or(Unit::Number, unit);
        (spec.id.clone(), same.unwrap_or_else(|| GuardWatch::new(spec, unit)))
    };
    procedure.guards.iter().map(watch).collect()
}
