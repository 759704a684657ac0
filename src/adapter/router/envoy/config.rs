//! What the profile says about one Envoy.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::Envoy;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Proof, Trouble};
use crate::setting::{Table, Wrong, quoted, text};

/// Where and how one Envoy process is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The admin interface.
    pub at: Endpoint,
    /// Certificates, where something in front of it encrypts.
    pub tls: Tls,
    /// `runtime_key_prefix` of the route's weighted clusters.
    pub prefix: String,
    /// The only route configuration to look into; all of them where none is named.
    pub route_config: Option<String>,
    /// Per pool, in the profile's order, its cluster.
    pub pools: Vec<(PoolId, String)>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "envoy"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "Envoy's admin interface.", &endpoint());
        let tls = Tls::read(table);
        let doc = "`runtime_key_prefix` of the route's `weighted_clusters`.";
        let prefix = table.required("prefix", doc, &text());
        let doc = "The route configuration that has it, by name; else all are looked through at every reading.";
        let route_config = table.optional("route_config", doc, &text());
        let places = table.required_each_of("pools", "Per pool, its cluster.", "pool", &names, &text())?.value;
        let mut fits = true;
        for (index, (pool, cluster)) in places.iter().enumerate() {
            if let Some((other, _)) = places.iter().take(index).find(|(_, other)| other.value == cluster.value) {
                fits = false;
                let wrong = Wrong::new(format!("{} is the cluster of pool {other} too", quoted(cluster)));
                table.report().refuse(&cluster.spot, wrong.advice(format!("name the cluster of {pool} alone")));
            }
        }
        let pools = places.into_iter().map(|(pool, cluster)| (PoolId::new(pool), cluster.value)).collect();
        let (at, prefix) = (at?.value, prefix?.value);
        fits.then_some(Self { at, tls, prefix, route_config: route_config.map(|name| name.value), pools, timeout })
    }

    /// The runtime key that holds a cluster's weight.
    pub(super) fn key(&self, cluster: &str) -> String {
        format!("{}.{cluster}", self.prefix)
    }

    /// Where the clusters of the pools are read. A version that knows no filter gives all of them.
    pub(super) fn clusters_path(&self) -> String {
        let names = any_of(self.pools.iter().map(|(_, cluster)| cluster.as_str()));
        format!("/clusters?format=json&filter={}", encoded(&format!("^{names}$")))
    }

    /// Where route configurations are read: those written in the configuration, and those that came over `rds`.
    pub(super) fn routes_paths(&self) -> [String; 2] {
        let only = self.route_config.as_ref().map(|name| format!("&name_regex={}", encoded(&regex::escape(name))));
        let only = only.unwrap_or_default();
        ["static_route_configs", "dynamic_route_configs"].map(|sort| format!("/config_dump?resource={sort}{only}"))
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let make_permanent = format!(
            "write the weights into the route's `weighted_clusters` with runtime_key_prefix {} in Envoy's configuration, or \
             have the keys set by a runtime layer that stays",
            self.prefix
        );
        Capabilities {
            change_ms: 1,
            back_ms: 1,
            holds: Holds::Shares { finest: BasisPoints(1) },
            atomic: true,
            proof: Proof::Observed,
            counts_in_flight: true,
            counts_requests: true,
            make_permanent: Some(make_permanent),
            ..Capabilities::of("Envoy", "runtime keys of weighted clusters, one request")
        }
    }

    fn place(&self) -> String {
        format!("{} {}", self.at, self.prefix)
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Envoy::new(self.clone())?))
    }
}

/// A pattern that fits these names and no others.
pub(super) fn any_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("({})", names.map(regex::escape).collect::<Vec<_>>().join("|"))
}

/// Text as it stands in a query, where nothing in it can mean anything else.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{any_of, encoded};

    #[test]
    fn a_name_stays_one_name_in_a_query() {
        assert_eq!(encoded("app.blue-1_x"), "app.blue-1_x");
        assert_eq!(encoded("a&b=c d+é|"), "a%26b%3Dc%20d%2B%C3%A9%7C");
        assert_eq!(any_of(["outbound|80||a.b", "green"].into_iter()), r"(outbound\|80\|\|a\.b|green)");
    }
}
