//! The second person: asked, given, refused; runs of steps; the broken glass (F3).

use super::change::{could_go, friction, same_routers};
use super::{check_confirmation, check_gates, needs_controls, needs_reason, step};
use crate::domain::procedure::{Friction, StepAct};
use crate::domain::{Digest, Operator, Procedure, Refused, RequestId, RouterId, Signer, StepId};
use crate::session::command::{Asked, Evidence};
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::gate::{forward as forward_of, gates, unwinding};
use crate::session::proposal::{Confirmation, Override};
use crate::session::second::{AskedAct, ConfirmationAsked, Given, RunConfirmed, Second, run_digest};
use crate::session::state::Session;

/// What a second person is wanted for.
pub(super) struct Wanted<'a> {
    pub(super) request: RequestId,
    pub(super) act: &'a AskedAct,
    pub(super) overrides: &'a [Override],
}

/// What the second person is to confirm must be what could be done now, but for their word.
pub(super) fn ask(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted<'_>,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let &Wanted { request, act, overrides } = wanted;
    let what = act.words();
    let asks = match act {
        AskedAct::Change(proposal) => {
            if proposal.kind.is_forward() {
                needs_controls(session, asked, &what)?;
                could_go(session, procedure, asked, proposal, overrides, evidence)?;
            }
            friction(procedure, &proposal.kind)
        }
        AskedAct::Complete { step: id, .. } if procedure.rollback_act(id).is_some() => {
            let next = super::unwind::next(session, procedure, id)?;
            check_gates(&what, &unwinding(session, procedure, next, evidence), overrides)?;
            step::friction(procedure, &next.step)
        }
        AskedAct::Complete { step: id, .. } => {
            let next = step::next(session, procedure, asked, id)?;
            if next.action().is_some() {
                super::action::could_start(session, procedure, asked, id)?;
            }
            check_gates(&what, &gates(session, procedure, forward_of(next), evidence, asked.now.wall), overrides)?;
            same_routers(session, evidence, &what)?;
            step::friction(procedure, next)
        }
        AskedAct::Reload { .. } => {
            needs_controls(session, asked, &what)?;
            super::lifecycle::reload_friction(procedure)
        }
    };
    if asks != Friction::Two {
        return Err(Refused::new("F3", what, "it asks one person only", "confirm it"));
    }
    let is_forward = forward(act) && !unwinds(procedure, act);
    if session.in_flight().is_some() && is_forward {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    check_confirmation(&what, confirmation, own_part(overrides), &act.typed_target())?;
    // The way back never waits for a signature (R3).
    if is_forward {
        needs_signature(procedure, &what, confirmation)?;
    }
    // Stored without this process's clock: what is read back must equal what was written.
    let mut act = act.clone();
    if let AskedAct::Change(proposal) = &mut act {
        proposal.made = crate::domain::Now::default();
    }
    Ok(vec![Event::ConfirmationAsked(Box::new(ConfirmationAsked {
        request,
        digest: ConfirmationAsked::digest_of(&act, overrides),
        act,
        overrides: overrides.to_vec(),
        until: asked.now.wall.plus(procedure.people.answer),
    }))])
}

/// What the driver's own confirming asks where a second person is asked too: the target typed where gates are set aside.
pub(super) fn own_part(overrides: &[Override]) -> Friction {
    if overrides.is_empty() { Friction::Key } else { Friction::Type }
}

fn forward(act: &AskedAct) -> bool {
    match act {
        AskedAct::Change(proposal) => proposal.kind.is_forward(),
        AskedAct::Complete { .. } | AskedAct::Reload { .. } => true,
    }
}

/// Whether it is an act of a way back (R7).
fn unwinds(procedure: &Procedure, act: &AskedAct) -> bool {
    match act {
        AskedAct::Complete { step, .. } => procedure.rollback_act(step).is_some(),
        AskedAct::Change(_) | AskedAct::Reload { .. } => false,
    }
}

pub(super) fn give(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: RequestId,
    digest: Digest,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let what = "confirm as the second person";
    let Some(request) = session.request.as_ref().filter(|request| request.asked.request == id) else {
        return Err(Refused::new("F3", what, "this is not asked any more", "look at what is asked now"));
    };
    if request.given.is_some() {
        return Ok(Vec::new());
    }
    another_person(asked, &request.by, request.cockpit, what)?;
    if request.asked.digest != digest && !flaw::is(Flaw::OtherDigestCounts) {
        return Err(Refused::new("F3", what, "it is not what was on your screen", "look again"));
    }
    if asked.now.wall > request.asked.until && !flaw::is(Flaw::LapsedCounts) {
        return Err(Refused::new("B3", what, "the request has lapsed", "let it be asked anew"));
    }
    let act = &request.asked.act;
    check_confirmation(what, confirmation, Friction::Type, &act.typed_target())?;
    needs_signature(procedure, what, confirmation)?;
    let looked = looked_at(act, evidence, what)?;
    Ok(vec![Event::ConfirmationGiven { request: id, digest, looked, signed: confirmation.signed.clone() }])
}

/// The routers that the second person's cockpit read itself. One that reads another process, or other weights than the
/// request is bound to, does not look at the same thing (C5).
fn looked_at(act: &AskedAct, evidence: &Evidence, what: &str) -> Result<Vec<RouterId>, Refused> {
    let AskedAct::Change(proposal) = act else { return Ok(Vec::new()) };
    let mut looked = Vec::new();
    for order in &proposal.routers {
        let (Some(bound), Some(read)) = (&order.bound, evidence.readings.get(&order.router)) else { continue };
        if bound.identity != read.identity && !proposal.kind.is_forward() {
            // A rollback is bound to its target only (R4).
            continue;
        }
        if bound.identity != read.identity {
            let why = format!(
                "{} is not the same router here: {} answers, the request was made from {}",
                order.router,
                identity(&read.identity),
                identity(&bound.identity)
            );
            return Err(Refused::new("C5", what, why, "look at how this host reaches it"));
        }
        if let Some(moved) = bound.moved_since(read).filter(|_| proposal.kind.is_forward()) {
            return Err(Refused::new("B3", what, format!("{} {moved}", order.router), "let it be asked anew"));
        }
        looked.push(order.router.clone());
    }
    Ok(looked)
}

fn identity(identity: &crate::domain::reading::Identity) -> String {
    if identity.node.is_empty() {
        format!("process {}", identity.process)
    } else {
        format!("process {} of {}", identity.process, identity.node)
    }
}

pub(super) fn refuse(session: &Session, asked: &Asked, id: RequestId, reason: &str) -> Result<Vec<Event>, Refused> {
    let what = "refuse the request";
    let reason = needs_reason(what, reason)?;
    match session.request.as_ref().filter(|request| request.asked.request == id) {
        None => Ok(Vec::new()),
        Some(request) if request.cockpit == asked.cockpit => {
            Err(Refused::new("F3", what, "it is your own", "withdraw it"))
        }
        Some(_) => Ok(vec![Event::ConfirmationRefused { request: id, reason }]),
    }
}

pub(super) fn end(session: &Session, asked: &Asked, id: RequestId, why: &str) -> Result<Vec<Event>, Refused> {
    match session.request.as_ref().filter(|request| request.asked.request == id) {
        None => Ok(Vec::new()),
        Some(request) if request.cockpit == asked.cockpit || session.drives(asked.cockpit) => {
            Ok(vec![Event::ConfirmationEnded { request: id, why: why.to_owned() }])
        }
        Some(request) => {
            let why = format!("{} asks it", request.by);
            Err(Refused::new("F3", "withdraw the request", why, "refuse it with a reason"))
        }
    }
}

pub(super) fn confirm_run(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    steps: &[StepId],
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let what = "confirm a run of steps";
    match &session.controls {
        Some(held) => another_person(asked, &held.holder.operator, held.holder.cockpit, what)?,
        None => return Err(Refused::new("F3", what, "nobody has the controls", "wait until somebody drives")),
    }
    let open = procedure.plan.iter().filter(|step| !session.steps.contains_key(&step.id));
    let next: Vec<&StepId> =
        open.take_while(|step| matches!(step.act, StepAct::Shift(_))).map(|step| &step.id).take(steps.len()).collect();
    if steps.is_empty() || next != steps.iter().collect::<Vec<_>>() {
        let why = "it is not the next shifts of the plan, in order";
        return Err(Refused::new("F3", what, why, "name the next steps; a deploy step or a pause ends a run"));
    }
    if let Some(hold) = &session.hold {
        return Err(Refused::new("F3", what, format!("{} holds the deployment", hold.by), "let it be released first"));
    }
    if !session.drifted.is_empty() {
        return Err(Refused::new("F3", what, "a router differs from the plan", "let that be answered first"));
    }
    check_confirmation(what, confirmation, Friction::Type, &run_target(steps))?;
    needs_signature(procedure, what, confirmation)?;
    let digest = run_digest(procedure, steps);
    Ok(vec![Event::RunConfirmed(Box::new(RunConfirmed {
        steps: steps.to_vec(),
        digest,
        signed: confirmation.signed.clone(),
    }))])
}

/// What confirming a run asks to be typed: how many steps, and the last one: `3 blue-50`.
pub fn run_target(steps: &[StepId]) -> String {
    format!("{} {}", steps.len(), steps.last().map_or("", StepId::as_str))
}

/// What lets an act through that asks two people.
///
/// # Errors
/// What is missing, or why what there is does not count.
pub(super) fn second(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    act: &AskedAct,
    overrides: &[Override],
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Second, Refused> {
    let what = act.words();
    if let Some(reason) = &confirmation.alone {
        if !procedure.people.break_glass && !flaw::is(Flaw::GlassAlwaysBreaks) {
            let advice = "wait for a second person; rolling back and holding need none";
            return Err(Refused::new("F3", what, "this profile lets nobody do it alone", advice));
        }
        let reason = needs_reason(&what, reason)?;
        check_confirmation(&what, confirmation, Friction::Type, &act.typed_target())?;
        return Ok(Second::Alone { reason });
    }
    check_confirmation(&what, confirmation, own_part(overrides), &act.typed_target())?;
    let digest = ConfirmationAsked::digest_of(act, overrides);
    let given = session.request.as_ref().filter(|request| {
        request.asked.digest == digest
            && request.cockpit == asked.cockpit
            && (asked.now.wall <= request.asked.until || flaw::is(Flaw::LapsedCounts))
    });
    if let Some(given) = given.and_then(|request| request.given.as_ref()) {
        let key = counts(procedure, asked, given, evidence, &what)?;
        let Given { by, cockpit, entry, .. } = given.clone();
        return Ok(Second::Given { by, cockpit, entry, key });
    }
    let AskedAct::Change(proposal) = act else { return Err(missing(what)) };
    let crate::session::event::ChangeKind::Step { step } = &proposal.kind else { return Err(missing(what)) };
    match session.run.as_ref().filter(|run| run.steps.contains(step) && overrides.is_empty()) {
        Some(run) if run.digest == run_digest(procedure, &run.steps) => {
            if !evidence.present.contains(&run.given.cockpit) {
                let why = format!("{}, who confirmed the run, is not here", run.given.by);
                return Err(Refused::new("F3", what, why, "wait for them, or ask another person"));
            }
            let key = counts(procedure, asked, &run.given, evidence, &what)?;
            let Given { by, cockpit, entry, .. } = run.given.clone();
            Ok(Second::Run { by, cockpit, entry, key })
        }
        Some(_) | None => Err(missing(what)),
    }
}

fn missing(what: String) -> Refused {
    Refused::new("F3", what, "another person has to confirm it", "ask them: both cockpits show the same digest")
}

/// Whether a confirmation is another person's: another principal in another cockpit, and where keys are named, another key
/// that was proven.
fn counts(
    procedure: &Procedure,
    asked: &Asked,
    given: &Given,
    evidence: &Evidence,
    what: &str,
) -> Result<Option<Signer>, Refused> {
    if flaw::is(Flaw::SecondIsSelf) {
        return Ok(None);
    }
    if given.by == asked.actor || given.cockpit == asked.cockpit {
        return Err(same_person(what));
    }
    if !procedure.people.keys {
        return Ok(None);
    }
    match evidence.signers.get(&given.entry) {
        None => Err(Refused::new("F3", what, format!("{}'s signature is not checked yet", given.by), "try again")),
        Some(Err(_)) if flaw::is(Flaw::ForgedCounts) => Ok(None),
        Some(Err(why)) => {
            let why = format!("{}'s signature does not count: {why}", given.by);
            Err(Refused::new("F3", what, why, "let them confirm again with a key of the profile's list"))
        }
        Some(Ok(signer)) if signer.principal != given.by.as_str() => {
            let why = format!("the key that signed for {} is {}'s", given.by, signer.principal);
            Err(Refused::new("F3", what, why, "let them work under the name that the list gives their key"))
        }
        Some(Ok(signer)) => match &evidence.own_key {
            Some(own) if own.fingerprint != signer.fingerprint && own.principal != signer.principal => {
                Ok(Some(signer.clone()))
            }
            Some(_) => Err(same_person(what)),
            None => Err(Refused::new("F3", what, "your own key is not proven", "load a key of the profile's list")),
        },
    }
}

fn another_person(asked: &Asked, by: &Operator, cockpit: crate::domain::CockpitId, what: &str) -> Result<(), Refused> {
    let same = asked.cockpit == cockpit || asked.actor == *by;
    if same && !flaw::is(Flaw::SecondIsSelf) { Err(same_person(what)) } else { Ok(()) }
}

fn same_person(what: &str) -> Refused {
    let advice = "another name in another cockpit has to; two terminals of one person are one person";
    Refused::new("F3", what, "both are the same person", advice)
}

/// Where keys are named, what people confirm is signed (F3).
pub(super) fn needs_signature(procedure: &Procedure, what: &str, confirmation: &Confirmation) -> Result<(), Refused> {
    if procedure.people.keys && confirmation.signed.is_none() {
        let advice = "load a key of the profile's list into your agent, or name it with --key";
        return Err(Refused::new("F3", what, "this profile wants it signed", advice));
    }
    Ok(())
}
