//! Between two stages of a way back: what fails is on the screen, and both keys are beside it.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::cockpit::OverlayKind;
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::{BasisPoints, Procedure, Seat};
use flightdeck::flight::{self, WayBackChoice};
use flightdeck::session::Event;

use crate::support::app::App;
use crate::support::pair::{ANA, Pair, RAJ};
use crate::support::procedure::check;
use crate::support::scene::{at_thirty, picture};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn answer(app: &mut App, name: &str, verdict: Verdict, words: &str) {
    let at = app.questions.iter().rposition(|(check, ..)| check.as_str() == name).expect("it was asked");
    let (check, request, asking) = app.questions.remove(at);
    let answer = Answer::new(verdict, words, asking.now);
    let began = app.now();
    app.tell(flightdeck::cockpit::Msg::Flight(flight::Msg::CheckAnswered {
        check,
        request,
        began,
        answer: Box::new(answer),
    }));
}

/// Three stages back; two checks stand between them.
fn staged(procedure: &mut Procedure, goes_on: Option<Duration>) {
    procedure.back.ramp = [75, 50, 0].map(BasisPoints::percent).to_vec();
    procedure.back.goes_on = goes_on;
    procedure.back.checks = vec!["green-health".into(), "login".into()];
    procedure.checks = vec![check("green-health", None), check("login", Some("smoke"))];
}

/// From 30 one stage of three back to 10; two checks stand between the stages, and neither is answered yet.
fn one_stage_back(goes_on: Option<Duration>) -> App {
    let mut app = at_thirty();
    let mut procedure = app.model.flight.procedure.as_ref().clone();
    staged(&mut procedure, goes_on);
    app.model.flight.procedure = Arc::new(procedure);
    app.keys("R<drawn><tab><drawn>y").pass(1_500);
    assert_eq!(app.split("eu-1"), "25 / 75");
    app
}

fn choice(app: &App) -> Option<WayBackChoice> {
    match app.model.overlay.as_ref().map(|overlay| &overlay.kind) {
        Some(OverlayKind::RollBack { choice, .. }) => Some(*choice),
        Some(_) | None => None,
    }
}

#[test]
fn a_stage_that_waits_says_for_what_and_offers_both_keys() {
    let mut app = one_stage_back(Some(Duration::from_secs(30)));
    answer(&mut app, "login", Verdict::Pass, "200, version 2.4.0");
    answer(&mut app, "green-health", Verdict::Fail, "503 is not 200 to 299");
    app.pass(2_000);
    shot!("stage_paused", app, 120 x 36);
    shot!("stage_paused", app, 80 x 24);
    app.keys("R<drawn>");
    shot!("stage_paused_dialog", app, 120 x 36);
    app.keys("B<drawn>");
    assert_eq!(choice(&app), Some(WayBackChoice::Step));
    app.keys("y").pass(1_500);
    assert_eq!(app.split("eu-1"), "10 / 90");
}

#[test]
fn going_on_despite_it_is_the_same_two_keys_and_stands_in_the_journal() {
    let mut app = one_stage_back(None);
    answer(&mut app, "green-health", Verdict::Fail, "503 is not 200 to 299");
    answer(&mut app, "login", Verdict::Pass, "200, version 2.4.0");
    app.keys("R<drawn>y").pass(1_500);
    assert_eq!(app.split("eu-1"), "20 / 80");
    let of = |event: &Event| if let Event::RampStage { despite, .. } = event { Some(despite.clone()) } else { None };
    let despite: Vec<Vec<String>> = app.journal.iter().flat_map(|entry| &entry.events).filter_map(of).collect();
    assert_eq!(despite, [vec![], vec!["green-health failed: 503 is not 200 to 299".to_owned()]]);
}

#[test]
fn a_check_that_turns_red_under_the_finger_is_drawn_before_a_key_counts() {
    let mut app = one_stage_back(None);
    answer(&mut app, "green-health", Verdict::Pass, "200");
    answer(&mut app, "login", Verdict::Pass, "200");
    app.keys("R<drawn>").pass(10_000);
    app.draw();
    answer(&mut app, "login", Verdict::Fail, "503 is not 200 to 299");
    app.keys("y").pass(500);
    assert_eq!((app.split("eu-1").as_str(), app.overlay().as_str()), ("25 / 75", "RollBack"));
    app.keys("<drawn>y").pass(1_500);
    assert_eq!(app.split("eu-1"), "20 / 80");
}

#[test]
fn at_once_is_one_key_and_a_confirming_one_from_anywhere() {
    for before in ["", "?", "K", "R<drawn>", "R<drawn><tab><drawn>"] {
        let mut app = one_stage_back(None);
        answer(&mut app, "green-health", Verdict::Fail, "503 is not 200 to 299");
        app.keys(before).draw().keys("B<drawn>y").pass(1_500);
        assert_eq!(app.split("eu-1"), "10 / 90", "after {before:?}");
    }
}

#[test]
fn the_second_person_sees_the_stages_and_what_their_own_checks_say() {
    let mut app = at_thirty();
    let mut procedure = app.model.flight.procedure.as_ref().clone();
    staged(&mut procedure, None);
    procedure.confirm.rollback = flightdeck::domain::procedure::Friction::Two;
    app.model.flight.procedure = Arc::new(procedure);
    let mut pair = Pair::join_to(app).join("raj", Seat::Operator);
    let back = |pair: &mut Pair| {
        pair.keys(ANA, "R<drawn>");
        pair.act(ANA, |app| {
            if choice(app) != Some(WayBackChoice::Ramp) {
                app.keys("<tab><drawn>");
            }
        });
        pair.keys(ANA, "y").keys(RAJ, "<f5><drawn>");
    };
    back(&mut pair);
    let seen = pair.screen(RAJ, 120, 36);
    assert!(seen.contains("stages  ▸ 25 / 75 → 20 / 80 → 10 / 90"), "{seen}");
    let typed = pair.apps[RAJ].model.flight.session.request.as_ref().expect("it is asked").asked.act.typed_target();
    pair.keys(RAJ, &format!("{typed}<enter>")).pass(1_500);
    pair.act(RAJ, |app| answer(app, "green-health", Verdict::Fail, "503 is not 200 to 299"));
    back(&mut pair);
    let seen = pair.screen(RAJ, 120, 36);
    assert!(seen.contains("stages  ✓ 25 / 75 → ▸ 20 / 80"), "{seen}");
    assert!(seen.contains("between ✗ green-health") && seen.contains("between ? login"), "{seen}");
}

#[test]
fn what_passes_is_said_and_the_next_stage_is_r() {
    let mut app = one_stage_back(None);
    answer(&mut app, "green-health", Verdict::Pass, "200");
    answer(&mut app, "login", Verdict::Pass, "200");
    app.pass(500);
    shot!("stage_checked", app, 120 x 36);
    app.keys("R<drawn>y").pass(1_500);
    assert_eq!(app.split("eu-1"), "20 / 80");
}
