//! What AWS says when it says no.

use super::xml::Element;
use crate::adapter::http::{Answer, words};
use crate::domain::{Trouble, TroubleKind};

/// One refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct No {
    code: String,
    message: String,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sort {
    /// The credentials are over or wrong.
    Credentials,
    /// The clocks differ.
    Clock,
    /// The signature does not fit.
    Signature,
    /// They may not do this.
    Permission,
    /// Asked too often.
    Throttled,
    /// A name is not there.
    Name,
    /// It failed for its own reasons, and may have done something before.
    Receiver,
    /// Any other.
    Other,
}

impl No {
    /// Reads a refusal; `None` where the document is none.
    pub(crate) fn read(answer: &Answer, document: &Element) -> Option<Self> {
        let error = if document.name == "Error" { document } else { document.anywhere("Error")? };
        let is_receiver = error.text("Type") == "Receiver" || answer.status >= 500;
        Self::of(answer.status, error.text("Code"), error.text("Message"), is_receiver)
    }

    /// A refusal of this code; `None` where there is none.
    pub(crate) fn of(status: u16, code: &str, message: &str, is_receiver: bool) -> Option<Self> {
        let (code, message) = (words(code), words(message));
        if code.is_empty() {
            return None;
        }
        let sort = match code.as_str() {
            "SignatureDoesNotMatch"
                if message.starts_with("Signature expired") || message.contains("not yet current") =>
            {
                Sort::Clock
            }
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Sort::Clock,
            "SignatureDoesNotMatch" | "IncompleteSignature" => Sort::Signature,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "UnrecognizedClientException"
            | "InvalidToken"
            | "AuthFailure"
            | "MissingAuthenticationToken" => Sort::Credentials,
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "OptInRequired" => Sort::Permission,
            "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException" => {
                Sort::Throttled
            }
            "ClusterNotFoundException"
            | "ServiceNotFoundException"
            | "ObjectNotFoundException"
            | "RuleNotFound"
            | "ListenerNotFound"
            | "TargetGroupNotFound"
            | "LoadBalancerNotFound" => Sort::Name,
            _ if status == 429 => Sort::Throttled,
            _ if is_receiver => Sort::Receiver,
            _ => Sort::Other,
        };
        Some(Self { code, message, sort })
    }

    /// Its code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether other credentials may bring another answer.
    pub(crate) fn is_about_credentials(&self) -> bool {
        matches!(self.sort, Sort::Credentials | Sort::Signature)
    }

    /// Whether it is asked too often.
    pub(crate) fn is_throttled(&self) -> bool {
        self.sort == Sort::Throttled
    }

    /// Whether it may have done something before it said no.
    pub(crate) fn may_have_acted(&self) -> bool {
        self.sort == Sort::Receiver
    }

    /// What it said. A signature that does not fit is answered with all that was signed, which is not repeated.
    pub(crate) fn said(&self) -> String {
        let message = if self.sort == Sort::Signature { "" } else { self.message.as_str() };
        if message.is_empty() {
            format!("AWS answered {}", self.code)
        } else {
            format!("AWS answered {}: {message}", self.code)
        }
    }

    /// What to do. `permission` is what was needed, `login` how a person logs in again.
    pub(crate) fn advice(&self, permission: &str, login: &str) -> String {
        match self.sort {
            Sort::Credentials => login.to_owned(),
            Sort::Clock => "set the clock of this machine: a signature is good for some minutes only".to_owned(),
            Sort::Signature => format!("the secret key does not belong to the key's id; {login}"),
            Sort::Permission => format!("ask whoever runs the account for the permission {permission}"),
            Sort::Throttled => {
                "the account's calls to this service are used up for the moment, by all its tools together: wait some \
                 seconds, and give a router a longer `poll`, a source a longer `interval`"
                    .to_owned()
            }
            Sort::Name => "compare the names in the profile with what is there, and their account with the credentials'".to_owned(),
            Sort::Receiver => "wait some seconds and look again; AWS's status page tells of larger trouble".to_owned(),
            Sort::Other if self.code == "OperationNotPermitted" => {
                "a listener's default rule is changed only through the listener: name it as `listener` instead of `rule`".to_owned()
            }
            Sort::Other if self.code.starts_with("TooManyUniqueTargetGroups") || self.code == "TargetGroupAssociationLimit" => {
                "a target group belongs to one load balancer, and a load balancer has a limit of them: see its quotas".to_owned()
            }
            Sort::Other => "look at it in the console, and at CloudTrail for the whole answer".to_owned(),
        }
    }

    /// As the trouble of a look.
    pub(crate) fn trouble(&self, what: &str, permission: &str, login: &str) -> Trouble {
        let kind = match self.sort {
            Sort::Name => TroubleKind::Mismatch,
            Sort::Receiver => TroubleKind::Unreachable,
            Sort::Credentials | Sort::Clock | Sort::Signature | Sort::Permission | Sort::Throttled | Sort::Other => {
                TroubleKind::Denied
            }
        };
        Trouble::new(kind, what, self.said(), self.advice(permission, login))
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml;
    use super::*;

    fn no(status: u16, code: &str, message: &str) -> No {
        let text = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        let answer = Answer { status, headers: ::http::HeaderMap::new(), body: text.clone().into_bytes() };
        No::read(&answer, &xml::read(text.as_bytes()).expect("it is a document")).expect("it is a refusal")
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let told = |status, code, message| {
            let trouble = no(status, code, message).trouble("read it", "elasticloadbalancing:DescribeRules", "log in");
            (trouble.kind, format!("{}; {}", trouble.why, trouble.advice))
        };
        let (kind, text) = told(403, "ExpiredToken", "The security token included in the request is expired");
        assert_eq!((kind, text.ends_with("is expired; log in")), (TroubleKind::Denied, true), "{text}");
        let (kind, text) = told(403, "AccessDenied", "User: a is not authorized to perform: b");
        assert_eq!(
            (kind, text.contains("permission elasticloadbalancing:DescribeRules")),
            (TroubleKind::Denied, true),
            "{text}"
        );
        let (_, text) = told(400, "Throttling", "Rate exceeded");
        assert!(text.contains("Rate exceeded") && text.contains("longer `poll`"), "{text}");
        assert!(told(503, "RequestLimitExceeded", "Request limit exceeded.").1.contains("longer `poll`"));
        assert_eq!(told(400, "RuleNotFound", "One or more rules not found").0, TroubleKind::Mismatch);
        assert!(told(403, "SignatureDoesNotMatch", "Signature expired: 20261121T1").1.contains("set the clock"));
        assert_eq!(told(500, "InternalFailure", "").0, TroubleKind::Unreachable);
    }

    #[test]
    fn what_was_signed_is_not_repeated() {
        let no = no(403, "SignatureDoesNotMatch", "The canonical string should have been 'x-amz-security-token:abc'");
        assert_eq!(no.said(), "AWS answered SignatureDoesNotMatch");
    }

    #[test]
    fn only_a_failure_of_its_own_may_have_done_something() {
        assert!(no(500, "InternalFailure", "").may_have_acted());
        assert!(
            !no(503, "Throttling", "").may_have_acted() && !no(400, "InvalidLoadBalancerAction", "").may_have_acted()
        );
    }
}
