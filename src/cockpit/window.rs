//! Deploy windows as the operator is told of them before they close.

use std::time::Duration;

use super::{Banner, Model};
use crate::domain::window::StepKind;
use crate::flight::Tone;
use crate::session::window::{next_kind, stops_when_closed, windows};

/// For this long before a window closes a banner says so.
pub const SOON: Duration = Duration::from_mins(15);

impl Model {
    /// The time for the next step, or for the waves of the change in flight, is over soon.
    pub(super) fn closing_banners(&self) -> Vec<Banner> {
        let (session, procedure, now) = (&self.flight.session, &self.flight.procedure, self.now.wall);
        let change = session.in_flight().filter(|change| change.next_wave().is_some());
        let is_over = !procedure.plan.is_empty() && session.next_step(&procedure.plan).is_none();
        if !session.is_open() || (change.is_none() && is_over) {
            return Vec::new();
        }
        let (kind, then) = match change {
            Some(change) if stops_when_closed(procedure, change) => (StepKind::Shift, "; the waves left stop then"),
            Some(_) => (StepKind::Shift, "; the change in flight is finished all the same"),
            None => (next_kind(session, procedure), ""),
        };
        let standing = windows(procedure, kind, now).into_iter();
        let soon = standing.filter(|stands| stands.closes_in(now).is_some_and(|left| left <= SOON));
        soon.map(|stands| Banner { text: format!("{}{then}", stands.text), action: None, tone: Tone::Warn }).collect()
    }
}
