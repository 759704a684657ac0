//! Fields as columns of the log pane: which, how wide, and what a line has in them.
//!
//! Invariant: a column only becomes wider, so that what stands right of it does not jump from line to line.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::Model;
use crate::domain::SourceId;
use crate::layout::Pane;
use crate::logbook::LineRef;

/// The widest that a column becomes.
const WIDEST: u16 = 24;
/// The widest that its heading alone makes it.
const HEADING: u16 = 10;
/// A pane with fewer rows has no headings.
const ROWS_FOR_HEADINGS: u16 = 5;
/// A pane with fewer rows does not say what its lines have in common.
const ROWS_FOR_BAR: u16 = 3;

/// What is known of the columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// Whether they are switched off.
    pub hidden: bool,
    seen: BTreeMap<String, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    cells: u16,
    is_number: bool,
}

/// One column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The field.
    pub name: String,
    /// How wide it is.
    pub cells: u16,
    /// Whether it holds numbers, which stand at its right end.
    pub is_number: bool,
}

/// What the rows inside the log pane are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRoom {
    /// Whether the first one says what the lines have in common.
    pub bar: bool,
    /// Whether the next one has the columns' headings.
    pub headings: bool,
    /// The rows that are left for lines.
    pub rows: u16,
}

/// What a line has in a column. `source` is the name of its source where it has no such field.
pub fn in_column<'a>(line: &LineRef<'a>, name: &str) -> Option<&'a str> {
    line.field(name).or_else(|| line.source.filter(|_| name == "source").map(SourceId::as_str))
}

/// What stands above a column: the last part of the field's name.
pub fn heading(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl Model {
    /// The columns of the sources that are shown, in the profile's order; none while they are switched off.
    pub fn log_columns(&self) -> Vec<Column> {
        let columns = &self.logs.columns;
        let mut shown: Vec<Column> = Vec::new();
        if columns.hidden {
            return shown;
        }
        for name in self.column_names() {
            let seen = columns.seen.get(name);
            let least = cells(heading(name)).min(HEADING);
            shown.push(Column {
                name: name.to_owned(),
                cells: seen.map_or(least, |seen| seen.cells.max(least)),
                is_number: seen.is_some_and(|seen| seen.is_number),
            });
        }
        shown
    }

    /// Lines that belong together come from anywhere, so each says from where.
    fn column_names(&self) -> Vec<&str> {
        let filter = self.logs.view.filter();
        let logs = self.flight.procedure.logs.iter().filter(|log| {
            let by_pool = filter.pools.is_empty() || log.pool.as_ref().is_some_and(|pool| filter.pools.contains(pool));
            by_pool && (filter.sources.is_empty() || filter.sources.contains(&log.id))
        });
        let mut names: Vec<&str> = Vec::new();
        if self.logs.correlation().is_some() && self.flight.procedure.logs.len() > 1 {
            names.push("source");
        }
        for name in logs.flat_map(|log| &log.columns) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// What the rows inside the log pane are for, when it has so many.
    pub fn log_room(&self, rows: u16) -> LogRoom {
        let bar = self.logs.correlation().is_some() && rows >= ROWS_FOR_BAR;
        let left = rows - u16::from(bar);
        let headings = left >= ROWS_FOR_HEADINGS && !self.logs.columns.hidden && !self.column_names().is_empty();
        LogRoom { bar, headings, rows: left - u16::from(headings) }
    }

    /// Makes the columns as wide as the lines in view want them.
    pub(super) fn measure_columns(&mut self) {
        let names: Vec<String> = self.column_names().into_iter().map(str::to_owned).collect();
        if names.is_empty() || self.logs.columns.hidden {
            return;
        }
        let rows = self.log_room(self.areas().inner(Pane::Logs).height).rows;
        let window = self.logs.view.window(usize::from(rows));
        let lines = window.into_iter().filter_map(|number| self.logs.book.line(number));
        for line in lines {
            for name in &names {
                let Some(value) = in_column(&line, name).filter(|value| !value.is_empty()) else { continue };
                let (wide, is_number) = (cells(value).min(WIDEST), value.parse::<f64>().is_ok());
                match self.logs.columns.seen.get_mut(name) {
                    Some(seen) => {
                        seen.cells = seen.cells.max(wide);
                        seen.is_number &= is_number;
                    }
                    None => {
                        self.logs.columns.seen.insert(name.clone(), Seen { cells: wide, is_number });
                    }
                }
            }
        }
    }
}

fn cells(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}
