//! One window on the book.
//!
//! A view knows the numbers of the lines that match its filter within the part of the book that it has looked through:
//! `low..high`. [`View::search`] makes that part larger by a bounded number of lines, first towards the newest, then
//! towards the oldest, so that the screen fills from its bottom at once and no filter ever holds up a frame. What matches is
//! kept in the order of the lines' places, so a line that came late is shown where it belongs.

use std::collections::VecDeque;

use super::book::Logbook;
use super::filter::Filter;
use super::store::{LineNumber, MARK, Place};

/// Where a view stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Position {
    /// At the newest line, moving on with it.
    Following,
    /// Still, with this line at the bottom.
    At(Place),
}

/// One window on the book.
#[derive(Clone, PartialEq, Debug)]
pub struct View {
    filter: Filter,
    /// The places of the matching lines with numbers within `low..high`, ascending.
    matches: VecDeque<Place>,
    low: u64,
    high: u64,
    position: Position,
    /// Lines that were gone from the book before they could be looked at.
    missed: u64,
    begun: bool,
    /// The number of the newest matching line of each source, by the source's place in the book.
    newest: Vec<Option<u64>>,
}

impl Default for View {
    fn default() -> Self {
        Self::new(Filter::default())
    }
}

impl View {
    /// A view that follows the newest lines.
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            matches: VecDeque::new(),
            low: 0,
            high: 0,
            position: Position::Following,
            missed: 0,
            begun: false,
            newest: Vec::new(),
        }
    }

    /// What it shows.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows something else; the search begins anew at the newest line. A view that stands still stays where it is.
    pub fn set_filter(&mut self, filter: Filter) {
        if self.filter != filter {
            *self = Self { position: self.position, ..Self::new(filter) };
        }
    }

    /// Looks at up to `budget` more lines. Says whether more are left, so that the caller comes back.
    pub fn search(&mut self, book: &Logbook, budget: usize) -> bool {
        self.forget(book);
        let (store, sources) = (book.store(), self.filter.sources_of(book));
        let mut left = budget as u64;
        let (filter, sources_found) = (&self.filter, &mut self.newest);
        let mut passing = |from: u64, to: u64| -> Vec<Place> {
            let passing = store.range(from, to).filter(|(_, entry, said)| filter.passes(&sources, *entry, *said));
            let found = passing.map(|(number, entry, _)| {
                note(sources_found, entry.source, number);
                Place { at: entry.place, number: LineNumber(number) }
            });
            found.collect()
        };
        let to = book.end().0.min(self.high.saturating_add(left));
        let newer = passing(self.high, to);
        left -= to - self.high;
        let from = self.low.saturating_sub(left).max(book.first().0);
        let older = passing(from, self.low);
        for found in [newer, older] {
            merge(&mut self.matches, found);
        }
        self.high = to;
        self.low = from;
        self.low > book.first().0 || self.high < book.end().0
    }

    /// The part of the book that was looked through, as a fraction of one.
    #[expect(clippy::cast_precision_loss, reason = "a fraction for the screen")]
    pub fn progress(&self, book: &Logbook) -> f64 {
        let kept = book.end().0 - book.first().0;
        let looked = self.high.saturating_sub(self.low.max(book.first().0));
        if kept == 0 { 1.0 } else { looked as f64 / kept as f64 }
    }

    /// How many lines match, as far as was looked.
    pub fn matched(&self) -> usize {
        self.matches.len()
    }

    /// How many sources the matching lines came from.
    pub fn sources(&self) -> usize {
        self.newest.iter().flatten().filter(|newest| **newest >= self.low).count()
    }

    /// The places of the first and the last line that match.
    pub fn ends(&self) -> Option<(Place, Place)> {
        Some((*self.matches.front()?, *self.matches.back()?))
    }

    /// The place of the line before this one, among those that match.
    pub fn before(&self, place: Place) -> Option<Place> {
        let at = self.matches.partition_point(|each| *each < place);
        self.matches.get(at.checked_sub(1)?).copied()
    }

    /// The same at the same place, as if it had looked at nothing yet.
    #[must_use]
    pub fn afresh(self) -> Self {
        Self { position: self.position, ..Self::new(self.filter) }
    }

    /// Lines that the book let go before this view could look at them, because they came faster than it searched.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// How many matching lines lie below the window.
    pub fn below(&self) -> usize {
        match self.position {
            Position::Following => 0,
            Position::At(_) => self.matches.len() - self.bottom(0).map_or(0, |bottom| bottom + 1),
        }
    }

    /// The numbers of the lines to show, top to bottom, at most `rows`.
    pub fn window(&self, rows: usize) -> Vec<LineNumber> {
        let Some(bottom) = self.bottom(rows) else { return Vec::new() };
        let top = (bottom + 1).saturating_sub(rows);
        self.matches.range(top..=bottom).take(rows).map(|place| place.number).collect()
    }

    /// Stands still: what is shown stays, new lines gather below.
    pub fn pause(&mut self) {
        if let (Position::Following, Some(place)) = (self.position, self.matches.back()) {
            self.position = Position::At(*place);
        }
    }

    /// Goes to the newest line and follows again.
    pub fn follow(&mut self) {
        self.position = Position::Following;
    }

    /// Moves `lines` towards the oldest, in a window of `rows`.
    pub fn up(&mut self, lines: usize, rows: usize) {
        if let Some(bottom) = self.bottom(rows) {
            self.stand_at(bottom.saturating_sub(lines), rows);
        }
    }

    /// Moves `lines` towards the newest; past the end it follows again.
    pub fn down(&mut self, lines: usize, rows: usize) {
        if let (Position::At(_), Some(bottom)) = (self.position, self.bottom(rows)) {
            if bottom + lines >= self.matches.len() {
                self.follow();
            } else {
                self.stand_at(bottom + lines, rows);
            }
        }
    }

    /// Goes to the oldest line known to match.
    pub fn top(&mut self, rows: usize) {
        self.stand_at(0, rows);
    }

    /// Puts a line at the bottom, or the next that matches.
    pub fn go_to(&mut self, place: Place) {
        self.position = Position::At(place);
    }

    /// The place among the matches of the window's last line.
    fn bottom(&self, rows: usize) -> Option<usize> {
        let last = self.matches.len().checked_sub(1)?;
        match self.position {
            Position::Following => Some(last),
            // At the very top the window is filled from above.
            Position::At(place) => {
                let place = self.matches.partition_point(|each| *each < place);
                Some(place.max(rows.saturating_sub(1)).min(last))
            }
        }
    }

    fn stand_at(&mut self, place: usize, rows: usize) {
        let place = place.max(rows.saturating_sub(1)).min(self.matches.len().saturating_sub(1));
        if let Some(place) = self.matches.get(place) {
            self.position = Position::At(*place);
        }
    }

    /// Lets go of what the book no longer has.
    fn forget(&mut self, book: &Logbook) {
        if !self.begun {
            self.begun = true;
            (self.low, self.high) = (book.end().0, book.end().0);
        }
        let first = book.first().0;
        // Whatever is gone stands before the latest that is gone; a late line among them may still be kept.
        let old = book.store().gone().map_or(0, |gone| self.matches.partition_point(|place| place.at <= gone));
        let late: Vec<Place> = self.matches.drain(..old).filter(|place| place.number.0 >= first).collect();
        late.into_iter().rev().for_each(|place| self.matches.push_front(place));
        self.missed += first.saturating_sub(self.high);
        self.low = self.low.max(first);
        self.high = self.high.max(first);
    }
}

/// Notes that a source has a matching line of this number.
fn note(newest: &mut Vec<Option<u64>>, source: u16, number: u64) {
    if source == MARK {
        return;
    }
    let place = usize::from(source);
    if newest.len() <= place {
        newest.resize(place + 1, None);
    }
    if let Some(newest) = newest.get_mut(place) {
        *newest = (*newest).max(Some(number));
    }
}

/// Puts what was found where it belongs. Mostly it belongs at one of the ends.
fn merge(matches: &mut VecDeque<Place>, mut found: Vec<Place>) {
    found.sort();
    let (Some(first), Some(last)) = (found.first().copied(), found.last().copied()) else { return };
    if matches.back().is_none_or(|back| *back < first) {
        matches.extend(found);
        return;
    }
    let (begin, end) = (matches.partition_point(|each| *each < first), matches.partition_point(|each| *each < last));
    // What stands between the found ones is taken out and put in again among them, at the nearer end.
    if end < matches.len() - begin {
        found.extend(matches.drain(..end));
        found.sort();
        found.into_iter().rev().for_each(|place| matches.push_front(place));
    } else {
        found.extend(matches.drain(begin..));
        found.sort();
        matches.extend(found);
    }
}

#[cfg(test)]
mod tests;
