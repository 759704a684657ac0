//! What is written: the operations of one patch, and how they are shown.
//!
//! The template of another revision may hold values that are nobody's business: of it the number is shown alone.

use serde_json::{Value, json};

use super::super::before::{items, number, text};
use super::super::keys::whole_image;
use super::super::say;
use super::api::revision;
use super::config::{Act, Bound, Image, shown_percent};
use crate::domain::action::Acting;

/// The annotation that has the keys of the newest acts.
const ACTS: &str = "flightdeck/acts";
/// The annotation that has the key of the act that was cancelled.
const CANCELLED: &str = "flightdeck/cancelled";
/// So many keys are kept.
const KEPT: usize = 20;

/// One change.
#[derive(Clone, Default, Debug)]
pub(super) struct Change {
    /// The operations of the patch, but for its guard.
    pub(super) operations: Vec<Value>,
    /// Each as it is shown.
    pub(super) shown: Vec<String>,
    /// What is to be known before.
    pub(super) notes: Vec<String>,
    /// The template that comes, where there is another one.
    pub(super) template: Option<Value>,
    /// The replicas that come, where they change.
    pub(super) replicas: Option<u64>,
}

impl Change {
    /// What the act makes of the Deployment as it was read. `before` is the revision before, for the way back.
    ///
    /// # Errors
    /// Why it cannot be done to this Deployment.
    pub(super) fn of(act: &Act, deployment: &Value, acting: &Acting, before: Option<&Value>) -> Result<Self, String> {
        let mut change = Self::default();
        match act {
            Act::SetImage(image) => {
                change.image(image, deployment, acting)?;
                change.is_paused_still(deployment);
            }
            Act::PauseAt(image, share) => change.pause_at(image, *share, deployment, acting)?,
            Act::Strategy { surge, unavailable } => change.strategy(*surge, *unavailable, deployment),
            Act::Pause => change.put("/spec/paused", json!(true)),
            Act::Resume => change.put("/spec/paused", json!(false)),
            Act::Scale(replicas) => {
                change.replicas = Some(*replicas);
                change.put("/spec/replicas", json!(replicas));
                change.notes.push("an autoscaler that looks after it puts its own number back".to_owned());
            }
            Act::Undo => change.undo(deployment, before)?,
        }
        let mut kept: Vec<&str> = keys(deployment).collect();
        kept.push(&acting.key);
        let first = kept.len().saturating_sub(KEPT);
        change.annotate(deployment, ACTS, &kept.split_off(first).join(" "));
        change.notes.extend(owners(deployment));
        Ok(change)
    }

    /// Stops an act: nothing more of it is rolled out.
    pub(super) fn cancel(deployment: &Value, key: &str) -> Self {
        let mut change = Self::default();
        change.put("/spec/paused", json!(true));
        change.annotate(deployment, CANCELLED, key);
        change
    }

    /// The pause of a rollout that has begun.
    pub(super) fn pause() -> Self {
        let mut change = Self::default();
        change.put("/spec/paused", json!(true));
        change
    }

    fn put(&mut self, path: &str, value: impl Into<Value>) {
        let value = value.into();
        self.shown.push(format!("  {path}: {value}"));
        // Adding to an object replaces what is there.
        self.operations.push(json!({ "op": "add", "path": path, "value": value }));
    }

    fn annotate(&mut self, deployment: &Value, name: &str, value: &str) {
        if !deployment["metadata"]["annotations"].is_object() {
            self.operations.push(json!({ "op": "add", "path": "/metadata/annotations", "value": {} }));
        }
        self.put(&format!("/metadata/annotations/{}", name.replace('/', "~1")), json!(value));
    }

    fn image(&mut self, image: &Image, deployment: &Value, acting: &Acting) -> Result<(), String> {
        let coming = whole_image(&image.image, acting)?;
        let containers: Vec<&str> =
            items(deployment, "/spec/template/spec/containers").map(|each| text(each, "/name")).collect();
        let Some(index) = containers.iter().position(|name| *name == image.container) else {
            let (name, has) = (&image.container, say::quoted(&containers.join(", ")));
            return Err(format!(
                "the Deployment has no container {name}, it has {has}; correct `container` in the profile"
            ));
        };
        let at = format!("/spec/template/spec/containers/{index}");
        // A list may have changed its order by the time that it is read here; the name says which one is meant.
        self.operations.push(json!({ "op": "test", "path": format!("{at}/name"), "value": image.container }));
        self.put(&format!("{at}/image"), json!(coming));
        let mut template = deployment["spec"]["template"].clone();
        template["spec"]["containers"][index]["image"] = json!(coming);
        self.template = Some(template);
        Ok(())
    }

    fn pause_at(&mut self, image: &Image, share: u32, deployment: &Value, acting: &Acting) -> Result<(), String> {
        let replicas = wanted(deployment);
        if replicas == 0 {
            return Err(
                "the Deployment is scaled to 0: there is no pod at which it could pause; scale it first".to_owned()
            );
        }
        self.image(image, deployment, acting)?;
        let more = surge(replicas, share);
        self.rolling(&json!(more), &json!(0));
        self.put("/spec/paused", json!(false));
        self.shown.push("  and once the controller has begun, /spec/paused: true".to_owned());
        self.notes.push(format!(
            "{} of its pods, not of the traffic: {more} new beside {replicas}, {} of {} pods; traffic goes to pods as \
             whatever stands before them spreads it",
            shown_percent(share),
            more,
            replicas + more
        ));
        self.notes
            .push(format!("the cluster needs room for {more} more; maxSurge stays at {more} until it is set anew"));
        self.notes.push("if the pause cannot be sent it is rolled out to all pods: the look says so".to_owned());
        Ok(())
    }

    fn strategy(&mut self, surge: Option<Bound>, unavailable: Option<Bound>, deployment: &Value) {
        let now = |key: &str| {
            let there = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{key}")).cloned();
            // What the API server writes where nothing is said.
            there.unwrap_or_else(|| json!("25%"))
        };
        let value = |bound: Option<Bound>, key: &str| match bound {
            None => now(key),
            Some(Bound::Pods(pods)) => json!(pods),
            Some(Bound::Percent(percent)) => json!(format!("{percent}%")),
        };
        self.rolling(&value(surge, "maxSurge"), &value(unavailable, "maxUnavailable"));
    }

    fn rolling(&mut self, surge: &Value, unavailable: &Value) {
        let rolling = json!({ "maxSurge": surge, "maxUnavailable": unavailable });
        self.put("/spec/strategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
    }

    fn undo(&mut self, deployment: &Value, before: Option<&Value>) -> Result<(), String> {
        let Some(before) = before else {
            let advice = "set the image that is wanted instead";
            return Err(format!("the Deployment has no revision before its {}; {advice}", revision(deployment)));
        };
        let template = template_of(before);
        self.operations.push(json!({ "op": "replace", "path": "/spec/template", "value": template }));
        self.shown.push(format!("  /spec/template: as it was in revision {}", revision(before)));
        // A Deployment that is paused would take the template and go nowhere.
        self.put("/spec/paused", json!(false));
        self.template = Some(template);
        Ok(())
    }

    fn is_paused_still(&mut self, deployment: &Value) {
        if is_paused(deployment) {
            self.notes.push("the Deployment is paused: nothing is rolled out until it is resumed".to_owned());
        }
    }
}

/// The keys of the acts that it has had, oldest first.
pub(super) fn keys(deployment: &Value) -> impl Iterator<Item = &str> {
    text(deployment, "/metadata/annotations/flightdeck~1acts").split_whitespace()
}

/// Whether this act was cancelled.
pub(super) fn is_cancelled(deployment: &Value, key: &str) -> bool {
    text(deployment, "/metadata/annotations/flightdeck~1cancelled") == key
}

/// Whether nothing is rolled out.
pub(super) fn is_paused(deployment: &Value) -> bool {
    deployment.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false)
}

/// How many pods are wanted: the API server writes 1 where nothing is said.
pub(super) fn wanted(deployment: &Value) -> u64 {
    number(deployment, "/spec/replicas").unwrap_or(1)
}

/// The template of a `ReplicaSet`, without the label that is its own.
pub(super) fn template_of(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    template
}

/// How many new pods stand beside so many old ones, for the share of all of them that comes nearest; one at least.
fn surge(replicas: u64, hundredths: u32) -> u64 {
    let share = u64::from(hundredths.min(9_999));
    let rest = 10_000 - share;
    ((replicas * share + rest / 2) / rest).max(1)
}

/// What is to be known of whoever else writes it.
fn owners(deployment: &Value) -> Option<String> {
    let marks = ["/metadata/labels", "/metadata/annotations"]
        .into_iter()
        .filter_map(|pointer| deployment.pointer(pointer)?.as_object())
        .flat_map(serde_json::Map::keys);
    let mut systems = marks.filter_map(|key| match key.split('/').next()? {
        "argocd.argoproj.io" => Some("Argo CD"),
        "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => Some("Flux"),
        _ => None,
    });
    systems.next().map(|system| format!("{system} manages this Deployment: it puts back what git says"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_pods_is_one_of_all_and_at_least_one() {
        assert_eq!(
            [(10, 1_000), (10, 5_000), (3, 100), (4, 2_500)].map(|(pods, share)| surge(pods, share)),
            [1, 10, 1, 1]
        );
        assert_eq!(surge(100, 1_000), 11);
        assert_eq!(surge(0, 1_000), 1);
    }

    #[test]
    fn the_newest_keys_are_kept_and_the_template_of_another_revision_is_not_shown() {
        let old: Vec<String> = (0..30).map(|number| format!("fd-1-{number}")).collect();
        let deployment = json!({
            "metadata": { "annotations": { "flightdeck/acts": old.join(" ") } },
            "spec": { "template": { "spec": { "containers": [] } } },
        });
        let before = json!({
            "metadata": { "annotations": { "deployment.kubernetes.io/revision": "4" } },
            "spec": { "template": { "metadata": { "labels": { "app": "a", "pod-template-hash": "x" } }, "secret": "hunter2" } },
        });
        let acting = Acting { key: "fd-1-30".to_owned(), ..Acting::default() };
        let change = Change::of(&Act::Undo, &deployment, &acting, Some(&before)).expect("there is one before");
        let shown = change.shown.join("\n");
        assert!(shown.contains("revision 4") && !shown.contains("hunter2") && shown.contains("fd-1-30"), "{shown}");
        assert!(!shown.contains("fd-1-10\"") && !shown.contains("fd-1-10 ") && shown.contains("fd-1-11 "), "{shown}");
        assert_eq!(change.template.expect("another one")["metadata"]["labels"], json!({ "app": "a" }));
    }
}
