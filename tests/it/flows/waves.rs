//! Waves on the screen: what is confirmed, how far it is, what waits for whom, and which keys answer it.

use std::time::Duration;

use flightdeck::domain::{Procedure, RouterId, Waves};
use flightdeck::session::Event;

use crate::support::app::{App, Mood};
use crate::support::pair::{ANA, Pair, RAJ};
use crate::support::procedure::blue_green;
use crate::support::scene::{opened, payments, picture};

const SMALL: [(u16, u16); 2] = [(80, 24), (120, 36)];

fn shot(name: &str, app: &mut App, sizes: &[(u16, u16)]) {
    for (columns, rows) in sizes {
        let picture = picture(app, *columns, *rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// Each router of the scripted world has the traffic of a whole service: capacity is left out.
fn many() -> Procedure {
    let mut procedure = payments();
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    procedure
}

/// Five routers: one, then two, then two, 30 s apart.
fn five() -> Procedure {
    let routers = blue_green(5).routers;
    let name = |index: usize| routers[index].id.clone();
    let waves = vec![vec![name(0)], vec![name(1), name(2)], vec![name(3), name(4)]];
    let mut procedure = Procedure { rollout: Waves::new(waves, Duration::from_secs(30)), ..many() };
    procedure.routers = routers
        .into_iter()
        .map(|mut router| {
            "haproxy".clone_into(&mut router.kind);
            router
        })
        .collect();
    procedure
}

/// Forty routers, ten at a time, without a pause.
fn forty() -> Procedure {
    let routers = blue_green(40).routers;
    let names: Vec<RouterId> = routers.iter().map(|router| router.id.clone()).collect();
    Procedure { rollout: Waves::of_size(&names, 10, Duration::ZERO), routers, ..many() }
}

/// How many writes went out to each router, by name.
fn sent(app: &App) -> Vec<&str> {
    app.sends.iter().map(|(send, _)| send.router.as_str()).collect()
}

fn waves_of(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::WaveDispatched { .. })).count()
}

#[test]
fn the_confirmation_names_the_waves_and_one_key_confirms_all_of_them() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n").draw();
    shot("waves_confirm", &mut app, &SMALL);
    app.keys("y").pass(70_000);
    assert_eq!(sent(&app), ["eu-1", "eu-2", "eu-3", "eu-4", "eu-5"]);
    assert!(app.sends.iter().all(|(_, kept)| *kept), "each wave's intent was kept before its first byte");
    assert_eq!((app.changes(), waves_of(&app)), (1, 2));
}

#[test]
fn a_wave_under_way_and_the_clock_until_the_next_one() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n<drawn>");
    app.router("eu-1").mood = Mood::LosesAnswers;
    app.answering = false;
    app.keys("y").settle_one();
    shot("waves_first", &mut app, &SMALL);
    app.keys("x").draw();
    shot("waves_first_dialog", &mut app, &SMALL);
    app.answering = true;
    app.settle().keys("<esc>").pass(9_000);
    shot("waves_between", &mut app, &SMALL);
    app.keys("x").draw();
    shot("waves_between_dialog", &mut app, &SMALL);
}

#[test]
fn a_wave_that_is_not_whole_names_each_router_with_its_keys() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n<drawn>");
    app.router("eu-3").mood = Mood::Refuses;
    app.keys("y").pass(40_000);
    assert_eq!(sent(&app), ["eu-1", "eu-2", "eu-3"]);
    shot("waves_partly", &mut app, &SMALL);
    app.keys("x").draw();
    shot("waves_partly_dialog", &mut app, &SMALL);
    // Nothing but an answer lets it go on: the key for the next wave does nothing here.
    app.keys("g").pass(40_000);
    assert_eq!(sent(&app), ["eu-1", "eu-2", "eu-3"]);
    app.router("eu-3").mood = Mood::Well;
    app.keys("r").pass(40_000);
    assert_eq!(sent(&app), ["eu-1", "eu-2", "eu-3", "eu-3", "eu-4", "eu-5"]);
    assert_eq!(app.overlay(), "", "the dialog closes with the change");
}

#[test]
fn put_back_from_the_matrix_sends_every_router_the_way_back() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n<drawn>");
    app.router("eu-2").mood = Mood::Refuses;
    app.keys("y").pass(40_000);
    app.router("eu-2").mood = Mood::Well;
    app.keys("x<drawn>b<drawn>y").pass(2_000);
    for router in ["eu-1", "eu-2", "eu-3", "eu-4", "eu-5"] {
        assert_eq!(app.split(router), "50 / 50", "{router}");
    }
    assert_eq!(sent(&app).len(), 3 + 5);
}

#[test]
fn left_with_a_reason_the_rest_is_said_to_be_unsent() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n<drawn>y").pass(2_000);
    app.keys("x<drawn>l").keys("the call is over<enter>").pass(40_000);
    assert_eq!(sent(&app), ["eu-1"]);
    shot("waves_left", &mut app, &SMALL);
}

#[test]
fn a_hold_between_two_waves_is_seen_and_its_release_goes_on() {
    let mut app = opened(five(), &[50, 50]);
    app.keys("n<drawn>y").pass(2_000).keys("H").keys("errors rise<enter>").pass(60_000);
    assert_eq!(sent(&app), ["eu-1"]);
    app.keys("x").draw();
    shot("waves_held_dialog", &mut app, &SMALL);
    app.keys("<esc>H").keys("calm again<enter>").pass(500);
    assert_eq!(sent(&app), ["eu-1", "eu-2", "eu-3"]);
}

#[test]
fn forty_routers_fit_on_a_small_screen() {
    let mut app = opened(forty(), &[50, 50]);
    app.keys("n").draw();
    shot("waves_forty_confirm", &mut app, &[(80, 24)]);
    for router in ["eu-13", "eu-17"] {
        app.router(router).mood = Mood::Refuses;
    }
    app.keys("y").pass(5_000);
    shot("waves_forty", &mut app, &[(80, 24)]);
    app.keys("x").draw();
    shot("waves_forty_dialog", &mut app, &SMALL);
}

#[test]
fn the_copilot_sees_the_same_matrix_and_its_keys_do_not_send() {
    let mut pair = Pair::of(five(), "ana", "raj");
    pair.act(ANA, |app| app.router("eu-3").mood = Mood::Refuses);
    pair.keys(ANA, "n<drawn>y").pass(40_000);
    pair.keys(RAJ, "x<drawn>");
    shot("waves_partly_raj", &mut pair.apps[RAJ], &SMALL);
    pair.act(ANA, |app| app.router("eu-3").mood = Mood::Well);
    pair.keys(RAJ, "r").pass(1_000);
    assert!(pair.apps[RAJ].sends.is_empty());
    assert!(pair.apps[RAJ].notices().iter().any(|notice| notice.contains("ana has the controls")));
}

#[test]
fn with_another_driver_the_next_wave_waits_for_a_key() {
    let mut pair = Pair::of(five(), "ana", "raj");
    pair.keys(ANA, "n<drawn>y").pass(2_000);
    pair.keys(RAJ, "A").keys(RAJ, "ana's line is gone<enter>").pass_without(ANA, 40_000);
    pair.keys(RAJ, "<f6><drawn>y").pass_without(ANA, 40_000);
    assert!(pair.apps[RAJ].model.flight.drives(), "{:?}", pair.apps[RAJ].notices());
    assert!(pair.apps[RAJ].sends.is_empty(), "nothing goes out by itself");
    shot("waves_word_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "x<drawn>");
    shot("waves_word_dialog_raj", &mut pair.apps[RAJ], &SMALL);
    pair.keys(RAJ, "g").pass_without(ANA, 500);
    assert_eq!(sent(&pair.apps[RAJ]), ["eu-2", "eu-3"]);
}
