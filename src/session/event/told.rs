//! What systems answered that are asked beside the routers.

use serde::{Deserialize, Serialize};

use crate::domain::check::Verdict;
use crate::domain::notify::{Occasion, TellOutcome};
use crate::domain::{CheckId, NotifierId};

/// What a check came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckAnswered {
    /// The check.
    pub check: CheckId,
    /// What it came to.
    pub verdict: Verdict,
    /// In a sentence, masked.
    pub words: String,
    /// What later answers of a check are compared with that compares with itself; masked.
    pub value: Option<String>,
    /// The evidence, in lines of a name and a text, masked.
    pub evidence: Vec<(String, String)>,
}

/// What people outside were told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Told {
    /// By which notifier.
    pub notifier: NotifierId,
    /// What it is about.
    pub what: Occasion,
    /// The entry that it tells of.
    pub entry: u64,
    /// Whether it was told.
    pub outcome: TellOutcome,
    /// What the system said, or why it could not be told; without secrets, masked.
    pub words: String,
    /// What later tellings need: the message, the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}
