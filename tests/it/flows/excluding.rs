//! Guided failure of a router, at the keys: it is left out of the rest of the plan, loudly, and taken in again.

use flightdeck::session::Event;

use crate::support::app::{App, Mood};
use crate::support::scene::{payments, picture};

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// The drain did not reach eu-2.
fn half_done() -> App {
    let mut app = App::with_weights(payments(), &[50, 50]);
    app.keys("n<drawn>");
    app.router("eu-2").mood = Mood::Refuses;
    app.keys("y").pass(3_000).draw();
    app
}

#[test]
fn a_router_that_failed_is_left_out_with_a_reason_and_taken_in_again() {
    let mut app = half_done();
    app.keys("x<drawn>");
    shot("excluding_partial", &mut app);
    app.keys("e").draw();
    shot("excluding_why", &mut app);
    app.keys("its host is gone<enter>").pass(1_000).draw();
    assert!(app.events().any(|event| matches!(event, Event::RouterExcluded(_))), "{:?}", app.notices());
    app.keys("<esc>").draw();
    shot("excluding_left_out", &mut app);
    app.router("eu-2").mood = Mood::Well;
    app.pass(2_000).draw();
    app.keys("<down>e<drawn>");
    shot("excluding_take_in", &mut app);
    app.keys("green 100<enter>").pass(2_000).draw();
    assert!(app.events().any(|event| matches!(event, Event::RouterIncluded { .. })), "{:?}", app.notices());
    assert_eq!(app.split("eu-2"), app.split("eu-1"));
}

#[test]
fn closing_says_what_was_left_out() {
    let mut app = half_done();
    app.keys("x<drawn>eits host is gone<enter>").pass(1_000).draw();
    app.keys("<esc>C").draw();
    shot("excluding_closing", &mut app);
}
