//! A container group of Azure: made anew out of one that is there, with another image; started, stopped, deleted.
//!
//! Parts: `config` (what the profile says), `body` (the group that is asked for), `seen` (what a group says of itself).
//!
//! # Invariants
//! - A group that is made carries the act's key in a tag: a lost answer is told by it, and the same act makes it once. What
//!   is started, stopped or deleted is told by the group's state alone, and is never asked for where it is so already.
//! - A group is made like another one only as that was when it was shown; what Azure does not tell of it comes from where the
//!   profile says, or nothing is sent.
//! - No value of a variable is shown, and none is kept but in memory.
//! - That a group runs says nothing of its health.

mod body;
mod config;
mod seen;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

pub use config::Config;

use self::body::{Body, TAG, containers, differences};
use self::config::{Does, Replace};
use self::seen::Seen;
use super::shown::Shown;
use super::template::Place;
use super::{Action, say};
use crate::adapter::azure::said;
use crate::adapter::http::{Answer, Client, Failure, Request};
use crate::adapter::router::Fence;
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

/// Of so many descriptions is kept what they showed.
const KEPT: usize = 4;
/// So many of a container's last lines are read.
const TAIL: usize = 8;

struct Containers {
    config: Config,
    client: Client,
    /// The group that would be made, as it was shown.
    shown: Shown<Value>,
}

impl Action for Containers {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            match &self.config.does {
                Does::Replace(replace) => self.describe_made(replace, acting).await,
                Does::Start => self.describe_state(acting, "POST", "/start", "Running").await,
                Does::Stop => self.describe_state(acting, "POST", "/stop", "Stopped").await,
                Does::Delete => self.describe_state(acting, "DELETE", "", "gone").await,
            }
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            match &self.config.does {
                Does::Replace(replace) => self.make(replace, acting, fence).await,
                Does::Start => self.turn(acting, Method::POST, "/start", fence).await,
                Does::Stop => self.turn(acting, Method::POST, "/stop", fence).await,
                Does::Delete => self.turn(acting, Method::DELETE, "", fence).await,
            }
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        self.look_at(acting, handle).boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let like = if let Does::Replace(replace) = &self.config.does { replace.like.as_ref() } else { None };
            let group = like.unwrap_or(&self.config.group);
            if group.names("pool") {
                self.client.knock().await.map_err(|failure| failure.trouble("connect to Azure"))?;
                return Ok(format!("{} takes connections; nothing is changed now", self.config.at));
            }
            let group = group.fill(&Acting::default(), "", Place::Plain).map_err(|why| say::unsaid("name it", why))?;
            match self.group(&group).await? {
                Some(seen) => Ok(format!("container group {group} is {}; nothing is changed now", seen.words())),
                None => Err(self.missing(&group)),
            }
        }
        .boxed()
    }
}

impl Containers {
    fn name(&self, acting: &Acting) -> Result<String, Trouble> {
        let name = self.config.group.fill(acting, "", Place::Plain);
        name.map_err(|why| say::unsaid("name the container group", why))
    }

    fn what(&self, method: &Method, path: &str) -> String {
        format!("{method} {}{}", self.config.at, path.split('?').next().unwrap_or_default())
    }

    async fn read(&self, path: &str) -> Result<(Answer, String), (Failure, String)> {
        let what = self.what(&Method::GET, path);
        match self.client.look(&Request::get(path)).await {
            Ok(mut answer) => {
                self.client.mask(&mut answer.body).await;
                Ok((answer, what))
            }
            Err(failure) => Err((failure, what)),
        }
    }

    /// The group of this name, where it is there.
    async fn group(&self, name: &str) -> Result<Option<Seen>, Trouble> {
        let read = self.read(&self.config.path(name, "")).await;
        let (answer, what) = read.map_err(|(failure, what)| failure.trouble(&what))?;
        if is_missing(&answer) {
            return Ok(None);
        }
        if !answer.is_success() {
            let trouble = said(&answer).refusal(&what);
            return Err(Trouble { why: say::quoted(&trouble.why), ..trouble });
        }
        let seen = Seen(serde_json::from_slice(&answer.body).unwrap_or_default());
        if !seen.is_group() {
            let why = "its answer is no container group";
            return Err(Trouble::new(TroubleKind::Garbage, what, why, "see whether that address is right"));
        }
        Ok(Some(seen))
    }

    fn missing(&self, name: &str) -> Trouble {
        let what = self.what(&Method::GET, &self.config.path(name, ""));
        let why = format!("there is no container group {name}, or this account may not see it");
        Trouble::new(TroubleKind::Mismatch, what, why, "correct the names in the profile")
    }

    /// The group that would be made, and the one that is there.
    async fn made(&self, replace: &Replace, acting: &Acting) -> Result<(Body, Option<Seen>), Trouble> {
        let unsaid = |why: String| say::unsaid("work out the container group", why);
        let fill = |template: &super::template::Template| template.fill(acting, "", Place::Plain).map_err(unsaid);
        let name = self.name(acting)?;
        let image = fill(&replace.image)?;
        let label = replace.dns_label.as_ref().map(fill).transpose()?;
        let like = replace.like.as_ref().map(fill).transpose()?.filter(|like| *like != name);
        let there = self.group(&name).await?;
        let other = match &like {
            Some(like) => Some(self.group(like).await?.ok_or_else(|| self.missing(like))?),
            None => None,
        };
        let pattern = other.as_ref().or(there.as_ref()).ok_or_else(|| self.missing(&name))?;
        let (container, label) = (replace.container.as_deref(), label.as_deref());
        let there_now = there.as_ref().map(|there| &there.0);
        let body = body::made(&pattern.0, there_now, container, &image, label, &acting.key).map_err(unsaid)?;
        let is_known = |need: &str| replace.secrets.iter().any(|(name, _)| name == need);
        let missing: Vec<String> =
            body.needs.iter().filter(|(need, _)| !is_known(need)).map(|(need, _)| say::quoted(need)).collect();
        if !missing.is_empty() {
            let why = format!("it has secrets that Azure does not tell: {}", missing.join(", "));
            let advice = "say in the profile where they are kept: secrets = { NAME = { env = \"NAME\" } }";
            return Err(Trouble::new(TroubleKind::Mismatch, format!("make container group {name}"), why, advice));
        }
        Ok((body, there))
    }

    async fn describe_made(&self, replace: &Replace, acting: &Acting) -> Result<Description, Trouble> {
        let (body, there) = self.made(replace, acting).await?;
        let name = self.name(acting)?;
        let like = replace.like.as_ref().and_then(|like| like.fill(acting, "", Place::Plain).ok());
        let mut requests = vec![self.what(&Method::PUT, &self.config.path(&name, ""))];
        requests.push(format!("  all as {} has it, but for", like.as_deref().unwrap_or(&name)));
        let image = containers(&body.document).find(|(each, _)| *each == body.container);
        let image = image.and_then(|(_, own)| own["image"].as_str()).unwrap_or_default();
        requests.push(format!("  {} image: {image}", say::quoted(&body.container)));
        requests.push(format!("  tag {TAG}: {}", acting.key));
        for (need, from) in &replace.secrets {
            if body.needs.iter().any(|(each, _)| each == need) {
                requests.push(format!("  {}: from {from}", say::quoted(need)));
            }
        }
        let label = body.document.pointer("/properties/ipAddress/dnsNameLabel").and_then(Value::as_str);
        let mut notes = Vec::new();
        match label {
            Some(label) => requests.push(format!("  DNS label: {}", say::quoted(label))),
            None if body.document.pointer("/properties/ipAddress").is_some() => {
                notes.push("it has no DNS name of its own: its address may become another one".to_owned());
            }
            None => {}
        }
        if there.is_some() {
            notes.push("its containers begin anew: what they do now is broken off".to_owned());
        }
        let lines = differences(there.as_ref().map(|there| &there.0), &body.document);
        self.shown.keep(&acting.key, body.document);
        Ok(Description { requests, differences: lines, notes })
    }

    async fn describe_state(
        &self,
        acting: &Acting,
        method: &str,
        below: &str,
        coming: &str,
    ) -> Result<Description, Trouble> {
        let name = self.name(acting)?;
        let path = self.config.path(&name, below);
        let requests = vec![format!("{method} {}{}", self.config.at, path.split('?').next().unwrap_or_default())];
        let seen = self.group(&name).await?.ok_or_else(|| self.missing(&name))?;
        let now = seen.words();
        let mut lines = vec![if now == coming {
            format!("container group {name}: {now}, the same")
        } else {
            format!("container group {name}: {now} → {coming}")
        }];
        if matches!(self.config.does, Does::Delete) {
            lines.extend(differences(Some(&seen.0), &json!({})));
        }
        let notes = vec!["a lost answer is told by the group's state alone".to_owned()];
        Ok(Description { requests, differences: lines, notes })
    }

    async fn make(&self, replace: &Replace, acting: &Acting, fence: &dyn Fence) -> Started {
        let unsent = |trouble: Trouble| Started::NotSent { why: say::told(trouble) };
        let name = match self.name(acting) {
            Ok(name) => name,
            Err(trouble) => return unsent(trouble),
        };
        let (mut body, there) = match self.made(replace, acting).await {
            Ok(made) => made,
            Err(trouble) => return unsent(trouble),
        };
        let started = || Started::Running { handle: acting.key.clone(), link: self.page(&name) };
        if there.is_some_and(|there| there.has_key(&acting.key)) {
            return started();
        }
        if self.shown.is(&acting.key, &body.document) == Some(false) {
            let why = "the group that it is made like is not as it was when it was shown; look at it again";
            return Started::NotSent { why: why.to_owned() };
        }
        let mut hidden = Vec::new();
        for (need, place) in &body.needs {
            let Some((_, from)) = replace.secrets.iter().find(|(name, _)| name == need) else { continue };
            match from.resolve().await {
                Ok(secret) => {
                    body::put(&mut body.document, place, secret.expose_secret());
                    hidden.push(secret);
                }
                Err(error) => return Started::NotSent { why: error.to_string() },
            }
        }
        let path = self.config.path(&name, "");
        let what = self.what(&Method::PUT, &path);
        let request = Request::new(Method::PUT, path).json(&body.document);
        let mut answer = match self.client.write(&request, fence).await {
            Ok(answer) => answer,
            Err(failure) => return say::start_failure(failure, &what),
        };
        self.client.mask(&mut answer.body).await;
        let mut text = String::from_utf8_lossy(&answer.body).into_owned();
        for secret in &hidden {
            text = text.replace(secret.expose_secret(), "…");
        }
        answer.body = text.into_bytes();
        if !answer.is_success() {
            return say::not_started(&said(&answer), &what);
        }
        if Seen(serde_json::from_slice(&answer.body).unwrap_or_default()).has_key(&acting.key) {
            return started();
        }
        let why = format!("{what}: it said yes, and answered without the group that it makes");
        Started::Unknown { why }
    }

    /// Starts, stops or deletes it, where it is not so already.
    async fn turn(&self, acting: &Acting, method: Method, below: &str, fence: &dyn Fence) -> Started {
        let looked = async {
            let name = self.name(acting)?;
            let seen = self.group(&name).await?;
            Ok::<_, Trouble>((name, seen))
        };
        let (name, seen) = match looked.await {
            Ok(looked) => looked,
            Err(trouble) => return Started::NotSent { why: say::told(trouble) },
        };
        let done = |words: &str| Started::Done { words: format!("container group {name} {words}; nothing was sent") };
        match (&self.config.does, seen.as_ref().map(Seen::state)) {
            (Does::Delete, None) => return done("is not there"),
            (_, None) => return Started::NotSent { why: say::told(self.missing(&name)) },
            (Does::Start, Some("Running")) => return done("runs already"),
            (Does::Stop, Some("Stopped")) => return done("is stopped already"),
            (_, Some(_)) => {}
        }
        let path = self.config.path(&name, below);
        let what = self.what(&method, &path);
        let mut answer = match self.client.write(&Request::new(method, path), fence).await {
            Ok(answer) => answer,
            Err(failure) => return say::start_failure(failure, &what),
        };
        self.client.mask(&mut answer.body).await;
        if answer.is_success() {
            return Started::Running { handle: acting.key.clone(), link: self.page(&name) };
        }
        say::not_started(&said(&answer), &what)
    }

    async fn look_at(&self, acting: &Acting, handle: Option<&str>) -> ActionLook {
        let name = match self.name(acting) {
            Ok(name) => name,
            Err(trouble) => return say::untold(say::told(trouble)),
        };
        let (answer, what) = match self.read(&self.config.path(&name, "")).await {
            Ok(read) => read,
            Err((failure, what)) => return say::failure(failure, &what),
        };
        if is_missing(&answer) {
            return ActionLook::new(self.gone(&what, handle));
        }
        if !answer.is_success() {
            return say::refused(&said(&answer), &what);
        }
        let seen = Seen(serde_json::from_slice(&answer.body).unwrap_or_default());
        if !seen.is_group() {
            return say::untold(format!("{what}: its answer is no container group; see whether that address is right"));
        }
        let state = self.stands(&seen, acting, handle, &what);
        let mut lines = seen.events();
        if !matches!(state, ActionState::Absent { .. } | ActionState::Lost { .. }) {
            lines.extend(self.log(&name, &seen).await);
        }
        let log = say::last_lines(lines.iter().map(String::as_str));
        let is_ours =
            !matches!(state, ActionState::Absent { .. } | ActionState::Unknown { .. } | ActionState::Lost { .. });
        let found = (handle.is_none() && is_ours).then(|| acting.key.clone());
        ActionLook { handle: found, link: self.page(&name), log, ..ActionLook::new(state) }
    }

    /// What it means that the group is not there.
    fn gone(&self, what: &str, handle: Option<&str>) -> ActionState {
        match (&self.config.does, handle) {
            (Does::Delete, _) => ActionState::Succeeded,
            (Does::Replace(_), None) => ActionState::Absent { why: format!("{what}: there is no such group") },
            (Does::Replace(_) | Does::Start | Does::Stop, _) => {
                let why = format!("{what}: the group is not there any more: see in Azure who deleted it");
                ActionState::Failed { why }
            }
        }
    }

    /// What the state of the group means for the act.
    fn stands(&self, seen: &Seen, acting: &Acting, handle: Option<&str>, what: &str) -> ActionState {
        let waits = |what: &str| ActionState::Running { percent: None, waits_for: Some(what.to_owned()) };
        let absent = || ActionState::Absent { why: format!("{what}: it is {}", seen.words()) };
        match &self.config.does {
            Does::Replace(_) if seen.has_key(&acting.key) => match seen.running() {
                ActionState::Unknown { why } => ActionState::Unknown { why: format!("{what}: {why}") },
                other => other,
            },
            Does::Replace(_) if handle.is_none() => {
                ActionState::Absent { why: format!("{what}: its tag {TAG} is not {}", acting.key) }
            }
            Does::Replace(_) => {
                let why = format!("{what}: somebody has made it anew since; see in Azure what became of it");
                ActionState::Lost { why }
            }
            Does::Start if seen.state() == "Stopped" && handle.is_none() => absent(),
            Does::Start if seen.state() == "Stopped" => waits("Azure to start it"),
            Does::Start => seen.running(),
            Does::Stop => match seen.state() {
                "Stopped" | "Terminated" | "Succeeded" => ActionState::Succeeded,
                _ if handle.is_none() => absent(),
                _ => waits("its containers to end"),
            },
            Does::Delete if handle.is_none() && seen.provisioning() != "Deleting" => absent(),
            Does::Delete => waits("Azure to delete it"),
        }
    }

    /// The last lines of its container's log; none where they cannot be read now.
    async fn log(&self, name: &str, seen: &Seen) -> Vec<String> {
        let wanted = if let Does::Replace(replace) = &self.config.does { replace.container.as_deref() } else { None };
        let mut all = containers(&seen.0).map(|(container, _)| container);
        let Some(container) = wanted.or_else(|| all.next()) else { return Vec::new() };
        let below = format!("/containers/{}/logs", say::encoded(container));
        let path = format!("{}&tail={TAIL}", self.config.path(name, &below));
        let Ok((answer, _)) = self.read(&path).await else { return Vec::new() };
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let lines = document["content"].as_str().filter(|_| answer.is_success()).unwrap_or_default();
        lines.lines().map(str::to_owned).collect()
    }

    /// Where people look at it, in Azure's own cloud.
    fn page(&self, name: &str) -> Option<String> {
        let path = self.config.path(name, "");
        let path = path.split('?').next().unwrap_or_default();
        (self.config.at.host() == "management.azure.com").then(|| format!("https://portal.azure.com/#resource{path}"))
    }
}

/// Whether it is Azure that says that there is no such thing.
fn is_missing(answer: &Answer) -> bool {
    answer.status == 404 && said(answer).text().contains("NotFound")
}
