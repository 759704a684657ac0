//! What the profile says about one Prometheus.

use std::sync::Arc;
use std::time::Duration;

use super::super::web::Who;
use super::super::{Configured, MetricSource, Query};
use super::expression;
use super::source::Prometheus;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::domain::{SourceId, Trouble};
use crate::setting::{Table, duration, word};

/// One Prometheus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// Where it is, with the path before `/api/v1`.
    pub at: Endpoint,
    /// Who asks.
    pub who: Who,
    /// Whose series, where many share it: `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// How often it scrapes what is asked about.
    pub scrape: Duration,
    /// Certificates.
    pub tls: Tls,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "prometheus"`.
    pub fn read(table: &mut Table<'_>, id: &SourceId, timeout: Duration) -> Option<Self> {
        let doc =
            "Where it is, with what comes before /api/v1: \"http://prometheus:9090\", \"https://mimir/prometheus\".";
        let at = table.required("at", doc, &endpoint());
        let who = Who::read(table);
        let tenant = word("a tenant's name", "-_.!*'()|", 150);
        let tenant = table.optional("tenant", "Whose series, where many share it (X-Scope-OrgID).", &tenant);
        let doc = "How often it scrapes what is asked about: values are asked for once in that time. Default 15s.";
        let scrape = table.optional("scrape", doc, &duration(Duration::from_secs(1), Duration::from_mins(5)));
        let tls = Tls::read(table);
        Some(Self {
            id: id.clone(),
            at: at?.value,
            who: who?,
            tenant: tenant.map(|tenant| tenant.value),
            scrape: scrape.map_or(Duration::from_secs(15), |scrape| scrape.value),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn answers_queries(&self) -> bool {
        true
    }

    fn check_query(&self, text: &str) -> Result<(), String> {
        expression::closed(text)
    }

    fn looks_back(&self, text: &str) -> Option<Duration> {
        expression::looks_back(text)
    }

    fn span(&self, span: Duration) -> String {
        match span.as_millis() {
            millis if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
            millis => format!("{millis}ms"),
        }
    }

    fn pace(&self, _window: Duration) -> Duration {
        self.scrape
    }

    fn connect(&self, queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        Ok(Arc::new(Prometheus::new(self, queries)?))
    }
}
