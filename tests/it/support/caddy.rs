//! Real Caddy processes, each with a configuration and ports of its own.
//!
//! ```ignore
//! let caddy = Setup::inner(&blue, &green).start();   // one upstream per pool, a server of the same Caddy
//! caddy.freeze(true);                                // SIGSTOP: it connects and says nothing
//! caddy.freeze(false);
//! assert_eq!(caddy.weights()[&caddy.dials()[0]], 100);
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::keeper::{Kept, Said, ask, program};
use super::pool::Pool;
use super::port::free_port;

/// Where the weights are.
pub const WEIGHTS: &str = "/id/app_pools/load_balancing/selection_policy/weights";

/// A Caddy to be: one reverse proxy `app_pools`, the first pool at 100 and the others at 0.
pub struct Setup {
    pools: Vec<(String, Vec<SocketAddr>)>,
    is_inner: bool,
    admin: Value,
    on_socket: bool,
}

impl Setup {
    /// An upstream per pool, which is a server of the same Caddy in front of the pool's servers.
    pub fn inner(pools: &[&Pool]) -> Self {
        Self { is_inner: true, ..Self::direct(pools) }
    }

    /// All servers of all pools as upstreams of one reverse proxy, which checks their health.
    pub fn direct(pools: &[&Pool]) -> Self {
        let pools = pools.iter().map(|pool| (pool.name.clone(), pool.addresses())).collect();
        Self { pools, is_inner: false, admin: json!({}), on_socket: false }
    }

    /// More of the admin interface's settings.
    #[must_use]
    pub fn admin(mut self, settings: Value) -> Self {
        self.admin = settings;
        self
    }

    /// The admin interface is a unix socket.
    #[must_use]
    pub fn on_a_socket(mut self) -> Self {
        self.on_socket = true;
        self
    }

    /// Starts it, and waits until it serves.
    pub fn start(self) -> Caddy {
        let dir = tempfile::tempdir().expect("a directory is made");
        let mut caddy = Caddy { setup: self, dir, kept: None, ports: Vec::new() };
        // Another process may take a port between the look and the start.
        for _ in 0..5 {
            caddy.ports = (0..2 + caddy.setup.pools.len()).map(|_| free_port()).collect();
            if caddy.launch() {
                return caddy;
            }
        }
        panic!("Caddy does not start:\n{}", caddy.log());
    }

    fn upstreams(&self, ports: &[u16]) -> Vec<String> {
        if self.is_inner {
            return (0..self.pools.len()).map(|index| format!("127.0.0.1:{}", ports[2 + index])).collect();
        }
        self.pools.iter().flat_map(|(_, servers)| servers.iter().map(ToString::to_string)).collect()
    }

    fn weights(&self) -> Vec<u32> {
        let first = if self.is_inner { 1 } else { self.pools[0].1.len() };
        let all =
            if self.is_inner { self.pools.len() } else { self.pools.iter().map(|(_, servers)| servers.len()).sum() };
        (0..all).map(|index| if index < first { 100 } else { 0 }).collect()
    }

    fn configuration(&self, ports: &[u16], socket: &str) -> Value {
        let dial = |at: String| json!({ "dial": at });
        let checks = json!({ "active": { "uri": "/health", "interval": "100ms", "timeout": "5s" } });
        let server = |port: u16, handler: Value| {
            json!({
                "listen": [format!("127.0.0.1:{port}")],
                "automatic_https": { "disable": true },
                "routes": [{ "handle": [handler] }],
            })
        };
        let policy = json!({ "policy": "weighted_round_robin", "weights": self.weights() });
        let front = json!({
            "@id": "app_pools",
            "handler": "reverse_proxy",
            "load_balancing": { "selection_policy": policy },
            "upstreams": self.upstreams(ports).into_iter().map(dial).collect::<Vec<_>>(),
            "health_checks": if self.is_inner { Value::Null } else { checks.clone() },
        });
        let mut servers = serde_json::Map::from_iter([("front".to_owned(), server(ports[1], front))]);
        for ((name, at), port) in self.pools.iter().zip(&ports[2..]).filter(|_| self.is_inner) {
            let inner = json!({
                "@id": format!("pool_{name}"),
                "handler": "reverse_proxy",
                "upstreams": at.iter().map(|at| dial(at.to_string())).collect::<Vec<_>>(),
                "load_balancing": { "selection_policy": { "policy": "round_robin" } },
                "health_checks": checks,
            });
            servers.insert(format!("pool_{name}"), server(*port, inner));
        }
        let listen = if self.on_socket { format!("unix/{socket}") } else { format!("127.0.0.1:{}", ports[0]) };
        let mut admin = json!({ "listen": listen, "config": { "persist": false } });
        for (key, value) in self.admin.as_object().expect("settings are an object") {
            admin[key] = serde_json::from_str(&value.to_string().replace("ADMIN", &ports[0].to_string())).unwrap();
        }
        json!({
            "admin": admin,
            "logging": { "logs": { "default": { "level": "WARN" } } },
            "apps": { "http": { "metrics": {}, "servers": servers } },
        })
    }
}

/// A running Caddy.
pub struct Caddy {
    setup: Setup,
    dir: TempDir,
    kept: Option<Kept>,
    /// The admin interface, the front, and a server for each pool.
    ports: Vec<u16>,
}

impl Caddy {
    /// Its admin interface.
    pub fn admin(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[0]))
    }

    /// Its admin interface's socket, if it was asked for.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("admin.sock")
    }

    /// Where traffic goes in.
    pub fn front(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[1]))
    }

    /// The upstreams of the reverse proxy that splits, in their order.
    pub fn dials(&self) -> Vec<String> {
        self.setup.upstreams(&self.ports)
    }

    /// The upstreams of one pool.
    pub fn dials_of(&self, pool: &str) -> String {
        let at = self.setup.pools.iter().position(|(name, _)| name == pool).expect("it is one of its pools");
        if self.setup.is_inner {
            return self.dials()[at].clone();
        }
        self.setup.pools[at].1.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Asks the admin interface, not through flightdeck.
    pub fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Said {
        ask(self.admin(), method, path, body).unwrap_or_else(|error| panic!("Caddy does not answer {path}: {error}"))
    }

    /// The weight of each upstream.
    pub fn weights(&self) -> BTreeMap<String, u32> {
        let handler = self.ask("GET", "/id/app_pools", None).json();
        let upstreams = handler["upstreams"].as_array().expect("it has upstreams");
        let weights = handler["load_balancing"]["selection_policy"]["weights"].as_array().expect("it has weights");
        let one = |(upstream, weight): (&Value, &Value)| {
            let weight = weight.as_u64().and_then(|weight| u32::try_from(weight).ok());
            (upstream["dial"].as_str().expect("it is dialled").to_owned(), weight.expect("a weight"))
        };
        upstreams.iter().zip(weights).map(one).collect()
    }

    /// Gives the last upstream another weight, and leaves the others.
    pub fn meddle(&self, weight: u32) {
        let mut weights: Vec<Value> = serde_json::from_str(&self.ask("GET", WEIGHTS, None).body).expect("weights");
        *weights.last_mut().expect("there is one") = weight.into();
        let said = self.ask("PATCH", WEIGHTS, Some(&Value::Array(weights).to_string()));
        assert_eq!((said.status, said.body.as_str()), (200, ""));
    }

    /// Stops it where it is (SIGSTOP), or lets it go on.
    pub fn freeze(&self, is_frozen: bool) {
        self.kept.as_ref().expect("Caddy runs").freeze(is_frozen);
    }

    /// Kills it.
    pub fn end(&mut self) {
        self.kept = None;
    }

    /// Kills it and starts it again with the same configuration and ports.
    pub fn restart(&mut self) {
        self.end();
        assert!(self.launch(), "it does not start again:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Whether it serves, or found a port taken.
    fn launch(&mut self) -> bool {
        let (config, log) = (self.dir.path().join("caddy.json"), self.dir.path().join("log"));
        let socket = self.socket();
        fs::remove_file(&socket).ok();
        let text = self.setup.configuration(&self.ports, &socket.display().to_string()).to_string();
        fs::write(&config, text).expect("it is written");
        let folders = [("XDG_CONFIG_HOME", self.dir.path()), ("XDG_DATA_HOME", self.dir.path())];
        let kept = Kept::start(
            &program("caddy", "caddy"),
            &["run", "--config", &config.display().to_string()],
            &folders,
            &log,
        );
        let mut serves = false;
        kept.wait("Caddy to serve", || {
            let is_up = |port: &u16| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok();
            let skipped = usize::from(self.setup.on_socket);
            let count = if self.setup.is_inner { self.ports.len() } else { 2 };
            serves = self.ports[skipped..count].iter().all(is_up) && (!self.setup.on_socket || socket.exists());
            serves || self.log().contains("Error: ")
        });
        // A port that somebody else has is up as well.
        serves &= !self.log().contains("Error: ");
        self.kept = serves.then_some(kept);
        serves
    }
}
