//! A deploy action at the keys: looked at, confirmed, followed in its place, cancelled.

use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::session::Event;

use crate::support::action::{failed, with_action};
use crate::support::app::App;
use crate::support::scene::{payments, picture};

const STEP: &str = "deploy-to-blue";

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// Blue is drained, and its deployment is next.
fn drained() -> App {
    let mut app = App::with_weights(with_action(payments(), STEP, false), &[50, 50]);
    app.keys("n<drawn>y").pass(13_000).draw();
    app
}

fn starts(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::ActionStarting(_))).count()
}

#[test]
fn what_is_sent_is_shown_confirmed_by_a_key_that_came_after_it_and_followed_in_the_same_place() {
    let mut app = drained();
    app.keys("n").keys("y");
    assert_eq!(starts(&app), 0, "the dialog was not on the screen yet");
    app.keys("<esc>n<drawn>");
    shot("action_confirm", &mut app);
    app.keys("y").pass(3_000).draw();
    assert_eq!((starts(&app), app.actions.starts.len(), app.overlay().as_str()), (1, 1, "Complete"));
    shot("action_runs", &mut app);
    app.keys("y<enter>y");
    assert_eq!(app.actions.starts.len(), 1, "what runs is not started again by a key");
    app.keys("<esc>").draw();
    shot("action_runs_beside", &mut app);
    app.actions.look = ActionLook::new(ActionState::Succeeded);
    app.pass(3_000);
    assert!(app.notices().contains(&"deploy-to-blue succeeded"), "{:?}", app.notices());
}

#[test]
fn a_pool_with_traffic_blocks_it_until_that_is_set_aside_with_a_reason() {
    let mut procedure = with_action(payments(), STEP, false);
    procedure.plan.remove(0);
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.keys("n<drawn>");
    shot("action_blocked", &mut app);
    app.keys("y").pass(500);
    assert_eq!(starts(&app), 0);
    app.keys("<drawn>onobody calls it yet<enter><drawn>blue<enter>").pass(500);
    assert_eq!(starts(&app), 1, "{:?}", app.notices());
}

#[test]
fn a_bad_end_says_why_with_the_last_lines_and_offers_another_try() {
    let mut app = drained();
    app.keys("n<drawn>y");
    app.actions.look = failed("exit code 1: no such image");
    app.pass(3_000).draw();
    app.keys("<esc>").draw();
    shot("action_failed", &mut app);
    app.keys("n<drawn>");
    shot("action_again", &mut app);
    app.keys("y").pass(500);
    assert_eq!(app.actions.starts.len(), 2);
}

#[test]
fn it_is_cancelled_in_a_dialog_of_its_own_and_esc_cancels_nothing() {
    let mut app = drained();
    app.keys("n<drawn>y").pass(3_000).draw();
    app.keys("X<drawn>");
    shot("action_cancel", &mut app);
    app.keys("<esc>");
    assert!(app.actions.cancels.is_empty());
    app.keys("X<drawn>y").pass(500);
    assert_eq!((app.actions.cancels.len(), app.overlay().as_str()), (1, ""));
}

#[test]
fn what_ends_the_way_back_says_so_in_its_title_and_asks_for_its_target() {
    let mut app = App::with_weights(with_action(payments(), STEP, true), &[50, 50]);
    app.keys("n<drawn>y").pass(13_000).draw();
    app.keys("n<drawn>");
    shot("action_ends_way_back", &mut app);
    app.keys("y<enter>").pass(500);
    assert_eq!(starts(&app), 0);
    app.keys("<backspace>blue<enter>").pass(500);
    assert_eq!(starts(&app), 1, "{:?}", app.notices());
}
