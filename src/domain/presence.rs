//! Who is there: announced every two seconds, never journalled (J6).

use serde::{Deserialize, Serialize};

use super::{CockpitId, Digest, Operator, Timestamp};

/// One sign of life of a cockpit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The cockpit.
    pub cockpit: CockpitId,
    /// Its operator.
    pub operator: Operator,
    /// Its host.
    pub host: String,
    /// Its process id.
    pub pid: u32,
    /// Whether it only watches.
    pub observer: bool,
    /// Its wall clock when it said so.
    pub at: Timestamp,
    /// How long ago its operator last touched a key, in milliseconds.
    pub idle_ms: u64,
    /// Whether this is its last word.
    pub leaving: bool,
    /// What it points at: the name of a pane, a step, an item or a router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The request that is on its screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looking_at: Option<Digest>,
}
