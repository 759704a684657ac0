//! What is noticed while nobody does anything: drift, restarts, drain, soak, the observed share.

use flightdeck::domain::drain::DrainState;
use flightdeck::domain::share::Agreement;
use flightdeck::domain::{PoolId, RouterId};
use flightdeck::flight::Ask;
use flightdeck::session::Event;
use flightdeck::session::proposal::{Gate, GateState};

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, weights};

#[test]
fn weights_lost_in_a_restart_are_drift_within_two_polls() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(300);
    let now = desk.now().elapsed.0;
    desk.router("eu-2").restart(now);
    // Watched closely, a poll is 100 ms.
    desk.pass(200);
    assert!(desk.flight.session.drifted.contains_key(&RouterId::from("eu-2")));
    assert!(desk.events().any(|event| matches!(event, Event::RouterRestarted { .. })));
    assert!(desk.said().contains("lost its runtime weights"), "{}", desk.said());
}

#[test]
fn drift_freezes_the_plan_until_it_is_answered() {
    let mut desk = Desk::open(blue_green(1));
    desk.router("eu-1").weights = vec![20, 80];
    desk.pass(1_100);
    desk.shift();
    assert!(desk.sent.is_empty(), "{}", desk.said());
    desk.ask(Ask::Withdraw);
    desk.ask(Ask::ProposePutBack("eu-1".into()));
    desk.confirm_by(flightdeck::session::proposal::Gesture::Typed("blue 50".to_owned()), true, Vec::new());
    desk.pass(300);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
    assert!(desk.flight.session.drifted.is_empty());
}

#[test]
fn a_pool_is_drained_only_when_its_last_request_is_over_and_quiet_has_passed() {
    let mut desk = Desk::open(blue_green(1));
    let blue = PoolId::from("blue");
    desk.pass(1_000);
    assert_eq!(desk.flight.drains[&blue].state, DrainState::Active);
    desk.shift();
    desk.pass(1_000);
    assert_eq!(desk.flight.drains[&blue].state, DrainState::Draining);
    assert!(!desk.events().any(|event| matches!(event, Event::PoolDrained { .. })));
    desk.pass(12_000);
    assert_eq!(desk.flight.drains[&blue].state, DrainState::Drained);
    assert_eq!(desk.events().filter(|event| matches!(event, Event::PoolDrained { .. })).count(), 1);
}

#[test]
fn a_router_that_does_not_answer_makes_the_drain_unknown() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(12_000);
    desk.router("eu-2").stopped = true;
    desk.pass(3_000);
    assert_eq!(desk.flight.drains[&PoolId::from("blue")].state, DrainState::Unknown);
}

#[test]
fn the_soak_runs_from_the_verification_and_starts_again_after_drift() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.pass(15_000);
    desk.ask(Ask::SkipStep { reason: "deployed already".to_owned() });
    desk.shift();
    desk.pass(2_000);
    let soak = |desk: &Desk| {
        desk.ask_gates().into_iter().find(|report| report.gate == Gate::Soak).map(|report| (report.state, report.text))
    };
    assert!(matches!(soak(&desk), Some((GateState::Fails, text)) if text.starts_with("soak 0:0")));
    desk.pass(1_500);
    assert!(matches!(soak(&desk), Some((GateState::Holds, _))), "{:?}", soak(&desk));
    desk.router("eu-1").weights = vec![20, 80];
    desk.pass(300);
    let read = desk.router("eu-1").native();
    desk.ask(Ask::AcceptDrift { router: "eu-1".into(), read, reason: "known".to_owned() });
    assert!(matches!(soak(&desk), Some((GateState::Fails, _))), "{:?}", soak(&desk));
}

#[test]
fn the_observed_share_is_counted_since_the_weights_moved() {
    let mut desk = Desk::open(blue_green(1));
    desk.ask(Ask::ProposeShift(weights(&[("blue", 30), ("green", 70)])));
    desk.confirm_by(flightdeck::session::proposal::Gesture::Typed("green 70".to_owned()), true, Vec::new());
    desk.pass(300);
    let blue = |desk: &Desk| desk.flight.observed(&"eu-1".into()).first().map(|(_, seen)| (seen.share, seen.agreement));
    assert!(matches!(blue(&desk), Some((_, Agreement::NotEnoughYet)) | None), "{:?}", blue(&desk));
    desk.pass(30_000);
    let (share, agreement) = blue(&desk).unwrap();
    assert_eq!(agreement, Agreement::Consistent);
    assert!(share.whole > 2_000 && (share.fraction().unwrap() - 0.3).abs() < 0.01, "{share:?}");
    assert!(desk.events().any(|event| matches!(event, Event::SplitObserved { .. })));
}

#[test]
fn a_silent_log_speaks_for_drained_and_lost_lines_for_nothing() {
    use flightdeck::domain::drain::Evidence;
    use flightdeck::domain::log::Delivery;
    use flightdeck::domain::procedure::LogSpec;
    use flightdeck::flight::Msg;

    let mut procedure = blue_green(1);
    procedure.logs = vec![LogSpec::new("blue".into(), Some("blue".into()))];
    procedure.drain.evidence = vec![Evidence::Requests, Evidence::Log("blue".into())];
    let mut desk = Desk::open(procedure);
    desk.shift();
    let state = |desk: &Desk| desk.flight.drains[&PoolId::from("blue")].state;
    desk.pass(1_000);
    assert_eq!(state(&desk), DrainState::Unknown, "the log is not followed yet");
    let seen = |desk: &mut Desk, lines, dropped| {
        let (watermark, last) = (Some(desk.now().wall), (lines > 0).then_some(desk.now().wall));
        desk.tell(Msg::LogSeen { source: "blue".into(), delivery: Delivery { lines, dropped, watermark, last } });
    };
    // Health checks are what shows that the log is alive.
    let pass = |desk: &mut Desk, seconds: u64| {
        for _ in 0..seconds {
            seen(desk, 0, 0);
            desk.pass(1_000);
        }
    };
    desk.tell(Msg::LogState { source: "blue".into(), trouble: None });
    desk.pass(6_000);
    assert_eq!(state(&desk), DrainState::Unknown, "nothing at all was delivered");
    pass(&mut desk, 8);
    assert_eq!(state(&desk), DrainState::Drained);
    seen(&mut desk, 0, 7);
    desk.pass(100);
    assert_eq!(state(&desk), DrainState::Unknown);
    seen(&mut desk, 1, 0);
    desk.pass(100);
    assert_eq!(state(&desk), DrainState::Draining);
    pass(&mut desk, 8);
    assert_eq!(state(&desk), DrainState::Drained);
}

#[test]
fn a_machine_that_slept_has_proven_no_quiet_and_no_soak() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.pass(4_000);
    desk.skip(3_600_000);
    desk.pass(100);
    assert_eq!(desk.flight.drains[&PoolId::from("blue")].state, DrainState::Draining);
    desk.pass(8_000);
    assert_eq!(desk.flight.drains[&PoolId::from("blue")].state, DrainState::Drained);
}

#[test]
fn a_pool_that_never_had_weight_is_no_news_when_it_is_quiet() {
    let mut procedure = blue_green(1);
    procedure.plan.clear();
    let mut desk = Desk::open_at(procedure, &[0, 100]);
    desk.pass(12_000);
    assert_eq!(desk.flight.drains[&PoolId::from("blue")].state, DrainState::Drained);
    assert!(!desk.events().any(|event| matches!(event, Event::PoolDrained { .. })));
}

#[test]
fn a_drain_that_a_crash_interrupted_is_still_proven_once() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.pass(500);
    desk.crash();
    desk.pass(12_000);
    assert_eq!(desk.events().filter(|event| matches!(event, Event::PoolDrained { .. })).count(), 1);
    desk.crash();
    desk.pass(12_000);
    assert_eq!(desk.events().filter(|event| matches!(event, Event::PoolDrained { .. })).count(), 1);
}
