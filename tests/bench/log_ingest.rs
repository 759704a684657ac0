//! How fast log lines go from bytes into the logbook, and how fast a filter looks through them.
//! Goal for a burst of 500,000 lines: 1.5 million lines per second.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and says loudly when it cannot begin"
)]

use divan::counter::ItemsCount;
use flightdeck::adapter::log::Cleaner;
use flightdeck::domain::Now;
use flightdeck::domain::log::LogBatch;
use flightdeck::logbook::{Filter, Logbook, View};

/// Lines of one round.
const LINES: usize = 10_000;

fn main() {
    println!("{:<62} goal 1.5 Mitem/s", "clean and push, plain lines (below, column median)");
    divan::main();
}

fn plain(number: usize) -> String {
    format!(
        "2026-11-21T14:02:{:02}.{:03}Z INFO authorize approved=true took 38 ms stan={number:06} pool=blue srv=blue-2",
        number / 1000 % 60,
        number % 1000
    )
}

fn personal(number: usize) -> String {
    format!(
        "2026-11-21T14:02:11Z WARN declined card=4111 1111 1111 1111 from 10.1.2.{} mail ana@example.com",
        number % 256
    )
}

fn json(number: usize) -> String {
    format!(
        r#"{{"time":"2026-11-21T14:02:11.{:03}Z","level":"info","msg":"authorize","approved":true,"ms":38,"stan":"{number:06}"}}"#,
        number % 1000
    )
}

fn lines(line: fn(usize) -> String) -> Vec<Vec<u8>> {
    (0..LINES).map(|number| line(number).into_bytes()).collect()
}

fn clean(cleaner: &mut Cleaner, lines: &[Vec<u8>]) -> LogBatch {
    let lines = lines.iter().map(|line| cleaner.line(line, 0)).collect();
    LogBatch { source: "bench".into(), pool: None, lines, ids: Vec::new(), dropped: 0, watermark: None, by_time: false }
}

#[divan::bench(name = "clean and push", args = ["plain", "personal", "json"])]
fn clean_and_push(bencher: divan::Bencher, sort: &str) {
    let lines = lines(match sort {
        "plain" => plain,
        "personal" => personal,
        _ => json,
    });
    let (mut cleaner, mut book) = (Cleaner::new(true, Some("GET /health")).expect("a pattern"), Logbook::default());
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| book.push(&clean(&mut cleaner, &lines), Now::default()));
}

#[divan::bench(name = "push alone")]
fn push(bencher: divan::Bencher) {
    let batch = clean(&mut Cleaner::new(true, None).expect("no pattern"), &lines(plain));
    let mut book = Logbook::default();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| book.push(&batch, Now::default()));
}

#[divan::bench(name = "search 200,000 kept lines", args = ["", "stan=004242", "/stan=0+42\\d\\d/", "level:error"])]
fn search(bencher: divan::Bencher, typed: &str) {
    let batch = clean(&mut Cleaner::new(true, None).expect("no pattern"), &lines(plain));
    let mut book = Logbook::default();
    for _ in 0..20 {
        book.push(&batch, Now::default());
    }
    let filter = Filter::parse(typed).expect("a filter");
    bencher.counter(ItemsCount::new(20 * LINES)).bench_local(|| {
        let mut view = View::new(filter.clone());
        while view.search(&book, 10_000) {}
        view.matched()
    });
}
