//! `[pools.NAME]` and `new`.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::domain::PoolId;
use crate::domain::procedure::{Pool, Role};
use crate::setting::{Found, Kind, Report, Table, Wrong, name, quoted};

/// Marks for pools that name none.
const MARKS: [&str; 4] = ["▲", "●", "■", "◆"];

struct Written {
    mark: Option<Found<String>>,
    capacity: Option<Found<f64>>,
}

/// Reads the pools; empty when they are not fit to check anything else against.
pub(super) fn read(table: &mut Table<'_>) -> Vec<Pool> {
    let doc =
        "The pools, as [pools.NAME], in the order in which they are shown; at least two, or none where no router is.";
    let written = table.named("pools", doc, &name(), |pool| Written {
        mark: pool.optional("mark", "Tells the pool apart without colour. Default ▲ ● ■ ◆ in order.", &mark()),
        capacity: pool.optional("capacity", "What one server carries, for judging the way back: \"600/s\".", &rate()),
    });
    let doc = "The pool that gets the new version first; the others are old. Goes with `pools`.";
    let new = table.optional("new", doc, &name());
    // People alone can fly a checklist and steps that wait for them: where nothing is moved, no pool is needed.
    let moves = table.has("router") || table.has("pools") || table.has("new");
    if !moves && (table.has("checklist") || table.has("step")) {
        return Vec::new();
    }
    let wrong = Wrong::new("is missing").advice("declare at least two: [pools.blue] and [pools.green]");
    let report = table.report();
    if !table.has("pools") {
        report.refuse(&table.spot_of("pools"), wrong);
    }
    if !table.has("new") {
        let wrong = Wrong::new("is missing: the pool that gets the new version first");
        report.refuse(&table.spot_of("new"), wrong.accepted("a name of at most 32 letters, digits, - and _"));
    }
    if written.len() < 2 {
        let Some(at) = table.spot_if_written("pools").filter(|_| table.is_table("pools")) else { return Vec::new() };
        let what = format!("declares {}, and traffic moves between at least two", counted(written.len()));
        report.refuse(&at, Wrong::new(what).advice("add [pools.green], say"));
        return Vec::new();
    }
    let ids: Vec<PoolId> = written.iter().map(|(id, _)| PoolId::new(id.value.clone())).collect();
    if let Some(new) = &new {
        known(report, &ids, new);
    }
    let marks = marks(report, &written);
    let each = ids.into_iter().zip(written).zip(marks).map(|((id, (_, pool)), mark)| Pool {
        role: if new.as_ref().is_some_and(|new| new.as_str() == id.as_str()) { Role::New } else { Role::Old },
        id,
        mark,
        capacity_per_server: pool.capacity.map(|capacity| capacity.value),
    });
    each.collect()
}

/// The pool of that name; says so when there is none. Where no pools are known, nothing is said a second time.
pub(super) fn known(report: &Report<'_>, pools: &[PoolId], name: &Found<String>) -> Option<PoolId> {
    let found = pools.iter().find(|pool| pool.as_str() == name.as_str());
    if pools.is_empty() && report.is_clean() {
        let wrong = Wrong::new(format!("there is no pool {}: this profile declares none", quoted(name)));
        report.refuse(&name.spot, wrong.advice("declare two, as [pools.NAME], or leave it out"));
    }
    if found.is_none() && !pools.is_empty() {
        let names = pools.iter().map(PoolId::as_str);
        let accepted = names.clone().collect::<Vec<_>>().join(", ");
        let wrong = Wrong::new(format!("there is no pool {}", quoted(name))).accepted(accepted);
        report.refuse(&name.spot, wrong.suggesting(name, names));
    }
    found.cloned()
}

fn marks(report: &Report<'_>, written: &[(Found<String>, Written)]) -> Vec<String> {
    let given =
        |mark: &str| written.iter().any(|(_, pool)| pool.mark.as_ref().is_some_and(|each| each.as_str() == mark));
    let mut free = MARKS.into_iter().filter(|mark| !given(mark));
    let mut marks: Vec<String> = Vec::new();
    for (id, pool) in written {
        if let Some(mark) = pool.mark.as_ref().filter(|mark| marks.iter().any(|earlier| earlier == mark.as_str())) {
            let wrong = Wrong::new(format!("{} is another pool's mark already", quoted(mark)));
            report.refuse(&mark.spot, wrong.advice("give each pool its own"));
        }
        let mark = pool.mark.as_ref().map(|mark| mark.value.clone());
        marks.push(mark.or_else(|| free.next().map(str::to_owned)).unwrap_or_else(|| {
            let wrong = Wrong::new(format!("needs a mark: there are defaults for {} pools only", MARKS.len()));
            report.refuse(&id.spot, wrong.advice("add mark = \"...\""));
            String::new()
        }));
    }
    marks
}

fn mark() -> Kind<String> {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 2 });
    Kind::from_text("one or two visible characters, such as \"▲\"", schema, |text| {
        let visible = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        if visible && (1..=2).contains(&text.width()) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

fn rate() -> Kind<f64> {
    let schema = json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?/s$" });
    Kind::from_text("requests per second as text, such as \"600/s\"", schema, |text| {
        let number = text
            .trim()
            .strip_suffix("/s")
            .map(str::trim)
            .filter(|n| n.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        match number.and_then(|number| number.parse::<f64>().ok()) {
            Some(rate) if rate > 0.0 && rate <= 1e9 => Ok(rate),
            _ => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
        }
    })
}

fn counted(pools: usize) -> &'static str {
    if pools == 0 { "no pool" } else { "one pool" }
}
