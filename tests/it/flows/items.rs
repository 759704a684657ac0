//! Items with what is typed for them, and procedures that people fly alone.

use std::path::Path;

use flightdeck::cockpit::{Effect, OverlayKind};
use flightdeck::domain::Procedure;

use crate::support::app::App;
use crate::support::scene::picture;

fn people_alone() -> Procedure {
    flightdeck::profile::load(Path::new("tests/it/config/valid/people-alone.toml")).expect("it loads").procedure
}

#[test]
fn a_procedure_without_pools_and_routers_is_drawn_at_every_size() {
    let mut app = App::new(people_alone());
    for (columns, rows) in [(80, 24), (120, 36), (220, 60), (40, 12), (39, 11)] {
        app = app.sized(columns, rows);
        for pane in ["<alt-1>", "<alt-2>", "<alt-3>", "<alt-4>", "z", "z", "<f2>", "<f2>"] {
            app.keys(pane).draw();
            picture(&mut app, columns, rows);
        }
    }
    app = app.sized(120, 36);
    let wide = picture(&mut app, 120, 36);
    for words in ["next: Copy", "Take the copy", "Copy"] {
        assert!(wide.contains(words), "{words}:\n{wide}");
    }
    app = app.sized(80, 24);
    app.keys("<alt-2>").draw();
    let narrow = picture(&mut app, 80, 24);
    for words in ["Take the copy", "Tell the auditors", "Label it"] {
        assert!(narrow.contains(words), "{words}:\n{narrow}");
    }
}

#[test]
fn a_procedure_without_pools_and_routers_is_flown_to_its_end() {
    let mut app = App::new(people_alone());
    app.keys("n").draw().keys("y").pass(1_000);
    assert_eq!(done(&app), ["copy"]);
    app.keys("n").draw().keys("y").pass(1_000);
    assert_eq!(done(&app), ["copy"], "the items of the step before stand open");
    app.keys("<esc>");
    for item in ["Take the copy", "Read it back", "Label it"] {
        tick(&mut app, item);
    }
    assert_eq!(app.model.checklist_counts(), (3, 4));
    app.keys("n").draw().keys("y").pass(1_000);
    assert_eq!(done(&app), ["copy", "decide"]);
    // Keys that move traffic find nothing to move.
    app.keys("<alt-1>+-5<esc>").draw().keys("R").draw().keys("<esc>").pass(1_000);
    assert!(app.sends.is_empty(), "nothing was sent to anybody");
    assert!(app.model.draft.is_none());
}

#[test]
fn an_item_in_full_shows_its_commands_and_links_and_copies_them() {
    let mut app = App::new(people_alone());
    app.keys("<alt-2>gji").draw();
    let wide = picture(&mut app, 120, 36);
    for words in [
        "whoever has the keys to the archive",
        "open, and required",
        "bash",
        "tar cf archive.tar /srv/archive",
        "sha256sum archive.tar",
        "ls -l archive.tar",
        "https://wiki.example.net/archive",
        "the list of copies",
        "copies.md",
    ] {
        assert!(wide.contains(words), "{words}:\n{wide}");
    }
    let narrow = picture(&mut app, 80, 24);
    assert!(narrow.contains("tar cf archive.tar /srv/archive"), "{narrow}");
    app.others.clear();
    app.keys("y");
    let both = "tar cf archive.tar /srv/archive\nsha256sum archive.tar";
    assert_eq!(copied(&app), [both], "on its text the first command");
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

#[test]
fn items_with_something_to_type_or_to_look_at_are_marked() {
    let mut app = App::new(people_alone());
    app.keys("<alt-2>").draw();
    let picture = picture(&mut app, 120, 36);
    let marked = |text: &str| picture.lines().find(|line| line.contains(text)).is_some_and(|line| line.contains("$ "));
    assert!(marked("Take the copy"), "{picture}");
    assert!(!marked("Label it"), "{picture}");
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
