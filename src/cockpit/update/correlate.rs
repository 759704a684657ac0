//! Lines that belong together, one line in full, fields as columns: what keys do there.

use super::super::correlation::{Choice, Correlates};
use super::super::log_detail::{LogDetail, MARGIN};
use super::super::{Effect, Model, OverlayKind};
use crate::flight::Tone;
use crate::logbook::{Same, Tally, is_masked};

/// How many lines one message may count for one value before the screen is drawn again; fewer where there are several.
const SLICE: usize = 40_000;

impl Model {
    /// Shows the lines that belong to the one at the cursor, or asks by which field.
    pub(super) fn correlate_line(&mut self, out: &mut Vec<Effect>) {
        match self.correlates() {
            Correlates::By(same) => self.correlate(same),
            Correlates::ByOneOf { why, fields } => {
                let tally = Tally::new(fields, &self.logs.book);
                self.show(OverlayKind::Correlate(Box::new(Choice { why, tally, selected: 0 })));
                self.count_some();
            }
            Correlates::ByNone(why) => self.tell(Tone::Plain, why, out),
        }
    }

    fn correlate(&mut self, same: Same) {
        self.overlay = None;
        self.logs.correlate(same);
    }

    /// Enter where the field is chosen.
    pub(super) fn take_choice(&mut self) {
        let Some(OverlayKind::Correlate(choice)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else { return };
        let chosen = choice.tally.counts().get(choice.selected).map(|(same, _)| same.clone());
        match chosen {
            Some(same) => self.correlate(same),
            None => self.overlay = None,
        }
    }

    /// Counts some more lines for the choice that is open; says whether it did.
    pub(super) fn count_some(&mut self) -> bool {
        let Some(OverlayKind::Correlate(choice)) = self.overlay.as_mut().map(|overlay| &mut overlay.kind) else {
            return false;
        };
        let is_counting = choice.tally.is_counting(&self.logs.book);
        choice.tally.count(&self.logs.book, SLICE / choice.tally.counts().len().max(1));
        is_counting
    }

    /// The line at the cursor in full.
    pub(super) fn show_line(&mut self, out: &mut Vec<Effect>) {
        let detail = self
            .logs
            .cursor()
            .and_then(|number| self.logs.book.line(number))
            .map(|line| LogDetail::of(&line, self.pair_words(line)));
        match detail {
            Some(detail) => self.show(OverlayKind::Line(Box::new(detail))),
            None => self.tell(Tone::Plain, "no log line is shown", out),
        }
    }

    /// The line before or after the one that is shown in full.
    pub(super) fn show_other_line(&mut self, by: isize) {
        let before = self.logs.cursor();
        self.logs.step(by, self.log_rows());
        let number = self.logs.cursor();
        let line = number.filter(|_| number != before).and_then(|number| self.logs.book.line(number));
        if let Some(detail) = line.map(|line| LogDetail::of(&line, self.pair_words(line))) {
            self.show(OverlayKind::Line(Box::new(detail)));
        }
    }

    /// The columns of a row in which a line is shown in full.
    pub(in crate::cockpit) fn detail_cells(&self) -> usize {
        usize::from(LogDetail::inside(self.areas().all.width).saturating_sub(MARGIN))
    }

    /// Enter on a line shown in full: the lines with the same value of the chosen field; on its text, close.
    pub(super) fn correlate_detail(&mut self, out: &mut Vec<Effect>) {
        let cells = self.detail_cells();
        let Some(OverlayKind::Line(detail)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else { return };
        match detail.same(detail.chosen(cells)) {
            Some(same) if is_masked(&same.value) => {
                let why = format!("{} is masked: its values cannot be told apart", same.field);
                self.tell(Tone::Plain, why, out);
            }
            Some(same) => self.correlate(same),
            None => self.overlay = None,
        }
    }

    /// Copies the chosen lines, or of a line shown in full what is chosen.
    pub(super) fn copy(&mut self, out: &mut Vec<Effect>) {
        let cells = self.detail_cells();
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            None => self.copy_lines(out),
            Some(OverlayKind::Line(detail)) => {
                let (name, value) = detail.value(detail.chosen(cells));
                let (name, value) = (name.to_owned(), value.to_owned());
                out.push(Effect::Copy(value));
                self.tell(Tone::Plain, format!("{name} copied"), out);
            }
            Some(OverlayKind::Item(_) | OverlayKind::Duty(_)) => {
                if let Some((name, text)) = self.copied_of_item().or_else(|| self.copied_of_duty()) {
                    out.push(Effect::Copy(text));
                    self.tell(Tone::Plain, format!("{name} copied"), out);
                }
            }
            Some(_) => {}
        }
    }

    pub(super) fn toggle_columns(&mut self, out: &mut Vec<Effect>) {
        if self.flight.procedure.logs.iter().all(|log| log.columns.is_empty()) {
            self.tell(Tone::Plain, "the profile names no columns: columns in its [[log]]", out);
        } else {
            self.logs.columns.hidden = !self.logs.columns.hidden;
        }
    }
}
