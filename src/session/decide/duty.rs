//! Items, notes, evidence, holds.

use super::{needs_controls, needs_reason};
use crate::domain::{ItemId, Procedure, Refused, SourceId};
use crate::session::command::Asked;
use crate::session::event::Event;
use crate::session::state::Session;

pub(super) fn untick(session: &Session, procedure: &Procedure, id: &ItemId) -> Result<Vec<Event>, Refused> {
    let text = text_of(procedure, id)?;
    if !session.ticks.contains_key(id) {
        return Err(Refused::new("J2", "take the tick back", "it is not ticked", "nothing is to be done"));
    }
    Ok(vec![Event::ItemUnticked { item: id.clone(), text }])
}

fn text_of(procedure: &Procedure, id: &ItemId) -> Result<String, Refused> {
    procedure.checklist.item(id).map(|item| item.text.clone()).ok_or_else(|| {
        Refused::new("J2", "take the tick back", format!("the checklist has no item {id}"), "look at the checklist")
    })
}

pub(super) fn note(text: &str) -> Result<Vec<Event>, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refused::new("J6", "add a note", "it is empty", "type something, or press Esc"));
    }
    Ok(vec![Event::NoteAdded { text: text.to_owned() }])
}

pub(super) fn attach(source: &SourceId, lines: &[String]) -> Result<Vec<Event>, Refused> {
    if lines.is_empty() {
        return Err(Refused::new("J6", "attach log lines", "no line is chosen", "move to a line first"));
    }
    Ok(vec![Event::LinesAttached { source: source.clone(), lines: lines.to_vec() }])
}

pub(super) fn hold(session: &Session, reason: &str) -> Result<Vec<Event>, Refused> {
    let reason = needs_reason("hold the deployment", reason)?;
    if let Some(hold) = &session.hold {
        let why = format!("{} holds it already: {}", hold.by, hold.what);
        return Err(Refused::new("C2", "hold the deployment", why, "nothing is to be done"));
    }
    Ok(vec![Event::Held { reason }])
}

pub(super) fn release(session: &Session, asked: &Asked, reason: &str) -> Result<Vec<Event>, Refused> {
    let what = "release the hold";
    needs_controls(session, asked, what)?;
    let reason = needs_reason(what, reason)?;
    if session.hold.is_none() {
        return Err(Refused::new("C2", what, "nobody holds the deployment", "nothing is to be done"));
    }
    Ok(vec![Event::HoldReleased { reason }])
}
