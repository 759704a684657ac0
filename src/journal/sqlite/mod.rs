//! The journal of one host: one SQLite database in a directory.
//!
//! - `place` makes the directory and its files with the right modes, and refuses network file systems.
//! - `schema` has the tables, their version, and how a connection is set up.
//! - `writer` is the one thread of this process that appends; it answers only after the sync.
//! - `reader` reads, each time on a connection and a thread of its own.
//! - `follower` waits for the bell and gives what is new.
//! - `presence` is a directory of small files beside the database, and so is `read`, for what one cockpit read for all.
//!
//! # Invariants
//! - WAL with `synchronous=FULL`: a commit that was answered survives a power cut, as far as the disk keeps its word.
//! - The bell (a file beside the database) is rung with one byte *after* each commit. Whoever waits for a change of the
//!   write-ahead log itself wakes before the commit can be seen.
//! - Nothing here runs on the caller's thread but sending a message to a thread.

mod append;
mod follower;
mod place;
mod presence;
mod reader;
mod schema;
mod writer;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use self::place::Files;
use self::presence::Room;
use self::writer::Writer;
use super::{Appended, Durability, JournalError, SessionSummary, Store};
use crate::domain::parcel::Parcel;
use crate::domain::{Presence, SessionId};
use crate::entry::{Entry, History, Kept};

pub use place::Place;

/// A journal in a directory of this host.
pub struct SqliteStore {
    files: Files,
    is_private: bool,
    room: Room<Presence>,
    parcels: Room<Parcel>,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the journal in a directory, making it where it is not there. Blocks for some file operations: call it before
    /// the loop starts, or where blocking is allowed.
    ///
    /// # Errors
    /// When the directory or the database cannot be made or opened, is on a network file system, or was written by a
    /// newer flightdeck.
    pub fn open(place: &Place) -> Result<Self, JournalError> {
        let files = Files::prepare(place)?;
        let connection = schema::open_and_migrate(&files)?;
        let writer = Writer::start(files.clone(), connection)?;
        let is_private = place.is_private();
        let room = Room::beside(&files.database, is_private);
        let parcels = Room::beside(&files.database, is_private);
        Ok(Self { files, is_private, room, parcels, writer })
    }
}

impl Store for SqliteStore {
    fn durability(&self) -> Durability {
        Durability::Synced
    }

    fn is_private(&self) -> bool {
        self.is_private
    }

    fn place(&self) -> String {
        self.files.shown()
    }

    fn append(&self, entry: Entry) -> BoxFuture<'_, Appended> {
        self.writer.append(entry).boxed()
    }

    fn read(&self, session: SessionId, from: u64) -> BoxFuture<'_, Result<History, JournalError>> {
        reader::aside(&self.files, "read", move |reader| reader.history(session, from))
    }

    fn follow(&self, session: SessionId, after: u64) -> BoxStream<'static, Result<Vec<Kept>, JournalError>> {
        follower::follow(self.files.clone(), session, after)
    }

    fn unclosed<'a>(
        &'a self,
        service: &'a str,
        environment: &'a str,
    ) -> BoxFuture<'a, Result<Option<SessionId>, JournalError>> {
        let (service, environment) = (service.to_owned(), environment.to_owned());
        reader::aside(&self.files, "look for an unclosed session in", move |reader| {
            reader.unclosed(&service, &environment)
        })
    }

    fn sessions(&self) -> BoxFuture<'_, Result<Vec<SessionSummary>, JournalError>> {
        reader::aside(&self.files, "list the sessions in", reader::Reader::sessions)
    }

    fn announce(&self, session: SessionId, presence: Presence) -> BoxFuture<'_, ()> {
        self.room.announce(session, presence)
    }

    fn presence(&self, session: SessionId) -> BoxStream<'static, Presence> {
        self.room.listen(session)
    }

    fn share(&self, session: SessionId, parcel: Parcel) -> BoxFuture<'_, ()> {
        self.parcels.announce(session, parcel)
    }

    fn shared(&self, session: SessionId) -> BoxStream<'static, Parcel> {
        self.parcels.listen(session)
    }

    fn clock_offset(&self) -> BoxFuture<'_, Option<i64>> {
        // Everybody is on this host.
        async move { Some(0) }.boxed()
    }
}
