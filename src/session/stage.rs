//! What a stage of a way back stands on that goes by itself (R8): judged where it is decided, against what is kept.
//!
//! It goes with the confirmation of the stage before it, and so only where that still holds: from the same process, in the
//! same epoch, by the same profile, after the time between, and while nothing speaks against it. A command may have waited
//! for its turn; what came meanwhile counts.

use std::time::Duration;

use super::command::{Asked, Evidence};
use super::flaw::{self, Flaw};
use super::state::Session;
use crate::domain::procedure::Friction;
use crate::domain::{ChangeId, Procedure, clock_span};

/// What a stage that nobody confirmed goes with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByItself {
    /// The stage before it, for whose confirmation it goes.
    pub after: ChangeId,
    /// For how long nothing has spoken against it, as this cockpit saw it.
    pub held: Duration,
}

/// What keeps a stage from going by itself; `None` when it may.
pub fn against(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    by_itself: ByItself,
    cut_off: bool,
    evidence: &Evidence,
) -> Option<String> {
    if cut_off {
        return Some("the journal does not answer, and somebody may have said otherwise".to_owned());
    }
    if session.profile_digest() != Some(procedure.digest) {
        return Some("another profile holds than the one that this cockpit flies".to_owned());
    }
    let Some(between) = procedure.back.goes_on.filter(|_| procedure.confirm.rollback == Friction::Key) else {
        return Some("the profile lets no stage go by itself".to_owned());
    };
    let before = session.change(by_itself.after).filter(|_| session.is_newest(by_itself.after));
    let Some(intent) = before.and_then(|before| before.intent) else {
        return Some("something else was confirmed since the stage before it".to_owned());
    };
    let is_same = |epoch| epoch == intent.epoch && session.drives(asked.cockpit);
    if intent.owner != asked.cockpit {
        return Some("the stage before it was sent by another cockpit".to_owned());
    }
    if !session.controls.as_ref().is_some_and(|held| is_same(held.epoch)) && !flaw::is(Flaw::StageOfOtherEpoch) {
        return Some("the controls were taken since the stage before it".to_owned());
    }
    if let Some(hold) = session.hold.as_ref().filter(|_| !flaw::is(Flaw::StageDespiteHold)) {
        return Some(format!("held by {}: {}", hold.by, hold.what));
    }
    if let Some(router) = session.drifted.keys().next() {
        return Some(format!("{router} differs from the plan"));
    }
    if let Some(router) = procedure
        .routers
        .iter()
        .find(|router| !evidence.readings.contains_key(&router.id) && !session.excluded.contains_key(&router.id))
    {
        return Some(format!("no fresh reading of {}", router.id));
    }
    let left = between.saturating_sub(by_itself.held);
    (!left.is_zero()).then(|| format!("the stage before it must hold for {} more", clock_span(left)))
}
