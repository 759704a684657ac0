//! The stored form of the journal: envelope, format version, chain. Pure.
//!
//! - [`Entry`] is what a cockpit appends; [`seal`] turns it into the bytes that a store keeps, [`open`] reads such bytes.
//! - [`Chain`] checks entries in their order: numbers without gaps, one session, every hash over what stands before (J4).
//! - [`History`] is what was read of a session: its entries, and why reading ended early where it did.
//!
//! # Format 1
//!
//! One JSON object per entry, on one line:
//! `{"format":1,"session","number","prev","id":{"cockpit","counter"},"cockpit","actor","at","epoch","events":[{"event","data"}]}`.
//! The entry's hash is SHA-256 over [`TAG`], the previous entry's hash (32 bytes; zeros before the first) and the stored
//! bytes, never a re-encoding. An event of a kind that this version does not know ends the reading, *written by a newer
//! flightdeck*, unless it carries `"skippable":true` beside its kind. A new meaning needs a new kind or a new format;
//! old entries are never rewritten.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod chain;
mod kind;
mod stored;

use std::sync::Arc;

use crate::domain::{CockpitId, Digest, EntryId, Operator, SessionId, Timestamp};
use crate::session::{Event, Session, Stamp};

pub use chain::{Break, Broken, Chain};
pub use kind::{KINDS, kind};
pub use stored::{FORMAT, Sealed, TAG, Unreadable, Unsealable, hash, open, seal};

/// One entry: the unit of append, whole or not at all (J1). Its hash chain is added where it is sealed for a store.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The session.
    pub session: SessionId,
    /// Its number, from 1, without gaps (J3).
    pub number: u64,
    /// Its id, by which its writer recognises it.
    pub id: EntryId,
    /// The cockpit that wrote it.
    pub cockpit: CockpitId,
    /// Who.
    pub actor: Operator,
    /// When: never before the entry before it (S2).
    pub at: Timestamp,
    /// The epoch of the controls when it was decided; 0 before the first.
    pub epoch: u64,
    /// What happened.
    pub events: Vec<Event>,
}

impl Entry {
    /// What the entry says about all of its events.
    pub fn stamp(&self) -> Stamp {
        Stamp { number: self.number, at: self.at, actor: self.actor.clone(), cockpit: self.cockpit }
    }
}

/// An entry as a store keeps it.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    /// The entry, without the events that were skipped.
    pub entry: Entry,
    /// The hash of the entry before, as these bytes name it; zeros before the first.
    pub prev: Digest,
    /// The hash over the stored bytes.
    pub hash: Digest,
    /// The stored bytes, exactly: what is kept elsewhere is kept as it was.
    pub stored: Arc<[u8]>,
    /// Kinds of events that this version does not know and may skip.
    pub skipped: Vec<String>,
}

/// What was read of one session, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Every entry up to the end, or up to where the chain breaks.
    pub entries: Vec<Kept>,
    /// Why reading ended early. The session is read-only then, and rolling back stays possible (J4).
    pub broken: Option<Broken>,
}

impl History {
    /// Takes entries that were opened one by one, from number 1, and checks that they are linked.
    pub fn link(entries: Vec<Kept>) -> Self {
        let mut chain = Chain::start();
        let broken = entries.iter().find_map(|kept| chain.link(kept).err());
        let sound = usize::try_from(chain.number()).unwrap_or(usize::MAX);
        Self { entries: entries.into_iter().take(sound).collect(), broken }
    }

    /// The session as these entries have it.
    pub fn fold(&self) -> Session {
        let mut session = Session::default();
        for kept in &self.entries {
            session.apply_entry(&kept.entry.stamp(), &kept.entry.events);
        }
        session
    }

    /// The number and hash of the last sound entry; 0 and zeros before the first.
    pub fn head(&self) -> (u64, Digest) {
        self.entries.last().map_or((0, Digest::ZERO), |kept| (kept.entry.number, kept.hash))
    }
}
