//! The store: it keeps, refuses, falls silent, answers late and twice, and is followed.

use super::*;

/// What is kept, in order, and the session that it gives.
#[derive(Default)]
pub struct Store {
    pub entries: Vec<Kept>,
    pub ids: BTreeSet<EntryId>,
    pub mood: Mood,
    pub fold: Session,
}

/// An entry as kept.
pub struct Kept {
    pub entry: Entry,
    pub hash: Digest,
    /// The true time.
    pub at: u64,
}

#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub enum Mood {
    #[default]
    Well,
    Unavailable,
    LosesAnswers,
}

fn hash_of(entry: &Entry) -> Digest {
    let mut hash = [1; 32];
    hash[..8].copy_from_slice(&entry.number.to_le_bytes());
    hash[8..12].copy_from_slice(&entry.id.counter.to_le_bytes());
    hash[16..].copy_from_slice(&entry.cockpit.0.as_u128().to_le_bytes());
    Digest(hash)
}

impl World {
    fn is_away(&self, at: usize) -> bool {
        self.store.mood == Mood::Unavailable || self.cockpits[at].cut_off
    }

    pub fn serve_append(&mut self, at: usize, entry: Entry) {
        let id = entry.id;
        if !self.cockpits[at].alive {
            // It had left the process, or it had not.
            if self.random.chance(50) {
                self.land(entry);
            }
            return;
        }
        let answer = if self.is_away(at) {
            self.seen.mark("store unavailable");
            if self.random.chance(75) { unavailable() } else { self.lose(entry, false) }
        } else if self.store.mood == Mood::LosesAnswers && self.random.chance(50) {
            let kept = self.random.chance(50);
            self.lose(entry, kept)
        } else {
            self.land(entry)
        };
        if matches!(answer, Appended::Conflict { .. }) {
            self.seen.mark("conflict");
        }
        let delay = if self.random.chance(4) { self.random.below(1_500) } else { self.random.below(10) };
        if self.random.chance(3) {
            self.seen.mark("answered twice");
            let again = delay + self.random.below(800);
            self.answer(at, again, Msg::Appended { entry: id, answer: answer.clone() });
        }
        self.answer(at, delay, Msg::Appended { entry: id, answer });
    }

    /// No answer comes: it was kept, was not, or is kept later.
    fn lose(&mut self, entry: Entry, kept: bool) -> Appended {
        if kept {
            if matches!(self.land(entry), Appended::Kept { .. }) {
                self.seen.mark("store unknown, kept");
            }
        } else if self.random.chance(50) {
            let late = 200 + self.random.below(2_500);
            self.later(late, Due::LateAppend(Box::new(entry)));
        } else {
            self.seen.mark("store unknown, lost");
        }
        Appended::Unknown { why: "the answer was lost".to_owned() }
    }

    pub fn serve_late_append(&mut self, entry: Entry) {
        let known = self.store.ids.contains(&entry.id);
        if self.store.mood != Mood::Unavailable && matches!(self.land(entry), Appended::Kept { .. }) && !known {
            self.seen.mark("kept after its answer was given up");
        }
    }

    /// An append arrives: the number guards it, and an id is kept once.
    fn land(&mut self, mut entry: Entry) -> Appended {
        let head = self.store.fold.head;
        if self.store.ids.contains(&entry.id) {
            let kept = self.store.entries.iter().find(|kept| kept.entry.id == entry.id);
            return Appended::Kept { hash: kept.map_or(Digest::ZERO, |kept| kept.hash) };
        }
        if flaw::is(Flaw::SkipGuard) {
            entry.number = head + 1;
        }
        if entry.number != head + 1 {
            return Appended::Conflict { head };
        }
        let hash = hash_of(&entry);
        self.keep(entry, hash);
        Appended::Kept { hash }
    }

    fn keep(&mut self, entry: Entry, hash: Digest) {
        self.check_entry(&entry);
        self.store.ids.insert(entry.id);
        self.store.entries.push(Kept { entry, hash, at: self.time });
        for other in self.alive() {
            if self.cockpits[other].cut_off {
                continue;
            }
            let late = !self.healed && self.random.chance(5);
            if late {
                self.seen.mark("followed late");
            }
            let delay = if late { 300 + self.random.below(2_000) } else { self.random.below(30) };
            self.later(delay, Due::Follow(other));
        }
    }

    /// The follower of one cockpit goes on from where it was, or from a little before.
    pub fn serve_follower(&mut self, at: usize) {
        if !self.cockpits[at].alive || self.cockpits[at].cut_off {
            return;
        }
        if self.store.mood == Mood::Unavailable {
            return self.later(300, Due::Follow(at));
        }
        let (mut from, to) = (self.cockpits[at].followed + 1, self.store.fold.head);
        if from > to {
            return;
        }
        self.cockpits[at].followed = to;
        if !self.healed && from > 3 && self.random.chance(3) {
            self.seen.mark("followed twice");
            from -= 1 + self.random.below(3);
        }
        if !self.healed && from < to && self.random.chance(10) {
            self.seen.mark("followed out of order");
            let late = 200 + self.random.below(1_000);
            self.later(late, Due::Batch(at, from, from));
            from += 1;
        }
        self.deliver(at, from, to);
    }

    pub fn deliver(&mut self, at: usize, from: u64, to: u64) {
        let entries = self.entries(from, to);
        self.tell(at, Msg::Followed { entries, is_tail: false });
    }

    fn entries(&self, from: u64, to: u64) -> Vec<(Entry, Digest)> {
        let wanted = self.store.entries.iter().filter(|kept| (from..=to).contains(&kept.entry.number));
        wanted.map(|kept| (kept.entry.clone(), kept.hash)).collect()
    }

    /// Reads until the store answers.
    pub fn serve_journal(&mut self, at: usize, after: u64) {
        if !self.cockpits[at].alive {
            return;
        }
        if self.is_away(at) {
            return self.later(200, Due::ReadJournal(at, after));
        }
        let entries = self.entries(after + 1, self.store.fold.head);
        let delay = if self.random.chance(5) { self.random.below(700) } else { self.random.below(10) };
        self.answer(at, delay, Msg::Followed { entries, is_tail: true });
    }
}

fn unavailable() -> Appended {
    Appended::Unavailable { why: "away".to_owned() }
}
