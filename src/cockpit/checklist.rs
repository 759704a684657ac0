//! The rows of the checklist pane: headings with counts, items with who ticked them when.

use super::Model;
use crate::domain::checklist::{Item, Section};
use crate::domain::due::Standing;
use crate::session::state::Stamped;

/// One visible row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ChecklistRow<'a> {
    /// A section's heading.
    Heading {
        /// The section.
        section: &'a Section,
        /// Items that are ticked.
        ticked: usize,
        /// Whether a required item is open.
        open: bool,
        /// Whether its items are folded away.
        folded: bool,
    },
    /// An item.
    Item {
        /// Its section.
        section: &'a Section,
        /// The item.
        item: &'a Item,
        /// Who ticked it, and when.
        tick: Option<&'a Stamped<()>>,
    },
}

impl ChecklistRow<'_> {
    /// The section that it belongs to.
    pub fn section(&self) -> &Section {
        match self {
            Self::Heading { section, .. } | Self::Item { section, .. } => section,
        }
    }
}

impl Model {
    /// All rows that are not folded away, in order.
    pub fn checklist_rows(&self) -> Vec<ChecklistRow<'_>> {
        let ticks = &self.flight.session.ticks;
        let mut rows = Vec::new();
        for section in &self.flight.procedure.checklist.sections {
            let folded = self.checklist.folded.contains(&section.slug);
            rows.push(ChecklistRow::Heading {
                section,
                ticked: section.items.iter().filter(|item| ticks.contains_key(&item.id)).count(),
                open: section.items.iter().any(|item| item.required && !ticks.contains_key(&item.id)),
                folded,
            });
            if !folded {
                let items = section.items.iter();
                rows.extend(items.map(|item| ChecklistRow::Item { section, item, tick: ticks.get(&item.id) }));
            }
        }
        rows
    }

    /// Ticked items and all items.
    pub fn checklist_counts(&self) -> (usize, usize) {
        let ticks = &self.flight.session.ticks;
        let items = || self.flight.procedure.checklist.items();
        (items().filter(|item| ticks.contains_key(&item.id)).count(), items().count())
    }

    /// Items whose time has come, and those that are late.
    pub fn due_counts(&self) -> (usize, usize) {
        let flight = &self.flight;
        let (checklist, plan) = (&flight.procedure.checklist, &flight.procedure.plan);
        let mut counts = (0, 0);
        for item in checklist.due.items.keys() {
            match flight.session.standing(checklist, plan, item, self.now.wall) {
                Some(Standing::Now(_)) => counts.0 += 1,
                Some(Standing::Overdue(_)) => counts.1 += 1,
                Some(Standing::Later(_)) | None => {}
            }
        }
        counts
    }

    /// The row that is selected.
    pub fn checklist_selected(&self) -> Option<ChecklistRow<'_>> {
        self.checklist_rows().into_iter().nth(self.checklist.selected)
    }

    pub(super) fn checklist_enter(&self) -> Option<String> {
        let words = match self.checklist_selected()? {
            ChecklistRow::Heading { folded: true, .. } => "unfold",
            ChecklistRow::Heading { folded: false, .. } => "fold",
            ChecklistRow::Item { tick: Some(_), .. } => "take the tick back",
            ChecklistRow::Item { tick: None, .. } => "tick",
        };
        Some(words.to_owned())
    }
}
