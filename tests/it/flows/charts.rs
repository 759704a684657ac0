//! The charts: which there are, how each form of them looks, the one that stands alone, the cursor, the time shown.

use std::time::Duration;

use flightdeck::cockpit::{Msg, Pane, Span};
use flightdeck::domain::measure::PanelSpec;
use flightdeck::domain::metric::{Answered, Look, Scrape};
use flightdeck::domain::procedure::{Limits, MetricSpec, Procedure};
use flightdeck::domain::{Elapsed, Limit, Measure, PoolId, Trouble, TroubleKind, Unit};
use flightdeck::flight;
use flightdeck::flight::measure::Series;
use flightdeck::theme::{Depth, Glyphs, Theme};

use crate::support::app::App;
use crate::support::scene::{drawn, opened, payments, picture, raised, text};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn panel(name: &str, unit: Unit, pools: &[&str], limit: Option<Limit>) -> PanelSpec {
    PanelSpec {
        id: name.into(),
        source: "prometheus".into(),
        unit,
        pools: pools.iter().map(|pool| (*pool).into()).collect(),
        limit,
        interval: Duration::from_secs(10),
        window: Duration::from_mins(1),
        is_shown: true,
    }
}

/// The service with four panels of its own, of every shape: per pool and whole, limits above and below, own units.
fn with_panels() -> Procedure {
    let mut procedure = payments();
    let both = ["blue", "green"];
    procedure.metrics.push(MetricSpec {
        id: "prometheus".into(),
        pool: None,
        interval: Duration::from_secs(10),
        limits: Limits::default(),
        metered: false,
    });
    procedure.panels = vec![
        panel("heap", Unit::Bytes, &both, Some(Limit::Above(3.0 * 1024.0 * 1024.0 * 1024.0))),
        panel("approved", Unit::Percent, &both, Some(Limit::Below(0.97))),
        panel("queue", Unit::Other("msg".to_owned()), &[], Some(Limit::Above(200.0))),
        panel("acquirer", Unit::Milliseconds, &both, None),
    ];
    procedure.panels.push(PanelSpec { is_shown: false, ..panel("unseen", Unit::Number, &[], None) });
    procedure
}

/// Raised to 30, with ten minutes of values in each panel but the last, which nothing has answered.
fn flown() -> App {
    let mut app = opened(with_panels(), &[50, 50]);
    app.pass(500_000);
    let mut app = raised(app);
    fill(&mut app, "heap", Some("blue"), |wave| (1.2 + 0.3 * wave) * 1024.0 * 1024.0 * 1024.0);
    fill(&mut app, "heap", Some("green"), |wave| (2.1 + 0.6 * wave) * 1024.0 * 1024.0 * 1024.0);
    fill(&mut app, "approved", Some("blue"), |wave| 0.981 + 0.012 * wave);
    fill(&mut app, "approved", Some("green"), |wave| 0.984 + 0.003 * wave);
    fill(&mut app, "queue", None, |wave| (90.0 + 80.0 * wave).round());
    app.keys("<alt-3>");
    app
}

fn key(panel: &str, pool: Option<&str>) -> (Measure, Option<PoolId>) {
    (Measure::Panel(panel.into()), pool.map(Into::into))
}

/// Ten minutes of points, ten seconds apart, with a gap of half a minute two minutes ago.
fn fill(app: &mut App, panel: &str, pool: Option<&str>, value: impl Fn(f64) -> f64) {
    let now = app.now().elapsed.0;
    let points = (0..60_u32).map(|look| {
        let at = now - u64::from(59 - look) * 10_000 - 2_000;
        let told = !(46..49).contains(&look);
        (Elapsed(at), told.then(|| value((f64::from(look) * 0.4).sin())))
    });
    let series = Series::of("prometheus".into(), Duration::from_secs(10), points);
    app.model.flight.measures.series.insert(key(panel, pool), series);
}

fn series<'a>(app: &'a mut App, panel: &str, pool: &str) -> &'a mut Series {
    app.model.flight.measures.series.get_mut(&key(panel, Some(pool))).expect("it was filled")
}

fn select(app: &mut App, title: &str) {
    let charts = app.model.chart_list();
    let place = charts.iter().position(|chart| chart.title == title).expect("there is such a chart");
    app.keys("g").keys(&"j".repeat(place));
}

fn screen(app: &App, columns: u16, rows: u16) -> String {
    let theme = Theme::builtin("dark").expect("it is built in");
    text(&drawn(&app.model, &theme, columns, rows))
}

#[test]
fn panels_stand_after_errors_and_times_and_scroll_with_the_selection() {
    let mut app = flown();
    let titles: Vec<&str> = app.model.chart_list().iter().map(|chart| chart.title).collect();
    assert_eq!(titles, ["errors", "p99", "heap", "approved", "queue", "acquirer", "rate", "in flight"]);
    shot!("charts", app, 120 x 36);
    shot!("charts", app, 80 x 24);
    shot!("charts", app, 220 x 60);
    app.tell(Msg::Resized { columns: 120, rows: 36 });
    app.keys("G");
    assert_eq!(app.model.charts.selected, Some(Measure::InFlight));
    shot!("charts_end", app, 120 x 36);
    app.keys("gjjj");
    let shown = screen(&app, 120, 36);
    let broken = shown.lines().find(|line| line.contains("│›approved")).expect("it is in view");
    assert!(broken.contains("96.90 %") && broken.contains("below"), "a broken limit is said: {broken}");
    app.keys("k<enter>");
    assert!(screen(&app, 120, 36).contains("Metrics heap"), "{}", screen(&app, 120, 36));
}

#[test]
fn a_chart_alone_has_axes_numbers_and_the_words_of_its_marks() {
    let mut app = flown();
    select(&mut app, "errors");
    app.keys("<enter>");
    shot!("chart_alone", app, 120 x 36);
    app.keys("z");
    shot!("chart_alone_zoomed", app, 80 x 24);
    shot!("chart_alone_zoomed", app, 120 x 36);
    shot!("chart_alone_zoomed", app, 220 x 60);
    app.keys("<esc><esc>");
    assert_eq!((app.model.charts.alone, app.model.zoomed), (false, false), "one layer after the other");
}

#[test]
fn every_panel_has_a_stale_a_partial_a_missing_and_a_troubled_form() {
    let mut app = flown();
    let why = "failed to ask prometheus for heap: 503 Service Unavailable; look whether it runs";
    for pool in ["blue", "green"] {
        let now = app.now().elapsed;
        let heap = series(&mut app, "heap", pool);
        heap.points.push_back((now, None));
        heap.trouble = Some(why.to_owned());
    }
    series(&mut app, "approved", "blue").part = Some((3, 4));
    let queue = app.model.flight.measures.series.get_mut(&key("queue", None)).expect("it was filled");
    queue.points.retain(|(at, _)| at.0 % 2 < 2);
    let keep = queue.points.len() - 9;
    queue.points.truncate(keep);
    let trouble =
        Trouble::new(TroubleKind::TimedOut, "ask prometheus", "503 Service Unavailable", "look whether it runs");
    app.model.flight.measures.troubles.insert("prometheus".into(), trouble);
    app.model.charts.scroll = 2;
    app.model.charts.selected = Some(Measure::Panel("queue".into()));
    shot!("charts_forms", app, 120 x 36);
    shot!("charts_forms", app, 220 x 60);
    let plain = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Unicode);
    let colourless = text(&drawn(&app.model, &plain, 120, 36));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("charts_forms_plain_120x36", colourless);
    });
    app.tell(Msg::Resized { columns: 80, rows: 24 });
    for (title, name) in [("heap", "troubled"), ("approved", "partial"), ("queue", "stale"), ("acquirer", "missing")] {
        select(&mut app, title);
        app.keys("<enter>z");
        let picture = picture(&mut app, 80, 24);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("chart_{name}_80x24"), picture);
        });
        app.keys("<enter>z");
    }
}

#[test]
fn well_known_measures_have_the_same_forms() {
    let mut app = flown();
    let now = app.now().elapsed;
    for (measure, pool) in [(Measure::Errors, "blue"), (Measure::P99, "green")] {
        let series = app.model.flight.measures.series.get_mut(&(measure, Some(pool.into()))).expect("it is charted");
        series.points.push_back((now, None));
        series.trouble = Some("failed to read http://blue-1/metrics: connection refused".to_owned());
        series.part = Some((0, 3));
    }
    let errors = app.model.flight.measures.series.get_mut(&(Measure::Errors, Some("green".into()))).expect("charted");
    errors.points.truncate(40);
    let p99 = app.model.flight.measures.series.get_mut(&(Measure::P99, Some("blue".into()))).expect("charted");
    p99.part = Some((2, 3));
    app.pass(4_000);
    shot!("charts_known_forms", app, 120 x 36);
    shot!("charts_known_forms", app, 80 x 24);
}

#[test]
fn the_cursor_shows_every_lines_value_at_its_moment() {
    let mut app = flown();
    app.tell(Msg::Resized { columns: 120, rows: 36 });
    select(&mut app, "approved");
    app.keys("<enter>");
    assert_eq!(app.model.charts.cursor, None);
    app.keys("<left><left><left>");
    let at = app.model.charts.cursor.expect("it stands in the chart");
    assert_eq!(app.now().elapsed.since(at), Duration::from_secs(30), "a step is an interval at least");
    let clock = app.model.wall_at(at).clock();
    let shown = screen(&app, 120, 36);
    assert!(shown.contains(&format!("{clock}Z")) && shown.contains("cursor 0:30 ago"), "{shown}");
    shot!("chart_cursor", app, 120 x 36);
    app.keys("z<pageup>");
    assert_eq!(app.now().elapsed.since(app.model.charts.cursor.expect("still there")), Duration::from_secs(130));
    shot!("chart_cursor_zoomed", app, 120 x 36);
    shot!("chart_cursor_zoomed", app, 80 x 24);
    app.pass(5_000);
    assert_eq!(app.model.charts.cursor, Some(Elapsed(at.0 - 100_000)), "it stays at its moment");
    app.keys("<pagedown><pagedown>");
    assert_eq!(app.model.charts.cursor, None, "past the newest moment there is none");
    app.keys("<left><esc>");
    assert_eq!((app.model.charts.cursor, app.model.charts.alone), (None, true), "Esc drops it first");
}

#[test]
fn a_time_that_is_over_never_looks_live() {
    let mut app = flown();
    app.tell(Msg::Resized { columns: 120, rows: 36 });
    assert!(screen(&app, 120, 36).contains("Metrics last 5 min"));
    app.keys("[");
    let range = app.model.chart_range();
    assert_eq!((app.now().elapsed.since(range.end), range.is_past), (Duration::from_secs(150), true));
    let shown = screen(&app, 120, 36);
    assert!(shown.contains("not now: 2:30 ago") && !shown.contains("last 5 min"), "{shown}");
    shot!("charts_past", app, 120 x 36);
    app.pass(10_000);
    assert_eq!(app.model.chart_range().end, range.end, "it stands still while time goes on");
    app.keys("<enter>z");
    shot!("chart_past_zoomed", app, 120 x 36);
    shot!("chart_past_zoomed", app, 80 x 24);
    app.keys("]]");
    assert!(!app.model.chart_range().is_past, "it ends at now");
    app.keys("[[[[[[[[[[[[[[");
    assert!(app.notices().last().is_some_and(|text| text.contains("nothing older")), "{:?}", app.notices());
    app.keys("G");
    assert!(!app.model.chart_range().is_past);
    app.keys("[<esc>");
    assert_eq!((app.model.charts.past, app.model.charts.alone), (None, true), "Esc goes back to now first");
}

#[test]
fn the_span_goes_from_minutes_to_the_change_and_the_session() {
    let mut app = flown();
    let mut spans = Vec::new();
    for _ in 0..5 {
        spans.push((app.model.charts.span, app.model.span_words()));
        app.keys("s");
    }
    let words: Vec<&str> = spans.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(words[..3], ["last 5 min", "last 15 min", "last 30 min"]);
    assert!(
        words[3].starts_with("since the change, 0:4") && words[4].starts_with("since the session, 10:2"),
        "{words:?}"
    );
    assert_eq!(app.model.charts.span, Span::Five, "and around");
    app.keys("<left>");
    assert_eq!(app.model.charts.span, Span::SinceSession, "the arrows choose it where no cursor is");
    app.keys("<left>");
    assert_eq!(app.model.chart_range().length, Duration::from_mins(1), "a fresh change is not stretched");
    app.keys("<enter>");
    shot!("chart_since_change", app, 120 x 36);
    let mut app = App::new(with_panels());
    app.keys("<alt-3>sss");
    assert_eq!(app.model.charts.span, Span::SinceSession, "before the first change there is no time since it");
}

#[test]
fn details_say_where_a_chart_comes_from_and_what_is_wrong() {
    let mut app = flown();
    series(&mut app, "approved", "blue").part = Some((3, 4));
    select(&mut app, "approved");
    app.keys("i").draw();
    let shown = screen(&app, 120, 36);
    for words in [
        "Metrics: approved",
        "good while ≥ 97.00 %",
        "asked of prometheus every 10s; each value looks back 1m",
        "counts 3 of 4 targets",
        "▲ blue:",
        "old, from prometheus, every 10s",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    app.keys("<esc>");
    select(&mut app, "acquirer");
    app.keys("i").draw();
    assert!(screen(&app, 120, 36).contains("● green: never answered"));
}

#[test]
fn a_click_selects_a_chart_and_the_wheel_goes_on() {
    let mut app = flown().sized(120, 36);
    let inside = app.model.areas().inner(Pane::Metrics);
    app.keys("<alt-1>");
    app.tell(Msg::Click { column: inside.x + 3, row: inside.y + 4 });
    assert_eq!((app.model.focus, app.model.charts.selected.clone()), (Pane::Metrics, Some(Measure::P99)));
    app.tell(Msg::Wheel { column: inside.x + 3, row: inside.y + 4, lines: 3 });
    assert_eq!(app.model.charts.selected, Some(Measure::Panel("heap".into())));
}

#[test]
fn what_a_source_answers_reaches_its_panel_with_its_trouble() {
    let mut app = App::new(with_panels());
    let now = app.now();
    let answered =
        |pool: &str, value| Answered { measure: Measure::Panel("approved".into()), pool: Some(pool.into()), value };
    let sample = flightdeck::domain::measure::Sample { at: now.wall, value: 0.5 };
    let trouble = Trouble::new(TroubleKind::Denied, "ask prometheus", "400 bad_data", "mend the query");
    let look = Look::Values(vec![answered("blue", Ok(Some(sample))), answered("green", Err(trouble))]);
    app.tell(Msg::Flight(flight::Msg::Looked { source: "prometheus".into(), began: now, look }));
    app.keys("<alt-3>");
    select(&mut app, "approved");
    app.keys("<enter>");
    let shown = screen(&app, 120, 36);
    assert!(shown.contains("50.00") && shown.contains("400 bad_data"), "{shown}");
}

#[test]
fn counters_without_a_target_that_answers_are_a_gap() {
    let mut app = flown();
    let began = app.now();
    app.tell(Msg::Flight(flight::Msg::Looked {
        source: "blue".into(),
        began,
        look: Look::Counters(Scrape::default()),
    }));
    let shown = screen(&app, 120, 36);
    let row = shown.lines().find(|line| line.contains("errors") && line.contains('›')).expect("the chart is there");
    assert!(row.contains('–'), "{row}");
}
