//! What one cockpit has read and shares with the others of its session, apart from the journal (J6): a source whose every
//! request costs, or counts against a limit that all share, is asked by one cockpit only.
//!
//! Best effort: a parcel may be lost, late or double. Nothing that binds is decided from one: a guard acts in the cockpit
//! that drives, and that one asks for itself.

use serde::{Deserialize, Serialize};

use super::metric::Answered;
use super::{CockpitId, SourceId};

/// What one look at one source gave, on its way to the other cockpits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Parcel {
    /// Who looked.
    pub cockpit: CockpitId,
    /// Counts up with each of a cockpit's parcels, so that one that comes twice is known.
    pub number: u64,
    /// The source.
    pub source: SourceId,
    /// What it gave.
    pub content: Content,
}

/// What is shared.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "sort", content = "content", rename_all = "snake_case")]
pub enum Content {
    /// Values of a metric source, each with its own time.
    Values(Vec<Answered>),
}
