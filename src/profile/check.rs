//! `[[check]]`: what is common to all kinds of check, and the kind `limit` that needs no system.

use std::sync::Arc;
use std::time::Duration;

use super::panel::in_unit;
use super::pool::known;
use super::router::unique;
use super::source::needs_feature;
use crate::adapter::check::{Configured, KINDS};
use crate::domain::check::{Asks, CheckSpec, Threshold};
use crate::domain::measure::PanelSpec;
use crate::domain::{CheckId, Limit, Measure, PoolId, Unit};
use crate::setting::{Amount, Found, Report, Table, Variant, Wrong, amount, count, duration, flag, name, quoted};

/// One check, with what its system is asked by; `None` where the core answers it.
pub(super) type Read = (CheckSpec, Option<Arc<dyn Configured>>);

/// The names that are written, also of checks that cannot be read: what is wrong is said once.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) checks: Vec<Found<String>>,
    pub(super) groups: Vec<String>,
    /// Those that ask about an image by its tag alone.
    pub(super) of_tags: Vec<String>,
}

impl Declared {
    /// The groups, each once, in order.
    pub(super) fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

/// What one kind's own keys say.
enum Asked {
    System(Option<Arc<dyn Configured>>),
    Limit(Option<Threshold>),
}

/// The most tries: with the longest pause between them that is weeks.
const MOST_TRIES: usize = 1_000;

/// Reads the checks. A limit may name any of `panels`.
pub(super) fn read(table: &mut Table<'_>, pools: &[PoolId], panels: &[PanelSpec]) -> (Vec<Read>, Declared) {
    let mut declared = Declared::default();
    let has_version = table.has("version");
    let read =
        table.tables("check", "Questions that are answered pass, fail or inconclusive, with evidence.", |table| {
            let id = table.required("name", "The check's name on the screen and for other keys.", &name());
            if let Some(id) = &id {
                unique(table, &mut declared.checks, id, "check");
            }
            let doc = "The group that it stands in: a suite with totals of its own, asked together.";
            let group = table.optional("group", doc, &name());
            declared.groups.extend(group.as_ref().map(|group| group.value.clone()));
            let pool = table.optional("pool", "The pool that it speaks of, if it is one pool's.", &name());
            let pool = pool.and_then(|pool| known(table.report(), pools, &pool));
            let spans = || duration(Duration::from_secs(1), Duration::from_hours(1));
            let doc = "How long from one try to the next, and how often a passed one is asked again. Default 10s.";
            let every = table.optional("every", doc, &spans()).map_or(Duration::from_secs(10), |every| every.value);
            let doc = "How many tries until it counts as failed; the first pass ends them. Default 1.";
            let tries = table.optional("tries", doc, &count(1, MOST_TRIES));
            let doc = "How many passes one after another make it passed. Default 1.";
            let in_a_row = table.optional("in_a_row", doc, &count(1, MOST_TRIES));
            let (least, most) = (Duration::from_millis(50), Duration::from_mins(5));
            let doc = "How long one answer may take; then it is inconclusive. Default 5s.";
            let timeout = table.optional("timeout", doc, &duration(least, most));
            let timeout = timeout.map_or(Duration::from_secs(5), |timeout| timeout.value);
            let doc = "Whether it passes only while its value is what it was when the session began. Default false.";
            let same = table.optional("same_as_before", doc, &flag());
            let readers: Vec<_> = KINDS
                .iter()
                .map(|kind| {
                    let pool = pool.as_ref();
                    move |table: &mut Table<'_>| Asked::System((kind.read)(table, pool, timeout))
                })
                .collect();
            let limit = |table: &mut Table<'_>| Asked::Limit(threshold(table, panels));
            let mut variants: Vec<Variant<'_, '_, Asked>> = KINDS
                .iter()
                .zip(&readers)
                .map(|(kind, reader)| Variant { name: kind.name, doc: kind.doc, read: reader })
                .collect();
            variants.push(Variant { name: "limit", doc: "A measure held against a limit.", read: &limit });
            let (kind, asked) = table.kinds("kind", "What is asked.", &variants, None)?;
            super::version::refuse_digests(table, has_version);
            let asks_about_image = ["image", "image-signed", "ecr-image"].contains(&kind);
            if asks_about_image && table.spots_holding("{digest}").is_empty() {
                declared.of_tags.extend(id.as_ref().map(|id| id.value.clone()));
            }
            let known_kind = KINDS.iter().find(|each| each.name == kind);
            needs_feature(table, "check", kind, known_kind.and_then(|kind| kind.feature));
            let compares = same.as_ref().is_some_and(|same| same.value);
            if let Some(same) = same.filter(|same| same.value && !known_kind.is_some_and(|kind| kind.gives_value)) {
                let with: Vec<&str> = KINDS.iter().filter(|kind| kind.gives_value).map(|kind| kind.name).collect();
                let what = format!("a check of kind {} has no value to compare", quoted(kind));
                table.report().refuse(&same.spot, Wrong::new(what).accepted(format!("kinds {}", with.join(", "))));
            }
            let (asks, configured) = match asked {
                Asked::System(configured) => (Asks::System, Some(configured?)),
                Asked::Limit(threshold) => (Asks::Limit(threshold?), None),
            };
            let number = |found: Option<Found<usize>>| found.map_or(1, |found| u32::try_from(found.value).unwrap_or(1));
            let spec = CheckSpec {
                id: CheckId::new(id?.value),
                kind: kind.to_owned(),
                group: group.map(|group| group.value),
                pool,
                asks,
                every,
                tries: number(tries),
                in_a_row: number(in_a_row),
                timeout,
                compares,
            };
            Some((spec, configured))
        });
    (read, declared)
}

/// The keys of `kind = "limit"`.
fn threshold(table: &mut Table<'_>, panels: &[PanelSpec]) -> Option<Threshold> {
    let doc = "What is measured: errors, p99, p50, requests, in-flight, or a panel's name.";
    let measured = table.required("measure", doc, &name());
    let doc = "It fails above this: \"1%\", \"500ms\", 3.";
    let above = table.optional("above", doc, &amount());
    let doc = "It fails below this: \"1%\", \"500ms\", 3.";
    let below = table.optional("below", doc, &amount());
    let doc = "Another measure that must not be zero for a zero to count: health checks that go on being logged.";
    let alive = table.optional("alive", doc, &name());
    if table.has("above") == table.has("below") {
        let what = if table.has("above") { "has two limits" } else { "has no limit" };
        table.refuse(Wrong::new(what).accepted("one of above, below"));
    }
    let report = table.report();
    let measure = measured.as_ref().and_then(|name| measure(report, panels, name));
    let liveness = match &alive {
        Some(name) => Some(self::measure(report, panels, name)?),
        None => None,
    };
    if let (Some(alive), Some(measured)) = (&alive, &measured)
        && alive.value == measured.value
    {
        let wrong = Wrong::new("is the measure itself: its zero cannot prove itself");
        report.refuse(&alive.spot, wrong.advice("name one that goes on when this one is zero"));
    }
    let measure = measure?;
    let unit = unit(&measure, panels);
    let value = |found: &Found<Amount>| match in_unit(&found.value, &unit) {
        Ok(value) => Some(value),
        Err(wrong) => {
            report.refuse(&found.spot, wrong);
            None
        }
    };
    let limit = match (above, below) {
        (Some(above), None) => Limit::Above(value(&above)?),
        (None, Some(below)) => Limit::Below(value(&below)?),
        _ => return None,
    };
    Some(Threshold { measure, limit, liveness })
}

/// The measure of that name; says so when there is none.
fn measure(report: &Report<'_>, panels: &[PanelSpec], name: &Found<String>) -> Option<Measure> {
    let panel = || panels.iter().find(|panel| panel.id.as_str() == name.as_str());
    let found = Measure::known(name).or_else(|| panel().map(|panel| Measure::Panel(panel.id.clone())));
    if found.is_none() {
        let names = || Measure::KNOWN.iter().map(Measure::name).chain(panels.iter().map(|panel| panel.id.as_str()));
        let wrong = Wrong::new(format!("there is no measure and no panel {}", quoted(name)));
        let wrong = wrong.accepted(names().collect::<Vec<_>>().join(", "));
        report.refuse(&name.spot, wrong.suggesting(name, names()));
    }
    found
}

fn unit(measure: &Measure, panels: &[PanelSpec]) -> Unit {
    let of_panel = || panels.iter().find(|panel| panel.id.as_str() == measure.name()).map(|panel| panel.unit.clone());
    measure.unit().or_else(of_panel).unwrap_or(Unit::Number)
}
