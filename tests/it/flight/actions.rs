//! A deploy action: started once by an act of its own, followed to its end, and asked after where its answer is lost.

use flightdeck::domain::action::{ActionLook, ActionState, Started};
use flightdeck::domain::{Outcome, Procedure};
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gate, GateState, Gesture, Override};

use crate::support::action::{failed, running, with_action};
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

const STEP: &str = "deploy-to-blue";

fn procedure() -> Procedure {
    with_action(blue_green(2), STEP, false)
}

/// Blue has no weight and is drained; the action of the next step is worked out.
fn drained() -> Desk {
    let mut desk = Desk::open(procedure());
    desk.shift();
    desk.pass(12_000);
    desk.ask(Ask::DescribeAction);
    desk
}

fn start(desk: &mut Desk) {
    start_by(desk, Gesture::Key, Vec::new());
}

fn start_by(desk: &mut Desk, gesture: Gesture, overrides: Vec<Override>) {
    desk.ask(Ask::CompleteStep { confirmation: Confirmation::new(gesture, true), overrides });
}

/// What the journal has of actions, a word each.
fn told(desk: &Desk) -> Vec<String> {
    let told = desk.events().filter_map(|event| match event {
        Event::ActionStarting(intent) => Some(format!("starting {}", intent.action)),
        Event::ActionStarted { handle, .. } => Some(format!("runs as {handle}")),
        Event::ActionUnknown { .. } => Some("unknown".to_owned()),
        Event::ActionEnded { end, .. } => Some(end.words()),
        Event::ActionCancelling(_) => Some("cancelling".to_owned()),
        Event::ActionCancelAnswered { how, .. } => Some(how.clone()),
        _ => None,
    });
    told.collect()
}

fn cancel(desk: &mut Desk) {
    let of = desk.flight.session.action_in_flight().expect("one runs").act();
    desk.ask(Ask::CancelAction { of, confirmation: Confirmation::new(Gesture::Key, true) });
}

fn is_done(desk: &Desk) -> bool {
    desk.flight.session.steps.contains_key(&STEP.into())
}

#[test]
fn it_is_sent_once_followed_to_its_end_and_its_end_is_the_end_of_its_step() {
    let mut desk = drained();
    start(&mut desk);
    assert_eq!(told(&desk), ["starting deploy-to-blue", "runs as 7"]);
    let intent = desk.flight.session.action_in_flight().unwrap().intent.what.clone();
    assert!(intent.requests.contains(&format!("  idempotency-key: {}", intent.key)), "what was shown is what is sent");
    let sent = &desk.actions.starts[0].acting;
    assert_eq!(
        (sent.key.as_str(), sent.pool.as_str(), sent.to_version.as_str()),
        (intent.key.as_str(), "blue", "2.5.0")
    );
    desk.pass(10_000);
    assert!(desk.actions.looks.len() >= 4, "{}", desk.actions.looks.len());
    assert!(desk.actions.looks.iter().all(|look| look.handle.as_deref() == Some("7")));
    assert!(!is_done(&desk), "it runs");
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(3_000);
    assert_eq!(told(&desk)[2..], ["succeeded"]);
    assert!(is_done(&desk) && desk.flight.session.action_in_flight().is_none());
    let looks = desk.actions.looks.len();
    desk.pass(10_000);
    assert_eq!((desk.actions.starts.len(), desk.actions.looks.len()), (1, looks), "nobody asks any more");
    assert!(desk.flight.new_pools().contains(&"blue".into()), "blue has the new version now");
}

#[test]
fn nothing_is_sent_before_its_intent_is_kept_nor_by_another_process_and_that_one_asks_after_it_by_its_key() {
    let mut desk = drained();
    desk.journal_answers = false;
    start(&mut desk);
    desk.pass(1_000);
    assert!(desk.actions.starts.is_empty());
    desk.journal_answers = true;
    let entries = std::mem::take(&mut desk.unanswered);
    desk.journal.extend(entries);
    desk.crash();
    desk.pass(2_000);
    assert!(desk.actions.starts.is_empty(), "the process that confirmed it is gone");
    assert!(desk.actions.looks.is_empty(), "it could still be sent");
    desk.actions.look = ActionLook::new(ActionState::Absent { why: "nothing is there of that key".to_owned() });
    desk.pass(12_000);
    assert!(desk.actions.looks.iter().any(|look| look.handle.is_none()), "it is looked for by its key");
    assert_eq!(told(&desk), ["starting deploy-to-blue"], "a system may list late what it was sent");
    desk.pass(40_000);
    assert_eq!(told(&desk)[1..], ["not sent: nothing is there of that key"]);
    assert!(desk.actions.starts.is_empty() && !is_done(&desk));
}

#[test]
fn a_lost_answer_is_unknown_is_found_by_its_key_and_never_sent_twice() {
    let mut desk = drained();
    desk.actions.started = Some(Started::Unknown { why: "no answer within 2s".to_owned() });
    desk.actions.look = ActionLook::new(ActionState::Unknown { why: "no connection".to_owned() });
    start(&mut desk);
    desk.pass(60_000);
    assert_eq!(told(&desk), ["starting deploy-to-blue", "unknown"], "it cannot be asked");
    desk.actions.look = running(10);
    desk.pass(3_000);
    assert_eq!(told(&desk)[2..], ["runs as 7"]);
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(5_000);
    assert_eq!(told(&desk)[3..], ["succeeded"]);
    assert_eq!(desk.actions.starts.len(), 1);
}

#[test]
fn what_nobody_can_tell_stays_unknown_and_is_started_again_only_over_a_gate_that_says_so() {
    let mut desk = drained();
    desk.actions.started = Some(Started::Unknown { why: "no answer within 2s".to_owned() });
    desk.actions.look = ActionLook::new(ActionState::Lost { why: "it cannot be asked by its key".to_owned() });
    start(&mut desk);
    desk.pass(20_000);
    assert_eq!(desk.actions.looks.len(), 1, "asking again would not help");
    desk.ask(Ask::DescribeAction);
    start(&mut desk);
    assert!(desk.said().contains("it may run, and would run twice"), "{}", desk.said());
    assert_eq!(desk.actions.starts.len(), 1);
    let gate = Gate::ActionKnown { action: STEP.into() };
    let overrides = vec![Override { gate, reason: "looked at the system: nothing there".to_owned() }];
    desk.ask(Ask::DescribeAction);
    desk.actions.started = Some(Started::Running { handle: "8".to_owned(), link: None });
    start_by(&mut desk, Gesture::Typed("blue".to_owned()), overrides);
    assert_eq!(desk.actions.starts.len(), 2);
    assert_ne!(desk.actions.starts[0].acting.key, desk.actions.starts[1].acting.key, "another act");
}

#[test]
fn a_bad_end_is_told_with_its_log_and_then_it_is_started_again_or_skipped_with_a_reason() {
    let mut desk = drained();
    start(&mut desk);
    desk.actions.look = failed("exit code 1");
    desk.pass(3_000);
    assert_eq!(told(&desk)[2..], ["failed: exit code 1"]);
    assert!(desk.notices.iter().any(|notice| notice.text == "deploy-to-blue failed: exit code 1"));
    let log = desk.events().find_map(|event| match event {
        Event::ActionEnded { log, .. } => Some(log.clone()),
        _ => None,
    });
    assert_eq!(log, Some(vec!["no such image".to_owned()]));
    desk.ask(Ask::DescribeAction);
    desk.actions.look = running(0);
    start(&mut desk);
    assert_eq!(desk.actions.starts.len(), 2);
    desk.ask(Ask::SkipStep { reason: "no time".to_owned() });
    assert!(desk.said().contains("wait for its end, or cancel it"), "{}", desk.said());
    desk.actions.look = failed("exit code 1");
    desk.pass(3_000);
    desk.ask(Ask::SkipStep { reason: "deployed by hand".to_owned() });
    assert!(is_done(&desk) && !desk.flight.new_pools().contains(&"blue".into()));
}

/// The deployment is the first step, whatever the weights are.
fn at_once(weights: &[u32]) -> Desk {
    let plan = procedure().plan.split_off(1);
    let mut desk = Desk::open_at(Procedure { plan, ..procedure() }, weights);
    desk.ask(Ask::DescribeAction);
    desk
}

fn no_traffic(desk: &Desk) -> (GateState, String) {
    let gate = Gate::NoTraffic { pool: "blue".into() };
    let report = desk.ask_gates().into_iter().find(|each| each.gate == gate).expect("it is asked");
    (report.state, report.text)
}

#[test]
fn it_waits_until_its_pool_has_no_traffic_and_is_drained_on_every_router() {
    let mut desk = at_once(&[50, 50]);
    assert_eq!(no_traffic(&desk), (GateState::Fails, "blue has traffic: 50.0 % on eu-1, 50.0 % on eu-2".to_owned()));
    start(&mut desk);
    assert!(desk.said().contains("settle it, or override it with a reason"), "{}", desk.said());
    let mut desk = at_once(&[0, 100]);
    desk.pass(12_000);
    assert_eq!(no_traffic(&desk).0, GateState::Holds, "{}", no_traffic(&desk).1);
    desk.router("eu-2").stopped = true;
    desk.pass(8_000);
    assert_eq!(no_traffic(&desk).0, GateState::Inconclusive, "{}", no_traffic(&desk).1);
    start(&mut desk);
    assert!(desk.actions.starts.is_empty(), "one router could still send it traffic");
    desk.router("eu-2").stopped = false;
    desk.pass(12_000);
    start(&mut desk);
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
}

#[test]
fn that_it_has_traffic_is_set_aside_with_a_reason_and_its_target_typed() {
    let mut desk = at_once(&[50, 50]);
    let gate = Gate::NoTraffic { pool: "blue".into() };
    let overrides = vec![Override { gate, reason: "only health checks".to_owned() }];
    start_by(&mut desk, Gesture::Key, overrides.clone());
    assert!(desk.actions.starts.is_empty(), "{}", desk.said());
    start_by(&mut desk, Gesture::Typed("blue".to_owned()), overrides);
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
    assert_eq!(desk.flight.session.actions[0].intent.what.overrides[0].reason, "only health checks");
}

#[test]
fn what_ends_the_way_back_asks_for_its_target_and_comes_after_the_soak_whoever_would_have_it_sooner() {
    let mut procedure = with_action(blue_green(2), "deploy-to-green", true);
    for step in &mut procedure.plan {
        step.leave_when.clear();
    }
    let shift = procedure.plan.iter().position(|step| step.id == "blue-100".into()).unwrap();
    procedure.plan[shift].soak = Some(std::time::Duration::from_mins(1));
    let mut desk = Desk::open(Procedure { plan: procedure.plan.split_off(shift), ..procedure });
    desk.shift();
    desk.pass(20_000);
    desk.ask(Ask::DescribeAction);
    let overrides = vec![Override { gate: Gate::SoakBeforeEnd, reason: "it looks well".to_owned() }];
    start_by(&mut desk, Gesture::Typed("green".to_owned()), overrides);
    assert!(desk.said().contains("this gate cannot be overridden"), "{}", desk.said());
    desk.pass(60_000);
    desk.ask(Ask::DescribeAction);
    start(&mut desk);
    assert!(desk.said().contains("type green"), "{}", desk.said());
    start_by(&mut desk, Gesture::Typed("green".to_owned()), Vec::new());
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
}

#[test]
fn what_would_be_sent_is_worked_out_anew_once_it_has_had_its_time() {
    let mut desk = drained();
    desk.pass(61_000);
    start(&mut desk);
    assert!(desk.said().contains("worked out anew"), "{}", desk.said());
    assert!(desk.actions.starts.is_empty());
    start(&mut desk);
    assert_eq!(desk.actions.starts.len(), 1);
}

#[test]
fn it_is_cancelled_by_any_operator_and_its_end_is_what_the_looks_say() {
    let mut desk = drained();
    start(&mut desk);
    desk.ask(Ask::Hold { reason: "wait".to_owned() });
    cancel(&mut desk);
    assert_eq!(told(&desk)[2..], ["cancelling", "its system took it; looks tell when it is over"]);
    assert_eq!(desk.actions.cancels[0].handle, "7");
    assert!(!desk.flight.session.action_in_flight().unwrap().is_over());
    desk.actions.look = failed("cancelled");
    desk.pass(3_000);
    assert_eq!(told(&desk)[4..], ["failed: cancelled"]);
}

#[test]
fn a_refused_cancel_is_written_down_and_it_goes_on() {
    let mut desk = drained();
    start(&mut desk);
    desk.actions.cancelled = Outcome::Failed { why: "409: it cannot be cancelled any more".to_owned() };
    cancel(&mut desk);
    assert_eq!(told(&desk)[3], "refused: 409: it cannot be cancelled any more");
    assert!(desk.flight.cancellable_action().is_some());
}

#[test]
fn while_it_runs_no_weight_goes_to_its_pool_nor_is_the_step_done_by_hand_or_the_session_closed() {
    let mut desk = drained();
    start(&mut desk);
    desk.ask(Ask::ProposeShift(crate::support::procedure::weights(&[("blue", 10), ("green", 90)])));
    desk.confirm_by(Gesture::Typed("blue 10".to_owned()), true, Vec::new());
    assert!(desk.said().contains("deploy-to-blue runs, and blue would get 10 %"), "{}", desk.said());
    desk.ask(Ask::DescribeAction);
    start(&mut desk);
    assert_eq!(desk.actions.starts.len(), 1);
    desk.ask(Ask::Close { outcome: "done".to_owned() });
    assert!(desk.said().contains("deploy-to-blue runs"), "{}", desk.said());
    let refused = desk.flight.way_back_view(WayBackChoice::Step, desk.now()).unwrap_err();
    assert!(
        refused.rule == "R2" && refused.why.starts_with("blue is being deployed to, and gets no traffic"),
        "{refused:?}"
    );
}

#[test]
fn another_process_goes_on_looking_by_its_handle() {
    let mut desk = drained();
    start(&mut desk);
    desk.pass(3_000);
    desk.actions.looks.clear();
    desk.crash();
    desk.pass(5_000);
    assert!(desk.actions.looks.iter().all(|look| look.handle.as_deref() == Some("7")));
    assert!(!desk.actions.looks.is_empty() && desk.actions.starts.len() == 1);
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(3_000);
    assert!(is_done(&desk));
}

#[test]
fn what_would_be_sent_must_be_known_before_it_can_be_confirmed() {
    let mut desk = drained();
    let why = flightdeck::domain::Trouble::new(
        flightdeck::domain::TroubleKind::Mismatch,
        "work it out",
        "names {to}, which was not said",
        "nothing was sent",
    );
    desk.actions.description = Err(why);
    desk.ask(Ask::DescribeAction);
    start(&mut desk);
    start(&mut desk);
    assert!(desk.actions.starts.is_empty() && told(&desk).is_empty());
}
