//! How the pods with some labels are: how many are ready, what they wait for, how often they restarted, what they run.
//!
//! Pods that are being deleted or have ended are no part of it. No pod at all tells nothing: a selector that fits none looks
//! the same as one that is misspelt. Restarts are counted from the birth of a pod, as Kubernetes counts them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::adapter::check::filled::{Filled, filled};
use crate::adapter::check::system::quote;
use crate::adapter::check::{Check, Configured};
use crate::adapter::router::kubernetes::{Place, place};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, count, text, word};

/// What a container waits for where it does not start by itself.
const STUCK: [&str; 8] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The cluster and the namespace.
    pub place: Place,
    /// The labels, as the API takes them.
    pub selector: Filled,
    /// How many pods must be ready at least.
    pub ready: usize,
    /// How often each container may have restarted.
    pub restarts: Option<u64>,
    /// What each pod must run.
    pub image: Option<Filled>,
    /// The container that is meant; else all of them for restarts, and any of them for the image.
    pub container: Option<String>,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "kubernetes-pods"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let doc = "The labels of the pods: \"app=shop,color={pool}\".";
        let selector = table.required("selector", doc, &filled(text(), pool.is_some()));
        let doc = "How many of them must be ready at least. Default 1.";
        let ready = table.optional("ready", doc, &count(1, 10_000));
        let doc = "How often each container may have restarted. Default: it is not asked.";
        let restarts = table.optional("restarts", doc, &count(0, 10_000));
        let doc = "The image that each of them must run, as the pod names it or with its digest: \"registry.example.net/shop:{to}\".";
        let kind = word("the name of an image", "-._/:@{}", 400);
        let image = table.optional("image", doc, &filled(kind, pool.is_some()));
        let container =
            table.optional("container", "The container that is meant, where a pod has several.", &place::name());
        Some(Self {
            place: place?,
            selector: selector?.value.for_pool(pool),
            ready: ready.map_or(1, |ready| ready.value),
            restarts: restarts.and_then(|restarts| u64::try_from(restarts.value).ok()),
            image: image.map(|image| image.value.for_pool(pool)),
            container: container.map(|container| container.value),
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
        Err(crate::adapter::router::kubernetes::missing(&format!("pods with {}", self.selector.as_str())))
    }
}

/// What is wrong with these pods, and how many are ready.
#[cfg_attr(not(feature = "kubernetes"), expect(dead_code, reason = "only a build with Kubernetes asks"))]
fn judge(pods: &[Value], config: &Config, image: Option<&str>) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut ready = 0;
    for pod in pods {
        let name = pod.pointer("/metadata/name").and_then(Value::as_str).map(quote).unwrap_or_default();
        let is_meant = |container: &&Value| {
            config.container.as_deref().is_none_or(|meant| container["name"].as_str() == Some(meant))
        };
        let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
        let statuses = statuses.into_iter().filter_map(|pointer| pod.pointer(pointer)?.as_array()).flatten();
        for status in statuses {
            let waits = status.pointer("/state/waiting/reason").and_then(Value::as_str).unwrap_or_default();
            let container = status["name"].as_str().map(quote).unwrap_or_default();
            if STUCK.contains(&waits) {
                wrong.push(format!("{name}: {container} waits, {waits}"));
            }
            let count = status["restartCount"].as_u64().unwrap_or(0);
            if is_meant(&status) && config.restarts.is_some_and(|most| count > most) {
                wrong.push(format!("{name}: {container} restarted {count} times"));
            }
        }
        if let Some(image) = image
            && !runs(pod, image, is_meant)
        {
            let names: Vec<String> =
                containers(pod).filter(is_meant).map(|each| quote(text_of(each, "image"))).collect();
            wrong.push(format!(
                "{name} runs {}",
                if names.is_empty() { "no such container".to_owned() } else { names.join(" and ") }
            ));
        }
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
        let is_ready = |each: &Value| each["type"] == "Ready" && each["status"] == "True";
        ready += usize::from(conditions.into_iter().flatten().any(is_ready));
    }
    (wrong, ready)
}

/// Whether a pod runs an image: as it is written there, or by the digest of what was pulled.
fn runs(pod: &Value, image: &str, is_meant: impl Fn(&&Value) -> bool) -> bool {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let digest = image.split_once('@').map(|(_, digest)| digest);
    let is_pulled = |each: &Value| digest.is_some_and(|digest| text_of(each, "imageID").ends_with(digest));
    containers(pod).filter(&is_meant).any(|each| text_of(each, "image") == image)
        || statuses.into_iter().flatten().filter(&is_meant).any(is_pulled)
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten()
}

fn text_of<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_default()
}

#[cfg(feature = "kubernetes")]
mod asking {
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use serde_json::Value;

    use super::super::look::{Found, get};
    use super::{Config, judge};
    use crate::adapter::check::system::{Bounded, System, Untold, encoded, few, quote};
    use crate::adapter::router::kubernetes::cluster::Cluster;
    use crate::domain::Timestamp;
    use crate::domain::check::{Answer, Asking, Verdict};

    /// How many pods one answer holds at most.
    const PAGE: usize = 500;
    /// More pages than this are not followed.
    const MOST_PAGES: usize = 20;

    pub(super) fn check(config: &Config) -> Bounded<Pods> {
        let cluster = Cluster::new(config.place.clone(), config.timeout);
        Bounded::new(Pods { config: config.clone(), cluster }, config.timeout)
    }

    pub(super) struct Pods {
        config: Config,
        cluster: Cluster,
    }

    impl Pods {
        fn path(&self, selector: &str) -> String {
            let namespace = &self.config.place.namespace;
            format!("/api/v1/namespaces/{namespace}/pods?labelSelector={}&limit={PAGE}", encoded(selector))
        }

        /// All pods with these labels, page by page, and the server's time.
        async fn list(&self, selector: &str, now: Timestamp) -> Result<(Vec<Value>, Option<Timestamp>), Untold> {
            let mut pods = Vec::new();
            let mut next = String::new();
            for _ in 0..MOST_PAGES {
                let mut path = self.path(selector);
                if !next.is_empty() {
                    path.extend(["&continue=", &encoded(&next)]);
                }
                let (mut list, at) = match get(&self.cluster, "list pods", &path, now).await? {
                    Found::Object(list, at) => (list, at),
                    Found::Missing(said, _) => {
                        return Err(Untold::new(format!(
                            "list pods: {}; compare `namespace` with what is there",
                            quote(&said)
                        )));
                    }
                };
                let Some(items) = list["items"].as_array_mut() else {
                    return Err(Untold::new("list pods: its answer is no list; see where the kubeconfig leads"));
                };
                pods.append(items);
                list.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().clone_into(&mut next);
                if next.is_empty() {
                    return Ok((pods, at));
                }
            }
            Err(Untold::new(format!("there are more than {} pods with {selector}; name fewer", MOST_PAGES * PAGE)))
        }
    }

    impl System for Pods {
        fn request(&self, asking: &Asking) -> String {
            format!("GET {} in {}", self.path(&self.config.selector.shown(asking)), self.config.place.cluster)
        }

        fn expected(&self, asking: &Asking) -> String {
            let mut text = format!("at least {} ready, none stuck", self.config.ready);
            if let Some(most) = self.config.restarts {
                text.extend([", at most ", &most.to_string(), " restarts each"]);
            }
            if let Some(image) = &self.config.image {
                text.extend([", each runs ", &image.shown(asking)]);
            }
            text
        }

        fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
            async move {
                let selector = self.config.selector.fill(asking)?;
                let image = self.config.image.as_ref().map(|image| image.fill(asking)).transpose()?;
                let (all, at) = self.list(&selector, asking.now).await?;
                let (gone, pods): (Vec<Value>, Vec<Value>) = all.into_iter().partition(is_gone);
                if pods.is_empty() {
                    let gone = match gone.len() {
                        0 => String::new(),
                        count => format!(", and {count} have ended or are being deleted"),
                    };
                    return Err(Untold::new(format!(
                        "no pod has the labels {selector}{gone}; compare them with `kubectl get pods --show-labels`"
                    )));
                }
                let (wrong, ready) = judge(&pods, &self.config, image.as_deref());
                let count = format!("{ready} of {} pods ready", pods.len());
                let at = at.unwrap_or(asking.now);
                let answer = if !wrong.is_empty() {
                    Answer::new(Verdict::Fail, format!("{count}; {}", few(&wrong)), at)
                } else if ready < self.config.ready {
                    Answer::new(Verdict::Fail, format!("{count}, {} are wanted", self.config.ready), at)
                } else {
                    Answer::new(Verdict::Pass, count.clone(), at)
                };
                Ok(wrong.iter().fold(answer.with("ready", count), |answer, each| answer.with("wrong", each.as_str())))
            }
            .boxed()
        }
    }

    /// Whether a pod has ended or is about to.
    fn is_gone(pod: &Value) -> bool {
        let has_ended = matches!(pod.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"));
        has_ended || pod.pointer("/metadata/deletionTimestamp").is_some()
    }
}
