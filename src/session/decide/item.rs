//! Items beside their ticks: order and time, commands, reading aloud, evidence; calling people (I1 to I4).

use super::{check_confirmation, needs_controls, needs_reason};
use crate::domain::checklist::Item;
use crate::domain::duty::{CommandEnd, Proof};
use crate::domain::procedure::Friction;
use crate::domain::{ItemId, Procedure, Refused, Seat};
use crate::session::command::Asked;
use crate::session::duty::Duty;
use crate::session::event::Event;
use crate::session::flaw::{self, Flaw};
use crate::session::item::{
    Attached, Calling, Despite, Ended, ItemRun, ReadBy, Reading, Starting, Ticking, Waiting, gone,
};
use crate::session::state::Session;

pub(super) fn decide(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    duty: &Duty,
) -> Result<Vec<Event>, Refused> {
    match duty {
        Duty::TickDespite { item, reason } => tick(session, procedure, asked, item, Some(reason), None),
        Duty::Wait { item } => wait(session, procedure, item),
        Duty::Attach { item, proof } => attach(procedure, item, proof),
        Duty::Run { .. } => run(session, procedure, asked, duty),
        Duty::Stop { run } => stop(session, *run),
        Duty::NoteEnded { run, end, took_ms, lines, dropped } => {
            let known = session.duties.run(*run).filter(|known| is_open(known.ended.as_ref().map(|(_, end)| end), end));
            let ended = known.map(|known| Ended {
                run: *run,
                item: known.starting.what.item.clone(),
                end: end.clone(),
                took_ms: *took_ms,
                lines: lines.clone(),
                dropped: *dropped,
            });
            Ok(ended.map(|ended| Event::ItemRun(Box::new(ItemRun::Ended(ended)))).into_iter().collect())
        }
        Duty::Read { item } => read(session, procedure, asked, item),
        Duty::Answer { .. } => answer(session, procedure, asked, duty),
        Duty::EndReading => {
            Ok(session.duties.reading.iter().map(|_| Event::ItemRead(Box::new(Reading::Over))).collect())
        }
        Duty::Declare { what } => declare(session, what),
        Duty::Call { contact, answered } => call(procedure, contact, *answered),
        Duty::CallOff => match session.duties.incident {
            Some(_) => Ok(vec![Event::Calling(Box::new(Calling::Over))]),
            None => Err(Refused::new("I4", "end the incident", "none is declared", "nothing is to be done")),
        },
    }
}

/// A cockpit that was taken for gone and comes back knows better.
fn is_open(ended: Option<&Ended>, end: &CommandEnd) -> bool {
    ended.is_none_or(|ended| ended.end == CommandEnd::CockpitGone && *end != CommandEnd::CockpitGone)
}

fn item<'p>(procedure: &'p Procedure, id: &ItemId, what: &str) -> Result<&'p Item, Refused> {
    procedure
        .checklist
        .item(id)
        .ok_or_else(|| Refused::new("J2", what, format!("the checklist has no item {id}"), "look at the checklist"))
}

/// Ticks an item; out of its order and before its time only with a reason (I1).
pub(super) fn tick(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &ItemId,
    reason: Option<&str>,
    read: Option<ReadBy>,
) -> Result<Vec<Event>, Refused> {
    let what = "tick the item";
    let item = item(procedure, id, what)?;
    if session.ticks.contains_key(id) {
        return Err(Refused::new("J2", what, "it is ticked already", "nothing is to be done"));
    }
    let too_soon = session.too_soon(procedure, item, asked.now.wall).filter(|_| !flaw::is(Flaw::TicksOutOfOrder));
    let despite = match (too_soon, reason) {
        (None, _) => None,
        (Some(rule), Some(reason)) => Some(Despite { rule, reason: needs_reason(what, reason)? }),
        (Some(rule), None) => {
            let advice = "settle that first, or tick it all the same with a reason";
            return Err(Refused::new("I1", what, rule, advice));
        }
    };
    let ticking = Ticking { despite, read };
    Ok(vec![Event::ItemTicked { item: id.clone(), text: item.text.clone(), ticking }])
}

fn wait(session: &Session, procedure: &Procedure, id: &ItemId) -> Result<Vec<Event>, Refused> {
    let what = "begin the time of the item";
    let item = item(procedure, id, what)?;
    let refused = |why: &str, advice: &str| Err(Refused::new("I1", what, why, advice));
    match item.rules.wait.as_ref().map(|wait| &wait.from) {
        Some(crate::domain::duty::WaitFrom::Key) => {}
        Some(_) => return refused("it begins by itself", "tick what it counts from"),
        None => return refused("it waits for no time", "nothing is to be done"),
    }
    if session.ticks.contains_key(id) || matches!(session.waiting(item, session.at), Some(Waiting::Left(_))) {
        return refused("it runs, or the item is ticked", "nothing is to be done");
    }
    Ok(vec![Event::ItemWaiting { item: id.clone(), text: item.text.clone() }])
}

fn attach(procedure: &Procedure, id: &ItemId, proof: &Proof) -> Result<Vec<Event>, Refused> {
    let what = "attach evidence";
    let item = item(procedure, id, what)?;
    let is_empty = match proof {
        Proof::Note { text } => text.trim().is_empty(),
        Proof::Link { url } => url.trim().is_empty(),
        Proof::Lines { lines, .. } => lines.is_empty(),
    };
    if is_empty {
        return Err(Refused::new("J6", what, "it is empty", "type a note or an address, or choose log lines first"));
    }
    let attached = Attached { item: id.clone(), text: item.text.clone(), proof: proof.clone() };
    Ok(vec![Event::ItemProven(Box::new(attached))])
}

/// The intent to run a command of an item. Exactly what was shown is run, or nothing (I2).
fn run(session: &Session, procedure: &Procedure, asked: &Asked, duty: &Duty) -> Result<Vec<Event>, Refused> {
    let Duty::Run { run, item: id, command, shell, directory, confirmation } = duty else { return Ok(Vec::new()) };
    let what = "run the command";
    let item = item(procedure, id, what)?;
    let refused = |rule: &'static str, why: &str, advice: &str| Err(Refused::new(rule, what, why, advice));
    let Some(rule) = &procedure.shell else {
        return refused("I2", "this profile lets nobody run commands", "copy it, or name a shell in [commands]");
    };
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return refused("B1", why, "wait until it has, or open the session again");
    }
    if rule.words != *shell || !item.commands.iter().any(|each| each.text == *command) {
        return refused("I2", "it is not what the profile has now", "look at it again");
    }
    if session.duties.run(*run).is_some() {
        return refused("J1", "this run was confirmed already", "look at the screen");
    }
    let running = session.duties.run_of(id).filter(|running| running.is_running());
    if let Some(running) = running.filter(|_| !flaw::is(Flaw::CommandsSideBySide)) {
        let why = format!("a command of this item runs, started by {}", running.starting.by);
        return refused("I2", &why, "wait for its end, or cancel it");
    }
    check_confirmation(what, confirmation, Friction::Key, "run")?;
    Ok(vec![Event::ItemRun(Box::new(ItemRun::Starting(Box::new(Starting {
        run: *run,
        item: id.clone(),
        text: item.text.clone(),
        command: command.clone(),
        shell: shell.clone(),
        directory: directory.clone(),
        limit_ms: u64::try_from(rule.limit.as_millis()).unwrap_or(u64::MAX),
        confirmation: confirmation.clone(),
        owner: asked.cockpit,
        deadline: asked.now.wall.plus(procedure.timing.deadline),
    }))))])
}

/// It stops something, as a hold does: any operator may.
fn stop(session: &Session, run: crate::domain::ChangeId) -> Result<Vec<Event>, Refused> {
    match session.duties.run(run).filter(|run| run.is_running()) {
        Some(known) if known.stopping.is_none() => Ok(vec![Event::ItemRun(Box::new(ItemRun::Stopping { run }))]),
        Some(_) => Err(Refused::new("I2", "cancel the command", "it is being cancelled", "wait for its end")),
        None => Err(Refused::new("I2", "cancel the command", "it is over", "nothing is to be done")),
    }
}

/// Runs of a cockpit whose process is gone ended with it.
pub(super) fn ended_with(session: &Session, cockpit: crate::domain::CockpitId, asked: &Asked) -> Vec<Event> {
    let of = session.duties.runs.iter().filter(|run| run.is_running() && run.starting.what.owner == cockpit);
    of.map(|run| Event::ItemRun(Box::new(ItemRun::Ended(gone(run, asked.now.wall))))).collect()
}

/// The driver reads an item aloud (I3).
fn read(session: &Session, procedure: &Procedure, asked: &Asked, id: &ItemId) -> Result<Vec<Event>, Refused> {
    let what = "read the item aloud";
    needs_controls(session, asked, what)?;
    let item = item(procedure, id, what)?;
    if session.ticks.contains_key(id) {
        return Err(Refused::new("I3", what, "it is ticked already", "go on to the next one"));
    }
    if session.duties.reading.as_ref().is_some_and(|reading| reading.what.item == *id) {
        return Err(Refused::new("I3", what, "it is read already", "wait for the answer"));
    }
    let read = Reading::Read { item: id.clone(), text: item.text.clone() };
    Ok(vec![Event::ItemRead(Box::new(read))])
}

/// The answer: by another person where one is there, in their own cockpit; else by whoever read it (I3).
fn answer(session: &Session, procedure: &Procedure, asked: &Asked, duty: &Duty) -> Result<Vec<Event>, Refused> {
    let Duty::Answer { item: id, reading, not_so, present } = duty else { return Ok(Vec::new()) };
    let what = "answer what was read";
    let refused = |why: &str, advice: &str| Err(Refused::new("I3", what, why, advice));
    let Some(read) = session.duties.reading.as_ref().filter(|read| read.what.item == *id && read.entry == *reading)
    else {
        return refused("it is not what is read now", "look again");
    };
    let is_own = read.by == asked.actor;
    let other = session.aboard.iter().find(|(cockpit, aboard)| {
        present.contains(*cockpit) && aboard.seat == Seat::Operator && aboard.operator != read.by
    });
    if let Some((_, other)) = other.filter(|_| is_own && !flaw::is(Flaw::ReaderAnswers)) {
        let why = format!("{} is there: who reads does not answer", other.operator);
        return refused(&why, "wait for their answer, in their own cockpit");
    }
    let by = ReadBy { by: read.by.clone(), one_cockpit: is_own };
    match not_so {
        None => tick(session, procedure, asked, id, None, Some(by)),
        Some(word) => {
            let text = item(procedure, id, what)?.text.clone();
            let word = needs_reason("say what is not so", word)?;
            Ok(vec![Event::ItemRead(Box::new(Reading::NotSo { item: id.clone(), text, read: by, word }))])
        }
    }
}

fn declare(session: &Session, what: &str) -> Result<Vec<Event>, Refused> {
    let what = needs_reason("declare an incident", what)?;
    if let Some(incident) = &session.duties.incident {
        let why = format!("{} declared one at {}: {}", incident.by, incident.at.clock(), incident.what);
        return Err(Refused::new("I4", "declare an incident", why, "nothing is to be done"));
    }
    Ok(vec![Event::Calling(Box::new(Calling::Declared { what }))])
}

fn call(procedure: &Procedure, contact: &str, answered: bool) -> Result<Vec<Event>, Refused> {
    if !procedure.contacts.iter().any(|each| each.words() == contact) {
        let why = format!("{contact} is no contact of this profile");
        return Err(Refused::new("I4", "note a call", why, "look at the contacts again"));
    }
    Ok(vec![Event::Calling(Box::new(Calling::Called { contact: contact.to_owned(), answered }))])
}
