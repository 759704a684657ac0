//! What all notifiers share: one request, and what its answer means for telling.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Came;
use crate::adapter::http::{Answer, Client, Failure, Request};
use crate::adapter::log;
use crate::adapter::router::Fence;
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;

/// The most of a system's own words that is quoted.
const QUOTED: usize = 160;
/// How long a system that is asked too often and does not say for how long is left alone.
const DEFAULT_QUIET: Duration = Duration::from_secs(30);
/// What no answer in time is worth where nothing more is known.
pub(super) const LOOK_YOURSELF: &str = "it may have arrived: look there yourself; it is not sent again";

/// Nothing forbids a telling: it is no change of traffic, and has no deadline.
struct Open;

impl Fence for Open {
    fn may_send(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Sends one request. An answer that says yes is given; everything else is what it means. What is over is a secret that was
/// refused once: a new one is fetched, and the same is sent once more, for nothing was done.
/// `hidden` is a secret that goes within it, and must not come back in words.
pub(super) async fn send(client: &Client, request: &Request, hidden: Option<&SecretString>) -> Result<Answer, Came> {
    let answer = raw(client, request, hidden).await?;
    if answer.is_success() { Ok(answer) } else { Err(refused(&answer, &asked(client, request))) }
}

/// The same, a no being an answer too.
pub(super) async fn raw(client: &Client, request: &Request, hidden: Option<&SecretString>) -> Result<Answer, Came> {
    let what = asked(client, request);
    let mut answer = client.write(request, &Open).await.map_err(|failure| failed(failure, &what))?;
    if answer.status == 401 {
        answer = client.write(request, &Open).await.map_err(|failure| failed(failure, &what))?;
    }
    if answer.is_success() {
        // A refusal was masked already; some systems say no with a yes.
        client.mask(&mut answer.body).await;
    }
    if let Some(secret) = hidden {
        answer.body = answer.text().replace(secret.expose_secret().trim(), "…").into_bytes();
    }
    Ok(answer)
}

/// What is asked and where, for people: without query, which may hold what was asked for.
pub(super) fn asked(client: &Client, request: &Request) -> String {
    let path = request.path.split('?').next().unwrap_or_default();
    format!("{} {}{path}", request.method, client.endpoint())
}

/// Why no answer came.
fn failed(failure: Failure, what: &str) -> Came {
    let may_be_there = matches!(failure, Failure::Unanswered { .. });
    let is_secret = matches!(failure, Failure::NoSecret(_));
    let why = told(&failure.trouble(what));
    if is_secret { Came::Refused { why } } else { Came::Later { why, after: None, may_be_there } }
}

/// A trouble in one line, what is quoted in it being harmless and masked.
fn told(trouble: &Trouble) -> String {
    format!("{}: {}; {}", trouble.what, quote(&trouble.why), trouble.advice)
}

/// What a no means.
pub(super) fn refused(answer: &Answer, what: &str) -> Came {
    let status = answer.status;
    let advice = match status {
        401 => "see whether the secret that the profile names is right and not expired",
        403 => "ask whoever runs it for the permission that it names",
        404 | 410 => "compare the names in the profile with what is there",
        408 | 425 | 500.. => "look at the system's own status page",
        420 | 429 => "it is asked too often; it is tried again by itself",
        300..=399 => "name the address itself, not one that leads elsewhere",
        _ => "compare the keys in the profile with what the system takes",
    };
    let why = match quote(&reason(answer)) {
        said if said.is_empty() => format!("{what}: it answered {status}; {advice}"),
        said => format!("{what}: it answered {status}: {said}; {advice}"),
    };
    match status {
        420 | 429 => {
            Came::Later { why, after: Some(retry_after(answer).unwrap_or(DEFAULT_QUIET)), may_be_there: false }
        }
        425 => Came::Later { why, after: retry_after(answer), may_be_there: false },
        // Behind a proxy the system itself may have taken it.
        408 | 500.. => Came::Later { why, after: retry_after(answer), may_be_there: true },
        _ => Came::Refused { why },
    }
}

/// An answer that says yes and cannot be understood: whoever speaks there is not the system.
pub(super) fn garbage(what: &str) -> Came {
    Came::Refused {
        why: format!(
            "{what}: its answer cannot be understood; see whether that address is the one of the system's API"
        ),
    }
}

/// What a look for something that may be there came to nothing for: what cannot be looked up is not sent a second time.
pub(super) fn unlooked(came: Came) -> Came {
    match came {
        Came::Later { why, after, may_be_there: _ } => Came::Later { why, after, may_be_there: true },
        Came::Refused { why } => {
            Came::Unknown { why: format!("no answer came, and it could not be looked for: {why}; {LOOK_YOURSELF}") }
        }
        Came::Told { words } => Came::Told { words },
        Came::Unknown { why } => Came::Unknown { why },
    }
}

/// The body as a JSON object.
pub(super) fn object(answer: &Answer, what: &str) -> Result<Value, Came> {
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if value.is_object() { Ok(value) } else { Err(garbage(what)) }
}

/// The system's own reason: many keep it in a list, some of texts, some of objects.
fn reason(answer: &Answer) -> String {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let places = ["/errorMessages/0", "/errors/0", "/error/message", "/error/0", "/error", "/message"];
    let told = places.into_iter().filter_map(|place| document.pointer(place)).find_map(|found| {
        let inner = ["message", "detail", "title"].into_iter().find_map(|key| found[key].as_str());
        found.as_str().or(inner)
    });
    told.map_or_else(|| answer.words(), str::to_owned)
}

/// How long the system asks to be left alone: in seconds, or up to a date.
pub(super) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after").trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|at| at.with_timezone(&Utc));
    // By its own clock, where it tells it: ours may be another.
    let (until, now) = (moment(text)?, moment(answer.header("date").trim())?);
    (until - now).to_std().ok()
}

/// Words of a system within a sentence: one harmless line, masked.
pub(super) fn quote(text: &str) -> String {
    log::quotable(text, QUOTED)
}

/// Text as it stands in a path or a query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A secret that does not go into a header of its own.
pub(super) async fn secret(from: &SecretRef) -> Result<SecretString, Came> {
    from.resolve().await.map_err(|error| Came::Refused { why: error.to_string() })
}

/// What was found, or why nothing was, for a probe.
pub(super) fn probed(result: Result<String, Came>, what: &str) -> Result<String, Trouble> {
    result.map_err(|said| {
        let why = match said {
            Came::Told { words, .. } => words,
            Came::Later { why, .. } | Came::Refused { why } | Came::Unknown { why } => why,
        };
        let (why, advice) = match why.rsplit_once("; ") {
            Some((why, advice)) => (why.to_owned(), advice.to_owned()),
            None => (why, "see what the profile says of it".to_owned()),
        };
        // The sentence begins with what was asked: said once.
        let why = why.strip_prefix(what).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&why).to_owned();
        Trouble::new(crate::domain::TroubleKind::Denied, what, why, advice)
    })
}
