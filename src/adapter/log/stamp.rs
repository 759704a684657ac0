//! The time that a line tells: RFC 3339 and its looser kin, syslog, glog, access logs, and numbers since 1970.
//!
//! A time without a zone is one of this machine's, as programs that log to local files write it.

use chrono::{Datelike as _, Local, NaiveDate, NaiveDateTime, TimeZone as _, Utc};

use crate::domain::Timestamp;

/// Reads times; remembers the local zone's distance from UTC within one hour, because asking costs more than the rest.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    known: Option<(NaiveDateTime, i64)>,
    year: Option<i32>,
}

/// A calendar time as written.
#[derive(Clone, Copy)]
struct Written {
    date: NaiveDate,
    milliseconds: i64,
    /// Minutes east of UTC.
    zone: Option<i64>,
}

impl Stamps {
    /// The time at the very beginning of `text`, and how long it is with what belongs to it: brackets, `time=`.
    pub(super) fn leading(&mut self, text: &str) -> Option<(Timestamp, usize)> {
        let bytes = text.as_bytes();
        let start = match bytes.first()? {
            b'0'..=b'9' | b'A'..=b'Z' => 0,
            b'[' | b'"' => 1,
            b't' => ["time=\"", "timestamp=\"", "ts=\"", "time=", "timestamp=", "ts=", "t="]
                .iter()
                .find(|key| text.starts_with(**key))?
                .len(),
            _ => return None,
        };
        let rest = bytes.get(start..)?;
        let (written, length) = calendar(rest).or_else(|| self.syslog(rest)).or_else(|| self.glog(rest))?;
        let mut end = start + length;
        if start > 0 && matches!(bytes.get(end), Some(b']' | b'"')) {
            end += 1;
        }
        Some((self.absolute(written)?, end))
    }

    /// The time in the brackets of an access log, `[21/Nov/2026:07:37:15 +0000]`, anywhere near the beginning.
    pub(super) fn in_brackets(&mut self, text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        let near = bytes.get(..bytes.len().min(120))?;
        memchr::memchr_iter(b'[', near)
            .find_map(|at| access_log(bytes.get(at + 1..)?))
            .and_then(|written| self.absolute(written))
    }

    /// A time in a field of its own: any of the forms above, or a number.
    pub(super) fn field(&mut self, text: &str) -> Option<Timestamp> {
        match text.parse::<f64>() {
            Ok(number) => since_1970(number),
            Err(_) => self.leading(text).filter(|(_, length)| *length == text.len()).map(|(at, _)| at),
        }
    }

    fn absolute(&mut self, written: Written) -> Option<Timestamp> {
        let local = written.date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days() * 86_400_000
            + written.milliseconds;
        let zone = match written.zone {
            Some(minutes) => minutes * 60_000,
            None => self.local_zone(written)?,
        };
        Some(Timestamp(local - zone))
    }

    fn local_zone(&mut self, written: Written) -> Option<i64> {
        let hour = written.date.and_hms_opt(u32::try_from(written.milliseconds / 3_600_000).ok()?.min(23), 0, 0)?;
        if let Some((known, zone)) = self.known
            && known == hour
        {
            return Some(zone);
        }
        let zone = i64::from(Local.from_local_datetime(&hour).earliest()?.offset().local_minus_utc()) * 1000;
        self.known = Some((hour, zone));
        Some(zone)
    }

    /// `Nov 21 07:37:15`: the year is the latest in which this is not more than a day ahead.
    fn syslog(&mut self, bytes: &[u8]) -> Option<(Written, usize)> {
        let month = month(bytes.get(..3)?)?;
        let day = match bytes.get(3..6)? {
            [b' ', b' ', ones] => number(&[*ones])?,
            [b' ', rest @ ..] => number(rest)?,
            _ => return None,
        };
        let (milliseconds, length) = clock(bytes.get(7..).filter(|_| bytes.get(6) == Some(&b' '))?)?;
        Some((Written { date: self.date(month, day)?, milliseconds, zone: None }, 7 + length))
    }

    /// `W1121 07:37:15.123456`; the letter stays, it is the level.
    fn glog(&mut self, bytes: &[u8]) -> Option<(Written, usize)> {
        if !matches!(bytes.first()?, b'I' | b'W' | b'E' | b'F') || bytes.get(5) != Some(&b' ') {
            return None;
        }
        let (month, day) = (number(bytes.get(1..3)?)?, number(bytes.get(3..5)?)?);
        let (milliseconds, length) = clock(bytes.get(6..)?)?;
        Some((Written { date: self.date(month, day)?, milliseconds, zone: None }, 6 + length))
    }

    fn date(&mut self, month: u32, day: u32) -> Option<NaiveDate> {
        let today = Utc::now().date_naive();
        let year = *self.year.get_or_insert(today.year());
        let date = NaiveDate::from_ymd_opt(year, month, day)?;
        if date.signed_duration_since(today).num_days() > 1 {
            return NaiveDate::from_ymd_opt(year - 1, month, day);
        }
        // The year ends while the log is followed.
        if today.year() != year {
            self.year = None;
        }
        Some(date)
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size.
pub(super) fn since_1970(number: f64) -> Option<Timestamp> {
    let milliseconds = match number {
        seconds if (1e8..1e11).contains(&seconds) => seconds * 1e3,
        milliseconds if (1e11..1e14).contains(&milliseconds) => milliseconds,
        microseconds if (1e14..1e17).contains(&microseconds) => microseconds / 1e3,
        nanoseconds if (1e17..1e20).contains(&nanoseconds) => nanoseconds / 1e6,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14 after the match")]
    Some(Timestamp(milliseconds.round() as i64))
}

/// `2026-11-21T07:37:15.123Z`, `2026/11/21 07:37:15,123 +0100` and what lies between.
fn calendar(bytes: &[u8]) -> Option<(Written, usize)> {
    let (year, month, day) = match bytes.get(..11)? {
        [y1, y2, y3, y4, separator @ (b'-' | b'/'), m1, m2, again, d1, d2, b'T' | b't' | b' ']
            if separator == again =>
        {
            (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
        }
        _ => return None,
    };
    let (milliseconds, length) = clock(bytes.get(11..)?)?;
    let end = 11 + length;
    let (zone, length) = zone(bytes.get(end..).unwrap_or_default());
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some((Written { date, milliseconds, zone }, end + length))
}

/// `21/Nov/2026:07:37:15 +0000`.
fn access_log(bytes: &[u8]) -> Option<Written> {
    let [d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':'] = bytes.get(..12)? else { return None };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?,
        month(&[*m1, *m2, *m3])?,
        number(&[*d1, *d2])?,
    )?;
    let (milliseconds, length) = clock(bytes.get(12..)?)?;
    let (zone, _) = zone(bytes.get(12 + length..).unwrap_or_default());
    Some(Written { date, milliseconds, zone })
}

/// `07:37:15` with a fraction after `.` or `,`, in milliseconds, and its length.
fn clock(bytes: &[u8]) -> Option<(i64, usize)> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = bytes.get(..8)? else { return None };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut milliseconds = i64::from((hour * 60 + minute) * 60 + second) * 1000;
    let mut end = 8;
    if matches!(bytes.get(8), Some(b'.' | b',')) {
        let fraction = bytes.get(9..)?.iter().take_while(|byte| byte.is_ascii_digit());
        let mut worth = 100;
        let mut length = 0;
        for digit in fraction {
            milliseconds += i64::from(digit - b'0') * worth;
            worth /= 10;
            length += 1;
        }
        if length > 0 {
            end += 1 + length;
        }
    }
    Some((milliseconds, end))
}

/// `Z`, `+01:00`, ` +0100`, ` UTC`: minutes east and the length; nothing when there is none.
fn zone(bytes: &[u8]) -> (Option<i64>, usize) {
    let (rest, skipped) = match bytes {
        [b' ', rest @ ..] => (rest, 1),
        rest => (rest, 0),
    };
    let sign = |byte: u8| if byte == b'-' { -1 } else { 1 };
    let minutes = |digits: &[u8]| Some(i64::from(number(digits.get(..2)?)? * 60 + number(digits.get(2..)?)?));
    match rest {
        [b'Z' | b'z', ..] if skipped == 0 => (Some(0), 1),
        [b'U', b'T', b'C', ..] | [b'G', b'M', b'T', ..] => (Some(0), skipped + 3),
        [way @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] if minutes(&[*h1, *h2, *m1, *m2]).is_some() => {
            (minutes(&[*h1, *h2, *m1, *m2]).map(|minutes| sign(*way) * minutes), skipped + 6)
        }
        [way @ (b'+' | b'-'), h1, h2, m1, m2, ..] if minutes(&[*h1, *h2, *m1, *m2]).is_some() => {
            (minutes(&[*h1, *h2, *m1, *m2]).map(|minutes| sign(*way) * minutes), skipped + 5)
        }
        _ => (None, 0),
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

fn month(name: &[u8]) -> Option<u32> {
    let names: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    names.iter().position(|each| *each == name).and_then(|place| u32::try_from(place + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leading(text: &str) -> Option<(String, &str)> {
        Stamps::default().leading(text).map(|(at, length)| (at.to_string(), text.get(length..).expect("a boundary")))
    }

    #[test]
    fn times_with_a_zone_are_read_exactly() {
        for (text, at, rest) in [
            ("2026-11-21T07:37:15.123Z INFO x", "2026-11-21T07:37:15.123Z", " INFO x"),
            ("2026-11-21T07:37:15+01:00 x", "2026-11-21T06:37:15.000Z", " x"),
            ("2026-11-21 07:37:15.123456789 -0530 x", "2026-11-21T13:07:15.123Z", " x"),
            ("[2026/11/21 07:37:15,5 UTC] x", "2026-11-21T07:37:15.500Z", " x"),
            ("time=\"2026-11-21T07:37:15Z\" level=info", "2026-11-21T07:37:15.000Z", " level=info"),
            ("ts=2026-11-21T07:37:15Z msg=x", "2026-11-21T07:37:15.000Z", " msg=x"),
        ] {
            assert_eq!(leading(text), Some((at.to_owned(), rest)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-21T07:37:15Z",
            "2026-11-21T25:37:15Z",
            "20261121 x",
            "Now 21 07:37:15",
            "W11",
            "1.2.3.4",
        ] {
            assert_eq!(leading(text), None, "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_or_year_are_local_and_recent() {
        let now = Local::now();
        let wanted = now.timestamp() * 1000;
        for format in ["%Y-%m-%d %H:%M:%S", "%b %e %H:%M:%S", "%b %d %H:%M:%S", "I%m%d %H:%M:%S"] {
            let text = now.format(format).to_string();
            let at = Stamps::default().leading(&text).map(|(at, _)| at.0);
            assert_eq!(at, Some(wanted), "{text}");
        }
    }

    #[test]
    fn numbers_are_told_apart_by_size() {
        for text in ["1795224730.742", "1795224730742", "1795224730742000", "1795224730742000000"] {
            assert_eq!(Stamps::default().field(text), Some(Timestamp(1_795_224_730_742)), "{text}");
        }
        assert_eq!(Stamps::default().field("12"), None);
    }

    #[test]
    fn access_logs_carry_theirs_in_brackets() {
        let line = r#"10.0.0.1 - ana [21/Nov/2026:07:37:15 +0100] "GET / HTTP/1.1" 200"#;
        assert_eq!(
            Stamps::default().in_brackets(line).map(|at| at.to_string()),
            Some("2026-11-21T06:37:15.000Z".to_owned())
        );
    }
}
