//! The second person (F3): what is asked of them, what they gave, and what that lets through.

use serde::{Deserialize, Serialize};

use super::proposal::{Override, Proposal};
use super::state::Session;
use crate::domain::{ChangeId, CockpitId, Digest, Operator, Procedure, RequestId, Signed, Signer, StepId, Timestamp};

/// A request that another person confirms an act.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConfirmationAsked {
    /// Its id.
    pub request: RequestId,
    /// What is to be confirmed.
    pub act: AskedAct,
    /// Gates that would be set aside, with reasons.
    pub overrides: Vec<Override>,
    /// What both operators read to each other; see [`ConfirmationAsked::digest_of`].
    pub digest: Digest,
    /// After this nobody's answer counts.
    pub until: Timestamp,
}

/// An act that a second person is asked about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", content = "detail", rename_all = "snake_case")]
pub enum AskedAct {
    /// A change of weights, as it would be sent.
    Change(Box<Proposal>),
    /// A step that a person has done elsewhere.
    Complete {
        /// The step.
        step: StepId,
        /// What is typed to confirm it.
        typed: String,
        /// The traffic revision that it is bound to.
        revision: u64,
        /// The profile's digest.
        profile: Digest,
        /// What is sent for it, where an action of flightdeck's does it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        requests: Vec<String>,
    },
    /// A changed profile that is to be taken in.
    Reload {
        /// The new profile's digest.
        digest: Digest,
        /// The traffic revision that it is bound to.
        revision: u64,
        /// The digest of the profile that is flown.
        profile: Digest,
    },
}

impl AskedAct {
    /// Taking in the profile with this digest.
    pub fn reload(session: &Session, digest: Digest) -> Self {
        let profile = session.profile_digest().unwrap_or(Digest::ZERO);
        Self::Reload { digest, revision: session.revision, profile }
    }

    /// What confirming it asks to be typed.
    pub fn typed_target(&self) -> String {
        match self {
            Self::Change(proposal) => proposal.typed_target(),
            Self::Complete { typed, .. } => typed.clone(),
            Self::Reload { .. } => "reload".to_owned(),
        }
    }

    /// The act in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Change(proposal) if proposal.kind.is_forward() => format!("shift to {}", proposal.to),
            Self::Change(proposal) => format!("roll back to {}", proposal.to),
            Self::Complete { step, requests, .. } if requests.is_empty() => format!("complete {step}"),
            Self::Complete { step, .. } => format!("start {step}"),
            Self::Reload { digest, .. } => format!("take in the profile {}", digest.short()),
        }
    }

    /// The change that it is about, if it is one.
    pub fn change(&self) -> Option<ChangeId> {
        match self {
            Self::Change(proposal) => Some(proposal.change),
            Self::Complete { .. } | Self::Reload { .. } => None,
        }
    }

    /// Whether it is void once the session goes on: everything but a rollback, which is bound to its target only (R4).
    pub fn is_void_when_touched(&self) -> bool {
        match self {
            Self::Change(proposal) => proposal.kind.is_forward(),
            Self::Complete { .. } | Self::Reload { .. } => true,
        }
    }

    /// The traffic revision that it is bound to.
    pub fn revision(&self) -> u64 {
        match self {
            Self::Change(proposal) => proposal.revision,
            Self::Complete { revision, .. } | Self::Reload { revision, .. } => *revision,
        }
    }
}

impl ConfirmationAsked {
    /// The digest of an act with its overrides: SHA-256 over the proposal's own digest, or the step with what it is bound
    /// to, and the overrides as JSON.
    pub fn digest_of(act: &AskedAct, overrides: &[Override]) -> Digest {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"flightdeck request 1\n");
        match act {
            AskedAct::Change(proposal) => hash.update(proposal.digest().0),
            // Serialising plain values to memory cannot fail; a failure would give a digest that nobody else computes.
            AskedAct::Complete { step, typed, revision, profile, requests } => {
                hash.update(serde_json::to_vec(&(step, typed, revision, profile)).unwrap_or_default());
                if !requests.is_empty() {
                    hash.update(serde_json::to_vec(requests).unwrap_or_default());
                }
            }
            AskedAct::Reload { digest, revision, profile } => {
                hash.update(serde_json::to_vec(&(digest, revision, profile)).unwrap_or_default());
            }
        }
        hash.update(serde_json::to_vec(overrides).unwrap_or_default());
        Digest(hash.finalize().into())
    }
}

/// A run of planned steps that a second person confirmed at once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunConfirmed {
    /// The steps, in the plan's order.
    pub steps: Vec<StepId>,
    /// Digest over the steps, their targets and the profile; see [`run_digest`].
    pub digest: Digest,
    /// What was signed, where keys are named.
    pub signed: Option<Signed>,
}

/// The digest of a run: SHA-256 over the profile's digest and the steps with their targets as JSON.
pub fn run_digest(procedure: &Procedure, steps: &[StepId]) -> Digest {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    hash.update(b"flightdeck run 1\n");
    hash.update(procedure.digest.0);
    for id in steps {
        hash.update(id.as_str().as_bytes());
        hash.update(b"\n");
        if let Some(crate::domain::procedure::StepAct::Shift(to)) = procedure.step(id).map(|(_, step)| &step.act) {
            hash.update(to.to_string().as_bytes());
        }
        hash.update(b"\n");
    }
    Digest(hash.finalize().into())
}

/// A request as the session has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// What was asked.
    pub asked: ConfirmationAsked,
    /// Who asks.
    pub by: Operator,
    /// From which cockpit.
    pub cockpit: CockpitId,
    /// When.
    pub at: Timestamp,
    /// Who confirmed it.
    pub given: Option<Given>,
}

/// A confirmation of a second person, as the session has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// Who.
    pub by: Operator,
    /// In which cockpit.
    pub cockpit: CockpitId,
    /// When.
    pub at: Timestamp,
    /// The entry that says so.
    pub entry: u64,
    /// What was signed, where keys are named.
    pub signed: Option<Signed>,
}

/// A run as the session has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The steps.
    pub steps: Vec<StepId>,
    /// Over what.
    pub digest: Digest,
    /// By whom.
    pub given: Given,
}

/// What let an act through that may ask two people.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "second", content = "detail", rename_all = "snake_case")]
pub enum Second {
    /// It asks one person only.
    #[default]
    NotAsked,
    /// Another person confirmed exactly this.
    Given {
        /// Who.
        by: Operator,
        /// In which cockpit.
        cockpit: CockpitId,
        /// The entry of the confirmation.
        entry: u64,
        /// The key, where it was proven.
        key: Option<Signer>,
    },
    /// Another person confirmed a run of steps that holds this one.
    Run {
        /// Who.
        by: Operator,
        /// In which cockpit.
        cockpit: CockpitId,
        /// The entry of the run.
        entry: u64,
        /// The key, where it was proven.
        key: Option<Signer>,
    },
    /// One person alone broke the glass.
    Alone {
        /// Why.
        reason: String,
    },
}
