//! What the profile says about one service-splitter.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderName;

use super::super::scale::Scale;
use super::super::{Configured, Router};
use super::Consul;
use crate::adapter::http::{Client, Endpoint, Login, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::{Capabilities, PoolId, Trouble};
use crate::setting::{Kind, Table, Wrong, quoted, word};

/// Where one service-splitter is kept, and which of its destinations is which pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The HTTP interface of a Consul agent or server.
    pub at: Endpoint,
    /// The service whose traffic is split.
    pub service: String,
    /// Per pool, in the profile's order, its destination: `service/subset`, or a service.
    pub pools: Vec<(PoolId, String)>,
    /// The datacenter, where it is not the agent's own.
    pub datacenter: Option<String>,
    /// The namespace, where there are some.
    pub namespace: Option<String>,
    /// The partition, where there are some.
    pub partition: Option<String>,
    /// Where the ACL token is kept, where one is needed.
    pub token: Option<SecretRef>,
    /// Certificates.
    pub tls: Tls,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// Hundredths of a percent, and never anything but all of them together.
pub(super) const SCALE: Scale = Scale { least: 0, most: 10_000, sum: Some(10_000) };

impl Config {
    /// Reads the keys of `kind = "consul"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "The HTTP interface of a Consul agent: \"http://127.0.0.1:8500\".", &endpoint());
        let doc = "The service whose service-splitter holds the weights.";
        let service = table.required("service", doc, &called());
        let doc = "Per pool, its destination in the splitter: \"service/subset\", or a service of its own.";
        let places = table.required_each_of("pools", doc, "pool", &names, &destination());
        let mut place = |key: &str, doc: &str| table.optional(key, doc, &called()).map(|found| found.value);
        let datacenter = place("datacenter", "The datacenter; else the agent's own.");
        let namespace = place("namespace", "The namespace, in Consul Enterprise.");
        let partition = place("partition", "The admin partition, in Consul Enterprise.");
        let doc = "Where the ACL token is kept: service:write on the splitter, service:read on each destination.";
        let token = SecretRef::read(table, "token", doc);
        let tls = Tls::read(table);
        let places = places?.value;
        for (index, (_, place)) in places.iter().enumerate() {
            if let Some((other, _)) = places.iter().take(index).find(|(_, other)| other.value == place.value) {
                let what = format!("{} is the destination of pool {other} already", quoted(&place.value));
                table.report().refuse(&place.spot, Wrong::new(what).advice("give each pool a subset of its own"));
                return None;
            }
        }
        let pools = places.into_iter().map(|(pool, place)| (PoolId::new(pool), place.value)).collect();
        let (at, service) = (at?.value, service?.value);
        Some(Self { at, service, pools, datacenter, namespace, partition, token, tls, timeout })
    }

    /// A client that fetches its token anew when Consul no longer knows it.
    pub(super) fn client(&self) -> Result<Client, Trouble> {
        let header = HeaderName::from_static("x-consul-token");
        let login = self.token.clone().map(|token| Login::header(header, token));
        let client = Client::new(self.at.clone(), login, &self.tls, self.timeout)?;
        Ok(client
            .renewing(|answer| answer.status == 401 || answer.status == 403 && answer.text().contains("not found")))
    }

    /// `?key=value&…` of the place, with `more` before it.
    pub(super) fn query(&self, more: Option<String>) -> String {
        let named = [("dc", &self.datacenter), ("ns", &self.namespace), ("partition", &self.partition)];
        let named = named.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
        let all: Vec<String> = more.into_iter().chain(named).collect();
        if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_ms: 50,
            back_ms: 50,
            // Consul pushes to the proxies beside the services; each takes it within a moment.
            settle_ms: 2_000,
            holds: SCALE.holds(),
            zero: SCALE.zero(),
            conditional: true,
            ..Capabilities::of("Consul", "service-splitter, one conditional request")
        }
    }

    fn place(&self) -> String {
        format!("{} service-splitter {}{}", self.at, self.service, self.query(None))
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Consul::new(self.clone())?))
    }
}

/// A name of Consul's.
fn called() -> Kind<String> {
    word("a name of at most 128 letters, digits, -, _ and .", "-_.", 128)
}

/// `service` or `service/subset`.
fn destination() -> Kind<String> {
    let accepted = "\"service/subset\", or a service";
    word(accepted, "-_./", 257).and_then(accepted, |text| {
        let parts: Vec<&str> = text.split('/').collect();
        let fits = parts.len() <= 2 && parts.iter().all(|part| !part.is_empty());
        if fits { Ok(text) } else { Err(Wrong::new(format!("cannot be {}", quoted(&text)))) }
    })
}
