//! Moments of a flight to be drawn, and pictures of them.
//!
//! A scene is an [`App`] that was flown to a moment by keys and by what its scripted routers do; [`picture`] draws it as
//! text, followed by the same screen with a letter for the role of each cell.

use std::fmt::Write as _;
use std::time::Duration;

use flightdeck::cockpit::{Model, Msg};
use flightdeck::domain::checklist::{Checklist, Item, Section};
use flightdeck::domain::log::{Level, LogBatch, LogLine, LogSourceState};
use flightdeck::domain::procedure::{Limits, LogSpec, MetricSpec, Pool, Procedure, Role as PoolRole, RollbackAct};
use flightdeck::domain::{Elapsed, ItemId, Measure, PoolId, Timestamp};
use flightdeck::flight::measure::Series;
use flightdeck::theme::{Role, Theme};
use flightdeck::view;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::app::App;
use super::procedure::{blue_green, weights};

/// A service as people run it: two routers, logs and metrics of both pools, a checklist of three sections.
pub fn payments() -> Procedure {
    let mut procedure = blue_green(2);
    for router in &mut procedure.routers {
        "haproxy".clone_into(&mut router.kind);
        router.capabilities.change_ms = 900;
    }
    let section = |title: &str, items: &[(&str, u8, bool)]| {
        let slug = flightdeck::domain::checklist::slug(title);
        let items = items.iter().map(|(text, depth, required)| Item {
            id: ItemId::new(format!("{slug}/{}", flightdeck::domain::checklist::slug(text))),
            text: (*text).to_owned(),
            depth: *depth,
            required: *required,
            role: None,
            commands: Vec::new(),
            links: Vec::new(),
        });
        Section { slug: slug.clone(), title: title.to_owned(), items: items.collect() }
    };
    procedure.checklist = Checklist {
        due: flightdeck::domain::due::Dues::default(),
        sections: vec![
            section("Before the call", &[("Channel told", 0, true), ("Dashboards open", 0, false)]),
            section(
                "Deploy",
                &[
                    ("Only health checks in the log of blue", 0, true),
                    ("Version endpoint answers on every server", 1, true),
                    ("Health is green", 0, true),
                ],
            ),
            section("After", &[("Release note sent", 0, true), ("Channel told", 0, false)]),
        ],
    };
    let pools = ["blue", "green"];
    procedure.logs = pools.iter().map(|pool| LogSpec::new((*pool).into(), Some((*pool).into()))).collect();
    procedure.metrics = pools
        .iter()
        .map(|pool| MetricSpec {
            id: (*pool).into(),
            pool: Some((*pool).into()),
            interval: Duration::from_secs(5),
            limits: Limits { error_rate: Some(0.01), p99_ms: Some(500.0) },
            metered: false,
        })
        .collect();
    procedure.rollback = vec![RollbackAct {
        name: "Previous release to blue".to_owned(),
        text: "run the deploy pipeline with the release before".to_owned(),
    }];
    procedure
}

/// Three pools on one router.
pub fn three_pools() -> Procedure {
    let mut procedure = payments();
    procedure.pools.push(Pool {
        id: "canary".into(),
        mark: "◆".to_owned(),
        role: PoolRole::New,
        capacity_per_server: None,
    });
    procedure.plan.clear();
    procedure
}

/// The session as it opened, on these weights, some seconds in, with logs and metrics.
pub fn opened(procedure: Procedure, split: &[u32]) -> App {
    let mut app = App::with_weights(procedure, split);
    app.pass(20_000);
    for pool in pools(&app) {
        app.tell(Msg::LogState { source: pool.as_str().into(), state: LogSourceState::Following });
    }
    lines(&mut app);
    charts(&mut app);
    app
}

/// Blue drained, deployed to, and raised to 30; its soak is over.
pub fn at_thirty() -> App {
    raised(opened(payments(), &[50, 50]))
}

/// The same from a session that was opened on half and half.
pub fn raised(mut app: App) -> App {
    step(&mut app, "n<drawn>y");
    app.pass(12_000);
    step(&mut app, "n<drawn>y");
    for slug in ["only-health-checks-in-the-log-of-blue", "version-endpoint-answers-on-every-server", "health-is-green"]
    {
        app.ask(flightdeck::flight::Ask::ToggleItem(ItemId::new(format!("deploy/{slug}"))));
    }
    for _ in 0..2 {
        step(&mut app, "n<drawn>y");
        app.pass(45_000);
    }
    lines(&mut app);
    charts(&mut app);
    app
}

/// Presses keys and lets a moment pass.
pub fn step(app: &mut App, keys: &str) {
    app.keys(keys).pass(500);
}

fn pools(app: &App) -> Vec<PoolId> {
    app.model.flight.procedure.pool_ids().cloned().collect()
}

/// Some log lines of each pool, a health check among them.
pub fn lines(app: &mut App) {
    let wall = app.now().wall;
    let texts = [
        (Level::Info, "authorize approved=true 38 ms stan=004217", false),
        (Level::Info, "GET /health 200", true),
        (Level::Warn, "connect timeout host=db attempt=1 stan=004218", false),
        (Level::Info, "authorize approved=true 41 ms stan=004218", false),
        (Level::Error, "authorize failed: no route to acquirer stan=004219", false),
    ];
    for (index, pool) in pools(app).into_iter().enumerate().take(2) {
        let lines = texts.iter().zip(0_i64..).map(|((level, text, excluded), place)| LogLine {
            at: Some(Timestamp(wall.0 - 9_000 + place * 1_700 + i64::try_from(index).expect("few pools") * 600)),
            level: *level,
            text: (*text).to_owned(),
            excluded: *excluded,
            fields: None,
        });
        let batch = LogBatch {
            source: pool.as_str().into(),
            pool: Some(pool),
            lines: lines.collect(),
            ids: Vec::new(),
            dropped: 0,
            watermark: None,
            by_time: false,
        };
        app.tell(Msg::Lines(batch));
    }
}

/// Five minutes of response times and errors in each pool, as metric sources would have given them.
pub fn charts(app: &mut App) {
    let now = app.now().elapsed.0;
    for (index, pool) in (0_u32..).zip(pools(app)) {
        for (measure, base, swing) in [(Measure::P99, 190.0, 30.0), (Measure::Errors, 0.0002, 0.0001)] {
            let points = (0..60_u32).map(|look| {
                let at = now.saturating_sub(u64::from(59 - look) * 5_000 + 1_000);
                let wave = (f64::from(look) * 0.35 + f64::from(index)).sin();
                let value = base * (1.0 + 0.1 * f64::from(index)) + swing * wave;
                (Elapsed(at), (look != 30).then_some(value))
            });
            let series = Series::of(pool.as_str().into(), Duration::from_secs(5), points);
            app.model.flight.measures.series.insert((measure, Some(pool.clone())), series);
        }
    }
}

/// A draft of this much for the pool that the next step raises.
pub fn draft(app: &mut App, percent: u32) {
    app.model.draft = Some(flightdeck::cockpit::Draft {
        weights: weights(&[("blue", percent), ("green", 100 - percent)]),
        typed: String::new(),
    });
}

/// The screen as drawn at a size.
pub fn drawn(model: &Model, theme: &Theme, columns: u16, rows: u16) -> Buffer {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    view::draw(model, theme, area, &mut buffer);
    buffer
}

/// A scene as text, then with a letter for the role of each cell.
pub fn picture(app: &mut App, columns: u16, rows: u16) -> String {
    app.tell(Msg::Resized { columns, rows });
    let theme = Theme::builtin("dark").expect("the default theme is built in");
    let buffer = drawn(&app.model, &theme, columns, rows);
    let mut text = text(&buffer);
    text.push('\n');
    for y in 0..rows {
        let row: String = (0..columns).map(|x| letter(&theme, &buffer[(x, y)])).collect();
        let _infallible = writeln!(text, "{}", row.trim_end());
    }
    text.push_str(LEGEND);
    text
}

/// The text of a screen.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        let _infallible = writeln!(text, "{}", row.trim_end());
    }
    text
}

const LEGEND: &str = "
. text  S strong  d dim  b border  A accent  T title  g good  w waits  B bad  s stale  l limit  f found
P production  D title of a dialog  _ selected  1-6 the pools
";

/// The letter of the role whose style a cell has.
fn letter(theme: &Theme, cell: &Cell) -> char {
    if cell.symbol() == " " {
        return if cell.bg == theme.style(Role::Selected).bg.unwrap_or(Color::Reset) { '_' } else { ' ' };
    }
    let fits = |role: &Role| {
        let style = theme.style(*role);
        style.fg.is_some() && style.fg == Some(cell.fg) && cell.modifier == style.add_modifier
    };
    let found = Role::ALL.iter().find(|role| fits(role));
    match found {
        Some(Role::Text | Role::Dialog) => '.',
        Some(Role::Strong) => 'S',
        Some(Role::Dim) => 'd',
        Some(Role::Border) => 'b',
        Some(Role::Accent) => 'A',
        Some(Role::Title) => 'T',
        Some(Role::Good) => 'g',
        Some(Role::Wait) => 'w',
        Some(Role::Bad) => 'B',
        Some(Role::Stale) => 's',
        Some(Role::Limit) => 'l',
        Some(Role::Selected) => '_',
        Some(Role::Found) => 'f',
        Some(Role::Production) => 'P',
        Some(Role::DialogTitle) => 'D',
        Some(Role::Pool1) => '1',
        Some(Role::Pool2) => '2',
        Some(Role::Pool3) => '3',
        Some(Role::Pool4) => '4',
        Some(Role::Pool5) => '5',
        Some(Role::Pool6) => '6',
        None => '?',
    }
}
