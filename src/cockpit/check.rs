//! The table of checks: which rows it has, which of them is chosen, what is asked by hand.

use super::{Model, OverlayKind};
use crate::domain::CheckId;
use crate::domain::check::CheckSpec;
use crate::flight::check::Totals;

/// The table of checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CheckTable {
    /// The chosen check, among all of them in the table's order.
    pub selected: usize,
    /// Whether its evidence is shown in place of the table.
    pub is_open: bool,
}

/// One row of the table.
#[derive(Clone, PartialEq, Debug)]
pub enum CheckRow<'m> {
    /// A group with its totals; no name for checks that stand in none.
    Group {
        /// Its name.
        name: Option<&'m str>,
        /// How its checks stand.
        totals: Totals,
    },
    /// A check.
    Check(&'m CheckSpec),
}

impl Model {
    /// The rows: groups in the order in which the profile first names them, checks in none of them last.
    pub fn check_rows(&self) -> Vec<CheckRow<'_>> {
        let checks = &self.flight.procedure.checks;
        let mut names: Vec<Option<&str>> = Vec::new();
        for group in checks.iter().map(|check| check.group.as_deref()) {
            if !names.contains(&group) {
                names.push(group);
            }
        }
        names.sort_by_key(Option::is_none);
        let mut rows = Vec::new();
        for name in names {
            let of_group: Vec<&CheckSpec> = checks.iter().filter(|check| check.group.as_deref() == name).collect();
            let mut totals = self.flight.check_totals(name, self.now.elapsed);
            if name.is_none() {
                totals = self.flight.totals_of(of_group.iter().copied(), self.now.elapsed);
            }
            rows.push(CheckRow::Group { name, totals });
            rows.extend(of_group.into_iter().map(CheckRow::Check));
        }
        rows
    }

    /// The checks in the table's order.
    pub fn checks_in_order(&self) -> Vec<&CheckSpec> {
        let of = |row| match row {
            CheckRow::Check(check) => Some(check),
            CheckRow::Group { .. } => None,
        };
        self.check_rows().into_iter().filter_map(of).collect()
    }

    /// The chosen check of the open table.
    pub fn chosen_check(&self) -> Option<&CheckSpec> {
        let Some(OverlayKind::Checks(table)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else { return None };
        self.checks_in_order().into_iter().nth(table.selected)
    }

    /// The checks of the chosen one's group; itself alone where it stands in none.
    pub fn chosen_group(&self) -> Vec<CheckId> {
        let Some(chosen) = self.chosen_check() else { return Vec::new() };
        match &chosen.group {
            Some(group) => self.flight.procedure.group(group).map(|check| check.id.clone()).collect(),
            None => vec![chosen.id.clone()],
        }
    }
}
