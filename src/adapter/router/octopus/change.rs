//! Sends a change, one step after the other; the fence is asked before each.
//!
//! Where a step cannot be done, the answer says what was done before it: variables that are saved and not deployed go
//! live with the next release that anyone makes.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::Octopus;
use super::history::{History, Release, Run};
use super::look::native;
use super::memory::Known;
use super::names::Names;
use super::plan::{Named, Plan, is_marked};
use super::variables::{Set, shown_name};
use crate::adapter::http::Answer;
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::{NativeSplit, Prepared, Trouble};

/// A change on its way: what it is, and what was done of it.
struct Course<'a> {
    octopus: &'a Octopus,
    names: Names,
    native: &'a NativeSplit,
    fence: &'a dyn Fence,
    done: Vec<String>,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "ReleaseId", alias = "releaseId")]
    release: String,
}

#[derive(Deserialize)]
struct Started {
    #[serde(rename = "DeploymentServerTasks", alias = "deploymentServerTasks")]
    tasks: Vec<StartedTask>,
}

#[derive(Deserialize)]
struct StartedTask {
    #[serde(rename = "ServerTaskId", alias = "serverTaskId")]
    task: String,
}

impl Octopus {
    /// Carries out a prepared change.
    pub(super) async fn change(
        &self,
        prepared: &Prepared,
        expected: Option<&NativeSplit>,
        fence: &dyn Fence,
    ) -> SetAnswer {
        match self.carried_out(prepared, expected, fence).await {
            Ok(()) => SetAnswer::Accepted,
            Err(answer) => answer,
        }
    }

    /// Cancels a task, if it is a deployment of this project to this environment that is not over.
    pub(super) async fn cancel_task(&self, task: &str, fence: &dyn Fence) -> SetAnswer {
        let looked = async {
            let names = self.names().await?;
            let history = self.history(&names).await?;
            Ok((names, history))
        };
        let (names, history) = match looked.await {
            Ok(looked) => looked,
            Err(trouble) => return failed(trouble),
        };
        let place = format!("{} to {}", shown_name(&names.project.name), shown_name(&names.environment.name));
        match history.in_flight().into_iter().find(|run| run.task.id == task) {
            None => SetAnswer::NotSent(format!("no deployment of {place} of that name is under way any more")),
            Some(run) if run.task.state == "Cancelling" => {
                SetAnswer::NotSent("it is being cancelled already".to_owned())
            }
            Some(run) => {
                let path = cancel_path(&names.space, &run.task.id);
                let sent = self.api.send(Method::POST, &path, None, fence).await;
                sent.map_or_else(|answer| answer, |_| SetAnswer::Accepted)
            }
        }
    }

    async fn carried_out(
        &self,
        prepared: &Prepared,
        expected: Option<&NativeSplit>,
        fence: &dyn Fence,
    ) -> Result<(), SetAnswer> {
        let Some(plan) = Plan::of(prepared) else {
            return Err(SetAnswer::NotSent("these are no requests for Octopus; propose the change anew".to_owned()));
        };
        let (names, history) = if let Some(expected) = expected {
            let seen = self.seen().await.map_err(failed)?;
            if seen.native != *expected {
                return Err(SetAnswer::Moved(seen.native));
            }
            (seen.names, seen.history)
        } else {
            let names = self.names().await.map_err(failed)?;
            let history = self.history(&names).await.map_err(failed)?;
            (names, history)
        };
        let mut course = Course { octopus: self, names, native: &prepared.native, fence, done: Vec::new() };
        let went = course.go(&plan, &history, expected.is_some()).await;
        went.map_err(|answer| course.told(answer))
    }
}

impl Course<'_> {
    async fn go(&mut self, plan: &Plan, history: &History, is_bound: bool) -> Result<(), SetAnswer> {
        self.make_way(plan, history, is_bound).await?;
        let release = match plan {
            Plan::Deploy { version } => self.found(version).await?.ok_or_else(|| {
                SetAnswer::NotSent(format!("release {version} is not there any more; propose the way back anew"))
            })?,
            Plan::Save { bound } => {
                let saved = self.save(*bound).await?;
                let version = plan.version(saved, self.native);
                match self.found(&version).await? {
                    Some(release) => release,
                    None => self.release(&version).await?,
                }
            }
        };
        self.holds_the_weights(&release).await?;
        // The lifecycle may have started a deployment by itself, or an earlier attempt whose answer was lost.
        let history = self.octopus.history(&self.names).await.map_err(failed)?;
        let flying = history.in_flight();
        if let Some(run) = flying.iter().find(|run| run.release == release.id && run.task.state != "Cancelling") {
            self.octopus.memory.started(run.task.id.clone());
            return Ok(());
        }
        let is_live = history.live().is_some_and(|run| run.release == release.id);
        if is_live && flying.is_empty() && history.broken().is_none() {
            return Ok(());
        }
        self.deploy(&release.version).await
    }

    /// What is in flight goes first: a bound change is not sent behind it, a way back cancels what flightdeck started.
    async fn make_way(&mut self, plan: &Plan, history: &History, is_bound: bool) -> Result<(), SetAnswer> {
        for run in history.in_flight() {
            let release = self.octopus.release(&self.names, &run.release).await.map_err(failed)?;
            if release.version == plan.version(0, self.native) {
                continue;
            }
            if is_bound {
                return Err(SetAnswer::NotSent(format!(
                    "the deployment of release {} is not over ({}): this one would wait behind it, and come after weights \
                     that nobody has seen; wait for its end, or cancel it in Octopus",
                    shown_name(&release.version),
                    shown_name(&run.task.state)
                )));
            }
            if is_marked(&release.version) || self.octopus.memory.has_started(&run.task.id) {
                self.cancel(&release, run).await?;
            }
        }
        Ok(())
    }

    async fn cancel(&mut self, release: &Release, run: &Run) -> Result<(), SetAnswer> {
        if run.task.state == "Cancelling" {
            return Ok(());
        }
        let path = cancel_path(&self.names.space, &run.task.id);
        match self.octopus.api.send(Method::POST, &path, None, self.fence).await {
            Ok(_) => self.done.push(format!("cancelled the deployment of release {}", shown_name(&release.version))),
            // It ended in this moment, or may not be cancelled by this account: then it is waited for.
            Err(SetAnswer::Failed(_)) => {}
            Err(answer) => return Err(answer),
        }
        Ok(())
    }

    /// Saves the weights where they are not saved yet; gives the variable set's version.
    async fn save(&mut self, bound: Option<u64>) -> Result<u64, SetAnswer> {
        let octopus = self.octopus;
        let pools = &octopus.config.pools;
        let path = format!("/api/{}/variables/{}", self.names.space, self.names.project.variable_set_id);
        let set: Set = octopus.api.get(&path).await.map_err(failed)?;
        let unfit = |why: String| SetAnswer::NotSent(format!("{}: {why}", octopus.what()));
        let weights = set.weights(pools, self.names.place()).map_err(unfit)?;
        let version = set.version().ok_or_else(|| unfit("the variables have no Version".to_owned()))?;
        if same(&native(&weights), self.native) {
            return Ok(version);
        }
        if let Some(bound) = bound.filter(|bound| *bound != version) {
            return Err(unfit(format!(
                "somebody has saved the project's variables since this was proposed: their Version is {version}, and was \
                 {bound}; propose it anew"
            )));
        }
        let wanted: Vec<(String, u32)> =
            self.native.0.iter().map(|each| (each.reference.clone(), each.weight)).collect();
        let body = set.with(&weights, &wanted);
        let answer = octopus.api.send(Method::PUT, &path, Some(&body), self.fence).await?;
        let saved: Set = understood(&answer, "save the variables")?;
        let is_saved = saved.weights(pools, self.names.place()).is_ok_and(|saved| same(&native(&saved), self.native));
        let Some(version) = saved.version().filter(|_| is_saved) else {
            let why =
                "it said yes to saving the variables, and answered with other weights; read them before anything else";
            return Err(SetAnswer::Unknown(why.to_owned()));
        };
        self.done.push(format!("saved the weights (Version {version})"));
        Ok(version)
    }

    async fn release(&mut self, version: &str) -> Result<Release, SetAnswer> {
        let octopus = self.octopus;
        let named = Named::of(&octopus.config, Some(&self.names));
        let (path, body) = (named.release_path(), named.release(version));
        let answer = octopus.api.send(Method::POST, &path, Some(&body), self.fence).await?;
        let created: Created = understood(&answer, "make the release")?;
        self.done.push(format!("made release {version}"));
        octopus.release(&self.names, &created.release).await.map_err(failed)
    }

    async fn deploy(&mut self, version: &str) -> Result<(), SetAnswer> {
        let octopus = self.octopus;
        let named = Named::of(&octopus.config, Some(&self.names));
        let (path, body) = (named.deployment_path(), named.deployment(version));
        let answer = octopus.api.send(Method::POST, &path, Some(&body), self.fence).await?;
        let started: Started = understood(&answer, "deploy the release")?;
        for started in started.tasks {
            octopus.memory.started(started.task);
        }
        Ok(())
    }

    async fn found(&self, version: &str) -> Result<Option<Release>, SetAnswer> {
        let Names { space, project, .. } = &self.names;
        let path = format!("/api/{space}/projects/{}/releases/{version}", project.id);
        self.octopus.api.find(&path).await.map_err(failed)
    }

    /// A release holds what was saved when it was made, which may be somebody else's in between.
    async fn holds_the_weights(&self, release: &Release) -> Result<(), SetAnswer> {
        let octopus = self.octopus;
        let frozen = octopus.frozen(&self.names, release).await.map_err(failed)?;
        let weights = native(&octopus.weights_of(&self.names, release, &frozen).map_err(failed)?);
        if same(&weights, self.native) {
            let known = Known { id: release.id.clone(), version: release.version.clone(), native: weights };
            octopus.memory.keep(known, false);
            return Ok(());
        }
        let differences = self.native.differences(&weights).join(", ");
        let version = shown_name(&release.version);
        Err(SetAnswer::NotSent(format!(
            "release {version} holds other weights ({differences}); propose the change anew"
        )))
    }

    /// An answer with what was done before it.
    fn told(&self, answer: SetAnswer) -> SetAnswer {
        if self.done.is_empty() {
            return answer;
        }
        let done = self.done.join(", ");
        match answer {
            SetAnswer::NotSent(why) | SetAnswer::Failed(why) => SetAnswer::Failed(format!(
                "{done}, and then: {why}; nothing was deployed by this change, and what is saved goes live with the next \
                 release that anyone deploys"
            )),
            SetAnswer::Unknown(why) => SetAnswer::Unknown(format!("{done}, and then: {why}")),
            other => other,
        }
    }
}

/// A look that gave nothing: the write that it was for is not sent.
/// Where a task is cancelled.
pub(super) fn cancel_path(space: &str, task: &str) -> String {
    format!("/api/{space}/tasks/{task}/cancel")
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn failed(trouble: Trouble) -> SetAnswer {
    SetAnswer::NotSent(trouble.to_string())
}

/// What the server said to a write that it said yes to.
fn understood<T: serde::de::DeserializeOwned>(answer: &Answer, what: &str) -> Result<T, SetAnswer> {
    let value: Value = answer.json(what).map_err(|trouble| SetAnswer::Unknown(trouble.to_string()))?;
    serde_json::from_value(value)
        .map_err(|error| SetAnswer::Unknown(format!("{what}: its answer is not what Octopus says: {error}")))
}

fn same(one: &NativeSplit, other: &NativeSplit) -> bool {
    one.holds(other) && other.holds(one)
}
