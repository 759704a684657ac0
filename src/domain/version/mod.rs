//! The version that is deployed: its tag, the digest that it was resolved to, and where it ran before.
//!
//! A tag is a name that anybody may move. It is resolved to a digest once in a session, that digest is kept, and what the
//! tag points to is looked at again before every deployment ([`Seen`]). What ran in the environment before is a
//! [`History`], wherever it was read.

mod ran;

use serde::{Deserialize, Serialize};

pub use ran::{End, History, Ran, latest, ran};

use super::{CheckId, ItemId, Timestamp};

/// What the profile says of the version that is deployed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionSpec {
    /// The check that resolves its tag: it is in the procedure with the others, and its value is the digest.
    pub check: CheckId,
    /// The image, with `{to}` where its tag stands.
    pub image: String,
    /// The checklist item at whose tick it is resolved; else it is when the first deploy step is next.
    pub item: Option<ItemId>,
    /// Checks that must pass before a deploy step, asked about the digest.
    pub requires: Vec<CheckId>,
}

impl VersionSpec {
    /// The image of this tag.
    pub fn named(&self, tag: &str) -> String {
        self.image.replace("{to}", tag)
    }
}

/// A tag as it was resolved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resolved {
    /// The tag.
    pub tag: String,
    /// The image with its tag, for people.
    pub image: String,
    /// What it pointed to.
    pub digest: String,
    /// What was asked: the request as it was sent, without secrets.
    pub source: String,
    /// When, by the clock of who answered.
    pub when: Timestamp,
}

/// What the tag points to as far as is known now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// This digest.
    Digest(String),
    /// Nothing: the registry is sure that there is no such image.
    Missing {
        /// What it said.
        words: String,
    },
    /// It cannot be told.
    Unknown {
        /// Why.
        words: String,
    },
}

impl Default for Seen {
    fn default() -> Self {
        Self::Unknown { words: "not asked yet".to_owned() }
    }
}

/// Whether a text is a digest: an algorithm and its hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    let hexadecimal = |digits: &str| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.split_once(':') {
        Some(("sha256", digits)) => digits.len() == 64 && hexadecimal(digits),
        Some(("sha512", digits)) => digits.len() == 128 && hexadecimal(digits),
        _ => false,
    }
}

/// The first digits of a digest, enough for people: `sha256:1a2b3c4d5e6f`.
pub fn short(digest: &str) -> String {
    let algorithm = digest.split_once(':').map_or(0, |(algorithm, _)| algorithm.len() + 1);
    digest.chars().take(algorithm + 12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_told_from_anything_else() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert!(is_digest(&digest));
        assert_eq!(short(&digest), "sha256:0a0a0a0a0a0a");
        for bad in ["", "sha256:", "latest", "sha256:0a", &digest.to_uppercase(), &format!("{digest}0"), "md5:0a"] {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
