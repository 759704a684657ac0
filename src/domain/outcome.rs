//! What became of a request to a router (V1), and what a refusal says.

use serde::{Deserialize, Serialize};

use super::NativeSplit;

/// Per router: what is known about one change. Accepted, verified and observed are different facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    /// No byte went out.
    NotSent {
        /// Why not.
        why: String,
    },
    /// The router said yes; not read back yet.
    Accepted,
    /// Read back: the native weights are the prepared ones.
    Verified,
    /// Read back: the native weights are others.
    Differs {
        /// What was read.
        read: NativeSplit,
    },
    /// The weights had moved since the proposal; nothing was written (D2).
    Moved {
        /// What was read.
        read: NativeSplit,
    },
    /// The router said no.
    Failed {
        /// Its answer.
        why: String,
    },
    /// No answer: it may or may not have happened, until a read says (V3).
    Unknown {
        /// What was seen instead of an answer.
        why: String,
    },
}

impl Outcome {
    /// The word on the screen and in the record.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotSent { .. } => "not sent",
            Self::Accepted => "accepted",
            Self::Verified => "verified",
            Self::Differs { .. } => "differs",
            Self::Moved { .. } => "moved",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether more is to be learnt without a person: an accepted write is read back, an unknown one asked again.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Accepted | Self::Unknown { .. })
    }
}

/// A rule said no. Nothing was done and nothing is lost.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[error("{what}: {why}; {advice}")]
pub struct Refused {
    /// The rule's name in the protocol (`F2`), or empty where none applies.
    pub rule: String,
    /// What was asked, as a fragment: `shift 30 / 70`.
    pub what: String,
    /// Why it is refused.
    pub why: String,
    /// What to do now.
    pub advice: String,
}

impl Refused {
    /// A refusal by a named rule.
    pub fn new(rule: &str, what: impl Into<String>, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), what: what.into(), why: why.into(), advice: advice.into() }
    }
}

/// Why a look at a router, a log or a metric source gave nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[error("{what}: {why}; {advice}")]
pub struct Trouble {
    /// How it failed.
    pub kind: TroubleKind,
    /// What was tried, with the address: `read unix:/run/haproxy/admin.sock`.
    pub what: String,
    /// What came instead of an answer. Never holds a secret.
    pub why: String,
    /// What to do now.
    pub advice: String,
}

/// The ways in which a backend fails to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Nobody there: refused, no such socket, no such host.
    Unreachable,
    /// No answer within the time-out.
    TimedOut,
    /// It answered no: permission, unknown server.
    Denied,
    /// It answered something that cannot be understood.
    Garbage,
    /// The profile's mapping does not fit what is there.
    Mismatch,
}

impl Trouble {
    /// Builds a trouble.
    pub fn new(kind: TroubleKind, what: impl Into<String>, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: why.into(), advice: advice.into() }
    }
}
