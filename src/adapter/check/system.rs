//! What all checks of systems share: an answer in time, whatever happens; quiet for as long as the system asks; evidence.
//!
//! A system says what it asks and what it made of the answer ([`System`]); [`Bounded`] makes a check of that. What a system
//! says in its own words passes through [`quote`] before it is shown.
//!
//! Invariants: [`Bounded`] answers within its limit; after a "not before" nothing is sent until then; every answer has its
//! request and what was expected as evidence.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::Check;
use crate::adapter::http::{Answer as Said, Client, Request};
use crate::adapter::log;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::setting::span_text;

/// A system is left alone at most so long, whatever it asks for.
const LONGEST_QUIET: Duration = Duration::from_hours(1);

/// The most of a system's own words that is quoted.
const QUOTED: usize = 120;

/// One question to one system.
pub(super) trait System: Send + Sync + 'static {
    /// What is sent, for people: without secrets.
    fn request(&self, asking: &Asking) -> String;

    /// What the answer should say, for people.
    fn expected(&self, asking: &Asking) -> String;

    /// Asks, and says what came of it.
    fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>>;
}

/// Why it cannot be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Untold {
    /// What was tried, what came back, what to do.
    pub(super) words: String,
    /// For how long the system asks to be left alone.
    pub(super) not_before: Option<Duration>,
}

impl Untold {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), not_before: None }
    }
}

impl From<Trouble> for Untold {
    fn from(trouble: Trouble) -> Self {
        let Trouble { what, why, advice, .. } = trouble;
        Self::new(format!("{what}: {}; {advice}", quote(&why)))
    }
}

/// A check of a system.
pub(super) struct Bounded<S> {
    system: S,
    limit: Duration,
    quiet_until: Mutex<Option<Instant>>,
}

impl<S: System> Bounded<S> {
    pub(super) fn new(system: S, limit: Duration) -> Self {
        Self { system, limit, quiet_until: Mutex::default() }
    }

    /// How long the system still asks to be left alone.
    fn left(&self) -> Option<Duration> {
        let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    fn be_quiet(&self, span: Duration) {
        let until = Instant::now().checked_add(span);
        *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    async fn answer(&self, asking: &Asking) -> Answer {
        let inconclusive = |words: String| Answer::new(Verdict::Inconclusive, words, asking.now);
        if let Some(left) = self.left() {
            let words = format!("it asked to be left alone, for another {}; nothing was sent", seconds(left));
            return Answer { not_before: Some(left), ..inconclusive(words) };
        }
        match timeout(self.limit, self.system.look(asking)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Untold { words, not_before })) => {
                let not_before = not_before.map(|span| span.min(LONGEST_QUIET));
                if let Some(span) = not_before {
                    self.be_quiet(span);
                }
                Answer { not_before, ..inconclusive(words) }
            }
            Err(_late) => inconclusive(format!(
                "no whole answer within {}; see whether it hangs, or give the check a longer `timeout`",
                span_text(self.limit)
            )),
        }
    }
}

impl<S: System> Check for Bounded<S> {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Answer> {
        async move {
            let mut answer = self.answer(asking).await;
            if let Some(earlier) = &asking.earlier {
                answer = compared(answer, earlier);
            }
            let mut evidence = vec![
                ("request".to_owned(), self.system.request(asking)),
                ("expected".to_owned(), self.system.expected(asking)),
            ];
            evidence.append(&mut answer.evidence);
            evidence.push(("time".to_owned(), answer.at.long()));
            Answer { evidence, ..answer }
        }
        .boxed()
    }

    fn probe(&self, now: Timestamp) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            // Any version does: what the system says of it does not matter.
            let version = "0.0.0".to_owned();
            let (from_version, to_version) = (version.clone(), version.clone());
            let digest = format!("sha256:{}", "0".repeat(64));
            let asking = Asking {
                now,
                from_version,
                to_version,
                digest: digest.clone(),
                opened: now,
                changed: None,
                earlier: None,
            };
            let shown = [self.system.request(&asking), self.system.expected(&asking)].concat();
            let names_one = shown.contains(&version) || shown.contains(&digest);
            match timeout(self.limit, self.system.look(&asking)).await {
                Ok(Ok(_answer)) if names_one => {
                    Ok("it answers; what it says of a version is known when one is named".to_owned())
                }
                Ok(Ok(answer)) => Ok(format!("it answers; now it would {}: {}", answer.verdict.word(), answer.words)),
                Ok(Err(untold)) => {
                    let advice = "see what the profile says of it";
                    Err(Trouble::new(TroubleKind::Unreachable, self.system.request(&asking), untold.words, advice))
                }
                Err(_late) => {
                    let why = format!("no whole answer within {}", span_text(self.limit));
                    let advice = "see whether it hangs, or give the check a longer `timeout`";
                    Err(Trouble::new(TroubleKind::TimedOut, self.system.request(&asking), why, advice))
                }
            }
        }
        .boxed()
    }
}

/// A pass whose value is another one than at first is none.
fn compared(answer: Answer, earlier: &str) -> Answer {
    let is_other = answer.value.as_deref().is_some_and(|value| value != earlier);
    let answer = answer.with("value at first", earlier);
    if answer.verdict != Verdict::Pass || !is_other {
        return answer;
    }
    let words = format!("{}; it was {earlier} at first", answer.words);
    Answer { verdict: Verdict::Fail, words, ..answer }
}

/// What to do about the answers that say no.
#[derive(Clone, Copy)]
pub(super) struct Advice {
    /// Who asks is not known, or may not.
    pub(super) denied: &'static str,
    /// What was asked for is not there.
    pub(super) missing: &'static str,
}

/// Reads one path; whatever is no answer of the system, cannot be told.
pub(super) async fn look(client: &Client, request: &Request) -> Result<Said, Untold> {
    let what = asked(client, request);
    client.look(request).await.map_err(|failure| failure.trouble(&what).into())
}

/// What is asked and where, for people.
pub(super) fn asked(client: &Client, request: &Request) -> String {
    format!("{} {}{}", request.method, client.endpoint(), request.path)
}

/// A no that leaves it untold: what it said, what to do, and when it may be asked again.
pub(super) fn refused(said: &Said, what: &str, now: Timestamp, advice: Advice) -> Untold {
    let not_before = retry_after(said, now);
    let advice = match said.status {
        429 => "it is asked too often: give the check a longer `every`",
        401 | 403 => advice.denied,
        404 | 410 => advice.missing,
        300..=399 => "name the address itself, not one that leads elsewhere",
        500.. => "look at the system's own log or status page, and ask again",
        _ => "compare the keys of the check with what the system takes",
    };
    let words = match quote(&reason(said)) {
        quoted if quoted.is_empty() => format!("{what}: it answered {}; {advice}", said.status),
        quoted => format!("{what}: it answered {}: {quoted}; {advice}", said.status),
    };
    Untold { words: with_wait(words, not_before), not_before }
}

/// The system's own reason: many keep it in a list, some of texts, some of objects.
fn reason(said: &Said) -> String {
    let document: Value = serde_json::from_slice(&said.body).unwrap_or_default();
    let first = ["/errorMessages/0", "/errors/0", "/error"].into_iter().find_map(|pointer| document.pointer(pointer));
    let told = first.and_then(|first| {
        let object = ["message", "detail", "title"].into_iter().find_map(|key| first[key].as_str());
        first.as_str().or(object)
    });
    told.map_or_else(|| said.words(), str::to_owned)
}

/// The words with how long the system asks to be left alone.
pub(super) fn with_wait(words: String, not_before: Option<Duration>) -> String {
    match not_before {
        Some(span) => format!("{words}; it takes requests again in {}", seconds(span)),
        None => words,
    }
}

/// How long the system asks to be left alone: `Retry-After` in seconds or as a date; a minute where a 429 does not say.
pub(super) fn retry_after(said: &Said, now: Timestamp) -> Option<Duration> {
    let text = said.header("retry-after").trim();
    let told = match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => http_date(text).map(|until| until.since(date(said).unwrap_or(now))),
    };
    let is_throttled = said.status == 429;
    told.filter(|_| is_throttled || said.status == 503 || said.status == 403)
        .or_else(|| is_throttled.then_some(Duration::from_mins(1)))
}

/// The time by the system's own clock.
pub(super) fn date(said: &Said) -> Option<Timestamp> {
    http_date(said.header("date"))
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| Timestamp(at.timestamp_millis()))
}

/// A time as most systems write it.
pub(super) fn rfc3339(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp(at.timestamp_millis()))
}

/// A system's own words for people: harmless, one line, masked, not long.
pub(super) fn quote(text: &str) -> String {
    log::quotable(text, QUOTED)
}

/// Text as it stands in a path or a query.
pub(super) fn encoded(text: &str) -> String {
    // A space is `%20` in a path, and may be in a query; `+` is a space only in a form.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A span of at least a second in whole seconds.
fn seconds(span: Duration) -> String {
    span_text(Duration::from_secs(span.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)))
}

/// A list for people that stays short: the first few and how many more there are.
pub(super) fn few(all: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, headers: &[(&'static str, &str)]) -> Said {
        let headers = headers.iter().map(|(name, value)| {
            (::http::HeaderName::from_static(name), ::http::HeaderValue::from_str(value).expect("it is a value"))
        });
        Said { status, headers: headers.collect(), body: Vec::new() }
    }

    #[test]
    fn how_long_to_stay_away_is_read_in_both_forms() {
        let now = Timestamp(0);
        let span = |said: &Said| retry_after(said, now).map(|span| span.as_secs());
        assert_eq!(span(&said(429, &[("retry-after", "37")])), Some(37));
        let date = ("date", "Sat, 21 Nov 2026 14:00:00 GMT");
        assert_eq!(span(&said(429, &[date, ("retry-after", "Sat, 21 Nov 2026 14:01:30 GMT")])), Some(90));
        assert_eq!(span(&said(503, &[("retry-after", "5")])), Some(5));
        assert_eq!(span(&said(429, &[])), Some(60), "it does not say how long");
        assert_eq!(span(&said(500, &[])), None);
    }

    #[test]
    fn what_is_quoted_is_one_masked_harmless_line() {
        assert_eq!(quote("card 4111 1111 1111 1111\n of a@b.example \u{1b}[2J"), "card ••••1111 of ‹email› ␛[2J");
        assert_eq!(quote(&"x".repeat(400)).chars().count(), 121);
    }

    #[test]
    fn a_list_stays_short() {
        let all: Vec<String> = (1..=7).map(|number| number.to_string()).collect();
        assert_eq!(few(&all), "1, 2, 3, 4, 5 and 2 more");
        assert_eq!(few(&all[..2]), "1, 2");
    }
}
