//! `[rollout]`: in which order a forward change goes to the routers.

use std::time::Duration;

use crate::domain::{RouterId, Waves};
use crate::setting::{Found, Table, Wrong, count, duration, name, quoted};

/// The waves as the profile names them.
type Named = Found<Vec<Found<Vec<Found<String>>>>>;

/// Reads `[rollout]`. `names` are those of all routers, also of such whose table holds a mistake.
pub(super) fn read(table: &mut Table<'_>, names: &[Found<String>]) -> Waves {
    let doc = "In which order a forward change goes to the routers. Default: to all at once. A rollback always does.";
    let read = table.table("rollout", doc, |table| {
        let doc = "Names of routers by wave, each router once: [[\"eu-1\"], [\"eu-2\", \"us-1\"]]. The next wave goes out \
                   once every router before it is verified.";
        let one = name().list("a list of names of routers");
        let waves = table.optional("waves", doc, &one.list("a list of waves, each a list of names of routers"));
        let size = table.optional("wave", "Instead of `waves`: so many at a time, in their order.", &count(1, 10_000));
        let doc = "The pause after the last router of a wave was verified and settled. Default: none.";
        let between = table.optional("between", doc, &duration(Duration::from_secs(1), Duration::from_hours(1)));
        let report = table.report();
        if waves.is_none() && size.is_none() && !table.has("waves") && !table.has("wave") {
            table.refuse(Wrong::new("names no wave").advice("add `waves` or `wave`, or leave the table out"));
        }
        if let (Some(_), Some(size)) = (&waves, &size) {
            report.refuse(&size.spot, Wrong::new("stands beside `waves`").advice("leave one of them out"));
        }
        if names.is_empty() {
            table.refuse(Wrong::new("orders routers, and this profile names none").advice("leave the table out"));
        } else if let Some(waves) = &waves {
            check(table, waves, names);
        }
        let between = between.map_or(Duration::ZERO, |between| between.value);
        let router = |name: &Found<String>| RouterId::new(name.value.clone());
        match (waves, size) {
            (Some(waves), _) => {
                let wave = |wave: &Found<Vec<Found<String>>>| wave.iter().map(router).collect();
                Waves::new(waves.iter().map(wave).collect(), between)
            }
            (None, Some(size)) => {
                Waves::of_size(&names.iter().map(router).collect::<Vec<_>>(), size.value, between)
            }
            (None, None) => Waves::default(),
        }
    });
    read.unwrap_or_default()
}

/// Every router is in exactly one wave, and nothing else is.
fn check(table: &Table<'_>, waves: &Named, names: &[Found<String>]) {
    let report = table.report();
    let known = || names.iter().map(|name| name.as_str());
    let mut placed: Vec<(&str, usize)> = Vec::new();
    for (number, router) in
        (1..).zip(waves.iter()).flat_map(|(number, wave)| wave.iter().map(move |each| (number, each)))
    {
        if !known().any(|name| name == router.as_str()) {
            let wrong = Wrong::new(format!("there is no [[router]] named {}", quoted(router)));
            let wrong = wrong.accepted(known().collect::<Vec<_>>().join(", "));
            report.refuse(&router.spot, wrong.suggesting(router, known()));
        } else if let Some((_, earlier)) = placed.iter().find(|(name, _)| *name == router.as_str()) {
            let wrong = Wrong::new(format!("{} is in wave {earlier} already", quoted(router)));
            report.refuse(&router.spot, wrong.advice("name each router once"));
        } else {
            placed.push((router.as_str(), number));
        }
    }
    let mut left_out: Vec<String> =
        known().filter(|name| !placed.iter().any(|(placed, _)| placed == name)).map(quoted).collect();
    left_out.dedup();
    if !left_out.is_empty() {
        let wrong = Wrong::new(format!("leaves out {}, which no change would reach", left_out.join(", ")));
        report.refuse(&waves.spot, wrong.advice("name each router in one wave"));
    }
}
