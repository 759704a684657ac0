//! Guards on the screen: armed by two keys, said on every screen, a banner that takes no keys, what was fired.

use flightdeck::cockpit::{Effect, Msg};
use flightdeck::domain::Seat;
use flightdeck::session::Event;

use crate::support::app::App;
use crate::support::guard::{BAD, GOOD, guarded, looked};
use crate::support::pair::{ANA, MIA, Pair, RAJ};
use crate::support::scene::{payments, picture};

const SMALL: [(u16, u16); 2] = [(80, 24), (120, 36)];

fn shot(name: &str, app: &mut App, sizes: &[(u16, u16)]) {
    for (columns, rows) in sizes {
        let picture = picture(app, *columns, *rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// So many looks a second apart.
fn measure(app: &mut App, looks: u32, blue: f64, green: f64) {
    for _ in 0..looks {
        app.pass(1_000);
        let look = looked(app.now(), blue, green);
        app.tell(Msg::Flight(look));
    }
    app.pass(300);
}

/// Blue has 30; the guard over its errors is quiet.
fn at_thirty() -> App {
    let mut app = App::with_weights(guarded(payments()), &[50, 50]);
    for _ in 0..3 {
        measure(&mut app, 3, GOOD, GOOD);
        app.keys("n<drawn>y").pass(3_000);
    }
    measure(&mut app, 5, GOOD, GOOD);
    app.pass(25_000);
    measure(&mut app, 5, GOOD, GOOD);
    assert_eq!(app.split("eu-1"), "30 / 70");
    app.sends.clear();
    app.others.clear();
    app
}

fn screen(app: &mut App) -> String {
    picture(app, 120, 36)
}

fn trips(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::GuardTripped { .. })).count()
}

#[test]
fn one_key_opens_the_dialog_that_says_what_arming_does_and_another_key_arms() {
    let mut app = at_thirty();
    assert!(!screen(&mut app).contains("ARMED"));
    app.keys("<f8>").draw();
    shot("guard_arm", &mut app, &SMALL);
    // Neither the key that opened it nor Enter confirms it, and nothing is armed by closing it.
    app.keys("<f8><enter>").pass(500);
    assert!(app.model.flight.session.armed().is_none());
    app.keys("<esc>").pass(500);
    assert!(app.model.flight.session.armed().is_none());
    app.keys("<f8><drawn>y").pass(500);
    assert_eq!(app.overlay(), "", "it closes once it is kept");
    assert!(app.model.flight.session.armed().is_some());
    shot("guard_armed", &mut app, &[(30, 9), (80, 24), (120, 36)]);
    app.keys("<f2>").draw();
    assert!(screen(&mut app).contains("ARMED"), "on a shared screen too");
    app.keys("<f2><f8>").draw();
    shot("guard_disarm", &mut app, &SMALL);
    app.keys("y").pass(500);
    assert!(app.model.flight.session.armed().is_none());
    assert!(!screen(&mut app).contains("ARMED"));
}

#[test]
fn keys_typed_before_the_dialog_was_drawn_arm_nothing() {
    let mut app = at_thirty();
    app.keys("<f8>y").pass(500);
    assert!(app.model.flight.session.armed().is_none());
}

#[test]
fn armed_it_rolls_back_and_the_screen_says_who_did() {
    let mut app = at_thirty();
    app.keys("<f8><drawn>y").pass(500);
    app.others.clear();
    measure(&mut app, 3, BAD, GOOD);
    shot("guard_fired", &mut app, &SMALL);
    assert_eq!(app.split("eu-1"), "10 / 90");
    assert!(app.sends.iter().all(|(_, kept)| *kept), "nothing went out before it was kept");
    assert!(app.others.contains(&Effect::Bell));
}

#[test]
fn unarmed_it_rings_and_its_banner_takes_no_keys() {
    let mut app = at_thirty();
    measure(&mut app, 3, BAD, GOOD);
    shot("guard_banner", &mut app, &[(30, 9), (80, 24), (120, 36)]);
    assert!(app.others.contains(&Effect::Bell));
    assert_eq!((app.overlay().as_str(), app.sends.len(), trips(&app)), ("", 0, 1));
    // Enter alone is what it was before, and sends nothing.
    app.keys("<enter>").pass(500);
    assert!(app.sends.is_empty());
    app.keys("<esc>").pass(1_000);
    app.keys("R<drawn><enter>").pass(3_000);
    assert_eq!(app.split("eu-2"), "10 / 90");
    let after = screen(&mut app);
    assert!(!after.contains("errors tripped"), "it was answered: {after}");
}

#[test]
fn a_key_typed_into_another_field_meanwhile_confirms_nothing() {
    let mut app = at_thirty();
    app.keys("N").draw();
    app.keys("all is ");
    measure(&mut app, 3, BAD, GOOD);
    assert_eq!(trips(&app), 1);
    app.keys("Ready<enter>").pass(1_000);
    assert!(app.sends.is_empty());
    assert!(app.events().any(|event| matches!(event, Event::NoteAdded { text } if text == "all is Ready")));
    // In the field of a confirmation as well: what was being confirmed is not the way back.
    app.keys("<ctrl-r>").draw();
    app.keys("<esc>").pass(500);
    assert!(app.sends.is_empty());
}

#[test]
fn quitting_asks_while_a_guard_is_armed_and_names_what_stops() {
    let mut app = at_thirty();
    app.keys("<f8><drawn>y").pass(500);
    app.others.clear();
    app.keys("q").draw();
    shot("guard_quit", &mut app, &SMALL);
    assert!(!app.others.contains(&Effect::Quit));
    app.keys("y");
    assert!(app.others.contains(&Effect::Quit));
}

#[test]
fn on_every_screen_the_same_banner_and_nobody_watching_where_the_driver_is_silent() {
    let mut pair = Pair::join_to(at_thirty()).join("raj", Seat::Operator).join("mia", Seat::Observer);
    pair.keys(ANA, "<f8><drawn>y").pass(500);
    for who in [ANA, RAJ, MIA] {
        assert!(pair.screen(who, 120, 36).contains("ARMED"));
    }
    pair.keys(RAJ, "<f8>");
    assert!(pair.screen(RAJ, 120, 36).contains("has the controls"), "only who drives arms");
    pair.pass_without(ANA, 20_000);
    assert!(pair.screen(RAJ, 140, 36).contains("ARMED, nobody watching"), "{}", pair.screen(RAJ, 140, 36));

    let mut pair = Pair::join_to(at_thirty()).join("raj", Seat::Operator).join("mia", Seat::Observer);
    for _ in 0..3 {
        pair.pass(1_000);
        // Raj's and mia's cockpits see nothing by themselves here: what ana's journals is enough.
        pair.act(ANA, |app| {
            let look = looked(app.now(), BAD, GOOD);
            app.tell(Msg::Flight(look));
        });
    }
    pair.pass(500);
    for who in [ANA, RAJ, MIA] {
        let screen = pair.screen(who, 120, 36);
        assert!(screen.contains("errors tripped: blue 1.40 %, ≤ 1.00 %, 3 in a row"), "{who}: {screen}");
        assert_eq!(screen.contains("R, Enter: roll back to 10 / 90"), who != MIA, "{who}: {screen}");
    }
}
