//! `[[pairs]]`: requests in the logs paired with their answers; each gives panels, for charts, checks, guards and drains.

use std::time::Duration;

use super::panel::in_unit;
use super::router::unique;
use crate::adapter::log;
use crate::domain::measure::PanelSpec;
use crate::domain::pairing::{Figure, PairSpec, Pattern, Recognised, Rule, Wanted};
use crate::domain::procedure::LogSpec;
use crate::domain::{Limit, PoolId, SourceId};
use crate::setting::{
    Amount, Either, Found, Kind, Report, Table, Wrong, amount, choice, count, duration, name, quoted, regex, span_text,
    text,
};

/// What pairs are checked against.
#[derive(Clone, Copy)]
pub(super) struct Beside<'b> {
    pub(super) pools: &'b [PoolId],
    pub(super) logs: &'b [LogSpec],
    pub(super) configs: &'b [log::Config],
    /// The names of the metric sources.
    pub(super) metrics: &'b [Found<String>],
    pub(super) panels: &'b [PanelSpec],
}

/// What holds where the profile does not say.
const UNANSWERED: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_mins(1);
const LATE: Duration = Duration::from_secs(2);
const FEWEST: usize = 20;
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads the pairs, each with its panels.
pub(super) fn read(table: &mut Table<'_>, beside: Beside<'_>) -> Vec<(PairSpec, Vec<PanelSpec>)> {
    let mut names = Vec::new();
    let doc = "Requests in the logs paired with their answers: how many have none for too long, which keys are double, how \
               long answers take.";
    table.tables("pairs", doc, |table| one(table, beside, &mut names))
}

fn one(
    table: &mut Table<'_>,
    beside: Beside<'_>,
    names: &mut Vec<Found<String>>,
) -> Option<(PairSpec, Vec<PanelSpec>)> {
    let doc = "The name; its panels are unanswered-NAME, duplicates-NAME, p95-NAME and open-NAME.";
    let id = table.required("name", doc, &name());
    let doc = "The logs whose lines are looked at: the name of a [[log]], or a list of names. Default: all.";
    let logs = table.optional("logs", doc, &name().one_or_list("the name of a [[log]], or a list of such names"));
    let doc = "What a request is told by: a regular expression for its text, or a table of a field and what it says.";
    let request = recognised(table, "request", doc);
    let doc = "What an answer is told by, in the same forms.";
    let answer = recognised(table, "answer", doc);
    let doc =
        "The field that a request and its answer have in common, such as \"Properties.Stan\"; or several, together.";
    let key =
        table.required("key", doc, &text().one_or_list("a field's name, or a list of fields that together differ"));
    let doc = "The field that names the pool. Default: the pool of the log.";
    let pool = table.optional("pool", doc, &text());
    let rule = rule(table, &beside, logs.as_ref());
    let figures: Vec<(&'static str, Figure)> = Figure::ALL.map(|figure| (figure.name(), figure)).to_vec();
    let accepted = figures.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let doc =
        "Which of them have a chart; the others are there for checks and guards. Default unanswered, duplicates, p95.";
    let shown = table.optional("shown", doc, &choice(&figures, &[]).list(format!("a list of {accepted}")));
    let limits = table.table("limits", "Limits that are drawn on the charts.", limits).unwrap_or_default();
    let report = table.report();
    if let Some(id) = &id {
        unique(table, names, id, "[[pairs]]");
        taken(report, beside, id);
    }
    let logs = of_logs(table, beside, logs);
    if let Some(logs) = &logs
        && let Some(key) = &key
    {
        masked(report, beside, logs, key);
    }
    same(table, request.as_ref(), answer.as_ref());
    let ids = shown.as_ref().map(|shown| shown.value.iter().map(|each| each.value).collect::<Vec<_>>());
    let shown = ids.unwrap_or_else(|| vec![Figure::Unanswered, Figure::Duplicates, Figure::P95]);
    let spec = PairSpec {
        id: SourceId::new(id?.value),
        logs: logs?,
        request: request?,
        answer: answer?,
        key: key?.value.into_iter().map(|field| field.value).collect(),
        pool: pool.map(|pool| pool.value),
        rule: rule?,
    };
    let ways = spec.ways(beside.logs, beside.pools);
    let pools: Vec<PoolId> = ways.into_iter().flat_map(|way| way.pools).flatten().collect();
    let panel = |figure: Figure| PanelSpec {
        id: figure.panel(&spec.id),
        source: spec.id.clone(),
        unit: figure.unit(),
        pools: pools.clone(),
        limit: limits.iter().find(|(of, _)| *of == figure).map(|(_, limit)| *limit),
        interval: spec.rule.interval,
        window: spec.rule.window,
        is_shown: shown.contains(&figure),
    };
    let panels = Figure::ALL.map(panel).to_vec();
    Some((spec, panels))
}

/// The times and counts; `None` where they do not fit together.
fn rule(table: &mut Table<'_>, beside: &Beside<'_>, logs: Option<&Found<Vec<Found<String>>>>) -> Option<Rule> {
    let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
    let doc = "A request without an answer for longer than this is unanswered. Default 10s.";
    let after = table.optional("unanswered_after", doc, &duration(Duration::from_millis(100), hour));
    let doc = "How far back all figures look, by the logs' own time. Default 1m.";
    let window = table.optional("window", doc, &duration(second, hour));
    let doc = "How late a line may come after another that tells a later time, and how far the clocks of two logs may differ. \
               Default 2s.";
    let late = table.optional("late", doc, &duration(Duration::from_millis(1), Duration::from_mins(15)));
    let doc = "So many answers in the window make a 95th percentile; with fewer there is none. Default 20.";
    let fewest = table.optional("min_answers", doc, &count(1, 100_000));
    let doc = "How often there is a new value: as often as the logs have any line, health checks included. Default 5s; of logs \
               that are asked now and then, as late as their lines come.";
    let interval = table.optional("interval", doc, &duration(second, Duration::from_mins(30)));
    let wanted = |id: &SourceId| logs.is_none_or(|logs| logs.value.iter().any(|log| log.as_str() == id.as_str()));
    let delays = beside.configs.iter().filter(|config| wanted(&config.id)).map(|config| config.origin.delay());
    let rule = Rule {
        unanswered_after: after.as_ref().map_or(UNANSWERED, |found| found.value),
        window: window.as_ref().map_or(WINDOW, |found| found.value),
        late: late.as_ref().map_or(LATE, |found| found.value),
        fewest: fewest.map_or(FEWEST, |found| found.value),
        interval: interval.map_or_else(|| delays.max().unwrap_or_default().max(INTERVAL), |found| found.value),
    };
    if rule.window <= rule.unanswered_after {
        let what = format!("is not longer than `unanswered_after`, {}", span_text(rule.unanswered_after));
        let spot = window.as_ref().map_or_else(|| table.spot_of("window"), |window| window.spot.clone());
        let wrong = Wrong::new(format!("{} {what}", quoted(&span_text(rule.window))));
        table.report().refuse(&spot, wrong.advice("make it longer: what it has passed is not counted any more"));
        return None;
    }
    if let Some(late) = late.filter(|late| late.value >= rule.window) {
        let what =
            format!("{} is not shorter than the window, {}", quoted(&span_text(late.value)), span_text(rule.window));
        table.report().refuse(&late.spot, Wrong::new(what).advice("make it shorter, or the window longer"));
        return None;
    }
    Some(rule)
}

/// A key that says what a line is told by.
fn recognised(table: &mut Table<'_>, key: &'static str, doc: &str) -> Option<Recognised> {
    let told = table.either(key, doc, &regex(), |table| {
        let field = table.required("field", "The field.", &text());
        let doc = "The value that it has, or a list of such values.";
        let is = table.optional("is", doc, &text().one_or_list("a value in quotes, or a list of values"));
        let matches = table.optional("matches", "A regular expression for its value.", &regex());
        match (&is, &matches) {
            (Some(_), Some(matches)) => {
                let wrong = Wrong::new("stands beside `is`").advice("say one of them");
                table.report().refuse(&matches.spot, wrong);
                None
            }
            (None, None) => {
                if !table.has("is") && !table.has("matches") {
                    table.refuse(Wrong::new("does not say what the field is").accepted("one of is, matches"));
                }
                None
            }
            (Some(is), None) => {
                let values = is.value.iter().map(|value| value.value.clone()).collect();
                Some(Recognised::Field { name: field?.value, wanted: Wanted::OneOf(values) })
            }
            (None, Some(matches)) => {
                let pattern = compiled(table.report(), matches)?;
                Some(Recognised::Field { name: field?.value, wanted: Wanted::Matches(pattern) })
            }
        }
    });
    let wrong =
        Wrong::new(format!("is missing: what {} is told by", if key == "request" { "a request" } else { "an answer" }));
    table.require(key, wrong.accepted("a regular expression, or { field = ..., is = ... }"));
    match told? {
        Either::Value(text) => compiled(table.report(), &text).map(Recognised::Text),
        Either::Table(recognised) => recognised,
    }
}

fn compiled(report: &Report<'_>, written: &Found<String>) -> Option<Pattern> {
    let compiled = Pattern::new(&written.value);
    compiled.map_err(|bad| report.refuse(&written.spot, Wrong::new(bad.why).advice("make it smaller"))).ok()
}

/// Requests and answers that are told by the same are not told apart.
fn same(table: &Table<'_>, request: Option<&Recognised>, answer: Option<&Recognised>) {
    if let Some(spot) = table.spot_if_written("answer").filter(|_| request.is_some() && request == answer) {
        let wrong = Wrong::new("says the same as `request`").advice("say what only answers have");
        table.report().refuse(&spot, wrong);
    }
}

/// The logs, where each is there.
fn of_logs(table: &Table<'_>, beside: Beside<'_>, written: Option<Found<Vec<Found<String>>>>) -> Option<Vec<SourceId>> {
    let report = table.report();
    let all = || beside.logs.iter().map(|log| log.id.as_str());
    let Some(written) = written else {
        if beside.logs.is_empty() && !table.has("logs") && report.is_clean() {
            table.refuse(Wrong::new("has no lines to look at").advice("add a [[log]]"));
        }
        return (!beside.logs.is_empty() && !table.has("logs"))
            .then(|| beside.logs.iter().map(|log| log.id.clone()).collect());
    };
    let mut found: Vec<SourceId> = Vec::new();
    let mut is_whole = true;
    for log in &written.value {
        let id = SourceId::new(log.value.clone());
        if found.contains(&id) {
            report.refuse(&log.spot, Wrong::new("is named twice").advice("once is enough"));
        } else if all().any(|each| each == log.as_str()) {
            found.push(id);
        } else {
            is_whole = false;
            let wrong = Wrong::new(format!("there is no [[log]] named {}", quoted(log)));
            let wrong = if beside.logs.is_empty() {
                wrong.advice("add it")
            } else {
                wrong.accepted(all().collect::<Vec<_>>().join(", ")).suggesting(log, all())
            };
            report.refuse(&log.spot, wrong);
        }
    }
    is_whole.then_some(found)
}

/// What is masked is the same in every line.
fn masked(report: &Report<'_>, beside: Beside<'_>, logs: &[SourceId], key: &Found<Vec<Found<String>>>) {
    for field in &key.value {
        let masks = |config: &&log::Config| logs.contains(&config.id) && config.mask_fields.contains(&field.value);
        if let Some(config) = beside.configs.iter().find(masks) {
            let what = format!("{} is masked in log {}, and pairs nothing", quoted(field), quoted(config.id.as_str()));
            report.refuse(&field.spot, Wrong::new(what).advice("leave it out of `mask_fields`, or name another field"));
        }
    }
}

/// The name stands for a source of panels, and begins their names.
fn taken(report: &Report<'_>, beside: Beside<'_>, id: &Found<String>) {
    if beside.metrics.iter().any(|other| other.value == id.value) {
        let wrong = Wrong::new(format!("{} is a [[metrics]]'s name already", quoted(id)));
        report.refuse(&id.spot, wrong.advice("give each its own"));
    }
    let source = SourceId::new(id.value.clone());
    for figure in Figure::ALL {
        let panel = figure.panel(&source);
        if beside.panels.iter().any(|other| other.id == panel) {
            let wrong = Wrong::new(format!("there is a [[panel]] {} already", quoted(panel.as_str())));
            report.refuse(&id.spot, wrong.advice("give one of them another name"));
        }
    }
}

fn limits(table: &mut Table<'_>) -> Vec<(Figure, Limit)> {
    let limit = |table: &mut Table<'_>, figure: Figure, doc: &str, kind: &Kind<Amount>| {
        let written = table.optional(figure.name(), doc, kind)?;
        let report = table.report();
        let value = in_unit(&written.value, &figure.unit())
            .and_then(|value| if value < 0.0 { Err(Wrong::new("cannot be below zero")) } else { Ok(value) });
        value.map_err(|wrong| report.refuse(&written.spot, wrong)).ok().map(|value| (figure, Limit::Above(value)))
    };
    let each = [
        limit(table, Figure::Unanswered, "More unanswered requests than this are a breach: 0.", &amount()),
        limit(table, Figure::Duplicates, "More double keys than this are a breach: 0.", &amount()),
        limit(table, Figure::P95, "A 95th percentile above this is a breach: \"800ms\".", &amount()),
        limit(table, Figure::Open, "More open requests than this are a breach: 200.", &amount()),
    ];
    each.into_iter().flatten().collect()
}
