//! `[checklist]`: sections in the profile, or a runbook's.

use serde_json::json;

use super::follow_up::due;
use super::plan::unique_id;
use super::read::Included;
use crate::domain::checklist::{Command, Item, Link, Section, slug};
use crate::domain::due::{Due, Dues};
use crate::domain::{Checklist, ItemId};
use crate::runbook::{self, Runbook};
use crate::setting::{Found, Kind, Spot, Table, Wrong, flag, lines, link, literal, quoted, text, title, word};

/// An item as it is written, before it is placed.
struct Draft {
    /// What its id is made of, where that is not its text.
    key: Option<String>,
    text: String,
    required: bool,
    role: Option<String>,
    commands: Vec<Command>,
    links: Vec<Link>,
    due: Option<Due>,
    items: Vec<Self>,
}

impl Draft {
    fn of(text: String) -> Self {
        let (commands, links, items) = (Vec::new(), Vec::new(), Vec::new());
        Self { key: None, text, required: true, role: None, commands, links, due: None, items }
    }
}

/// A section as it is written, before its items are placed.
struct DraftSection {
    slug: String,
    title: String,
    due: Option<Due>,
    items: Vec<Draft>,
}

/// Reads the checklist.
pub(super) fn read(table: &mut Table<'_>, included: &Included<'_>) -> Checklist {
    let doc = "What is ticked by hand: sections here, or the headings, boxes and steps of a Markdown file.";
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
        for (title, due, items) in sections {
            let slug = slug(&title);
            if drafts.iter().any(|draft| draft.slug == slug) {
                let wrong = Wrong::new(format!("{} is another section's title already", quoted(&title)));
                table.report().refuse(&title.spot, wrong.advice("give each its own"));
            }
            drafts.push(DraftSection { slug, title: title.value, due, items });
        }
        drafts
    });
    placed(sections.unwrap_or_default())
}

/// Gives every item its depth and a unique path of slugs.
fn placed(drafts: Vec<DraftSection>) -> Checklist {
    fn place(into: &mut Vec<Item>, dues: &mut Dues, drafts: Vec<Draft>, above: (&str, Option<Due>), depth: u8) {
        let (above, above_due) = above;
        for draft in drafts {
            let slug: String = slug(draft.key.as_ref().unwrap_or(&draft.text)).chars().take(48).collect();
            let own = if slug.is_empty() { "item" } else { slug.trim_end_matches('-') };
            let id = unique_id(&format!("{above}/{own}"), |id| into.iter().any(|item| item.id.as_str() == id));
            let due = draft.due.or(above_due);
            if let Some(due) = due {
                dues.items.insert(ItemId::new(id.clone()), due);
            }
            let Draft { text, required, role, commands, links, .. } = draft;
            into.push(Item { id: ItemId::new(id.clone()), text, depth, required, role, commands, links });
            place(into, dues, draft.items, (&id, due), depth.saturating_add(1));
        }
    }
    let mut due = Dues::default();
    let sections = drafts.into_iter().map(|draft| {
        let mut items = Vec::new();
        place(&mut items, &mut due, draft.items, (&draft.slug, draft.due), 0);
        if let Some(own) = draft.due {
            due.sections.insert(draft.slug.clone(), own);
        }
        Section { slug: draft.slug, title: draft.title, items }
    });
    let sections = sections.collect();
    Checklist { sections, due }
}

fn section(table: &mut Table<'_>) -> Option<(Found<String>, Option<Due>, Vec<Draft>)> {
    let title = table.required("title", "The heading.", &title());
    let doc = "When it is to be done: \"-48h\", so long before the planned start; \"24h\", so long after the last step: its \
               items may then be ticked after the session is closed.";
    let due = table.optional("due", doc, &due()).map(|due| due.value);
    let items = items(table, "What is to be done, in order: text, or a table with more.");
    table.require("items", Wrong::new("is missing").accepted("items = [\"what is to be done\"]"));
    Some((title?, due, items))
}

fn items(table: &mut Table<'_>, doc: &str) -> Vec<Draft> {
    let short = |found: Found<String>| Some(Draft::of(found.value));
    table.items("items", doc, "item", &text(), short, item).into_iter().flatten().collect()
}

fn item(table: &mut Table<'_>) -> Option<Draft> {
    let words = table.required("text", "What is to be done.", &text());
    let required = table.optional("required", "Whether the section is incomplete without it. Default true.", &flag());
    let role = table.optional("role", "Who does it, in your words.", &title());
    let doc = "When it is to be done, where that is another time than its section's: \"-30m\", \"2h\".";
    let due = table.optional("due", doc, &due()).map(|due| due.value);
    let doc = "What is typed for it: lines, or a table that names their language. Shown and copied, never run.";
    let short = |found: Found<String>| Some(Command { language: String::new(), text: found.value });
    let commands = table.items("commands", doc, "command", &lines(), short, command);
    let doc = "Where it leads to: addresses, or tables with the words that lead there.";
    let short = |found: Found<String>| Some(Link { text: String::new(), url: found.value });
    let links = table.items("links", doc, "link", &link(), short, labelled);
    let items = items(table, "Items that belong to this one.");
    Some(Draft {
        key: None,
        text: words?.value,
        required: required.is_none_or(|required| required.value),
        role: role.map(|role| role.value),
        commands: commands.into_iter().flatten().collect(),
        links: links.into_iter().flatten().collect(),
        due,
        items,
    })
}

fn command(table: &mut Table<'_>) -> Option<Command> {
    let language =
        table.optional("language", "What reads it: \"bash\".", &word("a word such as \"bash\"", "-_+.#/", 32));
    let text = table.required("text", "The lines.", &lines());
    Some(Command { language: language.map(|language| language.value).unwrap_or_default(), text: text?.value })
}

fn labelled(table: &mut Table<'_>) -> Option<Link> {
    let words = table.optional("text", "The words that lead there.", &text());
    let url = table.required("url", "The address, or the path of a file.", &link());
    Some(Link { text: words.map(|words| words.value).unwrap_or_default(), url: url?.value })
}

fn from_runbook(table: &Table<'_>, from: &Found<String>, included: &Included<'_>) -> Vec<DraftSection> {
    let report = table.report();
    let Some((index, source)) = included.source(report, from) else { return Vec::new() };
    let mut sections = drafted(runbook::read(source.text()));
    let count = sections.len();
    // Titles are quoted where a step names a section that is not there; the secret itself has been refused.
    sections.retain(|section| !literal::is_in(&section.title));
    if count == 0 {
        let advice = "write the items as `- [ ] what is to be done`";
        let spot = Spot { source: index, span: 0..0, key: String::new() };
        report.refuse(&spot, Wrong::new("the checklist has nothing to tick").advice(advice));
    }
    sections
}

/// The sections that have items. A heading below another is titled with both, unless the upper one is the document's only
/// title; a section is known by its heading's own words where they name one section only, else by the path to it.
fn drafted(runbook: Runbook) -> Vec<DraftSection> {
    let or_checklist = |text: String| if text.is_empty() { "Checklist".to_owned() } else { text };
    let each = runbook.paths().into_iter();
    let titles: Vec<(String, Option<Due>)> =
        each.map(|path| (or_checklist(path.join(" › ")), runbook::propose::due(&path))).collect();
    let asking = runbook.sections.into_iter().zip(titles).filter(|(section, _)| !section.items.is_empty());
    let asking: Vec<(runbook::Section, (String, Option<Due>))> = asking.collect();
    let own: Vec<String> = asking.iter().map(|(section, _)| slug(&or_checklist(section.title.clone()))).collect();
    let mut sections: Vec<DraftSection> = Vec::new();
    for ((section, (title, due)), own_slug) in asking.into_iter().zip(&own) {
        let is_only = own.iter().filter(|each| *each == own_slug).count() == 1;
        let wanted = if is_only { own_slug.clone() } else { slug(&title) };
        let wanted = if wanted.is_empty() { "checklist" } else { &wanted };
        let slug = unique_id(wanted, |slug| sections.iter().any(|earlier| earlier.slug == slug));
        let items = section.items.into_iter().map(of_runbook).collect();
        sections.push(DraftSection { slug, title, due, items });
    }
    sections
}

fn of_runbook(item: runbook::Item) -> Draft {
    let runbook::Item { text, key, required, role, commands, links, items, .. } = item;
    Draft {
        key: Some(key),
        text,
        required,
        role,
        commands,
        links,
        due: None,
        items: items.into_iter().map(of_runbook).collect(),
    }
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

#[cfg(test)]
mod tests {
    use super::{drafted, placed};
    use crate::runbook;

    /// One line per section and item: slug or id, depth, required, text.
    fn shown(text: &str) -> String {
        let mut lines = Vec::new();
        for section in placed(drafted(runbook::read(text))).sections {
            lines.push(format!("# {} [{}]", section.title, section.slug));
            for item in section.items {
                let needed = if item.required { "" } else { "?" };
                let indent = "  ".repeat(usize::from(item.depth));
                lines.push(format!("{indent}-{needed} {} [{}]", item.text, item.id));
            }
        }
        lines.join("\n")
    }

    #[test]
    fn order_and_nesting_stay_and_ticks_do_not() {
        let text = "# Release\nwords\n## Before\n- [x] Told the channel\n- [ ] Backups\n  - [X] taken\n  - [ ] tested (optional)\n\n## Nothing here\n- a point\n## After\n1. [ ] Close\n";
        insta::assert_snapshot!(shown(text), @r"
        # Before [before]
        - Told the channel [before/told-the-channel]
        - Backups [before/backups]
          - taken [before/backups/taken]
          -? tested (optional) [before/backups/tested-optional]
        # After [after]
        - Close [after/close]
        ");
    }

    #[test]
    fn links_code_and_points_stay_on_one_line() {
        let text = "## A\n- [ ] See [the board](https://x/y) and run `make it`\n  again\n  - errors\n  - waits\n- [ ] Run\n\n  ```sh\n  one\n  two\n  ```\n- [ ] <!-- hidden --> *very* **sure**\u{1b}[31m\n";
        insta::assert_snapshot!(shown(text), @r"
        # A [a]
        - See the board and run `make it` again · errors · waits [a/see-the-board-and-run-make-it-again-errors-waits]
        - Run [a/run-one-two]
        - very sure [31m [a/very-sure-31m]
        ");
    }

    #[test]
    fn nested_headings_are_titled_by_their_path_and_slugs_are_unique() {
        let text = "- [ ] first\n# Deploy\n## Blue\n### Checks\n- [ ] up\n- [ ] up\n## Green\n### Checks\n- [ ] up\n# Close\n- [ ] done\n";
        insta::assert_snapshot!(shown(text), @r"
        # Checklist [checklist]
        - first [checklist/first]
        # Deploy › Blue › Checks [deploy-blue-checks]
        - up [deploy-blue-checks/up]
        - up [deploy-blue-checks/up-2]
        # Deploy › Green › Checks [deploy-green-checks]
        - up [deploy-green-checks/up]
        # Close [close]
        - done [close/done]
        ");
    }

    #[test]
    fn a_runbook_without_boxes_gives_nothing() {
        assert!(drafted(runbook::read("# Title\n- a\n- b\n")).is_empty());
    }
}
