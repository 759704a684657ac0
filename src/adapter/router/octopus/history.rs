//! What was deployed to the environment, and what is being.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use super::Octopus;
use super::names::Names;
use crate::adapter::octopus::Page;
use crate::domain::Trouble;

/// How many deployments are looked at.
const LOOKED_AT: usize = 20;

/// Deployments with their tasks, newest first.
#[derive(Debug)]
pub(super) struct History {
    runs: Vec<Run>,
}

/// One deployment.
#[derive(Debug)]
pub(super) struct Run {
    /// What was deployed.
    pub(super) release: String,
    /// The task that does it.
    pub(super) task: Task,
}

#[derive(Deserialize, Debug)]
struct Deployment {
    #[serde(rename = "ReleaseId")]
    release: String,
    #[serde(rename = "TaskId")]
    task: String,
    #[serde(rename = "TenantId", default)]
    tenant: Option<String>,
}

/// A task.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Task {
    /// `ServerTasks-77`.
    pub(super) id: String,
    /// `Queued`, `Executing`, `Cancelling`, `Success`, `Failed`, `Canceled`, `TimedOut`.
    pub(super) state: String,
    /// Whether a person is asked.
    #[serde(default)]
    pub(super) has_pending_interruptions: bool,
    #[serde(default)]
    completed_time: Option<String>,
    #[serde(default)]
    pub(super) links: Links,
}

/// Where a task is.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Links {
    /// For people.
    #[serde(default)]
    pub(super) web: Option<String>,
}

/// A release.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Release {
    /// `Releases-9`.
    pub(super) id: String,
    /// Its version.
    pub(super) version: String,
    /// The channel that it is in.
    #[serde(default)]
    pub(super) channel_id: String,
    /// The variables as it froze them.
    pub(super) project_variable_set_snapshot_id: String,
}

impl Task {
    pub(super) fn is_over(&self) -> bool {
        ["Success", "Failed", "Canceled", "TimedOut"].contains(&self.state.as_str())
    }

    pub(super) fn succeeded(&self) -> bool {
        self.state == "Success"
    }

    fn ended(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(self.completed_time.as_deref()?).ok()
    }
}

impl History {
    /// The deployment that is live: of those that succeeded, the one that ended last. One that was scheduled earlier may
    /// have ended later than one that was made after it.
    pub(super) fn live(&self) -> Option<&Run> {
        let mut live: Option<&Run> = None;
        for run in self.runs.iter().filter(|run| run.task.succeeded()) {
            if live.is_none_or(|live| run.task.ended() > live.task.ended()) {
                live = Some(run);
            }
        }
        live
    }

    /// What is not over, in the order in which it is carried out: what runs before what waits, older before newer.
    pub(super) fn in_flight(&self) -> Vec<&Run> {
        let open = || self.runs.iter().rev().filter(|run| !run.task.is_over());
        let (waiting, running): (Vec<_>, Vec<_>) = open().partition(|run| run.task.state == "Queued");
        running.into_iter().chain(waiting).collect()
    }

    /// The last deployment that ended badly after the live one: what it left is in no variable.
    pub(super) fn broken(&self) -> Option<&Run> {
        let live = self.live()?;
        let bad = |run: &&Run| run.task.is_over() && !run.task.succeeded() && run.task.ended() > live.task.ended();
        self.runs.iter().filter(bad).max_by_key(|run| run.task.ended())
    }

    /// All that were looked at, newest first.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }
}

impl Octopus {
    /// The newest deployments of the project to the environment.
    pub(super) async fn history(&self, names: &Names) -> Result<History, Trouble> {
        let mut runs = self.runs(names, &format!("take={LOOKED_AT}")).await?;
        if !runs.iter().any(|run| run.task.succeeded()) {
            // Many have failed since, or none was ever made.
            runs.extend(self.runs(names, "taskState=Success&take=1").await?);
        }
        Ok(History { runs })
    }

    async fn runs(&self, names: &Names, which: &str) -> Result<Vec<Run>, Trouble> {
        let Names { space, project, environment, .. } = names;
        let path =
            format!("/api/{space}/deployments?projects={}&environments={}&skip=0&{which}", project.id, environment.id);
        let all: Page<Deployment> = self.api.get(&path).await?;
        // One for a tenant is of that tenant's routing alone.
        let deployments: Vec<Deployment> = all.items.into_iter().filter(|each| each.tenant.is_none()).collect();
        if deployments.is_empty() {
            return Ok(Vec::new());
        }
        let ids = deployments.iter().map(|each| each.task.as_str()).collect::<Vec<_>>().join(",");
        let tasks: Page<Task> = self.api.get(&format!("/api/{space}/tasks?ids={ids}&take=300")).await?;
        let task = |id: &str| tasks.items.iter().find(|task| task.id == id).cloned();
        let run = |each: Deployment| task(&each.task).map(|task| Run { release: each.release, task });
        // A task that is no longer kept has ended long ago.
        Ok(deployments.into_iter().filter_map(run).collect())
    }

    /// One release.
    pub(super) async fn release(&self, names: &Names, id: &str) -> Result<Release, Trouble> {
        self.api.get(&format!("/api/{}/releases/{id}", names.space)).await
    }
}
