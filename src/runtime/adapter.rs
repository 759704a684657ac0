//! From configurations to adapters: the one place that knows every kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::adapter::action::Action;
use crate::adapter::check::Check;
use crate::adapter::check::ran_in::{NoPast, Past};
use crate::adapter::log;
use crate::adapter::log::LogSource;
use crate::adapter::metric::{MetricSource, Query};
use crate::adapter::notifier::Notifier;
use crate::adapter::notifier::text::Texts;
use crate::adapter::router::Router;
use crate::domain::{ActionId, CheckId, NotifierId, PoolId, RouterId, SourceId, Timestamp, Trouble};
use crate::profile::AdapterConfigs;

/// Everything outside that one profile names.
#[derive(Clone, Default)]
pub struct Adapters {
    /// Routers by name.
    pub routers: BTreeMap<RouterId, RouterAdapter>,
    /// Log sources in the profile's order.
    pub logs: Vec<LogAdapter>,
    /// Metric sources in the profile's order.
    pub metrics: Vec<MetricAdapter>,
    /// Checks by name.
    pub checks: BTreeMap<CheckId, Arc<dyn Check>>,
    /// Notifiers by name.
    pub notifiers: BTreeMap<NotifierId, NotifierAdapter>,
    /// Deploy actions by name.
    pub actions: BTreeMap<ActionId, Arc<dyn Action>>,
    /// What flightdeck deployed before, for checks that ask about it; `None` where there is no journal.
    pub past: Option<Arc<dyn Past>>,
    /// Whether this cockpit asks the metered sources, or another one does for all (J6).
    pub asks: watch::Sender<Asks>,
}

/// What is known of asking metered sources.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asks {
    /// Whether this cockpit asks.
    pub now: bool,
    /// Up to when the lines of each log are known.
    pub upto: BTreeMap<SourceId, Timestamp>,
}

impl Asks {
    /// Takes in up to when lines are known.
    pub fn know(&mut self, source: &SourceId, upto: Timestamp) {
        let known = self.upto.entry(source.clone()).or_insert(upto);
        *known = upto.max(*known);
    }
}

/// One router.
#[derive(Clone)]
pub struct RouterAdapter {
    /// It.
    pub router: Arc<dyn Router>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// One notifier.
#[derive(Clone)]
pub struct NotifierAdapter {
    /// What people read.
    pub texts: Texts,
    /// It.
    pub notifier: Arc<dyn Notifier>,
}

/// One log source.
#[derive(Clone)]
pub struct LogAdapter {
    /// Its name.
    pub id: SourceId,
    /// Its pool, if it is one pool's.
    pub pool: Option<PoolId>,
    /// Whether one cockpit asks it for all (J6).
    pub metered: bool,
    /// It.
    pub source: Arc<dyn LogSource>,
}

/// One metric source.
#[derive(Clone)]
pub struct MetricAdapter {
    /// Its name.
    pub id: SourceId,
    /// How often it is read.
    pub interval: Duration,
    /// Whether one cockpit asks it for all (J6).
    pub metered: bool,
    /// It.
    pub source: Arc<dyn MetricSource>,
}

impl Adapters {
    /// Makes them. Nothing is connected to yet.
    ///
    /// # Errors
    /// When a configuration cannot be used, for example a pattern that is no regular expression.
    pub fn new(configs: &AdapterConfigs) -> Result<Self, Trouble> {
        Self::over(configs, None)
    }

    /// Makes them, where it is known what flightdeck deployed before. Nothing is connected to yet.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn over(configs: &AdapterConfigs, past: Option<Arc<dyn Past>>) -> Result<Self, Trouble> {
        let known = past.clone().unwrap_or_else(|| Arc::new(NoPast));
        let mut routers = BTreeMap::new();
        for (id, config) in &configs.routers {
            let (timeout, router) = (config.timeout, config.configured.connect()?);
            routers.insert(id.clone(), RouterAdapter { router, timeout });
        }
        let mut logs = Vec::new();
        for config in &configs.logs {
            let source = log::source(config)?;
            logs.push(LogAdapter { id: config.id.clone(), pool: config.pool.clone(), metered: config.metered, source });
        }
        let mut metrics = Vec::new();
        for config in &configs.metrics {
            // Panels that are asked at another pace than their source are asked apart.
            let mut paces: Vec<(Duration, Vec<Query>)> = Vec::new();
            for query in &config.queries {
                match paces.iter_mut().find(|(every, _)| *every == query.every) {
                    Some((_, queries)) => queries.push(query.clone()),
                    None => paces.push((query.every, vec![query.clone()])),
                }
            }
            if paces.is_empty() {
                paces.push((config.interval, Vec::new()));
            }
            for (interval, queries) in paces {
                let source = config.configured.connect(&queries)?;
                let metered = config.configured.is_metered();
                metrics.push(MetricAdapter { id: config.id.clone(), interval, metered, source });
            }
        }
        let mut checks = BTreeMap::new();
        for (id, configured) in &configs.checks {
            checks.insert(id.clone(), configured.connect_over(&known)?);
        }
        let mut notifiers = BTreeMap::new();
        for (id, config) in &configs.notifiers {
            let (texts, notifier) = (config.texts.clone(), config.configured.connect()?);
            notifiers.insert(id.clone(), NotifierAdapter { texts, notifier });
        }
        let mut actions = BTreeMap::new();
        for (id, configured) in &configs.actions {
            actions.insert(id.clone(), configured.connect()?);
        }
        Ok(Self { routers, logs, metrics, checks, notifiers, actions, past, asks: watch::Sender::default() })
    }
}
