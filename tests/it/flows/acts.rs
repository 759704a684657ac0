//! What operators do, from the key to the routers and the journal.

use std::time::Duration;

use flightdeck::cockpit::{Action, Chart, Effect, Msg, OverlayKind, Pane};
use flightdeck::domain::log::{Level, LogBatch, LogLine};
use flightdeck::domain::metric::{Sample, Scrape};
use flightdeck::domain::procedure::{Condition, Friction, Limits, LogSpec, MetricSpec};
use flightdeck::session::Event;
use flightdeck::session::proposal::Gesture;

use crate::support::app::{App, Mood, Store};
use crate::support::procedure::blue_green;

/// Everything on blue and green half and half, so that the first step, the drain, moves something.
fn half() -> App {
    App::with_weights(blue_green(2), &[50, 50])
}

fn changes(app: &App) -> usize {
    app.events().filter(|event| matches!(event, Event::ChangeDispatched { .. })).count()
}

#[test]
fn a_step_takes_its_key_and_the_confirming_key() {
    let mut app = half();
    app.keys("n<drawn>y").pass(500);
    assert_eq!((app.split("eu-1"), app.split("eu-2")), ("0 / 100".to_owned(), "0 / 100".to_owned()));
    assert_eq!(app.overlay(), "");
    assert!(app.notices().contains(&"0 / 100, verified on 2 of 2"), "{:?}", app.notices());
}

#[test]
fn a_key_before_the_dialog_was_drawn_confirms_nothing() {
    let mut app = half();
    app.keys("ny").pass(500);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let failed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).and_then(|c| c.failed.clone());
    assert_eq!(failed.as_deref(), Some("the key came before this was on the screen: press it again"));
    app.keys("<drawn>y").pass(500);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn a_dialog_that_was_drawn_before_its_requests_were_known_must_be_drawn_again() {
    let mut app = half();
    app.answering = false;
    app.keys("n<drawn>");
    app.settle();
    app.answering = true;
    app.keys("y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn the_key_that_opened_the_dialog_does_not_confirm_it_however_long_it_is_held() {
    let mut app = half();
    app.keys("n<drawn>n<drawn>n<drawn>n<drawn>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let mut app = half();
    app.keys("<enter><drawn><enter><drawn><enter><drawn><enter>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let mut app = half();
    app.keys("n<drawn>y").pass(8000);
    app.keys("R<drawn>R<drawn>R<drawn>R").pass(300);
    assert_eq!((changes(&app), app.overlay().as_str()), (1, "RollBack"));
}

#[test]
fn a_draft_off_plan_is_sent_once_its_target_is_typed() {
    let mut app = half();
    app.keys("30");
    assert_eq!(app.model.draft.as_ref().map(|draft| draft.weights.to_string()).as_deref(), Some("70 / 30"));
    assert_eq!(app.model.pool().map(|pool| pool.as_str()), Some("green"), "the drain raises green");
    app.keys("<enter><drawn>").press("g");
    app.keys("reen 30<enter>").pass(500);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"), "green does not grow: blue is to be typed");
    app.keys("<ctrl-u>blue 70<enter>").pass(500);
    assert_eq!(app.split("eu-2"), "70 / 30");
    assert_eq!((app.overlay().as_str(), app.model.draft.is_none()), ("", true));
    let typed = app.events().find_map(|event| match event {
        Event::ChangeConfirmed(confirmed) => Some(confirmed.confirmation.gesture.clone()),
        _ => None,
    });
    assert_eq!(typed, Some(Gesture::Typed("blue 70".to_owned())));
}

#[test]
fn a_draft_moves_by_the_increment_takes_decimals_and_is_dropped_by_escape() {
    let mut app = half();
    let drafted = |app: &App| app.model.draft.as_ref().map(|draft| draft.weights.to_string());
    app.keys("<left>++");
    assert_eq!(drafted(&app).as_deref(), Some("70 / 30"));
    app.keys("-");
    assert_eq!(drafted(&app).as_deref(), Some("60 / 40"));
    app.keys("<esc>12.25");
    assert_eq!(drafted(&app).as_deref(), Some("12.25 / 87.75"));
    app.keys("9");
    assert_eq!(drafted(&app).as_deref(), Some("12.25 / 87.75"), "a third decimal is not taken");
    app.keys("<right>");
    assert_eq!(drafted(&app).as_deref(), Some("87.75 / 12.25"), "the number goes over to the other pool");
    app.keys("<backspace><backspace><backspace>");
    assert_eq!(drafted(&app).as_deref(), Some("88 / 12"));
    app.keys("<esc>");
    assert_eq!((drafted(&app), app.sends.len()), (None, 0));
}

#[test]
fn pasting_confirms_nothing_and_fills_no_target() {
    let mut app = half();
    app.keys("30<enter><drawn>");
    app.tell(Msg::Paste("blue 70\n".to_owned())).keys("<enter>").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let typed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).map(|c| c.typed.value().to_owned());
    assert_eq!(typed.as_deref(), Some(""));
    app.keys("<esc><esc>N");
    app.tell(Msg::Paste("first line\nsecond".to_owned())).keys("<enter>");
    assert!(app.events().any(|event| *event == Event::NoteAdded { text: "first line second".to_owned() }));
}

#[test]
fn escape_sends_nothing_and_withdraws_the_proposal() {
    let mut app = half();
    app.keys("n<drawn><esc>y<enter>").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<esc>");
    assert!(app.model.flight.proposing.is_none());
}

#[test]
fn a_void_proposal_sends_nothing_and_is_made_afresh_by_one_key() {
    let mut app = half();
    app.keys("n<drawn>");
    app.router("eu-2").weights = vec![25, 75];
    app.pass(1500);
    assert!(app.model.is_void());
    app.keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("p");
    assert!(!app.model.is_void());
    app.keys("y");
    assert_eq!(app.sends.len(), 0, "the fresh one was not on the screen yet");
}

#[test]
fn a_lapsed_proposal_sends_nothing() {
    let mut app = half();
    app.keys("n<drawn>").pass(61_000).keys("<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.model.is_void()), (0, true));
}

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
fn a_failing_gate_is_overridden_with_a_reason_and_then_the_target_is_typed() {
    let mut procedure = blue_green(1);
    procedure.plan[0].leave_when = vec![Condition::Items("deploy".to_owned())];
    procedure.plan.remove(1);
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.keys("n<drawn>y").pass(1000);
    app.keys("n<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (1, "Shift"), "the gate stands against it");
    app.keys("o").keys("<enter>health is watched elsewhere<enter>");
    assert_eq!(app.model.friction(), Some(Friction::Type));
    app.keys("y");
    assert_eq!(app.sends.len(), 1);
    app.keys("<drawn>blue 10<enter>").pass(500);
    assert_eq!(app.split("eu-1"), "10 / 90");
}

#[test]
fn a_persons_step_is_confirmed_and_done() {
    let mut procedure = blue_green(1);
    procedure.plan.remove(0);
    let mut app = App::new(procedure);
    app.keys("n");
    assert_eq!(app.overlay(), "Complete");
    app.keys("y");
    assert_eq!(app.overlay(), "Complete", "not drawn yet");
    app.keys("<drawn>y");
    assert_eq!(app.overlay(), "");
    assert!(app.model.flight.session.steps.contains_key(&"deploy-to-blue".into()));
}

#[test]
fn the_checklist_ticks_folds_and_keeps_its_selection() {
    let mut app = half();
    app.keys("<alt-2>j ");
    assert_eq!(app.model.checklist_counts(), (1, 2));
    app.keys("<space>");
    assert_eq!(app.model.checklist_counts(), (0, 2));
    app.keys("<left>");
    assert_eq!((app.model.checklist_rows().len(), app.model.checklist.selected), (1, 0));
    app.keys("<enter>");
    assert_eq!(app.model.checklist_rows().len(), 3);
}

#[test]
fn holding_stops_the_next_step_until_it_is_released() {
    let mut app = half();
    app.keys("Hdatabase is slow<enter>n<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 0);
    app.keys("<esc>Hback to normal<enter>n<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
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
    assert_eq!(changes(&app), 1);
}

#[test]
fn a_journal_that_is_away_sends_nothing_and_says_so() {
    let mut app = half();
    app.store = Store::Unavailable;
    app.keys("n<drawn>y").pass(300);
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
    let failed = app.model.overlay.as_ref().and_then(|overlay| overlay.confirm()).and_then(|c| c.failed.clone());
    assert!(failed.is_some_and(|text| text.contains("not recorded")), "{:?}", app.notices());
    app.store = Store::Well;
    app.pass(1500).keys("<drawn>y").pass(300);
    assert_eq!(app.sends.len(), 2);
}

#[test]
fn what_was_done_stands_among_the_log_lines_and_on_the_charts() {
    let mut app = half();
    app.keys("n<drawn>y").pass(1000).keys("Nlooks calm<enter>");
    let book = &app.model.logs.book;
    let marks: Vec<&str> = book.lines(book.first(), book.end()).map(|line| line.text).collect();
    assert_eq!(marks, ["ana: shift to 0 / 100", "0 / 100 verified on 2 of 2", "ana: looks calm"]);
    let charted: Vec<&str> = app.model.charts.marks.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(charted, ["ana: shift to 0 / 100", "0 / 100 verified on 2 of 2"]);
}

#[test]
fn an_unanswered_router_is_told_by_a_banner_and_the_screen_is_drawn_only_for_what_moved() {
    let mut app = half();
    app.model.settings.motion = false;
    app.pass(1000);
    let before = app.model.version;
    app.take(Msg::Flight(flightdeck::flight::Msg::Tick));
    assert_eq!(app.model.version, before, "nothing changed within this moment");
    let wakes = app.model.wakes_at().expect("routers are read again");
    assert!(wakes.since(app.now().elapsed) <= Duration::from_secs(1));
}

#[test]
fn a_click_focuses_selects_and_drafts_and_never_confirms() {
    let mut app = half().sized(120, 36);
    let areas = app.model.areas();
    let heading = areas.inner(Pane::Checklist);
    app.tell(Msg::Click { column: heading.x + 2, row: heading.y });
    assert_eq!((app.model.focus, app.model.checklist_rows().len()), (Pane::Checklist, 1), "the heading folds");
    let bar = areas.inside.bar;
    app.tell(Msg::Click { column: bar.x + bar.width / 4, row: bar.y });
    assert_eq!((app.model.focus, app.model.draft.is_some()), (Pane::Traffic, false), "the first click only focuses");
    app.tell(Msg::Click { column: bar.x + bar.width / 4, row: bar.y });
    let drafted = app.model.draft.as_ref().map(|draft| draft.weights.to_string()).unwrap_or_default();
    assert!(drafted.starts_with('2'), "{drafted}");
    app.keys("<enter><drawn>");
    for column in 0..120 {
        for row in 0..36 {
            app.take(Msg::Click { column, row });
        }
    }
    assert_eq!((app.sends.len(), app.overlay().as_str()), (0, "Shift"));
}

#[test]
fn a_click_on_a_tab_of_a_small_screen_shows_its_pane() {
    let mut app = half().sized(80, 24);
    let (tab, pane) = app.model.areas().tabs[2];
    app.tell(Msg::Click { column: tab.x + 1, row: tab.y });
    assert_eq!((pane, app.model.focus), (Pane::Logs, Pane::Logs));
}

#[test]
fn the_key_line_names_enter_the_keys_of_the_moment_the_way_back_help_and_palette() {
    let line = |app: &App| {
        let keys = flightdeck::input::footer(&app.model);
        keys.into_iter().map(|(key, label)| format!("{key} {label}")).collect::<Vec<_>>().join(" | ")
    };
    let mut app = half();
    assert_eq!(
        line(&app),
        "enter next step: Drain blue | + draft | n next step | tab next pane | R roll back | ? keys | : command"
    );
    app.keys("30");
    assert_eq!(line(&app), "enter propose 70 / 30 | + more | - less | esc drop | R roll back | ? keys | : command");
    app.keys("<esc>n<drawn>");
    assert_eq!(line(&app), "y send | esc send nothing | R roll back");
    app.keys("y").pass(8000).keys("R<drawn>");
    assert_eq!(line(&app), "enter roll back | y roll back | tab the other way back | esc send nothing");
    app.keys("<esc>N");
    assert_eq!(line(&app), "enter keep the note | esc drop it | ctrl-r roll back to 50 / 50");
}

#[test]
fn log_lines_are_filtered_chosen_copied_and_attached() {
    let mut procedure = blue_green(1);
    procedure.logs = vec![LogSpec { id: "api".into(), pool: Some("blue".into()) }];
    let mut app = App::with_weights(procedure, &[50, 50]);
    let line = |text: &str, excluded| LogLine { at: None, level: Level::Info, text: text.to_owned(), excluded };
    let lines = vec![line("authorize 1", false), line("GET /health", true), line("authorize 2", false)];
    app.tell(Msg::Lines(LogBatch { source: "api".into(), pool: Some("blue".into()), lines, dropped: 0 }));
    assert_eq!(app.model.flight.logs[&"api".into()].lines, 2, "noise is no evidence");
    app.keys("<alt-4>");
    assert_eq!(app.model.logs.view.matched(), 2);
    app.keys("e");
    assert_eq!(app.model.logs.view.matched(), 3);
    app.keys("e/2<enter>").keys("c");
    assert_eq!(app.others, [Effect::Copy("authorize 2".to_owned())]);
    app.keys("/<ctrl-u><enter>vka");
    let attached = app.events().find_map(|event| match event {
        Event::LinesAttached { lines, .. } => Some(lines.clone()),
        _ => None,
    });
    assert_eq!(attached.map(|lines| lines.len()), Some(2));
    app.keys("/(<enter>");
    assert_eq!(app.overlay(), "", "a bracket is plain text");
    app.keys("/<ctrl-u>/(/<enter>");
    assert_eq!(app.overlay(), "Ask", "a bad pattern stays to be mended");
}

#[test]
fn charts_come_from_router_counters_until_a_metric_source_tells() {
    let mut procedure = blue_green(1);
    procedure.metrics = vec![MetricSpec {
        id: "m".into(),
        pool: Some("blue".into()),
        interval: Duration::from_secs(1),
        limits: Limits::default(),
    }];
    let mut app = App::with_weights(procedure, &[50, 50]);
    app.pass(3000);
    let key = (Some("blue".into()), Chart::Requests);
    let newest = |app: &App| app.model.charts.series[&key].points.back().copied().and_then(|(_, value)| value);
    assert!(newest(&app).is_some_and(|rate| (250.0..370.0).contains(&rate)), "{:?}", newest(&app));
    let scrape = |requests: f64| Scrape {
        targets: vec![("t".to_owned(), Ok(Sample { requests: Some(requests), ..Sample::default() }))],
    };
    for requests in [100.0, 150.0] {
        let began = app.now();
        app.tell(Msg::Scraped { source: "m".into(), began, scrape: scrape(requests) }).pass(1000);
    }
    assert_eq!(newest(&app), Some(50.0));
    let began = app.now();
    app.tell(Msg::Scraped { source: "m".into(), began, scrape: Scrape::default() });
    assert_eq!(newest(&app), None, "a look that gave nothing is a gap");
}
