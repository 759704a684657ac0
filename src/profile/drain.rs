//! `[drain]`: when a pool counts as drained, and the evidence that it takes.

use std::time::Duration;

use serde_json::json;

use super::check::Declared;
use crate::domain::drain::{DrainRule, Evidence};
use crate::domain::measure::PanelSpec;
use crate::domain::procedure::{LogSpec, MetricSpec, Pool};
use crate::domain::{CheckId, Measure, PanelId, SourceId};
use crate::setting::{Found, Kind, Report, Spot, Table, Wrong, duration, flag, nearest, quoted};

/// What evidence can name.
#[derive(Clone, Copy)]
pub(super) struct Sources<'s> {
    pub(super) logs: &'s [LogSpec],
    pub(super) metrics: &'s [MetricSpec],
    pub(super) panels: &'s [PanelSpec],
    pub(super) checks: &'s Declared,
}

/// The forms of evidence, for messages and help.
const FORMS: &str = "\"in-flight\", \"requests\", \"panel:NAME\", \"metric:in-flight\", \"metric:requests\", \"logs:NAME\", \"check:NAME\"";

/// Reads `[drain]`.
pub(super) fn read(table: &mut Table<'_>, pools: &[Pool], sources: Sources<'_>) -> DrainRule {
    let default = DrainRule::default();
    let read =
        table.table("drain", "When a pool counts as drained. Weight 0 read back is always part of it.", |table| {
            let (least, most) = (Duration::from_secs(1), Duration::from_hours(24));
            let doc = "How long all evidence must hold without a break. Default 1m.";
            let quiet = table.optional("quiet", doc, &duration(least, most));
            let doc = "What must be zero: \"in-flight\" and \"requests\" as the routers count them, \"panel:NAME\" or \
                       \"metric:in-flight\" and \"metric:requests\" as the pool itself is measured, \"logs:NAME\" as its \
                       log is silent but for excluded lines. Beside one of these, \"check:NAME\" must pass. Default \
                       in-flight and requests.";
            let evidence = table.optional("evidence", doc, &evidence().list(format!("a list of {FORMS}")));
            if let Some(evidence) = &evidence {
                check(table, evidence, pools, sources);
            }
            let listed = evidence.map(|list| list.value.into_iter().map(|each| each.value).collect());
            let doc = "Whether the addresses of clients are shown where a router lists its connections. Default false: masked.";
            let show_clients = table.optional("show_clients", doc, &flag()).is_some_and(|found| found.value);
            DrainRule {
                show_clients,
                quiet: quiet.map_or(default.quiet, |quiet| quiet.value),
                evidence: listed.unwrap_or_else(|| default.evidence.clone()),
            }
        });
    read.unwrap_or(default)
}

fn check(table: &Table<'_>, evidence: &Found<Vec<Found<Evidence>>>, pools: &[Pool], sources: Sources<'_>) {
    let report = table.report();
    for (index, each) in evidence.iter().enumerate() {
        if evidence.iter().take(index).any(|earlier| earlier.value == each.value) {
            report.refuse(&each.spot, Wrong::new("is named twice").advice("once is enough"));
        }
        match &each.value {
            Evidence::Log(source) => check_log(report, &each.spot, source, sources.logs),
            Evidence::Measure(Measure::Panel(panel)) => check_panel(report, &each.spot, panel, sources.panels),
            Evidence::Measure(measure) => {
                if !sources.metrics.iter().any(|source| source.pool.is_some()) {
                    let what = format!("no [[metrics]] source measures {measure} of a pool");
                    report
                        .refuse(&each.spot, Wrong::new(what).advice("give a [[metrics]] its `pool`, or leave it out"));
                }
            }
            Evidence::Check(check) => {
                let names = sources.checks.checks.iter().map(|each| each.as_str());
                if !names.clone().any(|name| name == check.as_str()) {
                    unknown(report, &each.spot, "[[check]]", ("check", check.as_str()), names);
                }
            }
            Evidence::WeightZero | Evidence::InFlight | Evidence::Requests => {}
        }
    }
    let covers = |each: &Evidence, pool: &Pool| match each {
        Evidence::InFlight | Evidence::Requests => true,
        Evidence::WeightZero | Evidence::Check(_) => false,
        Evidence::Log(source) => {
            sources.logs.iter().any(|log| log.id == *source && log.pool.as_ref() == Some(&pool.id))
        }
        Evidence::Measure(Measure::Panel(id)) => {
            sources.panels.iter().any(|panel| panel.id == *id && panel.pools.contains(&pool.id))
        }
        Evidence::Measure(_) => sources.metrics.iter().any(|source| source.pool.as_ref() == Some(&pool.id)),
    };
    let covered = |pool: &Pool| evidence.iter().any(|each| each.value.is_of_traffic() && covers(&each.value, pool));
    let bare: Vec<String> = pools.iter().filter(|pool| !covered(pool)).map(|pool| quoted(pool.id.as_str())).collect();
    if !bare.is_empty() && report.is_clean() {
        let what =
            format!("says nothing of the traffic of pool {}, which could never count as drained", bare.join(", "));
        let has_checks = evidence.iter().any(|each| matches!(each.value, Evidence::Check(_)));
        let advice = if has_checks {
            "a check is no evidence of traffic: add \"in-flight\" or \"requests\", or a log or panel of that pool"
        } else {
            "add \"in-flight\" or \"requests\", or a log or panel of that pool"
        };
        report.refuse(&evidence.spot, Wrong::new(what).advice(advice));
    }
}

fn check_log(report: &Report<'_>, spot: &Spot, source: &SourceId, logs: &[LogSpec]) {
    match logs.iter().find(|log| log.id == *source) {
        None => unknown(report, spot, "[[log]]", ("logs", source.as_str()), logs.iter().map(|log| log.id.as_str())),
        Some(log) if log.pool.is_none() => {
            let what = format!("log {} carries lines of no pool in particular", quoted(source.as_str()));
            report.refuse(spot, Wrong::new(what).advice("give the [[log]] its `pool`"));
        }
        Some(_) => {}
    }
}

fn check_panel(report: &Report<'_>, spot: &Spot, id: &PanelId, panels: &[PanelSpec]) {
    match panels.iter().find(|panel| panel.id == *id) {
        None => {
            let names = panels.iter().map(|panel| panel.id.as_str());
            unknown(report, spot, "[[panel]]", ("panel", id.as_str()), names);
        }
        Some(panel) if panel.pools.is_empty() => {
            let what = format!("panel {} is one series of the whole service, not of a pool", quoted(id.as_str()));
            report.refuse(spot, Wrong::new(what).advice("give the [[panel]] a query per pool"));
        }
        Some(_) => {}
    }
}

fn unknown<'n>(
    report: &Report<'_>,
    spot: &Spot,
    what: &str,
    (form, name): (&str, &str),
    names: impl Iterator<Item = &'n str> + Clone,
) {
    let wrong = Wrong::new(format!("there is no {what} named {}", quoted(name)));
    let listed: Vec<&str> = names.clone().collect();
    let wrong = if listed.is_empty() { wrong.advice("add it") } else { wrong.accepted(listed.join(", ")) };
    report.refuse(
        spot,
        match nearest(name, names) {
            Some(meant) => wrong.advice(format!("did you mean `{form}:{meant}`?")),
            None => wrong,
        },
    );
}

fn evidence() -> Kind<Evidence> {
    let schema = json!({ "type": "string", "pattern": "^(in-flight|requests|metric:(in-flight|requests)|(panel|logs|check):.+)$" });
    Kind::from_text(FORMS, schema, move |text| match text.split_once(':').unwrap_or((text, "")) {
        ("in-flight", "") => Ok(Evidence::InFlight),
        ("requests", "") => Ok(Evidence::Requests),
        ("metric", "in-flight") => Ok(Evidence::Measure(Measure::InFlight)),
        ("metric", "requests") => Ok(Evidence::Measure(Measure::Requests)),
        ("panel", name) if !name.is_empty() => Ok(Evidence::Measure(Measure::Panel(PanelId::new(name)))),
        ("logs", name) if !name.is_empty() => Ok(Evidence::Log(SourceId::new(name))),
        ("log", name) if !name.is_empty() => {
            Err(Wrong::new(format!("cannot be {}", quoted(text))).advice(format!("write \"logs:{name}\"")))
        }
        ("metric", name) if Measure::known(name).is_some() => {
            let wrong = Wrong::new(format!("{} says nothing of whether traffic still arrives", quoted(text)));
            Err(wrong.advice("write \"metric:in-flight\" or \"metric:requests\""))
        }
        ("panels", name) if !name.is_empty() => {
            Err(Wrong::new(format!("cannot be {}", quoted(text))).advice(format!("write \"panel:{name}\"")))
        }
        ("weight" | "weight-zero", "") => Err(Wrong::new(format!("{} is always part of the evidence", quoted(text)))
            .advice("leave it out and name traffic")),
        ("in_flight" | "inflight", "") => {
            Err(Wrong::new(format!("cannot be {}", quoted(text))).advice("write \"in-flight\""))
        }
        ("check", name) if !name.is_empty() => Ok(Evidence::Check(CheckId::new(name))),
        ("checks", name) if !name.is_empty() => {
            let wrong =
                Wrong::new(format!("{} is a group, and each line has a state and age of its own", quoted(text)));
            Err(wrong.advice("list its checks, each as \"check:NAME\""))
        }
        _ => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
    })
}
