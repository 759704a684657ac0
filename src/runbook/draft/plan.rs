//! The plan of the draft: a step for each phase of the procedure, and one for each shift of traffic, in the runbook's order.

use super::Counts;
use super::write::{Page, cut, quoted};
use crate::domain::checklist::slug;
use crate::domain::due::Due;
use crate::runbook::propose::{Shift, When, due, minutes, shifts, when};
use crate::runbook::{Item, Runbook, Section, Sort};

/// The new pool, and both in order, where the runbook names them: in what is flown, else anywhere.
pub(super) fn pools(runbook: &Runbook, paths: &[Vec<&str>]) -> Option<(&'static str, (&'static str, &'static str))> {
    let each = || runbook.sections.iter().zip(paths);
    let flown = each().filter(|(section, path)| is_flown(section, path)).map(|(section, _)| words(section));
    let flown: String = flown.collect();
    pools_of(&flown).or_else(|| pools_of(&each().map(|(section, _)| words(section)).collect::<String>()))
}

/// Everything that a section says, in lower case.
fn words(section: &Section) -> String {
    fn of_items(items: &[Item], into: &mut Vec<String>) {
        for item in items {
            into.push(item.text.clone());
            into.extend(item.commands.iter().map(|command| command.text.clone()));
            of_items(&item.items, into);
        }
    }
    let mut words = vec![section.title.clone()];
    words.extend(section.notes.iter().filter(|note| !note.is_hidden).map(|note| note.text.clone()));
    of_items(&section.items, &mut words);
    words.push(String::new());
    words.join("\n").to_lowercase()
}

fn pools_of(words: &str) -> Option<(&'static str, (&'static str, &'static str))> {
    let count = |word: &str| places(words, word).count();
    let (blue, green, canary) = (count("blue"), count("green"), count("canary"));
    if blue > 0 && green > 0 && blue.saturating_add(green) >= canary {
        let is_new = |pool: &str| {
            let says = |verb: &str| {
                words.contains(&format!("{verb} {pool} (new")) || words.contains(&format!("{verb} to {pool}"))
            };
            ["deploy", "deploy all", "switch", "rolled out"].iter().any(|verb| says(verb))
        };
        let new = if is_new("green") && !is_new("blue") { "green" } else { "blue" };
        Some((new, ("blue", "green")))
    } else if canary > 0 {
        Some(("canary", ("canary", "stable")))
    } else {
        None
    }
}

/// Writes the steps.
pub(super) fn write(
    page: &mut Page,
    runbook: &Runbook,
    paths: &[Vec<&str>],
    titles: &[Option<String>],
    new: Option<&str>,
    counts: &mut Counts,
) {
    page.rule("Plan");
    let mut found: Vec<Vec<Shift>> = Vec::new();
    for (section, path) in runbook.sections.iter().zip(paths) {
        let mut here = if is_flown(section, path) { of_section(section, path) } else { Vec::new() };
        // The same once more, in a heading or in passing, is a look back and no further shift.
        let is_known = |shift: &Shift| found.iter().flatten().any(|other| share(other, new) == share(shift, new));
        let is_said = here.iter().all(|shift| shift.line == section.line) || section.items.is_empty();
        if is_said && here.iter().all(is_known) {
            here.clear();
        }
        if let (Some(last), Some(first)) = (found.iter().rev().find_map(|shifts| shifts.last()), here.first())
            && share(last, new) == share(first, new)
        {
            here.remove(0);
        }
        found.push(here);
    }
    let last = found.iter().rposition(|shifts| !shifts.is_empty());
    let mut names: Vec<String> = Vec::new();
    for (index, (((section, path), title), shifts)) in
        runbook.sections.iter().zip(paths).zip(titles).zip(&found).enumerate()
    {
        let asks = section.items.iter().any(|item| item.required);
        let title = title.as_ref().filter(|_| asks && is_flown(section, path));
        let leave = title.map(|title| format!("leave_when = [{}]", quoted(&format!("items:{}", slug(title)))));
        // A phase that is a shift is one step.
        let is_shift = !shifts.is_empty() && shifts.iter().all(|shift| shift.line == section.line);
        if let Some(title) = title.filter(|_| !is_shift) {
            counts.steps = counts.steps.saturating_add(1);
            page.gap();
            page.line("[[step]]");
            page.line(&format!("name = {}", quoted(&name(title, &mut names))));
            page.line(&format!("pause = {}", quoted(&cut(&format!("{title}: begin, and tick what is done."), 1_000))));
            page.line(leave.as_deref().unwrap_or_default());
        }
        for (at, shift) in (1..).zip(shifts) {
            counts.steps = counts.steps.saturating_add(1);
            counts.shifts = counts.shifts.saturating_add(1);
            one(page, shift, new, &mut names);
            if let Some(leave) = leave.as_ref().filter(|_| is_shift && at == shifts.len()) {
                page.line(leave);
            }
        }
        if last == Some(index) {
            soak(page, runbook);
        }
    }
    if counts.steps == 0 && new.is_none() && titles.iter().all(Option::is_none) {
        // Something must be there to fly by.
        page.line("[[step]]");
        page.line("name = \"Deploy\"");
        page.line("pause = \"The runbook asks for nothing that was understood: write here what is to be done.\"");
    } else if counts.steps == 0 {
        page.comment("The runbook names no phase and no shift: write the steps here.");
    }
    aside(page, runbook, paths);
}

/// The share of the new pool, where there are two.
fn share(shift: &Shift, new: Option<&str>) -> u32 {
    if shift.pool.as_deref().is_none_or(|pool| Some(pool) == new) { shift.to } else { 100_u32.saturating_sub(shift.to) }
}

/// A shift, as a step that waits for a person until there is a router.
fn one(page: &mut Page, shift: &Shift, new: Option<&str>, names: &mut Vec<String>) {
    let pool = shift.pool.as_deref().or(new).unwrap_or("the new version");
    let to = shift.to;
    page.gap();
    page.comment(&format!("line {}, proposed: {}", shift.line, shift.words));
    page.line("[[step]]");
    page.line(&format!("name = {}", quoted(&name(&format!("{pool} to {to} %"), names))));
    let from = shift.from.map(|from| format!(" (from {from} %)")).unwrap_or_default();
    page.line(&format!("pause = {}", quoted(&format!("Give {pool} {to} % of the traffic{from}, and see it there."))));
    if pool.chars().all(char::is_alphanumeric) {
        page.comment("with a [[router]], in place of `pause`:");
        page.comment(&format!("shift = {{ {pool} = {to} }}"));
    }
}

/// What is to be done in which minutes after the last shift.
fn soak(page: &mut Page, runbook: &Runbook) {
    let timed: Vec<(&Item, When)> = runbook.items().filter_map(|item| Some((item, when(&item.text)?))).collect();
    let rows = timed.iter().filter_map(|(item, when)| match when {
        When::Between(from, to) => Some((*from, *to, *item)),
        When::Before(_) | When::After(_) => None,
    });
    let mut rows: Vec<_> = rows.collect();
    let mut until = std::time::Duration::ZERO;
    rows.retain(|(from, to, _)| {
        let follows = *from >= until;
        if follows {
            until = *to;
        }
        follows
    });
    if rows.is_empty() {
        return;
    }
    page.comment(&format!("soak = \"{}m\"", minutes(until)));
    for (from, to, item) in rows {
        page.comment("[[step.schedule]]");
        page.comment(&format!("at = \"{}m-{}m\" # line {}", minutes(from), minutes(to), item.line));
        page.comment(&format!("do = {}", quoted(&cut(&item.text, 80))));
    }
}

/// Phases that are not flown forward: the way back, other environments, what is only told.
fn aside(page: &mut Page, runbook: &Runbook, paths: &[Vec<&str>]) {
    let asks = |section: &Section| section.items.iter().any(|item| item.required);
    let left: Vec<String> = runbook
        .sections
        .iter()
        .zip(paths)
        .filter(|(section, path)| asks(section) && !is_flown(section, path))
        .map(|(section, path)| format!("  line {}: {}", section.line, path.join(" › ")))
        .collect();
    if !left.is_empty() {
        page.gap();
        page.comment(
            "No step was made of these: the way back, other environments, what follows, and what is no procedure.",
        );
        for line in &left {
            page.comment(line);
        }
    }
    let back =
        runbook.sections.iter().zip(paths).filter(|(_, path)| is_back(path)).flat_map(|(section, _)| &section.items);
    let mut back = back.filter(|item| item.required).peekable();
    if back.peek().is_some() {
        page.gap();
        page.comment("Acts of the way back after its traffic, as the runbook has them; to be checked by a person:");
    }
    for item in back {
        page.comment("[[rollback]]");
        page.comment(&format!("name = {} # line {}", quoted(&cut(&item.text, 80)), item.line));
        page.comment(&format!("text = {}", quoted(&cut(&item.text, 1_000))));
    }
}

/// Whether the section is a phase of the deployment that the draft is for.
fn is_flown(section: &Section, path: &[&str]) -> bool {
    let later = due(path);
    let path: Vec<String> = path.iter().map(|title| title.to_lowercase()).collect();
    let says = |words: &[&str]| path.iter().any(|title| words.iter().any(|word| has_word(title, word)));
    let is_elsewhere = says(&["dev", "development", "staging", "stag", "qa", "uat", "test environment"])
        && !says(&["prod", "production", "live"]);
    let asks = |item: &Item| item.sort == Sort::Box || (item.sort == Sort::Step && item.required);
    // What follows the deployment is no step of it: it may be ticked after the end.
    let is_later = later.is_some_and(Due::is_follow_up);
    (section.is_procedure || section.items.iter().any(asks))
        && !is_back(path.iter().map(String::as_str).collect::<Vec<_>>().as_slice())
        && !is_elsewhere
        && !is_later
}

/// Whether the section is about going back.
fn is_back(path: &[&str]) -> bool {
    const BACK: [&str; 6] = ["rollback", "rolling back", "roll back", "revert", "if issues detected", "emergency"];
    path.iter().any(|title| BACK.iter().any(|word| has_word(&title.to_lowercase(), word)))
}

fn has_word(text: &str, word: &str) -> bool {
    places(text, word).next().is_some()
}

/// Where a word stands on its own.
fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// The shifts that a section names: in its title, its items, and its words.
fn of_section(section: &Section, path: &[&str]) -> Vec<Shift> {
    let mut found = named(section, path);
    // "Green to 0 and blue to 100" is one shift.
    let mut at = 1_usize;
    while let (Some(one), Some(other)) = (found.get(at.saturating_sub(1)), found.get(at)) {
        if one.line == other.line && one.pool != other.pool && one.to.saturating_add(other.to) == 100 {
            found.remove(at.saturating_sub(1));
        } else {
            at = at.saturating_add(1);
        }
    }
    found.dedup_by(|later, earlier| (&later.pool, later.to) == (&earlier.pool, earlier.to));
    found
}

fn named(section: &Section, path: &[&str]) -> Vec<Shift> {
    fn of_items<'i>(items: &'i [Item], above: &mut Vec<&'i str>, into: &mut Vec<Shift>) {
        for item in items {
            into.extend(shifts(&item.text, item.line, above));
            above.push(&item.text);
            of_items(&item.items, above, into);
            above.pop();
        }
    }
    let mut found = shifts(&section.title, section.line, path);
    if found.is_empty() {
        of_items(&section.items, &mut path.to_vec(), &mut found);
    }
    if found.is_empty() {
        for note in section.notes.iter().filter(|note| !note.is_hidden) {
            for (line, text) in (note.line..).zip(note.text.lines()) {
                found.extend(shifts(text, line, path));
            }
        }
    }
    found
}

/// A name that no step has yet; names are told apart by their letters and digits.
fn name(wanted: &str, names: &mut Vec<String>) -> String {
    let wanted = cut(wanted, 74);
    let wanted = if slug(&wanted).is_empty() { "Step".to_owned() } else { wanted };
    let each = (1_usize..).map(|count| if count == 1 { wanted.clone() } else { format!("{wanted}, {count}") });
    let name = each.into_iter().find(|name| !names.contains(&slug(name))).unwrap_or_default();
    names.push(slug(&name));
    name
}
