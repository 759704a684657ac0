//! The `allowed_signers` file: which key may sign for whom, for what and when, in OpenSSH's own format.
//!
//! ```text
//! # principals             options                                            key
//! anna@example.com                                                            ssh-ed25519 AAAAC3…
//! *@example.com            cert-authority,valid-before="20271231Z"            ssh-ed25519 AAAAC3…
//! ben@example.com          namespaces="flightdeck,git"                        sk-ssh-ed25519@openssh.com AAAAGn…
//! ```
//!
//! Times must end in `Z`. OpenSSH reads others in the zone of the machine that asks, so that the two cockpits of a session
//! and whoever checks the record a year later could answer differently of the same signature.

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as DeError, StrDeserializer};

use super::certificate::Identity;
use super::key::{BadKey, PublicKey};
use super::pattern::PatternList;
use crate::domain::Timestamp;

/// A list of keys and whom they may sign for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

/// One line of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Where it stands, from 1.
    pub line: usize,
    pub(super) principals: PatternList,
    pub(super) is_authority: bool,
    pub(super) namespaces: Option<PatternList>,
    pub(super) valid_after: Option<Timestamp>,
    pub(super) valid_before: Option<Timestamp>,
    /// The key.
    pub key: PublicKey,
    /// What follows the key, for people.
    pub comment: String,
}

/// Everything that is wrong with a list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct BadAllowedSigners {
    /// In the order of the lines; never empty.
    pub problems: Vec<Problem>,
}

/// What is wrong with one line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {flaw}")]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub flaw: Flaw,
}

/// The ways in which a line is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// Nothing follows the principals, or nothing follows the options.
    #[error("the key is missing; write: principals, options if any, type and key")]
    NoKey,
    /// Something else in the place of the key.
    #[error("`{found}` stands where the type of the key should; separate options by commas, without spaces")]
    NotAType {
        /// What stands there.
        found: String,
    },
    /// A pattern list with an empty pattern.
    #[error("`{list}` has an empty pattern; separate names by one comma each, without spaces")]
    EmptyPattern {
        /// The list.
        list: String,
    },
    /// A quotation mark that is not closed.
    #[error("a quotation mark is not closed")]
    Unclosed,
    /// Not an option of this file.
    #[error("`{name}` is not an option; use cert-authority, namespaces=\"…\", valid-after=\"…\", valid-before=\"…\"")]
    Option {
        /// The option.
        name: String,
    },
    /// An option without its value in quotation marks.
    #[error("`{name}` needs a value in quotation marks: {name}=\"…\"")]
    Value {
        /// The option.
        name: String,
    },
    /// An option that is there twice.
    #[error("`{name}` is there twice; keep one")]
    Twice {
        /// The option.
        name: String,
    },
    /// Not a time.
    #[error("`{text}` is not a time; write YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ")]
    Time {
        /// What stands there.
        text: String,
    },
    /// A time in nobody's zone.
    #[error(
        "the time `{text}` has no zone and would mean another moment on another machine; write it in UTC, with a Z at its end"
    )]
    LocalTime {
        /// What stands there.
        text: String,
    },
    /// It would never be valid.
    #[error("valid-before is not after valid-after; such a key is never valid")]
    Never,
    /// Not a key that may sign.
    #[error("{0}")]
    Key(BadKey),
    /// A certificate in the place of a key.
    #[error(
        "a certificate stands in the place of a key; list the authority's key with cert-authority, or the plain key"
    )]
    Certificate,
}

impl AllowedSigners {
    /// Reads a list; lines that are empty or begin with `#` are skipped.
    ///
    /// # Errors
    /// All problems of all lines. No entry counts then: a slip in one line must not be read as a shorter list.
    pub fn parse(text: &str) -> Result<Self, BadAllowedSigners> {
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim_matches([' ', '\t', '\r']);
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            match Entry::parse(line, content) {
                Ok(entry) => entries.push(entry),
                Err(flaw) => problems.push(Problem { line, flaw }),
            }
        }
        if problems.is_empty() { Ok(Self { entries }) } else { Err(BadAllowedSigners { problems }) }
    }

    /// Whether a line may be of this name.
    pub fn lists(&self, principal: &str) -> bool {
        self.entries.iter().any(|entry| entry.principals.matches(principal))
    }

    /// The lines that count, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    fn parse(line: usize, content: &str) -> Result<Self, Flaw> {
        let (list, rest) = principals(content)?;
        let principals = PatternList::parse(list).ok_or_else(|| Flaw::EmptyPattern { list: list.to_owned() })?;
        let mut options = Options::default();
        let mut key = rest;
        if !begins_with_key(rest) {
            let (written, after) = split_unquoted(rest)?;
            options = Options::parse(written)?;
            key = after;
        }
        if key.is_empty() {
            return Err(Flaw::NoKey);
        }
        if !begins_with_key(key) {
            let found = key.split([' ', '\t']).next().unwrap_or_default().to_owned();
            return Err(Flaw::NotAType { found });
        }
        let (identity, comment) = Identity::from_line(key).map_err(Flaw::Key)?;
        let Identity::Key(key) = identity else { return Err(Flaw::Certificate) };
        let Options { is_authority, namespaces, valid_after, valid_before } = options;
        Ok(Self { line, principals, is_authority, namespaces, valid_after, valid_before, key, comment })
    }
}

/// The first field, which may stand in quotation marks as a whole, and what follows it.
fn principals(content: &str) -> Result<(&str, &str), Flaw> {
    let (list, rest) = match content.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(Flaw::Unclosed)?,
        None => content.split_once([' ', '\t']).ok_or(Flaw::NoKey)?,
    };
    Ok((list, rest.trim_start_matches([' ', '\t'])))
}

/// Whether a type of key stands here, known or not; no option has a name like that.
fn begins_with_key(text: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-", "rsa-", "webauthn-"].iter().any(|start| text.starts_with(start))
}

/// What stands before the first space outside of quotation marks, and what after it.
fn split_unquoted(text: &str) -> Result<(&str, &str), Flaw> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' if !is_quoted => {
                let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
                return Ok((before, after.trim_start_matches([' ', '\t'])));
            }
            _ => {}
        }
    }
    if is_quoted { Err(Flaw::Unclosed) } else { Ok((text, "")) }
}

#[derive(Default)]
struct Options {
    is_authority: bool,
    namespaces: Option<PatternList>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

impl Options {
    fn parse(mut text: &str) -> Result<Self, Flaw> {
        let mut options = Self::default();
        loop {
            let end = text.find([',', '=']).unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            let lower = name.to_ascii_lowercase();
            let after = if lower == "cert-authority" {
                options.is_authority = true;
                rest
            } else if matches!(lower.as_str(), "namespaces" | "valid-after" | "valid-before") {
                let (value, after) = dequote(rest).ok_or_else(|| Flaw::Value { name: lower.clone() })?;
                options.set(&lower, &value)?;
                after
            } else {
                return Err(Flaw::Option { name: name.to_owned() });
            };
            if after.is_empty() {
                break;
            }
            text = after.strip_prefix(',').ok_or_else(|| Flaw::Option { name: format!("{name}{after}") })?;
        }
        match (options.valid_after, options.valid_before) {
            (Some(after), Some(before)) if before <= after => Err(Flaw::Never),
            _ => Ok(options),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Flaw> {
        let twice = || Flaw::Twice { name: name.to_owned() };
        if name == "namespaces" {
            let list = PatternList::parse(value).ok_or_else(|| Flaw::EmptyPattern { list: value.to_owned() })?;
            return self.namespaces.replace(list).map_or(Ok(()), |_first| Err(twice()));
        }
        let limit = if name == "valid-after" { &mut self.valid_after } else { &mut self.valid_before };
        limit.replace(time(value)?).map_or(Ok(()), |_first| Err(twice()))
    }
}

/// The value of `="…"`, in which a quotation mark stands as `\"`, and what follows it.
fn dequote(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix("=\"")?;
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return quoted.get(at + 1..).map(|rest| (value, rest)),
            '\\' if quoted.get(at + 1..)?.starts_with('"') => {
                characters.next();
                value.push('"');
            }
            other => value.push(other),
        }
    }
    None
}

/// A time as OpenSSH writes it: `20271231Z`, `202712312359Z`, `20271231235959Z`.
fn time(text: &str) -> Result<Timestamp, Flaw> {
    let wrong = || Flaw::Time { text: text.to_owned() };
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix("UTC"));
    let Some(digits) = digits else {
        let is_local = is_digits(text) && matches!(text.len(), 8 | 12 | 14);
        return Err(if is_local { Flaw::LocalTime { text: text.to_owned() } } else { wrong() });
    };
    if !is_digits(digits) || !matches!(digits.len(), 8 | 12 | 14) {
        return Err(wrong());
    }
    let full = format!("{digits:0<14}");
    let part = |from: usize, to: usize| full.get(from..to).unwrap_or_default();
    let written =
        format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
    let reader: StrDeserializer<'_, DeError> = written.as_str().into_deserializer();
    // OpenSSH takes the first moment of 1970 for no time at all.
    Timestamp::deserialize(reader).ok().filter(|time| time.0 > 0).ok_or_else(wrong)
}
