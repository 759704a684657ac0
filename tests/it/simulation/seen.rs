//! What flights met, so that a whole run can show that it met what it is for.

use std::collections::BTreeMap;

/// Situations with how often they were met.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeMap<&'static str, u64>);

/// Situations that a run must meet.
pub const WANTED: [&str; 132] = [
    // A change and its word.
    "sent",
    "verified",
    "moved",
    "unknown",
    "differs",
    "not sent",
    "failed",
    "retried",
    "left",
    "nothing sent",
    "already so",
    "drained",
    "void",
    "late effect",
    "read behind",
    "wave sent",
    "wave sent by a key",
    "wave after a retry",
    "left between waves",
    "drift noticed",
    "drift ended",
    "drift accepted",
    "router restarted",
    "step completed",
    "step skipped",
    "profile reloaded",
    "session closed",
    // The way back.
    "rollback",
    "superseded",
    "rollback between waves",
    "rollback after a deployment",
    "rollback by the copilot",
    "rollback with the driver asleep",
    "rollback of an observer refused",
    // The way back in stages.
    "stage sent",
    "stage sent by a key",
    "stage went by itself",
    "stage despite a check",
    "stage kept back by a check that fails",
    "stage kept back by a check that cannot tell",
    "stage kept back by a check without an answer",
    "stage kept back by a hold",
    "stage kept back by drift",
    "stage superseded in flight",
    "check between stages never answered",
    "at once between two stages",
    "way back ended in stages",
    "controls changed hands between two stages",
    // Deploy actions, the acts of a way back, windows.
    "action started",
    "action unknown",
    "action succeeded",
    "action ended badly",
    "act of a way back started",
    "act of a way back done",
    "act of a way back skipped",
    "act of a way back gone on from",
    "way back's acts are over",
    "window set aside",
    "action that ends the way back started",
    // Approvals.
    "approval given",
    "approval reported",
    "approval taken back",
    "approval given anew",
    "approval given anew after its time",
    "approval set aside",
    "approved",
    "approved by two",
    // Routers that are left out.
    "router left out",
    "router left out of a change in flight",
    "router left out between waves",
    "router taken in again",
    "shift without a router left out",
    "way back to a router left out",
    // The version.
    "tag moved",
    "version resolved",
    "deployed as resolved",
    "deployed despite its version",
    // Items.
    "command run",
    "command cancelled",
    "command ended with its cockpit",
    "item ticked out of its order",
    "item ticked after its time",
    "answered by another one",
    "read and answered by one",
    "answered not so",
    "somebody called",
    // The journal.
    "store unavailable",
    "store unknown, kept",
    "store unknown, lost",
    "kept after its answer was given up",
    "conflict",
    "answered twice",
    "followed late",
    "followed out of order",
    "followed twice",
    "cut off from the store",
    "spilled",
    "not even spilled",
    "spilled twice",
    "spill merged",
    "spill of another process merged",
    "crash with spill",
    // Guards.
    "guards armed",
    "guard fired",
    "guard fired in the middle of a change",
    "guard rang instead",
    "guard proposed",
    "guard confessed",
    "guard red no more",
    // People.
    "joined",
    "left the session",
    "offered",
    "handed over",
    "asked for the controls",
    "taken over",
    "take-over refused",
    "taken from a dead process",
    "two-person confirmed",
    "two-person refused",
    "two-person lapsed",
    "two-person completed",
    "own confirmation refused",
    "confirmed by run",
    "run confirmed",
    "run ended by a hold",
    "run ended by drift",
    "glass broken",
    "rollback signed",
    "forged signature",
    // Machines.
    "crash in flight",
    "asleep in flight",
    "late write after a pause",
    "far clock refused",
];

impl Seen {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub fn mark(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// How often each wanted situation was met.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        WANTED.iter().map(|what| (*what, self.0.get(what).copied().unwrap_or(0))).collect()
    }
}
