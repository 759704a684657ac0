//! Whether a Deployment is rolled out, decided as `kubectl rollout status` decides it.
//!
//! In this order: the controller has seen the newest specification; the progress deadline is kept; all replicas are updated;
//! no old ones are left; all updated ones are available. One thing is added: a Deployment that is scaled to nothing is rolled
//! out for kubectl, and a pass that proves nothing here, unless `least = 0` says that it is meant.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::adapter::check::{Check, Configured};
use crate::adapter::router::kubernetes::{Place, place};
use crate::domain::Trouble;
use crate::domain::check::Verdict;
use crate::setting::{Table, count};

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The cluster and the namespace.
    pub place: Place,
    /// The Deployment's name.
    pub deployment: String,
    /// How many replicas must be available at least.
    pub least: u64,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "kubernetes-rollout"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let deployment = table.required("deployment", "The Deployment's name.", &place::name());
        let doc =
            "How many replicas must be available at least: one that is scaled to nothing proves nothing. Default 1.";
        let least = table.optional("least", doc, &count(0, 10_000));
        Some(Self {
            place: place?,
            deployment: deployment?.value,
            least: least.and_then(|least| u64::try_from(least.value).ok()).unwrap_or(1),
            timeout,
        })
    }
}

impl Configured for Config {
    #[cfg(feature = "kubernetes")]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Ok(Arc::new(asking::check(self)))
    }

    #[cfg(not(feature = "kubernetes"))]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Err(crate::adapter::router::kubernetes::missing(&format!("Deployment {}", self.deployment)))
    }
}

/// What a Deployment says of its rollout.
#[cfg_attr(not(any(test, feature = "kubernetes")), expect(dead_code, reason = "only a build with Kubernetes asks"))]
fn judge(deployment: &Value, least: u64) -> (Verdict, String) {
    let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_u64);
    let generation = number("/metadata/generation").unwrap_or(0);
    let observed = number("/status/observedGeneration").unwrap_or(0);
    if generation > observed {
        let words = format!("the controller has not seen generation {generation} yet, its status is of {observed}");
        return (Verdict::Inconclusive, words);
    }
    let conditions = deployment.pointer("/status/conditions").and_then(Value::as_array);
    let progressing = conditions.into_iter().flatten().find(|condition| condition["type"] == "Progressing");
    if let Some(late) = progressing.filter(|condition| condition["reason"] == "ProgressDeadlineExceeded") {
        let message = late["message"].as_str().map(crate::adapter::check::system::quote).unwrap_or_default();
        return (Verdict::Fail, format!("its progress deadline is exceeded: {message}"));
    }
    // The API server writes 1 where nothing is said.
    let wanted = number("/spec/replicas").unwrap_or(1);
    let updated = number("/status/updatedReplicas").unwrap_or(0);
    let all = number("/status/replicas").unwrap_or(0);
    let available = number("/status/availableReplicas").unwrap_or(0);
    let is_paused = deployment.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
    let paused = if is_paused { "; it is paused" } else { "" };
    if updated < wanted {
        return (Verdict::Fail, format!("{updated} of {wanted} replicas are updated{paused}"));
    }
    if all > updated {
        return (Verdict::Fail, format!("old replicas still there: {}{paused}", all - updated));
    }
    if available < updated {
        return (Verdict::Fail, format!("{available} of {updated} updated replicas are available{paused}"));
    }
    if available < least {
        return (Verdict::Fail, format!("rolled out with {available} replicas available, {least} at least are wanted"));
    }
    (Verdict::Pass, format!("rolled out: {updated} of {wanted} replicas updated and available"))
}

#[cfg(feature = "kubernetes")]
mod asking {
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use serde_json::Value;

    use super::super::look::{Found, get};
    use super::{Config, judge};
    use crate::adapter::check::system::{Bounded, System, Untold, quote};
    use crate::adapter::router::kubernetes::cluster::Cluster;
    use crate::domain::check::{Answer, Asking, Verdict};

    pub(super) fn check(config: &Config) -> Bounded<Rollout> {
        let cluster = Cluster::new(config.place.clone(), config.timeout);
        Bounded::new(Rollout { config: config.clone(), cluster }, config.timeout)
    }

    pub(super) struct Rollout {
        config: Config,
        cluster: Cluster,
    }

    impl Rollout {
        fn path(&self) -> String {
            format!("/apis/apps/v1/namespaces/{}/deployments/{}", self.config.place.namespace, self.config.deployment)
        }
    }

    impl System for Rollout {
        fn request(&self, _asking: &Asking) -> String {
            format!("GET {} in {}", self.path(), self.config.place.cluster)
        }

        fn expected(&self, _asking: &Asking) -> String {
            format!("rolled out as kubectl tells it, at least {} available", self.config.least)
        }

        fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
            async move {
                let what = format!("read deployments/{}", self.config.deployment);
                match get(&self.cluster, &what, &self.path(), asking.now).await? {
                    Found::Missing(said, at) => {
                        let words = format!("there is no such Deployment: {}", quote(&said));
                        Ok(Answer::new(Verdict::Fail, words, at.unwrap_or(asking.now)))
                    }
                    Found::Object(deployment, at) => {
                        if !deployment["spec"].is_object() {
                            return Err(Untold::new(format!(
                                "{what}: its answer is no Deployment; see where it leads"
                            )));
                        }
                        let (verdict, words) = judge(&deployment, self.config.least);
                        Ok(told(&deployment, Answer::new(verdict, words, at.unwrap_or(asking.now))))
                    }
                }
            }
            .boxed()
        }
    }

    /// With what the Deployment says as evidence.
    fn told(deployment: &Value, answer: Answer) -> Answer {
        let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        let counts = format!(
            "{} wanted, {} updated, {} in all, {} available",
            deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1),
            number("/status/updatedReplicas"),
            number("/status/replicas"),
            number("/status/availableReplicas"),
        );
        let generations = format!(
            "{}, seen by the controller {}",
            number("/metadata/generation"),
            number("/status/observedGeneration")
        );
        let mut answer = answer.with("replicas", counts).with("generation", generations);
        let revision = deployment.pointer("/metadata/annotations/deployment.kubernetes.io~1revision");
        if let Some(revision) = revision.and_then(Value::as_str) {
            answer.value = Some(quote(revision));
            answer = answer.with("revision", quote(revision));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rollout_is_judged_as_kubectl_does() {
        let deployment = |observed: u64, updated: u64, all: u64, available: u64| {
            json!({
                "metadata": { "generation": 5 }, "spec": { "replicas": 3 },
                "status": { "observedGeneration": observed, "updatedReplicas": updated, "replicas": all, "availableReplicas": available },
            })
        };
        let judged = |deployment: &Value| judge(deployment, 1);
        for (deployment, verdict, words) in [
            (
                deployment(4, 3, 3, 3),
                Verdict::Inconclusive,
                "the controller has not seen generation 5 yet, its status is of 4",
            ),
            (deployment(5, 2, 4, 4), Verdict::Fail, "2 of 3 replicas are updated"),
            (deployment(5, 3, 4, 4), Verdict::Fail, "old replicas still there: 1"),
            (deployment(5, 3, 3, 2), Verdict::Fail, "2 of 3 updated replicas are available"),
            (deployment(5, 3, 3, 3), Verdict::Pass, "rolled out: 3 of 3 replicas updated and available"),
        ] {
            assert_eq!(judged(&deployment), (verdict, words.to_owned()));
        }
    }

    #[test]
    fn the_deadline_goes_before_the_counts_and_after_the_generation() {
        let late = json!({ "type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"shop-2\" has timed out" });
        let mut deployment = json!({
            "metadata": { "generation": 2 }, "spec": { "replicas": 1 },
            "status": { "observedGeneration": 2, "updatedReplicas": 1, "replicas": 1, "availableReplicas": 1, "conditions": [late] },
        });
        let (verdict, words) = judge(&deployment, 1);
        assert_eq!((verdict, words.contains("has timed out")), (Verdict::Fail, true), "{words}");
        deployment["metadata"]["generation"] = json!(3);
        assert_eq!(judge(&deployment, 1).0, Verdict::Inconclusive);
    }

    #[test]
    fn nothing_rolled_out_is_a_pass_only_where_it_is_meant() {
        let nothing = json!({ "metadata": { "generation": 1 }, "spec": { "replicas": 0 }, "status": { "observedGeneration": 1 } });
        assert_eq!(judge(&nothing, 1).0, Verdict::Fail);
        assert_eq!(judge(&nothing, 0).0, Verdict::Pass);
    }
}
