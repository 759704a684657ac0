//! Worked examples in several zones, and a scan minute by minute by a calendar that is not ours.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc, Weekday};
use proptest::prelude::*;

use super::{During, StepKind, Tz, When, WindowRule, WindowSpec, in_words, moment};
use crate::domain::Timestamp;

fn window(when: &str) -> WindowSpec {
    let When { spans, zone } = when.parse().expect("the example is well written");
    WindowSpec {
        id: "window".into(),
        rule: WindowRule::Allow,
        spans,
        zone: zone.expect("the example names its zone"),
        steps: StepKind::ALL.to_vec(),
        during: During::Finish,
    }
}

/// A moment in UTC: `2026-03-08 06:59`.
fn utc(text: &str) -> Timestamp {
    let form = if text.matches(':').count() == 2 { "%Y-%m-%d %H:%M:%S%.f" } else { "%Y-%m-%d %H:%M" };
    Timestamp(NaiveDateTime::parse_from_str(text, form).expect("a date and a time").and_utc().timestamp_millis())
}

/// The next changes after a moment, as `open 2026-…` or `shut 2026-…` in UTC.
fn changes(window: &WindowSpec, after: &str, count: usize) -> Vec<String> {
    let mut at = utc(after);
    let mut found = Vec::new();
    while found.len() < count {
        let Some(next) = window.next_change(at) else {
            found.push("never".to_owned());
            break;
        };
        let word = if window.is_within(next) { "open" } else { "shut" };
        let when = DateTime::<Utc>::from_timestamp_millis(next.0).expect("a moment");
        found.push(format!("{word} {}", when.format("%m-%d %H:%M")));
        at = next;
    }
    found
}

#[test]
fn office_hours_in_new_york_follow_its_summer_time() {
    let office = window("9-17 America/New_York, Mon-Fri");
    // The clocks go forward on Sunday, 8 March 2026.
    assert_eq!(
        changes(&office, "2026-03-06 12:00", 4),
        ["open 03-06 14:00", "shut 03-06 22:00", "open 03-09 13:00", "shut 03-09 21:00"]
    );
    // And back on Sunday, 1 November.
    assert_eq!(
        changes(&office, "2026-10-30 12:00", 4),
        ["open 10-30 13:00", "shut 10-30 21:00", "open 11-02 14:00", "shut 11-02 22:00"]
    );
}

#[test]
fn the_start_belongs_to_it_and_the_end_does_not() {
    let office = window("9-17 America/New_York, Mon-Fri");
    let is = |at: &str| office.is_within(utc(at));
    assert_eq!([is("2026-11-20 13:59:59.999"), is("2026-11-20 14:00:00.000")], [false, true]);
    assert_eq!([is("2026-11-20 21:59:59.999"), is("2026-11-20 22:00:00.000")], [true, false]);
    assert_eq!(office.next_change(utc("2026-11-20 21:59:59.999")), Some(utc("2026-11-20 22:00")));
    let opens = office.next_change(utc("2026-11-20 22:00:00.000"));
    assert_eq!(opens, Some(utc("2026-11-23 14:00")), "a border is not a change after itself");
}

#[test]
fn what_lies_in_the_hour_that_is_left_out_does_not_happen() {
    // In London 01:00 to 02:00 of 29 March 2026 is not on any clock.
    let within = window("01:15-01:45 Europe/London");
    assert_eq!(
        changes(&within, "2026-03-28 00:00", 4),
        ["open 03-28 01:15", "shut 03-28 01:45", "open 03-30 00:15", "shut 03-30 00:45"]
    );
    let into = window("01:30-04:00 Europe/London, Sun");
    assert_eq!(changes(&into, "2026-03-29 00:00", 2), ["open 03-29 01:00", "shut 03-29 03:00"], "begins with the jump");
    let out_of = window("00:30-01:30 Europe/London, Sun");
    assert_eq!(changes(&out_of, "2026-03-29 00:00", 2), ["open 03-29 00:30", "shut 03-29 01:00"], "ends with the jump");
}

#[test]
fn what_a_clock_shows_twice_happens_twice() {
    // In London 01:00 to 02:00 of 25 October 2026 is shown twice.
    let within = window("01:15-01:45 Europe/London, Sun");
    assert_eq!(
        changes(&within, "2026-10-25 00:00", 4),
        ["open 10-25 00:15", "shut 10-25 00:45", "open 10-25 01:15", "shut 10-25 01:45"]
    );
    let over = window("00:30-01:30 Europe/London, Sun");
    assert_eq!(
        changes(&over, "2026-10-24 22:00", 4),
        ["open 10-24 23:30", "shut 10-25 00:30", "open 10-25 01:00", "shut 10-25 01:30"],
        "the clocks going back open it again"
    );
    let around = window("00:30-03:00 Europe/London, Sun");
    assert_eq!(changes(&around, "2026-10-24 22:00", 2), ["open 10-24 23:30", "shut 10-25 03:00"], "an hour longer");
}

#[test]
fn clocks_may_change_by_half_an_hour_or_at_midnight() {
    // Lord Howe Island goes from 02:00 to 02:30 on 4 October 2026, and back on 5 April.
    let howe = window("02:15-03:00 Australia/Lord_Howe, Sun");
    assert_eq!(changes(&howe, "2026-10-03 12:00", 2), ["open 10-03 15:30", "shut 10-03 16:00"]);
    let back = window("01:45-02:15 Australia/Lord_Howe, Sun");
    assert_eq!(
        changes(&back, "2026-04-04 12:00", 4),
        ["open 04-04 14:45", "shut 04-04 15:00", "open 04-04 15:15", "shut 04-04 15:45"],
        "the quarter of an hour before two is shown twice"
    );
    // Cairo has no midnight on 24 April 2026.
    let cairo = window("Fri Africa/Cairo");
    assert_eq!(changes(&cairo, "2026-04-23 12:00", 2), ["open 04-23 22:00", "shut 04-24 21:00"], "a day of 23 hours");
}

#[test]
fn spans_go_over_midnight_and_whole_days_join() {
    let night = window("22:00-06:00 UTC, Mon-Thu");
    assert_eq!(
        changes(&night, "2026-11-18 23:00", 4),
        ["shut 11-19 06:00", "open 11-19 22:00", "shut 11-20 06:00", "open 11-23 22:00"],
        "Friday belongs to Thursday's night, and has none of its own"
    );
    let weekend = window("Fri-Sat Asia/Kolkata");
    assert_eq!(changes(&weekend, "2026-11-18 00:00", 2), ["open 11-19 18:30", "shut 11-21 18:30"], "no border between");
    assert_eq!(changes(&window("00:00-24:00 UTC"), "2026-11-18 00:00", 1), ["never"]);
    assert!(window("00:00-24:00 America/New_York").is_within(utc("2026-11-01 05:30")));
    let over_sunday = window("Sat-Mon UTC");
    assert_eq!(changes(&over_sunday, "2026-11-18 00:00", 2), ["open 11-21 00:00", "shut 11-24 00:00"]);
    assert_eq!(changes(&window("22-24 UTC"), "2026-11-18 00:00", 2), ["open 11-18 22:00", "shut 11-19 00:00"]);
}

#[test]
fn a_freeze_goes_from_a_date_to_the_end_of_another() {
    let days = window("2026-12-20 to 2027-01-03 Europe/London");
    assert_eq!(changes(&days, "2026-01-01 00:00", 3), ["open 12-20 00:00", "shut 01-04 00:00", "never"]);
    let times = window("2026-12-20 18:00 .. 2027-01-04 08:00 America/New_York");
    assert_eq!(changes(&times, "2026-12-20 00:00", 3), ["open 12-20 23:00", "shut 01-04 13:00", "never"]);
    // A month of which the hours that lie within say nothing.
    let both = WindowSpec { spans: [days.spans.clone(), window("9-17 UTC").spans].concat(), ..window("9-17 UTC") };
    let both = WindowSpec { spans: [both.spans, window("2026-12-20 to 2027-02-20 UTC").spans].concat(), ..days };
    assert_eq!(changes(&both, "2026-12-20 12:00", 2), ["shut 02-21 00:00", "open 02-21 09:00"]);
}

#[test]
fn what_is_written_in_another_order_means_the_same() {
    let forms =
        ["9-17 America/New_York, Mon-Fri", "Mon-Fri 09:00-17:00 America/New_York", "mon-friday,9-17,America/New_York"];
    for form in forms {
        assert_eq!(window(form), window(forms[0]), "{form}");
    }
    assert_eq!(window("2026-12-20..2026-12-21 UTC"), window("UTC 2026-12-20 to 2026-12-21"));
    assert_eq!(window("Sat, Sun UTC"), window("Sat-Sun UTC"));
}

#[test]
fn a_moment_is_said_with_as_much_as_tells_it_from_now() {
    let york: Tz = "America/New_York".parse().expect("it is known");
    let now = utc("2026-11-21 01:00");
    assert_eq!(moment(utc("2026-11-21 02:00"), york, now), "21:00 New York", "it is still Friday there");
    assert_eq!(moment(utc("2026-11-23 14:00"), york, now), "Mon 09:00 New York");
    assert_eq!(moment(utc("2027-01-04 00:00"), Tz::UTC, now), "2027-01-04 00:00 UTC");
    let words: Vec<String> =
        [42, 2_520, 11_520, 183_600].into_iter().map(|s| in_words(std::time::Duration::from_secs(s))).collect();
    assert_eq!(words, ["0:42", "42:00", "3:12:00", "2 d 3 h"]);
}

/// Hours of a week as they are drawn, for the scan.
#[derive(Clone, Debug)]
struct Drawn {
    days: Vec<u8>,
    from: u32,
    to: u32,
}

impl Drawn {
    fn written(&self) -> String {
        const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let days: Vec<&str> = self.days.iter().map(|day| NAMES[usize::from(*day)]).collect();
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{} {}-{}", days.join(" "), time(self.from), time(self.to))
    }

    /// By what the calendar says of a moment there, and nothing else.
    fn holds(&self, day: Weekday, minute: u32) -> bool {
        let is = |day: Weekday| self.days.iter().any(|each| u32::from(*each) == day.num_days_from_monday());
        if self.from < self.to {
            is(day) && (self.from..self.to).contains(&minute)
        } else {
            is(day) && minute >= self.from || is(day.pred()) && minute < self.to
        }
    }
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let days = proptest::sample::subsequence((0..7_u8).collect::<Vec<_>>(), 1..=7);
    // Most borders are on quarters of the hours around which clocks are changed.
    let minute = || prop_oneof![(0..20_u32).prop_map(|quarter| quarter * 15), 0..1_440_u32];
    (days, minute(), minute()).prop_filter_map("it would end when it begins", |(days, from, to)| {
        (from != to).then_some(Drawn { days, from, to })
    })
}

/// A zone, and the day around which it is looked at: mostly one on which its clocks are changed.
fn place() -> impl Strategy<Value = (&'static str, (i32, u32, u32))> {
    proptest::sample::select(vec![
        ("America/New_York", (2026, 3, 8)),
        ("America/New_York", (2026, 11, 1)),
        ("Europe/London", (2026, 3, 29)),
        ("Europe/London", (2026, 10, 25)),
        ("Australia/Lord_Howe", (2026, 4, 5)),
        ("Australia/Lord_Howe", (2026, 10, 4)),
        ("Africa/Cairo", (2026, 4, 24)),
        ("Africa/Cairo", (2026, 10, 30)),
        ("Asia/Kolkata", (2026, 6, 1)),
        ("Pacific/Chatham", (2026, 9, 27)),
        ("UTC", (2026, 12, 31)),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_minute_by_minute_finds_the_same(
        (zone, (year, month, day)) in place(),
        spans in proptest::collection::vec(drawn(), 1..3),
        before in 0..4_320_i64,
        second in 0..60_i64,
    ) {
        let specs: Vec<WindowSpec> = spans.iter().map(|span| window(&format!("{} {zone}", span.written()))).collect();
        let spec = WindowSpec { spans: specs.iter().flat_map(|spec| spec.spans.clone()).collect(), ..specs[0].clone() };
        let zone: Tz = zone.parse().expect("it is known");
        let by_calendar = |at: i64| {
            let there = zone.timestamp_opt(at, 0).single().expect("a moment is one moment");
            let minute = there.hour() * 60 + there.minute();
            spans.iter().any(|span| span.holds(there.weekday(), minute))
        };
        let midnight = NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(0, 0, 0));
        let start = midnight.expect("a day").and_utc().timestamp() - before * 60 + 1_440 * 60;
        let after = start + second;
        prop_assert_eq!(spec.is_within(Timestamp(after * 1_000)), by_calendar(after));
        let scanned = (1..=6 * 1_440).map(|minute| start + minute * 60).find(|at| by_calendar(*at) != by_calendar(after));
        let told = spec.next_change(Timestamp(after * 1_000)).map(|at| at.0 / 1_000);
        match scanned {
            Some(at) => prop_assert_eq!(told, Some(at)),
            None => prop_assert!(told.is_none_or(|told| told > start + 6 * 1_440 * 60)),
        }
    }
}
