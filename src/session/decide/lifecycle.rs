//! Opening, taking the controls back, the baseline, reloading the profile, closing.

use super::{check_confirmation, needs_controls, needs_reason};
use crate::domain::procedure::Friction;
use crate::domain::{Digest, Refused};
use crate::session::command::Asked;
use crate::session::event::{ControlsTaken, Event, ProfileText, RouterBaseline, SessionOpened};
use crate::session::proposal::Confirmation;
use crate::session::state::Session;

pub(super) fn open(session: &Session, opened: &SessionOpened, controls: &ControlsTaken) -> Result<Vec<Event>, Refused> {
    if session.opened.is_some() {
        return Err(Refused::new("J7", "open the session", "it is open already", "join it"));
    }
    Ok(vec![Event::SessionOpened(Box::new(opened.clone())), Event::ControlsTaken(controls.clone())])
}

pub(super) fn take_back(session: &Session, controls: &ControlsTaken, holder_gone: bool) -> Result<Vec<Event>, Refused> {
    match &session.controls {
        Some(held) if held.holder.cockpit != controls.cockpit && !holder_gone => Err(Refused::new(
            "C4",
            "take the controls",
            format!(
                "{} has them, and process {} on {} is not known to be gone",
                held.holder.operator, held.holder.process.pid, held.holder.process.host
            ),
            "end that cockpit first; rolling back is possible without the controls",
        )),
        Some(held) if held.holder.cockpit == controls.cockpit => Ok(Vec::new()),
        Some(_) | None => Ok(vec![Event::ControlsTaken(controls.clone())]),
    }
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

pub(super) fn reload(
    session: &Session,
    asked: &Asked,
    files: &[ProfileText],
    digest: Digest,
    same_routers: bool,
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let what = "take the changed profile in";
    needs_controls(session, asked, what)?;
    check_confirmation(what, confirmation, Friction::Key, "reload")?;
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
    Ok(vec![Event::ProfileReloaded { files: files.to_vec(), digest }])
}

pub(super) fn close(
    session: &Session,
    asked: &Asked,
    outcome: &str,
    routers: &[RouterBaseline],
) -> Result<Vec<Event>, Refused> {
    let what = "close the session";
    needs_controls(session, asked, what)?;
    let outcome = needs_reason(what, outcome)?;
    if session.in_flight().is_some() {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    Ok(vec![Event::SessionClosed { outcome, routers: routers.to_vec() }])
}
