//! The acts of a way back (R7): after its traffic, or where there is none to move, in order; each confirmed, started once,
//! followed to its end; and what is done where one does not end well.

use flightdeck::domain::action::{ActionLook, ActionState, Started};
use flightdeck::domain::procedure::{Friction, Procedure};
use flightdeck::domain::window::WindowRule;
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::event::StepMark;
use flightdeck::session::proposal::{Confirmation, Gate, Gesture, Override};

use crate::support::action::{failed, running, with_action};
use crate::support::crew::{ANA, Pair, RAJ};
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;
use crate::support::unwind::{CHANNEL, PREVIOUS, SUSPEND, with_acts, without_routers};
use crate::support::window::window;

/// Blue has 10, and its traffic goes back.
fn rolled_back(procedure: Procedure) -> Desk {
    let mut desk = Desk::open(with_acts(procedure));
    desk.shift();
    desk.pass(12_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    desk
}

fn take(desk: &mut Desk) {
    take_by(desk, Gesture::Key, Vec::new());
}

fn take_by(desk: &mut Desk, gesture: Gesture, overrides: Vec<Override>) {
    desk.ask(Ask::TakeRollbackAct { confirmation: Confirmation::new(gesture, true), overrides });
}

/// Works the next act out and confirms it.
fn go(desk: &mut Desk) {
    desk.ask(Ask::DescribeRollbackAct);
    take(desk);
}

/// What the journal has of the way back's acts, a few words each.
fn told(desk: &Desk) -> Vec<String> {
    let told = desk.events().filter_map(|event| match event {
        Event::ActionStarting(intent) if intent.unwinds => Some(format!("starting {}", intent.action)),
        Event::ActionEnded { end, .. } => Some(end.words()),
        Event::RollbackActMarked(marked) => Some(match &marked.mark {
            StepMark::Done { .. } => format!("{} done", marked.name),
            StepMark::Acted { .. } => format!("{} acted", marked.name),
            StepMark::LeftFailed { why, .. } => format!("{} left: {why}", marked.name),
            StepMark::Skipped { reason } => format!("{} skipped: {reason}", marked.name),
            StepMark::AlreadySo => format!("{} so", marked.name),
        }),
        _ => None,
    });
    told.collect()
}

fn next(desk: &Desk) -> Option<String> {
    desk.flight.next_act().map(|act| act.step.id.to_string())
}

#[test]
fn after_the_traffic_its_acts_are_flown_in_order_each_confirmed_and_followed_to_its_end() {
    let mut desk = rolled_back(blue_green(2));
    assert_eq!(next(&desk).as_deref(), Some(SUSPEND));
    assert!(desk.actions.starts.is_empty(), "nothing starts by itself after a rollback");
    go(&mut desk);
    assert_eq!(told(&desk), ["starting suspend-scaling"]);
    let sent = desk.actions.starts[0].acting.clone();
    assert_eq!(
        (sent.from_version.as_str(), sent.to_version.as_str()),
        ("2.4.0", "2.5.0"),
        "{{from}} and {{to}} mean the same in a whole session: what is to run again is told as {{from}}"
    );
    go(&mut desk);
    assert_eq!(desk.actions.starts.len(), 1, "it runs: {}", desk.said());
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(3_000);
    assert_eq!(told(&desk)[1..], ["succeeded", "Suspend scaling acted"]);
    assert_eq!(next(&desk).as_deref(), Some(PREVIOUS));
}

#[test]
fn the_list_is_over_with_its_last_act_and_begins_anew_once_the_deployment_has_gone_forward() {
    let mut desk = rolled_back(blue_green(2));
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.ask(Ask::SkipRollbackAct { reason: "nothing scales here".to_owned() });
    // The pool that it touches has traffic again: half of it, as at the start.
    let gate = Gate::NoTraffic { pool: "blue".into() };
    desk.ask(Ask::DescribeRollbackAct);
    take(&mut desk);
    assert!(desk.said().contains("settle it, or override it with a reason"), "{}", desk.said());
    let overrides = vec![Override { gate, reason: "it runs the old release already".to_owned() }];
    desk.ask(Ask::DescribeRollbackAct);
    take_by(&mut desk, Gesture::Typed("blue".to_owned()), overrides);
    desk.pass(3_000);
    assert_eq!(next(&desk).as_deref(), Some(CHANNEL));
    assert_eq!(desk.flight.items_of_act(&desk.flight.procedure.rollback[2]), Some((0, 1)), "its items do not block it");
    take(&mut desk);
    assert_eq!(next(&desk), None);
    assert_eq!(
        told(&desk),
        [
            "Suspend scaling skipped: nothing scales here",
            "starting previous-release",
            "succeeded",
            "Previous release to blue acted",
            "Tell the channel done"
        ]
    );
    desk.shift();
    desk.pass(1_000);
    assert!(desk.flight.session.unwinding.is_none(), "forward again");
    assert_eq!(next(&desk), None, "no way back is being flown");
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    assert_eq!(next(&desk).as_deref(), Some(SUSPEND), "another way back begins with its first act");
}

#[test]
fn one_that_does_not_end_well_is_started_again_skipped_or_gone_on_from_and_is_left_to_do() {
    let mut desk = rolled_back(blue_green(2));
    go(&mut desk);
    desk.ask(Ask::PassRollbackAct);
    assert!(desk.said().contains("wait for its end, or cancel it"), "{}", desk.said());
    desk.actions.look = failed("exit code 1");
    desk.pass(3_000);
    assert_eq!(next(&desk).as_deref(), Some(SUSPEND), "it stays the next one");
    desk.actions.look = running(0);
    go(&mut desk);
    assert_eq!(desk.actions.starts.len(), 2, "again");
    assert_ne!(desk.actions.starts[0].acting.key, desk.actions.starts[1].acting.key);
    desk.actions.look = failed("exit code 2");
    desk.pass(3_000);
    desk.ask(Ask::PassRollbackAct);
    assert_eq!(told(&desk).last().map(String::as_str), Some("Suspend scaling left: failed: exit code 2"));
    assert_eq!(next(&desk).as_deref(), Some(PREVIOUS));
    desk.ask(Ask::PassRollbackAct);
    assert!(desk.said().contains("it was not tried"), "{}", desk.said());
    desk.ask(Ask::SkipRollbackAct { reason: String::new() });
    assert!(desk.said().contains("no reason is given"), "{}", desk.said());
    let left = desk.flight.left_to_do();
    assert!(
        left.iter().any(|line| line.contains("Suspend scaling, of the way back, was left as it ended")),
        "{left:?}"
    );
    assert!(left.iter().any(|line| line == "Previous release to blue, of the way back, is not done"), "{left:?}");
}

#[test]
fn an_act_that_fails_or_runs_never_keeps_the_traffic_from_going_back() {
    let mut desk = rolled_back(blue_green(2));
    go(&mut desk);
    let before = desk.sent.len();
    desk.router("eu-1").weights = vec![30, 70];
    desk.pass(2_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    assert!(desk.sent.len() > before, "while it runs: {}", desk.said());
    desk.actions.look = failed("exit code 1");
    desk.pass(3_000);
    desk.router("eu-1").weights = vec![30, 70];
    desk.pass(2_000);
    let before = desk.sent.len();
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    assert!(desk.sent.len() > before, "after it failed: {}", desk.said());
    assert_eq!(next(&desk).as_deref(), Some(SUSPEND), "the list goes on where it was");
}

#[test]
fn what_nobody_knows_is_started_again_only_over_a_gate_that_says_so_and_can_be_gone_on_from() {
    let mut desk = rolled_back(blue_green(2));
    desk.actions.started = Some(Started::Unknown { why: "no answer within 2s".to_owned() });
    desk.actions.look = ActionLook::new(ActionState::Lost { why: "it cannot be asked by its key".to_owned() });
    go(&mut desk);
    desk.pass(10_000);
    go(&mut desk);
    assert!(desk.said().contains("it may run, and would run twice"), "{}", desk.said());
    assert_eq!(desk.actions.starts.len(), 1);
    desk.ask(Ask::PassRollbackAct);
    assert_eq!(next(&desk).as_deref(), Some(PREVIOUS));
}

#[test]
fn a_way_back_asks_for_no_window_no_hold_no_controls_and_no_clock() {
    let windows = vec![window("nights", WindowRule::Allow, "02:00-06:00 UTC")];
    let mut desk = Desk::open(with_acts(Procedure { windows, ..blue_green(2) }));
    let gate = Gate::Window { window: "nights".into() };
    desk.ask(Ask::ProposeStep);
    desk.confirm_by(
        Gesture::Typed("green 100".to_owned()),
        true,
        vec![Override { gate, reason: "it cannot wait".to_owned() }],
    );
    desk.pass(2_000);
    desk.ask(Ask::Hold { reason: "look at the errors".to_owned() });
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    desk.ask(Ask::LeaveSession { why: "nobody drives".to_owned() });
    assert!(desk.flight.session.controls.is_none());
    go(&mut desk);
    assert_eq!(told(&desk), ["starting suspend-scaling"], "{}", desk.said());
}

#[test]
fn the_copilot_flies_the_acts_too_and_both_screens_have_them() {
    let mut pair = Pair::open(with_acts(blue_green(2)));
    pair.shift(ANA);
    pair.pass(12_000);
    pair.roll_back(ANA);
    pair.pass(2_000);
    pair.ask(RAJ, Ask::SkipRollbackAct { reason: "nothing scales here".to_owned() });
    pair.pass(1_000);
    for who in [ANA, RAJ] {
        let next = pair.flight(who).next_act().map(|act| act.step.id.to_string());
        assert_eq!(next.as_deref(), Some(PREVIOUS));
    }
}

#[test]
fn a_profile_without_routers_has_its_way_back_in_its_first_act_and_its_steps_are_open_again() {
    let procedure = with_action(without_routers(blue_green(0)), "deploy-to-blue", false);
    let mut desk = Desk::open(procedure);
    desk.ask(Ask::DescribeAction);
    desk.ask(Ask::CompleteStep { confirmation: Confirmation::new(Gesture::Key, true), overrides: Vec::new() });
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(3_000);
    assert!(desk.flight.session.steps.contains_key(&"deploy-to-blue".into()), "{}", desk.said());
    assert!(desk.flight.new_pools().contains(&"blue".into()));
    assert_eq!(desk.flight.no_way_by_traffic().as_deref(), Some("this profile names no router"));
    assert_eq!(next(&desk).as_deref(), Some(SUSPEND));
    desk.ask(Ask::SkipRollbackAct { reason: "nothing scales here".to_owned() });
    go(&mut desk);
    desk.pass(3_000);
    assert_eq!(next(&desk).as_deref(), Some(CHANNEL), "{}", desk.said());
    assert!(!desk.flight.session.steps.contains_key(&"deploy-to-blue".into()), "it is open again");
    assert!(!desk.flight.new_pools().contains(&"blue".into()), "blue has the old release");
}

#[test]
fn while_a_change_goes_forward_no_act_begins_the_traffic_goes_back_first() {
    let mut desk = rolled_back(blue_green(2));
    desk.router("eu-2").stopped = true;
    desk.pass(1_000);
    desk.router("eu-2").stopped = false;
    desk.pass(2_000);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-1").stopped = true;
    desk.confirm();
    desk.pass(200);
    assert!(
        desk.flight.session.in_flight().is_some_and(|change| change.confirmed.kind.is_forward()),
        "{}",
        desk.said()
    );
    assert_eq!(next(&desk), None, "forward: the list is over");
    desk.tell(flightdeck::flight::Msg::Ask(Ask::DescribeRollbackAct));
    assert!(desk.actions.starts.is_empty());
}

#[test]
fn what_ends_the_way_back_waits_for_the_soak_whatever_came_between() {
    let mut procedure = with_action(blue_green(2), "deploy-to-green", true);
    for step in &mut procedure.plan {
        step.leave_when.clear();
    }
    let shift = procedure.plan.iter().position(|step| step.id == "blue-100".into()).unwrap();
    let mut plan = procedure.plan.split_off(shift);
    plan[0].soak = Some(std::time::Duration::from_mins(1));
    let pause = flightdeck::domain::procedure::StepAct::Pause { text: "Keep it?".to_owned() };
    let pause = flightdeck::domain::procedure::RollbackAct::new("keep-it".into(), "Keep it?", pause).step;
    plan.insert(1, pause);
    let mut desk = Desk::open(Procedure { plan, ..procedure });
    desk.shift();
    desk.pass(20_000);
    let soak = vec![Override { gate: Gate::Soak, reason: "it looks well".to_owned() }];
    let confirmation = Confirmation::new(Gesture::Typed("done".to_owned()), true);
    desk.ask(Ask::CompleteStep { confirmation, overrides: soak });
    desk.pass(1_000);
    assert!(desk.flight.session.steps.contains_key(&"keep-it".into()), "{}", desk.said());
    let start = |desk: &mut Desk| {
        desk.ask(Ask::DescribeAction);
        let confirmation = Confirmation::new(Gesture::Typed("green".to_owned()), true);
        desk.ask(Ask::CompleteStep { confirmation, overrides: Vec::new() });
    };
    start(&mut desk);
    assert!(desk.actions.starts.is_empty() && desk.said().contains("soak 0:2"), "{}", desk.said());
    desk.pass(60_000);
    start(&mut desk);
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
}

#[test]
fn another_friction_is_asked_where_the_profile_asks_it_of_a_rollback() {
    let mut procedure = blue_green(2);
    procedure.confirm.rollback = Friction::Type;
    let mut desk = Desk::open(with_acts(procedure));
    desk.shift();
    desk.pass(2_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm_by(Gesture::Typed("blue 50".to_owned()), true, Vec::new());
    desk.pass(1_000);
    go(&mut desk);
    assert!(desk.said().contains("type blue"), "{}", desk.said());
    desk.ask(Ask::DescribeRollbackAct);
    take_by(&mut desk, Gesture::Typed("blue".to_owned()), Vec::new());
    assert_eq!(desk.actions.starts.len(), 1, "{}", desk.said());
}

#[test]
fn an_act_is_confirmed_after_its_dialog_was_seen_and_sent_by_that_process_alone() {
    let mut desk = rolled_back(blue_green(2));
    desk.ask(Ask::DescribeRollbackAct);
    desk.ask(Ask::TakeRollbackAct { confirmation: Confirmation::new(Gesture::Key, false), overrides: Vec::new() });
    assert!(desk.actions.starts.is_empty(), "{}", desk.said());
    desk.journal_answers = false;
    go(&mut desk);
    desk.journal_answers = true;
    let entries = std::mem::take(&mut desk.unanswered);
    desk.journal.extend(entries);
    desk.crash();
    desk.pass(2_000);
    assert!(desk.actions.starts.is_empty(), "the process that confirmed it is gone");
    assert!(desk.flight.session.unwinding.is_some(), "the list is in the journal");
}
