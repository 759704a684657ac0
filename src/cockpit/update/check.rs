//! The table of checks: evidence of one, and asking by hand.

use super::super::{Effect, Model, OverlayKind};
use crate::domain::CheckId;
use crate::flight::{Ask, Tone};

impl Model {
    /// From the table to the evidence of the chosen check; from there, or where there is none, close.
    pub(super) fn open_evidence(&mut self) {
        let has_one = self.chosen_check().is_some();
        let Some(overlay) = &mut self.overlay else { return };
        let OverlayKind::Checks(table) = &mut overlay.kind else { return };
        if table.is_open {
            table.is_open = false;
        } else if has_one {
            table.is_open = true;
        } else {
            self.overlay = None;
            return;
        }
        overlay.scroll = 0;
    }

    /// Asks the group of the chosen check; where its evidence is shown, it alone.
    pub(super) fn run_group(&mut self, out: &mut Vec<Effect>) {
        let is_open = matches!(
            self.overlay.as_ref().map(|overlay| &overlay.kind),
            Some(OverlayKind::Checks(table)) if table.is_open
        );
        let checks = if is_open {
            self.chosen_check().map(|check| check.id.clone()).into_iter().collect()
        } else {
            self.chosen_group()
        };
        self.run_checks(checks, out);
    }

    /// Asks all checks.
    pub(super) fn run_all_checks(&mut self, out: &mut Vec<Effect>) {
        let checks = self.flight.procedure.checks.iter().map(|check| check.id.clone()).collect();
        self.run_checks(checks, out);
    }

    fn run_checks(&mut self, checks: Vec<CheckId>, out: &mut Vec<Effect>) {
        if checks.is_empty() {
            self.tell(Tone::Plain, "there is no check to ask: the profile names none", out);
        } else if !self.flight.session.is_open() {
            self.tell(Tone::Warn, "the session is closed: nothing is asked any more", out);
        } else {
            self.ask(Ask::RunChecks(checks), out);
        }
    }
}
