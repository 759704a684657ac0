//! A Rollout of Argo Rollouts.
//!
//! Not run of the contract, each with its own test here instead:
//! - `sets_and_reads_back`, `puts_back_a_native_split_to_the_letter_without_a_reading`: a Rollout that was promoted has no
//!   way back, and shares are only those of its steps, one after the other;
//! - `asks_the_fence_once_connected_and_not_before`, `tells_nonsense_from_an_answer`, `does_not_wait_for_a_slow_answer`: a
//!   promotion is relative to a step, so that it reads first whatever it is bound to; an abort does not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::router::kubernetes::Place;
use flightdeck::adapter::router::kubernetes::rollout::{Config, Rollout};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::{PoolId, Prepared, Reading, Refused, Target};
use serde_json::{Value, json};

use crate::adapters::router::{Gate, HASTY, PATIENT, Subject, contract, first_two, of, read};
use crate::support::fake::{Fake, Talk};
use crate::support::kube::{Api, Cluster, READER, RENEWED, TOKEN};

contract!(
    argo_rollouts,
    Fixture::new(),
    reads_the_same_references_each_time,
    prepares_purely_and_says_the_rounding,
    sets_twice_without_harm,
    writes_nothing_when_the_split_has_moved,
    writes_nothing_when_the_fence_is_closed,
    refuses_a_pool_that_it_does_not_know,
    refuses_weights_without_a_reading,
    refuses_a_native_split_of_another_router,
    times_out_without_writing_over_what_has_moved,
    does_not_know_after_a_time_out_until_it_reads,
    finds_nobody_there,
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);

const PATH: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/app";

/// A Rollout whose new version has nothing yet.
struct Fixture {
    cluster: Cluster,
}

impl Fixture {
    fn new() -> Self {
        let pause = json!({ "pause": {} });
        let steps = json!([{ "setWeight": 0 }, pause, { "setWeight": 30 }, pause, { "analysis": {} }, { "setWeight": 50 }, pause]);
        let routing = json!({ "istio": { "virtualService": { "name": "app" } } });
        let strategy = json!({ "canary": { "steps": steps, "trafficRouting": routing } });
        let status = json!({ "currentPodHash": "new", "stableRS": "old", "currentStepIndex": 0 });
        let object = json!({ "metadata": { "name": "app" }, "spec": { "strategy": strategy, "template": { "image": "new" } }, "status": status });
        let cluster = Cluster::start(|api| {
            api.create(PATH, object);
            api.control(PATH);
        });
        Self { cluster }
    }

    fn config(place: Place, timeout: Duration) -> Config {
        let (stable, canary) = ("blue".into(), "green".into());
        Config { place, name: "app".to_owned(), stable, canary, steps: vec![30, 50], timeout }
    }

    fn router(&self) -> Rollout {
        Rollout::new(Self::config(self.cluster.place(), PATIENT))
    }

    fn api(&self) -> std::sync::MutexGuard<'_, Api> {
        self.cluster.web.state()
    }

    fn status(&self, change: impl FnOnce(&mut Value)) {
        self.api().edit(PATH, |object| change(&mut object["status"]));
    }

    async fn prepared(&self, green: u32) -> (Reading, Result<Prepared, Refused>) {
        let router = self.router();
        let reading = read(&router).await;
        let prepared = router.prepare(&green_at(green), Some(&reading));
        (reading, prepared)
    }

    /// What was sent for this share, and what is read then.
    async fn shift(&self, green: u32) -> (Value, Reading) {
        let (reading, prepared) = self.prepared(green).await;
        let prepared = prepared.unwrap();
        let router = self.router();
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        let asked = self.cluster.web.asked();
        let mut sent = asked.iter().rfind(|asked| asked.method == "PATCH").unwrap().json();
        assert!(sent["metadata"]["resourceVersion"].is_string(), "{sent}");
        let now = read(&router).await;
        assert!(now.native.holds(&prepared.native), "{now:?}");
        (sent["status"].take(), now)
    }
}

fn green_at(percent: u32) -> Target {
    Target::Weights(first_two(&["blue".into(), "green".into()], percent * 100))
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(Rollout::new(Self::config(self.cluster.place(), timeout)))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let api = self.api();
        let status = &api.object(PATH)["status"];
        let is_promoted = status["stableRS"] == status["currentPodHash"];
        ["stable", "canary"]
            .map(|part| {
                let weight = u32::try_from(status["canary"]["weights"][part]["weight"].as_u64().unwrap()).unwrap();
                (format!("status.canary.weights.{part}"), if is_promoted { 100 - weight } else { weight })
            })
            .into()
    }

    fn meddle(&self) {
        let mut api = self.api();
        api.edit(PATH, |object| object["status"]["currentStepIndex"] = json!(2));
        api.control(PATH);
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
        Some(Box::new(Rollout::new(Self::config(place, timeout))))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Rollout::new(Self::config(self.cluster.place_at(peer), timeout)))
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
async fn a_rollout_is_promoted_step_by_step_and_then_has_everything() {
    let fixture = Fixture::new();
    let (begun, _) = fixture.prepared(0).await;
    assert_eq!(begun.warnings, Vec::<String>::new());
    assert_eq!(fixture.shift(30).await.0, json!({ "pauseConditions": null, "currentStepIndex": 2 }));
    // The analysis between is gone through.
    assert_eq!(fixture.shift(50).await.0, json!({ "pauseConditions": null, "currentStepIndex": 4 }));
    let (sent, now) = fixture.shift(100).await;
    assert_eq!(sent, json!({ "pauseConditions": null, "currentStepIndex": 7 }));
    assert!(now.warnings[0].contains("no rollout is under way"), "{:?}", now.warnings);
    let refused = fixture.prepared(0).await.1.unwrap_err();
    assert!(refused.why.contains("promoted") && refused.why.contains("change the template"), "{refused}");
    assert_eq!(fixture.api().object(PATH)["spec"]["template"], json!({ "image": "new" }), "only its status is written");
}

#[tokio::test]
async fn a_full_promotion_says_what_it_skips() {
    let fixture = Fixture::new();
    let prepared = fixture.prepared(100).await.1.unwrap();
    assert!(prepared.notes[0].contains("skips all steps, pauses and analyses"), "{:?}", prepared.notes);
    assert_eq!(fixture.shift(100).await.0, json!({ "promoteFull": true }));
}

#[tokio::test]
async fn the_way_back_is_an_abort_and_the_way_on_from_there_a_retry() {
    let fixture = Fixture::new();
    fixture.shift(30).await;
    let router = fixture.router();
    let back = router
        .prepare(&Target::Weights(first_two(&["blue".into(), "green".into()], 0)), Some(&read(&router).await))
        .unwrap();
    assert!(back.notes[0].contains("leaves the template at the new version"), "{:?}", back.notes);
    assert_eq!(
        back.requests,
        [format!("PATCH {PATH}/status application/merge-patch+json {}", json!({ "status": { "abort": true } }))]
    );
    // It needs no reading, and may be sent twice.
    assert_eq!(router.prepare(&Target::Native(back.native.clone()), None).unwrap().requests, back.requests);
    for _ in 0..2 {
        assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    }
    let aborted = read(&router).await;
    assert_eq!(of(&aborted.native)["status.canary.weights.canary"], 0);
    assert!(
        aborted.warnings[0].contains("was aborted")
            && aborted.warnings[0].contains("the template still names the new one")
    );
    let refused = router.prepare(&green_at(30), Some(&aborted)).unwrap_err();
    assert!(refused.why.contains("retry rollout"), "{refused}");
    // With a first step of its own, asking for that is the retry.
    fixture.api().edit(PATH, |object| {
        object["spec"]["strategy"]["canary"]["steps"].as_array_mut().unwrap().drain(..2).for_each(drop);
    });
    assert_eq!(fixture.shift(30).await.0, json!({ "abort": false }));
}

#[tokio::test]
async fn an_abort_asks_nothing_before_and_what_came_of_it_may_be_unknown() {
    let fixture = Fixture::new();
    let back = fixture.router().prepare(&Target::Native(read(&fixture.router()).await.native), None).unwrap();
    for talk in [Talk::Silence, Talk::Trickle, Talk::Says(b"220 mail.example.net ESMTP\r\n".to_vec())] {
        let fake = Fake::start(talk);
        let router = fixture.at(fake.address, HASTY);
        let gate = Gate::hooked(|| {
            fake.wait_for_a_connection();
            assert_eq!(fake.heard(), "", "no byte goes out before the fence is asked");
            Ok(())
        });
        let answer = router.set(&back, None, &gate).await;
        assert!(matches!(answer, SetAnswer::Unknown(_)), "{answer:?}");
        assert_eq!(gate.asked(), 1);
    }
}

#[tokio::test]
async fn other_shares_are_refused_with_the_steps_that_there_are() {
    let fixture = Fixture::new();
    let refused = fixture.prepared(50).await.1.unwrap_err();
    assert!(refused.why.contains("the next is 30 %, the end is 100 %, and the only way back is 0 %"), "{refused}");
    let forward = fixture.prepared(30).await;
    fixture.shift(30).await;
    fixture.shift(50).await;
    // What was worked out for an earlier step is not sent at a later one, even where nobody compares.
    let answer = fixture.router().set(&forward.1.unwrap(), None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::NotSent(why) if why.contains("has gone on meanwhile")), "{answer:?}");
}

#[tokio::test]
async fn until_it_pauses_it_is_under_way_and_nothing_is_promoted() {
    let fixture = Fixture::new();
    fixture.api().sleeps = true;
    let (reading, prepared) = fixture.prepared(30).await;
    let prepared = prepared.unwrap();
    assert_eq!(fixture.router().set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    fixture.status(|status| {
        status["phase"] = json!("Progressing");
        status["message"] = json!("more replicas need to be updated");
    });
    let (reading, refused) = fixture.prepared(50).await;
    let underway = reading.underway.unwrap();
    assert_eq!(underway.what, "the Rollout goes through step 2");
    assert_eq!(underway.waits_for.as_deref(), Some("more replicas need to be updated"));
    assert!(refused.unwrap_err().why.contains("on its way to its next pause"));
    fixture.api().control(PATH);
    assert_eq!(read(&fixture.router()).await.underway, None);
    fixture.api().edit(PATH, |object| object["spec"]["template"]["image"] = json!("newer"));
    let underway = read(&fixture.router()).await.underway.unwrap();
    assert_eq!(underway.what, "the Rollout's controller takes over generation 2");
}

#[tokio::test]
async fn what_makes_shares_mean_less_is_said() {
    let fixture = Fixture::new();
    fixture.api().edit(PATH, |object| {
        let canary = &mut object["spec"]["strategy"]["canary"];
        canary["trafficRouting"] = Value::Null;
        canary["steps"][2]["setWeight"] = json!(40);
        canary["steps"][1]["pause"]["duration"] = json!("10m");
        object["status"]["canary"]["weights"] = Value::Null;
        object["status"]["pauseConditions"] = json!([{ "reason": "InconclusiveAnalysisRun" }]);
        object["status"]["observedGeneration"] = json!("2");
    });
    let (reading, refused) = fixture.prepared(40).await;
    let said = |text: &str| reading.warnings.iter().any(|warning| warning.contains(text));
    for text in [
        "inconclusive analysis",
        "set [40, 50], and the profile's `steps` say [30, 50]",
        "pause of 10m ends by itself",
        "no trafficRouting",
    ] {
        assert!(said(text), "{text}: {:?}", reading.warnings);
    }
    assert!(refused.unwrap_err().why.contains("not answered from here"));
    fixture.api().edit(PATH, |object| object["spec"]["strategy"] = json!({ "blueGreen": {} }));
    let trouble = fixture.router().read().await.unwrap_err();
    assert!(trouble.kind == TroubleKind::Mismatch && trouble.why.contains("no canary steps"), "{trouble}");
}
