//! The sections of the draft's checklist.

use std::collections::BTreeSet;

use super::Counts;
use super::write::{Page, cut, harmless, lines, quoted};
use crate::domain::checklist::slug;
use crate::domain::due::Due;
use crate::runbook::propose::{due, minutes, when};
use crate::runbook::{Item, Note, Runbook, Section, Sort};

/// The most characters of a title and of an item in a profile, of a link and of a command.
const TITLE: usize = 80;
const TEXT: usize = 1_000;
const LINK: usize = 4_000;
const COMMAND: usize = 20_000;

/// A title for each section: its own words where they name one section only, else with those above it; `None` for those
/// without items.
pub(super) fn titles(runbook: &Runbook, paths: &[Vec<&str>]) -> Vec<Option<String>> {
    let has_items = |section: &Section| !section.items.is_empty();
    let own = |section: &Section| slug(&cut(&section.title, TITLE));
    let mut counted: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for section in runbook.sections.iter().filter(|section| has_items(section)) {
        let count = counted.entry(own(section)).or_default();
        *count = count.saturating_add(1);
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let each = runbook.sections.iter().zip(paths).map(|(section, path)| {
        if !has_items(section) {
            return None;
        }
        let is_only = counted.get(&own(section)).is_none_or(|count| *count < 2);
        let mut title = if is_only { section.title.clone() } else { within(path) };
        if slug(&title).is_empty() {
            "Checklist".clone_into(&mut title);
        }
        let title = cut(&title, TITLE);
        let mut unique = title.clone();
        let mut number = 2_usize;
        while !taken.insert(slug(&unique)) {
            unique = format!("{} {number}", cut(&title, TITLE - 6));
            number = number.saturating_add(1);
        }
        Some(unique)
    });
    each.collect()
}

/// As much of a path as fits, from its end.
fn within(path: &[&str]) -> String {
    let fits = (0..path.len()).map(|skipped| path.iter().skip(skipped).copied().collect::<Vec<_>>().join(" › "));
    fits.into_iter()
        .find(|title| title.chars().count() <= TITLE)
        .unwrap_or_else(|| path.last().copied().unwrap_or_default().to_owned())
}

/// Writes them all.
pub(super) fn write(
    page: &mut Page,
    runbook: &Runbook,
    paths: &[Vec<&str>],
    titles: &[Option<String>],
    file: &str,
    counts: &mut Counts,
) {
    page.rule("Checklist");
    let is_empty = titles.iter().all(Option::is_none);
    if is_empty {
        page.comment(
            "The runbook asks for nothing that could be ticked: no box, no numbered step, no point below a procedure.",
        );
    } else {
        page.comment("With `[checklist]` and `from = \"FILE\"` in place of these sections the runbook stays the source; it must be UTF-8,");
        page.comment(&format!("lie beside this profile, and hold no secret. Here: {file}"));
    }
    for ((section, path), title) in runbook.sections.iter().zip(paths).zip(titles) {
        if title.is_none() && section.notes.is_empty() && section.title.is_empty() {
            continue;
        }
        page.gap();
        page.comment(&format!("{}: {}", place(section.line), path.join(" › ")));
        notes(page, section, counts);
        let due = due(path).filter(|_| title.is_some());
        if due.is_none() {
            timed(page, &section.title, counts);
        }
        if let Some(title) = title {
            page.line("[[checklist.section]]");
            page.line(&format!("title = {}", quoted(title)));
            if let Some(due) = due {
                counts.due = counts.due.saturating_add(1);
                page.line(&format!("due = \"{}\"", written(due)));
            }
            items(page, &section.items, "checklist.section", counts);
        }
    }
}

fn place(line: usize) -> String {
    if line == 0 { "before the first heading".to_owned() } else { format!("line {line}") }
}

fn notes(page: &mut Page, section: &Section, counts: &mut Counts) {
    for Note { text, line, is_hidden } in &section.notes {
        if section.is_procedure && !is_hidden {
            counts.not_understood.push(*line);
        } else {
            counts.kept = counts.kept.saturating_add(1);
        }
        let mark = if section.is_procedure && !is_hidden { "not understood, " } else { "" };
        if text.contains('\n') {
            page.comment(&format!("  {mark}line {line}:"));
            text.lines().for_each(|line| page.comment(&format!("    {line}")));
        } else {
            page.comment(&format!("  {mark}line {line}: {text}"));
        }
    }
}

/// As a profile has it: `-48h`, `24h`, `7d`.
fn written(due: Due) -> String {
    let sign = if due.is_follow_up() { "" } else { "-" };
    match minutes(due.distance()) {
        days if days > 48 * 60 && days % (24 * 60) == 0 => format!("{sign}{}d", days / (24 * 60)),
        hours if hours > 0 && hours % 60 == 0 => format!("{sign}{}h", hours / 60),
        minutes => format!("{sign}{minutes}m"),
    }
}

/// A time that words name and that no key of a profile holds: that of an item, and one that a person has to place.
fn timed(page: &mut Page, words: &str, counts: &mut Counts) {
    if let Some(when) = when(words) {
        counts.times = counts.times.saturating_add(1);
        page.comment(&format!("when: {when}"));
    }
}

fn items(page: &mut Page, items: &[Item], around: &str, counts: &mut Counts) {
    if items.iter().all(is_short) {
        page.line("items = [");
        for item in items {
            count(item, counts);
            timed(page, &item.text, counts);
            page.line(&format!("  {},", short(item, counts)));
        }
        return page.line("]");
    }
    let table = format!("{around}.items");
    for item in items {
        count(item, counts);
        page.gap();
        timed(page, &item.text, counts);
        if item.text.chars().count() > TEXT {
            page.comment(&format!("line {}, in full: {}", item.line, item.text));
        }
        page.line(&format!("[[{table}]]"));
        page.line(&format!("text = {}", quoted(&cut(&item.text, TEXT))));
        if !item.required {
            page.line("required = false");
        }
        if let Some(role) = &item.role {
            page.line(&format!("role = {}", quoted(&cut(role, TITLE))));
        }
        commands(page, item, counts);
        for link in item.links.iter().filter(|link| link.url.chars().count() > LINK) {
            page.comment(&link.url);
        }
        if let Some(links) = links(item, counts) {
            page.line(&links);
        }
        if !item.items.is_empty() {
            self::items(page, &item.items, &table, counts);
        }
    }
}

fn commands(page: &mut Page, item: &Item, counts: &mut Counts) {
    let is_one = |text: &str| text.chars().count() <= COMMAND && !harmless(text).trim().is_empty();
    let (fit, long): (Vec<_>, Vec<_>) = item.commands.iter().partition(|command| is_one(&command.text));
    for command in long {
        page.comment(&command.text);
    }
    let each = fit.into_iter().map(|command| {
        counts.commands = counts.commands.saturating_add(1);
        let text = lines(&command.text);
        let language = &command.language;
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_+.#/".contains(c);
        let is_language = !language.is_empty() && language.len() <= 32 && language.chars().all(is_word);
        if is_language { format!("{{ language = {}, text = {text} }}", quoted(language)) } else { text }
    });
    let each: Vec<String> = each.collect();
    if !each.is_empty() {
        page.line(&format!("commands = [{}]", each.join(", ")));
    }
}

fn links(item: &Item, counts: &mut Counts) -> Option<String> {
    let each = item.links.iter().filter(|link| link.url.chars().count() <= LINK).map(|link| {
        counts.links = counts.links.saturating_add(1);
        let url = quoted(&link.url);
        if link.text.is_empty() { url } else { format!("{{ text = {}, url = {url} }}", quoted(&cut(&link.text, TEXT))) }
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("links = [{}]", each.join(", ")))
}

/// Whether all of it goes on one line.
fn is_short(item: &Item) -> bool {
    let fits = item.links.iter().all(|link| link.url.chars().count() <= LINK);
    item.commands.is_empty() && item.items.is_empty() && item.text.chars().count() <= TEXT && fits
}

/// An item on one line: its text, or a table where there is more to say.
fn short(item: &Item, counts: &mut Counts) -> String {
    let text = quoted(&item.text);
    let required = (!item.required).then(|| "required = false".to_owned());
    let role = item.role.as_ref().map(|role| format!("role = {}", quoted(&cut(role, TITLE))));
    let more: Vec<String> = [required, role, links(item, counts)].into_iter().flatten().collect();
    if more.is_empty() { text } else { format!("{{ text = {text}, {} }}", more.join(", ")) }
}

fn count(item: &Item, counts: &mut Counts) {
    counts.items = counts.items.saturating_add(1);
    counts.boxes = counts.boxes.saturating_add(usize::from(item.sort == Sort::Box));
}
