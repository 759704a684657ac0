//! Cut off from the journal: read-only but for the way back, which goes beside it (R5), and is merged when it is back.

use std::time::Duration;

use super::{Effect, Flight, Tone};
use crate::domain::{ChangeId, Digest, Elapsed, EntryId, Now};
use crate::session::command::Asked;
use crate::session::event::{SpillMerged, Spilled};
use crate::session::flaw::{self, Flaw};
use crate::session::{Command, Event, Session, Stamp, decide};

/// What was decided while cut off and is not in the journal yet. The session that is drawn and acted on has it already;
/// the one that the journal has is kept beside it.
#[derive(Clone, Debug)]
pub struct Spill {
    /// The session as the journal has it.
    pub(super) kept: Box<Session>,
    /// What was decided since.
    pub merged: SpillMerged,
}

impl Spill {
    /// Whether everything of it is at least in the spill file.
    pub fn is_recorded(&self) -> bool {
        self.merged.entries.iter().all(|entry| entry.hash.is_some())
    }

    fn holds(&self, change: ChangeId) -> bool {
        self.merged.entries.iter().flat_map(|entry| &entry.events).any(|event| event.confirms() == Some(change))
    }
}

/// A rollback that waits for the journal, but not for long.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Urgent {
    pub(super) change: ChangeId,
    pub(super) until: Elapsed,
    asked: Asked,
    /// What is being written beside the journal.
    writing: Option<Box<Spilled>>,
}

/// How long a rollback waits for the journal (R5).
const PATIENCE: Duration = Duration::from_secs(1);

impl Flight {
    /// Whether the journal does not answer, or cannot be read on.
    pub fn is_cut_off(&self) -> bool {
        self.link.down.is_some() || self.link.broken.is_some()
    }

    /// The session as the journal has it.
    pub fn kept_session(&self) -> &Session {
        self.spill.as_ref().map_or(&self.session, |spill| &spill.kept)
    }

    /// A confirmed rollback goes to the journal, and beside it when that does not take it in time.
    pub(super) fn roll_back_urgently(&mut self, now: Now, change: ChangeId, command: Command, out: &mut Vec<Effect>) {
        let asked = self.asked_now(now, command.clone());
        let cut_off = self.is_cut_off();
        let until = if cut_off { now.elapsed } else { now.elapsed.plus(PATIENCE) };
        let urgent = Urgent { change, until, asked, writing: None };
        match self.link.urgent.as_ref().map(|before| (before.change, before.writing.is_some())) {
            // That one is beside the journal, or will be in a moment: this one is decided on top of it.
            Some((_, true)) => {
                self.link.next_urgent = Some(urgent);
                return;
            }
            // The newer one is the last word: what waits of the older one is not decided after it any more (R4).
            Some((before, false)) => self.link.forget(before),
            None => {}
        }
        self.link.urgent = Some(urgent);
        if !cut_off {
            self.ask(now, command);
        }
        self.spill_when_late(now, out);
    }

    /// The rollback is spilled once the journal has had its time.
    pub(super) fn spill_when_late(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(urgent) = self.link.urgent.as_ref() else { return };
        // What is being written beside the journal is looked at when that is done.
        if urgent.writing.is_none() && self.session.change(urgent.change).is_some() {
            self.link.urgent = None;
            return;
        }
        let gone = !self.is_cut_off() && !self.link.is_busy() && self.spill.is_none() && urgent.writing.is_none();
        if gone {
            // It was refused.
            self.link.urgent = None;
            return;
        }
        if urgent.writing.is_some() || now.elapsed < urgent.until || flaw::is(Flaw::RollbackWaits) {
            return;
        }
        let change = urgent.change;
        let mut asked = Asked { now, ..urgent.asked.clone() };
        self.renew(&mut asked);
        if let Command::RollBack { cut_off, .. } = &mut asked.command {
            *cut_off = true;
        }
        self.link.forget(change);
        match decide(&self.session, &self.procedure, &asked) {
            Ok(events) => {
                self.counters.entries += 1;
                let entry = Spilled {
                    id: EntryId { cockpit: self.me.cockpit, counter: self.counters.entries },
                    at: now.wall.max(self.session.at),
                    actor: self.me.operator.clone(),
                    cockpit: self.me.cockpit,
                    events,
                    hash: None,
                };
                let (after, hash) = match &self.spill {
                    Some(spill) => (spill.merged.after, spill.merged.hash),
                    None => self.link.head(),
                };
                out.push(Effect::Spill { after, hash, entry: Box::new(entry.clone()) });
                if let Some(urgent) = self.link.urgent.as_mut() {
                    urgent.writing = Some(Box::new(entry));
                }
            }
            Err(refused) => {
                self.link.urgent = None;
                if let Some(proposing) = &mut self.proposing {
                    proposing.refused(change, &refused);
                }
                out.push(Effect::refused(&refused));
            }
        }
    }

    /// The spill file has it, or could not take it: it is sent in either case.
    pub(super) fn spilled(&mut self, now: Now, id: EntryId, result: Result<Digest, String>, out: &mut Vec<Effect>) {
        let waits = |urgent: &mut Urgent| urgent.writing.as_ref().is_some_and(|entry| entry.id == id);
        let Some(urgent) = self.link.urgent.take_if(waits) else { return };
        let next = self.link.next_urgent.take();
        if self.session.change(urgent.change).is_some() {
            // The journal took it meanwhile, after all.
            out.push(Effect::DropSpill);
        } else if let Some(entry) = urgent.writing {
            self.take_spilled(now, *entry, result, out);
        }
        // The newer rollback was asked for meanwhile, and of nobody yet.
        if let Some(next) = next {
            self.roll_back_urgently(now, next.change, next.asked.command, out);
        }
    }

    /// What was decided beside the journal counts from here on.
    fn take_spilled(&mut self, now: Now, mut entry: Spilled, result: Result<Digest, String>, out: &mut Vec<Effect>) {
        match result {
            Ok(hash) => {
                entry.hash = Some(hash);
                let text = "the journal does not answer: the rollback is recorded beside it, and goes out now";
                out.push(Effect::tell(Tone::Warn, text));
            }
            Err(why) => {
                let text = format!("the rollback goes out NOT RECORDED: neither journal nor spill take it: {why}");
                out.push(Effect::tell(Tone::Bad, text));
            }
        }
        let (after, hash) = self.link.head();
        let spill = self.spill.get_or_insert_with(|| Spill {
            kept: Box::new(self.session.clone()),
            merged: SpillMerged { after, hash, entries: Vec::new() },
        });
        spill.merged.entries.push(entry.clone());
        self.session = with_spill(&spill.kept, &spill.merged);
        for event in &entry.events {
            self.react(now, event, out);
        }
    }

    /// A spill of an earlier cockpit of this host: it is fact, and waits to be merged.
    pub(super) fn spill_found(&mut self, now: Now, found: SpillMerged, out: &mut Vec<Effect>) {
        let new = |event: &Event| event.confirms().is_some_and(|change| self.session.change(change).is_none());
        if !found.entries.iter().flat_map(|entry| &entry.events).any(new) {
            out.push(Effect::DropSpill);
            return;
        }
        let text = "a rollback that was recorded beside the journal is brought into it";
        out.push(Effect::tell(Tone::Warn, text));
        let mut spill = self.spill.take().unwrap_or_else(|| Spill {
            kept: Box::new(self.session.clone()),
            merged: SpillMerged { entries: Vec::new(), ..found.clone() },
        });
        spill.merged.entries.extend(found.entries.iter().cloned());
        self.session = with_spill(&spill.kept, &spill.merged);
        self.react(now, &Event::SpillMerged(Box::new(found)), out);
        self.spill = Some(spill);
    }

    /// The command that brings the spill into the journal.
    pub(super) fn merge_command(&self) -> Option<Command> {
        let spill = self.spill.as_ref().filter(|_| !flaw::is(Flaw::SpillNotMerged))?;
        Some(Command::MergeSpill { spill: Box::new(spill.merged.clone()) })
    }

    /// Takes a kept entry into the session while a spill waits. Gives the events that set something in motion.
    pub(super) fn fold_beside_spill(&mut self, stamp: &Stamp, events: &[Event], out: &mut Vec<Effect>) -> Vec<Event> {
        let Some(mut spill) = self.spill.take() else { return events.to_vec() };
        spill.kept.apply_entry(stamp, events);
        let all_known = spill
            .merged
            .entries
            .iter()
            .flat_map(|entry| &entry.events)
            .filter_map(Event::confirms)
            .all(|change| spill.kept.change(change).is_some());
        // What the spill has done already is not done again.
        let moves = |event: &Event| {
            if let Event::SpillMerged(merged) = event {
                merged.entries != spill.merged.entries
            } else if let Event::ChangeDispatched { change, .. } = event {
                !spill.holds(*change)
            } else {
                event.confirms().is_none_or(|change| !spill.holds(change))
            }
        };
        let moving: Vec<Event> = events.iter().filter(|event| moves(event)).cloned().collect();
        if all_known {
            self.session = *spill.kept;
            // A file that is being written to is dropped when that is merged, too.
            if self.link.urgent.as_ref().is_none_or(|urgent| urgent.writing.is_none()) {
                out.push(Effect::DropSpill);
            }
            out.push(Effect::tell(Tone::Good, "what was decided while cut off is in the journal now"));
        } else {
            self.session = with_spill(&spill.kept, &spill.merged);
            self.spill = Some(spill);
        }
        moving
    }
}

/// The session with a spill on top. Its head stays the journal's.
fn with_spill(kept: &Session, spill: &SpillMerged) -> Session {
    let mut session = kept.clone();
    if let Some(last) = spill.entries.last() {
        let stamp = Stamp { number: kept.head, at: kept.at, actor: last.actor.clone(), cockpit: last.cockpit };
        session.apply_entry(&stamp, &[Event::SpillMerged(Box::new(spill.clone()))]);
    }
    session
}
