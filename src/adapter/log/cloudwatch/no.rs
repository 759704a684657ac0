//! What AWS says when it says no in JSON.

use std::time::Duration;

use serde::Deserialize;

use super::super::Cleaner;
use super::super::poll::Refused;
use crate::adapter::http::Answer;
use crate::domain::{Trouble, TroubleKind};

/// How long it is left alone when it is asked too often: it does not say.
const LATER: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "__type")]
    sort: String,
    #[serde(default, alias = "Message")]
    message: String,
}

/// One refusal.
pub(super) struct No {
    code: String,
    message: String,
}

impl No {
    /// Reads a refusal; `None` where the answer is none.
    pub(super) fn read(answer: &Answer) -> Option<Self> {
        let document: Document = serde_json::from_slice(&answer.body).ok()?;
        let code = document.sort.rsplit('#').next().unwrap_or_default().to_owned();
        Some(Self { code, message: document.message }).filter(|no| !no.code.is_empty())
    }

    /// Whether other credentials may bring another answer.
    pub(super) fn is_about_credentials(&self) -> bool {
        matches!(
            self.code.as_str(),
            "ExpiredTokenException"
                | "ExpiredToken"
                | "UnrecognizedClientException"
                | "InvalidClientTokenId"
                | "InvalidSignatureException"
                | "MissingAuthenticationTokenException"
        )
    }

    /// What it means; `login` says how a person logs in again.
    pub(super) fn refused(self, what: &str, has_cursor: bool, login: &str, cleaner: &Cleaner) -> Refused {
        // A signature that does not fit is answered with all that was signed, which is not repeated.
        let said = match self.code.as_str() {
            "InvalidSignatureException" => format!("AWS answered {}", self.code),
            _ => format!("AWS answered {}: {}", self.code, self.message.chars().take(300).collect::<String>()),
        };
        let trouble = |kind, advice: &str| Trouble::new(kind, what, cleaner.words(&said), advice);
        if self.is_about_credentials() {
            return Refused::Failed(trouble(TroubleKind::Denied, login));
        }
        match self.code.as_str() {
            "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "LimitExceededException" => {
                let advice =
                    "nothing needs to be done: it goes on by itself; a longer `every` for this log asks less often";
                Refused::Later(LATER, trouble(TroubleKind::Denied, advice))
            }
            "InvalidParameterException" if has_cursor => {
                Refused::Expired(trouble(TroubleKind::Mismatch, "nothing needs to be done: it begins anew"))
            }
            "InvalidParameterException" => {
                Refused::Failed(trouble(TroubleKind::Mismatch, "correct `pattern` and `streams` in the profile"))
            }
            "ResourceNotFoundException" => {
                let advice =
                    "compare `group` and `region` in the profile with what `aws logs describe-log-groups` lists";
                Refused::Failed(trouble(TroubleKind::Mismatch, advice))
            }
            "AccessDeniedException" => {
                let advice = "ask whoever runs the account for the permission logs:FilterLogEvents";
                Refused::Failed(trouble(TroubleKind::Denied, advice))
            }
            _ => {
                let advice = "it is asked again; AWS's status page tells of larger trouble";
                Refused::Failed(trouble(TroubleKind::Unreachable, advice))
            }
        }
    }
}
