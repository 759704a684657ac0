//! Follow-ups: what was left for after the end may be ticked once the session is closed, and nothing else is done then (J7).

use crate::domain::{Refused, Seat};
use crate::session::command::{Asked, Command};
use crate::session::event::Event;
use crate::session::state::Session;

/// Decides the ticking of a follow-up of a closed session; `None` where it is about anything else. What may be ticked is
/// what the session was closed with: a profile that was changed since has no say.
pub(super) fn decide(session: &Session, asked: &Asked) -> Option<Result<Vec<Event>, Refused>> {
    session.closed.as_ref()?;
    let (Command::Tick { item } | Command::Untick { item }) = &asked.command else { return None };
    let follow_up = session.follow_ups.iter().find(|follow_up| follow_up.item == *item)?;
    if asked.seat == Seat::Observer {
        let why = "this cockpit only watches";
        return Some(Err(Refused::new("C2", "tick the follow-up", why, "tick it as an operator")));
    }
    let (item, text) = (item.clone(), follow_up.text.clone());
    Some(match (&asked.command, session.ticks.contains_key(&item)) {
        (Command::Tick { .. }, true) => {
            Err(Refused::new("J2", "tick the follow-up", "it is ticked already", "nothing is to be done"))
        }
        (Command::Tick { .. }, false) => Ok(vec![Event::ItemTicked { item, text }]),
        (_, true) => Ok(vec![Event::ItemUnticked { item, text }]),
        (_, false) => Err(Refused::new("J2", "take the tick back", "it is not ticked", "nothing is to be done")),
    })
}
