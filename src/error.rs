//! The top-level error: what a command prints when it cannot do what was asked, and the exit codes.

use crate::adapter::secret::SecretError;
use crate::domain::{Refused, Trouble};
use crate::entry::Broken;
use crate::journal::JournalError;
use crate::profile::Problems;
use crate::record::Damaged;

/// How the program ends. The numbers are a promise to scripts; the README lists the same ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: done as asked.
    Done,
    /// 1: a fault of the program itself.
    Internal,
    /// 2: the command line cannot be understood, or the terminal cannot show a cockpit.
    Usage,
    /// 3: the profile has problems.
    Profile,
    /// 4: a router, log or metric source does not answer or does not fit the profile.
    Unreachable,
    /// 5: a change or rollback is not verified everywhere: partly done, or not known.
    NotVerified,
    /// 6: the journal cannot be opened, read or written, or a record is not as it was written.
    Journal,
    /// 7: a rule or the operator said no; nothing was sent.
    Refused,
    /// 8: a signature of a session does not hold, or is missing.
    Signature,
    /// 128 and the signal's number: ended by a signal, in order.
    Signal(
        /// The signal's number.
        u8,
    ),
}

impl Exit {
    /// Every code with its meaning, as the help and the README list them.
    pub const TABLE: [(u8, &'static str); 9] = [
        (0, "done as asked"),
        (1, "a fault of flightdeck itself"),
        (2, "the command line cannot be understood, or there is no terminal to draw on"),
        (3, "the profile has problems"),
        (4, "a router, log or metric source does not answer or does not fit the profile"),
        (5, "a rollback is not verified on every router: partly done, or not known"),
        (6, "the journal cannot be opened, read or written, or a record is not as it was written"),
        (7, "a rule or the operator said no; nothing was sent"),
        (8, "a signature of the session does not hold, or is missing"),
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Profile => 3,
            Self::Unreachable => 4,
            Self::NotVerified => 5,
            Self::Journal => 6,
            Self::Refused => 7,
            Self::Signature => 8,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

/// Why a command could not do what was asked. Each message says what was tried, what came back and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile cannot be flown.
    #[error("{0}")]
    Profile(
        /// Everything that is wrong with it.
        #[from]
        Problems,
    ),
    /// The journal cannot be used.
    #[error("failed to {0}")]
    Journal(
        /// Why.
        #[from]
        JournalError,
    ),
    /// The journal of a session breaks off.
    #[error(
        "failed to read the journal of session {session} to its end: {broken}; nothing is added to it any more, so this \
         can be done only in the cockpit"
    )]
    BrokenJournal {
        /// The session.
        session: crate::domain::SessionId,
        /// Where and how.
        broken: Broken,
    },
    /// Signatures of a session do not hold; each was told already.
    #[error("{count} of {of} signatures do not hold or are missing; see the lines marked ✗ above")]
    Signatures {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// A record is not as it was written.
    #[error(
        "failed to verify {file}: {damaged}; take the file from where it was kept first, or write it anew from the \
         journal: flightdeck record SESSION --write"
    )]
    DamagedRecord {
        /// The file.
        file: String,
        /// Where, and what is wrong.
        damaged: Damaged,
    },
    /// There is no such session.
    #[error("{what}; {advice}")]
    NoSession {
        /// What was looked for, and where.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A router or source does not answer.
    #[error("failed to {0}")]
    Trouble(
        /// Why.
        Trouble,
    ),
    /// Routers or sources do not answer; each was told already.
    #[error("{count} of {of} do not answer as the profile expects; see the lines marked ✗ above")]
    Unreachable {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// A secret cannot be had.
    #[error("failed to {0}")]
    Secret(
        /// Why.
        #[from]
        SecretError,
    ),
    /// A rule said no.
    #[error("{0}")]
    Refused(
        /// Which, why, and what to do.
        Refused,
    ),
    /// The operator said no.
    #[error("nothing was sent: {why}")]
    NotConfirmed {
        /// What was answered instead of yes.
        why: String,
    },
    /// What was sent is not verified everywhere.
    #[error("{what}; {advice}")]
    NotVerified {
        /// What is known.
        what: String,
        /// What to do.
        advice: String,
    },
    /// The terminal cannot show a cockpit.
    #[error("failed to take the terminal: {why}; {advice}")]
    Terminal {
        /// Why.
        why: String,
        /// What to do.
        advice: String,
    },
    /// Something is not as the command line says.
    #[error("{what}; {advice}")]
    Usage {
        /// What.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A file or directory of flightdeck's own cannot be used.
    #[error("failed to {what} {path}: {source}; {advice}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// The built-in world cannot be started.
    #[cfg(feature = "lab")]
    #[error("{0}")]
    Lab(
        /// Why.
        #[from]
        crate::lab::LabError,
    ),
    /// A signal ended it, in order.
    #[error("ended by signal {number}")]
    Signal {
        /// The signal's number.
        number: u8,
    },
    /// A fault of the program.
    #[error("flightdeck has a fault: {what}; please report it, with the log in {log}")]
    Internal {
        /// What was seen.
        what: String,
        /// Where the log is.
        log: String,
    },
}

impl Error {
    /// How the program ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Profile(_) => Exit::Profile,
            Self::Journal(_) | Self::BrokenJournal { .. } | Self::DamagedRecord { .. } => Exit::Journal,
            Self::Trouble(_) | Self::Unreachable { .. } | Self::Secret(_) => Exit::Unreachable,
            Self::NoSession { .. } | Self::Refused(_) | Self::NotConfirmed { .. } => Exit::Refused,
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::Signatures { .. } => Exit::Signature,
            Self::Terminal { .. } | Self::Usage { .. } | Self::File { .. } => Exit::Usage,
            #[cfg(feature = "lab")]
            Self::Lab(_) => Exit::Unreachable,
            Self::Signal { number } => Exit::Signal(*number),
            Self::Internal { .. } => Exit::Internal,
        }
    }
}
