//! What the profile says about one routing project.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, Router};
use super::Octopus;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Trouble};
use crate::setting::{Found, Table, Wrong, duration, number_of, quoted, title};

/// How often the server may be asked: a look takes five requests or six, two engineers look at once, and a server with
/// a rate limit takes 200 requests a minute of one account.
const LEAST_POLL: Duration = Duration::from_secs(5);

/// How much longer than usual a deployment may take before its silence means something.
const SLOWEST: Duration = Duration::from_mins(30);

/// One routing project in one environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server.
    pub at: Endpoint,
    /// The space's name.
    pub space: String,
    /// The project's name.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// The channel that releases are made in; else the project's default one.
    pub channel: Option<String>,
    /// Per pool, in the profile's order, the variable that holds its weight.
    pub pools: Vec<(PoolId, String)>,
    /// What the weights add up to.
    pub sum: u32,
    /// How long a deployment usually takes.
    pub takes: Duration,
    /// Where the API key is kept.
    pub token: SecretRef,
    /// Certificates.
    pub tls: Tls,
    /// How long one answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "octopus"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "The server's address, without /app.", &endpoint());
        let doc = "The space's name. Default \"Default\".";
        let space = table.optional("space", doc, &title());
        let project = table.required("project", "The routing project's name.", &title());
        let doc = "The name of the environment that it is deployed to.";
        let environment = table.required("environment", doc, &title());
        let doc = "The channel that releases are made in. Default: the project's own default.";
        let channel = table.optional("channel", doc, &title());
        let doc = "Per pool, the project variable that holds its weight.";
        let pools = table.required_each_of("pools", doc, "pool", &names, &title());
        let doc = "What the weights add up to. Default 100: whole percents.";
        let sum = table.optional("sum", doc, &number_of(&[100, 1_000, 10_000]));
        let doc = "How long a deployment of the project usually takes. Default 3m.";
        let takes = table.optional("takes", doc, &duration(Duration::from_secs(1), Duration::from_hours(4)));
        let token = SecretRef::required(table, "token", "Where the API key is kept.", "the API key");
        let tls = Tls::read(table);
        if let Some(pools) = &pools {
            one_variable_each(table, &pools.value);
        }
        Some(Self {
            at: at?.value,
            space: space.map_or_else(|| "Default".to_owned(), |space| space.value),
            project: project?.value,
            environment: environment?.value,
            channel: channel.map(|channel| channel.value),
            pools: pools?.value.into_iter().map(|(pool, name)| (PoolId::new(pool), name.value)).collect(),
            sum: sum.and_then(|sum| u32::try_from(sum.value).ok()).unwrap_or(100),
            takes: takes.map_or(Duration::from_mins(3), |takes| takes.value),
            token: token?,
            tls,
            timeout,
        })
    }
}

/// Two pools cannot share a variable.
fn one_variable_each(table: &Table<'_>, pools: &[(String, Found<String>)]) {
    for (index, (_, name)) in pools.iter().enumerate() {
        if let Some((other, _)) = pools.iter().take(index).find(|(_, earlier)| earlier.value == name.value) {
            let what = format!("{} is the variable of pool {other} already", quoted(&name.value));
            table.report().refuse(&name.spot, Wrong::new(what).advice("each pool has a variable of its own"));
        }
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Capabilities {
            change_ms: millis(self.takes),
            back_ms: millis(self.takes),
            read_back_ms: millis(self.takes.saturating_mul(2).max(SLOWEST)),
            least_poll_ms: millis(LEAST_POLL),
            holds: Holds::Shares { finest: BasisPoints(10_000 / self.sum.max(1)) },
            ..Capabilities::of("Octopus", "variables, release, deployment")
        }
    }

    fn place(&self) -> String {
        let Self { at, space, project, environment, .. } = self;
        format!("{at} {space}/{project}/{environment}")
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Octopus::new(self.clone())?))
    }
}
