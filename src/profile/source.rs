//! `[[log]]` and `[[metrics]]`.

use std::time::Duration;

use super::pool::known;
use super::router::unique;
use crate::adapter::{log, metric};
use crate::domain::procedure::{Limits, LogSpec, MetricSpec};
use crate::domain::{PoolId, SourceId};
use crate::setting::{Found, Table, duration, name, percent};

/// Reads the log sources.
pub(super) fn logs(table: &mut Table<'_>, pools: &[PoolId]) -> Vec<(LogSpec, log::config::Config)> {
    let mut names = Vec::new();
    let read = table.tables("log", "Logs that are followed on the screen.", |log| {
        let (id, pool) = whose(log, pools, &mut names, "log");
        log::config::Config::read(log, id, pool)
    });
    let spec = |config: &log::config::Config| LogSpec { id: config.id.clone(), pool: config.pool.clone() };
    read.into_iter().map(|config| (spec(&config), config)).collect()
}

/// Reads the metric sources.
pub(super) fn metrics(table: &mut Table<'_>, pools: &[PoolId]) -> Vec<(MetricSpec, metric::config::Config)> {
    let mut names = Vec::new();
    let read = table.tables("metrics", "Metrics that are charted, from Prometheus text endpoints.", |source| {
        let (id, pool) = whose(source, pools, &mut names, "source");
        let config = metric::config::Config::read(source, id, pool);
        let limits = source.table("limits", "Thresholds drawn on the charts.", |limits| {
            let doc = "Share of failed requests: \"1%\".";
            let error_rate = limits.optional("error_rate", doc, &percent(1, 10_000));
            let doc = "99th percentile of the response time: \"500ms\".";
            let p99 = limits.optional("p99", doc, &duration(Duration::from_millis(1), Duration::from_mins(10)));
            Limits {
                error_rate: error_rate.map(|rate| f64::from(rate.value) / 10_000.0),
                p99_ms: p99.map(|p99| p99.as_secs_f64() * 1_000.0),
            }
        });
        config.map(|config| (config, limits.unwrap_or_default()))
    });
    let spec = |config: &metric::config::Config, limits| MetricSpec {
        id: config.id.clone(),
        pool: config.pool.clone(),
        interval: config.interval,
        limits,
    };
    read.into_iter().map(|(config, limits)| (spec(&config, limits), config)).collect()
}

/// A source's own name, and the pool that it speaks of.
fn whose(
    table: &mut Table<'_>,
    pools: &[PoolId],
    names: &mut Vec<Found<String>>,
    noun: &str,
) -> (Option<SourceId>, Option<PoolId>) {
    let id = table.required("name", "The source's name on the screen and for other keys.", &name());
    let pool = table.optional("pool", "The pool that it speaks of, if it is one pool's.", &name());
    if let Some(id) = &id {
        unique(table, names, id, noun);
    }
    let pool = pool.and_then(|pool| known(table.report(), pools, &pool));
    (id.map(|id| SourceId::new(id.value)), pool)
}
