//! One object of a cluster: read, asked about, and patched under guard.
//!
//! A patch forward carries the `resourceVersion` of the read directly before it, in which the weights were the expected
//! ones; the API server refuses it with 409 when anybody wrote in between. Controllers write statuses all the time, so a
//! 409 is read again, compared again, and tried again a few times, the fence being asked before each.

use ::http::Method;
use serde_json::{Value, json};

use super::cluster::{Cluster, Lost, refusal};
use crate::adapter::http::{Answer, Request};
use crate::adapter::router::Fence;
use crate::adapter::router::SetAnswer;
use crate::domain::reading::Identity;
use crate::domain::{NativeSplit, Trouble, TroubleKind};

/// How often a patch is tried when others keep writing the object.
const ATTEMPTS: usize = 5;

/// What a router makes of the object, to compare with what was expected.
pub(super) type Seen<'a> = &'a (dyn Fn(&Value) -> Result<NativeSplit, Trouble> + Sync);

/// Which object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Object {
    /// The API group, empty for the core.
    pub(super) group: &'static str,
    /// The version.
    pub(super) version: &'static str,
    /// The resource in the plural, as paths and permissions name it.
    pub(super) resource: &'static str,
    /// The subresource that is patched; empty for the object itself.
    pub(super) subresource: &'static str,
    /// The object's name.
    pub(super) name: String,
}

/// What every object says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Meta {
    /// Changes with every write.
    pub(super) version: String,
    /// Changes with every write of the specification; empty where there is none.
    pub(super) generation: String,
    uid: String,
}

impl Object {
    /// `httproutes/app`
    pub(super) fn short(&self) -> String {
        format!("{}/{}", self.resource, self.name)
    }

    /// The path of the object.
    pub(super) fn path(&self, namespace: &str) -> String {
        let (group, version) = (self.group, self.version);
        let api = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        format!("{api}/namespaces/{namespace}/{}/{}", self.resource, self.name)
    }

    /// The path that is patched.
    fn patched(&self, namespace: &str) -> String {
        let path = self.path(namespace);
        if self.subresource.is_empty() { path } else { format!("{path}/{}", self.subresource) }
    }

    /// A patch as it goes out, for people. The guard of a change forward is not known before.
    pub(super) fn shown(&self, namespace: &str, patch: &Patch) -> String {
        format!("PATCH {} {} {}", self.patched(namespace), patch.content_type(), patch.body(None))
    }

    /// Reads it.
    pub(super) async fn read(&self, cluster: &Cluster) -> Result<(Meta, Value), Trouble> {
        let what = format!("read {}", self.short());
        let document = cluster.document(&what, &self.path(&cluster.place.namespace)).await?;
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (Some(version), Some(uid)) = (text("/metadata/resourceVersion"), text("/metadata/uid")) else {
            let why = "its answer is no object of Kubernetes";
            let advice = "see whether the kubeconfig's server is the one of the cluster's API";
            return Err(Trouble::new(TroubleKind::Garbage, cluster.told(&what).await, why, advice));
        };
        let generation = document.pointer("/metadata/generation").map(Value::to_string).unwrap_or_default();
        Ok((Meta { version, generation, uid }, document))
    }

    /// Whether this login may patch it; `None` when the cluster does not say.
    pub(super) async fn may_patch(&self, cluster: &Cluster) -> Option<bool> {
        let mut attributes = json!({
            "namespace": cluster.place.namespace, "verb": "patch", "group": self.group, "resource": self.resource,
            "name": self.name,
        });
        if !self.subresource.is_empty() {
            attributes["subresource"] = json!(self.subresource);
        }
        let asked = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = cluster.look(&Request::new(Method::POST, path).json(&asked)).await.ok()?;
        let review: Value = answer.json("").ok().filter(|_| answer.is_success())?;
        review.pointer("/status/allowed").and_then(Value::as_bool)
    }

    /// Said of a login that may not patch it; nothing is then prepared.
    pub(super) fn may_not(&self, namespace: &str) -> String {
        let slash = if self.subresource.is_empty() { "" } else { "/" };
        format!(
            "this login may not patch {}{slash}{} of namespace {namespace}, so that it changes no weights",
            self.resource, self.subresource
        )
    }

    /// Patches it. With `expected`, what `seen` makes of the object must be that, and the cluster holds us to it.
    pub(super) async fn patch(
        &self,
        cluster: &Cluster,
        patch: &Patch,
        expected: Option<(&NativeSplit, Seen<'_>)>,
        fence: &dyn Fence,
    ) -> SetAnswer {
        let mut refused = String::new();
        for _ in 0..ATTEMPTS {
            let guard = match expected {
                None => None,
                Some((expected, seen)) => {
                    match self.read(cluster).await.and_then(|(meta, object)| Ok((meta, seen(&object)?))) {
                        Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                        Ok((_, native)) if native != *expected => return SetAnswer::Moved(native),
                        Ok((meta, _)) => Some(meta.version),
                    }
                }
            };
            let request = Request::new(Method::PATCH, self.patched(&cluster.place.namespace))
                .body(patch.content_type(), patch.body(guard.as_deref()).to_string());
            let said = cluster.write(&request, fence).await;
            let what = cluster.told(&format!("patch {}", self.short())).await;
            match said {
                Ok(answer) if answer.status == 409 && guard.is_some() => refused = answer.words(),
                said => return judge(&what, said),
            }
        }
        let what = cluster.told(&format!("patch {}", self.short())).await;
        SetAnswer::Failed(format!(
            "{what}: refused {ATTEMPTS} times, because others keep writing it: {refused}; see which controllers write it, and try again"
        ))
    }
}

/// What the answer to a patch means.
fn judge(what: &str, said: Result<Answer, Lost>) -> SetAnswer {
    let answer = match said {
        Err(lost) => return lost.set_answer(what),
        Ok(answer) => answer,
    };
    match answer.status {
        200..=299 => match answer.json::<Value>(what) {
            Ok(object) if object.pointer("/metadata/resourceVersion").is_some() => SetAnswer::Accepted,
            Ok(_) => {
                SetAnswer::Unknown(format!("{what}: its answer is no object of Kubernetes; read before anything else"))
            }
            Err(trouble) => SetAnswer::Unknown(trouble.to_string()),
        },
        // The request was taken, and what came of it is not known: the store behind the server may still write it.
        500.. => SetAnswer::Unknown(format!("{}; the change may be taken all the same", refusal(&answer, what))),
        422 => SetAnswer::Failed(format!(
            "{what}: it answered 422: {}; the object has changed its shape, or does not take such values: look at it, read it anew and \
             propose again",
            answer.words()
        )),
        _ => SetAnswer::Failed(refusal(&answer, what).to_string()),
    }
}

/// A patch.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Patch {
    /// Operations one after the other, all or none (RFC 6902).
    Json(Vec<Value>),
    /// What is to be, by key (RFC 7386).
    Merge(Value),
}

impl Patch {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json-patch+json",
            Self::Merge(_) => "application/merge-patch+json",
        }
    }

    /// The body, with the version that the object must still have.
    fn body(&self, guard: Option<&str>) -> Value {
        match (self, guard) {
            // Replaced and not tested: a failed test is a 422 that looks like any other.
            (Self::Json(operations), Some(version)) => {
                let guard = json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version });
                std::iter::once(guard).chain(operations.iter().cloned()).collect()
            }
            (Self::Json(operations), None) => operations.iter().cloned().collect(),
            (Self::Merge(body), guard) => {
                let mut body = body.clone();
                if let Some(version) = guard {
                    body["metadata"] = json!({ "resourceVersion": version });
                }
                body
            }
        }
    }
}

/// Said beside every change: what [`Object::shown`] cannot show.
pub(super) fn guard_note() -> String {
    "a change forward also names the resourceVersion of the read directly before it, and is refused when somebody wrote in between; \
     a way back does not ask"
        .to_owned()
}

impl Meta {
    /// Who answered: another cluster, or an object that was made anew, is another router.
    pub(super) fn identity(&self, address: String) -> Identity {
        Identity { node: address, process: self.uid.clone() }
    }
}

/// What an operator must know about whoever else writes the object.
pub(super) fn owners(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let marks = ["/metadata/labels", "/metadata/annotations"]
        .into_iter()
        .filter_map(|pointer| object.pointer(pointer)?.as_object())
        .flat_map(serde_json::Map::keys);
    let mut systems: Vec<&str> = marks
        .filter_map(|key| match key.split('/').next()? {
            "argocd.argoproj.io" => Some("Argo CD"),
            "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => Some("Flux"),
            _ => None,
        })
        .collect();
    systems.dedup();
    for system in systems {
        found.push(format!("{system} manages this object: it puts back what git says when weights stand there too"));
    }
    let managers = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let mut managers = managers.filter_map(|each| each.pointer("/manager")?.as_str());
    if managers.any(|manager| manager.contains("rollouts-controller")) {
        found.push(
            "Argo Rollouts writes this object: its weights are the Rollout's, which puts them back; steer the Rollout itself".to_owned(),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Patch, owners};

    #[test]
    fn the_guard_comes_first_and_is_no_test() {
        let patch = Patch::Json(vec![json!({ "op": "add", "path": "/a", "value": 1 })]);
        assert_eq!(
            patch.body(Some("239")),
            json!([
                { "op": "replace", "path": "/metadata/resourceVersion", "value": "239" },
                { "op": "add", "path": "/a", "value": 1 }
            ])
        );
        let merge = Patch::Merge(json!({ "spec": { "a": 1 } }));
        assert_eq!(merge.body(Some("7")), json!({ "spec": { "a": 1 }, "metadata": { "resourceVersion": "7" } }));
        assert_eq!(merge.body(None), json!({ "spec": { "a": 1 } }));
    }

    #[test]
    fn whoever_else_writes_is_named() {
        let object = json!({ "metadata": {
            "labels": { "argocd.argoproj.io/instance": "shop" },
            "managedFields": [{ "manager": "kubectl" }, { "manager": "rollouts-controller" }],
        }});
        let said = owners(&object);
        assert!(
            said.len() == 2 && said[0].starts_with("Argo CD ") && said[1].starts_with("Argo Rollouts "),
            "{said:?}"
        );
        assert!(owners(&json!({ "metadata": {} })).is_empty());
    }
}
