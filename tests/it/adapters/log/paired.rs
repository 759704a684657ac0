//! Requests and answers in a real file, followed, paired and counted.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::log::local::Local;
use flightdeck::adapter::log::{Config, LogUpdate, source};
use flightdeck::domain::Timestamp;
use flightdeck::domain::log::{Delivery, LogBatch};
use flightdeck::domain::pairing::{
    Figure, Lane, NoKey, PairSpec, Pattern, Recognised, Rule, Side, Sighting, Tally, Wanted, sight,
};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// 2026-11-21T14:00:00Z; every line tells its own time.
const BEGIN: i64 = 1_795_269_600_000;

struct Paired {
    spec: PairSpec,
    lane: Lane,
    stream: BoxStream<'static, LogUpdate>,
    keyless: Vec<NoKey>,
}

impl Paired {
    fn of(path: &Path, rule: Rule) -> Self {
        let config =
            Config { exclude: Some("/health".to_owned()), ..super::config(Arc::new(Local::File(path.to_owned()))) };
        let wanted = Wanted::OneOf(vec!["1100".to_owned()]);
        let spec = PairSpec {
            id: "auth".into(),
            logs: vec!["app".into()],
            request: Recognised::Field { name: "Properties.MessageType".to_owned(), wanted },
            answer: Recognised::Text(Pattern::new("^out ").unwrap()),
            key: vec!["Properties.Stan".to_owned()],
            pool: None,
            rule,
        };
        Self { spec, lane: Lane::new(rule), stream: source(&config).unwrap().follow(), keyless: Vec::new() }
    }

    /// Takes in what the file tells until the lane is there.
    async fn until(&mut self, clock: i64) -> Tally {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.lane.clock().is_none_or(|at| at < Timestamp(clock)) {
            let update = tokio::time::timeout_at(deadline, self.stream.next()).await;
            let clock_now = self.lane.clock();
            if let LogUpdate::Lines(batch) = update.unwrap_or_else(|_| panic!("it stands at {clock_now:?}")).unwrap() {
                self.take(&batch);
            }
        }
        self.lane.tally(Some(&"blue".into())).unwrap()
    }

    fn take(&mut self, batch: &LogBatch) {
        let wall = Timestamp(BEGIN + 3_600_000);
        for sighting in sight(std::slice::from_ref(&self.spec), batch, wall).into_iter().flat_map(|found| found.all) {
            self.keyless.extend(sighting.seen.as_ref().err());
            self.lane.take(sighting);
        }
        if let Some(watermark) = Delivery::of(batch, wall).watermark {
            self.lane.advance(watermark);
        }
    }
}

fn rule() -> Rule {
    Rule {
        unanswered_after: Duration::from_secs(10),
        window: Duration::from_mins(1),
        late: Duration::from_secs(2),
        fewest: 20,
        interval: Duration::from_secs(5),
    }
}

fn at(ms: i64) -> String {
    Timestamp(BEGIN + ms).to_string()
}

/// As a structured logger writes it.
fn asked(ms: i64, stan: &str) -> String {
    let properties = format!(r#"{{"MessageType":"1100","Stan":"{stan}"}}"#);
    format!("{{\"ts\":\"{}\",\"msg\":\"in\",\"Properties\":{properties}}}\n", at(ms))
}

/// As plain text.
fn answered(ms: i64, stan: &str) -> String {
    format!("{} INFO out approved Properties.Stan={stan}\n", at(ms))
}

fn health(ms: i64) -> String {
    format!("{} INFO GET /health 200\n", at(ms))
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[tokio::test]
async fn requests_in_a_file_are_paired_by_their_stan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, health(0)).unwrap();
    let mut paired = Paired::of(&path, rule());
    paired.until(-2_000 + BEGIN).await;
    let mut lines = health(30_000);
    for number in 1..=20 {
        let (sent, stan) = (30_000 + number * 100, format!("{number:06}"));
        lines += &asked(sent, &stan);
        lines += &answered(sent + number * 10, &stan);
    }
    lines += &asked(33_000, "000777");
    lines += &asked(33_500, "000888");
    lines += &asked(33_600, "000888");
    append(&path, &lines);
    append(&path, &health(46_000));
    let tally = paired.until(BEGIN + 44_000).await;
    assert_eq!(tally.value(Figure::P95), (Some(190.0), None), "19th of 20, by nearest rank");
    assert_eq!(tally.value(Figure::Unanswered), (Some(2.0), None));
    assert_eq!(tally.value(Figure::Duplicates), (Some(1.0), None));
    assert_eq!((tally.requests, tally.answered, tally.open), (22, 20, 2));
    // The answers come after all, one of them after its file was renamed and begun anew.
    append(&path, &answered(46_100, "000777"));
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    fs::write(&path, format!("{}{}", answered(46_200, "000888"), health(50_000))).unwrap();
    let tally = paired.until(BEGIN + 48_000).await;
    assert_eq!((tally.value(Figure::Unanswered).0, tally.answered), (Some(0.0), 22));
}

#[tokio::test]
async fn a_key_that_is_masked_pairs_nothing_and_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, health(0)).unwrap();
    let mut paired = Paired::of(&path, rule());
    paired.until(-2_000 + BEGIN).await;
    // A card number by its check digit; two of them would look the same.
    append(&path, &(asked(30_000, "4111111111111111") + &asked(30_001, "5500000000000004") + &health(45_000)));
    let tally = paired.until(BEGIN + 43_000).await;
    assert_eq!(paired.keyless, [NoKey { side: Side::Request, is_masked: true }; 2]);
    let said = "2 requests of the last 1m have a key that is masked".to_owned();
    assert_eq!(tally.value(Figure::Duplicates), (None, Some(said)));
}

#[tokio::test]
async fn a_flood_of_requests_without_answers_stays_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, health(0)).unwrap();
    let mut paired = Paired::of(&path, rule());
    paired.until(-2_000 + BEGIN).await;
    let wall = Timestamp(BEGIN);
    for number in 0..150_000_i64 {
        let seen =
            Ok(flightdeck::domain::pairing::Seen { side: Side::Request, key: format!("{number}").into(), pool: None });
        paired.lane.take(Sighting { at: Timestamp(wall.0 + 20_000 + number / 10), seen });
    }
    append(&path, &health(50_000));
    paired.until(BEGIN + 48_000).await;
    let tally = paired.lane.tally(None).unwrap();
    assert_eq!((tally.open, tally.given_up), (100_000, 50_000));
    let (value, said) = tally.value(Figure::Unanswered);
    assert_eq!(value, Some(100_000.0));
    assert_eq!(said.as_deref(), Some("50000 requests of the last 1m were given up: too many are open"));
}
