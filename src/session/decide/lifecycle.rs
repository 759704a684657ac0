//! Opening, the baseline, reloading the profile, merging a spill, closing.

use super::controls::own;
use super::guard::disarms;
use super::second::{needs_signature, second};
use super::{check_confirmation, needs_controls, needs_reason};
use crate::domain::procedure::Friction;
use crate::domain::{Digest, Durability, Procedure, Refused, Seat};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ControlsTaken, Event, ProfileText, RouterBaseline, SessionOpened, SpillMerged};
use crate::session::proposal::Confirmation;
use crate::session::second::{AskedAct, Second};
use crate::session::state::Session;

pub(super) fn open(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    opened: &SessionOpened,
    controls: &ControlsTaken,
) -> Result<Vec<Event>, Refused> {
    let what = "open the session";
    if asked.seat == Seat::Observer {
        let advice = "wait until an operator has opened it, and watch then";
        return Err(Refused::new("C2", what, "this cockpit only watches", advice));
    }
    if session.opened.is_some() {
        return Err(Refused::new("J7", what, "it is open already", "join it"));
    }
    if let Some(lack) = procedure.why.lacks(&opened.why) {
        return Err(Refused::new("F6", what, lack.words(), lack.advice()));
    }
    if procedure.confirm.asks_two() {
        if opened.private {
            let why = "this profile asks two people, and nobody else can join this journal";
            return Err(Refused::new("J5", what, why, "name a `journal` in the profile that both can reach"));
        }
        if opened.durability == Durability::MemoryOfOne {
            let why = "this profile asks two people, and this journal is in the memory of one server";
            return Err(Refused::new("J5", what, why, "give its stream three replicas, or name a directory"));
        }
    }
    Ok(vec![Event::SessionOpened(Box::new(opened.clone())), Event::ControlsTaken(own(asked, controls))])
}

/// What was decided while cut off is taken in whole; what of it the journal has already is passed over (R5).
pub(super) fn merge(session: &Session, spill: &SpillMerged) -> Vec<Event> {
    let known = |event: &Event| event.confirms().is_none_or(|change| session.change(change).is_some());
    if spill.entries.iter().flat_map(|entry| &entry.events).all(known) {
        return Vec::new();
    }
    vec![Event::SpillMerged(Box::new(spill.clone()))]
}

pub(super) fn accept_baseline(
    session: &Session,
    asked: &Asked,
    routers: &[RouterBaseline],
) -> Result<Vec<Event>, Refused> {
    let what = "accept the splits as read";
    needs_controls(session, asked, what)?;
    if session.baseline {
        return Err(Refused::new("J7", what, "the baseline is set already", "answer drift per router"));
    }
    Ok(vec![Event::BaselineAccepted { routers: routers.to_vec() }])
}

/// A changed profile as it was found.
pub(super) struct Found<'a> {
    pub(super) files: &'a [ProfileText],
    pub(super) digest: Digest,
    pub(super) same_routers: bool,
}

/// What taking a changed profile in asks of people: two, where the profile that is flown asks two for anything, because a
/// profile could say otherwise from then on.
pub fn reload_friction(procedure: &Procedure) -> Friction {
    if procedure.confirm.asks_two() { Friction::Two } else { Friction::Key }
}

pub(super) fn reload(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    found: &Found<'_>,
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let what = "take the changed profile in";
    let &Found { files, digest, same_routers } = found;
    needs_controls(session, asked, what)?;
    // The profile that is flown may ask two people for what this cockpit's own asks one.
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return Err(Refused::new("B1", what, why, "wait until it has, or open the session again"));
    }
    check_confirmation(what, confirmation, Friction::Key, "reload")?;
    needs_signature(procedure, what, confirmation)?;
    let second = match reload_friction(procedure) {
        Friction::Two => {
            second(session, procedure, asked, &AskedAct::reload(session, digest), &[], confirmation, evidence)?
        }
        Friction::Key | Friction::Type => Second::NotAsked,
    };
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first"));
    }
    if session.profile_digest() == Some(digest) {
        return Err(Refused::new("J7", what, "it is the profile that is flown already", "nothing is to be done"));
    }
    if !same_routers {
        let why = "it names other pools or routers than this session was opened with";
        return Err(Refused::new("J7", what, why, "close this session and open a new one"));
    }
    let signed = confirmation.signed.clone();
    let reloaded = Event::ProfileReloaded { files: files.to_vec(), digest, second, signed };
    Ok(disarms(session, "the profile was taken in anew").into_iter().chain([reloaded]).collect())
}

pub(super) fn close(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    outcome: &str,
    routers: &[RouterBaseline],
    left: &[String],
) -> Result<Vec<Event>, Refused> {
    let what = "close the session";
    needs_controls(session, asked, what)?;
    let outcome = needs_reason(what, outcome)?;
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    if let Some(run) = session.action_in_flight().filter(|run| run.is_running()) {
        let why = format!("{} runs", run.intent.what.action);
        return Err(Refused::new("D4", what, why, "wait for its end, or cancel it"));
    }
    if let Some(run) = session.duties.runs.iter().find(|run| run.is_running()) {
        let why = format!("the command of \"{}\" runs", run.starting.what.text);
        return Err(Refused::new("I2", what, why, "wait for its end, or cancel it"));
    }
    let follow_ups = session.follow_ups_at(procedure, asked.now.wall);
    let closed = Event::SessionClosed { outcome, routers: routers.to_vec(), left: left.to_vec(), follow_ups };
    Ok(disarms(session, "the session is closed").into_iter().chain([closed]).collect())
}
