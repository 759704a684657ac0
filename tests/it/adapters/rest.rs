//! Any HTTP interface against the contract, in the ways in which such interfaces are made, and what only a described one has.
//!
//! The other side is `Web`, not a library's mock server: the contract needs one that stops in the middle of a request and
//! takes it late.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::rest::{Config, Credentials, Look, Rest, Set};
use flightdeck::adapter::router::{Configured, Router, SetAnswer};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::reading::Health;
use flightdeck::domain::{BasisPoints, PoolId, Prepared, Proof, Target, TroubleKind, Weights, Zero};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::router::{Gate, PATIENT, Subject, contract, of, read};
use crate::support::web::{Asked, Said, Web};

contract!(one_request, Fixture::new(Way::Whole));
contract!(one_request_with_an_entity_tag, Fixture::new(Way::Tagged));
contract!(one_request_for_each_pool, Fixture::new(Way::Each));
contract!(
    with_a_token,
    Fixture::guarded(),
    sets_and_reads_back,
    tells_nonsense_from_an_answer,
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);

const WRITER: &str = "b1gs33cr-3t00-writer";
const READER: &str = "b1gs33cr-3t00-reader";

#[tokio::test]
async fn a_change_is_shown_as_the_requests_that_it_is() {
    let world = Fixture::new(Way::Tagged);
    let at = format!("http://{}/api", world.web.address);
    assert_eq!(
        world.prepared(3_000).await.requests,
        [format!(r#"PUT {at}/routes/app If-Match: "r1" {{ "blue": 70, "green": 30 }}"#)]
    );
    let world = Fixture::new(Way::Each);
    let at = format!("http://{}/api", world.web.address);
    assert_eq!(
        world.prepared(3_000).await.requests,
        [
            format!(r#"POST {at}/pools/green x-why: flightdeck {{"weight": 30}}"#),
            format!(r#"POST {at}/pools/blue x-why: flightdeck {{"weight": 70}}"#),
        ]
    );
}

#[tokio::test]
async fn what_the_document_counts_is_in_the_reading() {
    let world = Fixture::new(Way::Whole);
    let reading = read(&world.router(PATIENT)).await;
    assert_eq!((reading.generation.as_str(), reading.identity.process.as_str()), ("1", "boot-1"));
    let blue = reading.totals(&"blue".into());
    assert_eq!((blue.up, blue.in_flight, blue.requests, blue.errors), (1, Some(4), Some(5_000_000_000), Some(2)));
    assert_eq!(world.config(world.web.address, PATIENT).capabilities().proof, Proof::Observed);
    world.web.state().alive = false;
    let reading = read(&world.router(PATIENT)).await;
    assert!(reading.servers.iter().all(|server| server.health == Health::Down), "{reading:?}");
}

#[tokio::test]
async fn raised_first_and_stopped_in_the_middle_is_unknown_until_it_is_read() {
    let world = Fixture::new(Way::Each);
    let prepared = world.prepared(10_000).await;
    let asked = std::sync::atomic::AtomicU32::new(0);
    let gate = Gate::hooked(|| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Ok(()),
        _ => Err("the deadline has passed".to_owned()),
    });
    match world.router(PATIENT).set(&prepared, None, &gate).await {
        SetAnswer::Unknown(why) => assert!(why.contains("1 of 2 requests were taken"), "{why}"),
        other => panic!("half of it was sent, and the answer is {other:?}"),
    }
    assert_eq!(world.web.state().weights, BTreeMap::from([("blue".to_owned(), 100), ("green".to_owned(), 100)]));
    // The same of a no in the middle.
    world.web.state().no_after = Some(1);
    let answer = world.router(PATIENT).set(&prepared, None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::Unknown(why) if why.contains("enough for today")), "{answer:?}");
}

#[tokio::test]
async fn an_entity_tag_that_moved_is_read_again_and_the_weights_decide() {
    let world = Fixture::new(Way::Tagged);
    let router = world.router(PATIENT);
    let seen = read(&router).await;
    let prepared = world.prepared(3_000).await;
    let once = std::sync::Once::new();
    let touched = Gate::hooked(|| {
        // Something else of the document.
        once.call_once(|| world.web.state().revision += 1);
        Ok(())
    });
    assert_eq!(router.set(&prepared, Some(&seen.native), &touched).await, SetAnswer::Accepted);
    assert_eq!(touched.asked(), 2);
    let seen = read(&router).await;
    let moved = Gate::hooked(|| {
        world.meddle();
        Ok(())
    });
    match router.set(&prepared, Some(&seen.native), &moved).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split), world.really()),
        other => panic!("it moved under the change, and the answer is {other:?}"),
    }
    // Bound to its target only, and somebody writes each time.
    let answer = router
        .set(
            &prepared,
            None,
            &Gate::hooked(|| {
                world.web.state().revision += 1;
                Ok(())
            }),
        )
        .await;
    assert!(matches!(&answer, SetAnswer::Failed(why) if why.contains("412")), "{answer:?}");
}

#[tokio::test]
async fn what_is_set_and_not_live_yet_is_under_way() {
    let world = Fixture::new(Way::Late);
    assert!(world.config(world.web.address, PATIENT).capabilities().read_back_ms == 5_000);
    let prepared = world.prepared(3_000).await;
    let router = world.router(PATIENT);
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    let reading = read(&router).await;
    assert!(!reading.native.holds(&prepared.native), "nothing of it is live");
    assert_eq!(reading.underway.unwrap().what, "70.0 / 30.0 is set and not live yet");
    world.web.state().go_live();
    let reading = read(&router).await;
    assert!(reading.native.holds(&prepared.native) && reading.underway.is_none());
}

#[tokio::test]
async fn parts_of_one_are_whole_numbers_here() {
    let mut world = Fixture::new(Way::Whole);
    world.factor = 100;
    world.web.state().factor = 100.0;
    let prepared = world.prepared(2_900).await;
    assert!(prepared.requests[0].ends_with(r#"{ "blue": 0.71, "green": 0.29 }"#), "{prepared:?}");
    let router = world.router(PATIENT);
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    assert!(read(&router).await.native.holds(&prepared.native));
    assert_eq!(world.web.state().weights["green"], 29);
}

#[tokio::test]
async fn a_range_without_zero_refuses_nothing_for_a_pool() {
    let world = Fixture::new(Way::Whole);
    let config = Config { range: (1, 1_000), sum: None, ..world.config(world.web.address, PATIENT) };
    assert_eq!(config.capabilities().zero, Zero::Never);
    world.web.state().weights.insert("green".to_owned(), 1);
    let router = Rest::new(config).unwrap();
    let reading = read(&router).await;
    let refused = router.prepare(&weights(0), Some(&reading)).unwrap_err();
    assert!(refused.why.contains("from 1 to 1000") && refused.advice.contains("0.1 %"), "{refused}");
    assert!(router.prepare(&weights(10), Some(&reading)).is_ok());
}

#[tokio::test]
async fn only_what_the_profile_names_is_a_yes() {
    for (status, accepts, is_yes) in
        [(202, vec![], true), (202, vec![200], false), (302, vec![], false), (409, vec![409], true)]
    {
        let world = Fixture::new(Way::Whole);
        let mut config = world.config(world.web.address, PATIENT);
        config.set.accepts = accepts;
        let prepared = world.prepared(3_000).await;
        world.web.state().instead = Some(Said::text(status, "as you like"));
        let answer = Rest::new(config).unwrap().set(&prepared, None, &Gate::open()).await;
        assert_eq!(answer == SetAnswer::Accepted, is_yes, "{status}: {answer:?}");
    }
    let world = Fixture::new(Way::Whole);
    let prepared = world.prepared(3_000).await;
    let page = Said::text(200, "<html>Log in</html>").with("Content-Type", "text/html; charset=utf-8");
    world.web.state().instead = Some(page);
    let answer = world.router(PATIENT).set(&prepared, None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::Unknown(why) if why.contains("a page for people")), "{answer:?}");
    world.web.state().instead = Some(Said::json(503, &json!({ "message": "no quorum" })));
    let answer = world.router(PATIENT).set(&prepared, None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::Unknown(why) if why.contains("503: no quorum")), "{answer:?}");
}

#[tokio::test]
async fn a_pointer_or_a_path_that_is_wrong_is_told_with_what_is_there() {
    let world = Fixture::new(Way::Whole);
    let trouble = |change: fn(&mut Look)| {
        let mut config = world.config(world.web.address, PATIENT);
        change(&mut config.read);
        async move { Rest::new(config).unwrap().read().await.unwrap_err() }
    };
    let wrong = trouble(|read| read.weights[1].1 = "/pools/gren/weight".to_owned()).await;
    assert_eq!(
        (wrong.kind, wrong.why.as_str()),
        (TroubleKind::Mismatch, "its answer has nothing at `/pools/gren/weight`: /pools has `blue`, `green`")
    );
    let wrong = trouble(|read| read.weights[1].1 = "/boot".to_owned()).await;
    assert_eq!(
        (wrong.kind, wrong.why.as_str()),
        (TroubleKind::Mismatch, "at `/boot` stands boot-1, which is no weight")
    );
    let wrong = trouble(|read| "/routes/ap".clone_into(&mut read.path)).await;
    assert_eq!((wrong.kind, wrong.why.as_str()), (TroubleKind::Mismatch, "it answered 404: no such thing"));
    let mut config = Fixture::new(Way::Tagged).config(world.web.address, PATIENT);
    config.set.if_match = true;
    world.web.state().has_no_tag = true;
    let wrong = Rest::new(config).unwrap().read().await.unwrap_err();
    assert_eq!((wrong.kind, wrong.why.as_str()), (TroubleKind::Mismatch, "its answer has no entity tag"));
}

/// How the interface is made.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One request for all weights.
    Whole,
    /// The same, with the entity tag of what was read.
    Tagged,
    /// A request for each pool.
    Each,
    /// One request, and another document tells when it is live.
    Late,
}

/// What the gateway holds.
struct State {
    weights: BTreeMap<String, u32>,
    live: BTreeMap<String, u32>,
    revision: u32,
    factor: f64,
    alive: bool,
    writer: String,
    has_no_tag: bool,
    /// Answers every write with this instead, after doing it.
    instead: Option<Said>,
    /// Takes so many more writes and says no to the next.
    no_after: Option<u32>,
}

impl State {
    fn put(&mut self, pool: &str, weight: &Value) -> Option<()> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are small weights")]
        let weight = (weight.as_f64()? * self.factor).round() as u32;
        *self.weights.get_mut(pool)? = weight;
        self.revision += 1;
        Some(())
    }

    fn go_live(&mut self) {
        self.live.clone_from(&self.weights);
    }

    fn document(&self) -> Value {
        let weight = |weight: &u32| {
            if self.factor > 1.0 { json!(f64::from(*weight) / self.factor) } else { json!(weight) }
        };
        let pool = |pool: &str| json!({ "weight": weight(&self.weights[pool]), "active": 4, "total": 5_000_000_000_u64, "failed": "2", "alive": self.alive });
        json!({ "revision": self.revision, "boot": "boot-1", "pools": { "blue": pool("blue"), "green": pool("green") } })
    }
}

fn answer(state: &mut State, asked: &Asked) -> Said {
    let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    if !state.writer.is_empty() && token != state.writer && token != READER {
        return Said::json(401, &json!({ "message": format!("{token} is nobody's token") }));
    }
    let tag = format!("\"r{}\"", state.revision);
    let said = match (asked.method.as_str(), asked.route()) {
        ("GET", "/api/routes/app") => {
            let said = Said::json(200, &state.document());
            return if state.has_no_tag { said } else { said.with("ETag", &tag) };
        }
        ("GET", "/api/live") => return Said::json(200, &json!(state.live)),
        ("GET", _) => return Said::json(404, &json!({ "message": "no such thing" })),
        _ if token == READER => return Said::json(403, &json!({ "message": "Denied: you may look" })),
        _ if state.no_after == Some(0) => return Said::json(422, &json!({ "message": "enough for today" })),
        ("PUT", "/api/routes/app") => {
            let body = asked.json();
            let expected = asked.header("if-match");
            if !expected.is_empty() && expected != tag {
                return Said::text(412, "somebody was faster");
            }
            let all = body.as_object().cloned().unwrap_or_default();
            let is_done = all.len() == 2 && all.iter().all(|(pool, weight)| state.put(pool, weight).is_some());
            if is_done { Said::text(204, "") } else { Said::text(400, "no weights") }
        }
        ("POST", path) => {
            let pool = path.strip_prefix("/api/pools/").unwrap_or_default().to_owned();
            assert_eq!((asked.header("x-why"), asked.header("content-type")), ("flightdeck", "application/json"));
            let done = state.put(&pool, &asked.json()["weight"]);
            done.map_or_else(|| Said::text(404, "no such pool"), |()| Said::json(200, &json!({})))
        }
        _ => Said::text(405, "method not allowed"),
    };
    state.no_after = state.no_after.map(|left| left - 1);
    state.instead.clone().unwrap_or(said)
}

struct Fixture {
    web: Web<State>,
    way: Way,
    factor: u32,
    /// Keeps the token's file.
    folder: TempDir,
    is_guarded: bool,
}

impl Fixture {
    fn new(way: Way) -> Self {
        let weights = BTreeMap::from([("blue".to_owned(), 100), ("green".to_owned(), 0)]);
        let state = State {
            live: weights.clone(),
            weights,
            revision: 1,
            factor: 1.0,
            alive: true,
            writer: String::new(),
            has_no_tag: false,
            instead: None,
            no_after: None,
        };
        Self { web: Web::start(state, answer), way, factor: 1, folder: tempfile::tempdir().unwrap(), is_guarded: false }
    }

    fn guarded() -> Self {
        let world = Self { is_guarded: true, ..Self::new(Way::Whole) };
        WRITER.clone_into(&mut world.web.state().writer);
        std::fs::write(world.folder.path().join("writer"), WRITER).unwrap();
        std::fs::write(world.folder.path().join("reader"), READER).unwrap();
        world
    }

    fn config(&self, address: SocketAddr, timeout: Duration) -> Config {
        let pointers =
            |last: &str| ["blue", "green"].map(|pool| (PoolId::from(pool), format!("/pools/{pool}/{last}"))).to_vec();
        let read = Look {
            path: "/routes/app".to_owned(),
            weights: pointers("weight"),
            generation: (self.way == Way::Whole).then(|| "/revision".to_owned()),
            process: Some("/boot".to_owned()),
            healthy: pointers("alive"),
            in_flight: pointers("active"),
            requests: pointers("total"),
            errors: pointers("failed"),
        };
        let live = Look {
            path: "/live".to_owned(),
            weights: ["blue", "green"].map(|pool| (PoolId::from(pool), format!("/{pool}"))).to_vec(),
            ..Look::default()
        };
        let whole = "{\n  \"blue\": {{ weights.blue }},\n  \"green\": {{ weights.green }}\n}\n";
        let set = Set {
            method: http::Method::PUT,
            path: "/routes/app".to_owned(),
            body: whole.to_owned(),
            headers: Vec::new(),
            each: false,
            if_match: self.way == Way::Tagged,
            accepts: Vec::new(),
            moved: vec![412],
        };
        let set = match self.way {
            Way::Whole | Way::Tagged | Way::Late => set,
            Way::Each => Set {
                method: http::Method::POST,
                path: "/pools/{{ pool }}".to_owned(),
                body: r#"{"weight": {{ weight }}}"#.to_owned(),
                headers: vec![(http::HeaderName::from_static("x-why"), "flightdeck".to_owned())],
                each: true,
                ..set
            },
        };
        let takes = if self.way == Way::Late { Duration::from_secs(5) } else { Duration::ZERO };
        Config {
            at: Endpoint::parse(&format!("http://{address}/api")).unwrap(),
            credentials: self
                .is_guarded
                .then(|| Credentials::Bearer(SecretRef::File(self.folder.path().join("writer")))),
            tls: Tls::default(),
            read,
            verify: (self.way == Way::Late).then_some(live),
            set,
            range: (0, 100),
            sum: (self.way != Way::Each).then_some(100),
            factor: self.factor,
            takes,
            settle: Duration::ZERO,
            timeout,
        }
    }

    fn router(&self, timeout: Duration) -> Rest {
        Rest::new(self.config(self.web.address, timeout)).unwrap()
    }

    async fn prepared(&self, green: u32) -> Prepared {
        let router = self.router(PATIENT);
        router.prepare(&weights(green), Some(&read(&router).await)).unwrap()
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.router(timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let state = self.web.state();
        state.weights.iter().map(|(pool, weight)| (format!("/pools/{pool}/weight"), *weight)).collect()
    }

    fn meddle(&self) {
        let mut state = self.web.state();
        state.weights = BTreeMap::from([("blue".to_owned(), 93), ("green".to_owned(), 7)]);
        state.revision += 1;
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
        let credentials = Some(Credentials::Bearer(SecretRef::File(self.folder.path().join("reader"))));
        let config = Config { credentials, ..self.config(self.web.address, timeout) };
        self.is_guarded.then(|| Box::new(Rest::new(config).unwrap()) as Box<dyn Router>)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Rest::new(self.config(peer, timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        vec![WRITER.to_owned(), READER.to_owned()]
    }

    fn looks_before_writing(&self) -> bool {
        self.way == Way::Tagged
    }

    fn expire(&self) {
        "another-token-altogether".clone_into(&mut self.web.state().writer);
    }

    fn renew(&self) {
        std::fs::write(self.folder.path().join("writer"), "another-token-altogether").unwrap();
    }
}

/// Green's share in basis points, blue having the rest.
fn weights(green: u32) -> Target {
    let pairs = vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))];
    Target::Weights(Weights::new(pairs).unwrap())
}
