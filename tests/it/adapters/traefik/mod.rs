//! A real Traefik against the contract, by file and by REST provider, and what only Traefik has.
//!
//! Only the REST provider asks who changes something; whoever may write the file may change what it says, whatever the API
//! thinks of them.

mod odd;
mod traffic;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::traefik::{Config, LoginRef, Traefik as Adapter, Way};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::{BasisPoints, PoolId, Prepared, Reading, Target, Weights};

use super::router::{Gate, PATIENT, Subject, contract, read};
use crate::support::pool::Pool;
use crate::support::traefik::{LATER, Provider, READER, Traefik, WRITER};

contract!(file_provider, Fixture::start(Provider::File, 2, 3));
contract!(rest_provider, Fixture::start(Provider::Rest, 2, 3));
contract!(
    rest_provider_behind_a_login,
    Fixture::start(Provider::Rest, 1, 1),
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle
);

/// A Traefik with its pools.
struct Fixture {
    blue: Pool,
    green: Pool,
    traefik: Traefik,
    provider: Provider,
}

impl Fixture {
    /// One whose throttle is short.
    fn start(provider: Provider, blue: usize, green: usize) -> Self {
        Self::throttled(provider, "100ms", blue, green)
    }

    fn throttled(provider: Provider, throttle: &'static str, blue: usize, green: usize) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let traefik = Traefik::start(provider, throttle, &blue.addresses(), &green.addresses());
        fs::write(traefik.secret(), WRITER.0).unwrap();
        Self { blue, green, traefik, provider }
    }

    /// The profile's view of it.
    fn config(&self, timeout: Duration) -> Config {
        let document = self.traefik.document();
        Config {
            at: endpoint(self.traefik.admin(), ""),
            login: Some(LoginRef::Basic("writer".to_owned(), SecretRef::File(self.traefik.secret()))),
            tls: Tls::default(),
            metrics: Some(endpoint(self.traefik.admin(), "/metrics")),
            service: "app".to_owned(),
            pools: ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec(),
            way: match self.provider {
                Provider::File => Way::File(document),
                Provider::Rest => Way::Rest(document),
            },
            throttle: Duration::from_secs(2),
            timeout,
        }
    }

    fn router(&self) -> Adapter {
        router(self.config(PATIENT))
    }

    /// Prepares green's share and gives it with what was read before.
    async fn prepared(&self, router: &Adapter, green: u32) -> (Prepared, Reading) {
        let reading = read(router).await;
        (router.prepare(&weights(green), Some(&reading)).unwrap(), reading)
    }

    /// Shifts to green's share, and says what is read afterwards.
    async fn shift(&self, green: u32) -> Reading {
        let router = self.router();
        let (prepared, reading) = self.prepared(&router, green).await;
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        read(&router).await
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(router(self.config(timeout)))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let weights = self.traefik.weights().into_iter();
        let named = |name: &str| format!("app@{}/{name}", self.provider.name());
        weights.map(|(name, weight)| (named(&name), u32::try_from(weight).unwrap())).collect()
    }

    fn meddle(&self) {
        self.traefik.change(93, 7);
    }

    fn freeze(&self) {
        self.traefik.stop();
    }

    fn thaw(&self) {
        self.traefik.cont();
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.traefik.kill();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let secret = self.traefik.secret().with_extension("reader");
        fs::write(&secret, READER.0).unwrap();
        let login = Some(LoginRef::Basic("reader".to_owned(), SecretRef::File(secret)));
        Some(Box::new(router(Config { login, ..self.config(timeout) })))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        let (at, metrics) = (endpoint(peer, ""), Some(endpoint(peer, "/metrics")));
        Box::new(router(Config { at, metrics, ..self.config(timeout) }))
    }

    fn secrets(&self) -> Vec<String> {
        [WRITER, READER, LATER].iter().map(|(password, _)| (*password).to_owned()).collect()
    }

    fn expire(&self) {
        self.traefik.change_password(LATER);
    }

    fn renew(&self) {
        fs::write(self.traefik.secret(), LATER.0).unwrap();
    }
}

fn router(config: Config) -> Adapter {
    Adapter::new(config).unwrap()
}

fn endpoint(at: SocketAddr, path: &str) -> Endpoint {
    Endpoint::parse(&format!("http://{at}{path}")).unwrap()
}

/// Green's share in basis points, blue having the rest.
fn weights(green: u32) -> Target {
    Target::Weights(
        Weights::new(vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))]).unwrap(),
    )
}

/// Whether a sentence with this part is among the warnings.
fn warns(reading: &Reading, part: &str) -> bool {
    reading.warnings.iter().any(|warning| warning.contains(part))
}
