//! `[[log]]` and `[[metrics]]`: what is common to all kinds of source.

use std::sync::Arc;
use std::time::Duration;

use super::panel::{self, Wanted};
use super::pool::known;
use super::router::unique;
use crate::adapter::{log, metric};
use crate::domain::procedure::{Limits, LogSpec, MetricSpec};
use crate::domain::{PoolId, SourceId};
use crate::setting::{Found, Table, Variant, Wrong, duration, flag, name, percent, quoted, regex, span_text, text};

/// The configuration of one metric source, of whatever kind.
#[derive(Clone, Debug)]
pub struct MetricConfig {
    /// Its name.
    pub id: SourceId,
    /// How often it is read.
    pub interval: Duration,
    /// What its kind says.
    pub configured: Arc<dyn metric::Configured>,
    /// The queries of the panels that it answers.
    pub queries: Vec<metric::Query>,
}

/// Reads the log sources.
pub(super) fn logs(table: &mut Table<'_>, pools: &[PoolId]) -> Vec<(LogSpec, log::Config)> {
    let mut names = Vec::new();
    table.tables("log", "Logs that are followed on the screen.", |table| {
        let (id, pool) = whose(table, pools, &mut names, "log");
        let doc = "Whether card numbers, e-mail addresses, phone numbers and IP addresses are masked. Default true.";
        let mask = table.optional("mask", doc, &flag());
        let doc = "Fields whose values are masked, by their whole names: \"Properties.Pan\".";
        let mask_fields = table.optional("mask_fields", doc, &text().list("a list of fields' names"));
        let doc = "Regular expressions for what else is masked, in the text and in every field.";
        let mask_patterns = table.optional("mask_patterns", doc, &regex().list("a list of regular expressions"));
        let (correlate, columns) = super::log_field::read(table);
        let doc = "Lines that are grouped with errors although their level does not say so: a regular expression.";
        let errors = table.optional("errors", doc, &regex()).map(|errors| errors.value);
        let variants: Vec<Variant<'_, '_, Option<Arc<dyn log::Origin>>>> =
            log::KINDS.iter().map(|kind| Variant { name: kind.name, doc: kind.doc, read: &kind.read }).collect();
        let doc = "Which system keeps it. Default \"local\": a `file` or a `command`.";
        let of_kind = table.kinds("kind", doc, &variants, Some(log::DEFAULT));
        let kind = of_kind.as_ref().and_then(|(kind, _)| log::KINDS.iter().find(|each| each.name == *kind));
        let by_query = kind.is_some_and(|kind| kind.excludes_by_query);
        let doc = "Lines that are noise, such as health checks, counted apart and hidden: a regular expression; for kinds that \
                   are asked by a query, another query.";
        let exclude = table.optional("exclude", doc, &if by_query { text() } else { regex() });
        let exclude = exclude.map(|exclude| exclude.value);
        let (exclude, exclude_query) = if by_query { (None, exclude) } else { (exclude, None) };
        let ((_, origin), kind) = (of_kind?, kind?);
        needs_feature(table, "log", kind.name, kind.feature);
        let id = id?;
        let spec = LogSpec {
            correlate,
            columns,
            metered: kind.is_metered,
            errors,
            ..LogSpec::new(id.clone(), pool.clone())
        };
        let config = log::Config {
            id,
            pool,
            metered: kind.is_metered,
            origin: origin?,
            exclude,
            exclude_query,
            mask: mask.is_none_or(|mask| mask.value),
            mask_fields: values(mask_fields),
            mask_patterns: values(mask_patterns),
        };
        Some((spec, config))
    })
}

fn values<T>(list: Option<Found<Vec<Found<T>>>>) -> Vec<T> {
    list.into_iter().flat_map(|list| list.value).map(|item| item.value).collect()
}

/// A metric source, and what it says about the panels that ask it.
pub(super) struct Metrics {
    pub(super) spec: MetricSpec,
    pub(super) config: MetricConfig,
    pub(super) kind: &'static str,
    /// How far back a panel looks that does not say so itself.
    pub(super) window: Option<Duration>,
    /// Its ready-made sets of panels.
    pub(super) ready: Vec<Wanted>,
}

/// Reads the metric sources; with the names of all that are written, also of those that could not be read.
pub(super) fn metrics(table: &mut Table<'_>, pools: &[PoolId]) -> (Vec<Metrics>, Vec<Found<String>>) {
    let mut names = Vec::new();
    let all =
        table.tables("metrics", "Sources of metrics: what they count is charted, and panels ask them.", |table| {
            let (id, pool) = whose(table, pools, &mut names, "source");
            let (least, most) = (Duration::from_millis(200), Duration::from_mins(10));
            let doc = "How often it is read. Default 2s, of a source that answers queries by its kind.";
            let interval = table.optional("interval", doc, &duration(least, most));
            let (least, most) = (Duration::from_millis(50), Duration::from_mins(1));
            let doc = "How long an answer may take. Default 1s, of a source that answers queries by its kind.";
            let timeout = table.optional("timeout", doc, &duration(least, most));
            let doc = "How far back a value of its panels looks where they do not say so themselves. Default 1m.";
            let window = table.optional("window", doc, &panel::window());
            let ready = panel::wanted(table);
            let limits = table.table("limits", "Thresholds drawn on the charts.", |limits| {
                let doc = "Share of failed requests: \"1%\".";
                let error_rate = limits.optional("error_rate", doc, &percent(1, 10_000));
                let doc = "99th percentile of the response time: \"500ms\".";
                let p99 = limits.optional("p99", doc, &duration(Duration::from_millis(1), Duration::from_mins(10)));
                Limits {
                    error_rate: error_rate.map(|rate| f64::from(rate.value) / 10_000.0),
                    p99_ms: p99.map(|p99| p99.as_secs_f64() * 1_000.0),
                }
            });
            // A source without a name is refused above; its other keys are read all the same.
            let own = id.clone().unwrap_or_else(|| SourceId::new("unnamed"));
            let (asked_every, patience) =
                (interval.as_ref().map(|each| each.value), timeout.as_ref().map(|each| each.value));
            let readers: Vec<_> = metric::KINDS
                .iter()
                .map(|kind| {
                    let own = &own;
                    let every = asked_every.unwrap_or(kind.interval);
                    let patience = patience.unwrap_or(kind.timeout.min(every));
                    move |table: &mut Table<'_>| (kind.read)(table, own, patience)
                })
                .collect();
            let variants: Vec<Variant<'_, '_, Option<Arc<dyn metric::Configured>>>> = metric::KINDS
                .iter()
                .zip(&readers)
                .map(|(kind, reader)| Variant { name: kind.name, doc: kind.doc, read: reader })
                .collect();
            let doc = "Which system it is. Default \"text\": Prometheus text endpoints.";
            let (name, configured) = table.kinds("kind", doc, &variants, Some(metric::DEFAULT))?;
            let kind = metric::KINDS.iter().find(|each| each.name == name)?;
            needs_feature(table, "metric source", name, kind.feature);
            let every = asked_every.unwrap_or(kind.interval);
            if let Some(timeout) = timeout.as_ref().filter(|timeout| timeout.value > every) {
                let what = format!("is longer than the interval of {}", span_text(every));
                table
                    .report()
                    .refuse(&timeout.spot, Wrong::new(what).advice("make it shorter, or the interval longer"));
            }
            let configured = configured?;
            if let Some(window) = window.as_ref().filter(|_| !configured.answers_queries()) {
                table.report().refuse(&window.spot, panel::asks_nothing(name));
            }
            let ready = panel::fitting(table, kind, ready);
            let id = id?;
            let metered = configured.is_metered();
            let spec =
                MetricSpec { id: id.clone(), pool, interval: every, limits: limits.unwrap_or_default(), metered };
            let config = MetricConfig { id, interval: every, configured, queries: Vec::new() };
            Some(Metrics { spec, config, kind: name, window: window.map(|window| window.value), ready })
        });
    (all, names)
}

/// Says so when this build cannot reach a system of this kind.
pub(super) fn needs_feature(table: &Table<'_>, noun: &str, kind: &str, feature: Option<(&'static str, bool)>) {
    let Some((feature, false)) = feature else { return };
    let what = format!(
        "a {noun} of kind {} needs the feature `{feature}`, which this flightdeck was built without",
        quoted(kind)
    );
    let advice = format!("build it with: cargo install --locked --path . --features {feature}");
    let spot = table.spot_if_written("kind").unwrap_or_else(|| table.spot_of("kind"));
    table.report().refuse(&spot, Wrong::new(what).advice(advice));
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
