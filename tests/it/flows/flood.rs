//! Far more lines than are kept: each is kept, let go or counted as dropped, the screen says which, and a filter sees every
//! one that is kept.

use flightdeck::adapter::log::Cleaner;
use flightdeck::cockpit::{Msg, Pane};
use flightdeck::domain::log::LogBatch;
use flightdeck::runtime::lines::Lines;
use flightdeck::runtime::queue::Telemetry;
use flightdeck::theme::Theme;
use tokio::sync::mpsc::Receiver;

use crate::support::app::App;
use crate::support::scene::{at_thirty, drawn, text};

/// Lines of one batch, and batches.
const LINES: u64 = 1_000;
const BATCHES: u64 = 500;
/// The loop stands still for so many batches, more than there is room for.
const STILL: u64 = 300;

fn batch(cleaner: &mut Cleaner, number: u64) -> LogBatch {
    let line = |each: u64| format!("INFO authorize approved=true took 38 ms stan={:06}", number * LINES + each);
    LogBatch {
        source: "flood".into(),
        pool: None,
        lines: (0..LINES).map(|each| cleaner.line(line(each).as_bytes(), 0)).collect(),
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: false,
    }
}

fn take(app: &mut App, waiting: &mut Receiver<Msg>) {
    while let Ok(msg) = waiting.try_recv() {
        app.tell(msg);
    }
}

/// A count as the screen writes it before a word.
fn count_before(screen: &str, word: &str) -> u64 {
    let (before, _) = screen.split_once(word).unwrap_or_else(|| panic!("{word} is not on the screen:\n{screen}"));
    let digits: Vec<char> =
        before.trim_end().chars().rev().take_while(|each| each.is_ascii_digit() || each.is_whitespace()).collect();
    let digits: String = digits.into_iter().rev().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no count before {word}:\n{screen}"))
}

fn screen_of(app: &mut App) -> String {
    app.tell(Msg::Resized { columns: 120, rows: 36 });
    app.draw();
    let theme = Theme::builtin("dark").expect("the default theme is built in");
    text(&drawn(&app.model, &theme, 120, 36))
}

#[test]
fn what_is_not_kept_is_counted_and_a_filter_sees_all_that_is() {
    let mut app = at_thirty();
    app.model.focus = Pane::Logs;
    let mut cleaner = Cleaner::new(true, None).expect("no pattern");
    let (telemetry, mut waiting) = Telemetry::new();
    let mut lines = Lines::new(telemetry);
    let mut taken: Vec<u64> = Vec::new();
    for number in 0..BATCHES {
        let before = lines.owes();
        lines.put(batch(&mut cleaner, number));
        if !lines.owes() && !before {
            taken.extend(number * LINES..(number + 1) * LINES);
        }
        if number + 1 == STILL {
            take(&mut app, &mut waiting);
            lines.tell();
        }
    }
    take(&mut app, &mut waiting);
    let counted = app.model.logs.book.counted(&"flood".into());
    assert!(counted.dropped > 0, "the loop stood still for longer than there is room");
    assert_eq!(counted.lines + counted.dropped, LINES * BATCHES, "dropped and taken are what was pushed");
    assert_eq!(counted.lines, taken.len() as u64);
    let book = &app.model.logs.book;
    let kept = book.end().0 - book.first().0;
    assert_eq!((kept, book.dropped()), (200_000, counted.dropped));
    let gone = book.first().0;

    let screen = screen_of(&mut app);
    assert_eq!(count_before(&screen, "older let go"), gone, "{screen}");
    assert_eq!(count_before(&screen, "dropped"), counted.dropped, "{screen}");

    app.keys("//stan=\\d+77$/<enter>");
    for _ in 0..100 {
        if !app.model.logs.searching {
            break;
        }
        app.pass(100);
    }
    let book = &app.model.logs.book;
    let of_flood =
        book.lines(book.first(), book.end()).filter(|line| line.source.is_some_and(|id| id.as_str() == "flood"));
    let newest = taken.len() - of_flood.count();
    let wanted: Vec<u64> = taken.split_off(newest).into_iter().filter(|number| number % 100 == 77).collect();
    let found: Vec<u64> = app
        .model
        .logs
        .view
        .window(app.model.logs.view.matched())
        .into_iter()
        .filter_map(|number| book.line(number)?.text.rsplit_once('=')?.1.parse().ok())
        .collect();
    assert!(wanted.len() >= 1_900, "{}", wanted.len());
    assert_eq!(found, wanted, "a filter sees every line that is kept, and none that is not");
    let screen = screen_of(&mut app);
    assert_eq!(count_before(&screen, "found"), wanted.len() as u64, "{screen}");
}
