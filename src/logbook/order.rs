//! Where a line stands among the lines of all sources.
//!
//! Lines of different sources are merged by time. A source that hands its lines over in the log's own order keeps that
//! order, whatever times its lines tell: a stack trace stays together, and a line that tells an odd time stays where it was
//! written. A source whose lines come late has each placed by its own time, but not before the [`WINDOW`]: what is older
//! stands at the window's beginning, so that what was read above it stays as it was. No line stands in the future.
//!
//! Invariant: the place of a line depends on the lines before it alone, and is given once.

use crate::domain::{Elapsed, Now, Timestamp};

/// How far back a late line is placed by its time.
pub(super) const WINDOW: i64 = 15 * 60 * 1000;

/// A line that tells no time belongs to the one before it of its source when that came less than this before.
const TOGETHER_MS: u64 = 1_000;

/// What is known of the places given so far.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The latest place of all.
    newest: Option<Timestamp>,
    /// The last place of each source, and when it was given.
    last: Vec<Option<(Timestamp, Elapsed)>>,
}

/// Gives places to the lines of one batch.
pub(super) struct Row<'a> {
    order: &'a mut Order,
    source: usize,
    by_time: bool,
    now: Now,
    last: Option<(Timestamp, Elapsed)>,
}

impl Order {
    /// Places for a batch of a source.
    pub(super) fn row(&mut self, source: usize, by_time: bool, now: Now) -> Row<'_> {
        let last = self.last.get(source).copied().flatten();
        Row { order: self, source, by_time, now, last }
    }

    /// The place of what happens now.
    pub(super) fn now(&mut self, now: Now) -> Timestamp {
        let place = now.wall.max(self.floor());
        self.newest = self.newest.max(Some(place));
        place
    }

    fn floor(&self) -> Timestamp {
        self.newest.map_or(Timestamp(i64::MIN), |newest| Timestamp(newest.0.saturating_sub(WINDOW)))
    }
}

impl Row<'_> {
    /// The place of the next line, which tells this time.
    pub(super) fn place(&mut self, told: Option<Timestamp>) -> Timestamp {
        let before = self.last.map(|(place, _)| place);
        let is_together = self.last.is_some_and(|(_, when)| self.now.elapsed.0 < when.0 + TOGETHER_MS);
        let wanted = match told {
            Some(told) if self.by_time => told.min(self.now.wall),
            Some(told) => Some(told.min(self.now.wall)).max(before).unwrap_or(told),
            None if is_together => before.unwrap_or(self.now.wall),
            None => Some(self.now.wall).max(before).unwrap_or(self.now.wall),
        };
        let place = wanted.max(self.order.floor());
        self.order.newest = self.order.newest.max(Some(place));
        self.last = Some((place, self.now.elapsed));
        place
    }
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        if self.order.last.len() <= self.source {
            self.order.last.resize(self.source + 1, None);
        }
        if let Some(last) = self.order.last.get_mut(self.source) {
            *last = self.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Now {
        Now { wall: Timestamp(milliseconds), elapsed: Elapsed(milliseconds.unsigned_abs()) }
    }

    fn places(order: &mut Order, source: usize, by_time: bool, now: i64, told: &[Option<i64>]) -> Vec<i64> {
        let mut row = order.row(source, by_time, at(now));
        told.iter().map(|told| row.place(told.map(Timestamp)).0).collect()
    }

    #[test]
    fn lines_that_come_late_stand_at_their_own_time() {
        let mut order = Order::default();
        assert_eq!(
            places(&mut order, 0, true, 10_000, &[Some(9_000), Some(4_000), Some(9_500)]),
            [9_000, 4_000, 9_500]
        );
    }

    #[test]
    fn a_log_keeps_its_own_order_whatever_its_lines_tell() {
        let mut order = Order::default();
        // A trace without times, a time that goes back, one of another century, one in the future.
        let told = [Some(9_000), None, None, Some(8_999), Some(-5), Some(99_000), Some(9_900)];
        assert_eq!(places(&mut order, 0, false, 10_000, &told), [9_000, 9_000, 9_000, 9_000, 9_000, 10_000, 10_000]);
    }

    #[test]
    fn a_line_without_a_time_stands_where_it_came_when_it_is_alone() {
        let mut order = Order::default();
        assert_eq!(places(&mut order, 0, false, 10_000, &[None]), [10_000]);
        assert_eq!(places(&mut order, 0, false, 10_500, &[None]), [10_000]);
        assert_eq!(places(&mut order, 0, false, 30_000, &[None]), [30_000]);
    }

    #[test]
    fn what_is_older_than_the_window_stands_at_its_beginning() {
        let mut order = Order::default();
        let old = places(&mut order, 0, true, WINDOW * 3, &[Some(5), Some(6)]);
        assert_eq!(old, [5, 6], "nothing stood before");
        order.now(at(WINDOW * 3));
        assert_eq!(
            places(&mut order, 0, true, WINDOW * 3, &[Some(7), Some(WINDOW * 2 + 1)]),
            [WINDOW * 2, WINDOW * 2 + 1]
        );
    }

    #[test]
    fn a_clock_that_goes_back_turns_no_order() {
        let mut order = Order::default();
        assert_eq!(places(&mut order, 0, false, 60_000, &[None]), [60_000]);
        assert_eq!(places(&mut order, 0, false, 1_000, &[Some(900), None]), [60_000, 60_000]);
    }
}
