//! Deploy actions, the acts of ways back (R7) and windows (G5): the procedures that have them, the fingers that fly them, a
//! system that runs them, and a naive account of what was started by whom.

use std::time::Duration;

use flightdeck::domain::action::{ActionLook, ActionState, Description, Started};
use flightdeck::domain::window::{During, StepKind, WindowRule};
use flightdeck::flight::action::{LookAfter, SendActionCancel, SendStart};
use flightdeck::session::action::ActionStarting;
use flightdeck::session::decide::step::typed_for;
use flightdeck::session::proposal::Gate;
use flightdeck::session::state::StepEnd;

use super::check::millis;
use super::ledger::Decided;
use super::*;
use crate::support::action::with_action;
use crate::support::unwind::with_acts;
use crate::support::window::window;

/// What the system of actions runs.
pub struct Acting {
    /// Its own, so that flights without actions are what they were before there were any.
    random: Random,
    /// Whether this flight has actions.
    pub flies: bool,
    /// What its system runs, by the key of the start.
    runs: BTreeMap<String, Run>,
}

struct Run {
    ends: u64,
    well: bool,
}

/// One flight of six has actions.
const SOME: (u64, u64) = (6, 2);
/// How long the shift before the act that ends the way back soaks.
const SOAK: Duration = Duration::from_secs(3);

impl Acting {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x0061_6374_696e_6721),
            flies: seed % SOME.0 == SOME.1,
            runs: BTreeMap::new(),
        }
    }

    /// Both deployments are actions, the second of which ends the way back; a way back has three acts; and most have a
    /// window that is closed for a minute, or from then on.
    pub fn procedure(&mut self, procedure: Procedure) -> Procedure {
        if !self.flies {
            return procedure;
        }
        let procedure = with_action(with_action(procedure, "deploy-to-blue", false), "deploy-to-green", true);
        let mut procedure = with_acts(procedure);
        for step in procedure.plan.iter_mut().filter(|step| step.id == "blue-100".into()) {
            step.soak = Some(SOAK);
        }
        // In half of them the act that ends the way back comes soon.
        if self.random.chance(50) {
            let shift = procedure.plan.iter().position(|step| step.id == "blue-100".into()).unwrap_or(0);
            procedure.plan.drain(..shift);
        }
        let when = match self.random.below(3) {
            0 => return procedure,
            1 => "11:07-11:08 UTC",
            _ => "11:07-23:00 UTC",
        };
        let mut lunch = window("lunch", WindowRule::Block, when);
        lunch.during = if self.random.chance(50) { During::Freeze } else { During::Finish };
        if self.random.chance(50) {
            lunch.steps = vec![StepKind::Shift];
        }
        procedure.windows = vec![lunch];
        procedure
    }
}

impl World {
    pub fn describe_action(&mut self, at: usize, request: u64, key: &str) {
        let trouble = || Trouble::new(TroubleKind::TimedOut, "work it out", "no answer for 1 s", "nothing was sent");
        let lost = !self.healed && self.acting.random.chance(3);
        let requests = vec!["POST https://deploy.example.net/deployments".to_owned(), format!("  key {key}")];
        let result = if lost { Err(trouble()) } else { Ok(Description { requests, ..Description::default() }) };
        let delay = self.acting.random.below(20);
        self.answer(at, delay, Msg::ActionDescribed { request, result });
    }

    /// D1, C4: the start is sent once, under a kept intent, by the cockpit that confirmed it.
    pub fn serve_start(&mut self, at: usize, start: SendStart) {
        if !self.cockpits[at].alive {
            return;
        }
        if self.cockpits[at].asleep {
            return self.later(50, Due::Start(at, Box::new(start)));
        }
        let (now, act) = (self.now(at), start.act);
        if now.wall > start.deadline || now.elapsed > start.until {
            let started = Started::NotSent { why: "the fence is closed".to_owned() };
            return self.tell(at, Msg::ActionAnswered { act, started });
        }
        let intent = |event: &Event| match event {
            Event::ActionStarting(intent) if intent.act == act => Some(intent.owner),
            _ => None,
        };
        let owner = self.store.entries.iter().flat_map(|kept| &kept.entry.events).find_map(intent);
        match owner {
            None => return self.broke("D1", "an action was sent before its intent was kept"),
            Some(owner) if owner != self.cockpits[at].flight.me.cockpit => {
                return self.broke("C4", "an action was sent by another cockpit than the one that confirmed it");
            }
            Some(_) => {}
        }
        if self.acting.runs.contains_key(&start.acting.key) {
            return self.broke("D1", "an action was sent twice");
        }
        let healed = self.healed;
        let random = &mut self.acting.random;
        let roll = if healed { 100 } else { random.below(100) };
        let (ends, well) = (self.time + 300 + random.below(3_000), healed || random.chance(70));
        let lost = || Started::Unknown { why: "no answer for 1 s".to_owned() };
        let started = match roll {
            0..5 => Started::Failed { why: "permission denied".to_owned() },
            5..9 => lost(),
            _ => {
                self.acting.runs.insert(start.acting.key.clone(), Run { ends, well });
                let running = || Started::Running { handle: start.acting.key.clone(), link: None };
                if roll < 18 { lost() } else { running() }
            }
        };
        if matches!(started, Started::Unknown { .. }) {
            self.seen.mark("action unknown");
        }
        let delay = self.acting.random.below(40);
        self.answer(at, delay, Msg::ActionAnswered { act, started });
    }

    pub fn look_at_action(&mut self, at: usize, look: &LookAfter) {
        let (request, act, began) = (look.request, look.act, self.now(at));
        let run = self.acting.runs.get(&look.acting.key);
        let state = match run {
            None => ActionState::Absent { why: "nothing is there of that key".to_owned() },
            Some(run) if self.time < run.ends => ActionState::Running { percent: None, waits_for: None },
            Some(Run { well: true, .. }) => ActionState::Succeeded,
            Some(Run { well: false, .. }) => ActionState::Failed { why: "exit code 1".to_owned() },
        };
        let handle = run.map(|_| look.acting.key.clone());
        let lost = !self.healed && self.acting.random.chance(5);
        let state = if lost { ActionState::Unknown { why: "no connection".to_owned() } } else { state };
        let look = Box::new(ActionLook { handle: handle.filter(|_| !lost), ..ActionLook::new(state) });
        let delay = self.acting.random.below(40);
        self.answer(at, delay, Msg::ActionLooked { request, act, began, look });
    }

    pub fn serve_action_cancel(&mut self, at: usize, cancel: &SendActionCancel) {
        let time = self.time;
        if let Some(run) = self.acting.runs.get_mut(&cancel.acting.key).filter(|run| time < run.ends) {
            *run = Run { ends: time, well: false };
        }
        let (act, outcome) = (cancel.act, Outcome::Accepted);
        self.answer(at, 5, Msg::ActionCancelAnswered { act, outcome });
    }

    /// Somebody deploys, goes on with a way back, skips, passes, cancels, or looks on.
    pub fn act_on_actions(&mut self) {
        if !self.acting.flies {
            return;
        }
        let awake: Vec<usize> = self.alive().into_iter().filter(|at| !self.cockpits[*at].asleep).collect();
        let driver = awake.iter().copied().find(|at| self.cockpits[*at].flight.drives());
        let random = &mut self.acting.random;
        let Some(at) = (if random.chance(80) { driver } else { random.pick(&awake).copied() }) else { return };
        let roll = random.below(100);
        let flight = &self.cockpits[at].flight;
        let has_act = flight.next_act().is_some();
        let running = flight.cancellable_action().map(flightdeck::session::action::ActionRun::act);
        match roll {
            0..22 => self.deploy(at),
            22..40 if has_act => self.take_act(at, false),
            40..45 if has_act => self.ask(at, Ask::SkipRollbackAct { reason: "not needed".to_owned() }),
            45..50 if has_act => self.ask(at, Ask::PassRollbackAct),
            50..54 => {
                if let Some(of) = running {
                    self.ask(at, Ask::CancelAction { of, confirmation: Confirmation::new(Gesture::Key, true) });
                }
            }
            _ => {}
        }
    }

    fn deploy(&mut self, at: usize) {
        let flight = &self.cockpits[at].flight;
        let Some(step) = flight.session.next_step(&flight.procedure.plan).filter(|step| step.action().is_some()) else {
            return;
        };
        let typed = typed_for(step);
        self.ask(at, Ask::DescribeAction);
        self.pass(40);
        let now = self.now(at);
        let open = self.cockpits[at].flight.gates_to_complete(now);
        let overrides = self.set_aside(open, 40);
        self.ask(at, Ask::CompleteStep { confirmation: Confirmation::new(Gesture::Typed(typed), true), overrides });
    }

    fn set_aside(&mut self, gates: Vec<flightdeck::session::proposal::GateReport>, percent: u64) -> Vec<Override> {
        let gives = self.acting.random.chance(percent);
        let open = gates.into_iter().filter(|report| report.state != GateState::Holds && gives);
        open.map(|report| Override { gate: report.gate, reason: "we know".to_owned() }).collect()
    }

    fn take_act(&mut self, at: usize, sure: bool) {
        let Some(act) = self.cockpits[at].flight.next_act().map(|act| act.step.clone()) else { return };
        self.ask(at, Ask::DescribeRollbackAct);
        self.pass(40);
        let now = self.now(at);
        let open = self.cockpits[at].flight.gates_of_act(&act.id, now);
        let overrides = self.set_aside(open, if sure { 100 } else { 40 });
        let typed = sure || self.acting.random.chance(50);
        let gesture = if typed { Gesture::Typed(typed_for(&act)) } else { Gesture::Key };
        let mut confirmation = Confirmation::new(gesture, true);
        let flown = &self.cockpits[at].flight.procedure;
        if sure && flown.confirm.rollback == Friction::Two {
            confirmation.alone = Some("nobody answers".to_owned());
        }
        self.ask(at, Ask::TakeRollbackAct { confirmation, overrides });
    }

    /// F4: what the cockpit had read when it let an action start: its pool had no traffic, or that was set aside.
    pub fn acts_despite_traffic(&self, at: usize, intent: &ActionStarting) -> Option<Broken> {
        let cockpit = &self.cockpits[at];
        let free = cockpit.flight.procedure.rollback_act(&intent.step).is_some_and(|(_, act)| act.with_traffic);
        let gate = Gate::NoTraffic { pool: intent.pool.clone() };
        if free || intent.overrides.iter().any(|each| each.gate == gate) {
            return None;
        }
        let has = |reading: &Reading| reading.native.0.iter().any(|each| each.pool == intent.pool && each.weight > 0);
        let router = cockpit.readings.iter().find(|(_, (_, reading))| has(reading)).map(|(router, _)| router)?;
        let what = format!("an action was let start although {router} sends its pool traffic");
        Some(Broken { rule: "F4", what })
    }

    /// What must be true of an event about actions, of a wave and of a change at its place in the journal.
    pub fn check_acting(&mut self, entry: &Entry, event: &Event, fold: &Session, decided: &Decided) {
        match event {
            Event::ActionStarting(intent) => self.check_starting(intent, fold, decided),
            Event::ActionEnded { end, .. } => {
                let is_good = *end == flightdeck::domain::action::ActionEnd::Succeeded;
                self.seen.mark(if is_good { "action succeeded" } else { "action ended badly" });
            }
            Event::RollbackActMarked(marked) => self.seen.mark(match marked.mark {
                StepMark::Acted { .. } | StepMark::Done { .. } | StepMark::AlreadySo => "act of a way back done",
                StepMark::Skipped { .. } => "act of a way back skipped",
                StepMark::LeftFailed { .. } => "act of a way back gone on from",
            }),
            Event::ChangeConfirmed(confirmed)
                if confirmed.kind.is_forward() && confirmed.kind != ChangeKind::PutBack =>
            {
                self.check_window(entry, fold, decided, &confirmed.overrides, |_| true);
            }
            Event::WaveDispatched { change, .. } => {
                let overrides = fold.change(*change).map(|change| change.confirmed.overrides.clone());
                let freezes = |during: During| during == During::Freeze;
                self.check_window(entry, fold, decided, &overrides.unwrap_or_default(), freezes);
            }
            _ => {}
        }
    }

    /// G5: nothing goes forward while a window blocks it, unless that was set aside; a wave only where the window freezes.
    fn check_window(
        &mut self,
        entry: &Entry,
        fold: &Session,
        decided: &Decided,
        overrides: &[Override],
        asks: impl Fn(During) -> bool,
    ) {
        let flown = self.flown(fold);
        let closed = flown.windows.iter().find(|window| {
            let gate = Gate::Window { window: window.id.clone() };
            let given = overrides.iter().any(|each| each.gate == gate);
            // Decided anew after a conflict, it is older than its entry: both moments must lie within.
            asks(window.during) && !given && window.is_within(decided.wall) && window.is_within(entry.at)
        });
        if closed.is_some() {
            self.broke("G5", "something went forward while a window was closed");
        }
        if !overrides.is_empty() && overrides.iter().any(|each| matches!(each.gate, Gate::Window { .. })) {
            self.seen.mark("window set aside");
        }
    }

    fn check_starting(&mut self, intent: &ActionStarting, fold: &Session, decided: &Decided) {
        self.seen.mark(if intent.unwinds { "act of a way back started" } else { "action started" });
        let blocks = |gate: &flightdeck::session::proposal::GateReport| {
            gate.state != GateState::Holds && !intent.overrides.iter().any(|each| each.gate == gate.gate)
        };
        if intent.gates.iter().any(blocks) || (fold.hold.is_some() && !intent.unwinds) {
            self.broke("F4", "a failing gate did not block an action");
        }
        if fold.in_flight().is_some_and(|change| change.confirmed.kind.is_forward()) {
            self.broke("D4", "an action was started while a change went forward");
        }
        let flown = self.flown(fold);
        if intent.unwinds {
            let next = flown.rollback.iter().find(|act| !fold.steps.contains_key(&act.step.id));
            if next.is_none_or(|act| act.step.id != intent.step) {
                self.broke("R7", "an act of a way back was started out of its order");
            }
            return;
        }
        let ends = flown.action(&intent.action).is_some_and(|action| action.ends_way_back);
        if ends {
            self.seen.mark("action that ends the way back started");
        }
        let Some(shift) = fold.newest_shift(&flown.plan).filter(|_| ends) else { return };
        let Some(StepEnd::Verified(change)) = fold.steps.get(&shift.id).map(|done| &done.how) else { return };
        let whole = self.ledger.whole.iter().filter(|((of, _), _)| of == change).map(|(_, since)| *since).max();
        let needed = shift.soak.map_or(0, millis);
        if whole.is_some_and(|since| decided.time < since + needed) {
            self.broke("G4", "what ends the way back was started before the soak was over");
        }
    }

    /// R7: all faults being over, any operator: the next act, one more key, and it runs to its end, whatever window is closed
    /// and whoever holds.
    pub fn fly_the_acts(&mut self) {
        if !self.acting.flies || self.broken.is_some() {
            return;
        }
        let operators: Vec<usize> =
            self.alive().into_iter().filter(|at| self.cockpits[*at].flight.me.seat == Seat::Operator).collect();
        let Some(at) = self.acting.random.pick(&operators).copied() else { return };
        let flown = self.cockpits[at].flight.procedure.clone();
        let two = flown.confirm.rollback == Friction::Two;
        if (two && !flown.people.break_glass) || self.store.fold.profile_digest() != Some(flown.digest) {
            return;
        }
        self.ask(at, Ask::Withdraw);
        self.ask(at, Ask::Hold { reason: "no further".to_owned() });
        self.pass(500);
        for _ in 0..4 {
            if self.store.fold.action_in_flight().is_some() {
                self.pass(8_000);
            }
            let fold = &self.store.fold;
            let forward = fold.in_flight().is_some_and(|change| change.confirmed.kind.is_forward());
            if self.broken.is_some() || forward || fold.action_in_flight().is_some() {
                return;
            }
            let Some(act) = self.cockpits[at].flight.next_act().map(|act| act.step.clone()) else {
                return self.seen.mark("way back's acts are over");
            };
            let tries = fold.tries_of(&act);
            self.take_act(at, true);
            self.pass(8_000);
            let fold = &self.store.fold;
            if fold.tries_of(&act) == tries && !fold.steps.contains_key(&act.id) {
                return self.broke("R7", format!("{} was confirmed and refused", act.name));
            }
        }
    }
}
