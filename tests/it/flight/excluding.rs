//! Routers that are left out of the rest of the plan (D8): what does not wait for them any more, what still reaches them,
//! and how they are taken in again.

use flightdeck::domain::{Outcome, Procedure, RouterId, Waves};
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Gate, GateState, Gesture};
use flightdeck::session::state::StepEnd;

use crate::support::action::with_action;
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn exclude(desk: &mut Desk, router: &str, reason: &str) {
    desk.ask(Ask::ExcludeRouter { router: router.into(), reason: reason.to_owned() });
}

/// The drain of blue did not reach eu-2, which does not answer.
fn half_done(procedure: Procedure) -> Desk {
    let mut desk = Desk::open(procedure);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").dead = true;
    desk.confirm();
    desk.pass(8_000);
    assert!(desk.flight.session.in_flight().is_some(), "{}", desk.said());
    desk
}

fn left_out(procedure: Procedure) -> Desk {
    let mut desk = half_done(procedure);
    exclude(&mut desk, "eu-2", "its host is gone");
    desk.pass(1_000);
    desk
}

fn sent(desk: &Desk) -> Vec<&str> {
    desk.sent.iter().map(|(router, _)| router.as_str()).collect()
}

#[test]
fn a_change_does_not_wait_for_a_router_that_is_left_out_and_later_steps_do_not_go_to_it() {
    let mut desk = left_out(blue_green(3));
    assert!(desk.flight.session.in_flight().is_none(), "{}", desk.said());
    assert!(matches!(desk.flight.session.steps[&"drain-blue".into()].how, StepEnd::Verified(_)));
    assert!(desk.notices.iter().any(|notice| notice.text == "eu-2 is LEFT OUT of the plan: its host is gone"));
    assert!(desk.notices.iter().any(|notice| notice.text.contains("verified on 2 of 3, 1 left out")));
    desk.pass(12_000);
    let gates = desk.ask_gates();
    assert!(gates.iter().all(|gate| gate.gate != Gate::Readings), "nobody waits for its reading: {gates:?}");
    let drained = gates.iter().find(|gate| gate.gate == Gate::Drained { pool: "blue".into() }).expect("it is asked");
    assert_eq!(drained.state, GateState::Holds, "{}", drained.text);
    assert!(drained.text.contains("eu-2 left out"), "{}", drained.text);
    desk.ask(Ask::SkipStep { reason: "deployed before".to_owned() });
    let before = desk.sent.len();
    desk.shift();
    desk.pass(2_000);
    assert_eq!(sent(&desk)[before..], ["eu-1", "eu-3"], "{}", desk.said());
    assert!(desk.flight.session.in_flight().is_none());
}

#[test]
fn leaving_out_needs_the_controls_a_reason_and_another_router_that_is_left() {
    let mut desk = half_done(blue_green(2));
    exclude(&mut desk, "eu-2", " ");
    assert!(desk.said().contains("no reason is given"), "{}", desk.said());
    exclude(&mut desk, "eu-9", "why not");
    assert!(desk.said().contains("no such router"), "{}", desk.said());
    exclude(&mut desk, "eu-2", "its host is gone");
    exclude(&mut desk, "eu-2", "its host is gone");
    assert!(desk.said().contains("left out already"), "{}", desk.said());
    exclude(&mut desk, "eu-1", "that too");
    assert!(desk.said().contains("the only router of the plan that is left"), "{}", desk.said());
    desk.ask(Ask::LeaveSession { why: "gone".to_owned() });
    let mut desk = half_done(blue_green(2));
    desk.ask(Ask::LeaveSession { why: "gone".to_owned() });
    exclude(&mut desk, "eu-2", "its host is gone");
    assert!(desk.said().contains("nobody has the controls"), "{}", desk.said());
    assert!(desk.flight.session.excluded.is_empty());
}

#[test]
fn one_that_is_being_sent_to_is_not_left_out_before_its_word() {
    let mut procedure = blue_green(2);
    procedure.routers.iter_mut().for_each(|router| router.capabilities.read_back_ms = 60_000);
    let mut desk = Desk::open(procedure);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").lag = 60_000;
    desk.confirm();
    let known =
        desk.flight.session.in_flight().and_then(|change| change.outcomes.get(&RouterId::from("eu-2")).cloned());
    assert!(known.is_some_and(|known| matches!(known.outcome, None | Some(Outcome::Accepted))));
    exclude(&mut desk, "eu-2", "too slow");
    assert!(desk.said().contains("wait for its word"), "{}", desk.said());
}

#[test]
fn a_way_back_goes_to_it_all_the_same_and_does_not_wait_where_it_does_not_answer() {
    let mut desk = left_out(blue_green(2));
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(8_000);
    let change = desk.flight.session.changes.last().expect("the rollback").clone();
    assert!(change.order(&"eu-2".into()).is_some(), "it is sent to as well");
    assert!(change.took().is_some(), "and not waited for: {}", desk.said());
    assert!(change.outcomes[&RouterId::from("eu-2")].outcome.is_some(), "what became of it there is written down");
    desk.router("eu-2").dead = false;
    desk.pass(3_000);
    desk.router("eu-2").weights = vec![30, 70];
    desk.pass(2_000);
    let before = desk.sent.len();
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(2_000);
    assert!(sent(&desk)[before..].contains(&"eu-2"), "where it answers: {:?}", sent(&desk));
    assert!(desk.flight.session.excluded.contains_key(&"eu-2".into()), "it stays left out");
}

#[test]
fn it_is_taken_in_again_with_the_weights_of_the_rest_once_that_is_confirmed() {
    let mut desk = left_out(blue_green(2));
    desk.router("eu-2").dead = false;
    desk.pass(3_000);
    assert!(desk.flight.session.drifted.is_empty(), "it is not held against the plan");
    desk.ask(Ask::ProposeTakeIn("eu-2".into()));
    let proposal = desk.flight.proposing.as_ref().and_then(|each| each.proposal().cloned()).expect("it is worked out");
    assert_eq!((proposal.to.to_string().as_str(), proposal.routers.len()), ("0 / 100", 1));
    assert!(desk.flight.session.excluded.contains_key(&"eu-2".into()), "nothing is confirmed yet");
    desk.confirm_by(Gesture::Typed(proposal.typed_target()), true, Vec::new());
    desk.pass(2_000);
    assert!(desk.flight.session.excluded.is_empty(), "{}", desk.said());
    assert_eq!(desk.router("eu-2").weights, [0, 100]);
    let told: Vec<&str> = desk
        .events()
        .filter_map(|event| match event {
            Event::RouterExcluded(_) => Some("excluded"),
            Event::RouterIncluded { .. } => Some("included"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["excluded", "included"]);
    assert!(desk.flight.session.in_flight().is_none(), "{}", desk.said());
}

#[test]
fn no_forward_change_but_its_own_taking_in_goes_to_it() {
    let mut desk = left_out(blue_green(2));
    desk.router("eu-2").dead = false;
    desk.pass(3_000);
    desk.ask(Ask::ProposeTakeIn("eu-1".into()));
    assert!(desk.said().contains("there is nothing to take in"), "{}", desk.said());
    desk.ask(Ask::ProposeShift(crate::support::procedure::weights(&[("blue", 20), ("green", 80)])));
    let proposal = desk.flight.proposing.as_ref().and_then(|each| each.proposal()).expect("it is worked out");
    let routers: Vec<&str> = proposal.routers.iter().map(|order| order.router.as_str()).collect();
    assert_eq!(routers, ["eu-1"]);
}

#[test]
fn traffic_that_it_still_sends_to_a_pool_stands_before_a_deployment_to_that_pool() {
    let mut desk = left_out(with_action(blue_green(2), "deploy-to-blue", false));
    desk.pass(12_000);
    let no_traffic = |desk: &Desk| {
        let gate = Gate::NoTraffic { pool: "blue".into() };
        let report = desk.ask_gates().into_iter().find(|each| each.gate == gate).expect("it is asked");
        (report.state, report.text)
    };
    let (state, text) = no_traffic(&desk);
    assert_eq!(state, GateState::Holds, "{text}");
    assert!(text.contains("eu-2 left out"), "what it sends is not known, and that is said: {text}");
    desk.router("eu-2").dead = false;
    desk.pass(3_000);
    assert_eq!(no_traffic(&desk), (GateState::Fails, "blue has traffic: 50.0 % on eu-2".to_owned()));
}

#[test]
fn one_that_waits_for_its_wave_is_left_out_of_it() {
    let procedure = blue_green(3);
    let routers: Vec<RouterId> = procedure.routers.iter().map(|router| router.id.clone()).collect();
    let rollout = Waves::of_size(&routers, 1, std::time::Duration::from_secs(5));
    let mut desk = Desk::open(Procedure { rollout, ..procedure });
    desk.shift();
    desk.pass(1_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    exclude(&mut desk, "eu-2", "its host is being moved");
    desk.pass(30_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-3"], "{}", desk.said());
    assert!(desk.flight.session.in_flight().is_none(), "{}", desk.said());
}

#[test]
fn what_is_in_flight_is_not_sent_to_it_once_more() {
    let mut desk = Desk::open(blue_green(3));
    desk.ask(Ask::ProposeStep);
    desk.router("eu-2").dead = true;
    desk.router("eu-3").dead = true;
    desk.confirm();
    desk.pass(8_000);
    exclude(&mut desk, "eu-2", "its host is gone");
    desk.router("eu-2").dead = false;
    desk.pass(3_000);
    let before = desk.sent.len();
    desk.ask(Ask::Retry(vec!["eu-2".into()]));
    assert!(desk.said().contains("eu-2 is left out of the plan"), "{}", desk.said());
    desk.pass(1_000);
    assert!(desk.flight.session.in_flight().is_some(), "it waits for eu-3: {}", desk.said());
    assert_eq!(sent(&desk)[before..], [""; 0]);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(2_000);
    assert!(sent(&desk)[before..].contains(&"eu-2"), "a way back goes to it: {:?}", sent(&desk));
}

#[test]
fn the_closing_says_what_was_left_out() {
    let mut desk = left_out(blue_green(2));
    desk.ask(Ask::Close { outcome: "done but for eu-2".to_owned() });
    let left = desk.events().find_map(|event| match event {
        Event::SessionClosed { left, .. } => Some(left.clone()),
        _ => None,
    });
    let left = left.expect("it is closed");
    assert!(
        left.iter().any(|line| line.starts_with("eu-2 was left out of the plan by ana: its host is gone")),
        "{left:?}"
    );
}

#[test]
fn a_router_that_never_answered_is_left_out_before_the_plan_starts() {
    let mut desk = Desk::open_with(blue_green(2), |desk| desk.router("eu-2").dead = true);
    desk.pass(3_000);
    assert!(!desk.flight.session.baseline);
    exclude(&mut desk, "eu-2", "its host is gone");
    desk.pass(2_000);
    assert!(desk.flight.session.baseline, "{}", desk.said());
    desk.shift();
    desk.pass(2_000);
    assert_eq!(sent(&desk), ["eu-1"]);
}
