//! A real Caddy against the contract, in the shapes that people run, and what only Caddy has.

mod counting;
mod misfits;
mod tied;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::caddy::{Caddy, Config};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::{BasisPoints, PoolId, Reading, Target, Weights};
use serde_json::json;

use super::router::{Gate, PATIENT, Subject, contract, read};
use crate::support::caddy::{self, Setup};
use crate::support::pool::Pool;

contract!(a_server_per_pool, Fixture::inner(2, 3));
contract!(upstreams_of_both_pools, Fixture::direct(2, 3));
contract!(a_name_that_is_not_let_in, Fixture::aloof(), says_no_with_the_words_of_a_system_that_denies);

/// A Caddy with its pools.
struct Fixture {
    blue: Pool,
    green: Pool,
    caddy: caddy::Caddy,
    has_inner: bool,
}

impl Fixture {
    /// An upstream per pool, with a server of the same Caddy behind it.
    fn inner(blue: usize, green: usize) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let caddy = Setup::inner(&[&blue, &green]).start();
        Self { blue, green, caddy, has_inner: true }
    }

    /// All servers of both pools as upstreams.
    fn direct(blue: usize, green: usize) -> Self {
        Self::direct_with(blue, green, |setup| setup)
    }

    fn direct_with(blue: usize, green: usize, change: impl FnOnce(Setup) -> Setup) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let caddy = change(Setup::direct(&[&blue, &green])).start();
        Self { blue, green, caddy, has_inner: false }
    }

    /// One that lets itself be asked by its address, and by no other name.
    fn aloof() -> Self {
        Self::direct_with(1, 1, |setup| setup.admin(json!({ "origins": ["127.0.0.1:ADMIN"] })))
    }

    fn config(&self, at: &str, timeout: Duration) -> Config {
        let pools = ["blue", "green"].map(|pool| {
            let own = self.caddy.dials_of(pool).split(' ').map(str::to_owned).collect();
            (PoolId::from(pool), own)
        });
        let inner = ["blue", "green"].map(|pool| (PoolId::from(pool), format!("pool_{pool}"))).to_vec();
        Config {
            at: Endpoint::parse(at).unwrap(),
            tls: Tls::default(),
            origin: None,
            handler: "app_pools".to_owned(),
            pools: pools.to_vec(),
            inner: if self.has_inner { inner } else { Vec::new() },
            timeout,
        }
    }

    fn router(&self) -> Caddy {
        self.changed(|_| ())
    }

    /// A router whose profile differs.
    fn changed(&self, change: impl FnOnce(&mut Config)) -> Caddy {
        let mut config = self.config(&format!("http://{}", self.caddy.admin()), PATIENT);
        change(&mut config);
        Caddy::new(config).unwrap()
    }

    /// Prepares and sends green's share, and says what is read afterwards.
    async fn shift(&self, green: u32) -> Reading {
        shift(&self.router(), green).await
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        self.at(self.caddy.admin(), timeout)
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        self.caddy.weights()
    }

    fn meddle(&self) {
        self.caddy.meddle(7);
    }

    fn freeze(&self) {
        self.caddy.freeze(true);
    }

    fn thaw(&self) {
        self.caddy.freeze(false);
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.caddy.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let strange = format!("http://localhost:{}", self.caddy.admin().port());
        Some(Box::new(Caddy::new(self.config(&strange, timeout)).unwrap()))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(Caddy::new(self.config(&format!("http://{peer}"), timeout)).unwrap())
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

async fn shift(router: &Caddy, green: u32) -> Reading {
    let reading = read(router).await;
    let prepared = router.prepare(&weights(green), Some(&reading)).unwrap();
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    read(router).await
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
