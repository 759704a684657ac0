//! One entry into the database, in one transaction.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, named_params, params};

use super::place::Files;
use super::schema::advice;
use crate::domain::{Digest, SessionId};
use crate::entry::{Entry, Sealed, seal};
use crate::journal::{Appended, Closing, NOT_AN_OPENING, closing_of, summary_of};

/// What became of an attempt, as far as SQLite told.
pub(super) enum Attempt {
    /// An answer.
    Answered(Appended),
    /// The commit was answered with an error: it may stand in the log or not, and this connection is not to be trusted.
    Uncertain(Appended),
}

/// Appends an entry, or finds out why not.
pub(super) fn append(connection: &mut Connection, files: &Files, entry: &Entry) -> Attempt {
    let unavailable = |what: &str, error: &rusqlite::Error| {
        let text = format!("{what} {}: {error}; {}", files.shown(), advice(error));
        Attempt::Answered(Appended::Unavailable(text))
    };
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => return unavailable("lock the journal", &error),
    };
    let answer = match decide(&transaction, entry) {
        Ok(answer) => answer,
        // Before the commit nothing can have been kept: dropping the transaction rolls it back.
        Err(error) => return unavailable("write to the journal", &error),
    };
    let Decided::Keep(hash) = answer else { return Attempt::Answered(answer.into_answer()) };
    match transaction.commit() {
        Ok(()) => Attempt::Answered(Appended::Kept { number: entry.number, hash }),
        Err(error) if is_before_the_write(&error) => unavailable("commit to the journal", &error),
        Err(error) => {
            let text = format!("commit to the journal {}: {error}; {}", files.shown(), advice(&error));
            Attempt::Uncertain(Appended::Unknown(text))
        }
    }
}

/// Answers with which SQLite refuses a commit before it writes. After a full disk or a failed sync part of it may be in
/// the log, and a later recovery may find it there.
fn is_before_the_write(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ReadOnly | ErrorCode::ConstraintViolation
        )
    )
}

enum Decided {
    /// It is written and waits for the commit.
    Keep(Digest),
    /// Nothing is written.
    Answer(Appended),
}

impl Decided {
    fn into_answer(self) -> Appended {
        match self {
            Self::Keep(_) => Appended::Unknown("not committed".to_owned()),
            Self::Answer(answer) => answer,
        }
    }
}

fn decide(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Decided> {
    let session = transaction
        .prepare_cached("SELECT key, head FROM session WHERE id = ?1")?
        .query_row([entry.session.to_string()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let (head, prev) = match session {
        None => (0, Digest::ZERO),
        Some((key, head)) => {
            if let Some(kept) = kept_before(transaction, key, entry)? {
                return Ok(Decided::Answer(kept));
            }
            let hash = transaction
                .prepare_cached("SELECT hash FROM entry WHERE session = ?1 AND number = ?2")?
                .query_row(params![key, head], |row| row.get::<_, [u8; 32]>(0))?;
            (unsigned(head), Digest(hash))
        }
    };
    if entry.number != head + 1 {
        return Ok(Decided::Answer(Appended::Conflict { head }));
    }
    let sealed = match seal(entry, prev) {
        Ok(sealed) => sealed,
        Err(unsealable) => return Ok(Decided::Answer(Appended::Unavailable(unsealable.to_string()))),
    };
    let key = match session {
        Some((key, _)) => {
            move_head(transaction, key, entry)?;
            key
        }
        None => match open_session(transaction, entry)? {
            Ok(key) => key,
            Err(answer) => return Ok(Decided::Answer(answer)),
        },
    };
    insert(transaction, key, entry, &sealed)?;
    Ok(Decided::Keep(sealed.hash))
}

/// The place that an entry with this id has already.
fn kept_before(transaction: &Transaction<'_>, key: i64, entry: &Entry) -> rusqlite::Result<Option<Appended>> {
    transaction
        .prepare_cached("SELECT number, hash FROM entry WHERE session = ?1 AND cockpit = ?2 AND counter = ?3")?
        .query_row(params![key, entry.id.cockpit.to_string(), entry.id.counter], |row| {
            Ok(Appended::Kept { number: unsigned(row.get(0)?), hash: Digest(row.get(1)?) })
        })
        .optional()
}

fn open_session(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Result<i64, Appended>> {
    let Some(summary) = summary_of(entry) else {
        return Ok(Err(Appended::Unavailable(NOT_AN_OPENING.to_owned())));
    };
    if let Some(session) = unclosed(transaction, &summary.service, &summary.environment)? {
        return Ok(Err(Appended::AlreadyOpen(session)));
    }
    let (closed, outcome) = columns(summary.closed);
    transaction.execute(
        "INSERT INTO session
           (id, service, environment, opened_ms, opened_by, from_version, to_version, closed_ms, outcome, head)
         VALUES (:id, :service, :environment, :opened, :by, :from, :to, :closed, :outcome, 1)",
        named_params! {
            ":id": summary.id.to_string(), ":service": summary.service, ":environment": summary.environment,
            ":opened": summary.opened.0, ":by": summary.by.as_str(), ":from": summary.from_version,
            ":to": summary.to_version, ":closed": closed, ":outcome": outcome,
        },
    )?;
    Ok(Ok(transaction.last_insert_rowid()))
}

fn move_head(transaction: &Transaction<'_>, key: i64, entry: &Entry) -> rusqlite::Result<()> {
    let (closed, outcome) = columns(closing_of(entry));
    transaction
        .prepare_cached(
            "UPDATE session SET head = ?2, closed_ms = coalesce(?3, closed_ms), outcome = coalesce(?4, outcome)
             WHERE key = ?1",
        )?
        .execute(params![key, signed(entry.number), closed, outcome])
        .map(drop)
}

fn insert(transaction: &Transaction<'_>, key: i64, entry: &Entry, sealed: &Sealed) -> rusqlite::Result<()> {
    let text = String::from_utf8_lossy(&sealed.bytes);
    transaction
        .prepare_cached(
            "INSERT INTO entry (session, number, cockpit, counter, hash, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key,
            signed(entry.number),
            entry.id.cockpit.to_string(),
            entry.id.counter,
            sealed.hash.0,
            text
        ])
        .map(drop)
}

fn columns(closing: Option<Closing>) -> (Option<i64>, Option<String>) {
    closing.map_or((None, None), |closing| (Some(closing.at.0), Some(closing.outcome)))
}

/// The unclosed session of a service in an environment.
pub(super) fn unclosed(
    connection: &Connection,
    service: &str,
    environment: &str,
) -> rusqlite::Result<Option<SessionId>> {
    connection
        .prepare_cached("SELECT id FROM session WHERE service = ?1 AND environment = ?2 AND closed_ms IS NULL")?
        .query_row([service, environment], |row| session_id(row, 0))
        .optional()
}

/// A session's id from a column.
pub(super) fn session_id(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<SessionId> {
    let text: String = row.get(column)?;
    let bad = |error: uuid::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    };
    uuid::Uuid::parse_str(&text).map(SessionId).map_err(bad)
}

/// A number as SQLite holds it. Entry numbers are counted one by one and never come near the end of the range.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from SQLite.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
