//! What was decided while cut off from the journal.

use serde::{Deserialize, Serialize};

use super::Event;
use crate::domain::{CockpitId, Digest, EntryId, Operator, Timestamp};

/// What was decided while cut off from the journal (R5).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SpillMerged {
    /// The last entry that was seen before.
    pub after: u64,
    /// Its hash: the spill's own chain starts from it.
    pub hash: Digest,
    /// The spilled entries in order.
    pub entries: Vec<Spilled>,
}

/// One entry of a spill.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spilled {
    /// Its id.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Operator,
    /// In which cockpit.
    pub cockpit: CockpitId,
    /// What happened.
    pub events: Vec<Event>,
    /// Its hash in the spill's chain; `None` when not even the spill could be written.
    pub hash: Option<Digest>,
}
