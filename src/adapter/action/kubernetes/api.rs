//! The Deployment and what stands around it, as the API server tells it; and patches under guard.

use ::http::Method;
use serde_json::{Value, json};

use super::super::before::{Unread, items, text};
use super::super::say;
use crate::adapter::hidden::without_values;
use crate::adapter::http::Request;
use crate::adapter::router::kubernetes::cluster::{Cluster, Lost};
use crate::adapter::router::{Fence, SetAnswer};

/// The most of a list that is asked for.
const MOST: usize = 200;

/// One Deployment of one cluster.
pub(super) struct Api {
    cluster: Cluster,
    name: String,
}

/// Why a patch was not taken.
pub(super) enum NotTaken {
    /// Somebody wrote in between; the server's words.
    Moved(String),
    /// What came of it.
    Said(SetAnswer),
}

impl Api {
    pub(super) fn new(cluster: Cluster, name: &str) -> Self {
        Self { cluster, name: name.to_owned() }
    }

    fn path(&self) -> String {
        format!("/apis/apps/v1/namespaces/{}/deployments/{}", self.cluster.place.namespace, self.name)
    }

    /// What is patched, and where, for people.
    pub(super) fn shown(&self) -> String {
        format!("PATCH {} in {}", self.path(), self.cluster.place.cluster)
    }

    /// What is asked, with where.
    pub(super) async fn told(&self, verb: &str) -> String {
        self.cluster.told(&format!("{verb} deployments/{}", self.name)).await
    }

    /// The Deployment.
    ///
    /// # Errors
    /// When it cannot be read, or what is there is none.
    pub(super) async fn deployment(&self) -> Result<Value, Unread> {
        let what = format!("read deployments/{}", self.name);
        let object = self.get(&what, &self.path()).await?;
        let is_one = object["spec"]["template"]["spec"].is_object()
            && object["metadata"]["generation"].is_u64()
            && !text(&object, "/metadata/resourceVersion").is_empty();
        if is_one {
            return Ok(object);
        }
        let what = self.cluster.told(&what).await;
        Err(Unread::misfit(format!(
            "{what}: its answer is no Deployment; see whether the kubeconfig's server is the one of the cluster's API"
        )))
    }

    /// Its `ReplicaSet`s, the newest revision first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub(super) async fn replica_sets(&self, deployment: &Value) -> Result<Vec<Value>, Unread> {
        let namespace = &self.cluster.place.namespace;
        let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets?{}", selector(deployment));
        let list = self.get("list replicasets", &path).await?;
        let uid = text(deployment, "/metadata/uid");
        let is_its = |set: &&Value| items(set, "/metadata/ownerReferences").any(|owner| owner["uid"] == uid);
        let mut sets: Vec<Value> = items(&list, "/items").filter(is_its).cloned().collect();
        sets.sort_by_key(|set| std::cmp::Reverse(revision(set)));
        Ok(sets)
    }

    /// Its pods; none where they cannot be listed.
    pub(super) async fn pods(&self, deployment: &Value) -> Vec<Value> {
        // Without labels it would be everybody's.
        if deployment.pointer("/spec/selector/matchLabels").is_none() {
            return Vec::new();
        }
        let namespace = &self.cluster.place.namespace;
        let path = format!("/api/v1/namespaces/{namespace}/pods?{}&limit={MOST}", selector(deployment));
        let list = self.get("list pods", &path).await.unwrap_or_default();
        items(&list, "/items").cloned().collect()
    }

    /// What the cluster tells of it, oldest first; nothing where that cannot be listed.
    pub(super) async fn events(&self) -> Vec<String> {
        let of = format!("involvedObject.kind=Deployment,involvedObject.name={}", self.name);
        let namespace = &self.cluster.place.namespace;
        let path = format!("/api/v1/namespaces/{namespace}/events?fieldSelector={}&limit={MOST}", say::encoded(&of));
        let list = self.get("list events", &path).await.unwrap_or_default();
        let mut events: Vec<(String, String)> = items(&list, "/items")
            .map(|event| {
                let times = ["/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
                let at = times.iter().map(|time| text(event, time)).find(|at| !at.is_empty()).unwrap_or_default();
                (at.to_owned(), text(event, "/message").to_owned())
            })
            .collect();
        events.sort();
        events.into_iter().map(|(_, message)| message).collect()
    }

    /// Whether this login may patch it; `None` when the cluster does not say.
    pub(super) async fn may_patch(&self) -> Option<bool> {
        let attributes = json!({
            "namespace": self.cluster.place.namespace, "verb": "patch", "group": "apps", "resource": "deployments",
            "name": self.name,
        });
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = self.cluster.look(&Request::new(Method::POST, path).json(&asked)).await.ok()?;
        let review: Value = answer.json("").ok().filter(|_| answer.is_success())?;
        review.pointer("/status/allowed").and_then(Value::as_bool)
    }

    /// Patches it, as long as it is still the one that was read. Gives it as it is then.
    ///
    /// # Errors
    /// Why it was not taken, or that nobody knows.
    pub(super) async fn patch(&self, read: &Value, operations: &[Value], fence: &dyn Fence) -> Result<Value, NotTaken> {
        // Replaced and not tested: a failed test is a 422 that looks like any other.
        let version = &read["metadata"]["resourceVersion"];
        let guard = json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version });
        let body: Vec<&Value> = std::iter::once(&guard).chain(operations).collect();
        let request =
            Request::new(Method::PATCH, self.path()).body("application/json-patch+json", json!(body).to_string());
        let said = self.cluster.write(&request, fence).await;
        let what = self.told("patch").await;
        let mut answer = said.map_err(|lost| NotTaken::Said(lost.set_answer(&what)))?;
        if !answer.is_success() {
            answer.body = without_values(&answer.text(), &json!(operations)).into_bytes();
        }
        match answer.status {
            200..=299 => match serde_json::from_slice::<Value>(&answer.body) {
                Ok(object) if object["metadata"]["generation"].is_u64() => Ok(object),
                Ok(_) | Err(_) => Err(NotTaken::Said(SetAnswer::Unknown(format!(
                    "{what}: its answer is no Deployment; it may be taken all the same"
                )))),
            },
            409 => Err(NotTaken::Moved(say::no(&answer, &what))),
            // The store behind the server may still write it.
            500.. => Err(NotTaken::Said(SetAnswer::Unknown(say::no(&answer, &what)))),
            _ => Err(NotTaken::Said(SetAnswer::Failed(say::no(&answer, &what)))),
        }
    }

    async fn get(&self, what: &str, path: &str) -> Result<Value, Unread> {
        let said = self.cluster.look(&Request::get(path)).await;
        let what = self.cluster.told(what).await;
        let answer = said.map_err(|lost| match lost {
            Lost::Unopened(trouble) => Unread::trouble_of(&trouble),
            Lost::Exchange(failure) => Unread::failed(failure, &what),
        })?;
        if !answer.is_success() {
            return Err(Unread::refused(&answer, &what));
        }
        serde_json::from_slice(&answer.body).map_err(|_no_json| {
            let advice = "see whether the kubeconfig's server is the one of the cluster's API";
            Unread::misfit(format!("{what}: its answer is no object of Kubernetes; {advice}"))
        })
    }
}

/// The number of a revision, as the controller writes it.
pub(super) fn revision(object: &Value) -> u64 {
    text(object, "/metadata/annotations/deployment.kubernetes.io~1revision").parse().unwrap_or(0)
}

/// The labels of its pods, as a query.
fn selector(deployment: &Value) -> String {
    let labels = deployment.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let labels: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    format!("labelSelector={}", say::encoded(&labels.join(",")))
}
