//! The kind `octopus-release`, against its contract and against a server that keeps the rules of releases and deployments.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::domain::action::{Acting, ActionState, Started};
use serde_json::json;

use super::contract::{PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::octopus::{KEY as TOKEN, Server};
use crate::support::web::{Asked, Said, Web};

const KEY: &str = "fd-0000000000a1-1";

struct State {
    server: Server,
    says: Option<Said>,
    instead: Option<Said>,
    /// Only the answer to what is asked for at this path is another one.
    instead_at: &'static str,
    refuses_cancel: bool,
}

struct Octopus {
    web: Web<State>,
    folder: tempfile::TempDir,
}

impl Octopus {
    /// Release 2.5.0 is there, and 2.4.0 is deployed.
    fn start() -> Self {
        let octopus = Self::without_release();
        let mut state = octopus.web.state();
        state.server.release("2.5.0");
        let made = state.server.releases.last_mut().unwrap();
        made.packages = packages("2.5.0", "7");
        drop(state);
        octopus
    }

    fn without_release() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let mut server = Server::new();
        server.release("2.4.0");
        server.releases.last_mut().unwrap().packages = packages("2.4.0", "7");
        server.deploy("2.4.0");
        server.is_quick = false;
        let state = State { server, says: None, instead: None, instead_at: "", refuses_cancel: false };
        let web = Web::start(state, |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            if state.refuses_cancel && asked.route().ends_with("/cancel") {
                return Said::json(400, &json!({ "ErrorMessage": "The task is not running.", "Errors": [] }));
            }
            let said = state.server.answer(asked);
            let is_meant = asked.method != "GET" && asked.route().ends_with(state.instead_at);
            state.instead.clone().filter(|_| is_meant).unwrap_or(said)
        });
        Self { web, folder }
    }

    fn keys(&self, at: SocketAddr) -> String {
        let token = self.folder.path().join("token");
        format!(
            "kind = \"octopus-release\"\nat = \"http://{at}\"\nproject = \"Bridge Routing\"\nenvironment = \"prod\"\n\
             packages = {{ \"Deploy web\" = \"{{to}}\", \"Run migration:tool\" = \"7\" }}\ntoken = {{ file = \"{}\" }}",
            token.display()
        )
    }

    fn task(&self, change: impl FnOnce(&mut crate::support::octopus::Deployment)) {
        change(self.web.state().server.deployments.last_mut().unwrap());
    }
}

fn packages(web: &str, tool: &str) -> serde_json::Value {
    json!([
        { "ActionName": "Deploy web", "PackageReferenceName": "", "Version": web },
        { "ActionName": "Run migration", "PackageReferenceName": "tool", "Version": tool },
    ])
}

impl Subject for Octopus {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(self.web.address), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(peer), timeout)
    }

    fn started(&self) -> Vec<String> {
        let state = self.web.state();
        let comments = state.server.deployments.iter().map(|each| each.comments.replace("flightdeck ", ""));
        comments.filter(|key| !key.is_empty()).collect()
    }

    fn stands(&self, stand: Stand) {
        let mut state = self.web.state();
        let end = match stand {
            Stand::Runs => return,
            Stand::Succeeded => "Success",
            Stand::Failed => "Failed",
        };
        let running = state.server.deployments.iter().filter(|each| each.ended.is_none());
        let running: Vec<String> = running.map(|each| each.task.clone()).collect();
        for task in running {
            state.server.end(&task, end);
        }
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

    fn reads_first(&self) -> bool {
        true
    }

    fn refuses_cancel_by(&self) -> u16 {
        400
    }
}

contract!(octopus, Octopus::start());

#[tokio::test]
async fn a_release_that_is_not_there_is_made_with_its_packages_and_deployed() {
    let octopus = Octopus::without_release();
    let description = octopus.action(PATIENT).describe(&acting(KEY)).await.unwrap();
    assert_eq!(
        description.differences,
        ["release: 2.4.0 → 2.5.0", "package Deploy web: 2.4.0 → 2.5.0", "package Run migration:tool: 7, the same"]
    );
    let requests = description.requests.join("\n");
    for part in
        ["/api/Spaces-1/releases\n", "channel: Release", "package Deploy web: 2.5.0", "/api/Spaces-1/deployments\n"]
    {
        assert!(requests.contains(part), "{part}: {requests}");
    }
    let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
    let Started::Running { handle, link } = started else { panic!("{started:?}") };
    assert_eq!(handle, "Spaces-1/ServerTasks-3");
    assert_eq!(link, Some(format!("http://{}/app#/Spaces-1/tasks/ServerTasks-3", octopus.web.address)));
    let state = octopus.web.state();
    let made = state.server.releases.last().unwrap();
    assert_eq!((made.version.as_str(), made.notes.as_str()), ("2.5.0", "flightdeck fd-0000000000a1-1"));
    assert_eq!(made.packages, packages("2.5.0", "7"));
    drop(state);
    assert_eq!(octopus.started(), [KEY]);
}

#[tokio::test]
async fn the_same_key_is_deployed_once() {
    let octopus = Octopus::without_release();
    for _ in 0..2 {
        let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
        assert!(
            matches!(&started, Started::Running { handle, .. } if handle == "Spaces-1/ServerTasks-3"),
            "{started:?}"
        );
    }
    assert_eq!(octopus.started(), [KEY]);
}

#[tokio::test]
async fn what_a_lifecycle_began_by_itself_is_not_begun_again() {
    let octopus = Octopus::without_release();
    octopus.web.state().server.deploys_itself = true;
    let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Running { handle, .. } if handle == "Spaces-1/ServerTasks-3"), "{started:?}");
    assert_eq!(octopus.web.state().server.deployments.len(), 3);
    let seen = octopus.action(PATIENT).look(&acting(KEY), None).await;
    assert_eq!(seen.handle.as_deref(), Some("Spaces-1/ServerTasks-3"), "found by the notes of its release");
}

#[tokio::test]
async fn a_release_whose_making_was_not_answered_is_looked_for_and_deployed_where_it_is_there() {
    let octopus = Octopus::without_release();
    octopus.web.state().instead_at = "/releases";
    octopus.does_and_says(Some(Said::text(502, "Bad Gateway")));
    let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Running { .. }), "{started:?}");
    assert_eq!(octopus.started(), [KEY]);
    // Where it is not there, nothing is deployed.
    let octopus = Octopus::without_release();
    octopus.freeze_writes(true);
    let started = octopus.action(super::contract::HASTY).start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Unknown { why } if why.contains("nothing was deployed")), "{started:?}");
    octopus.freeze_writes(false);
    let seen = octopus.action(PATIENT).look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
}

#[tokio::test]
async fn a_deployment_that_is_refused_after_its_release_was_made_says_both() {
    let octopus = Octopus::without_release();
    octopus.web.state().server.lacks.insert(TOKEN.to_owned(), vec!["DeploymentCreate"]);
    let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
    let Started::Failed { why } = &started else { panic!("{started:?}") };
    assert!(why.starts_with("made release 2.5.0, and then") && why.contains("DeploymentCreate"), "{why}");
}

#[tokio::test]
async fn a_release_with_other_packages_is_not_taken_for_it() {
    let octopus = Octopus::start();
    octopus.web.state().server.releases.last_mut().unwrap().packages = packages("2.4.9", "7");
    let trouble = octopus.action(PATIENT).describe(&acting(KEY)).await.expect_err("it is another one");
    assert!(trouble.to_string().contains("Deploy web 2.4.9, not 2.5.0"), "{trouble}");
    let started = octopus.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    assert!(octopus.started().is_empty());
}

#[tokio::test]
async fn what_the_profile_names_and_is_not_there_is_said_with_what_is() {
    let octopus = Octopus::without_release();
    for (was, now, part) in [
        ("Deploy web", "Deploy wbe", "there are: Deploy web, Run migration:tool"),
        ("\"prod\"", "\"live\"", "this account sees"),
        ("Bridge Routing", "Bridge Ruoting", "this account sees"),
    ] {
        let action = action(&octopus.keys(octopus.web.address).replace(was, now), PATIENT);
        let trouble = action.describe(&acting(KEY)).await.expect_err(part);
        assert!(trouble.to_string().contains(part), "{part}: {trouble}");
    }
    octopus.web.state().server.project = json!({ "IsVersionControlled": true });
    let trouble = octopus.action(PATIENT).describe(&acting(KEY)).await.expect_err("its process is in git");
    assert!(trouble.to_string().contains("make the release beforehand"), "{trouble}");
    octopus.web.state().server.project = json!({ "IsDisabled": true });
    let trouble = octopus.action(PATIENT).describe(&acting(KEY)).await.expect_err("it is disabled");
    assert!(trouble.to_string().contains("disabled"), "{trouble}");
    let unsaid = Acting { to_version: String::new(), ..acting(KEY) };
    assert!(octopus.action(PATIENT).describe(&unsaid).await.is_err());
}

#[tokio::test]
async fn a_task_tells_how_far_it_is_its_last_lines_and_whom_it_waits_for() {
    let octopus = Octopus::start();
    let action = octopus.action(PATIENT);
    action.start(&acting(KEY), &Open).await;
    octopus.task(|task| {
        task.percent = 40;
        task.log = vec!["pulling".to_owned(), "mail ana@example.com".to_owned()];
    });
    let look = async || action.look(&acting(KEY), Some("Spaces-1/ServerTasks-3")).await;
    let seen = look().await;
    assert_eq!(seen.state, ActionState::Running { percent: Some(40), waits_for: None });
    assert_eq!(seen.log, ["pulling", "mail ‹email›"]);
    octopus.task(|task| task.question = Some("Approve the deployment to prod".to_owned()));
    let waits = |what: &str| ActionState::Running { percent: Some(40), waits_for: Some(what.to_owned()) };
    assert_eq!(look().await.state, waits("somebody's decision at Octopus: Approve the deployment to prod"));
    octopus.task(|task| (task.question, task.state) = (None, "Cancelling"));
    assert_eq!(look().await.state, waits("the step that runs to end"));
    octopus.task(|task| task.state = "TimedOut");
    assert_eq!(look().await.state, ActionState::Failed { why: "it took too long".to_owned() });
}

#[tokio::test]
async fn one_behind_another_is_said_beforehand_and_while_it_waits() {
    let octopus = Octopus::start();
    octopus.web.state().server.deploy("2.4.0");
    let action = octopus.action(PATIENT);
    let description = action.describe(&acting(KEY)).await.unwrap();
    assert!(description.notes.iter().any(|note| note.contains("waits until it is over")), "{description:?}");
    action.start(&acting(KEY), &Open).await;
    let seen = action.look(&acting(KEY), None).await;
    let is_it =
        matches!(&seen.state, ActionState::Running { waits_for: Some(what), .. } if what.contains("another task"));
    assert!(is_it, "{seen:?}");
}
