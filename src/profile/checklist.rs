//! `[checklist]`: sections in the profile, or a runbook's.

use serde_json::json;

use super::markdown;
use super::plan::unique_id;
use super::read::Included;
use crate::domain::checklist::{Item, Section, slug};
use crate::domain::{Checklist, ItemId};
use crate::setting::{Found, Kind, Spot, Table, Wrong, flag, literal, quoted, text, title};

/// An item as it is written, before it is placed.
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) required: bool,
    pub(super) items: Vec<Self>,
}

/// A section as it is written, before its items are placed.
pub(super) struct DraftSection {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) items: Vec<Draft>,
}

/// Reads the checklist.
pub(super) fn read(table: &mut Table<'_>, included: &Included<'_>) -> Checklist {
    let doc = "What is ticked by hand: sections here, or the headings and `- [ ]` items of a Markdown file.";
    let sections = table.table("checklist", doc, |table| {
        let from = table.optional(
            "from",
            "A Markdown file, relative to this profile.",
            &relative_path("a Markdown file", "runbook.md"),
        );
        let sections = table.tables("section", "One heading with its items.", section);
        if let Some(from) = from {
            if let Some(spot) = table.spot_if_written("section") {
                let wrong = Wrong::new("stands beside `from`").advice("keep the items in one place");
                table.report().refuse(&spot, wrong);
            }
            return from_runbook(table, &from, included);
        }
        if !table.has("from") && !table.has("section") {
            table.refuse(Wrong::new("holds nothing").accepted("from = \"runbook.md\" or [[checklist.section]]"));
        }
        let mut drafts: Vec<DraftSection> = Vec::new();
        for (title, items) in sections {
            let slug = slug(&title);
            if drafts.iter().any(|draft| draft.slug == slug) {
                let wrong = Wrong::new(format!("{} is another section's title already", quoted(&title)));
                table.report().refuse(&title.spot, wrong.advice("give each its own"));
            }
            drafts.push(DraftSection { slug, title: title.value, items });
        }
        drafts
    });
    placed(sections.unwrap_or_default())
}

/// Gives every item its depth and a unique path of slugs.
pub(super) fn placed(drafts: Vec<DraftSection>) -> Checklist {
    fn place(into: &mut Vec<Item>, drafts: Vec<Draft>, above: &str, depth: u8) {
        for draft in drafts {
            let slug: String = slug(&draft.text).chars().take(48).collect();
            let own = if slug.is_empty() { "item" } else { slug.trim_end_matches('-') };
            let id = unique_id(&format!("{above}/{own}"), |id| into.iter().any(|item| item.id.as_str() == id));
            into.push(Item { id: ItemId::new(id.clone()), text: draft.text, depth, required: draft.required });
            place(into, draft.items, &id, depth.saturating_add(1));
        }
    }
    let sections = drafts.into_iter().map(|draft| {
        let mut items = Vec::new();
        place(&mut items, draft.items, &draft.slug, 0);
        Section { slug: draft.slug, title: draft.title, items }
    });
    Checklist { sections: sections.collect() }
}

fn section(table: &mut Table<'_>) -> Option<(Found<String>, Vec<Draft>)> {
    let title = table.required("title", "The heading.", &title());
    let items = items(table, "What is to be done, in order: text, or a table with more.");
    table.require("items", Wrong::new("is missing").accepted("items = [\"what is to be done\"]"));
    Some((title?, items))
}

fn items(table: &mut Table<'_>, doc: &str) -> Vec<Draft> {
    let short = |found: Found<String>| Some(Draft { text: found.value, required: true, items: Vec::new() });
    table.items("items", doc, "item", &text(), short, item).into_iter().flatten().collect()
}

fn item(table: &mut Table<'_>) -> Option<Draft> {
    let words = table.required("text", "What is to be done.", &text());
    let required = table.optional("required", "Whether the section is incomplete without it. Default true.", &flag());
    let items = items(table, "Items that belong to this one.");
    Some(Draft { text: words?.value, required: required.is_none_or(|required| required.value), items })
}

fn from_runbook(table: &Table<'_>, from: &Found<String>, included: &Included<'_>) -> Vec<DraftSection> {
    let report = table.report();
    let Some((index, source)) = included.source(report, from) else { return Vec::new() };
    let mut sections = markdown::sections(source.text());
    let count = sections.len();
    // Titles are quoted where a step names a section that is not there; the secret itself has been refused.
    sections.retain(|section| !literal::is_in(&section.title));
    if count == 0 {
        let advice = "write the items as `- [ ] what is to be done`";
        let spot = Spot { source: index, span: 0..0, key: String::new() };
        report.refuse(&spot, Wrong::new("the checklist has no `- [ ]` items").advice(advice));
    }
    sections
}

/// The path of a file beside the profile.
pub(super) fn relative_path(what: &str, example: &str) -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[^/]" });
    let accepted = format!("the path of {what} relative to this profile, such as \"{example}\"");
    Kind::from_text(accepted, schema, |text| {
        if text.is_empty() || text.starts_with('/') || text.chars().any(char::is_control) {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        } else {
            Ok(text.to_owned())
        }
    })
}
