//! The kind `argocd-sync`, against its contract and against an application that has one place for an operation.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::SetAnswer;
use flightdeck::domain::action::{ActionState, Started};
use serde_json::{Value, json};

use super::contract::{PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::web::{Asked, Said, Web};

const TOKEN: &str = "s3cr3t-of-syncs";
const KEY: &str = "fd-0000000000a1-1";
const PATH: &str = "/api/v1/applications/shop";

struct State {
    /// The application, with the operation that runs or ran last.
    application: Value,
    /// The keys of all operations that were taken, in order.
    taken: Vec<String>,
    health: &'static str,
    stand: Stand,
    is_terminated: bool,
    says: Option<Said>,
    instead: Option<Said>,
    refuses_cancel: bool,
}

struct ArgoCd {
    web: Web<State>,
    folder: tempfile::TempDir,
    healthy: bool,
}

impl ArgoCd {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let application = json!({
            "metadata": { "name": "shop", "namespace": "argocd" }, "spec": { "project": "payments" },
            "status": {
                "sync": { "status": "OutOfSync", "revision": "4a9c1f0e5b7d2c3a8f6e1d0b9c8a7f6e5d4c3b2a" },
                "health": { "status": "Healthy" },
                "summary": { "images": ["registry.example.net/shop:2.4.0", "registry.example.net/envoy:1.30"] },
                "resources": [
                    { "kind": "Deployment", "name": "shop", "status": "OutOfSync" },
                    { "kind": "Service", "name": "shop", "status": "Synced" },
                    { "kind": "ConfigMap", "name": "old", "status": "OutOfSync", "requiresPruning": true },
                ],
            },
        });
        let state = State {
            application,
            taken: Vec::new(),
            health: "Healthy",
            stand: Stand::Runs,
            is_terminated: false,
            says: None,
            instead: None,
            refuses_cancel: false,
        };
        let web = Web::start(state, |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            let said = state.answer(asked);
            state.instead.clone().filter(|_| asked.method != "GET").unwrap_or(said)
        });
        Self { web, folder, healthy: false }
    }

    /// The same, followed until the application is healthy.
    fn followed() -> Self {
        Self { healthy: true, ..Self::start() }
    }

    fn keys(&self, at: SocketAddr) -> String {
        let token = self.folder.path().join("token");
        let healthy = if self.healthy { "" } else { "healthy = false\n" };
        format!(
            "kind = \"argocd-sync\"\nat = \"http://{at}\"\napplication = \"shop\"\nproject = \"payments\"\n\
             revision = \"v{{to}}\"\nimages = [\"registry.example.net/shop:{{to}}\"]\n{healthy}\
             token = {{ file = \"{}\" }}",
            token.display()
        )
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Said {
        let no = |status: u16, code: u32, message: &str| {
            Said::json(status, &json!({ "error": message, "code": code, "message": message }))
        };
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return no(401, 16, "no session information");
        }
        // Without a project even an application that is not there is forbidden.
        if !asked.path.contains("project=payments") {
            return no(403, 7, "permission denied");
        }
        match (asked.method.as_str(), asked.route()) {
            ("GET", PATH) => Said::json(200, &self.application()),
            ("POST", route) if route == format!("{PATH}/sync") => self.sync(asked),
            ("DELETE", route) if route == format!("{PATH}/operation") => {
                if self.refuses_cancel || !self.is_busy() {
                    return no(400, 9, "Unable to terminate operation. No operation is in progress");
                }
                self.is_terminated = true;
                Said::json(200, &json!({}))
            }
            _ => no(404, 5, "applications.argoproj.io \"other\" not found"),
        }
    }

    fn is_busy(&self) -> bool {
        self.application["status"]["operationState"].is_object() && self.stand == Stand::Runs && !self.is_terminated
    }

    fn sync(&mut self, asked: &Asked) -> Said {
        let body = asked.json();
        let no = |message: &str| Said::json(400, &json!({ "error": message, "code": 9, "message": message }));
        if self.is_busy() {
            return no("another operation is already in progress");
        }
        if body["revision"] != "v2.5.0" || body["project"] != "payments" || body["prune"] != false {
            return no("cannot sync to that revision");
        }
        self.taken.push(body["infos"][0]["value"].as_str().unwrap().to_owned());
        self.is_terminated = false;
        let operation = json!({ "info": body["infos"], "sync": { "revision": body["revision"] } });
        self.application["status"]["operationState"] =
            json!({ "operation": operation, "startedAt": format!("2026-11-21T14:00:{:02}Z", self.taken.len()) });
        let mut taken = self.application.clone();
        taken["operation"] = operation;
        Said::json(200, &taken)
    }

    /// The application as it stands now.
    fn application(&self) -> Value {
        let mut application = self.application.clone();
        let state = &mut application["status"]["operationState"];
        if state.is_object() {
            let (phase, message) = match self.stand {
                _ if self.is_terminated => ("Failed", "Operation terminated"),
                Stand::Runs => ("Running", "waiting for completion of hook batch/Job/migrate"),
                Stand::Succeeded => ("Succeeded", "successfully synced (all tasks run)"),
                Stand::Failed => ("Failed", "one or more objects failed to apply"),
            };
            (state["phase"], state["message"]) = (json!(phase), json!(message));
            state["syncResult"] = json!({ "resources": [
                { "kind": "Deployment", "name": "shop", "status": "Synced", "message": "deployment.apps/shop configured" },
            ] });
        }
        application["status"]["health"]["status"] = json!(self.health);
        application
    }
}

impl Subject for ArgoCd {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(self.web.address), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(peer), timeout)
    }

    fn started(&self) -> Vec<String> {
        self.web.state().taken.clone()
    }

    fn stands(&self, stand: Stand) {
        self.web.state().stand = stand;
    }

    fn says(&self, said: Option<Said>) {
        self.web.state().says = said;
    }

    fn does_and_says(&self, said: Option<Said>) {
        self.web.state().instead = said;
    }

    fn lets_cancel(&self, lets: bool) {
        self.web.state().refuses_cancel = !lets;
    }

    fn asked(&self) -> Vec<Asked> {
        self.web.asked()
    }

    fn freeze(&self, is_frozen: bool) {
        self.web.freeze(is_frozen);
    }

    fn freeze_writes(&self, is_frozen: bool) {
        self.web.freeze_writes(is_frozen);
    }

    fn end(&self) {
        self.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn refuses_cancel_by(&self) -> u16 {
        400
    }
}

// What never arrived is another matter here, and has tests of its own: an application keeps its last operation only.
contract!(
    argocd,
    ArgoCd::start(),
    is_described_without_being_started,
    runs_to_a_good_end,
    runs_to_a_bad_end_and_says_why,
    a_refusal_is_a_no_and_nothing_was_started,
    asked_too_often_it_keeps_away,
    a_closed_fence_sends_nothing,
    nobody_there_sends_nothing,
    no_answer_is_unknown_and_found_again_by_its_key,
    a_failing_gateway_after_the_effect_is_unknown_and_found_again,
    is_cancelled,
    a_refused_cancel_is_a_no,
    nonsense_is_never_an_end,
    shows_no_secret_and_nothing_personal,
);

#[tokio::test]
async fn what_never_arrived_is_absent_as_far_as_that_can_be_told_and_else_lost() {
    let argocd = ArgoCd::start();
    let seen = argocd.action(PATIENT).look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "there never was an operation: {seen:?}");
    argocd.stands(Stand::Succeeded);
    argocd.action(PATIENT).start(&acting("fd-by-hand-1"), &Open).await;
    let action = argocd.action(PATIENT);
    action.describe(&acting(KEY)).await.unwrap();
    let seen = action.look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "it is still the one that was there before: {seen:?}");
    let seen = argocd.action(PATIENT).look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Lost { .. }), "who did not see it before cannot tell: {seen:?}");
    // Another one took the place after this one.
    action.start(&acting(KEY), &Open).await;
    action.start(&acting("fd-by-hand-2"), &Open).await;
    for handle in [None, Some(KEY)] {
        let seen = action.look(&acting(KEY), handle).await;
        assert!(matches!(seen.state, ActionState::Lost { .. }), "{seen:?}");
        assert_eq!(seen.handle, None);
    }
}

#[tokio::test]
async fn what_differs_is_revision_images_and_what_is_out_of_sync() {
    let argocd = ArgoCd::start();
    let description = argocd.action(PATIENT).describe(&acting(KEY)).await.unwrap();
    assert_eq!(
        description.differences,
        [
            "revision: 4a9c1f0 → v2.5.0",
            "image registry.example.net/shop: 2.4.0 → 2.5.0",
            "Deployment shop is out of sync",
            "ConfigMap old is no longer in git",
        ]
    );
    assert!(description.notes.is_empty(), "{description:?}");
}

#[tokio::test]
async fn an_operation_in_progress_is_said_beforehand_and_refused() {
    let argocd = ArgoCd::start();
    argocd.action(PATIENT).start(&acting("fd-by-hand-1"), &Open).await;
    argocd.web.state().application["spec"]["syncPolicy"] = json!({ "automated": { "selfHeal": true } });
    let description = argocd.action(PATIENT).describe(&acting(KEY)).await.unwrap();
    let notes = description.notes.join("\n");
    assert!(notes.contains("under way") && notes.contains("syncs it by itself"), "{notes}");
    let started = argocd.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Failed { why } if why.contains("already in progress")), "{started:?}");
    assert_eq!(argocd.started(), ["fd-by-hand-1"]);
}

#[tokio::test]
async fn only_its_own_operation_is_given_up() {
    let argocd = ArgoCd::start();
    argocd.action(PATIENT).start(&acting("fd-by-hand-1"), &Open).await;
    let said = argocd.action(PATIENT).cancel(&acting(KEY), KEY, &Open).await;
    assert!(matches!(said, SetAnswer::NotSent(_)), "{said:?}");
    argocd.stands(Stand::Succeeded);
    argocd.action(PATIENT).start(&acting(KEY), &Open).await;
    let said = argocd.action(PATIENT).cancel(&acting(KEY), KEY, &Open).await;
    assert!(matches!(&said, SetAnswer::NotSent(why) if why == "it is over"), "{said:?}");
    assert!(argocd.asked().iter().all(|asked| asked.method != "DELETE"));
}

#[tokio::test]
async fn it_is_over_when_it_is_healthy_for_two_looks_in_a_row() {
    let argocd = ArgoCd::followed();
    let action = argocd.action(PATIENT);
    action.start(&acting(KEY), &Open).await;
    let waits = async |part: &str| {
        let seen = action.look(&acting(KEY), Some(KEY)).await;
        let is_it = matches!(&seen.state, ActionState::Running { waits_for: Some(what), .. } if what.contains(part));
        assert!(is_it, "{part}: {seen:?}");
        seen
    };
    let seen = waits("hook batch/Job/migrate").await;
    assert!(seen.log.contains(&"Deployment shop: Synced deployment.apps/shop configured".to_owned()), "{seen:?}");
    assert_eq!(seen.link, Some(format!("http://{}/applications/argocd/shop", argocd.web.address)));
    argocd.stands(Stand::Succeeded);
    waits("to stay healthy").await;
    // It flickers: what was healthy before does not count for what is healthy again.
    argocd.web.state().health = "Progressing";
    waits("progressing").await;
    argocd.web.state().health = "Suspended";
    waits("resume").await;
    argocd.web.state().health = "Degraded";
    waits("degraded").await;
    argocd.web.state().health = "Healthy";
    waits("to stay healthy").await;
    let seen = action.look(&acting(KEY), Some(KEY)).await;
    assert_eq!(seen.state, ActionState::Succeeded);
}

#[tokio::test]
async fn one_that_stays_degraded_came_to_a_bad_end_also_where_another_operation_follows() {
    let argocd = ArgoCd::followed();
    let action = argocd.action(PATIENT);
    action.start(&acting(KEY), &Open).await;
    argocd.stands(Stand::Succeeded);
    argocd.web.state().health = "Degraded";
    action.look(&acting(KEY), Some(KEY)).await;
    argocd.action(PATIENT).start(&acting("fd-by-hand-1"), &Open).await;
    action.look(&acting(KEY), Some(KEY)).await;
    let seen = action.look(&acting(KEY), Some(KEY)).await;
    assert_eq!(seen.state, ActionState::Failed { why: "it is synced, and degraded".to_owned() });
}
