//! Error patterns: counted as lines come, looked at as a table, and shown line by line.

use super::super::{Effect, Model, OverlayKind, Pane};
use super::navigate::Go;
use crate::domain::Timestamp;
use crate::domain::log::LogBatch;
use crate::flight::Tone;

/// The rows that a page moves by.
const PAGE: usize = 10;

impl Model {
    /// Counts the errors of a batch.
    pub(super) fn group_errors(&mut self, batch: &LogBatch) {
        let changes: Vec<Timestamp> = self.changes_went_out().collect();
        self.logs.patterns.obey(&self.flight.procedure);
        self.logs.patterns.push(batch, self.now, &changes);
    }

    /// Moves the choice in the table.
    pub(super) fn go_in_patterns(&mut self, go: Go) {
        let Some(mut table) = self.pattern_table().cloned() else { return };
        let rows = self.pattern_rows();
        let to = go.from(table.place(&rows), PAGE, rows.len());
        table.choose(rows.get(to));
        if let Some(overlay) = &mut self.overlay {
            overlay.kind = OverlayKind::Patterns(table);
        }
    }

    /// Shows the lines of the chosen pattern; where there is none, closes the table.
    pub(super) fn show_pattern(&mut self, out: &mut Vec<Effect>) {
        let Some(table) = self.pattern_table() else { return };
        let rows = self.pattern_rows();
        let filter = rows.get(table.place(&rows)).map(|row| row.filter(self.logs.view.filter()));
        self.overlay = None;
        match filter {
            Some(Ok(filter)) => {
                self.logs.set_filter(filter);
                self.logs.pause(false);
                self.focus = Pane::Logs;
                self.tell(Tone::Plain, "the logs show that pattern alone; / filters them anew", out);
            }
            Some(Err(why)) => self.tell(Tone::Warn, format!("the logs cannot be filtered to it: {why}"), out),
            None => {}
        }
    }
}
