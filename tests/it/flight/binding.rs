//! What a proposal is bound to, and what confirms it (B, F).

use flightdeck::domain::ItemId;
use flightdeck::flight::Ask;
use flightdeck::flight::propose::Stage;
use flightdeck::session::Event;
use flightdeck::session::proposal::{Gate, Gesture, Override};

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, weights};

fn stage(desk: &Desk) -> Option<&Stage> {
    desk.flight.proposing.as_ref().map(|proposing| &proposing.stage)
}

#[test]
fn a_weight_changed_behind_the_operators_back_voids_the_proposal_and_names_what_moved() {
    let mut desk = Desk::open(blue_green(2));
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").weights = vec![25, 75];
    desk.pass(300);
    let Some(Stage::Void { why }) = stage(&desk) else { panic!("it is still {:?}", stage(&desk)) };
    assert_eq!(why, "void: eu-2 changed outside: app/blue: 50 → 25, app/green: 50 → 75");
    desk.confirm();
    assert!(desk.sent.is_empty(), "a void proposal sends nothing");
}

#[test]
fn a_change_in_the_moment_of_sending_is_found_by_the_router_itself() {
    let mut desk = Desk::open(blue_green(1));
    desk.ask(Ask::ProposeStep);
    desk.router("eu-1").weights = vec![25, 75];
    desk.confirm();
    assert!(desk.sent.is_empty());
    assert!(desk.events().any(|event| matches!(
        event,
        Event::RouterAnswered { outcome: flightdeck::domain::Outcome::Moved { .. }, .. }
    )));
}

#[test]
fn a_tick_or_a_note_does_not_void_a_proposal() {
    let mut desk = Desk::open(blue_green(2));
    desk.ask(Ask::ProposeStep);
    desk.ask(Ask::ToggleItem(ItemId::from("deploy/health")));
    desk.ask(Ask::Note("all calm".to_owned()));
    desk.pass(500);
    assert!(matches!(stage(&desk), Some(Stage::Ready(_))), "{:?}", stage(&desk));
    desk.confirm();
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn a_proposal_lapses_and_then_sends_nothing() {
    let mut desk = Desk::open(blue_green(1));
    desk.ask(Ask::ProposeStep);
    desk.pass(60_200);
    assert!(matches!(stage(&desk), Some(Stage::Void { why }) if why.contains("lapsed")), "{:?}", stage(&desk));
    desk.confirm();
    assert!(desk.sent.is_empty());
}

#[test]
fn a_key_from_before_the_dialog_was_drawn_confirms_nothing() {
    let mut desk = Desk::open(blue_green(1));
    desk.ask(Ask::ProposeStep);
    desk.confirm_by(Gesture::Key, false, Vec::new());
    assert!(desk.sent.is_empty());
    assert!(desk.said().contains("[F2]"), "{}", desk.said());
    desk.confirm();
    assert_eq!(desk.sent.len(), 1, "and afterwards it can still be confirmed");
}

#[test]
fn an_off_plan_shift_asks_for_its_target() {
    let mut desk = Desk::open(blue_green(1));
    desk.ask(Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
    desk.confirm();
    assert!(desk.sent.is_empty() && desk.said().contains("type blue 60"), "{}", desk.said());
    desk.confirm_by(Gesture::Typed("blue 6".to_owned()), true, Vec::new());
    assert!(desk.sent.is_empty());
    desk.confirm_by(Gesture::Typed("blue 60".to_owned()), true, Vec::new());
    assert_eq!(desk.sent, [("eu-1".into(), "set app/blue 60; set app/green 40".to_owned())]);
}

#[test]
fn a_failing_gate_blocks_until_it_is_overridden_with_a_reason_and_a_typed_target() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    // Blue drains for five seconds; the deploy step may not be completed before.
    let complete = |desk: &mut Desk, overrides: Vec<Override>, gesture| {
        let confirmation = flightdeck::session::proposal::Confirmation::new(gesture, true);
        desk.ask(Ask::CompleteStep { confirmation, overrides });
    };
    complete(&mut desk, Vec::new(), Gesture::Key);
    assert!(desk.said().contains("not drained"), "{}", desk.said());
    let why = |reason: &str| vec![Override { gate: Gate::Drained { pool: "blue".into() }, reason: reason.to_owned() }];
    complete(&mut desk, why(" "), Gesture::Typed("blue".to_owned()));
    assert!(desk.said().contains("no reason"), "{}", desk.said());
    complete(&mut desk, why("nothing is connected"), Gesture::Key);
    assert!(desk.said().contains("typed"), "{}", desk.said());
    complete(&mut desk, why("nothing is connected"), Gesture::Typed("blue".to_owned()));
    assert!(desk.flight.session.steps.contains_key(&"deploy-to-blue".into()));
}

#[test]
fn a_pool_without_a_living_server_gets_no_weight() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").down = vec![true, false];
    desk.pass(1_100);
    desk.ask(Ask::ProposeShift(weights(&[("blue", 60), ("green", 40)])));
    let gate = Gate::Destination { pool: "blue".into() };
    let overrides = vec![Override { gate, reason: "please".to_owned() }];
    desk.confirm_by(Gesture::Typed("blue 60".to_owned()), true, overrides);
    assert!(desk.sent.is_empty() && desk.said().contains("cannot be overridden"), "{}", desk.said());
}

#[test]
fn a_step_whose_target_holds_already_is_marked_and_nothing_is_sent() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.ask(Ask::ProposeRollback(flightdeck::flight::WayBackChoice::Step));
    desk.confirm();
    desk.router("eu-1").weights = vec![0, 100];
    desk.pass(300);
    let read = desk.router("eu-1").native();
    desk.ask(Ask::AcceptDrift { router: "eu-1".into(), read, reason: "drained by hand".to_owned() });
    let sent = desk.sent.len();
    desk.shift();
    assert_eq!(desk.sent.len(), sent);
    assert!(desk.flight.session.steps.contains_key(&"drain-blue".into()));
}

#[test]
fn nothing_goes_forward_before_every_router_was_read_once() {
    let mut desk = Desk::open_with(blue_green(2), |desk| desk.router("eu-2").dead = true);
    desk.shift();
    assert!(desk.sent.is_empty() && desk.said().contains("nothing to confirm"), "{}", desk.said());
    assert!(desk.notices.iter().any(|notice| notice.text.contains("eu-2 was not read yet")));
    desk.router("eu-2").dead = false;
    desk.pass(1_100);
    desk.shift();
    assert_eq!(desk.sent.len(), 2);
}
