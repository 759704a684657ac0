//! The text that an operator signs.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as DeError, StrDeserializer};
use sha2::{Digest as _, Sha256};

use crate::domain::{CockpitId, Digest, Operator, SessionId, Timestamp};

/// The first line of every statement, with the version of the format.
const VERSION: &str = "flightdeck statement 1";

/// The keys of the lines, in their order.
const KEYS: [&str; 12] = [
    "act",
    "session",
    "service",
    "environment",
    "head",
    "head hash",
    "about",
    "what",
    "cockpit",
    "operator",
    "at",
    "valid until",
];

/// What the operator does by signing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Act {
    /// Confirms a proposal of their own cockpit.
    Confirm,
    /// Approves what another operator proposed.
    Approve,
    /// Refuses what another operator proposed.
    Refuse,
    /// Goes past a gate.
    Override,
    /// Acts alone where two people are asked for.
    BreakGlass,
    /// Confirms a run of planned steps.
    Run,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Confirm, Self::Approve, Self::Refuse, Self::Override, Self::BreakGlass, Self::Run];

    /// The word in a statement.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Override => "override",
            Self::BreakGlass => "break-glass",
            Self::Run => "run",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A place in a session's journal: an entry's number and its hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The number of the last entry, 0 before the first.
    pub number: u64,
    /// Its hash, [`Digest::ZERO`] before the first.
    pub hash: Digest,
}

/// What a statement says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// What the operator does.
    pub act: Act,
    /// In which session.
    pub session: SessionId,
    /// Of which service.
    pub service: String,
    /// In which environment.
    pub environment: String,
    /// The head of the journal that their cockpit had folded when they signed.
    pub head: Head,
    /// The digest of what it is about: the proposal, the gate's finding, the steps of a run.
    pub about: Digest,
    /// The same in words, as the screen showed it, in one line.
    pub what: String,
    /// The cockpit in front of which they sat.
    pub cockpit: CockpitId,
    /// Under which name; the principal of their key.
    pub operator: Operator,
    /// When they signed, by the clock of that cockpit.
    pub at: Timestamp,
    /// Until when it may be taken into the journal.
    pub valid_until: Timestamp,
}

/// A text that an operator signs: a [`Claim`] that can be written down in exactly one way.
///
/// UTF-8; every line, the last one too, ends with one line feed. The first line has the version, the others are `key: value`,
/// all of them, in this order:
///
/// ```text
/// flightdeck statement 1
/// act: approve
/// session: 0193e4a2-7c10-7000-8000-000000000001
/// service: checkout
/// environment: production
/// head: 41
/// head hash: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
/// about: 7f3a91c2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
/// what: Shift blue 90 / green 10 on eu-1, eu-2
/// cockpit: 0193e4a2-7c10-7000-8000-0000000000aa
/// operator: anna@example.com
/// at: 2026-11-21T14:02:11.000Z
/// valid until: 2026-11-21T14:07:11.000Z
/// ```
///
/// Numbers are decimal, digests 64 hex digits in lower case, ids UUIDs in lower case, times RFC 3339 in UTC with
/// milliseconds. Text is what it looks like: no control characters, line separators or marks that turn the direction of
/// writing, and not empty. A change of any of this is a new version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement(Claim);

/// Why some bytes are not a statement, or a claim cannot be written as one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadStatement {
    /// Not UTF-8.
    #[error("this is not a statement: its bytes are not UTF-8 text")]
    NotText,
    /// Another text, or another version.
    #[error("this is not a statement of version 1: its first line is not `flightdeck statement 1`")]
    Version,
    /// Another line stands in its place, or none.
    #[error("the statement has no line `{key}` in its place; unknown, missing, repeated and moved lines are refused")]
    Line {
        /// The line that should stand there.
        key: &'static str,
    },
    /// Something follows.
    #[error("the statement goes on after its last line, or does not end with it")]
    End,
    /// A value that cannot be read, or is not written the one way that it is written.
    #[error("the value of `{key}` in the statement is not written as it must be")]
    Value {
        /// The line.
        key: &'static str,
    },
    /// A text that would not be what it looks like.
    #[error("the text of `{key}` in the statement is empty or holds U+{code:04X}, which people do not see")]
    Text {
        /// The line.
        key: &'static str,
        /// The first such character; 0 when it is empty.
        code: u32,
    },
}

impl Statement {
    /// Checks that a claim can be written down.
    ///
    /// # Errors
    /// When one of its texts is empty or is not what it looks like, or a time is not in the years 0 to 9999.
    pub fn new(claim: Claim) -> Result<Self, BadStatement> {
        for (key, text) in [
            ("service", claim.service.as_str()),
            ("environment", &claim.environment),
            ("what", &claim.what),
            ("operator", claim.operator.as_str()),
        ] {
            let hidden = text.chars().find(|character| is_hidden(*character));
            if text.is_empty() || hidden.is_some() {
                return Err(BadStatement::Text { key, code: hidden.map_or(0, u32::from) });
            }
        }
        for (key, time) in [("at", claim.at), ("valid until", claim.valid_until)] {
            if read::<Timestamp>(&time.to_string()) != Some(time) {
                return Err(BadStatement::Value { key });
            }
        }
        Ok(Self(claim))
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// When the bytes are not exactly those that [`Statement::bytes`] gives for some claim.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadStatement> {
        let text = std::str::from_utf8(bytes).map_err(|_not_text| BadStatement::NotText)?;
        let mut lines = text.split('\n');
        if lines.next() != Some(VERSION) {
            return Err(BadStatement::Version);
        }
        let mut values = [""; KEYS.len()];
        for (key, value) in KEYS.into_iter().zip(&mut values) {
            let line = lines.next().and_then(|line| line.strip_prefix(key)?.strip_prefix(": "));
            *value = line.ok_or(BadStatement::Line { key })?;
        }
        if lines.next() != Some("") || lines.next().is_some() {
            return Err(BadStatement::End);
        }
        let [act, session, service, environment, head, hash, about, what, cockpit, operator, at, valid_until] = values;
        let wrong = |key| BadStatement::Value { key };
        let claim = Claim {
            act: Act::ALL.into_iter().find(|known| known.word() == act).ok_or(wrong("act"))?,
            session: read(session).ok_or(wrong("session"))?,
            service: service.to_owned(),
            environment: environment.to_owned(),
            head: Head {
                number: u64::from_str(head).map_err(|_not_a_number| wrong("head"))?,
                hash: read(hash).ok_or(wrong("head hash"))?,
            },
            about: read(about).ok_or(wrong("about"))?,
            what: what.to_owned(),
            cockpit: read(cockpit).ok_or(wrong("cockpit"))?,
            operator: Operator::from(operator),
            at: read(at).ok_or(wrong("at"))?,
            valid_until: read(valid_until).ok_or(wrong("valid until"))?,
        };
        let statement = Self::new(claim)?;
        // A value can be written in several ways, a UUID in capitals for one; a statement in one way only.
        let rewritten = statement.values();
        match KEYS.into_iter().zip(values).zip(&rewritten).find(|((_, was), is)| was != is) {
            Some(((key, _), _)) => Err(wrong(key)),
            None => Ok(statement),
        }
    }

    /// The bytes that are signed.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{VERSION}\n");
        for (key, value) in KEYS.into_iter().zip(self.values()) {
            text.extend([key, ": ", &value, "\n"]);
        }
        text.into_bytes()
    }

    /// The digest of its bytes: one statement is used once.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.bytes()).into())
    }

    /// What it says.
    pub fn claim(&self) -> &Claim {
        &self.0
    }

    /// The values of the lines, in their order.
    fn values(&self) -> [String; KEYS.len()] {
        let claim = &self.0;
        [
            claim.act.to_string(),
            claim.session.to_string(),
            claim.service.clone(),
            claim.environment.clone(),
            claim.head.number.to_string(),
            claim.head.hash.to_string(),
            claim.about.to_string(),
            claim.what.clone(),
            claim.cockpit.to_string(),
            claim.operator.to_string(),
            claim.at.to_string(),
            claim.valid_until.to_string(),
        ]
    }
}

/// Reads a value in the form in which it is stored.
fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let reader: StrDeserializer<'de, DeError> = text.into_deserializer();
    T::deserialize(reader).ok()
}

/// Whether a character ends the line, steers a terminal, is not seen or turns the direction of writing.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests;
