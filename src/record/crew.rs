//! The parts of a record that are about people.

use serde::Serialize;

use super::story::Act;
use crate::domain::{CockpitId, Digest, Seat, StepId, Timestamp};

/// A time in which one cockpit had the controls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Drove {
    /// Who, from when, by which entry.
    pub act: Act,
    /// The cockpit.
    pub cockpit: CockpitId,
    /// How they came to it: `opened`, `handed over by …`, a reason.
    pub why: String,
    /// Until when; null while it is not over.
    pub until: Option<Timestamp>,
}

/// A cockpit that was aboard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Came {
    /// Who, when, by which entry.
    pub act: Act,
    /// The cockpit.
    pub cockpit: CockpitId,
    /// `operator` or `observer`.
    pub seat: Seat,
    /// Its host.
    pub host: String,
    /// Until when; null where it never said that it left.
    pub until: Option<Timestamp>,
}

/// A request to a second person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Asked {
    /// Who asked.
    pub act: Act,
    /// For what.
    pub what: String,
    /// The digest that both cockpits showed.
    pub digest: Digest,
    /// What became of it: `confirmed`, `refused`, `ended`; null while it stands.
    pub answer: Option<&'static str>,
    /// Who gave that answer.
    pub answered: Option<Act>,
    /// Why it was refused or ended, or the routers that the second person read.
    pub came: String,
    /// The key that signed the answer, `SHA256:…`; null where it was not signed. See `signatures` for whether it holds.
    pub key: Option<String>,
}

/// A run of steps that a second person confirmed at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RunStory {
    /// Who confirmed it.
    pub act: Act,
    /// The steps.
    pub steps: Vec<StepId>,
    /// The digest over them.
    pub digest: Digest,
    /// The key that signed it; null where it was not signed.
    pub key: Option<String>,
}

/// One person did alone what asks two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BrokenGlass {
    /// Who.
    pub act: Act,
    /// What.
    pub what: String,
    /// The typed reason.
    pub reason: String,
}

/// What was done while cut off from the journal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CutOff {
    /// Who brought it in.
    pub act: Act,
    /// The last entry that its cockpit had seen.
    pub after: u64,
    /// What was done, one sentence each.
    pub done: Vec<String>,
    /// How many of them neither the journal nor the file beside it took when they were done.
    pub unrecorded: usize,
}

/// A signature, or the place where one is wanted and missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignatureStory {
    /// Who signed, as the entry says.
    pub act: Act,
    /// What, in one line.
    pub what: String,
    /// The key: `SHA256:…`; null where there is none to be read.
    pub key: Option<String>,
    /// `good`, `bad`, `missing`, or `not checked`.
    pub state: &'static str,
    /// Why it is bad; empty otherwise.
    pub why: String,
}
