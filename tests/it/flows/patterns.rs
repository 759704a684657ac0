//! Error patterns: grouped, counted, new ones first, what is expected apart; Enter shows the lines of one.

use std::time::Duration;

use flightdeck::cockpit::Msg;
use flightdeck::domain::Timestamp;
use flightdeck::domain::log::{Level, LogBatch, LogLine};
use flightdeck::domain::procedure::{ExpectedSpec, Procedure};

use crate::support::app::App;
use crate::support::scene::{opened, payments, picture, step};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn procedure() -> Procedure {
    let mut procedure = payments();
    procedure.expected = vec![ExpectedSpec {
        matches: "reset by peer".to_owned(),
        log: None,
        span: Duration::from_mins(2),
        reason: "clients connect anew after a shift".to_owned(),
    }];
    procedure
}

/// Lines of a pool, the last of them just now.
fn errors(app: &mut App, pool: &str, texts: &[(Level, String)]) {
    let now = app.now().wall.0;
    let last = i64::try_from(texts.len()).expect("few lines") - 1;
    let lines = (0..).zip(texts).map(|(place, (level, text))| LogLine {
        at: Some(Timestamp(now - (last - place) * 10)),
        level: *level,
        text: text.clone(),
        excluded: false,
        fields: None,
    });
    app.tell(Msg::Lines(LogBatch {
        source: pool.into(),
        pool: Some(pool.into()),
        lines: lines.collect(),
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: false,
    }));
}

/// Some seconds after a change, with what it brought.
fn changed() -> App {
    let mut app = opened(procedure(), &[50, 50]);
    let timeout = |number: u32| (Level::Warn, format!("connect timeout host=db attempt={number} stan=00{number}"));
    errors(&mut app, "green", &(1..40).map(timeout).collect::<Vec<_>>());
    app.pass(5_000);
    step(&mut app, "n<drawn>y");
    app.pass(6_000);
    let fresh = |number: u32| (Level::Error, format!("no route to \"acquirer {number}\" within {number} ms"));
    errors(&mut app, "blue", &(1..4).map(fresh).collect::<Vec<_>>());
    let reset = |number: u32| (Level::Warn, format!("connection {number} to 10.0.0.{number}:443 reset by peer"));
    errors(&mut app, "blue", &(1..18).map(reset).collect::<Vec<_>>());
    errors(&mut app, "green", &(40..45).map(timeout).collect::<Vec<_>>());
    app.pass(2_000).draw();
    app
}

#[test]
fn new_patterns_stand_first_and_expected_ones_apart() {
    let mut app = changed();
    assert_eq!(app.model.new_patterns(), 1);
    app.keys("<alt-4>").draw();
    shot!("patterns_pane", app, 120 x 36);
    app.keys("m").draw();
    shot!("patterns", app, 80 x 24);
    shot!("patterns", app, 120 x 36);
    let last = app.model.pattern_rows().len();
    for _ in 0..last {
        app.keys("j");
    }
    shot!("patterns_apart", app, 120 x 36);
}

#[test]
fn enter_shows_the_lines_of_the_chosen_pattern() {
    let mut app = changed();
    app.keys("<alt-4>m").draw().keys("<enter>").draw();
    assert!(app.model.overlay.is_none());
    let texts: Vec<String> = app
        .model
        .logs
        .view
        .window(50)
        .into_iter()
        .filter_map(|number| app.model.logs.book.line(number))
        .filter(|line| !line.is_mark())
        .map(|line| line.text.to_owned())
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts.iter().all(|text| text.starts_with("no route to \"acquirer")), "{texts:?}");
    assert_eq!(app.model.logs.view.filter().pools, ["blue".into()]);
    // A key for the panes closes nothing and the table can be closed without a choice.
    app.keys("m").draw().keys("<esc>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn a_choice_stays_with_its_pattern_while_others_overtake_it() {
    let mut app = changed();
    app.keys("<alt-4>m").draw().keys("j");
    let chosen = app.model.pattern_table().expect("it is open").chosen.clone().expect("one is chosen");
    let burst = |number: u32| (Level::Error, format!("refused {number}"));
    errors(&mut app, "blue", &(0..500).map(burst).collect::<Vec<_>>());
    let rows = app.model.pattern_rows();
    let table = app.model.pattern_table().expect("it is open");
    let row = &rows[table.place(&rows)];
    assert_eq!((row.pool.cloned(), row.template.to_owned()), chosen);
    assert_eq!(rows[0].template, "refused ‹n›", "new, and more of it");
}

#[test]
fn without_errors_the_table_says_what_would_fill_it() {
    let mut app = App::with_weights(payments(), &[50, 50]);
    app.keys("<alt-4>m").draw();
    shot!("patterns_none", app, 80 x 24);
    app.keys("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn what_began_after_the_change_cannot_be_told_from_what_was_there() {
    let mut app = App::with_weights(payments(), &[50, 50]);
    app.pass(20_000);
    step(&mut app, "n<drawn>y");
    app.pass(6_000);
    errors(&mut app, "blue", &[(Level::Error, "no route".to_owned())]);
    assert_eq!(app.model.new_patterns(), 0);
    app.keys("<alt-4>m").draw();
    let picture = picture(&mut app, 120, 36);
    assert!(picture.contains("not watched before the change"), "{picture}");
}
