//! Where a session begins: what it is about, who has the controls, what the routers had.

use serde::{Deserialize, Serialize};

use crate::domain::reading::Identity;
use crate::domain::{CockpitId, Digest, Durability, NativeSplit, Operator, PoolId, RouterId, Timestamp, Why};

/// The first event of every session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The version that runs, as the operator says; empty when not said.
    pub from_version: String,
    /// The version that is to run; empty when not said.
    pub to_version: String,
    /// Pools with their marks, in the profile's order.
    pub pools: Vec<(PoolId, String)>,
    /// Routers with their kinds, in the profile's order.
    pub routers: Vec<(RouterId, String)>,
    /// The profile and what it includes, as read: joiners and replays use these bytes.
    pub files: Vec<ProfileText>,
    /// Digest over the files.
    pub digest: Digest,
    /// The program's version.
    pub flightdeck: String,
    /// How safe an entry of this journal was when it was opened (J5).
    pub durability: Durability,
    /// Whether nobody else can join it.
    pub private: bool,
    /// Why it was opened, as the operator says (F6).
    #[serde(default, skip_serializing_if = "Why::is_empty")]
    pub why: Why,
    /// When it is planned to begin, as the operator says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Timestamp>,
}

/// A file of the profile as read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProfileText {
    /// Its path as the operator or the profile named it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Who has the controls, and from which process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ControlsTaken {
    /// The cockpit.
    pub cockpit: CockpitId,
    /// The operator: a claim until keys prove it.
    pub operator: Operator,
    /// The process, so that a restarted one can be told from one that still runs (C4).
    pub process: Process,
    /// Why it was given: `opened`, `the process before is gone`, `rollback`, `handed over by ana`, a typed reason.
    pub why: String,
}

/// A process that can be told from every other one of its machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Process {
    /// The host's name.
    pub host: String,
    /// The kernel's boot id.
    pub boot: String,
    /// The process id.
    pub pid: u32,
    /// When it started, in the kernel's own ticks.
    pub started: u64,
}

/// A router's split and identity at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RouterBaseline {
    /// The router.
    pub router: RouterId,
    /// Who answered.
    pub identity: Identity,
    /// Its weights.
    pub native: NativeSplit,
}
