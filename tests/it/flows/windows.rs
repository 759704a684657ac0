//! Deploy windows on the screen: when they close and open, and how one is set aside. It is Saturday, 14:00:23 UTC.

use std::time::Duration;

use flightdeck::domain::window::WindowRule;
use flightdeck::domain::{Procedure, RouterId, Waves};
use flightdeck::session::Event;
use flightdeck::session::proposal::Gate;

use crate::support::app::App;
use crate::support::scene::{opened, payments, picture};
use crate::support::window::{freezing, window};

/// Whether each of these stands somewhere on the screen.
fn shows(app: &mut App, (columns, rows): (u16, u16), wanted: &[&str]) {
    let picture = picture(app, columns, rows);
    for text in wanted {
        assert!(picture.contains(text), "`{text}` is not on the screen:\n{picture}");
    }
}

const USUAL: (u16, u16) = (120, 36);

/// Two routers of which each has the traffic of a whole service: capacity is left out.
fn service() -> Procedure {
    let mut procedure = payments();
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    procedure
}

/// What banners say of the window.
fn banners(app: &App) -> Vec<String> {
    let all = app.model.banners().into_iter().map(|banner| banner.text);
    all.filter(|text| text.contains("off-peak")).collect()
}

#[test]
fn an_open_window_says_when_it_closes_and_warns_in_its_last_quarter_of_an_hour() {
    let mut procedure = service();
    procedure.windows = vec![window("off-peak", WindowRule::Allow, "06:00-09:20 America/New_York, Sat")];
    let mut app = opened(procedure, &[50, 50]);
    assert_eq!(banners(&app), [""; 0]);
    shows(&mut app, USUAL, &["✓ off-peak closes in 19:"]);
    app.pass(6 * 60_000).draw();
    let said = banners(&app);
    assert!(said.len() == 1 && said[0].starts_with("off-peak closes in 13:"), "{said:?}");
    assert!(said[0].ends_with("at 09:20 New York"), "{said:?}");
    shows(&mut app, USUAL, &["! off-peak closes in 13:"]);
    shows(&mut app, (80, 24), &["off-peak closes in 13:"]);
}

#[test]
fn what_is_not_its_time_blocks_until_a_reason_is_given() {
    let mut procedure = service();
    procedure.windows = vec![window("weekend", WindowRule::Block, "Sat, Sun Europe/London")];
    let mut app = opened(procedure, &[50, 50]);
    shows(&mut app, USUAL, &["✗ weekend blocks: ends in 1 d 9 h"]);
    app.keys("n").draw();
    shows(&mut app, USUAL, &["✗ weekend blocks: ends in 1 d 9 h"]);
    app.keys("y").pass(1_000);
    assert_eq!(app.changes(), 0, "a key is not enough");
    app.keys("o").draw().keys("agreed with the bank<enter>").draw();
    assert!(!app.model.is_blocked(), "the reason sets it aside");
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
fn the_header_names_the_ticket_and_the_details_say_the_reason() {
    let mut procedure = service();
    procedure.why.ticket = Some("PAY-[0-9]+".to_owned());
    let mut app = opened(procedure, &[50, 50]);
    let header = picture(&mut app, 120, 36);
    assert!(header.lines().take(4).any(|line| line.contains("PAY-17")), "{header}");
    app.keys("i").draw();
    let details = picture(&mut app, 120, 36);
    assert!(details.contains("this session is for PAY-17: the fee table of May"), "{details}");
}

#[test]
fn a_change_that_stops_when_the_window_closes_says_so_before_and_after() {
    let mut procedure = service();
    let names: Vec<RouterId> = procedure.routers.iter().map(|router| router.id.clone()).collect();
    procedure.windows = vec![freezing("off-peak", "06:00-09:02 America/New_York, Sat")];
    let rollout = Waves::of_size(&names, 1, Duration::from_mins(5));
    let mut app = opened(Procedure { rollout, ..procedure }, &[50, 50]);
    app.keys("n").draw().keys("y").pass(10_000).draw();
    let said = banners(&app).join("\n");
    assert!(said.contains("off-peak closes in 1:") && said.contains("; the waves left stop then"), "{said}");
    app.pass(150_000).draw();
    let words = app.model.wave_words().expect("waves are left");
    assert!(words.contains("waits: outside off-peak: opens in 6 d 20 h, at 2026-11-28 06:00 New York"), "{words}");
    assert_eq!(app.sends.len(), 1, "one wave went out");
    shows(&mut app, USUAL, &["wave 2 of 2 waits"]);
}
