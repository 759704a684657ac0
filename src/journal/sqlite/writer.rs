//! The thread that appends.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use futures_util::future::Either;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::append::{Attempt, append};
use super::place::Files;
use super::schema::{advice, connect};
use crate::entry::Entry;
use crate::journal::{Appended, JournalError};

/// The way to the thread. It ends when this is dropped, after what was handed to it.
pub(super) struct Writer {
    jobs: Sender<Job>,
}

struct Job {
    entry: Entry,
    answer: oneshot::Sender<Appended>,
}

/// The bell is truncated when a process opens a journal whose bell is longer than this.
const LONG_BELL: u64 = 1 << 20;

impl Writer {
    /// Starts the thread with a connection that has the tables.
    pub(super) fn start(files: Files, connection: Connection) -> Result<Self, JournalError> {
        let failed = |what, advice| {
            let path = files.bell.display().to_string();
            move |source| JournalError::Directory { what, path, source, advice }
        };
        let bell = OpenOptions::new()
            .append(true)
            .open(&files.bell)
            .map_err(failed("open the journal's bell", "make it writable for yourself"))?;
        if bell.metadata().is_ok_and(|metadata| metadata.len() > LONG_BELL) {
            // Its length means nothing; a failure leaves a long file and nothing else.
            drop(bell.set_len(0));
        }
        let no_thread = failed("start the journal's writer for", "end other processes of this user");
        let (jobs, received) = channel();
        thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || run(&files, connection, bell, &received))
            .map_err(no_thread)?;
        Ok(Self { jobs })
    }

    /// Hands an entry over, now; the future waits for the answer.
    pub(super) fn append(&self, entry: Entry) -> impl Future<Output = Appended> + use<> {
        let (answer, answered) = oneshot::channel();
        match self.jobs.send(Job { entry, answer }) {
            Err(_gone) => Either::Left(std::future::ready(Appended::Unavailable(
                "append to the journal: its writer has ended; start flightdeck again".to_owned(),
            ))),
            Ok(()) => Either::Right(async {
                answered.await.unwrap_or_else(|_gone| {
                    Appended::Unknown("append to the journal: its writer ended; read the journal again".to_owned())
                })
            }),
        }
    }
}

fn run(files: &Files, connection: Connection, mut bell: File, jobs: &Receiver<Job>) {
    let mut connection = Some(connection);
    while let Ok(Job { entry, answer }) = jobs.recv() {
        let appended = append_once(files, &mut connection, &entry);
        if matches!(appended, Appended::Kept { .. } | Appended::Unknown(_)) {
            // A bell that cannot be rung delays followers until their next look; the entry is kept all the same.
            drop(bell.write_all(b"."));
        }
        // Whoever asked may have stopped waiting; the entry stands all the same.
        drop(answer.send(appended));
    }
}

fn append_once(files: &Files, slot: &mut Option<Connection>, entry: &Entry) -> Appended {
    match files.still_there() {
        Ok(true) => {}
        Ok(false) => {
            let path = files.shown();
            return Appended::Unavailable(format!(
                "write to the journal {path}: it was removed or replaced while it was open; put it back and start again"
            ));
        }
        Err(error) => {
            return Appended::Unavailable(format!("look at the journal {}: {error}; try again", files.shown()));
        }
    }
    let connected = match slot.take() {
        Some(connection) => Ok(connection),
        None => connect(files),
    };
    let mut connection = match connected {
        Ok(connection) => connection,
        Err(error) => {
            let text = format!("open the journal {} again: {error}; {}", files.shown(), advice(&error));
            return Appended::Unavailable(text);
        }
    };
    match append(&mut connection, files, entry) {
        Attempt::Answered(answer) => {
            *slot = Some(connection);
            answer
        }
        // Closed, and opened anew for the next entry: SQLite then reads from the files what really stands there.
        Attempt::Uncertain(answer) => answer,
    }
}
