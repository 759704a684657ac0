//! The link to the journal (J1, J2): commands wait in a queue, are decided against the session as it is when their turn
//! comes, and go out as one entry. One append is in flight at a time. Kept is the echo: only then is the entry folded.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::spill::Urgent;
use super::{Appended, Effect, Flight, Tone};
use crate::domain::{ChangeId, Digest, Elapsed, EntryId, GuardId, Now, RequestId};
use crate::entry::Entry;
use crate::session::command::Asked;
use crate::session::flaw::{self, Flaw};
use crate::session::second::AskedAct;
use crate::session::{Command, Event, Stamp, decide};

/// What stands between decisions and the journal.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Commands that were not decided yet.
    pub(super) queue: VecDeque<Waiting>,
    /// The append that was not answered yet.
    pub(super) pending: Option<Pending>,
    /// Why the journal does not answer; `None` while it does.
    pub down: Option<String>,
    /// Why the journal cannot be read on. Nothing is appended any more.
    pub broken: Option<String>,
    /// A rollback that waits for the journal, but not for long.
    pub(super) urgent: Option<Urgent>,
    /// The one after it: a newer rollback, while the first is being written beside the journal.
    pub(super) next_urgent: Option<Urgent>,
    /// Hashes of the newest entries, by number.
    hashes: BTreeMap<u64, Digest>,
    /// Since when a read of the journal was not answered.
    pub(super) reading: Option<Elapsed>,
    /// The highest number that was seen, also of an entry that could not be taken in yet.
    seen_to: u64,
    retry_at: Option<Elapsed>,
}

/// A command that waits for its turn.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    asked: Asked,
    /// Whether a person asked: then a refusal is told, and it is not kept waiting while the journal is away.
    by_person: bool,
}

/// An append on its way.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    entry: Entry,
    waiting: Vec<Waiting>,
    unknown: bool,
}

/// After this nobody is reading the journal any more: it is asked again.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// How many hashes are remembered: a signature names a head of the last minutes.
const HASHES: usize = 512;
/// How long to wait before the journal is asked again.
const RETRY: Duration = Duration::from_secs(1);

impl Link {
    /// Whether anything is on its way into the journal.
    pub fn is_busy(&self) -> bool {
        self.pending.is_some() || !self.queue.is_empty()
    }

    /// The newest entry that was seen and its hash; zeros before the first.
    pub fn head(&self) -> (u64, Digest) {
        self.hashes.last_key_value().map_or((0, Digest::ZERO), |(number, hash)| (*number, *hash))
    }

    /// Hashes of entries before a number, newest last.
    pub(super) fn heads_before(&self, number: u64) -> Vec<(u64, Digest)> {
        self.hashes.range(..number).map(|(number, hash)| (*number, *hash)).collect()
    }

    /// Remembers an entry's hash.
    pub fn remember(&mut self, number: u64, hash: Digest) {
        self.hashes.insert(number, hash);
        while self.hashes.len() > HASHES {
            self.hashes.pop_first();
        }
    }

    /// When something of it is due.
    pub(super) fn wakes_at(&self) -> Option<Elapsed> {
        self.urgent.as_ref().map(|urgent| urgent.until)
    }

    /// Whether a guard's rollback waits for its turn or its answer.
    pub(super) fn fires(&self, guard: &GuardId) -> bool {
        let pending = self.pending.iter().flat_map(|pending| &pending.waiting);
        self.queue.iter().chain(pending).any(|waiting| is_fire_of(&waiting.asked.command, guard))
    }

    /// A rollback goes another way: it is not decided here any more. An append of it that is on its way may still be kept.
    pub(super) fn forget(&mut self, change: ChangeId) {
        self.queue.retain(|waiting| proposal_of(&waiting.asked.command) != Some(change));
        if let Some(pending) = &mut self.pending {
            pending.waiting.retain(|waiting| proposal_of(&waiting.asked.command) != Some(change));
        }
    }
}

impl Flight {
    /// Puts a person's command into the queue.
    pub(super) fn ask(&mut self, now: Now, command: Command) {
        self.enqueue(now, command, true);
    }

    /// Puts a command of the flight's own into the queue: outcomes, drift, proofs.
    pub(super) fn note(&mut self, now: Now, command: Command) {
        self.enqueue(now, command, false);
    }

    fn enqueue(&mut self, now: Now, command: Command, by_person: bool) {
        let asked = self.asked_now(now, command);
        self.link.queue.push_back(Waiting { asked, by_person });
    }

    /// A command of this cockpit.
    pub(super) fn asked_now(&self, now: Now, command: Command) -> Asked {
        Asked {
            actor: self.me.operator.clone(),
            cockpit: self.me.cockpit,
            seat: self.me.seat,
            skew_ms: self.crew.skew_ms(),
            intent_seen: self.crew.intent_seen.map(|at| now.elapsed.since(at)),
            now,
            command,
        }
    }

    /// Decides what waits and sends it out as one entry, unless an append is on its way.
    pub(super) fn pump(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.link.pending.is_some() || self.link.broken.is_some() {
            return;
        }
        if self.link.retry_at.is_some_and(|at| now.elapsed < at) {
            return;
        }
        self.link.retry_at = None;
        let mut events: Vec<Event> = Vec::new();
        let mut waiting = Vec::new();
        // What was decided for this entry is folded into a copy, so that later commands of it are decided on top.
        let mut scratch: Option<crate::session::Session> = None;
        let stamp = self.stamp(now);
        if let Some(command) = self.merge_command() {
            // What was decided beside the journal comes into it first, alone.
            self.merge(now, command, &stamp, out);
            return;
        }
        while let Some(next) = self.link.queue.pop_front() {
            let session = scratch.as_ref().unwrap_or(&self.session);
            let mut asked = Asked { now, ..next.asked.clone() };
            self.renew(&mut asked);
            match decide(session, &self.procedure, &asked) {
                // On top of a command that may yet come to nothing, nothing to do now may be something to do then.
                Ok(decided) if decided.is_empty() => {
                    if scratch.is_some() && !next.by_person {
                        waiting.push(next);
                    }
                }
                Ok(decided) => {
                    if !self.link.queue.is_empty() {
                        let scratch = scratch.get_or_insert_with(|| self.session.clone());
                        scratch.apply_entry(&stamp, &decided);
                        // The entry is not kept yet: what is decided next for it counts from the same head.
                        scratch.head = self.session.head;
                    }
                    events.extend(decided);
                    waiting.push(next);
                }
                // What a person asked is not refused for the sake of something that may yet come to nothing.
                Err(_) if next.by_person && scratch.is_some() => {
                    self.link.queue.push_front(next);
                    break;
                }
                Err(refused) => {
                    if next.by_person || matches!(next.asked.command, Command::TakeBack { .. } | Command::Open { .. }) {
                        self.refuse(&next.asked.command, &refused);
                        out.push(Effect::refused(&refused));
                    } else if scratch.is_some() {
                        waiting.push(next);
                    }
                }
            }
        }
        if !events.is_empty() {
            self.append(now, &stamp, events, waiting, out);
        }
    }

    /// What is known is known at the moment of deciding: a command may have waited for its turn (B2, B3).
    pub(super) fn renew(&self, asked: &mut Asked) {
        asked.skew_ms = self.crew.skew_ms();
        asked.intent_seen = self.crew.intent_seen.map(|at| asked.now.elapsed.since(at));
        if let Some(evidence) = asked.command.evidence_mut() {
            *evidence = self.evidence(asked.now);
        }
        if let Command::SendWave { rest, .. } = &mut asked.command {
            *rest = self.rest(asked.now.elapsed);
        }
        self.renew_stage(asked.now.elapsed, &mut asked.command);
        self.renew_shot(&mut asked.command);
        if let Command::TakeOver { asking, waited, silent, away, .. } = &mut asked.command {
            *asking = self.own_asking();
            (*waited, *silent, *away) = self.signs_of_holder(asked.now.elapsed);
        }
    }

    fn merge(&mut self, now: Now, command: Command, stamp: &Stamp, out: &mut Vec<Effect>) {
        if self.link.down.is_some() {
            return;
        }
        let asked = self.asked_now(now, command);
        match decide(self.kept_session(), &self.procedure, &asked) {
            Ok(events) if !events.is_empty() => self.append(now, stamp, events, Vec::new(), out),
            Ok(_) => {}
            Err(refused) => {
                out.push(Effect::refused(&refused));
                self.link.retry_at = Some(now.elapsed.plus(RETRY * 10));
            }
        }
    }

    fn append(&mut self, now: Now, stamp: &Stamp, events: Vec<Event>, waiting: Vec<Waiting>, out: &mut Vec<Effect>) {
        self.counters.entries += 1;
        let entry = Entry {
            session: self.id,
            number: stamp.number,
            id: EntryId { cockpit: self.me.cockpit, counter: self.counters.entries },
            cockpit: self.me.cockpit,
            actor: self.me.operator.clone(),
            at: stamp.at,
            epoch: self.kept_session().controls.as_ref().map_or(0, |controls| controls.epoch),
            events,
        };
        out.push(Effect::Append(Box::new(entry.clone())));
        if flaw::is(Flaw::DropIntentWait) {
            return self.fold(now, &entry, Digest::ZERO, out);
        }
        self.link.pending = Some(Pending { entry, waiting, unknown: false });
    }

    /// The stamp of the next entry: never before the one before it (S2).
    fn stamp(&self, now: Now) -> Stamp {
        Stamp {
            number: self.session.head + 1,
            at: if flaw::is(Flaw::StampGoesBack) { now.wall } else { now.wall.max(self.session.at) },
            actor: self.me.operator.clone(),
            cockpit: self.me.cockpit,
        }
    }

    pub(super) fn appended(&mut self, now: Now, id: EntryId, answer: Appended, out: &mut Vec<Effect>) {
        let Some(mut pending) = self.link.pending.take_if(|pending| pending.entry.id == id) else { return };
        match answer {
            Appended::Kept { hash } => {
                self.link.down = None;
                self.fold(now, &pending.entry, hash, out);
            }
            Appended::Conflict { .. } => {
                // Somebody was first: read what came, then decide the same commands again.
                self.put_back(pending.waiting);
                self.read_journal(now, out);
                self.link.retry_at = Some(now.elapsed.plus(RETRY));
            }
            Appended::Unknown { .. } if flaw::is(Flaw::UnknownIsLost) => self.put_back(pending.waiting),
            Appended::Unknown { why } => {
                self.link.down = Some(why);
                pending.unknown = true;
                self.link.pending = Some(pending);
                self.read_journal(now, out);
            }
            Appended::Unavailable { why } => {
                let (by_person, own): (Vec<_>, Vec<_>) =
                    pending.waiting.into_iter().partition(|waiting| waiting.by_person);
                let urgent = self.link.urgent.as_ref().map(|urgent| urgent.change);
                for waiting in &by_person {
                    if urgent.is_some() && proposal_of(&waiting.asked.command) == urgent {
                        continue;
                    }
                    self.give_up(&waiting.asked.command, &why);
                    let text = format!("not recorded, so nothing was done: {why}; it can be tried again");
                    out.push(Effect::tell(Tone::Bad, text));
                }
                // What a guard could not do at once a person does (G1).
                let is_fire = |waiting: &Waiting| matches!(waiting.asked.command, Command::FireGuard { .. });
                self.put_back(own.into_iter().filter(|waiting| !is_fire(waiting)).collect());
                self.link.down = Some(why);
                self.link.retry_at = Some(now.elapsed.plus(RETRY));
                // The way back does not wait for what is known to be away (R5).
                if let Some(urgent) = self.link.urgent.as_mut() {
                    urgent.until = now.elapsed;
                }
            }
        }
    }

    fn put_back(&mut self, waiting: Vec<Waiting>) {
        for each in waiting.into_iter().rev() {
            self.link.queue.push_front(each);
        }
    }

    /// Reads what came after the newest entry that is known, unless that is being read already.
    fn read_journal(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.link.reading.is_none_or(|since| now.elapsed.since(since) >= GIVEN_UP) {
            self.link.reading = Some(now.elapsed);
            out.push(Effect::ReadJournal { after: self.session.head });
        }
    }

    /// The journal is not followed: known at once, not only when something is to be written.
    pub(super) fn journal_away(&mut self, now: Now, why: String, out: &mut Vec<Effect>) {
        if self.link.down.is_none() {
            let text = format!("the journal is away, nothing goes forward: {why}; R still goes back");
            out.push(Effect::tell(Tone::Bad, text));
        }
        self.link.down = Some(why);
        self.ask_after_journal(now, out);
    }

    /// A journal that was away is asked whether it is back, also when nothing waits for it.
    pub(super) fn ask_after_journal(&mut self, now: Now, out: &mut Vec<Effect>) {
        let idle = self.link.pending.is_none() && self.link.broken.is_none();
        if self.link.down.is_some() && idle && self.link.retry_at.is_none_or(|at| now.elapsed >= at) {
            self.link.retry_at = Some(now.elapsed.plus(RETRY));
            self.read_journal(now, out);
        }
    }

    /// Takes entries of the journal in, in order; those that are known already are passed over.
    pub(super) fn followed(&mut self, now: Now, entries: Vec<(Entry, Digest)>, is_tail: bool, out: &mut Vec<Effect>) {
        let newest = entries.iter().map(|(entry, _)| entry.number).max().unwrap_or(0);
        for (entry, hash) in entries {
            if entry.number != self.session.head + 1 {
                self.link.seen_to = self.link.seen_to.max(newest);
                if entry.number > self.session.head + 1 {
                    self.link.reading.take_if(|_| is_tail);
                    self.read_journal(now, out);
                    return;
                }
                continue;
            }
            let place_taken = self.link.pending.take_if(|pending| pending.entry.number == entry.number);
            match place_taken {
                Some(pending) if pending.entry.id == entry.id => {
                    self.link.down = None;
                    self.fold(now, &pending.entry, hash, out);
                }
                Some(pending) if pending.unknown => {
                    self.put_back(pending.waiting);
                    self.fold(now, &entry, hash, out);
                }
                // Its own answer, a conflict, is still to come; it is matched by id there.
                Some(pending) => {
                    self.fold(now, &entry, hash, out);
                    self.link.pending = Some(pending);
                }
                None => self.fold(now, &entry, hash, out),
            }
        }
        self.link.reading.take_if(|_| is_tail);
        // What was being read may have been read before the entry that showed the gap.
        if is_tail && self.session.head < self.link.seen_to {
            self.link.seen_to = 0;
            self.read_journal(now, out);
        }
        // The journal was read to its end and the unknown entry is not in it: the same entry is sent once more. Its number
        // guards it, so that at most one of the two is kept.
        if is_tail && self.link.pending.is_none() {
            self.link.down = None;
            self.link.retry_at = None;
        }
        if is_tail && let Some(pending) = self.link.pending.as_mut().filter(|pending| pending.unknown) {
            pending.unknown = false;
            out.push(Effect::Append(Box::new(pending.entry.clone())));
        }
    }

    fn fold(&mut self, now: Now, entry: &Entry, hash: Digest, out: &mut Vec<Effect>) {
        let stamp = entry.stamp();
        self.link.remember(entry.number, hash);
        let beside = self.spill.is_some();
        let moving = if beside {
            self.fold_beside_spill(&stamp, &entry.events, out)
        } else {
            self.session.apply_entry(&stamp, &entry.events);
            Vec::new()
        };
        for event in if beside { &moving } else { &entry.events } {
            self.react(now, event, out);
            self.react_to_people(now, &stamp, event, out);
            self.react_to_approvals(&stamp, event, out);
            self.react_to_guards(&stamp, event, out);
        }
        if entry
            .events
            .iter()
            .any(|event| matches!(event, Event::BaselineAccepted { .. } | Event::RouterRestarted { .. }))
        {
            self.look_at_identities();
        }
        self.tell_of(now, entry, out);
    }

    /// A person's command was refused: what it was about goes back to a stage in which it can be tried again.
    fn refuse(&mut self, command: &Command, refused: &crate::domain::Refused) {
        if let (Some(change), Some(proposing)) = (proposal_of(command), &mut self.proposing) {
            proposing.refused(change, refused);
        }
        self.waiting.take_if(|waiting| request_of(command) == Some(waiting.request) || proposal_of(command).is_some());
    }

    fn give_up(&mut self, command: &Command, why: &str) {
        let refused = crate::domain::Refused::new("D1", "record the intent", why, "try again");
        self.refuse(command, &refused);
    }
}

/// The change that a command confirms, if it does.
#[expect(clippy::wildcard_enum_match_arm, reason = "few of many commands confirm a change")]
fn proposal_of(command: &Command) -> Option<ChangeId> {
    match command {
        Command::Confirm { proposal, .. }
        | Command::RollBack { proposal, .. }
        | Command::MarkAlreadySo { proposal, .. } => Some(proposal.change),
        Command::AskSecond { act, .. } => match &**act {
            AskedAct::Change(proposal) => Some(proposal.change),
            AskedAct::Complete { .. } | AskedAct::Reload { .. } => None,
        },
        _ => None,
    }
}

fn is_fire_of(command: &Command, guard: &GuardId) -> bool {
    if let Command::FireGuard { guard: fires, .. } = command { fires == guard } else { false }
}

/// The request that a command makes, if it does.
fn request_of(command: &Command) -> Option<RequestId> {
    if let Command::AskSecond { request, .. } = command { Some(*request) } else { None }
}
