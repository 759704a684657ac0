//! The kind `azure-containers`, against its contract and against a fake of Azure that tells no secret and loses those that it
//! is not given.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::action::Action;
use flightdeck::domain::action::{Acting, ActionState, Started};
use serde_json::{Value, json};

use super::contract::{HASTY, PATIENT, Stand, Subject, contract};
use super::{Open, acting, action};
use crate::support::web::{Asked, Said, Web};

const TOKEN: &str = "eyCONTAINERSHUNTER2";
const PASSWORD: &str = "s3cr3t-of-the-registry";
const KEY: &str = "fd-0000000000a1-1";
const GROUPS: &str = "/subscriptions/0-1/resourceGroups/shop/providers/Microsoft.ContainerInstance/containerGroups/";

struct State {
    /// By name, as they were sent.
    groups: BTreeMap<String, Value>,
    /// The keys of all that were made, in order.
    made: Vec<String>,
    stand: Stand,
    now: &'static str,
    says: Option<Said>,
    instead: Option<Said>,
}

struct Azure {
    web: Web<State>,
    folder: tempfile::TempDir,
}

impl Azure {
    /// Group `shop-green` runs 2.4.0 with secrets; there is no `shop-blue`.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
        let green = json!({
            "location": "westeurope", "tags": { "team": "shop" },
            "identity": { "type": "UserAssigned", "userAssignedIdentities": { "/id/one": { "clientId": "1" } } },
            "properties": {
                "osType": "Linux", "restartPolicy": "Always",
                "containers": [
                    { "name": "web", "properties": {
                        "image": "shop.azurecr.io/shop:2.4.0", "ports": [{ "port": 80 }],
                        "resources": { "requests": { "cpu": 1.0, "memoryInGB": 1.5 } },
                        "environmentVariables": [
                            { "name": "MODE", "value": "hush-value" }, { "name": "DB_PASSWORD", "secureValue": "old" },
                        ],
                    } },
                    { "name": "proxy", "properties": { "image": "envoy:1.30" } },
                ],
                "imageRegistryCredentials": [{ "server": "shop.azurecr.io", "username": "u", "password": "p" }],
                "ipAddress": { "type": "Public", "ip": "20.0.0.1", "dnsNameLabel": "shop-green", "ports": [{ "port": 80 }] },
            },
        });
        let state = State {
            groups: BTreeMap::from([("shop-green".to_owned(), green)]),
            made: Vec::new(),
            stand: Stand::Runs,
            now: "Running",
            says: None,
            instead: None,
        };
        let web = Web::start(state, |state: &mut State, asked: &Asked| {
            if let Some(said) = &state.says {
                return said.clone();
            }
            let said = state.answer(asked);
            state.instead.clone().filter(|_| asked.method != "GET").unwrap_or(said)
        });
        Self { web, folder }
    }

    fn place(&self, at: SocketAddr) -> String {
        format!(
            "kind = \"azure-containers\"\nat = \"http://{at}\"\nsubscription = \"0-1\"\nresource_group = \"shop\"\n\
             token = {{ file = \"{}\" }}\n",
            self.folder.path().join("token").display()
        )
    }

    fn keys(&self, at: SocketAddr) -> String {
        let password = self.folder.path().join("password").display().to_string();
        format!(
            "{}group = \"shop-{{pool}}\"\nlike = \"shop-green\"\ndoes = \"replace\"\n\
             image = \"shop.azurecr.io/shop:{{to}}\"\ncontainer = \"web\"\n\
             [action.secrets]\nDB_PASSWORD = {{ file = \"{password}\" }}\n\"shop.azurecr.io\" = {{ file = \"{password}\" }}",
            self.place(at)
        )
    }

    /// An action on `shop-green` that makes nothing.
    fn turns(&self, does: &str) -> Arc<dyn Action> {
        let further = if does == "delete" { "ends_way_back = true\n" } else { "" };
        let keys = format!("{}{further}group = \"shop-green\"\ndoes = \"{does}\"", self.place(self.web.address));
        action(&keys, PATIENT)
    }

    fn group(&self, name: &str) -> Value {
        self.web.state().groups.get(name).cloned().unwrap_or_default()
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Said {
        let no = |status: u16, code: &str, message: &str| {
            Said::json(status, &json!({ "error": { "code": code, "message": message } }))
        };
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return no(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.");
        }
        if !asked.path.contains("?api-version=2023-05-01") {
            return no(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
        }
        let Some(rest) = asked.route().strip_prefix(GROUPS) else {
            return no(404, "ResourceGroupNotFound", "The resource group could not be found.");
        };
        let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
        let is_there = self.groups.contains_key(name);
        match (asked.method.as_str(), below) {
            ("PUT", "") => self.put(name, asked.json()),
            ("DELETE", "") if !is_there => Said::text(204, ""),
            (_, _) if !is_there => no(404, "ResourceNotFound", "The Resource was not found."),
            ("GET", "") => Said::json(200, &self.told(name)),
            ("GET", "containers/web/logs") => {
                Said::json(200, &json!({ "content": "listening on 80\nmail ana@example.com\n" }))
            }
            ("POST", "start") => {
                self.now = "Running";
                Said::text(202, "")
            }
            ("POST", "stop") => {
                self.now = "Stopped";
                Said::text(204, "")
            }
            ("DELETE", "") => {
                self.groups.remove(name);
                Said::text(202, "")
            }
            _ => no(404, "NotFound", "There is no such thing."),
        }
    }

    fn put(&mut self, name: &str, sent: Value) -> Said {
        let no = |code: &str, why: &str| Said::json(400, &json!({ "error": { "code": code, "message": why } }));
        let properties = &sent["properties"];
        if sent["location"].is_null() || properties["osType"].is_null() {
            return no("InvalidRequestContent", "location and osType are required.");
        }
        for given in ["provisioningState", "instanceView"] {
            if !properties[given].is_null() {
                return no("ReadOnlyProperty", given);
            }
        }
        if properties["imageRegistryCredentials"][0]["password"].is_null() {
            return no("InvalidImageRegistryCredential", "The password is missing.");
        }
        let label = &properties["ipAddress"]["dnsNameLabel"];
        let is_taken = |(other, group): (&String, &Value)| {
            other != name && group["properties"]["ipAddress"]["dnsNameLabel"] == *label
        };
        if !label.is_null() && self.groups.iter().any(is_taken) {
            return no("DnsNameLabelInUse", "The DNS name label is in use.");
        }
        if let Some(key) = sent["tags"]["flightdeck"].as_str() {
            self.made.push(key.to_owned());
        }
        let is_new = self.groups.insert(name.to_owned(), sent).is_none();
        Said::json(if is_new { 201 } else { 200 }, &self.told(name))
    }

    /// What Azure tells of a group: everything but secrets.
    fn told(&self, name: &str) -> Value {
        let mut group = self.groups[name].clone();
        (group["name"], group["id"]) = (json!(name), json!(format!("{GROUPS}{name}")));
        let (provisioning, now) = match self.stand {
            Stand::Runs if self.groups[name]["tags"]["flightdeck"].is_string() => ("Creating", "Pending"),
            Stand::Failed => ("Failed", "Pending"),
            Stand::Runs | Stand::Succeeded => ("Succeeded", self.now),
        };
        let properties = &mut group["properties"];
        properties["provisioningState"] = json!(provisioning);
        let event = json!({
            "name": "Pulling", "message": "pulling for ana@example.com", "lastTimestamp": "2026-11-21T14:00:00Z",
        });
        properties["instanceView"] = json!({ "state": now, "events": [event] });
        for container in properties["containers"].as_array_mut().unwrap() {
            let own = &mut container["properties"];
            own["instanceView"] = json!({ "currentState": { "state": "Running" } });
            for variable in own["environmentVariables"].as_array_mut().into_iter().flatten() {
                variable.as_object_mut().unwrap().remove("secureValue");
            }
        }
        for login in properties["imageRegistryCredentials"].as_array_mut().into_iter().flatten() {
            login.as_object_mut().unwrap().remove("password");
        }
        group
    }
}

impl Subject for Azure {
    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(self.web.address), timeout)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(peer), timeout)
    }

    fn started(&self) -> Vec<String> {
        self.web.state().made.clone()
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

    fn lets_cancel(&self, _lets: bool) {}

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

    fn has_link(&self) -> bool {
        false
    }
}

// Azure cannot be asked to give up what it makes.
contract!(
    azure,
    Azure::start(),
    is_described_without_being_started,
    runs_to_a_good_end,
    runs_to_a_bad_end_and_says_why,
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

#[tokio::test]
async fn a_group_is_made_like_the_one_that_runs_with_another_image_and_the_secrets_that_azure_does_not_tell() {
    let azure = Azure::start();
    let action = azure.action(PATIENT);
    let description = action.describe(&acting(KEY)).await.unwrap();
    assert_eq!(
        description.differences,
        [
            "web image: none → shop.azurecr.io/shop:2.5.0",
            "web CPU: none → 1",
            "web memory: none → 1.5 GB",
            "web variables added: MODE, DB_PASSWORD",
            "proxy image: none → envoy:1.30",
        ]
    );
    let told = format!("{description:?}");
    assert!(told.contains("DB_PASSWORD: from file ") && !told.contains("hush-value"), "{told}");
    let started = action.start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Running { handle, .. } if handle == KEY), "{started:?}");
    let made = azure.group("shop-blue");
    assert_eq!(made["tags"], json!({ "team": "shop", "flightdeck": KEY }));
    assert_eq!(made["identity"]["userAssignedIdentities"], json!({ "/id/one": {} }));
    let web = &made["properties"]["containers"][0]["properties"];
    assert_eq!(web["image"], "shop.azurecr.io/shop:2.5.0");
    assert_eq!(web["environmentVariables"][0]["value"], "hush-value");
    assert_eq!(web["environmentVariables"][1]["secureValue"], PASSWORD);
    assert_eq!(made["properties"]["imageRegistryCredentials"][0]["password"], PASSWORD);
    let address = &made["properties"]["ipAddress"];
    assert!(address["ip"].is_null() && address["dnsNameLabel"].is_null(), "they belong to the other one: {address}");
}

#[tokio::test]
async fn the_same_key_is_made_once_and_another_image_is_a_difference() {
    let azure = Azure::start();
    for _ in 0..2 {
        let started = azure.action(PATIENT).start(&acting(KEY), &Open).await;
        assert!(matches!(started, Started::Running { .. }), "{started:?}");
    }
    assert_eq!(azure.started(), [KEY]);
    azure.stands(Stand::Succeeded);
    let next = Acting { to_version: "2.6.0".to_owned(), ..acting("fd-0000000000a1-2") };
    let description = azure.action(PATIENT).describe(&next).await.unwrap();
    assert_eq!(
        description.differences,
        ["web image: shop.azurecr.io/shop:2.5.0 → shop.azurecr.io/shop:2.6.0", "proxy image: envoy:1.30, the same"]
    );
    azure.action(PATIENT).start(&next, &Open).await;
    let seen = azure.action(PATIENT).look(&acting(KEY), Some(KEY)).await;
    assert!(matches!(seen.state, ActionState::Lost { .. }), "it was made anew since: {seen:?}");
}

#[tokio::test]
async fn secrets_that_nobody_names_and_containers_that_are_not_clear_are_said_and_nothing_is_sent() {
    let azure = Azure::start();
    let keys = azure.keys(azure.web.address);
    for (was, now, part) in [
        ("DB_PASSWORD =", "OTHER =", "secrets that Azure does not tell: DB_PASSWORD"),
        ("container = \"web\"", "", "web, proxy; name it by `container`"),
        ("like = \"shop-green\"", "like = \"shop-red\"", "there is no container group shop-red"),
    ] {
        let action = action(&keys.replace(was, now), PATIENT);
        let trouble = action.describe(&acting(KEY)).await.expect_err(part);
        assert!(trouble.to_string().contains(part), "{part}: {trouble}");
        let started = action.start(&acting(KEY), &Open).await;
        assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    }
    assert!(azure.started().is_empty());
}

#[tokio::test]
async fn a_refusal_that_repeats_a_secret_is_shown_without_it() {
    let azure = Azure::start();
    let message = format!("the password {PASSWORD} of ana@example.com is wrong");
    let said = json!({ "error": { "code": "InvalidImageRegistryCredential", "message": message } });
    azure.does_and_says(Some(Said::json(400, &said)));
    let started = azure.action(PATIENT).start(&acting(KEY), &Open).await;
    let Started::Failed { why } = &started else { panic!("{started:?}") };
    assert!(why.contains("the password … of ‹email› is wrong"), "{why}");
}

#[tokio::test]
async fn a_group_that_changed_since_it_was_shown_is_not_made_like_that() {
    let azure = Azure::start();
    let action = azure.action(PATIENT);
    action.describe(&acting(KEY)).await.unwrap();
    azure.web.state().groups.get_mut("shop-green").unwrap()["properties"]["restartPolicy"] = json!("Never");
    let started = action.start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("look at it again")), "{started:?}");
    assert!(azure.started().is_empty());
}

#[tokio::test]
async fn a_group_tells_what_happens_to_it_masked() {
    let azure = Azure::start();
    let action = azure.action(PATIENT);
    action.start(&acting(KEY), &Open).await;
    let seen = action.look(&acting(KEY), Some(KEY)).await;
    assert!(matches!(seen.state, ActionState::Running { waits_for: Some(_), .. }), "{seen:?}");
    assert_eq!(seen.log, ["Pulling: pulling for ‹email›", "listening on 80", "mail ‹email›"]);
    azure.stands(Stand::Failed);
    let seen = action.look(&acting(KEY), Some(KEY)).await;
    let why = "Azure could not make it: Pulling: pulling for ‹email›".to_owned();
    assert_eq!(seen.state, ActionState::Failed { why });
    azure.web.state().groups.clear();
    let seen = action.look(&acting(KEY), Some(KEY)).await;
    assert!(matches!(seen.state, ActionState::Failed { .. }), "{seen:?}");
}

#[tokio::test]
async fn a_group_is_stopped_and_started_and_not_asked_for_twice() {
    let azure = Azure::start();
    let (stop, start) = (azure.turns("stop"), azure.turns("start"));
    let description = stop.describe(&acting(KEY)).await.unwrap();
    assert_eq!(description.differences, ["container group shop-green: Running → Stopped"]);
    assert!(description.requests[0].ends_with("containerGroups/shop-green/stop"), "{description:?}");
    assert!(matches!(start.start(&acting(KEY), &Open).await, Started::Done { .. }), "it runs already");
    let seen = stop.look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
    assert!(matches!(stop.start(&acting(KEY), &Open).await, Started::Running { .. }));
    assert_eq!(stop.look(&acting(KEY), Some(KEY)).await.state, ActionState::Succeeded);
    assert!(matches!(stop.start(&acting(KEY), &Open).await, Started::Done { .. }));
    // A lost answer is told by the state.
    azure.does_and_says(Some(Said::text(502, "Bad Gateway")));
    assert!(matches!(start.start(&acting(KEY), &Open).await, Started::Unknown { .. }));
    azure.does_and_says(None);
    assert_eq!(start.look(&acting(KEY), None).await.state, ActionState::Succeeded);
    let writes: Vec<String> =
        azure.asked().into_iter().filter(|asked| asked.method == "POST").map(|asked| asked.path).collect();
    assert_eq!(writes.len(), 2, "{writes:?}");
}

#[tokio::test]
async fn a_group_is_deleted_once_and_what_is_gone_is_a_good_end() {
    let azure = Azure::start();
    let delete = azure.turns("delete");
    let description = delete.describe(&acting(KEY)).await.unwrap();
    assert_eq!(
        description.differences,
        [
            "container group shop-green: Running → gone",
            "web image: shop.azurecr.io/shop:2.4.0 → none",
            "proxy image: envoy:1.30 → none",
        ]
    );
    azure.web.freeze_writes(true);
    let hasty =
        format!("{}ends_way_back = true\ngroup = \"shop-green\"\ndoes = \"delete\"", azure.place(azure.web.address));
    let started = action(&hasty, HASTY).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    let seen = delete.look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
    azure.web.freeze_writes(false);
    let started = delete.start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Running { .. } | Started::Done { .. }), "{started:?}");
    assert_eq!(delete.look(&acting(KEY), Some(KEY)).await.state, ActionState::Succeeded);
    let started = delete.start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Done { words } if words.contains("is not there")), "{started:?}");
}
