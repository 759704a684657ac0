//! What an entry is worth telling: the one place that says which events people outside hear of, and in which facts.

use crate::domain::action::ActionEnd;
use crate::domain::notify::{News, Occasion};
use crate::domain::{ChangeId, GuardId, Procedure, SessionId, StepId, Weights};
use crate::entry::Entry;
use crate::session::decide::guard::fired;
use crate::session::event::{ChangeConfirmed, ChangeKind, Event, Settlement, SpillMerged, StepMark};
use crate::session::{Change, Session};

/// The facts of one event; what is empty is not told.
#[derive(Default)]
struct Facts {
    step: String,
    weights: String,
    /// Who, where it is not who wrote the entry.
    who: Option<String>,
    why: String,
}

/// What of an entry is told, in the order of its events. The session has the entry in it already.
pub(super) fn of_entry(session: &Session, procedure: &Procedure, id: SessionId, entry: &Entry) -> Vec<News> {
    let opened = session.opened.as_ref().map(|opened| &opened.what);
    let version = |version: Option<&String>| version.cloned().unwrap_or_default();
    let told = entry.events.iter().flat_map(|event| of_event(session, procedure, event));
    told.map(|(occasion, facts)| News {
        occasion,
        service: procedure.service.clone(),
        environment: procedure.environment.clone(),
        from: version(opened.map(|opened| &opened.from_version)),
        to: version(opened.map(|opened| &opened.to_version)),
        step: facts.step,
        weights: facts.weights,
        who: facts.who.unwrap_or_else(|| entry.actor.to_string()),
        why: facts.why,
        at: entry.at,
        session: id,
        entry: entry.number,
    })
    .collect()
}

#[expect(clippy::too_many_lines, reason = "one arm for each event, most of one line")]
fn of_event(session: &Session, procedure: &Procedure, event: &Event) -> Vec<(Occasion, Facts)> {
    let one = |occasion, facts| vec![(occasion, facts)];
    let because = |why: &str| Facts { why: why.to_owned(), ..Facts::default() };
    match event {
        Event::SessionOpened(_) => one(Occasion::Opened, Facts::default()),
        Event::ChangeConfirmed(confirmed) => vec![confirmed_facts(procedure, confirmed)],
        Event::ChangeSettled { change, how } => settled(session, procedure, *change, how).into_iter().collect(),
        Event::StepMarked { step, mark } => {
            let why = match mark {
                StepMark::Done { .. } => "done by hand".to_owned(),
                StepMark::AlreadySo => "it held already".to_owned(),
                StepMark::Skipped { reason } => format!("skipped: {reason}"),
                StepMark::LeftFailed { why, .. } => format!("left as it ended: {why}"),
                StepMark::Acted { act } => match session.action_run(*act) {
                    Some(run) => format!("{} succeeded", run.intent.what.action),
                    None => "its action succeeded".to_owned(),
                },
            };
            one(Occasion::Step, Facts { step: title(procedure, step), ..because(&why) })
        }
        Event::ActionStarting(starting) => {
            let why = format!("{} is being started", starting.action);
            one(Occasion::Step, Facts { step: title(procedure, &starting.step), ..because(&why) })
        }
        Event::ActionEnded { act, action, end, .. } if *end != ActionEnd::Succeeded => {
            let step = session.action_run(*act).map(|run| title(procedure, &run.intent.what.step));
            one(
                Occasion::Step,
                Facts { step: step.unwrap_or_default(), ..because(&format!("{action} {}", end.words())) },
            )
        }
        Event::PoolDrained { pool, evidence } => {
            one(Occasion::Drained, because(&format!("{pool} is drained: {}", evidence.join("; "))))
        }
        Event::RollbackActMarked(marked) => {
            let why = match &marked.mark {
                StepMark::Skipped { reason } => format!("of the way back, skipped: {reason}"),
                StepMark::LeftFailed { why, .. } => format!("of the way back, left as it ended: {why}"),
                StepMark::Done { .. } | StepMark::Acted { .. } | StepMark::AlreadySo => {
                    "of the way back, is done".to_owned()
                }
            };
            one(Occasion::Step, Facts { step: marked.name.clone(), ..because(&why) })
        }
        Event::RouterExcluded(excluded) => {
            one(Occasion::Drift, because(&format!("{} is left out of the plan: {}", excluded.router, excluded.reason)))
        }
        Event::DriftNoticed { router, restarted, .. } => {
            let how = if *restarted { "was restarted and lost its weights" } else { "was changed outside" };
            one(Occasion::Drift, because(&format!("{router} {how}")))
        }
        Event::GuardTripped { guard, words, .. } => {
            one(Occasion::Guard, Facts { who: Some(by_guard(guard)), ..because(words) })
        }
        Event::Held { reason } => one(Occasion::Held, because(reason)),
        Event::HoldReleased { reason } => one(Occasion::Released, because(reason)),
        Event::SessionClosed { outcome, .. } => one(Occasion::Closed, because(outcome)),
        // What was decided while cut off is told once it is kept.
        Event::SpillMerged(merged) => of_spill(session, procedure, merged),
        Event::ControlsTaken(_)
        // A good end is the end of its step, which is told.
        | Event::ActionEnded { .. }
        | Event::ActionStarted { .. }
        | Event::ActionUnknown { .. }
        | Event::ActionCancelling(_)
        | Event::ActionCancelAnswered { .. }
        | Event::ApprovalGiven(_)
        | Event::ApprovalReported(_)
        | Event::ApprovalWithdrawn { .. }
        | Event::RouterIncluded { .. }
        | Event::CockpitJoined { .. }
        | Event::CockpitLeft { .. }
        | Event::ControlsOffered { .. }
        | Event::OfferEnded { .. }
        | Event::ControlsAsked { .. }
        | Event::AskingEnded { .. }
        | Event::ConfirmationAsked(_)
        | Event::ConfirmationGiven { .. }
        | Event::ConfirmationRefused { .. }
        | Event::ConfirmationEnded { .. }
        | Event::RunConfirmed(_)
        | Event::RunEnded { .. }
        | Event::RollbackSigned { .. }
        | Event::BaselineAccepted { .. }
        | Event::BaselineMeasured { .. }
        | Event::GuardsArmed { .. }
        | Event::GuardsDisarmed { .. }
        | Event::GuardConfessed { .. }
        | Event::GuardCalmed { .. }
        | Event::ChangeDispatched { .. }
        | Event::WaveDispatched { .. }
        | Event::ChangeRetried { .. }
        | Event::RouterAnswered { .. }
        | Event::LateEffect { .. }
        | Event::DriftEnded { .. }
        | Event::DriftAccepted { .. }
        | Event::RouterRestarted { .. }
        | Event::ItemTicked { .. }
        | Event::ItemUnticked { .. }
        | Event::ItemRun(_)
        | Event::ItemRead(_)
        | Event::ItemProven(_)
        | Event::ItemWaiting { .. }
        | Event::Calling(_)
        | Event::NoteAdded { .. }
        | Event::LinesAttached { .. }
        | Event::CheckAnswered(_)
        | Event::VersionResolved(_)
        | Event::Told(_)
        | Event::ConnectionsEnding(_)
        | Event::ConnectionsEnded { .. }
        | Event::TaskCancelling(_)
        | Event::TaskCancelled { .. }
        | Event::RampStage { .. }
        | Event::RollbackTimed { .. }
        | Event::WayBackProven(_)
        | Event::SplitObserved { .. }
        | Event::ProfileReloaded { .. } => Vec::new(),
    }
}

fn confirmed_facts(procedure: &Procedure, confirmed: &ChangeConfirmed) -> (Occasion, Facts) {
    let guard = fired(&confirmed.confirmation);
    let overrides: Vec<String> =
        confirmed.overrides.iter().map(|each| format!("a gate was overridden: {}", each.reason)).collect();
    let occasion = if confirmed.kind.is_forward() { Occasion::Shift } else { Occasion::RollingBack };
    let facts = Facts {
        step: step_of(procedure, &confirmed.kind),
        weights: shown(&confirmed.to),
        who: guard.map(by_guard),
        why: overrides.join("; "),
    };
    (occasion, facts)
}

fn settled(session: &Session, procedure: &Procedure, id: ChangeId, how: &Settlement) -> Option<(Occasion, Facts)> {
    let change: &Change = session.change(id)?;
    let confirmed = &change.confirmed;
    let (occasion, why) = match how {
        Settlement::Verified if confirmed.kind.is_forward() => (Occasion::Verified, String::new()),
        Settlement::Verified => (Occasion::RolledBack, String::new()),
        Settlement::Left { reason } => (Occasion::Left, reason.clone()),
        Settlement::NothingSent => (Occasion::Left, "nothing of it was sent anywhere".to_owned()),
        // The rollback that took its place is told of itself.
        Settlement::Superseded { .. } => return None,
    };
    let facts = Facts {
        step: step_of(procedure, &confirmed.kind),
        weights: shown(&confirmed.to),
        who: Some(fired(&confirmed.confirmation).map_or_else(|| change.by.to_string(), by_guard)),
        why,
    };
    Some((occasion, facts))
}

fn by_guard(guard: &GuardId) -> String {
    format!("the guard {guard}")
}

fn step_of(procedure: &Procedure, kind: &ChangeKind) -> String {
    match kind {
        ChangeKind::Step { step } => title(procedure, step),
        ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => String::new(),
    }
}

fn of_spill(session: &Session, procedure: &Procedure, merged: &SpillMerged) -> Vec<(Occasion, Facts)> {
    let spilled = merged.entries.iter().flat_map(|spilled| {
        let who = spilled.actor.to_string();
        let told = spilled.events.iter().flat_map(|event| of_event(session, procedure, event));
        told.map(move |(occasion, facts)| {
            (occasion, Facts { who: Some(facts.who.unwrap_or_else(|| who.clone())), ..facts })
        })
    });
    spilled.collect()
}

fn title(procedure: &Procedure, step: &StepId) -> String {
    procedure.work(step).map_or_else(|| step.to_string(), |step| step.name.clone())
}

fn shown(weights: &Weights) -> String {
    let each: Vec<String> = weights.iter().map(|(pool, points)| format!("{pool} {points} %")).collect();
    each.join(", ")
}
