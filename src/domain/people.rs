//! Who may do what, and how people prove who they are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a cockpit may do in a session (C2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Drives, or is the copilot: may hold and roll back, confirm as the second person, and take the controls.
    #[default]
    Operator,
    /// Only watches.
    Observer,
}

/// The rules about people, from the profile (C3, F3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct People {
    /// Whether a list of keys is named: then what people confirm is signed, and another person is another key.
    pub keys: bool,
    /// Whether one person alone may do what asks two, with a typed reason.
    pub break_glass: bool,
    /// How long no sign of a holder's process must have come before the controls can be taken.
    pub silence: Duration,
    /// How long a holder must not have touched a key before the controls can be taken.
    pub away: Duration,
    /// How long after the asking a silent holder may still answer.
    pub grace: Duration,
    /// How long a request to the second person stands.
    pub answer: Duration,
}

impl Default for People {
    fn default() -> Self {
        Self {
            keys: false,
            break_glass: true,
            silence: Duration::from_secs(10),
            away: Duration::from_mins(2),
            grace: Duration::from_secs(15),
            answer: Duration::from_mins(5),
        }
    }
}

/// What a key signed, as stored (F3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signed {
    /// The exact text.
    pub statement: String,
    /// The signature over it in OpenSSH's armoured form.
    pub signature: String,
}

/// Who signed, proven against the profile's list of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Signer {
    /// The name that the list gives the key.
    pub principal: String,
    /// The key: `SHA256:…`.
    pub fingerprint: String,
}

/// How safe a kept entry is (J5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Written through to the disk of one host.
    Synced,
    /// In the memory or on the disks of several servers.
    Replicated,
    /// In the memory of one server or process: gone when that ends.
    MemoryOfOne,
}

impl Durability {
    /// The words on the screen and in the record.
    pub fn words(self) -> &'static str {
        match self {
            Self::Synced => "synced to disk",
            Self::Replicated => "replicated",
            Self::MemoryOfOne => "memory of one server",
        }
    }
}
