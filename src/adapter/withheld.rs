//! Secrets that a profile names or that were fetched in this process: taken out of whatever a program, a system or a log says,
//! before anything is made of it.
//!
//! A program that is run here may have the same variables as this process and may write them down; a system may repeat what it
//! was shown. Who knows a secret by its value needs no rule of how secrets look.
//!
//! # Invariants
//! - Values only come, none goes: a secret that is fetched anew was still one before.
//! - A value that is too short to be told from a word is not looked for.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// A value shorter than this is no secret, or would take half the words away with it.
const SHORTEST: usize = 6;
/// A line of a longer secret, such as a key in a file, counts from this length on.
const LINE: usize = 16;

/// What stands in place of a value, and the value; longer values first, for one may hold another.
static KNOWN: RwLock<Vec<(String, String)>> = RwLock::new(Vec::new());

/// Withholds a value from here on; `name` is what people know it by, as a variable of the environment.
pub(super) fn withhold(name: Option<&str>, value: &str) {
    let value = value.trim();
    let shown = format!("‹{}›", name.unwrap_or("secret"));
    let lines = value.lines().map(str::trim).filter(|line| line.len() >= LINE && !line.starts_with("-----"));
    let parts = lines.chain([value]).filter(|part| part.len() >= SHORTEST);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for part in parts {
        if known.iter().all(|(_, other)| other != part) {
            known.push((shown.clone(), part.to_owned()));
        }
    }
    known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
}

/// The text without any of them.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut text = Cow::Borrowed(text);
    for (shown, value) in known.iter() {
        if text.contains(value.as_str()) {
            text = Cow::Owned(text.replace(value.as_str(), shown));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{withhold, without};

    #[test]
    fn what_was_withheld_is_taken_out_by_its_value_and_what_is_too_short_is_not() {
        assert_eq!(without("before plain-words-of-a-test"), "before plain-words-of-a-test");
        withhold(Some("A_PASS"), "plain-words-of-a-test\n");
        withhold(None, "plain-words-of-a-test-and-more");
        withhold(None, "on");
        let said = "plain-words-of-a-test, plain-words-of-a-test-and-more, on";
        assert_eq!(without(said), "‹A_PASS›, ‹secret›, on");
    }

    #[test]
    fn of_a_key_in_a_file_each_line_is_withheld() {
        withhold(
            None,
            "-----BEGIN A TEST-----\nbGluZSBvbmUgb2YgdGhlIHRlc3Q=\nbGluZSB0d28gb2YgdGhlIHRlc3Q=\n-----END A TEST-----",
        );
        assert_eq!(without("it read bGluZSB0d28gb2YgdGhlIHRlc3Q= and went on"), "it read ‹secret› and went on");
    }
}
