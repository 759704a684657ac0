//! The guards on the screen: a mark each, how far breaches are, what the worst of them says.

use std::time::Duration;

use flightdeck::domain::guard::{GuardSpec, GuardState, Of, Patience, Subject, Then};
use flightdeck::domain::{GuardId, Limit, Measure, Unit};
use flightdeck::flight::guard::GuardWatch;
use flightdeck::theme::{Depth, Glyphs, Theme};

use crate::support::app::{App, Mood};
use crate::support::scene::{drawn, opened, payments, picture, raised, text};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn guarded() -> App {
    let mut procedure = payments();
    let spec = |id: &str, measure: Measure, limit: f64, patience, then| GuardSpec {
        id: id.into(),
        subject: Subject::Limit { measure, of: Of::Pool("blue".into()), limit: Limit::Above(limit) },
        patience,
        failures: 3,
        then,
        every: Duration::from_secs(5),
        back_to: None,
    };
    procedure.guards = vec![
        // What the routers count is there all the time, so that the flight gets to where it is looked at.
        spec("errors", Measure::InFlight, 600.0, Patience::InARow(2), Then::RollBack),
        spec("p99", Measure::InFlight, 500.0, Patience::For(Duration::from_mins(2)), Then::Propose),
        spec("busy", Measure::InFlight, 400.0, Patience::InARow(3), Then::Propose),
    ];
    let mut app = raised(opened(procedure, &[50, 50]));
    for id in ["errors", "p99", "busy"] {
        let now = app.now().elapsed;
        let guard = guard(&mut app, id);
        guard.state = GuardState::Quiet;
        guard.value = Some((now, 0.0));
        guard.limit = None;
        guard.red_at_start = None;
        (guard.trips, guard.breaches) = (0, 0);
    }
    app
}

fn guard<'a>(app: &'a mut App, id: &str) -> &'a mut GuardWatch {
    app.model.flight.guards.get_mut(&GuardId::from(id)).expect("it is a guard of the profile")
}

fn breached(app: &mut App) {
    let now = app.now().elapsed;
    let p99 = guard(app, "p99");
    p99.state =
        GuardState::Breached { count: 8, held: Duration::from_secs(40), of: Patience::For(Duration::from_mins(2)) };
    p99.value = Some((now, 612.0));
    p99.unit = Unit::Milliseconds;
    p99.limit = Some(Limit::Above(400.0));
    p99.by_step = Some("blue-30".into());
    "blue 612 ms, ≤ 400 ms".clone_into(&mut p99.found);
    p99.breaches = 9;
    p99.elsewhere = Some("green 530 ms".to_owned());
    guard(app, "busy").state = GuardState::Inconclusive { words: "blue 25 of 400 requests, about 75 min".to_owned() };
}

#[test]
fn quiet_guards_are_one_line() {
    let mut app = guarded();
    shot!("guards_quiet", app, 120 x 36);
    shot!("guards_quiet", app, 80 x 24);
    shot!("guards_quiet", app, 220 x 60);
}

#[test]
fn the_worst_guard_says_how_far_it_is_and_by_which_limit() {
    let mut app = guarded();
    breached(&mut app);
    shot!("guards_breached", app, 120 x 36);
    shot!("guards_breached", app, 80 x 24);
    shot!("guards_breached", app, 220 x 60);
    shot!("guards_breached", app, 39 x 11);
    let plain = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Unicode);
    let shown = text(&drawn(&app.model, &plain, 120, 36));
    assert!(shown.contains("✓ ! ? p99 0:40/2:00"), "no colour is needed to tell it\n{shown}");
    assert!(shown.contains("✗ guard p99: breached 0:40 of 2:00"), "and it is a gate before the next step\n{shown}");
    app.keys("<f2>");
    shot!("guards_breached_call", app, 80 x 24);
}

#[test]
fn a_guard_that_tripped_and_one_that_cannot_tell() {
    let mut app = guarded();
    let now = app.now().elapsed;
    guard(&mut app, "errors").state =
        GuardState::Tripped { since: now, words: "blue 2.31 %, ≤ 1.00 %, 2 in a row".to_owned() };
    let shown = text(&drawn(&app.model, &Theme::builtin("dark").expect("it is built in"), 120, 36));
    assert!(
        shown.contains("✗ errors  ✓ p99  ✓ busy") && shown.contains("✗ guard errors: tripped: blue 2.31"),
        "{shown}"
    );
    guard(&mut app, "errors").state = GuardState::Resting { why: "blue has no weight".to_owned() };
    guard(&mut app, "p99").state = GuardState::Inconclusive { words: "no value of p99 since the change".to_owned() };
    let shown = text(&drawn(&app.model, &Theme::builtin("dark").expect("it is built in"), 120, 36));
    assert!(shown.contains("– errors  ? p99  ✓ busy"), "{shown}");
    assert!(shown.contains("? guard p99: inconclusive: no value"), "{shown}");
}

#[test]
fn without_a_next_step_the_worst_guard_speaks_for_itself() {
    let mut app = guarded();
    breached(&mut app);
    std::sync::Arc::make_mut(&mut app.model.flight.procedure).plan.clear();
    let shown = text(&drawn(&app.model, &Theme::builtin("dark").expect("it is built in"), 120, 36));
    assert!(shown.contains("! p99: breached 0:40 of 2:00, blue 612") && shown.contains("0s"), "{shown}");
}

#[test]
fn details_of_the_traffic_begin_with_the_guards() {
    let mut app = guarded();
    breached(&mut app);
    app.keys("i").draw();
    let theme = Theme::builtin("dark").expect("it is built in");
    let shown = text(&drawn(&app.model, &theme, 120, 36));
    for words in [
        "guard p99: breached 0:40 of 2:00, blue 612 ms, ≤ 400 ms, limit of blue-30",
        "limit in force ≤ 400 ms of blue-30, else ≤ 500 ms; trips once broken for 2:00, then puts up its",
        "9 breaches so far, 0 tripped",
        "the old version breaks it too: green 530 ms",
        "decided by: blue 25 of 400 requests, about 75 min",
        "then rolls back while it is armed",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[test]
fn sums_over_routers_carry_their_age_once_it_passes_the_interval() {
    let mut app = guarded();
    for router in ["eu-1", "eu-2"] {
        app.router(router).mood = Mood::Silent;
    }
    app.pass(12_000);
    let theme = Theme::builtin("dark").expect("it is built in");
    for (columns, rows) in [(80, 24), (120, 36), (220, 60)] {
        let shown = text(&drawn(&app.model, &theme, columns, rows));
        let title = shown.lines().find(|line| line.contains("Traffic")).expect("the pane is there");
        assert!(title.contains("req/s 12s") || title.contains("req/s 11s"), "{title}");
        assert!(columns == 80 || shown.contains("read 1"), "{shown}");
    }
    app.keys("<alt-3>z");
    let shown = text(&drawn(&app.model, &theme, 80, 24));
    assert!(shown.contains("30 %") && shown.contains("read 1"), "the strip that stays in view has it too\n{shown}");
}
