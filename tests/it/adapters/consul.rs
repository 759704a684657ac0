//! Consul's service-splitter against the contract, on a fake that keeps Consul's rules, and what only Consul has.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::consul::{Config, Consul};
use flightdeck::adapter::router::{Configured, Router, SetAnswer};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::{BasisPoints, PoolId, Target, TroubleKind, Weights};
use serde_json::json;
use tempfile::TempDir;

use super::router::{Gate, HASTY, PATIENT, Subject, contract, of, read};
use crate::support::consul::{State, start};
use crate::support::web::{Said, Web};

contract!(without_acl, Fixture::open());
contract!(
    with_acl,
    Fixture::guarded(),
    reads_the_same_references_each_time,
    sets_and_reads_back,
    does_not_know_after_a_time_out_until_it_reads,
    finds_nobody_there,
    tells_nonsense_from_an_answer,
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);

const WRITER: &str = "b1gs33cr-3t00-writer";
const READER: &str = "b1gs33cr-3t00-reader";

#[tokio::test]
async fn what_else_is_in_the_entry_goes_back_as_it_came() {
    let world = Fixture::open();
    let before = world.consul.state().entry.clone();
    let answer = world.shift(3_333).await;
    assert_eq!(answer, SetAnswer::Accepted);
    let after = world.consul.state().entry.clone();
    assert_eq!(after["Splits"][1]["Weight"], json!(33.33));
    assert_eq!(after["Splits"][0]["RequestHeaders"], before["Splits"][0]["RequestHeaders"]);
    assert_eq!(after["Meta"], before["Meta"]);
    let writes: Vec<String> =
        world.consul.asked().into_iter().filter(|asked| asked.method == "PUT").map(|asked| asked.path).collect();
    assert_eq!(writes, ["/v1/config?cas=41&dc=eu-1"]);
}

#[tokio::test]
async fn a_change_is_shown_as_the_request_that_it_is() {
    let world = Fixture::open();
    let router = world.router(PATIENT);
    let reading = read(&router).await;
    assert_eq!((reading.generation.as_str(), reading.identity.process.as_str()), ("41", "created at 7"));
    let prepared = router.prepare(&weights(2_500), Some(&reading)).unwrap();
    assert_eq!(
        prepared.requests,
        [format!(
            "PUT http://{}/v1/config?cas=ModifyIndex&dc=eu-1 {}",
            world.consul.address,
            r#"{"Kind":"service-splitter","Name":"web","Splits":[{"Service":"web","ServiceSubset":"v1","Weight":75},{"Service":"web","ServiceSubset":"v2","Weight":25}]}"#
        )]
    );
    assert_eq!(prepared.notes, ["the other fields of the entry go back as they are read directly before"]);
}

#[tokio::test]
async fn a_write_of_something_else_in_between_is_read_and_tried_again() {
    let world = Fixture::open();
    world.consul.state().rivals = 2;
    assert_eq!(world.shift(1_000).await, SetAnswer::Accepted);
    let entry = world.consul.state().entry.clone();
    assert_eq!((&entry["Splits"][1]["Weight"], &entry["Meta"]["rival"]), (&json!(10), &json!("42")));
}

#[tokio::test]
async fn a_fence_that_closes_between_two_tries_ends_them() {
    let world = Fixture::open();
    let prepared = world.prepared(1_000).await;
    world.consul.state().rivals = 1;
    let tries = std::sync::atomic::AtomicU32::new(0);
    let gate = Gate::hooked(|| match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Ok(()),
        _ => Err("the deadline has passed".to_owned()),
    });
    let answer = world.router(PATIENT).set(&prepared, None, &gate).await;
    assert_eq!(answer, SetAnswer::NotSent("the deadline has passed".to_owned()));
    assert_eq!(world.really()["web/v2"], 0);
}

#[tokio::test]
async fn who_writes_all_the_time_wins_and_is_told_of() {
    let world = Fixture::open();
    world.consul.state().rivals = u32::MAX;
    match world.shift(1_000).await {
        SetAnswer::Failed(why) => assert!(why.contains("refused it 3 times") && why.contains("find out who"), "{why}"),
        other => panic!("it was refused each time, and the answer is {other:?}"),
    }
    assert_eq!(world.really()["web/v2"], 0);
}

#[tokio::test]
async fn weights_that_move_between_two_tries_are_moved() {
    let world = Fixture::open();
    let router = world.router(PATIENT);
    let seen = read(&router).await;
    let prepared = world.prepared(1_000).await;
    // Between the reading and the write, which is where the fence is asked.
    let gate = Gate::hooked(|| {
        world.consul.state().put(60.0, 40.0);
        Ok(())
    });
    match router.set(&prepared, Some(&seen.native), &gate).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split), world.really()),
        other => panic!("it moved under the change, and the answer is {other:?}"),
    }
    assert_eq!(world.really()["web/v2"], 4_000);
}

#[tokio::test]
async fn an_answer_to_a_write_that_proves_nothing_leaves_it_unknown() {
    for nonsense in [
        Said::text(200, ""),
        Said::text(200, "<html></html>"),
        Said::json(200, &json!({ "ok": true })),
        Said::text(500, "leadership lost while committing log"),
        Said::text(302, ""),
    ] {
        let world = Fixture::open();
        world.consul.state().instead = Some(nonsense.clone());
        let answer = world.shift(1_000).await;
        assert!(
            matches!(&answer, SetAnswer::Unknown(why) if why.contains("read the weights")),
            "{nonsense:?} {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_no_of_consul_is_failed_with_its_words() {
    let world = Fixture::open();
    let words =
        "discovery chain \"web\" uses a protocol \"tcp\" that does not permit advanced routing or splitting behavior";
    let prepared = world.prepared(1_000).await;
    world.consul.state().instead = Some(Said::text(400, words));
    match world.router(PATIENT).set(&prepared, None, &Gate::open()).await {
        SetAnswer::Failed(why) => assert!(why.contains(words), "{why}"),
        other => panic!("it said no, and the answer is {other:?}"),
    }
}

#[tokio::test]
async fn places_that_are_no_pools_keep_what_they_have() {
    let world = Fixture::open();
    {
        let mut state = world.consul.state();
        state.entry["Splits"].as_array_mut().unwrap().push(json!({ "Weight": 10, "Service": "web-beta" }));
        state.put(90.0, 0.0);
    }
    let router = world.router(PATIENT);
    let reading = read(&router).await;
    assert_eq!(reading.warnings, ["web-beta 10 % belong to no pool of the profile: the pools share what those leave"]);
    assert_eq!(world.shift(5_000).await, SetAnswer::Accepted);
    let splits = world.consul.state().entry["Splits"].clone();
    assert_eq!(
        (&splits[0]["Weight"], &splits[1]["Weight"], &splits[2]["Weight"]),
        (&json!(45), &json!(45), &json!(10))
    );
    // What was read before the third place had a part no longer fits, and is not sent.
    let old = router.prepare(&Target::Native(Fixture::open_native().await), None).unwrap();
    let answer = router.set(&old, None, &Gate::open()).await;
    assert!(matches!(&answer, SetAnswer::NotSent(why) if why.contains("add up to 110 %")), "{answer:?}");
}

#[tokio::test]
async fn an_entry_of_kubernetes_is_read_and_left_alone() {
    let world = Fixture::open();
    world.consul.state().entry["Meta"]["external-source"] = json!("kubernetes");
    let router = world.router(PATIENT);
    let reading = read(&router).await;
    assert!(reading.warnings[0].contains("ServiceSplitter in Kubernetes owns this entry"), "{reading:?}");
    let refused = router.prepare(&weights(1_000), Some(&reading)).unwrap_err();
    assert!(refused.why.contains("Kubernetes") && !refused.advice.is_empty(), "{refused}");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let world = Fixture::open();
    let config = Config { service: "wbe".to_owned(), ..world.config(world.consul.address, PATIENT) };
    let trouble = Consul::new(config).unwrap().read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert!(trouble.why.contains("Config entry not found") && trouble.why.ends_with("there are web"), "{trouble}");
    let pools = vec![("blue".into(), "web/v1".to_owned()), ("green".into(), "web/v3".to_owned())];
    let config = Config { pools, ..world.config(world.consul.address, PATIENT) };
    let trouble = Consul::new(config).unwrap().read().await.unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.why.as_str()),
        (TroubleKind::Mismatch, "it has no split to `web/v3` for green, only web/v1, web/v2")
    );
}

#[test]
fn two_services_of_one_consul_are_two_places() {
    let world = Fixture::open();
    let one = world.config(world.consul.address, HASTY);
    let other = Config { service: "api".to_owned(), ..one.clone() };
    assert_ne!(one.place(), other.place());
    assert_ne!(one.place(), Config { datacenter: None, ..one.clone() }.place());
}

/// A fake Consul, the tokens that it knows, and the file that the adapter's token is kept in.
struct Fixture {
    consul: Web<State>,
    /// Keeps the tokens' files.
    folder: TempDir,
    is_guarded: bool,
}

impl Fixture {
    /// Whoever reaches it may do everything.
    fn open() -> Self {
        Self { consul: start("", ""), folder: tempfile::tempdir().unwrap(), is_guarded: false }
    }

    /// It asks for tokens.
    fn guarded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("writer"), WRITER).unwrap();
        std::fs::write(folder.path().join("reader"), READER).unwrap();
        Self { consul: start(WRITER, READER), folder, is_guarded: true }
    }

    async fn open_native() -> flightdeck::domain::NativeSplit {
        read(&Self::open().router(PATIENT)).await.native
    }

    fn config(&self, address: SocketAddr, timeout: Duration) -> Config {
        Config {
            at: Endpoint::parse(&format!("http://{address}")).unwrap(),
            service: "web".to_owned(),
            pools: vec![("blue".into(), "web/v1".to_owned()), ("green".into(), "web/v2".to_owned())],
            datacenter: Some("eu-1".to_owned()),
            namespace: None,
            partition: None,
            token: self.is_guarded.then(|| SecretRef::File(self.folder.path().join("writer"))),
            tls: Tls::default(),
            timeout,
        }
    }

    fn router(&self, timeout: Duration) -> Consul {
        Consul::new(self.config(self.consul.address, timeout)).unwrap()
    }

    async fn prepared(&self, green: u32) -> flightdeck::domain::Prepared {
        let router = self.router(PATIENT);
        router.prepare(&weights(green), Some(&read(&router).await)).unwrap()
    }

    async fn shift(&self, green: u32) -> SetAnswer {
        let prepared = self.prepared(green).await;
        self.router(PATIENT).set(&prepared, None, &Gate::open()).await
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
        let state = self.consul.state();
        let splits = state.entry["Splits"].as_array().unwrap().iter();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are hundredths of a percent")]
        let weight = |split: &serde_json::Value| (split["Weight"].as_f64().unwrap_or(0.0) * 100.0).round() as u32;
        splits
            .filter(|split| split["ServiceSubset"].is_string())
            .map(|split| (format!("web/{}", split["ServiceSubset"].as_str().unwrap()), weight(split)))
            .collect()
    }

    fn meddle(&self) {
        self.consul.state().put(93.0, 7.0);
    }

    fn freeze(&self) {
        self.consul.freeze(true);
    }

    fn thaw(&self) {
        self.consul.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.consul.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let token = Some(SecretRef::File(self.folder.path().join("reader")));
        let config = Config { token, ..self.config(self.consul.address, timeout) };
        self.is_guarded.then(|| Box::new(Consul::new(config).unwrap()) as Box<dyn Router>)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Consul::new(self.config(peer, timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        vec![WRITER.to_owned(), READER.to_owned()]
    }

    fn looks_before_writing(&self) -> bool {
        true
    }

    fn expire(&self) {
        "another-token-altogether".clone_into(&mut self.consul.state().writer);
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
