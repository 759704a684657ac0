//! What one subject holds, folded as far as it was read: the sessions of a service in an environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::api::{NoAnswer, Stored};
use super::feed::Feed;
use super::link::{Link, Silence};
use crate::domain::{Digest, EntryId, SessionId};
use crate::entry::{Broken, Chain, History, Kept, Unreadable};
use crate::journal::{NOT_AN_OPENING, SessionSummary, closing_of, summary_of};

/// So many messages are read one by one before a consumer is worth its making.
const FEW: usize = 8;

/// The fold of one subject.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// The sequence of its last message that was read; 0 before the first. The guard of the next append.
    pub(super) last: u64,
    /// Its sessions.
    pub(super) sessions: BTreeMap<SessionId, Journal>,
    /// Sessions whose first entry cannot be read, and why.
    pub(super) orphans: BTreeMap<SessionId, Broken>,
}

/// One session of a subject.
#[derive(Debug)]
pub(super) struct Journal {
    /// What it is.
    pub(super) summary: SessionSummary,
    /// Its entries, from number 1.
    pub(super) entries: Vec<Place>,
    /// Where its chain breaks. Nothing is appended then.
    pub(super) broken: Option<Broken>,
    chain: Chain,
    /// Every entry of a session in progress, until somebody reads it: whoever joins looks first and reads then, and what
    /// was opened for the look need not be fetched again. `None` afterwards.
    unread: Option<Vec<Kept>>,
}

/// Where an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// Its id.
    pub(super) id: EntryId,
    /// Its hash.
    pub(super) hash: Digest,
    /// Its message's sequence in the stream.
    pub(super) sequence: u64,
}

impl Tail {
    /// Takes the next message of the subject.
    pub(super) fn take(&mut self, message: &Stored) {
        self.last = self.last.max(message.sequence);
        let Some(session) = message.session else {
            tracing::warn!(sequence = message.sequence, subject = message.subject, "a message is no entry of ours");
            return;
        };
        let known = self.sessions.get_mut(&session);
        if known.as_ref().is_some_and(|journal| journal.broken.is_some()) {
            return;
        }
        let mut chain = known.as_ref().map_or_else(|| Chain::of(session), |journal| journal.chain.clone());
        let number = chain.number() + 1;
        let place = |kept: &Kept| Place { id: kept.entry.id, hash: kept.hash, sequence: message.sequence };
        match (chain.feed(number, &message.bytes, message.hash), known) {
            (Ok(kept), Some(journal)) => {
                journal.entries.push(place(&kept));
                journal.summary.entries = number;
                journal.summary.closed = closing_of(&kept.entry).or(journal.summary.closed.take());
                journal.chain = chain;
                match &mut journal.unread {
                    Some(unread) if journal.summary.closed.is_none() => unread.push(kept),
                    unread => *unread = None,
                }
            }
            (Ok(kept), None) => {
                if let Some(summary) = summary_of(&kept.entry) {
                    let entries = vec![place(&kept)];
                    let journal = Journal { summary, entries, broken: None, chain, unread: Some(vec![kept]) };
                    self.sessions.insert(session, journal);
                } else {
                    let why = NOT_AN_OPENING.to_owned();
                    self.orphans.insert(session, Broken { number, fault: Unreadable::NotAnEntry { why }.into() });
                }
            }
            (Err(broken), Some(journal)) => journal.broken = Some(broken),
            (Err(broken), None) => drop(self.orphans.entry(session).or_insert(broken)),
        }
    }

    /// The session that is not closed.
    pub(super) fn unclosed(&self) -> Option<SessionId> {
        self.sessions.values().find(|journal| journal.summary.closed.is_none()).map(|journal| journal.summary.id)
    }

    /// Reads on to the end as the leader has it.
    pub(super) async fn catch_up(&mut self, link: &Arc<Link>, stream: &str, subject: &str) -> Result<(), NoAnswer> {
        if self.last > 0 {
            for _ in 0..FEW {
                match link.next(stream, subject, self.last + 1).await? {
                    Some(message) => self.take(&message),
                    None => return Ok(()),
                }
            }
        }
        let Some(end) = link.last(stream, subject).await?.map(|last| last.sequence) else { return Ok(()) };
        if end <= self.last {
            return Ok(());
        }
        let from = self.last + 1;
        read_to(link, stream, subject, from, end, |message| self.take(&message)).await
    }
}

impl Journal {
    /// Where the entry with an id is, with its number.
    pub(super) fn find(&self, id: EntryId) -> Option<(u64, Place)> {
        let index = self.entries.iter().rposition(|place| place.id == id)?;
        Some((index as u64 + 1, *self.entries.get(index)?))
    }

    /// The whole session, if nobody has read it yet.
    pub(super) fn first_reading(&mut self) -> Option<History> {
        Some(History { entries: self.unread.take()?, broken: self.broken.clone() })
    }

    /// Lets go of what nobody read.
    pub(super) fn forget_unread(&mut self) {
        self.unread = None;
    }

    /// The entry with a number.
    pub(super) fn place(&self, number: u64) -> Option<Place> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.entries.get(index).copied()
    }
}

/// Gives the messages of a subject from one sequence to another, both included.
pub(super) async fn read_to(
    link: &Arc<Link>,
    stream: &str,
    subject: &str,
    from: u64,
    end: u64,
    mut take: impl FnMut(Stored),
) -> Result<(), NoAnswer> {
    let mut feed = Feed::open(link.clone(), stream, subject, from).await?;
    let mut taken = 0_u32;
    loop {
        match feed.next().await {
            Ok(None) => {}
            Ok(Some(message)) => {
                let is_last = message.sequence >= end;
                if message.sequence <= end {
                    take(message);
                }
                if is_last {
                    feed.close().await;
                    return Ok(());
                }
                taken += 1;
                if taken.is_multiple_of(128) {
                    // Opening entries takes time that other tasks of this thread may need.
                    tokio::task::yield_now().await;
                }
            }
            Err(why) => return Err(NoAnswer::Silence(Silence::Unanswered(why))),
        }
    }
}
