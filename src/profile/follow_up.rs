//! `due` of sections and items, and `[[follow_up]]`: what is to be done before the start and after the end.

use std::time::Duration;

use serde_json::json;

use crate::domain::ItemId;
use crate::domain::checklist::{Checklist, Item, Section};
use crate::domain::due::Due;
use crate::setting::{Kind, Table, Wrong, choice, name, parse_span, quoted, title};

/// The section that follow-ups stand in.
const SECTION: &str = "follow-ups";
/// Nothing is due longer before or after than this.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// What a follow-up counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    End,
    LastStep,
}

/// Reads the follow-ups into a section of the checklist, which is its last.
pub(super) fn read(table: &mut Table<'_>, checklist: &mut Checklist) {
    let mut names: Vec<String> = Vec::new();
    let doc = "What is to be done after the end; each may be ticked after the session is closed.";
    let rows = table.tables("follow_up", doc, |row| {
        let name = row.required("name", "Its name: \"look-again\".", &name());
        let text = row.required("title", "What is to be done, in your words.", &title());
        let due = row.required("due", "How long after: \"2h\", \"24h\", \"7d\".", &after());
        let doc = "After what: \"end\" (the session is closed) or \"last step\" (of the plan). Default \"end\".";
        let from = row.optional("after", doc, &choice(&[("end", Base::End), ("last step", Base::LastStep)], &[]));
        if let Some(name) = name.as_ref().filter(|name| names.contains(&name.value)) {
            let wrong = Wrong::new(format!("there is another follow-up {}", quoted(&name.value)));
            row.report().refuse(&name.spot, wrong.advice("give each its own name: what was ticked is known by it"));
        }
        names.extend(name.as_ref().map(|name| name.value.clone()));
        Some((name?.value, text?.value, due?.value, from.map_or(Base::End, |from| from.value)))
    });
    if rows.is_empty() {
        return;
    }
    let section = checklist.sections.iter().position(|section| section.slug == SECTION);
    let mut items = Vec::new();
    for (name, text, by, from) in rows {
        let id = ItemId::new(format!("follow-up/{name}"));
        let due = match from {
            Base::End => Due::AfterEnd(by),
            Base::LastStep => Due::AfterLastStep(by),
        };
        checklist.due.items.insert(id.clone(), due);
        let (role, commands, links) = (None, Vec::new(), Vec::new());
        items.push(Item { id, text, depth: 0, required: false, role, commands, links });
    }
    match section.and_then(|at| checklist.sections.get_mut(at)) {
        Some(section) => section.items.extend(items),
        None => checklist.sections.push(Section { slug: SECTION.to_owned(), title: "Follow-ups".to_owned(), items }),
    }
}

/// A time before the start or after the last step.
pub(super) fn due() -> Kind<Due> {
    let accepted = "a time before the planned start such as \"-48h\", or after the last step such as \"24h\" or \"7d\"";
    let schema = json!({ "type": "string", "pattern": "^[-+]?([0-9]+(s|m|h|d))+$" });
    Kind::from_text(accepted, schema, |text| {
        let (before, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let by = span(rest).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(text))))?;
        Ok(if before { Due::Before(by) } else { Due::AfterLastStep(by) })
    })
}

fn after() -> Kind<Duration> {
    let schema = json!({ "type": "string", "pattern": "^([0-9]+(s|m|h|d))+$" });
    Kind::from_text("a time such as \"2h\", \"24h\" or \"7d\"", schema, |text| {
        span(text).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(text))))
    })
}

/// A span that may begin with days; more than nothing, and at most a year.
fn span(text: &str) -> Option<Duration> {
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) => (days.parse::<u64>().ok()?, rest),
        None => (0, text),
    };
    let days = Duration::from_secs(days.checked_mul(86_400)?);
    let rest = if rest.is_empty() && !days.is_zero() { Duration::ZERO } else { parse_span(rest)? };
    let span = days.checked_add(rest)?;
    (!span.is_zero() && span <= LONGEST).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_may_have_days() {
        let hours = |text| span(text).map(|span| span.as_secs() / 3_600);
        assert_eq!([hours("48h"), hours("7d"), hours("1d12h")], [Some(48), Some(168), Some(36)]);
        assert_eq!([hours("0h"), hours("d"), hours("1w"), hours("400d"), hours(""), hours("1d2d")], [None; 6]);
    }
}
