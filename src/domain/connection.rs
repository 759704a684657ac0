//! A connection through a router that outlives the weight of its pool.

use std::time::Duration;

/// One connection, or session, of a client through a router to a server of a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// How the router names it, for as long as it lives.
    pub id: String,
    /// The server that it goes to, as the router names it.
    pub server: String,
    /// Where the client is, masked unless the profile lets it be shown.
    pub client: String,
    /// How long it has been open.
    pub age: Duration,
}

/// What became of connections that were to be ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The router ended so many; the others were gone already.
    Done {
        /// How many it ended.
        ended: u32,
        /// How many were gone when it was asked.
        gone: u32,
    },
    /// Nothing was sent.
    NotSent {
        /// Why.
        why: String,
    },
    /// The router said no, to some of them at least.
    Failed {
        /// Its words.
        why: String,
    },
    /// No whole answer came: they may have been ended.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Ended {
    /// How many are known to have been ended.
    pub fn count(&self) -> u32 {
        match self {
            Self::Done { ended, .. } => *ended,
            Self::NotSent { .. } | Self::Failed { .. } | Self::Unknown { .. } => 0,
        }
    }

    /// What became of them, in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Done { ended, gone: 0 } => format!("{ended} ended"),
            Self::Done { ended, gone } => format!("{ended} ended, {gone} had ended by themselves"),
            Self::NotSent { why } => format!("nothing was sent: {why}"),
            Self::Failed { why } => format!("the router refused: {why}"),
            Self::Unknown { why } => format!("unknown: {why}; list them again"),
        }
    }
}
