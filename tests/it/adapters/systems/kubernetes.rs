//! Deployments and pods of Kubernetes, on an API server in memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::check::Check;
use flightdeck::adapter::router::kubernetes::{Place, Through};
use flightdeck::domain::check::Verdict;
use serde_json::{Value, json};

use super::{PATIENT, ask, check, contract, line};
use crate::adapters::check::contract::Subject;
use crate::support::kube::{Cluster, TOKEN};
use crate::support::web::{Asked, Said};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/shop-blue";

mod rollout {
    use super::Fixture;

    crate::adapters::systems::contract::contract!(contract_of_it, Fixture::rollout());
}

mod pods {
    use super::Fixture;

    crate::adapters::systems::contract::contract!(contract_of_it, Fixture::pods());
}

struct Fixture {
    cluster: Cluster,
    kind: &'static str,
    keys: &'static str,
}

impl Fixture {
    fn rollout() -> Self {
        let cluster = Cluster::start(|api| api.create(DEPLOYMENT, deployment()));
        Self { cluster, kind: "kubernetes-rollout", keys: "deployment = \"shop-blue\"" }
    }

    fn pods() -> Self {
        let cluster = Cluster::start(|api| {
            for name in ["a", "b"] {
                api.create(&format!("/api/v1/namespaces/shop/pods/{name}"), pod(name));
            }
        });
        let keys =
            "selector = \"app=shop,color={pool}\"\nready = 2\nrestarts = 3\nimage = \"registry.example.net/shop:{to}\"";
        Self { cluster, kind: "kubernetes-pods", keys }
    }

    fn check_at(&self, place: &Place, timeout: Duration) -> Arc<dyn Check> {
        check(self.kind, &format!("{}\n{}", access(place), self.keys), timeout)
    }

    async fn told(&self) -> (Verdict, String) {
        let answer = ask(&*self.check(PATIENT)).await;
        (answer.verdict, answer.words)
    }

    /// Makes it as it should be, or not.
    fn set(&self, is_well: bool) {
        if self.kind == "kubernetes-pods" {
            let ready = if is_well { "True" } else { "False" };
            self.edit_pod("b", |pod| pod["status"]["conditions"][0]["status"] = json!(ready));
        } else {
            let available = if is_well { 3 } else { 2 };
            self.cluster
                .web
                .state()
                .edit(DEPLOYMENT, |object| object["status"]["availableReplicas"] = json!(available));
        }
    }

    fn edit_pod(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.cluster.web.state().edit(&format!("/api/v1/namespaces/shop/pods/{name}"), change);
    }
}

/// The keys that lead to a namespace.
fn access(place: &Place) -> String {
    let Through::Context { name, kubeconfig: Some(path) } = &place.cluster else { panic!("{place:?}") };
    format!("context = \"{name}\"\nkubeconfig = \"{}\"\nnamespace = \"{}\"", path.display(), place.namespace)
}

fn deployment() -> Value {
    json!({
        "metadata": { "name": "shop-blue", "annotations": { "deployment.kubernetes.io/revision": "7" } },
        "spec": { "replicas": 3 },
        "status": { "observedGeneration": 1, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3 },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "metadata": { "name": name, "labels": { "app": "shop", "color": "blue" } },
        "spec": { "containers": [
            { "name": "shop", "image": "registry.example.net/shop:2.5.0" },
            { "name": "proxy", "image": "registry.example.net/proxy:1" },
        ] },
        "status": {
            "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [{ "name": "shop", "restartCount": 1, "state": { "running": {} }, "imageID": "registry.example.net/shop@sha256:aa" }],
        },
    })
}

impl Subject for Fixture {
    fn check(&self, timeout: Duration) -> Arc<dyn Check> {
        self.check_at(&self.cluster.place(), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Check> {
        self.check_at(&self.cluster.place_at(peer), timeout)
    }

    fn passes(&self) {
        self.set(true);
    }

    fn fails(&self) {
        self.set(false);
    }

    fn says(&self, said: Option<Said>) {
        self.cluster.web.state().instead = said;
    }

    fn asked(&self) -> Vec<Asked> {
        self.cluster.web.asked()
    }

    fn freeze(&self, is_frozen: bool) {
        self.cluster.web.freeze(is_frozen);
    }

    fn end(&self) {
        self.cluster.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }
}

impl contract::Subject for Fixture {
    fn stranger(&self) -> Arc<dyn Check> {
        self.check_at(&self.cluster.place_of(&json!({ "token": "hunter2-of-a-stranger" })), PATIENT)
    }
}

#[tokio::test]
async fn a_new_specification_makes_the_old_status_worthless() {
    let fixture = Fixture::rollout();
    let answer = ask(&*fixture.check(PATIENT)).await;
    assert_eq!(
        (answer.verdict, answer.words.as_str()),
        (Verdict::Pass, "rolled out: 3 of 3 replicas updated and available")
    );
    assert_eq!((answer.value.as_deref(), line(&answer, "generation")), (Some("7"), "1, seen by the controller 1"));
    fixture.cluster.web.state().edit(DEPLOYMENT, |object| object["spec"]["replicas"] = json!(4));
    let words = "the controller has not seen generation 2 yet, its status is of 1";
    assert_eq!(fixture.told().await, (Verdict::Inconclusive, words.to_owned()));
    fixture.cluster.web.state().edit(DEPLOYMENT, |object| object["status"]["observedGeneration"] = json!(2));
    assert_eq!(fixture.told().await, (Verdict::Fail, "3 of 4 replicas are updated".to_owned()));
}

#[tokio::test]
async fn a_deployment_that_is_not_there_fails_and_one_that_may_not_be_read_is_not_told() {
    let fixture = Fixture::rollout();
    fixture.cluster.web.state().delete(DEPLOYMENT);
    let words = "there is no such Deployment: deployments \"shop-blue\" not found";
    assert_eq!(fixture.told().await, (Verdict::Fail, words.to_owned()));
    fixture.cluster.web.state().hidden = vec!["/shop-blue"];
    let (verdict, words) = fixture.told().await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("is forbidden: User") && words.contains("administrator grant"), "{words}");
}

#[tokio::test]
async fn pods_that_are_stuck_restart_or_run_something_else_are_named() {
    let fixture = Fixture::pods();
    assert_eq!(fixture.told().await, (Verdict::Pass, "2 of 2 pods ready".to_owned()));
    let waits = |reason: &str| json!({ "waiting": { "reason": reason, "message": "back-off" } });
    fixture.edit_pod("b", |pod| pod["status"]["containerStatuses"][0]["state"] = waits("CrashLoopBackOff"));
    assert_eq!(fixture.told().await, (Verdict::Fail, "2 of 2 pods ready; b: shop waits, CrashLoopBackOff".to_owned()));
    // A container that is being created waits as well, and is not stuck.
    fixture.edit_pod("b", |pod| pod["status"]["containerStatuses"][0]["state"] = waits("ContainerCreating"));
    assert_eq!(fixture.told().await.0, Verdict::Pass);
    fixture.edit_pod("b", |pod| pod["status"]["containerStatuses"][0]["restartCount"] = json!(4));
    assert_eq!(fixture.told().await.1, "2 of 2 pods ready; b: shop restarted 4 times");
    fixture.edit_pod("b", |pod| pod["status"]["containerStatuses"][0]["restartCount"] = json!(3));
    fixture.edit_pod("b", |pod| pod["spec"]["containers"][0]["image"] = json!("registry.example.net/shop:2.4.0"));
    let words = "2 of 2 pods ready; b runs registry.example.net/shop:2.4.0 and registry.example.net/proxy:1";
    assert_eq!(fixture.told().await, (Verdict::Fail, words.to_owned()));
}

#[tokio::test]
async fn an_image_is_known_by_its_digest_too() {
    let fixture = Fixture::pods();
    let with = |image: &str| {
        let keys = fixture.keys.replace("shop:{to}", image);
        check(fixture.kind, &format!("{}\n{keys}", access(&fixture.cluster.place())), PATIENT)
    };
    assert_eq!(ask(&*with("shop@sha256:aa")).await.verdict, Verdict::Pass);
    assert_eq!(ask(&*with("shop@sha256:bb")).await.verdict, Verdict::Fail);
}

#[tokio::test]
async fn pods_that_end_do_not_count_and_no_pod_tells_nothing() {
    let fixture = Fixture::pods();
    fixture.edit_pod("b", |pod| pod["metadata"]["deletionTimestamp"] = json!("2026-11-21T14:00:00Z"));
    assert_eq!(fixture.told().await, (Verdict::Fail, "1 of 1 pods ready, 2 are wanted".to_owned()));
    fixture.edit_pod("a", |pod| pod["status"]["phase"] = json!("Failed"));
    let (verdict, words) = fixture.told().await;
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.starts_with("no pod has the labels app=shop,color=blue, and 2 have ended"), "{words}");
}

#[tokio::test]
async fn more_pods_than_one_page_holds_are_all_seen() {
    let fixture = Fixture::pods();
    for number in 0..1_100 {
        let name = format!("c{number:04}");
        fixture.cluster.web.state().create(&format!("/api/v1/namespaces/shop/pods/{name}"), pod(&name));
    }
    assert_eq!(fixture.told().await, (Verdict::Pass, "1102 of 1102 pods ready".to_owned()));
    assert_eq!(fixture.asked().len(), 3);
}
