//! Waves: which routers of a change are sent to one after another (D5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RouterId;

/// In which order the routers of a change are sent to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Waves {
    /// The routers of each wave; every router of the change is in exactly one. Empty where all go at once.
    routers: Vec<Vec<RouterId>>,
    /// The pause after the last router of a wave was verified and settled, in milliseconds.
    between_ms: u64,
}

impl Waves {
    /// Waves with a pause between them. Waves without a router are left out; a single wave is all at once.
    pub fn new(mut routers: Vec<Vec<RouterId>>, between: Duration) -> Self {
        routers.retain(|wave| !wave.is_empty());
        if routers.len() < 2 {
            return Self::default();
        }
        Self { routers, between_ms: u64::try_from(between.as_millis()).unwrap_or(u64::MAX) }
    }

    /// So many routers at a time, in the order in which they are given.
    pub fn of_size(routers: &[RouterId], size: usize, between: Duration) -> Self {
        Self::new(routers.chunks(size.max(1)).map(<[RouterId]>::to_vec).collect(), between)
    }

    /// The same waves for some of the routers only.
    #[must_use]
    pub fn only(&self, is_meant: impl Fn(&RouterId) -> bool) -> Self {
        let wave = |wave: &Vec<RouterId>| wave.iter().filter(|router| is_meant(router)).cloned().collect();
        Self::new(self.routers.iter().map(wave).collect(), self.between())
    }

    /// Whether there is nothing to wait for: every router is sent to at once.
    pub fn are_all_at_once(&self) -> bool {
        self.routers.is_empty()
    }

    /// How many there are; all at once is one.
    pub fn count(&self) -> usize {
        self.routers.len().max(1)
    }

    /// The routers of each wave in order; none where all go at once.
    pub fn iter(&self) -> impl Iterator<Item = &[RouterId]> {
        self.routers.iter().map(Vec::as_slice)
    }

    /// The routers of one wave, counted from 0; none where all go at once.
    pub fn get(&self, wave: usize) -> Option<&[RouterId]> {
        self.routers.get(wave).map(Vec::as_slice)
    }

    /// What they are in a few words: `3 waves, 30 s apart`; `None` where all go at once.
    pub fn words(&self) -> Option<String> {
        if self.are_all_at_once() {
            return None;
        }
        let apart = match self.between_ms {
            0 => String::new(),
            ms if ms % 60_000 == 0 => format!(", {} min apart", ms / 60_000),
            ms if ms % 1_000 == 0 => format!(", {} s apart", ms / 1_000),
            ms => format!(", {ms} ms apart"),
        };
        Some(format!("{} waves{apart}", self.count()))
    }

    /// The pause between two waves.
    pub fn between(&self) -> Duration {
        Duration::from_millis(self.between_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routers(names: &[&str]) -> Vec<RouterId> {
        names.iter().map(|name| RouterId::from(*name)).collect()
    }

    #[test]
    fn so_many_at_a_time_keeps_the_order_and_the_rest_goes_last() {
        let waves = Waves::of_size(&routers(&["a", "b", "c", "d", "e"]), 2, Duration::from_secs(30));
        let found: Vec<_> = waves.iter().map(<[RouterId]>::to_vec).collect();
        assert_eq!(found, [routers(&["a", "b"]), routers(&["c", "d"]), routers(&["e"])]);
        assert_eq!((waves.count(), waves.between()), (3, Duration::from_secs(30)));
        assert_eq!(waves.words().as_deref(), Some("3 waves, 30 s apart"));
    }

    #[test]
    fn one_wave_is_all_at_once_and_so_are_waves_of_which_one_is_left() {
        let all = Waves::of_size(&routers(&["a", "b"]), 9, Duration::from_secs(30));
        let some =
            Waves::of_size(&routers(&["a", "b"]), 1, Duration::from_secs(30)).only(|router| router.as_str() == "b");
        for waves in [all, some] {
            assert_eq!(waves, Waves::default());
            assert!(waves.are_all_at_once() && waves.count() == 1 && waves.get(0).is_none() && waves.words().is_none());
        }
    }

    #[test]
    fn stored_waves_read_as_they_were() {
        let waves = Waves::of_size(&routers(&["a", "b"]), 1, Duration::from_millis(1_500));
        let stored = serde_json::to_string(&waves).expect("plain values");
        assert_eq!(stored, r#"{"routers":[["a"],["b"]],"between_ms":1500}"#);
        assert_eq!(serde_json::from_str::<Waves>(&stored).expect("the same form"), waves);
    }
}
