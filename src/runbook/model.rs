//! What a runbook holds.

use crate::domain::checklist::{Command, Link};

/// A runbook, in its own order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Runbook {
    /// Its headings, each with what stands directly below it; what stands before the first has a section without a title.
    pub sections: Vec<Section>,
}

/// One heading.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// How deep it stands: 1 to 6 are headings, 7 is a line in bold that heads what follows, 8 and more are headings
    /// within a fence.
    pub level: u8,
    /// Its words; empty for what stands before the first heading.
    pub title: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The heading that it stands below.
    pub parent: Option<usize>,
    /// Whether its plain points are things to do.
    pub is_procedure: bool,
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
    /// What it is known by: its text, and of a box the commands in it.
    pub key: String,
    /// How it was written.
    pub sort: Sort,
    /// Whether the section is incomplete without it.
    pub required: bool,
    /// Who does it, where a table says so.
    pub role: Option<String>,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is to be typed for it.
    pub commands: Vec<Command>,
    /// Where it leads to: addresses, files, pictures.
    pub links: Vec<Link>,
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

/// What stands there and asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its words, or its lines.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// Whether it is a comment or settings of the file, which no reader of the runbook sees.
    pub is_hidden: bool,
}

impl Runbook {
    /// The title of the whole: the only heading of the first level.
    pub fn title(&self) -> Option<&str> {
        self.whole().map(|(_, section)| section.title.as_str())
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

    /// The titles on the way to each section, its own last: without the whole document's, and without empty ones.
    pub fn paths(&self) -> Vec<Vec<&str>> {
        let whole = self.whole().map(|(index, _)| index);
        let each = self.sections.iter().enumerate().map(|(index, section)| {
            let mut path = vec![section.title.as_str()];
            let mut above = section.parent;
            // A heading stands below at most as many as there are levels.
            while let Some((at, parent)) = above.and_then(|at| Some((at, self.sections.get(at)?))) {
                if whole != Some(at) {
                    path.push(&parent.title);
                }
                above = parent.parent.filter(|further| *further < at);
            }
            debug_assert!(section.parent.is_none_or(|parent| parent < index));
            path.retain(|title| !title.is_empty());
            path.reverse();
            path
        });
        each.collect()
    }

    fn whole(&self) -> Option<(usize, &Section)> {
        let mut tops = self.sections.iter().enumerate().filter(|(_, section)| section.level == 1);
        let only = tops.next()?;
        tops.next().is_none().then_some(only)
    }
}
