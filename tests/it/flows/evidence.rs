//! Evidence on the screen: the lines of a drain, what lingers, the schedule of a soak, the shapes of the way back.

use std::time::Duration;

use flightdeck::cockpit::Msg;
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::connection::Connection;
use flightdeck::domain::drain::Evidence;
use flightdeck::domain::log::{Level, LogBatch, LogLine};
use flightdeck::domain::soak::SoakTask;
use flightdeck::domain::{BasisPoints, ItemId, Measure};
use flightdeck::session::Event;

use crate::support::app::App;
use crate::support::procedure::check;
use crate::support::scene::{at_thirty, opened, payments, picture, step};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

/// A health check of blue, as late as its source is.
fn health_check(app: &mut App, late_ms: i64) {
    let at = flightdeck::domain::Timestamp(app.now().wall.0 - late_ms);
    let line =
        LogLine { at: Some(at), level: Level::Info, text: "GET /health 200".to_owned(), excluded: true, fields: None };
    app.tell(Msg::Lines(LogBatch {
        source: "blue".into(),
        pool: Some("blue".into()),
        lines: vec![line],
        ids: Vec::new(),
        dropped: 0,
        watermark: Some(at),
        by_time: false,
    }));
}

#[test]
fn each_line_of_a_drain_says_what_it_knows_how_long_and_how_old() {
    let mut procedure = payments();
    procedure.drain.evidence = vec![
        Evidence::InFlight,
        Evidence::Requests,
        Evidence::Measure(Measure::InFlight),
        Evidence::Log("blue".into()),
    ];
    if let Some(router) = procedure.routers.last_mut() {
        router.capabilities.counts_in_flight = false;
    }
    let mut app = opened(procedure, &[50, 50]);
    step(&mut app, "n<drawn>y");
    for _ in 0..3 {
        app.pass(1_000);
        health_check(&mut app, 4_000);
    }
    app.pass(100);
    shot!("drain_lines", app, 160 x 50);
}

#[test]
fn a_check_among_the_evidence_has_its_state_and_its_age() {
    let mut procedure = payments();
    procedure.drain.evidence = vec![Evidence::InFlight, Evidence::Requests];
    procedure.checks = ["no-sessions", "ledger-idle", "batch-over"].map(|name| check(name, None)).to_vec();
    procedure.drain.evidence.extend(procedure.checks.iter().map(|check| Evidence::Check(check.id.clone())));
    let mut app = opened(procedure, &[50, 50]);
    step(&mut app, "n<drawn>y");
    app.pass(1_000);
    for (name, verdict, words) in
        [("no-sessions", Verdict::Pass, "0 sessions"), ("ledger-idle", Verdict::Fail, "3 postings under way")]
    {
        let at = app.questions.iter().position(|(check, ..)| check.as_str() == name).expect("it was asked");
        let (check, request, asking) = app.questions.remove(at);
        let (began, answer) = (app.now(), Box::new(Answer::new(verdict, words, asking.now)));
        app.tell(Msg::Flight(flightdeck::flight::Msg::CheckAnswered { check, request, began, answer }));
    }
    app.pass(4_000);
    shot!("drain_checks", app, 160 x 50);
}

/// Blue has no weight, and two clients hold on to it.
fn lingering() -> App {
    let mut app = opened(payments(), &[50, 50]);
    step(&mut app, "n<drawn>y");
    let connection = |id: &str, server: &str, seconds| Connection {
        id: id.to_owned(),
        server: server.to_owned(),
        client: "‹ip›:34950".to_owned(),
        age: Duration::from_secs(seconds),
    };
    app.lingering = vec![connection("0x1", "app/blue-1", 724), connection("0x2", "app/blue-2", 31)];
    app
}

#[test]
fn what_lingers_is_listed_and_ended_by_its_number() {
    let mut app = lingering();
    app.keys("c").draw();
    shot!("lingering", app, 120 x 36);
    app.keys("x<drawn>asleep since the morning<enter><drawn>");
    shot!("lingering_end", app, 120 x 36);
    app.keys("end 3<enter>");
    assert_eq!(app.lingering.len(), 2, "the number typed is not the number listed");
    app.keys("<backspace>2<enter>").pass(500);
    assert_eq!((app.lingering.len(), app.overlay().as_str()), (0, ""));
    let ended = app.journal.iter().flat_map(|entry| &entry.events);
    assert_eq!(ended.filter(|event| matches!(event, Event::ConnectionsEnded { .. })).count(), 1);
}

#[test]
fn esc_ends_nothing_and_paste_confirms_nothing() {
    let mut app = lingering();
    app.keys("c<drawn>x<drawn>asleep<enter><drawn>");
    app.tell(Msg::Paste("end 2".to_owned()));
    app.keys("<enter>").pass(500);
    assert_eq!(app.lingering.len(), 2);
    app.keys("<esc>").pass(500);
    assert_eq!((app.lingering.len(), app.overlay().as_str()), (2, ""));
}

#[test]
fn a_soak_shows_its_task_and_what_comes_next() {
    let mut procedure = payments();
    procedure.plan.drain(..2);
    let task = |from: u64, to: u64, text: &str| SoakTask {
        from: Duration::from_mins(from),
        to: Duration::from_mins(to),
        text: text.to_owned(),
        item: ItemId::new(format!("soak/{from}")),
    };
    if let Some(step) = procedure.plan.first_mut() {
        step.soak = Some(Duration::from_mins(15));
        step.schedule = vec![task(0, 5, "Watch errors and response times"), task(5, 15, "Read the log for warnings")];
    }
    let mut app = opened(procedure, &[0, 100]);
    step(&mut app, "n<drawn>y");
    app.pass(72_000);
    shot!("soak_schedule", app, 120 x 36);
    app.pass(260_000);
    shot!("soak_schedule_missed", app, 80 x 24);
}

#[test]
fn the_way_back_counts_its_window_down_and_offers_its_stages() {
    let mut app = at_thirty();
    let mut procedure = app.model.flight.procedure.as_ref().clone();
    procedure.back.within = Some(Duration::from_mins(5));
    procedure.back.estimate = Some(Duration::from_secs(10));
    procedure.back.ramp = [50, 0].map(BasisPoints::percent).to_vec();
    app.model.flight.procedure = std::sync::Arc::new(procedure);
    shot!("back_window", app, 120 x 36);
    app.keys("R<drawn><tab>").draw();
    shot!("back_stages", app, 120 x 36);
    app.keys("y").pass(1_500);
    assert_eq!(app.split("eu-1"), "20 / 80", "half of the way from 30 to 10");
    app.keys("R<drawn>");
    shot!("back_stage_two", app, 120 x 36);
    app.keys("y").pass(1_500);
    assert_eq!(app.split("eu-1"), "10 / 90");
    shot!("back_took", app, 120 x 36);
    let sent = app.sends.len();
    app.keys("R<drawn>y").pass(1_500);
    assert_eq!((app.split("eu-1"), app.sends.len()), ("10 / 90".to_owned(), sent), "twice is the same as once");
}
