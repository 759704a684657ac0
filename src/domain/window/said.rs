//! When a window changes, as people say it: `17:00 New York`, `Mon 09:00 London`, `2027-01-04 00:00 UTC`.

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};

use super::Tz;
use crate::domain::{Timestamp, clock_span};

/// A moment by the clocks of a place, with as much of the date as it takes to tell it from now.
pub fn moment(at: Timestamp, zone: Tz, now: Timestamp) -> String {
    let by_clock = |at: Timestamp| {
        let utc: Option<DateTime<Utc>> = DateTime::from_timestamp_millis(at.0);
        utc.map(|utc| zone.from_utc_datetime(&utc.naive_utc()))
    };
    let (Some(at), Some(now)) = (by_clock(at), by_clock(now)) else { return "an unknown time".to_owned() };
    let days = at.date_naive().signed_duration_since(now.date_naive()).num_days();
    let form = match days {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ => "%Y-%m-%d %H:%M",
    };
    format!("{} {}", at.format(form), city(zone))
}

/// The place that a zone is named after: `New York`.
pub fn city(zone: Tz) -> String {
    let name = zone.name();
    name.rsplit_once('/').map_or(name, |(_, city)| city).replace('_', " ")
}

/// How long it is until then: `0:42`, `3:12:00`, `2 d 3 h`.
pub fn in_words(span: Duration) -> String {
    let hours = span.as_secs() / 3_600;
    if hours < 24 { clock_span(span) } else { format!("{} d {} h", hours / 24, hours % 24) }
}
