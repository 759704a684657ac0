//! The shapes of a way back: in stages, twice, within its time, and proven beforehand (R8, R9).

use std::time::Duration;

use flightdeck::domain::procedure::{Procedure, Prove};
use flightdeck::domain::{BasisPoints, ItemId};
use flightdeck::flight::back::Window;
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Gate, GateState};

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, weights};

fn roll_back(desk: &mut Desk, choice: WayBackChoice) {
    desk.ask(Ask::ProposeRollback(choice));
    desk.confirm();
    desk.pass(500);
}

/// At blue 90 by a shift of its own, with a way back in three stages.
fn raised() -> Desk {
    let mut procedure = blue_green(1);
    procedure.back.ramp = [50, 25, 0].map(BasisPoints::percent).to_vec();
    procedure.plan.truncate(1);
    let mut desk = Desk::open_at(procedure, &[10, 90]);
    desk.ask(Ask::ProposeShift(weights(&[("blue", 90), ("green", 10)])));
    desk.confirm_by(flightdeck::session::proposal::Gesture::Typed("blue 90".to_owned()), true, Vec::new());
    desk.pass(500);
    assert_eq!(desk.router("eu-1").weights, [90, 10]);
    desk
}

#[test]
fn at_once_is_what_r_means_and_stages_are_a_choice() {
    let mut desk = raised();
    assert_eq!(desk.flight.ways_back().first(), Some(&WayBackChoice::Step));
    assert!(desk.flight.ways_back().contains(&WayBackChoice::Ramp));
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!(desk.router("eu-1").weights, [10, 90]);
}

#[test]
fn a_way_back_in_stages_goes_on_by_a_key_once_each_is_verified() {
    let mut desk = raised();
    for split in [[50, 50], [30, 70], [10, 90]] {
        roll_back(&mut desk, WayBackChoice::Ramp);
        assert_eq!(desk.router("eu-1").weights, split);
        let goes_on = desk.flight.ways_back().first() == Some(&WayBackChoice::Ramp);
        assert_eq!(goes_on, split != [10, 90], "after {split:?}");
    }
    let stages: Vec<String> = desk
        .events()
        .filter_map(|event| if let Event::RampStage { ramp, .. } = event { Some(ramp.words()) } else { None })
        .collect();
    assert_eq!(stages, ["stage 1 of 3", "stage 2 of 3", "stage 3 of 3"]);
}

#[test]
fn no_stage_goes_before_the_one_before_it_is_verified_and_at_once_always_does() {
    let mut desk = raised();
    desk.router("eu-1").stopped = true;
    roll_back(&mut desk, WayBackChoice::Ramp);
    assert!(desk.flight.session.ramp().is_none(), "the stage is not verified");
    roll_back(&mut desk, WayBackChoice::Step);
    desk.router("eu-1").go_on();
    desk.pass(1_000);
    assert_eq!(desk.router("eu-1").weights, [10, 90], "at once, to where the stages would have ended");
}

/// As [`raised`], each stage going by itself after five seconds.
fn by_itself() -> Desk {
    let mut desk = raised();
    let mut procedure = desk.flight.procedure.as_ref().clone();
    procedure.back.goes_on = Some(Duration::from_secs(5));
    desk.flight.procedure = std::sync::Arc::new(procedure);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
    desk.confirm();
    desk.pass(1_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
    desk
}

#[test]
fn stages_go_on_by_themselves_once_each_has_held_where_the_profile_says_so() {
    let mut desk = by_itself();
    desk.pass(3_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50], "it has not held for long enough");
    desk.pass(3_000);
    assert_eq!(desk.router("eu-1").weights, [30, 70]);
    desk.pass(7_000);
    assert_eq!(desk.router("eu-1").weights, [10, 90]);
    let sent = desk.sent.len();
    desk.pass(20_000);
    assert_eq!(desk.sent.len(), sent, "nothing goes after the last one");
}

#[test]
fn a_hold_drift_or_silence_keeps_the_next_stage_back() {
    let mut desk = by_itself();
    desk.ask(Ask::Hold { reason: "look at this".to_owned() });
    desk.pass(20_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
    let waits = desk.flight.next_stage_waits(desk.now().elapsed);
    assert!(matches!(&waits, Some(Err(why)) if why.contains("held by ana")), "{waits:?}");
    desk.ask(Ask::ReleaseHold { reason: "seen".to_owned() });
    desk.router("eu-1").stopped = true;
    desk.pass(20_000);
    desk.router("eu-1").go_on();
    desk.pass(3_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50], "the time between begins anew");
    desk.pass(6_000);
    assert_eq!(desk.router("eu-1").weights, [30, 70]);
}

#[test]
fn at_once_is_a_key_away_while_stages_go_by_themselves() {
    let mut desk = by_itself();
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!(desk.router("eu-1").weights, [10, 90]);
    let sent = desk.sent.len();
    desk.pass(20_000);
    assert_eq!(desk.sent.len(), sent);
}

#[test]
fn a_process_that_was_started_again_goes_on_with_nothing_by_itself() {
    let mut desk = by_itself();
    desk.crash();
    desk.pass(30_000);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
}

#[test]
fn twice_is_the_same_as_once() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.ask(Ask::SkipStep { reason: "deployed already".to_owned() });
    desk.shift();
    desk.pass(4_000);
    desk.shift();
    desk.pass(500);
    assert_eq!(desk.router("eu-1").weights, [30, 70]);
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!(desk.router("eu-1").weights, [10, 90]);
    let sent = desk.sent.len();
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!((desk.router("eu-1").weights.clone(), desk.sent.len()), (vec![10, 90], sent), "idle, it does nothing");
    assert!(desk.flight.ways_back().contains(&WayBackChoice::Further));
    roll_back(&mut desk, WayBackChoice::Further);
    assert_eq!(desk.router("eu-1").weights, [0, 100]);
}

#[test]
fn the_window_counts_down_from_the_step_and_what_the_way_back_took_is_measured() {
    let mut procedure = blue_green(1);
    procedure.back.within = Some(Duration::from_mins(5));
    procedure.back.estimate = Some(Duration::from_secs(1));
    let mut desk = Desk::open(procedure);
    assert_eq!(desk.flight.rollback_window(desk.now()), None, "nothing was changed yet");
    desk.shift();
    desk.pass(60_000);
    assert_eq!(desk.flight.rollback_window(desk.now()), Some(Window::Left(Duration::from_mins(4))));
    desk.pass(300_000);
    assert_eq!(desk.flight.rollback_window(desk.now()), Some(Window::Over(Duration::from_mins(1))));
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!(desk.flight.rollback_window(desk.now()), None, "what was rolled back has no window");
    let timed: Vec<(u64, u64)> = desk
        .events()
        .filter_map(|event| match event {
            Event::RollbackTimed { took_ms, declared_ms, .. } => Some((*took_ms, *declared_ms)),
            _ => None,
        })
        .collect();
    assert!(matches!(timed[..], [(took, 1_000)] if took <= 500), "{timed:?}");
    assert!(desk.said().contains("within the 1.0 s declared"), "{}", desk.said());
}

fn proving() -> Procedure {
    let mut procedure = blue_green(2);
    procedure.plan.remove(1);
    procedure.plan.remove(0);
    let item = ItemId::new("deploy/health".to_owned());
    let step = procedure.plan.first_mut().expect("the plan has steps");
    step.soak = None;
    step.prove = Some(Prove { item: Some(item) });
    procedure
}

#[test]
fn a_step_that_proves_its_way_back_goes_there_back_and_there_again() {
    let mut desk = Desk::open_at(proving(), &[0, 100]);
    let gate = |desk: &Desk| {
        desk.ask_gates()
            .into_iter()
            .find(|report| matches!(report.gate, Gate::WayBack { .. }))
            .map(|report| report.state)
    };
    desk.shift();
    desk.pass(500);
    assert_eq!((desk.router("eu-1").weights.clone(), gate(&desk)), (vec![10, 90], Some(GateState::Fails)));
    desk.shift();
    assert_eq!(desk.router("eu-1").weights, [10, 90], "the next step waits for the proof");
    desk.ask(Ask::Withdraw);
    roll_back(&mut desk, WayBackChoice::Step);
    assert_eq!(desk.router("eu-1").weights, [0, 100]);
    let proof = desk
        .events()
        .find_map(|event| if let Event::WayBackProven(proof) = event { Some(proof.clone()) } else { None });
    let routers: Vec<String> =
        proof.expect("it is proven").routers.iter().map(|each| each.router.to_string()).collect();
    assert_eq!(routers, ["eu-1", "eu-2"], "both ways are timed on every router");
    assert!(desk.flight.session.ticks.contains_key(&ItemId::new("deploy/health".to_owned())), "its item is ticked");
    desk.shift();
    desk.pass(500);
    assert_eq!((desk.router("eu-1").weights.clone(), gate(&desk)), (vec![10, 90], Some(GateState::Holds)));
    desk.shift();
    desk.pass(500);
    assert_eq!(desk.router("eu-1").weights, [30, 70]);
}

#[test]
fn a_way_back_from_a_shift_that_was_not_verified_proves_nothing() {
    let mut desk = Desk::open_at(proving(), &[0, 100]);
    desk.router("eu-2").stopped = true;
    desk.shift();
    roll_back(&mut desk, WayBackChoice::Step);
    desk.router("eu-2").go_on();
    desk.pass(2_000);
    assert!(desk.flight.session.proven.is_empty());
}
