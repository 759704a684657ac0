//! A Service whose selector names one pool.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::router::kubernetes::Place;
use flightdeck::adapter::router::kubernetes::selector::{Config, Labels, Selector};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::{PoolId, Target};
use serde_json::{Value, json};

use crate::adapters::router::{Gate, PATIENT, Subject, contract, first_two, read};
use crate::support::kube::{Api, Cluster, READER, RENEWED, TOKEN};

contract!(service_selector, Fixture::new());
contract!(
    service_selector_rights,
    Fixture::new(),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle
);

const SERVICE: &str = "/api/v1/namespaces/shop/services/app";

/// A Service and the pods of both pools.
struct Fixture {
    cluster: Cluster,
}

impl Fixture {
    fn new() -> Self {
        let cluster = Cluster::start(|api| {
            let selector = json!({ "app": "app", "colour": "blue", "track": "a" });
            let spec = json!({ "selector": selector, "ports": [{ "port": 80 }] });
            api.create(SERVICE, json!({ "metadata": { "name": "app" }, "spec": spec }));
            pod(api, "app-blue-1", "blue", "a", true);
            pod(api, "app-blue-2", "blue", "a", true);
            pod(api, "app-green-1", "green", "b", true);
            api.endpoints("app", &[("app-blue-1", true), ("app-blue-2", true)]);
        });
        Self { cluster }
    }

    fn config(place: Place, timeout: Duration) -> Config {
        let pool = |name: &str, labels: &str| (PoolId::from(name), Labels::parse(labels).unwrap());
        let pools = vec![pool("blue", "colour=blue,track=a"), pool("green", "colour=green,track=b")];
        Config { place, service: "app".to_owned(), pools, timeout }
    }

    fn router(&self) -> Selector {
        Selector::new(Self::config(self.cluster.place(), PATIENT))
    }

    fn api(&self) -> std::sync::MutexGuard<'_, Api> {
        self.cluster.web.state()
    }

    fn selector(&self) -> Value {
        self.api().object(SERVICE)["spec"]["selector"].clone()
    }

    fn select(&self, selector: &Value) {
        self.api().edit(SERVICE, |object| object["spec"]["selector"] = selector.clone());
    }
}

fn pod(api: &mut Api, name: &str, colour: &str, track: &str, is_ready: bool) {
    let labels = json!({ "app": "app", "colour": colour, "track": track });
    let ready = json!({ "type": "Ready", "status": if is_ready { "True" } else { "False" } });
    let object = json!({ "metadata": { "name": name, "labels": labels }, "status": { "conditions": [ready] } });
    api.create(&format!("/api/v1/namespaces/shop/pods/{name}"), object);
}

fn all_on_green() -> Target {
    Target::Weights(first_two(&["blue".into(), "green".into()], 10_000))
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(Selector::new(Self::config(self.cluster.place(), timeout)))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let selector = self.selector();
        [("blue", "a"), ("green", "b")]
            .map(|(colour, track)| {
                let is_named = selector["colour"] == colour && selector["track"] == track;
                (format!("spec.selector colour={colour},track={track}"), if is_named { 100 } else { 0 })
            })
            .into()
    }

    fn meddle(&self) {
        self.select(&json!({ "app": "app", "colour": "green", "track": "b" }));
    }

    fn freeze(&self) {
        self.cluster.web.freeze(true);
    }

    fn thaw(&self) {
        self.cluster.web.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.cluster.web.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let place = self.cluster.place_of(&json!({ "token": READER }));
        Some(Box::new(Selector::new(Self::config(place, timeout))))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Selector::new(Self::config(self.cluster.place_at(peer), timeout)))
    }

    fn secrets(&self) -> Vec<String> {
        [TOKEN, READER, RENEWED].map(str::to_owned).to_vec()
    }

    fn expire(&self) {
        self.api().expire();
    }

    fn renew(&self) {
        self.cluster.renew();
    }
}

#[tokio::test]
async fn a_switch_writes_the_pools_labels_and_no_others_and_is_under_way_until_the_endpoints_follow() {
    let fixture = Fixture::new();
    let router = fixture.router();
    let reading = read(&router).await;
    assert_eq!(reading.underway, None);
    let prepared = router.prepare(&all_on_green(), Some(&reading)).unwrap();
    let shown = format!(
        "PATCH {SERVICE} application/merge-patch+json {}",
        json!({ "spec": { "selector": { "colour": "green", "track": "b" } } })
    );
    assert_eq!(prepared.requests, [shown]);
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.selector(), json!({ "app": "app", "colour": "green", "track": "b" }));
    let underway = read(&router).await.underway.expect("the endpoints are those of blue");
    assert!(underway.what.contains("2 of 2 are not green's"), "{underway:?}");
    fixture.api().endpoints("app", &[("app-green-1", true)]);
    assert_eq!(read(&router).await.underway, None);
}

#[tokio::test]
async fn nothing_is_switched_to_pods_that_are_not_ready_or_lack_a_label() {
    let fixture = Fixture::new();
    let router = fixture.router();
    let refused = async |said: &str| {
        let reading = read(&router).await;
        let refused = router.prepare(&all_on_green(), Some(&reading)).unwrap_err();
        assert_eq!((refused.rule.as_str(), refused.why.as_str()), ("D4", said));
    };
    pod(&mut fixture.api(), "app-green-1", "green", "b", false);
    refused("no pod of green is ready, of 1").await;
    pod(&mut fixture.api(), "app-green-1", "green", "b", true);
    // Every label of the selector counts, not only those that tell the pools apart.
    fixture
        .api()
        .edit("/api/v1/namespaces/shop/pods/app-green-1", |pod| pod["metadata"]["labels"]["app"] = json!("other"));
    refused("no pod of green is ready, of 0").await;
    fixture.api().edit("/api/v1/namespaces/shop/pods/app-green-1", |pod| {
        pod["metadata"]["labels"]["app"] = json!("app");
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    });
    refused("no pod of green is ready, of 0").await;
}

#[tokio::test]
async fn shares_are_refused_and_pods_that_may_not_be_listed_are_said() {
    let fixture = Fixture::new();
    let router = fixture.router();
    let reading = read(&router).await;
    let half = Target::Weights(first_two(&["blue".into(), "green".into()], 5_000));
    let refused = router.prepare(&half, Some(&reading)).unwrap_err();
    assert!(refused.why.contains("everything to one pool"), "{refused}");
    fixture.api().hidden = vec!["/pods"];
    let reading = read(&router).await;
    assert_eq!(reading.warnings.len(), 1, "said once: {:?}", reading.warnings);
    assert!(reading.warnings[0].contains("grant `list` on pods"), "{:?}", reading.warnings);
    assert!(router.prepare(&all_on_green(), Some(&reading)).is_ok());
}

#[tokio::test]
async fn a_selector_that_names_no_pool_is_no_split() {
    let fixture = Fixture::new();
    fixture.select(&json!({ "app": "app", "colour": "green", "track": "a" }));
    let trouble = fixture.router().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    let said = "its selector is app=app,colour=green,track=a, which names none of colour=blue,track=a (blue), colour=green,track=b (green)";
    assert_eq!(trouble.why, said);
}
