//! Views against a naive one that looks at everything each time.

use proptest::prelude::*;

use super::*;
use crate::domain::log::{Fields, Level, LogBatch, LogLine};
use crate::domain::{Now, Timestamp};
use crate::logbook::{Limits, Same};

fn push(book: &mut Logbook, source: &str, texts: &[String]) {
    let line = |text: &String| LogLine {
        at: Some(Timestamp(5)),
        level: if text.contains('e') { Level::Error } else { Level::Info },
        text: text.clone(),
        excluded: text.contains('h'),
        fields: None,
    };
    book.push(&batch(source, texts.iter().map(line).collect(), false), Now::default());
}

/// Lines that came late, each with its own time.
fn push_late(book: &mut Logbook, texts: &[(i64, String)], now: i64) {
    let line = |(at, text): &(i64, String)| LogLine {
        at: Some(Timestamp(*at)),
        level: if text.contains('e') { Level::Error } else { Level::Info },
        text: text.clone(),
        excluded: text.contains('h'),
        fields: None,
    };
    let now = Now { wall: Timestamp(now), ..Now::default() };
    book.push(&batch("green", texts.iter().map(line).collect(), true), now);
}

fn batch(source: &str, lines: Vec<LogLine>, by_time: bool) -> LogBatch {
    LogBatch {
        source: source.into(),
        pool: Some(source.into()),
        lines,
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time,
    }
}

fn book_of(texts: &[&str]) -> Logbook {
    let mut book = Logbook::default();
    push(&mut book, "blue", &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    book
}

fn numbers(view: &View, rows: usize) -> Vec<u64> {
    view.window(rows).into_iter().map(|number| number.0).collect()
}

#[test]
fn the_last_lines_that_match_are_shown_however_many_others_came_between() {
    let texts: Vec<String> =
        (0..1000).map(|n| if n % 300 == 0 { "seldom".to_owned() } else { "often".to_owned() }).collect();
    let mut book = Logbook::default();
    push(&mut book, "blue", &texts);
    let mut view = View::new(Filter::parse("seldom").expect("a filter"));
    while view.search(&book, 100) {}
    assert_eq!(numbers(&view, 3), [300, 600, 900]);
}

#[test]
fn a_search_fills_the_screen_from_its_bottom_in_slices() {
    let book = book_of(&["a"; 100]);
    let mut view = View::default();
    assert!(view.search(&book, 10));
    assert_eq!(numbers(&view, 3), [97, 98, 99]);
    assert!((view.progress(&book) - 0.1).abs() < 1e-9);
    assert_eq!((2..=20).take_while(|_| view.search(&book, 10)).count(), 8);
    assert_eq!(view.matched(), 100);
}

#[test]
fn a_paused_view_keeps_its_picture_and_counts_what_came() {
    let mut book = book_of(&["a"; 10]);
    let mut view = View::default();
    view.search(&book, 1000);
    view.pause();
    push(&mut book, "blue", &["a".to_owned(), "a".to_owned()]);
    view.search(&book, 1000);
    assert_eq!((numbers(&view, 3), view.below()), (vec![7, 8, 9], 2));
    view.down(1, 3);
    assert_eq!((numbers(&view, 3), view.below()), (vec![8, 9, 10], 1));
    view.down(9, 3);
    assert_eq!((view.position(), numbers(&view, 3)), (Position::Following, vec![9, 10, 11]));
}

#[test]
fn scrolling_stops_at_the_top_with_a_full_window() {
    let book = book_of(&["a"; 10]);
    let mut view = View::default();
    view.search(&book, 1000);
    view.up(4, 3);
    assert_eq!(numbers(&view, 3), [3, 4, 5]);
    view.up(100, 3);
    assert_eq!(numbers(&view, 3), [0, 1, 2]);
    view.down(1, 3);
    assert_eq!(numbers(&view, 3), [1, 2, 3]);
    view.top(3);
    assert_eq!(numbers(&view, 3), [0, 1, 2]);
    assert_eq!(numbers(&view, 0), Vec::<u64>::new());
    assert_eq!(numbers(&view, 50).len(), 10);
}

#[test]
fn lines_gone_before_they_were_looked_at_are_counted() {
    let mut book = Logbook::new(Limits { lines: 10, bytes: 1024 * 1024 });
    let mut view = View::default();
    view.search(&book, 5);
    push(&mut book, "blue", &vec!["a".to_owned(); 25]);
    while view.search(&book, 5) {}
    assert_eq!((view.missed(), view.matched()), (15, 10));
}

#[test]
fn a_changed_filter_stays_at_its_place() {
    let book = book_of(&["ax", "b", "ax", "b", "ax", "b"]);
    let mut view = View::default();
    view.search(&book, 100);
    view.go_to(book.place(LineNumber(3)).expect("it is kept"));
    view.set_filter(Filter::parse("ax").expect("a filter"));
    view.search(&book, 100);
    assert_eq!(numbers(&view, 2), [2, 4]);
}

#[test]
fn a_late_line_is_shown_where_it_belongs_and_keeps_its_number() {
    let mut book = Logbook::default();
    let mut view = View::default();
    let line = |at, text: &str| (at, text.to_owned());
    push_late(&mut book, &[line(10, "a"), line(20, "b"), line(40, "d")], 50);
    view.search(&book, 1000);
    assert_eq!(numbers(&view, 9), [0, 1, 2]);
    view.pause();
    push_late(&mut book, &[line(30, "c"), line(60, "e"), line(5, "first")], 70);
    view.search(&book, 1000);
    assert_eq!(numbers(&view, 9), [5, 0, 1, 3, 2, 4]);
    assert_eq!((numbers(&view, 2), view.below()), (vec![3, 2], 1));
    assert_eq!(book.line(LineNumber(3)).expect("it is kept").text, "c");
}

#[test]
fn what_is_said_in_a_field_is_found() {
    let mut book = Logbook::default();
    let mut lines = batch("blue", Vec::new(), false);
    for stan in ["004217", "004218"] {
        let fields = Fields::of([("Properties.Stan", stan)]);
        lines.lines.push(LogLine { at: None, level: Level::Info, text: "paid".to_owned(), excluded: false, fields });
    }
    book.push(&lines, Now::default());
    let mut view = View::new(Filter::parse("004218").expect("a filter"));
    view.search(&book, 1000);
    assert_eq!(numbers(&view, 9), [1]);
}

#[test]
fn lines_that_belong_together_are_shown_without_marks_and_with_what_they_span() {
    let mut book = Logbook::new(Limits { lines: 6, bytes: 1024 * 1024 });
    push_late(&mut book, &[(10, "a stan=7".to_owned()), (30, "b stan=8".to_owned()), (40, "c stan=7".to_owned())], 90);
    book.mark("ana: 10 → 30", Now::default());
    push(&mut book, "blue", &["h stan=7".to_owned()]);
    let same = Same { field: "STAN".to_owned(), value: "7".to_owned() };
    let mut view = View::new(Filter::of_same(same));
    view.search(&book, 1000);
    let (first, last) = view.ends().expect("three lines");
    assert_eq!((numbers(&view, 9), view.sources()), (vec![4, 0, 2], 2));
    assert_eq!(
        (first.at, last.at, view.before(last).map(|place| place.at)),
        (Timestamp(0), Timestamp(40), Some(Timestamp(10)))
    );
    assert_eq!(view.before(first), None);
    push(&mut book, "blue", &["x".to_owned(), "x".to_owned(), "x".to_owned(), "x".to_owned()]);
    view.search(&book, 1000);
    assert_eq!((numbers(&view, 9), view.sources()), (vec![4], 1), "green's lines are no longer kept");
}

#[derive(Clone, Debug)]
enum Act {
    Push(bool, Vec<String>),
    Late(Vec<(i64, String)>, i64),
    Mark,
    Filter(usize),
    Search(usize),
    Up(usize),
    Down(usize),
    Pause,
    Follow,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any::<bool>(), proptest::collection::vec("[aeh]{1,3}", 0..12))
            .prop_map(|(blue, texts)| Act::Push(blue, texts)),
        (proptest::collection::vec((0_i64..100, "[aeh]{1,3}"), 0..12), 0_i64..100)
            .prop_map(|(texts, now)| Act::Late(texts, now)),
        Just(Act::Mark),
        (0..FILTERS.len()).prop_map(Act::Filter),
        (0_usize..20).prop_map(Act::Search),
        (0_usize..9).prop_map(Act::Up),
        (0_usize..9).prop_map(Act::Down),
        Just(Act::Pause),
        Just(Act::Follow),
    ]
}

const FILTERS: [&str; 7] =
    ["", "noise:show", "a", "/^a+$/ noise:show", "level:error", "pool:blue", "source:green noise:show"];

/// What matches, by looking at everything.
fn naive(book: &Logbook, filter: usize) -> Vec<Place> {
    let mut places: Vec<Place> = book
        .lines(book.first(), book.end())
        .filter(|line| {
            let pass = match filter {
                0 => !line.excluded,
                1 => true,
                2 => !line.excluded && line.text.contains('a'),
                3 => line.text.chars().all(|each| each == 'a'),
                4 => !line.excluded && line.level == Level::Error,
                5 => !line.excluded && line.source.is_some_and(|source| source.as_str() == "blue"),
                _ => line.source.is_some_and(|source| source.as_str() == "green"),
            };
            line.is_mark() || pass
        })
        .map(|line| line.place)
        .collect();
    places.sort();
    places
}

proptest! {
    #[test]
    fn a_view_shows_what_a_naive_one_shows(acts in proptest::collection::vec(act(), 0..60), rows in 1_usize..6) {
        let mut book = Logbook::new(Limits { lines: 40, bytes: 1024 * 1024 });
        let (mut view, mut filter) = (View::default(), 0);
        for act in acts {
            match act {
                Act::Push(blue, texts) => push(&mut book, if blue { "blue" } else { "green" }, &texts),
                Act::Late(texts, now) => push_late(&mut book, &texts, now),
                Act::Mark => book.mark("ana: 10 → 30", Now::default()),
                Act::Filter(next) => {
                    filter = next;
                    view.set_filter(Filter::parse(FILTERS[next]).expect("a filter"));
                }
                Act::Search(budget) => {
                    view.search(&book, budget);
                }
                Act::Up(lines) => view.up(lines, rows),
                Act::Down(lines) => view.down(lines, rows),
                Act::Pause => view.pause(),
                Act::Follow => view.follow(),
            }
            let mut done = view.clone();
            while done.search(&book, 7) {}
            let all = naive(&book, filter);
            prop_assert_eq!(done.matched(), all.len());
            let bottom = match done.position() {
                Position::Following => all.len().saturating_sub(1),
                Position::At(place) => all.iter().filter(|each| **each < place).count().max(rows - 1).min(all.len().saturating_sub(1)),
            };
            let shown: Vec<u64> = all.iter().take(bottom + 1).skip((bottom + 1).saturating_sub(rows)).map(|place| place.number.0).collect();
            prop_assert_eq!(numbers(&done, rows), shown);
        }
    }
}
