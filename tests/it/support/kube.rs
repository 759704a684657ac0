//! A Kubernetes API server in memory: what an adapter needs of one, as a real one answers it.
//!
//! It bumps `resourceVersion` with every write and `generation` with every write of a specification, applies JSON patches all
//! or none and merge patches by key, and refuses a stale version with 409, a failed test or an impossible weight with 422, an
//! unknown patch with 415, a stranger with 401, who has no right with 403, and what is not there with 404.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use flightdeck::adapter::router::kubernetes::{Place, Through};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::web::{Asked, Said, Web};

/// The token that may do everything at the start.
pub const TOKEN: &str = "token-of-the-operator";
/// The token that may read.
pub const READER: &str = "token-of-a-reader";
/// The token that is good after an expiry.
pub const RENEWED: &str = "token-of-the-operator-renewed";

const LISTS: [&str; 4] = ["/endpointslices", "/pods", "/replicasets", "/events"];

/// The state of the server.
#[derive(Default)]
pub struct Api {
    objects: BTreeMap<String, Value>,
    version: u64,
    /// Whether each token may write.
    tokens: BTreeMap<&'static str, bool>,
    /// What this login may not list.
    pub hidden: Vec<&'static str>,
    /// How often somebody writes the status in the moment before a patch arrives.
    pub busy: u32,
    /// Whether the controller of Rollouts does nothing for now.
    pub sleeps: bool,
    /// Answers every patch with this instead.
    pub sick: Option<Said>,
    /// Answers everything with this instead.
    pub instead: Option<Said>,
    /// Does every patch, and answers it with this instead.
    pub garbled: Option<Said>,
}

impl Api {
    /// Puts an object there, as it is created.
    pub fn create(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.version));
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if !path.starts_with("/api/v1/") {
            object["metadata"]["generation"] = json!(1);
        }
        self.objects.insert(path.to_owned(), object);
    }

    /// Puts the endpoints of a Service there.
    pub fn endpoints(&mut self, service: &str, endpoints: &[(&str, bool)]) {
        let endpoints: Vec<Value> = endpoints
            .iter()
            .map(|(pod, is_ready)| json!({ "addresses": ["10.0.0.9"], "conditions": { "ready": is_ready }, "targetRef": { "kind": "Pod", "name": pod } }))
            .collect();
        let labels = json!({ "kubernetes.io/service-name": service });
        self.create(
            &format!("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/{service}-1"),
            json!({ "metadata": { "name": format!("{service}-1"), "labels": labels }, "endpoints": endpoints }),
        );
    }

    /// An object as it is.
    pub fn object(&self, path: &str) -> &Value {
        &self.objects[path]
    }

    /// Takes an object away.
    pub fn delete(&mut self, path: &str) {
        self.objects.remove(path);
    }

    /// Changes an object as somebody else would.
    pub fn edit(&mut self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.objects[path].clone();
        change(&mut object);
        self.store(path, object);
    }

    /// The only good token from now on.
    pub fn expire(&mut self) {
        self.tokens = BTreeMap::from([(RENEWED, true)]);
    }

    /// Lets the controller of Rollouts go on until its next pause, as Argo Rollouts does where pods start at once.
    pub fn control(&mut self, path: &str) {
        self.edit(path, |object| {
            let steps = object["spec"]["strategy"]["canary"]["steps"].as_array().unwrap().clone();
            let hash = object["status"]["currentPodHash"].clone();
            object["status"]["observedGeneration"] = json!(object["metadata"]["generation"].to_string());
            let weights = |canary: u64| json!({ "canary": { "weight": canary }, "stable": { "weight": 100 - canary } });
            let status = &mut object["status"];
            if status["abort"] == true {
                status["phase"] = json!("Degraded");
                status["currentStepIndex"] = json!(0);
                status["pauseConditions"] = json!(null);
                status["canary"]["weights"] = weights(0);
                return;
            }
            let mut index = usize::try_from(status["currentStepIndex"].as_u64().unwrap()).unwrap();
            if status["promoteFull"] == true {
                index = steps.len();
            }
            status["pauseConditions"] = json!(null);
            status["phase"] = json!("Healthy");
            while let Some(step) = steps.get(index) {
                if step["pause"].is_object() {
                    status["pauseConditions"] = json!([{ "reason": "CanaryPauseStep" }]);
                    status["phase"] = json!("Paused");
                    break;
                }
                if let Some(weight) = step["setWeight"].as_u64() {
                    status["canary"]["weights"] = weights(weight);
                }
                index += 1;
            }
            status["currentStepIndex"] = json!(index);
            if index == steps.len() {
                status["stableRS"] = hash;
                status["promoteFull"] = json!(false);
                status["canary"]["weights"] = weights(0);
            }
        });
    }

    /// Every object below a path, by its own.
    pub fn below(&self, path: &str) -> Vec<(String, Value)> {
        let found = self.objects.iter().filter(|(each, _)| each.starts_with(path));
        found.map(|(path, object)| (path.clone(), object.clone())).collect()
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        let before = &self.objects[path];
        if object != *before {
            self.version += 1;
            object["metadata"]["resourceVersion"] = json!(self.version.to_string());
            if object["spec"] != before["spec"] && before["metadata"]["generation"].is_u64() {
                object["metadata"]["generation"] = json!(before["metadata"]["generation"].as_u64().unwrap() + 1);
            }
            self.objects.insert(path.to_owned(), object.clone());
        }
        object
    }

    fn answer(&mut self, asked: &Asked) -> Said {
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(may_write) = self.tokens.get(token).copied() else {
            return status(401, "Unauthorized", "Unauthorized");
        };
        let route = asked.route().to_owned();
        match asked.method.as_str() {
            "POST" if route == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                let mut review = asked.json();
                assert_eq!(review["spec"]["resourceAttributes"]["verb"], "patch");
                review["status"] = json!({ "allowed": may_write });
                Said::json(201, &review)
            }
            "GET" if self.hidden.iter().any(|hidden| route.ends_with(hidden)) => {
                let resource = route.rsplit('/').next().unwrap_or_default();
                status(
                    403,
                    "Forbidden",
                    &format!(
                        "{resource} is forbidden: User \"ops\" cannot list resource \"{resource}\" in the namespace \"shop\""
                    ),
                )
            }
            "GET" if self.objects.contains_key(&route) => Said::json(200, &self.objects[&route]),
            "GET" if LISTS.iter().any(|list| route.ends_with(list)) => self.list(&route, asked),
            "PATCH" => self.patch(asked, &route, may_write),
            _ => not_found(&route),
        }
    }

    fn list(&self, route: &str, asked: &Asked) -> Said {
        let query = asked.path.split_once('?').map_or("", |(_, query)| query);
        let of = |name: &str| {
            let found = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let selector = of("labelSelector");
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|(path, _)| path.starts_with(&format!("{route}/")))
            .map(|(_, object)| object)
            .filter(|object| selects(&selector, &object["metadata"]["labels"]))
            .filter(|object| fields(&of("fieldSelector"), object))
            .collect();
        // A page holds as many as are asked for, and tells how to go on where there are more.
        let limit: usize = of("limit").parse().unwrap_or(usize::MAX);
        let begin: usize = of("continue").strip_prefix("from-").map_or(0, |begin| begin.parse().unwrap());
        let more = items.len().saturating_sub(begin) > limit;
        let next = if more { format!("from-{}", begin + limit) } else { String::new() };
        let items: Vec<&Value> = items.into_iter().skip(begin).take(limit).collect();
        Said::json(
            200,
            &json!({ "kind": "List", "metadata": { "resourceVersion": self.version.to_string(), "continue": next }, "items": items }),
        )
    }

    fn patch(&mut self, asked: &Asked, route: &str, may_write: bool) -> Said {
        if let Some(sick) = &self.sick {
            return sick.clone();
        }
        let path = route.strip_suffix("/status").unwrap_or(route).to_owned();
        let resource = path.rsplit('/').nth(1).unwrap_or_default().to_owned();
        if !may_write {
            let said = format!(
                "{resource} is forbidden: User \"ops\" cannot patch resource \"{resource}\" in the namespace \"shop\""
            );
            return status(403, "Forbidden", &said);
        }
        if !self.objects.contains_key(&path) {
            return not_found(&path);
        }
        if self.busy > 0 {
            self.busy -= 1;
            self.edit(&path, |object| {
                let beats = object["status"]["beats"].as_u64().unwrap_or(0);
                object["status"]["beats"] = json!(beats + 1);
            });
        }
        let before = &self.objects[&path];
        let mut after = before.clone();
        let is_done = match asked.header("content-type") {
            "application/json-patch+json" => asked
                .json()
                .as_array()
                .is_some_and(|operations| operations.iter().all(|each| operate(&mut after, each))),
            "application/merge-patch+json" => {
                merge(&mut after, &asked.json());
                true
            }
            _ => return status(415, "UnsupportedMediaType", "the body of the request was in an unknown format"),
        };
        if !is_done {
            return status(422, "Invalid", "the server rejected our request due to an error in our request");
        }
        if after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"] {
            let name = path.rsplit('/').next().unwrap_or_default();
            let said = format!(
                "Operation cannot be fulfilled on {resource} \"{name}\": the object has been modified; please apply your changes to the latest version and try again"
            );
            return status(409, "Conflict", &said);
        }
        if let Some(said) = wrong_weight(&resource, &after) {
            return status(422, "Invalid", &said);
        }
        // A subresource changes nothing else, and the object changes everything but it.
        if route.ends_with("/status") {
            let status = after["status"].take();
            after = before.clone();
            after["status"] = status;
        } else if resource == "rollouts" || resource == "deployments" {
            after["status"] = before["status"].clone();
        }
        let stored = self.store(&path, after);
        if resource == "rollouts" && !self.sleeps {
            self.control(&path);
        }
        if resource == "deployments" && !self.sleeps {
            self.roll(&path);
        }
        self.garbled.clone().unwrap_or_else(|| Said::json(200, &stored))
    }
}

/// A running API server, and kubeconfigs that lead to it.
pub struct Cluster {
    /// The server.
    pub web: Web<Api>,
    folder: TempDir,
}

impl Cluster {
    /// Starts one.
    pub fn start(fill: impl FnOnce(&mut Api)) -> Self {
        let mut api = Api { tokens: BTreeMap::from([(TOKEN, true), (READER, false)]), ..Api::default() };
        fill(&mut api);
        let web = Web::start(api, Api::answer);
        let cluster = Self { web, folder: tempfile::tempdir().unwrap() };
        // As an editor leaves it, with a newline at the end.
        std::fs::write(cluster.token(), format!("{TOKEN}\n")).unwrap();
        cluster
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// Puts the good token where kubeconfigs look for it.
    pub fn renew(&self) {
        std::fs::write(self.token(), RENEWED).unwrap();
    }

    /// The namespace of a peer, for the operator.
    pub fn place_at(&self, peer: SocketAddr) -> Place {
        let user = json!({ "tokenFile": self.token() });
        place(self.folder.path(), &format!("http://{peer}"), &json!({}), &user)
    }

    /// The namespace, for the operator.
    pub fn place(&self) -> Place {
        self.place_at(self.web.address)
    }

    /// The namespace, for whoever logs in like this.
    pub fn place_of(&self, user: &Value) -> Place {
        place(self.folder.path(), &format!("http://{}", self.web.address), &json!({}), user)
    }

    /// A folder of its own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Writes a kubeconfig, and says where it leads.
pub fn place(folder: &Path, server: &str, cluster: &Value, user: &Value) -> Place {
    let mut cluster = cluster.clone();
    cluster["server"] = json!(server);
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "somebody-elses",
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": user }],
        "contexts": [{ "name": "prod", "context": { "cluster": "c", "user": "u" } }],
    });
    let (_, path) = tempfile::Builder::new().prefix("kubeconfig").tempfile_in(folder).unwrap().keep().unwrap();
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    Place {
        cluster: Through::Context { name: "prod".to_owned(), kubeconfig: Some(path) },
        namespace: "shop".to_owned(),
    }
}

/// The keys of a profile that lead to a namespace.
pub fn access(place: &Place) -> String {
    let Through::Context { name, kubeconfig: Some(path) } = &place.cluster else { panic!("{place:?}") };
    format!("context = \"{name}\"\nkubeconfig = \"{}\"\nnamespace = \"{}\"", path.display(), place.namespace)
}

/// A `Status` of Kubernetes.
pub fn status(code: u16, reason: &str, message: &str) -> Said {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code });
    Said::json(code, &body)
}

fn not_found(route: &str) -> Said {
    let mut parts = route.rsplit('/');
    let (name, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    status(404, "NotFound", &format!("{resource} \"{name}\" not found"))
}

/// `key in (a,b)`, or `key=a,other=b`.
fn selects(selector: &str, labels: &Value) -> bool {
    if let Some((key, values)) = selector.split_once(" in (") {
        return values.trim_end_matches(')').split(',').any(|value| labels[key] == value);
    }
    selector.split(',').filter_map(|each| each.split_once('=')).all(|(key, value)| labels[key] == value)
}

/// `involvedObject.kind=Deployment,involvedObject.name=shop`.
fn fields(selector: &str, object: &Value) -> bool {
    let at = |path: &str| object.pointer(&format!("/{}", path.replace('.', "/"))).cloned().unwrap_or_default();
    selector.split(',').filter_map(|each| each.split_once('=')).all(|(path, value)| at(path) == value)
}

fn operate(object: &mut Value, operation: &Value) -> bool {
    let Some(path) = operation["path"].as_str() else { return false };
    let value = operation["value"].clone();
    match operation["op"].as_str() {
        Some("test") => object.pointer(path) == Some(&value),
        Some("replace") => object.pointer_mut(path).map(|there| *there = value).is_some(),
        Some("add") => {
            let Some((parent, key)) = path.rsplit_once('/') else { return false };
            let parent = object.pointer_mut(parent).and_then(Value::as_object_mut);
            let key = key.replace("~1", "/").replace("~0", "~");
            parent.map(|parent| parent.insert(key, value)).is_some()
        }
        other => panic!("{other:?} is no operation that this server knows"),
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key.as_str()], value);
        }
    }
}

fn wrong_weight(resource: &str, object: &Value) -> Option<String> {
    let pointers = match resource {
        "httproutes" => ("/spec/rules", "backendRefs"),
        "virtualservices" => ("/spec/http", "route"),
        _ => return None,
    };
    let lists = object.pointer(pointers.0)?.as_array()?;
    lists.iter().enumerate().find_map(|(index, list)| {
        let weights: Vec<&Value> = list[pointers.1].as_array()?.iter().map(|item| &item["weight"]).collect();
        let bad = weights.iter().find(|weight| !weight.is_null() && !weight.as_i64().is_some_and(|weight| (0..=1_000_000).contains(&weight)));
        if let Some(bad) = bad {
            return Some(format!("spec.rules[{index}].backendRefs[0].weight: Invalid value: {bad}: should be less than or equal to 1000000"));
        }
        let sum: i64 = weights.iter().filter_map(|weight| weight.as_i64()).sum();
        // As control planes before mid-2022 have it.
        (resource == "virtualservices" && weights.len() > 1 && sum != 100)
            .then(|| format!("admission webhook \"validation.istio.io\" denied the request: total destination weight {sum} != 100"))
    })
}
