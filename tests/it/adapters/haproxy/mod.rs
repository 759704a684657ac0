//! A real HAProxy against the contract, in the shapes that people run, and what only HAProxy has.

mod configurations;
mod counting;
mod master;
mod misfits;
mod processes;
mod sessions;
mod ssh;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use flightdeck::adapter::router::Router;
use flightdeck::adapter::router::haproxy::{Address, Config, HaProxy, Shape};
use flightdeck::domain::{BasisPoints, PoolId, Reading, Target, Weights};

use super::router::{PATIENT, Subject, contract, read};
use crate::support::haproxy::{Haproxy, Layout, Setup};
use crate::support::pool::Pool;

contract!(one_backend, Fixture::a(2, 3));
contract!(a_percentage_in_a_map, Fixture::b(2, 2));
contract!(inner_proxies, Fixture::c(2, 3));
contract!(a_socket_of_level_user, Fixture::a(2, 3), says_no_with_the_words_of_a_system_that_denies);

/// A HAProxy with its pools and the profile's view of it.
struct Fixture {
    blue: Pool,
    green: Pool,
    haproxy: Haproxy,
    shape: Shape,
    /// Whether it is steered by its master's socket.
    is_master: bool,
}

impl Fixture {
    /// One backend with servers of both pools.
    fn a(blue: usize, green: usize) -> Self {
        Self::a_with(blue, green, |setup| setup)
    }

    fn a_with(blue: usize, green: usize, change: impl FnOnce(Setup<'_>) -> Setup<'_>) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let (at_blue, at_green) = (blue.addresses(), green.addresses());
        let haproxy = change(Setup::new(Layout::A { blue: &at_blue, green: &at_green })).start();
        Self { blue, green, haproxy, shape: servers(&["blue", "green"]), is_master: false }
    }

    /// Two backends and a percentage in a map.
    fn b(blue: usize, green: usize) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let haproxy = Haproxy::start(Layout::B { blue: &blue.addresses(), green: &green.addresses() });
        let shape = Shape::Map {
            map: haproxy.map(),
            key: "app".to_owned(),
            percent_of: "green".into(),
            pools: pairs(&[("blue", "be_blue"), ("green", "be_green")]),
        };
        Self { blue, green, haproxy, shape, is_master: false }
    }

    /// One server per pool in front of inner proxies.
    fn c(blue: usize, green: usize) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let haproxy = Haproxy::start(Layout::C { blue: &blue.addresses(), green: &green.addresses() });
        let shape = Shape::Servers {
            backend: "app".to_owned(),
            pools: pairs(&[("blue", "blue"), ("green", "green")]),
            inner: pairs(&[("blue", "pool_blue"), ("green", "pool_green")]),
        };
        Self { blue, green, haproxy, shape, is_master: false }
    }

    /// The same, steered by its master's socket.
    fn by_the_master(mut self) -> Self {
        self.is_master = true;
        self
    }

    /// The socket that may change weights.
    fn socket(&self) -> PathBuf {
        if self.is_master { self.haproxy.master_socket() } else { self.haproxy.admin_socket() }
    }

    fn router(&self) -> HaProxy {
        self.at_address(Address::Unix(self.socket()), PATIENT)
    }

    fn at_address(&self, address: Address, timeout: Duration) -> HaProxy {
        HaProxy::new(Config { address, is_master: self.is_master, shape: self.shape.clone(), timeout })
    }

    fn shaped(&self, shape: Shape) -> HaProxy {
        let address = Address::Unix(self.socket());
        HaProxy::new(Config { address, is_master: self.is_master, shape, timeout: PATIENT })
    }

    /// Prepares and sends green's share, and says what is read afterwards.
    async fn shift(&self, green: u32) -> Reading {
        let router = self.router();
        let reading = read(&router).await;
        let prepared = router.prepare(&weights(green), Some(&reading)).unwrap();
        let answer = router.set(&prepared, Some(&reading.native), &super::router::Gate::open()).await;
        assert_eq!(answer, flightdeck::adapter::router::SetAnswer::Accepted);
        read(&router).await
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.at_address(Address::Unix(self.socket()), timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let weights = self.haproxy.weights();
        match &self.shape {
            Shape::Servers { .. } => {
                weights.into_iter().map(|(name, weight)| (format!("app/{name}"), weight)).collect()
            }
            Shape::Map { map, .. } => BTreeMap::from([
                (format!("map {map} app"), weights["green"]),
                (format!("map {map} app, the rest"), weights["blue"]),
            ]),
        }
    }

    fn meddle(&self) {
        let command = match &self.shape {
            Shape::Servers { inner, .. } if inner.is_empty() => "set server app/green-2 weight 7".to_owned(),
            Shape::Servers { .. } => "set server app/green weight 7".to_owned(),
            Shape::Map { map, .. } => format!("set map {map} app 7"),
        };
        assert_eq!(self.haproxy.ask(&command).trim(), "");
    }

    fn freeze(&self) {
        self.haproxy.stop();
    }

    fn thaw(&self) {
        self.haproxy.cont();
    }

    fn applies_late(&self) -> bool {
        // A master that goes on and finds its client gone passes nothing on.
        !self.is_master
    }

    fn end(&mut self) {
        self.haproxy.kill();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        // HAProxy lets everybody set a map who reaches the socket.
        let has_levels = matches!(self.shape, Shape::Servers { .. });
        let address = if self.is_master {
            Address::Unix(self.haproxy.master_user_socket())
        } else {
            Address::Tcp(self.haproxy.user_tcp())
        };
        has_levels.then(|| Box::new(self.at_address(address, timeout)) as Box<dyn Router>)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.at_address(Address::Tcp(peer.to_string()), timeout))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Green's share in basis points, blue having the rest.
fn weights(green: u32) -> Target {
    Target::Weights(
        Weights::new(vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))]).unwrap(),
    )
}

/// One backend `app` with servers `POOL-*`.
fn servers(pools: &[&str]) -> Shape {
    let pools = pools.iter().map(|pool| (PoolId::from(*pool), format!("{pool}-*"))).collect();
    Shape::Servers { backend: "app".to_owned(), pools, inner: Vec::new() }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(PoolId, String)> {
    pairs.iter().map(|(pool, name)| (PoolId::from(*pool), (*name).to_owned())).collect()
}

/// Whether a sentence with this part is among the warnings.
fn warns(reading: &Reading, part: &str) -> bool {
    reading.warnings.iter().any(|warning| warning.contains(part))
}
