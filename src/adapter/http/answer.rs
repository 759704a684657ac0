//! What came back.

use ::http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::{Trouble, TroubleKind};

/// The most of an answer's text that is quoted.
const QUOTED: usize = 300;

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it says yes.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text, wrong bytes replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none of this form; `what` says what was asked.
    pub fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let why = format!("its answer cannot be understood: {error}");
            Trouble::new(TroubleKind::Garbage, what, why, "see whether that address is the one of the system's API")
        })
    }

    /// What it says, for people: one line, harmless on a terminal, not long. Of a JSON object that has a message, the
    /// message.
    pub fn words(&self) -> String {
        const MESSAGES: [&str; 4] = ["message", "Message", "ErrorMessage", "error"];
        let object: Option<serde_json::Map<String, Value>> = serde_json::from_slice(&self.body).ok();
        let message = object.as_ref().and_then(|object| MESSAGES.iter().find_map(|key| object.get(*key)?.as_str()));
        message.map_or_else(|| words(&self.text()), words)
    }

    /// A no, as the trouble of a look. What the status means in HTTP, with the answer's own words.
    pub fn refusal(&self, what: &str) -> Trouble {
        let status = self.status;
        let why = match self.words() {
            said if said.is_empty() => format!("it answered {status}"),
            said => format!("it answered {status}: {said}"),
        };
        // A system that is asked too often tells when it takes requests again.
        let why = match self.header("retry-after").trim() {
            again if status == 429 && !again.is_empty() && again.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{why}; it takes requests again in {again} s")
            }
            _ => why,
        };
        let (kind, advice) = match status {
            401 => (TroubleKind::Denied, "see whether the secret that the profile names is right and not expired"),
            403 => (TroubleKind::Denied, "ask whoever runs it for the permission that it names"),
            404 => (TroubleKind::Mismatch, "compare the names in the profile with what is there"),
            429 => (TroubleKind::Denied, "it is asked too often: give the router a longer `poll`"),
            300..=399 => (TroubleKind::Mismatch, "name the address itself, not one that leads elsewhere"),
            500.. => (TroubleKind::Unreachable, "look at the system's own log, and ask again"),
            _ => (TroubleKind::Denied, "look at the system's own log"),
        };
        Trouble::new(kind, what, why, advice)
    }
}

/// Text of a system for people: one line, harmless on a terminal, not long.
pub(in crate::adapter) fn words(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = one_line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = words.chars().take(QUOTED).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_one_short_harmless_line() {
        assert_eq!(words(" a\r\n\u{1b}[2J b\n"), "a [2J b");
        assert_eq!(words(&"x".repeat(400)).chars().count(), 301);
    }
}
