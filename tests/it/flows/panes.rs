//! The panes: drafting, ticking, reading logs, charts, mouse, the key line.

use std::time::Duration;

use flightdeck::cockpit::{Effect, Msg, Pane};
use flightdeck::domain::Measure;
use flightdeck::domain::log::{Level, LogBatch, LogLine};
use flightdeck::domain::metric::{Look, Sample, Scrape};
use flightdeck::domain::procedure::{Limits, LogSpec, MetricSpec};
use flightdeck::flight;
use flightdeck::session::Event;

use crate::support::app::{App, half};
use crate::support::procedure::blue_green;

#[test]
fn a_draft_moves_by_the_increment_takes_decimals_and_is_dropped_by_escape() {
    let mut app = half();
    let drafted = |app: &App| app.model.draft.as_ref().map(|draft| draft.weights.to_string());
    app.keys("<left>++");
    assert_eq!(drafted(&app).as_deref(), Some("70 / 30"));
    app.keys("-");
    assert_eq!(drafted(&app).as_deref(), Some("60 / 40"));
    app.keys("<esc>12.25");
    assert_eq!(drafted(&app).as_deref(), Some("12.25 / 87.75"));
    app.keys("9");
    assert_eq!(drafted(&app).as_deref(), Some("12.25 / 87.75"), "a third decimal is not taken");
    app.keys("<right>");
    assert_eq!(drafted(&app).as_deref(), Some("87.75 / 12.25"), "the number goes over to the other pool");
    app.keys("<backspace><backspace><backspace>");
    assert_eq!(drafted(&app).as_deref(), Some("88 / 12"));
    app.keys("<esc>");
    assert_eq!((drafted(&app), app.sends.len()), (None, 0));
}

#[test]
fn the_checklist_ticks_folds_and_keeps_its_selection() {
    let mut app = half();
    app.keys("<alt-2>j ");
    assert_eq!(app.model.checklist_counts(), (1, 2));
    app.keys("<space>");
    assert_eq!(app.model.checklist_counts(), (0, 2));
    app.keys("<left>");
    assert_eq!((app.model.checklist_rows().len(), app.model.checklist.selected), (1, 0));
    app.keys("<enter>");
    assert_eq!(app.model.checklist_rows().len(), 3);
}

#[test]
fn what_was_done_stands_among_the_log_lines_and_on_the_charts() {
    let mut app = half();
    app.keys("n<drawn>y").pass(1000).keys("Nlooks calm<enter>");
    let book = &app.model.logs.book;
    let marks: Vec<&str> = book.lines(book.first(), book.end()).map(|line| line.text).collect();
    assert_eq!(marks, ["ana: shift to 0 / 100", "0 / 100 verified on 2 of 2", "ana: looks calm"]);
    let charted: Vec<&str> = app.model.charts.marks.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(charted, ["ana: shift to 0 / 100", "0 / 100 verified on 2 of 2"]);
}

#[test]
fn an_unanswered_router_is_told_by_a_banner_and_the_screen_is_drawn_only_for_what_moved() {
    let mut app = half();
    app.model.settings.motion = false;
    app.pass(1000);
    let before = app.model.version;
    app.take(Msg::Flight(flightdeck::flight::Msg::Tick));
    assert_eq!(app.model.version, before, "nothing changed within this moment");
    let wakes = app.model.wakes_at().expect("routers are read again");
    assert!(wakes.since(app.now().elapsed) <= Duration::from_secs(1));
}

#[test]
fn a_click_focuses_selects_and_drafts_and_never_confirms() {
    let mut app = half().sized(120, 36);
    let areas = app.model.areas();
    let heading = areas.inner(Pane::Checklist);
    app.tell(Msg::Click { column: heading.x + 2, row: heading.y });
    assert_eq!((app.model.focus, app.model.checklist_rows().len()), (Pane::Checklist, 1), "the heading folds");
    let bar = areas.inside.bar;
    app.tell(Msg::Click { column: bar.x + bar.width / 4, row: bar.y });
    assert_eq!((app.model.focus, app.model.draft.is_some()), (Pane::Traffic, false), "the first click only focuses");
    app.tell(Msg::Click { column: bar.x + bar.width / 4, row: bar.y });
    let drafted = app.model.draft.as_ref().map(|draft| draft.weights.to_string()).unwrap_or_default();
    assert!(drafted.starts_with('2'), "{drafted}");
    app.keys("<enter><drawn>");
    for column in 0..120 {
        for row in 0..36 {
            app.take(Msg::Click { column, row });
        }
    }
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
}

#[test]
fn a_click_on_a_tab_of_a_small_screen_shows_its_pane() {
    let mut app = half().sized(80, 24);
    let (tab, pane) = app.model.areas().tabs[2];
    app.tell(Msg::Click { column: tab.x + 1, row: tab.y });
    assert_eq!((pane, app.model.focus), (Pane::Logs, Pane::Logs));
}

#[test]
fn the_key_line_names_enter_the_keys_of_the_moment_the_way_back_help_and_palette() {
    let line = |app: &App| {
        let keys = flightdeck::input::footer(&app.model);
        keys.into_iter().map(|(key, label)| format!("{key} {label}")).collect::<Vec<_>>().join(" | ")
    };
    let mut app = half();
    assert_eq!(
        line(&app),
        "enter next step: Drain blue | + draft | n next step | tab next pane | R roll back | ? keys | : command"
    );
    app.keys("30");
    assert_eq!(line(&app), "enter propose 70 / 30 | + more | - less | esc drop | R roll back | ? keys | : command");
    app.keys("<esc>n<drawn>");
    assert_eq!(line(&app), "y send | esc send nothing | R roll back");
    app.keys("y").pass(8000).keys("R<drawn>");
    assert_eq!(line(&app), "enter roll back | y roll back | tab the other way back | esc send nothing");
    app.keys("<esc>N");
    assert_eq!(line(&app), "enter keep the note | esc drop it | ctrl-r roll back to 50 / 50");
}

#[test]
fn log_lines_are_filtered_chosen_copied_and_attached() {
    let mut procedure = blue_green(1);
    procedure.logs = vec![LogSpec::new("api".into(), Some("blue".into()))];
    let mut app = App::with_weights(procedure, &[50, 50]);
    let line = |text: &str, excluded| {
        let text = text.to_owned();
        LogLine { at: None, level: Level::Info, text, excluded, fields: None }
    };
    let lines = vec![line("authorize 1", false), line("GET /health", true), line("authorize 2", false)];
    app.tell(Msg::Lines(LogBatch {
        source: "api".into(),
        pool: Some("blue".into()),
        lines,
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: false,
    }));
    assert_eq!(app.model.flight.logs[&"api".into()].lines, 2, "noise is no evidence");
    app.keys("<alt-4>");
    assert_eq!(app.model.logs.view.matched(), 2);
    app.keys("e");
    assert_eq!(app.model.logs.view.matched(), 3);
    app.keys("e/2<enter>").keys("c");
    assert_eq!(app.others, [Effect::Copy("authorize 2".to_owned())]);
    app.keys("/<ctrl-u><enter>vka");
    let attached = app.events().find_map(|event| match event {
        Event::LinesAttached { lines, .. } => Some(lines.clone()),
        _ => None,
    });
    assert_eq!(attached.map(|lines| lines.len()), Some(2));
    app.keys("/(<enter>");
    assert_eq!(app.overlay(), "", "a bracket is plain text");
    app.keys("/<ctrl-u>/(/<enter>");
    assert_eq!(app.overlay(), "Ask", "a bad pattern stays to be mended");
}

#[test]
fn charts_come_from_router_counters_until_a_metric_source_tells() {
    let mut procedure = blue_green(1);
    procedure.metrics = vec![MetricSpec {
        id: "m".into(),
        pool: Some("blue".into()),
        interval: Duration::from_secs(1),
        limits: Limits::default(),
        metered: false,
    }];
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.pass(3000);
    let key = (Measure::Requests, Some("blue".into()));
    let newest = |app: &App| app.model.flight.measures.series[&key].points.back().copied().and_then(|(_, value)| value);
    assert!(newest(&app).is_some_and(|rate| (250.0..370.0).contains(&rate)), "{:?}", newest(&app));
    let looked =
        |began, scrape| Msg::Flight(flight::Msg::Looked { source: "m".into(), began, look: Look::Counters(scrape) });
    let scrape = |requests: f64| Scrape {
        targets: vec![("t".to_owned(), Ok(Sample { requests: Some(requests), ..Sample::default() }))],
    };
    for requests in [100.0, 150.0] {
        let began = app.now();
        app.tell(looked(began, scrape(requests))).pass(1000);
    }
    assert_eq!(newest(&app), Some(50.0));
    let began = app.now();
    app.tell(looked(began, Scrape::default()));
    assert_eq!(newest(&app), None, "a look that gave nothing is a gap");
}
