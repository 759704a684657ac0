//! Decisions: a session and a command give events, or a refusal that names its rule (F5).
//!
//! The rules of the protocol are enforced here and nowhere else; dialogs and keys only ask.

pub mod action;
mod back;
pub mod change;
pub mod connection;
mod controls;
mod duty;
mod follow_up;
pub mod guard;
pub mod lifecycle;
mod router;
pub mod second;
pub mod step;
pub mod task;
mod wave;

use super::command::{Asked, Command};
use super::event::Event;
use super::flaw::{self, Flaw};
use super::proposal::{Confirmation, Gate, GateReport, GateState, Gesture, Override};
use super::state::Session;
use crate::domain::procedure::Friction;
use crate::domain::{Procedure, Refused, Seat};

/// Decides a command.
///
/// # Errors
/// The refusal, when a rule says no. Nothing has happened then.
#[expect(clippy::too_many_lines, reason = "one arm for each command, most of one line")]
pub fn decide(session: &Session, procedure: &Procedure, asked: &Asked) -> Result<Vec<Event>, Refused> {
    if let Command::Open { opened, controls } = &asked.command {
        return lifecycle::open(session, procedure, asked, opened, controls);
    }
    // What was done is written down, also where the session was closed meanwhile (R5).
    if let Command::MergeSpill { spill } = &asked.command
        && session.opened.is_some()
    {
        return Ok(lifecycle::merge(session, spill));
    }
    if let Some(decided) = follow_up::decide(session, asked) {
        return decided;
    }
    if !session.is_open() {
        return Err(Refused::new("J7", "act on this session", "it is closed", "open a new one"));
    }
    // A spill is nobody's act of now but a fact: whoever finds it brings it in.
    let may = matches!(asked.command, Command::Join { .. } | Command::LeaveSession { .. } | Command::MergeSpill { .. });
    if asked.seat == Seat::Observer && !may && !flaw::is(Flaw::ObserverActs) {
        let advice = "open the session as an operator";
        return Err(Refused::new("C2", "act on this session", "this cockpit only watches", advice));
    }
    match &asked.command {
        Command::Open { .. } => Ok(Vec::new()),
        Command::Join { seat, process } => Ok(controls::join(session, asked, *seat, process)),
        Command::LeaveSession { why } => Ok(controls::leave(session, asked, why)),
        Command::TakeBack { controls, gone } => controls::take_back(session, asked, controls, *gone),
        Command::Offer { to, operator, summary } => controls::offer(session, asked, *to, operator, summary),
        Command::AcceptOffer { controls } => controls::accept(session, asked, controls),
        Command::EndOffer { why } => controls::end_offer(session, asked, why),
        Command::AskControls { reason } => controls::ask(session, asked, reason),
        Command::EndAsking { why } => controls::end_asking(session, asked, why),
        Command::TakeOver { controls, asking, waited, silent, away } => {
            let signs = controls::Signs { asking: *asking, waited: *waited, silent: *silent, away: *away };
            controls::take_over(session, procedure, asked, controls, &signs)
        }
        Command::AskSecond { request, act, overrides, confirmation, evidence } => {
            let wanted = second::Wanted { request: *request, act, overrides };
            second::ask(session, procedure, asked, &wanted, confirmation, evidence)
        }
        Command::GiveSecond { request, digest, confirmation, evidence } => {
            second::give(session, procedure, asked, *request, *digest, confirmation, evidence)
        }
        Command::RefuseSecond { request, reason } => second::refuse(session, asked, *request, reason),
        Command::EndSecond { request, why } => second::end(session, asked, *request, why),
        Command::ConfirmRun { steps, confirmation } => {
            second::confirm_run(session, procedure, asked, steps, confirmation)
        }
        Command::EndRun { why } => Ok(session.run.iter().map(|_| Event::RunEnded { why: why.clone() }).collect()),
        Command::MergeSpill { spill } => Ok(lifecycle::merge(session, spill)),
        Command::SignRollback { change, signed } => Ok(change::sign(session, asked, *change, signed)),
        Command::AcceptBaseline { routers } => lifecycle::accept_baseline(session, asked, routers),
        Command::ReloadProfile { files, digest, same_routers, confirmation, evidence } => {
            let found = lifecycle::Found { files, digest: *digest, same_routers: *same_routers };
            lifecycle::reload(session, procedure, asked, &found, confirmation, evidence)
        }
        Command::Close { outcome, routers, left } => {
            lifecycle::close(session, procedure, asked, outcome, routers, left)
        }
        Command::Confirm { proposal, overrides, confirmation, evidence } => {
            change::confirm(session, procedure, asked, proposal, overrides, confirmation, evidence)
        }
        Command::RollBack { proposal, confirmation, controls, cut_off, ramp, despite, by_itself, evidence } => {
            let (cut_off, ramp, by_itself) = (*cut_off, ramp.as_ref(), *by_itself);
            let way = change::Way { controls, cut_off, ramp, despite, by_itself };
            change::roll_back(session, procedure, asked, proposal, confirmation, &way, evidence)
        }
        Command::MeasureBaseline { guards } => guard::measure(session, asked, guards),
        Command::ArmGuards { guards, confirmation } => guard::arm(session, procedure, asked, guards, confirmation),
        Command::DisarmGuards { why } => guard::disarm(session, asked, why),
        Command::NoteTripped { guard, words, because } => {
            guard::note_tripped(session, procedure, asked, guard, words, because.as_deref())
        }
        Command::NoteConfessed { guard, words } => guard::note_confessed(session, procedure, asked, guard, words),
        Command::NoteCalmed { guard } => guard::note_calmed(session, asked, guard),
        Command::FireGuard { guard, words, is_red, others, proposal, evidence } => {
            let shot = guard::Shot { guard, words, is_red: *is_red, others: others.as_deref(), proposal };
            guard::fire(session, procedure, asked, &shot, evidence)
        }
        Command::SendWave { change, wave, by_key, rest, evidence } => {
            let wanted = wave::Wanted { change: *change, wave: *wave, by_key: *by_key, rest: *rest };
            wave::send(session, procedure, asked, &wanted, evidence)
        }
        Command::Retry { change, routers } => change::retry(session, procedure, asked, *change, routers),
        Command::Leave { change, reason } => change::leave(session, procedure, asked, *change, reason),
        Command::NoteOutcome { change, router, attempt, outcome } => {
            router::note_outcome(session, *change, router, *attempt, outcome)
        }
        Command::NoteDrift { router, read, restarted } => {
            Ok(router::note_moved(session, asked, router, read, *restarted))
        }
        Command::NoteRestart { router, was, is } => {
            let event = Event::RouterRestarted { router: router.clone(), was: was.clone(), is: is.clone() };
            Ok((session.identities.get(router) != Some(is)).then_some(event).into_iter().collect())
        }
        Command::AcceptDrift { router, read, reason } => router::accept_drift(session, asked, router, read, reason),
        Command::NoteObserved { change, router, pool, share, agreement } => Ok(vec![Event::SplitObserved {
            change: *change,
            router: router.clone(),
            pool: pool.clone(),
            share: *share,
            agreement: *agreement,
        }]),
        Command::MarkAlreadySo { proposal, evidence } => {
            step::mark_already_so(session, procedure, asked, proposal, evidence)
        }
        Command::CompleteStep { step, overrides, confirmation, evidence } => {
            step::complete(session, procedure, asked, step, overrides, confirmation, evidence)
        }
        Command::SkipStep { step, reason } => step::skip(session, procedure, asked, step, reason),
        Command::Tick { item } => duty::tick(session, procedure, item),
        Command::Untick { item } => duty::untick(session, procedure, item),
        Command::AddNote { text } => duty::note(text),
        Command::AttachLines { source, lines } => duty::attach(source, lines),
        Command::Hold { reason } => duty::hold(session, reason),
        Command::ReleaseHold { reason } => duty::release(session, asked, reason),
        Command::NoteCheck(answered) => Ok(vec![Event::CheckAnswered(answered.clone())]),
        Command::NoteTold(told) => Ok(vec![Event::Told(told.clone())]),
        Command::EndConnections { act, router, pool, count, reason, confirmation, evidence } => {
            let wanted = connection::Wanted { act: *act, router, pool, count: *count, reason };
            connection::end(session, procedure, asked, &wanted, confirmation, evidence)
        }
        Command::NoteConnectionsEnded { act, count, how } => Ok(connection::note(session, *act, *count, how)),
        Command::CancelTask { act, router, task, what, is_ours, running, confirmation } => {
            let running = running.as_deref();
            let wanted = task::Wanted { act: *act, router, task, what, is_ours: *is_ours, running };
            task::cancel(session, procedure, asked, &wanted, confirmation)
        }
        Command::NoteTaskCancelled { act, how } => Ok(task::note(session, *act, how)),
        Command::StartAction { act, step, requests, differences, overrides, confirmation, evidence } => {
            let wanted = action::Wanted { act: *act, step, requests, differences, overrides };
            action::start(session, procedure, asked, &wanted, confirmation, evidence)
        }
        Command::NoteActionStarted { act, handle, link } => {
            Ok(action::note_started(session, *act, handle, link.as_deref()))
        }
        Command::NoteActionUnknown { act, why } => Ok(action::note_unknown(session, *act, why)),
        Command::NoteActionEnded { act, end, log } => Ok(action::note_ended(session, *act, end, log)),
        Command::CancelAction { act, of, confirmation } => {
            action::cancel(session, procedure, asked, *act, *of, confirmation)
        }
        Command::NoteActionCancel { act, how } => Ok(action::note_cancel(session, *act, how)),
        Command::NoteRollbackTime { change, declared_ms } => {
            Ok(back::note_time(session, procedure, *change, *declared_ms))
        }
        Command::NoteDrained { pool, evidence } => {
            Ok(vec![Event::PoolDrained { pool: pool.clone(), evidence: evidence.clone() }])
        }
    }
}

/// Forward acts need the controls (C2), and a clock that means what others read in it (S2).
fn needs_controls(session: &Session, asked: &Asked, what: &str) -> Result<u64, Refused> {
    match &session.controls {
        Some(controls) if controls.holder.cockpit == asked.cockpit || flaw::is(Flaw::ActsWithoutControls) => {
            controls::clock_is_near(asked, what)?;
            Ok(controls.epoch)
        }
        Some(controls) => Err(Refused::new(
            "C2",
            what,
            format!("{} has the controls", controls.holder.operator),
            "ask for them; rolling back and holding need none",
        )),
        None => Err(Refused::new("C2", what, "nobody has the controls", "take them first")),
    }
}

/// A reason must say something (F4).
fn needs_reason(what: &str, reason: &str) -> Result<String, Refused> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(Refused::new("F4", what, "no reason is given", "type why; it goes into the record"))
    } else {
        Ok(reason.to_owned())
    }
}

/// Every gate that does not hold must be one that may be overridden, and be overridden with a reason (F4).
fn check_gates(what: &str, reports: &[GateReport], overrides: &[Override]) -> Result<(), Refused> {
    for report in reports.iter().filter(|report| report.state != GateState::Holds) {
        let given = overrides.iter().find(|each| each.gate == report.gate);
        match given {
            Some(given) if report.gate.may_be_overridden() => {
                needs_reason("override a gate", &given.reason)?;
            }
            _ if flaw::is(Flaw::GateIgnored) => {}
            Some(_) => {
                return Err(Refused::new("F4", what, &report.text, "this gate cannot be overridden"));
            }
            None if matches!(report.gate, Gate::Destination { .. }) => {
                return Err(Refused::new("D4", what, &report.text, "bring the pool up first"));
            }
            None => {
                let advice = if report.gate.may_be_overridden() {
                    "settle it, or override it with a reason"
                } else {
                    "settle it first"
                };
                return Err(Refused::new("F4", what, &report.text, advice));
            }
        }
    }
    Ok(())
}

/// The confirmation must have come after the dialog was drawn, and ask no less than the act does (F1, F2).
fn check_confirmation(what: &str, confirmation: &Confirmation, asks: Friction, wanted: &str) -> Result<(), Refused> {
    if !confirmation.seen {
        return Err(Refused::new("F2", what, "the key came before the dialog was on the screen", "press it again"));
    }
    match &confirmation.gesture {
        Gesture::Guard(guard) => Err(Refused::new("F1", what, format!("{guard} is no person"), "confirm it by hand")),
        Gesture::Typed(text) if text.trim() != wanted => {
            Err(Refused::new("F1", what, format!("`{text}` is not `{wanted}`"), format!("type {wanted}")))
        }
        gesture if gesture.friction() < asks => {
            Err(Refused::new("F1", what, "this act asks for its target to be typed", format!("type {wanted}")))
        }
        Gesture::Key | Gesture::Typed(_) => Ok(()),
    }
}
