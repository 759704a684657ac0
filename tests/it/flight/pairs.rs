//! Requests paired with answers in the logs, as values of panels: on whose clock, of which pool, and when there are none.

use std::time::Duration;

use flightdeck::domain::drain::{DrainState, Evidence};
use flightdeck::domain::log::Delivery;
use flightdeck::domain::pairing::{Figure, Seen, Side, Sighting, Sightings};
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::{Measure, PoolId, SourceId, Timestamp};
use flightdeck::flight::Msg;
use flightdeck::profile::{ProfileFile, parse};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

/// The log of each pool, on the routers of the desk.
fn procedure() -> Procedure {
    let text = std::fs::read_to_string("tests/it/config/valid/pairs.toml").unwrap();
    let read = parse(&[ProfileFile { path: "pairs.toml".to_owned(), bytes: text.into_bytes() }]);
    let read = read.unwrap_or_else(|problems| panic!("{problems}")).procedure;
    let mut procedure = blue_green(1);
    procedure.pairs = read.pairs.into_iter().filter(|pairs| pairs.id.as_str() == "auth").collect();
    procedure.panels = read.panels.into_iter().filter(|panel| panel.source.as_str() == "auth").collect();
    procedure.logs = read.logs;
    procedure
}

fn desk() -> Desk {
    let mut desk = Desk::open(procedure());
    for log in ["blue", "green"] {
        desk.tell(Msg::LogState { source: log.into(), trouble: None });
    }
    desk
}

/// What a log tells: sides and keys, each so many milliseconds ago; and up to when it has told everything.
fn deliver(desk: &mut Desk, log: &str, told: &[(Side, &str, i64)], behind: i64) {
    let now = desk.now().wall.0;
    let pool = Some(PoolId::from(log));
    let sighting = |(side, key, ago): &(Side, &str, i64)| Sighting {
        at: Timestamp(now - ago),
        seen: Ok(Seen { side: *side, key: (*key).into(), pool: pool.clone() }),
    };
    let all = told.iter().map(sighting).collect();
    desk.tell(Msg::Sighted(vec![Sightings { pairs: "auth".into(), log: log.into(), all }]));
    let watermark = Some(Timestamp(now - behind));
    let delivery = Delivery { lines: told.len() as u64, dropped: 0, watermark, last: watermark };
    desk.tell(Msg::LogSeen { source: log.into(), delivery });
}

/// Both logs tell health checks, a second apart.
fn alive(desk: &mut Desk, seconds: u64) {
    for _ in 0..seconds {
        desk.pass(1_000);
        deliver(desk, "blue", &[], 0);
        deliver(desk, "green", &[], 0);
    }
}

/// The newest value of a figure, how many milliseconds old it is, and what is wrong.
fn value(desk: &Desk, figure: Figure, pool: &str) -> (Option<f64>, Option<String>) {
    let series = desk.flight.measures.of(&measure(figure), Some(&pool.into())).expect("it was told");
    (series.newest().and_then(|(_, value)| value), series.trouble.clone())
}

fn measure(figure: Figure) -> Measure {
    Measure::Panel(figure.panel(&SourceId::from("auth")))
}

const REQUEST: Side = Side::Request;
const ANSWER: Side = Side::Answer;

#[test]
fn each_pool_has_figures_of_its_own_logs_and_the_same_key_in_the_other_is_another() {
    let mut desk = desk();
    alive(&mut desk, 20);
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 400), (ANSWER, "000001", 362)], 0);
    deliver(&mut desk, "green", &[(REQUEST, "000001", 300)], 0);
    alive(&mut desk, 20);
    assert_eq!(value(&desk, Figure::Unanswered, "blue"), (Some(0.0), None));
    assert_eq!(value(&desk, Figure::Unanswered, "green"), (Some(1.0), None));
    assert_eq!(value(&desk, Figure::Duplicates, "green"), (Some(0.0), None));
    assert_eq!(value(&desk, Figure::P95, "blue"), (Some(38.0), None));
    assert_eq!(value(&desk, Figure::P95, "green"), (None, None));
}

#[test]
fn a_value_stands_at_the_time_of_the_log_and_none_comes_while_it_is_silent() {
    let mut desk = desk();
    alive(&mut desk, 20);
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 100)], 0);
    alive(&mut desk, 3);
    let points = |desk: &Desk| desk.flight.measures.of(&measure(Figure::Open), Some(&"blue".into())).unwrap().clone();
    let before = points(&desk);
    let (at, _) = before.newest().unwrap();
    let old = desk.now().elapsed.since(at);
    assert!((Duration::from_secs(2)..=Duration::from_secs(7)).contains(&old), "late by what may come late: {old:?}");
    // Green goes on, blue does not: the clock of one pool is not the other's.
    for _ in 0..60 {
        desk.pass(1_000);
        deliver(&mut desk, "green", &[], 0);
    }
    let after = points(&desk);
    assert!(desk.now().elapsed.since(after.looked) > Duration::from_secs(50), "nobody could look");
    assert!(after.points.len() <= before.points.len() + 1, "what had come was told once");
    let words = desk.flight.tally_of(&measure(Figure::Open), Some(&"blue".into())).unwrap().1.unwrap();
    assert_eq!((words.open, words.unanswered), (1, 0), "it is no older than the log");
}

#[test]
fn a_log_that_is_not_followed_or_far_behind_gives_no_value_and_says_why() {
    let mut desk = desk();
    alive(&mut desk, 20);
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 100)], 0);
    alive(&mut desk, 20);
    assert_eq!(value(&desk, Figure::Unanswered, "blue"), (Some(1.0), None));
    let trouble = Some("app.log is gone".to_owned());
    desk.tell(Msg::LogState { source: "blue".into(), trouble });
    alive(&mut desk, 10);
    assert_eq!(value(&desk, Figure::Unanswered, "blue"), (None, Some("log blue: app.log is gone".to_owned())));
    assert_eq!(value(&desk, Figure::Open, "green"), (Some(0.0), None));
    desk.tell(Msg::LogState { source: "blue".into(), trouble: None });
    desk.pass(60_000);
    deliver(&mut desk, "blue", &[], 40_000);
    desk.pass(6_000);
    let (none, why) = value(&desk, Figure::Unanswered, "blue");
    assert!(none.is_none() && why.as_deref().is_some_and(|why| why.starts_with("the log is 4")), "{why:?}");
}

#[test]
fn telemetry_that_was_lost_may_have_held_answers() {
    let mut desk = desk();
    alive(&mut desk, 20);
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 100)], 0);
    alive(&mut desk, 20);
    desk.tell(Msg::TelemetryLost { count: 3 });
    alive(&mut desk, 6);
    let lost = Some("3 messages of logs or metrics were lost".to_owned());
    deliver(&mut desk, "blue", &[(REQUEST, "000002", 100)], 0);
    alive(&mut desk, 1);
    assert_eq!(value(&desk, Figure::Open, "blue"), (None, lost));
    alive(&mut desk, 20);
    assert_eq!(value(&desk, Figure::Unanswered, "blue"), (Some(1.0), None), "what came after it is known");
}

#[test]
fn a_pool_is_drained_once_none_of_its_requests_is_open() {
    let mut procedure = procedure();
    procedure.drain.quiet = Duration::from_secs(5);
    procedure.drain.evidence = vec![Evidence::Measure(measure(Figure::Open))];
    let mut desk = Desk::open_at(procedure, &[50, 50]);
    alive(&mut desk, 20);
    desk.shift();
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 100)], 0);
    alive(&mut desk, 30);
    let state = |desk: &Desk| desk.flight.drains[&PoolId::from("blue")].state;
    assert_ne!(state(&desk), DrainState::Drained);
    deliver(&mut desk, "blue", &[(ANSWER, "000001", 50)], 0);
    alive(&mut desk, 30);
    assert_eq!(state(&desk), DrainState::Drained, "{}", desk.flight.drain_words(&desk.flight.drains[&"blue".into()]));
}

#[test]
fn another_profile_goes_on_with_the_pairs_that_did_not_change() {
    use std::sync::Arc;

    use flightdeck::flight::{Ask, ChangedProfile};
    use flightdeck::session::proposal::{Confirmation, Gesture};

    let mut desk = desk();
    alive(&mut desk, 20);
    deliver(&mut desk, "blue", &[(REQUEST, "000001", 100)], 0);
    alive(&mut desk, 20);
    let open = |desk: &Desk| {
        let found = desk.flight.tally_of(&measure(Figure::Open), Some(&"blue".into()));
        found.and_then(|(_, tally)| tally).map(|tally| tally.open)
    };
    assert_eq!(open(&desk), Some(1));
    for (number, window, wanted) in [(1, 60, Some(1)), (2, 90, None)] {
        let mut procedure = Procedure::clone(&desk.flight.procedure);
        procedure.digest = flightdeck::domain::Digest([number; 32]);
        procedure.pairs[0].rule.window = Duration::from_secs(window);
        let changed = ChangedProfile::Good { procedure: Arc::new(procedure), files: Vec::new() };
        desk.tell(Msg::ProfileDiffers { changed: Some(Box::new(changed)) });
        let confirmation = Confirmation::new(Gesture::Key, true);
        desk.ask(Ask::ReloadProfile { confirmation });
        desk.pass(1_000);
        assert_eq!(desk.flight.procedure.digest.0[0], number, "it was taken in");
        assert_eq!(open(&desk), wanted, "a window of {window} s");
    }
}
