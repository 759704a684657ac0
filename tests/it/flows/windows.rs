//! Deploy windows on the screen: when they close and open, and how one is set aside. It is Saturday, 14:00:03 UTC.

use std::time::Duration;

use flightdeck::domain::window::WindowRule;
use flightdeck::domain::{Procedure, RouterId, Waves};
use flightdeck::session::Event;
use flightdeck::session::proposal::Gate;

use crate::support::app::App;
use crate::support::scene::{opened, payments, picture};
use crate::support::window::{freezing, window};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn banners(app: &App) -> Vec<String> {
    app.model.banners().into_iter().map(|banner| banner.text).collect()
}

#[test]
fn an_open_window_says_when_it_closes_and_warns_in_its_last_quarter_of_an_hour() {
    let mut procedure = payments();
    procedure.windows = vec![window("off-peak", WindowRule::Allow, "06:00-09:20 America/New_York, Sat")];
    let mut app = opened(procedure, &[50, 50]);
    assert_eq!(banners(&app), [""; 0]);
    shot!("window_open", app, 120 x 36);
    app.pass(6 * 60_000).draw();
    let said = banners(&app);
    assert!(said.len() == 1 && said[0].starts_with("off-peak closes in 13:5"), "{said:?}");
    assert!(said[0].ends_with("at 09:20 New York"), "{said:?}");
    shot!("window_closes_soon", app, 80 x 24);
    shot!("window_closes_soon", app, 120 x 36);
}

#[test]
fn what_is_not_its_time_blocks_until_a_reason_is_given() {
    let mut procedure = payments();
    procedure.windows = vec![window("weekend", WindowRule::Block, "Sat, Sun Europe/London")];
    let mut app = opened(procedure, &[50, 50]);
    shot!("window_shut", app, 120 x 36);
    app.keys("n").draw();
    shot!("window_shut_confirm", app, 120 x 36);
    app.keys("y").pass(1_000);
    assert_eq!(app.changes(), 0, "a key is not enough");
    app.keys("o").draw().keys("agreed with the bank<enter>").draw();
    shot!("window_set_aside", app, 120 x 36);
    app.keys("green 100<enter>").pass(2_000);
    let gates: Vec<Gate> = app
        .events()
        .filter_map(|event| match event {
            Event::ChangeConfirmed(confirmed) => confirmed.overrides.first().map(|each| each.gate.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(gates, [Gate::Window { window: "weekend".into() }]);
}

#[test]
fn a_change_that_stops_when_the_window_closes_says_so_before_and_after() {
    let mut procedure = payments();
    let names: Vec<RouterId> = procedure.routers.iter().map(|router| router.id.clone()).collect();
    procedure.windows = vec![freezing("off-peak", "06:00-09:02 America/New_York, Sat")];
    let rollout = Waves::of_size(&names, 1, Duration::from_secs(300));
    let mut app = opened(Procedure { rollout, ..procedure }, &[50, 50]);
    app.keys("n").draw().keys("y").pass(10_000).draw();
    let said = banners(&app).join("\n");
    assert!(said.contains("off-peak closes in 1:4") && said.contains("; the waves left stop then"), "{said}");
    app.pass(150_000).draw();
    let words = app.model.wave_words().expect("waves are left");
    assert!(words.contains("waits: outside off-peak: opens in 6 d 20 h, at Sat 06:00 New York"), "{words}");
    assert_eq!(app.sends.len(), 1, "one wave went out");
    shot!("window_froze", app, 120 x 36);
}
