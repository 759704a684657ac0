//! How a window is written: `9-17 America/New_York, Mon-Fri`, `02:00-06:00 UTC`, `Sat, Sun`, `2026-12-20 to 2027-01-03`.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};

use super::{DAY, Days, Span, Tz, Weekly};

/// When, and by which clocks where that is said with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// At least one.
    pub spans: Vec<Span>,
    /// The zone.
    pub zone: Option<Tz>,
}

/// Why a text says no time, as a fragment that reads after what it is about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadWhen {
    /// There is nothing in it.
    #[error("names no day, no hours and no dates")]
    Nothing,
    /// A part of it is nothing that is known.
    #[error("holds `{0}`, which is no day, no hours, no date and no zone")]
    Word(String),
    /// It has the form of a zone, and there is none of that name.
    #[error("names the zone `{0}`, which is not in the time zone database")]
    Zone(String),
    /// A short name says nothing of summer, or more than one thing.
    #[error("names the zone `{0}`, which does not say whose summer time it follows")]
    ShortZone(String),
    /// It names more than one.
    #[error("names two zones, {0} and {1}")]
    TwoZones(Tz, Tz),
    /// Hours that are not on a clock.
    #[error("holds `{0}`, which are no hours of a day")]
    Hours(String),
    /// They begin when they end.
    #[error("holds `{0}`, which ends when it begins")]
    NoHours(String),
    /// A date that is in no calendar.
    #[error("holds `{0}`, which is no date")]
    Date(String),
    /// Dates go from one to another.
    #[error("does not go from one date to another")]
    OneDate,
    /// They are the wrong way round.
    #[error("ends before it begins")]
    Backwards,
    /// Dates are no part of a week.
    #[error("holds dates and parts of a week at once")]
    Mixed,
}

impl FromStr for When {
    type Err = BadWhen;

    fn from_str(text: &str) -> Result<Self, BadWhen> {
        let text = text.replace("..", " to ");
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
        let (mut zone, mut days, mut hours, mut dates) = (None, None, Vec::new(), Dates::default());
        for word in words {
            if let Some((from, to)) = day_range(word) {
                days = Some(days.unwrap_or(Days::NONE).with(from, to));
            } else if is_date(word) {
                dates.day(word)?;
            } else if word == "to" && !dates.found.is_empty() {
                dates.goes_on = true;
            } else if dates.wants_a_time()
                && let Some(minute) = minute(word)
            {
                dates.time(minute);
            } else if let Some((from, to)) = word.split_once('-').filter(|_| starts_with_digit(word)) {
                hours.push(self::hours(word, from, to)?);
            } else if starts_with_digit(word) {
                return Err(BadWhen::Hours(word.to_owned()));
            } else {
                let found = self::zone(word)?;
                if let Some(other) = zone.replace(found).filter(|other| *other != found) {
                    return Err(BadWhen::TwoZones(other, found));
                }
            }
        }
        let spans = match (dates.found.is_empty(), days, hours.is_empty()) {
            (true, None, true) => return Err(BadWhen::Nothing),
            (true, days, false) => weekly(days.unwrap_or(Days::ALL), &hours),
            (true, Some(days), true) => weekly(days, &[(0, 1_440)]),
            (false, None, true) => vec![dates.span()?],
            (false, _, _) => return Err(BadWhen::Mixed),
        };
        Ok(Self { spans, zone })
    }
}

fn weekly(days: Days, hours: &[(u16, u16)]) -> Vec<Span> {
    hours.iter().map(|(from, to)| Span::Weekly(Weekly { days, from: *from, to: *to })).collect()
}

/// Dates as they are met.
#[derive(Default)]
struct Dates {
    /// The second at which each begins, and the minute of it that was named.
    found: Vec<(i64, Option<u16>)>,
    /// Whether `to` stood between them.
    goes_on: bool,
}

impl Dates {
    fn day(&mut self, word: &str) -> Result<(), BadWhen> {
        let date = NaiveDate::from_str(word).map_err(|_not_one| BadWhen::Date(word.to_owned()))?;
        let (date, minute) = (date.and_time(NaiveTime::MIN).and_utc().timestamp(), None);
        self.found.push((date, minute));
        Ok(())
    }

    fn wants_a_time(&self) -> bool {
        self.found.last().is_some_and(|(_, minute)| minute.is_none())
    }

    fn time(&mut self, minute: u16) {
        if let Some((_, named)) = self.found.last_mut() {
            *named = Some(minute);
        }
    }

    /// A last date without a time belongs to it.
    fn span(&self) -> Result<Span, BadWhen> {
        let &[(from, start), (to, end)] = self.found.as_slice() else { return Err(BadWhen::OneDate) };
        if !self.goes_on {
            return Err(BadWhen::OneDate);
        }
        let from = from + start.map_or(0, |minute| i64::from(minute) * 60);
        let to = to + end.map_or(DAY, |minute| i64::from(minute) * 60);
        if to <= from { Err(BadWhen::Backwards) } else { Ok(Span::Dates { from, to }) }
    }
}

/// A zone by its name in the time zone database: a place, or UTC. What is short, like EST, is none: it says nothing of
/// summer.
///
/// # Errors
/// Why it is none.
pub fn zone(name: &str) -> Result<Tz, BadWhen> {
    let is_named = name == "UTC" || name.contains('/');
    match Tz::from_str(name) {
        Ok(zone) if is_named => Ok(zone),
        Ok(_) => Err(BadWhen::ShortZone(name.to_owned())),
        Err(_) if name.contains('/') => Err(BadWhen::Zone(name.to_owned())),
        Err(_) if name.len() <= 5 && name.len() > 2 && name.chars().all(|c| c.is_ascii_uppercase()) => {
            Err(BadWhen::ShortZone(name.to_owned()))
        }
        Err(_) => Err(BadWhen::Word(name.to_owned())),
    }
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a word has the form of a date: `2026-12-20`.
fn is_date(word: &str) -> bool {
    starts_with_digit(word) && word.matches('-').count() == 2
}

/// `Mon`, `Monday`, `Mon-Fri`, counted from Monday as 0.
fn day_range(word: &str) -> Option<(u8, u8)> {
    match word.split_once('-') {
        Some((from, to)) => Some((day(from)?, day(to)?)),
        None => day(word).map(|day| (day, day)),
    }
}

fn day(word: &str) -> Option<u8> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let lower = word.to_ascii_lowercase();
    let fits = |day: &&str| lower.len() >= 3 && day.starts_with(&lower);
    DAYS.iter().position(fits).and_then(|place| u8::try_from(place).ok())
}

fn hours(word: &str, from: &str, to: &str) -> Result<(u16, u16), BadWhen> {
    let (Some(from), Some(to)) = (minute(from).filter(|from| *from < 1_440), minute(to)) else {
        return Err(BadWhen::Hours(word.to_owned()));
    };
    if from == to {
        return Err(BadWhen::NoHours(word.to_owned()));
    }
    Ok((from, to))
}

/// A time of day in minutes: `9`, `09:30`, `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, "00"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) || !(1..=2).contains(&hour.len()) || minute.len() != 2 {
        return None;
    }
    let minutes = hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok().filter(|minute| *minute < 60)?;
    (minutes <= 1_440).then_some(minutes)
}
