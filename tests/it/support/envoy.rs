//! Real Envoy processes, each with a configuration and ports of its own.
//!
//! ```ignore
//! let envoy = Setup::new(&[("blue", &blue.addresses()), ("green", &green.addresses())]).start();
//! envoy.freeze(true);                      // SIGSTOP: it connects and says nothing
//! envoy.freeze(false);
//! assert_eq!(envoy.weights()["app.v1.blue"], 100);
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use super::keeper::{Kept, Said, ask, program};

/// The prefix of the route's runtime keys.
pub const PREFIX: &str = "app.v1";

/// An Envoy to be: one route over weighted clusters, the first at 100 and the others at 0.
pub struct Setup {
    clusters: Vec<(String, Vec<SocketAddr>)>,
    layers: String,
    over_rds: bool,
    checks: bool,
}

impl Setup {
    /// An ordinary one. A cluster is named after its pool, and counted under another name.
    pub fn new(pools: &[(&str, &[SocketAddr])]) -> Self {
        let clusters = pools.iter().map(|(name, at)| ((*name).to_owned(), at.to_vec())).collect();
        let layers = "[{name: base, static_layer: {}}, {name: admin, admin_layer: {}}]".to_owned();
        Self { clusters, layers, over_rds: false, checks: true }
    }

    /// Other runtime layers.
    #[must_use]
    pub fn layers(mut self, layers: &str) -> Self {
        layers.clone_into(&mut self.layers);
        self
    }

    /// The route comes from a file over `rds`.
    #[must_use]
    pub fn over_rds(mut self) -> Self {
        self.over_rds = true;
        self
    }

    /// Starts it, and waits until it serves and every host is well.
    pub fn start(self) -> Envoy {
        let dir = tempfile::tempdir().expect("a directory is made");
        let mut envoy = Envoy { setup: self, dir, kept: None, admin: any_port(), front: any_port() };
        envoy.launch();
        envoy
    }

    fn configuration(&self, dir: &str, admin: SocketAddr, front: SocketAddr) -> String {
        let route = self.route();
        let routes = if self.over_rds {
            format!(
                "rds: {{route_config_name: routes, config_source: {{resource_api_version: V3, path_config_source: {{path: {dir}/rds.json}}}}}}"
            )
        } else {
            format!("route_config: {route}")
        };
        let mut text = format!(
            r#"
node: {{id: envoy-of-a-test, cluster: tests}}
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {}}}}}}}
layered_runtime: {{layers: {}}}
static_resources:
  listeners:
  - name: front
    address: {{socket_address: {{address: 127.0.0.1, port_value: {}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          {routes}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
"#,
            admin.port(),
            self.layers,
            front.port()
        );
        for (name, hosts) in &self.clusters {
            let host = |at: &SocketAddr| {
                format!(
                    "{{endpoint: {{address: {{socket_address: {{address: {}, port_value: {}}}}}}}}}",
                    at.ip(),
                    at.port()
                )
            };
            let hosts = hosts.iter().map(host).collect::<Vec<_>>().join(", ");
            let check = "{timeout: 5s, interval: 0.1s, no_traffic_interval: 0.1s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check: {path: /health}}";
            let checks = if self.checks { format!("health_checks: [{check}]") } else { String::new() };
            write!(
                text,
                "  - {{name: {name}, alt_stat_name: counted_{name}, type: STATIC, connect_timeout: 5s, {checks},\n     \
                 load_assignment: {{cluster_name: {name}, endpoints: [{{lb_endpoints: [{hosts}]}}]}}}}\n"
            )
            .expect("text is written");
        }
        text
    }

    /// The route configuration, as JSON.
    fn route(&self) -> String {
        let weight = |(index, (name, _)): (usize, &(String, Vec<SocketAddr>))| serde_json::json!({ "name": name, "weight": if index == 0 { 100 } else { 0 } });
        let clusters: Vec<_> = self.clusters.iter().enumerate().map(weight).collect();
        let weighted = serde_json::json!({ "runtime_key_prefix": PREFIX, "clusters": clusters });
        let routes = serde_json::json!([
            { "match": { "prefix": "/other" }, "route": { "cluster": self.clusters[0].0 } },
            { "match": { "prefix": "/" }, "route": { "timeout": "130s", "weighted_clusters": weighted } },
        ]);
        let hosts = serde_json::json!([{ "name": "app", "domains": ["*"], "routes": routes }]);
        serde_json::json!({ "name": "routes", "virtual_hosts": hosts }).to_string()
    }
}

/// A running Envoy.
pub struct Envoy {
    setup: Setup,
    dir: TempDir,
    kept: Option<Kept>,
    admin: SocketAddr,
    front: SocketAddr,
}

impl Envoy {
    /// Its admin interface.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Where traffic goes in.
    pub fn front(&self) -> SocketAddr {
        self.front
    }

    /// Asks the admin interface, not through flightdeck.
    pub fn ask(&self, method: &str, path: &str) -> Said {
        ask(self.admin, method, path, None).unwrap_or_else(|error| panic!("Envoy does not answer {path}: {error}"))
    }

    /// Sets runtime keys: `app.v1.green=30`.
    pub fn modify(&self, keys: &str) {
        let said = self.ask("POST", &format!("/runtime_modify?{keys}"));
        assert_eq!((said.status, said.body.trim()), (200, "OK"));
    }

    /// The weight of each cluster by its runtime key: what the runtime says, else what is configured.
    pub fn weights(&self) -> BTreeMap<String, u32> {
        let runtime = self.ask("GET", "/runtime?format=json").json();
        let weight = |(index, (name, _)): (usize, &(String, Vec<SocketAddr>))| {
            let key = format!("{PREFIX}.{name}");
            let said = runtime["entries"][&key]["final_value"].as_str().and_then(|value| value.parse().ok());
            (key, said.unwrap_or(if index == 0 { 100 } else { 0 }))
        };
        self.setup.clusters.iter().enumerate().map(weight).collect()
    }

    /// Waits until a cluster has so many hosts that fail their check.
    pub fn wait_for_down(&self, cluster: &str, count: usize) {
        let filter = format!("/clusters?format=json&filter={cluster}");
        self.kept().wait(&format!("{count} hosts of {cluster} to be down"), || {
            self.ask("GET", &filter).body.matches("failed_active_health_check").count() == count
        });
    }

    /// Stops it where it is (SIGSTOP), or lets it go on.
    pub fn freeze(&self, is_frozen: bool) {
        self.kept().signal(if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// Kills it.
    pub fn end(&mut self) {
        self.kept = None;
    }

    /// Kills it and starts it again with the same configuration and ports.
    pub fn restart(&mut self) {
        self.end();
        self.launch();
    }

    fn kept(&self) -> &Kept {
        self.kept.as_ref().expect("Envoy runs")
    }

    fn launch(&mut self) {
        let dir = self.dir.path().display().to_string();
        let (config, said) = (self.dir.path().join("envoy.yaml"), self.dir.path().join("admin"));
        fs::remove_file(&said).ok();
        fs::write(&config, self.setup.configuration(&dir, self.admin, self.front)).expect("it is written");
        let route = self.setup.route();
        let (kind, rest) = (r#""@type":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","#, &route[1..]);
        let rds = format!(r#"{{"version_info":"7","resources":[{{{kind}{rest}]}}"#);
        fs::write(self.dir.path().join("rds.json"), rds).expect("it is written");
        let arguments = [
            "-c",
            &config.display().to_string(),
            "--disable-hot-restart",
            "--concurrency",
            "1",
            "-l",
            "warning",
            "--admin-address-path",
            &said.display().to_string(),
        ];
        let kept = Kept::start(&envoy(), &arguments, &[], &self.dir.path().join("log"));
        let mut admin = None;
        kept.wait("Envoy to say where its admin interface is", || {
            admin = fs::read_to_string(&said).ok().and_then(|at| at.trim().parse().ok());
            admin.is_some()
        });
        self.admin = admin.expect("it was waited for");
        let is_live = || ask(self.admin, "GET", "/ready", None).is_ok_and(|said| said.body.trim() == "LIVE");
        kept.wait("Envoy to be live", is_live);
        let listeners = self.ask("GET", "/listeners?format=json").json();
        let port = &listeners["listener_statuses"][0]["local_address"]["socket_address"]["port_value"];
        let port = port.as_u64().and_then(|port| u16::try_from(port).ok());
        self.front.set_port(port.unwrap_or_else(|| panic!("no port in {listeners}")));
        kept.wait("every host to be well", || !self.ask("GET", "/clusters?format=json").body.contains("failed_active"));
        self.kept = Some(kept);
    }
}

/// The program itself: the one on the path may be a script in front of it, which signals would not get past.
fn envoy() -> PathBuf {
    program("envoy", "python-envoy/lib/python3*/site-packages/envoy/_bin/envoy")
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
