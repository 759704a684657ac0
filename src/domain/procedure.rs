//! The checked profile as the core sees it: pools and roles, routers and what they can do, the plan, the rules.
//!
//! Router configuration and secrets are not here: they stay in the runtime, by router name.

use std::collections::BTreeMap;
use std::time::Duration;

use super::action::ActionSpec;
use super::check::CheckSpec;
use super::checklist::Checklist;
use super::drain::DrainRule;
use super::guard::GuardSpec;
use super::measure::PanelSpec;
use super::notify::NotifySpec;
use super::pairing::PairSpec;
use super::soak::SoakTask;
use super::{
    ActionId, BasisPoints, Capabilities, CheckId, Digest, GuardId, ItemId, Limit, People, PoolId, RouterId, SourceId,
    StepId, Waves, Weights, WhyRule, WindowSpec,
};

/// Everything that a deployment is flown by.
#[derive(Clone, PartialEq, Debug)]
pub struct Procedure {
    /// The service's name.
    pub service: String,
    /// The environment's name: `prod`.
    pub environment: String,
    /// Whether acts here ask the most: set by the profile, else guessed from names like `prod`.
    pub production: bool,
    /// SHA-256 over the profile's and the included files' bytes.
    pub digest: Digest,
    /// Pools in the profile's order; at least two, or none where there is no router either.
    pub pools: Vec<Pool>,
    /// Routers in the profile's order; may be empty.
    pub routers: Vec<RouterSpec>,
    /// In which order a forward change goes to the routers (D5); a way back goes to all of them at once.
    pub rollout: Waves,
    /// The plan's steps in order; may be empty.
    pub plan: Vec<Step>,
    /// The checklist.
    pub checklist: Checklist,
    /// What each kind of act asks of the operator.
    pub confirm: Confirm,
    /// What opening a session asks to be said (F6).
    pub why: WhyRule,
    /// The rules about people.
    pub people: People,
    /// How far `+` and `-` move a draft.
    pub increment: BasisPoints,
    /// Times.
    pub timing: Timing,
    /// When a pool counts as drained.
    pub drain: DrainRule,
    /// Log sources.
    pub logs: Vec<LogSpec>,
    /// Requests and answers that are paired in the logs.
    pub pairs: Vec<PairSpec>,
    /// Patterns of errors that are expected after a change.
    pub expected: Vec<ExpectedSpec>,
    /// Metric sources.
    pub metrics: Vec<MetricSpec>,
    /// Panels: queries to metric sources, with units and limits, and the figures of pairs.
    pub panels: Vec<PanelSpec>,
    /// Checks, in the profile's order.
    pub checks: Vec<CheckSpec>,
    /// Deploy actions, in the profile's order.
    pub actions: Vec<ActionSpec>,
    /// Guards, in the profile's order.
    pub guards: Vec<GuardSpec>,
    /// Who is told of what, in the profile's order.
    pub notifiers: Vec<NotifySpec>,
    /// How the way back is flown.
    pub back: BackRule,
    /// Acts after a rollback's traffic, in order (R7).
    pub rollback: Vec<RollbackAct>,
    /// Deploy windows and freezes, in the profile's order.
    pub windows: Vec<WindowSpec>,
}

impl Procedure {
    /// Pool names in order.
    pub fn pool_ids(&self) -> impl Iterator<Item = &PoolId> + Clone {
        self.pools.iter().map(|pool| &pool.id)
    }

    /// One pool.
    pub fn pool(&self, id: &PoolId) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == *id)
    }

    /// One router.
    pub fn router(&self, id: &RouterId) -> Option<&RouterSpec> {
        self.routers.iter().find(|router| router.id == *id)
    }

    /// One guard.
    pub fn guard(&self, id: &GuardId) -> Option<&GuardSpec> {
        self.guards.iter().find(|guard| guard.id == *id)
    }

    /// The longest that any router may take to answer.
    pub fn longest_timeout(&self) -> Duration {
        self.routers.iter().map(|router| router.timeout).fold(self.timing.router_timeout, Duration::max)
    }

    /// After a deadline, how long another cockpit still holds its intent in flight (D3).
    pub fn afterglow(&self) -> Duration {
        self.longest_timeout() + Duration::from_secs(2)
    }

    /// The share that every router can hold and that is at least this one, or at most this one.
    pub fn held(&self, points: BasisPoints, at_least: bool) -> BasisPoints {
        self.routers.iter().fold(points, |points, router| router.capabilities.holds.towards(points, at_least))
    }

    /// One check.
    pub fn check(&self, id: &CheckId) -> Option<&CheckSpec> {
        self.checks.iter().find(|check| check.id == *id)
    }

    /// One deploy action.
    pub fn action(&self, id: &ActionId) -> Option<&ActionSpec> {
        self.actions.iter().find(|action| action.id == *id)
    }

    /// The action that a step runs.
    pub fn action_of(&self, step: &Step) -> Option<&ActionSpec> {
        self.action(step.action()?.0)
    }

    /// The checks of a group, in the profile's order.
    pub fn group<'p>(&'p self, group: &'p str) -> impl Iterator<Item = &'p CheckSpec> {
        self.checks.iter().filter(move |check| check.group.as_deref() == Some(group))
    }

    /// One step with its place in the plan.
    pub fn step(&self, id: &StepId) -> Option<(usize, &Step)> {
        self.plan.iter().enumerate().find(|(_, step)| step.id == *id)
    }
}

/// One pool.
#[derive(Clone, PartialEq, Debug)]
pub struct Pool {
    /// Its name.
    pub id: PoolId,
    /// A mark that tells it apart without colour: `▲`.
    pub mark: String,
    /// Its role when the plan starts.
    pub role: Role,
    /// Requests per second that one server is declared to carry.
    pub capacity_per_server: Option<f64>,
}

/// What a pool is when the plan starts; both can run the new version later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Keeps the old version until the new one has proven itself.
    Old,
    /// Gets the new version first.
    New,
}

/// One router as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct RouterSpec {
    /// Its name.
    pub id: RouterId,
    /// The adapter's kind: `haproxy`.
    pub kind: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How often it is read when nothing happens.
    pub poll: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl RouterSpec {
    /// How long an accepted change may take until it reads back.
    pub fn read_back(&self) -> Duration {
        Duration::from_millis(self.capabilities.read_back_ms)
    }
}

/// One step of the plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Its unique name.
    pub id: StepId,
    /// Its title as the profile has it.
    pub name: String,
    /// What it does.
    pub act: StepAct,
    /// What must hold before the *next* step is offered as planned: items of these sections, drained pools, checks.
    pub leave_when: Vec<Condition>,
    /// How long it must hold after its last router was verified (G4), or its action succeeded.
    pub soak: Option<Duration>,
    /// What is to be done in which minutes of the soak.
    pub schedule: Vec<SoakTask>,
    /// Whether its way back is proven before it stands: it goes there, back, and there again.
    pub prove: Option<Prove>,
    /// The weights to go back to from here; else the split last verified before the step (R1).
    pub back_to: Option<Weights>,
    /// Limits of guards that hold from this step on, until the next one.
    pub guards: BTreeMap<GuardId, Limit>,
}

impl Step {
    /// The action that it runs, and the pool which that touches.
    pub fn action(&self) -> Option<(&ActionId, &PoolId)> {
        match &self.act {
            StepAct::Deploy { pool, action: Some(action), .. } => Some((action, pool)),
            StepAct::Deploy { action: None, .. } | StepAct::Shift(_) | StepAct::Pause { .. } => None,
        }
    }
}

/// A step whose way back is proven by flying it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Prove {
    /// The checklist item that this answers; ticked once it is proven.
    pub item: Option<ItemId>,
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum StepAct {
    /// Gives the routers these weights.
    Shift(Weights),
    /// A deployment: an action of flightdeck's, or one that a person does elsewhere and confirms here.
    Deploy {
        /// The pool that gets another version; where no pool is declared, the service by its name.
        pool: PoolId,
        /// What to do, in the profile's words; may be empty where an action does it.
        text: String,
        /// The action that does it; `None` where a person does.
        action: Option<ActionId>,
    },
    /// Waits for a person.
    Pause {
        /// What the person decides, in the profile's words.
        text: String,
    },
}

/// What must hold before a step may be left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// The pool is Drained.
    Drained(PoolId),
    /// Every required item of the checklist section (by its slug) is ticked.
    Items(String),
    /// The check is passed.
    Check(CheckId),
    /// Every check of the group is passed.
    Checks(String),
}

/// How the way back is flown, and how fast it is said to be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BackRule {
    /// How long after a step's change was sent it can still be rolled back.
    pub within: Option<Duration>,
    /// How long its traffic is declared to take; what it took is measured against that.
    pub estimate: Option<Duration>,
    /// How much of the way is left after each stage of a ramp; empty where there is none.
    pub ramp: Vec<BasisPoints>,
    /// How long a stage must hold before the next one goes by itself; `None` where each waits for a key.
    pub goes_on: Option<Duration>,
    /// Checks that are looked at between two stages, each asked anew once the stage before is verified.
    pub checks: Vec<CheckId>,
}

/// What an act asks of the operator before it is done (F1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Friction {
    /// One key that is not the one that opened the dialog.
    Key,
    /// The target, typed.
    Type,
    /// Another person confirms the same (F3).
    Two,
}

/// Friction by kind of act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Confirm {
    /// The next planned step, with every gate green.
    pub shift: Friction,
    /// A shift that the plan does not hold.
    pub off_plan: Friction,
    /// A deploy step's tick.
    pub deploy: Friction,
    /// A rollback.
    pub rollback: Friction,
}

impl Confirm {
    /// Whether any kind of act asks two people.
    pub fn asks_two(&self) -> bool {
        [self.shift, self.off_plan, self.deploy, self.rollback].contains(&Friction::Two)
    }
}

/// Times, all from the profile or its defaults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// How long one router may take to answer.
    pub router_timeout: Duration,
    /// How long after its intent a change may still be sent (D1).
    pub deadline: Duration,
    /// How long a proposal stands (B3).
    pub proposal: Duration,
    /// How often routers are read while watched closely.
    pub poll_close: Duration,
    /// How long a router is watched closely after a key or a change.
    pub close_for: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            router_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            proposal: Duration::from_mins(1),
            poll_close: Duration::from_millis(100),
            close_for: Duration::from_mins(1),
        }
    }
}

/// One log source as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct LogSpec {
    /// Its name.
    pub id: SourceId,
    /// The pool whose lines it carries, if they are one pool's.
    pub pool: Option<PoolId>,
    /// Fields that tell which lines belong together, by their names.
    pub correlate: Vec<String>,
    /// Fields that are drawn as columns.
    pub columns: Vec<String>,
    /// Whether one cockpit asks it for all, because each request costs or counts against a limit that all share (J6).
    pub metered: bool,
    /// A regular expression for lines that are grouped with errors although their level does not say so.
    pub errors: Option<String>,
}

impl LogSpec {
    /// A source of which nothing more is said.
    pub fn new(id: SourceId, pool: Option<PoolId>) -> Self {
        Self { id, pool, correlate: Vec::new(), columns: Vec::new(), metered: false, errors: None }
    }
}

/// A pattern of errors that is expected for some time after a change: clients that connect anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedSpec {
    /// A regular expression for its lines.
    pub matches: String,
    /// The log that it is expected in; `None` for all.
    pub log: Option<SourceId>,
    /// For how long after a change.
    pub span: Duration,
    /// Why it is expected.
    pub reason: String,
}

/// One metric source as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricSpec {
    /// Its name.
    pub id: SourceId,
    /// The pool that it measures, if one.
    pub pool: Option<PoolId>,
    /// How often it is read.
    pub interval: Duration,
    /// Warn above these.
    pub limits: Limits,
    /// Whether one cockpit asks it for all, because each request costs or counts against a limit that all share (J6).
    pub metered: bool,
}

/// Thresholds drawn on the charts; a guard comes with its own.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Limits {
    /// Share of failed requests, as a fraction of one.
    pub error_rate: Option<f64>,
    /// 99th percentile of the response time, in milliseconds.
    pub p99_ms: Option<f64>,
}

/// An act of a rollback after its traffic (R7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RollbackAct {
    /// Its title.
    pub name: String,
    /// What a person does, in the profile's words.
    pub text: String,
}
