//! `[[guard]]`: what watches all the time and goes back, or proposes to; and the limits that steps give guards.

use std::collections::BTreeMap;
use std::time::Duration;

use super::panel::in_unit;
use super::plan::{Split, resolve};
use super::pool::known;
use super::router::unique;
use crate::domain::check::CheckSpec;
use crate::domain::guard::{GuardSpec, Of, Patience, Subject, Then};
use crate::domain::measure::PanelSpec;
use crate::domain::procedure::MetricSpec;
use crate::domain::{CheckId, GuardId, Limit, Measure, PoolId, Unit};
use crate::setting::{
    Amount, Entries, Found, Report, Spot, Table, Wrong, amount, choice, count, duration, name, percent, quoted,
};

/// What guards are checked against.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) pools: &'c [PoolId],
    pub(super) metrics: &'c [MetricSpec],
    pub(super) panels: &'c [PanelSpec],
    pub(super) checks: &'c [CheckSpec],
    pub(super) has_routers: bool,
}

/// How often what has no interval of its own is asked.
const EVERY: Duration = Duration::from_secs(10);

/// The keys of one guard that say what it watches.
struct Written {
    measure: Option<Found<String>>,
    check: Option<Found<String>>,
    of: Option<Found<String>>,
    above: Option<Found<Amount>>,
    below: Option<Found<Amount>>,
    baseline: Option<Found<Amount>>,
    against: Option<Found<()>>,
    at_least: Option<Found<Amount>>,
    min_requests: Option<Found<usize>>,
    min_values: Option<Found<usize>>,
}

/// Reads the guards.
pub(super) fn read(table: &mut Table<'_>, context: Context<'_>) -> Vec<GuardSpec> {
    let mut names = Vec::new();
    let doc = "Guards: what watches all the time and, after breaches in a row, proposes the way back or takes it.";
    table.tables("guard", doc, |guard| one(guard, context, &mut names))
}

fn one(guard: &mut Table<'_>, context: Context<'_>, names: &mut Vec<Found<String>>) -> Option<GuardSpec> {
    let id = guard.required("name", "The guard's name on the screen and for `guards` of a step.", &name());
    if let Some(id) = &id {
        unique(guard, names, id, "guard");
    }
    let written = written(guard);
    let doc = "So many breaches in a row trip it, each a sample of its own. Default 2.";
    let breaches = guard.optional("breaches", doc, &count(1, 100));
    let doc = "Instead of `breaches`: every sample must break the limit for so long.";
    let span = guard.optional("for", doc, &duration(Duration::from_secs(1), Duration::from_hours(24)));
    let doc = "So many failed queries in a row and it says that it is blind; they are never breaches. Default 3.";
    let failures = guard.optional("failures", doc, &count(1, 100));
    let doc = "How often a check is asked or pools are compared. Default 10s. A measure has its own interval.";
    let every = guard.optional("every", doc, &duration(Duration::from_secs(1), Duration::from_hours(1)));
    let doc = "What it does when it trips: \"propose\" (it rings, and R and Enter finish it) or \"roll back\" (by itself, \
               while it is armed). Default \"propose\".";
    let kinds = choice(&[("propose", Then::Propose), ("roll back", Then::RollBack)], &[]);
    let then = guard.optional("then", doc, &kinds).map_or(Then::Propose, |then| then.value);
    let doc = "Percent per pool that it goes back to. Default: where R goes at that moment.";
    let back_to: Option<Split> = guard.map("back_to", doc, &percent(0, 10_000));
    let report = guard.report();
    if let (Some(_), Some(span)) = (&breaches, &span) {
        report.refuse(&span.spot, Wrong::new("stands beside `breaches`").advice("say one: how many, or how long"));
    }
    let back_to = back_to.and_then(|split| {
        if !context.has_routers {
            let wrong = Wrong::new("moves traffic, and this profile has no router");
            report.refuse(&split.spot, wrong.advice("leave it out"));
        }
        resolve(report, context.pools, &split, None)
    });
    let subject = subject(guard, context, &written)?;
    let paced = matches!(subject, Subject::Check(_) | Subject::ErrorsAgainst { .. } | Subject::LatencyAgainst { .. });
    if let Some(every) = every.as_ref().filter(|_| !paced) {
        let wrong =
            Wrong::new("goes with check and against only").advice("leave it out: a measure has its own interval");
        report.refuse(&every.spot, wrong);
    }
    let number = |found: Option<Found<usize>>, default| {
        found.map_or(default, |found| u32::try_from(found.value).unwrap_or(default))
    };
    let patience = span.map_or_else(|| Patience::InARow(number(breaches, 2)), |span| Patience::For(span.value));
    Some(GuardSpec {
        id: GuardId::new(id?.value),
        subject,
        patience,
        failures: number(failures, 3),
        then,
        every: every.map_or(EVERY, |every| every.value),
        back_to,
    })
}

fn written(guard: &mut Table<'_>) -> Written {
    let doc = "What it watches: errors, p99, p50, requests, in-flight, or a panel's name.";
    let measure = guard.optional("measure", doc, &name());
    let check = guard.optional("check", "Instead of `measure`: a check; a fail is a breach.", &name());
    let doc = "Of which pool: \"raised\" (the one that the step raises), \"each\", \"whole\", or a pool's name. Default \
               \"raised\"; of a panel that has no pools, \"whole\".";
    let of = guard.optional("of", doc, &name());
    let above = guard.optional("above", "A value above this is a breach: \"1%\", \"500ms\", 5.", &amount());
    let below = guard.optional("below", "A value below this is a breach: \"99%\", \"20/s\", 5.", &amount());
    let doc = "How far above its value of before the first change is a breach: \"50%\"; below it: \"-50%\".";
    let baseline = guard.optional("baseline", doc, &amount());
    let doc =
        "\"other pool\": compares the raised pool with those that run the other version. For errors and latencies.";
    let against = guard.optional("against", doc, &choice(&[("other pool", ())], &[]));
    let doc = "With `baseline` and `against`: the difference that must be there too, in the measure's unit.";
    let at_least = guard.optional("at_least", doc, &amount());
    let doc = "With `against`, for errors: requests that each side must have had. Default 400.";
    let min_requests = guard.optional("min_requests", doc, &count(1, 1_000_000_000));
    let doc = "With `against`, for a latency: values that each side must have. Default 20.";
    let min_values = guard.optional("min_values", doc, &count(3, 100_000));
    Written { measure, check, of, above, below, baseline, against, at_least, min_requests, min_values }
}

impl Written {
    /// The keys that say when a value is a breach, in the order in which they are described.
    fn limits(&self) -> Vec<(&'static str, &Spot)> {
        [
            ("above", self.above.as_ref().map(|found| &found.spot)),
            ("below", self.below.as_ref().map(|found| &found.spot)),
            ("baseline", self.baseline.as_ref().map(|found| &found.spot)),
            ("against", self.against.as_ref().map(|found| &found.spot)),
        ]
        .into_iter()
        .filter_map(|(key, spot)| Some((key, spot?)))
        .collect()
    }
}

fn subject(guard: &Table<'_>, context: Context<'_>, written: &Written) -> Option<Subject> {
    let report = guard.report();
    match (&written.measure, &written.check) {
        (Some(_), Some(check)) => {
            let wrong = Wrong::new("stands beside `measure`").advice("make it two guards");
            report.refuse(&check.spot, wrong);
            None
        }
        (None, Some(check)) => of_check(guard, context, check),
        (Some(named), None) => of_measure(guard, context, written, named),
        (None, None) => {
            // One that was refused as a value is there all the same.
            if !guard.has("measure") && !guard.has("check") {
                guard.refuse(Wrong::new("watches nothing").accepted("one of measure, check"));
            }
            None
        }
    }
}

fn of_check(guard: &Table<'_>, context: Context<'_>, check: &Found<String>) -> Option<Subject> {
    let report = guard.report();
    for key in ["of", "above", "below", "baseline", "against", "at_least", "min_requests", "min_values"] {
        if let Some(spot) = guard.spot_if_written(key) {
            report
                .refuse(&spot, Wrong::new("goes with measure only").advice("leave it out: the check says what fails"));
        }
    }
    let found = context.checks.iter().find(|each| each.id.as_str() == check.as_str());
    if found.is_none() {
        let names = || context.checks.iter().map(|each| each.id.as_str());
        let wrong = Wrong::new(format!("there is no [[check]] named {}", quoted(check)));
        let wrong = if context.checks.is_empty() {
            wrong.advice("add it")
        } else {
            wrong.accepted(names().collect::<Vec<_>>().join(", ")).suggesting(check, names())
        };
        report.refuse(&check.spot, wrong);
    }
    found.map(|each| Subject::Check(CheckId::clone(&each.id)))
}

fn of_measure(guard: &Table<'_>, context: Context<'_>, written: &Written, named: &Found<String>) -> Option<Subject> {
    let report = guard.report();
    let measure = measure(report, context.panels, named);
    let limits = written.limits();
    match &limits[..] {
        [] if ["above", "below", "baseline", "against"].into_iter().any(|key| guard.has(key)) => {}
        [] => guard.refuse(Wrong::new("has no limit").accepted("one of above, below, baseline, against")),
        [_] => {}
        [(first, _), others @ ..] => {
            for (_, spot) in others {
                let wrong = Wrong::new(format!("stands beside `{first}`")).advice("make it two guards");
                report.refuse(spot, wrong);
            }
        }
    }
    let compares = written.against.is_some();
    stray(guard, written, compares, measure.as_ref());
    let measure = measure?;
    let unit = unit(&measure, context.panels);
    let of = || of(guard, context, written, &measure);
    match (&written.above, &written.below, &written.baseline) {
        (Some(above), ..) => {
            let (limit, of) = (in_its_unit(report, above, &unit), of());
            Some(Subject::Limit { measure: measure.clone(), of: of?, limit: Limit::Above(limit?) })
        }
        (_, Some(below), _) => {
            let (limit, of) = (in_its_unit(report, below, &unit), of());
            Some(Subject::Limit { measure: measure.clone(), of: of?, limit: Limit::Below(limit?) })
        }
        (_, _, Some(baseline)) => {
            let (worse_by, at_least, of) = (worse_by(report, baseline), at_least(guard, written, &unit), of());
            Some(Subject::Baseline { measure: measure.clone(), of: of?, worse_by: worse_by?, at_least: at_least? })
        }
        _ if compares => against(guard, context, written, measure, &unit),
        _ => None,
    }
}

/// Keys that belong to another sort of limit.
fn stray(guard: &Table<'_>, written: &Written, compares: bool, measure: Option<&Measure>) {
    let report = guard.report();
    let refuse = |key: &str, with: &str| {
        if let Some(spot) = guard.spot_if_written(key) {
            report.refuse(&spot, Wrong::new(format!("goes with {with} only")).advice("leave it out"));
        }
    };
    if !compares && written.baseline.is_none() {
        refuse("at_least", "baseline and against");
    }
    if compares {
        if guard.has("of") {
            refuse("of", "above, below and baseline");
        }
        match measure {
            Some(Measure::Errors) => refuse("min_values", "against, for a latency,"),
            Some(_) => refuse("min_requests", "against, for errors,"),
            None => {}
        }
    } else {
        refuse("min_requests", "against");
        refuse("min_values", "against");
    }
}

fn against(
    guard: &Table<'_>,
    context: Context<'_>,
    written: &Written,
    measure: Measure,
    unit: &Unit,
) -> Option<Subject> {
    let report = guard.report();
    if let Some(spot) = written.against.as_ref().map(|found| &found.spot)
        && context.pools.len() < 2
        && !context.pools.is_empty()
    {
        report.refuse(spot, Wrong::new("needs two pools").advice("declare the other one"));
    }
    let at_least = at_least(guard, written, unit);
    match &measure {
        Measure::Errors => {
            let min_requests = written.min_requests.as_ref().map_or(400, |found| found.value);
            Some(Subject::ErrorsAgainst { min_requests: min_requests as u64, at_least: at_least? })
        }
        _ if *unit == Unit::Milliseconds => {
            let whole = context
                .panels
                .iter()
                .any(|panel| Measure::Panel(panel.id.clone()) == measure && panel.pools.is_empty());
            if whole && let Some(named) = &written.measure {
                let wrong = Wrong::new(format!("panel {} is one of all pools together", quoted(named)));
                report.refuse(&named.spot, wrong.advice("ask it for each pool, with {pool} in its query"));
            }
            let min_values = written.min_values.as_ref().map_or(20, |found| found.value);
            let min_values = u32::try_from(min_values).unwrap_or(u32::MAX);
            Some(Subject::LatencyAgainst { measure, min_values, at_least_ms: at_least? })
        }
        _ => {
            if let Some(spot) = written.against.as_ref().map(|found| &found.spot) {
                let wrong = Wrong::new(format!("goes with errors and latencies, and {measure} is neither"));
                report.refuse(spot, wrong.advice("use above, below or baseline"));
            }
            None
        }
    }
}

fn at_least(guard: &Table<'_>, written: &Written, unit: &Unit) -> Option<f64> {
    let report = guard.report();
    if !guard.has("at_least") {
        let wrong = Wrong::new("is missing: the difference that must be there too");
        report
            .refuse(&guard.spot_of("at_least"), wrong.advice("say how much matters, so that a trifle never trips it"));
    }
    in_its_unit(report, written.at_least.as_ref()?, unit)
}

fn worse_by(report: &Report<'_>, written: &Found<Amount>) -> Option<f64> {
    let fraction = written.number / 100.0;
    let fits = written.symbol == "%" && fraction != 0.0 && fraction >= -1.0;
    if !fits {
        let wrong = Wrong::new("is not how far from a baseline").accepted("a percentage, such as \"50%\" or \"-50%\"");
        report.refuse(&written.spot, wrong);
    }
    fits.then_some(fraction)
}

/// A limit in the measure's own unit; it is never negative where that means nothing.
fn in_its_unit(report: &Report<'_>, written: &Found<Amount>, unit: &Unit) -> Option<f64> {
    let read = in_unit(&written.value, unit).and_then(|value| match unit {
        Unit::Percent | Unit::Milliseconds | Unit::PerSecond | Unit::Bytes if value < 0.0 => {
            Err(Wrong::new("cannot be below zero"))
        }
        _ => Ok(value),
    });
    read.map_err(|wrong| report.refuse(&written.spot, wrong)).ok()
}

/// Of which pool; and that it is measured so.
fn of(guard: &Table<'_>, context: Context<'_>, written: &Written, measure: &Measure) -> Option<Of> {
    let report = guard.report();
    let panel = context.panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
    let Some(named) = &written.of else {
        // A value that was refused is there all the same.
        let whole = panel.is_some_and(|panel| panel.pools.is_empty());
        return (!guard.has("of")).then_some(if whole { Of::Whole } else { Of::Raised });
    };
    let of = match named.as_str() {
        "raised" => Of::Raised,
        "each" => Of::Each,
        "whole" => Of::Whole,
        _ => Of::Pool(known(report, context.pools, named)?),
    };
    let has_whole = match panel {
        Some(panel) => panel.pools.is_empty(),
        None => context.metrics.iter().any(|source| source.pool.is_none()),
    };
    let has_pools = panel.is_none_or(|panel| !panel.pools.is_empty());
    if of == Of::Whole && !has_whole {
        let wrong = Wrong::new(format!("nothing measures {measure} of all pools together"));
        let advice = if panel.is_some() {
            "ask it without {pool} in its query, or watch \"each\""
        } else {
            "watch \"each\" pool, or add a source without `pool`"
        };
        report.refuse(&named.spot, wrong.advice(advice));
    } else if of != Of::Whole && !has_pools {
        let wrong = Wrong::new(format!("panel {} is one of all pools together", quoted(measure.name())));
        report.refuse(&named.spot, wrong.advice("say \"whole\", or ask it for each pool with {pool} in its query"));
    } else if let (Of::Pool(pool), Some(panel)) = (&of, panel)
        && !panel.pools.contains(pool)
    {
        let wrong = Wrong::new(format!("panel {} is not asked of {}", quoted(measure.name()), quoted(pool.as_str())));
        let pools: Vec<&str> = panel.pools.iter().map(PoolId::as_str).collect();
        report.refuse(&named.spot, wrong.accepted(pools.join(", ")));
    }
    Some(of)
}

fn measure(report: &Report<'_>, panels: &[PanelSpec], named: &Found<String>) -> Option<Measure> {
    let panel = || panels.iter().find(|panel| panel.id.as_str() == named.as_str());
    let found = Measure::known(named).or_else(|| panel().map(|panel| Measure::Panel(panel.id.clone())));
    if found.is_none() {
        let names = || Measure::KNOWN.iter().map(Measure::name).chain(panels.iter().map(|panel| panel.id.as_str()));
        let wrong = Wrong::new(format!("there is no measure and no panel {}", quoted(named)));
        let wrong = wrong.accepted(names().collect::<Vec<_>>().join(", "));
        report.refuse(&named.spot, wrong.suggesting(named, names()));
    }
    found
}

fn unit(measure: &Measure, panels: &[PanelSpec]) -> Unit {
    let panel = || panels.iter().find(|panel| Measure::Panel(panel.id.clone()) == *measure);
    measure.unit().or_else(|| panel().map(|panel| panel.unit.clone())).unwrap_or(Unit::Number)
}

/// The limits that a step gives guards.
pub(super) fn of_step(
    report: &Report<'_>,
    guards: &[GuardSpec],
    panels: &[PanelSpec],
    written: &Entries<Amount>,
) -> BTreeMap<GuardId, Limit> {
    let mut limits = BTreeMap::new();
    for (named, value) in written {
        let Some(guard) = guards.iter().find(|guard| guard.id.as_str() == named.as_str()) else {
            // Where no guard could be read, nothing is said a second time.
            if guards.is_empty() && !report.is_clean() {
                continue;
            }
            let names = || guards.iter().map(|guard| guard.id.as_str());
            let wrong = Wrong::new(format!("there is no [[guard]] named {}", quoted(named)));
            let wrong = match guards {
                [] => wrong.advice("add it"),
                _ => wrong.accepted(names().collect::<Vec<_>>().join(", ")).suggesting(named, names()),
            };
            report.refuse(&named.spot, wrong);
            continue;
        };
        let Subject::Limit { measure, limit, .. } = &guard.subject else {
            let what = format!("guard {} has no limit of its own that a step could replace", quoted(named));
            report.refuse(&value.spot, Wrong::new(what).advice("leave it out"));
            continue;
        };
        let Some(number) = in_its_unit(report, value, &unit(measure, panels)) else { continue };
        let limit = match limit {
            Limit::Above(_) => Limit::Above(number),
            Limit::Below(_) => Limit::Below(number),
        };
        limits.insert(guard.id.clone(), limit);
    }
    limits
}
