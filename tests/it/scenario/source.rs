//! Scripted sources: what a scenario gives, as metric sources and routers would tell it.

use std::collections::BTreeMap;

use flightdeck::cockpit::Msg;
use flightdeck::domain::metric::{Answered, Histogram, Look, Sample, Scrape};
use flightdeck::domain::procedure::MetricSpec;
use flightdeck::domain::{Elapsed, Measure, PoolId, SourceId, Trouble, TroubleKind, measure};
use flightdeck::flight;

use super::log::Log;
use crate::support::app::{App, Mood};

/// What is told of one pool.
#[derive(Clone, Debug)]
pub struct Told {
    errors: f64,
    requests: f64,
    p99: f64,
    source: String,
    panels: BTreeMap<String, Option<f64>>,
    counted: (f64, f64),
}

impl Default for Told {
    fn default() -> Self {
        let panels = BTreeMap::new();
        Self { errors: 0.0, requests: 100.0, p99: 200.0, source: "well".to_owned(), panels, counted: (0.0, 0.0) }
    }
}

/// All sources of a scenario.
#[derive(Debug, Default)]
pub struct Sources {
    pools: BTreeMap<String, Told>,
    logs: BTreeMap<String, Log>,
    looked: BTreeMap<SourceId, u64>,
}

/// The name under which every pool is given something.
const ALL: &str = "all";

impl Sources {
    /// Takes in what a moment gives.
    pub fn give(&mut self, app: &mut App, given: &toml::Table) {
        let pools: Vec<String> = app.model.flight.procedure.pool_ids().map(ToString::to_string).collect();
        for (whose, what) in given {
            let what = what.as_table().unwrap_or_else(|| panic!("given.{whose} is a table"));
            if whose == "routers" {
                routers(app, what);
                continue;
            }
            assert!(whose == ALL || pools.contains(whose), "given.{whose}: there is no such pool");
            for (index, pool) in pools.iter().enumerate().filter(|(_, pool)| whose == ALL || *pool == whose) {
                let told = self.pools.entry(pool.clone()).or_default();
                let log = self.logs.entry(pool.clone()).or_default();
                for (key, value) in what {
                    if log.take(key, value) {
                        continue;
                    }
                    told.take(key, value);
                    let counts_errors = app.model.flight.procedure.metrics.is_empty();
                    for router in app.routers.values_mut().filter(|_| counts_errors || key != "errors") {
                        counted_by_routers(router, index, key, value);
                    }
                }
            }
            if whose == ALL {
                let told = self.pools.entry(ALL.to_owned()).or_default();
                let log = self.logs.entry(ALL.to_owned()).or_default();
                what.iter().filter(|(key, value)| !log.take(key, value)).for_each(|(key, value)| told.take(key, value));
            }
        }
    }

    /// Lets every source look that is due.
    pub fn look(&mut self, app: &mut App) {
        let now = app.now();
        let procedure = app.model.flight.procedure.clone();
        for spec in &procedure.logs {
            let whose = spec.pool.as_ref().map_or(ALL, PoolId::as_str);
            self.logs.entry(whose.to_owned()).or_default().tell(app, spec);
        }
        for spec in &procedure.metrics {
            let interval = u64::try_from(spec.interval.as_millis()).expect("a short interval");
            let looked = self.looked.get(&spec.id).copied();
            if looked.is_some_and(|looked| now.elapsed.0 < looked + interval) {
                continue;
            }
            self.looked.insert(spec.id.clone(), now.elapsed.0);
            let asked: Vec<_> = procedure.panels.iter().filter(|panel| panel.source == spec.id).collect();
            let look = if asked.is_empty() {
                let seconds = looked.map_or(0.0, |looked| seconds(now.elapsed.0 - looked));
                self.counters(spec, seconds)
            } else {
                let each = asked.iter().flat_map(|panel| {
                    let whole = panel.pools.is_empty().then_some(None);
                    let pools = panel.pools.iter().cloned().map(Some).chain(whole);
                    pools.filter_map(|pool| self.answered(panel.id.as_str(), pool, now.wall))
                });
                Some(Look::Values(each.collect()))
            };
            if let Some(look) = look {
                let source = spec.id.clone();
                app.tell(Msg::Flight(flight::Msg::Looked { source, began: now, look }));
            }
        }
    }

    fn counters(&mut self, spec: &MetricSpec, seconds: f64) -> Option<Look> {
        let told = self.pools.entry(spec.pool.as_ref().map_or(ALL, PoolId::as_str).to_owned()).or_default();
        let counted = match told.source.as_str() {
            "silent" => return None,
            "gone" => Err(refused()),
            _ => {
                told.counted.0 += told.requests * seconds;
                let is_number = told.errors.is_finite();
                let failed = if is_number { told.errors } else { 0.0 };
                told.counted.1 += told.requests * seconds * failed / 100.0;
                let requests = told.counted.0;
                let buckets = vec![(told.p99 / 1_000.0, requests), (f64::INFINITY, requests)];
                Ok(Sample {
                    requests: Some(requests),
                    errors: Some(if is_number { told.counted.1 } else { f64::NAN }),
                    latency: Some(Histogram { buckets }),
                    in_flight: None,
                })
            }
        };
        Some(Look::Counters(Scrape { targets: vec![("10.0.0.1:9000".to_owned(), counted)] }))
    }

    fn answered(&self, panel: &str, pool: Option<PoolId>, at: flightdeck::domain::Timestamp) -> Option<Answered> {
        let told = self.pools.get(pool.as_ref().map_or(ALL, PoolId::as_str));
        let value = match told.map(|told| (told.source.as_str(), told.panels.get(panel))) {
            Some(("silent", _)) => return None,
            Some(("gone", _)) => Err(refused()),
            Some((_, Some(Some(value)))) => Ok(Some(measure::Sample { at, value: *value })),
            Some(_) | None => Ok(None),
        };
        Some(Answered { measure: Measure::Panel(panel.into()), pool, value })
    }
}

fn routers(app: &mut App, what: &toml::Table) {
    for (key, value) in what {
        let mood = match (key.as_str(), value.as_str()) {
            ("source", Some("well")) => Mood::Well,
            ("source", Some("silent")) => Mood::Silent,
            _ => panic!("given.routers.{key} = {value}: not known"),
        };
        app.routers.values_mut().for_each(|router| router.mood = mood);
    }
}

impl Told {
    fn take(&mut self, key: &str, value: &toml::Value) {
        match key {
            "errors" => self.errors = number(key, value),
            "requests" => self.requests = number(key, value),
            "p99" => self.p99 = number(key, value),
            "rate" => {}
            "source" => value.as_str().expect("a word").clone_into(&mut self.source),
            panel => {
                let value = (value.as_str() != Some("none")).then(|| number(key, value));
                self.panels.insert(panel.to_owned(), value);
            }
        }
    }
}

fn counted_by_routers(router: &mut crate::support::app::FakeRouter, pool: usize, key: &str, value: &toml::Value) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers of a scenario")]
    let whole = |value: f64| value as u64;
    match key {
        "errors" => router.failing[pool] = whole(number(key, value).max(0.0) * 10.0),
        "rate" => router.rate = whole(number(key, value)),
        _ => {}
    }
}

fn number(key: &str, value: &toml::Value) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small numbers of a scenario")]
    let whole = value.as_integer().map(|number| number as f64);
    value.as_float().or(whole).unwrap_or_else(|| panic!("{key} = {value}: not a number"))
}

#[expect(clippy::cast_precision_loss, reason = "a short test")]
fn seconds(ms: u64) -> f64 {
    Elapsed(ms).0 as f64 / 1_000.0
}

fn refused() -> Trouble {
    Trouble::new(TroubleKind::Unreachable, "read 10.0.0.1:9000", "connection refused", "look whether it runs")
}
