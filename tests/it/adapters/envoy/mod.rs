//! A real Envoy against the contract, and what only Envoy has.

mod counting;
mod misfits;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::envoy::{Config, Envoy};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::{BasisPoints, PoolId, Reading, Target, Weights};

use super::router::{Gate, PATIENT, Subject, contract, read};
use crate::support::envoy::{self, PREFIX, Setup};
use crate::support::pool::Pool;

contract!(runtime_keys, Fixture::of(2, 3));

/// An Envoy with its pools.
struct Fixture {
    blue: Pool,
    green: Pool,
    envoy: envoy::Envoy,
}

impl Fixture {
    fn of(blue: usize, green: usize) -> Self {
        Self::with(blue, green, |setup| setup)
    }

    fn with(blue: usize, green: usize, change: impl FnOnce(Setup) -> Setup) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let setup = Setup::new(&[("blue", &blue.addresses()), ("green", &green.addresses())]);
        let envoy = change(setup).start();
        Self { blue, green, envoy }
    }

    fn router(&self) -> Envoy {
        self.changed(|_| ())
    }

    /// A router whose profile differs.
    fn changed(&self, change: impl FnOnce(&mut Config)) -> Envoy {
        let mut config = config(self.envoy.admin(), PATIENT);
        change(&mut config);
        Envoy::new(config).unwrap()
    }

    /// Prepares and sends green's share, and says what is read afterwards.
    async fn shift(&self, green: u32) -> Reading {
        let router = self.router();
        let reading = read(&router).await;
        let prepared = router.prepare(&weights(green), Some(&reading)).unwrap();
        assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
        read(&router).await
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        self.at(self.envoy.admin(), timeout)
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        self.envoy.weights()
    }

    fn meddle(&self) {
        self.envoy.modify(&format!("{PREFIX}.green=7"));
    }

    fn freeze(&self) {
        self.envoy.freeze(true);
    }

    fn thaw(&self) {
        self.envoy.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.envoy.end();
    }

    fn powerless(&self, _timeout: Duration) -> Option<Box<dyn Router>> {
        // Envoy lets everybody do everything who reaches its admin interface.
        None
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Envoy::new(config(peer, timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

fn config(admin: SocketAddr, timeout: Duration) -> Config {
    Config {
        at: Endpoint::parse(&format!("http://{admin}")).unwrap(),
        tls: Tls::default(),
        prefix: PREFIX.to_owned(),
        route_config: None,
        pools: ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec(),
        timeout,
    }
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
