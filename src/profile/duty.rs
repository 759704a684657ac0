//! What items ask for beside their ticks, `[commands]` and `[[contact]]`.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::check::CheckSpec;
use crate::domain::checklist::{Checklist, slug};
use crate::domain::duty::{Contact, ItemRules, Shell, Wait, WaitFrom};
use crate::domain::procedure::Step;
use crate::domain::{ItemId, StepId};
use crate::setting::{Found, Report, Table, Wrong, command, duration, flag, quoted, text, title, word};

/// What is handed on of the environment where a profile does not say.
const ENVIRONMENT: [&str; 8] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// The longest time that is waited for.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// What an item asks for, as it is written.
#[derive(Default)]
pub(super) struct Written {
    check: Option<Found<String>>,
    wait: Option<Found<Duration>>,
    from: Option<Found<String>>,
    after: Vec<Found<String>>,
}

/// What items and sections ask for, as it is written.
#[derive(Default)]
pub(super) struct Rules {
    /// Of items of the profile, by their ids.
    pub(super) items: Vec<(ItemId, Written)>,
    /// Sections whose required items are ticked in their order.
    pub(super) ordered: Vec<String>,
    /// Of items and sections by their names, where they stand in a runbook.
    named: Vec<Named>,
}

struct Named {
    item: Option<Found<String>>,
    section: Option<Found<String>>,
    ordered: bool,
    written: Written,
}

/// Reads the keys of one item.
pub(super) fn of_item(table: &mut Table<'_>) -> Written {
    let doc = "A check whose verdict stands beside the tick, live. The tick stays a person's.";
    let check = table.optional("check", doc, &title());
    let doc = "How long is waited before it is ticked: \"15m\".";
    let wait = table.optional("wait", doc, &duration(Duration::from_secs(1), LONGEST));
    let doc = "From when that is counted: an item (its tick), a step of the plan (its end), or \"key\". Default: the item \
               before it, or a key where it is the first of its section.";
    let from = table.optional("wait_from", doc, &text());
    let doc = "An item, by its text, or a list of them: ticked before this one.";
    let after = table.optional("after", doc, &text().one_or_list("an item's text, or a list of them"));
    if let Some(from) = from.as_ref().filter(|_| wait.is_none() && !table.has("wait")) {
        let wrong = Wrong::new("is given, and no time is waited").advice("give `wait`, or leave it out");
        table.report().refuse(&from.spot, wrong);
    }
    Written { check, wait, from, after: after.map(|after| after.value).unwrap_or_default() }
}

/// Reads whether the items of a section are ticked in their order.
pub(super) fn is_ordered(table: &mut Table<'_>) -> bool {
    let doc = "Whether its items are ticked in their order: each after the required one before it. Default false.";
    table.optional("ordered", doc, &flag()).is_some_and(|ordered| ordered.value)
}

/// Reads `[[checklist.rule]]`: the same for what stands in a runbook.
pub(super) fn named(table: &mut Table<'_>, rules: &mut Rules) {
    let doc = "What an item or a section of the runbook asks for beside its ticks.";
    let read = table.tables("rule", doc, |rule| {
        let item = rule.optional("item", "The item, by its text or its id (section/item).", &text());
        let section = rule.optional("section", "The section, by its title.", &text());
        if !rule.has("item") && !rule.has("section") {
            rule.refuse(
                Wrong::new("is about nothing").accepted("item = \"what is to be done\" or section = \"title\""),
            );
        }
        let ordered = is_ordered(rule);
        Some(Named { item, section, ordered, written: of_item(rule) })
    });
    rules.named.extend(read);
}

/// Gives every item what was written for it, once all that it can name is known.
pub(super) fn resolve(
    report: &Report<'_>,
    checklist: &mut Checklist,
    rules: Rules,
    plan: &[Step],
    checks: &[CheckSpec],
) {
    let Rules { mut items, mut ordered, named } = rules;
    for Named { item, section, ordered: is_ordered, written } in named {
        let found =
            section.as_ref().map(|section| (section, checklist.section(&slug(section)).map(|s| s.slug.clone())));
        if let Some((section, None)) = &found {
            let titles = checklist.sections.iter().map(|section| section.title.as_str());
            let wrong = Wrong::new(format!("there is no section {}", quoted(section))).suggesting(section, titles);
            report.refuse(&section.spot, wrong);
        }
        let slug = found.and_then(|(_, slug)| slug);
        if let Some(slug) = slug.clone().filter(|_| is_ordered) {
            ordered.push(slug);
        }
        if let Some(id) = item.as_ref().and_then(|item| find(report, checklist, slug.as_deref(), item)) {
            items.push((id, written));
        }
    }
    let mut resolved: Vec<(ItemId, ItemRules)> = Vec::new();
    for (id, written) in &items {
        resolved.push((id.clone(), rules_of(report, checklist, id, written, plan, checks)));
    }
    for section in &mut checklist.sections {
        let is_ordered = ordered.contains(&section.slug);
        let mut before: Option<ItemId> = None;
        for item in &mut section.items {
            // What a rule says by the item's name comes after what stands at the item, and replaces it.
            if let Some((_, rules)) = resolved.iter().rfind(|(id, _)| *id == item.id) {
                item.rules = rules.clone();
            }
            if let Some(before) = before.clone().filter(|before| is_ordered && !item.rules.after.contains(before)) {
                item.rules.after.push(before);
            }
            if item.required {
                before = Some(item.id.clone());
            }
        }
    }
    for (id, written) in &items {
        if let (true, Some(after)) = (is_after_itself(checklist, id), written.after.first()) {
            let wrong = Wrong::new("comes after itself: it could never be ticked").advice("leave one of them out");
            report.refuse(&after.spot, wrong);
        }
    }
}

fn rules_of(
    report: &Report<'_>,
    checklist: &Checklist,
    id: &ItemId,
    written: &Written,
    plan: &[Step],
    checks: &[CheckSpec],
) -> ItemRules {
    let section = checklist.sections.iter().find(|section| section.items.iter().any(|item| item.id == *id));
    let slug = section.map(|section| section.slug.as_str());
    let check = written.check.as_ref().and_then(|check| {
        let known = checks.iter().find(|known| known.id.as_str() == check.value).map(|known| known.id.clone());
        if known.is_none() {
            let names = checks.iter().map(|known| known.id.as_str());
            let wrong = Wrong::new(format!("there is no check {}", quoted(check))).suggesting(check, names);
            report.refuse(&check.spot, wrong);
        }
        known
    });
    let before = || {
        let items = &section?.items;
        let at = items.iter().position(|item| item.id == *id)?;
        items.get(at.checked_sub(1)?).map(|item| item.id.clone())
    };
    let wait = written.wait.as_ref().and_then(|wait| {
        let from = match &written.from {
            None => before().map_or(WaitFrom::Key, WaitFrom::Item),
            Some(from) if from.value == "key" => WaitFrom::Key,
            Some(from) => match step(plan, from) {
                Some(step) => WaitFrom::Step(step),
                None => WaitFrom::Item(find(report, checklist, slug, from)?),
            },
        };
        Some(Wait { span: wait.value, from })
    });
    let after = written.after.iter().filter_map(|after| find(report, checklist, slug, after)).collect();
    ItemRules { check, wait, after }
}

fn step(plan: &[Step], name: &str) -> Option<StepId> {
    plan.iter().find(|step| step.name == name || step.id.as_str() == name).map(|step| step.id.clone())
}

/// An item by its id, or by its text: in this section, else in the only one that has it.
fn find(report: &Report<'_>, checklist: &Checklist, section: Option<&str>, named: &Found<String>) -> Option<ItemId> {
    let wanted = slug(named);
    let is_it = |id: &ItemId, words: &str| id.as_str() == named.value || words == named.value || slug(words) == wanted;
    let own = checklist.sections.iter().filter(|each| section.is_none_or(|section| each.slug == section));
    let found = |item: &&crate::domain::checklist::Item| is_it(&item.id, &item.text);
    if let Some(item) = own.flat_map(|each| &each.items).find(found) {
        return Some(item.id.clone());
    }
    let all: Vec<_> = checklist.items().filter(found).collect();
    let wrong = match all.as_slice() {
        [one] => return Some(one.id.clone()),
        [] => Wrong::new(format!("there is no item {}", quoted(named)))
            .suggesting(named, checklist.items().map(|item| item.text.as_str())),
        several => {
            let ids: Vec<&str> = several.iter().map(|item| item.id.as_str()).collect();
            Wrong::new(format!("{} is the text of several items", quoted(named))).accepted(ids.join(", "))
        }
    };
    report.refuse(&named.spot, wrong);
    None
}

/// Whether an item could only be ticked once it is ticked.
fn is_after_itself(checklist: &Checklist, id: &ItemId) -> bool {
    let mut seen: BTreeSet<ItemId> = BTreeSet::new();
    let mut left: Vec<ItemId> = checklist.item(id).map(|item| item.rules.after.clone()).unwrap_or_default();
    while let Some(next) = left.pop() {
        if next == *id {
            return true;
        }
        if seen.insert(next.clone()) {
            left.extend(checklist.item(&next).into_iter().flat_map(|item| item.rules.after.clone()));
        }
    }
    false
}

/// Reads `[commands]`: how commands of items are run. Without it nobody runs any from here.
pub(super) fn commands(table: &mut Table<'_>) -> Option<Shell> {
    let doc = "Lets commands of items be run once that is confirmed. Without it they are shown and copied only.";
    let read = table.table("commands", doc, |table| {
        let doc = "The program that reads a command, and its arguments; the command is one argument more, exactly as it is \
                   written: [\"/bin/bash\", \"-euo\", \"pipefail\", \"-c\"].";
        let shell = table.required("shell", doc, &command());
        let doc = "Where it runs, as a whole path. Default: where flightdeck was started.";
        let directory = table.optional("directory", doc, &crate::setting::absolute_path());
        let doc = "How long a command may run before it is killed with all that it started. Default 5m.";
        let limit = table.optional("limit", doc, &duration(Duration::from_secs(1), Duration::from_hours(6)));
        let doc = "The variables of flightdeck's environment that it gets, or \"all\". Default: PATH, HOME, USER, LOGNAME, \
                   LANG, LC_ALL, TZ, TMPDIR.";
        let name = word("the name of a variable, such as \"KUBECONFIG\"", "_", 64);
        let environment = table.optional("environment", doc, &name.one_or_list("\"all\", or a list of variables"));
        let names = environment.map(|all| all.value.into_iter().map(|each| each.value).collect::<Vec<String>>());
        let names = names.unwrap_or_else(|| ENVIRONMENT.map(str::to_owned).to_vec());
        Some(Shell {
            words: shell?.value,
            directory: directory.map(|directory| directory.value.display().to_string()),
            limit: limit.map_or(Duration::from_mins(5), |limit| limit.value),
            environment: (names != ["all"]).then_some(names),
        })
    });
    read.flatten()
}

/// Reads the contacts, in the order in which they are called.
pub(super) fn contacts(table: &mut Table<'_>) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    table.tables("contact", "Whom to call when things go wrong, in order.", |contact| {
        let role = contact.required("role", "What they are: \"Release manager\".", &title());
        let name = contact.optional("name", "Their name.", &title());
        let phone = contact.optional("phone", "Their telephone, or how it is found.", &title());
        let handle = contact.optional("handle", "Their name in the chat: \"@on-call\".", &title());
        let link = contact.optional("link", "Where else they are reached.", &crate::setting::link());
        let doc = "How long after an incident was declared they are called. Default: at once.";
        let after = contact.optional("after", doc, &duration(Duration::ZERO, Duration::from_hours(24)));
        let value = |found: Option<Found<String>>| found.map(|found| found.value);
        let read = Contact {
            role: role?.value,
            name: value(name).unwrap_or_default(),
            phone: value(phone),
            handle: value(handle),
            link: value(link),
            after: after.as_ref().map(|after| after.value).unwrap_or_default(),
        };
        if contacts.iter().any(|known| known.words() == read.words()) {
            let wrong = Wrong::new("names somebody whom another contact names already");
            contact.refuse(wrong.advice("give each a role and a name of its own"));
        }
        if let (Some(last), Some(after)) = (contacts.last(), &after)
            && last.after > after.value
        {
            let wrong = Wrong::new("is sooner than the contact above it");
            contact.report().refuse(&after.spot, wrong.advice("write them in the order in which they are called"));
        }
        contacts.push(read);
        Some(())
    });
    contacts
}
