//! The tables, their version, and how a connection is set up.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::place::Files;
use crate::journal::JournalError;

/// The layout that this version writes and reads, kept in `user_version`.
const LAYOUT: i64 = 1;

/// Marks the file as ours, kept in `application_id`: `fldk`.
const APPLICATION: i64 = 0x666c_646b;

/// How long a lock of another process is waited for. A rollback waits at most one second for the journal (R5).
const BUSY: Duration = Duration::from_millis(700);

/// `entry.text` is what the hash is over. `session` repeats what its entries say, for the list and for J7.
const TABLES: &str = "
    CREATE TABLE session (
        key          INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE,
        service      TEXT NOT NULL,
        environment  TEXT NOT NULL,
        opened_ms    INTEGER NOT NULL,
        opened_by    TEXT NOT NULL,
        from_version TEXT NOT NULL,
        to_version   TEXT NOT NULL,
        closed_ms    INTEGER,
        outcome      TEXT,
        head         INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX one_unclosed ON session (service, environment) WHERE closed_ms IS NULL;
    CREATE TABLE entry (
        key     INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES session (key),
        number  INTEGER NOT NULL,
        cockpit TEXT NOT NULL,
        counter INTEGER NOT NULL,
        hash    BLOB NOT NULL,
        text    TEXT NOT NULL,
        UNIQUE (session, number),
        UNIQUE (session, cockpit, counter)
    ) STRICT;
    CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
    CREATE TRIGGER entry_goes BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
";

/// A connection to a database that is there.
pub(super) fn connect(files: &Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&files.database, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// The first connection of a process: checks the layout, and makes the tables in an empty database.
pub(super) fn open_and_migrate(files: &Files) -> Result<Connection, JournalError> {
    let failed = |source| database_error("open the journal", files, source);
    let mut connection = connect(files).map_err(failed)?;
    // One transaction, so that what is looked at is not made by another process between two looks.
    let look = connection.transaction().map_err(failed)?;
    check(&look, files)?;
    drop(look);
    set_wal(&connection).map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have made the tables between the look above and this lock.
    if check(&transaction, files)? == 0 {
        let made = transaction.execute_batch(TABLES).and_then(|()| {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", LAYOUT)
        });
        made.map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

/// Two processes that make the same journal at once can get in each other's way here, without SQLite waiting by itself.
fn set_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && tries < 20 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
}

/// The layout of a database: 0 when it is empty.
fn check(connection: &Transaction<'_>, files: &Files) -> Result<i64, JournalError> {
    let failed = |source| database_error("open the journal", files, source);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let (application, found) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application == 0 && found == 0 && tables == 0 {
        Ok(0)
    } else if application != APPLICATION {
        Err(JournalError::NotAJournal { path: files.shown() })
    } else if found > LAYOUT {
        Err(JournalError::NewerLayout { path: files.shown(), found, known: LAYOUT })
    } else {
        Ok(found)
    }
}

/// What SQLite said, with a way out.
pub(super) fn database_error(what: &'static str, files: &Files, source: rusqlite::Error) -> JournalError {
    if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
        return JournalError::NotAJournal { path: files.shown() };
    }
    let advice = advice(&source);
    JournalError::Database { what, path: files.shown(), source, advice }
}

/// What to do about an answer of SQLite.
pub(super) fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "make room on its disk",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "make the journal and its directory writable for yourself"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process holds it; find out which one, then try again"
        }
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged; keep a copy, and look at the disk",
        Some(ErrorCode::SystemIoFailure) => "look at the disk and at the kernel's log",
        _ => "try again",
    }
}
