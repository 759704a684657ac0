//! Which lines were handed over already.

use std::collections::BTreeSet;

use crate::domain::Timestamp;

/// The most that are known; a few megabytes.
const MOST: usize = 100_000;

/// The lines of the last windows, by time and the system's own id as [`crate::domain::log::line_id`] has it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    lines: BTreeSet<(Timestamp, u64)>,
    /// Nothing before this is known any more.
    from: Option<Timestamp>,
}

impl Seen {
    /// Whether this line is new. It is not from then on, nor is any that nobody could tell from one that was forgotten.
    pub(super) fn is_new(&mut self, at: Timestamp, id: u64) -> bool {
        if self.from.is_some_and(|from| at < from) {
            return false;
        }
        let is_new = self.lines.insert((at, id));
        if self.lines.len() > MOST
            && let Some((oldest, _)) = self.lines.pop_first()
        {
            self.from = self.from.max(Some(Timestamp(oldest.0 + 1)));
        }
        is_new
    }

    /// Nothing before this is asked for again.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        self.lines = self.lines.split_off(&(at, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_new_once() {
        let mut seen = Seen::default();
        assert!(seen.is_new(Timestamp(5), 1) && seen.is_new(Timestamp(5), 2) && seen.is_new(Timestamp(4), 3));
        assert!(!seen.is_new(Timestamp(5), 1) && !seen.is_new(Timestamp(4), 3));
        seen.forget_before(Timestamp(5));
        assert!(!seen.is_new(Timestamp(5), 2));
    }

    #[test]
    fn what_is_known_is_bounded_and_what_was_forgotten_is_not_handed_over_twice() {
        let mut seen = Seen::default();
        for number in 0..i64::try_from(MOST).expect("small") + 10 {
            assert!(seen.is_new(Timestamp(number), 1));
        }
        assert_eq!(seen.lines.len(), MOST);
        assert!(!seen.is_new(Timestamp(3), 1));
    }
}
