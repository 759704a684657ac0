//! The acts of a way back without a screen (R7): one after the other, each shown as it will be sent, asked for, and followed
//! to its end.

use std::time::Duration;

use super::ask;
use super::out::Out;
use crate::domain::StepId;
use crate::domain::procedure::{Friction, RollbackAct};
use crate::error::Error;
use crate::flight::{Ask, Flight};
use crate::runtime::headless::Headless;
use crate::session::action::ActionStage;
use crate::session::decide::step::{own_friction, typed_for};
use crate::session::proposal::{Confirmation, GateState, Gesture};
use crate::session::unwind::ActStanding;

/// How long its system may take to say what would be sent.
const TOLD: Duration = Duration::from_secs(30);
/// How long an act is followed; it goes on without this, and can be followed in a cockpit.
const FOLLOWED: Duration = Duration::from_hours(2);

/// Flies them until none is left, one does not end well, or somebody says no.
pub(super) async fn fly(headless: &mut Headless, yes: bool, out: &mut Out) -> Result<(), Error> {
    loop {
        let Some(act) = headless.flight.next_act().cloned() else {
            out.line("Nothing is left of the way back.");
            return Ok(());
        };
        show(headless, &act, out).await?;
        let gesture = confirmed(headless, &act, yes).await?;
        let id = act.step.id.clone();
        let before = (headless.flight.session.tries_of(&act.step), headless.notices.len());
        let confirmation = Confirmation::new(gesture, true);
        headless.ask(Ask::TakeRollbackAct { confirmation, overrides: Vec::new() });
        let is_taken = |flight: &Flight| {
            let session = &flight.session;
            session.steps.contains_key(&id) || session.tries_of(&act.step) > before.0
        };
        if !headless.fly_until(Duration::from_secs(10), is_taken).await? {
            let why = headless.notices.last().filter(|_| headless.notices.len() > before.1);
            let why = why.map_or_else(|| "no answer came".to_owned(), |notice| notice.text.clone());
            return Err(not_done(&act, &why, "nothing was sent; do it in the cockpit"));
        }
        headless.fly_until(FOLLOWED, |flight| is_over(flight, &act)).await?;
        tell(headless, &act, out)?;
    }
}

/// The acts that are left, a line each; nothing is done.
pub(super) fn list(flight: &Flight, out: &mut Out) {
    let left = |act: &&RollbackAct| !flight.session.steps.contains_key(&act.step.id);
    for act in flight.procedure.rollback.iter().filter(left) {
        let how = act.step.action().map(|(action, pool)| format!("{action} on {pool}"));
        let words = how.into_iter().chain((!act.text().is_empty()).then(|| act.text().to_owned()));
        out.line(&format!("Not done by this: {}: {}", act.step.name, words.collect::<Vec<_>>().join("; ")));
    }
}

async fn show(headless: &mut Headless, act: &RollbackAct, out: &mut Out) -> Result<(), Error> {
    let (place, all) = headless
        .flight
        .procedure
        .rollback_act(&act.step.id)
        .map_or((0, 0), |(place, _)| (place + 1, headless.flight.procedure.rollback.len()));
    out.line(&format!("{place} of {all}: {}", act.step.name));
    if !act.text().is_empty() {
        out.line(&format!("  {}", act.text()));
    }
    if act.step.action().is_some() {
        headless.ask(Ask::DescribeRollbackAct);
        let id = act.step.id.clone();
        headless.fly_until(TOLD, |flight| flight.described(&id).is_some_and(|known| known.told.is_some())).await?;
        let told = headless.flight.described(&id).and_then(|known| known.told.clone());
        match told {
            Some(Ok(description)) => {
                for line in description.differences.iter().chain(&description.requests) {
                    out.line(&format!("      {line}"));
                }
                for note in &description.notes {
                    out.line(&format!("      ! {note}"));
                }
            }
            Some(Err(trouble)) => return Err(Error::Trouble(trouble)),
            None => return Err(not_done(act, "its system does not say what would be sent", "try again")),
        }
    }
    let now = headless.now();
    let gates = headless.flight.gates_of_act(&act.step.id, now);
    match gates.into_iter().find(|gate| gate.state != GateState::Holds) {
        Some(gate) => Err(not_done(act, &gate.text, "nothing was sent; set that aside with a reason in the cockpit")),
        None => Ok(()),
    }
}

async fn confirmed(headless: &mut Headless, act: &RollbackAct, yes: bool) -> Result<Gesture, Error> {
    let no = |why: String| Error::NotConfirmed { why };
    if own_friction(&headless.flight.procedure, &act.step, false) == Friction::Type {
        let target = typed_for(&act.step);
        if yes || !ask::is_possible() {
            return Err(no(format!("this profile wants `{target}` typed for {}: do it in the cockpit", act.step.name)));
        }
        let answer = headless.meanwhile(ask::line(&format!("Type  {target}  to go on: "))).await?;
        return if answer == target {
            Ok(Gesture::Typed(answer))
        } else {
            Err(no(format!("`{answer}` is not `{target}`")))
        };
    }
    if yes && act.step.action().is_some() {
        return Ok(Gesture::Key);
    }
    if !ask::is_possible() {
        return Err(no(format!("there is no terminal to ask on: {} is left to do", act.step.name)));
    }
    let question = if act.step.action().is_some() { "Start it? y/N " } else { "Is it done? y/N " };
    let answer = headless.meanwhile(ask::line(question)).await?;
    if matches!(answer.as_str(), "y" | "Y" | "yes") {
        Ok(Gesture::Key)
    } else {
        Err(no("the answer was not y".to_owned()))
    }
}

/// Whether it has come to its end, or nobody can tell.
fn is_over(flight: &Flight, act: &RollbackAct) -> bool {
    let is_known = |id: &StepId| flight.session.steps.contains_key(id);
    let ended = flight.session.run_of(&act.step).is_none_or(|run| !run.is_running());
    (is_known(&act.step.id) || ended) && !flight.link.is_busy()
}

fn tell(headless: &Headless, act: &RollbackAct, out: &mut Out) -> Result<(), Error> {
    let session = &headless.flight.session;
    let run = session.run_of(&act.step);
    let log: &[String] = match run.map(|run| &run.stage) {
        Some(ActionStage::Ended { log, .. }) => log,
        Some(ActionStage::Starting | ActionStage::Running { .. } | ActionStage::Unknown { .. }) | None => &[],
    };
    for line in log {
        out.line(&format!("      {line}"));
    }
    if session.act_standing(act) == ActStanding::Done {
        out.line(&format!("  ✓ {}", act.step.name));
        return Ok(());
    }
    let why = match run.map(|run| &run.stage) {
        Some(ActionStage::Ended { end, .. }) => end.words(),
        Some(ActionStage::Unknown { why }) => format!("whether it runs is not known: {why}"),
        Some(ActionStage::Starting | ActionStage::Running { .. }) => "it still runs".to_owned(),
        None => "it was not done".to_owned(),
    };
    Err(not_done(act, &why, "start it again with `rollback --acts`, or skip it in the cockpit"))
}

fn not_done(act: &RollbackAct, why: &str, advice: &str) -> Error {
    Error::NotVerified { what: format!("{} is not done: {why}", act.step.name), advice: advice.to_owned() }
}
