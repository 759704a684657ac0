//! Items beside their ticks at the keys: commands, order, times, evidence, reading aloud; and calling people.

use flightdeck::cockpit::{Effect, Msg};
use flightdeck::domain::duty::CommandEnd;
use flightdeck::domain::{ItemId, Seat};
use flightdeck::flight;
use flightdeck::session::Event;
use flightdeck::session::item::{Calling, ItemRun, Ticking};
use flightdeck::theme::{Depth, Glyphs, Theme};

use crate::support::app::App;
use crate::support::duty::{HEALTH, LOG, NOTE, VERSION, ended, with_duties};
use crate::support::pair::{ANA, Pair, RAJ};
use crate::support::scene::{drawn, payments, picture, text};

fn shot(name: &str, app: &mut App) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let picture = picture(app, columns, rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

/// The same without any colour.
fn plain(name: &str, app: &mut App) {
    app.tell(Msg::Resized { columns: 80, rows: 24 });
    let theme = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Unicode);
    let shown = text(&drawn(&app.model, &theme, 80, 24));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("{name}_plain_80x24"), shown);
    });
}

fn app() -> App {
    App::with_weights(with_duties(payments()), &[50, 50])
}

/// The checklist with its selection at an item.
fn at(app: &mut App, id: &str) {
    app.keys("<alt-2>g");
    let is_it = |row: &flightdeck::cockpit::ChecklistRow<'_>| match row {
        flightdeck::cockpit::ChecklistRow::Item { item, .. } => item.id.as_str() == id,
        flightdeck::cockpit::ChecklistRow::Heading { .. } => false,
    };
    let row = app.model.checklist_rows().iter().position(is_it).expect("a row of the checklist");
    for _ in 0..row {
        app.keys("j");
    }
}

fn tick_of(app: &App, id: &str) -> Option<(String, Ticking)> {
    app.model.flight.session.ticks.get(&ItemId::new(id)).map(|tick| (tick.by.to_string(), tick.what.clone()))
}

fn starts(app: &App) -> usize {
    let is_start = |event: &&Event| match event {
        Event::ItemRun(run) => matches!(&**run, ItemRun::Starting(_)),
        _ => false,
    };
    app.events().filter(is_start).count()
}

fn copied(app: &App) -> Option<String> {
    app.others.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn a_command_is_shown_whole_confirmed_by_a_key_that_came_after_it_and_followed_in_the_same_place() {
    let mut app = app();
    at(&mut app, LOG);
    app.keys("!y");
    assert_eq!(starts(&app), 0, "the dialog was not on the screen yet");
    app.keys("<esc>!<drawn>");
    shot("duty_run_confirm", &mut app);
    app.keys("<drawn>y").pass(3_000).draw();
    assert_eq!((starts(&app), app.commands.len()), (1, 1), "{:?}", app.notices());
    assert_eq!(app.commands[0].command, "./smoke.sh blue\necho \"$?\"");
    assert_eq!(app.commands[0].directory, "/srv/deploy");
    shot("duty_run_runs", &mut app);
    app.keys("y!y");
    assert_eq!(starts(&app), 1, "what runs is not run again by a key");
    app.keys("X");
    assert_eq!(app.stopped.len(), 1);
    let end = ended(&app.commands[0].clone(), CommandEnd::Exited { code: 1 }, &["login ok", "no route to acquirer"]);
    app.tell(Msg::Flight(flight::Msg::CommandEnded(Box::new(end)))).draw();
    shot("duty_run_ended", &mut app);
    assert_eq!(tick_of(&app, LOG), None, "nothing is ticked by itself");
    app.keys("<esc>i").draw();
    shot("duty_item_in_full", &mut app);
}

#[test]
fn of_several_commands_one_is_chosen_and_without_a_shell_none_runs() {
    let mut app = app();
    at(&mut app, VERSION);
    app.keys("!<drawn>");
    assert_eq!(app.overlay(), "Item", "which one is chosen there");
    app.keys("jj!<drawn>y").pass(500);
    assert_eq!(app.commands.iter().map(|run| run.command.as_str()).collect::<Vec<_>>(), ["./versions.sh"]);
    let mut procedure = with_duties(payments());
    procedure.shell = None;
    let mut app = App::with_weights(procedure, &[50, 50]);
    at(&mut app, LOG);
    app.keys("!<drawn>y").pass(500);
    assert!(app.commands.is_empty());
    assert!(app.notices().iter().any(|notice| notice.contains("lets nobody run commands")), "{:?}", app.notices());
}

#[test]
fn leaving_says_that_a_command_ends_with_it() {
    let mut app = app();
    at(&mut app, LOG);
    app.keys("!<drawn>y").pass(500).draw();
    app.keys("<esc>q").draw();
    assert_eq!(app.overlay(), "Quit");
    let shown = picture(&mut app, 120, 36);
    assert!(shown.contains("ends with"), "{shown}");
}

#[test]
fn out_of_order_and_before_its_time_a_tick_asks_for_a_reason() {
    let mut app = app();
    at(&mut app, HEALTH);
    app.keys(" <drawn>");
    shot("duty_out_of_order", &mut app);
    app.keys("<esc>");
    assert_eq!(tick_of(&app, HEALTH), None);
    app.keys(" the logs are away<enter>").pass(500);
    let (_, ticking) = tick_of(&app, HEALTH).expect("ticked");
    assert_eq!(ticking.despite.expect("it was out of order").reason, "the logs are away");
    at(&mut app, LOG);
    app.keys(" ").pass(500);
    at(&mut app, VERSION);
    app.pass(60_000).draw();
    shot("duty_time_left", &mut app);
    plain("duty_time_left", &mut app);
    app.others.clear();
    app.pass(841_000);
    let bells = app.others.iter().filter(|effect| **effect == Effect::Bell).count();
    assert_eq!(bells, 1, "its end rings once");
    app.keys(" ").pass(500);
    assert_eq!(tick_of(&app, VERSION).map(|(_, ticking)| ticking), Some(Ticking::default()));
    at(&mut app, NOTE);
    app.keys("s").pass(121_000).keys(" ").pass(500);
    assert!(tick_of(&app, NOTE).is_some(), "{:?}", app.notices());
}

#[test]
fn evidence_is_typed_or_the_chosen_log_lines() {
    let mut app = crate::support::scene::opened(with_duties(payments()), &[50, 50]);
    at(&mut app, HEALTH);
    app.keys("ahttps://ci.example.net/7<enter>").pass(500);
    app.keys("<alt-4>pv<up><up>").draw();
    at(&mut app, HEALTH);
    app.keys("a").pass(500);
    let proofs = &app.model.flight.session.duties.proofs[&ItemId::new(HEALTH)];
    let words: Vec<String> = proofs.iter().map(|proof| proof.what.words()).collect();
    assert_eq!(words[0], "https://ci.example.net/7");
    assert_eq!(words.len(), 2, "{words:?} {:?}", app.notices());
    app.keys("i").draw();
    assert!(picture(&mut app, 120, 36).contains("https://ci.example.net/7"));
}

#[test]
fn the_driver_reads_the_copilot_answers_in_their_own_cockpit_and_the_tick_has_both_names() {
    let mut pair = Pair::of(with_duties(payments()), "ana", "raj");
    pair.keys(ANA, "r<drawn>");
    shot("duty_reading_open", &mut pair.apps[ANA]);
    pair.keys(ANA, "<drawn><enter>").pass(300);
    assert_eq!(pair.apps[RAJ].overlay(), "", "nothing opens by itself");
    let banners: Vec<String> = pair.apps[RAJ].model.banners().into_iter().map(|banner| banner.text).collect();
    assert_eq!(banners, ["ana reads 1 of 2: Channel told"]);
    pair.keys(ANA, "<drawn>y").pass(300);
    assert!(tick_of(&pair.apps[ANA], "before-the-call/channel-told").is_none(), "who reads does not answer");
    pair.keys(RAJ, "ry").pass(300);
    assert!(tick_of(&pair.apps[RAJ], "before-the-call/channel-told").is_none(), "it was not on the screen yet");
    pair.keys(RAJ, "<drawn>");
    shot("duty_reading_answer", &mut pair.apps[RAJ]);
    plain("duty_reading_answer", &mut pair.apps[RAJ]);
    pair.keys(RAJ, "<drawn>y").pass(300);
    let (by, ticking) = tick_of(&pair.apps[ANA], "before-the-call/channel-told").expect("ticked");
    let read = ticking.read.expect("it was read");
    assert_eq!((by.as_str(), read.by.as_str(), read.one_cockpit), ("raj", "ana", false));
    // The next one is at hand; raj's sheet follows what is read.
    pair.keys(ANA, "<drawn><enter>").pass(300).keys(RAJ, "<drawn>n").keys(RAJ, "which dashboards?<enter>").pass(300);
    assert!(tick_of(&pair.apps[ANA], "before-the-call/dashboards-open").is_none());
    pair.keys(ANA, "<drawn>");
    shot("duty_reading_not_so", &mut pair.apps[ANA]);
    let shown = pair.screen(RAJ, 80, 24);
    assert!(shown.contains("not so"), "{shown}");
}

#[test]
fn one_alone_reads_and_answers_and_the_tick_says_so() {
    let mut app = app();
    app.keys("r<drawn><enter>").pass(300).keys("<drawn>y").pass(300);
    let (_, ticking) = tick_of(&app, "before-the-call/channel-told").expect("ticked");
    assert!(ticking.read.expect("it was read").one_cockpit);
    app.keys("<drawn><enter>").pass(300).keys("<esc>").pass(300);
    assert_eq!(app.model.flight.session.duties.reading, None, "closing ends the reading");
    app.keys("<alt-2>").draw();
    shot("duty_read_in_pane", &mut app);
}

#[test]
fn an_observer_reads_along_and_answers_nothing() {
    let mut pair = Pair::of(with_duties(payments()), "ana", "raj").join("mia", Seat::Observer);
    pair.keys(ANA, "r<drawn><enter>").pass(300).keys(2, "r<drawn>y").pass(300);
    assert!(tick_of(&pair.apps[ANA], "before-the-call/channel-told").is_none());
}

#[test]
fn contacts_are_called_in_order_by_timers_and_what_to_say_is_copied() {
    let mut app = app();
    app.keys("W<drawn>");
    shot("duty_contacts", &mut app);
    app.keys("serrors at 4 %<enter>").pass(500).draw();
    assert_eq!(app.overlay(), "Duty", "back to whom to call");
    app.keys("n").pass(500).draw();
    app.others.clear();
    app.pass(300_000).draw();
    assert!(app.others.contains(&Effect::Bell), "the on-call engineer is due");
    shot("duty_contacts_due", &mut app);
    plain("duty_contacts_due", &mut app);
    app.keys("c");
    let said = copied(&app).expect("it is copied");
    for part in ["payments-api in prod", "errors at 4 %", "blue 50.0 %, green 50.0 %", "Since 14:00:"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    app.keys("y").pass(500);
    let calls: Vec<(String, bool)> = app
        .events()
        .filter_map(|event| match event {
            Event::Calling(calling) => match &**calling {
                Calling::Called { contact, answered } => Some((contact.clone(), *answered)),
                Calling::Declared { .. } | Calling::Over => None,
            },
            _ => None,
        })
        .collect();
    let expected = [("Release manager, John Smith", false), ("On-call engineer", true)];
    assert_eq!(calls, expected.map(|(name, answered)| (name.to_owned(), answered)));
    app.keys("<esc>").pass(500);
    let banners: Vec<String> = app.model.banners().into_iter().map(|banner| banner.text).collect();
    assert!(banners.iter().any(|banner| banner.starts_with("incident for 5:0")), "{banners:?}");
    app.keys("W<drawn>s").pass(500);
    assert_eq!(app.model.flight.session.duties.incident, None);
}
