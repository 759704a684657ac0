//! Steps that are over without a change: done by a person, already so, skipped.

use super::change::{asked_of, same_routers, still_bound};
use super::second::{needs_signature, second};
use super::{check_confirmation, check_gates, needs_controls, needs_reason};
use crate::domain::procedure::{Friction, Step, StepAct};
use crate::domain::{Digest, Procedure, Refused, StepId};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ChangeKind, Event, StepMark};
use crate::session::gate::{Forward, gates};
use crate::session::proposal::{Confirmation, Gate, Override, Proposal};
use crate::session::second::{AskedAct, Second};
use crate::session::state::Session;

/// What a person's step asks to be typed: the pool's name, or `done`.
pub fn typed_for(step: &Step) -> String {
    match &step.act {
        StepAct::Deploy { pool, .. } => pool.to_string(),
        StepAct::Pause { .. } | StepAct::Shift(_) => "done".to_owned(),
    }
}

/// What completing a person's step asks of people (F1), before gates are set aside. An act of a way back asks what a
/// rollback does.
pub fn friction(procedure: &Procedure, step: &Step) -> Friction {
    if procedure.rollback_act(&step.id).is_some() {
        return procedure.confirm.rollback;
    }
    match &step.act {
        StepAct::Deploy { .. } => procedure.confirm.deploy,
        StepAct::Pause { .. } | StepAct::Shift(_) => Friction::Key,
    }
}

/// What completing it asks of the one who confirms it, where gates are set aside or not (F4).
pub fn own_friction(procedure: &Procedure, step: &Step, overridden: bool) -> Friction {
    // What ends the way back asks most; an act of the way back itself ends nothing.
    let ends = || ends_way_back(procedure, step) && procedure.rollback_act(&step.id).is_none();
    match friction(procedure, step) {
        Friction::Key | Friction::Two if overridden || ends() => Friction::Type,
        Friction::Two => Friction::Key,
        one @ (Friction::Key | Friction::Type) => one,
    }
}

/// Whether what a step does ends the way back.
pub fn ends_way_back(procedure: &Procedure, step: &Step) -> bool {
    procedure.action_of(step).is_some_and(|action| action.ends_way_back)
}

/// The act of completing a step, as a second person is asked about it.
pub fn asked_act(session: &Session, step: &Step) -> AskedAct {
    AskedAct::Complete {
        step: step.id.clone(),
        typed: typed_for(step),
        revision: session.revision,
        profile: session.profile_digest().unwrap_or(Digest::ZERO),
        requests: Vec::new(),
    }
}

pub(super) fn complete(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &StepId,
    overrides: &[Override],
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let step = next(session, procedure, asked, id)?;
    let what = format!("complete {}", step.name);
    if matches!(step.act, StepAct::Shift(_)) {
        return Err(Refused::new("B4", what, "it shifts traffic", "propose it as a shift"));
    }
    if let Some((action, _)) = step.action() {
        let why = format!("the action {action} does it");
        return Err(Refused::new("D1", what, why, "start it, or skip the step with a reason"));
    }
    let reports = gates(session, procedure, Forward::Complete, evidence, asked.now.wall);
    check_gates(&what, &reports, overrides)?;
    same_routers(session, evidence, &what)?;
    let asks = own_friction(procedure, step, !overrides.is_empty());
    check_confirmation(&what, confirmation, asks, &typed_for(step))?;
    needs_signature(procedure, &what, confirmation)?;
    let second = match friction(procedure, step) {
        Friction::Two => {
            second(session, procedure, asked, &asked_act(session, step), overrides, confirmation, evidence)?
        }
        Friction::Key | Friction::Type => Second::NotAsked,
    };
    let signed = confirmation.signed.clone();
    let mark = StepMark::Done { gates: reports, overrides: overrides.to_vec(), second, signed };
    Ok(vec![Event::StepMarked { step: id.clone(), mark }])
}

pub(super) fn mark_already_so(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let ChangeKind::Step { step: id } = &proposal.kind else {
        return Err(Refused::new(
            "B4",
            "mark a step",
            "the proposal is not a step of the plan",
            "propose the next step",
        ));
    };
    let step = next(session, procedure, asked, id)?;
    let what = format!("mark {} as already so", step.name);
    still_bound(session, procedure, asked, proposal, evidence)?;
    let mut reports = gates(session, procedure, Forward::Shift(&proposal.to), evidence, asked.now.wall);
    // Nothing is sent, so it may be said at any time.
    reports.retain(|report| !matches!(report.gate, Gate::Window { .. }));
    check_gates(&what, &asked_of(&proposal.kind, reports), &[])?;
    if step.act == StepAct::Shift(proposal.to.clone()) && proposal.holds_already() {
        Ok(vec![Event::StepMarked { step: id.clone(), mark: StepMark::AlreadySo }])
    } else {
        Err(Refused::new("B4", what, "not every router holds its target", "propose it as a shift"))
    }
}

pub(super) fn skip(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &StepId,
    reason: &str,
) -> Result<Vec<Event>, Refused> {
    let step = next(session, procedure, asked, id)?;
    if let Some(hold) = &session.hold {
        let why = format!("{} holds the deployment: {}", hold.by, hold.what);
        return Err(Refused::new("C2", format!("skip {}", step.name), why, "let it be released first"));
    }
    if let Some(run) = session.run_of(step).filter(|run| run.is_running()) {
        let why = format!("{} runs, started by {}", run.intent.what.action, run.intent.by);
        return Err(Refused::new("D4", format!("skip {}", step.name), why, "wait for its end, or cancel it"));
    }
    let reason = needs_reason(&format!("skip {}", step.name), reason)?;
    Ok(vec![Event::StepMarked { step: id.clone(), mark: StepMark::Skipped { reason } }])
}

pub(super) fn next<'a>(
    session: &Session,
    procedure: &'a Procedure,
    asked: &Asked,
    id: &StepId,
) -> Result<&'a Step, Refused> {
    let what = format!("go on with {id}");
    needs_controls(session, asked, &what)?;
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    // Another profile may ask two people for what the old one asked one.
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return Err(Refused::new("B1", what, why, "wait until it has, or open the session again"));
    }
    match session.next_step(&procedure.plan) {
        Some(step) if step.id == *id => Ok(step),
        Some(step) => {
            Err(Refused::new("D4", what, format!("the next step is {}", step.name), "go in the plan's order"))
        }
        None => Err(Refused::new("D4", what, "the plan has no step left", "close the session")),
    }
}
