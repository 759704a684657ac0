//! The canary of Kubernetes without routers, flown with the real adapter on an API server with a controller of Deployments:
//! 10 % of the pods, 50 %, all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use flightdeck::adapter::action::Action;
use flightdeck::domain::checklist::slug;
use flightdeck::domain::{ActionId, ItemId, Now, Outcome, StepId};
use flightdeck::flight::{Ask, Effect, Msg};
use flightdeck::profile::{ProfileFile, parse};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gesture};
use serde_json::{Value, json};

use crate::adapters::action::Open;
use crate::support::desk::Desk;
use crate::support::kube::{Cluster, access};

const PROFILE: &str = include_str!("seed_kubernetes.toml");
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/release-desk";

fn deployment() -> Value {
    json!({
        "metadata": { "name": "release-desk" },
        "spec": {
            "replicas": 10,
            "selector": { "matchLabels": { "app": "release-desk" } },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } },
            "template": {
                "metadata": { "labels": { "app": "release-desk" } },
                "spec": { "containers": [{ "name": "app", "image": "registry.example.net/release-desk:2.4.0" }] },
            },
        },
        "status": {},
    })
}

struct Flown {
    desk: Desk,
    cluster: Cluster,
}

impl Flown {
    fn open() -> Self {
        let cluster = Cluster::start(|api| api.deploy(DEPLOYMENT, deployment()));
        let keys = access(&cluster.place()).replace("\nnamespace = \"shop\"", "");
        let text = PROFILE.replace("context         = \"prod\"", &keys).replace("context    = \"prod\"", &keys);
        let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
        let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
        let actions: BTreeMap<ActionId, Arc<dyn Action>> =
            loaded.adapters.actions.iter().map(|(id, one)| (id.clone(), one.connect().unwrap())).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut desk = Desk::open_at(loaded.procedure, &[]);
        desk.system = Some(Box::new(move |now, effect| runtime.block_on(perform(&actions, now, effect))));
        Self { desk, cluster }
    }

    /// Has the next step's action worked out, and confirms it.
    fn start(&mut self) {
        self.desk.ask(Ask::DescribeAction);
        let confirmation = Confirmation::new(Gesture::Typed("release-desk".to_owned()), true);
        self.desk.ask(Ask::CompleteStep { confirmation, overrides: Vec::new() });
    }

    /// Lets the pods come up, and time pass until it is looked again.
    fn settle(&mut self) {
        self.cluster.web.state().settle(DEPLOYMENT);
        self.desk.pass(6_000);
    }

    fn is_done(&self, step: &str) -> bool {
        self.desk.flight.session.steps.contains_key(&StepId::from(slug(step).as_str()))
    }

    fn pods(&self) -> Vec<u64> {
        self.cluster.web.state().pods_of(DEPLOYMENT)
    }

    fn tick(&mut self, item: &str) {
        self.desk.ask(Ask::ToggleItem(ItemId::new(item.to_owned())));
    }
}

/// What the runtime does with effects of actions.
async fn perform(actions: &BTreeMap<ActionId, Arc<dyn Action>>, now: Now, effect: Effect) -> Option<Msg> {
    match effect {
        Effect::DescribeAction { request, action, acting } => {
            Some(Msg::ActionDescribed { request, result: actions[&action].describe(&acting).await })
        }
        Effect::StartAction(start) => {
            let started = actions[&start.action].start(&start.acting, &Open).await;
            Some(Msg::ActionAnswered { act: start.act, started })
        }
        Effect::LookAction(look) => {
            let seen = actions[&look.action].look(&look.acting, look.handle.as_deref()).await;
            Some(Msg::ActionLooked { request: look.request, act: look.act, began: now, look: Box::new(seen) })
        }
        Effect::CancelAction(cancel) => {
            let said = actions[&cancel.action].cancel(&cancel.acting, &cancel.handle, &Open).await;
            assert!(matches!(said, flightdeck::adapter::router::SetAnswer::Accepted), "{said:?}");
            Some(Msg::ActionCancelAnswered { act: cancel.act, outcome: Outcome::Accepted })
        }
        _ => None,
    }
}

#[test]
fn the_canary_goes_from_ten_percent_of_the_pods_to_half_of_them_to_all() {
    let mut flown = Flown::open();
    flown.start();
    flown.settle();
    assert!(flown.is_done("Replace pods one at a time"), "{}", flown.desk.said());

    flown.start();
    assert_eq!(flown.pods(), [10], "nobody has said that the database is backed up: {}", flown.desk.said());
    flown.tick("before/database-backed-up");
    flown.start();
    assert_eq!(flown.pods(), [10, 1], "{}", flown.desk.said());
    flown.settle();
    assert!(flown.is_done("10 % of pods") && !flown.is_done("50 % of pods"));
    flown.desk.pass(60_000);
    assert_eq!(flown.pods(), [10, 1], "it stands there until somebody says otherwise");

    flown.tick("verify/health-says-healthy");
    flown.start();
    flown.settle();
    assert!(flown.is_done("50 % of pods"), "{}", flown.desk.said());
    assert_eq!(flown.pods(), [10, 10], "half of all pods have the new template");

    flown.start();
    flown.settle();
    assert!(flown.is_done("All pods"), "{}", flown.desk.said());
    assert_eq!(flown.pods(), [0, 10]);

    let told: Vec<String> = flown
        .desk
        .events()
        .filter_map(|event| match event {
            Event::ActionEnded { action, log, .. } => Some(format!("{action}: {}", log.join("; "))),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 4);
    assert!(
        told[1].contains("1 of 11 pods have the new template, 9 % of the pods; that is not a share of the traffic")
    );
    assert_eq!(acts(&flown).len(), 4, "each act once: {:?}", acts(&flown));
}

#[test]
fn a_canary_that_is_cancelled_stops_with_the_pods_that_it_has() {
    let mut flown = Flown::open();
    flown.start();
    flown.settle();
    flown.tick("before/database-backed-up");
    flown.start();
    flown.desk.pass(1_000);
    let of = flown.desk.flight.session.action_in_flight().expect("it runs").act();
    flown.desk.ask(Ask::CancelAction { of, confirmation: Confirmation::new(Gesture::Key, true) });
    flown.desk.pass(6_000);
    assert!(flown.desk.flight.session.action_in_flight().is_none(), "{}", flown.desk.said());
    assert!(!flown.is_done("10 % of pods"));
    assert_eq!(flown.pods(), [10, 1]);
}

/// The keys of the acts that the Deployment has had.
fn acts(flown: &Flown) -> Vec<String> {
    let annotations = &flown.cluster.web.state().object(DEPLOYMENT)["metadata"]["annotations"].clone();
    annotations["flightdeck/acts"].as_str().unwrap().split_whitespace().map(str::to_owned).collect()
}
