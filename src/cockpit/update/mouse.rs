//! The mouse: clicks focus, select, fold and draft; the wheel scrolls. Nothing here confirms or sends (F2).

use super::super::{ChecklistRow, Effect, Model, Pane};
use super::navigate::Go;
use crate::domain::BasisPoints;
use crate::layout::HitOn;

impl Model {
    pub(super) fn click(&mut self, column: u16, row: u16, out: &mut Vec<Effect>) {
        if self.overlay.is_some() {
            return;
        }
        let Some(hit) = self.areas().hit(column, row) else { return };
        let was = self.focus;
        self.focus = hit.pane;
        match hit.on {
            HitOn::Router(row) => self.select_router(row),
            // A bar shows the first pool at its left end. The click that brought the focus here drafts nothing.
            HitOn::Bar(points) if was == Pane::Traffic => {
                let base = self.live().and_then(|live| live.nearest_weights());
                let first = self.flight.procedure.pool_ids().next().cloned();
                if let (Some(base), Some(first)) = (base, first) {
                    let whole = BasisPoints(points.0.saturating_add(50) / 100 * 100);
                    self.take_draft(&base, &first, whole, String::new());
                }
            }
            HitOn::Bar(_) | HitOn::Pane | HitOn::Tab | HitOn::Plan { .. } => {}
        }
        if let (Pane::Metrics, HitOn::Pane, Some(row)) = (hit.pane, hit.on, hit.row) {
            self.click_chart(row);
        }
        if let (Pane::Checklist, Some(row)) = (hit.pane, hit.row) {
            let at = self.checklist.scroll + usize::from(row);
            if at < self.checklist_rows().len() {
                self.select_row(at);
                if matches!(self.checklist_selected(), Some(ChecklistRow::Heading { .. })) {
                    self.toggle(out);
                }
            }
        }
    }

    pub(super) fn wheel(&mut self, column: u16, row: u16, lines: i32) {
        let by = isize::try_from(lines).unwrap_or(0);
        if self.overlay.is_some() {
            self.go(Go::By(by), &mut Vec::new());
            return;
        }
        match self.areas().hit(column, row).map(|hit| hit.pane) {
            Some(Pane::Logs) => self.go_in_logs(Go::By(by)),
            Some(Pane::Checklist) => {
                let rows = self.checklist_rows().len();
                let row = Go::By(by).from(self.checklist.selected, 1, rows);
                self.select_row(row);
            }
            Some(Pane::Traffic) => {
                self.go_in_routers(Go::By(by));
            }
            Some(Pane::Metrics) => self.go_in_charts(Go::By(by.signum()), &mut Vec::new()),
            None => {}
        }
    }
}
