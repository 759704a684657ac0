//! The chain: every entry stands on the one before (J4).

use super::{Kept, Unreadable, open};
use crate::domain::{Digest, SessionId};

/// Where a chain breaks, and how.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("entry {number}: {fault}")]
pub struct Broken {
    /// The place in the journal, from 1.
    pub number: u64,
    /// What is wrong there.
    pub fault: Break,
}

/// The ways in which a chain breaks.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Break {
    /// Another number stands there.
    #[error("the journal is broken: number {found} stands in its place")]
    Gap {
        /// What stands there.
        found: u64,
    },
    /// It does not name the hash of the entry before it.
    #[error("the journal is broken: it does not follow from the entry before it")]
    WrongPrevious,
    /// Its bytes do not give the hash that was kept with them.
    #[error("the journal is broken: its text was changed after it was written")]
    Edited,
    /// It belongs to another session.
    #[error("the journal is broken: it belongs to session {found}")]
    OtherSession {
        /// That session.
        found: SessionId,
    },
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl Broken {
    /// Whether nothing is damaged and a newer flightdeck would read on.
    pub fn is_newer(&self) -> bool {
        matches!(&self.fault, Break::Unreadable(unreadable) if unreadable.is_newer())
    }
}

/// Checks a session's entries, fed in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    session: Option<SessionId>,
    number: u64,
    hash: Digest,
}

impl Chain {
    /// Before the first entry.
    pub fn start() -> Self {
        Self { session: None, number: 0, hash: Digest::ZERO }
    }

    /// After an entry that is trusted already.
    pub fn after(session: SessionId, number: u64, hash: Digest) -> Self {
        Self { session: Some(session), number, hash }
    }

    /// After a session of which nothing was read yet.
    pub fn of(session: SessionId) -> Self {
        Self { session: Some(session), ..Self::start() }
    }

    /// Takes the bytes at a place, with the hash that was kept beside them where the store keeps one.
    ///
    /// # Errors
    /// Where and how the chain breaks; it stays at the last sound entry then.
    pub fn feed(&mut self, number: u64, bytes: &[u8], stated: Option<Digest>) -> Result<Kept, Broken> {
        self.take(number, open(bytes), stated)
    }

    /// Takes what [`open`] gave for the bytes at a place, so that opening can happen elsewhere.
    ///
    /// # Errors
    /// Where and how the chain breaks; it stays at the last sound entry then.
    pub fn take(
        &mut self,
        number: u64,
        opened: Result<Kept, Unreadable>,
        stated: Option<Digest>,
    ) -> Result<Kept, Broken> {
        let place = self.number + 1;
        let at_place = |fault| Broken { number: place, fault };
        if number != place {
            return Err(at_place(Break::Gap { found: number }));
        }
        let kept = opened.map_err(|unreadable| at_place(unreadable.into()))?;
        if stated.is_some_and(|stated| stated != kept.hash) && kept.prev == self.hash {
            return Err(at_place(Break::Edited));
        }
        self.link(&kept)?;
        Ok(kept)
    }

    /// Takes an entry that was opened already.
    ///
    /// # Errors
    /// Where and how the chain breaks; it stays at the last sound entry then.
    pub fn link(&mut self, kept: &Kept) -> Result<(), Broken> {
        let number = self.number + 1;
        let fault = if kept.entry.number != number {
            Some(Break::Gap { found: kept.entry.number })
        } else if self.session.is_some_and(|session| session != kept.entry.session) {
            Some(Break::OtherSession { found: kept.entry.session })
        } else if kept.prev != self.hash {
            Some(Break::WrongPrevious)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(Broken { number, fault });
        }
        *self = Self::after(kept.entry.session, number, kept.hash);
        Ok(())
    }

    /// The number of the last sound entry.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its hash.
    pub fn hash(&self) -> Digest {
        self.hash
    }
}
