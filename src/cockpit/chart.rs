//! Series for the charts, from metric sources and router counters.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::domain::metric::Scrape;
use crate::domain::{Elapsed, Now, PoolId, SourceId};

/// The things that are charted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Chart {
    /// Requests per second.
    Requests,
    /// Share of failed requests, as a fraction of one.
    Errors,
    /// 99th percentile of the response time, in milliseconds.
    P99,
    /// Median response time, in milliseconds.
    P50,
    /// Requests in flight.
    InFlight,
}

/// One series: a value per look; `None` is a look that gave nothing, drawn as a gap.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// Oldest first.
    pub points: VecDeque<(Elapsed, Option<f64>)>,
    /// How often a look is taken.
    pub interval: Duration,
    /// The metric source that fills it; `None` where it comes from the routers' counters.
    pub source: Option<SourceId>,
}

/// All series and what they are made from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Charts {
    /// By pool and chart; without a pool from a source that measures all of them together.
    pub series: BTreeMap<(Option<PoolId>, Chart), Series>,
    /// Operator actions and changes as marks on the time axis.
    pub marks: VecDeque<(Elapsed, String)>,
    /// The span shown.
    pub span: Duration,
    /// The newest trouble of each source, for its pane.
    pub troubles: BTreeMap<SourceId, String>,
    /// The look before, per source, for rates.
    pub last: BTreeMap<SourceId, (Now, Scrape)>,
    /// When the routers' counters were last taken into series, with each pool's requests and errors so far.
    pub(super) counted: Option<(Elapsed, BTreeMap<PoolId, Counted>)>,
}

/// What the routers counted for a pool until one moment; `None` where any of them cannot tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counted {
    /// Requests.
    pub(super) requests: Option<u64>,
    /// Those of them that failed.
    pub(super) errors: Option<u64>,
}
