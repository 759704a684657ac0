//! What the forms say, put in order: headings, items within items, words, commands.

use super::fence::is_typed;
use super::mark::{after_box, is_optional};
use super::procedure::{is_beside, is_procedure, is_step};
use super::{Item, Note, Runbook, Section, Sort, on_one_line};
use crate::domain::checklist::{Command, Link};

/// The level of a line in bold that heads what follows.
pub(super) const BOLD: u8 = 7;

/// The level of a heading within a fence; those that are moved in further are deeper.
pub(super) const FENCED: u8 = 8;

/// How deep items nest; what is nested deeper stands beside what it would be within.
const DEEPEST: usize = 8;

/// A runbook in the making.
#[derive(Default)]
pub(super) struct Builder {
    sections: Vec<Section>,
    /// The section that is written to.
    current: usize,
    /// The headings that are open, outermost first, each with what it says of the points below it.
    above: Vec<(usize, u8, Option<bool>)>,
    /// The items that are open, outermost first.
    open: Vec<Item>,
    /// Whether the runbook has no heading at all: then all of it is the procedure.
    is_bare: bool,
    /// Whether its one heading of the first level is the title of the whole: then it says nothing of points.
    has_title: bool,
}

impl Builder {
    /// Of a runbook with so many headings of the first level, and so many others.
    pub(super) fn new(tops: usize, others: usize) -> Self {
        let first = Section { is_procedure: tops == 0 && others == 0, ..Section::default() };
        Self {
            sections: vec![first],
            is_bare: tops == 0 && others == 0,
            has_title: tops == 1 && others > 0,
            ..Self::default()
        }
    }

    /// A heading: what is open ends.
    pub(super) fn heading(&mut self, level: u8, title: &str, line: usize) {
        self.end_items(0);
        let title = on_one_line(title.trim().trim_end_matches(':'));
        self.above.retain(|(_, above, _)| *above < level);
        let said = is_procedure(&title).filter(|_| !(level == 1 && self.has_title));
        let parent = self.above.last().map(|(index, ..)| *index);
        self.current = self.sections.len();
        self.above.push((self.current, level, said));
        let above = parent.and_then(|parent| self.sections.get(parent));
        let is_procedure = self.said().unwrap_or(above.map_or(self.is_bare, |above| above.is_procedure));
        self.sections.push(Section { level, title, line, parent, is_procedure, ..Section::default() });
    }

    /// A fence ends: what follows belongs to the heading around it.
    pub(super) fn leave_fence(&mut self) {
        self.above.retain(|(_, level, _)| *level < FENCED);
        self.current = self.above.last().map_or(0, |(index, ..)| *index);
    }

    /// Whether the runbook has no heading.
    pub(super) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// Whether an item is open.
    pub(super) fn is_in_item(&self) -> bool {
        !self.open.is_empty()
    }

    /// How many items are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether plain points are things to do here: the nearest heading that says so decides.
    pub(super) fn is_in_procedure(&self) -> bool {
        self.sections.get(self.current).is_some_and(|section| section.is_procedure)
    }

    fn said(&self) -> Option<bool> {
        self.above.iter().rev().find_map(|(_, _, said)| *said)
    }

    /// Whether it stands below a heading that is for other days: troubles, questions, an appendix.
    fn is_beside(&self) -> bool {
        let titles = self.above.iter().filter_map(|(index, ..)| self.sections.get(*index));
        titles.into_iter().any(|section| is_beside(&section.title))
    }

    /// An item begins.
    pub(super) fn begin_item(&mut self, sort: Sort, line: usize) {
        self.open.push(Item { sort, line, ..Item::default() });
    }

    /// A whole item on one line.
    pub(super) fn item(&mut self, sort: Sort, words: &str, line: usize) {
        self.begin_item(sort, line);
        self.say(words);
        self.end_item();
    }

    /// The item that is open has a box.
    pub(super) fn has_box(&mut self) {
        if let Some(item) = self.open.last_mut() {
            item.sort = Sort::Box;
        }
    }

    /// Who does the item that is open.
    pub(super) fn role(&mut self, role: &str) {
        if let Some(item) = self.open.last_mut() {
            item.role = Some(on_one_line(role)).filter(|role| !role.is_empty());
        }
    }

    /// Words of the item that is open; `false` where none is.
    pub(super) fn say(&mut self, words: &str) -> bool {
        let Some(item) = self.open.last_mut() else { return false };
        item.text.push_str(words);
        true
    }

    /// Where the words of the item that is open lead to; `false` where none is.
    pub(super) fn link(&mut self, link: &Link) -> bool {
        let Some(item) = self.open.last_mut() else { return false };
        lead_to(item, link);
        true
    }

    /// The items that are open end, until so many are left.
    pub(super) fn end_items(&mut self, left: usize) {
        while self.open.len() > left {
            self.end_item();
        }
    }

    /// The item that is open ends, and has its place: within the one around it, or below the heading.
    pub(super) fn end_item(&mut self) {
        let Some(mut item) = self.open.pop() else { return };
        if let Some(rest) = after_box(&item.text).map(str::to_owned) {
            item.text = rest;
            item.sort = Sort::Box;
        }
        item.text = on_one_line(&item.text);
        item.key.clone_from(&item.text);
        for url in addresses(&item.text).map(str::to_owned).collect::<Vec<_>>() {
            lead_to(&mut item, &Link { text: String::new(), url });
        }
        if item.sort == Sort::Box {
            explain(&mut item);
        }
        if item.text.is_empty() {
            let first = item.links.first().map(|link| link.url.clone());
            let typed = || item.commands.first().and_then(|command| command.text.lines().next()).map(on_one_line);
            item.text = first.or_else(typed).unwrap_or_default();
            item.key.clone_from(&item.text);
        }
        self.place(item);
    }

    fn place(&mut self, mut item: Item) {
        let (within, asks, depth) = (self.is_in_item(), self.is_in_procedure(), self.open.len());
        // What a heading tells about (an overview, troubles) is not asked of everybody, numbered or not.
        let tells = self.said() == Some(false) || self.is_beside();
        let needed = match item.sort {
            Sort::Box => true,
            Sort::Step => !tells,
            Sort::Point => !within && asks && !tells,
        };
        item.required = needed && !is_optional(&item.text);
        let beyond = if depth >= DEEPEST { std::mem::take(&mut item.items) } else { Vec::new() };
        let place = match self.open.last_mut() {
            Some(around) => &mut around.items,
            None if asks || demands(&item) || item.text.is_empty() => &mut self.last().items,
            None => return self.note_all(&item),
        };
        if item.text.is_empty() {
            place.append(&mut item.items);
        } else {
            type_what_is_quoted(&mut item);
            place.push(item);
        }
        place.extend(beyond);
    }

    /// A point that asks for nothing, with those within it.
    fn note_all(&mut self, item: &Item) {
        let links: Vec<&str> = item.links.iter().map(|link| link.url.as_str()).collect();
        self.note(&with_links(&item.text, links.into_iter()), item.line, false);
        for within in &item.items {
            self.note_all(within);
        }
    }

    /// What stands there and asks for nothing.
    pub(super) fn note(&mut self, text: &str, line: usize, is_hidden: bool) {
        let text = text.trim_end();
        if !text.trim().is_empty() {
            self.last().notes.push(Note { text: text.to_owned(), line, is_hidden });
        }
    }

    /// A fence of code: of the item that is open, or the last one, or of the heading, which is an item then.
    pub(super) fn command(&mut self, command: Command, line: usize) {
        if let Some(item) = self.open.last_mut() {
            item.commands.push(command);
            return;
        }
        let asks = self.is_in_procedure();
        let section = self.last();
        if let Some(item) = section.items.last_mut() {
            item.commands.push(command);
        } else if asks && !section.title.is_empty() {
            let mut item = headed(section);
            item.commands.push(command);
            section.items.push(item);
        } else {
            self.note(&command.text, line, false);
        }
    }

    /// The section that is written to.
    fn last(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.sections.push(Section::default());
        }
        let current = self.current.min(self.sections.len().saturating_sub(1));
        &mut self.sections[current]
    }

    /// What no form took belongs to the heading above it.
    pub(super) fn rest(&mut self, text: &str, line: usize) {
        let after = self.sections.partition_point(|section| section.line <= line);
        self.current = after.saturating_sub(1);
        self.note(text, line, true);
    }

    /// The whole. A heading that calls itself a step and has nothing below it is one.
    pub(super) fn finish(mut self) -> Runbook {
        self.end_items(0);
        let mut has_items: Vec<bool> = self.sections.iter().map(|section| !section.items.is_empty()).collect();
        for (index, section) in self.sections.iter().enumerate().rev() {
            let has = has_items.get(index).copied().unwrap_or(false) || is_step(&section.title);
            if let Some(above) = section.parent.and_then(|parent| has_items.get_mut(parent)) {
                *above |= has;
            }
        }
        for (section, has_items) in self.sections.iter_mut().zip(has_items) {
            if !has_items && is_step(&section.title) {
                let item = headed(section);
                section.items.push(item);
            }
            section.notes.sort_by_key(|note| note.line);
        }
        Runbook { sections: self.sections }
    }
}

/// The item that a heading is.
fn headed(section: &Section) -> Item {
    let (text, key) = (section.title.clone(), section.title.clone());
    Item { text, key, line: section.line, sort: Sort::Step, required: true, ..Item::default() }
}

fn lead_to(item: &mut Item, link: &Link) {
    let link = Link { text: on_one_line(&link.text), url: on_one_line(&link.url) };
    if !link.url.is_empty() && !item.links.iter().any(|known| known.url == link.url) {
        item.links.push(link);
    }
}

/// Words with where they lead to.
pub(super) fn with_links<'l>(text: &str, links: impl Iterator<Item = &'l str>) -> String {
    let mut text = text.to_owned();
    for url in links {
        if !text.contains(url) {
            text.push_str(" <");
            text.push_str(url);
            text.push('>');
        }
    }
    text
}

/// A command that stands in backticks among the words is one that people copy.
fn type_what_is_quoted(item: &mut Item) {
    let quoted = item.text.split('`').skip(1).step_by(2).filter(|code| is_typed(code));
    for text in quoted.map(str::to_owned).collect::<Vec<_>>() {
        if !item.commands.iter().any(|command| command.text == text) {
            item.commands.push(Command { language: String::new(), text });
        }
    }
}

/// Plain points within a box explain it: they are its text. What the box is known by counts its commands in, too.
fn explain(item: &mut Item) {
    for command in &item.commands {
        item.key.push(' ');
        item.key.push_str(&on_one_line(&command.text));
    }
    let mut words = Vec::new();
    let (points, items): (Vec<Item>, Vec<Item>) =
        std::mem::take(&mut item.items).into_iter().partition(|within| !demands(within));
    item.items = items;
    for point in points {
        gather(point, &mut words, &mut item.links);
    }
    for word in words {
        for text in [&mut item.text, &mut item.key] {
            if !text.is_empty() {
                text.push_str(" · ");
            }
            text.push_str(&word);
        }
    }
}

fn gather(item: Item, words: &mut Vec<String>, links: &mut Vec<Link>) {
    words.push(item.text);
    links.extend(item.links);
    for within in item.items {
        gather(within, words, links);
    }
}

/// Whether something in it is to be done, wherever it stands.
fn demands(item: &Item) -> bool {
    item.sort != Sort::Point || !item.commands.is_empty() || item.items.iter().any(demands)
}

/// Addresses that stand in running text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || "`\"'<>()[]{}|".contains(c));
    words.map(|word| word.trim_end_matches(['.', ',', ';', ':', '!', '?', '*'])).filter(|word| {
        ["https://", "http://"].iter().any(|scheme| word.len() > scheme.len() && word.starts_with(scheme))
    })
}
