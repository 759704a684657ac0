//! What happened in a window of time, each at its moment, and no more of it than memory allows.

use std::collections::BTreeMap;

use crate::domain::Timestamp;

/// Things by their time; of two of the same time the one that came first stands first.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Recent<T> {
    all: BTreeMap<(Timestamp, u64), T>,
    number: u64,
    most: usize,
    /// The newest of those that were let go because there were too many.
    cut: Option<Timestamp>,
}

impl<T> Recent<T> {
    /// Keeps no more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { all: BTreeMap::new(), number: 0, most, cut: None }
    }

    /// Adds one; where there are too many, the oldest is let go and given back.
    pub(super) fn push(&mut self, at: Timestamp, thing: T) -> Option<(Timestamp, T)> {
        self.number += 1;
        self.all.insert((at, self.number), thing);
        if self.all.len() <= self.most {
            return None;
        }
        let ((at, _), thing) = self.all.pop_first()?;
        self.cut = self.cut.max(Some(at));
        Some((at, thing))
    }

    /// Takes the oldest out, where it is not later than this.
    pub(super) fn pop_until(&mut self, until: Timestamp) -> Option<(Timestamp, T)> {
        let first = self.all.first_entry().filter(|first| first.key().0 <= until)?;
        let ((at, _), thing) = first.remove_entry();
        Some((at, thing))
    }

    /// Lets go of all that are not later than this.
    pub(super) fn forget(&mut self, until: Timestamp) {
        while self.pop_until(until).is_some() {}
        self.cut = self.cut.filter(|cut| *cut > until);
    }

    /// Whether some of the window were let go because there were too many.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.all.iter().map(|((at, _), thing)| (*at, thing))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
