//! Routers that are left out of the rest of the plan, and taken in again (D8).

use super::{needs_controls, needs_reason};
use crate::domain::{Outcome, Procedure, Refused, RouterId, Weights};
use crate::session::command::Asked;
use crate::session::event::{ChangeKind, Event, Settlement};
use crate::session::flaw::{self, Flaw};
use crate::session::proposal::Proposal;
use crate::session::state::{Change, Session};
use crate::session::unwind::RouterExcluded;

/// Leaves a router out. What the change in flight sent to it is not waited for any more; a way back goes to it all the same.
pub(super) fn exclude(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    router: &RouterId,
    reason: &str,
) -> Result<Vec<Event>, Refused> {
    let what = format!("leave {router} out of the plan");
    needs_controls(session, asked, &what)?;
    let refused = |why: &str, advice: &str| Err(Refused::new("D8", what.clone(), why, advice));
    if procedure.router(router).is_none() {
        return refused("the profile names no such router", "choose one of its routers");
    }
    if session.excluded.contains_key(router) {
        return refused("it is left out already", "take it in again where it answers");
    }
    let is_left = |other: &RouterId| other != router && !session.excluded.contains_key(other);
    if !procedure.routers.iter().any(|other| is_left(&other.id)) && !flaw::is(Flaw::LeavesOutTheLast) {
        return refused("it is the only router of the plan that is left", "roll back, or hold");
    }
    let change = session.in_flight().filter(|change| change.order(router).is_some());
    let is_busy = change.and_then(|change| change.outcomes.get(router)).is_some_and(|known| match known.outcome {
        None | Some(Outcome::Accepted) => true,
        Some(
            Outcome::NotSent { .. }
            | Outcome::Verified
            | Outcome::Differs { .. }
            | Outcome::Moved { .. }
            | Outcome::Failed { .. }
            | Outcome::Unknown { .. },
        ) => false,
    });
    if is_busy && !flaw::is(Flaw::LeavesOutUnheard) {
        return refused("it is still being sent to or read back", "wait for its word");
    }
    let reason = needs_reason(&what, reason)?;
    let id = change.map(Change::id);
    let mut events =
        vec![Event::RouterExcluded(Box::new(RouterExcluded { router: router.clone(), reason, change: id }))];
    // It may have been the last one that the change waited for.
    if let Some(change) = change.filter(|change| is_whole_without(change, router)) {
        events.push(Event::ChangeSettled { change: change.id(), how: Settlement::Verified });
    }
    Ok(events)
}

/// Whether every router that counts is verified once this one does not.
fn is_whole_without(change: &Change, router: &RouterId) -> bool {
    let verified =
        |each: &RouterId| change.outcomes.get(each).is_some_and(|known| known.outcome == Some(Outcome::Verified));
    change.counted().filter(|each| *each != router).all(verified)
}

/// The weights of the routers that are flown: what one that is taken in again is given.
pub fn weights_of_the_rest(session: &Session, procedure: &Procedure) -> Option<Weights> {
    let mut flown = procedure.routers.iter().filter(|router| !session.excluded.contains_key(&router.id));
    let native = flown.find_map(|router| session.expected.get(&router.id))?;
    native.shares(procedure.pool_ids()).nearest_weights()
}

/// The router that a forward change takes in again; `None` where all of its routers are flown.
///
/// # Errors
/// Where it goes to a router that is left out, and does more or something else than to bring that to the others.
pub(super) fn takes_in(
    session: &Session,
    procedure: &Procedure,
    proposal: &Proposal,
) -> Result<Option<RouterId>, Refused> {
    let mut out =
        proposal.routers.iter().map(|order| &order.router).filter(|router| session.excluded.contains_key(*router));
    let Some(router) = out.next() else { return Ok(None) };
    let is_alone = proposal.routers.len() == 1 && proposal.kind == ChangeKind::OffPlan;
    if is_alone && weights_of_the_rest(session, procedure).as_ref() == Some(&proposal.to) {
        return Ok(Some(router.clone()));
    }
    let why = format!("{router} is left out of the plan");
    Err(Refused::new(
        "D8",
        format!("shift to {}", proposal.to),
        why,
        "take it in again first, with the others' weights",
    ))
}
