//! What the three forms say, put in order: headings, items within items, words, commands.

use super::mark::{after_box, is_optional};
use super::procedure::{is_procedure, is_step};
use super::{Command, Item, Note, Runbook, Section, Sort, on_one_line};

/// The level of a line in bold that heads what follows.
pub(super) const BOLD: u8 = 7;

/// The level of a heading within a fence.
pub(super) const FENCED: u8 = 8;

/// A runbook in the making.
#[derive(Default)]
pub(super) struct Builder {
    sections: Vec<Section>,
    /// What a heading says of the points below it, for each that is open, outermost first.
    above: Vec<(u8, Option<bool>)>,
    /// The items that are open, outermost first.
    open: Vec<Item>,
    /// Whether the runbook has no heading at all: then all of it is the procedure.
    is_bare: bool,
}

impl Builder {
    /// Of a runbook that has headings, or none.
    pub(super) fn new(is_bare: bool) -> Self {
        Self { sections: vec![Section::default()], above: Vec::new(), open: Vec::new(), is_bare }
    }

    /// A heading: what is open ends.
    pub(super) fn heading(&mut self, level: u8, title: &str, line: usize) {
        while !self.open.is_empty() {
            self.end_item();
        }
        let title = on_one_line(title.trim().trim_end_matches(':'));
        self.above.retain(|(above, _)| *above < level);
        self.above.push((level, is_procedure(&title)));
        self.sections.push(Section { level, title, line, ..Section::default() });
    }

    /// Whether the runbook has no heading.
    pub(super) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// Whether an item is open.
    pub(super) fn is_in_item(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether plain points are things to do here: the nearest heading that says so decides. The document's title does not.
    pub(super) fn is_in_procedure(&self) -> bool {
        let said = self.above.iter().rev().filter(|(level, _)| *level > 1).find_map(|(_, said)| *said);
        said.unwrap_or(self.is_bare && self.above.is_empty())
    }

    /// An item begins.
    pub(super) fn begin_item(&mut self, sort: Sort, line: usize) {
        self.open.push(Item { sort, line, ..Item::default() });
    }

    /// The item that is open has a box.
    pub(super) fn has_box(&mut self) {
        if let Some(item) = self.open.last_mut() {
            item.sort = Sort::Box;
        }
    }

    /// Words of the item that is open; `false` where none is.
    pub(super) fn say(&mut self, words: &str) -> bool {
        let Some(item) = self.open.last_mut() else { return false };
        item.text.push_str(words);
        true
    }

    /// Where the words lead to.
    pub(super) fn link(&mut self, to: &str) {
        let to = to.trim();
        let item = match self.open.last_mut() {
            Some(item) => Some(item),
            None => self.last().items.last_mut(),
        };
        if let Some(item) = item.filter(|item| !to.is_empty() && !item.links.iter().any(|link| link == to)) {
            item.links.push(to.to_owned());
        }
    }

    /// The item that is open ends, and has its place: within the one around it, or below the heading.
    pub(super) fn end_item(&mut self) {
        let Some(mut item) = self.open.pop() else { return };
        if let Some(rest) = after_box(&item.text) {
            item.text = rest.to_owned();
            item.sort = Sort::Box;
        }
        item.text = on_one_line(&item.text);
        if item.text.is_empty() {
            if let Some(first) = item.links.first() {
                item.text.clone_from(first);
            }
        }
        let is_empty = item.text.is_empty() && item.commands.is_empty();
        let (within, asks) = (self.is_in_item(), self.is_in_procedure());
        item.required = !is_optional(&item.text) && (item.sort != Sort::Point || (!within && asks));
        let wanted = item.sort != Sort::Point || within || asks || !item.items.is_empty();
        match self.open.last_mut() {
            Some(around) if is_empty => around.items.append(&mut item.items),
            Some(around) => around.items.push(item),
            None if is_empty => self.last().items.append(&mut item.items),
            None if wanted => self.last().items.push(item),
            None => self.note(&item.text, item.line),
        }
    }

    /// What stands there and asks for nothing.
    pub(super) fn note(&mut self, text: &str, line: usize) {
        let text = text.trim_end();
        if !text.trim().is_empty() {
            self.last().notes.push(Note { text: text.to_owned(), line });
        }
    }

    /// A fence of code: of the item that is open, or the last one, or of the heading, which is an item then.
    pub(super) fn command(&mut self, command: Command) {
        if let Some(item) = self.open.last_mut() {
            item.commands.push(command);
            return;
        }
        let asks = self.is_in_procedure();
        let section = self.last();
        if let Some(item) = section.items.last_mut() {
            item.commands.push(command);
        } else if asks && !section.title.is_empty() {
            let (text, line) = (section.title.clone(), section.line);
            let item =
                Item { text, line, sort: Sort::Step, required: true, commands: vec![command], ..Item::default() };
            section.items.push(item);
        } else {
            self.note(&command.text, command.line);
        }
    }

    /// The heading that is open.
    fn last(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.sections.push(Section::default());
        }
        let last = self.sections.len().saturating_sub(1);
        &mut self.sections[last]
    }

    /// The whole. A heading that calls itself a step and has nothing below it is one.
    pub(super) fn finish(mut self) -> Runbook {
        while !self.open.is_empty() {
            self.end_item();
        }
        let mut deeper = Vec::new();
        for (index, section) in self.sections.iter().enumerate() {
            let below = self.sections.iter().skip(index.saturating_add(1));
            let below = below.take_while(|other| other.level > section.level);
            deeper.push(below.into_iter().any(|other| !other.items.is_empty()));
        }
        for (section, has_deeper) in self.sections.iter_mut().zip(deeper) {
            if section.items.is_empty() && !has_deeper && is_step(&section.title) {
                let (text, line) = (section.title.clone(), section.line);
                section.items.push(Item { text, line, sort: Sort::Step, required: true, ..Item::default() });
            }
        }
        self.sections
            .retain(|section| !section.title.is_empty() || !section.items.is_empty() || !section.notes.is_empty());
        Runbook { sections: self.sections }
    }
}
