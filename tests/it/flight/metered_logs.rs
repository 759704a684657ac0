//! A metered log is read by one cockpit, whose lines the others are given, each once (J6).

use std::sync::Arc;

use flightdeck::domain::log::{Level, LogBatch, LogLine};
use flightdeck::domain::parcel::{Content, Lines, Parcel};
use flightdeck::domain::procedure::LogSpec;
use flightdeck::domain::{Elapsed, Now, Presence, Procedure, SessionId, SourceId, Timestamp};
use flightdeck::flight::{Effect, Flight, Msg};
use flightdeck::session::Session;

use crate::support::desk::me;
use crate::support::procedure::blue_green;

#[test]
fn what_one_reads_the_other_keeps_once_and_tells_who_read_it() {
    let (mut ana, mut ben) = both();
    let now = at(10_000);
    let effects = ana.update(now, Msg::LinesRead(Box::new(batch(&[1, 2, 3]))));
    assert_eq!(kept(&effects), ["line 1", "line 2", "line 3"]);
    let parcel = parcels(&effects).remove(0);
    assert_eq!(hear(&mut ben, now, &parcel), ["line 1", "line 2", "line 3"]);
    assert!(hear(&mut ben, now, &parcel).is_empty(), "it came twice");
    assert!(hear(&mut ana, now, &parcel).is_empty(), "one's own come back");
    assert_eq!(ben.metered_asker(now.elapsed).map(ToString::to_string).as_deref(), Some("ana"));
    assert_eq!(ana.metered_asker(now.elapsed), None);
}

#[test]
fn who_takes_over_goes_on_where_it_knows_everything_and_keeps_nothing_twice() {
    let (mut ana, mut ben) = both();
    let now = at(10_000);
    let effects = ana.update(now, Msg::LinesRead(Box::new(upto(batch(&[1, 2, 3]), 2))));
    for parcel in parcels(&effects) {
        hear(&mut ben, now, &parcel);
    }
    let mut told = None;
    for second in 10..40 {
        for effect in ben.update(at(second * 1_000), Msg::Tick) {
            if let Effect::Meter { asks: true, upto } = effect {
                told = Some(upto);
            }
        }
    }
    let source = SourceId::new("dd");
    assert_eq!(told.expect("nobody else is there any more").get(&source), Some(&stamp(2)));
    // The window begins before what was heard last, and holds a line that came late.
    let effects = ben.update(at(40_000), Msg::LinesRead(Box::new(batch(&[2, 9, 3, 4]))));
    assert_eq!(kept(&effects), ["line 9", "line 4"]);
    let shared: Vec<u64> = parcels(&effects).iter().flat_map(ids).collect();
    assert_eq!(shared, [9, 4], "what the others know already is not shared again");
}

#[test]
fn what_does_not_arrive_is_counted_and_what_comes_late_is_kept() {
    let (mut ana, mut ben) = both();
    let now = at(10_000);
    let mut sent = Vec::new();
    for lines in [&[1, 2][..], &[3, 4, 5], &[6]] {
        sent.extend(parcels(&ana.update(now, Msg::LinesRead(Box::new(batch(lines))))));
    }
    hear(&mut ben, now, &sent[0]);
    let effects = ben.update(now, Msg::Shared(Box::new(sent[2].clone())));
    assert_eq!((kept(&effects), dropped(&effects)), (vec!["line 6".to_owned()], 3));
    let effects = ben.update(now, Msg::Shared(Box::new(sent[1].clone())));
    assert_eq!((kept(&effects).len(), dropped(&effects)), (3, 0), "out of turn");
}

#[test]
fn lines_that_two_cockpits_read_at_the_same_time_are_kept_once_by_both() {
    // Both take themselves for alone.
    let (mut ana, mut ben) = (flight(1), flight(2));
    for second in 0..10 {
        ana.update(at(second * 1_000), Msg::Tick);
        ben.update(at(second * 1_000), Msg::Tick);
    }
    let now = at(10_000);
    let of_ana = parcels(&ana.update(now, Msg::LinesRead(Box::new(batch(&[1, 2])))));
    let of_ben = parcels(&ben.update(now, Msg::LinesRead(Box::new(batch(&[2, 3])))));
    assert_eq!(hear(&mut ana, now, &of_ben[0]), ["line 3"]);
    assert_eq!(hear(&mut ben, now, &of_ana[0]), ["line 1"]);
    let effects = ben.update(now, Msg::LinesRead(Box::new(batch(&[1, 4]))));
    assert_eq!(kept(&effects), ["line 4"]);
}

#[test]
fn who_comes_later_is_given_the_newest_lines_and_the_others_keep_nothing_twice() {
    let (mut ana, mut ben) = both();
    let now = at(10_000);
    for numbers in [(1..=700).collect::<Vec<u64>>(), (701..=1_400).collect()] {
        for parcel in parcels(&ana.update(now, Msg::LinesRead(Box::new(batch(&numbers))))) {
            hear(&mut ben, now, &parcel);
        }
    }
    let mut late = flight(3);
    let came = presence(late.update(now, Msg::Tick)).expect("who comes says so");
    let effects = ana.update(now, Msg::Present(came.clone()));
    let (mut of_late, mut of_ben) = (Vec::new(), Vec::new());
    for parcel in parcels(&effects) {
        of_late.extend(hear(&mut late, now, &parcel));
        of_ben.extend(hear(&mut ben, now, &parcel));
    }
    assert_eq!((of_late.len(), of_late.first().map(String::as_str)), (1_000, Some("line 401")));
    assert!(of_ben.is_empty(), "they are known there");
    assert_eq!(parcels(&ana.update(at(11_000), Msg::Present(came))), [], "given once");
    // Nothing of what follows is taken for lost, by either.
    let next = parcels(&ana.update(now, Msg::LinesRead(Box::new(batch(&[1_401]))))).remove(0);
    for flight in [&mut late, &mut ben] {
        let effects = flight.update(now, Msg::Shared(Box::new(next.clone())));
        assert_eq!((kept(&effects), dropped(&effects)), (vec!["line 1401".to_owned()], 0));
    }
}

#[test]
fn what_is_wrong_with_the_source_is_told_by_who_asks() {
    let (mut ana, mut ben) = both();
    let now = at(10_000);
    let source = SourceId::new("dd");
    let waits = Msg::LogState { source: source.clone(), trouble: Some("429 Too Many Requests".to_owned()) };
    let parcel = parcels(&ana.update(now, waits)).remove(0);
    hear(&mut ben, now, &parcel);
    assert_eq!(ben.logs[&source].trouble.as_deref(), Some("429 Too Many Requests"));
    let follows = Msg::LogState { source: source.clone(), trouble: None };
    let parcel = parcels(&ana.update(now, follows)).remove(0);
    hear(&mut ben, now, &parcel);
    assert_eq!(ben.logs[&source].trouble, None);
}

#[test]
fn a_line_that_could_steer_the_terminal_is_not_taken_from_anybody() {
    let (ana, mut ben) = both();
    let mut bad = line(1);
    bad.text = "a\u{1b}[2J".to_owned();
    let lines = Lines { lines: vec![(1, bad), (2, line(2))], ..Lines::default() };
    let parcel = Parcel { cockpit: ana.me.cockpit, number: 1, source: "dd".into(), content: Content::Lines(lines) };
    let effects = ben.update(at(10_000), Msg::Shared(Box::new(parcel.clone())));
    assert_eq!((kept(&effects), dropped(&effects)), (vec!["line 2".to_owned()], 1));
    let other = Parcel { source: "file".into(), number: 2, ..parcel };
    assert_eq!(ben.update(at(10_000), Msg::Shared(Box::new(other))), [], "no source of that name is shared");
}

#[test]
fn alone_nothing_is_shared() {
    let mut alone = flight(1);
    alone.crew.shared = false;
    alone.update(at(0), Msg::Tick);
    let effects = alone.update(at(0), Msg::LinesRead(Box::new(batch(&[1, 1, 2]))));
    assert_eq!((kept(&effects).len(), parcels(&effects).len()), (2, 0));
}

/// Ana, who asks, and Ben, who knows her.
fn both() -> (Flight, Flight) {
    let (mut ana, mut ben) = (flight(1), flight(2));
    for second in 0..10 {
        let now = at(second * 1_000);
        let (of_ana, of_ben) = (presence(ana.update(now, Msg::Tick)), presence(ben.update(now, Msg::Tick)));
        if let Some(presence) = of_ana {
            ben.update(now, Msg::Present(presence));
        }
        if let Some(presence) = of_ben {
            ana.update(now, Msg::Present(presence));
        }
    }
    assert!(ana.asks_metered(at(10_000).elapsed) && !ben.asks_metered(at(10_000).elapsed));
    (ana, ben)
}

fn flight(number: u128) -> Flight {
    let mut procedure: Procedure = blue_green(1);
    procedure.logs = vec![LogSpec { metered: true, ..LogSpec::new("dd".into(), Some("blue".into())) }];
    let (id, name) = (SessionId(uuid::Uuid::from_u128(7)), if number == 1 { "ana" } else { "ben" });
    let mut flight = Flight::new(me(number, name), id, Session::default(), Arc::new(procedure));
    flight.crew.shared = true;
    flight
}

fn line(number: u64) -> LogLine {
    let at = Some(stamp(number));
    LogLine { at, level: Level::Info, text: format!("line {number}"), excluded: false, fields: None }
}

fn stamp(number: u64) -> Timestamp {
    Timestamp(1_795_000_000_000 + i64::try_from(number).unwrap())
}

fn batch(numbers: &[u64]) -> LogBatch {
    LogBatch {
        source: "dd".into(),
        pool: Some("blue".into()),
        lines: numbers.iter().map(|number| line(*number)).collect(),
        ids: numbers.to_vec(),
        dropped: 0,
        watermark: None,
        by_time: true,
    }
}

fn upto(batch: LogBatch, number: u64) -> LogBatch {
    LogBatch { watermark: Some(stamp(number)), ..batch }
}

fn at(millis: u64) -> Now {
    Now { wall: Timestamp(1_795_000_000_000 + i64::try_from(millis).unwrap()), elapsed: Elapsed(millis) }
}

fn presence(effects: Vec<Effect>) -> Option<Presence> {
    effects.into_iter().find_map(|effect| if let Effect::Announce(presence) = effect { Some(presence) } else { None })
}

fn parcels(effects: &[Effect]) -> Vec<Parcel> {
    let parcel = |effect: &Effect| if let Effect::Share(parcel) = effect { Some((**parcel).clone()) } else { None };
    effects.iter().filter_map(parcel).collect()
}

fn ids(parcel: &Parcel) -> Vec<u64> {
    match &parcel.content {
        Content::Lines(lines) => lines.lines.iter().map(|(id, _)| *id).collect(),
        Content::Values(_) => panic!("no lines"),
    }
}

fn batches(effects: &[Effect]) -> impl Iterator<Item = &LogBatch> {
    effects.iter().filter_map(|effect| if let Effect::Lines(batch) = effect { Some(&**batch) } else { None })
}

fn kept(effects: &[Effect]) -> Vec<String> {
    batches(effects).flat_map(|batch| &batch.lines).map(|line| line.text.clone()).collect()
}

fn dropped(effects: &[Effect]) -> u64 {
    batches(effects).map(|batch| batch.dropped).sum()
}

/// What a flight keeps of a parcel that went over the wire.
fn hear(flight: &mut Flight, now: Now, parcel: &Parcel) -> Vec<String> {
    let text = serde_json::to_string(parcel).unwrap();
    let parcel: Parcel = serde_json::from_str(&text).expect("a parcel is read again");
    kept(&flight.update(now, Msg::Shared(Box::new(parcel))))
}
