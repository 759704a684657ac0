//! What was seen on routers: outcomes, drift.

use std::collections::BTreeSet;

use super::{needs_controls, needs_reason};
use crate::domain::{ChangeId, NativeSplit, Outcome, Refused, RouterId};
use crate::session::command::Asked;
use crate::session::event::{Event, Settlement};
use crate::session::flaw::{self, Flaw};
use crate::session::state::{RouterOutcome, Session};

pub(super) fn note_outcome(
    session: &Session,
    id: ChangeId,
    router: &RouterId,
    attempt: u32,
    outcome: &Outcome,
) -> Result<Vec<Event>, Refused> {
    let what = "note an outcome";
    let Some(change) = session.change(id).filter(|change| change.order(router).is_some()) else {
        return Err(Refused::new("V1", what, "there is no such change", "this is a fault of the program"));
    };
    let known = change.outcomes.get(router);
    // Without an intent there is nothing that could have come of it.
    if known.is_none() && change.is_waiting(router) {
        return Ok(Vec::new());
    }
    // What was proven once stays proven, also where its change is still in flight: what is read later is drift.
    let proven = |known: &RouterOutcome| known.outcome == Some(Outcome::Verified);
    let is_news = |known: &RouterOutcome| known.attempt == attempt && known.outcome.as_ref() != Some(outcome);
    if known.is_some_and(|known| !is_news(known) || proven(known)) {
        return Ok(Vec::new());
    }
    // What was read back is not taken back by an answer: with the controls the reading may have gone to another cockpit.
    let read_back =
        known.and_then(|known| known.outcome.as_ref()).is_some_and(|known| matches!(known, Outcome::Differs { .. }));
    if read_back && outcome.is_open() {
        return Ok(Vec::new());
    }
    let mut events =
        vec![Event::RouterAnswered { change: id, router: router.clone(), attempt, outcome: outcome.clone() }];
    if change.settled.is_none() {
        let after = |each: &RouterId, known: Option<&RouterOutcome>| {
            if each == router { Some(outcome.clone()) } else { known.and_then(|known| known.outcome.clone()) }
        };
        let waiting: BTreeSet<&RouterId> = change.waiting().collect();
        // A way back goes to routers that are left out too: their word is waited for, whatever it is.
        let is_forward = change.confirmed.kind.is_forward();
        let has_word = |each: &RouterId| {
            after(each, change.outcomes.get(each)).is_some_and(|outcome| outcome != Outcome::Accepted)
        };
        let is_told = is_forward || change.excluded.iter().all(has_word);
        // The last ones first: they answer last, so that one of them mostly ends the search at once.
        let all = |wanted: fn(&Outcome) -> bool, or_waiting: bool| {
            change.counted().rev().all(|each| {
                (or_waiting && waiting.contains(each))
                    || after(each, change.outcomes.get(each)).is_some_and(|outcome| wanted(&outcome))
            })
        };
        let nothing = |outcome: &Outcome| matches!(outcome, Outcome::NotSent { .. } | Outcome::Moved { .. });
        let sent_nothing =
            |each: &RouterId| after(each, change.outcomes.get(each)).is_none_or(|outcome| nothing(&outcome));
        if is_told && all(|outcome| *outcome == Outcome::Verified, false) {
            events.push(Event::ChangeSettled { change: id, how: Settlement::Verified });
        } else if change.excluded.iter().all(sent_nothing)
            && all(|outcome| matches!(outcome, Outcome::NotSent { .. } | Outcome::Moved { .. }), true)
        {
            events.push(Event::ChangeSettled { change: id, how: Settlement::NothingSent });
        }
    }
    Ok(events)
}

/// The change that is over, was never proven on this router, and asked of it what it reads now (V3).
fn came_true_late(session: &Session, router: &RouterId, read: &NativeSplit) -> Option<ChangeId> {
    if flaw::is(Flaw::LateEffectUnseen) {
        return None;
    }
    let late = session.changes.iter().rev().take(4).find(|change| {
        let known = change.outcomes.get(router).and_then(|known| known.outcome.as_ref());
        let unproven = matches!(
            known,
            Some(Outcome::Unknown { .. } | Outcome::Differs { .. } | Outcome::Failed { .. } | Outcome::Accepted)
        );
        unproven
            && change.settled.is_some()
            && change.order(router).is_some_and(|order| read.holds(&order.prepared.native))
    });
    late.map(|change| change.id())
}

/// A router reads something else than before. Who has the controls says so; one who had them when they looked, and decides
/// only now, says nothing: the reading may be long over.
pub(super) fn note_moved(
    session: &Session,
    asked: &Asked,
    router: &RouterId,
    read: &NativeSplit,
    restarted: bool,
) -> Vec<Event> {
    if !session.drives(asked.cockpit) {
        return Vec::new();
    }
    let holds = session.expected.get(router).is_some_and(|expected| read.holds(expected));
    match came_true_late(session, router, read).filter(|_| !holds) {
        Some(change) => note_late_effect(session, change, router, read),
        None => note_drift(session, router, read, restarted),
    }
}

fn note_late_effect(session: &Session, id: ChangeId, router: &RouterId, read: &NativeSplit) -> Vec<Event> {
    let late = Event::LateEffect { change: id, router: router.clone(), read: read.clone() };
    if session.is_newest(id) {
        return vec![late];
    }
    // Another change stands since, a rollback for one: what came late undoes it, and somebody has to answer.
    if session.drifted.get(router).is_some_and(|drifted| drifted.read == *read) {
        return Vec::new();
    }
    [vec![late], note_drift(session, router, read, false)].concat()
}

fn note_drift(session: &Session, router: &RouterId, read: &NativeSplit, restarted: bool) -> Vec<Event> {
    let Some(expected) = session.expects(router) else { return Vec::new() };
    let noticed = session.drifted.get(router);
    if read.holds(expected) {
        return noticed.map(|_| Event::DriftEnded { router: router.clone() }).into_iter().collect();
    }
    if noticed.is_some_and(|noticed| noticed.read == *read) {
        return Vec::new();
    }
    vec![Event::DriftNoticed {
        router: router.clone(),
        expected: expected.clone(),
        read: read.clone(),
        restarted: restarted || noticed.is_some_and(|noticed| noticed.restarted),
    }]
}

pub(super) fn accept_drift(
    session: &Session,
    asked: &Asked,
    router: &RouterId,
    read: &NativeSplit,
    reason: &str,
) -> Result<Vec<Event>, Refused> {
    let what = format!("accept what {router} has");
    needs_controls(session, asked, &what)?;
    let reason = needs_reason(&what, reason)?;
    match session.drifted.get(router) {
        Some(drifted) if drifted.read == *read => {
            Ok(vec![Event::DriftAccepted { router: router.clone(), native: read.clone(), reason }])
        }
        Some(_) => Err(Refused::new("B3", what, "it has moved again since you looked", "look again")),
        None => Err(Refused::new("B3", what, "it does not differ from the plan", "nothing is to be done")),
    }
}
