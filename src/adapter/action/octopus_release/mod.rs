//! A release of Octopus Deploy: made with its packages where it is not there yet, deployed to an environment, followed by the
//! deployment's task.
//!
//! Parts: `config` (what the profile says), `release` (releases and deployments), `task` (how it goes on).
//!
//! # Invariants
//! - A release that is there is deployed as it was made, and only where its packages are those that the profile names.
//! - The deployment carries the act's key in its comments, and a release that the act made in its notes. They are looked for
//!   before anything is asked for: a start that is sent again, or that a lifecycle was faster with, makes no second one.
//! - A release whose making nobody answered is looked for once; it is deployed only when it is there.

mod config;
mod release;
mod task;

use std::time::Duration;

use ::http::Method;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

pub use config::Config;

use self::release::{Deployment, Ids, Release, differences, note};
use super::template::Place;
use super::{Action, say};
use crate::adapter::http::{Answer, Request};
use crate::adapter::octopus::{Api, said};
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

/// How long a server that is asked too often is left alone, where it is not its word on a task.
const QUIET: Duration = Duration::from_mins(1);

struct Octopus {
    config: Config,
    api: Api,
}

impl Action for Octopus {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        self.described(acting).boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        self.begin(acting, fence).boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            match handle {
                Some(handle) => self.task(handle).await,
                None => self.look_for(acting).await,
            }
        }
        .boxed()
    }

    fn cancel<'a>(&'a self, _acting: &'a Acting, handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            let path = format!("{}/cancel", task::path(handle));
            let what = format!("POST {}{path}", self.api.at());
            let answer = self.api.client().write(&Request::new(Method::POST, path), fence).await;
            say::cancelled(answer.map(|answer| said(&answer)), &what)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let Ids { project, environment, .. } = self.usable().await?;
            Ok(format!(
                "project {} and environment {} are there; nothing is deployed now",
                project.name, environment.name
            ))
        }
        .boxed()
    }
}

impl Octopus {
    /// The ids, of a project that can be deployed.
    async fn usable(&self) -> Result<Ids, Trouble> {
        let ids = self.ids().await.map_err(masked)?;
        if ids.project.is_disabled {
            let what = format!("deploy {}", ids.project.name);
            let advice = "enable the project in Octopus";
            return Err(Trouble::new(TroubleKind::Mismatch, what, "the project is disabled", advice));
        }
        Ok(ids)
    }

    fn version(&self, acting: &Acting) -> Result<String, String> {
        self.config.version.fill(acting, "", Place::Plain)
    }

    async fn described(&self, acting: &Acting) -> Result<Description, Trouble> {
        let version = self.version(acting).map_err(|why| say::unsaid("work out the requests", why))?;
        let ids = self.usable().await?;
        let at = self.api.at();
        let (mut requests, mut notes) = (Vec::new(), Vec::new());
        let coming = if let Some(release) = self.release(&ids, &version).await.map_err(masked)? {
            self.fits(&release, acting).map_err(|why| say::unsaid("deploy that release", why))?;
            notes.push(format!("release {version} is there, and is deployed as it was made"));
            release.packages().to_vec()
        } else {
            let wanted = self.wanted(&ids, acting, &version).await.map_err(masked)?;
            requests.push(format!("POST {at}/api/{}/releases", ids.space));
            requests.push(format!("  release: {version}, channel: {}", say::quoted(&wanted.channel.name)));
            requests.extend(wanted.lines());
            requests.push(format!("  notes: {}", note(&acting.key)));
            wanted.packages
        };
        requests.push(format!("POST {at}/api/{}/deployments", ids.space));
        requests.push(format!("  release: {version}, environment: {}", say::quoted(&ids.environment.name)));
        requests.push(format!("  comments: {}", note(&acting.key)));
        let now = self.running(&ids).await.map_err(masked)?;
        if self.is_busy(&ids).await.map_err(masked)? {
            let note = "another deployment to that environment is under way: this one waits until it is over";
            notes.push(note.to_owned());
        }
        Ok(Description { requests, differences: differences(now.as_ref(), &version, &coming), notes })
    }

    /// Refuses a release that has other packages than the profile says.
    fn fits(&self, release: &Release, acting: &Acting) -> Result<(), String> {
        let strange = self.strange_packages(release, acting)?;
        if strange.is_empty() {
            return Ok(());
        }
        let version = say::quoted(&release.version);
        Err(format!("release {version} is there with other packages: {}; give it another version", strange.join(", ")))
    }

    async fn begin(&self, acting: &Acting, fence: &dyn Fence) -> Started {
        let version = match self.version(acting) {
            Ok(version) => version,
            Err(why) => return Started::NotSent { why },
        };
        let unsent = |trouble: Trouble| Started::NotSent { why: say::told(trouble) };
        let looked = async {
            let ids = self.usable().await?;
            let deployed = self.deployed(&ids, acting).await?;
            let release = self.release(&ids, &version).await?;
            Ok((ids, deployed, release))
        };
        let (ids, deployed, release) = match looked.await {
            Ok(looked) => looked,
            Err(trouble) => return unsent(trouble),
        };
        if let Some(deployed) = deployed {
            return self.runs(&ids, &deployed, "the deployment that it made before");
        }
        let (release, is_made) = match release {
            Some(release) => {
                if let Err(why) = self.fits(&release, acting) {
                    return Started::NotSent { why };
                }
                (release, false)
            }
            None => match self.make(&ids, acting, &version, fence).await {
                Ok(release) => (release, true),
                Err(started) => return started,
            },
        };
        if is_made {
            // The lifecycle may have begun a deployment by itself.
            match self.deployed(&ids, acting).await {
                Ok(None) => {}
                Ok(Some(deployed)) => return self.runs(&ids, &deployed, "the deployment of its lifecycle"),
                Err(trouble) => {
                    let why = say::told(trouble);
                    return Started::Unknown { why: format!("made release {version}, and then: {why}") };
                }
            }
        }
        match self.deploy(&ids, &release, acting, fence).await {
            Started::NotSent { why } | Started::Failed { why } if is_made => {
                Started::Failed { why: format!("made release {version}, and then: {why}; nothing was deployed") }
            }
            Started::Unknown { why } if is_made => {
                Started::Unknown { why: format!("made release {version}, and then: {why}") }
            }
            other => other,
        }
    }

    /// Makes the release. One whose making nobody answered is looked for.
    async fn make(&self, ids: &Ids, acting: &Acting, version: &str, fence: &dyn Fence) -> Result<Release, Started> {
        let wanted = self.wanted(ids, acting, version).await;
        let wanted = wanted.map_err(|trouble| Started::NotSent { why: say::told(trouble) })?;
        let path = format!("/api/{}/releases", ids.space);
        let what = format!("POST {}{path}", self.api.at());
        let answer = self.write(&path, &wanted.body(ids, &acting.key), fence).await;
        let unknown = match answer {
            Err(failure) => match say::start_failure(failure, &what) {
                Started::Unknown { why } => why,
                other => return Err(other),
            },
            Ok(answer) if answer.is_success() => match serde_json::from_slice::<Release>(&answer.body) {
                Ok(release) => return Ok(release),
                Err(_quotes_it) => format!("{what}: it said yes, and answered without a release"),
            },
            Ok(answer) => match say::not_started(&answer, &what) {
                Started::Unknown { why } => why,
                other => return Err(other),
            },
        };
        let has_key =
            |release: &Release| release.notes.as_deref().is_some_and(|notes| say::has_key(notes, &acting.key));
        match self.release(ids, version).await {
            Ok(Some(release)) if has_key(&release) => Ok(release),
            _ => Err(Started::Unknown {
                why: format!("{unknown}; the release is not there yet, and nothing was deployed"),
            }),
        }
    }

    async fn deploy(&self, ids: &Ids, release: &Release, acting: &Acting, fence: &dyn Fence) -> Started {
        let path = format!("/api/{}/deployments", ids.space);
        let what = format!("POST {}{path}", self.api.at());
        let body = Self::deployment(ids, &release.id, &acting.key);
        match self.write(&path, &body, fence).await {
            Err(failure) => say::start_failure(failure, &what),
            Ok(answer) if answer.is_success() => match serde_json::from_slice::<Deployment>(&answer.body) {
                Ok(deployed) => self.runs(ids, &deployed, &what),
                Err(_quotes_it) => {
                    Started::Unknown { why: format!("{what}: it said yes, and answered without a deployment") }
                }
            },
            Ok(answer) => say::not_started(&answer, &what),
        }
    }

    async fn write(
        &self,
        path: &str,
        body: &Value,
        fence: &dyn Fence,
    ) -> Result<Answer, crate::adapter::http::Failure> {
        let client = self.api.client();
        let mut answer = client.write(&Request::new(Method::POST, path).json(body), fence).await?;
        client.mask(&mut answer.body).await;
        Ok(if answer.is_success() { answer } else { said(&answer) })
    }

    /// A deployment whose task is followed.
    fn runs(&self, ids: &Ids, deployed: &Deployment, what: &str) -> Started {
        match task::handle(&ids.space, &deployed.task_id) {
            Some(handle) => {
                let link = format!("{}/app#/{}/tasks/{}", self.api.at(), ids.space, deployed.task_id);
                Started::Running { handle, link: Some(link) }
            }
            None => Started::Unknown { why: format!("{what}: its task cannot be asked about") },
        }
    }

    /// Finds the deployment by the key.
    async fn look_for(&self, acting: &Acting) -> ActionLook {
        let looked = async {
            let ids = self.ids().await?;
            let deployed = self.deployed(&ids, acting).await?;
            Ok::<_, Trouble>((ids, deployed))
        };
        match looked.await {
            Err(trouble) => {
                let not_before = trouble.why.contains("answered 429").then_some(QUIET);
                ActionLook { not_before, ..say::untold(say::told(trouble)) }
            }
            Ok((ids, None)) => {
                let environment = say::quoted(&ids.environment.name);
                let why = format!("none of the newest deployments to {environment} has {} in its comments", acting.key);
                ActionLook::new(ActionState::Absent { why })
            }
            Ok((ids, Some(deployed))) => match task::handle(&ids.space, &deployed.task_id) {
                Some(handle) => ActionLook { handle: Some(handle.clone()), ..self.task(&handle).await },
                None => say::untold("its deployment names no task that can be asked about"),
            },
        }
    }
}

/// A trouble whose words may be shown.
fn masked(trouble: Trouble) -> Trouble {
    Trouble { why: say::quoted(&trouble.why), ..trouble }
}
