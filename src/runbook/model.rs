//! What a runbook holds.

/// A runbook, in its own order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Runbook {
    /// Its headings, each with what stands directly below it; what stands before the first has a section without a title.
    pub sections: Vec<Section>,
}

/// One heading.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// How deep it stands: 1 to 6 are headings, 7 is a line in bold that heads what follows, 8 a heading within a fence.
    pub level: u8,
    /// Its words; empty for what stands before the first heading.
    pub title: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it asks for.
    pub items: Vec<Item>,
    /// What it says and does not ask for.
    pub notes: Vec<Note>,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Item {
    /// What is to be done, on one line, code in backticks.
    pub text: String,
    /// How it was written.
    pub sort: Sort,
    /// Whether the section is incomplete without it.
    pub required: bool,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is to be typed for it.
    pub commands: Vec<Command>,
    /// Where it leads to: addresses, files, pictures.
    pub links: Vec<String>,
    /// The items within it.
    pub items: Vec<Self>,
}

/// How an item was written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Sort {
    /// With a box to tick.
    Box,
    /// With a number, or as a heading that calls itself a step.
    Step,
    /// As a plain point, or a row of a table.
    #[default]
    Point,
}

/// A fence of code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// What the fence calls itself: `bash`; empty where it does not.
    pub language: String,
    /// The lines in it.
    pub text: String,
    /// Its first line in the file, from 1.
    pub line: usize,
}

/// What stands there and asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its words, or its lines.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
}

impl Runbook {
    /// The title of the whole: the only heading of the first level.
    pub fn title(&self) -> Option<&str> {
        let mut tops = self.sections.iter().filter(|section| section.level == 1);
        match (tops.next(), tops.next()) {
            (Some(only), None) => Some(&only.title),
            _ => None,
        }
    }

    /// Every item, each before those within it.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        let mut left: Vec<&Item> = self.sections.iter().rev().flat_map(|section| section.items.iter().rev()).collect();
        std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.items.iter().rev());
            Some(next)
        })
    }

    /// The titles on the way to a section, its own last: without the whole document's, and without empty ones.
    pub fn path(&self, index: usize) -> Vec<&str> {
        let mut path: Vec<&str> = Vec::new();
        let mut below = u8::MAX;
        for section in self.sections.iter().take(index.saturating_add(1)).rev() {
            if section.level < below {
                below = section.level;
                let is_whole = section.level == 1 && self.title().is_some() && !path.is_empty();
                if !is_whole && !section.title.is_empty() {
                    path.push(&section.title);
                }
            }
        }
        path.reverse();
        path
    }
}
