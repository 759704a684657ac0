//! The checklist pane: selecting, folding, ticking.

use super::super::{ChecklistRow, Effect, Model, Pane};

impl Model {
    /// Ticks the selected item or takes its tick back; folds or unfolds on a heading.
    pub(super) fn toggle(&mut self, out: &mut Vec<Effect>) {
        match self.checklist_selected() {
            Some(ChecklistRow::Item { item, .. }) => {
                let item = item.id.clone();
                self.tick_or_ask(item, out);
            }
            Some(ChecklistRow::Heading { folded, .. }) => self.fold(!folded),
            None => {}
        }
    }

    /// Folds the section of the selected row, which then is its heading; or unfolds it.
    pub(super) fn fold(&mut self, fold: bool) {
        let Some(slug) = self.checklist_selected().map(|row| row.section().slug.clone()) else { return };
        if fold {
            self.checklist.folded.insert(slug.clone());
        } else {
            self.checklist.folded.remove(&slug);
        }
        let heading =
            |row: &ChecklistRow<'_>| matches!(row, ChecklistRow::Heading { .. }) && row.section().slug == slug;
        if let Some(at) = self.checklist_rows().iter().position(heading).filter(|_| fold) {
            self.checklist.selected = at;
        }
        self.keep_checklist_in_view();
    }

    pub(super) fn select_row(&mut self, row: usize) {
        self.checklist.selected = row;
        self.keep_checklist_in_view();
    }

    /// The selection stays on a row, and that row on the screen.
    pub(super) fn keep_checklist_in_view(&mut self) {
        let rows = self.checklist_rows().len();
        let in_view = self.areas().page(Pane::Checklist);
        let pane = &mut self.checklist;
        pane.selected = pane.selected.min(rows.saturating_sub(1));
        pane.scroll = pane.scroll.clamp((pane.selected + 1).saturating_sub(in_view), pane.selected);
        pane.scroll = pane.scroll.min(rows.saturating_sub(in_view));
    }
}
