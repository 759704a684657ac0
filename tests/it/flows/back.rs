//! The way back, what is partly done, drift, and leaving.

use flightdeck::cockpit::{Action, Effect, OverlayKind};

use crate::support::app::{Mood, half};

#[test]
fn the_way_back_is_two_keys_from_anywhere() {
    for before in ["", "n<drawn>", "N", ":", "?", "30", "M", "i", "q"] {
        let mut app = half();
        app.keys("n<drawn>y").pass(8000);
        let before_text = if before == "n<drawn>" { "<tab>n<drawn>" } else { before };
        app.keys(before_text).keys("<ctrl-r><drawn><enter>").pass(1500);
        assert_eq!(app.split("eu-1"), "50 / 50", "from {before:?}");
        assert_eq!(app.overlay(), "", "from {before:?}");
    }
}

#[test]
fn idle_the_way_back_does_nothing_and_says_so() {
    let mut app = half();
    app.keys("R");
    assert_eq!((app.overlay().as_str(), app.sends.len()), ("", 0));
    assert!(app.notices().iter().any(|text| text.contains("nothing has been changed yet")), "{:?}", app.notices());
}

#[test]
fn the_way_back_supersedes_a_change_in_flight() {
    let mut app = half();
    app.router("eu-2").mood = Mood::Silent;
    app.keys("n<drawn>y").pass(500);
    assert_eq!((app.split("eu-1"), app.split("eu-2")), ("0 / 100".to_owned(), "50 / 50".to_owned()));
    app.router("eu-2").mood = Mood::Well;
    app.keys("R<drawn>y").pass(1500);
    assert_eq!((app.split("eu-1"), app.split("eu-2")), ("50 / 50".to_owned(), "50 / 50".to_owned()));
    assert!(app.model.flight.session.in_flight().is_none());
}

#[test]
fn a_change_that_is_not_done_everywhere_is_a_banner_until_its_key_opens_it() {
    let mut app = half();
    app.router("eu-2").mood = Mood::Refuses;
    app.keys("n<drawn>y").pass(500);
    assert_eq!(app.overlay(), "");
    let banners: Vec<_> = app.model.banners().into_iter().filter_map(|banner| banner.action).collect();
    assert_eq!(banners, [Action::OpenPartial]);
    app.router("eu-2").mood = Mood::Well;
    app.keys("xr").pass(300);
    assert_eq!(app.split("eu-2"), "50 / 50", "the dialog was not on the screen yet");
    app.keys("<drawn>r").pass(500);
    assert_eq!((app.split("eu-2"), app.overlay()), ("0 / 100".to_owned(), String::new()));
}

#[test]
fn leaving_a_change_partly_done_takes_a_reason() {
    let mut app = half();
    app.router("eu-2").mood = Mood::Refuses;
    app.keys("n<drawn>y").pass(500);
    app.keys("x<drawn>l<enter>");
    assert_eq!(app.overlay(), "Ask", "an empty reason is none");
    app.keys("eu-2 is to be replaced<enter>").pass(200);
    assert!(app.model.flight.session.in_flight().is_none());
}

#[test]
fn drift_is_a_banner_and_its_dialog_puts_back_or_accepts() {
    let mut app = half();
    app.router("eu-2").weights = vec![25, 75];
    app.pass(2500);
    assert_eq!(app.overlay(), "");
    app.keys("d<drawn>b<drawn>").keys("blue 50<enter>").pass(500);
    assert_eq!((app.split("eu-2"), app.overlay()), ("50 / 50".to_owned(), String::new()));
    app.router("eu-1").weights = vec![40, 60];
    app.pass(2500).keys("<enter><drawn>a").keys("asked for by the network team<enter>").pass(300);
    assert!(app.model.flight.session.drifted.is_empty());
    assert_eq!(app.split("eu-1"), "40 / 60");
}

#[test]
fn leaving_asks_while_something_would_stop() {
    let mut app = half();
    app.keys("q");
    assert_eq!(app.others, [Effect::Quit]);
    app.others.clear();
    app.router("eu-2").mood = Mood::Silent;
    app.keys("n<drawn>y").pass(300);
    app.others.clear();
    app.keys("<ctrl-c><drawn>q<drawn><ctrl-c>");
    assert_eq!((app.others.as_slice(), app.overlay().as_str()), ([].as_slice(), "Quit"));
    app.keys("y");
    assert_eq!(app.others, [Effect::Quit]);
}

#[test]
fn the_palette_finds_by_a_few_letters_and_enter_from_it_confirms_nothing() {
    let mut app = half();
    app.keys("n<drawn>y").pass(8000);
    app.keys(":rollb");
    assert_eq!(app.model.palette_chosen().map(|entry| entry.action), Some(Action::RollBack));
    app.keys("<enter><drawn><enter><drawn><enter>").pass(300);
    assert_eq!((app.overlay().as_str(), app.split("eu-1").as_str()), ("RollBack", "0 / 100"));
    app.keys("y").pass(1000);
    assert_eq!(app.split("eu-1"), "50 / 50");
}

#[test]
fn the_other_way_back_is_offered_and_must_be_drawn() {
    let mut app = half();
    app.keys("n<drawn>y").pass(8000);
    app.keys("R<drawn><tab>");
    let choice = match app.model.overlay.as_ref().map(|overlay| &overlay.kind) {
        Some(OverlayKind::RollBack { choice, .. }) => format!("{choice:?}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(choice, "OffNew");
    app.keys("<enter>").pass(200);
    assert_eq!(app.changes(), 1);
}

#[test]
fn an_enter_that_comes_just_after_a_dialog_closed_opens_nothing() {
    let mut app = half();
    app.keys("n<drawn>y").pass(8000).keys("R<drawn><enter><enter><enter>");
    assert_eq!((app.split("eu-1").as_str(), app.overlay().as_str()), ("50 / 50", ""));
    app.pass(1000).keys("<enter>");
    assert_eq!(app.overlay(), "Shift");
}

#[test]
fn the_palette_puts_names_that_begin_with_what_is_typed_first() {
    let mut app = half();
    app.model.around.demo = vec![("deploy to blue".to_owned(), "a new version".to_owned())];
    app.keys(":dep<drawn>");
    assert_eq!(app.model.palette_chosen().map(|entry| entry.name), Some("deploy to blue".to_owned()));
}
