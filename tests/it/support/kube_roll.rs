//! The controller of Deployments, as far as a rolling update goes: one `ReplicaSet` for each template, revisions counted,
//! `maxSurge` and `maxUnavailable` kept, nothing rolled out while it is paused.

use serde_json::{Value, json};

use super::kube::Api;

/// One `ReplicaSet` while it is worked on.
struct Set {
    path: String,
    template: Value,
    revision: u64,
    wanted: u64,
    available: u64,
}

impl Api {
    /// Puts a Deployment there whose pods all run.
    pub fn deploy(&mut self, path: &str, deployment: Value) {
        self.create(path, deployment);
        self.roll(path);
        self.settle(path);
    }

    /// Every pod that is there gets ready, and the controller goes on once.
    pub fn step(&mut self, path: &str) {
        for set in self.sets(path) {
            self.edit(&set.path, |object| object["status"]["availableReplicas"] = json!(set.wanted));
        }
        self.roll(path);
    }

    /// Pods get ready and the controller goes on for as long as there is anything to do.
    pub fn settle(&mut self, path: &str) {
        loop {
            let before = self.object(path)["metadata"]["resourceVersion"].clone();
            self.step(path);
            if self.object(path)["metadata"]["resourceVersion"] == before {
                return;
            }
        }
    }

    /// How many pods each template has, the oldest revision first.
    pub fn pods_of(&self, path: &str) -> Vec<u64> {
        let mut sets = self.sets(path);
        sets.sort_by_key(|set| set.revision);
        sets.into_iter().map(|set| set.wanted).collect()
    }

    /// The controller goes on once; no pod gets ready by that.
    pub fn roll(&mut self, path: &str) {
        let deployment = self.object(path).clone();
        // A check's tests have Deployments of which only the status counts.
        if !deployment["spec"]["template"].is_object() {
            return;
        }
        let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        let is_paused = deployment["spec"]["paused"] == true;
        let mut sets = self.sets(path);
        let newest = sets.iter().map(|set| set.revision).max().unwrap_or(0);
        let template = deployment["spec"]["template"].clone();
        let mut new = sets.iter().position(|set| set.template == template);
        if new.is_none() && !is_paused {
            let path = self.make(path, newest + 1, &template, &deployment);
            sets.push(Set { path, template, revision: newest + 1, wanted: 0, available: 0 });
            new = Some(sets.len() - 1);
        }
        let active = sets.iter().filter(|set| set.wanted > 0).count();
        match new.filter(|_| !is_paused) {
            Some(new) => {
                // A template that comes back is the newest revision again.
                if sets[new].revision < newest {
                    sets[new].revision = newest + 1;
                }
                if active <= 1 && (sets[new].wanted > 0 || sets.len() == 1) {
                    sets[new].wanted = replicas;
                } else {
                    update(&mut sets, new, replicas, &deployment["spec"]["strategy"]);
                }
            }
            None if active == 1 => {
                let set = sets.iter_mut().find(|set| set.wanted > 0).unwrap();
                set.wanted = replicas;
            }
            None => {}
        }
        for set in &mut sets {
            set.available = set.available.min(set.wanted);
            let (wanted, available, revision) = (set.wanted, set.available, set.revision.to_string());
            self.edit(&set.path, |object| {
                object["spec"]["replicas"] = json!(wanted);
                object["status"] = json!({ "replicas": wanted, "availableReplicas": available });
                object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(revision);
            });
        }
        let all: u64 = sets.iter().map(|set| set.wanted).sum();
        let available: u64 = sets.iter().map(|set| set.available).sum();
        let updated = new.map_or(0, |new| sets[new].wanted);
        let revision = new.map(|new| sets[new].revision.to_string());
        self.edit(path, |object| {
            let generation = object["metadata"]["generation"].clone();
            if let Some(revision) = revision {
                object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(revision);
            }
            let status = &mut object["status"];
            status["observedGeneration"] = generation;
            status["replicas"] = json!(all);
            status["updatedReplicas"] = json!(updated);
            status["availableReplicas"] = json!(available);
            status["unavailableReplicas"] = json!(all - available);
        });
    }

    fn sets(&self, path: &str) -> Vec<Set> {
        let uid = &self.object(path)["metadata"]["uid"];
        let found = self.below("/apis/apps/v1/namespaces/shop/replicasets/");
        let own = found.into_iter().filter(|(_, set)| set["metadata"]["ownerReferences"][0]["uid"] == *uid);
        own.map(|(path, set)| {
            let mut template = set["spec"]["template"].clone();
            template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
            let revision = &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
            Set {
                path,
                template,
                revision: revision.as_str().unwrap().parse().unwrap(),
                wanted: set["spec"]["replicas"].as_u64().unwrap(),
                available: set["status"]["availableReplicas"].as_u64().unwrap_or(0),
            }
        })
        .collect()
    }

    fn make(&mut self, of: &str, revision: u64, template: &Value, deployment: &Value) -> String {
        let name = format!("{}-{revision}", of.rsplit('/').next().unwrap());
        let path = format!("/apis/apps/v1/namespaces/shop/replicasets/{name}");
        let mut template = template.clone();
        template["metadata"]["labels"]["pod-template-hash"] = json!(format!("hash{revision}"));
        let owner = json!({ "kind": "Deployment", "uid": deployment["metadata"]["uid"] });
        self.create(
            &path,
            json!({
                "metadata": {
                    "name": name, "labels": template["metadata"]["labels"], "ownerReferences": [owner],
                    "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
                },
                "spec": { "replicas": 0, "template": template },
                "status": {},
            }),
        );
        path
    }
}

/// One sync of a rolling update: new pods first, as many as may stand beside the old ones; else old ones end, as many as
/// others stand in for.
fn update(sets: &mut [Set], new: usize, replicas: u64, strategy: &Value) {
    assert_eq!(strategy["type"], "RollingUpdate");
    let of = |key: &str, is_up: bool| match &strategy["rollingUpdate"][key] {
        Value::Number(pods) => pods.as_u64().unwrap(),
        share => {
            let percent: u64 = share.as_str().unwrap_or("25%").trim_end_matches('%').parse().unwrap();
            if is_up { (replicas * percent).div_ceil(100) } else { replicas * percent / 100 }
        }
    };
    let (surge, mut unavailable) = (of("maxSurge", true), of("maxUnavailable", false));
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let all: u64 = sets.iter().map(|set| set.wanted).sum();
    sets[new].wanted = sets[new].wanted.min(replicas);
    let more = (replicas + surge).saturating_sub(all).min(replicas - sets[new].wanted);
    if more > 0 {
        sets[new].wanted += more;
        return;
    }
    let least = replicas.saturating_sub(unavailable);
    let new_missing = sets[new].wanted - sets[new].available.min(sets[new].wanted);
    let mut may_end = all.saturating_sub(least + new_missing);
    for old in sets.iter_mut().enumerate().filter(|(index, _)| *index != new).map(|(_, set)| set) {
        let ends = old.wanted.min(may_end);
        old.wanted -= ends;
        may_end -= ends;
    }
}
