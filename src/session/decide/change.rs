//! Confirming, dispatching, retrying, leaving and rolling back.

use std::time::Duration;

use super::controls::{intents_are_dead, own};
use super::exclude::takes_in;
use super::guard::disarms;
use super::second::{needs_signature, second};
use super::{check_confirmation, check_gates, needs_controls, needs_reason};
use crate::domain::procedure::{Friction, Step, StepAct};
use crate::domain::ramp::Ramp;
use crate::domain::{ChangeId, Now, Outcome, Procedure, Refused, RouterId, StepId, Waves, Weights};
use crate::session::command::{Asked, Evidence};
use crate::session::event::{ChangeConfirmed, ChangeKind, ControlsTaken, Event, Settlement};
use crate::session::flaw::{self, Flaw};
use crate::session::gate::{Forward, gates};
use crate::session::proposal::{Confirmation, Gate, GateReport, Override, Proposal, RouterOrder};
use crate::session::second::{AskedAct, Second};
use crate::session::stage::ByItself;
use crate::session::state::Session;

/// What a kind of change asks of people (F1), before gates are set aside.
pub fn friction(procedure: &Procedure, kind: &ChangeKind) -> Friction {
    match kind {
        ChangeKind::Step { .. } => procedure.confirm.shift,
        ChangeKind::OffPlan | ChangeKind::PutBack => procedure.confirm.off_plan,
        ChangeKind::Rollback { .. } => procedure.confirm.rollback,
    }
}

/// What a kind of change asks of the one who confirms it, where gates are set aside or not (F4).
pub fn own_friction(procedure: &Procedure, kind: &ChangeKind, overridden: bool) -> Friction {
    match friction(procedure, kind) {
        Friction::Key | Friction::Two if overridden => Friction::Type,
        Friction::Two => Friction::Key,
        one @ (Friction::Key | Friction::Type) => one,
    }
}

pub(super) fn confirm(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    overrides: &[Override],
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let what = format!("shift to {}", proposal.to);
    let epoch = needs_controls(session, asked, &what)?;
    if !proposal.kind.is_forward() {
        return Err(Refused::new("R3", what, "a rollback is confirmed as one", "use R"));
    }
    if session.in_flight().is_some() && !flaw::is(Flaw::TwoInFlight) {
        return Err(Refused::new("D4", what, "a change is in flight", "settle it first, or roll back"));
    }
    let reports = could_go(session, procedure, asked, proposal, overrides, evidence)?;
    let asks = own_friction(procedure, &proposal.kind, !overrides.is_empty());
    check_confirmation(&what, confirmation, asks, &proposal.typed_target())?;
    needs_signature(procedure, &what, confirmation)?;
    let second = second_for(session, procedure, asked, proposal, overrides, confirmation, evidence)?;
    let included = takes_in(session, procedure, proposal)?.map(|router| Event::RouterIncluded { router });
    let confirmed = ChangeConfirmed {
        change: proposal.change,
        kind: proposal.kind.clone(),
        to: proposal.to.clone(),
        routers: proposal.routers.clone(),
        waves: proposal.waves.clone(),
        gates: reports,
        overrides: overrides.to_vec(),
        confirmation: confirmation.clone(),
        digest: proposal.digest(),
        revision: proposal.revision,
        second,
    };
    let dispatched = Event::ChangeDispatched {
        change: proposal.change,
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
        routers: proposal.waves.get(0).unwrap_or_default().to_vec(),
    };
    let confirmed = Event::ChangeConfirmed(Box::new(confirmed));
    Ok(std::iter::once(confirmed).chain(included).chain([dispatched]).collect())
}

/// Whether a forward change could go out now, but for what people confirm. Gives its gates.
pub(super) fn could_go(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    overrides: &[Override],
    evidence: &Evidence,
) -> Result<Vec<GateReport>, Refused> {
    let what = format!("shift to {}", proposal.to);
    if !session.baseline {
        let why = "where the routers stood at the start is not written down yet";
        return Err(Refused::new("J7", what, why, "wait until every router was read once"));
    }
    intents_are_dead(session, procedure, asked, &what)?;
    still_bound(session, procedure, asked, proposal, evidence)?;
    in_plan(session, procedure, proposal)?;
    puts_back(session, proposal)?;
    let reports = gates(session, procedure, Forward::Shift(&proposal.to), evidence, asked.now.wall);
    // A router that is taken in again goes nowhere new, as one that is put back.
    let is_taken_in = takes_in(session, procedure, proposal)?.is_some();
    let reports = asked_of(if is_taken_in { &ChangeKind::PutBack } else { &proposal.kind }, reports);
    check_gates(&what, &reports, overrides)?;
    same_routers(session, evidence, &what)?;
    in_waves(procedure, &what, proposal)?;
    sendable(session, &what, proposal)?;
    Ok(reports)
}

/// What lets a change through that may ask two people (F3).
fn second_for(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    overrides: &[Override],
    confirmation: &Confirmation,
    evidence: &Evidence,
) -> Result<Second, Refused> {
    if friction(procedure, &proposal.kind) != Friction::Two || flaw::is(Flaw::SecondNotAsked) {
        return Ok(Second::NotAsked);
    }
    let act = AskedAct::Change(Box::new(proposal.clone()));
    second(session, procedure, asked, &act, overrides, confirmation, evidence)
}

/// Nothing goes forward from a cockpit that reaches another router than the journal knows by that name (C5).
pub(super) fn same_routers(session: &Session, evidence: &Evidence, what: &str) -> Result<(), Refused> {
    for (router, read) in &evidence.readings {
        if let Some(known) = session.identities.get(router).filter(|known| known.node != read.identity.node) {
            let why = format!(
                "{router} is not the same router: {} answers here, the journal knows {}",
                read.identity.node, known.node
            );
            return Err(Refused::new("C5", what, why, "look at how this host reaches it; rolling back stays possible"));
        }
    }
    Ok(())
}

/// Adds the signature of a rollback, which did not wait for it (R3): of one's own, once.
pub(super) fn sign(session: &Session, asked: &Asked, id: ChangeId, signed: &crate::domain::Signed) -> Vec<Event> {
    let own = |change: &crate::session::Change| !change.confirmed.kind.is_forward() && change.by == asked.actor;
    let unsigned = session.change(id).filter(|change| own(change));
    let unsigned = unsigned.is_some_and(|change| change.confirmed.confirmation.signed.is_none());
    unsigned.then(|| Event::RollbackSigned { change: id, signed: signed.clone() }).into_iter().collect()
}

/// How a rollback goes.
pub(super) struct Way<'a> {
    /// The asker's process, for the controls.
    pub(super) controls: &'a ControlsTaken,
    /// Whether the journal does not answer (R5).
    pub(super) cut_off: bool,
    /// Which stage of a way back in stages it is.
    pub(super) ramp: Option<&'a Ramp>,
    /// Checks between the stages that it goes on despite.
    pub(super) despite: &'a [crate::domain::CheckId],
    /// What a stage goes with that nobody confirmed.
    pub(super) by_itself: Option<ByItself>,
}

/// The gates that a kind of change is asked for. Putting a drifted router back is the answer to drift, and not stopped by
/// it; nor by what the plan waits for (a drain, a soak, items, a window), because it goes nowhere new, and a drain that drift broke
/// cannot go on before the router is put back.
pub fn asked_of(kind: &ChangeKind, mut reports: Vec<GateReport>) -> Vec<GateReport> {
    if *kind == ChangeKind::PutBack {
        reports.retain(|report| match report.gate {
            Gate::NoHold | Gate::Readings | Gate::Destination { .. } | Gate::Untouched { .. } => true,
            Gate::NoDrift
            | Gate::Items { .. }
            | Gate::Drained { .. }
            | Gate::Soak
            | Gate::NoTraffic { .. }
            | Gate::ActionKnown { .. }
            | Gate::SoakBeforeEnd
            | Gate::Guard { .. }
            | Gate::Check { .. }
            | Gate::Checks { .. }
            | Gate::WayBack { .. }
            | Gate::Window { .. }
            | Gate::Approval { .. }
            | Gate::Version => false,
        });
    }
    reports
}

/// The binding of B1 and B3: what the operator saw must still hold.
///
/// # Errors
/// What moved.
pub fn still_bound(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    evidence: &Evidence,
) -> Result<(), Refused> {
    stands(session, procedure, asked.now, proposal)?;
    for order in &proposal.routers {
        let Some(bound) = &order.bound else {
            return Err(void(proposal, format!("{} was not read when it was made", order.router)));
        };
        // A router without a fresh reading is a gate's business: it blocks, and the proposal may still stand.
        let read = evidence.readings.get(&order.router).filter(|_| !flaw::is(Flaw::BindNothing));
        if let Some(moved) = read.and_then(|now| bound.moved_since(now)) {
            return Err(void(proposal, format!("{} {moved}", order.router)));
        }
    }
    Ok(())
}

/// A proposal that no longer stands, and why.
pub fn void(proposal: &Proposal, why: impl std::fmt::Display) -> Refused {
    let advice = "look again and propose anew";
    Refused::new("B3", format!("shift to {}", proposal.to), format!("void: {why}"), advice)
}

/// How long a proposal stands: longer where another person has to look at it (B3).
pub fn lapses_after(procedure: &Procedure, kind: &ChangeKind) -> Duration {
    match friction(procedure, kind) {
        Friction::Two => procedure.people.answer.max(procedure.timing.proposal),
        Friction::Key | Friction::Type => procedure.timing.proposal,
    }
}

/// The part of the binding that needs no reading: its time, the session, the profile.
///
/// # Errors
/// What moved.
pub fn stands(session: &Session, procedure: &Procedure, now: Now, proposal: &Proposal) -> Result<(), Refused> {
    let age = now.elapsed.since(proposal.made.elapsed).max(now.wall.since(proposal.made.wall));
    let lapses = lapses_after(procedure, &proposal.kind);
    if age > lapses {
        return Err(void(proposal, format!("it lapsed after {} s", lapses.as_secs())));
    }
    if session.revision != proposal.revision && !flaw::is(Flaw::BindNothing) {
        return Err(void(proposal, "the session went on since it was made"));
    }
    if session.profile_digest() != Some(proposal.profile) || procedure.digest != proposal.profile {
        return Err(void(proposal, "the profile was reloaded since it was made"));
    }
    Ok(())
}

fn in_plan(session: &Session, procedure: &Procedure, proposal: &Proposal) -> Result<(), Refused> {
    let ChangeKind::Step { step } = &proposal.kind else { return Ok(()) };
    let next = session.next_step(&procedure.plan);
    let fits = next.is_some_and(|next| next.id == *step && next.act == StepAct::Shift(proposal.to.clone()));
    // Routers that are left out are not part of the plan.
    let mut flown = procedure.routers.iter().filter(|router| !session.excluded.contains_key(&router.id));
    let all = flown.all(|router| proposal.routers.iter().any(|order| order.router == router.id));
    if fits && all {
        Ok(())
    } else {
        let why = format!("{step} is not the next step of the plan on all of its routers");
        Err(Refused::new("D4", format!("shift to {}", proposal.to), why, "propose the next step, or shift off plan"))
    }
}

/// Putting back is asked for fewer gates, so it may go nowhere but to what the plan gave a router that differs from it.
fn puts_back(session: &Session, proposal: &Proposal) -> Result<(), Refused> {
    if proposal.kind != ChangeKind::PutBack {
        return Ok(());
    }
    let back = |order: &RouterOrder| {
        let expected = session.expected.get(&order.router).filter(|_| session.drifted.contains_key(&order.router));
        expected.is_some_and(|expected| expected.holds(&order.prepared.native))
    };
    match proposal.routers.iter().find(|order| !back(order)) {
        Some(order) => Err(void(proposal, format!("{} has nothing to be put back to", order.router))),
        None => Ok(()),
    }
}

/// The waves are the profile's: nobody sends in another order than the one that was confirmed by it (D5).
fn in_waves(procedure: &Procedure, what: &str, proposal: &Proposal) -> Result<(), Refused> {
    let sent_to = |router: &RouterId| proposal.routers.iter().any(|order| order.router == *router);
    if proposal.waves == procedure.rollout.only(sent_to) {
        return Ok(());
    }
    Err(Refused::new("D5", what, "its waves are not those of the profile", "propose it anew"))
}

/// Never all at zero, never nothing, never the same id twice (D4).
pub(super) fn sendable(session: &Session, what: &str, proposal: &Proposal) -> Result<(), Refused> {
    if proposal.routers.is_empty() {
        return Err(Refused::new("D4", what, "there is no router to send it to", "name a router in the profile"));
    }
    if session.change(proposal.change).is_some() {
        return Err(Refused::new("J1", what, "this change was confirmed already", "look at the screen"));
    }
    for order in &proposal.routers {
        let nothing = order.prepared.native.0.is_empty();
        let all_zero = order.prepared.native.0.iter().all(|weight| weight.weight == 0);
        if nothing || all_zero {
            let why = format!("it would leave {} without any weight", order.router);
            return Err(Refused::new("D4", what, why, "give at least one pool a weight"));
        }
    }
    Ok(())
}

/// What a rollback asks of the one who confirms it. Cut off from the journal, who is not known to drive types the target
/// (R5).
pub fn rollback_friction(
    session: &Session,
    procedure: &Procedure,
    cockpit: crate::domain::CockpitId,
    cut_off: bool,
) -> Friction {
    let plain = match procedure.confirm.rollback {
        Friction::Two if cut_off => Friction::Type,
        Friction::Two => Friction::Key,
        one @ (Friction::Key | Friction::Type) => one,
    };
    if cut_off && !session.drives(cockpit) { plain.max(Friction::Type) } else { plain }
}

pub(super) fn roll_back(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    confirmation: &Confirmation,
    way: &Way<'_>,
    evidence: &Evidence,
) -> Result<Vec<Event>, Refused> {
    let what = format!("roll back to {}", proposal.to);
    if flaw::is(Flaw::WindowStopsWayBack) {
        let all = crate::session::window::windows(procedure, crate::domain::window::StepKind::Shift, asked.now.wall);
        let closed = all.into_iter().find(|window| !window.is_open).map(|window| window.text);
        closed.map_or(Ok(()), |why| Err(Refused::new("F4", what.clone(), why, "wait until it opens")))?;
    }
    let asks = rollback_friction(session, procedure, asked.cockpit, way.cut_off);
    check_confirmation(&what, confirmation, asks, &proposal.typed_target())?;
    sendable(session, &what, proposal)?;
    raises_no_newer(session, procedure, &what, proposal, evidence)?;
    let goes_on = super::back::check_ramp(session, &what, way.ramp, &proposal.to)?;
    let against = super::back::check_between(session, procedure, &what, way, evidence)?;
    super::back::check_by_itself(session, procedure, asked, &what, way, evidence)?;
    let in_flight = session.in_flight();
    // What the routers have now counts, not what they had when the way back was proposed: it is never void (R4).
    let holds = proposal
        .routers
        .iter()
        .all(|order| evidence.readings.get(&order.router).is_some_and(|now| now.native.holds(&order.prepared.native)));
    // A later stage so small that it changes nothing is one of the way all the same: the way would end there.
    let is_later = way.ramp.is_some_and(|ramp| ramp.stage > 1);
    if in_flight.is_none() && holds && !is_later {
        return Err(Refused::new("R3", what, "every router holds that already", "nothing was sent"));
    }
    let second = match procedure.confirm.rollback {
        // Cut off nobody else can be asked: the target typed is what is left (R5).
        Friction::Two if !way.cut_off => second_for(session, procedure, asked, proposal, &[], confirmation, evidence)?,
        Friction::Two | Friction::Key | Friction::Type => Second::NotAsked,
    };
    let mut events: Vec<Event> = disarms(session, "rolled back").into_iter().collect();
    // Neither a far clock nor another holder is in the way: who has the controls keeps them, else they are taken with it.
    let epoch = match &session.controls {
        Some(held) if held.holder.cockpit == asked.cockpit => held.epoch,
        Some(_) | None => {
            events.push(Event::ControlsTaken(ControlsTaken { why: "rollback".to_owned(), ..own(asked, way.controls) }));
            session.head.saturating_add(1)
        }
    };
    let [mut confirmed, dispatched] =
        rolls_back(session, procedure, asked, proposal, confirmation.clone(), second, epoch);
    // A later stage of the same way back has opened again what it opens.
    if goes_on
        && let Event::ChangeConfirmed(confirmed) = &mut confirmed
        && let ChangeKind::Rollback { reopens, .. } = &mut confirmed.kind
    {
        reopens.clear();
    }
    events.push(confirmed);
    let change = proposal.change;
    events.extend(way.ramp.map(|ramp| Event::RampStage { change, ramp: ramp.clone(), despite: against }));
    events.push(dispatched);
    Ok(events)
}

/// No way back gives traffic to a version that is not known to be the old one (R2).
fn raises_no_newer(
    session: &Session,
    procedure: &Procedure,
    what: &str,
    proposal: &Proposal,
    evidence: &Evidence,
) -> Result<(), Refused> {
    let Some(raises) = session.raises_orders(procedure, &proposal.to, &proposal.routers, evidence) else {
        return Ok(());
    };
    let advice = "take everything off the new version, or go back by the profile's rollback acts";
    Err(Refused::new("R2", what, raises.words(), advice))
}

/// The rollback and its intent, as they go into one entry.
pub(super) fn rolls_back(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    proposal: &Proposal,
    confirmation: Confirmation,
    second: Second,
    epoch: u64,
) -> [Event; 2] {
    let confirmed = ChangeConfirmed {
        change: proposal.change,
        kind: ChangeKind::Rollback {
            supersedes: session.in_flight().map(crate::session::state::Change::id),
            reopens: reopens(session, &procedure.plan, &proposal.to),
        },
        to: proposal.to.clone(),
        routers: proposal.routers.clone(),
        // The way back goes to every router at once, whatever the way forward does.
        waves: Waves::default(),
        gates: Vec::new(),
        overrides: Vec::new(),
        confirmation,
        digest: proposal.digest(),
        revision: session.revision,
        second,
    };
    let dispatched = Event::ChangeDispatched {
        change: proposal.change,
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
        routers: Vec::new(),
    };
    [Event::ChangeConfirmed(Box::new(confirmed)), dispatched]
}

/// The shift steps that are open again once the routers hold `to`: those after the newest done shift to these weights,
/// or else the step that the routers are at. Deploy steps stay done: traffic does not undo them.
fn reopens(session: &Session, plan: &[Step], to: &Weights) -> Vec<StepId> {
    let shifts = || {
        plan.iter().enumerate().filter_map(|(index, step)| match &step.act {
            StepAct::Shift(weights) if session.steps.contains_key(&step.id) => Some((index, step, weights)),
            StepAct::Shift(_) | StepAct::Deploy { .. } | StepAct::Pause { .. } => None,
        })
    };
    let in_flight_step =
        session.in_flight().is_some_and(|change| matches!(change.confirmed.kind, ChangeKind::Step { .. }));
    let Some((at, ..)) = shifts().next_back() else { return Vec::new() };
    // A step in flight is not done; the newest done one is then what it goes back to, unless the target is another.
    let back = shifts().rev().find(|(index, _, weights)| *weights == to && (in_flight_step || *index < at));
    match back {
        Some((back, ..)) => shifts().filter(|(index, ..)| *index > back).map(|(_, step, _)| step.id.clone()).collect(),
        None if in_flight_step => Vec::new(),
        None => shifts().filter(|(index, ..)| *index == at).map(|(_, step, _)| step.id.clone()).collect(),
    }
}

pub(super) fn retry(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: ChangeId,
    routers: &[RouterId],
) -> Result<Vec<Event>, Refused> {
    let what = "send once more";
    let epoch = needs_controls(session, asked, what)?;
    intents_are_dead(session, procedure, asked, what)?;
    let Some(change) = session.in_flight().filter(|change| change.id() == id) else {
        return Err(Refused::new("V4", what, "that change is not in flight any more", "propose a new one"));
    };
    let refused =
        |router: &RouterId, why: &str| Refused::new("V4", what, format!("{router} {why}"), "look at its state");
    for router in routers {
        if change.order(router).is_none() {
            return Err(refused(router, "is not part of that change"));
        }
        if change.is_waiting(router) {
            return Err(refused(router, "waits for its wave"));
        }
        // A way back goes to it all the same (D8).
        if change.confirmed.kind.is_forward() && session.excluded.contains_key(router) {
            let advice = "take it in again by a change of its own, or roll back";
            return Err(Refused::new("D8", what, format!("{router} is left out of the plan"), advice));
        }
        match change.outcomes.get(router).and_then(|known| known.outcome.as_ref()) {
            Some(Outcome::Verified) => return Err(refused(router, "is verified already")),
            Some(Outcome::Accepted) => return Err(refused(router, "is being read back")),
            Some(Outcome::Moved { .. }) if change.confirmed.kind.is_forward() => {
                return Err(refused(router, "was changed outside since the proposal"));
            }
            None => return Err(refused(router, "is being sent to")),
            Some(
                Outcome::NotSent { .. }
                | Outcome::Differs { .. }
                | Outcome::Moved { .. }
                | Outcome::Failed { .. }
                | Outcome::Unknown { .. },
            ) => {}
        }
    }
    if routers.is_empty() {
        return Err(Refused::new("V4", what, "no router is named", "choose one"));
    }
    Ok(vec![Event::ChangeRetried {
        change: id,
        routers: routers.to_vec(),
        owner: asked.cockpit,
        epoch,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }])
}

pub(super) fn leave(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: ChangeId,
    reason: &str,
) -> Result<Vec<Event>, Refused> {
    let what = "leave the change as it is";
    needs_controls(session, asked, what)?;
    intents_are_dead(session, procedure, asked, what)?;
    let reason = needs_reason(what, reason)?;
    let Some(change) = session.in_flight().filter(|change| change.id() == id) else {
        return Err(Refused::new("V4", what, "that change is not in flight any more", "look at the screen"));
    };
    let busy = change
        .unfinished()
        .find(|(_, known)| known.is_none_or(|known| matches!(known.outcome, None | Some(Outcome::Accepted))));
    match busy {
        Some((router, _)) => {
            Err(Refused::new("V4", what, format!("{router} is still being sent to or read back"), "wait for its word"))
        }
        None => Ok(vec![Event::ChangeSettled { change: id, how: Settlement::Left { reason } }]),
    }
}
