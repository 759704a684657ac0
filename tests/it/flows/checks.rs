//! The table of checks: drawn at every size, asked by keys, evidence one key away.

use flightdeck::cockpit::{Msg, OverlayKind};
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::procedure::{Condition, Procedure};
use flightdeck::flight;

use crate::support::app::App;
use crate::support::procedure::check;
use crate::support::scene::{opened, payments, picture};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

/// A smoke test of five, and the health that the first step waits for.
fn procedure() -> Procedure {
    let mut procedure = payments();
    let smoke = ["login", "search", "pay", "refund", "ledger-of-all-the-accounts"];
    procedure.checks = vec![check("blue-health", None)];
    procedure.checks.extend(smoke.map(|name| check(name, Some("smoke"))));
    procedure.checks[4].tries = 30;
    procedure.checks[5].pool = None;
    procedure.plan[0].leave_when.push(Condition::Check("blue-health".into()));
    procedure
}

fn answer(app: &mut App, name: &str, verdict: Verdict, words: &str) {
    let at = app.questions.iter().rposition(|(check, ..)| check.as_str() == name).expect("it was asked");
    let (check, request, asking) = app.questions.remove(at);
    let answer = Answer::new(verdict, words, asking.now)
        .with("request", format!("GET http://10.0.1.11:8080/{name}"))
        .with("answer", "503 in 38 ms")
        .with("expected status", "200 to 299");
    let began = app.now();
    app.tell(Msg::Flight(flight::Msg::CheckAnswered { check, request, began, answer: Box::new(answer) }));
}

/// All were asked by hand a moment ago; one does not answer yet, one is tried again.
fn asked() -> App {
    let mut app = opened(procedure(), &[50, 50]);
    app.keys("K").draw().keys("a").draw();
    for (name, verdict, words) in [
        ("blue-health", Verdict::Pass, "200, /status is UP"),
        ("login", Verdict::Pass, "200, version 2.5.0"),
        ("search", Verdict::Fail, "503 is not 200 to 299: out of order until the index is built again"),
        ("pay", Verdict::Inconclusive, "no answer within 5000 ms"),
        ("refund", Verdict::Fail, "version 2.4.0 is not 2.5.0"),
    ] {
        answer(&mut app, name, verdict, words);
    }
    app.pass(4_000).draw();
    app
}

#[test]
fn the_table_shows_every_state_at_every_size() {
    let mut app = asked();
    shot!("checks", app, 80 x 24);
    shot!("checks", app, 120 x 36);
    shot!("checks", app, 220 x 60);
}

#[test]
fn old_answers_are_grey_and_count_for_nothing() {
    let mut app = asked();
    app.pass(26_000).draw();
    shot!("checks_stale", app, 80 x 24);
    shot!("checks_stale", app, 120 x 36);
    shot!("checks_stale", app, 220 x 60);
}

#[test]
fn the_evidence_of_one_is_one_key_away_and_escape_goes_back() {
    let mut app = asked();
    app.keys("j<enter>").draw();
    shot!("checks_evidence", app, 80 x 24);
    shot!("checks_evidence", app, 120 x 36);
    let is_open = |app: &App| match app.model.overlay.as_ref().map(|overlay| &overlay.kind) {
        Some(OverlayKind::Checks(table)) => Some(table.is_open),
        _ => None,
    };
    assert_eq!(is_open(&app), Some(true));
    app.keys("<esc>");
    assert_eq!(is_open(&app), Some(false));
    app.keys("i");
    assert_eq!(is_open(&app), Some(true));
    app.keys("<esc><esc>");
    assert_eq!(is_open(&app), None);
}

#[test]
fn keys_ask_a_group_or_the_one_that_is_looked_at() {
    let mut app = opened(procedure(), &[50, 50]);
    app.questions.clear();
    // Groups stand before what is in none.
    app.keys("K").draw().keys("r");
    let asked = |app: &mut App| {
        let names: Vec<String> = app.questions.drain(..).map(|(check, ..)| check.to_string()).collect();
        names
    };
    assert_eq!(asked(&mut app), ["login", "search", "pay", "refund", "ledger-of-all-the-accounts"]);
    app.pass(20_000);
    asked(&mut app);
    app.keys("jj<enter>").draw().keys("r");
    assert_eq!(asked(&mut app), ["pay"]);
}

#[test]
fn a_profile_without_checks_is_told_how_to_name_one() {
    let mut app = opened(payments(), &[50, 50]);
    app.keys("K").draw();
    let text = picture(&mut app, 100, 30);
    assert!(text.contains("[[check]] in the profile names one"), "{text}");
    app.keys("<enter>");
    assert!(app.model.overlay.is_none());
}

#[test]
fn a_gate_that_waits_for_a_check_says_so_in_the_dialog() {
    let mut procedure = procedure();
    procedure.plan[0].leave_when = vec![Condition::Check("blue-health".into())];
    let mut app = opened(procedure, &[50, 50]);
    app.keys("n<drawn>y").pass(3_000);
    answer(&mut app, "blue-health", Verdict::Fail, "503 is not 200 to 299");
    app.keys("n").draw();
    shot!("checks_gate", app, 120 x 36);
}
