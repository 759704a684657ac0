use super::*;
use crate::domain::procedure::ExpectedSpec;

const CHANGE: Timestamp = Timestamp(100_000);

fn line(at: i64, level: Level, text: &str) -> LogLine {
    LogLine { at: Some(Timestamp(at)), level, text: text.to_owned(), excluded: false, fields: None }
}

fn batch(pool: &str, lines: Vec<LogLine>) -> LogBatch {
    LogBatch {
        source: pool.into(),
        pool: Some(pool.into()),
        lines,
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: false,
    }
}

fn now(elapsed: u64) -> Now {
    Now { wall: Timestamp(i64::try_from(elapsed).expect("small")), elapsed: Elapsed(elapsed) }
}

fn error(patterns: &mut Patterns, pool: &str, at: u64, text: &str) {
    let stamp = i64::try_from(at).expect("small");
    patterns.push(&batch(pool, vec![line(stamp, Level::Error, text)]), now(at), &[CHANGE]);
}

fn expecting(matches: &str, log: Option<&str>) -> Patterns {
    let spec = ExpectedSpec {
        matches: matches.to_owned(),
        log: log.map(Into::into),
        span: Duration::from_mins(1),
        reason: "clients reconnect once".to_owned(),
    };
    let regex = Regex::new(&spec.matches).expect("an expression");
    let expected = Expected { source: spec.log, matches: regex, span: spec.span, reason: spec.reason };
    Patterns { rules: Rules { expected: vec![expected], ..Rules::default() }, ..Patterns::default() }
}

#[test]
fn lines_of_one_sort_are_one_pattern_in_each_pool() {
    let mut patterns = Patterns::default();
    let lines = vec![
        line(1_000, Level::Warn, "timeout after 3 s"),
        line(2_000, Level::Info, "timeout after 4 s"),
        line(3_000, Level::Error, "timeout after 5 s"),
        LogLine { excluded: true, ..line(4_000, Level::Error, "health failed") },
    ];
    patterns.push(&batch("blue", lines), now(10_000), &[]);
    error(&mut patterns, "green", 61_000, "timeout after 9 s");
    error(&mut patterns, "green", 62_000, "refused");
    let rows = patterns.rows(Elapsed(69_000), None);
    let told: Vec<_> = rows.iter().map(|row| (row.pool.expect("a pool").as_str(), row.template, row.count)).collect();
    assert_eq!(
        told,
        [("blue", "timeout after ‹n› s", 2), ("green", "timeout after ‹n› s", 1), ("green", "refused", 1)]
    );
    let blue = &rows[0];
    assert_eq!((blue.level, blue.per_minute), (Level::Error, 2));
    assert_eq!((blue.first, blue.last, blue.example), (Timestamp(1_000), Timestamp(3_000), "timeout after 5 s"));
    assert_eq!(patterns.rows(Elapsed(75_000), None)[0].per_minute, 0);
    assert!(rows.iter().all(|row| !row.is_new), "nothing was changed");
}

#[test]
fn new_is_what_came_first_after_the_change() {
    let mut patterns = Patterns::default();
    error(&mut patterns, "blue", 50_000, "old 1");
    error(&mut patterns, "blue", 101_000, "old 2");
    error(&mut patterns, "blue", 102_000, "fresh");
    // Green was not watched before the change: what is new there is not known.
    error(&mut patterns, "green", 103_000, "fresh");
    let new = |patterns: &Patterns, changed| -> Vec<String> {
        let rows = patterns.rows(Elapsed(110_000), Some(changed));
        rows.iter().filter(|row| row.is_new).map(|row| row.template.to_owned()).collect()
    };
    assert_eq!(new(&patterns, CHANGE), ["fresh"]);
    assert_eq!(patterns.rows(Elapsed(110_000), Some(CHANGE))[0].template, "fresh", "new ones stand first");
    assert_eq!(patterns.new_since(Elapsed(110_000), Some(CHANGE)), 1);
    assert!(new(&patterns, Timestamp(105_000)).is_empty(), "by the next change it is known");
    // A line from before that came late.
    error(&mut patterns, "blue", 90_000, "fresh");
    assert!(new(&patterns, CHANGE).is_empty());
}

#[test]
fn what_is_expected_is_counted_apart_for_its_time() {
    let mut patterns = expecting("reset by peer", Some("blue"));
    error(&mut patterns, "blue", 50_000, "something else");
    error(&mut patterns, "green", 50_000, "something else");
    for pool in ["blue", "green"] {
        error(&mut patterns, pool, 101_000, "connection 7 reset by peer");
    }
    let rows = patterns.rows(Elapsed(110_000), Some(CHANGE));
    let of = |pool: &str| rows.iter().find(|row| row.template.contains("reset") && row.pool == Some(&pool.into()));
    let (blue, green) = (of("blue").expect("it is there"), of("green").expect("it is there"));
    assert_eq!((blue.count, blue.expected, blue.is_new, blue.reason), (0, 1, false, "clients reconnect once"));
    assert_eq!((green.count, green.expected, green.is_new), (1, 0, true), "another log's are not expected");
    assert_eq!(rows.last().map(|row| row.count), Some(0), "what is expected stands last");
    // Still there when the time is over: then it is as new as any.
    error(&mut patterns, "blue", 160_000, "connection 8 reset by peer");
    let rows = patterns.rows(Elapsed(160_000), Some(CHANGE));
    assert_eq!((rows[0].count, rows[0].expected, rows[0].is_new, rows[0].first), (1, 1, true, Timestamp(160_000)));
}

#[test]
fn a_profile_may_count_more_lines_as_errors() {
    let mut patterns = Patterns::default();
    patterns.rules.errors.push(("blue".into(), Regex::new("approved=false").expect("an expression")));
    for pool in ["blue", "green"] {
        let lines = vec![line(1_000, Level::Info, "approved=false stan=1"), line(1_000, Level::Info, "approved=true")];
        patterns.push(&batch(pool, lines), now(1_000), &[]);
    }
    let rows = patterns.rows(Elapsed(1_000), None);
    assert_eq!((rows.len(), rows[0].template), (1, "approved=false stan=‹n›"));
}

#[test]
fn patterns_are_bounded_and_what_made_room_is_not_new_again() {
    let mut patterns = Patterns::default();
    // Names without digits, which nothing replaces.
    let name = |number: usize| -> String {
        format!("{number:04}")
            .chars()
            .map(|digit| char::from(b"ghijklmnop"[digit.to_digit(10).expect("a digit") as usize]))
            .collect()
    };
    for number in 0..MOST + 100 {
        error(&mut patterns, "blue", 1_000, &format!("failed at {}", name(number)));
    }
    assert_eq!((patterns.rows(Elapsed(1_000), None).len(), patterns.others()), (MOST, 100));
    // Long after, the ones that came once make room.
    let later = 1_000_000;
    error(&mut patterns, "blue", later, "fresh");
    assert_eq!((patterns.rows(Elapsed(later), None).len(), patterns.others()), (MOST, 101));
    let changed = Some(Timestamp(500_000));
    assert_eq!(patterns.new_since(Elapsed(later), changed), 1);
    error(&mut patterns, "blue", later, &format!("failed at {}", name(0)));
    assert_eq!(patterns.new_since(Elapsed(later), changed), 1, "it was known before it made room");
}

#[test]
fn its_filter_shows_its_lines() {
    let mut patterns = Patterns::default();
    error(&mut patterns, "blue", 1_000, "connect to 10.0.0.1 failed (3)");
    let rows = patterns.rows(Elapsed(1_000), None);
    let within = Filter { min_level: Level::Error, ..Filter::default() };
    let filter = rows[0].filter(&within).expect("a filter");
    let text = filter.text.as_ref().expect("a text");
    assert!(text.is_in("connect to 10.9.9.9 failed (14)") && !text.is_in("connect to db failed (14)"));
    assert_eq!((filter.pools, filter.min_level), (vec!["blue".into()], Level::Error));
}
