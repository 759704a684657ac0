//! What a system says of how often it may be asked, and what its refusals mean.

use std::time::Duration;

use super::super::Cleaner;
use super::Refused;
use crate::adapter::http::Answer;
use crate::domain::Trouble;

/// Left alone that long where it does not say.
const UNSAID: Duration = Duration::from_secs(10);
/// The longest that it is left alone before it is asked whether it still wants that.
const LONGEST: Duration = Duration::from_mins(10);

/// How often a system may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::adapter::log) struct Budget {
    /// So many requests more.
    pub(in crate::adapter::log) remaining: u64,
    /// Until it gives new ones.
    pub(in crate::adapter::log) reset: Duration,
}

impl Budget {
    /// Reads `X-RateLimit-Remaining` and `X-RateLimit-Reset`.
    pub(in crate::adapter::log) fn read(answer: &Answer) -> Option<Self> {
        let remaining = answer.header("x-ratelimit-remaining").trim().parse().ok()?;
        let reset = seconds(answer.header("x-ratelimit-reset"))?;
        Some(Self { remaining, reset })
    }

    /// The least pause before the next request, so that what remains lasts.
    pub(super) fn pause(self) -> Duration {
        match u32::try_from(self.remaining) {
            Ok(0) => self.reset,
            Ok(remaining) => self.reset / remaining.saturating_add(1),
            Err(_plenty) => Duration::ZERO,
        }
    }
}

/// What an answer means that is no page. `has_cursor` says whether the request went on with a cursor.
pub(in crate::adapter::log) fn refused(answer: &Answer, what: &str, has_cursor: bool, cleaner: &Cleaner) -> Refused {
    let mut trouble = answer.refusal(what);
    trouble.why = cleaner.words(&trouble.why);
    match answer.status {
        429 => Refused::Later(left_alone(answer), often(trouble)),
        503 if !answer.header("retry-after").is_empty() => Refused::Later(left_alone(answer), often(trouble)),
        // No system says in the same way that a cursor is over; begun anew, the same no is another thing.
        400 | 404 | 410 if has_cursor => Refused::Expired(trouble),
        _ => Refused::Failed(trouble),
    }
}

/// The advice for logs.
fn often(trouble: Trouble) -> Trouble {
    let advice = "nothing needs to be done: it goes on by itself; a longer `every` for this log asks less often";
    Trouble { advice: advice.to_owned(), ..trouble }
}

fn left_alone(answer: &Answer) -> Duration {
    let said = seconds(answer.header("retry-after")).or_else(|| seconds(answer.header("x-ratelimit-reset")));
    said.unwrap_or(UNSAID).min(LONGEST)
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(|span| span.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_spread_over_the_time_until_there_is_more() {
        let pause = |remaining, reset| Budget { remaining, reset: Duration::from_secs(reset) }.pause();
        assert_eq!(pause(0, 30), Duration::from_secs(30));
        assert_eq!(pause(9, 30), Duration::from_secs(3));
        assert_eq!(pause(u64::MAX, 30), Duration::ZERO);
    }

    #[test]
    fn it_is_left_alone_for_a_bounded_time() {
        for (text, wanted) in [("2", Some(2)), (" 7 ", Some(7)), ("99999999", Some(600)), ("soon", None), ("-1", None)]
        {
            assert_eq!(seconds(text), wanted.map(Duration::from_secs), "{text}");
        }
    }
}
