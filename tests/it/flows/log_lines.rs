//! Structured log lines: one in full, those that belong together, fields as columns.

use flightdeck::cockpit::{Effect, Msg, OverlayKind, Pane};
use flightdeck::domain::Timestamp;
use flightdeck::domain::log::{Fields, Level, LogBatch, LogLine};
use flightdeck::theme::{Depth, Glyphs, Theme};

use crate::support::app::App;
use crate::support::scene::{drawn, opened, payments, picture, text};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

/// The screen of a terminal without colours and with ASCII alone.
macro_rules! plain {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        $app.tell(Msg::Resized { columns: $columns, rows: $rows });
        let theme = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Ascii);
        let picture = text(&drawn(&$app.model, &theme, $columns, $rows));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

/// Lines of one source, each with the milliseconds that it came before now.
fn tell(app: &mut App, source: &str, lines: Vec<(i64, Level, &str, Option<Fields>)>) {
    let wall = app.now().wall;
    let lines = lines.into_iter().map(|(ago, level, text, fields)| LogLine {
        at: Some(Timestamp(wall.0 - ago)),
        level,
        text: text.to_owned(),
        excluded: false,
        fields,
    });
    app.tell(Msg::Lines(LogBatch {
        source: source.into(),
        pool: Some(source.into()),
        lines: lines.collect(),
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: true,
    }));
}

/// A line as a structured logger writes it: its pairs stand behind its message.
fn told(app: &mut App, source: &str, ago: i64, level: Level, message: &str, pairs: &[(&str, &str)]) {
    let words = pairs.iter().map(|(name, value)| {
        if value.is_empty() || value.contains([' ', '=', '"']) {
            format!(" {name}=\"{value}\"")
        } else {
            format!(" {name}={value}")
        }
    });
    let text = format!("{message}{}", words.collect::<String>());
    tell(app, source, vec![(ago, level, text.as_str(), Fields::of(pairs.iter().copied()))]);
}

/// Structured lines of blue, plain ones of green, three requests between them.
fn lines(app: &mut App) {
    let (one, other) = ("4f1c9a22b7e00d31", "91aa00d2c4b7e6f0");
    let paid = |trace, status, ms| {
        [("route", "/v1/payments"), ("status", status), ("ms", ms), ("stan", "004217"), ("Properties.TraceId", trace)]
    };
    told(app, "blue", 9_000, Level::Info, "authorized", &paid(one, "200", "38"));
    tell(
        app,
        "green",
        vec![
            (8_988, Level::Info, "captured trace_id=4f1c9a22b7e00d31 amount=12.50 status=200", None),
            (8_100, Level::Info, "cache warmed in 12 s", None),
        ],
    );
    told(app, "blue", 7_400, Level::Warn, "slow answer from ledger", &paid(other, "200", "1304"));
    told(app, "blue", 7_390, Level::Error, "issuer gateway closed the connection", &paid(one, "500", "7"));
    tell(app, "green", vec![(7_000, Level::Info, "settled trace_id=91aa00d2c4b7e6f0 batch=\"eu west 1\"", None)]);
    told(app, "blue", 6_150, Level::Info, "authorized on the second try", &paid(one, "200", "1250"));
}

fn with_lines(correlate: &[&str], columns: &[&str]) -> App {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut procedure = payments();
    for log in &mut procedure.logs {
        log.correlate = owned(correlate);
    }
    if let Some(log) = procedure.logs.first_mut() {
        log.columns = owned(columns);
    }
    let mut app = opened(procedure, &[30, 70]);
    app.pass(20_000);
    lines(&mut app);
    app.model.focus = Pane::Logs;
    app
}

fn copied(app: &App) -> Vec<&str> {
    let copies = app.others.iter().filter_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    copies.collect()
}

fn screen(app: &mut App) -> String {
    picture(app, 120, 36)
}

fn shown(app: &App) -> Vec<&str> {
    let logs = &app.model.logs;
    let lines = logs.view.window(99).into_iter().filter_map(|number| logs.book.line(number));
    lines.map(|line| line.text.split(['=', ' ']).next().unwrap_or_default()).collect()
}

fn same(app: &App) -> Option<(&str, &str)> {
    app.model.logs.correlation().map(|same| (same.field.as_str(), same.value.as_str()))
}

#[test]
fn a_line_in_full_has_every_field_and_copies_what_is_chosen() {
    let mut app = with_lines(&[], &[]);
    let long = "java.net.SocketTimeoutException: Read timed out after 30000 ms while waiting for the answer of \
                issuer-gateway-3.internal:8443 (attempt 3 of 3)";
    let pairs = [("http.request.method", "POST"), ("error.kind", long), ("empty", ""), ("stan", "004219")];
    told(&mut app, "blue", 5_000, Level::Error, "authorize failed", &pairs);
    app.keys("i").draw();
    shot!("log_line", app, 80 x 24);
    app.keys("jjjjc");
    assert_eq!(copied(&app), ["POST"], "the text has four rows at this width, then come the fields");
    app.keys("Gy");
    assert_eq!(copied(&app).last(), Some(&"004219"));
    shot!("log_line_end", app, 80 x 24);
    app.keys("gc");
    assert!(copied(&app).last().is_some_and(|text| text.starts_with("authorize failed http.request.method=POST")));
    app.keys("j");
    shot!("log_line", app, 120 x 36);
    plain!("log_line_plain", app, 80 x 24);
    shot!("log_line", app, 40 x 12);
    app.keys("i");
    assert_eq!(app.overlay(), "");
}

#[test]
fn a_plain_line_and_a_mark_have_their_details_too() {
    let mut app = with_lines(&[], &[]);
    app.keys("kkkki").draw();
    shot!("log_line_of_plain_text", app, 80 x 24);
    app.keys("<esc>Na note<enter>Gi").draw();
    assert!(screen(&mut app).contains("What an operator did"), "{}", screen(&mut app));
    app.keys("c");
    assert_eq!(copied(&app).len(), 1);
}

#[test]
fn the_lines_before_and_after_are_one_key_away_and_a_line_that_is_gone_stays_readable() {
    let mut app = with_lines(&[], &[]);
    app.keys("i<left><left>");
    let text = |app: &App| match app.model.overlay.as_ref().map(|overlay| &overlay.kind) {
        Some(OverlayKind::Line(detail)) => detail.text.clone(),
        _ => String::new(),
    };
    assert!(text(&app).starts_with("issuer gateway closed"), "{}", text(&app));
    app.keys("l");
    assert!(text(&app).starts_with("settled"), "{}", text(&app));
    let batch: Vec<(i64, Level, &str, Option<Fields>)> =
        (0..50_000).map(|_| (0, Level::Info, "more and more", None)).collect();
    for _ in 0..5 {
        tell(&mut app, "green", batch.clone());
    }
    assert!(app.model.logs.book.first().0 > 1_000, "the line is no longer kept");
    assert!(text(&app).starts_with("settled"));
}

#[test]
fn enter_shows_every_line_of_the_same_request_and_esc_goes_back_to_where_one_was() {
    let mut app = with_lines(&["trace_id"], &[]);
    app.keys("kkkkk");
    let before = (app.model.logs.view.position(), app.model.logs.cursor(), shown(&app).len());
    app.keys("<enter>");
    assert_eq!(same(&app), Some(("trace_id", "4f1c9a22b7e00d31")), "green calls it so, blue by another name");
    assert_eq!(shown(&app), ["authorized", "captured", "issuer", "authorized"]);
    shot!("correlated", app, 80 x 24);
    shot!("correlated", app, 120 x 36);
    plain!("correlated_plain", app, 80 x 24);
    let pairs = [("Properties.TraceId", "4f1c9a22b7e00d31")];
    told(&mut app, "blue", 0, Level::Info, "refunded", &pairs);
    told(&mut app, "blue", 0, Level::Info, "refunded", &[("Properties.TraceId", "another")]);
    assert_eq!(shown(&app).last(), Some(&"refunded"), "new lines are followed");
    assert_eq!(shown(&app).len(), 5);
    app.keys("<esc>");
    assert_eq!((app.model.logs.view.position(), app.model.logs.cursor()), (before.0, before.1));
    assert_eq!((same(&app), shown(&app).len()), (None, before.2 + 2));
}

#[test]
fn a_filter_narrows_what_belongs_together_and_marks_stay_out_of_it() {
    let mut app = with_lines(&["trace_id"], &[]);
    app.keys("Na note<enter>");
    app.keys("k<enter>/second<enter>");
    assert_eq!(shown(&app), ["authorized"]);
    assert!(same(&app).is_some());
    app.keys("/<ctrl-u><enter>b");
    assert_eq!(shown(&app), ["authorized", "issuer", "authorized"], "blue alone");
}

#[test]
fn several_fields_or_none_are_asked_about_with_their_counts() {
    let mut app = with_lines(&["trace_id", "stan"], &[]);
    app.keys("<enter>").draw();
    shot!("correlate_choice", app, 80 x 24);
    plain!("correlate_choice_plain", app, 80 x 24);
    app.keys("j<enter>");
    assert_eq!(same(&app), Some(("stan", "004217")));
    app.keys("<enter>");
    assert_eq!(same(&app).map(|same| same.0), Some("Properties.TraceId"), "the other one is the only one left");
    app.keys("<esc>");
    assert_eq!(same(&app).map(|same| same.0), Some("stan"));
    app.keys("<esc>");
    assert_eq!(same(&app), None);

    let mut app = with_lines(&["order"], &[]);
    app.keys("k<enter>").draw();
    assert!(screen(&mut app).contains("This line has none that the profile names: order."), "{}", screen(&mut app));
    app.keys("<esc>");
    let mut app = with_lines(&[], &[]);
    app.keys("<enter>").draw();
    assert!(screen(&mut app).contains("The profile names no field"), "{}", screen(&mut app));
}

#[test]
fn a_line_without_fields_and_a_masked_value_say_why_not() {
    let mut app = with_lines(&["trace_id", "card"], &[]);
    let said = |app: &App| app.model.notices.back().map(|noticed| noticed.notice.text.clone()).unwrap_or_default();
    tell(&mut app, "green", vec![(0, Level::Info, "nothing to tell", None)]);
    app.keys("<enter>");
    assert_eq!((app.overlay().as_str(), same(&app)), ("", None));
    assert_eq!(said(&app), "this line has no other field: it is no JSON line, and nothing in it reads name=value");
    tell(&mut app, "green", vec![(0, Level::Info, "paid card=••••1111 stan=7", None)]);
    app.keys("<enter>").draw();
    assert!(screen(&mut app).contains("card is masked: its values cannot be told apart."), "{}", screen(&mut app));
    app.keys("<esc>ij<enter>");
    assert_eq!(said(&app), "card is masked: its values cannot be told apart");
    app.keys("j<enter>");
    assert_eq!(same(&app), Some(("stan", "7")), "any field of a line in full will do");
}

#[test]
fn whatever_the_adapters_mask_is_known_to_be_masked() {
    for text in ["4111111111111111", "ana@example.com", "10.1.2.3", "+49 170 1234567"] {
        let masked = flightdeck::adapter::log::masked(text.to_owned());
        assert!(masked != text && flightdeck::logbook::is_masked(&masked), "{masked}");
    }
}

#[test]
fn fields_stand_in_columns_that_keep_their_widths_and_give_way_to_the_text() {
    let mut app = with_lines(&["trace_id"], &["status", "ms", "route", "source", "missing"]);
    shot!("log_columns", app, 120 x 36);
    shot!("log_columns", app, 80 x 24);
    plain!("log_columns_plain", app, 80 x 24);
    app.keys("z");
    shot!("log_columns_zoomed", app, 160 x 40);
    app.keys("k<enter>");
    shot!("log_columns_correlated", app, 120 x 36);
    app.keys("<esc>zG");
    let widths = |app: &App| app.model.log_columns().iter().map(|column| column.cells).collect::<Vec<_>>();
    let before = widths(&app);
    for _ in 0..40 {
        told(&mut app, "blue", 0, Level::Info, "ok", &[("status", "9"), ("ms", "1"), ("route", "/")]);
    }
    assert_eq!(widths(&app), before, "shorter values leave the columns as they are");
    told(&mut app, "blue", 0, Level::Info, "ok", &[("ms", "1234567890")]);
    assert_eq!(widths(&app)[1], 10);
    app.keys("f");
    assert_eq!(widths(&app), Vec::<u16>::new());
    assert!(screen(&mut app).contains("ms=1234567890"), "{}", screen(&mut app));
    app.keys("f");
    assert_eq!(widths(&app)[1], 10);
}

#[test]
fn a_profile_without_columns_says_what_would_name_them() {
    let mut app = with_lines(&[], &[]);
    app.keys("f");
    let said = app.model.notices.back().map(|noticed| noticed.notice.text.clone());
    assert_eq!(said.as_deref(), Some("the profile names no columns: columns in its [[log]]"));
}
