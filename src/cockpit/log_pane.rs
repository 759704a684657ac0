//! The log pane: the book of kept lines, one view on it, and a choice of lines.

use std::collections::BTreeMap;

use crate::domain::SourceId;
use crate::domain::log::LogSourceState;
use crate::logbook::{Filter, LineNumber, Logbook, Position, View};

/// The log pane.
#[derive(Debug, Default)]
pub struct LogPane {
    /// Every line that is kept, with the operators' marks among them.
    pub book: Logbook,
    /// What of it is shown.
    pub view: View,
    /// The state of each source, as last told.
    pub sources: BTreeMap<SourceId, LogSourceState>,
    /// Where a choice of lines begins; it ends at the cursor. `None` while nothing is chosen.
    pub anchor: Option<LineNumber>,
    /// Whether a part of the book was not searched yet.
    pub searching: bool,
}

/// How many lines one message may look at before the screen is drawn again.
const SLICE: usize = 20_000;

impl LogPane {
    /// Looks at some more lines.
    pub(super) fn search(&mut self) {
        self.searching = self.view.search(&self.book, SLICE);
    }

    /// Shows something else.
    pub(super) fn set_filter(&mut self, filter: Filter) {
        self.view.set_filter(filter);
        self.search();
    }

    /// The line that copying and attaching start from: the lowest one shown.
    pub fn cursor(&self) -> Option<LineNumber> {
        self.view.window(1).last().copied()
    }

    /// The first and the last chosen line: from the anchor to the cursor, or the cursor alone.
    pub fn chosen(&self) -> Option<(LineNumber, LineNumber)> {
        let cursor = self.cursor()?;
        let anchor = self.anchor.unwrap_or(cursor);
        Some((anchor.min(cursor), anchor.max(cursor)))
    }

    /// Whether the view stands still.
    pub fn is_paused(&self) -> bool {
        matches!(self.view.position(), Position::At(_))
    }
}
