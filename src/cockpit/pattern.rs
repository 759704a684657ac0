//! The table of error patterns: which rows it has, and which of them is chosen.

use super::{Model, OverlayKind};
use crate::domain::{PoolId, Timestamp};
use crate::logbook::Pattern;

/// The table of error patterns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PatternTable {
    /// The chosen pattern by its pool and template, as rows change places while they are counted; `None` for the first row.
    pub chosen: Option<(Option<PoolId>, String)>,
}

impl PatternTable {
    /// Chooses a row.
    pub(super) fn choose(&mut self, row: Option<&Pattern<'_>>) {
        self.chosen = row.map(|row| (row.pool.cloned(), row.template.to_owned()));
    }

    /// The place of the chosen row.
    pub fn place(&self, rows: &[Pattern<'_>]) -> usize {
        let is_it = |row: &Pattern<'_>| {
            self.chosen.as_ref().is_some_and(|(pool, template)| row.pool == pool.as_ref() && row.template == template)
        };
        rows.iter().position(is_it).unwrap_or(0)
    }
}

impl Model {
    /// When each change went out.
    pub(super) fn changes_went_out(&self) -> impl Iterator<Item = Timestamp> {
        self.flight.session.changes.iter().filter(|change| change.intent.is_some()).map(|change| change.at)
    }

    /// When the last change went out.
    pub fn last_went_out(&self) -> Option<Timestamp> {
        self.changes_went_out().max()
    }

    /// The error patterns: new ones since the last change first, then by how often they came.
    pub fn pattern_rows(&self) -> Vec<Pattern<'_>> {
        self.logs.patterns.rows(self.now.elapsed, self.last_went_out())
    }

    /// How many error patterns are new since the last change.
    pub fn new_patterns(&self) -> usize {
        self.logs.patterns.new_since(self.now.elapsed, self.last_went_out())
    }

    /// The open table.
    pub fn pattern_table(&self) -> Option<&PatternTable> {
        let Some(OverlayKind::Patterns(table)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else {
            return None;
        };
        Some(table)
    }
}
