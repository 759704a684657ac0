//! Moving about: focus, selection, scrolling.

use super::super::item_detail::item_rows;
use super::super::{Effect, Model, OverlayKind, Pane};

/// Where to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Go {
    /// By so many rows; up is negative.
    By(isize),
    /// By so many pages.
    Pages(isize),
    /// To the first.
    Top,
    /// To the last.
    Bottom,
}

impl Go {
    /// The place after this, in a list of `len` of which `page` are in view.
    pub(super) fn from(self, at: usize, page: usize, len: usize) -> usize {
        let step = |by: isize| at.saturating_add_signed(by).min(len.saturating_sub(1));
        match self {
            Self::By(by) => step(by),
            Self::Pages(by) => step(by.saturating_mul(isize::try_from(page.max(1)).unwrap_or(1))),
            Self::Top => 0,
            Self::Bottom => len.saturating_sub(1),
        }
    }
}

/// The place `by` after `at` in a ring of `len`.
pub(in crate::cockpit) fn around(at: usize, by: isize, len: usize) -> usize {
    let len = isize::try_from(len.max(1)).unwrap_or(1);
    let at = isize::try_from(at).unwrap_or(0);
    usize::try_from((at + by).rem_euclid(len)).unwrap_or(0)
}

/// The rows of a dialog that a page moves by.
const DIALOG_PAGE: usize = 10;
/// The most rows that a dialog without a count of its own is scrolled by.
const DIALOG_ROWS: usize = 200;

impl Model {
    pub(super) fn focus_by(&mut self, by: isize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.focus = Pane::ALL.get(around(at, by, Pane::ALL.len())).copied().unwrap_or(Pane::Traffic);
    }

    pub(super) fn go(&mut self, go: Go, out: &mut Vec<Effect>) {
        if self.overlay.is_some() {
            self.go_in_overlay(go);
            return;
        }
        match self.focus {
            Pane::Traffic => self.go_in_routers(go),
            Pane::Checklist => {
                let page = self.areas().page(Pane::Checklist);
                let row = go.from(self.checklist.selected, page, self.checklist_rows().len());
                self.select_row(row);
            }
            Pane::Metrics => self.go_in_charts(go, out),
            Pane::Logs => self.go_in_logs(go),
        }
    }

    /// The first row is a place of its own: what comes to stand there is what is selected.
    pub(super) fn go_in_routers(&mut self, go: Go) {
        if go == Go::Top {
            self.select_first_router();
        } else {
            self.select_router(go.from(self.router_row(), 1, self.flight.procedure.routers.len()));
        }
    }

    fn go_in_overlay(&mut self, go: Go) {
        let (found, notices) = (self.palette_entries().len(), self.notices.len());
        let checks = self.flight.procedure.checks.len();
        let approvals = self.flight.procedure.approvals.len();
        let cells = self.detail_cells();
        if matches!(self.overlay.as_ref().map(|overlay| &overlay.kind), Some(OverlayKind::Run { .. })) {
            if let Go::By(by) = go {
                self.choose_run(by > 0);
            }
            return;
        }
        if self.go_in_duty(go) {
            return;
        }
        if self.pattern_table().is_some() {
            return self.go_in_patterns(go);
        }
        let item_rows = self.item_in_full().map_or(0, |(_, item)| item_rows(item, cells).len());
        let Some(overlay) = &mut self.overlay else { return };
        let rows = match &mut overlay.kind {
            OverlayKind::Palette(palette) => {
                palette.selected = go.from(palette.selected, DIALOG_PAGE, found);
                return;
            }
            OverlayKind::Controls(super::super::Handover::OfferTo { cockpits, chosen }) => {
                *chosen = go.from(*chosen, DIALOG_PAGE, cockpits.len());
                return;
            }
            OverlayKind::Approvals(table) => {
                table.selected = go.from(table.selected, DIALOG_PAGE, approvals);
                return;
            }
            OverlayKind::Checks(table) if !table.is_open => {
                table.selected = go.from(table.selected, DIALOG_PAGE, checks);
                return;
            }
            OverlayKind::Correlate(choice) => {
                choice.selected = go.from(choice.selected, DIALOG_PAGE, choice.tally.counts().len());
                return;
            }
            OverlayKind::Line(detail) => {
                detail.row = go.from(detail.row, DIALOG_PAGE, detail.rows(cells).len());
                return;
            }
            OverlayKind::Item(detail) => {
                detail.row = go.from(detail.row, DIALOG_PAGE, item_rows);
                return;
            }
            OverlayKind::Messages => notices,
            OverlayKind::Details { lines, .. } => lines.len(),
            OverlayKind::Shift(_)
            | OverlayKind::RollBack { .. }
            | OverlayKind::Complete { .. }
            | OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Connections { .. }
            | OverlayKind::EndConnections { .. }
            | OverlayKind::CancelTask { .. }
            | OverlayKind::CancelAction { .. }
            | OverlayKind::Approve { .. }
            | OverlayKind::Ask(_)
            | OverlayKind::Help
            | OverlayKind::Reload(_)
            | OverlayKind::Look(_)
            | OverlayKind::Run { .. }
            | OverlayKind::Arm { .. }
            | OverlayKind::Duty(_)
            | OverlayKind::Controls(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Quit { .. } => DIALOG_ROWS,
        };
        // Messages are counted from the newest, at the bottom: up goes to the older ones.
        let go = match (matches!(overlay.kind, OverlayKind::Messages), go) {
            (true, Go::By(by)) => Go::By(-by),
            (true, Go::Pages(by)) => Go::Pages(-by),
            (true, Go::Top) => Go::Bottom,
            (true, Go::Bottom) => Go::Top,
            (false, go) => go,
        };
        overlay.scroll = u16::try_from(go.from(usize::from(overlay.scroll), DIALOG_PAGE, rows)).unwrap_or(u16::MAX);
    }

    pub(super) fn sideways(&mut self, by: isize, out: &mut Vec<Effect>) {
        if let Some(overlay) = &self.overlay {
            if matches!(overlay.kind, OverlayKind::RollBack { .. }) {
                self.other_way_back(out);
            } else if matches!(overlay.kind, OverlayKind::Connections { .. }) {
                self.connections_of_next(by, out);
            } else if matches!(overlay.kind, OverlayKind::Line(_)) {
                self.show_other_line(by);
            }
            return;
        }
        match self.focus {
            Pane::Traffic => self.choose_pool(by),
            Pane::Checklist => self.fold(by < 0),
            Pane::Metrics if self.charts.alone => self.move_cursor(by),
            Pane::Metrics => self.span_by(by),
            Pane::Logs => {}
        }
    }
}
