//! The words that all kinds of action share: what a no means, and how long a system asks to be left alone.

use std::time::Duration;

use chrono::DateTime;

use crate::adapter::http::{Answer, Failure};
use crate::adapter::log;
use crate::adapter::router::SetAnswer;
use crate::domain::action::{ActionLook, ActionState, Started};
use crate::domain::{Trouble, TroubleKind};

/// The most of a system's words that is quoted in a sentence, and in a line of a log.
const SENTENCE: usize = 160;
const LINE: usize = 200;
/// The longest that a system is left alone because it said so: an action must not go unwatched for a day by one header.
const LONGEST: Duration = Duration::from_mins(15);
/// How long a system that is asked too often and does not say for how long is left alone.
const DEFAULT: Duration = Duration::from_mins(1);

/// A system's words within a sentence: one harmless line, masked.
pub(super) fn quoted(text: &str) -> String {
    log::quotable(text, SENTENCE)
}

/// The last lines of a system's own log: harmless, masked, few.
pub(super) fn last_lines<'t>(lines: impl DoubleEndedIterator<Item = &'t str>) -> Vec<String> {
    let shown = lines.rev().map(|line| log::quotable(line, LINE)).filter(|line| !line.is_empty());
    let mut last: Vec<String> = shown.take(ActionLook::LINES).collect();
    last.reverse();
    last
}

/// A look that could not be told.
pub(super) fn untold(why: impl Into<String>) -> ActionLook {
    ActionLook::new(ActionState::Unknown { why: why.into() })
}

/// Why no whole answer to a look came.
pub(super) fn failure(failure: Failure, what: &str) -> ActionLook {
    untold(told(failure.trouble(what)))
}

/// A no to a look.
pub(super) fn refused(answer: &Answer, what: &str) -> ActionLook {
    ActionLook { not_before: left_alone(answer), ..untold(no(answer, what)) }
}

/// A no in a sentence: what was asked, what came back, what to do.
pub(super) fn no(answer: &Answer, what: &str) -> String {
    let advice = match answer.status {
        401 => "see whether the secret that the profile names is right and not expired",
        403 => "ask whoever runs it for the permission that it names",
        404 | 410 => "compare the names in the profile with what is there; some systems say so of what one may not see",
        429 => "it is asked too often: give the action a longer `poll`",
        300..=399 => "name the address itself, not one that leads elsewhere",
        500.. => "look at the system's own log",
        _ => "compare what the profile sends with what the system takes",
    };
    let wait = match left_alone(answer) {
        Some(span) => format!("; it takes requests again in {} s", span.as_secs()),
        None => String::new(),
    };
    match quoted(&answer.words()) {
        said if said.is_empty() => format!("{what}: it answered {}; {advice}{wait}", answer.status),
        said => format!("{what}: it answered {}: {said}; {advice}{wait}", answer.status),
    }
}

/// What a no to a start comes to: a server or a gateway that fails may have passed it on.
pub(super) fn not_started(answer: &Answer, what: &str) -> Started {
    let why = no(answer, what);
    if answer.status >= 500 { Started::Unknown { why } } else { Started::Failed { why } }
}

/// What no whole answer to a start comes to.
pub(super) fn start_failure(failure: Failure, what: &str) -> Started {
    started(failure.set_answer(what), what)
}

/// What the answer to a change that is the start comes to, unless it is a yes.
pub(super) fn started(answer: SetAnswer, what: &str) -> Started {
    match answer {
        SetAnswer::NotSent(why) => Started::NotSent { why },
        SetAnswer::Failed(why) => Started::Failed { why },
        SetAnswer::Accepted | SetAnswer::Moved(_) => Started::Unknown { why: format!("{what}: no answer came") },
        SetAnswer::Unknown(why) => Started::Unknown { why },
    }
}

/// What a request to cancel comes to.
pub(super) fn cancelled(answer: Result<Answer, Failure>, what: &str) -> SetAnswer {
    match answer {
        Ok(answer) if answer.is_success() => SetAnswer::Accepted,
        Ok(answer) if answer.status >= 500 => SetAnswer::Unknown(no(&answer, what)),
        Ok(answer) => SetAnswer::Failed(no(&answer, what)),
        Err(failure) => failure.set_answer(what),
    }
}

/// What cannot be filled in, before anything is sent.
pub(super) fn unsaid(what: &str, why: String) -> Trouble {
    Trouble::new(TroubleKind::Mismatch, what, why, "nothing was sent")
}

/// How long the system asks to be left alone.
fn left_alone(answer: &Answer) -> Option<Duration> {
    let again = answer.header("retry-after").trim();
    let seconds = again.parse().ok().map(Duration::from_secs);
    let at = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|at| at.timestamp());
    let moment = || {
        let span = at(again)?.saturating_sub(at(answer.header("date"))?);
        u64::try_from(span).ok().map(Duration::from_secs)
    };
    let used_up = answer.status == 403 && answer.header("x-ratelimit-remaining").trim() == "0";
    let reset = || {
        let until: i64 = answer.header("x-ratelimit-reset").trim().parse().ok().filter(|_| used_up)?;
        let span = until.saturating_sub(at(answer.header("date"))?);
        u64::try_from(span).ok().map(Duration::from_secs)
    };
    let counts = matches!(answer.status, 403 | 429 | 503);
    let told = seconds.or_else(moment).or_else(reset).filter(|_| counts);
    told.or_else(|| (answer.status == 429 || used_up).then_some(DEFAULT)).map(|span| span.min(LONGEST))
}

/// Text as it stands in a path or a query.
pub(super) fn encoded(text: &str) -> String {
    // A space is `%20` in a path, and may be in a query; `+` is a space only in a form.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Whether a text has the key, and not a longer one that begins with it.
pub(super) fn has_key(text: &str, key: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == key)
}

/// A trouble of a look in one sentence.
pub(super) fn told(trouble: Trouble) -> String {
    let Trouble { what, why, advice, .. } = trouble;
    format!("{what}: {}; {advice}", quoted(&why))
}
