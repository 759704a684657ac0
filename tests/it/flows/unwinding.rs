//! A way back that is more than traffic, at the keys: its acts in order, with their marks; and a profile without routers,
//! whose way back begins with the first of them.

use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::session::Event;

use crate::support::action::{failed, with_action};
use crate::support::app::App;
use crate::support::scene::{payments, picture};
use crate::support::unwind::{with_acts, without_routers};

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// Blue was drained, and that was rolled back.
fn rolled_back() -> App {
    let mut app = App::with_weights(with_acts(payments()), &[50, 50]);
    app.keys("n<drawn>y").pass(3_000).draw();
    app.keys("R<drawn>y").pass(2_000).draw();
    app
}

fn starts(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::ActionStarting(_))).count()
}

#[test]
fn the_rollback_dialog_lists_its_acts_and_the_banner_names_the_next_one() {
    let mut app = App::with_weights(with_acts(payments()), &[50, 50]);
    app.keys("n<drawn>y").pass(3_000).draw();
    app.keys("R<drawn>");
    shot("unwinding_back", &mut app);
    app.keys("y").pass(2_000).draw();
    assert_eq!(starts(&app), 0, "nothing starts by itself");
    shot("unwinding_banner", &mut app);
}

#[test]
fn an_act_says_which_version_is_which_is_confirmed_by_a_key_and_followed_in_its_place() {
    let mut app = rolled_back();
    app.keys("u").keys("y");
    assert_eq!(starts(&app), 0, "the dialog was not on the screen yet");
    app.keys("<esc>u<drawn>");
    shot("unwinding_act", &mut app);
    app.keys("y").pass(3_000).draw();
    assert_eq!((starts(&app), app.overlay().as_str()), (1, "Complete"));
    shot("unwinding_act_runs", &mut app);
    app.actions.look = ActionLook::new(ActionState::Succeeded);
    app.pass(3_000).draw();
    assert_eq!(app.overlay(), "", "it is over");
    app.keys("u<drawn>");
    shot("unwinding_with_traffic", &mut app);
    app.keys("y").pass(500);
    assert_eq!(starts(&app), 1, "its pool has traffic");
    app.keys("oit runs it already<enter><drawn>blue<enter>").pass(500);
    assert_eq!(starts(&app), 2, "{:?}", app.notices());
}

#[test]
fn one_that_fails_is_started_again_skipped_or_gone_on_from() {
    let mut app = rolled_back();
    app.keys("u<drawn>y");
    app.actions.look = failed("exit code 1: no such group");
    app.pass(3_000).draw();
    app.keys("<esc>").draw();
    shot("unwinding_failed", &mut app);
    app.keys("u<drawn>");
    shot("unwinding_again", &mut app);
    app.keys("<f3>").draw();
    assert_eq!(app.overlay(), "Ask");
    app.keys("<esc>u<drawn><f4>").pass(500).draw();
    let left = app.events().any(|event| matches!(event, Event::RollbackActMarked(_)));
    assert!(left, "{:?}", app.notices());
    app.keys("u<drawn><f3>done by hand<enter>").pass(500).draw();
    app.keys("u<drawn>");
    shot("unwinding_by_hand", &mut app);
    app.keys("y").pass(500).draw();
    shot("unwinding_items", &mut app);
}

#[test]
fn without_routers_the_rollback_key_opens_the_first_act() {
    let mut app = App::with_weights(with_action(without_routers(payments()), "deploy-to-blue", false), &[50, 50]);
    app.pass(1_000).draw();
    app.keys("n<drawn>y");
    app.actions.look = ActionLook::new(ActionState::Succeeded);
    app.pass(3_000).draw();
    app.keys("R<drawn>");
    shot("unwinding_no_routers", &mut app);
    app.keys("y").pass(3_000).draw();
    assert_eq!(starts(&app), 2, "{:?}", app.notices());
}

#[test]
fn while_an_action_runs_on_a_pool_without_traffic_the_rollback_key_offers_to_cancel_it() {
    let mut app = App::with_weights(with_action(payments(), "deploy-to-blue", false), &[50, 50]);
    app.keys("n<drawn>y").pass(13_000).draw();
    app.keys("n<drawn>y").pass(3_000).draw();
    app.keys("<esc>R<drawn>");
    shot("unwinding_beside_action", &mut app);
    app.keys("y").pass(500);
    assert_eq!(app.actions.cancels.len(), 1);
}
