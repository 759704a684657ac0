//! Where entries are kept: the only truth about what was decided and done.
//!
//! - [`Store`] is what every journal can do; `tests/it/journal/` holds every store to it.
//! - [`SqliteStore`] keeps sessions in one SQLite database, for one host.
//! - [`nats`] keeps them in a JetStream stream, for several (feature `nats`).
//! - [`Spill`] is the file beside it for a rollback that could not wait (R5).
//! - [`MemoryStore`] keeps them in this process, for tests and simulations, with scripted faults.
//!
//! # The contract
//!
//! A store MUST:
//! - keep an entry whole or not at all, and only at the number that follows the newest one (J1);
//! - answer [`Appended::Kept`] only after the entry is as safe as [`Store::durability`] says (J5);
//! - answer [`Appended::Unavailable`] only when nothing was kept and nothing will be; whenever it cannot know, answer
//!   [`Appended::Unknown`];
//! - keep an entry once, however often the same entry id is appended, and answer with the number it has;
//! - open a session only where its service and environment have no unclosed one (J7);
//! - hash and check the bytes as they are kept (J4), and say where a chain breaks;
//! - give a follower every entry after a number once and in order, its own entries too;
//! - never block the thread that calls it.
//!
//! A future that is dropped does not take an append back: whoever stops waiting for one does not know what became of it.

mod error;
mod memory;
#[cfg(feature = "nats")]
pub mod nats;
pub mod spill;
pub mod sqlite;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::domain::parcel::Parcel;
use crate::domain::{Digest, Operator, Presence, SessionId, Timestamp};
use crate::entry::{Entry, History, Kept};
use crate::session::Event;

pub use crate::domain::Durability;
pub use error::JournalError;
pub use memory::{Fault, MemoryStore};
#[cfg(feature = "nats")]
pub use nats::NatsStore;
pub use spill::Spill;
pub use sqlite::{Place, SqliteStore};

/// One journal, with the sessions that it keeps.
pub trait Store: Send + Sync {
    /// How safe a kept entry is (J5).
    fn durability(&self) -> Durability;

    /// Whether nobody else can join: the header says `SOLO, this host only` (J7).
    fn is_private(&self) -> bool;

    /// Where it is, for people.
    fn place(&self) -> String;

    /// Appends an entry. Its number is the newest one plus one, and a first entry opens its session.
    fn append(&self, entry: Entry) -> BoxFuture<'_, Appended>;

    /// Reads a session from entry `from` on, checking the chain. A session that is not there has no entries.
    ///
    /// # Errors
    /// When the store cannot be read, or does not hold the entry before `from`. A broken chain is no error: what stands
    /// before the break is given, with [`History::broken`].
    fn read(&self, session: SessionId, from: u64) -> BoxFuture<'_, Result<History, JournalError>>;

    /// Follows a session: every entry after number `after`, in order and in batches, as they are kept by whomever. Trouble
    /// is given once and followed through, but a broken chain or a missing entry ends the stream. Needs no runtime to be
    /// called, only to be polled.
    fn follow(&self, session: SessionId, after: u64) -> BoxStream<'static, Result<Vec<Kept>, JournalError>>;

    /// The unclosed session of a service in an environment, if any (J7).
    ///
    /// # Errors
    /// When the store cannot be read.
    fn unclosed<'a>(
        &'a self,
        service: &'a str,
        environment: &'a str,
    ) -> BoxFuture<'a, Result<Option<SessionId>, JournalError>>;

    /// Every session, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<SessionSummary>, JournalError>>;

    /// Tells the other cockpits of a session that this one is there (J6). Best effort: nothing is kept, and nobody learns
    /// whether it arrived. Called every two seconds, when something of it changes, and on leaving.
    fn announce(&self, session: SessionId, presence: Presence) -> BoxFuture<'_, ()>;

    /// What the cockpits of a session announce, as it comes, one's own too. It may be lost, late or double: whoever has
    /// not been heard of for some seconds is taken for gone. Needs no runtime to be called, only to be polled.
    fn presence(&self, session: SessionId) -> BoxStream<'static, Presence>;

    /// Shows the other cockpits of a session what this one has read of a source that is asked by one for all (J6). Best
    /// effort, as an announcement.
    fn share(&self, session: SessionId, parcel: Parcel) -> BoxFuture<'_, ()>;

    /// What the cockpits of a session share, as it comes, one's own too. It may be lost, late or double. Needs no runtime to
    /// be called, only to be polled.
    fn shared(&self, session: SessionId) -> BoxStream<'static, Parcel>;

    /// What must be added to this host's clock to have the store's, in milliseconds (S2); `None` when that cannot be told.
    fn clock_offset(&self) -> BoxFuture<'_, Option<i64>>;
}

/// The answer to an append (J1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It stands in the journal, now or since an earlier append with the same id.
    Kept {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: Digest,
    },
    /// Another entry stands there, or one before it is missing. Nothing was kept.
    Conflict {
        /// The newest number.
        head: u64,
    },
    /// The service has an unclosed session in that environment already (J7). Nothing was kept.
    AlreadyOpen(
        /// That session.
        SessionId,
    ),
    /// The journal cannot take it now. Nothing was kept and nothing will be.
    Unavailable(
        /// What was seen, and what to do.
        String,
    ),
    /// It may have been kept or not: read until its id, or another entry at its place, is found. Appending the same entry
    /// again is safe.
    Unknown(
        /// What was seen instead of an answer.
        String,
    ),
}

/// One session in the list of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// By whom.
    pub by: Operator,
    /// The version that ran, as the operator said; empty when not said.
    pub from_version: String,
    /// The version that was to run; empty when not said.
    pub to_version: String,
    /// How it ended; `None` while it is unclosed.
    pub closed: Option<Closing>,
    /// How many entries it has.
    pub entries: u64,
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// What the operator said it came to.
    pub outcome: String,
}

/// The summary that a first entry gives; `None` when it does not open a session.
fn summary_of(entry: &Entry) -> Option<SessionSummary> {
    let opened = entry.events.iter().find_map(|event| match event {
        Event::SessionOpened(opened) => Some(opened),
        _ => None,
    })?;
    Some(SessionSummary {
        id: entry.session,
        service: opened.service.clone(),
        environment: opened.environment.clone(),
        opened: entry.at,
        by: entry.actor.clone(),
        from_version: opened.from_version.clone(),
        to_version: opened.to_version.clone(),
        closed: closing_of(entry),
        entries: 1,
    })
}

/// How an entry ends its session; `None` when it does not.
fn closing_of(entry: &Entry) -> Option<Closing> {
    entry.events.iter().find_map(|event| match event {
        Event::SessionClosed { outcome, .. } => Some(Closing { at: entry.at, outcome: outcome.clone() }),
        _ => None,
    })
}

/// What an entry is told that begins a journal without opening a session.
const NOT_AN_OPENING: &str = "entry 1 must open its session; this is a fault of the program";
