//! The kind `github-workflow`, against its contract and against what servers of two ages say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::domain::action::{ActionState, Started};
use serde_json::{Value, json};

use super::contract::{PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::web::{Asked, Said, Web};

const TOKEN: &str = "s3cr3t-of-actions";
const RUNS: &str = "/repos/acme/shop/actions/workflows/deploy.yml/runs";
const DISPATCHES: &str = "/repos/acme/shop/actions/workflows/deploy.yml/dispatches";

struct State {
    /// The key of each run and whether it was cancelled; its id is 1000 and its place.
    runs: Vec<(String, bool)>,
    stand: Stand,
    is_old: bool,
    waits: bool,
    says: Option<Said>,
    instead: Option<Said>,
    refuses_cancel: bool,
}

struct GitHub {
    web: Web<State>,
    folder: tempfile::TempDir,
}

impl GitHub {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let state = State {
            runs: Vec::new(),
            stand: Stand::Runs,
            is_old: false,
            waits: false,
            says: None,
            instead: None,
            refuses_cancel: false,
        };
        let web = Web::start(state, |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            let said = state.answer(asked);
            state.instead.clone().unwrap_or(said)
        });
        Self { web, folder }
    }

    fn keys(&self, at: SocketAddr) -> String {
        let token = self.folder.path().join("token");
        format!(
            r#"kind = "github-workflow"
at = "http://{at}"
repository = "acme/shop"
workflow = "deploy.yml"
ref = "v{{to}}"
inputs = {{ environment = "prod", pool = "{{pool}}" }}
correlate = "flightdeck"
token = {{ file = "{}" }}"#,
            token.display()
        )
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Said {
        if asked.header("authorization") != format!("Bearer {TOKEN}") || asked.header("user-agent").is_empty() {
            return Said::json(401, &json!({ "message": "Bad credentials" }));
        }
        let number = asked.route().split('/').nth(6).and_then(|id| id.parse::<usize>().ok());
        let place = number.and_then(|id| id.checked_sub(1000)).filter(|place| *place < self.runs.len());
        match (asked.method.as_str(), asked.route()) {
            ("POST", DISPATCHES) => self.dispatch(asked),
            ("GET", RUNS) => {
                // Somebody else's run is newer than any.
                let other =
                    json!({ "id": 9, "display_title": "deploy by hand fd-0000000000a1-11", "status": "completed" });
                let runs: Vec<Value> = (0..self.runs.len()).map(|place| self.run(place)).collect();
                let all: Vec<Value> = std::iter::once(other).chain(runs).collect();
                Said::json(200, &json!({ "workflow_runs": all }))
            }
            ("GET", "/repos/acme/shop/actions/workflows/deploy.yml") => Said::json(200, &json!({ "state": "active" })),
            ("GET", route) if route.ends_with("/jobs") => {
                let steps = json!([
                    { "name": "Check out", "status": "completed" },
                    { "name": "Roll out to blue", "status": "in_progress" },
                ]);
                Said::json(200, &json!({ "jobs": [{ "name": "deploy", "status": "in_progress", "steps": steps }] }))
            }
            ("POST", route) if route.ends_with("/cancel") && self.refuses_cancel => {
                Said::json(409, &json!({ "message": "Cannot cancel a workflow run that is completed." }))
            }
            ("POST", route) if route.ends_with("/cancel") => {
                self.runs[place.unwrap()].1 = true;
                Said::json(202, &json!({}))
            }
            ("GET", _) if place.is_some() => Said::json(200, &self.run(place.unwrap())),
            _ => Said::json(404, &json!({ "message": "Not Found" })),
        }
    }

    fn dispatch(&mut self, asked: &Asked) -> Said {
        let body = asked.json();
        let wants_run = body.get("return_run_details").is_some();
        if wants_run && self.is_old {
            return Said::json(400, &json!({ "message": "Invalid request. return_run_details is not permitted." }));
        }
        if body["ref"] != "v2.5.0" || body["inputs"]["environment"] != "prod" || body["inputs"]["pool"] != "blue" {
            return Said::json(422, &json!({ "message": "No ref found for: main" }));
        }
        self.runs.push((body["inputs"]["flightdeck"].as_str().unwrap().to_owned(), false));
        if !wants_run {
            return Said::text(204, "");
        }
        let id = 999 + self.runs.len();
        Said::json(
            200,
            &json!({ "workflow_run_id": id, "html_url": format!("https://github.com/acme/shop/actions/runs/{id}") }),
        )
    }

    fn run(&self, place: usize) -> Value {
        let (key, is_cancelled) = &self.runs[place];
        let (status, conclusion) = match self.stand {
            _ if *is_cancelled => ("completed", Some("cancelled")),
            Stand::Runs if self.waits => ("waiting", None),
            Stand::Runs => ("in_progress", None),
            Stand::Succeeded => ("completed", Some("success")),
            Stand::Failed => ("completed", Some("failure")),
        };
        let id = 1000 + place;
        json!({
            "id": id, "display_title": format!("deploy prod {key}"), "status": status, "conclusion": conclusion,
            "html_url": format!("https://github.com/acme/shop/actions/runs/{id}"),
        })
    }
}

impl Subject for GitHub {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(self.web.address), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(peer), timeout)
    }

    fn started(&self) -> Vec<String> {
        self.web.state().runs.iter().map(|(key, _)| key.clone()).collect()
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

    fn end(&self) {
        self.web.end();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }
}

contract!(github, GitHub::start());

#[tokio::test]
async fn an_older_server_is_asked_without_the_question_for_the_run_which_is_then_found_by_its_title() {
    let github = GitHub::start();
    github.web.state().is_old = true;
    let acting = acting("fd-0000000000a1-1");
    let started = github.action(PATIENT).start(&acting, &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    assert_eq!(github.started(), ["fd-0000000000a1-1"], "dispatched once");
    let seen = github.action(PATIENT).look(&acting, None).await;
    assert_eq!(seen.handle.as_deref(), Some("1000"), "and not the run of a key that begins alike");
}

#[tokio::test]
async fn a_run_tells_its_jobs_how_far_they_are_and_what_it_waits_for() {
    let github = GitHub::start();
    github.action(PATIENT).start(&acting("fd-1-1"), &Open).await;
    let seen = github.action(PATIENT).look(&acting("fd-1-1"), Some("1000")).await;
    assert_eq!(seen.state, ActionState::Running { percent: Some(50), waits_for: None });
    assert_eq!(seen.log, ["deploy in progress: Roll out to blue"]);
    github.web.state().waits = true;
    let seen = github.action(PATIENT).look(&acting("fd-1-1"), Some("1000")).await;
    let waits_for = Some("somebody's approval at GitHub".to_owned());
    assert_eq!(seen.state, ActionState::Running { percent: None, waits_for });
}
