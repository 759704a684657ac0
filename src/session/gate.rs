//! Gates: what must hold before a forward act, judged in one place for the dialog and for the decision alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::action::ActionStarting;
use super::approval;
use super::command::Evidence;
use super::decide::step::ends_way_back;
use super::flaw::{self, Flaw};
use super::proposal::{Gate, GateReport, GateState};
use super::state::Session;
use super::version;
use super::window::{self, windows};
use crate::domain::check::Verdict;
use crate::domain::drain::DrainState;
use crate::domain::procedure::{Condition, RollbackAct, RouterSpec, Step, StepAct};
use crate::domain::window::StepKind;
use crate::domain::{
    ActionId, BasisPoints, CheckId, GuardId, PoolId, Procedure, Reading, RouterId, Timestamp, Weights, clock_span,
};

/// What a forward act wants to do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Forward<'a> {
    /// Give the routers these weights.
    Shift(&'a Weights),
    /// Complete a step that is a person's work.
    Complete,
    /// Start the action of a step.
    Act(&'a Step),
}

/// What taking a step wants to do.
pub fn forward(step: &Step) -> Forward<'_> {
    match &step.act {
        StepAct::Shift(to) => Forward::Shift(to),
        StepAct::Deploy { action: Some(_), .. } => Forward::Act(step),
        StepAct::Deploy { action: None, .. } | StepAct::Pause { .. } => Forward::Complete,
    }
}

/// All gates of a forward act at a moment, failing ones first.
pub fn gates(
    session: &Session,
    procedure: &Procedure,
    forward: Forward<'_>,
    evidence: &Evidence,
    at: Timestamp,
) -> Vec<GateReport> {
    let mut found = Vec::new();
    if let Some(hold) = &session.hold {
        found.push(report(Gate::NoHold, GateState::Fails, format!("held by {}: {}", hold.by, hold.what)));
    }
    if let Forward::Shift(to) = forward {
        found.extend(readings(session, procedure, evidence));
        found.extend(destinations(session, procedure, to, evidence));
        found.extend(procedure.guards.iter().map(|guard| guarded(&guard.id, evidence)));
        found.extend(touched(session, to));
    }
    if let Forward::Act(step) = forward {
        found.extend(readings(session, procedure, evidence));
        found.extend(acting(session, procedure, step, evidence));
    }
    let deploys = match forward {
        Forward::Act(step) => Some(step),
        Forward::Complete => session.next_step(&procedure.plan),
        Forward::Shift(_) => None,
    };
    found.extend(deploys.into_iter().flat_map(|step| version::gates(session, procedure, step, evidence)));
    found.extend(drift(session));
    let kind = match forward {
        Forward::Shift(_) => StepKind::Shift,
        Forward::Act(_) => StepKind::Deploy,
        Forward::Complete => window::next_kind(session, procedure),
    };
    found.extend(windows(procedure, kind, at).into_iter().map(window::Standing::report));
    // What ends the way back comes after the soak of the traffic, whoever set it aside and whatever came between.
    if let Forward::Act(next) = forward
        && ends_way_back(procedure, next)
        && !flaw::is(Flaw::EndsBeforeSoak)
    {
        found.extend(soak_before_end(session, procedure, evidence));
    }
    // A step that was left out with a reason asks for nothing any more.
    if let Some(step) = session.last_step(&procedure.plan).filter(|step| !session.is_skipped(step)) {
        for condition in &step.leave_when {
            found.push(match condition {
                Condition::Items(section) => items(session, procedure, section),
                Condition::Drained(pool) => drained(pool, evidence),
                Condition::Check(check) => self::check(check, evidence),
                Condition::Checks(group) => checks(procedure, group, evidence),
                Condition::Approved(approval) => approval::gate(session, procedure, approval, evidence, at),
            });
        }
        if step.soak.is_some_and(|soak| !soak.is_zero()) {
            let ends = matches!(forward, Forward::Act(next) if ends_way_back(procedure, next));
            if !ends {
                found.push(soak(evidence, step.soak.unwrap_or_default()));
            }
        }
        found.extend(way_back(session, step));
    }
    if let Some(step) = session.next_step(&procedure.plan) {
        for id in &step.needs {
            let report = approval::gate(session, procedure, id, evidence, at);
            if !found.contains(&report) {
                found.push(report);
            }
        }
    }
    found.sort_by_key(|report| match report.state {
        GateState::Fails => 0,
        GateState::Inconclusive => 1,
        GateState::Holds => 2,
    });
    // A check that is asked for twice is one gate.
    let mut named = BTreeSet::new();
    found.retain(|report| named.insert(report.gate.clone()));
    found
}

/// A pool that would get traffic while an action touches it, or may.
fn touched(session: &Session, to: &Weights) -> Option<GateReport> {
    let run = session.action_in_flight()?;
    let ActionStarting { action, pool, .. } = &run.intent.what;
    if to.of(pool).0 == 0 {
        return None;
    }
    Some(if run.is_running() {
        let text = format!("{action} runs, and {pool} would get {} %", to.of(pool));
        report(Gate::Untouched { pool: pool.clone() }, GateState::Fails, text)
    } else {
        let text = format!("whether {action} still runs on {pool} is not known");
        report(Gate::ActionKnown { action: action.clone() }, GateState::Inconclusive, text)
    })
}

/// What must hold before an action touches its pool: no router sends it anything, and what it was sent is over.
fn acting(session: &Session, procedure: &Procedure, step: &Step, evidence: &Evidence) -> Vec<GateReport> {
    let Some((action, pool)) = step.action() else { return Vec::new() };
    let mut found = Vec::new();
    if !procedure.routers.is_empty() && !flaw::is(Flaw::ActsDespiteTraffic) {
        found.push(no_traffic(session, procedure, pool, evidence));
    }
    found.extend(lost_run(session, step, action));
    found
}

/// What may stand before an act of a way back (R7): only what it would do harm to. No window, no hold, no soak, no drift.
pub fn unwinding(session: &Session, procedure: &Procedure, act: &RollbackAct, evidence: &Evidence) -> Vec<GateReport> {
    let mut found = Vec::new();
    let Some((action, pool)) = act.step.action() else { return found };
    if !procedure.routers.is_empty() && !act.with_traffic && !flaw::is(Flaw::ActsDespiteTraffic) {
        found.push(no_traffic(session, procedure, pool, evidence));
    }
    found.extend(lost_run(session, &act.step, action));
    found
}

/// A run of which nobody knows what became of it.
fn lost_run(session: &Session, step: &Step, action: &ActionId) -> Option<GateReport> {
    let lost = session.action_in_flight().filter(|run| run.intent.what.step == step.id && !run.is_running());
    lost.map(|run| {
        let (by, at) = (&run.intent.by, run.intent.at.clock());
        let text = format!("what became of the start by {by} at {at} is not known: it may run, and would run twice");
        report(Gate::ActionKnown { action: action.clone() }, GateState::Inconclusive, text)
    })
}

/// What is said of routers that are left out, where every router is asked.
fn but_left_out(session: &Session) -> String {
    let names: Vec<&str> = session.excluded.keys().map(crate::domain::RouterId::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" ({} left out)", names.join(", ")) }
}

/// A router that is left out and still sends the pool traffic counts; one that does not answer is not waited for.
fn no_traffic(session: &Session, procedure: &Procedure, pool: &PoolId, evidence: &Evidence) -> GateReport {
    let gate = Gate::NoTraffic { pool: pool.clone() };
    let share = |read: &Arc<Reading>| read.native.shares(procedure.pool_ids()).of(pool);
    let with: Vec<String> = evidence
        .readings
        .iter()
        .map(|(router, read)| (router, share(read)))
        .filter(|(_, share)| share.part > 0)
        .map(|(router, share)| format!("{share} % on {router}"))
        .collect();
    if !with.is_empty() {
        return report(gate, GateState::Fails, format!("{pool} has traffic: {}", with.join(", ")));
    }
    let is_missing =
        |router: &RouterSpec| !session.excluded.contains_key(&router.id) && !evidence.readings.contains_key(&router.id);
    if procedure.routers.iter().any(is_missing) {
        return report(
            gate,
            GateState::Inconclusive,
            format!("whether {pool} has traffic is not known on every router"),
        );
    }
    let drained = drained(pool, evidence);
    let text = match drained.state {
        GateState::Holds => format!("{pool} at 0 and drained on every router{}", but_left_out(session)),
        GateState::Fails | GateState::Inconclusive => drained.text,
    };
    report(gate, drained.state, text)
}

pub(super) fn report(gate: Gate, state: GateState, text: impl Into<String>) -> GateReport {
    GateReport { gate, state, text: text.into() }
}

/// A step that proves its way back stands once that was flown, there and back, and there again.
fn way_back(session: &Session, step: &Step) -> Option<GateReport> {
    step.prove.as_ref()?;
    let gate = Gate::WayBack { step: step.id.clone() };
    let (state, text) = if let Some(proof) = session.proven.get(&step.id) {
        let slowest = proof.what.routers.iter().map(|each| each.back_ms).max().unwrap_or(0);
        (GateState::Holds, format!("way back proven, {slowest} ms on the slowest router"))
    } else {
        (GateState::Fails, format!("the way back of {} is not proven: roll back, then go again", step.name))
    };
    Some(report(gate, state, text))
}

fn readings(session: &Session, procedure: &Procedure, evidence: &Evidence) -> Option<GateReport> {
    let missing: Vec<&str> = procedure
        .routers
        .iter()
        .filter(|router| !evidence.readings.contains_key(&router.id) && !session.excluded.contains_key(&router.id))
        .map(|router| router.id.as_str())
        .collect();
    (!missing.is_empty()).then(|| {
        let text = format!("no fresh reading of {}: what it has now is not known", missing.join(", "));
        report(Gate::Readings, GateState::Inconclusive, text)
    })
}

fn destinations(session: &Session, procedure: &Procedure, to: &Weights, evidence: &Evidence) -> Vec<GateReport> {
    let mut found = Vec::new();
    let flown = procedure.routers.iter().filter(|router| !session.excluded.contains_key(&router.id));
    let of = |router: &RouterSpec| Some((router.id.clone(), evidence.readings.get(&router.id)?));
    let readings: Vec<_> = flown.filter_map(of).collect();
    for (pool, points) in to.iter().filter(|(_, points)| points.0 > 0) {
        let mut up = Vec::new();
        let mut dead = Vec::new();
        for (router, reading) in &readings {
            match reading.totals(pool) {
                totals if totals.up == 0 => dead.push(format!("0/{} up on {router}", totals.servers)),
                totals => up.push((totals.up, totals.servers)),
            }
        }
        let gate = Gate::Destination { pool: pool.clone() };
        if !dead.is_empty() {
            let text = format!("{pool} would get {points} % and has {}", dead.join(", "));
            found.push(report(gate, GateState::Fails, text));
        } else if let Some((live, all)) = up.iter().min_by_key(|(live, all)| live * 1000 / (*all).max(1)) {
            found.push(match overload(procedure, evidence, pool, points, *live) {
                Some(why) => report(gate, GateState::Fails, format!("{pool} {live}/{all} up, {why}")),
                None => report(gate, GateState::Holds, format!("{pool} {live}/{all} up")),
            });
        }
    }
    found
}

/// Why a pool that is raised could not carry its share of the present traffic, by its declared capacity.
fn overload(
    procedure: &Procedure,
    evidence: &Evidence,
    pool: &PoolId,
    points: BasisPoints,
    live: u32,
) -> Option<String> {
    let capacity = procedure.pool(pool)?.capacity_per_server?;
    let needs = evidence.traffic? * points.fraction() / f64::from(live);
    (rises(procedure, evidence, pool, points) && needs > capacity)
        .then(|| format!("and {points} % is {needs:.0} req/s for each, with {capacity:.0} declared"))
}

/// Why a guard would not go this way back by itself, unasked (G2): a pool that it raises is dead, too small, being deployed
/// to, or was not read just now. `None` where nothing speaks against it.
pub fn way_back_fails(session: &Session, procedure: &Procedure, to: &Weights, evidence: &Evidence) -> Option<String> {
    let read = |router: &RouterId| evidence.readings.get(router).map(|reading| &reading.native);
    if let Some(raises) = session.raises(procedure, to, read) {
        return Some(raises.words());
    }
    let next = session.next_step(&procedure.plan).map(|step| &step.act);
    for (pool, points) in to.iter().filter(|(pool, points)| rises(procedure, evidence, pool, *points)) {
        if session.is_touched(pool) {
            return Some(format!("{pool} is being deployed to"));
        }
        if matches!(next, Some(StepAct::Deploy { pool: to, .. }) if to == pool) {
            return Some(format!("{pool} is about to be deployed to"));
        }
        let totals = evidence.readings.values().map(|reading| reading.totals(pool));
        match totals.map(|totals| (totals.up, totals.servers)).min() {
            None => return Some(format!("the health of {pool} was not read just now")),
            Some((0, all)) => return Some(format!("{pool} has 0/{all} up")),
            Some((up, all)) => {
                if let Some(why) = overload(procedure, evidence, pool, points, up) {
                    return Some(format!("{pool} has {up}/{all} up, {why}"));
                }
            }
        }
    }
    None
}

/// Whether a pool has less than this on a router that was read; where none was, it may have.
fn rises(procedure: &Procedure, evidence: &Evidence, pool: &PoolId, points: BasisPoints) -> bool {
    let less = |read: &Arc<Reading>| {
        let share = read.native.shares(procedure.pool_ids()).of(pool);
        share.fraction().is_none_or(|share| share + 0.000_05 < points.fraction())
    };
    points.0 > 0 && (evidence.readings.is_empty() || evidence.readings.values().any(less))
}

fn drift(session: &Session) -> Option<GateReport> {
    let routers: Vec<&str> = session.drifted.keys().map(crate::domain::RouterId::as_str).collect();
    (!routers.is_empty()).then(|| {
        let text = format!("{} differs from the plan: put back, accept or roll back first", routers.join(", "));
        report(Gate::NoDrift, GateState::Fails, text)
    })
}

fn items(session: &Session, procedure: &Procedure, slug: &str) -> GateReport {
    let gate = Gate::Items { section: slug.to_owned() };
    let Some(section) = procedure.checklist.section(slug) else {
        return report(gate, GateState::Inconclusive, format!("there is no checklist section {slug}"));
    };
    let required = || section.items.iter().filter(|item| item.required);
    let all = required().count();
    let open: Vec<&str> =
        required().filter(|item| !session.ticks.contains_key(&item.id)).map(|item| item.text.as_str()).collect();
    match open.first() {
        None => report(gate, GateState::Holds, format!("{} {all}/{all}", section.title)),
        Some(first) => {
            let text = format!("{} {}/{all}, open: {first}", section.title, all - open.len());
            report(gate, GateState::Fails, text)
        }
    }
}

fn drained(pool: &PoolId, evidence: &Evidence) -> GateReport {
    let gate = Gate::Drained { pool: pool.clone() };
    match evidence.drains.get(pool) {
        Some((DrainState::Drained, text)) => report(gate, GateState::Holds, format!("{pool} drained: {text}")),
        Some((DrainState::Unknown, text)) => {
            report(gate, GateState::Inconclusive, format!("{pool} not known to be drained: {text}"))
        }
        Some((DrainState::Active | DrainState::Draining, text)) => {
            report(gate, GateState::Fails, format!("{pool} not drained: {text}"))
        }
        None => report(gate, GateState::Inconclusive, format!("{pool} not known to be drained")),
    }
}

fn guarded(guard: &GuardId, evidence: &Evidence) -> GateReport {
    let gate = Gate::Guard { guard: guard.clone() };
    match evidence.guards.get(guard) {
        Some((state, words)) => report(gate, *state, format!("guard {guard}: {words}")),
        None => report(gate, GateState::Inconclusive, format!("guard {guard} was not asked yet")),
    }
}

pub(super) fn check(check: &CheckId, evidence: &Evidence) -> GateReport {
    let (state, text) = check_standing(check, &evidence.checks);
    report(Gate::Check { check: check.clone() }, state, text)
}

/// One report for all checks of a group: how many of them are passed, and the first that is not.
fn checks(procedure: &Procedure, group: &str, evidence: &Evidence) -> GateReport {
    let gate = Gate::Checks { group: group.to_owned() };
    let all: Vec<(GateState, String)> =
        procedure.group(group).map(|check| check_standing(&check.id, &evidence.checks)).collect();
    let passed = all.iter().filter(|(state, _)| *state == GateState::Holds).count();
    let total = format!("{group} {passed}/{}", all.len());
    let first = |wanted: GateState| all.iter().find(|(state, _)| *state == wanted).map(|(_, text)| text.as_str());
    if all.is_empty() {
        return report(gate, GateState::Inconclusive, format!("there is no check in the group {group}"));
    }
    match (first(GateState::Fails), first(GateState::Inconclusive)) {
        (Some(text), _) => report(gate, GateState::Fails, format!("{total}, {text}")),
        (None, Some(text)) => report(gate, GateState::Inconclusive, format!("{total}, {text}")),
        (None, None) => report(gate, GateState::Holds, total),
    }
}

/// How a check stands as evidence, with its name in the words.
pub(super) fn check_standing(check: &CheckId, checks: &BTreeMap<CheckId, (Verdict, String)>) -> (GateState, String) {
    match checks.get(check) {
        Some((Verdict::Pass, text)) => (GateState::Holds, format!("{check}: {text}")),
        Some((Verdict::Fail, text)) => (GateState::Fails, format!("{check} failed: {text}")),
        Some((Verdict::Inconclusive, text)) => (GateState::Inconclusive, format!("{check} inconclusive: {text}")),
        None => (GateState::Inconclusive, format!("{check} was not asked yet")),
    }
}

/// How a check between two stages of a way back stands (R8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageCheck {
    /// The check.
    pub check: CheckId,
    /// How it stands.
    pub state: GateState,
    /// In words, with the evidence: `health failed: 503`.
    pub text: String,
}

/// How the checks stand that are looked at before the next stage of a way back; none while no stage waits.
pub fn between_stages<'a>(
    session: &Session,
    procedure: &'a Procedure,
    checks: &'a BTreeMap<CheckId, (Verdict, String)>,
) -> impl Iterator<Item = StageCheck> + use<'a> {
    let named: &[CheckId] = if session.ramp().is_some() { &procedure.back.checks } else { &[] };
    named.iter().map(|check| {
        let (state, text) = check_standing(check, checks);
        StageCheck { check: check.clone(), state, text }
    })
}

/// The soak before an act that ends the way back: of the shift that gave the traffic what it has. Pauses and other work
/// after it change nothing of it, nor does an override of it before such a step.
fn soak_before_end(session: &Session, procedure: &Procedure, evidence: &Evidence) -> Option<GateReport> {
    let needed = session.newest_shift(&procedure.plan)?.soak.filter(|soak| !soak.is_zero())?;
    Some(GateReport { gate: Gate::SoakBeforeEnd, ..soak(evidence, needed) })
}

fn soak(evidence: &Evidence, needed: Duration) -> GateReport {
    match evidence.soak {
        Some(soak) => {
            let state = if soak.held >= soak.needed { GateState::Holds } else { GateState::Fails };
            report(Gate::Soak, state, format!("soak {} of {}", clock_span(soak.held), clock_span(soak.needed)))
        }
        None => report(Gate::Soak, GateState::Inconclusive, format!("soak of {} has not begun", clock_span(needed))),
    }
}
