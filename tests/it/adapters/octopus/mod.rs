//! Octopus against the contract, and what only it has. The server is a fake that keeps the real one's rules.

mod back;
mod cancel;
mod look;
mod send;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::Router;
use flightdeck::adapter::router::octopus::{Config, Octopus};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::{PoolId, Target};

use super::router::{PATIENT, Subject, contract, first_two};
use crate::support::octopus::{KEY, Server, VIEWER, start};
use crate::support::web::{Asked, Web};

contract!(octopus, Fixture::start());

contract!(
    octopus_asks_who_it_is,
    Fixture::start(),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
);

/// A server, and where its keys are kept.
struct Fixture {
    web: Web<Server>,
    keys: tempfile::TempDir,
}

impl Fixture {
    fn start() -> Self {
        let keys = tempfile::tempdir().unwrap();
        std::fs::write(keys.path().join("pilot"), KEY).unwrap();
        std::fs::write(keys.path().join("viewer"), VIEWER).unwrap();
        Self { web: start(), keys }
    }

    fn key(&self, of: &str) -> PathBuf {
        self.keys.path().join(of)
    }

    fn config(&self) -> Config {
        self.config_at(self.web.address, "pilot", PATIENT)
    }

    fn config_at(&self, at: SocketAddr, who: &str, timeout: Duration) -> Config {
        Config {
            at: Endpoint::parse(&format!("http://{at}")).unwrap(),
            space: "Default".to_owned(),
            project: "Bridge Routing".to_owned(),
            environment: "prod".to_owned(),
            channel: None,
            pools: vec![
                ("blue".into(), "Routing.Blue.Weight".to_owned()),
                ("green".into(), "Routing.Green.Weight".to_owned()),
            ],
            sum: 100,
            takes: Duration::from_mins(3),
            token: SecretRef::File(self.key(who)),
            tls: Tls::default(),
            timeout,
        }
    }

    fn router(&self) -> Octopus {
        Octopus::new(self.config()).unwrap()
    }

    /// All writes so far, as method and path.
    fn writes(&self) -> Vec<String> {
        self.web.asked().iter().filter(|asked| asked.method != "GET").map(line).collect()
    }
}

/// The second pool at this many percent.
fn green(percent: u32) -> Target {
    Target::Weights(first_two(&["blue".into(), "green".into()], percent * 100))
}

fn line(asked: &Asked) -> String {
    format!("{} {}", asked.method, asked.path)
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        self.at(self.web.address, timeout)
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        self.web.state().applied.clone()
    }

    fn meddle(&self) {
        let mut server = self.web.state();
        server.save(60, 40);
        server.release("2026.11.21.9");
        server.deploy("2026.11.21.9");
    }

    fn freeze(&self) {
        self.web.freeze(true);
    }

    fn thaw(&self) {
        self.web.freeze(false);
    }

    fn applies_late(&self) -> bool {
        // What it takes late are variables, and they are not live before they are deployed.
        false
    }

    fn end(&mut self) {
        self.web.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        Some(Box::new(Octopus::new(self.config_at(self.web.address, "viewer", timeout)).unwrap()))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Octopus::new(self.config_at(peer, "pilot", timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), VIEWER.to_owned(), "hunter2".to_owned()]
    }

    fn looks_before_writing(&self) -> bool {
        true
    }

    fn expire(&self) {
        self.web.state().lacks.remove(KEY);
    }

    fn renew(&self) {
        self.web.state().lacks.insert("API-RENEWED".to_owned(), Vec::new());
        std::fs::write(self.key("pilot"), "API-RENEWED").unwrap();
    }
}
