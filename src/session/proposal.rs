//! A change before it is confirmed: what will be sent where, what that is bound to, and what must hold (B1, F1, F4).

use serde::{Deserialize, Serialize};

use super::event::ChangeKind;
use crate::domain::procedure::Friction;
use crate::domain::reading::Identity;
use crate::domain::{
    ActionId, ApprovalId, BasisPoints, ChangeId, CheckId, Digest, GuardId, NativeSplit, Now, PoolId, Prepared,
    RouterId, Signed, StepId, Waves, Weights, WindowId,
};

/// What one router is sent, and what it read when that was worked out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RouterOrder {
    /// The router.
    pub router: RouterId,
    /// What it read then, which the write is bound to; `None` for a rollback of a router without a reading.
    pub bound: Option<Bound>,
    /// What is sent.
    pub prepared: Prepared,
}

/// The part of a reading that binds (B1). Health, counters and ages do not (B2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// Native weights and admin states.
    pub native: NativeSplit,
    /// Who answered.
    pub identity: Identity,
    /// The router's version of its configuration, where it has one.
    pub generation: String,
}

impl Bound {
    /// What of a reading binds.
    pub fn of(reading: &crate::domain::Reading) -> Self {
        Self {
            native: reading.native.clone(),
            identity: reading.identity.clone(),
            generation: reading.generation.clone(),
        }
    }

    /// What moved between this and a reading, in words; `None` when nothing that binds did.
    pub fn moved_since(&self, now: &crate::domain::Reading) -> Option<String> {
        if self.native != now.native {
            Some(format!("changed outside: {}", self.native.differences(&now.native).join(", ")))
        } else if self.identity != now.identity {
            Some(format!("is another process now: {} was {}", now.identity.process, self.identity.process))
        } else if self.generation != now.generation {
            Some("its configuration has another version now".to_owned())
        } else {
            None
        }
    }
}

/// A change that waits for confirmation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// The change.
    pub change: ChangeId,
    /// What sort of act.
    pub kind: ChangeKind,
    /// The weights asked for.
    pub to: Weights,
    /// Every router with what will be sent to it.
    pub routers: Vec<RouterOrder>,
    /// In which order they are sent to (D5).
    #[serde(default, skip_serializing_if = "Waves::are_all_at_once")]
    pub waves: Waves,
    /// The session's traffic revision when it was made.
    pub revision: u64,
    /// The profile's digest when it was made.
    pub profile: Digest,
    /// When it was made, by the clocks of the cockpit that made it; not stored.
    #[serde(skip)]
    pub made: Now,
}

impl Proposal {
    /// The text that a typed confirmation asks for: the first pool that grows, with its weight: `blue 50`.
    pub fn typed_target(&self) -> String {
        let grows = |pool: &PoolId, points: BasisPoints| {
            self.routers.iter().filter_map(|order| order.bound.as_ref()).any(|bound| {
                let share = bound.native.shares(self.to.iter().map(|(pool, _)| pool)).of(pool);
                share.whole > 0 && u128::from(share.part) * 10_000 < u128::from(points.0) * u128::from(share.whole)
            })
        };
        let pool = self
            .to
            .iter()
            .find(|(pool, points)| grows(pool, *points))
            .or_else(|| self.to.iter().max_by_key(|(_, points)| *points));
        pool.map(|(pool, points)| format!("{pool} {points}")).unwrap_or_default()
    }

    /// Whether every router holds already what would be sent to it (B4).
    pub fn holds_already(&self) -> bool {
        !self.routers.is_empty()
            && self
                .routers
                .iter()
                .all(|order| order.bound.as_ref().is_some_and(|bound| bound.native.holds(&order.prepared.native)))
    }

    /// What both operators read to each other: SHA-256 over the change, its target, and per router what it is bound to
    /// and what is sent, as JSON; then over the waves, where it does not go to all at once.
    pub fn digest(&self) -> Digest {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"flightdeck proposal 1\n");
        let parts = (&self.change, &self.kind, &self.to, &self.routers, self.revision, &self.profile);
        // Serialising plain values to memory cannot fail; a failure would give the digest of nothing, which binds nothing.
        hash.update(serde_json::to_vec(&parts).unwrap_or_default());
        if !self.waves.are_all_at_once() {
            hash.update(serde_json::to_vec(&self.waves).unwrap_or_default());
        }
        Digest(hash.finalize().into())
    }
}

/// What must hold before a forward change is sent. Asked again at the moment of confirming (B2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "gate", content = "detail", rename_all = "snake_case")]
pub enum Gate {
    /// Nobody holds the deployment.
    NoHold,
    /// Every router was read just now.
    Readings,
    /// No router drifted from the plan without an answer.
    NoDrift,
    /// The pools that grow have servers that are up, on every router (D4).
    Destination {
        /// The pool.
        pool: PoolId,
    },
    /// The required items of a checklist section are ticked.
    Items {
        /// The section's slug.
        section: String,
    },
    /// The pool is Drained.
    Drained {
        /// The pool.
        pool: PoolId,
    },
    /// The check is passed.
    Check {
        /// The check.
        check: CheckId,
    },
    /// Every check of a group is passed.
    Checks {
        /// The group.
        group: String,
    },
    /// The step before has soaked (G4).
    Soak,
    /// The step's way back was flown, where it is to be proven (R9).
    WayBack {
        /// The step.
        step: StepId,
    },
    /// A pool that a deploy action touches is at 0 and drained, on every router of the profile.
    NoTraffic {
        /// The pool.
        pool: PoolId,
    },
    /// No deploy action is touching a pool that gets traffic.
    Untouched {
        /// The pool.
        pool: PoolId,
    },
    /// What became of the action that was started before is known.
    ActionKnown {
        /// The action.
        action: ActionId,
    },
    /// The soak is over, before an act that ends the way back.
    SoakBeforeEnd,
    /// The guard is quiet, or has nothing to watch (G3).
    Guard {
        /// The guard.
        guard: GuardId,
    },
    /// It is the time for it: a window that allows it is open, or one that blocks it is not on.
    Window {
        /// The window; of several that allow it side by side, all of them: `nights or weekend`.
        window: WindowId,
    },
    /// The approval is there (F7).
    Approval {
        /// The approval.
        approval: ApprovalId,
    },
    /// The version's tag is resolved, and points to the digest that it was resolved to (D9).
    Version,
}

impl Gate {
    /// Whether an operator may override it with a reason (F4).
    pub fn may_be_overridden(&self) -> bool {
        match self {
            Self::NoHold | Self::Readings | Self::Destination { .. } | Self::Untouched { .. } | Self::SoakBeforeEnd => {
                false
            }
            Self::NoDrift
            | Self::Items { .. }
            | Self::Drained { .. }
            | Self::Soak
            | Self::NoTraffic { .. }
            | Self::ActionKnown { .. }
            | Self::Guard { .. }
            | Self::Check { .. }
            | Self::Checks { .. }
            | Self::WayBack { .. }
            | Self::Window { .. }
            | Self::Approval { .. }
            | Self::Version => true,
        }
    }
}

/// How a gate stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It is not known; this blocks as well (G3).
    Inconclusive,
}

/// A gate with how it stands and one sentence about why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GateReport {
    /// The gate.
    pub gate: Gate,
    /// How it stands.
    pub state: GateState,
    /// The evidence, and what would settle it: `soak 3:12 of 5:00`.
    pub text: String,
}

/// A gate that an operator sets aside, with a reason (F4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Override {
    /// The gate.
    pub gate: Gate,
    /// Why.
    pub reason: String,
}

/// How an operator confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    /// What they did.
    pub gesture: Gesture,
    /// Whether the dialog had been drawn before the first key of it (F2).
    pub seen: bool,
    /// Why one person alone does what asks two (F3); `None` when they do not.
    pub alone: Option<String>,
    /// What was signed, where keys are named.
    pub signed: Option<Signed>,
}

/// The act of confirming.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "gesture", content = "text", rename_all = "snake_case")]
pub enum Gesture {
    /// One key, not the one that opened the dialog.
    Key,
    /// The target, typed.
    Typed(String),
    /// None: an armed guard fired, and nobody confirmed it (G1).
    Guard(GuardId),
}

impl Confirmation {
    /// A plain confirmation by one person.
    pub fn new(gesture: Gesture, seen: bool) -> Self {
        Self { gesture, seen, alone: None, signed: None }
    }
}

impl Gesture {
    /// What this act amounts to.
    pub fn friction(&self) -> Friction {
        match self {
            Self::Key | Self::Guard(_) => Friction::Key,
            Self::Typed(_) => Friction::Type,
        }
    }
}
