//! A request to an HTTP address that starts something, and requests that say how it goes on.
//!
//! Parts: `config` (what the profile says).
//!
//! # Invariants
//! - The start is sent once, with the act's key in a header of its own; a redirect is a no and not followed.
//! - What runs is known by what the answer to the start said, or by the key where the profile says so.

mod config;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

pub use config::Config;

use self::config::{Ask, Look};
use super::template::{Place, Template};
use super::{Action, say};
use crate::adapter::http::{Answer, Client, Request};
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

struct Http {
    config: Config,
    client: Client,
}

impl Action for Http {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let (request, what) = self.start_request(acting).map_err(|why| say::unsaid("work out the request", why))?;
            let mut requests = vec![what];
            let headers = request.headers.iter().filter(|(name, _)| name != ::http::header::CONTENT_TYPE);
            requests.extend(headers.map(|(name, value)| format!("  {name}: {}", value.to_str().unwrap_or("…"))));
            // The profile's own words: a secret in a profile is refused.
            let body = String::from_utf8_lossy(&request.body).into_owned();
            requests.extend(body.lines().map(|line| format!("  {}", line.trim_end())));
            let mut notes = Vec::new();
            if self.config.look.is_none() {
                notes.push("its answer is its end: nothing tells how it goes on".to_owned());
            } else if !self.finds() {
                notes.push(
                    "a lost answer cannot be asked after: the profile names no way to find it by its key".to_owned(),
                );
            }
            Ok(Description { requests, differences: self.differences(acting).await?, notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            let (request, what) = match self.start_request(acting) {
                Ok(made) => made,
                Err(why) => return Started::NotSent { why },
            };
            let mut answer = match self.client.write(&request, fence).await {
                Ok(answer) => answer,
                Err(failure) => return say::start_failure(failure, &what),
            };
            // Some answers repeat what they were shown.
            self.client.mask(&mut answer.body).await;
            if answer.is_success() { self.taken(&answer, acting, &what) } else { say::not_started(&answer, &what) }
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            let Some(look) = &self.config.look else {
                let why = "the profile names no way to look at it: see at its system what became of it".to_owned();
                return ActionLook::new(ActionState::Lost { why });
            };
            match handle {
                Some(handle) => self.look_at(look, acting, handle).await,
                None => self.look_for(look, acting).await,
            }
        }
        .boxed()
    }

    fn cancel<'a>(&'a self, acting: &'a Acting, handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            let Some(ask) = &self.config.cancel else {
                return SetAnswer::NotSent("the profile names no request that ends it".to_owned());
            };
            let (request, what) = match self.request(ask, acting, handle) {
                Ok(made) => made,
                Err(why) => return SetAnswer::NotSent(why),
            };
            say::cancelled(self.client.write(&request, fence).await, &what)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let what = format!("connect to {}", self.config.at);
            self.client.knock().await.map_err(|failure| failure.trouble(&what))?;
            Ok(format!("{} takes connections; nothing is started now", self.config.at))
        }
        .boxed()
    }
}

impl Http {
    /// A request with what it is, for people.
    fn request(&self, ask: &Ask, acting: &Acting, handle: &str) -> Result<(Request, String), String> {
        let path = ask.path.fill(acting, handle, Place::Url)?;
        let what = format!("{} {}{path}", ask.method, self.config.at);
        let mut request = self.with_headers(Request::new(ask.method.clone(), path));
        if let Some(body) = &ask.body {
            request = request.body("application/json", body.fill(acting, handle, Place::Json)?);
        }
        Ok((request, what))
    }

    fn start_request(&self, acting: &Acting) -> Result<(Request, String), String> {
        let (request, what) = self.request(&self.config.start, acting, "")?;
        let key = ::http::HeaderValue::from_str(&acting.key).map_err(|_unfit| "its key cannot be sent".to_owned())?;
        Ok((request.header(self.config.key_header.clone(), key), what))
    }

    fn with_headers(&self, request: Request) -> Request {
        self.config.headers.iter().fold(request, |request, (name, value)| request.header(name.clone(), value.clone()))
    }

    /// Whether a start whose answer was lost can be found by its key.
    fn finds(&self) -> bool {
        let by_key = |look: &Look| !look.path.names("handle");
        self.config.find.is_some() || self.config.look.as_ref().is_some_and(by_key)
    }

    /// What a yes says.
    fn taken(&self, answer: &Answer, acting: &Acting, what: &str) -> Started {
        let Some(look) = &self.config.look else {
            let said = say::quoted(&answer.words());
            let words = if said.is_empty() { answer.status.to_string() } else { format!("{}: {said}", answer.status) };
            return Started::Done { words };
        };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let link = self.link(&document);
        if !look.path.names("handle") {
            return Started::Running { handle: acting.key.clone(), link };
        }
        let pointer = self.config.handle.as_deref().unwrap_or_default();
        match part(&document, pointer) {
            Some(handle) if is_handle(&handle) => Started::Running { handle, link },
            Some(_) | None => {
                let said = say::quoted(&answer.words());
                let status = answer.status;
                let why = format!("{what}: it answered {status} with nothing at {pointer} to ask about: {said}");
                Started::Unknown { why }
            }
        }
    }

    fn link(&self, document: &Value) -> Option<String> {
        let link = part(document, self.config.link.as_deref()?)?;
        let (scheme, rest) = link.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The system's own address may be shown, whatever it looks like.
        let is_shown = host == say::quoted(host) || host.starts_with(self.config.at.host());
        let is_address = matches!(scheme, "http" | "https") && !host.contains('@') && is_shown;
        (is_address && path == say::quoted(path)).then_some(link)
    }

    async fn read(&self, path: &Template, acting: &Acting, handle: &str) -> Result<(Answer, String), ActionLook> {
        let path = path.fill(acting, handle, Place::Url).map_err(say::untold)?;
        let what = format!("{} {}{path}", Method::GET, self.config.at);
        let request = self.with_headers(Request::get(path));
        let mut answer = self.client.look(&request).await.map_err(|failure| say::failure(failure, &what))?;
        self.client.mask(&mut answer.body).await;
        Ok((answer, what))
    }

    /// Looks for a run by its key.
    async fn look_for(&self, look: &Look, acting: &Acting) -> ActionLook {
        let (path, pointer) = match &self.config.find {
            Some(find) => (&find.path, Some(find.handle.as_str())),
            None if !look.path.names("handle") => (&look.path, None),
            None => {
                let why = format!("its system cannot be asked by the key {}: look there what became of it", acting.key);
                return ActionLook::new(ActionState::Lost { why });
            }
        };
        let (answer, what) = match self.read(path, acting, &acting.key).await {
            Ok(read) => read,
            Err(look) => return look,
        };
        let absent = || {
            let why = format!("{what}: nothing is there of the key {}", acting.key);
            ActionLook::new(ActionState::Absent { why })
        };
        if answer.status == 404 {
            return absent();
        }
        if !answer.is_success() {
            return say::refused(&answer, &what);
        }
        let Some(pointer) = pointer else {
            return ActionLook { handle: Some(acting.key.clone()), ..self.told(look, &answer, &what) };
        };
        let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
            return say::untold(format!("{what}: its answer is no JSON document; see whether that address is right"));
        };
        match part(&document, pointer) {
            Some(handle) if is_handle(&handle) => {
                ActionLook { handle: Some(handle.clone()), ..self.look_at(look, acting, &handle).await }
            }
            Some(_) => say::untold(format!("{what}: what stands at {pointer} cannot be asked about")),
            None => absent(),
        }
    }

    async fn look_at(&self, look: &Look, acting: &Acting, handle: &str) -> ActionLook {
        match self.read(&look.path, acting, handle).await {
            Ok((answer, what)) if answer.is_success() => self.told(look, &answer, &what),
            Ok((answer, what)) => say::refused(&answer, &what),
            Err(look) => look,
        }
    }

    /// What an answer about a run means.
    fn told(&self, look: &Look, answer: &Answer, what: &str) -> ActionLook {
        let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
            return say::untold(format!("{what}: its answer is no JSON document; see whether that address is right"));
        };
        let Some(state) = part(&document, &look.state) else {
            let pointer = &look.state;
            return say::untold(format!("{what}: its document has nothing at {pointer}: correct the pointer"));
        };
        let is = |states: &[String]| states.contains(&state);
        let why = || look.why.as_deref().and_then(|pointer| part(&document, pointer)).unwrap_or_default();
        let state = if is(&look.succeeded) {
            ActionState::Succeeded
        } else if is(&look.failed) {
            let why = match say::quoted(&why()) {
                why if why.is_empty() => say::quoted(&state),
                why => format!("{}: {why}", say::quoted(&state)),
            };
            ActionState::Failed { why }
        } else if is(&look.running) {
            let percent = look.percent.as_deref().and_then(|pointer| document.pointer(pointer)?.as_f64());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
            let percent = percent.filter(|percent| percent.is_finite()).map(|percent| percent.clamp(0.0, 100.0) as u8);
            ActionState::Running { percent, waits_for: None }
        } else {
            let why = format!("{what}: its state {} is none that the profile names", say::quoted(&state));
            return say::untold(why);
        };
        let log = match look.log.as_deref().and_then(|pointer| document.pointer(pointer)) {
            Some(Value::String(text)) => say::last_lines(text.lines()),
            Some(Value::Array(lines)) => say::last_lines(lines.iter().filter_map(Value::as_str)),
            Some(_) | None => Vec::new(),
        };
        ActionLook { log, link: self.link(&document), ..ActionLook::new(state) }
    }

    async fn differences(&self, acting: &Acting) -> Result<Vec<String>, Trouble> {
        let Some(compare) = &self.config.compare else { return Ok(Vec::new()) };
        let path = compare.path.fill(acting, "", Place::Url).map_err(|why| say::unsaid("compare", why))?;
        let what = format!("{} {}{path}", Method::GET, self.config.at);
        let request = self.with_headers(Request::get(path));
        let mut answer = self.client.look(&request).await.map_err(|failure| failure.trouble(&what))?;
        self.client.mask(&mut answer.body).await;
        if !answer.is_success() {
            let advice = "see what runs at its system, or leave `compare` out";
            return Err(Trouble::new(TroubleKind::Denied, &what, say::no(&answer, &what), advice));
        }
        let document: Value = answer.json(&what)?;
        let mut lines = Vec::new();
        for (name, pointer, coming) in &compare.values {
            let now = part(&document, pointer).map_or_else(|| "nothing".to_owned(), |now| say::quoted(&now));
            lines.push(match coming {
                None => format!("{name}: {now} now"),
                Some(coming) => {
                    let coming = coming.fill(acting, "", Place::Plain).map_err(|why| say::unsaid("compare", why))?;
                    if coming == now {
                        format!("{name}: {now}, the same")
                    } else {
                        format!("{name}: {now} → {coming}")
                    }
                }
            });
        }
        Ok(lines)
    }
}

/// What stands at a pointer, as text.
fn part(document: &Value, pointer: &str) -> Option<String> {
    match document.pointer(pointer)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Whether a text can be asked about by, and be kept: short, plain, and nothing that looks like a secret.
fn is_handle(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_graphic());
    !text.is_empty() && text.len() <= 200 && is_plain && !crate::setting::literal::is_in(text)
}
