//! The way back (R).

use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::event::{ChangeKind, Settlement};
use flightdeck::session::proposal::{Confirmation, Gesture};

use crate::support::action::with_action;
use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, weights};

fn roll_back(desk: &mut Desk, choice: WayBackChoice) {
    desk.ask(Ask::ProposeRollback(choice));
    desk.confirm();
}

#[test]
fn idle_it_does_nothing() {
    let mut desk = Desk::open(blue_green(2));
    roll_back(&mut desk, WayBackChoice::Step);
    assert!(desk.sent.is_empty());
    assert!(desk.notices.iter().any(|notice| notice.text.contains("nothing to go back to")));
}

#[test]
fn without_back_to_it_goes_to_the_splits_before_the_change_to_the_letter() {
    let mut desk = Desk::open(blue_green(2));
    desk.router("eu-2").weights = vec![41, 59];
    desk.pass(1_100);
    let read = desk.router("eu-2").native();
    desk.ask(Ask::AcceptDrift { router: "eu-2".into(), read, reason: "as it was".to_owned() });
    desk.shift();
    desk.pass(300);
    assert_eq!(desk.router("eu-2").weights, [0, 100]);
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(300);
    assert_eq!(
        (desk.router("eu-1").weights.clone(), desk.router("eu-2").weights.clone()),
        (vec![50, 50], vec![41, 59])
    );
    assert!(!desk.flight.session.steps.contains_key(&"drain-blue".into()), "its step is open again");
}

#[test]
fn with_back_to_it_goes_there() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.ask(Ask::SkipStep { reason: "deployed already".to_owned() });
    desk.shift();
    desk.pass(300);
    assert_eq!(desk.router("eu-1").weights, [10, 90]);
    assert_eq!(
        desk.flight.way_back(WayBackChoice::Step).map(|back| back.to),
        Ok(weights(&[("blue", 0), ("green", 100)]))
    );
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(300);
    assert_eq!(desk.router("eu-1").weights, [0, 100]);
    assert_eq!(
        desk.flight.session.next_step(&desk.flight.procedure.plan).map(|step| step.name.as_str()),
        Some("Blue 10")
    );
}

#[test]
fn in_the_middle_of_a_change_it_wins() {
    let mut desk = Desk::open(blue_green(2));
    desk.router("eu-2").stopped = true;
    desk.shift();
    let shifted = desk.flight.session.in_flight().map(flightdeck::session::Change::id).unwrap();
    roll_back(&mut desk, WayBackChoice::Step);
    assert!(matches!(
        desk.flight.session.change(shifted).and_then(|change| change.settled.clone()),
        Some((_, Settlement::Superseded { .. }))
    ));
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
    // The stopped router applies what waits, in order: the change, then the rollback.
    desk.router("eu-2").go_on();
    desk.pass(500);
    assert_eq!(desk.router("eu-2").weights, [50, 50]);
    assert!(desk.flight.session.in_flight().is_none());
}

#[test]
fn it_is_never_void_and_needs_no_gate() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.ask(Ask::Hold { reason: "wait".to_owned() });
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.router("eu-1").weights = vec![3, 97];
    desk.pass(60_500);
    desk.confirm();
    desk.pass(300);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
}

#[test]
fn a_router_without_a_reading_is_sent_to_as_well() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(300);
    desk.crash();
    desk.router("eu-2").dead = true;
    desk.pass(300);
    roll_back(&mut desk, WayBackChoice::Step);
    let orders = desk
        .events()
        .filter_map(|event| match event {
            Event::ChangeConfirmed(confirmed) if matches!(confirmed.kind, ChangeKind::Rollback { .. }) => {
                Some(confirmed.routers.len())
            }
            _ => None,
        })
        .last();
    assert_eq!(orders, Some(2));
}

#[test]
fn everything_off_the_new_version_is_the_other_way_back() {
    let mut desk = Desk::open(blue_green(1));
    let mut plan = desk.flight.procedure.as_ref().clone();
    plan.plan.retain(|step| !step.name.starts_with("Deploy"));
    desk.flight.procedure = std::sync::Arc::new(plan);
    assert_eq!(
        desk.flight.way_back(WayBackChoice::OffNew).map(|back| back.to),
        Ok(weights(&[("blue", 0), ("green", 100)]))
    );
}

/// The traffic is off blue, and blue was deployed to by a person.
fn deployed() -> Desk {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(12_000);
    assert!(desk.flight.session.drained.contains_key(&"blue".into()), "{}", desk.said());
    deploy(&mut desk, "blue");
    desk
}

fn deploy(desk: &mut Desk, pool: &str) {
    let over = desk.flight.session.steps.len();
    let typed = Confirmation::new(Gesture::Typed(pool.to_owned()), true);
    desk.ask(Ask::CompleteStep { confirmation: typed, overrides: Vec::new() });
    assert_eq!(desk.flight.session.steps.len(), over + 1, "{}", desk.said());
}

fn split(desk: &mut Desk) -> Vec<u32> {
    let first = desk.router("eu-1").weights.clone();
    assert_eq!(first, desk.router("eu-2").weights);
    first
}

#[test]
fn no_way_back_gives_traffic_to_what_has_the_new_version() {
    let mut desk = deployed();
    let refused = desk.flight.way_back(WayBackChoice::Step).unwrap_err();
    let why = "blue has the new version, and gets no traffic: the splits before the last change would raise it";
    assert_eq!(
        (refused.rule.as_str(), refused.why.as_str()),
        ("R2", why),
        "not to the half that blue had with the old version"
    );
    let sent = desk.sent.len();
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(300);
    assert_eq!((desk.sent.len(), split(&mut desk)), (sent, vec![0, 100]));
    // Somebody gave it traffic from elsewhere: then everything off it is the way back.
    desk.router("eu-2").weights = vec![30, 70];
    desk.pass(1_200);
    let back = desk.flight.way_back(WayBackChoice::Step).unwrap();
    assert_eq!(back.to, weights(&[("blue", 0), ("green", 100)]), "{}", back.why);
    assert!(
        back.why.starts_with("everything off the new version; not the splits before the last change"),
        "{}",
        back.why
    );
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(300);
    assert_eq!(split(&mut desk), [0, 100], "{}", desk.said());
}

#[test]
fn a_way_back_that_was_proposed_before_the_deployment_is_refused_after_it() {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(12_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    deploy(&mut desk, "blue");
    let sent = desk.sent.len();
    desk.confirm();
    desk.pass(300);
    assert_eq!((desk.sent.len(), split(&mut desk)), (sent, vec![0, 100]));
    assert!(desk.said().contains("that would raise blue, which has the new version"), "{}", desk.said());
}

#[test]
fn a_deployment_that_failed_left_a_version_that_nobody_knows() {
    let mut desk = Desk::open(with_action(blue_green(2), "deploy-to-blue", false));
    desk.shift();
    desk.pass(12_000);
    desk.ask(Ask::DescribeAction);
    let typed = Confirmation::new(Gesture::Typed("blue".to_owned()), true);
    desk.ask(Ask::CompleteStep { confirmation: typed, overrides: Vec::new() });
    let why = |desk: &Desk| desk.flight.way_back(WayBackChoice::Step).unwrap_err().why;
    assert!(why(&desk).starts_with("blue is being deployed to, and gets no traffic"), "{}", why(&desk));
    desk.actions.look = ActionLook::new(ActionState::Failed { why: "exit code 1".to_owned() });
    desk.pass(5_000);
    assert!(desk.flight.session.action_in_flight().is_none(), "{}", desk.said());
    assert!(why(&desk).starts_with("blue was deployed to, which failed, and gets no traffic"), "{}", why(&desk));
}

#[test]
fn where_every_pool_has_the_new_version_traffic_goes_back_to_what_a_pool_had_with_it_and_no_further() {
    let mut desk = deployed();
    desk.ask(Ask::ToggleItem("deploy/health".into()));
    for _ in 0..4 {
        desk.shift();
        desk.pass(8_000);
    }
    assert_eq!(split(&mut desk), [100, 0], "{}", desk.said());
    deploy(&mut desk, "green");
    let refused = desk.flight.way_back(WayBackChoice::Step).unwrap_err();
    assert_eq!(
        (refused.rule.as_str(), refused.why.as_str()),
        ("R2", "every pool runs it: there is no way back by traffic")
    );
    desk.shift();
    desk.pass(2_000);
    assert_eq!(split(&mut desk), [90, 10], "{}", desk.said());
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(2_000);
    assert_eq!(split(&mut desk), [100, 0], "blue carried all of it with this version: {}", desk.said());
}

#[test]
fn proposed_while_the_routers_held_it_it_is_still_sent_when_they_no_longer_do() {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    roll_back(&mut desk, WayBackChoice::Step);
    desk.pass(1_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.router("eu-1").weights = vec![3, 97];
    desk.pass(1_000);
    desk.confirm();
    desk.pass(500);
    assert_eq!(desk.router("eu-1").weights, [50, 50]);
}
