//! Steps that are over without a change: done by a person, already so, skipped.

use super::change::{asked_of, still_bound};
use super::{check_confirmation, check_gates, needs_controls, needs_reason};
use crate::domain::procedure::{Friction, Step, StepAct};
use crate::domain::{Procedure, Refused, StepId};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ChangeKind, Event, StepMark};
use crate::session::gate::{Forward, gates};
use crate::session::proposal::{Confirmation, Override, Proposal};
use crate::session::state::Session;

/// What a person's step asks to be typed: the pool's name, or `done`.
pub fn typed_for(step: &Step) -> String {
    match &step.act {
        StepAct::Deploy { pool, .. } => pool.to_string(),
        StepAct::Pause { .. } | StepAct::Shift(_) => "done".to_owned(),
    }
}

/// What completing a person's step asks of the operator (F1).
pub fn friction(procedure: &Procedure, step: &Step, overridden: bool) -> Friction {
    match &step.act {
        StepAct::Deploy { .. } if !overridden => procedure.confirm.deploy,
        StepAct::Pause { .. } | StepAct::Shift(_) if !overridden => Friction::Key,
        StepAct::Deploy { .. } | StepAct::Pause { .. } | StepAct::Shift(_) => Friction::Type,
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
    let reports = gates(session, procedure, Forward::Complete, evidence);
    check_gates(&what, &reports, overrides)?;
    let asks = friction(procedure, step, !overrides.is_empty());
    check_confirmation(&what, confirmation, asks, &typed_for(step))?;
    let mark = StepMark::Done { gates: reports, overrides: overrides.to_vec() };
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
    let reports = gates(session, procedure, Forward::Shift(&proposal.to), evidence);
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
    let reason = needs_reason(&format!("skip {}", step.name), reason)?;
    Ok(vec![Event::StepMarked { step: id.clone(), mark: StepMark::Skipped { reason } }])
}

fn next<'a>(session: &Session, procedure: &'a Procedure, asked: &Asked, id: &StepId) -> Result<&'a Step, Refused> {
    let what = format!("go on with {id}");
    needs_controls(session, asked, &what)?;
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    match session.next_step(&procedure.plan) {
        Some(step) if step.id == *id => Ok(step),
        Some(step) => {
            Err(Refused::new("D4", what, format!("the next step is {}", step.name), "go in the plan's order"))
        }
        None => Err(Refused::new("D4", what, "the plan has no step left", "close the session")),
    }
}
