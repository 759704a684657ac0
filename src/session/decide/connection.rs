//! Connections that linger in a pool without weight, ended (D6).

use super::{check_confirmation, needs_controls, needs_reason};
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, PoolId, Procedure, Refused, RouterId};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ConnectionsEnding, Event};
use crate::session::proposal::Confirmation;
use crate::session::state::Session;

/// What is to be ended.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) act: ChangeId,
    pub(super) router: &'a RouterId,
    pub(super) pool: &'a PoolId,
    pub(super) count: u32,
    pub(super) reason: &'a str,
}

/// What is typed to end so many connections.
pub fn typed_for(count: u32) -> String {
    format!("end {count}")
}

/// The intent to end connections: only of a pool that has no weight anywhere, as read freshly.
pub(super) fn end(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted<'_>,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let &Wanted { act, router, pool, count, reason } = wanted;
    let what = format!("end {count} connections of {pool} on {router}");
    let epoch = needs_controls(session, asked, &what)?;
    if let Some(hold) = &session.hold {
        let why = format!("{} holds the deployment: {}", hold.by, hold.what);
        return Err(Refused::new("C2", what, why, "let it be released first"));
    }
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return Err(Refused::new("B1", what, why, "wait until it has, or open the session again"));
    }
    let lists = procedure.router(router).is_some_and(|router| router.capabilities.lists_connections);
    if !lists || procedure.pool(pool).is_none() || count == 0 {
        let why = "there is nothing on this router that could be listed and ended";
        return Err(Refused::new("D6", what, why, "watch the pool's own gauges and log"));
    }
    for each in &procedure.routers {
        let Some(bound) = evidence.readings.get(&each.id) else {
            let why = format!("{} has no fresh reading: whether the pool has weight is not known", each.id);
            return Err(Refused::new("D6", what, why, "wait until it answers"));
        };
        if bound.native.shares([pool]).of(pool).part > 0 {
            let why = format!("{pool} has weight on {}: new requests would come at once", each.id);
            return Err(Refused::new("D6", what, why, "take its weight first, and let it drain"));
        }
    }
    // Nobody is asked a second time for this act; where two decide what moves traffic, one does not cut it off.
    if procedure.confirm.off_plan == Friction::Two || procedure.people.keys {
        let why = "this profile asks two people, or a signature, for what is off the plan";
        return Err(Refused::new("F3", what, why, "end them at the router itself, and note it here"));
    }
    let reason = needs_reason(&what, reason)?;
    check_confirmation(&what, confirmation, Friction::Type, &typed_for(count))?;
    Ok(vec![Event::ConnectionsEnding(Box::new(ConnectionsEnding {
        act,
        router: router.clone(),
        pool: pool.clone(),
        count,
        reason,
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }))])
}

/// What became of it, by the word of the cockpit that sent it.
pub(super) fn note(session: &Session, act: ChangeId, count: u32, how: &str) -> Vec<Event> {
    let intent = session.ending.iter().find(|ending| ending.act == act);
    intent
        .map(|ending| Event::ConnectionsEnded {
            act,
            router: ending.router.clone(),
            pool: ending.pool.clone(),
            count,
            reason: ending.reason.clone(),
            how: how.to_owned(),
        })
        .into_iter()
        .collect()
}
