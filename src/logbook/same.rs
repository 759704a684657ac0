//! Lines that belong together: those with the same value of a field, whatever their sources.
//!
//! One system calls a thing `Properties.TraceId`, another `trace_id`. A name stands for the same thing where its last part is
//! the same but for case, `_` and `-`; the value must be the same letter by letter.

use std::borrow::Cow;

use super::book::Logbook;
use super::store::{LineRef, Said};
use crate::domain::log::{fields_of, spoken};

/// One value of one field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Same {
    /// The field's name, as the line has it that it was taken from.
    pub field: String,
    /// Its value.
    pub value: String,
}

impl Same {
    /// Whether a line has it.
    pub fn is_in(&self, line: &LineRef<'_>) -> bool {
        self.holds(Said { text: line.text, fields: line.fields })
    }

    pub(super) fn holds(&self, said: Said<'_>) -> bool {
        // Hardly any line holds the value at all, so names are asked last.
        let may = said.fields.contains(&self.value) || said.text.contains(&self.value);
        may && fields_of(said.fields, said.text)
            .any(|(name, value)| value == self.value && same_name(name, &self.field))
    }
}

/// Whether two names stand for the same thing.
pub fn same_name(one: &str, other: &str) -> bool {
    let letters = |name| {
        let last = str::rsplit(name, '.').next().unwrap_or(name);
        last.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase())
    };
    letters(one).eq(letters(other))
}

/// Whether a value was masked: what is hidden behind it may differ from line to line.
pub fn is_masked(value: &str) -> bool {
    value.contains("••••") || ["‹masked›", "‹email›", "‹phone›", "‹ip›"].iter().any(|mask| value.contains(mask))
}

/// A text without the fields that it speaks of and that stand elsewhere.
pub fn without(text: &str, stands_elsewhere: impl Fn(&str, &str) -> bool) -> Cow<'_, str> {
    let mut places = Vec::new();
    let mut fields = spoken(text);
    while let Some((place, name, value)) = fields.next_place() {
        if stands_elsewhere(name, value) {
            places.push(place);
        }
    }
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut rest, mut from) = (String::with_capacity(text.len()), 0);
    for place in places {
        let before = text.get(from..place.start).unwrap_or_default();
        rest.push_str(before.strip_suffix(' ').unwrap_or(before));
        from = place.end;
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(rest.trim_start().to_owned())
}

/// How many lines have each of several values; counted in slices, from the newest line on.
#[derive(Clone, Debug)]
pub struct Tally {
    counts: Vec<(Same, u64)>,
    /// Lines before this number were not looked at yet.
    left: u64,
}

impl Tally {
    /// Nothing is counted yet.
    pub fn new(of: impl IntoIterator<Item = Same>, book: &Logbook) -> Self {
        Self { counts: of.into_iter().map(|same| (same, 0)).collect(), left: book.end().0 }
    }

    /// Looks at up to `budget` more lines. Says whether more are left.
    pub fn count(&mut self, book: &Logbook, budget: usize) -> bool {
        let from = self.left.saturating_sub(budget as u64).max(book.first().0);
        for (_, _, said) in book.store().range(from, self.left) {
            for (_, count) in self.counts.iter_mut().filter(|(same, _)| same.holds(said)) {
                *count += 1;
            }
        }
        self.left = from;
        self.is_counting(book)
    }

    /// Whether lines are left.
    pub fn is_counting(&self, book: &Logbook) -> bool {
        self.left > book.first().0
    }

    /// The values with what was counted so far.
    pub fn counts(&self) -> &[(Same, u64)] {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Now;
    use crate::domain::log::{Fields, Level, LogBatch, LogLine};

    #[test]
    fn names_stand_for_the_same_thing_by_their_last_part() {
        for (one, other, same) in [
            ("trace_id", "trace_id", true),
            ("Properties.TraceId", "trace-id", true),
            ("dd.trace_id", "otel.traceid", true),
            ("trace_id", "span_id", false),
            ("stan", "stan.raw", false),
        ] {
            assert_eq!(same_name(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn what_stands_elsewhere_is_left_out_of_the_text() {
        let of = |text| without(text, |name, value| matches!(name, "ms" | "why") && value.len() < 9);
        assert_eq!(of("paid ms=38 why=\"no one\" stan=7"), "paid stan=7");
        assert_eq!(of("ms=38 paid"), "paid");
        assert_eq!(of("paid ms=3800000000"), "paid ms=3800000000");
    }

    #[test]
    fn values_are_counted_in_slices_over_plain_and_structured_lines() {
        let line = |text: &str, fields| LogLine {
            at: None,
            level: Level::Info,
            text: text.to_owned(),
            excluded: false,
            fields,
        };
        let mut book = Logbook::default();
        let lines = vec![
            line("sent stan=0042", None),
            line("paid", Fields::of([("Properties.Stan", "0042")])),
            line("paid", Fields::of([("Properties.Rrn", "0042")])),
            line("sent stan=00421", None),
        ];
        let batch = LogBatch {
            source: "a".into(),
            pool: None,
            lines,
            ids: Vec::new(),
            dropped: 0,
            watermark: None,
            by_time: false,
        };
        book.push(&batch, Now::default());
        let same = |field: &str, value: &str| Same { field: field.to_owned(), value: value.to_owned() };
        let mut tally = Tally::new([same("stan", "0042"), same("Stan", "00421")], &book);
        assert!(tally.count(&book, 3) && tally.is_counting(&book));
        assert!(!tally.count(&book, 3));
        assert_eq!(tally.counts().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn a_masked_value_tells_nothing_apart() {
        assert!(is_masked("••••1111") && is_masked("‹email›") && !is_masked("a1"));
    }
}
