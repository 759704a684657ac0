//! What guards may do (G1, G2): measured once, armed by the driver alone, fired at most once for each arming.

use super::change::{rolls_back, sendable};
use super::{check_confirmation, needs_controls};
use crate::domain::guard::Then;
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, GuardId, Procedure, Refused};
use crate::session::command::{Asked, Evidence};
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::gate::way_back_fails;
use crate::session::guard::{Acted, GuardBaseline, may_be_armed};
use crate::session::proposal::{Confirmation, Gesture, Proposal};
use crate::session::second::Second;
use crate::session::state::Session;

/// What is measured once nothing has been changed yet is what it was before; each value is kept once.
pub(super) fn measure(session: &Session, asked: &Asked, guards: &[GuardBaseline]) -> Result<Vec<Event>, Refused> {
    let what = "note what the guards compare with";
    drives(session, asked, what)?;
    if !session.changes.is_empty() {
        let why = "something was changed already";
        return Err(Refused::new("G1", what, why, "it is measured before the first change"));
    }
    let known = |each: &GuardBaseline| session.guard_baselines.contains_key(&(each.guard.clone(), each.pool.clone()));
    let guards: Vec<GuardBaseline> = guards.iter().filter(|each| !known(each)).cloned().collect();
    Ok(if guards.is_empty() { Vec::new() } else { vec![Event::BaselineMeasured { guards }] })
}

pub(super) fn arm(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    guards: &[GuardId],
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let what = "arm the guards";
    let epoch = needs_controls(session, asked, what)?;
    may_be_armed(procedure)?;
    check_confirmation(what, confirmation, Friction::Key, "arm")?;
    let refused = |why: String| Refused::new("G1", what, why, "look at the guards");
    if guards.is_empty() {
        return Err(refused("every guard that may roll back is red already".to_owned()));
    }
    for guard in guards {
        if !may_roll_back(procedure, guard) {
            return Err(refused(format!("{guard} only proposes")));
        }
        if session.guards.is_red(guard) {
            return Err(refused(format!("{guard} is red already: it would never fire")));
        }
    }
    if session.armed().is_some_and(|armed| armed.guards.iter().eq(guards)) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::GuardsArmed { guards: guards.to_vec(), epoch }])
}

pub(super) fn disarm(session: &Session, asked: &Asked, why: &str) -> Result<Vec<Event>, Refused> {
    drives(session, asked, "disarm the guards")?;
    Ok(disarms(session, why).into_iter().collect())
}

/// The word that goes with whatever ends an arming: it stands in the same entry, so that the record tells it.
pub(super) fn disarms(session: &Session, why: impl Into<String>) -> Option<Event> {
    let armed = session.guards.armed.as_ref()?;
    // A guard that an earlier holder armed acts no more whatever is written.
    (session.armed() == Some(armed)).then(|| Event::GuardsDisarmed { why: why.into() })
}

/// The same where the controls change hands.
pub(super) fn disarms_with_controls(session: &Session, why: impl Into<String>) -> Option<Event> {
    if flaw::is(Flaw::HandOverKeepsArmed) { None } else { disarms(session, why) }
}

/// A guard that has its breaches and does not roll back: it rang.
pub(super) fn note_tripped(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    guard: &GuardId,
    words: &str,
    because: Option<&str>,
) -> Result<Vec<Event>, Refused> {
    drives(session, asked, "note that a guard tripped")?;
    if is_told(session, procedure, guard) {
        return Ok(Vec::new());
    }
    let acted = because.map_or(Acted::Proposed, |because| Acted::Rang { because: because.to_owned() });
    Ok(vec![tripped(guard, words, acted)])
}

/// A guard that is red before the first change would never trip: that is said.
pub(super) fn note_confessed(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    guard: &GuardId,
    words: &str,
) -> Result<Vec<Event>, Refused> {
    let what = "note that a guard is red already";
    drives(session, asked, what)?;
    if is_told(session, procedure, guard) {
        return Ok(Vec::new());
    }
    if !session.changes.is_empty() {
        return Err(Refused::new("G1", what, "something was changed already", "it trips"));
    }
    Ok(vec![Event::GuardConfessed { guard: guard.clone(), words: words.to_owned() }])
}

pub(super) fn note_calmed(session: &Session, asked: &Asked, guard: &GuardId) -> Result<Vec<Event>, Refused> {
    drives(session, asked, "note that a guard is quiet")?;
    let red = session.guards.is_red(guard);
    Ok(red.then(|| Event::GuardCalmed { guard: guard.clone() }).into_iter().collect())
}

/// What a guard knows when it fires.
pub(super) struct Shot<'a> {
    pub(super) guard: &'a GuardId,
    /// The evidence of its trip.
    pub(super) words: &'a str,
    /// Whether it is red at the moment of deciding; `false` fires nothing.
    pub(super) is_red: bool,
    /// The pool that the way back raises breaches the same limit: in words.
    pub(super) others: Option<&'a str>,
    /// What is sent where.
    pub(super) proposal: &'a Proposal,
}

/// The guard's own rollback: armed, in this cockpit, in this epoch. Where the way back is no better it rings instead (G2).
pub(super) fn fire(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    shot: &Shot<'_>,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let &Shot { guard, words, is_red, others, proposal } = shot;
    let what = format!("roll back to {} by the guard {guard}", proposal.to);
    let epoch = needs_controls(session, asked, &what)?;
    is_armed(session, procedure, guard, &what)?;
    if !is_red || is_told(session, procedure, guard) {
        return Ok(Vec::new());
    }
    if let Some(because) = holds_back(session, procedure, others, proposal, &what, evidence) {
        return Ok(vec![tripped(guard, words, Acted::Rang { because })]);
    }
    let acted = Acted::RolledBack { change: proposal.change };
    let confirmation = Confirmation::new(Gesture::Guard(guard.clone()), false);
    let mut events = vec![tripped(guard, words, acted)];
    events.extend(rolls_back(session, procedure, asked, proposal, confirmation, Second::NotAsked, epoch));
    events.push(Event::GuardsDisarmed { why: format!("{guard} fired") });
    Ok(events)
}

/// Why a guard that may fire rings instead; `None` where it fires.
fn holds_back(
    session: &Session,
    procedure: &Procedure,
    others: Option<&str>,
    proposal: &Proposal,
    what: &str,
    evidence: &Evidence,
) -> Option<String> {
    let in_flight = session.in_flight();
    if in_flight.is_some_and(|change| !change.confirmed.kind.is_forward()) {
        return Some("a rollback is in flight already".to_owned());
    }
    if let Err(refused) = sendable(session, what, proposal) {
        return Some(refused.why);
    }
    let holds = |order: &crate::session::proposal::RouterOrder| {
        evidence.readings.get(&order.router).is_some_and(|now| now.native.holds(&order.prepared.native))
    };
    if in_flight.is_none() && proposal.routers.iter().all(holds) {
        return Some("every router holds that already".to_owned());
    }
    if let Some(others) = others {
        return Some(format!("the way back is no better: {others}"));
    }
    way_back_fails(session, procedure, &proposal.to, evidence)
}

/// Whether this guard may fire in the epoch that is (G1).
fn is_armed(session: &Session, procedure: &Procedure, guard: &GuardId, what: &str) -> Result<(), Refused> {
    let armed = session.armed().is_some_and(|armed| armed.guards.contains(guard));
    if may_roll_back(procedure, guard) && (armed || flaw::is(Flaw::GuardFiresUnarmed)) {
        return Ok(());
    }
    Err(Refused::new("G1", what, "it is not armed here", "R goes back"))
}

/// The rollback that a guard confirmed, if that was one.
pub fn fired(confirmation: &Confirmation) -> Option<&GuardId> {
    if let Gesture::Guard(guard) = &confirmation.gesture { Some(guard) } else { None }
}

/// The guard that confirmed a change, if one did.
pub fn fired_by(session: &Session, change: ChangeId) -> Option<&GuardId> {
    session.change(change).and_then(|change| fired(&change.confirmed.confirmation))
}

fn may_roll_back(procedure: &Procedure, guard: &GuardId) -> bool {
    procedure.guards.iter().any(|spec| spec.id == *guard && spec.then == Then::RollBack)
}

/// What is told already is not told again, before the guard was quiet; nor is a guard that the profile does not have.
fn is_told(session: &Session, procedure: &Procedure, guard: &GuardId) -> bool {
    session.guards.is_red(guard) || procedure.guards.iter().all(|spec| spec.id != *guard)
}

fn tripped(guard: &GuardId, words: &str, acted: Acted) -> Event {
    Event::GuardTripped { guard: guard.clone(), words: words.to_owned(), acted }
}

/// What guards saw is written down by the cockpit that drives, and by no other: one word for each trip.
fn drives(session: &Session, asked: &Asked, what: &str) -> Result<(), Refused> {
    if session.drives(asked.cockpit) {
        return Ok(());
    }
    Err(Refused::new("C2", what, "this cockpit does not have the controls", "ask for them"))
}
