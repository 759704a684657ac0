//! Why a session is opened: its ticket and its reason, and which of them a profile asks for (F6).

use regex::Regex;
use serde::{Deserialize, Serialize};

/// Why a session was opened, as the operator says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Why {
    /// The ticket; empty when not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ticket: String,
    /// The reason in words; empty when not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Why {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.ticket.is_empty() && self.reason.is_empty()
    }

    /// What is said, on one line: `PAY-17: the fee table of May`; empty where nothing is.
    pub fn words(&self) -> String {
        match (self.ticket.as_str(), self.reason.as_str()) {
            (ticket, "") => ticket.to_owned(),
            ("", reason) => reason.to_owned(),
            (ticket, reason) => format!("{ticket}: {reason}"),
        }
    }
}

/// What a profile asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WhyRule {
    /// A ticket that this regular expression fits as a whole.
    pub ticket: Option<String>,
    /// A reason.
    pub reason: bool,
}

/// What is missing, or does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lack {
    /// A ticket is asked for.
    NoTicket {
        /// What it has to fit.
        pattern: String,
    },
    /// Another ticket is asked for.
    OtherTicket {
        /// The one that is said.
        ticket: String,
        /// What it has to fit.
        pattern: String,
    },
    /// A reason is asked for.
    NoReason,
    /// What is said cannot be shown on one line.
    NotOneLine,
}

/// The longest ticket, and the longest reason, in characters.
const LONGEST: [usize; 2] = [80, 500];

impl WhyRule {
    /// The first thing that is missing or does not fit.
    pub fn lacks(&self, why: &Why) -> Option<Lack> {
        let is_long =
            [&why.ticket, &why.reason].into_iter().zip(LONGEST).any(|(text, most)| text.chars().count() > most);
        if is_long || why.ticket.chars().chain(why.reason.chars()).any(char::is_control) {
            return Some(Lack::NotOneLine);
        }
        if let Some(pattern) = &self.ticket {
            let pattern = pattern.clone();
            if why.ticket.trim().is_empty() {
                return Some(Lack::NoTicket { pattern });
            }
            let fits = Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|whole| whole.is_match(&why.ticket));
            if !fits {
                return Some(Lack::OtherTicket { ticket: why.ticket.clone(), pattern });
            }
        }
        (self.reason && why.reason.trim().is_empty()).then_some(Lack::NoReason)
    }
}

impl Lack {
    /// What it is, as a sentence.
    pub fn words(&self) -> String {
        match self {
            Self::NoTicket { .. } => "this profile asks for a ticket".to_owned(),
            Self::OtherTicket { ticket, pattern } => format!("the ticket {ticket} does not fit {pattern}"),
            Self::NoReason => "this profile asks for a reason".to_owned(),
            Self::NotOneLine => "the ticket or the reason is too long, or not on one line".to_owned(),
        }
    }

    /// What to do.
    pub fn advice(&self) -> String {
        match self {
            Self::NoTicket { pattern } | Self::OtherTicket { pattern, .. } => {
                format!("name it with --ticket, one that fits {pattern}")
            }
            Self::NoReason => "say it with --reason".to_owned(),
            Self::NotOneLine => {
                format!("say it in {} characters of a ticket and {} of a reason", LONGEST[0], LONGEST[1])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(ticket: &str, reason: &str) -> Why {
        Why { ticket: ticket.to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn a_ticket_fits_as_a_whole_or_not_at_all() {
        let rule = WhyRule { ticket: Some("PAY-[0-9]+|OPS-1".to_owned()), reason: false };
        assert_eq!(rule.lacks(&why("PAY-17", "")), None);
        assert_eq!(rule.lacks(&why("OPS-1", "")), None);
        assert!(matches!(rule.lacks(&why("", "soon")), Some(Lack::NoTicket { .. })));
        for other in ["PAY-17 or so", "XPAY-17", "OPS-12", "pay-17"] {
            assert!(matches!(rule.lacks(&why(other, "")), Some(Lack::OtherTicket { .. })), "{other}");
        }
    }

    #[test]
    fn a_reason_says_something_on_one_line() {
        let rule = WhyRule { ticket: None, reason: true };
        assert_eq!(rule.lacks(&why("", "  ")), Some(Lack::NoReason));
        assert_eq!(rule.lacks(&why("", "the fee table")), None);
        assert_eq!(rule.lacks(&why("", "the fee\u{1b}[2Jtable")), Some(Lack::NotOneLine));
        assert_eq!(WhyRule::default().lacks(&why(&"x".repeat(81), "")), Some(Lack::NotOneLine));
        assert_eq!(WhyRule::default().lacks(&Why::default()), None);
    }

    #[test]
    fn what_is_not_said_is_not_stored() {
        assert_eq!(serde_json::to_string(&Why::default()).expect("plain values"), "{}");
        let stored = serde_json::to_string(&why("PAY-17", "")).expect("plain values");
        assert_eq!(stored, r#"{"ticket":"PAY-17"}"#);
        assert_eq!(serde_json::from_str::<Why>(&stored).expect("the same form").words(), "PAY-17");
        assert_eq!(why("PAY-17", "the fee table").words(), "PAY-17: the fee table");
    }
}
