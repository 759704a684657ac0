//! Deploy actions: started once under a kept intent, followed to their end, cancelled (F1, D1 to D4).

use super::change::same_routers;
use super::second::{needs_signature, second};
use super::step::{next, own_friction, typed_for};
use super::{check_confirmation, check_gates};
use crate::domain::action::{Acting, ActionEnd};
use crate::domain::procedure::{Friction, Step};
use crate::domain::{ActionId, ChangeId, Digest, Procedure, Refused, StepId};
use crate::session::action::{ActionCancelling, ActionRun, ActionStage, ActionStarting};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{Event, StepMark};
use crate::session::gate::{forward, gates};
use crate::session::proposal::{Confirmation, Override};
use crate::session::second::{AskedAct, Second};
use crate::session::state::Session;

/// What is to be started, as it was shown.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) act: ChangeId,
    pub(super) step: &'a StepId,
    pub(super) requests: &'a [String],
    pub(super) differences: &'a [String],
    pub(super) overrides: &'a [Override],
}

/// The act of starting a step's action, as a second person is asked about it: with what is sent.
pub fn asked_start(session: &Session, step: &Step, requests: &[String]) -> AskedAct {
    AskedAct::Complete {
        step: step.id.clone(),
        typed: typed_for(step),
        revision: session.revision,
        profile: session.profile_digest().unwrap_or(Digest::ZERO),
        requests: requests.to_vec(),
    }
}

/// What stands against starting a step's action whatever is overridden.
///
/// # Errors
/// The rule that says no.
pub(super) fn could_start<'p>(
    session: &Session,
    procedure: &'p Procedure,
    asked: &Asked,
    id: &StepId,
) -> Result<(&'p Step, &'p ActionId), Refused> {
    let step = next(session, procedure, asked, id)?;
    let what = format!("start {}", step.name);
    let Some((action, _)) = step.action().filter(|(action, _)| procedure.action(action).is_some()) else {
        return Err(Refused::new("D1", what, "no action does this step", "confirm it once a person has done it"));
    };
    could_run(session, procedure, step, &what)?;
    Ok((step, action))
}

/// The action of a step or of an act of a way back, where none runs.
///
/// # Errors
/// Where there is none, or one runs already.
pub(super) fn could_run<'p>(
    session: &Session,
    procedure: &Procedure,
    step: &'p Step,
    what: &str,
) -> Result<&'p ActionId, Refused> {
    let Some((action, _)) = step.action().filter(|(action, _)| procedure.action(action).is_some()) else {
        return Err(Refused::new("D1", what, "no action does it", "confirm it once a person has done it"));
    };
    match session.action_in_flight().filter(|run| run.is_running()) {
        Some(run) => {
            let why = format!("{} runs already, started by {}", run.intent.what.action, run.intent.by);
            Err(Refused::new("D4", what, why, "wait for its end, or cancel it"))
        }
        None => Ok(action),
    }
}

/// The intent to start the next step's action.
pub(super) fn start(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted<'_>,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let &Wanted { act, step: id, requests, differences, overrides } = wanted;
    let (step, action) = could_start(session, procedure, asked, id)?;
    let what = format!("start {}", step.name);
    if session.action_run(act).is_some() {
        return Err(Refused::new("J1", what, "this act was confirmed already", "look at the screen"));
    }
    if requests.is_empty() {
        let why = "what it would send was not worked out";
        return Err(Refused::new("B1", what, why, "wait until the dialog shows it"));
    }
    let reports = gates(session, procedure, forward(step), evidence, asked.now.wall);
    check_gates(&what, &reports, overrides)?;
    same_routers(session, evidence, &what)?;
    let asks = own_friction(procedure, step, !overrides.is_empty());
    check_confirmation(&what, confirmation, asks, &typed_for(step))?;
    needs_signature(procedure, &what, confirmation)?;
    let second = match super::step::friction(procedure, step) {
        Friction::Two => {
            let act = asked_start(session, step, requests);
            second(session, procedure, asked, &act, overrides, confirmation, evidence)?
        }
        Friction::Key | Friction::Type => Second::NotAsked,
    };
    let pool = step.action().map_or_else(|| "".into(), |(_, pool)| pool.clone());
    let epoch = session.controls.as_ref().map_or(0, |controls| controls.epoch);
    Ok(vec![Event::ActionStarting(Box::new(ActionStarting {
        act,
        step: id.clone(),
        action: action.clone(),
        pool,
        key: Acting::key_of(act),
        requests: requests.to_vec(),
        differences: differences.to_vec(),
        gates: reports,
        overrides: overrides.to_vec(),
        confirmation: confirmation.clone(),
        second,
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
        unwinds: false,
    }))])
}

/// Its system took it, or was found to have it.
pub(super) fn note_started(session: &Session, act: ChangeId, handle: &str, link: Option<&str>) -> Vec<Event> {
    let open = session.action_run(act).filter(|run| match &run.stage {
        ActionStage::Starting | ActionStage::Unknown { .. } => true,
        ActionStage::Running { .. } | ActionStage::Ended { .. } => false,
    });
    let (handle, link) = (handle.to_owned(), link.map(str::to_owned));
    open.map(|_| Event::ActionStarted { act, handle, link }).into_iter().collect()
}

/// Nobody knows whether it runs.
pub(super) fn note_unknown(session: &Session, act: ChangeId, why: &str) -> Vec<Event> {
    let open = session.action_run(act).filter(|run| run.is_running());
    open.map(|_| Event::ActionUnknown { act, why: why.to_owned() }).into_iter().collect()
}

/// It is over. A good end is the end of its step.
pub(super) fn note_ended(
    session: &Session,
    procedure: &Procedure,
    act: ChangeId,
    end: &ActionEnd,
    log: &[String],
) -> Vec<Event> {
    let Some(run) = session.action_run(act).filter(|run| !run.is_over()) else { return Vec::new() };
    let ActionStarting { step, action, unwinds, .. } = &run.intent.what;
    let (step, action, unwinds) = (step.clone(), action.clone(), *unwinds);
    let is_done = *end == ActionEnd::Succeeded && !session.steps.contains_key(&step);
    let ended = Event::ActionEnded { act, action, end: end.clone(), log: log.to_vec() };
    let marked = is_done.then(|| {
        if unwinds {
            super::unwind::acted(session, procedure, &step, act)
        } else {
            Some(Event::StepMarked { step, mark: StepMark::Acted { act } })
        }
    });
    let marked = marked.flatten();
    std::iter::once(ended).chain(marked).collect()
}

/// The intent to cancel it. It stops something, as a hold does: any operator may, without the controls.
pub(super) fn cancel(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    act: ChangeId,
    of: ChangeId,
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let run = session.action_run(of);
    let name = run.map_or("it", |run| run.intent.what.action.as_str());
    let what = format!("cancel {name}");
    let refused = |why: &str, advice: &str| Err(Refused::new("R6", what.clone(), why, advice));
    let Some(run) = run.filter(|run| matches!(run.stage, ActionStage::Running { .. })) else {
        return refused("it is not known to run", "nothing was sent; look at its system");
    };
    let ActionStarting { action, .. } = &run.intent.what;
    if !procedure.action(action).is_some_and(|spec| spec.can_cancel) {
        return refused("its system does not let it be cancelled from here", "look at it there");
    }
    if let Some(other) = run.cancelling.as_ref().filter(|other| other.deadline >= asked.now.wall) {
        let why = format!("it is being cancelled already, until {}", other.deadline.clock());
        return refused(&why, "wait for its end");
    }
    check_confirmation(&what, confirmation, Friction::Key, name)?;
    Ok(vec![Event::ActionCancelling(Box::new(ActionCancelling {
        act,
        of,
        action: action.clone(),
        owner: asked.cockpit,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }))])
}

/// What its system said to that, by the word of the cockpit that sent it.
pub(super) fn note_cancel(session: &Session, act: ChangeId, how: &str) -> Vec<Event> {
    let of = |run: &&ActionRun| run.cancelling.as_ref().is_some_and(|cancelling| cancelling.act == act);
    let run = session.actions.iter().find(of);
    run.map(|run| Event::ActionCancelAnswered {
        act,
        of: run.act(),
        action: run.intent.what.action.clone(),
        how: how.to_owned(),
    })
    .into_iter()
    .collect()
}
