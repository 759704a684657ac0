//! `[[panel]]`: queries to metric sources with what their values mean; and the ready-made sets that a source may name.

use std::time::Duration;

use serde_json::json;

use super::source::Metrics;
use crate::adapter::metric::ready::{Set, Tell};
use crate::adapter::metric::{self, Configured, MetricKind, Query};
use crate::domain::measure::PanelSpec;
use crate::domain::{Limit, Measure, PanelId, PoolId, Unit};
use crate::setting::{
    Amount, Either, Found, Kind, OneOrEach, Spot, Table, Wrong, amount, duration, flag, name, nearest, quoted,
    span_text, text,
};

/// How far back a value looks where nobody says.
const WINDOW: Duration = Duration::from_mins(1);
/// The longest query.
const LONGEST: usize = 4_000;

/// A ready-made set that a source names.
pub(super) struct Wanted {
    set: Found<String>,
    tell: Written,
    /// The set, once the source's kind is known to answer it.
    is: Option<&'static Set>,
}

/// How the profile tells pools apart for the ready-made sets.
#[derive(Clone)]
struct Written {
    label: Option<String>,
    value: Option<String>,
    also: Option<String>,
}

/// How far back a value may look.
pub(super) fn window() -> Kind<Duration> {
    duration(Duration::from_secs(1), Duration::from_hours(24))
}

/// Reads the keys of a source that name ready-made sets.
pub(super) fn wanted(table: &mut Table<'_>) -> Vec<Wanted> {
    let doc = "Ready-made panels: \"haproxy\", \"envoy\", \"nginx\", \"kubernetes\", \"spring\", \"ecs\", or a list of these.";
    let sets =
        table.optional("panels", doc, &name().one_or_list("the name of a ready-made set, or a list of such names"));
    let doc = "For ready-made panels: the label that tells pools apart. Default: what the set's exporter has.";
    let label = table.optional("pool_label", doc, &label());
    let doc = "For ready-made panels: what that label says of a pool, with {pool} for its name; more makes it a regular \
               expression: \"{pool}-.*\". Default: as the set's exporter has it.";
    let value = table.optional("pool_value", doc, &value());
    let doc = "For ready-made panels: further matchers in the source's language: 'namespace=\"shop\"'.";
    let also = table.optional("where", doc, &query());
    if sets.is_none() {
        for key in ["pool_label", "pool_value", "where"] {
            if let Some(spot) = table.spot_if_written(key).filter(|_| !table.has("panels")) {
                let wrong = Wrong::new("belongs to ready-made panels, and none are named");
                table.report().refuse(&spot, wrong.advice("name them in `panels`, or leave this out"));
            }
        }
    }
    let plain = |found: Option<Found<String>>| found.map(|found| found.value);
    let tell = Written { label: plain(label), value: plain(value), also: plain(also) };
    let sets = sets.map(|sets| sets.value).unwrap_or_default();
    sets.into_iter().map(|set| Wanted { set, tell: tell.clone(), is: None }).collect()
}

/// The sets that a source of this kind can answer; of the others it says so.
pub(super) fn fitting(table: &Table<'_>, kind: &MetricKind, wanted: Vec<Wanted>) -> Vec<Wanted> {
    let report = table.report();
    let mut fitting: Vec<Wanted> = Vec::new();
    for each in wanted {
        let name = each.set.as_str();
        if kind.sets.is_empty() {
            report.refuse(&each.set.spot, asks_nothing(kind.name).advice("write [[panel]]s, or leave this out"));
        } else if fitting.iter().any(|earlier| earlier.set.value == each.set.value) {
            report.refuse(&each.set.spot, Wrong::new("is named twice").advice("once is enough"));
        } else if let Some(set) = kind.sets.iter().find(|set| set.name == name) {
            fitting.push(Wanted { is: Some(set), ..each });
        } else {
            let names = kind.sets.iter().map(|set| set.name);
            let others = metric::KINDS.iter().filter(|other| other.sets.iter().any(|set| set.name == name));
            let others: Vec<String> = others.map(|other| quoted(other.name)).collect();
            let wrong = match others.as_slice() {
                [] => {
                    Wrong::new(format!("there is no ready-made set {}", quoted(name))).suggesting(name, names.clone())
                }
                others => Wrong::new(format!("{} is asked of a source of kind {}", quoted(name), others.join(", "))),
            };
            report.refuse(&each.set.spot, wrong.accepted(names.collect::<Vec<_>>().join(", ")));
        }
    }
    fitting
}

/// A key about queries at a source that answers none.
pub(super) fn asks_nothing(kind: &str) -> Wrong {
    Wrong::new(format!("a source of kind {} knows by itself what it counts and answers no queries", quoted(kind)))
}

/// One panel on its way.
struct Draft {
    spec: PanelSpec,
    queries: Vec<Query>,
    /// Which of the sources.
    source: usize,
}

/// Reads the panels, and adds the ready-made ones; the sources get their queries. A panel of the profile takes the place of a
/// ready-made one of the same name.
pub(super) fn read(
    table: &mut Table<'_>,
    pools: &[PoolId],
    sources: &mut [Metrics],
    written: &[Found<String>],
) -> Vec<PanelSpec> {
    let mut names: Vec<Found<String>> = Vec::new();
    let mut drafts = table.tables("panel", "Panels: queries to metric sources, with units and limits.", |table| {
        one(table, pools, (sources, written), &mut names)
    });
    let given: Vec<PanelId> = drafts.iter().map(|draft| draft.spec.id.clone()).collect();
    let mut ready: Vec<Draft> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        for (set, wanted) in source.ready.iter().filter_map(|wanted| Some((wanted.is?, wanted))) {
            let configured = source.config.configured.as_ref();
            let misfit = drawn(index, source, set, wanted, pools).find_map(|draft| {
                let query = draft.queries.iter().find_map(|query| configured.check_query(&query.text).err());
                let why = query.or_else(|| configured.check_window(draft.spec.window).err())?;
                Some(Wrong::new(format!("the query of {} {why}", quoted(draft.spec.id.as_str()))))
            });
            if let Some(wrong) = misfit {
                let advice = "correct `pool_label`, `pool_value`, `where` or `window`";
                table.report().refuse(&wanted.set.spot, wrong.advice(advice));
            }
            for draft in drawn(index, source, set, wanted, pools) {
                // A second source with the same set is told apart by its name.
                let is_taken = ready.iter().any(|earlier| earlier.spec.id == draft.spec.id);
                let name =
                    if is_taken { format!("{}-{}", source.spec.id, draft.spec.id) } else { draft.spec.id.to_string() };
                let id = PanelId::new(name);
                if !given.contains(&id) {
                    ready.push(draft.named(id));
                }
            }
        }
    }
    drafts.extend(ready);
    let mut specs = Vec::new();
    for draft in drafts {
        if let Some(source) = sources.get_mut(draft.source) {
            source.config.queries.extend(draft.queries);
        }
        specs.push(draft.spec);
    }
    specs
}

impl Draft {
    fn named(mut self, id: PanelId) -> Self {
        for query in &mut self.queries {
            query.measure = Measure::Panel(id.clone());
        }
        Self { spec: PanelSpec { id, ..self.spec }, ..self }
    }
}

fn one(
    table: &mut Table<'_>,
    pools: &[PoolId],
    (sources, written): (&[Metrics], &[Found<String>]),
    names: &mut Vec<Found<String>>,
) -> Option<Draft> {
    let id = table.required("name", "The panel's name, on the screen and for other keys.", &name());
    if let Some(id) = &id {
        super::router::unique(table, names, id, "panel");
        if Measure::known(id).is_some() {
            let wrong =
                Wrong::new(format!("{} is measured by itself, from what routers and sources count", quoted(id)));
            table.report().refuse(&id.spot, wrong.advice("choose another name"));
        }
    }
    let from = table.required("source", "The [[metrics]] that answers.", &name());
    let source = from.as_ref().and_then(|from| answering(table, sources, written, from));
    let doc = "What is asked, in the source's own language: {pool} stands for each pool's name, {window} for the window. \
               Or a table of one query per pool; without {pool} it is one series of the whole.";
    let ids: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
    let asked = table.required_one_or_each_of("query", doc, "pool", &ids, &query());
    let doc = "What the values mean: \"percent\" (of fractions of one), \"ms\", \"/s\", \"bytes\", \"number\" or any other \
               unit. Default \"number\".";
    let unit = table.optional("unit", doc, &unit()).map(|unit| unit.value);
    // Of a unit that was refused nothing more is said.
    let is_known = unit.is_some() || !table.has("unit");
    let unit = unit.unwrap_or(Unit::Number);
    let limit = limit(table, is_known.then_some(&unit));
    let (least, most) = (Duration::from_millis(200), Duration::from_mins(10));
    let interval = table.optional("interval", "How often it is asked. Default: as its source.", &duration(least, most));
    let doc = "How far back one value looks. Default: what the query says, else the source's `window`, else 1m.";
    let window = table.optional("window", doc, &window());
    let shown = table.optional("shown", "Whether it has a chart; else it is there for checks. Default true.", &flag());
    let (index, source, id, asked) = (source?, sources.get(source?)?, id?, asked?);
    let queries = per_pool(asked, pools, source.spec.pool.as_ref());
    let configured = source.config.configured.as_ref();
    let spot = window.as_ref().map_or_else(|| table.spot_of("window"), |window| window.spot.clone());
    let window = looks_back(table, configured, &queries, window, source.window);
    if let Err(why) = configured.check_window(window) {
        table.report().refuse(&spot, Wrong::new(format!("{} {why}", quoted(&span_text(window)))));
    }
    let measure = Measure::Panel(PanelId::new(id.value.clone()));
    let every = interval.map_or(source.spec.interval, |interval| interval.value);
    let mut filled = Vec::new();
    for (pool, asked) in &queries {
        let text = fill(&asked.value, pool.as_ref(), &configured.span(window));
        if let Err(why) = configured.check_query(&text) {
            table.report().refuse(&asked.spot, Wrong::new(format!("{} {why}", quoted(&asked.value))));
        }
        filled.push(Query { measure: measure.clone(), pool: pool.clone(), text, window, every });
    }
    let spec = PanelSpec {
        id: PanelId::new(id.value),
        source: source.spec.id.clone(),
        unit,
        pools: filled.iter().filter_map(|query| query.pool.clone()).collect(),
        limit,
        interval: every.max(configured.pace(window)),
        window,
        is_shown: shown.is_none_or(|shown| shown.value),
    };
    Some(Draft { spec, queries: filled, source: index })
}

/// The source of that name, where it answers queries. Of one that could not be read, nothing is said a second time.
fn answering(table: &Table<'_>, sources: &[Metrics], written: &[Found<String>], from: &Found<String>) -> Option<usize> {
    let report = table.report();
    let found = sources.iter().position(|source| source.spec.id.as_str() == from.as_str());
    let names = || sources.iter().filter(|source| source.config.configured.answers_queries());
    let names: Vec<&str> = names().map(|source| source.spec.id.as_str()).collect();
    let Some(source) = found.and_then(|found| sources.get(found)) else {
        if !written.iter().any(|name| name.value == from.value) {
            let wrong = Wrong::new(format!("there is no [[metrics]] named {}", quoted(from)));
            let wrong = match (names.as_slice(), nearest(from, names.iter().copied())) {
                ([], _) => wrong.advice("add it, of a kind that answers queries"),
                (names, None) => wrong.accepted(names.join(", ")),
                (names, Some(meant)) => wrong.accepted(names.join(", ")).advice(format!("did you mean `{meant}`?")),
            };
            report.refuse(&from.spot, wrong);
        }
        return None;
    };
    if !source.config.configured.answers_queries() {
        report.refuse(&from.spot, asks_nothing(source.kind).advice("name a source of another kind"));
        return None;
    }
    found
}

/// The query of each pool, or of the whole. A source that speaks of one pool is asked about that one alone.
fn per_pool(asked: OneOrEach<String>, pools: &[PoolId], own: Option<&PoolId>) -> Vec<(Option<PoolId>, Found<String>)> {
    match asked {
        Either::Value(text) if own.is_none() && text.contains("{pool}") => {
            let each =
                |pool: &PoolId| (Some(pool.clone()), Found { value: text.value.clone(), spot: text.spot.clone() });
            pools.iter().map(each).collect()
        }
        Either::Value(text) => vec![(own.cloned(), text)],
        Either::Table(each) => {
            let each = each.value.into_iter().map(|(pool, text)| (PoolId::new(pool), text));
            each.filter(|(pool, _)| own.is_none_or(|own| own == pool)).map(|(pool, text)| (Some(pool), text)).collect()
        }
    }
}

fn fill(text: &str, pool: Option<&PoolId>, window: &str) -> String {
    let text = text.replace("{window}", window);
    pool.map_or_else(|| text.clone(), |pool| text.replace("{pool}", pool.as_str()))
}

/// How far back a panel looks. A value that speaks of longer ago than its window says would count too early after a change.
fn looks_back(
    table: &Table<'_>,
    configured: &dyn Configured,
    queries: &[(Option<PoolId>, Found<String>)],
    given: Option<Found<Duration>>,
    of_source: Option<Duration>,
) -> Duration {
    let by_words = |asked: &Found<String>| {
        // What stands for the window itself says nothing of its own.
        let text = asked.value.replace("{window}", &configured.span(Duration::from_secs(1)));
        configured.looks_back(&text)
    };
    let longest = queries.iter().filter_map(|(_, asked)| by_words(asked)).max();
    let is_filled = queries.iter().any(|(_, asked)| asked.value.contains("{window}"));
    match (given, longest) {
        (Some(given), Some(longest)) if longest > given.value => {
            let what = format!("is shorter than the query looks back, {}", span_text(longest));
            table.report().refuse(&given.spot, Wrong::new(what).advice("leave it out, or write {window} in the query"));
            given.value
        }
        (Some(given), _) => given.value,
        (None, Some(longest)) if !is_filled => longest,
        (None, longest) => longest.unwrap_or_default().max(of_source.unwrap_or(WINDOW)),
    }
}

/// The panels of a ready-made set.
fn drawn<'s>(
    index: usize,
    source: &'s Metrics,
    set: &'static Set,
    wanted: &'s Wanted,
    pools: &'s [PoolId],
) -> impl Iterator<Item = Draft> + 's {
    let window = source.window.unwrap_or(WINDOW);
    let span = source.config.configured.span(window);
    let tell = Tell {
        label: wanted.tell.label.clone().unwrap_or_else(|| set.label.to_owned()),
        value: wanted.tell.value.clone().unwrap_or_else(|| set.value.to_owned()),
        also: wanted.tell.also.clone().unwrap_or_default(),
    };
    set.panels.iter().map(move |ready| {
        let id = PanelId::new(format!("{}-{}", set.name, ready.name));
        let own = source.spec.pool.as_ref();
        let pools: Vec<PoolId> = pools.iter().filter(|pool| own.is_none_or(|own| own == *pool)).cloned().collect();
        let text = tell.fill(ready.query);
        let queries = pools.iter().map(|pool| Query {
            measure: Measure::Panel(id.clone()),
            pool: Some(pool.clone()),
            text: fill(&text, Some(pool), &span),
            window,
            every: source.spec.interval,
        });
        let queries = queries.collect();
        let spec = PanelSpec {
            id,
            source: source.spec.id.clone(),
            unit: ready.unit.into(),
            pools,
            limit: None,
            interval: source.spec.interval.max(source.config.configured.pace(window)),
            window,
            is_shown: true,
        };
        Draft { spec, queries, source: index }
    })
}

fn limit(table: &mut Table<'_>, unit: Option<&Unit>) -> Option<Limit> {
    let above = table.optional("above", "A limit that is drawn: a value above it is a breach.", &amount());
    let below = table.optional("below", "A limit that is drawn: a value below it is a breach.", &amount());
    if above.is_some()
        && let Some(below) = &below
    {
        let wrong = Wrong::new("stands beside `above`, and a panel draws one limit");
        table.report().refuse(&below.spot, wrong.advice("write a second [[panel]] for the other"));
    }
    let unit = unit?;
    let value = |found: Found<Amount>, make: fn(f64) -> Limit, spot: &Spot| match in_unit(&found.value, unit) {
        Ok(value) => Some(make(value)),
        Err(wrong) => {
            table.report().refuse(spot, wrong);
            None
        }
    };
    match (above, below) {
        (Some(found), _) => {
            let spot = found.spot.clone();
            value(found, Limit::Above, &spot)
        }
        (None, Some(found)) => {
            let spot = found.spot.clone();
            value(found, Limit::Below, &spot)
        }
        (None, None) => None,
    }
}

/// An amount in the unit of a measure: percent as a fraction of one, times in milliseconds.
///
/// # Errors
/// When its unit is another one.
pub(super) fn in_unit(amount: &Amount, unit: &Unit) -> Result<f64, Wrong> {
    let (symbols, accepted): (&[(&str, f64)], &str) = match unit {
        Unit::Number => (&[("", 1.0)], "a plain number, such as 5"),
        Unit::Requests => (&[("", 1.0), ("req", 1.0)], "a number of requests, such as 40"),
        Unit::Percent => (&[("%", 0.01)], "a percentage, such as \"1%\""),
        Unit::Milliseconds => (
            &[("ms", 1.0), ("s", 1e3), ("m", 6e4), ("us", 1e-3), ("µs", 1e-3)],
            "a time, such as \"500ms\" or \"1.5s\"",
        ),
        Unit::PerSecond => (&[("/s", 1.0), ("/min", 1.0 / 60.0)], "a rate, such as \"600/s\""),
        Unit::Bytes => (
            &[
                ("B", 1.0),
                ("KiB", 1024.0),
                ("MiB", 1_048_576.0),
                ("GiB", 1_073_741_824.0),
                ("kB", 1e3),
                ("MB", 1e6),
                ("GB", 1e9),
            ],
            "a size, such as \"512MiB\"",
        ),
        Unit::Other(symbol) if amount.symbol == *symbol || amount.symbol.is_empty() => return Ok(amount.number),
        Unit::Other(symbol) => {
            let what = format!("is in {}, and the panel's unit is {}", quoted(&amount.symbol), quoted(symbol));
            return Err(Wrong::new(what).advice("write it in that unit"));
        }
    };
    match symbols.iter().find(|(symbol, _)| *symbol == amount.symbol) {
        Some((_, factor)) => Ok(amount.number * factor),
        None if amount.symbol.is_empty() => Err(Wrong::new("has no unit").accepted(accepted)),
        None => {
            Err(Wrong::new(format!("is in {}, not in the panel's unit", quoted(&amount.symbol))).accepted(accepted))
        }
    }
}

fn unit() -> Kind<Unit> {
    let accepted = "\"percent\", \"ms\", \"/s\", \"bytes\", \"number\", or another unit of at most 12 characters";
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 12 });
    text()
        .and_then(accepted, |text| {
            let instead =
                |other: &str| Err(Wrong::new(format!("cannot be {}", quoted(&text))).advice(format!("write {other}")));
            match text.as_str() {
                "percent" => Ok(Unit::Percent),
                "ms" => Ok(Unit::Milliseconds),
                "/s" => Ok(Unit::PerSecond),
                "bytes" => Ok(Unit::Bytes),
                "number" => Ok(Unit::Number),
                "%" | "pct" | "percentage" => instead("\"percent\"; the query gives a fraction of one, 0.01 for 1 %"),
                "B" | "byte" => instead("\"bytes\""),
                "milliseconds" | "msec" | "millis" => instead("\"ms\""),
                "s" | "seconds" | "sec" => instead("\"ms\", and multiply by 1000 in the query"),
                "per second" | "/sec" | "rps" | "req/s" => instead("\"/s\""),
                other if other.chars().count() > 12 => {
                    Err(Wrong::new(format!("is {} characters long", other.chars().count())))
                }
                other => Ok(Unit::Other(other.to_owned())),
            }
        })
        .described(schema)
}

/// A query in the source's own language: what it may hold is the system's business.
fn query() -> Kind<String> {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": LONGEST });
    Kind::from_text("a query in the source's own language", schema, |text| {
        let one_line = text.trim().replace(['\n', '\r', '\t'], " ");
        if one_line.is_empty() {
            Err(Wrong::new("is empty"))
        } else if let Some(hidden) = one_line.chars().find(|c| c.is_control()) {
            Err(Wrong::new(format!("holds a control character, {}", hidden.escape_unicode())))
        } else if one_line.len() > LONGEST {
            Err(Wrong::new(format!("is longer than {LONGEST} characters")))
        } else {
            Ok(one_line)
        }
    })
}

fn label() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" });
    Kind::from_text("a label's name: letters, digits and _", schema, |text| {
        let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let begins = text.chars().next().is_some_and(|c| !c.is_ascii_digit());
        if fits && begins { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

fn value() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "\\{pool\\}" });
    Kind::from_text("text with {pool} for the pool's name, such as \"{pool}-.*\"", schema, |text| {
        if text.contains("{pool}") && !text.contains(['"', '\\', '\n']) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}
