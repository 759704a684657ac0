//! What the profile says about a search in Datadog.

use std::time::Duration;

use ::http::HeaderName;

use super::super::keys::{required_secret, timeout};
use super::super::poll::Pace;
use crate::adapter::http::{Client, Endpoint, Login, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, choice, text};

/// Datadog's sites.
const SITES: [&str; 7] = [
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "ddog-gov.com",
];

/// As often as an organisation's budget of 300 searches an hour bears, and about as late as lines are found.
const PACE: Pace = Pace { every: Duration::from_secs(15), lag: Duration::from_mins(1), since: Duration::from_mins(15) };

/// One search.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where its API is.
    pub at: Endpoint,
    /// The query, in Datadog's own syntax.
    pub query: String,
    /// The indexes that are searched; empty for all.
    pub indexes: Vec<String>,
    /// Where the API key is kept.
    pub api_key: SecretRef,
    /// Where the application key is kept.
    pub app_key: SecretRef,
    /// Certificates.
    pub tls: Tls,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often it is asked.
    pub pace: Pace,
}

impl Config {
    /// Reads the keys of `kind = "datadog"`.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let doc = "Datadog's site. Default \"datadoghq.com\".";
        let site = table.optional("site", doc, &site());
        let doc = "The address of its API, where it is reached another way than by `site`.";
        let at = table.optional("at", doc, &endpoint());
        if let (Some(_), Some(at)) = (&site, &at) {
            let wrong = Wrong::new("stands beside `site`").advice("leave one of them out");
            table.report().refuse(&at.spot, wrong);
        }
        let doc = "What to search, as in its Log Explorer: service:shop env:prod.";
        let query = table.required("query", doc, &text());
        let doc = "The indexes that are searched. Default: all that the keys may read.";
        let indexes = table.optional("indexes", doc, &text().list("a list of names of indexes"));
        let api_key = required_secret(table, "api_key", "the API key");
        let second_key = required_secret(table, "app_key", "the application key");
        let tls = Tls::read(table);
        let timeout = timeout(table);
        let pace = Pace::read(table, PACE);
        let site = site.map_or(SITES[0], |site| site.value);
        let at = at.map(|at| at.value).or_else(|| Endpoint::parse(&format!("https://api.{site}")));
        Some(Self {
            at: at?,
            query: query?.value,
            indexes: indexes.into_iter().flat_map(|list| list.value).map(|index| index.value).collect(),
            api_key: api_key?,
            app_key: second_key?,
            tls,
            timeout,
            pace,
        })
    }

    /// Who asks there.
    pub(super) fn client(&self) -> Result<Client, Trouble> {
        let key = |name, from: &SecretRef| Login::header(HeaderName::from_static(name), from.clone());
        let client = Client::new(self.at.clone(), Some(key("dd-api-key", &self.api_key)), &self.tls, self.timeout)?;
        // It answers 403 to a key that is no longer good.
        let client = client.and(key("dd-application-key", &self.app_key));
        Ok(client.renewing(|answer| matches!(answer.status, 401 | 403)))
    }
}

fn site() -> Kind<&'static str> {
    choice(&SITES.map(|site| (site, site)), &[])
}
