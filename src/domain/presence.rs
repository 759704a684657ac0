//! Who is there, and what they look at. Not journal (J6): it comes by itself again and again, and may be lost.

use serde::{Deserialize, Serialize};

use super::{CockpitId, Digest, Operator, Timestamp};

/// What a cockpit says about itself every two seconds, and when it leaves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The cockpit.
    pub cockpit: CockpitId,
    /// Who sits in front of it, as they say.
    pub operator: Operator,
    /// The host that it runs on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// Whether it only watches.
    pub observer: bool,
    /// Its wall clock when it said this.
    pub at: Timestamp,
    /// Whether it is about to end.
    pub leaving: bool,
    /// What it points at: the name of a pane, a step, an item or a router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The proposal on its screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looking_at: Option<Digest>,
}
