//! Azure Traffic Manager against the contract, and what only it has. The service is a fake that keeps the real one's rules.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::traffic_manager::{Application, Config, Identity, TrafficManager};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::reading::Health;
use flightdeck::domain::{BasisPoints, PoolId, Target, TroubleKind, Weights};
use serde_json::json;

use super::router::{Gate, PATIENT, Subject, contract, first_two, of, read};
use crate::support::azure::{Azure, SECRET, TOKEN, VIEWER, start};
use crate::support::web::Web;

contract!(traffic_manager, Fixture::start());

contract!(
    traffic_manager_asks_who_it_is,
    Fixture::start(),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);

#[tokio::test]
async fn the_new_one_is_enabled_before_the_old_one_is_disabled() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&green(10_000), Some(&reading)).unwrap();
    let at = format!("http://{}", fixture.web.address);
    let path = "/subscriptions/0-1/resourceGroups/edge/providers/Microsoft.Network/trafficmanagerprofiles/shop";
    assert_eq!(
        prepared.requests,
        [
            format!(
                "PATCH {at}{path}/ExternalEndpoints/green?api-version=2022-04-01 \
                 {{\"properties\":{{\"endpointStatus\":\"Enabled\",\"weight\":1000}}}}"
            ),
            format!(
                "PATCH {at}{path}/ExternalEndpoints/blue?api-version=2022-04-01 \
                 {{\"properties\":{{\"endpointStatus\":\"Disabled\"}}}}"
            ),
        ]
    );
    let gate = Gate::hooked(|| {
        assert!(fixture.really().values().any(|weight| *weight > 0), "never is nothing enabled");
        Ok(())
    });
    assert_eq!(router.set(&prepared, Some(&reading.native), &gate).await, SetAnswer::Accepted);
    assert_eq!(gate.asked(), 2, "the fence is asked before every write");
    let sent: Vec<String> = fixture
        .web
        .asked()
        .iter()
        .filter(|asked| asked.method != "GET")
        .map(|asked| format!("PATCH {at}{} {}", asked.path, String::from_utf8_lossy(&asked.body)))
        .collect();
    assert_eq!(sent, prepared.requests, "what was shown was sent");
    assert_eq!(fixture.web.state().endpoint("green")["priority"], 1, "and nothing else was changed");
}

#[tokio::test]
async fn a_split_that_is_put_back_enables_first_as_well() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let before = read(&router).await.native;
    let forward = router.prepare(&green(10_000), Some(&read(&router).await)).unwrap();
    assert_eq!(router.set(&forward, None, &Gate::open()).await, SetAnswer::Accepted);
    let back = router.prepare(&Target::Native(before), None).unwrap();
    assert!(back.requests[0].contains("/blue?") && back.requests[0].contains("Enabled"), "{back:?}");
    assert!(back.requests[1].contains("/green?") && back.requests[1].contains("Disabled"), "{back:?}");
}

#[tokio::test]
async fn what_was_done_before_a_no_is_said() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(3_000), Some(&read(&router).await)).unwrap();
    let asked = AtomicU32::new(0);
    let gate = Gate::hooked(|| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(()),
        _ => Err("the deadline has passed".to_owned()),
    });
    assert_eq!(
        router.set(&prepared, None, &gate).await,
        SetAnswer::Failed(
            "ExternalEndpoints/green is enabled with 300, and then: the deadline has passed; the split is neither the old \
             nor the new one"
                .to_owned()
        )
    );
    assert_eq!(fixture.really().values().copied().collect::<Vec<_>>(), [1_000, 300]);
}

#[tokio::test]
async fn the_old_one_stays_when_the_new_one_was_not_enabled_after_all() {
    let fixture = Fixture::start();
    fixture.web.state().stuck = Some("green");
    let router = fixture.router();
    let prepared = router.prepare(&green(10_000), Some(&read(&router).await)).unwrap();
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::Failed(why) if why.contains("it said yes, and that the endpoint is disabled")),
        "{answer:?}"
    );
    assert_eq!(fixture.really()["ExternalEndpoints/blue"], 1_000);
}

#[tokio::test]
async fn probes_tell_health_and_what_is_answered() {
    let fixture = Fixture::start();
    let router = fixture.router();
    for (name, monitor) in [("blue", "Degraded"), ("green", "Online")] {
        let mut azure = fixture.web.state();
        azure.endpoint(name)["endpointMonitorStatus"] = json!(monitor);
        azure.endpoint(name)["endpointStatus"] = json!("Enabled");
    }
    let reading = read(&router).await;
    let health: Vec<Health> = reading.servers.iter().map(|server| server.health).collect();
    assert_eq!(health, [Health::Down, Health::Up]);
    assert_eq!(reading.effective.to_string(), "0.0 / 100.0");
    let prepared = router.prepare(&green(5_000), Some(&reading)).unwrap();
    assert!(prepared.notes.iter().any(|note| note.starts_with("blue fails its probes")), "{prepared:?}");

    fixture.web.state().endpoint("green")["endpointMonitorStatus"] = json!("Degraded");
    let reading = read(&router).await;
    assert_eq!(reading.effective.to_string(), "50.0 / 50.0");
    assert_eq!(reading.warnings, ["no enabled endpoint passes its probes: all that are enabled are answered"]);
}

#[tokio::test]
async fn weights_that_mean_nothing_are_not_changed() {
    for (key, value, why) in [
        ("trafficRoutingMethod", "Priority", "the routing method is Priority, and only Weighted goes by weights"),
        ("profileStatus", "Disabled", "the Traffic Manager profile is disabled"),
    ] {
        let fixture = Fixture::start();
        fixture.web.state().profile["properties"][key] = json!(value);
        let router = fixture.router();
        let reading = read(&router).await;
        let refused = router.prepare(&green(3_000), Some(&reading)).unwrap_err();
        assert!(refused.why.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn another_time_to_live_and_a_strange_endpoint_are_told() {
    let fixture = Fixture::start();
    {
        let mut azure = fixture.web.state();
        azure.profile["properties"]["dnsConfig"]["ttl"] = json!(300);
        let mut other = azure.profile["properties"]["endpoints"][0].clone();
        other["name"] = json!("legacy");
        other["properties"]["weight"] = json!(500);
        azure.profile["properties"]["endpoints"].as_array_mut().unwrap().push(other);
    }
    let router = fixture.router();
    assert_eq!(router.capabilities().settle_ms, 60_000);
    assert_eq!(
        read(&router).await.warnings,
        [
            "answers are kept for 300 s, and `ttl` in the profile says 1m: a change is waited for as long as `ttl` says",
            "endpoint legacy is in no pool and has 500 of the weight of 1500",
        ]
    );
}

#[tokio::test]
async fn every_wrong_name_is_told() {
    let fixture = Fixture::start();
    let mut config = fixture.config();
    config.pools[0].1 = "azure".to_owned();
    let trouble = TrafficManager::new(config).unwrap().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert_eq!(
        trouble.why,
        "it has no one endpoint `azure` for blue; it has ExternalEndpoints/blue, ExternalEndpoints/green"
    );
    let mut config = fixture.config();
    config.profile = "shpo".to_owned();
    let trouble = TrafficManager::new(config).unwrap().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.starts_with("it answered 404: ResourceNotFound: The Resource"), "{trouble}");
}

#[tokio::test]
async fn a_missing_role_and_a_limit_are_told() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let prepared = router.prepare(&green(3_000), Some(&read(&router).await)).unwrap();
    fixture.web.state().tokens.insert(TOKEN.to_owned(), false);
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(
        matches!(&answer, SetAnswer::Failed(why) if why.contains(
            "403: AuthorizationFailed: The client does not have authorization to perform action \
             'Microsoft.Network/trafficManagerProfiles/externalEndpoints/write'.; ask whoever runs it")),
        "{answer:?}"
    );
    fixture.web.state().limit = Some(7);
    let trouble = router.read().await.unwrap_err();
    assert!(trouble.why.ends_with("it takes requests again in 7 s"), "{trouble}");
}

#[tokio::test]
async fn a_share_below_a_thousandth_is_refused_with_the_nearest() {
    let fixture = Fixture::start();
    let router = fixture.router();
    let reading = read(&router).await;
    let pairs = vec![("blue".into(), BasisPoints(9_996)), ("green".into(), BasisPoints(4))];
    let refused = router.prepare(&Target::Weights(Weights::new(pairs).unwrap()), Some(&reading)).unwrap_err();
    assert_eq!(refused.why, "green cannot have 0.04 %: weights are whole numbers of 1000");
    let prepared = router.prepare(&green(10), Some(&reading)).unwrap();
    assert_eq!(of(&prepared.native)["ExternalEndpoints/green"], 1);
}

#[tokio::test]
async fn an_application_gets_its_own_token_and_a_new_one_when_that_is_over() {
    let fixture = Fixture::start();
    let router = TrafficManager::new(fixture.application(SECRET)).unwrap();
    read(&router).await;
    read(&router).await;
    assert_eq!(fixture.web.state().given, 1, "a token is shown again while it is good");
    fixture.web.state().tokens.clear();
    read(&router).await;
    assert_eq!(fixture.web.state().given, 2);
    // One that ends sooner than a change may take is not shown a second time.
    fixture.web.state().good_for = 60;
    fixture.web.state().tokens.clear();
    read(&router).await;
    read(&router).await;
    assert_eq!(fixture.web.state().given, 4);
}

#[tokio::test]
async fn an_application_whose_secret_is_wrong_is_told_without_it() {
    let fixture = Fixture::start();
    let trouble = TrafficManager::new(fixture.application("old hunter2")).unwrap().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied);
    let said = trouble.to_string();
    assert!(
        said.contains("it answered 401: invalid_client: AADSTS7000215: Invalid client secret provided: '…'"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

/// A service, and where its tokens are kept.
struct Fixture {
    web: Web<Azure>,
    kept: tempfile::TempDir,
}

impl Fixture {
    fn start() -> Self {
        let kept = tempfile::tempdir().unwrap();
        std::fs::write(kept.path().join("pilot"), TOKEN).unwrap();
        std::fs::write(kept.path().join("viewer"), VIEWER).unwrap();
        Self { web: start(), kept }
    }

    fn file(&self, of: &str) -> PathBuf {
        self.kept.path().join(of)
    }

    fn config(&self) -> Config {
        self.config_at(self.web.address, "pilot", PATIENT)
    }

    fn config_at(&self, at: SocketAddr, who: &str, timeout: Duration) -> Config {
        Config {
            at: Endpoint::parse(&format!("http://{at}")).unwrap(),
            subscription: "0-1".to_owned(),
            resource_group: "edge".to_owned(),
            profile: "shop".to_owned(),
            pools: vec![("blue".into(), "blue".to_owned()), ("green".into(), "green".to_owned())],
            ttl: Duration::from_mins(1),
            identity: Identity::Token(SecretRef::File(self.file(who))),
            tls: Tls::default(),
            timeout,
        }
    }

    fn application(&self, secret: &str) -> Config {
        std::fs::write(self.file("application"), secret).unwrap();
        let application = Application {
            authority: Endpoint::parse(&format!("http://{}", self.web.address)).unwrap(),
            tenant: "contoso".to_owned(),
            client_id: "app-1".to_owned(),
            client_secret: SecretRef::File(self.file("application")),
        };
        Config { identity: Identity::Application(Box::new(application)), ..self.config() }
    }

    fn router(&self) -> TrafficManager {
        TrafficManager::new(self.config()).unwrap()
    }
}

/// The second pool at these basis points.
fn green(points: u32) -> Target {
    Target::Weights(first_two(&["blue".into(), "green".into()], points))
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        self.at(self.web.address, timeout)
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        self.web.state().weights()
    }

    fn meddle(&self) {
        self.web.state().endpoint("blue")["weight"] = json!(400);
    }

    fn freeze(&self) {
        self.web.freeze(true);
    }

    fn thaw(&self) {
        self.web.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.web.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        Some(Box::new(TrafficManager::new(self.config_at(self.web.address, "viewer", timeout)).unwrap()))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(TrafficManager::new(self.config_at(peer, "pilot", timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned(), VIEWER.to_owned(), SECRET.to_owned()]
    }

    fn expire(&self) {
        self.web.state().tokens.remove(TOKEN);
    }

    fn renew(&self) {
        self.web.state().tokens.insert("eyRENEWED".to_owned(), true);
        std::fs::write(self.file("pilot"), "eyRENEWED").unwrap();
    }
}
