//! What is looked at between two stages of a way back (R8): it pauses what goes by itself, and never a person.

use std::time::Duration;

use flightdeck::domain::BasisPoints;
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::flight::{Ask, Msg, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{GateState, Gesture};

use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, check, weights};

/// At blue 90, gone one stage of three back to blue 10, with two checks between the stages.
fn one_stage_back(goes_on: Option<Duration>) -> Desk {
    let mut procedure = blue_green(1);
    procedure.back.ramp = [50, 25, 0].map(BasisPoints::percent).to_vec();
    procedure.back.goes_on = goes_on;
    procedure.back.checks = vec!["health".into(), "login".into()];
    procedure.checks = vec![check("health", None), check("login", Some("smoke")), check("other", None)];
    procedure.plan.truncate(1);
    let mut desk = Desk::open_at(procedure, &[10, 90]);
    desk.ask(Ask::ProposeShift(weights(&[("blue", 90), ("green", 10)])));
    desk.confirm_by(Gesture::Typed("blue 90".to_owned()), true, Vec::new());
    desk.pass(500);
    go(&mut desk, WayBackChoice::Ramp);
    assert_eq!(split(&mut desk), [50, 50]);
    desk
}

const BY_ITSELF: Option<Duration> = Some(Duration::from_secs(5));

fn go(desk: &mut Desk, choice: WayBackChoice) {
    desk.ask(Ask::ProposeRollback(choice));
    desk.confirm();
    desk.pass(500);
}

fn split(desk: &mut Desk) -> Vec<u32> {
    desk.router("eu-1").weights.clone()
}

fn answer(desk: &mut Desk, name: &str, verdict: Verdict) {
    let at = desk.questions.iter().position(|(check, ..)| check.as_str() == name).expect("it was asked");
    let (check, request, asking) = desk.questions.remove(at);
    let answer = Answer::new(verdict, format!("{name} says {}", verdict.word()), asking.now);
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer: Box::new(answer) });
}

/// Answers whatever is asked for so many seconds.
fn answering(desk: &mut Desk, seconds: u32, verdict: Verdict) {
    for _ in 0..seconds {
        while let Some((name, ..)) = desk.questions.first() {
            let name = name.to_string();
            answer(desk, &name, verdict);
        }
        desk.pass(1_000);
    }
}

fn waits(desk: &Desk) -> String {
    match desk.flight.next_stage_waits(desk.now().elapsed) {
        Some(Err(why)) => why,
        other => format!("{other:?}"),
    }
}

fn despite(desk: &Desk) -> Vec<Vec<String>> {
    let of = |event: &Event| if let Event::RampStage { despite, .. } = event { Some(despite.clone()) } else { None };
    desk.events().filter_map(of).collect()
}

#[test]
fn checks_that_pass_let_the_stages_go_on() {
    let mut desk = one_stage_back(BY_ITSELF);
    let asked: Vec<&str> = desk.questions.iter().map(|(check, ..)| check.as_str()).collect();
    assert_eq!(asked, ["health", "login"], "what is named is asked, and nothing else");
    answering(&mut desk, 7, Verdict::Pass);
    assert_eq!(split(&mut desk), [30, 70]);
    answering(&mut desk, 7, Verdict::Pass);
    assert_eq!(split(&mut desk), [10, 90]);
    assert!(despite(&desk).iter().all(Vec::is_empty), "{:?}", despite(&desk));
}

#[test]
fn a_check_that_fails_or_cannot_be_told_pauses_what_goes_by_itself() {
    for verdict in [Verdict::Fail, Verdict::Inconclusive] {
        let mut desk = one_stage_back(BY_ITSELF);
        answering(&mut desk, 60, verdict);
        assert_eq!(split(&mut desk), [50, 50], "{verdict:?}");
        assert!(waits(&desk).starts_with("health "), "{}", waits(&desk));
        answering(&mut desk, 20, Verdict::Pass);
        assert_ne!(split(&mut desk), [50, 50], "it goes on once they pass");
    }
}

#[test]
fn a_check_that_is_never_answered_pauses_it_as_well() {
    let mut desk = one_stage_back(BY_ITSELF);
    desk.pass(2_000);
    assert_eq!(waits(&desk), "health inconclusive: not asked yet");
    desk.pass(60_000);
    assert_eq!(split(&mut desk), [50, 50]);
    assert!(waits(&desk).contains("no answer came within 5s"), "{}", waits(&desk));
}

#[test]
fn what_was_asked_before_the_stage_says_nothing_of_it() {
    let mut desk = one_stage_back(BY_ITSELF);
    answering(&mut desk, 2, Verdict::Pass);
    assert!(desk.questions.is_empty());
    desk.pass(4_000);
    assert_eq!(split(&mut desk), [30, 70], "the second stage, after checks that passed");
    let states: Vec<GateState> =
        desk.flight.stage_checks(desk.now().elapsed).into_iter().map(|check| check.state).collect();
    assert_eq!(states, [GateState::Inconclusive; 2], "they are asked anew");
    assert_eq!(desk.questions.len(), 2);
    desk.pass(30_000);
    assert_eq!(split(&mut desk), [30, 70]);
}

#[test]
fn an_answer_that_was_on_its_way_when_the_stage_went_is_none() {
    let mut desk = one_stage_back(None);
    let (check, request, asking) = desk.questions.remove(0);
    go(&mut desk, WayBackChoice::Ramp);
    assert_eq!(split(&mut desk), [30, 70]);
    let late = Answer::new(Verdict::Pass, "of the stage before", asking.now);
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer: Box::new(late) });
    assert_eq!(desk.flight.against_next_stage(desk.now().elapsed).len(), 2);
}

#[test]
fn a_person_goes_on_despite_what_fails_and_that_is_written_down() {
    let mut desk = one_stage_back(BY_ITSELF);
    answer(&mut desk, "login", Verdict::Pass);
    answer(&mut desk, "health", Verdict::Fail);
    go(&mut desk, WayBackChoice::Ramp);
    assert_eq!(split(&mut desk), [30, 70]);
    assert_eq!(despite(&desk), [vec![], vec!["health failed: health says fail".to_owned()]]);
}

#[test]
fn no_check_keeps_anybody_from_going_back_at_once() {
    for verdict in [None, Some(Verdict::Fail), Some(Verdict::Inconclusive)] {
        for goes_on in [None, BY_ITSELF] {
            let mut desk = one_stage_back(goes_on);
            if let Some(verdict) = verdict {
                answering(&mut desk, 3, verdict);
            }
            assert!(desk.flight.ways_back().contains(&WayBackChoice::Step));
            go(&mut desk, WayBackChoice::Step);
            assert_eq!(split(&mut desk), [10, 90], "{verdict:?} {goes_on:?}");
        }
    }
}

#[test]
fn a_confirmation_that_saw_other_checks_goes_on_with_nothing() {
    let mut desk = one_stage_back(BY_ITSELF);
    answering(&mut desk, 4, Verdict::Pass);
    // What a process decides by itself names no check that it goes on despite.
    desk.pass(1_300);
    assert_eq!(split(&mut desk), [30, 70]);
    answering(&mut desk, 4, Verdict::Pass);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
    answering(&mut desk, 20, Verdict::Fail);
    assert_eq!(split(&mut desk), [30, 70]);
    desk.confirm();
    desk.pass(500);
    assert_eq!(split(&mut desk), [10, 90], "the person who confirms now sees them as they are now");
    assert_eq!(despite(&desk).last().map(Vec::len), Some(2));
}

#[test]
fn after_a_crash_the_checks_are_asked_anew_and_nothing_goes_by_itself() {
    let mut desk = one_stage_back(BY_ITSELF);
    answering(&mut desk, 3, Verdict::Pass);
    desk.questions.clear();
    desk.crash();
    desk.pass(1_000);
    let against: Vec<String> =
        desk.flight.against_next_stage(desk.now().elapsed).into_iter().map(|check| check.text).collect();
    assert_eq!(against, ["health inconclusive: not asked yet", "login inconclusive: not asked yet"]);
    answering(&mut desk, 30, Verdict::Pass);
    assert_eq!(split(&mut desk), [50, 50]);
    assert!(desk.flight.against_next_stage(desk.now().elapsed).is_empty());
    go(&mut desk, WayBackChoice::Ramp);
    assert_eq!(split(&mut desk), [30, 70]);
}
