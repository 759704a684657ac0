//! Objects with a list of weights: of the Gateway API, of Istio and of Traefik.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::router::kubernetes::Place;
use flightdeck::adapter::router::kubernetes::weighted::{Config, Sort, Weighted};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::{BasisPoints, PoolId, Reading, Target, Weights};
use flightdeck::setting::Which;
use serde_json::{Value, json};

use crate::adapters::router::{Gate, PATIENT, Subject, contract, first_two, of, read};
use crate::support::kube::{Api, Cluster, READER, RENEWED, TOKEN, status};
use crate::support::web::{Asked, Said};

contract!(httproute, Fixture::new(Sort::HttpRoute));
contract!(
    httproute_rights,
    Fixture::new(Sort::HttpRoute),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle
);
contract!(istio, Fixture::new(Sort::VirtualService));
contract!(
    istio_rights,
    Fixture::new(Sort::VirtualService),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle
);
contract!(traefik_service, Fixture::new(Sort::TraefikService));
contract!(
    traefik_service_rights,
    Fixture::new(Sort::TraefikService),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle
);

/// An object with weights in an API server, and the profile's view of it.
struct Fixture {
    cluster: Cluster,
    sort: Sort,
    rule: Option<Which>,
}

impl Fixture {
    fn new(sort: Sort) -> Self {
        let cluster = Cluster::start(|api| {
            api.create(path(sort), object(sort));
            api.endpoints("app-blue", &[("app-blue-1", true), ("app-blue-2", true)]);
            api.endpoints("app-green", &[("app-green-1", true)]);
        });
        Self { cluster, sort, rule: None }
    }

    fn config(&self, place: Place, timeout: Duration) -> Config {
        let pool = |name: &str| (PoolId::from(name), destination(self.sort, name));
        Config {
            sort: self.sort,
            place,
            name: "app".to_owned(),
            rule: self.rule.clone(),
            pools: vec![pool("blue"), pool("green")],
            timeout,
        }
    }

    fn router(&self) -> Weighted {
        Weighted::new(self.config(self.cluster.place(), PATIENT))
    }

    fn api(&self) -> std::sync::MutexGuard<'_, Api> {
        self.cluster.web.state()
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        self.api().edit(path(self.sort), change);
    }

    /// Every body that was sent as a patch.
    fn patches(&self) -> Vec<Value> {
        let asked = self.cluster.web.asked();
        asked.iter().filter(|asked| asked.method == "PATCH").map(Asked::json).collect()
    }

    async fn shift(&self, green: u32) -> (Reading, SetAnswer) {
        let router = self.router();
        let reading = read(&router).await;
        let prepared = router.prepare(&green_at(green), Some(&reading)).unwrap();
        let answer = router.set(&prepared, Some(&reading.native), &Gate::open()).await;
        (read(&router).await, answer)
    }
}

fn path(sort: Sort) -> &'static str {
    match sort {
        Sort::HttpRoute => "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/app",
        Sort::VirtualService => "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/app",
        Sort::TraefikService => "/apis/traefik.io/v1alpha1/namespaces/shop/traefikservices/app",
    }
}

fn destination(sort: Sort, pool: &str) -> String {
    match sort {
        Sort::VirtualService => format!("app/{pool}"),
        Sort::HttpRoute | Sort::TraefikService => format!("app-{pool}"),
    }
}

/// An object as people write it: with what a careless patch would lose.
fn object(sort: Sort) -> Value {
    match sort {
        Sort::HttpRoute => {
            let filters = json!([{ "type": "RequestHeaderModifier", "requestHeaderModifier": { "set": [{ "name": "x-pool", "value": "blue" }] } }]);
            let condition = |kind: &str| json!({ "type": kind, "status": "True", "observedGeneration": 1, "reason": kind, "message": "" });
            json!({
                "metadata": { "name": "app" },
                "spec": { "rules": [
                    { "matches": [{ "path": { "type": "PathPrefix", "value": "/static" } }], "backendRefs": [{ "name": "assets", "port": 80 }] },
                    { "name": "main", "backendRefs": [{ "name": "app-blue", "port": 8080, "weight": 1, "filters": filters }, { "name": "app-green", "port": 8080, "weight": 0 }] },
                ]},
                "status": { "parents": [{ "parentRef": { "name": "edge" }, "controllerName": "example.com/gw", "conditions": [condition("Accepted"), condition("ResolvedRefs")] }] },
            })
        }
        Sort::VirtualService => {
            let to = |subset: &str| json!({ "host": "app", "subset": subset, "port": { "number": 8080 } });
            json!({
                "metadata": { "name": "app" },
                "spec": { "hosts": ["app"], "http": [
                    { "match": [{ "headers": { "x-canary": { "exact": "yes" } } }], "route": [{ "destination": to("preview") }] },
                    { "name": "main", "route": [{ "destination": to("blue"), "weight": 100 }, { "destination": to("green") }],
                      "mirror": { "host": "shadow" }, "mirrorPercentage": { "value": 5.0 } },
                ]},
            })
        }
        Sort::TraefikService => json!({
            "metadata": { "name": "app" },
            "spec": { "weighted": { "services": [{ "name": "app-blue", "port": 8080 }, { "name": "app-green", "port": 8080, "weight": 0 }] } },
        }),
    }
}

/// Weights in the object, by the references that readings have.
fn weights(sort: Sort, object: &Value) -> BTreeMap<String, u32> {
    let (pointer, place) = match sort {
        Sort::HttpRoute => ("/spec/rules/1/backendRefs", "spec.rules[1].backendRefs"),
        Sort::VirtualService => ("/spec/http/1/route", "spec.http[1].route"),
        Sort::TraefikService => ("/spec/weighted/services", "spec.weighted.services"),
    };
    let unwritten = u64::from(sort != Sort::VirtualService);
    let items = object.pointer(pointer).unwrap().as_array().unwrap().iter().enumerate();
    items
        .zip(["blue", "green"])
        .map(|((index, item), pool)| {
            let weight = item["weight"].as_u64().unwrap_or(unwritten);
            (format!("{place}[{index}] {}", destination(sort, pool)), u32::try_from(weight).unwrap())
        })
        .collect()
}

fn green_at(percent: u32) -> Target {
    Target::Weights(first_two(&["blue".into(), "green".into()], percent * 100))
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(Weighted::new(self.config(self.cluster.place(), timeout)))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        weights(self.sort, self.api().object(path(self.sort)))
    }

    fn meddle(&self) {
        self.edit(|object| match self.sort {
            Sort::HttpRoute => object["spec"]["rules"][1]["backendRefs"][1]["weight"] = json!(7),
            Sort::VirtualService => {
                object["spec"]["http"][1]["route"][0]["weight"] = json!(93);
                object["spec"]["http"][1]["route"][1]["weight"] = json!(7);
            }
            Sort::TraefikService => object["spec"]["weighted"]["services"][1]["weight"] = json!(7),
        });
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
        Some(Box::new(Weighted::new(self.config(place, timeout))))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Weighted::new(self.config(self.cluster.place_at(peer), timeout)))
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
async fn a_change_is_what_was_shown_under_the_guard_of_the_last_read_and_leaves_everything_else() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let before = fixture.api().object(path(Sort::HttpRoute)).clone();
    let router = fixture.router();
    let reading = read(&router).await;
    assert_eq!(reading.generation, "1");
    let prepared = router.prepare(&green_at(30), Some(&reading)).unwrap();
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    let patches = fixture.patches();
    let guard =
        json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": before["metadata"]["resourceVersion"] });
    assert_eq!(patches[0][0], guard);
    let rest: Vec<Value> = patches[0].as_array().unwrap()[1..].to_vec();
    let shown = format!("PATCH {} application/json-patch+json {}", path(Sort::HttpRoute), Value::from(rest));
    assert_eq!(prepared.requests, [shown]);
    assert!(prepared.notes.iter().any(|note| note.contains("resourceVersion")), "{:?}", prepared.notes);
    let mut expected = before.clone();
    expected["spec"]["rules"][1]["backendRefs"][0]["weight"] = json!(70);
    expected["spec"]["rules"][1]["backendRefs"][1]["weight"] = json!(30);
    assert_eq!(fixture.api().object(path(Sort::HttpRoute))["spec"], expected["spec"]);
    // The way back names no version: whatever else was written, it goes through.
    let back = router.prepare(&Target::Native(reading.native), None).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert!(!fixture.patches()[1].to_string().contains("resourceVersion"));
    assert_eq!(fixture.api().object(path(Sort::HttpRoute))["spec"], before["spec"]);
}

#[tokio::test]
async fn until_the_gateway_has_taken_it_over_the_change_is_under_way() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let (reading, answer) = fixture.shift(30).await;
    assert_eq!(answer, SetAnswer::Accepted);
    assert_eq!(reading.generation, "2");
    let underway = reading.underway.expect("the gateway has seen the generation before");
    assert_eq!(underway.what, "gateway edge takes over generation 2");
    assert_eq!(underway.waits_for.as_deref(), Some("example.com/gw, which has seen 1"));
    fixture.edit(|object| {
        for condition in object["status"]["parents"][0]["conditions"].as_array_mut().unwrap() {
            condition["observedGeneration"] = json!(2);
        }
    });
    let reading = read(&fixture.router()).await;
    assert_eq!((reading.underway, reading.warnings), (None, Vec::new()));
    fixture.edit(|object| {
        let condition = &mut object["status"]["parents"][0]["conditions"][1];
        *condition = json!({ "type": "ResolvedRefs", "status": "False", "observedGeneration": 2, "reason": "BackendNotFound", "message": "no app-green" });
    });
    let warnings = read(&fixture.router()).await.warnings;
    assert!(warnings[0].contains("not ResolvedRefs (BackendNotFound): no app-green"), "{warnings:?}");
}

#[tokio::test]
async fn a_controller_that_writes_the_status_meanwhile_does_not_stand_in_the_way_but_not_for_ever() {
    let fixture = Fixture::new(Sort::HttpRoute);
    fixture.api().busy = 2;
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&green_at(30), Some(&reading)).unwrap();
    let gate = Gate::open();
    assert_eq!(router.set(&prepared, Some(&reading.native), &gate).await, SetAnswer::Accepted);
    assert_eq!((gate.asked(), fixture.patches().len()), (3, 3), "the fence is asked before each");
    fixture.api().busy = 99;
    let reading = read(&router).await;
    match router.set(&prepared, Some(&reading.native), &Gate::open()).await {
        SetAnswer::Failed(why) => {
            assert!(why.contains("refused 5 times") && why.contains("has been modified"), "{why}");
        }
        other => panic!("it was refused every time, and the answer is {other:?}"),
    }
}

#[tokio::test]
async fn destinations_in_another_order_are_not_taken_for_each_other() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let router = fixture.router();
    let before = read(&router).await;
    let prepared = router.prepare(&green_at(30), Some(&before)).unwrap();
    fixture.edit(|object| object["spec"]["rules"][1]["backendRefs"].as_array_mut().unwrap().reverse());
    match router.set(&prepared, Some(&before.native), &Gate::open()).await {
        SetAnswer::Moved(now) => assert_eq!(now.0[0].reference, "spec.rules[1].backendRefs[0] app-green"),
        other => panic!("the places have moved, and the answer is {other:?}"),
    }
    match router.set(&prepared, None, &Gate::open()).await {
        SetAnswer::Failed(why) => assert!(why.contains("422") && why.contains("changed its shape"), "{why}"),
        other => panic!("another destination stands there, and the answer is {other:?}"),
    }
    // Read anew, the way back is found by the names.
    let now = read(&router).await;
    let back = router.prepare(&Target::Native(before.native), Some(&now)).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert!(read(&router).await.native.holds(&back.native));
    let object = fixture.api().object(path(Sort::HttpRoute)).clone();
    assert_eq!(object["spec"]["rules"][1]["backendRefs"][1]["weight"], 1, "{object}");
}

#[tokio::test]
async fn a_rule_is_named_by_name_or_place_and_what_does_not_fit_is_said() {
    let mut fixture = Fixture::new(Sort::HttpRoute);
    for rule in [Which::Place(1), Which::Named("main".to_owned())] {
        fixture.rule = Some(rule);
        assert_eq!(fixture.shift(30).await.1, SetAnswer::Accepted);
    }
    let test = json!({ "op": "test", "path": "/spec/rules/1/name", "value": "main" });
    assert!(fixture.patches()[1].as_array().unwrap().contains(&test));
    for (rule, said) in [
        (Which::Place(0), "spec.rules[0].backendRefs does not send to app-blue (blue); it sends to assets"),
        (
            Which::Place(7),
            "it has no rule 7; spec.rules[0].backendRefs sends to assets; spec.rules[1].backendRefs (main) sends to app-blue, app-green",
        ),
        (Which::Named("mian".to_owned()), "it has no rule called mian"),
    ] {
        fixture.rule = Some(rule);
        let trouble = fixture.router().read().await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch);
        assert!(trouble.why.contains(said), "{trouble}");
        assert!(
            trouble.what.starts_with("read httproutes/app of shop in context prod (http://127.0.0.1:"),
            "{trouble}"
        );
    }
    fixture.rule = None;
    fixture.edit(|object| {
        let twice = object["spec"]["rules"][1].clone();
        object["spec"]["rules"].as_array_mut().unwrap().push(twice);
    });
    let trouble = fixture.router().read().await.unwrap_err();
    assert!(trouble.why.contains("more than one rule fits") && trouble.advice.contains("`rule`"), "{trouble}");
    fixture.edit(|object| {
        object["spec"]["rules"].as_array_mut().unwrap().pop();
        let refs = object["spec"]["rules"][1]["backendRefs"].as_array_mut().unwrap();
        let twice = refs[0].clone();
        refs.push(twice);
    });
    let trouble = fixture.router().read().await.unwrap_err();
    assert!(trouble.why.contains("sends to app-blue (blue) in 2 places"), "{trouble}");
    fixture.edit(|object| object["spec"]["rules"][1]["backendRefs"][2]["name"] = json!("app-old"));
    let warnings = read(&fixture.router()).await.warnings;
    assert!(
        warnings
            .iter()
            .any(|said| said.contains("app-old has weight 70 in spec.rules[1].backendRefs and is no pool's")),
        "{warnings:?}"
    );
    fixture.api().delete(path(Sort::HttpRoute));
    let trouble = fixture.router().read().await.unwrap_err();
    assert!(
        trouble.to_string().contains("404: httproutes \"app\" not found") && trouble.kind == TroubleKind::Mismatch,
        "{trouble}"
    );
}

#[tokio::test]
async fn servers_are_counted_where_they_may_be_listed_and_nobody_is_sent_to_none() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let reading = read(&fixture.router()).await;
    let count = |reading: &Reading, pool: &str| {
        let totals = reading.totals(&pool.into());
        (totals.up, totals.servers)
    };
    assert_eq!((count(&reading, "blue"), count(&reading, "green")), ((2, 2), (1, 1)));
    fixture.api().endpoints("app-green", &[("app-green-1", false), ("app-green-2", false)]);
    let router = fixture.router();
    let reading = read(&router).await;
    assert_eq!(count(&reading, "green"), (0, 2));
    let prepared = router.prepare(&green_at(30), Some(&reading)).unwrap();
    assert!(prepared.notes.iter().any(|note| note.contains("green has no ready server")), "{:?}", prepared.notes);
    let refused = router.prepare(&green_at(100), Some(&reading)).unwrap_err();
    assert_eq!((refused.rule.as_str(), refused.why.as_str()), ("D4", "no ready server stands behind green"));
    fixture.api().hidden = vec!["/endpointslices"];
    let reading = read(&router).await;
    assert_eq!(count(&reading, "green"), (1, 1), "one that nobody checks");
    assert!(
        reading.warnings[0].contains("how many servers are ready is not known") && reading.warnings[0].contains("403"),
        "{:?}",
        reading.warnings
    );
}

#[tokio::test]
async fn who_may_not_patch_is_told_at_the_first_look_and_prepares_nothing() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let powerless = fixture.powerless(PATIENT).unwrap();
    let reading = read(&*powerless).await;
    assert!(reading.warnings[0].contains("may not patch httproutes of namespace shop"), "{:?}", reading.warnings);
    let refused = powerless.prepare(&green_at(30), Some(&reading)).unwrap_err();
    assert!(refused.why.contains("may not patch httproutes") && refused.advice.contains("grant"), "{refused}");
}

#[tokio::test]
async fn what_a_server_in_trouble_did_is_not_known() {
    let fixture = Fixture::new(Sort::HttpRoute);
    let router = fixture.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&green_at(30), Some(&reading)).unwrap();
    let late = status(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
    for (said, is_known) in [
        (late, false),
        (Said::json(200, &json!({ "ok": true })), false),
        (status(415, "UnsupportedMediaType", "no"), true),
    ] {
        fixture.api().sick = Some(said);
        match router.set(&prepared, Some(&reading.native), &Gate::open()).await {
            SetAnswer::Unknown(_) => assert!(!is_known),
            SetAnswer::Failed(why) => assert!(is_known && why.contains("415"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn fine_shares_are_written_finely_where_that_is_taken_and_in_whole_percent_where_not() {
    let asked = Target::Weights(
        Weights::new(vec![("blue".into(), BasisPoints(9_975)), ("green".into(), BasisPoints(25))]).unwrap(),
    );
    for (sort, expected) in
        [(Sort::HttpRoute, [9_975, 25]), (Sort::TraefikService, [9_975, 25]), (Sort::VirtualService, [99, 1])]
    {
        let fixture = Fixture::new(sort);
        let router = fixture.router();
        let reading = read(&router).await;
        let prepared = router.prepare(&asked, Some(&reading)).unwrap();
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        let held: Vec<u32> = of(&read(&router).await.native).into_values().collect();
        assert_eq!(held, expected);
        assert_eq!(prepared.notes.iter().any(|note| note.contains("whole percent")), sort == Sort::VirtualService);
    }
}

#[tokio::test]
async fn a_virtual_service_keeps_its_mirror_and_a_weight_that_is_not_written_is_nothing_among_several() {
    let fixture = Fixture::new(Sort::VirtualService);
    let before = fixture.api().object(path(Sort::VirtualService)).clone();
    let reading = read(&fixture.router()).await;
    assert_eq!(of(&reading.native).into_values().collect::<Vec<_>>(), [100, 0]);
    let (_, answer) = fixture.shift(30).await;
    assert_eq!(answer, SetAnswer::Accepted);
    let mut expected = before["spec"].clone();
    expected["http"][1]["route"][0]["weight"] = json!(70);
    expected["http"][1]["route"][1]["weight"] = json!(30);
    assert_eq!(fixture.api().object(path(Sort::VirtualService))["spec"], expected);
}

#[tokio::test]
async fn a_traefik_service_below_zero_has_nothing_and_sticky_clients_are_told_of() {
    let fixture = Fixture::new(Sort::TraefikService);
    fixture.edit(|object| {
        object["spec"]["weighted"]["services"][1]["weight"] = json!(-3);
        object["spec"]["weighted"]["sticky"] = json!({ "cookie": { "name": "pool" } });
    });
    let reading = read(&fixture.router()).await;
    assert_eq!(of(&reading.native).into_values().collect::<Vec<_>>(), [1, 0]);
    assert!(reading.warnings[0].contains("sticky cookies"), "{:?}", reading.warnings);
}
