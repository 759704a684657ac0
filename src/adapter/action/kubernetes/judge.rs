//! How an act stands, as the Deployment tells it: as `kubectl rollout status` decides it, and some things more.
//!
//! In this order: it is still the Deployment that was changed; nobody has given it another template since; the controller has
//! seen the change; then what the act wanted.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::before::{items, number, text};
use super::super::say;
use super::change::{is_cancelled, is_paused, wanted};
use super::config::{Act, Bound};
use crate::domain::Digest;
use crate::domain::action::ActionState;

/// What a pod waits for that no time mends.
const HOPELESS: [&str; 6] = [
    "ImagePullBackOff",
    "InvalidImageName",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// By what a change is known: the generation that it made, and the template that stood there then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Handle {
    generation: u64,
    template: String,
}

impl Handle {
    /// Of a Deployment as it is.
    pub(super) fn of(deployment: &Value) -> Self {
        let digest = Sha256::digest(deployment["spec"]["template"].to_string().as_bytes());
        let template = Digest(digest.into()).to_string().chars().take(12).collect();
        Self { generation: number(deployment, "/metadata/generation").unwrap_or(0), template }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let (generation, template) = text.split_once('-')?;
        Some(Self { generation: generation.parse().ok()?, template: template.to_owned() })
    }

    pub(super) fn written(&self) -> String {
        format!("{}-{}", self.generation, self.template)
    }
}

/// How the act of this key stands. `pods` are the Deployment's, where they could be listed.
pub(super) fn state(act: &Act, key: &str, deployment: &Value, handle: &Handle, pods: &[Value]) -> ActionState {
    let generation = number(deployment, "/metadata/generation").unwrap_or(0);
    if generation < handle.generation {
        return failed("the Deployment was deleted and made anew since; look at what runs now");
    }
    let changes_template = matches!(act, Act::SetImage(_) | Act::PauseAt(..) | Act::Undo);
    if changes_template && Handle::of(deployment).template != handle.template {
        let images: Vec<&str> =
            items(deployment, "/spec/template/spec/containers").map(|each| text(each, "/image")).collect();
        let images = say::quoted(&images.join(", "));
        return failed(&format!("somebody gave it another template since: {images}"));
    }
    if number(deployment, "/status/observedGeneration").unwrap_or(0) < generation {
        return running(None, Some("the controller, which has not seen the change yet".to_owned()));
    }
    if is_cancelled(deployment, key) && is_paused(deployment) && rolled_out(deployment) != ActionState::Succeeded {
        let (updated, wanted) = (updated(deployment), wanted(deployment));
        return failed(&format!(
            "cancelled: it is paused with {updated} of {wanted} pods of the new template; undo it, or resume it"
        ));
    }
    match act {
        Act::SetImage(_) | Act::Resume | Act::Undo => rolled_out(deployment),
        Act::PauseAt(..) => paused_at(deployment, pods),
        Act::Strategy { surge, unavailable } => {
            let is_so = |bound: &Option<Bound>, key: &str| {
                let there = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{key}"));
                let there = there.map(|there| there.as_str().map_or_else(|| there.to_string(), str::to_owned));
                bound.is_none_or(|bound| there.as_deref() == Some(bound.to_string().as_str()))
            };
            if is_so(surge, "maxSurge") && is_so(unavailable, "maxUnavailable") {
                ActionState::Succeeded
            } else {
                failed("somebody set another strategy since")
            }
        }
        Act::Pause if is_paused(deployment) => ActionState::Succeeded,
        Act::Pause => failed("somebody resumed it since"),
        Act::Scale(replicas) => scaled(deployment, *replicas),
    }
}

/// As `kubectl rollout status` decides it.
fn rolled_out(deployment: &Value) -> ActionState {
    let wanted = wanted(deployment);
    let updated = updated(deployment);
    let all = number(deployment, "/status/replicas").unwrap_or(0);
    let available = number(deployment, "/status/availableReplicas").unwrap_or(0);
    let late = items(deployment, "/status/conditions")
        .find(|each| each["type"] == "Progressing" && each["reason"] == "ProgressDeadlineExceeded");
    if let Some(late) = late {
        return failed(&format!("its progress deadline is exceeded: {}", say::quoted(text(late, "/message"))));
    }
    if updated >= wanted && all <= updated && available >= updated {
        return ActionState::Succeeded;
    }
    let percent = percent(updated.min(available), wanted);
    if is_paused(deployment) {
        let waits = format!("somebody to resume it: it is paused with {updated} of {wanted} pods updated");
        return running(percent, Some(waits));
    }
    let waits = if updated < wanted {
        format!("{} of {wanted} pods to be updated", wanted - updated)
    } else if all > updated {
        format!("{} old pods to end", all - updated)
    } else {
        format!("{} of {updated} new pods to be available", updated.saturating_sub(available))
    };
    running(percent, Some(waits))
}

/// The share that was meant is what `maxSurge` lets stand beside the old pods.
fn paused_at(deployment: &Value, pods: &[Value]) -> ActionState {
    let updated = updated(deployment);
    let all = number(deployment, "/status/replicas").unwrap_or(0);
    if !is_paused(deployment) {
        return failed(&format!(
            "it is not paused: {updated} of {all} pods have the new template and it goes on to all of them; pause it or undo it"
        ));
    }
    let meant = number(deployment, "/spec/strategy/rollingUpdate/maxSurge").unwrap_or(1);
    let missing = number(deployment, "/status/unavailableReplicas").unwrap_or(0);
    if updated >= meant && missing == 0 {
        return ActionState::Succeeded;
    }
    let new = pods.iter().filter(|pod| is_new(pod, deployment));
    if let Some((pod, reason, message)) = waiting(new).find(|(_, reason, _)| HOPELESS.contains(reason)) {
        let told = say::quoted(&format!("pod {pod}: {reason} {message}"));
        return failed(&format!("it is paused, and a new pod does not come up: {}", told.trim_end()));
    }
    let waits = if updated < meant {
        format!("{updated} of {meant} new pods are there")
    } else {
        format!("{missing} of {all} pods are not available yet")
    };
    running(percent(updated.saturating_sub(missing), meant), Some(waits))
}

fn scaled(deployment: &Value, replicas: u64) -> ActionState {
    let wanted = wanted(deployment);
    if wanted != replicas {
        return failed(&format!("somebody set it to {wanted} since, or an autoscaler did"));
    }
    let all = number(deployment, "/status/replicas").unwrap_or(0);
    let available = number(deployment, "/status/availableReplicas").unwrap_or(0);
    if all == replicas && available == replicas {
        return ActionState::Succeeded;
    }
    let percent = if replicas == 0 { None } else { percent(available.min(replicas), replicas) };
    running(percent, Some(format!("{replicas} pods: there are {all}, {available} of them available")))
}

/// What the cluster says of it, for the log: failures to make pods, and pods that wait for something.
pub(super) fn lines(deployment: &Value, pods: &[Value]) -> Vec<String> {
    let failure = items(deployment, "/status/conditions")
        .filter(|each| each["type"] == "ReplicaFailure" && each["status"] == "True")
        .map(|each| format!("pods cannot be made: {}", text(each, "/message")));
    let usual = ["ContainerCreating", "PodInitializing"];
    let waiting = waiting(pods.iter())
        .filter(|(_, reason, _)| !usual.contains(reason))
        .map(|(pod, reason, message)| format!("pod {pod}: {reason} {message}").trim_end().to_owned());
    failure.chain(waiting).collect()
}

/// Pods with what a container of theirs waits for, and why.
fn waiting<'p>(pods: impl Iterator<Item = &'p Value>) -> impl Iterator<Item = (&'p str, &'p str, &'p str)> {
    pods.flat_map(|pod| {
        let name = text(pod, "/metadata/name");
        items(pod, "/status/containerStatuses")
            .filter(|each| each["state"]["waiting"].is_object())
            .map(move |each| (name, text(each, "/state/waiting/reason"), text(each, "/state/waiting/message")))
    })
}

/// Whether a pod is of the Deployment's newest template, by the images that it has.
fn is_new(pod: &Value, deployment: &Value) -> bool {
    items(deployment, "/spec/template/spec/containers").all(|wanted| {
        items(pod, "/spec/containers").any(|there| there["name"] == wanted["name"] && there["image"] == wanted["image"])
    })
}

fn updated(deployment: &Value) -> u64 {
    number(deployment, "/status/updatedReplicas").unwrap_or(0)
}

fn percent(done: u64, of: u64) -> Option<u8> {
    u8::try_from((done.min(of) * 100).checked_div(of)?).ok()
}

fn running(percent: Option<u8>, waits_for: Option<String>) -> ActionState {
    ActionState::Running { percent, waits_for }
}

fn failed(why: &str) -> ActionState {
    ActionState::Failed { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(updated: u64, all: u64, available: u64) -> Value {
        json!({
            "metadata": { "generation": 5 },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "image": "shop:2" }] } } },
            "status": { "observedGeneration": 5, "updatedReplicas": updated, "replicas": all, "availableReplicas": available },
        })
    }

    fn told(deployment: &Value) -> ActionState {
        state(&Act::Resume, "fd-1-1", deployment, &Handle::of(deployment), &[])
    }

    fn waits(percent: u8, waits_for: &str) -> ActionState {
        running(Some(percent), Some(waits_for.to_owned()))
    }

    #[test]
    fn a_rollout_ends_as_kubectl_says_it_does() {
        assert_eq!(told(&deployment(1, 4, 3)), waits(33, "2 of 3 pods to be updated"));
        assert_eq!(told(&deployment(3, 4, 4)), waits(100, "1 old pods to end"));
        assert_eq!(told(&deployment(3, 3, 2)), waits(66, "1 of 3 new pods to be available"));
        assert_eq!(told(&deployment(3, 3, 3)), ActionState::Succeeded);
        let mut unseen = deployment(3, 3, 3);
        unseen["status"]["observedGeneration"] = json!(4);
        assert!(matches!(told(&unseen), ActionState::Running { percent: None, waits_for: Some(_) }));
        let mut late = deployment(1, 4, 3);
        late["status"]["conditions"] =
            json!([{ "type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "it has timed out" }]);
        assert_eq!(told(&late), failed("its progress deadline is exceeded: it has timed out"));
    }

    #[test]
    fn what_others_did_since_is_told() {
        let now = deployment(3, 3, 3);
        let handle = Handle::of(&now);
        assert_eq!(Handle::read(&handle.written()), Some(handle.clone()));
        let told = |act: &Act, now: &Value| state(act, "fd-1-1", now, &handle, &[]);
        let mut other = now.clone();
        other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("shop:3");
        assert_eq!(told(&Act::Undo, &other), failed("somebody gave it another template since: shop:3"));
        let mut anew = now.clone();
        anew["metadata"]["generation"] = json!(1);
        assert!(matches!(told(&Act::Undo, &anew), ActionState::Failed { .. }));
        assert_eq!(told(&Act::Pause, &now), failed("somebody resumed it since"));
        assert_eq!(told(&Act::Scale(4), &now), failed("somebody set it to 3 since, or an autoscaler did"));
        assert_eq!(told(&Act::Scale(3), &now), ActionState::Succeeded);
    }
}
