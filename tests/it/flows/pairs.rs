//! Requests paired with answers on the screen: the panels in their forms, what is known of each, and of a line.

use flightdeck::cockpit::Msg;
use flightdeck::domain::log::{Fields, Level, LogBatch, LogLine, LogSourceState};
use flightdeck::domain::pairing::{PairSpec, Pattern, Recognised, Rule, Wanted};
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::{Limit, Measure, PoolId, Timestamp, Trouble, TroubleKind, measure, pairing};
use flightdeck::theme::Theme;

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

/// The service with its authorisations paired by STAN, and nothing else charted but what the routers count.
fn with_pairs() -> Procedure {
    let mut procedure = payments();
    let second = std::time::Duration::from_secs(1);
    let spec = PairSpec {
        id: "authorise".into(),
        logs: vec!["blue".into(), "green".into()],
        request: Recognised::Field { name: "mti".to_owned(), wanted: Wanted::OneOf(vec!["1100".to_owned()]) },
        answer: Recognised::Text(Pattern::new("^out").expect("a pattern")),
        key: vec!["stan".to_owned()],
        pool: None,
        rule: Rule {
            unanswered_after: second * 10,
            window: second * 60,
            late: second * 2,
            fewest: 20,
            interval: second * 5,
        },
    };
    let limits = [None, Some(Limit::Above(0.0)), Some(Limit::Above(400.0)), None];
    let figures =
        [pairing::Figure::Unanswered, pairing::Figure::Duplicates, pairing::Figure::P95, pairing::Figure::Open];
    for (figure, limit) in figures.into_iter().zip(limits) {
        procedure.panels.push(measure::PanelSpec {
            id: figure.panel(&spec.id),
            source: spec.id.clone(),
            unit: figure.unit(),
            pools: procedure.pool_ids().cloned().collect(),
            limit,
            interval: spec.rule.interval,
            window: spec.rule.window,
            is_shown: true,
        });
    }
    procedure.pairs = vec![spec];
    procedure
}

/// Seconds of traffic in the log of a pool, ten requests a second: which of them are answered, and after how long.
fn traffic(app: &mut App, seconds: u64, answered: impl Fn(&str, u64) -> Option<u64>) {
    for _ in 0..seconds {
        app.pass(1_000);
        for pool in ["blue", "green"] {
            let now = app.now();
            let mut lines = vec![line(now.wall.0, "GET /health", &[], true)];
            for number in (0..10).map(|place| now.elapsed.0 / 1_000 * 10 + place) {
                let stan = format!("{:06}", number % 1_000_000);
                let at = now.wall.0 - 2_000 + i64::try_from(number % 10).expect("below ten") * 100;
                lines.push(line(at, "in", &[("mti", "1100"), ("stan", &stan)], false));
                if let Some(took) = answered(pool, number) {
                    let at = at + i64::try_from(took).expect("below a second");
                    lines.push(line(at, &format!("out stan={stan} approved"), &[], false));
                }
            }
            lines.sort_by_key(|line| line.at);
            tell(app, pool, lines);
        }
    }
}

fn tell(app: &mut App, pool: &str, lines: Vec<LogLine>) {
    let (source, pool) = (pool.into(), Some(PoolId::from(pool)));
    app.tell(Msg::Lines(LogBatch {
        source,
        pool,
        lines,
        ids: Vec::new(),
        dropped: 0,
        watermark: None,
        by_time: false,
    }));
}

fn line(at: i64, text: &str, fields: &[(&str, &str)], excluded: bool) -> LogLine {
    let fields = Fields::of(fields.iter().copied());
    LogLine { at: Some(Timestamp(at)), level: Level::Info, text: text.to_owned(), excluded, fields }
}

/// A minute and a half of traffic; in blue every seventh request has had no answer for twenty seconds.
fn flown() -> App {
    let mut app = opened(with_pairs(), &[50, 50]);
    let usual = |number: u64| 20 + number % 19 * 5;
    traffic(&mut app, 70, |_, number| Some(usual(number)));
    traffic(&mut app, 20, |pool, number| (pool == "green" || number % 7 > 0).then(|| usual(number) * 3));
    app.keys("<alt-3>");
    select(&mut app, "p95-authorise");
    app
}

fn select(app: &mut App, title: &str) {
    let charts = app.model.chart_list();
    let place = charts.iter().position(|chart| chart.title == title).expect("there is such a chart");
    app.keys("g").keys(&"j".repeat(place));
}

#[test]
fn the_panels_of_pairs_are_fresh_stale_and_missing_like_any_other() {
    let mut app = opened(with_pairs(), &[50, 50]);
    app.pass(3_000);
    app.keys("<alt-3>");
    select(&mut app, "p95-authorise");
    shot!("pairs_missing", app, 120 x 36);
    shot!("pairs_missing", app, 80 x 24);
    let mut app = flown();
    shot!("pairs_fresh", app, 120 x 36);
    shot!("pairs_fresh", app, 80 x 24);
    // Neither log delivers anything: what was known grows old.
    app.pass(40_000);
    shot!("pairs_stale", app, 120 x 36);
    shot!("pairs_stale", app, 80 x 24);
    let trouble = Trouble::new(TroubleKind::Unreachable, "read /var/log/blue.log", "no such file", "look for it");
    app.tell(Msg::LogState { source: "blue".into(), state: LogSourceState::Waiting(trouble) });
    app.pass(6_000);
    shot!("pairs_gone", app, 120 x 36);
    shot!("pairs_gone", app, 80 x 24);
}

#[test]
fn what_is_known_of_a_pair_is_one_key_away() {
    let mut app = flown();
    app.keys("i");
    shot!("pairs_details", app, 120 x 36);
    app.keys("<esc>");
    let unanswered = Measure::Panel("unanswered-authorise".into());
    let value = |pool: &str| {
        let series = app.model.flight.measures.of(&unanswered, Some(&pool.into())).expect("it was told");
        series.newest().and_then(|(_, value)| value)
    };
    assert_eq!(value("green"), Some(0.0));
    assert!(value("blue").is_some_and(|value| value > 5.0), "{:?}", value("blue"));
}

#[test]
fn a_line_tells_how_long_its_answer_took() {
    let mut app = flown();
    let now = app.now().wall.0;
    let lines = vec![
        line(now - 900, "in", &[("mti", "1100"), ("stan", "777777")], false),
        line(now - 862, "out stan=777777 approved", &[], false),
    ];
    tell(&mut app, "green", lines);
    app.pass(2_500);
    let now = app.now().wall.0;
    tell(&mut app, "green", vec![line(now, "still here", &[], false)]);
    app.keys("<alt-4>");
    let mut said = Vec::new();
    for keys in ["kk", "j"] {
        app.keys(keys).keys("i");
        let theme = Theme::builtin("dark").expect("it is built in");
        said.push(text(&drawn(&app.model, &theme, 120, 36)));
        app.keys("<esc>");
    }
    for side in ["request", "answer"] {
        let wanted = format!("authorise {side}, answered after 38 ms");
        assert!(said.iter().any(|said| said.contains(&wanted)), "{wanted}: {}", said.join("\n"));
    }
}
