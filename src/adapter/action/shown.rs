//! What the confirmations showed, by the keys of their acts: it is compared, or taken up, when an act is sent.
//!
//! It is known in this process only: an act that another one showed, or that nobody did, is bound to nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The newest few of what was shown.
pub(super) struct Shown<T> {
    most: usize,
    kept: Mutex<VecDeque<(String, T)>>,
}

impl<T> Shown<T> {
    /// Keeps so many.
    pub(super) fn newest(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// Keeps what was shown for the act of this key, in the place of what was shown for it before.
    pub(super) fn keep(&self, key: &str, what: T) {
        self.with(|kept| {
            kept.retain(|(known, _)| known != key);
            kept.push_back((key.to_owned(), what));
            while kept.len() > self.most {
                kept.pop_front();
            }
        });
    }

    /// What was shown for the act of this key; it is kept no longer.
    pub(super) fn take(&self, key: &str) -> Option<T> {
        self.with(|kept| {
            let place = kept.iter().position(|(known, _)| known == key)?;
            kept.remove(place).map(|(_, what)| what)
        })
    }

    /// Whether this was shown for the act of this key; `None` where nothing is known to have been.
    pub(super) fn is(&self, key: &str, now: &T) -> Option<bool>
    where
        T: PartialEq,
    {
        self.with(|kept| kept.iter().find(|(known, _)| known == key).map(|(_, shown)| shown == now))
    }

    fn with<R>(&self, work: impl FnOnce(&mut VecDeque<(String, T)>) -> R) -> R {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn the_newest_few_are_known_by_their_keys() {
        let shown = Shown::newest(2);
        for (key, what) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            shown.keep(key, what);
        }
        assert_eq!((shown.is("a", &3), shown.is("a", &1)), (Some(true), Some(false)), "the last one that was shown");
        assert_eq!(shown.is("b", &2), None, "too long ago");
        assert_eq!((shown.take("c"), shown.take("c")), (Some(4), None));
    }
}
