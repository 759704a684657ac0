//! Why no answer came, and what may have gone out.

use crate::adapter::router::SetAnswer;
use crate::adapter::secret::SecretError;
use crate::domain::{Trouble, TroubleKind};

/// Why there is no whole answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The secret to show could not be had: no byte went out.
    NoSecret(SecretError),
    /// No connection: no byte of the request went out.
    NotConnected {
        /// What happened.
        why: String,
        /// Whether the time was over.
        is_late: bool,
    },
    /// The fence forbade it: no byte of the request went out.
    Forbidden {
        /// Why.
        why: String,
    },
    /// A byte may have gone out, and no whole answer came.
    Unanswered {
        /// What happened.
        why: String,
        /// Whether the time was over.
        is_late: bool,
    },
}

impl Failure {
    /// As the trouble of a look. `what` says what was asked, with the address.
    pub fn trouble(self, what: &str) -> Trouble {
        match self {
            Self::NoSecret(SecretError { from, why, advice }) => {
                Trouble::new(TroubleKind::Denied, what, format!("the secret from {from} cannot be had: {why}"), advice)
            }
            Self::NotConnected { why, is_late: false } => {
                Trouble::new(TroubleKind::Unreachable, what, why, "see whether it runs and listens there")
            }
            Self::NotConnected { why, is_late: true } | Self::Unanswered { why, is_late: true } => {
                Trouble::new(TroubleKind::TimedOut, what, why, "see whether it hangs, or give it a longer `timeout`")
            }
            Self::Unanswered { why, is_late: false } => {
                Trouble::new(TroubleKind::Garbage, what, why, "see whether that address is the one of the system's API")
            }
            // Nothing forbids a look; said as it is all the same.
            Self::Forbidden { why } => Trouble::new(TroubleKind::Denied, what, why, "ask again"),
        }
    }

    /// As the answer to a write. `what` says what was asked, with the address.
    pub fn set_answer(self, what: &str) -> SetAnswer {
        match self {
            Self::Forbidden { why } => SetAnswer::NotSent(why),
            Self::NoSecret(error) => SetAnswer::NotSent(format!("{what}: {error}")),
            Self::NotConnected { why, .. } => SetAnswer::NotSent(format!("{what}: {why}; no byte of it went out")),
            Self::Unanswered { why, .. } => SetAnswer::Unknown(format!(
                "{what}: {why}; it may be taken, and a system that was stopped takes it late"
            )),
        }
    }
}
