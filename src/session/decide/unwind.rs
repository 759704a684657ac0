//! The acts of a way back after its traffic (R7): one after the other, each confirmed, started once, followed to its end,
//! left out with a reason, or gone on from where it did not end well.
//!
//! They are part of a rollback: they need no controls, and ask for no window, no hold, no soak and no signature. What may
//! stand before one is only what it would do harm to: traffic of the pool that it touches, and a run of nobody knows what.

use super::action::{Wanted, asked_start, could_run};
use super::change::same_routers;
use super::second::second;
use super::step::{asked_act, friction, own_friction, typed_for};
use super::{check_confirmation, check_gates, needs_reason};
use crate::domain::action::Acting;
use crate::domain::procedure::{Friction, RollbackAct, Step};
use crate::domain::{ChangeId, PoolId, Procedure, Refused, StepId};
use crate::session::action::{ActionStage, ActionStarting};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{Event, StepMark};
use crate::session::gate::unwinding;
use crate::session::proposal::Confirmation;
use crate::session::second::Second;
use crate::session::state::Session;
use crate::session::unwind::RollbackActMarked;

/// The act of that name, where it is the next one and the traffic is not on its way forward.
///
/// # Errors
/// What stands against it.
pub(super) fn next<'p>(session: &Session, procedure: &'p Procedure, id: &StepId) -> Result<&'p RollbackAct, Refused> {
    let what = format!("go on with {id}");
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return Err(Refused::new("B1", what, why, "wait until it has, or open the session again"));
    }
    if session.in_flight().is_some_and(|change| change.confirmed.kind.is_forward()) {
        let why = "a change is on its way forward";
        return Err(Refused::new("R7", what, why, "roll its traffic back first: that goes at once"));
    }
    match session.next_rollback_act(procedure) {
        Some(next) if next.step.id == *id => Ok(next),
        Some(next) => {
            Err(Refused::new("R7", what, format!("{} comes before it", next.step.name), "go in the profile's order"))
        }
        None => Err(Refused::new("R7", what, "every act of the way back is over", "nothing is left to do")),
    }
}

/// The intent to start the action of the next act.
pub(super) fn start(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted<'_>,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let act = next(session, procedure, wanted.step)?;
    let step = &act.step;
    let what = format!("start {}", step.name);
    let action = could_run(session, procedure, step, &what)?;
    if session.action_run(wanted.act).is_some() {
        return Err(Refused::new("J1", what, "this act was confirmed already", "look at the screen"));
    }
    if wanted.requests.is_empty() {
        let why = "what it would send was not worked out";
        return Err(Refused::new("B1", what, why, "wait until the dialog shows it"));
    }
    let reports = unwinding(session, procedure, act, evidence);
    check_gates(&what, &reports, wanted.overrides)?;
    same_routers(session, evidence, &what)?;
    let asks = own_friction(procedure, step, !wanted.overrides.is_empty());
    check_confirmation(&what, confirmation, asks, &typed_for(step))?;
    let second = match friction(procedure, step) {
        Friction::Two => {
            let act = asked_start(session, step, wanted.requests);
            second(session, procedure, asked, &act, wanted.overrides, confirmation, evidence)?
        }
        Friction::Key | Friction::Type => Second::NotAsked,
    };
    let pool = step.action().map_or_else(|| PoolId::new(""), |(_, pool)| pool.clone());
    Ok(vec![Event::ActionStarting(Box::new(ActionStarting {
        act: wanted.act,
        step: step.id.clone(),
        action: action.clone(),
        pool,
        key: Acting::key_of(wanted.act),
        requests: wanted.requests.to_vec(),
        differences: wanted.differences.to_vec(),
        gates: reports,
        overrides: wanted.overrides.to_vec(),
        confirmation: confirmation.clone(),
        second,
        owner: asked.cockpit,
        epoch: session.controls.as_ref().map_or(0, |controls| controls.epoch),
        deadline: asked.now.wall.plus(procedure.timing.deadline),
        unwinds: true,
    }))])
}

/// The next act, done by a person.
pub(super) fn complete(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &StepId,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let act = next(session, procedure, id)?;
    let step = &act.step;
    let what = format!("complete {}", step.name);
    if let Some((action, _)) = step.action() {
        let why = format!("the action {action} does it");
        return Err(Refused::new("D1", what, why, "start it, or skip it with a reason"));
    }
    let asks = own_friction(procedure, step, false);
    check_confirmation(&what, confirmation, asks, &typed_for(step))?;
    let second = match friction(procedure, step) {
        Friction::Two => second(session, procedure, asked, &asked_act(session, step), &[], confirmation, evidence)?,
        Friction::Key | Friction::Type => Second::NotAsked,
    };
    let (gates, overrides, signed) = (Vec::new(), Vec::new(), confirmation.signed.clone());
    let mark = StepMark::Done { gates, overrides, second, signed };
    Ok(vec![marked(session, procedure, act, mark, true)])
}

/// The next act is left out.
pub(super) fn skip(session: &Session, procedure: &Procedure, id: &StepId, reason: &str) -> Result<Vec<Event>, Refused> {
    let act = next(session, procedure, id)?;
    let what = format!("skip {}", act.step.name);
    is_not_running(session, &act.step, &what)?;
    let reason = needs_reason(&what, reason)?;
    Ok(vec![marked(session, procedure, act, StepMark::Skipped { reason }, false)])
}

/// The next act is left as it ended, and the one after it comes next.
pub(super) fn pass(session: &Session, procedure: &Procedure, id: &StepId) -> Result<Vec<Event>, Refused> {
    let act = next(session, procedure, id)?;
    let what = format!("go on after {}", act.step.name);
    is_not_running(session, &act.step, &what)?;
    let Some(run) = session.run_of(&act.step) else {
        return Err(Refused::new("R7", what, "it was not tried", "start it, or skip it with a reason"));
    };
    let why = match &run.stage {
        ActionStage::Unknown { why } => format!("whether it runs is not known: {why}"),
        ActionStage::Ended { end, .. } => end.words(),
        ActionStage::Starting | ActionStage::Running { .. } => String::new(),
    };
    Ok(vec![marked(session, procedure, act, StepMark::LeftFailed { act: run.act(), why }, false)])
}

/// The good end of an act's action.
pub(super) fn acted(session: &Session, procedure: &Procedure, id: &StepId, run: ChangeId) -> Option<Event> {
    let (_, act) = procedure.rollback_act(id)?;
    Some(marked(session, procedure, act, StepMark::Acted { act: run }, true))
}

fn is_not_running(session: &Session, step: &Step, what: &str) -> Result<(), Refused> {
    match session.run_of(step).filter(|run| run.is_running()) {
        Some(run) => {
            let why = format!("{} runs, started by {}", run.intent.what.action, run.intent.by);
            Err(Refused::new("D4", what, why, "wait for its end, or cancel it"))
        }
        None => Ok(()),
    }
}

/// An act that is over, with what is open again after it: its step of the plan and every later one.
fn marked(session: &Session, procedure: &Procedure, act: &RollbackAct, mark: StepMark, is_done: bool) -> Event {
    let first = act.reopens.as_ref().filter(|_| is_done).and_then(|first| procedure.step(first));
    let plan = first.map_or(&[][..], |(index, _)| procedure.plan.get(index..).unwrap_or_default());
    let open = plan.iter().map(|step| step.id.clone()).filter(|step| session.steps.contains_key(step));
    Event::RollbackActMarked(Box::new(RollbackActMarked {
        act: act.step.id.clone(),
        name: act.step.name.clone(),
        mark,
        reopens: open.collect(),
    }))
}
