//! The shapes of a way back: its stages, and what it took (R8, R9).

use std::time::Duration;

use crate::domain::ramp::Ramp;
use crate::domain::{ChangeId, Procedure, Refused, Weights};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ChangeKind, Event, ProvenRouter, WayBackProven};
use crate::session::flaw::{self, Flaw};
use crate::session::gate::between_stages;
use crate::session::item::Ticking;
use crate::session::proposal::GateState;
use crate::session::stage;
use crate::session::state::{Change, Session};

use super::change::Way;

/// Whether a rollback is the next stage of one that is under way. A stage goes to what its way says, and none before the
/// one before it is verified; going back at once is never refused.
pub(super) fn check_ramp(session: &Session, what: &str, ramp: Option<&Ramp>, to: &Weights) -> Result<bool, Refused> {
    let pending = session.ramp();
    let Some(ramp) = ramp else {
        return Ok(pending.is_some_and(|pending| pending.to == *to));
    };
    if ramp.weights() != *to {
        let why = format!("{} goes to {}", ramp.words(), ramp.weights());
        return Err(Refused::new("R8", what, why, "propose it afresh"));
    }
    let follows = pending.is_some_and(|pending| pending.goes_on_with(ramp));
    if follows {
        return Ok(true);
    }
    // Where a stage is on its way, beginning anew from what was read would be going on before it is verified.
    let on_its_way = session.in_flight().is_some_and(|change| change.ramp.is_some());
    if ramp.stage == 1 && pending.is_none() && !on_its_way {
        return Ok(false);
    }
    let why = "the stage before it is not verified, or it is of another way back";
    Err(Refused::new("R8", what, why, "look at the routers, or go back at once"))
}

/// What the checks between two stages say against the next one. A rollback is never kept back by a check: a person who saw
/// that it does not pass goes on despite it, or at once, which no check is asked about. What goes by itself, and what nobody
/// saw, waits.
pub(super) fn check_between(
    session: &Session,
    procedure: &Procedure,
    what: &str,
    way: &Way<'_>,
    evidence: &Evidence,
) -> Result<Vec<String>, Refused> {
    let (Some(_), Some(before)) = (way.ramp, session.ramp()) else { return Ok(Vec::new()) };
    let against = between_stages(session, procedure, &evidence.checks).filter(|each| each.state != GateState::Holds);
    let (seen, unseen): (Vec<_>, Vec<_>) = against.partition(|each| way.despite.contains(&each.check));
    match unseen.first().filter(|_| !flaw::is(Flaw::StageDespiteCheck)) {
        None => Ok(seen.into_iter().map(|each| each.text).collect()),
        Some(first) => {
            let why = format!("{} is verified, and {}", before.words(), first.text);
            Err(Refused::new("R8", what, why, "look at it, then go on with the next stage, or back at once"))
        }
    }
}

/// A stage that nobody confirmed goes only while what it goes with still holds.
pub(super) fn check_by_itself(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    what: &str,
    way: &Way<'_>,
    evidence: &Evidence,
) -> Result<(), Refused> {
    let against = |by_itself| stage::against(session, procedure, asked, by_itself, way.cut_off, evidence);
    match way.by_itself.and_then(against) {
        Some(why) => Err(Refused::new("R8", what, why, "look at it; R goes on, or back at once")),
        None => Ok(()),
    }
}

/// What a rollback took, when it is verified; and what that proves of the step that it went back from.
pub(super) fn note_time(
    session: &Session,
    procedure: &Procedure,
    id: ChangeId,
    declared_ms: Option<u64>,
) -> Vec<Event> {
    let change = session.change(id).filter(|change| !change.confirmed.kind.is_forward());
    let Some((back, took)) = change.and_then(|change| Some((change, change.took()?))) else { return Vec::new() };
    let timed = declared_ms.map(|declared_ms| Event::RollbackTimed { change: id, took_ms: ms(took), declared_ms });
    let mut events: Vec<Event> = timed.into_iter().collect();
    let Some(proof) = proof(session, procedure, back) else { return events };
    let item = procedure.step(&proof.step).and_then(|(_, step)| step.prove.clone()?.item);
    events.push(Event::WayBackProven(Box::new(proof)));
    let item =
        item.and_then(|item| procedure.checklist.item(&item)).filter(|item| !session.ticks.contains_key(&item.id));
    events.extend(item.map(|item| Event::ItemTicked {
        item: item.id.clone(),
        text: item.text.clone(),
        ticking: Ticking::default(),
    }));
    events
}

/// A step that proves its way back, was verified everywhere, and is open again because of this rollback alone.
fn proof(session: &Session, procedure: &Procedure, back: &Change) -> Option<WayBackProven> {
    if back.ramp.as_ref().is_some_and(|ramp| !ramp.is_last()) {
        return None;
    }
    let before = session.changes.iter().rev().skip_while(|change| change.id() != back.id()).skip(1);
    let there = before.into_iter().find(|change| change.confirmed.kind.is_forward())?;
    let ChangeKind::Step { step } = &there.confirmed.kind else { return None };
    let proves = procedure.step(step).is_some_and(|(_, step)| step.prove.is_some());
    if !proves || session.proven.contains_key(step) || session.steps.contains_key(step) || there.took().is_none() {
        return None;
    }
    let routers = there.confirmed.routers.iter().map(|order| {
        let (there_ms, back_ms) = (ms(there.took_on(&order.router)?), ms(back.took_on(&order.router)?));
        Some(ProvenRouter { router: order.router.clone(), there_ms, back_ms })
    });
    let routers: Option<Vec<ProvenRouter>> = routers.collect();
    Some(WayBackProven { step: step.clone(), there: there.id(), back: back.id(), routers: routers? })
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
