//! One log line in full: a copy, so that it stays while the book lets its line go, laid out in rows of which one is chosen.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::log::Level;
use crate::domain::{PoolId, SourceId, Timestamp};
use crate::logbook::{LineRef, Same};

/// The widest that it is drawn.
const WIDEST: u16 = 100;
/// The columns that its frame and what is around it take.
const FRAME: u16 = 6;
/// The columns before a row, in which the chosen one is marked.
pub const MARGIN: u16 = 2;
/// The widest column of names; a longer name has a row of its own.
const NAMES: usize = 28;

/// One log line in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDetail {
    /// The source it came from; `None` for something that operators did.
    pub source: Option<SourceId>,
    /// The pool it belongs to, if any.
    pub pool: Option<PoolId>,
    /// The time that it tells, or else that it came.
    pub at: Timestamp,
    /// Whether the time is its own.
    pub tells_time: bool,
    /// How bad it is.
    pub level: Level,
    /// Whether it is noise.
    pub excluded: bool,
    /// What it says.
    pub text: String,
    /// Its fields, in its order.
    pub fields: Vec<(String, String)>,
    /// What it is to the pairs of the profile: their name, and how they stand.
    pub pairs: Vec<(String, String)>,
    /// The chosen row.
    pub row: usize,
}

/// What a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The text.
    Text,
    /// A field, by its place.
    Field(usize),
    /// What it is to some pairs, by their place.
    Pairs(usize),
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DetailRow<'a> {
    /// What it belongs to.
    pub part: Part,
    /// The field's name, in its first row.
    pub name: Option<&'a str>,
    /// A piece of the text or the value; `None` where a long name has the row to itself.
    pub text: Option<&'a str>,
}

impl LogDetail {
    pub(super) fn of(line: &LineRef<'_>, pairs: Vec<(String, String)>) -> Self {
        Self {
            source: line.source.cloned(),
            pool: line.pool.cloned(),
            at: line.at,
            tells_time: line.tells_time,
            level: line.level,
            excluded: line.excluded,
            text: line.text.to_owned(),
            fields: line.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            pairs,
            row: 0,
        }
    }

    /// The columns inside its frame, on a screen of so many.
    pub fn inside(columns: u16) -> u16 {
        columns.saturating_sub(FRAME).min(WIDEST)
    }

    /// The columns of the names, in rows of so many.
    pub fn names(&self, cells: usize) -> usize {
        let most = NAMES.min(cells / 3);
        self.named().map(|(_, name, _)| name.width()).filter(|wide| *wide <= most).max().unwrap_or(4)
    }

    /// Fields, and what stands below them, each with its name.
    fn named(&self) -> impl Iterator<Item = (Part, &str, &str)> {
        let fields = self.fields.iter().enumerate().map(|(place, each)| (Part::Field(place), each));
        let pairs = self.pairs.iter().enumerate().map(|(place, each)| (Part::Pairs(place), each));
        fields.chain(pairs).map(|(part, (name, value))| (part, name.as_str(), value.as_str()))
    }

    /// Text and fields in rows of so many columns; nothing is cut.
    pub fn rows(&self, cells: usize) -> Vec<DetailRow<'_>> {
        let rows_of = |part| move |text| DetailRow { part, name: None, text: Some(text) };
        let mut rows: Vec<DetailRow<'_>> = broken(&self.text, cells).into_iter().map(rows_of(Part::Text)).collect();
        let names = self.names(cells);
        for (part, name, value) in self.named() {
            if name.width() > names {
                // A name as long as the row and longer is broken like any text.
                let of_name = broken(name, cells).into_iter();
                rows.extend(of_name.map(|name| DetailRow { part, name: Some(name), text: None }));
                rows.extend(broken(value, cells.saturating_sub(names + 1)).into_iter().map(rows_of(part)));
                continue;
            }
            let mut pieces = broken(value, cells.saturating_sub(names + 1)).into_iter();
            rows.push(DetailRow { part, name: Some(name), text: pieces.next() });
            rows.extend(pieces.map(rows_of(part)));
        }
        rows
    }

    /// What the chosen row belongs to, in rows of so many columns.
    pub fn chosen(&self, cells: usize) -> Part {
        let rows = self.rows(cells);
        rows.get(self.row.min(rows.len().saturating_sub(1))).map_or(Part::Text, |row| row.part)
    }

    /// What is chosen: its name, and its whole text or value.
    pub fn value(&self, part: Part) -> (&str, &str) {
        match part {
            Part::Text => ("the text", &self.text),
            Part::Field(_) | Part::Pairs(_) => {
                let named = self.named().find(|(each, ..)| *each == part);
                named.map_or(("", ""), |(_, name, value)| (name, value))
            }
        }
    }

    /// What lines have in common with it that have the same value of a field.
    pub fn same(&self, part: Part) -> Option<Same> {
        let Part::Field(place) = part else { return None };
        let (name, value) = self.fields.get(place)?;
        (!value.is_empty()).then(|| Same { field: name.clone(), value: value.clone() })
    }
}

/// A text in pieces of so many columns: after a space where one is near, anywhere else.
pub(super) fn broken(text: &str, cells: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while rest.width() > cells {
        let (mut taken, mut end, mut space) = (0, 0, None);
        for (at, each) in rest.grapheme_indices(true) {
            let wide = each.width();
            // One character wider than the row goes alone.
            if taken + wide > cells && end > 0 {
                break;
            }
            taken += wide;
            end = at + each.len();
            if each == " " && taken * 2 > cells {
                space = Some(end);
            }
        }
        let (piece, after) = rest.split_at_checked(space.unwrap_or(end)).unwrap_or((rest, ""));
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn detail(text: &str, fields: &[(&str, &str)]) -> LogDetail {
        LogDetail {
            source: None,
            pool: None,
            at: Timestamp(0),
            tells_time: true,
            level: Level::Info,
            excluded: false,
            text: text.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            pairs: Vec::new(),
            row: 0,
        }
    }

    #[test]
    fn names_stand_in_one_column_and_values_go_on_below_themselves() {
        let long = "a.name.that.is.longer.than.a.third";
        let detail = detail("paid in time", &[("ms", "38"), ("why", "no answer from host"), (long, "1"), ("e", "")]);
        let rows = detail.rows(20);
        let shown: Vec<(Option<&str>, Option<&str>)> = rows.iter().map(|row| (row.name, row.text)).collect();
        assert_eq!(
            shown,
            [
                (None, Some("paid in time")),
                (Some("ms"), Some("38")),
                (Some("why"), Some("no answer from ")),
                (None, Some("host")),
                (Some("a.name.that.is.longe"), None),
                (Some("r.than.a.third"), None),
                (None, Some("1")),
                (Some("e"), Some("")),
            ]
        );
        let chosen = LogDetail { row: 3, ..detail.clone() };
        assert_eq!(chosen.value(chosen.chosen(20)), ("why", "no answer from host"));
        assert_eq!(detail.value(detail.chosen(20)).1, "paid in time");
        assert_eq!((detail.same(Part::Text), detail.same(Part::Field(3))), (None, None));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_narrow(text in "[a-c é支🚀]{0,40}", value in "[a-c ]{0,40}", cells in 1_usize..30) {
            let detail = detail(&text, &[("name", &value)]);
            let rows = detail.rows(cells);
            let of = |part| rows.iter().filter(|row| row.part == part).filter_map(|row| row.text).collect::<String>();
            prop_assert_eq!(of(Part::Text), text);
            prop_assert_eq!(of(Part::Field(0)), value);
        }
    }
}
