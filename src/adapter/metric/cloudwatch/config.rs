//! What the profile says about one CloudWatch.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Configured, MetricSource, Query};
use super::query::Question;
use crate::adapter::aws::{Chain, regional};
use crate::adapter::http::{Endpoint, endpoint};
use crate::domain::{SourceId, Trouble};
use crate::setting::{Table, Wrong, duration, quoted, word};

/// Periods shorter than a minute that CloudWatch knows, in seconds.
const SHORT: [u64; 4] = [1, 5, 10, 30];
/// How late CloudWatch may tell of a period.
const LATE: Duration = Duration::from_mins(2);

/// One CloudWatch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Its name.
    pub id: SourceId,
    /// The region.
    pub region: String,
    /// Where its interface is.
    pub at: Endpoint,
    /// Whose credentials.
    pub chain: Chain,
    /// How long after its end a period counts as whole.
    pub delay: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "cloudwatch"`.
    pub fn read(table: &mut Table<'_>, id: &SourceId, timeout: Duration) -> Option<Self> {
        let region = word("the name of a region, such as \"eu-west-1\"", "-", 30);
        let region = table.required("region", "The region whose metrics are asked for.", &region);
        let doc = "Where the interface is, for a VPC endpoint; else the region's own.";
        let at = table.optional("at", doc, &endpoint());
        let chain = Chain::read(table);
        let doc = "How long after its end a period counts as whole. Default 1m.";
        let delay = table.optional("delay", doc, &duration(Duration::ZERO, Duration::from_mins(30)));
        if let Some(at) = at.as_ref().filter(|at| at.is_unix()) {
            let wrong = Wrong::new("is a unix socket").advice("requests are signed for a host: name one");
            table.report().refuse(&at.spot, wrong);
            return None;
        }
        let region = region?;
        let own = regional("monitoring", &region);
        if own.is_none() && at.is_none() {
            let wrong = Wrong::new(format!("{} has addresses that are not known here", quoted(&region)));
            table.report().refuse(&region.spot, wrong.advice("name the address of its interface as `at`"));
        }
        let delay = delay.map_or(Duration::from_mins(1), |delay| delay.value);
        let at = at.map(|at| at.value).or(own)?;
        Some(Self { id: id.clone(), region: region.value, at, chain, delay, timeout })
    }
}

impl Configured for Config {
    fn answers_queries(&self) -> bool {
        true
    }

    fn check_query(&self, text: &str) -> Result<(), String> {
        Question::read(text, 0).map(drop)
    }

    fn check_window(&self, window: Duration) -> Result<(), String> {
        let seconds = window.as_secs();
        let fits =
            window.subsec_millis() == 0 && (SHORT.contains(&seconds) || seconds > 0 && seconds.is_multiple_of(60));
        if fits {
            Ok(())
        } else {
            Err("is no period of CloudWatch: whole minutes, or 1, 5, 10 or 30 seconds".to_owned())
        }
    }

    fn pace(&self, window: Duration) -> Duration {
        window + LATE
    }

    fn is_metered(&self) -> bool {
        true
    }

    #[cfg(feature = "aws")]
    fn connect(&self, queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        Ok(Arc::new(super::source::CloudWatch::new(self, queries)?))
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self, _queries: &[Query]) -> Result<Arc<dyn MetricSource>, Trouble> {
        let advice = "build it with: cargo install --locked --path . --features aws";
        let why = "this flightdeck was built without the feature `aws`";
        let what = format!("use the metric source `{}`", self.id);
        Err(Trouble::new(crate::domain::TroubleKind::Mismatch, what, why, advice))
    }
}
