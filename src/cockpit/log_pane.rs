//! The log pane: the book of kept lines, one view on it, and a choice of lines.

use std::collections::BTreeMap;

use super::correlation::Beneath;
use super::log_column::Columns;
use crate::domain::SourceId;
use crate::domain::log::LogSourceState;
use crate::logbook::{Filter, LineNumber, Logbook, Patterns, Place, Position, View};

/// The log pane.
#[derive(Debug, Default)]
pub struct LogPane {
    /// Every line that is kept, with the operators' marks among them.
    pub book: Logbook,
    /// What of it is shown.
    pub view: View,
    /// What errors have in common.
    pub patterns: Patterns,
    /// The state of each source, as last told.
    pub sources: BTreeMap<SourceId, LogSourceState>,
    /// Where a choice of lines begins; it ends at the cursor. `None` while nothing is chosen.
    pub anchor: Option<LineNumber>,
    /// The line that the arrows moved to; `None` while the newest line is followed.
    pub(super) place: Option<LineNumber>,
    /// Whether a part of the book was not searched yet.
    pub searching: bool,
    /// Fields as columns.
    pub columns: Columns,
    /// What was shown before the lines that belong together, last on top.
    pub(super) beneath: Vec<Beneath>,
}

/// How many lines one message may look at before the screen is drawn again.
const SLICE: usize = 20_000;

impl LogPane {
    /// Looks at some more lines.
    pub(super) fn search(&mut self) {
        self.searching = self.view.search(&self.book, SLICE);
    }

    /// Shows something else; of lines that belong together, others of them.
    pub(super) fn set_filter(&mut self, filter: Filter) {
        let same = self.correlation().cloned();
        self.view.set_filter(Filter { same, ..filter });
        self.search();
    }

    /// The line that copying, attaching and details speak of: where the arrows moved to, else the newest shown.
    pub fn cursor(&self) -> Option<LineNumber> {
        self.place.or_else(|| self.view.window(1).last().copied())
    }

    /// Moves the cursor by lines, in a window of `rows`; the window follows it. Past the newest line it follows again.
    pub(super) fn step(&mut self, by: isize, rows: usize) {
        let window = self.view.window(rows);
        let Some(last) = window.len().checked_sub(1) else { return };
        self.view.pause();
        // What the window no longer shows is taken for its nearest end.
        let index = self
            .place
            .and_then(|number| self.book.place(number))
            .map_or(last, |at| window.iter().position(|number| self.book.place(*number) >= Some(at)).unwrap_or(last));
        match index.checked_add_signed(by).and_then(|index| window.get(index)) {
            Some(number) => self.place = Some(*number),
            None if by < 0 => {
                self.view.up(by.unsigned_abs() - index, rows);
                self.place = self.view.window(rows).first().copied();
            }
            None => {
                self.view.down(by.unsigned_abs() - (window.len() - 1 - index), rows);
                self.place = if self.is_paused() { self.view.window(rows).last().copied() } else { None };
            }
        }
    }

    /// Stands still, or follows again.
    pub(super) fn pause(&mut self, pause: bool) {
        if pause {
            self.view.pause();
        } else {
            self.view.follow();
            (self.place, self.anchor) = (None, None);
        }
    }

    /// The places of the first and the last chosen line: from the anchor to the cursor, or the cursor alone.
    pub fn chosen(&self) -> Option<(Place, Place)> {
        let cursor = self.book.place(self.cursor()?)?;
        let anchor = self.anchor.and_then(|anchor| self.book.place(anchor)).unwrap_or(cursor);
        Some((anchor.min(cursor), anchor.max(cursor)))
    }

    /// Whether the view stands still.
    pub fn is_paused(&self) -> bool {
        matches!(self.view.position(), Position::At(_))
    }
}
