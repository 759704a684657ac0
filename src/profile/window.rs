//! `[[window]]`: when something may be deployed, and when not.

use serde_json::json;

use crate::domain::window::{BadWhen, During, StepKind, Tz, When, WindowRule, zone};
use crate::domain::{WindowId, WindowSpec};
use crate::setting::{Found, Kind, Report, Table, Wrong, choice, nearest, quoted, title};

/// How `when` may be written.
const ACCEPTED: &str =
    "days, hours and a zone, such as \"Mon-Fri 9-17 America/New_York\", or dates, such as \"2026-12-20 to 2027-01-03\"";

/// Reads the windows.
pub(super) fn read(table: &mut Table<'_>) -> Vec<WindowSpec> {
    let mut names: Vec<String> = Vec::new();
    let doc = "When steps may be taken, and when not. Without one: at any time.";
    table.tables("window", doc, |window| {
        let name = window.required("name", "Its name, as the screen shows it: \"office hours\".", &title());
        let doc = "What it is for: \"allow\", steps are taken within it or within another such window only; \"block\", not \
                   within it.";
        let rules = choice(&[("allow", WindowRule::Allow), ("block", WindowRule::Block)], &[]);
        let rule = window.required("rule", doc, &rules);
        let doc = "When, as a text or a list of them: days and hours by the clock of the zone, or two dates, with times or \
                   as whole days. The end does not belong to it; a last day without a time does.";
        let when = window.required("when", doc, &when().one_or_list(format!("{ACCEPTED}; or a list of them")));
        let doc = "The zone by its name in the time zone database: \"Europe/London\", \"UTC\". Default: what `when` says.";
        let written = window.optional("zone", doc, &zones());
        let doc = "Which steps ask for it: \"shift\" (traffic, on and off the plan), \"deploy\", \"all\". Default \"all\".";
        let steps = window.optional("steps", doc, &steps().one_or_list("\"shift\", \"deploy\", \"all\", or a list of them"));
        let doc = "What becomes of a change in its middle when its time is over: \"finish\", it goes on to its end with all \
                   of its waves; \"freeze\", the next wave waits as in a hold. Default \"finish\".";
        let during =
            window.optional("during", doc, &choice(&[("finish", During::Finish), ("freeze", During::Freeze)], &[]));
        let report = window.report();
        if let Some(name) = &name {
            if names.contains(&name.value) {
                let wrong = Wrong::new(format!("there is another window {}", quoted(&name.value)));
                report.refuse(&name.spot, wrong.advice("give each its own name: overrides name it"));
            }
            names.push(name.value.clone());
        }
        let has_zone = window.has("zone");
        let zone = when.as_ref().and_then(|when| one_zone(report, when, written.as_ref(), has_zone));
        let kinds = steps.map_or_else(|| StepKind::ALL.to_vec(), |steps| kinds(&steps.value));
        Some(WindowSpec {
            id: WindowId::new(name?.value),
            rule: rule?.value,
            spans: when?.value.into_iter().flat_map(|when| when.value.spans).collect(),
            zone: zone?,
            steps: kinds,
            during: during.map_or_else(During::default, |during| during.value),
        })
    })
}

/// The zone of all spans: the one that is written, or the one that they name; never two.
fn one_zone(
    report: &Report<'_>,
    when: &Found<Vec<Found<When>>>,
    written: Option<&Found<Tz>>,
    has_zone: bool,
) -> Option<Tz> {
    let mut zone = written.map(|written| written.value);
    for each in &when.value {
        match (zone, each.value.zone) {
            (Some(one), Some(other)) if one != other => {
                let what = format!("names the zone {other}, and the window has {one}");
                report.refuse(&each.spot, Wrong::new(what).advice("write a window for each zone"));
                return None;
            }
            (_, named) => zone = zone.or(named),
        }
    }
    // What is wrong with a zone of its own has been said.
    if zone.is_none() && !has_zone && !when.value.is_empty() {
        let wrong = Wrong::new("names no zone").advice("add one, such as `Europe/London` or `UTC`, or write `zone`");
        report.refuse(&when.spot, wrong);
    }
    zone
}

fn kinds(steps: &[Found<Option<StepKind>>]) -> Vec<StepKind> {
    let mut kinds = Vec::new();
    for step in steps {
        match step.value {
            Some(kind) => kinds.push(kind),
            None => kinds.extend(StepKind::ALL),
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// A kind of step; `None` for all of them.
fn steps() -> Kind<Option<StepKind>> {
    choice(&[("shift", Some(StepKind::Shift)), ("deploy", Some(StepKind::Deploy)), ("all", None)], &[])
}

fn zones() -> Kind<Tz> {
    let accepted = "a zone of the time zone database, such as \"Europe/London\" or \"UTC\"";
    Kind::from_text(accepted, json!({ "type": "string", "minLength": 1 }), |text| {
        zone(text.trim()).map_err(|bad| match bad {
            BadWhen::Word(word) => Wrong::new(format!("{} is no zone", quoted(&word))),
            other => wrong(&other),
        })
    })
}

fn when() -> Kind<When> {
    Kind::from_text(ACCEPTED, json!({ "type": "string", "minLength": 1 }), |text| {
        text.parse::<When>().map_err(|bad| wrong(&bad))
    })
}

/// What is wrong with it, and what to write instead.
fn wrong(bad: &BadWhen) -> Wrong {
    let said = match bad {
        BadWhen::Zone(zone) => format!("names the zone {}, which is not in the time zone database", quoted(zone)),
        BadWhen::ShortZone(zone) => {
            format!("names the zone {}, which does not say whose summer time it follows", quoted(zone))
        }
        BadWhen::Word(word) => {
            format!("holds {}, which is no day, no hours, no date and no zone", quoted(word))
        }
        BadWhen::Hours(word) => format!("holds {}, which are no hours of a day", quoted(word)),
        BadWhen::NoHours(word) => format!("holds {}, which ends when it begins", quoted(word)),
        BadWhen::Date(word) => format!("holds {}, which is no date", quoted(word)),
        BadWhen::Nothing | BadWhen::TwoZones(..) | BadWhen::OneDate | BadWhen::Backwards | BadWhen::Mixed => {
            bad.to_string()
        }
    };
    let wrong = Wrong::new(said);
    match bad {
        BadWhen::Zone(zone) => match nearest(zone, chrono_tz::TZ_VARIANTS.iter().map(|known| known.name())) {
            Some(meant) => wrong.advice(format!("did you mean `{meant}`?")),
            None => wrong.advice("name a place as in `Europe/London`, or `UTC`"),
        },
        BadWhen::ShortZone(_) => wrong.advice("name a place, such as `America/New_York`, or `UTC`"),
        BadWhen::TwoZones(..) => wrong.advice("write a window for each zone"),
        BadWhen::Hours(_) => wrong.advice("write them as 9-17, 09:30-17:00 or 22:00-06:00"),
        BadWhen::NoHours(_) => wrong.advice("write 00:00-24:00 for whole days, or the days alone"),
        BadWhen::Date(_) => wrong.advice("write it as 2026-12-20"),
        BadWhen::OneDate | BadWhen::Backwards => wrong.advice("write two, such as 2026-12-20 to 2027-01-03"),
        BadWhen::Mixed => wrong.advice("write a list: when = [\"Sat, Sun\", \"2026-12-20 to 2027-01-03\"]"),
        BadWhen::Word(_) | BadWhen::Nothing => wrong,
    }
}
