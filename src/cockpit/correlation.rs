//! Lines that belong together: which field of a line says so, and the view that shows them.
//!
//! The profile's `correlate` names the fields. A line that has one of them is taken at its word; where it has several or none,
//! the operator chooses. The view is laid over the one before it and gives it back as it was.

use super::Model;
use super::log_pane::LogPane;
use crate::domain::procedure::LogSpec;
use crate::logbook::{Filter, LineNumber, LineRef, Same, Tally, View, is_masked, same_name};

/// So many views are kept beneath the one that is shown.
const DEEPEST: usize = 8;

/// So many fields of one line are offered.
const MOST: usize = 40;

/// What was shown before lines that belong together were.
#[derive(Debug)]
pub(super) struct Beneath {
    view: View,
    place: Option<LineNumber>,
    anchor: Option<LineNumber>,
}

/// The field is being chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Why there is something to choose.
    pub why: String,
    /// The fields of the line, with how many lines have the same value.
    pub tally: Tally,
    /// The chosen one.
    pub selected: usize,
}

/// What could be asked of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Correlates {
    /// One field, by the profile.
    By(Same),
    /// Several, to choose from.
    ByOneOf {
        /// Why there is something to choose.
        why: String,
        /// The fields.
        fields: Vec<Same>,
    },
    /// None, and why.
    ByNone(String),
}

impl LogPane {
    /// What the lines that are shown have in common, where only such are.
    pub fn correlation(&self) -> Option<&Same> {
        self.view.filter().same.as_ref()
    }

    /// Shows the lines that have this in common.
    pub(super) fn correlate(&mut self, same: Same) {
        if self.beneath.len() < DEEPEST {
            let view = self.view.clone();
            self.beneath.push(Beneath { view, place: self.place, anchor: self.anchor });
        }
        (self.place, self.anchor) = (None, None);
        self.view = View::new(Filter::of_same(same));
        self.search();
    }

    /// Shows what was shown before, where it was; says whether there was anything.
    pub(super) fn leave_correlation(&mut self) -> bool {
        let Some(beneath) = self.beneath.pop() else { return false };
        self.view = beneath.view.afresh();
        (self.place, self.anchor) = (beneath.place, beneath.anchor);
        self.search();
        true
    }
}

impl Model {
    /// What could be asked of the line at the cursor.
    pub fn correlates(&self) -> Correlates {
        match self.logs.cursor().and_then(|number| self.logs.book.line(number)) {
            None => Correlates::ByNone("no log line is shown".to_owned()),
            Some(line) => self.correlates_by(&line),
        }
    }

    fn correlates_by(&self, line: &LineRef<'_>) -> Correlates {
        if line.is_mark() {
            return Correlates::ByNone("this is what an operator did, no log line: it has no fields".to_owned());
        }
        let wished = self.names_to_correlate(line);
        let shown = self.logs.correlation();
        let mut masked = None;
        let mut fields: Vec<Same> = Vec::new();
        for (name, value) in line.fields().filter(|(_, value)| !value.is_empty()) {
            let same = Same { field: name.to_owned(), value: value.to_owned() };
            if is_masked(value) {
                masked = masked.or_else(|| wished.iter().any(|each| same_name(each, name)).then(|| name.to_owned()));
            } else if shown.is_none_or(|shown| shown.value != value || !same_name(&shown.field, name)) {
                fields.push(same);
            }
        }
        let wanted = |name: &&str| fields.iter().find(|same| same_name(name, &same.field)).cloned();
        let mut named: Vec<Same> = Vec::new();
        for same in wished.iter().filter_map(wanted) {
            if !named.contains(&same) {
                named.push(same);
            }
        }
        let list = wished.join(", ");
        let why = match (named.len(), shown, masked) {
            (1, _, _) => return Correlates::By(named.swap_remove(0)),
            (2.., _, _) => return Correlates::ByOneOf { why: format!("The profile names {list}."), fields: named },
            (_, Some(shown), _) => format!("{} is shown already.", shown.field),
            (_, None, Some(name)) => format!("{name} is masked: its values cannot be told apart."),
            (_, None, None) if wished.is_empty() => "The profile names no field: correlate in its [[log]].".to_owned(),
            (_, None, None) => format!("This line has none that the profile names: {list}."),
        };
        if fields.is_empty() {
            let none = "this line has no other field: it is no JSON line, and nothing in it reads name=value";
            return Correlates::ByNone(none.to_owned());
        }
        fields.truncate(MOST);
        Correlates::ByOneOf { why, fields }
    }

    /// The names that the profile gives for the line's own source, then for the others.
    fn names_to_correlate(&self, line: &LineRef<'_>) -> Vec<&str> {
        let logs = &self.flight.procedure.logs;
        let is_own = |log: &&LogSpec| line.source == Some(&log.id);
        let in_order = logs.iter().filter(is_own).chain(logs.iter().filter(|log| !is_own(log)));
        let mut names: Vec<&str> = Vec::new();
        for name in in_order.flat_map(|log| &log.correlate) {
            if !names.iter().any(|known| same_name(known, name)) {
                names.push(name);
            }
        }
        names
    }
}
