//! The sync of an application of Argo CD, followed to the end of its operation and, where the profile does not say
//! otherwise, until the application is healthy.
//!
//! Parts: `config` (what the profile says), `seen` (what an application says of itself).
//!
//! An application has one place for an operation, and keeps the last one only. The act's key is among the operation's infos:
//! there it is found again, for as long as no other operation took its place.
//!
//! # Invariants
//! - An operation that runs is never sent another one behind it: Argo CD refuses that, and it is said beforehand.
//! - What cannot be told once another operation took the place is said to be lost, never to be absent; but where the
//!   place still holds what it held when the act was shown, nothing of it arrived.
//! - Only this act's own operation is given up.

mod config;
mod seen;

use std::sync::{Mutex, MutexGuard, PoisonError};

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

pub use config::Config;

use self::seen::{Health, INFO, Phase, Seen, Slot};
use super::shown::Shown;
use super::template::Place;
use super::{Action, say};
use crate::adapter::http::{Client, Request};
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

/// So many looks in a row must say that it is healthy: it is so for a moment before what is new was seen.
const GOOD_LOOKS: u32 = 2;
/// So many must say that it is degraded: it is so for a moment while it begins.
const BAD_LOOKS: u32 = 3;
/// Of so many descriptions is kept what they showed.
const KEPT: usize = 16;

struct ArgoCd {
    config: Config,
    client: Client,
    /// Whose operation was in its place when an act was shown.
    shown: Shown<Slot>,
    memory: Mutex<Memory>,
}

/// What earlier looks saw.
#[derive(Default)]
struct Memory {
    /// The act whose operation came to a good end, while its health is waited for.
    ended: Option<String>,
    /// The last state of health, and for how many looks in a row.
    held: (String, u32),
}

impl Action for ArgoCd {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let unsaid = |why: String| say::unsaid("work out the request", why);
            let (path, body) = self.sync(acting).map_err(unsaid)?;
            let images = self.config.images.iter().map(|image| image.fill(acting, "", Place::Plain));
            let images: Vec<String> = images.collect::<Result<_, _>>().map_err(unsaid)?;
            let mut requests = vec![format!("POST {}{path}", self.config.place.at)];
            let revision = body["revision"].as_str();
            requests.extend(revision.map(|revision| format!("  revision: {revision}")));
            if self.config.prune {
                requests.push("  prune: true".to_owned());
            }
            requests.push(format!("  infos: {INFO} = {}", acting.key));
            let seen = self.application(acting).await?;
            let mut notes = Vec::new();
            if seen.is_busy() {
                notes.push("an operation is under way: it would be refused until that is over".to_owned());
            }
            if revision.is_some() && seen.is_automatic() {
                let note = "Argo CD syncs it by itself, and refuses another revision than the one that it follows";
                notes.push(note.to_owned());
            }
            self.shown.keep(&acting.key, seen.slot(&acting.key));
            Ok(Description { requests, differences: seen.differences(revision, &images), notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            let (path, body) = match self.sync(acting) {
                Ok(made) => made,
                Err(why) => return Started::NotSent { why },
            };
            let what = format!("POST {}{path}", self.config.place.at);
            let mut answer = match self.client.write(&Request::new(Method::POST, path).json(&body), fence).await {
                Ok(answer) => answer,
                Err(failure) => return say::start_failure(failure, &what),
            };
            self.client.mask(&mut answer.body).await;
            if !answer.is_success() {
                return say::not_started(&answer, &what);
            }
            let seen = Seen(serde_json::from_slice(&answer.body).unwrap_or_default());
            match seen.slot(&acting.key) {
                Slot::Ours => Started::Running { handle: acting.key.clone(), link: self.page(&seen) },
                Slot::Empty | Slot::Other(_) => {
                    let why = format!("{what}: it said yes, and answered without the operation that it took");
                    Started::Unknown { why }
                }
            }
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            let (seen, what) = match self.read(acting).await {
                Ok(read) => read,
                Err(look) => return look,
            };
            let look = match seen.slot(&acting.key) {
                Slot::Ours => self.told(acting, &seen, &what),
                Slot::Empty | Slot::Other(_) if self.memory().ended.as_deref() == Some(&acting.key) => {
                    self.healthy(&seen, &what)
                }
                Slot::Empty if handle.is_none() => {
                    let why = format!("{what}: there never was an operation of it");
                    return ActionLook::new(ActionState::Absent { why });
                }
                slot => self.gone(acting, &slot, handle),
            };
            let is_found = handle.is_none() && seen.slot(&acting.key) == Slot::Ours;
            let found = is_found.then(|| acting.key.clone());
            ActionLook { handle: found, link: self.page(&seen), log: seen.log(), ..look }
        }
        .boxed()
    }

    fn cancel<'a>(&'a self, acting: &'a Acting, _handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            let (seen, _) = match self.read(acting).await {
                Ok(read) => read,
                Err(ActionLook { state, .. }) => {
                    let why = if let ActionState::Unknown { why } = state { why } else { String::new() };
                    return SetAnswer::NotSent(format!("whose operation runs cannot be told: {why}"));
                }
            };
            match seen.slot(&acting.key) {
                Slot::Ours if seen.is_busy() => {}
                Slot::Ours => return SetAnswer::NotSent("it is over".to_owned()),
                Slot::Empty | Slot::Other(_) => {
                    return SetAnswer::NotSent("another operation took its place".to_owned());
                }
            }
            let path = match self.path(acting, "/operation") {
                Ok(path) => path,
                Err(why) => return SetAnswer::NotSent(why),
            };
            let what = format!("DELETE {}{path}", self.config.place.at);
            say::cancelled(self.client.write(&Request::new(Method::DELETE, path), fence).await, &what)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            if self.config.application.names("pool") {
                self.client.knock().await.map_err(|failure| failure.trouble("connect to Argo CD"))?;
                return Ok(format!("{} takes connections; nothing is synced now", self.config.place.at));
            }
            let seen = self.application(&Acting::default()).await?;
            let state = seen.0.pointer("/status/sync/status").and_then(Value::as_str).unwrap_or("in no known state");
            Ok(format!("the application is {}; it is not synced now", say::quoted(state)))
        }
        .boxed()
    }
}

impl ArgoCd {
    fn path(&self, acting: &Acting, below: &str) -> Result<String, String> {
        let name = self.config.application.fill(acting, "", Place::Plain)?;
        Ok(self.config.place.path(&name, below))
    }

    /// The request that starts it.
    fn sync(&self, acting: &Acting) -> Result<(String, Value), String> {
        let place = &self.config.place;
        let mut body = json!({
            "project": place.project, "prune": self.config.prune, "dryRun": false,
            "infos": [{ "name": INFO, "value": acting.key }],
        });
        if let Some(namespace) = &place.namespace {
            body["appNamespace"] = json!(namespace);
        }
        if let Some(revision) = &self.config.revision {
            body["revision"] = json!(revision.fill(acting, "", Place::Plain)?);
        }
        Ok((self.path(acting, "/sync")?, body))
    }

    async fn read(&self, acting: &Acting) -> Result<(Seen, String), ActionLook> {
        let path = self.path(acting, "").map_err(say::untold)?;
        let what = format!("GET {}{path}", self.config.place.at);
        let looked = self.client.look(&Request::get(path)).await;
        let mut answer = looked.map_err(|failure| say::failure(failure, &what))?;
        self.client.mask(&mut answer.body).await;
        if !answer.is_success() {
            return Err(say::refused(&answer, &what));
        }
        let seen = Seen(serde_json::from_slice(&answer.body).unwrap_or_default());
        if !seen.is_application() {
            let why = format!("{what}: its answer is no application; see whether that address is right");
            return Err(say::untold(why));
        }
        Ok((seen, what))
    }

    /// The application, for a description.
    async fn application(&self, acting: &Acting) -> Result<Seen, Trouble> {
        self.read(acting).await.map(|(seen, _)| seen).map_err(|look| {
            let why = if let ActionState::Unknown { why } = look.state { why } else { String::new() };
            let advice = "compare application and project with what is there, and the token's right to get and sync it";
            Trouble::new(TroubleKind::Denied, "read the application", why, advice)
        })
    }

    /// How this act's own operation stands.
    fn told(&self, acting: &Acting, seen: &Seen, what: &str) -> ActionLook {
        match seen.phase(&acting.key) {
            Phase::Told(state) => ActionLook::new(state),
            Phase::Succeeded if self.config.healthy => {
                self.memory().ended = Some(acting.key.clone());
                self.healthy(seen, what)
            }
            Phase::Succeeded => ActionLook::new(ActionState::Succeeded),
            Phase::Strange(phase) => {
                say::untold(format!("{what}: its operation is in a phase that is not known here, {phase}"))
            }
        }
    }

    /// How healthy it is, once its operation came to a good end.
    fn healthy(&self, seen: &Seen, what: &str) -> ActionLook {
        let health = seen.health();
        let mut memory = self.memory();
        let now = format!("{health:?} {}", seen.mark());
        let times = if memory.held.0 == now { memory.held.1.saturating_add(1) } else { 1 };
        memory.held = (now, times);
        let waits = |what: String| ActionState::Running { percent: None, waits_for: Some(what) };
        match health {
            Health::Good if times >= GOOD_LOOKS => ActionLook::new(ActionState::Succeeded),
            Health::Good => ActionLook::new(waits("the application to stay healthy".to_owned())),
            Health::Bad(why) if times >= BAD_LOOKS => {
                ActionLook::new(ActionState::Failed { why: format!("it is synced, and {why}") })
            }
            Health::Bad(why) => ActionLook::new(waits(format!("the application to become healthy: it is {why}"))),
            Health::Waits(why) => ActionLook::new(waits(why)),
            Health::Strange(state) => {
                let state = if state.is_empty() { "not said" } else { &state };
                say::untold(format!("{what}: its health is {state}; see the application in Argo CD"))
            }
        }
    }

    /// Another operation is in its place, or none.
    fn gone(&self, acting: &Acting, slot: &Slot, handle: Option<&str>) -> ActionLook {
        if handle.is_none() && self.shown.is(&acting.key, slot) == Some(true) {
            let why = "its last operation is still the one that it had before".to_owned();
            return ActionLook::new(ActionState::Absent { why });
        }
        let why =
            "another operation is in its place, and Argo CD keeps the last one only: see the application's history";
        ActionLook::new(ActionState::Lost { why: why.to_owned() })
    }

    fn page(&self, seen: &Seen) -> Option<String> {
        seen.page(&self.config.place.at.to_string())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
