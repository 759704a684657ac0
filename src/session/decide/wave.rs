//! The waves of a change (D5): each has an intent of its own, and none goes before the ones before it are whole.

use super::change::same_routers;
use super::controls::intents_are_dead;
use super::{check_gates, needs_controls};
use crate::domain::{ChangeId, Outcome, Procedure, Refused, RouterId, Timestamp};
use crate::session::command::{Asked, Evidence};
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::gate::{Forward, gates};
use crate::session::proposal::{Gate, GateState, RouterOrder};
use crate::session::state::{Change, Session};
use crate::session::wave::{Rest, Waits, waits};

/// The wave that is to go out, and what is known of the time since the one before it.
pub(super) struct Wanted {
    pub(super) change: ChangeId,
    pub(super) wave: usize,
    pub(super) by_key: bool,
    pub(super) rest: Rest,
}

/// The intent of the next wave, or what became of routers that are not as the operators saw them.
pub(super) fn send(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    wanted: &Wanted,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let number = wanted.wave.saturating_add(1);
    let what = format!("send wave {number}");
    let epoch = needs_controls(session, asked, &what)?;
    let change = session.in_flight().filter(|change| change.id() == wanted.change);
    let Some(change) = change.filter(|change| change.next_wave() == Some(wanted.wave)) else {
        return Err(Refused::new("D5", what, "it is not the next wave of the change in flight", "look at the screen"));
    };
    intents_are_dead(session, procedure, asked, &what)?;
    may_go(session, procedure, change, wanted, asked.now.wall, &what)?;
    let to = &change.confirmed.to;
    let mut reports = gates(session, procedure, Forward::Shift(to), evidence, asked.now.wall);
    // What the step before it had to wait for was answered when the change was confirmed; a wave asks what may have moved.
    reports.retain(|report| match report.gate {
        Gate::NoHold => !flaw::is(Flaw::WaveDespiteHold),
        Gate::Readings | Gate::NoDrift | Gate::Destination { .. } | Gate::Untouched { .. } => true,
        // The windows of most values still reach back before the change: only what speaks against it counts.
        Gate::Guard { .. } => {
            let was_set_aside = change.confirmed.overrides.iter().any(|each| each.gate == report.gate);
            report.state == GateState::Fails && !was_set_aside
        }
        Gate::Items { .. }
        | Gate::Drained { .. }
        | Gate::Check { .. }
        | Gate::Checks { .. }
        | Gate::Soak
        | Gate::NoTraffic { .. }
        | Gate::ActionKnown { .. }
        | Gate::SoakBeforeEnd
        | Gate::WayBack { .. }
        | Gate::Approval { .. }
        // What a window is to do in the middle of a change was asked above.
        | Gate::Window { .. }
        // What is deployed is no matter of a shift.
        | Gate::Version => false,
    });
    check_gates(&what, &reports, &[])?;
    same_routers(session, evidence, &what)?;
    let all = change.confirmed.waves.get(wanted.wave).unwrap_or_default();
    let routers: Vec<RouterId> = all.iter().filter(|router| !change.excluded.contains(*router)).cloned().collect();
    let moved: Vec<(RouterId, Outcome)> =
        routers.iter().filter_map(|router| Some((router.clone(), moved(change.order(router)?, evidence)?))).collect();
    if !moved.is_empty() {
        return not_as_seen(change, &what, &moved);
    }
    Ok(vec![Event::WaveDispatched {
        change: change.id(),
        wave: u32::try_from(number).unwrap_or(u32::MAX),
        routers,
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }])
}

/// The barrier, the hold, the windows, drift and the pause hold for everybody; that it takes a person's word, only where none gave it.
fn may_go(
    session: &Session,
    procedure: &Procedure,
    change: &Change,
    wanted: &Wanted,
    at: Timestamp,
    what: &str,
) -> Result<(), Refused> {
    let Some(stands) = waits(session, procedure, change, wanted.rest, at) else { return Ok(()) };
    let advice = match &stands {
        Waits::Word { .. } if wanted.by_key => return Ok(()),
        Waits::Word { .. } => "look at the change and go on by key",
        Waits::Barrier => "retry, roll back, or leave it with a reason",
        Waits::Held => "release the hold",
        Waits::Window { .. } => "wait until it opens, roll back, or leave the change with a reason",
        Waits::Drifted(_) => "roll back, or leave the change with a reason and answer the drift",
        Waits::Pause { .. } => "wait for it",
    };
    Err(Refused::new("D5", what, stands.words(), advice))
}

/// What became of a router that is not as it was when the change was confirmed (B1): nothing is written to it (D2).
fn moved(order: &RouterOrder, evidence: &Evidence) -> Option<Outcome> {
    let (bound, now) = (order.bound.as_ref()?, evidence.readings.get(&order.router)?);
    let why = bound.moved_since(now)?;
    Some(if bound.native == now.native {
        Outcome::NotSent { why: format!("it {why}") }
    } else {
        Outcome::Moved { read: now.native.clone() }
    })
}

/// Nothing of a wave goes out while one of its routers is not as the operators saw it; the journal says which.
fn not_as_seen(change: &Change, what: &str, moved: &[(RouterId, Outcome)]) -> Result<Vec<Event>, Refused> {
    let known = |router: &RouterId| change.outcomes.get(router);
    let news: Vec<Event> = moved
        .iter()
        .filter(|(router, outcome)| known(router).and_then(|known| known.outcome.as_ref()) != Some(outcome))
        .map(|(router, outcome)| Event::RouterAnswered {
            change: change.id(),
            router: router.clone(),
            attempt: known(router).map_or(1, |known| known.attempt),
            outcome: outcome.clone(),
        })
        .collect();
    if news.is_empty() {
        let routers: Vec<&str> = moved.iter().map(|(router, _)| router.as_str()).collect();
        let why = format!("{} is not as it was when the change was confirmed", routers.join(", "));
        return Err(Refused::new("B3", what, why, "roll back, or leave the change with a reason"));
    }
    Ok(news)
}
