//! What can be measured: a number with a unit, of one pool or of the whole service, at a time of its own.
//!
//! Charts draw measures, checks hold them against a limit, guards watch them. A measure is well known (what routers and
//! Prometheus text endpoints count) or a panel of the profile. A missing value is missing, never zero.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{PanelId, PoolId, SourceId, Timestamp};

/// One thing that is measured.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "measure", content = "panel", rename_all = "snake_case")]
pub enum Measure {
    /// Share of failed requests, as a fraction of one.
    Errors,
    /// 99th percentile of the response time, in milliseconds.
    P99,
    /// Median response time, in milliseconds.
    P50,
    /// Requests per second.
    Requests,
    /// Requests in flight.
    InFlight,
    /// A panel of the profile.
    Panel(PanelId),
}

impl Measure {
    /// The well-known ones, in the order of what they say about safety.
    pub const KNOWN: [Self; 5] = [Self::Errors, Self::P99, Self::P50, Self::Requests, Self::InFlight];

    /// As a profile names it; a panel by its own name.
    pub fn name(&self) -> &str {
        match self {
            Self::Errors => "errors",
            Self::P99 => "p99",
            Self::P50 => "p50",
            Self::Requests => "requests",
            Self::InFlight => "in-flight",
            Self::Panel(panel) => panel.as_str(),
        }
    }

    /// The well-known measure of this name.
    pub fn known(name: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|measure| measure.name() == name)
    }

    /// The unit of a well-known measure; a panel's stands in its [`PanelSpec`].
    pub fn unit(&self) -> Option<Unit> {
        match self {
            Self::Errors => Some(Unit::Percent),
            Self::P99 | Self::P50 => Some(Unit::Milliseconds),
            Self::Requests => Some(Unit::PerSecond),
            Self::InFlight => Some(Unit::Requests),
            Self::Panel(_) => None,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a value means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A plain number.
    Number,
    /// Requests.
    Requests,
    /// Events per second.
    PerSecond,
    /// A fraction of one, written as percent.
    Percent,
    /// Milliseconds.
    Milliseconds,
    /// Bytes, written with binary prefixes.
    Bytes,
    /// Any other, written after the number.
    Other(String),
}

impl Unit {
    /// What stands behind a number: `ms`, `%`, `/s`; empty for a plain number.
    pub fn symbol(&self) -> &str {
        match self {
            Self::Number => "",
            Self::Requests => "req",
            Self::PerSecond => "/s",
            Self::Percent => "%",
            Self::Milliseconds => "ms",
            Self::Bytes => "B",
            Self::Other(symbol) => symbol,
        }
    }

    /// A value with its unit, for sentences: `0.42 %`, `212 ms`, `3.1 MiB`.
    pub fn words(&self, value: f64) -> String {
        match self {
            Self::Percent => format!("{:.2} %", value * 100.0),
            Self::Bytes => bytes(value),
            Self::Number | Self::Requests | Self::PerSecond | Self::Milliseconds | Self::Other(_) => {
                let number = if value.abs() < 9.95 && value.fract() != 0.0 {
                    format!("{value:.2}")
                } else {
                    format!("{value:.0}")
                };
                let symbol = self.symbol();
                if symbol.is_empty() { number } else { format!("{number} {symbol}") }
            }
        }
    }
}

fn bytes(value: f64) -> String {
    let mut left = value;
    for prefix in ["B", "KiB", "MiB", "GiB"] {
        if left.abs() < 1024.0 {
            return if prefix == "B" { format!("{left:.0} B") } else { format!("{left:.1} {prefix}") };
        }
        left /= 1024.0;
    }
    format!("{left:.1} TiB")
}

/// One value at the time that it speaks of.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// The source's own time of the value: two looks at the same scrape have the same one (G2).
    pub at: Timestamp,
    /// The value, in the measure's unit; never NaN or infinite.
    pub value: f64,
}

/// Where a value becomes a breach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Limit {
    /// Above this.
    Above(f64),
    /// Below this.
    Below(f64),
}

impl Limit {
    /// Whether a value lies beyond it. A value at the limit does not.
    pub fn is_broken_by(self, value: f64) -> bool {
        match self {
            Self::Above(limit) => value > limit,
            Self::Below(limit) => value < limit,
        }
    }

    /// The limit itself.
    pub fn value(self) -> f64 {
        match self {
            Self::Above(limit) | Self::Below(limit) => limit,
        }
    }

    /// As it stands behind a value that keeps it: `≤ 1.00 %`.
    pub fn words(self, unit: &Unit) -> String {
        match self {
            Self::Above(limit) => format!("≤ {}", unit.words(limit)),
            Self::Below(limit) => format!("≥ {}", unit.words(limit)),
        }
    }
}

/// One panel of the profile as the core knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct PanelSpec {
    /// Its name, on the screen and for other keys.
    pub id: PanelId,
    /// The source that answers it.
    pub source: SourceId,
    /// What its values mean.
    pub unit: Unit,
    /// The pools that it has a series for each; empty where it is one series of the whole.
    pub pools: Vec<PoolId>,
    /// A limit that is drawn.
    pub limit: Option<Limit>,
    /// How often it has a new value: as often as it is asked, or as its source works one out.
    pub interval: Duration,
    /// How far back one value looks: a value of the first so long after a change still speaks of before (G4).
    pub window: Duration,
    /// Whether it has a chart; else it is there for checks and guards.
    pub is_shown: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_with_their_unit() {
        for (unit, value, words) in [
            (Unit::Percent, 0.0042, "0.42 %"),
            (Unit::Milliseconds, 212.4, "212 ms"),
            (Unit::PerSecond, 3.25, "3.25 /s"),
            (Unit::Number, 3.0, "3"),
            (Unit::Bytes, 3_250_585.6, "3.1 MiB"),
            (Unit::Bytes, 12.0, "12 B"),
            (Unit::Other("msg".to_owned()), 12.0, "12 msg"),
        ] {
            assert_eq!(unit.words(value), words);
        }
    }

    #[test]
    fn a_value_at_the_limit_keeps_it() {
        assert!(!Limit::Above(0.01).is_broken_by(0.01) && Limit::Above(0.01).is_broken_by(0.0101));
        assert!(!Limit::Below(5.0).is_broken_by(5.0) && Limit::Below(5.0).is_broken_by(4.9));
    }
}
