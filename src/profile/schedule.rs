//! `schedule` of a `[[step]]`: what is to be done in which minutes of its soak.

use std::time::Duration;

use serde_json::json;

use super::plan::unique_id;
use crate::domain::checklist::{Checklist, Item, Section, slug};
use crate::domain::duty::ItemRules;
use crate::domain::procedure::Step;
use crate::domain::soak::{SoakTask, range};
use crate::domain::{ItemId, StepId};
use crate::setting::{Found, Kind, Report, Table, Wrong, parse_span, quoted, span_text, title};

/// One row as written.
pub(super) struct Row {
    at: Found<(Duration, Duration)>,
    text: Found<String>,
}

/// Reads the rows of one step.
pub(super) fn read(step: &mut Table<'_>) -> Vec<Row> {
    let doc = "What is to be done in which minutes of the soak; each is ticked in the checklist.";
    step.tables("schedule", doc, |row| {
        let at = row.required("at", "From when until when, counted from the soak's beginning: \"0-5m\".", &minutes());
        let text = row.required("do", "What is to be done, in your words.", &title());
        Some(Row { at: at?, text: text? })
    })
}

/// The tasks of one step; their items belong to the section that [`sections`] makes.
pub(super) fn tasks(report: &Report<'_>, id: &StepId, soak: Option<&Found<Duration>>, rows: Vec<Row>) -> Vec<SoakTask> {
    let mut tasks: Vec<SoakTask> = Vec::new();
    for row in rows {
        let (from, to) = row.at.value;
        match soak {
            None => {
                let wrong = Wrong::new("is scheduled, and this step has no soak");
                report.refuse(&row.at.spot, wrong.advice("give the step its `soak`"));
            }
            Some(soak) if to > soak.value => {
                let what = format!("ends after the soak of {}", span_text(soak.value));
                report.refuse(&row.at.spot, Wrong::new(what).advice("make the soak longer, or the range shorter"));
            }
            Some(_) => {}
        }
        if tasks.last().is_some_and(|before| before.to > from) {
            let wrong = Wrong::new("begins before the range above it ends");
            report.refuse(&row.at.spot, wrong.advice("write the ranges in order, one after another"));
        }
        let section = section_slug(id);
        let name = slug(&row.text.value);
        let is_taken = |name: &str| tasks.iter().any(|task| task.item.as_str() == format!("{section}/{name}"));
        let item = ItemId::new(format!("{section}/{}", unique_id(&name, is_taken)));
        tasks.push(SoakTask { from, to, text: row.text.value, item });
    }
    tasks
}

/// Adds a section to the checklist for each step with a schedule, so that its tasks are ticked like everything else.
pub(super) fn sections(checklist: &mut Checklist, plan: &[Step]) {
    for step in plan.iter().filter(|step| !step.schedule.is_empty()) {
        let item = |task: &SoakTask| Item {
            id: task.item.clone(),
            text: format!("{}: {}", range(task), task.text),
            depth: 0,
            required: false,
            role: None,
            commands: Vec::new(),
            links: Vec::new(),
            rules: ItemRules::default(),
        };
        checklist.sections.push(Section {
            slug: section_slug(&step.id),
            title: format!("Soak of {}", step.name),
            items: step.schedule.iter().map(item).collect(),
        });
    }
}

fn section_slug(id: &StepId) -> String {
    format!("soak-of-{id}")
}

/// `0-5m`, `30s-2m`, `1m`: the first time may leave its unit to the second; a single time begins at nothing.
fn minutes() -> Kind<(Duration, Duration)> {
    let accepted = "a range of times such as \"0-5m\", \"5m-15m\" or \"30s-1m\"";
    let schema = json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)?-([0-9]+(ms|s|m|h))+$" });
    Kind::from_text(accepted, schema, |text| {
        let wrong = || Wrong::new(format!("cannot be {}", quoted(text)));
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (from.trim(), to.trim());
        let until = parse_span(to).ok_or_else(wrong)?;
        let unit = to.trim_start_matches(|c: char| c.is_ascii_digit());
        let begin = match from {
            "0" => Some(Duration::ZERO),
            _ => parse_span(from).or_else(|| parse_span(&format!("{from}{unit}"))),
        };
        match begin {
            Some(begin) if begin < until => Ok((begin, until)),
            Some(_) => Err(Wrong::new(format!("{} ends before it begins", quoted(text)))),
            None => Err(wrong()),
        }
    })
}
