//! `[[expected]]`: patterns of errors that are no news for some time after a change.

use std::time::Duration;

use crate::domain::SourceId;
use crate::domain::procedure::{ExpectedSpec, LogSpec};
use crate::setting::{Found, Report, Table, Wrong, duration, name, quoted, regex, title};

/// Reads them.
pub(super) fn read(table: &mut Table<'_>, logs: &[LogSpec]) -> Vec<ExpectedSpec> {
    let doc = "Errors that are expected for some time after a change: counted apart, and not marked as new.";
    table.tables("expected", doc, |table| {
        let doc = "What their lines hold: a regular expression.";
        let matches = table.required("match", doc, &regex());
        let doc = "The log that they are expected in. Default: all.";
        let log = table.optional("log", doc, &name());
        let doc = "For how long after a change went out. Afterwards they count like others.";
        let span = table.required("for", doc, &duration(Duration::from_secs(1), Duration::from_hours(1)));
        let reason = table.required("reason", "Why they are expected, shown beside their count.", &title());
        let log = match log {
            Some(log) => Some(known(table.report(), logs, &log)?),
            None => None,
        };
        Some(ExpectedSpec { matches: matches?.value, log, span: span?.value, reason: reason?.value })
    })
}

/// The log of that name; says so when there is none.
fn known(report: &Report<'_>, logs: &[LogSpec], name: &Found<String>) -> Option<SourceId> {
    let found = logs.iter().find(|log| log.id.as_str() == name.as_str()).map(|log| log.id.clone());
    if found.is_none() {
        let wrong = Wrong::new(format!("there is no [[log]] named {}", quoted(name)));
        let names = logs.iter().map(|log| log.id.as_str());
        let listed: Vec<&str> = names.clone().collect();
        let wrong = if listed.is_empty() { wrong.advice("add it") } else { wrong.accepted(listed.join(", ")) };
        report.refuse(&name.spot, wrong.suggesting(name, names));
    }
    found
}
