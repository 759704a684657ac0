//! The words that all kinds of check share: what could not be told, and how long a system asks to be left alone.

use std::time::Duration;

use chrono::DateTime;
use tokio::time::timeout;

use crate::adapter::http;
use crate::adapter::log;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble};

/// The most of a system's words that is quoted in a sentence, and in a line of evidence.
const SENTENCE: usize = 120;
const LINE: usize = 300;
/// The longest that a system is left alone because it said so: a check must not fall silent for a day by one header.
const LONGEST: Duration = Duration::from_mins(15);
/// How long a system that is asked too often and does not say for how long is left alone.
const DEFAULT: Duration = Duration::from_secs(30);

/// A system's words within a sentence: one harmless line, masked.
pub(super) fn quoted(text: &str) -> String {
    log::quotable(text, SENTENCE)
}

/// A system's words as a line of evidence: harmless, masked.
pub(super) fn evidence(text: &str) -> String {
    log::quotable(text, LINE)
}

/// An answer that cannot be told.
pub(super) fn inconclusive(words: impl Into<String>, asking: &Asking) -> Answer {
    Answer::new(Verdict::Inconclusive, words, asking.now)
}

/// What went wrong before there was an answer, in the words of the trouble that it is.
pub(super) fn trouble(trouble: &Trouble, asking: &Asking) -> Answer {
    inconclusive(quoted(&trouble.why), asking).with("to do", trouble.advice.clone())
}

/// No whole answer came.
pub(super) fn failure(failure: http::Failure, what: &str, asking: &Asking) -> Answer {
    self::trouble(&failure.trouble(what), asking)
}

/// A no that says nothing of what was asked about: denied, asked too often. Honours Retry-After.
pub(super) fn refusal(answer: &http::Answer, what: &str, asking: &Asking) -> Answer {
    let mut said = trouble(&answer.refusal(what), asking);
    said.not_before = left_alone(answer, asking.now);
    said
}

/// Whether an answer says nothing of what was asked about: who asks may not, or asks too often.
pub(super) fn is_refusal(answer: &http::Answer) -> bool {
    matches!(answer.status, 401 | 403 | 407 | 429) || (answer.status == 503 && !answer.header("retry-after").is_empty())
}

/// How long the system asks to be left alone.
pub(super) fn left_alone(answer: &http::Answer, now: Timestamp) -> Option<Duration> {
    let again = answer.header("retry-after").trim();
    let seconds = again.parse().ok().map(Duration::from_secs);
    let moment = || DateTime::parse_from_rfc2822(again).ok().map(|at| Timestamp(at.timestamp_millis()).since(now));
    let asked = seconds.or_else(moment).or_else(|| (answer.status == 429).then_some(DEFAULT));
    asked.map(|span| span.min(LONGEST))
}

/// Does it within the time; what takes longer, whatever it hangs on, is inconclusive.
pub(super) async fn within(limit: Duration, asking: &Asking, ask: impl Future<Output = Answer>) -> Answer {
    match timeout(limit, ask).await {
        Ok(answer) => answer,
        Err(_elapsed) => inconclusive(format!("no answer within {} ms", limit.as_millis()), asking),
    }
}

/// A value that is kept for a comparison: as it may be shown, and whole.
///
/// # Errors
/// Why it cannot be one, in words.
pub(super) fn value(text: &str) -> Result<String, String> {
    let shown = evidence(text);
    if text.chars().count() > LINE {
        return Err(format!("the value to compare is longer than {LINE} characters: name a part of it in the profile"));
    }
    if shown.is_empty() { Err("there is no value to compare: it is empty".to_owned()) } else { Ok(shown) }
}

/// Whether a value is the one of the first answer in this session.
pub(super) fn same_as_before(value: &str, asking: &Asking) -> (Verdict, String) {
    match &asking.earlier {
        None => (Verdict::Pass, format!("{}, the first answer of this session", quoted(value))),
        Some(earlier) if earlier == value => (Verdict::Pass, format!("{}, as before", quoted(value))),
        Some(earlier) => (Verdict::Fail, format!("{}, before it was {}", quoted(value), quoted(earlier))),
    }
}
