//! What the profile says about one Datadog.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, MetricSource, Query};
use super::formula::Formula;
use super::source::Datadog;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::{SourceId, Trouble};
use crate::setting::{Table, Wrong, choice, duration};

/// Datadog's sites. An address of one is its API's.
const SITES: [&str; 9] = [
    "datadoghq.com",
    "datadoghq.eu",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
];

/// One Datadog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// Where its API is.
    pub at: Endpoint,
    /// The organisation's key.
    pub api_key: SecretRef,
    /// The key of who asks.
    pub app_key: SecretRef,
    /// How long after its end an interval counts as whole.
    pub delay: Duration,
    /// Certificates.
    pub tls: Tls,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "datadog"`.
    pub fn read(table: &mut Table<'_>, id: &SourceId, timeout: Duration) -> Option<Self> {
        let sites = SITES.map(|site| (site, site));
        let doc = "Datadog's site, as the browser's address ends. Default \"datadoghq.com\".";
        let site = table.optional("site", doc, &choice(&sites, &[]));
        let doc = "Where the API is, where something stands before Datadog; else the site's own.";
        let at = table.optional("at", doc, &endpoint());
        if let (Some(site), Some(_)) = (&site, &at) {
            let wrong = Wrong::new("stands beside `at`, which names the address already");
            table.report().refuse(&site.spot, wrong.advice("leave one of them out"));
        }
        let api_key = SecretRef::read(table, "api_key", "The organisation's API key, by reference.");
        let wrong =
            |key: &str| Wrong::new("is missing").advice(format!("{key} = {{ env = \"DD_{}\" }}", key.to_uppercase()));
        table.require("api_key", wrong("api_key"));
        let doc = "An application key that may query metrics (timeseries_query), by reference.";
        let app_key = SecretRef::read(table, "app_key", doc);
        table.require("app_key", wrong("app_key"));
        let doc =
            "How long after its end a window counts as whole. Default 20s; longer for metrics of cloud integrations.";
        let delay = table.optional("delay", doc, &duration(Duration::ZERO, Duration::from_mins(30)));
        let tls = Tls::read(table);
        let site = site.map_or("datadoghq.com", |site| site.value);
        let at = at.map(|at| at.value).or_else(|| Endpoint::parse(&format!("https://api.{site}")));
        let delay = delay.map_or(Duration::from_secs(20), |delay| delay.value);
        Some(Self { id: id.clone(), at: at?, api_key: api_key?, app_key: app_key?, delay, tls, timeout })
    }
}

impl Configured for Config {
    fn answers_queries(&self) -> bool {
        true
    }

    fn check_query(&self, text: &str) -> Result<(), String> {
        Formula::read(text, 0).map(drop)
    }

    fn pace(&self, window: Duration) -> Duration {
        window
    }

    fn is_metered(&self) -> bool {
        true
    }

    fn connect(&self, queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        Ok(Arc::new(Datadog::new(self, queries)?))
    }
}
