//! The names of subjects: one for the entries of each service and environment, one for the presence of each session.

use std::fmt::Write as _;

use crate::domain::SessionId;

/// What the subjects of one journal begin with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Subjects {
    prefix: String,
}

impl Subjects {
    /// With a prefix that is one or more words of letters, digits, - and _ with dots between.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// All that the stream keeps.
    pub(super) fn kept(&self) -> String {
        format!("{}.journal.>", self.prefix)
    }

    /// The entries of a service in an environment.
    pub(super) fn entries(&self, service: &str, environment: &str) -> String {
        format!("{}.journal.{}.{}", self.prefix, word(service), word(environment))
    }

    /// Where the cockpits of a session say that they are there. The stream does not keep it.
    pub(super) fn presence(&self, session: SessionId) -> String {
        format!("{}.presence.{session}", self.prefix)
    }

    /// Where the cockpits of a session share what they read, under the same rights. The stream does not keep it.
    pub(super) fn parcels(&self, session: SessionId) -> String {
        format!("{}.presence.{session}.read", self.prefix)
    }
}

/// A name as one word of a subject. Letters and digits of ASCII, - and _ stand as they are, and so does their case, which
/// NATS tells apart; every other byte is `=` and two digits, so that no two names share a word.
fn word(name: &str) -> String {
    if name.is_empty() {
        return "=".to_owned();
    }
    name.bytes().fold(String::new(), |mut word, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            word.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(word, "={byte:02X}").ok();
        }
        word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_single_harmless_words_and_differ_when_the_names_do() {
        let names = ["a", "A", "a.b", "a b", "a*", "a>", "a=2E", "a=", "", "=", "Zürich", "$JS", "a-b_c", "a\nb"];
        let words: Vec<String> = names.iter().map(|name| word(name)).collect();
        assert_eq!(words[2], "a=2Eb");
        assert_eq!(words[10], "Z=C3=BCrich");
        assert_eq!(words[12], "a-b_c");
        for (index, each) in words.iter().enumerate() {
            assert!(each.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte)), "{each}");
            assert!(!words.iter().take(index).any(|earlier| earlier == each), "{each} stands for two names");
        }
    }

    #[test]
    fn presence_is_not_among_what_is_kept() {
        let subjects = Subjects::new("flightdeck");
        let presence = subjects.presence(SessionId(uuid::Uuid::from_u128(1)));
        let kept = subjects.kept();
        assert!(subjects.entries("a", "b").starts_with(kept.trim_end_matches('>')));
        assert!(!presence.starts_with(kept.trim_end_matches('>')));
    }
}
