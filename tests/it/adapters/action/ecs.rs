//! The kind `ecs`, against its contract, on a region that keeps the rules, and on moto as far as it goes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::SetAnswer;
use flightdeck::domain::action::{ActionLook, ActionState, Started};
use serde_json::{Value, json};

use super::contract::{PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::ecs::{Ecs, SECRET, no};
use crate::support::moto::Moto;
use crate::support::web::{Asked, Said};

const DEPLOY: &str = "do = \"deploy\"\ncontainer = \"shop\"\nimage = \"registry.example.net/shop:{to}\"";
const SUSPEND: &str = "do = \"suspend-scaling\"";
const RESUME: &str = "do = \"resume-scaling\"";

fn doing(ecs: &Ecs, act: &str) -> Arc<dyn Action> {
    action(&format!("{}\n{act}", ecs.keys(ecs.web.address)), PATIENT)
}

impl Subject for Ecs {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        self.at(self.web.address, timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&format!("{}\n{DEPLOY}", self.keys(peer)), timeout)
    }

    fn started(&self) -> Vec<String> {
        self.web.state().told.clone()
    }

    fn stands(&self, stand: Stand) {
        match stand {
            Stand::Runs => {}
            Stand::Succeeded => self.web.state().settle(),
            Stand::Failed => self.web.state().goes_back(),
        }
    }

    fn says(&self, said: Option<Said>) {
        self.web.state().instead = said;
    }

    fn does_and_says(&self, said: Option<Said>) {
        self.web.state().garbled = said;
    }

    fn lets_cancel(&self, _lets: bool) {
        unreachable!("it cannot be cancelled")
    }

    fn asked(&self) -> Vec<Asked> {
        self.web.asked()
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen {
            self.web.freeze_at(|asked| asked.header("x-amz-target").ends_with(".UpdateService"));
        } else {
            self.web.freeze(false);
        }
    }

    fn end(&self) {
        self.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn shown(&self) -> &'static str {
        "POST RegisterTaskDefinition at http://"
    }

    fn reads_first(&self) -> bool {
        true
    }

    fn is_change(&self, asked: &Asked) -> bool {
        let target = asked.header("x-amz-target");
        !target.contains(".Describe")
    }
}

contract!(
    deploy,
    Ecs::start(),
    is_described_without_being_started,
    runs_to_a_good_end,
    runs_to_a_bad_end_and_says_why,
    a_key_is_started_once,
    a_refusal_is_a_no_and_nothing_was_started,
    asked_too_often_it_keeps_away,
    a_closed_fence_sends_nothing,
    nobody_there_sends_nothing,
    no_answer_is_unknown_and_found_again_by_its_key,
    a_failing_gateway_after_the_effect_is_unknown_and_found_again,
    what_never_arrived_is_absent,
    nonsense_is_never_an_end,
    shows_no_secret_and_nothing_personal,
);

async fn start(ecs: &Ecs, act: &str, key: &str) -> String {
    match doing(ecs, act).start(&acting(key), &Open).await {
        Started::Running { handle, .. } => handle,
        other => panic!("{act}: {other:?}"),
    }
}

async fn look(ecs: &Ecs, act: &str, handle: Option<&str>) -> ActionLook {
    doing(ecs, act).look(&acting("fd-1-1"), handle).await
}

fn why(look: &ActionLook) -> &str {
    match &look.state {
        ActionState::Failed { why } | ActionState::Absent { why } | ActionState::Unknown { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deployment_is_the_definition_that_runs_with_another_image_and_a_tag() {
    let ecs = Ecs::start();
    let count = format!("{DEPLOY}\ncount = 4");
    let description = doing(&ecs, &count).describe(&acting("fd-1-1")).await.unwrap();
    assert_eq!(
        description.differences,
        [
            "image of shop: registry.example.net/shop:2.4.0 → registry.example.net/shop:2.5.0",
            "variables of shop: LEVEL, the same",
            "secrets of shop: PASSWORD, the same",
            "cpu of shop: 256, the same",
            "memory of shop: 512, the same",
            "cpu of the task: 512, the same",
            "memory of the task: 1024, the same",
            "tasks: 3 → 4",
        ]
    );
    assert!(description.notes[0].contains("cannot be cancelled"));
    let handle = start(&ecs, &count, "fd-1-1").await;
    assert_eq!(handle, "shop:2");
    let definition = ecs.web.state().definitions[1].clone();
    let container = &definition["taskDefinition"]["containerDefinitions"][0];
    assert_eq!(container["image"], "registry.example.net/shop:2.5.0");
    assert_eq!(container["environment"][0]["value"], "hunter2-of-the-environment");
    let tags = json!([{ "key": "team", "value": "shop" }, { "key": "flightdeck:act", "value": "fd-1-1" }]);
    assert_eq!(definition["tags"], tags);
    let seen = look(&ecs, &count, Some(&handle)).await;
    let waits_for = Some("4 of 4 tasks to run".to_owned());
    assert_eq!(seen.state, ActionState::Running { percent: Some(0), waits_for });
    assert_eq!(seen.log[1], "(service shop-blue) has reached a steady state.", "the newest comes last");
    assert!(!seen.log[0].contains("ana@example.com"), "{:?}", seen.log);
    ecs.web.state().settle();
    assert_eq!(look(&ecs, &count, Some(&handle)).await.state, ActionState::Succeeded);
}

#[tokio::test]
async fn the_circuit_breaker_that_goes_back_is_a_bad_end_even_when_the_service_is_stable_again() {
    let ecs = Ecs::start();
    let handle = start(&ecs, DEPLOY, "fd-1-1").await;
    ecs.web.state().goes_back();
    let seen = look(&ecs, DEPLOY, Some(&handle)).await;
    assert!(why(&seen).contains("tasks failed to start.; ECS goes back to shop:1"), "{seen:?}");
    ecs.web.state().settle();
    for asked in [Some(handle.as_str()), None] {
        let seen = look(&ecs, DEPLOY, asked).await;
        assert!(matches!(&seen.state, ActionState::Failed { why } if why.contains("shop:1 now")), "{seen:?}");
    }
}

#[tokio::test]
async fn a_definition_that_the_service_was_not_told_of_is_no_start() {
    let ecs = Ecs::start();
    ecs.web.state().garbled_register = Some(Said::text(502, "Bad Gateway"));
    let started = doing(&ecs, DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("not told of it")), "{started:?}");
    assert_eq!((ecs.started(), ecs.web.state().definitions.len()), (Vec::new(), 2));
    let seen = look(&ecs, DEPLOY, None).await;
    assert!(matches!(&seen.state, ActionState::Absent { why } if why.contains("was not told")), "{seen:?}");
}

#[tokio::test]
async fn what_was_shown_must_still_be_so() {
    let ecs = Ecs::start();
    let action = doing(&ecs, DEPLOY);
    action.describe(&acting("fd-1-1")).await.unwrap();
    start(&ecs, DEPLOY, "fd-1-2").await;
    let started = action.start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("since it was shown")), "{started:?}");
}

#[tokio::test]
async fn it_scales_and_says_who_scaled_since() {
    let ecs = Ecs::start();
    let act = "do = \"scale\"\ncount = 0\nends_way_back = true";
    let description = doing(&ecs, act).describe(&acting("fd-1-1")).await.unwrap();
    assert_eq!(description.differences, ["tasks: 3 → 0"]);
    let seen = look(&ecs, act, None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
    ecs.web.state().garbled = Some(Said::text(504, "Gateway Timeout"));
    let started = doing(&ecs, act).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    let seen = look(&ecs, act, None).await;
    let handle = seen.handle.clone().expect("it is so");
    assert!(matches!(seen.state, ActionState::Running { .. }), "{seen:?}");
    ecs.web.state().settle();
    ecs.web.state().service["pendingCount"] = json!(0);
    assert_eq!(look(&ecs, act, Some(&handle)).await.state, ActionState::Succeeded);
    ecs.web.state().service["desiredCount"] = json!(2);
    assert!(why(&look(&ecs, act, Some(&handle)).await).contains("set it to 2 tasks since"));
}

#[tokio::test]
async fn scaling_is_suspended_and_goes_on() {
    let ecs = Ecs::start();
    let description = doing(&ecs, SUSPEND).describe(&acting("fd-1-1")).await.unwrap();
    assert_eq!(description.differences[0], "scaling in: goes on → suspended");
    assert!(matches!(look(&ecs, SUSPEND, None).await.state, ActionState::Absent { .. }));
    let started = doing(&ecs, SUSPEND).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(look(&ecs, SUSPEND, None).await.state, ActionState::Succeeded);
    let target = ecs.web.state().target.clone().unwrap();
    assert_eq!(
        (&target["MinCapacity"], &target["SuspendedState"]["ScheduledScalingSuspended"]),
        (&json!(1), &json!(true))
    );
    let started = doing(&ecs, RESUME).start(&acting("fd-1-2"), &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(look(&ecs, RESUME, None).await.state, ActionState::Succeeded);
    ecs.web.state().target = None;
    let started = doing(&ecs, SUSPEND).start(&acting("fd-1-3"), &Open).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("nothing scales service")), "{started:?}");
}

#[tokio::test]
async fn aws_says_no_in_its_own_codes() {
    let ecs = Ecs::start();
    ecs.says(Some(no("AccessDeniedException", "User is not authorized to perform: ecs:DescribeServices")));
    let started = doing(&ecs, DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(
        matches!(&started, Started::Failed { why } if why.contains("permission ecs:DescribeServices")),
        "{started:?}"
    );
    ecs.says(Some(no("ThrottlingException", "Rate exceeded")));
    assert!(look(&ecs, DEPLOY, None).await.not_before.is_some());
    ecs.says(None);
    ecs.web.state().garbled = Some(no("ServerException", ""));
    ecs.web.state().garbled.as_mut().unwrap().status = 500;
    let started = doing(&ecs, DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::Unknown { .. }), "{started:?}");
    let missing = action(&format!("{}\n{DEPLOY}", ecs.keys(ecs.web.address).replace("shop-blue", "shop-red")), PATIENT);
    let said = missing.probe().await.expect_err("it is not there").to_string();
    assert!(said.contains("MISSING of service shop-red of cluster prod"), "{said}");
}

#[tokio::test]
async fn a_refusal_that_repeats_a_variable_is_told_without_it() {
    let ecs = Ecs::start();
    let message = "Invalid value hunter2-of-the-environment of LEVEL";
    ecs.web.state().garbled_register = Some(no("InvalidParameterException", message));
    let started = doing(&ecs, DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::Failed { why } if why.contains("Invalid value … of LEVEL")), "{started:?}");
}

#[tokio::test]
async fn what_ecs_does_not_deploy_is_not_deployed_here_and_nothing_is_cancelled() {
    let ecs = Ecs::start();
    let said = doing(&ecs, DEPLOY).cancel(&acting("fd-1-1"), "shop:2", &Open).await;
    assert!(matches!(&said, SetAnswer::NotSent(why) if why.contains("of the version before")), "{said:?}");
    ecs.web.state().service["deploymentController"] = json!({ "type": "CODE_DEPLOY" });
    let said = doing(&ecs, DEPLOY).describe(&acting("fd-1-1")).await.expect_err("not by ECS").to_string();
    assert!(said.contains("CODE_DEPLOY deploys the service"), "{said}");
    let started = doing(&ecs, DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    let other = DEPLOY.replace("\"shop\"", "\"app\"");
    ecs.web.state().service["deploymentController"] = json!({ "type": "ECS" });
    let said = doing(&ecs, &other).describe(&acting("fd-1-1")).await.expect_err("no such container").to_string();
    assert!(said.contains("shop:1 has no container app, it has shop"), "{said}");
}

#[tokio::test]
async fn moto_takes_the_same_requests() {
    const TARGET: &str = "AmazonEC2ContainerServiceV20141113";
    let moto = Moto::bare(&[("MOTO_ECS_SERVICE_RUNNING", "3")]);
    moto.ask_json("ecs", &format!("{TARGET}.CreateCluster"), &json!({ "clusterName": "prod" }));
    let container = json!({
        "name": "shop", "image": "registry.example.net/shop:2.4.0", "memory": 100,
        "environment": [{ "name": "LEVEL", "value": "info" }],
    });
    let definition = json!({ "family": "shop", "containerDefinitions": [container] });
    moto.ask_json("ecs", &format!("{TARGET}.RegisterTaskDefinition"), &definition);
    let service =
        json!({ "cluster": "prod", "serviceName": "shop-blue", "taskDefinition": "shop:1", "desiredCount": 3 });
    moto.ask_json("ecs", &format!("{TARGET}.CreateService"), &service);
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/prod/shop-blue", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1, "MaxCapacity": 9,
    });
    moto.ask_json("application-autoscaling", "AnyScaleFrontendService.RegisterScalableTarget", &target);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "[deploy]\naws_access_key_id = test\naws_secret_access_key = test-secret\n").unwrap();
    let doing = |act: &str| {
        let (at, file) = (moto.address, file.display());
        let keys = format!(
            "kind = \"ecs\"\nregion = \"eu-west-1\"\nendpoint = \"http://{at}\"\nprofile = \"deploy\"\n\
             credentials = \"{file}\"\ncluster = \"prod\"\nservice = \"shop-blue\"\n{act}"
        );
        action(&keys, PATIENT)
    };
    let there = || -> Value {
        let body = json!({ "cluster": "prod", "services": ["shop-blue"] });
        moto.ask_json("ecs", &format!("{TARGET}.DescribeServices"), &body)["services"][0].clone()
    };
    let description = doing(DEPLOY).describe(&acting("fd-1-1")).await.unwrap_or_else(|trouble| panic!("{trouble}"));
    assert!(description.differences[0].ends_with("shop:2.4.0 → registry.example.net/shop:2.5.0"));
    let started = doing(DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::Running { handle, .. } if handle == "shop:2"), "{started:?}");
    assert!(there()["taskDefinition"].as_str().unwrap().ends_with("shop:2"));
    let again = doing(DEPLOY).start(&acting("fd-1-1"), &Open).await;
    assert_eq!(again, started, "its key is found in the tags");

    let four = "do = \"scale\"\ncount = 4";
    let started = doing(four).start(&acting("fd-1-2"), &Open).await;
    assert!(matches!(started, Started::Running { .. }), "{started:?}");
    assert_eq!(there()["desiredCount"], 4);
    let started = doing(SUSPEND).start(&acting("fd-1-3"), &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(doing(SUSPEND).look(&acting("fd-1-3"), None).await.state, ActionState::Succeeded);
    let started = doing(RESUME).start(&acting("fd-1-4"), &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(doing(RESUME).look(&acting("fd-1-4"), None).await.state, ActionState::Succeeded);
}
