//! What the profile says about one Traffic Manager profile.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::TrafficManager;
use crate::adapter::azure::{self, Identity};
use crate::adapter::http::{Endpoint, Tls};
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Trouble, Zero};
use crate::setting::{Found, Table, Wrong, duration, quoted};

/// One Traffic Manager profile.
#[derive(Clone, Debug)]
pub struct Config {
    /// Azure's management interface.
    pub at: Endpoint,
    /// The subscription's id.
    pub subscription: String,
    /// The resource group.
    pub resource_group: String,
    /// The Traffic Manager profile.
    pub profile: String,
    /// Per pool, in the profile's order, the name of its endpoint.
    pub pools: Vec<(PoolId, String)>,
    /// How long resolvers keep an answer.
    pub ttl: Duration,
    /// Who asks.
    pub identity: Identity,
    /// Certificates.
    pub tls: Tls,
    /// How long one answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "traffic-manager"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = azure::management(table);
        let subscription = table.required("subscription", "The subscription's id.", &azure::id());
        let doc = "The resource group that the Traffic Manager profile is in.";
        let group = table.required("resource_group", doc, &azure::resource_group());
        let profile = table.required("profile", "The name of the Traffic Manager profile.", &azure::resource());
        let doc = "Per pool, the name of its endpoint in the Traffic Manager profile.";
        let pools = table.required_each_of("pools", doc, "pool", &names, &azure::resource());
        let doc = "How long resolvers keep an answer, as the Traffic Manager profile says. Default 60s.";
        let ttl = table.optional("ttl", doc, &duration(Duration::from_secs(1), Duration::from_hours(24 * 30)));
        let identity = Identity::read(table);
        let tls = Tls::read(table);
        if let Some(pools) = &pools {
            one_endpoint_each(table, &pools.value);
        }
        Some(Self {
            at: at?,
            subscription: subscription?.value,
            resource_group: group?.value,
            profile: profile?.value,
            pools: pools?.value.into_iter().map(|(pool, name)| (PoolId::new(pool), name.value)).collect(),
            ttl: ttl.map_or(Duration::from_mins(1), |ttl| ttl.value),
            identity: identity?,
            tls,
            timeout,
        })
    }

    /// The profile's path.
    pub(super) fn path(&self) -> String {
        let Self { subscription, resource_group, profile, .. } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Network/trafficmanagerprofiles/{profile}"
        )
    }
}

/// Two pools cannot share an endpoint.
fn one_endpoint_each(table: &Table<'_>, pools: &[(String, Found<String>)]) {
    for (index, (_, name)) in pools.iter().enumerate() {
        if let Some((other, _)) = pools.iter().take(index).find(|(_, earlier)| earlier.value == name.value) {
            let what = format!("{} is the endpoint of pool {other} already", quoted(&name.value));
            table.report().refuse(&name.spot, Wrong::new(what).advice("each pool has an endpoint of its own"));
        }
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_ms: 3_000,
            back_ms: 3_000,
            read_back_ms: 30_000,
            settle_ms: u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX),
            least_poll_ms: 2_000,
            holds: Holds::Shares { finest: BasisPoints(10) },
            zero: Zero::TakenOut("the endpoint is disabled".to_owned()),
            atomic: false,
            ..Capabilities::of("Azure Traffic Manager", "one request per endpoint")
        }
    }

    fn place(&self) -> String {
        format!("{}{}", self.at, self.path().to_lowercase())
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(TrafficManager::new(self.clone())?))
    }
}
