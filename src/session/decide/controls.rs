//! Coming aboard and leaving; handing the controls over, asking for them, taking them from silence (C1 to C4).

use std::time::Duration;

use super::guard::disarms_with_controls;
use super::{needs_controls, needs_reason};
use crate::domain::{CockpitId, Operator, Procedure, Refused, Seat, clock_span};
use crate::session::command::Asked;
use crate::session::event::{ControlsTaken, Event, Process};
use crate::session::flaw::{self, Flaw};
use crate::session::state::Session;

pub(super) fn join(session: &Session, asked: &Asked, seat: Seat, process: &Process) -> Vec<Event> {
    if session.aboard.get(&asked.cockpit).is_some_and(|aboard| aboard.seat == seat) {
        return Vec::new();
    }
    vec![Event::CockpitJoined { seat, process: process.clone() }]
}

pub(super) fn leave(session: &Session, asked: &Asked, why: &str) -> Vec<Event> {
    let is_known = session.aboard.contains_key(&asked.cockpit) || session.drives(asked.cockpit);
    let left = is_known.then(|| Event::CockpitLeft { why: why.to_owned() });
    let disarmed = disarms_with_controls(session, format!("{} left", asked.actor));
    disarmed.filter(|_| session.drives(asked.cockpit)).into_iter().chain(left).collect()
}

pub(super) fn take_back(
    session: &Session,
    asked: &Asked,
    controls: &ControlsTaken,
    gone: Option<CockpitId>,
) -> Result<Vec<Event>, Refused> {
    let what = "take the controls";
    let lost = || gone.map(|gone| super::item::ended_with(session, gone, asked)).unwrap_or_default();
    let taken = || lost().into_iter().chain(change_hands(session, asked, own(asked, controls))).collect();
    match &session.controls {
        Some(held) if held.holder.cockpit == asked.cockpit => Ok(Vec::new()),
        Some(held) if gone != Some(held.holder.cockpit) => Err(Refused::new(
            "C4",
            what,
            format!(
                "{} has them, and process {} on {} is not known to be gone",
                held.holder.operator, held.holder.process.pid, held.holder.process.host
            ),
            "ask for them; rolling back and holding need none",
        )),
        Some(_) | None => Ok(taken()),
    }
}

pub(super) fn offer(
    session: &Session,
    asked: &Asked,
    to: CockpitId,
    operator: &Operator,
    summary: &[String],
) -> Result<Vec<Event>, Refused> {
    let what = format!("hand the controls to {operator}");
    needs_controls(session, asked, &what)?;
    nothing_forward_in_flight(session, &what)?;
    if to == asked.cockpit {
        return Err(Refused::new("C3", what, "you have them", "nothing is to be done"));
    }
    match session.aboard.get(&to) {
        Some(aboard) if aboard.seat == Seat::Operator => {
            let operator = aboard.operator.clone();
            Ok(vec![Event::ControlsOffered { to, operator, summary: summary.to_vec() }])
        }
        Some(_) => Err(Refused::new("C2", what, "they only watch", "ask them to open the session as an operator")),
        None => Err(Refused::new("C3", what, "they are not in this session", "wait until they have joined")),
    }
}

pub(super) fn accept(session: &Session, asked: &Asked, controls: &ControlsTaken) -> Result<Vec<Event>, Refused> {
    let what = "take the controls";
    let Some(offer) = session.offer.as_ref().filter(|offer| offer.to == asked.cockpit) else {
        return Err(Refused::new("C3", what, "they are not offered to this cockpit", "ask for them"));
    };
    nothing_forward_in_flight(session, what)?;
    clock_is_near(asked, what)?;
    let why = format!("handed over by {}", offer.by);
    Ok(change_hands(session, asked, ControlsTaken { why, ..own(asked, controls) }))
}

pub(super) fn end_offer(session: &Session, asked: &Asked, why: &str) -> Result<Vec<Event>, Refused> {
    match &session.offer {
        None => Ok(Vec::new()),
        Some(offer) if offer.to == asked.cockpit || session.drives(asked.cockpit) => {
            Ok(vec![Event::OfferEnded { why: why.to_owned() }])
        }
        Some(_) => Err(Refused::new("C3", "end the offer", "it is between two others", "leave it to them")),
    }
}

pub(super) fn ask(session: &Session, asked: &Asked, reason: &str) -> Result<Vec<Event>, Refused> {
    let what = "ask for the controls";
    let reason = needs_reason(what, reason)?;
    match (&session.controls, &session.asking) {
        (None, _) => Err(Refused::new("C3", what, "nobody has them", "take them")),
        (Some(held), _) if held.holder.cockpit == asked.cockpit => {
            Err(Refused::new("C3", what, "you have them", "nothing is to be done"))
        }
        (Some(_), Some(asking)) if asking.cockpit == asked.cockpit => {
            Err(Refused::new("C3", what, "you asked already", "wait for an answer"))
        }
        (Some(_), Some(asking)) => {
            Err(Refused::new("C3", what, format!("{} asks for them already", asking.by), "talk to them"))
        }
        (Some(_), None) => Ok(vec![Event::ControlsAsked { reason }]),
    }
}

pub(super) fn end_asking(session: &Session, asked: &Asked, why: &str) -> Result<Vec<Event>, Refused> {
    match &session.asking {
        None => Ok(Vec::new()),
        Some(asking) if asking.cockpit == asked.cockpit || session.drives(asked.cockpit) => {
            Ok(vec![Event::AskingEnded { why: why.to_owned() }])
        }
        Some(_) => Err(Refused::new("C3", "end the asking", "it is between two others", "leave it to them")),
    }
}

/// What the asker has seen of the holder.
pub(super) struct Signs {
    /// The entry of the asking.
    pub(super) asking: u64,
    /// How long ago that was kept.
    pub(super) waited: Duration,
    /// How long ago the holder's process was last heard.
    pub(super) silent: Duration,
    /// How long ago the holder last touched a key.
    pub(super) away: Duration,
}

pub(super) fn take_over(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    controls: &ControlsTaken,
    signs: &Signs,
) -> Result<Vec<Event>, Refused> {
    let what = "take the controls over";
    let Some(asking) = session.asking.as_ref().filter(|asking| asking.cockpit == asked.cockpit) else {
        return Err(Refused::new("C3", what, "you have not asked for them", "ask, with a reason"));
    };
    let Some(held) = &session.controls else { return Ok(vec![Event::ControlsTaken(own(asked, controls))]) };
    let holder = &held.holder.operator;
    let people = procedure.people;
    if signs.silent < people.silence && signs.away < people.away && !flaw::is(Flaw::NoSilence) {
        let why = format!("{holder} is there: last key {} ago", clock_span(signs.away));
        return Err(Refused::new("C3", what, why, "let them hand over; rolling back and holding need no controls"));
    }
    // An asking that was ended and made anew has its grace before it.
    let waited = if signs.asking == asking.entry { signs.waited } else { Duration::ZERO };
    if waited < people.grace && !flaw::is(Flaw::NoGrace) {
        let why = format!("{holder} may still answer for {}", clock_span(people.grace.saturating_sub(waited)));
        return Err(Refused::new("C3", what, why, "wait; rolling back and holding need no controls"));
    }
    intents_are_dead(session, procedure, asked, what)?;
    clock_is_near(asked, what)?;
    let why = format!("{holder} was silent: {}", asking.reason);
    Ok(change_hands(session, asked, ControlsTaken { why, ..own(asked, controls) }))
}

/// A change whose intent another cockpit appended may still be sent by it (D3), also where it was superseded: whoever wants
/// to go on waits.
pub(super) fn intents_are_dead(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    what: &str,
) -> Result<(), Refused> {
    let Some(intent) = session.intent_of_others(asked.cockpit).filter(|_| !flaw::is(Flaw::IntentForgotten)) else {
        return Ok(());
    };
    // By the wall clock where both clocks mean the same, and by this cockpit's own in any case: the owner's may be wrong.
    let alive = procedure.timing.deadline + procedure.afterglow();
    let by_own = alive.saturating_sub(asked.intent_seen.unwrap_or(alive));
    let left = intent.deadline.plus(procedure.afterglow()).since(asked.now.wall).max(by_own);
    if left.is_zero() {
        return Ok(());
    }
    let why = format!("another cockpit may still send a change that it decided, for {}", clock_span(left));
    Err(Refused::new("D3", what, why, "wait; rolling back is possible at once"))
}

/// The controls are taken; the guards that the one before had armed are not armed after it (G1).
fn change_hands(session: &Session, asked: &Asked, taken: ControlsTaken) -> Vec<Event> {
    let disarmed = disarms_with_controls(session, format!("{} took the controls", asked.actor));
    disarmed.into_iter().chain([Event::ControlsTaken(taken)]).collect()
}

/// Who takes the controls is who asks, whatever was handed in (C1).
pub(super) fn own(asked: &Asked, controls: &ControlsTaken) -> ControlsTaken {
    ControlsTaken { cockpit: asked.cockpit, operator: asked.actor.clone(), ..controls.clone() }
}

fn nothing_forward_in_flight(session: &Session, what: &str) -> Result<(), Refused> {
    match session.in_flight() {
        Some(change) if change.confirmed.kind.is_forward() => {
            Err(Refused::new("C3", what, "a forward change is in flight", "settle it first, or roll back"))
        }
        Some(_) | None => Ok(()),
    }
}

/// A clock far from the store's moves nothing forward (S2): deadlines and lapses would not mean what others read in them.
pub(super) fn clock_is_near(asked: &Asked, what: &str) -> Result<(), Refused> {
    if asked.skew_ms > FAR_MS && !flaw::is(Flaw::FarClockActs) {
        let why = format!("this host's clock is {} s off the journal's", asked.skew_ms / 1000);
        return Err(Refused::new("S2", what, why, "set the clock; rolling back and holding are possible"));
    }
    Ok(())
}

/// With a clock further off than this nothing goes forward, in milliseconds.
const FAR_MS: u64 = 30_000;
