//! A system behind HTTP as metric sources ask it: who asks, and staying away for as long as the system wants.
//!
//! # Invariants
//! - A system that said 429 is not asked again before the time that it named; until then the trouble itself is the answer.
//! - A body is quoted only as one short harmless line, and never with the secret that was shown.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::adapter::http::{Answer, Client, Endpoint, Login, Request, Tls};
use crate::adapter::secret::SecretRef;
use crate::domain::{SourceId, Timestamp, Trouble, TroubleKind};
use crate::setting::{Table, Wrong, word};

/// How long a system is left alone that does not say how long; doubled each time.
const ALONE: Duration = Duration::from_secs(15);
/// The longest that a system is left alone, whatever it says.
const LONGEST: Duration = Duration::from_mins(15);
/// How many requests are under way side by side.
const AT_ONCE: usize = 8;
/// The most of a query that is shown in a trouble.
const SHOWN: usize = 120;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Who {
    /// Nobody in particular.
    #[default]
    Nobody,
    /// Whoever has this token.
    Bearer(SecretRef),
    /// A user with a password.
    Basic(String, SecretRef),
}

impl Who {
    /// Reads `user` with `password`, or `token`, or none of them.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let name = word("a user's name", "-_.@", 100);
        let user = table.optional("user", "Who asks, where something before the system wants to know.", &name);
        let password = SecretRef::read(table, "password", "The user's password, by reference.");
        let token = SecretRef::read(table, "token", "A bearer token to send along, by reference.");
        let written = ["user", "password", "token"].map(|key| table.has(key));
        if !matches!(written, [false, false, _] | [true, true, false]) {
            let wrong = Wrong::new("does not say who asks");
            table.refuse(wrong.accepted("`user` with `password`, or `token` alone, or none of them"));
            return None;
        }
        match (user, password, token) {
            (Some(user), Some(password), _) => Some(Self::Basic(user.value, password)),
            (_, _, Some(token)) => Some(Self::Bearer(token)),
            (..) => written.iter().all(|is_written| !is_written).then_some(Self::Nobody),
        }
    }

    /// As the client shows it.
    pub fn login(&self) -> Option<Login> {
        match self {
            Self::Nobody => None,
            Self::Bearer(token) => Some(Login::bearer(token.clone())),
            Self::Basic(user, password) => Some(Login::basic(user.clone(), password.clone())),
        }
    }
}

/// One system that is asked, and when it may be asked again.
#[derive(Debug)]
pub struct Web {
    source: SourceId,
    client: Client,
    pace: Pace,
}

impl Web {
    /// A system. Nothing is connected to yet.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(
        source: &SourceId,
        endpoint: &Endpoint,
        login: Option<Login>,
        tls: &Tls,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        let client = Client::new(endpoint.clone(), login, tls, patience)?;
        Ok(Self { source: source.clone(), client, pace: Pace::default() })
    }

    /// The same for a system that wants a second secret.
    #[must_use]
    pub fn and(self, login: Login) -> Self {
        Self { client: self.client.and(login), ..self }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// The system said in its own way that it is asked too often: it is left alone for a while.
    pub fn told_off(&self, what: &str, said: &str) -> Trouble {
        self.pace.told(Instant::now(), &self.source, what, said)
    }

    /// Asks, unless the system wants to be left alone. Any other no than that is an answer.
    ///
    /// # Errors
    /// When no answer came, or it is asked too often.
    pub async fn ask(&self, request: &Request, what: &str) -> Result<Answer, Trouble> {
        self.pace.may_ask(Instant::now(), what)?;
        let answer = self.client.look(request).await.map_err(|failure| failure.trouble(what))?;
        self.pace.heard(Instant::now(), &answer, &self.source, what)?;
        Ok(answer)
    }
}

/// When a system may be asked again.
#[derive(Default)]
pub struct Pace(Mutex<Option<Alone>>);

struct Alone {
    until: Instant,
    /// How often in a row it said so.
    times: u32,
    trouble: Trouble,
}

impl Pace {
    /// Whether it may be asked now.
    ///
    /// # Errors
    /// What it said when it was asked too often, with how long that still holds.
    pub fn may_ask(&self, now: Instant, what: &str) -> Result<(), Trouble> {
        let alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(alone) = alone.as_ref() else { return Ok(()) };
        let left = alone.until.saturating_duration_since(now);
        if left.is_zero() {
            return Ok(());
        }
        let why = format!("{}; not asked for another {} s", alone.trouble.why, left.as_secs().max(1));
        Err(Trouble { what: what.to_owned(), why, ..alone.trouble.clone() })
    }

    /// Notes an answer that says to stay away.
    ///
    /// # Errors
    /// When it says so.
    pub fn heard(&self, now: Instant, answer: &Answer, source: &SourceId, what: &str) -> Result<(), Trouble> {
        let wait = answer.wait();
        let mut alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.status != 429 && !(answer.status == 503 && wait.is_some()) {
            // A limit that was reached is forgotten once an answer came through.
            if answer.is_success() {
                *alone = None;
            }
            return Ok(());
        }
        let said = match answer.words() {
            said if said.is_empty() => String::new(),
            said => format!(": {said}"),
        };
        Err(Self::hold(&mut alone, now, wait, source, what, &format!("it answered {}{said}", answer.status)))
    }

    /// Notes that the system said in its own way that it is asked too often.
    pub fn told(&self, now: Instant, source: &SourceId, what: &str, said: &str) -> Trouble {
        let mut alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self::hold(&mut alone, now, None, source, what, said)
    }

    fn hold(
        alone: &mut Option<Alone>,
        now: Instant,
        wait: Option<Duration>,
        source: &SourceId,
        what: &str,
        said: &str,
    ) -> Trouble {
        let times = alone.as_ref().map_or(0, |alone| alone.times);
        let wait = wait.unwrap_or(ALONE * 2_u32.saturating_pow(times.min(6))).min(LONGEST);
        let why = format!("{said}; it takes requests again in {} s", wait.as_secs().max(1));
        let advice = format!("it is asked too often: give the source `{source}` a longer `interval`, or fewer panels");
        let trouble = Trouble::new(TroubleKind::Denied, what, why, advice);
        *alone = Some(Alone { until: now + wait, times: times + 1, trouble: trouble.clone() });
        trouble
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pace")
    }
}

impl Answer {
    /// How long the system wants to be left alone, where it says: `Retry-After` as seconds or a date, or the reset of its
    /// limit, as seconds from now or as a time.
    pub fn wait(&self) -> Option<Duration> {
        let after = self.header("retry-after").trim();
        let until = |at: DateTime<Utc>| (at - Utc::now()).to_std().unwrap_or_default();
        if let Ok(seconds) = after.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        if let Ok(at) = DateTime::parse_from_rfc2822(after) {
            return Some(until(at.with_timezone(&Utc)));
        }
        let reset: i64 = self.header("x-ratelimit-reset").trim().parse().ok()?;
        if reset > 1_000_000_000 {
            return DateTime::from_timestamp(reset, 0).map(until);
        }
        u64::try_from(reset).ok().map(Duration::from_secs)
    }

    /// The system's clock by its `Date`, in milliseconds ahead of ours.
    pub fn ahead_ms(&self) -> Option<i64> {
        let date = DateTime::parse_from_rfc2822(self.header("date")).ok()?;
        Some(date.timestamp_millis() + 500 - now().0)
    }
}

/// Now, by this host's clock.
pub fn now() -> Timestamp {
    Timestamp(Utc::now().timestamp_millis())
}

/// What all of them give, in their order; some at a time.
pub async fn side_by_side<T>(requests: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    stream::iter(requests).buffered(AT_ONCE).collect().await
}

/// A query as it is shown in a trouble: one line, not long.
pub fn shown(query: &str) -> String {
    let mut short: String = query.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect();
    if short.len() < query.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            (::http::HeaderName::from_static(name), value.parse().expect("it is a header's value"))
        });
        Answer { status, headers: headers.collect(), body: Vec::new() }
    }

    #[test]
    fn how_long_to_stay_away_is_read_in_every_form() {
        let wait = |headers: &[(&'static str, &str)]| answer(429, headers).wait().map(|wait| wait.as_secs());
        assert_eq!(wait(&[("retry-after", "7")]), Some(7));
        assert_eq!(wait(&[("retry-after", "Mon, 01 Jan 2024 00:00:00 GMT")]), Some(0));
        assert_eq!(wait(&[("x-ratelimit-reset", "12"), ("x-ratelimit-limit", "100")]), Some(12));
        assert_eq!(wait(&[("x-ratelimit-reset", "1700000000")]), Some(0));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn a_system_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says() {
        let (pace, source, now) = (Pace::default(), SourceId::new("m"), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(pace.may_ask(now, "ask").is_ok());
        let told = pace.heard(now, &answer(429, &[("retry-after", "20")]), &source, "ask").expect_err("it said no");
        assert!(told.why.contains("again in 20 s") && told.advice.contains("`m`"), "{told}");
        let told = pace.may_ask(after(19), "ask").expect_err("it is too early");
        assert!(told.why.contains("another 1 s"), "{told}");
        assert!(pace.may_ask(after(20), "ask").is_ok());
        let answered = pace.heard(after(20), &answer(200, &[]), &source, "ask");
        assert!(answered.is_ok() && pace.may_ask(after(20), "ask").is_ok());
    }

    #[test]
    fn without_a_time_it_is_left_alone_longer_each_time() {
        let (pace, source, mut now) = (Pace::default(), SourceId::new("m"), Instant::now());
        for wait in [15, 30, 60] {
            let told = pace.heard(now, &answer(429, &[]), &source, "ask").expect_err("it said no");
            assert!(told.why.contains(&format!("again in {wait} s")), "{told}");
            now += Duration::from_secs(wait);
        }
    }
}
