//! One act on one Deployment: described, started once, followed, stopped.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::super::before::{Unread, number};
use super::super::shown::Shown;
use super::super::{Action, say};
use super::api::{Api, NotTaken, revision};
use super::change::{Change, is_paused, keys, template_of, wanted};
use super::compare;
use super::config::{Act, Config};
use super::judge::{self, Handle};
use crate::adapter::router::kubernetes::cluster::Cluster;
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::action::{Acting, ActionLook, ActionState, Description, Started};
use crate::domain::{Trouble, TroubleKind};

/// How often a patch is tried when others keep writing the Deployment's status.
const ATTEMPTS: usize = 5;
/// How soon it is looked again whether the controller has begun.
const SOON: Duration = Duration::from_millis(100);

pub(super) struct Deployment {
    config: Config,
    api: Api,
    /// What must be as it was when the act was shown.
    shown: Shown<Value>,
}

impl Action for Deployment {
    fn describe<'a>(&'a self, acting: &'a Acting) -> BoxFuture<'a, Result<Description, Trouble>> {
        async move {
            let what = self.config.words();
            let deployment = self.api.deployment().await.map_err(|unread| unread.trouble(&what))?;
            let before = self.before(&deployment).await.map_err(|unread| unread.trouble(&what))?;
            let change = Change::of(&self.config.act, &deployment, acting, before.as_ref())
                .map_err(|why| say::unsaid(&what, why))?;
            let pods = self.api.pods(&deployment).await;
            let differences = compare::lines(&deployment, &change, &pods);
            let mut requests = vec![self.api.shown()];
            requests.extend(change.shown);
            let mut notes = change.notes;
            notes.push("it is refused when anybody changes the Deployment before it arrives".to_owned());
            self.shown.keep(&acting.key, self.bound(&deployment));
            Ok(Description { requests, differences, notes })
        }
        .boxed()
    }

    fn start<'a>(&'a self, acting: &'a Acting, fence: &'a dyn Fence) -> BoxFuture<'a, Started> {
        async move {
            let deployment = match self.api.deployment().await {
                Ok(deployment) => deployment,
                Err(unread) => return unread.started(),
            };
            if keys(&deployment).any(|key| key == acting.key) {
                return Self::begun(&deployment);
            }
            if let Err(why) = self.is_as_shown(acting, &deployment) {
                return Started::NotSent { why };
            }
            let before = match self.before(&deployment).await {
                Ok(before) => before,
                Err(unread) => return unread.started(),
            };
            let change = match Change::of(&self.config.act, &deployment, acting, before.as_ref()) {
                Ok(change) => change,
                Err(why) => return Started::NotSent { why },
            };
            let said = self.write(&deployment, &change, fence).await;
            match (said, &self.config.act) {
                (Ok(written), Act::PauseAt(..)) => {
                    let paused = self.pause(acting, fence).await;
                    Self::begun(paused.as_ref().unwrap_or(&written))
                }
                (Ok(written), _) => Self::begun(&written),
                // It may have begun, and would go on to all pods.
                (Err(SetAnswer::Unknown(why)), Act::PauseAt(..)) => match self.pause(acting, fence).await {
                    Some(paused) => Self::begun(&paused),
                    None => Started::Unknown { why },
                },
                (Err(answer), _) => say::started(answer, &self.api.told("patch").await),
            }
        }
        .boxed()
    }

    fn look<'a>(&'a self, acting: &'a Acting, handle: Option<&'a str>) -> BoxFuture<'a, ActionLook> {
        async move {
            let deployment = match self.api.deployment().await {
                Ok(deployment) => deployment,
                Err(unread) => return unread.look(),
            };
            let found = match handle {
                Some(written) => match Handle::read(written) {
                    Some(handle) => handle,
                    None => return say::untold(format!("{} is no handle of a Deployment", say::quoted(written))),
                },
                None if keys(&deployment).any(|key| key == acting.key) => Handle::of(&deployment),
                None => {
                    let why = format!("Deployment {} has no act of the key {}", self.config.deployment, acting.key);
                    return ActionLook::new(ActionState::Absent { why });
                }
            };
            let pods = self.api.pods(&deployment).await;
            let state = judge::state(&self.config.act, &acting.key, &deployment, &found, &pods);
            let mut lines = self.api.events().await;
            lines.extend(judge::lines(&deployment, &pods));
            if matches!(self.config.act, Act::PauseAt(..)) {
                lines.push(share(&deployment));
            }
            let log = say::last_lines(lines.iter().map(String::as_str));
            let handle = handle.is_none().then(|| found.written());
            ActionLook { handle, log, ..ActionLook::new(state) }
        }
        .boxed()
    }

    /// Kubernetes has no word for it: the rollout is paused where it is, and marked.
    fn cancel<'a>(&'a self, acting: &'a Acting, handle: &'a str, fence: &'a dyn Fence) -> BoxFuture<'a, SetAnswer> {
        async move {
            let deployment = match self.api.deployment().await {
                Ok(deployment) => deployment,
                Err(unread) => return SetAnswer::NotSent(unread.why()),
            };
            let is_its = Handle::read(handle).is_some_and(|handle| {
                let now = judge::state(&self.config.act, &acting.key, &deployment, &handle, &[]);
                matches!(now, ActionState::Running { .. }) || is_paused(&deployment)
            });
            if !is_its {
                return SetAnswer::NotSent("it is not what the Deployment does now; look at it there".to_owned());
            }
            match self.write(&deployment, &Change::cancel(&deployment, &acting.key), fence).await {
                Ok(_) => SetAnswer::Accepted,
                Err(answer) => answer,
            }
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async move {
            let what = self.config.words();
            let deployment = self.api.deployment().await.map_err(|unread| unread.trouble(&what))?;
            if self.api.may_patch().await == Some(false) {
                let advice = "have the cluster's administrator grant patch on deployments.apps of this namespace";
                let why = "this login may not patch it";
                return Err(Trouble::new(TroubleKind::Denied, self.api.told("patch").await, why, advice));
            }
            let name = &self.config.deployment;
            let paused = if is_paused(&deployment) { ", and is paused" } else { "" };
            Ok(format!("Deployment {name} has {} pods{paused}; nothing is changed now", wanted(&deployment)))
        }
        .boxed()
    }
}

impl Deployment {
    pub(super) fn new(config: Config) -> Self {
        let cluster = Cluster::new(config.place.clone(), config.timeout);
        let api = Api::new(cluster, &config.deployment);
        Self { config, api, shown: Shown::newest(1) }
    }

    /// The revision before, where the act goes back to it.
    async fn before(&self, deployment: &Value) -> Result<Option<Value>, Unread> {
        if self.config.act != Act::Undo {
            return Ok(None);
        }
        // A template that was never rolled out has no revision: the one before it is then the newest.
        let now = &deployment["spec"]["template"];
        let sets = self.api.replica_sets(deployment).await?;
        Ok(sets.into_iter().find(|set| revision(set) > 0 && template_of(set) != *now))
    }

    /// What must be as it was when it was shown. An autoscaler may change the number of pods meanwhile, unless the act is
    /// about that.
    fn bound(&self, deployment: &Value) -> Value {
        let mut bound = deployment["spec"].clone();
        let is_about_number = matches!(self.config.act, Act::Scale(_) | Act::PauseAt(..));
        if let Some(bound) = bound.as_object_mut().filter(|_| !is_about_number) {
            bound.remove("replicas");
        }
        bound
    }

    fn is_as_shown(&self, acting: &Acting, deployment: &Value) -> Result<(), String> {
        if self.shown.is(&acting.key, &self.bound(deployment)).unwrap_or(true) {
            return Ok(());
        }
        let generation = number(deployment, "/metadata/generation").unwrap_or(0);
        Err(format!(
            "somebody changed Deployment {} since it was shown, it is at generation {generation} now; look at what would be \
             sent again",
            self.config.deployment
        ))
    }

    /// Writes it, and again as long as only the status was written in between.
    async fn write(&self, deployment: &Value, change: &Change, fence: &dyn Fence) -> Result<Value, SetAnswer> {
        let mut read = deployment.clone();
        let mut refused = String::new();
        for _ in 0..ATTEMPTS {
            match self.api.patch(&read, &change.operations, fence).await {
                Ok(written) => return Ok(written),
                Err(NotTaken::Said(answer)) => return Err(answer),
                Err(NotTaken::Moved(words)) => refused = words,
            }
            read = self.api.deployment().await.map_err(|unread| SetAnswer::Failed(unread.why()))?;
            let is_same = read["spec"] == deployment["spec"]
                && read["metadata"]["annotations"] == deployment["metadata"]["annotations"];
            if !is_same {
                let why = "somebody changed it in the same moment; look at it, and propose again";
                return Err(SetAnswer::Failed(format!("{refused}: {why}")));
            }
        }
        Err(SetAnswer::Failed(format!("refused {ATTEMPTS} times, because others keep writing it: {refused}")))
    }

    /// Pauses a rollout of this act as soon as the controller has begun it: only then the first new pods are made, and no more
    /// than those before they are ready. Gives the Deployment once it is paused.
    async fn pause(&self, acting: &Acting, fence: &dyn Fence) -> Option<Value> {
        let until = Instant::now() + self.config.timeout;
        let paused = timeout_at(until, async {
            loop {
                if let Ok(deployment) = self.api.deployment().await {
                    let generation = number(&deployment, "/metadata/generation");
                    let is_its = keys(&deployment).any(|key| key == acting.key);
                    if is_its && is_paused(&deployment) {
                        return Some(deployment);
                    }
                    if is_its && number(&deployment, "/status/observedGeneration") >= generation {
                        match self.api.patch(&deployment, &Change::pause().operations, fence).await {
                            Ok(paused) => return Some(paused),
                            Err(NotTaken::Said(SetAnswer::NotSent(_) | SetAnswer::Failed(_))) => return None,
                            // Written in between, or not known: it is read again.
                            Err(NotTaken::Moved(_) | NotTaken::Said(_)) => {}
                        }
                    }
                }
                sleep(SOON).await;
            }
        });
        paused.await.ok().flatten()
    }

    fn begun(deployment: &Value) -> Started {
        Started::Running { handle: Handle::of(deployment).written(), link: None }
    }
}

/// How many pods have the new template, in a line that leaves no doubt what it counts.
fn share(deployment: &Value) -> String {
    let updated = number(deployment, "/status/updatedReplicas").unwrap_or(0);
    let all = number(deployment, "/status/replicas").unwrap_or(0);
    let percent = (updated * 100).checked_div(all).unwrap_or(0);
    format!(
        "{updated} of {all} pods have the new template, {percent} % of the pods; that is not a share of the traffic"
    )
}
