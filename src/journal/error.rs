//! What can go wrong with a journal, each with the place and a way out.

use crate::domain::SessionId;
use crate::entry::Broken;

/// Why a journal cannot be opened or read. Reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its directory or a file in it cannot be made or opened.
    #[error("{what} {path}: {source}; {advice}")]
    Directory {
        /// What was tried.
        what: &'static str,
        /// The file or directory.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// The directory is on a file system on which several hosts could write at once.
    #[error(
        "open the journal in {path}: it is on {system}, where SQLite's locks and shared memory do not hold; name a \
         directory on a local disk of the host that everybody works on"
    )]
    NetworkFileSystem {
        /// The directory.
        path: String,
        /// The file system.
        system: &'static str,
    },
    /// A newer flightdeck has changed the database's layout.
    #[error(
        "open the journal {path}: a newer flightdeck wrote it (layout {found}, this one knows {known}); use that version"
    )]
    NewerLayout {
        /// The database.
        path: String,
        /// Its layout.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("open the journal {path}: it is not a journal of flightdeck; name another directory")]
    NotAJournal {
        /// The file.
        path: String,
    },
    /// SQLite said no.
    #[error("{what} {path}: {source}; {advice}")]
    Database {
        /// What was tried.
        what: &'static str,
        /// The database.
        path: String,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
        /// What to do.
        advice: &'static str,
    },
    /// The store does not answer for another reason.
    #[error("{what} {place}: {why}; try again")]
    Unavailable {
        /// What was tried.
        what: &'static str,
        /// The store.
        place: String,
        /// What was seen.
        why: String,
    },
    /// A server does not let us in, or not do what is needed.
    #[error("{what} {place}: {why}; {advice}")]
    Server {
        /// What was tried.
        what: &'static str,
        /// The stream and its servers.
        place: String,
        /// What came back.
        why: String,
        /// What to do.
        advice: &'static str,
    },
    /// A server is so old that its clusters keep two entries at one place.
    #[error(
        "open the journal in {place}: the server is version {found}, whose guarded appends are not to be trusted; bring          it to {oldest} or newer"
    )]
    OldServer {
        /// The stream and its servers.
        place: String,
        /// The server's version.
        found: String,
        /// The oldest version that will do.
        oldest: String,
    },
    /// The stream has settings under which entries are lost or can be changed.
    #[error(
        "open the journal in {place}: its settings do not keep a journal: {wrong}; change them with `nats stream edit`,          or name another stream in the profile"
    )]
    Settings {
        /// The stream and its servers.
        place: String,
        /// Each wrong setting, with the wanted one.
        wrong: String,
    },
    /// Somebody gave the stream such settings while it was used.
    #[error(
        "follow the session in {place}: somebody changed its settings, and entries are not safe in it any more: {wrong};          have them changed back"
    )]
    SettingsChanged {
        /// The stream and its servers.
        place: String,
        /// Each wrong setting, with the wanted one.
        wrong: String,
    },
    /// Somebody removed entries while they were in use.
    #[error("{what} {place}: {change}; find out who did that, and what stood there")]
    Changed {
        /// What was tried.
        what: &'static str,
        /// The store.
        place: String,
        /// What was done to it.
        change: String,
    },
    /// An entry that was read before is not in the journal any more.
    #[error(
        "follow session {session} in {place}: entry {number} is not there, so this is an older copy of the journal; \
         find out who put it back"
    )]
    Missing {
        /// The store.
        place: String,
        /// The session.
        session: SessionId,
        /// The entry.
        number: u64,
    },
    /// The chain of a session breaks.
    #[error("follow session {session} in {place}: {broken}")]
    Broken {
        /// The store.
        place: String,
        /// The session.
        session: SessionId,
        /// Where and how.
        #[source]
        broken: Broken,
    },
}

impl JournalError {
    /// Whether trying again cannot help.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Directory { .. }
            | Self::NetworkFileSystem { .. }
            | Self::NewerLayout { .. }
            | Self::NotAJournal { .. }
            | Self::OldServer { .. }
            | Self::Settings { .. }
            | Self::Changed { .. }
            | Self::Missing { .. }
            | Self::Broken { .. } => true,
            Self::Database { .. } | Self::Unavailable { .. } | Self::Server { .. } | Self::SettingsChanged { .. } => {
                false
            }
        }
    }
}
