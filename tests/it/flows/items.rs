//! Items with what is typed for them, and procedures that people fly alone.

use std::path::Path;

use flightdeck::cockpit::{Effect, OverlayKind};
use flightdeck::domain::Procedure;

use crate::support::app::App;
use crate::support::scene::picture;

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

fn people_alone() -> Procedure {
    flightdeck::profile::load(Path::new("tests/it/config/valid/people-alone.toml")).expect("it loads").procedure
}

#[test]
fn a_procedure_without_pools_and_routers_is_drawn() {
    let mut app = App::new(people_alone());
    shot!("people_alone", app, 80 x 24);
    shot!("people_alone", app, 120 x 36);
    shot!("people_alone", app, 40 x 12);
    shot!("people_alone", app, 220 x 60);
}

#[test]
fn a_procedure_without_pools_and_routers_is_flown_to_its_end() {
    let mut app = App::new(people_alone());
    app.keys("n").draw().keys("y").pass(1_000);
    assert_eq!(done(&app), ["copy"]);
    app.keys("n").draw();
    assert!(picture(&mut app, 120, 36).contains("copy"), "the open items stand against the next step");
    app.keys("<esc><alt-2>j j j j ").pass(1_000);
    app.keys("<alt-2>").pass(1_000);
    for item in ["Take the copy", "Read it back", "Label it"] {
        tick(&mut app, item);
    }
    assert_eq!(app.model.checklist_counts().1, 4);
    app.keys("n").draw().keys("y").pass(1_000);
    assert_eq!(done(&app), ["copy", "decide"]);
    assert!(app.sends.is_empty(), "nothing was sent to anybody");
    // Keys that move traffic find nothing to move, and say so.
    app.keys("+-5<enter><esc>R").draw().keys("<esc>").pass(1_000);
    assert!(app.sends.is_empty());
    shot!("people_alone_flown", app, 80 x 24);
}

#[test]
fn an_item_in_full_shows_its_commands_and_links_and_copies_them() {
    let mut app = App::new(people_alone());
    app.keys("<alt-2>gji").draw();
    shot!("item_in_full", app, 80 x 24);
    shot!("item_in_full", app, 120 x 36);
    app.others.clear();
    app.keys("y");
    assert_eq!(
        copied(&app),
        ["tar cf archive.tar /srv/archive\nsha256sum archive.tar"],
        "on its text the first command"
    );
    app.keys("jjjy");
    assert_eq!(copied(&app).last().map(String::as_str), Some("ls -l archive.tar"));
    app.keys("Gy");
    assert_eq!(copied(&app).last().map(String::as_str), Some("copies.md"));
    app.keys("i");
    assert!(app.model.overlay.is_none());
    app.keys("Gi").draw().keys("y");
    assert_eq!(copied(&app).last().map(String::as_str), Some("Label it"), "where there is nothing else, its text");
    app.keys("<enter>");
    assert!(app.model.overlay.is_none());
    app.keys("gi");
    assert!(matches!(app.model.overlay.as_ref().map(|overlay| &overlay.kind), Some(OverlayKind::Details { .. })));
}

fn done(app: &App) -> Vec<String> {
    let steps = app.model.flight.procedure.plan.iter();
    steps.filter(|step| app.model.flight.session.steps.contains_key(&step.id)).map(|step| step.id.to_string()).collect()
}

/// Ticks an item that is open.
fn tick(app: &mut App, text: &str) {
    let is_it = |row: &flightdeck::cockpit::ChecklistRow<'_>| match row {
        flightdeck::cockpit::ChecklistRow::Item { item, tick, .. } => item.text == text && tick.is_none(),
        flightdeck::cockpit::ChecklistRow::Heading { .. } => false,
    };
    let Some(row) = app.model.checklist_rows().iter().position(is_it) else { return };
    app.keys("<alt-2>g");
    for _ in 0..row {
        app.keys("j");
    }
    app.keys(" ").pass(500);
}

fn copied(app: &App) -> Vec<String> {
    let each = app.others.iter().filter_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    each.collect()
}
