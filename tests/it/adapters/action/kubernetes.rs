//! The kind `kubernetes`, against its contract and on an API server with a controller of Deployments.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::{Fence, SetAnswer};
use flightdeck::domain::action::{ActionLook, ActionState, Description, Started};
use serde_json::{Value, json};

use super::contract::{HASTY, PATIENT, Stand, Subject, contract};
use super::{Closed, Open, acting, action};
use crate::support::kube::{Cluster, READER, TOKEN, access, status};
use crate::support::web::{Asked, Said};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/shop";
const POD: &str = "/api/v1/namespaces/shop/pods/shop-1-a";
const SET_IMAGE: &str = "do = \"set-image\"\ncontainer = \"shop\"\nimage = \"registry.example.net/shop:{to}\"";
const PAUSE_AT: &str =
    "do = \"pause-at\"\ncontainer = \"shop\"\nimage = \"registry.example.net/shop:{to}\"\npods = \"10%\"";
const UNDO: &str = "do = \"undo\"";
const SCALE_TO_NOTHING: &str = "do = \"scale\"\nreplicas = 0\nends_way_back = true";

struct Kubernetes {
    cluster: Cluster,
    act: &'static str,
}

impl Kubernetes {
    /// Ten pods of 2.4.0 and a revision before.
    fn start(act: &'static str) -> Self {
        let cluster = Cluster::start(|api| {
            api.deploy(DEPLOYMENT, deployment("2.3.0", "warn"));
            api.edit(DEPLOYMENT, |object| object["spec"] = deployment("2.4.0", "info")["spec"].clone());
            api.roll(DEPLOYMENT);
            api.settle(DEPLOYMENT);
            api.create(POD, pod());
            let event = |name: &str, at: &str, message: &str| {
                (
                    format!("/api/v1/namespaces/shop/events/{name}"),
                    json!({
                        "metadata": { "name": name }, "involvedObject": { "kind": "Deployment", "name": "shop" },
                        "lastTimestamp": at, "message": message,
                    }),
                )
            };
            for (path, event) in [
                event("a", "2026-11-21T14:02:00Z", "Scaled up replica set shop-3 from 0 to 1"),
                event("b", "2026-11-21T14:01:00Z", "Scaled up replica set shop-2 from 0 to 10"),
            ] {
                api.create(&path, event);
            }
        });
        Self { cluster, act }
    }

    fn doing(&self, act: &str) -> Arc<dyn Action> {
        action(&format!("{}\n{act}", keys(&access(&self.cluster.place()))), PATIENT)
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        self.cluster.web.state().edit(DEPLOYMENT, change);
    }

    fn object(&self) -> Value {
        self.cluster.web.state().object(DEPLOYMENT).clone()
    }

    fn image(&self) -> String {
        self.object()["spec"]["template"]["spec"]["containers"][1]["image"].as_str().unwrap().to_owned()
    }

    fn settle(&self) {
        self.cluster.web.state().settle(DEPLOYMENT);
    }

    fn pods(&self) -> Vec<u64> {
        self.cluster.web.state().pods_of(DEPLOYMENT)
    }
}

fn keys(access: &str) -> String {
    format!("kind = \"kubernetes\"\n{access}\ndeployment = \"shop\"")
}

fn deployment(version: &str, level: &str) -> Value {
    json!({
        "metadata": { "name": "shop" },
        "spec": {
            "replicas": 10,
            "selector": { "matchLabels": { "app": "shop" } },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } },
            "template": {
                "metadata": { "labels": { "app": "shop" } },
                "spec": { "containers": [
                    { "name": "proxy", "image": "registry.example.net/proxy:1" },
                    {
                        "name": "shop", "image": format!("registry.example.net/shop:{version}"),
                        "env": [{ "name": "LEVEL", "value": level }],
                        "resources": { "requests": { "cpu": "250m" } },
                    },
                ] },
            },
        },
        "status": {},
    })
}

fn pod() -> Value {
    let id = "registry.example.net/shop@sha256:4a9c";
    json!({
        "metadata": { "name": "shop-1-a", "labels": { "app": "shop" } },
        "spec": { "containers": [
            { "name": "proxy", "image": "registry.example.net/proxy:1" },
            { "name": "shop", "image": "registry.example.net/shop:2.4.0" },
        ] },
        "status": { "containerStatuses": [{ "name": "shop", "imageID": id, "state": { "running": {} } }] },
    })
}

impl Subject for Kubernetes {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&format!("{}\n{}", keys(&access(&self.cluster.place())), self.act), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&format!("{}\n{}", keys(&access(&self.cluster.place_at(peer))), self.act), timeout)
    }

    fn started(&self) -> Vec<String> {
        let acts = self.object()["metadata"]["annotations"]["flightdeck/acts"].clone();
        acts.as_str().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    fn stands(&self, stand: Stand) {
        match stand {
            Stand::Runs => {}
            Stand::Succeeded => self.settle(),
            Stand::Failed => self.edit(|object| {
                object["status"]["conditions"] = json!([{
                    "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                    "message": "ReplicaSet \"shop-3\" has timed out progressing.",
                }]);
            }),
        }
    }

    fn says(&self, said: Option<Said>) {
        self.cluster.web.state().instead = said;
    }

    fn does_and_says(&self, said: Option<Said>) {
        self.cluster.web.state().garbled = said;
    }

    fn lets_cancel(&self, lets: bool) {
        let conflict = status(409, "Conflict", "the object has been modified");
        self.cluster.web.state().sick = (!lets).then_some(conflict);
    }

    fn asked(&self) -> Vec<Asked> {
        self.cluster.web.asked()
    }

    fn freeze(&self, is_frozen: bool) {
        if is_frozen {
            self.cluster.web.freeze_at(|asked| asked.method == "PATCH");
        } else {
            self.cluster.web.freeze(false);
        }
    }

    fn end(&self) {
        self.cluster.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn shown(&self) -> &'static str {
        "PATCH /apis/apps/v1/namespaces/shop/deployments/shop in context prod"
    }

    fn has_link(&self) -> bool {
        false
    }

    fn reads_first(&self) -> bool {
        true
    }
}

contract!(set_image, Kubernetes::start(SET_IMAGE));
contract!(once, Kubernetes::start(SET_IMAGE), a_key_is_started_once);
contract!(
    pause_at,
    Kubernetes::start(PAUSE_AT),
    is_described_without_being_started,
    runs_to_a_good_end,
    a_key_is_started_once,
    a_refusal_is_a_no_and_nothing_was_started,
    asked_too_often_it_keeps_away,
    a_closed_fence_sends_nothing,
    nobody_there_sends_nothing,
    what_never_arrived_is_absent,
    is_cancelled,
    nonsense_is_never_an_end,
    shows_no_secret_and_nothing_personal,
);

/// Starts an act, and gives what it is asked about by.
async fn start(kubernetes: &Kubernetes, act: &str, key: &str) -> String {
    match kubernetes.doing(act).start(&acting(key), &Open).await {
        Started::Running { handle, .. } => handle,
        other => panic!("{act}: {other:?}"),
    }
}

async fn look(kubernetes: &Kubernetes, act: &str, key: &str, handle: &str) -> ActionLook {
    kubernetes.doing(act).look(&acting(key), Some(handle)).await
}

async fn described(kubernetes: &Kubernetes, act: &str) -> Description {
    kubernetes.doing(act).describe(&acting("fd-1-1")).await.unwrap_or_else(|trouble| panic!("{trouble}"))
}

fn why(state: &ActionState) -> &str {
    let ActionState::Failed { why } = state else { panic!("{state:?}") };
    why
}

#[tokio::test]
async fn a_rollout_tells_how_far_it_is_what_it_waits_for_and_what_the_cluster_says() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let handle = start(&kubernetes, SET_IMAGE, "fd-1-1").await;
    assert_eq!(kubernetes.image(), "registry.example.net/shop:2.5.0");
    kubernetes.cluster.web.state().edit(POD, |pod| {
        pod["status"]["containerStatuses"][0]["state"] =
            json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image for ana@example.com" } });
    });
    let seen = look(&kubernetes, SET_IMAGE, "fd-1-1", &handle).await;
    let ActionState::Running { percent: Some(percent), waits_for: Some(waits_for) } = &seen.state else {
        panic!("{seen:?}")
    };
    assert!(*percent < 60 && waits_for.contains("of 10 pods to be updated"), "{seen:?}");
    assert_eq!(seen.log[0], "Scaled up replica set shop-2 from 0 to 10");
    let last = seen.log.last().unwrap();
    assert!(last.starts_with("pod shop-1-a: ImagePullBackOff Back-off") && !last.contains("ana@"), "{last}");
    kubernetes.settle();
    assert_eq!(look(&kubernetes, SET_IMAGE, "fd-1-1", &handle).await.state, ActionState::Succeeded);
    assert_eq!(kubernetes.pods(), [0, 0, 10]);
}

#[tokio::test]
async fn it_pauses_at_a_share_of_pods_goes_on_to_half_and_to_the_end() {
    let kubernetes = Kubernetes::start(PAUSE_AT);
    let notes = described(&kubernetes, PAUSE_AT).await.notes.join("\n");
    assert!(notes.contains("10 % of its pods, not of the traffic: 1 new beside 10, 1 of 11 pods"), "{notes}");
    let handle = start(&kubernetes, PAUSE_AT, "fd-1-1").await;
    assert_eq!((kubernetes.object()["spec"]["paused"].clone(), kubernetes.pods()), (json!(true), vec![0, 10, 1]));
    let seen = look(&kubernetes, PAUSE_AT, "fd-1-1", &handle).await;
    assert!(matches!(seen.state, ActionState::Running { .. }), "{seen:?}");
    kubernetes.settle();
    assert_eq!(kubernetes.pods(), [0, 10, 1], "it goes no further, however ready it is");
    let seen = look(&kubernetes, PAUSE_AT, "fd-1-1", &handle).await;
    assert_eq!(seen.state, ActionState::Succeeded);
    let said = "1 of 11 pods have the new template, 9 % of the pods; that is not a share of the traffic";
    assert_eq!(seen.log.last().unwrap(), said);

    let half = PAUSE_AT.replace("10%", "50%");
    let handle = start(&kubernetes, &half, "fd-1-2").await;
    kubernetes.settle();
    assert_eq!(look(&kubernetes, &half, "fd-1-2", &handle).await.state, ActionState::Succeeded);
    let pods = kubernetes.pods();
    assert!(pods[2] * 2 >= pods.iter().sum::<u64>(), "{pods:?}");

    let handle = start(&kubernetes, "do = \"resume\"", "fd-1-3").await;
    kubernetes.settle();
    assert_eq!(look(&kubernetes, "do = \"resume\"", "fd-1-3", &handle).await.state, ActionState::Succeeded);
    assert_eq!(kubernetes.pods(), [0, 0, 10]);
    assert_eq!(kubernetes.started(), ["fd-1-1", "fd-1-2", "fd-1-3"]);
}

#[tokio::test]
async fn a_paused_canary_is_undone_in_one_act() {
    let kubernetes = Kubernetes::start(PAUSE_AT);
    start(&kubernetes, PAUSE_AT, "fd-1-1").await;
    kubernetes.settle();
    let description = described(&kubernetes, UNDO).await;
    let differences = description.differences.join("\n");
    assert!(differences.contains("image of shop: registry.example.net/shop:2.5.0 → registry.example.net/shop:2.4.0"));
    assert!(description.requests.iter().any(|line| line == "  /spec/template: as it was in revision 2"));
    let handle = start(&kubernetes, UNDO, "fd-1-2").await;
    kubernetes.settle();
    assert_eq!(look(&kubernetes, UNDO, "fd-1-2", &handle).await.state, ActionState::Succeeded);
    assert_eq!(kubernetes.image(), "registry.example.net/shop:2.4.0");
    assert_eq!(kubernetes.pods(), [0, 0, 10], "the old template is the newest revision again");
}

#[tokio::test]
async fn a_refusal_that_repeats_a_variable_is_told_without_it() {
    let kubernetes = Kubernetes::start(UNDO);
    let message = "spec.template.spec.containers[1].env[0].value: Invalid value: \"warn\"";
    kubernetes.cluster.web.state().sick = Some(status(422, "Invalid", message));
    let started = kubernetes.doing(UNDO).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::Failed { why } if why.contains("Invalid value: \"…\"")), "{started:?}");
}

#[tokio::test]
async fn a_pause_that_could_not_be_sent_is_told_and_the_next_act_pauses_it() {
    /// Lets one request out.
    struct Once(AtomicUsize);

    impl Fence for Once {
        fn may_send(&self) -> Result<(), String> {
            let sent = self.0.fetch_add(1, Ordering::SeqCst);
            if sent == 0 { Ok(()) } else { Err("its deadline was over before it could be sent".to_owned()) }
        }
    }

    let kubernetes = Kubernetes::start(PAUSE_AT);
    let started = kubernetes.doing(PAUSE_AT).start(&acting("fd-1-1"), &Once(AtomicUsize::new(0))).await;
    let Started::Running { handle, .. } = started else { panic!("{started:?}") };
    let seen = look(&kubernetes, PAUSE_AT, "fd-1-1", &handle).await;
    assert!(why(&seen.state).contains("it is not paused: 1 of 11 pods"), "{seen:?}");
    let handle = start(&kubernetes, PAUSE_AT, "fd-1-2").await;
    kubernetes.settle();
    assert_eq!(look(&kubernetes, PAUSE_AT, "fd-1-2", &handle).await.state, ActionState::Succeeded);
    assert_eq!(kubernetes.pods(), [0, 10, 1]);
}

#[tokio::test]
async fn a_lost_answer_to_a_canary_is_looked_after_at_once_so_that_it_pauses_all_the_same() {
    let kubernetes = Kubernetes::start(PAUSE_AT);
    kubernetes.does_and_says(Some(Said::text(502, "Bad Gateway")));
    let started = kubernetes.doing(PAUSE_AT).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(started, Started::Running { .. }), "{started:?}");
    assert_eq!((kubernetes.object()["spec"]["paused"].clone(), kubernetes.pods()), (json!(true), vec![0, 10, 1]));
}

#[tokio::test]
async fn a_canary_that_was_taken_too_late_to_be_paused_is_told_to_go_on() {
    let kubernetes = Kubernetes::start(PAUSE_AT);
    kubernetes.freeze(true);
    let started = kubernetes.action(HASTY).start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    kubernetes.freeze(false);
    let until = Instant::now() + PATIENT;
    let seen = loop {
        let seen = kubernetes.doing(PAUSE_AT).look(&acting("fd-1-1"), None).await;
        if seen.handle.is_some() || Instant::now() > until {
            break seen;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(why(&seen.state).contains("it goes on to all of them"), "{seen:?}");
}

#[tokio::test]
async fn a_new_pod_that_does_not_come_up_ends_the_canary() {
    let kubernetes = Kubernetes::start(PAUSE_AT);
    let handle = start(&kubernetes, PAUSE_AT, "fd-1-1").await;
    kubernetes.cluster.web.state().edit(POD, |pod| {
        pod["status"]["containerStatuses"][0]["state"] = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    });
    let seen = look(&kubernetes, PAUSE_AT, "fd-1-1", &handle).await;
    assert!(matches!(seen.state, ActionState::Running { .. }), "an old pod says nothing of the new ones: {seen:?}");
    kubernetes.cluster.web.state().edit(POD, |pod| {
        pod["spec"]["containers"][1]["image"] = json!("registry.example.net/shop:2.5.0");
    });
    let seen = look(&kubernetes, PAUSE_AT, "fd-1-1", &handle).await;
    assert!(why(&seen.state).contains("pod shop-1-a: CrashLoopBackOff"), "{seen:?}");
}

#[tokio::test]
async fn what_was_shown_must_still_be_so() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let action = kubernetes.doing(SET_IMAGE);
    action.describe(&acting("fd-1-1")).await.unwrap();
    // An autoscaler is none of its business.
    kubernetes.edit(|object| object["spec"]["replicas"] = json!(12));
    kubernetes.edit(|object| object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("proxy:2"));
    let started = action.start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("since it was shown")), "{started:?}");
    action.describe(&acting("fd-1-2")).await.unwrap();
    kubernetes.edit(|object| object["spec"]["replicas"] = json!(10));
    let started = action.start(&acting("fd-1-2"), &Open).await;
    assert!(matches!(started, Started::Running { .. }), "{started:?}");
}

#[tokio::test]
async fn a_busy_controller_is_waited_out_and_whoever_else_writes_is_told() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    kubernetes.cluster.web.state().busy = 3;
    let handle = start(&kubernetes, SET_IMAGE, "fd-1-1").await;
    assert_eq!(kubernetes.started(), ["fd-1-1"]);
    kubernetes.edit(|object| object["spec"]["template"]["spec"]["containers"][1]["image"] = json!("shop:hotfix"));
    let seen = look(&kubernetes, SET_IMAGE, "fd-1-1", &handle).await;
    assert!(why(&seen.state).contains("another template since: registry.example.net/proxy:1, shop:hotfix"), "{seen:?}");
    kubernetes.cluster.web.state().busy = 30;
    let started = kubernetes.doing(SET_IMAGE).start(&acting("fd-1-2"), &Open).await;
    assert!(matches!(&started, Started::Failed { why } if why.contains("others keep writing it")), "{started:?}");
}

#[tokio::test]
async fn it_scales_and_says_who_scaled_since() {
    let kubernetes = Kubernetes::start(SCALE_TO_NOTHING);
    assert!(described(&kubernetes, SCALE_TO_NOTHING).await.differences.contains(&"replicas: 10 → 0".to_owned()));
    let handle = start(&kubernetes, SCALE_TO_NOTHING, "fd-1-1").await;
    kubernetes.settle();
    assert_eq!(look(&kubernetes, SCALE_TO_NOTHING, "fd-1-1", &handle).await.state, ActionState::Succeeded);
    assert_eq!(kubernetes.pods(), [0, 0]);
    let three = "do = \"scale\"\nreplicas = 3";
    let handle = start(&kubernetes, three, "fd-1-2").await;
    let seen = look(&kubernetes, three, "fd-1-2", &handle).await;
    assert!(matches!(seen.state, ActionState::Running { percent: Some(0), .. }), "{seen:?}");
    kubernetes.edit(|object| object["spec"]["replicas"] = json!(5));
    kubernetes.cluster.web.state().roll(DEPLOYMENT);
    let seen = look(&kubernetes, three, "fd-1-2", &handle).await;
    assert!(why(&seen.state).contains("set it to 5 since"), "{seen:?}");
}

#[tokio::test]
async fn strategy_and_pause_are_what_they_say() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let strategy = "do = \"strategy\"\nmax_surge = 1\nmax_unavailable = \"0%\"";
    let handle = start(&kubernetes, strategy, "fd-1-1").await;
    let rolling = json!({ "maxSurge": 1, "maxUnavailable": "0%" });
    assert_eq!(kubernetes.object()["spec"]["strategy"]["rollingUpdate"], rolling);
    assert_eq!(look(&kubernetes, strategy, "fd-1-1", &handle).await.state, ActionState::Succeeded);
    let handle = start(&kubernetes, "do = \"strategy\"\nmax_surge = \"50%\"", "fd-1-2").await;
    assert_eq!(kubernetes.object()["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], "0%", "it stays");
    assert!(why(&look(&kubernetes, strategy, "fd-1-1", &handle).await.state).contains("another strategy"));

    let handle = start(&kubernetes, "do = \"pause\"", "fd-1-3").await;
    assert_eq!(look(&kubernetes, "do = \"pause\"", "fd-1-3", &handle).await.state, ActionState::Succeeded);
    let notes = described(&kubernetes, SET_IMAGE).await.notes.join("\n");
    assert!(notes.contains("nothing is rolled out until it is resumed"), "{notes}");
    let handle = start(&kubernetes, SET_IMAGE, "fd-1-4").await;
    let seen = look(&kubernetes, SET_IMAGE, "fd-1-4", &handle).await;
    let waits_for = "somebody to resume it: it is paused with 0 of 10 pods updated".to_owned();
    assert_eq!(seen.state, ActionState::Running { percent: Some(0), waits_for: Some(waits_for) });
}

#[tokio::test]
async fn what_differs_is_told_by_name_with_the_digest_that_runs() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    assert_eq!(
        described(&kubernetes, SET_IMAGE).await.differences,
        [
            "image of proxy: registry.example.net/proxy:1, the same",
            "image of shop: registry.example.net/shop:2.4.0 → registry.example.net/shop:2.5.0",
            "digest of shop now: sha256:4a9c",
            "variables of shop: LEVEL, the same",
            "cpu of shop: 250m, the same",
            "replicas: 10, the same",
        ]
    );
    let undone = described(&kubernetes, UNDO).await.differences.join("\n");
    assert!(undone.contains("variables of shop: of another value LEVEL") && !undone.contains("warn"), "{undone}");
}

#[tokio::test]
async fn what_does_not_fit_the_deployment_is_said_before_anything_is_sent() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let said = |act: String, to: &str| {
        let action = kubernetes.doing(&act);
        let acting = flightdeck::domain::action::Acting { to_version: to.to_owned(), ..acting("fd-1-1") };
        async move { action.describe(&acting).await.expect_err("it does not fit").to_string() }
    };
    let other = said(SET_IMAGE.replace("\"shop\"", "\"app\""), "2.5.0").await;
    assert!(other.contains("no container app, it has proxy, shop"), "{other}");
    let odd = said(SET_IMAGE.to_owned(), "2.5 beta").await;
    assert!(odd.contains("is no image"), "{odd}");
    kubernetes.edit(|object| object["spec"]["replicas"] = json!(0));
    let none = said(PAUSE_AT.to_owned(), "2.5.0").await;
    assert!(none.contains("scaled to 0"), "{none}");
    let first = Cluster::start(|api| api.deploy(DEPLOYMENT, deployment("2.4.0", "info")));
    let undo = action(&format!("{}\n{UNDO}", keys(&access(&first.place()))), PATIENT);
    let said = undo.describe(&acting("fd-1-1")).await.expect_err("there is none before").to_string();
    assert!(said.contains("no revision before its 1"), "{said}");
    assert_eq!(kubernetes.started(), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_may_only_read_is_told_so_before() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let place = kubernetes.cluster.place_of(&json!({ "token": READER }));
    let action = action(&format!("{}\n{SET_IMAGE}", keys(&access(&place))), PATIENT);
    let trouble = action.probe().await.expect_err("it may not patch").to_string();
    assert!(trouble.contains("may not patch") && trouble.contains("deployments.apps"), "{trouble}");
    let started = action.start(&acting("fd-1-1"), &Open).await;
    assert!(matches!(&started, Started::Failed { why } if why.contains("403")), "{started:?}");
    let probed = kubernetes.doing(SET_IMAGE).probe().await.unwrap();
    assert_eq!(probed, "Deployment shop has 10 pods; nothing is changed now");
}

#[tokio::test]
async fn what_cannot_be_cancelled_says_so_and_what_was_cancelled_stops_where_it_is() {
    let kubernetes = Kubernetes::start(SET_IMAGE);
    let handle = start(&kubernetes, SET_IMAGE, "fd-1-1").await;
    let said = kubernetes.doing(SET_IMAGE).cancel(&acting("fd-1-1"), &handle, &Closed).await;
    assert!(matches!(said, SetAnswer::NotSent(_)), "{said:?}");
    let said = kubernetes.doing(SET_IMAGE).cancel(&acting("fd-1-1"), &handle, &Open).await;
    assert!(matches!(said, SetAnswer::Accepted), "{said:?}");
    let pods = kubernetes.pods();
    kubernetes.settle();
    assert_eq!(kubernetes.pods(), pods, "nothing more is rolled out");
    let seen = look(&kubernetes, SET_IMAGE, "fd-1-1", &handle).await;
    assert!(why(&seen.state).starts_with("cancelled: it is paused with"), "{seen:?}");
    kubernetes.edit(|object| object["spec"]["template"]["spec"]["containers"][1]["image"] = json!("shop:hotfix"));
    kubernetes.edit(|object| object["spec"]["paused"] = json!(false));
    let said = kubernetes.doing(SET_IMAGE).cancel(&acting("fd-1-1"), &handle, &Open).await;
    assert!(matches!(said, SetAnswer::NotSent(_)), "what runs now is somebody else's: {said:?}");
}
