//! `rollback_within` and `[back]`: how fast the way back is said to be, and its stages.

use std::time::Duration;

use serde_json::json;

use super::check::Declared;
use super::plan::named;
use crate::domain::check::CheckSpec;
use crate::domain::procedure::BackRule;
use crate::domain::{BasisPoints, CheckId};
use crate::setting::{Found, Kind, Report, Table, Wrong, choice, duration, percent, quoted};

/// What stands between two stages, as it is written.
#[derive(Clone)]
enum Between {
    Check(String),
    Checks(String),
}

/// What `go_on_when` may name.
const ACCEPTED: &str = "\"check:NAME\", \"checks:GROUP\"";

/// Reads both.
pub(super) fn read(table: &mut Table<'_>, checks: &[CheckSpec], declared: &Declared) -> BackRule {
    let time = || duration(Duration::from_secs(1), Duration::from_hours(168));
    let doc = "How long after a step's change was sent it may still be rolled back; counts down beside the way back.";
    let within = table.optional("rollback_within", doc, &time());
    let read = table.table("back", "How the way back is flown.", |back| {
        let doc = "How long its traffic is declared to take: what it took is measured against it.";
        let estimate = back.optional("estimate", doc, &time());
        let doc = "A way back in stages, beside the one at once: how much of the way is left after each, in percent, the \
                   last 0.";
        let ramp = back.optional("ramp", doc, &percent(0, 9_999).list("a list of percentages that falls to 0: [50, 0]"));
        if let Some(ramp) = &ramp {
            let falls = ramp.value.windows(2).all(|pair| match pair {
                [one, next] => one.value > next.value,
                _ => true,
            });
            if !falls || ramp.value.last().is_none_or(|last| last.value != 0) {
                let wrong = Wrong::new("must fall from stage to stage, and end at 0");
                back.report().refuse(&ramp.spot, wrong.accepted("[50, 0], [75, 50, 25, 0]"));
            }
        }
        let doc = "How a stage goes on to the next: \"key\" waits for R and a key, \"verified\" goes by itself. Default \"key\".";
        let go_on = back.optional("go_on", doc, &choice(&[("key", false), ("verified", true)], &[]));
        let doc = "How long a stage must hold, verified and with nothing against it, before the next goes by itself. Default 30s.";
        let between = back.optional("between", doc, &time());
        let doc = format!(
            "What is looked at between two stages: {ACCEPTED}. Asked anew once a stage is verified; what does not pass then \
             keeps the next stage from going by itself, and asks: on with it, or at once."
        );
        let when = back.optional("go_on_when", &doc, &between_stages().list(format!("a list of {ACCEPTED}")));
        if let Some(when) = when.as_ref().filter(|_| !back.has("ramp")) {
            back.report().refuse(&when.spot, Wrong::new("goes with `ramp` only").advice("write the stages too, or leave it out"));
        }
        let when = when.map(|when| resolve(back.report(), checks, declared, &when.value)).unwrap_or_default();
        let by_itself = go_on.as_ref().is_some_and(|go_on| go_on.value);
        if let Some(go_on) = go_on.as_ref().filter(|go_on| go_on.value && ramp.is_none()) {
            back.report().refuse(&go_on.spot, Wrong::new("goes with `ramp` only").advice("write the stages too, or leave it out"));
        }
        if let Some(between) = between.as_ref().filter(|_| !by_itself) {
            let wrong = Wrong::new("goes with go_on = \"verified\" only");
            back.report().refuse(&between.spot, wrong.advice("leave it out: a key is waited for"));
        }
        let between = between.map_or(Duration::from_secs(30), |between| between.value);
        let goes_on = by_itself.then_some(between);
        let stages = ramp.map(|ramp| ramp.value.into_iter().map(|left| BasisPoints(left.value)).collect());
        (estimate.map(|estimate| estimate.value), stages.unwrap_or_default(), goes_on, when)
    });
    let (estimate, ramp, goes_on, checks) = read.unwrap_or_default();
    BackRule { within: within.map(|within| within.value), estimate, ramp, goes_on, checks }
}

/// The checks that are named, alone or by their group, each once.
fn resolve(report: &Report<'_>, checks: &[CheckSpec], declared: &Declared, written: &[Found<Between>]) -> Vec<CheckId> {
    let mut found: Vec<CheckId> = Vec::new();
    for each in written {
        let meant: Vec<CheckId> = match &each.value {
            Between::Check(name) => {
                let names = declared.checks.iter().map(|check| check.as_str());
                if named(report, &each.spot, "check", name, names) {
                    vec![CheckId::new(name.as_str())]
                } else {
                    Vec::new()
                }
            }
            Between::Checks(group) => {
                named(report, &each.spot, "checks", group, declared.groups().into_iter());
                let of_group = checks.iter().filter(|check| check.group.as_ref() == Some(group));
                of_group.map(|check| check.id.clone()).collect()
            }
        };
        found.extend(meant.into_iter().filter(|check| !found.contains(check)).collect::<Vec<_>>());
    }
    found
}

fn between_stages() -> Kind<Between> {
    let schema = json!({ "type": "string", "pattern": "^(check|checks):.+$" });
    Kind::from_text(ACCEPTED, schema, |text| match text.split_once(':').map(|(what, of)| (what, of.trim())) {
        Some(("check", check)) if !check.is_empty() => Ok(Between::Check(check.to_owned())),
        Some(("checks", group)) if !group.is_empty() => Ok(Between::Checks(group.to_owned())),
        _ => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
    })
}
