//! Time as a value. The core never asks a clock: every message carries a [`Now`].

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Wall-clock time: milliseconds since 1970-01-01 UTC. Stored as RFC 3339 with milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Time from `earlier` to this; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This time plus a span.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The clock's time of day in UTC: `14:02:11`.
    pub fn clock(self) -> String {
        self.utc().map_or_else(|| "--:--:--".to_owned(), |at| at.format("%H:%M:%S").to_string())
    }

    /// The day and time in UTC: `2026-11-21 14:02:11Z`.
    pub fn long(self) -> String {
        self.utc().map_or_else(|| "unknown time".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%SZ").to_string())
    }

    /// The day and time in milliseconds on a clock so many minutes ahead of UTC, and its zone unless that is UTC itself:
    /// `2026-11-21 15:02:11.123 +01:00`.
    pub fn written(self, ahead_minutes: i32) -> String {
        let ahead = self.0.saturating_add(i64::from(ahead_minutes) * 60_000);
        let Some(at) = DateTime::from_timestamp_millis(ahead) else { return "unknown time".to_owned() };
        let text = at.format("%Y-%m-%d %H:%M:%S%.3f");
        if ahead_minutes == 0 {
            return format!("{text}Z");
        }
        let (sign, minutes) = (if ahead_minutes < 0 { '-' } else { '+' }, ahead_minutes.abs());
        format!("{text} {sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.utc() {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|at| Self(at.timestamp_millis())).map_err(serde::de::Error::custom)
    }
}

/// Milliseconds on a clock of this process that never goes back and runs while the machine sleeps (`CLOCK_BOOTTIME`).
/// Comparable only within one process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Elapsed(pub u64);

impl Elapsed {
    /// Time from `earlier` to this; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This moment plus a span.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// The moment at which a message was taken from its queue, on both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// For what is stored and shown.
    pub wall: Timestamp,
    /// For ages, quiet times, soaks and time-outs.
    pub elapsed: Elapsed,
}

/// A span as people read it on a clock: `0:06`, `12:31`, `1:02:03`.
pub fn clock_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A span in one unit, for ages: `4s`, `3m`, `2h`.
pub fn age(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_by_the_clocks_of_a_zone() {
        let at = Timestamp(1_795_224_730_742);
        assert_eq!(at.written(0), "2026-11-21 01:32:10.742Z");
        assert_eq!(at.written(60), "2026-11-21 02:32:10.742 +01:00");
        assert_eq!(at.written(-210), "2026-11-20 22:02:10.742 -03:30");
    }

    #[test]
    fn a_timestamp_is_stored_as_rfc_3339_and_comes_back() {
        let at = Timestamp(1_795_224_730_742);
        let text = serde_json::to_string(&at).expect("a timestamp serialises");
        assert_eq!(text, "\"2026-11-21T01:32:10.742Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).expect("and is read again"), at);
    }

    #[test]
    fn spans_read_like_clocks() {
        assert_eq!(clock_span(Duration::from_secs(6)), "0:06");
        assert_eq!(clock_span(Duration::from_secs(751)), "12:31");
        assert_eq!(clock_span(Duration::from_secs(3_723)), "1:02:03");
        assert_eq!(age(Duration::from_millis(4_900)), "4s");
    }
}
