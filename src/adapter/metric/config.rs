//! What the profile says about one metric source.

use std::time::Duration;

use super::super::secret::SecretRef;
use crate::domain::{PoolId, SourceId};

/// One source of Prometheus text endpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// The pool that it measures, if one.
    pub pool: Option<PoolId>,
    /// The endpoints: `http://10.0.0.5:9100/metrics`.
    pub targets: Vec<String>,
    /// How often they are read.
    pub interval: Duration,
    /// How long one may take to answer.
    pub timeout: Duration,
    /// A bearer token to send along.
    pub token: Option<SecretRef>,
    /// The series to count.
    pub series: Series,
}

/// Which series hold what. A selector is a metric name with optional label matchers: `http_requests_total{code=~"5.."}`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    /// Counts requests.
    pub requests: Option<String>,
    /// Counts failed requests.
    pub errors: Option<String>,
    /// The base name of a histogram of response times in seconds.
    pub latency: Option<String>,
    /// A gauge of requests being served.
    pub in_flight: Option<String>,
}
