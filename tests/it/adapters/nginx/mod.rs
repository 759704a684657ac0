//! A real nginx against the contract, in both ways to split, and what only nginx has.
//!
//! A frozen nginx is one whose master and workers are stopped. A reload that was signalled meanwhile happens when they go on.
//! What may not be done is shown by a reload as another user where the tests run as root, else by a directory that may not
//! be written into.

mod odd;
mod traffic;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use flightdeck::adapter::http::{Endpoint, Tls};
use flightdeck::adapter::router::nginx::{Config, Nginx as Adapter, Reload, Shape};
use flightdeck::adapter::router::{Configured, Router, SetAnswer};
use flightdeck::domain::{BasisPoints, PoolId, Prepared, Reading, Target, Weights};

use super::router::{Gate, PATIENT, Subject, contract, read};
use crate::support::nginx::{Nginx, Way};
use crate::support::pool::Pool;

contract!(percentages, Fixture::start(Way::Split, 1, 2));
contract!(weights_of_servers, Fixture::start(Way::Upstream, 2, 3));
contract!(a_user_who_may_not, Fixture::start(Way::Split, 1, 1), says_no_with_the_words_of_a_system_that_denies);

/// An nginx with its pools.
struct Fixture {
    blue: Pool,
    green: Pool,
    nginx: Nginx,
    way: Way,
}

impl Fixture {
    fn start(way: Way, blue: usize, green: usize) -> Self {
        let (blue, green) = (Pool::start("blue", blue), Pool::start("green", green));
        let nginx = Nginx::start(way, blue.addresses(), green.addresses());
        Self { blue, green, nginx, way }
    }

    /// The profile's view of it.
    fn config(&self, timeout: Duration) -> Config {
        let shape = match self.way {
            Way::Split => Shape::Split {
                variable: "pool".to_owned(),
                by: "$request_id".to_owned(),
                pools: ["blue", "green"].map(|pool| (PoolId::from(pool), pool.to_owned())).to_vec(),
            },
            Way::Upstream => {
                let servers = |pool: &Pool| pool.addresses().iter().map(SocketAddr::to_string).collect();
                let pools = [&self.blue, &self.green].map(|pool| (PoolId::from(pool.name.as_str()), servers(pool)));
                Shape::Upstream { upstream: "app".to_owned(), pools: pools.to_vec(), options: None, lines: Vec::new() }
            }
        };
        Config {
            file: self.nginx.file(),
            shape,
            marker: "flightdeck".to_owned(),
            status: endpoint(self.nginx.status()),
            tls: Tls::default(),
            test: self.nginx.command(&["-t"]),
            reload: Reload::Command(self.nginx.command(&["-s", "reload"])),
            pid_file: Some(self.nginx.pid_file()),
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
        let of = match self.way {
            Way::Split => "split_clients $pool ",
            Way::Upstream => "app/",
        };
        self.nginx.weights().into_iter().map(|(name, weight)| (format!("{of}{name}"), weight)).collect()
    }

    fn meddle(&self) {
        self.nginx.write(if self.way == Way::Split { [9_300, 700] } else { [93, 7] });
        self.nginx.reload();
    }

    fn freeze(&self) {
        self.nginx.stop();
    }

    fn thaw(&self) {
        self.nginx.cont();
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.nginx.kill();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let mut config = self.config(timeout);
        if rustix::process::geteuid().is_root() {
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"].map(str::to_owned);
            let reload = self.nginx.command(&["-s", "reload"]);
            config.reload = Reload::Command(nobody.into_iter().chain(reload).collect());
        } else {
            let file = self.nginx.file();
            fs::set_permissions(file.parent()?, Permissions::from_mode(0o555)).unwrap();
        }
        Some(Box::new(router(config)))
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(router(Config { status: endpoint(peer), ..self.config(timeout) }))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

fn router(config: Config) -> Adapter {
    Adapter::new(config).unwrap()
}

fn endpoint(at: SocketAddr) -> Option<Endpoint> {
    Endpoint::parse(&format!("http://{at}/flightdeck"))
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
