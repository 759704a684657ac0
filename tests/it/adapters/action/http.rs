//! The kind `http`, against its contract and against what such systems really say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::domain::action::{ActionState, Started};
use serde_json::{Value, json};

use super::contract::{PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::web::{Asked, Said, Web};

const TOKEN: &str = "s3cr3t-of-deploys";

struct State {
    /// Key and whether it was cancelled; its number is its place.
    runs: Vec<(String, bool)>,
    stand: Stand,
    says: Option<Said>,
    instead: Option<Said>,
    refuses_cancel: bool,
    address: String,
}

/// A system that takes the same key once, as its documentation says.
struct Deploys {
    web: Web<State>,
    folder: tempfile::TempDir,
}

impl Deploys {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let state = State {
            runs: Vec::new(),
            stand: Stand::Runs,
            says: None,
            instead: None,
            refuses_cancel: false,
            address: String::new(),
        };
        let web = Web::start(state, |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            let said = state.answer(asked);
            state.instead.clone().unwrap_or(said)
        });
        web.state().address = web.address.to_string();
        Self { web, folder }
    }

    fn keys(&self, at: SocketAddr) -> String {
        let token = self.folder.path().join("token");
        format!(
            r#"kind = "http"
at = "http://{at}"
token = {{ file = "{}" }}
start = {{ path = "/deployments", body = '{{"version": "{{to}}", "pool": "{{pool}}"}}' }}
handle = "/id"
link = "/url"
find = {{ path = "/deployments?key={{key}}", handle = "/0/id" }}
cancel = {{ path = "/deployments/{{handle}}/cancel" }}
compare = {{ path = "/running?pool={{pool}}", values = {{ version = "/version", image = "/image" }}, coming = {{ version = "{{to}}" }} }}
[action.look]
path = "/deployments/{{handle}}"
state = "/status"
running = ["queued", "running"]
succeeded = ["done"]
failed = ["failed", "cancelled"]
percent = "/percent"
why = "/why"
log = "/log""#,
            token.display()
        )
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Said {
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return Said::json(401, &json!({ "message": "who asks?" }));
        }
        let parts: Vec<&str> = asked.route().trim_matches('/').split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["deployments"]) => {
                let key = asked.header("idempotency-key").to_owned();
                if asked.json()["version"] != "2.5.0" || asked.json()["pool"] != "blue" || key.is_empty() {
                    return Said::json(422, &json!({ "message": "version, pool and key are wanted" }));
                }
                if !self.runs.iter().any(|(known, _)| *known == key) {
                    self.runs.push((key.clone(), false));
                }
                let number = self.runs.iter().position(|(known, _)| *known == key).unwrap();
                Said::json(201, &self.run(number))
            }
            ("GET", ["deployments"]) => {
                let key = asked.path.split_once("key=").map_or("", |(_, key)| key);
                let found = self.runs.iter().position(|(known, _)| known == key);
                Said::json(200, &Value::from(found.map(|number| self.run(number)).into_iter().collect::<Vec<_>>()))
            }
            ("GET", ["deployments", number]) => match number.parse::<usize>() {
                Ok(number) if number > 0 && number <= self.runs.len() => Said::json(200, &self.run(number - 1)),
                _ => Said::json(404, &json!({ "message": "no such deployment" })),
            },
            ("POST", ["deployments", _, "cancel"]) if self.refuses_cancel => {
                Said::json(409, &json!({ "message": "it is past that" }))
            }
            ("POST", ["deployments", number, "cancel"]) => {
                self.runs[number.parse::<usize>().unwrap() - 1].1 = true;
                Said::json(202, &json!({}))
            }
            ("GET", ["running"]) => Said::json(200, &json!({ "version": "2.4.0", "image": "shop@sha256:aa" })),
            _ => Said::json(404, &json!({ "message": "no such address" })),
        }
    }

    fn run(&self, number: usize) -> Value {
        let status = match self.stand {
            _ if self.runs[number].1 => "cancelled",
            Stand::Runs => "running",
            Stand::Succeeded => "done",
            Stand::Failed => "failed",
        };
        json!({
            "id": number + 1,
            "url": format!("http://{}/deployments/{}", self.address, number + 1),
            "status": status,
            "percent": 40.7,
            "why": "no such image",
            "log": ["pulling", "mail ana@example.com", "card 4111111111111111"],
        })
    }
}

impl Subject for Deploys {
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

contract!(http, Deploys::start());

#[tokio::test]
async fn what_differs_between_running_and_coming_is_told_before_it_is_started() {
    let deploys = Deploys::start();
    let description = deploys.action(PATIENT).describe(&acting("k")).await.unwrap();
    assert_eq!(description.differences, ["version: 2.4.0 → 2.5.0", "image: shop@sha256:aa now"]);
    let without = acting("k");
    let without = flightdeck::domain::action::Acting { to_version: String::new(), ..without };
    let trouble = deploys.action(PATIENT).describe(&without).await.expect_err("no version is said");
    assert!(trouble.to_string().contains("--to VERSION"), "{trouble}");
    assert!(matches!(deploys.action(PATIENT).start(&without, &Open).await, Started::NotSent { .. }));
}

#[tokio::test]
async fn a_run_tells_how_far_it_is_and_its_last_lines_masked() {
    let deploys = Deploys::start();
    deploys.action(PATIENT).start(&acting("k"), &Open).await;
    let seen = deploys.action(PATIENT).look(&acting("k"), Some("1")).await;
    assert_eq!(seen.state, ActionState::Running { percent: Some(40), waits_for: None });
    assert_eq!(seen.log, ["pulling", "mail ‹email›", "card ••••1111"]);
}

#[tokio::test]
async fn the_same_key_is_taken_once() {
    let deploys = Deploys::start();
    for _ in 0..2 {
        let started = deploys.action(PATIENT).start(&acting("k"), &Open).await;
        assert!(matches!(&started, Started::Running { handle, .. } if handle == "1"), "{started:?}");
    }
    assert_eq!(deploys.started(), ["k"]);
}

#[tokio::test]
async fn a_request_that_nothing_follows_is_over_with_its_answer_and_lost_without_one() {
    let deploys = Deploys::start();
    let keys = deploys.keys(deploys.web.address);
    let keys: Vec<&str> = keys.lines().take(4).collect();
    let one = action(&keys.join("\n"), PATIENT);
    let description = one.describe(&acting("k")).await.unwrap();
    assert_eq!(description.notes, ["its answer is its end: nothing tells how it goes on"]);
    assert!(matches!(one.start(&acting("k"), &Open).await, Started::Done { words } if words.starts_with("201")));
    assert!(matches!(one.look(&acting("k"), None).await.state, ActionState::Lost { .. }));
}
