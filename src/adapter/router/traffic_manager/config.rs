//! What the profile says about one Traffic Manager profile.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::TrafficManager;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Trouble, Zero};
use crate::setting::{Found, Kind, Table, Wrong, duration, quoted, word};

/// Azure's own addresses, where the profile names no others.
const MANAGEMENT: &str = "https://management.azure.com";
const AUTHORITY: &str = "https://login.microsoftonline.com";

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

/// Who asks.
#[derive(Clone, Debug)]
pub enum Identity {
    /// An access token, by where it is kept or which command prints it.
    Token(SecretRef),
    /// An application that gets its own tokens.
    Application(Box<Application>),
}

/// An application that is registered with Azure.
#[derive(Clone, Debug)]
pub struct Application {
    /// Where tokens are given.
    pub authority: Endpoint,
    /// The tenant's id or name.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretRef,
}

impl Config {
    /// Reads the keys of `kind = "traffic-manager"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let doc = "Azure's management interface. Default \"https://management.azure.com\".";
        let at = table.optional("at", doc, &endpoint());
        let subscription = table.required("subscription", "The subscription's id.", &id());
        let doc = "The resource group that the Traffic Manager profile is in.";
        let group = table.required("resource_group", doc, &word("the name of a resource group", "-_.()", 90));
        let profile = table.required("profile", "The name of the Traffic Manager profile.", &resource());
        let doc = "Per pool, the name of its endpoint in the Traffic Manager profile.";
        let pools = table.required_each_of("pools", doc, "pool", &names, &resource());
        let doc = "How long resolvers keep an answer, as the Traffic Manager profile says. Default 60s.";
        let ttl = table.optional("ttl", doc, &duration(Duration::from_secs(1), Duration::from_hours(24 * 30)));
        let identity = identity(table);
        let tls = Tls::read(table);
        if let Some(pools) = &pools {
            one_endpoint_each(table, &pools.value);
        }
        Some(Self {
            at: at.map(|at| at.value).or_else(|| Endpoint::parse(MANAGEMENT))?,
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

/// Reads `token` or `application`, one of which must be there.
fn identity(table: &mut Table<'_>) -> Option<Identity> {
    let doc = "An access token: where it is kept, or the command that prints it.";
    let token = SecretRef::read(table, "token", doc);
    let doc = "An application that gets its own tokens, instead of `token`.";
    let application = table.table("application", doc, |table| {
        let doc = "Where tokens are given. Default \"https://login.microsoftonline.com\".";
        let authority = table.optional("authority", doc, &endpoint());
        let tenant = table.required("tenant", "The tenant's id or name.", &id());
        let client_id = table.required("client_id", "The application's id.", &id());
        let has_secret = table.has("client_secret");
        let client_secret = SecretRef::read(table, "client_secret", "Where the application's secret is kept.");
        if !has_secret {
            let wrong = Wrong::new("is missing: where the application's secret is kept");
            table.require("client_secret", wrong.accepted("client_secret = { env = ... }"));
        }
        Some(Application {
            authority: authority.map(|at| at.value).or_else(|| Endpoint::parse(AUTHORITY))?,
            tenant: tenant?.value,
            client_id: client_id?.value,
            client_secret: client_secret?,
        })
    });
    match (table.has("token"), table.has("application")) {
        (true, true) => {
            table.refuse(Wrong::new("says twice who asks").advice("leave out one of token and application"));
            None
        }
        (false, false) => {
            let advice = "with the az command line: token = { command = [\"az\", \"account\", \"get-access-token\", \
                          \"--query\", \"accessToken\", \"-o\", \"tsv\"] }";
            table.refuse(Wrong::new("does not say who asks").accepted("one of token, application").advice(advice));
            None
        }
        _ => token.map(Identity::Token).or_else(|| application?.map(|one| Identity::Application(Box::new(one)))),
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

fn id() -> Kind<String> {
    word("an id or a name of letters, digits, - and .", "-.", 253)
}

fn resource() -> Kind<String> {
    word("a name of letters, digits, -, _ and .", "-_.", 260)
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
