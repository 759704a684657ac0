//! Reading, each time on a connection and a thread of its own.

use std::collections::VecDeque;
use std::num::NonZero;
use std::thread::{self, ScopedJoinHandle};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::append::{session_id, signed, unclosed, unsigned};
use super::place::Files;
use super::schema::{connect, database_error};
use crate::domain::{Digest, Operator, SessionId, Timestamp};
use crate::entry::{Broken, Chain, History, Kept, Unreadable, open};
use crate::journal::{Closing, JournalError, SessionSummary};

/// How many entries are opened and hashed at a time on one thread.
const CHUNK: usize = 2048;

/// A connection for looking.
pub(super) struct Reader {
    files: Files,
    what: &'static str,
    connection: Connection,
}

/// An entry as it stands in the database.
struct Row {
    number: u64,
    text: Vec<u8>,
    hash: Digest,
}

/// A row with what it says.
type Opened = (Row, Result<Kept, Unreadable>);

/// Runs a look on a thread of its own, so that no worker of the runtime waits for the disk. It starts at once.
pub(super) fn aside<T: Send + 'static>(
    files: &Files,
    what: &'static str,
    look: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
) -> BoxFuture<'static, Result<T, JournalError>> {
    let (answer, answered) = oneshot::channel();
    let place = files.shown();
    let files = files.clone();
    let started = thread::Builder::new().name("journal-reader".to_owned()).spawn(move || {
        // Whoever asked may have stopped waiting.
        drop(answer.send(Reader::new(files, what).and_then(|reader| look(&reader))));
    });
    async move {
        let unavailable = |why: String| JournalError::Unavailable { what, place, why };
        if let Err(error) = started {
            return Err(unavailable(error.to_string()));
        }
        answered.await.unwrap_or_else(|_gone| Err(unavailable("the reader ended without an answer".to_owned())))
    }
    .boxed()
}

impl Reader {
    /// Connects.
    pub(super) fn new(files: Files, what: &'static str) -> Result<Self, JournalError> {
        let connection = connect(&files).map_err(|source| database_error(what, &files, source))?;
        Ok(Self { files, what, connection })
    }

    /// What changes whenever another connection commits.
    pub(super) fn data_version(&self) -> Result<i64, JournalError> {
        self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(|error| self.failed(error))
    }

    /// A chain that stands at an entry, to read on from there.
    pub(super) fn chain_at(&self, session: SessionId, number: u64) -> Result<Chain, JournalError> {
        if number == 0 {
            return Ok(Chain::of(session));
        }
        let found = self
            .connection
            .prepare_cached(
                "SELECT number, text, hash FROM entry
                 WHERE session = (SELECT key FROM session WHERE id = ?1) AND number = ?2",
            )
            .and_then(|mut statement| {
                statement.query_row(params![session.to_string(), signed(number)], row_of).optional()
            })
            .map_err(|error| self.failed(error))?;
        let missing = || JournalError::Missing { place: self.files.shown(), session, number };
        let row = found.ok_or_else(missing)?;
        let kept =
            open(&row.text).map_err(|unreadable| self.broken(session, Broken { number, fault: unreadable.into() }))?;
        Ok(Chain::after(session, number, kept.hash))
    }

    /// Entries after the chain's head, at most so many; the chain moves on with them.
    pub(super) fn batch(&self, session: SessionId, chain: &mut Chain, most: usize) -> Result<History, JournalError> {
        let mut history = History::default();
        self.rows(session, chain.number(), most, |rows| link(chain, &mut history, open_all(rows)))?;
        Ok(history)
    }

    /// All entries from a number on. Long sessions are opened and hashed on several threads while rows are still read.
    pub(super) fn history(&self, session: SessionId, from: u64) -> Result<History, JournalError> {
        let mut chain = self.chain_at(session, from.saturating_sub(1))?;
        let mut history = History::default();
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(4);
        thread::scope(|scope| {
            let mut running: VecDeque<ScopedJoinHandle<'_, Vec<Opened>>> = VecDeque::new();
            let read = self.rows(session, chain.number(), usize::MAX, |rows| {
                if rows.len() < CHUNK && running.is_empty() {
                    return link(&mut chain, &mut history, open_all(rows));
                }
                running.push_back(scope.spawn(move || open_all(rows)));
                running.len() < threads || finish(&mut running, &mut chain, &mut history)
            });
            while !running.is_empty() && finish(&mut running, &mut chain, &mut history) {}
            read
        })?;
        Ok(history)
    }

    /// The unclosed session of a service in an environment.
    pub(super) fn unclosed(&self, service: &str, environment: &str) -> Result<Option<SessionId>, JournalError> {
        unclosed(&self.connection, service, environment).map_err(|error| self.failed(error))
    }

    /// All sessions, newest first.
    pub(super) fn sessions(&self) -> Result<Vec<SessionSummary>, JournalError> {
        let all = self
            .connection
            .prepare_cached(
                "SELECT id, service, environment, opened_ms, opened_by, from_version, to_version, closed_ms, outcome, head
                 FROM session ORDER BY opened_ms DESC, id DESC",
            )
            .and_then(|mut statement| statement.query_map([], summary_of_row)?.collect());
        all.map_err(|error| self.failed(error))
    }

    /// Gives rows after a number in chunks, until `take` says that it has enough.
    fn rows(
        &self,
        session: SessionId,
        after: u64,
        most: usize,
        mut take: impl FnMut(Vec<Row>) -> bool,
    ) -> Result<(), JournalError> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(
                "SELECT number, text, hash FROM entry
                 WHERE session = (SELECT key FROM session WHERE id = ?1) AND number > ?2 ORDER BY number LIMIT ?3",
            )?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![session.to_string(), signed(after), most])?;
            let mut chunk = Vec::with_capacity(CHUNK.min(64));
            while let Some(row) = rows.next()? {
                chunk.push(row_of(row)?);
                if chunk.len() == CHUNK && !take(std::mem::take(&mut chunk)) {
                    return Ok(());
                }
            }
            if !chunk.is_empty() {
                take(chunk);
            }
            Ok(())
        };
        read().map_err(|error| self.failed(error))
    }

    fn failed(&self, source: rusqlite::Error) -> JournalError {
        database_error(self.what, &self.files, source)
    }

    /// A break as an error, for those who cannot go on.
    pub(super) fn broken(&self, session: SessionId, broken: Broken) -> JournalError {
        JournalError::Broken { place: self.files.shown(), session, broken }
    }
}

fn open_all(rows: Vec<Row>) -> Vec<Opened> {
    rows.into_iter()
        .map(|row| {
            let kept = open(&row.text);
            (row, kept)
        })
        .collect()
}

/// Links the oldest chunk that is being opened. False when the chain broke: nothing after it is read.
fn finish(running: &mut VecDeque<ScopedJoinHandle<'_, Vec<Opened>>>, chain: &mut Chain, history: &mut History) -> bool {
    let Some(chunk) = running.pop_front() else { return false };
    match chunk.join() {
        Ok(opened) => link(chain, history, opened),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Links opened rows to the chain. False when it broke.
fn link(chain: &mut Chain, history: &mut History, opened: Vec<Opened>) -> bool {
    for (row, kept) in opened {
        if history.broken.is_some() {
            return false;
        }
        match chain.take(row.number, kept, Some(row.hash)) {
            Ok(kept) => history.entries.push(kept),
            Err(broken) => history.broken = Some(broken),
        }
    }
    history.broken.is_none()
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let text = row.get_ref(1)?.as_bytes()?.to_vec();
    Ok(Row { number: unsigned(row.get(0)?), text, hash: Digest(row.get(2)?) })
}

fn summary_of_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<SessionSummary> {
    let closed: Option<i64> = row.get(7)?;
    let outcome: Option<String> = row.get(8)?;
    let by: String = row.get(4)?;
    Ok(SessionSummary {
        id: session_id(row, 0)?,
        service: row.get(1)?,
        environment: row.get(2)?,
        opened: Timestamp(row.get(3)?),
        by: Operator::new(by),
        from_version: row.get(5)?,
        to_version: row.get(6)?,
        closed: closed.map(|at| Closing { at: Timestamp(at), outcome: outcome.unwrap_or_default() }),
        entries: unsigned(row.get(9)?),
    })
}
