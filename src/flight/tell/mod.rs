//! Telling people outside: from entries that are kept, and that this cockpit itself appended, so that exactly one cockpit
//! tells of each. [`news`] says what an event is worth telling.
//!
//! What a cockpit that ends had not told yet, nobody tells: told once at most. What came of telling that a session was closed
//! is shown and stands in no journal, for a closed one takes no more entries.
//!
//! Invariants: nothing waits for a telling, and no telling is asked for before everything else that an entry sets in motion;
//! each notifier is told in the order of the journal, one thing at a time; what came of a telling is written down only while
//! nothing else is under way, so that no intent ever waits for that entry.

mod news;

use std::collections::{BTreeMap, VecDeque};

use super::{Effect, Flight, Tone};
use crate::domain::notify::{Notified, Occasion, TellOutcome, ToTell};
use crate::domain::{NotifierId, Now, Timestamp};
use crate::entry::Entry;
use crate::session::command::Command;
use crate::session::event::Told;

/// How many tellings may wait for one notifier; the oldest give way, and are shown as not told.
const MOST_WAITING: usize = 100;
/// How many that could not be told are kept to be shown and told again.
const MOST_FAILED: usize = 100;

/// What is being told, was told, and could not be.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tellings {
    lanes: BTreeMap<NotifierId, Lane>,
    /// What could not be told, oldest first.
    pub failed: Vec<Failed>,
    /// How many were told by this cockpit.
    pub told: u32,
    /// What came of tellings and is not written down yet.
    notes: Vec<Told>,
}

/// One notifier's.
#[derive(Clone, PartialEq, Debug, Default)]
struct Lane {
    waiting: VecDeque<ToTell>,
    /// The one that is being told.
    out: Option<ToTell>,
    /// What the notifier gave for the newest telling.
    reference: Option<String>,
}

/// Something that could not be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Failed {
    /// What.
    pub to_tell: ToTell,
    /// Whether it is known that it was not told.
    pub outcome: TellOutcome,
    /// Why, and what to do.
    pub why: String,
    /// Since when.
    pub at: Timestamp,
}

impl Tellings {
    /// Whether anything is being told or waits for its turn.
    pub fn is_busy(&self) -> bool {
        self.lanes.values().any(|lane| lane.out.is_some() || !lane.waiting.is_empty())
    }

    /// What is being told now, and how many more wait for the same notifier.
    pub fn under_way(&self) -> impl Iterator<Item = (&ToTell, usize)> {
        self.lanes.values().filter_map(|lane| Some((lane.out.as_ref()?, lane.waiting.len())))
    }

    /// Puts one into its lane; what has no room any more is given back.
    fn queue(&mut self, to_tell: ToTell) -> Option<ToTell> {
        let lane = self.lanes.entry(to_tell.notifier.clone()).or_default();
        lane.waiting.push_back(to_tell);
        if lane.waiting.len() > MOST_WAITING { lane.waiting.pop_front() } else { None }
    }

    fn fail(&mut self, failed: Failed) {
        self.failed.retain(|each| each.to_tell.key != failed.to_tell.key);
        self.failed.push(failed);
        let over = self.failed.len().saturating_sub(MOST_FAILED);
        self.failed.drain(..over);
    }
}

impl Flight {
    /// An entry was kept: whoever appended it tells of it.
    pub(super) fn tell_of(&mut self, now: Now, entry: &Entry, out: &mut Vec<Effect>) {
        if entry.cockpit != self.me.cockpit || self.procedure.notifiers.is_empty() {
            return;
        }
        let mut place = 0_u32;
        for news in news::of_entry(&self.session, &self.procedure, self.id, entry) {
            place += 1;
            let wanted = self.procedure.notifiers.iter().filter(|notifier| notifier.on.contains(&news.occasion));
            let wanted: Vec<NotifierId> = wanted.map(|notifier| notifier.id.clone()).collect();
            for notifier in wanted {
                let key = format!("{}/{}.{place}/{notifier}", self.id, entry.number);
                let to_tell = ToTell { notifier, key, news: news.clone(), reference: None };
                if let Some(dropped) = self.tellings.queue(to_tell) {
                    self.give_up_telling(now, dropped, out);
                }
            }
        }
        self.tell_next(out);
    }

    fn give_up_telling(&mut self, now: Now, to_tell: ToTell, out: &mut Vec<Effect>) {
        let words = format!("more than {MOST_WAITING} tellings waited for it; see why it is so slow");
        self.came_of_telling(now, to_tell, Notified { outcome: TellOutcome::NotTold, words, reference: None }, out);
    }

    /// Begins the next telling of every notifier that is at none.
    fn tell_next(&mut self, out: &mut Vec<Effect>) {
        for (notifier, lane) in self.tellings.lanes.iter_mut().filter(|(_, lane)| lane.out.is_none()) {
            let Some(mut next) = lane.waiting.pop_front() else { continue };
            next.reference = lane.reference.clone().or_else(|| self.session.told.get(notifier).cloned());
            lane.out = Some(next.clone());
            out.push(Effect::Notify(Box::new(next)));
        }
    }

    /// What came of a telling.
    pub(super) fn notified(
        &mut self,
        now: Now,
        notifier: &NotifierId,
        key: &str,
        came: Notified,
        out: &mut Vec<Effect>,
    ) {
        let Some(lane) = self.tellings.lanes.get_mut(notifier) else { return };
        let Some(told) = lane.out.take_if(|told| told.key == key) else { return };
        if came.reference.is_some() {
            lane.reference.clone_from(&came.reference);
        }
        self.came_of_telling(now, told, came, out);
        self.tell_next(out);
    }

    fn came_of_telling(&mut self, now: Now, to_tell: ToTell, came: Notified, out: &mut Vec<Effect>) {
        let Notified { outcome, words, reference } = came;
        self.tellings.notes.push(Told {
            notifier: to_tell.notifier.clone(),
            what: to_tell.news.occasion,
            entry: to_tell.news.entry,
            outcome,
            words: words.clone(),
            reference,
        });
        match outcome {
            TellOutcome::Told => {
                self.tellings.told += 1;
                self.tellings.failed.retain(|each| each.to_tell.key != to_tell.key);
            }
            TellOutcome::NotTold | TellOutcome::Unknown => {
                let (notifier, occasion) = (&to_tell.notifier, to_tell.news.occasion);
                let what =
                    if outcome == TellOutcome::Unknown { "may not have been told of" } else { "was not told of" };
                out.push(Effect::tell(Tone::Warn, format!("{notifier} {what} `{occasion}`: {words}")));
                self.tellings.fail(Failed { to_tell, outcome, why: words, at: now.wall });
            }
        }
    }

    /// Tells again what could not be told, in its order.
    pub(super) fn tell_again(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.tellings.failed.is_empty() {
            out.push(Effect::tell(Tone::Plain, "nothing waits to be told again"));
            return;
        }
        for failed in std::mem::take(&mut self.tellings.failed) {
            if let Some(dropped) = self.tellings.queue(failed.to_tell) {
                self.give_up_telling(now, dropped, out);
            }
        }
        self.tell_next(out);
    }

    /// Writes down what came of tellings, while nothing is under way that an entry could delay.
    pub(super) fn note_tellings(&mut self, now: Now) {
        let quiet = self.session.in_flight().is_none()
            && self.executing.is_empty()
            && self.proposing.is_none()
            && self.waiting.is_none()
            && self.spill.is_none()
            && self.link.urgent.is_none()
            && self.link.down.is_none()
            && self.link.broken.is_none()
            && !self.link.is_busy();
        if quiet {
            self.note_all_tellings(now);
        }
    }

    /// Writes it down in any case: it is the last time that it can be.
    pub(super) fn note_all_tellings(&mut self, now: Now) {
        let notes = std::mem::take(&mut self.tellings.notes);
        // After a session is closed nothing is written into its journal any more.
        if self.session.is_open() {
            for told in notes {
                self.note(now, Command::NoteTold(Box::new(told)));
            }
        }
    }

    /// What is told and what could not be, as lines for people: what is wrong first.
    pub fn telling_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for failed in &self.tellings.failed {
            let ToTell { notifier, news, .. } = &failed.to_tell;
            let (at, word) = (failed.at.clock(), failed.outcome.word());
            lines
                .push(format!("✗ {at} {notifier}: `{}` of entry {} {word}: {}", news.occasion, news.entry, failed.why));
        }
        for (to_tell, more) in self.tellings.under_way() {
            let more = if more == 0 { String::new() } else { format!(", {more} more wait") };
            lines.push(format!("… {}: `{}` is being told{more}", to_tell.notifier, to_tell.news.occasion));
        }
        for notifier in &self.procedure.notifiers {
            let on: Vec<&str> = notifier.on.iter().map(|occasion: &Occasion| occasion.word()).collect();
            lines.push(format!("  {} ({}): {}", notifier.id, notifier.kind, on.join(", ")));
        }
        lines
    }
}
