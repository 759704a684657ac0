//! Decisions that no story of a flight reaches, because a flight does not ask them.

use std::sync::Arc;

use flightdeck::domain::reading::Identity;
use flightdeck::domain::{Outcome, Procedure, Refused, RequestId, Why, WhyRule};
use flightdeck::session::event::ChangeKind;
use flightdeck::session::second::AskedAct;
use flightdeck::session::{Command, Event, Proposal};

use super::command::{by_key, by_typing, column, signed};
use super::world::{ANA, EVE, RAJ, Who, World, procedure};
use crate::support::procedure::weights;

fn rule(decided: Result<Vec<Event>, Refused>) -> String {
    decided.expect_err("a rule says no").rule
}

fn asks(world: &World, who: Who, proposal: Proposal) -> Command {
    Command::AskSecond {
        request: RequestId { cockpit: who.cockpit(), counter: 1 },
        act: Box::new(AskedAct::Change(Box::new(proposal))),
        overrides: Vec::new(),
        confirmation: by_key(),
        evidence: world.evidence(),
    }
}

#[test]
fn an_observer_opens_no_session() {
    let world = World::new(procedure());
    assert_eq!(rule(world.decides(EVE, world.opening(EVE))), "C2");
    assert!(world.decides(ANA, world.opening(ANA)).is_ok());
}

#[test]
fn where_a_ticket_is_asked_for_no_session_is_opened_without_one_that_fits() {
    let ticket = Some("PAY-[0-9]+".to_owned());
    let world = World::new(Procedure { why: WhyRule { ticket, reason: true }, ..procedure() });
    let opening = |ticket: &str, reason: &str| {
        let mut command = world.opening(ANA);
        if let Command::Open { opened, .. } = &mut command {
            opened.why = Why { ticket: ticket.to_owned(), reason: reason.to_owned() };
        }
        world.decides(ANA, command)
    };
    let refused = opening("", "the fee table").expect_err("no ticket");
    assert_eq!(
        (refused.rule.as_str(), refused.advice.as_str()),
        ("F6", "name it with --ticket, one that fits PAY-[0-9]+")
    );
    assert_eq!(rule(opening("PAY-17b", "the fee table")), "F6");
    assert_eq!(rule(opening("PAY-17", " ")), "F6");
    let events = opening("PAY-17", "the fee table").expect("both are said");
    let kept = events.iter().find_map(|event| match event {
        Event::SessionOpened(opened) => Some(opened.why.words()),
        _ => None,
    });
    assert_eq!(kept.as_deref(), Some("PAY-17: the fee table"));
}

#[test]
fn nobody_is_asked_to_confirm_what_could_not_be_sent_anyway() {
    let mut unread = World::new(procedure());
    unread.does(ANA, unread.opening(ANA));
    assert_eq!(rule(unread.decides(ANA, asks(&unread, ANA, unread.step(ANA)))), "J7");

    let world = World::open();
    assert!(world.decides(ANA, asks(&world, ANA, world.step(ANA))).is_ok());
    let later = ChangeKind::Step { step: "blue-30".into() };
    let later = world.proposal(ANA, later, &weights(&[("blue", 30), ("green", 70)]), None);
    assert_eq!(rule(world.decides(ANA, asks(&world, ANA, later))), "D4");

    let mut command = asks(&world, ANA, world.step(ANA));
    if let Command::AskSecond { act, evidence, .. } = &mut command {
        let elsewhere = Identity { node: "another".to_owned(), process: "1".to_owned() };
        for read in evidence.readings.values_mut() {
            Arc::make_mut(read).identity = elsewhere.clone();
        }
        if let AskedAct::Change(proposal) = &mut **act {
            for order in &mut proposal.routers {
                order.bound.as_mut().expect("it was read").identity = elsewhere.clone();
            }
        }
    }
    assert_eq!(rule(world.decides(ANA, command)), "C5");
}

#[test]
fn a_signature_is_added_to_ones_own_rollback_and_once() {
    let mut world = World::open();
    let forward = (column("Confirm, the next step, alone with a reason").make)(&world, ANA);
    world.does(ANA, forward);
    let forward = world.session.in_flight().unwrap().id();
    let sign = |change| Command::SignRollback { change, signed: signed() };
    assert_eq!(world.decides(ANA, sign(forward)), Ok(Vec::new()), "it is no rollback");
    let back = (column("RollBack").make)(&world, RAJ);
    world.does(RAJ, back);
    let back = world.session.in_flight().unwrap().id();
    assert_eq!(world.decides(ANA, sign(back)), Ok(Vec::new()), "it is raj's");
    world.does(RAJ, sign(back));
    assert_eq!(world.decides(RAJ, sign(back)), Ok(Vec::new()), "it is signed");
}

#[test]
fn a_rollback_keeps_the_controls_of_who_has_them_however_far_the_clock_is_off() {
    let mut world = World::open();
    let forward = (column("Confirm, the next step, alone with a reason").make)(&world, ANA);
    world.does(ANA, forward);
    let epoch = world.session.controls.as_ref().unwrap().epoch;
    let command = (column("RollBack").make)(&world, ANA);
    let asked = flightdeck::session::Asked { skew_ms: 60_000, ..world.asked(ANA, command) };
    let events = flightdeck::session::decide(&world.session, &world.procedure, &asked).unwrap();
    assert_eq!(super::command::names(&events), ["ChangeConfirmed", "ChangeDispatched"]);
    assert!(matches!(&events[1], Event::ChangeDispatched { epoch: sent, .. } if *sent == epoch));
}

#[test]
fn whoever_asks_gets_the_controls_and_nobody_else() {
    let world = World::new(procedure());
    let events = world.decides(ANA, world.opening(RAJ)).unwrap();
    assert!(matches!(&events[1], Event::ControlsTaken(taken) if taken.cockpit == ANA.cockpit()), "{:?}", events[1]);
    let mut world = World::open();
    let forward = (column("Confirm, the next step, alone with a reason").make)(&world, ANA);
    world.does(ANA, forward);
    let command = (column("RollBack").make)(&world, ANA);
    let events = world.decides(RAJ, command).unwrap();
    assert!(matches!(&events[0], Event::ControlsTaken(taken) if taken.cockpit == RAJ.cockpit()), "{:?}", events[0]);
}

#[test]
fn another_cockpit_waits_until_the_intent_is_dead_before_it_goes_on_with_the_change() {
    let mut world = World::open();
    let forward = (column("Confirm, the next step, alone with a reason").make)(&world, ANA);
    world.does(ANA, forward);
    let change = world.session.in_flight().unwrap().id();
    for router in ["eu-1", "eu-2"] {
        let outcome = Outcome::Unknown { why: "no answer".to_owned() };
        world.does(ANA, Command::NoteOutcome { change, router: router.into(), attempt: 1, outcome });
    }
    world.does(
        RAJ,
        Command::TakeBack { controls: RAJ.controls("the process before is gone"), gone: Some(ANA.cockpit()) },
    );
    // Five seconds until the deadline, two for a router's answer, two more.
    for (time, gone_on) in [(9_900, false), (10_000, true)] {
        world.time = time;
        for label in ["Retry", "Leave"] {
            let decided = world.decides(RAJ, (column(label).make)(&world, RAJ));
            assert_eq!(
                decided.as_ref().err().map(|refused| refused.rule.as_str()),
                (!gone_on).then_some("D3"),
                "{label}"
            );
        }
    }
    assert!(world.decides(RAJ, (column("RollBack").make)(&world, RAJ)).is_ok(), "rolling back waits for nothing");
}

#[test]
fn after_a_rollback_of_somebody_elses_change_nothing_goes_forward_before_its_intent_is_dead() {
    for (back, waits) in [(RAJ, true), (ANA, false)] {
        let mut world = World::open();
        world.does(ANA, (column("Confirm, the next step, alone with a reason").make)(&world, ANA));
        world.does(back, (column("RollBack").make)(&world, back));
        let change = world.session.in_flight().unwrap().id();
        for router in ["eu-1", "eu-2"] {
            let router = router.into();
            world.does(back, Command::NoteOutcome { change, router, attempt: 1, outcome: Outcome::Verified });
        }
        assert!(world.session.in_flight().is_none() && world.session.drives(back.cockpit()));
        for (time, gone_on) in [(9_900, !waits), (10_000, true)] {
            world.time = time;
            let forward = (column("Confirm, the next step, alone with a reason").make)(&world, back);
            let decided = world.decides(back, forward);
            assert_eq!(decided.err().map(|refused| refused.rule), (!gone_on).then(|| "D3".to_owned()), "{time}");
        }
    }
}

#[test]
fn nobody_is_asked_to_confirm_a_shift_while_a_rollback_is_in_flight() {
    let mut world = World::open();
    for label in ["Confirm, the next step, alone with a reason", "RollBack"] {
        let command = (column(label).make)(&world, ANA);
        world.does(ANA, command);
    }
    assert_eq!(rule(world.decides(ANA, asks(&world, ANA, world.step(ANA)))), "D4");
}

#[test]
fn putting_back_goes_where_the_plan_had_a_router_that_differs_and_nowhere_else() {
    let put_back = |world: &World, router: &str, blue: u32| {
        let to = weights(&[("blue", blue), ("green", 100 - blue)]);
        let proposal = world.proposal(ANA, ChangeKind::PutBack, &to, Some(&router.into()));
        let confirmation = by_typing(proposal.typed_target());
        let (proposal, evidence) = (Box::new(proposal), world.evidence());
        world.decides(ANA, Command::Confirm { proposal, overrides: Vec::new(), confirmation, evidence })
    };
    let mut world = World::open();
    assert_eq!(rule(put_back(&world, "eu-1", 50)), "B3", "it does not differ");
    let drift = (column("NoteDrift, it differs").make)(&world, ANA);
    world.does(ANA, drift);
    world.natives.insert("eu-1".into(), super::command::split(25));
    assert_eq!(rule(put_back(&world, "eu-1", 90)), "B3", "the plan gave it something else");
    assert_eq!(rule(put_back(&world, "eu-2", 50)), "B3", "the other one does not differ");
    assert_eq!(put_back(&world, "eu-1", 50).map(|events| events.len()), Ok(2));
}

#[test]
fn a_late_effect_is_what_a_change_that_is_over_asked_for() {
    let mut world = World::open();
    let reads = |world: &World, who: Who, blue: u32| {
        let read = super::command::split(blue);
        let decided = world.decides(who, Command::NoteDrift { router: "eu-1".into(), read, restarted: false });
        super::command::names(&decided.expect("a note is never refused"))
    };
    assert_eq!(reads(&world, ANA, 0), ["DriftNoticed"], "there is no change");
    let forward = (column("Confirm, the next step, alone with a reason").make)(&world, ANA);
    world.does(ANA, forward);
    let change = world.session.in_flight().unwrap().id();
    for router in ["eu-1", "eu-2"] {
        let outcome = Outcome::Unknown { why: "no answer".to_owned() };
        world.does(ANA, Command::NoteOutcome { change, router: router.into(), attempt: 1, outcome });
    }
    world.does(ANA, Command::Leave { change, reason: "let us see".to_owned() });
    assert_eq!(reads(&world, ANA, 30), ["DriftNoticed"], "it asked for something else");
    assert_eq!(reads(&world, ANA, 0), ["LateEffect"]);
    assert!(reads(&world, RAJ, 0).is_empty(), "who does not drive any more says nothing of what was read long ago");
}

#[test]
fn a_step_is_not_completed_by_the_profile_of_before() {
    let mut world = World::open();
    world.does(ANA, (column("SkipStep").make)(&world, ANA));
    let complete = |world: &World| world.decides(ANA, (column("CompleteStep").make)(world, ANA));
    let before = complete(&world);
    world.does(ANA, (column("ReloadProfile, alone with a reason").make)(&world, ANA));
    assert!(before.is_ok() && world.session.profile_digest() != Some(world.procedure.digest), "{before:?}");
    assert_eq!(rule(complete(&world)), "B1");
}

#[test]
fn a_grace_begins_with_the_asking_that_stands() {
    let mut world = World::open();
    let over = |world: &World, asking| {
        let (silent, waited) = (std::time::Duration::from_mins(10), std::time::Duration::from_mins(1));
        world.decides(
            RAJ,
            Command::TakeOver { controls: RAJ.controls("taken over"), asking, waited, silent, away: silent },
        )
    };
    world.does(RAJ, Command::AskControls { reason: "they are silent".to_owned() });
    let first = world.session.asking.as_ref().unwrap().entry;
    assert!(over(&world, first).is_ok());
    world.does(RAJ, Command::EndAsking { why: "they are back".to_owned() });
    world.does(RAJ, Command::AskControls { reason: "they are silent again".to_owned() });
    assert_eq!(rule(over(&world, first)), "C3", "the grace of the first asking is not the second one's");
}

#[test]
fn a_run_without_a_step_is_no_run() {
    let world = World::open();
    let confirmation = by_typing("0 ".to_owned());
    assert_eq!(rule(world.decides(RAJ, Command::ConfirmRun { steps: Vec::new(), confirmation })), "F3");
}
