//! From a step or a draft to the routers: what confirms, and what does not.

use flightdeck::cockpit::Msg;
use flightdeck::domain::procedure::{Condition, Friction};
use flightdeck::session::Event;
use flightdeck::session::proposal::Gesture;

use crate::support::app::{App, Store, half};
use crate::support::procedure::blue_green;

#[test]
fn a_step_takes_its_key_and_the_confirming_key() {
    let mut app = half();
    app.keys("n<drawn>y").pass(500);
    assert_eq!((app.split("eu-1"), app.split("eu-2")), ("0 / 100".to_owned(), "0 / 100".to_owned()));
    assert_eq!(app.overlay(), "");
    assert!(app.notices().contains(&"0 / 100, verified on 2 of 2"), "{:?}", app.notices());
}

#[test]
fn a_key_before_the_dialog_was_drawn_confirms_nothing() {
    let mut app = half();
    app.keys("ny").pass(500);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let failed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).and_then(|c| c.failed.clone());
    assert_eq!(failed.as_deref(), Some("the key came before this was on the screen: press it again"));
    app.keys("<drawn>y").pass(500);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn a_dialog_that_was_drawn_before_its_requests_were_known_must_be_drawn_again() {
    let mut app = half();
    app.answering = false;
    app.keys("n<drawn>");
    app.settle();
    app.answering = true;
    app.keys("y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn the_key_that_opened_the_dialog_does_not_confirm_it_however_long_it_is_held() {
    let mut app = half();
    app.keys("n<drawn>n<drawn>n<drawn>n<drawn>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let mut app = half();
    app.keys("<enter><drawn><enter><drawn><enter><drawn><enter>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let mut app = half();
    app.keys("n<drawn>y").pass(8000);
    app.keys("R<drawn>R<drawn>R<drawn>R").pass(300);
    assert_eq!((app.changes(), app.overlay().as_str()), (1, "RollBack"));
}

#[test]
fn a_draft_off_plan_is_sent_once_its_target_is_typed() {
    let mut app = half();
    app.keys("30");
    assert_eq!(app.model.draft.as_ref().map(|draft| draft.weights.to_string()).as_deref(), Some("70 / 30"));
    assert_eq!(app.model.pool().map(flightdeck::domain::PoolId::as_str), Some("green"), "the drain raises green");
    app.keys("<enter><drawn>").press("g");
    app.keys("reen 30<enter>").pass(500);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"), "green does not grow: blue is to be typed");
    app.keys("<ctrl-u>blue 70<enter>").pass(500);
    assert_eq!(app.split("eu-2"), "70 / 30");
    assert_eq!((app.overlay().as_str(), app.model.draft.is_none()), ("", true));
    let typed = app.events().find_map(|event| match event {
        Event::ChangeConfirmed(confirmed) => Some(confirmed.confirmation.gesture.clone()),
        _ => None,
    });
    assert_eq!(typed, Some(Gesture::Typed("blue 70".to_owned())));
}

#[test]
fn pasting_confirms_nothing_and_fills_no_target() {
    let mut app = half();
    app.keys("30<enter><drawn>");
    app.tell(Msg::Paste("blue 70\n".to_owned())).keys("<enter>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let typed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).map(|c| c.typed.value().to_owned());
    assert_eq!(typed.as_deref(), Some(""));
    app.keys("<esc><esc>N");
    app.tell(Msg::Paste("first line\nsecond".to_owned())).keys("<enter>");
    assert!(app.events().any(|event| *event == Event::NoteAdded { text: "first line second".to_owned() }));
}

#[test]
fn escape_sends_nothing_and_withdraws_the_proposal() {
    let mut app = half();
    app.keys("n<drawn><esc>y<enter>").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<esc>");
    assert!(app.model.flight.proposing.is_none());
}

#[test]
fn a_void_proposal_sends_nothing_and_is_made_afresh_by_one_key() {
    let mut app = half();
    app.keys("n<drawn>");
    app.router("eu-2").weights = vec![25, 75];
    app.pass(1500);
    assert!(app.model.is_void());
    app.keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("p");
    assert!(!app.model.is_void());
    app.keys("y");
    assert_eq!(app.sends.len(), 0, "the fresh one was not on the screen yet");
}

#[test]
fn a_lapsed_proposal_sends_nothing() {
    let mut app = half();
    app.keys("n<drawn>").pass(61_000).keys("<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.model.is_void()), (0, true));
}

#[test]
fn a_failing_gate_is_overridden_with_a_reason_and_then_the_target_is_typed() {
    let mut procedure = blue_green(1);
    procedure.plan[0].leave_when = vec![Condition::Items("deploy".to_owned())];
    procedure.plan.remove(1);
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.keys("n<drawn>y").pass(1000);
    app.keys("n<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (1, "Shift"), "the gate stands against it");
    app.keys("o").keys("<enter>health is watched elsewhere<enter>");
    assert_eq!(app.model.friction(), Some(Friction::Type));
    app.keys("y");
    assert_eq!(app.sends.len(), 1);
    app.keys("<drawn>blue 10<enter>").pass(500);
    assert_eq!(app.split("eu-1"), "10 / 90");
}

#[test]
fn a_persons_step_is_confirmed_and_done() {
    let mut procedure = blue_green(1);
    procedure.plan.remove(0);
    let mut app = App::new(procedure);
    app.keys("n");
    assert_eq!(app.overlay(), "Complete");
    app.keys("y");
    assert_eq!(app.overlay(), "Complete", "not drawn yet");
    app.keys("<drawn>y");
    assert_eq!(app.overlay(), "");
    assert!(app.model.flight.session.steps.contains_key(&"deploy-to-blue".into()));
}

#[test]
fn holding_stops_the_next_step_until_it_is_released() {
    let mut app = half();
    app.keys("Hdatabase is slow<enter>n<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<esc>Hback to normal<enter>n<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn a_journal_that_is_away_sends_nothing_and_says_so() {
    let mut app = half();
    app.store = Store::Unavailable;
    app.keys("n<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let failed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).and_then(|c| c.failed.clone());
    assert!(failed.is_some_and(|text| text.contains("not recorded")), "{:?}", app.notices());
    app.store = Store::Well;
    app.pass(1500).keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
}
