//! Before and after: T- and T+, lists that are due, what is left at the end, and finding it again.

use std::time::Duration;

use flightdeck::domain::checklist::{Item, Section};
use flightdeck::domain::due::{Due, FollowUp};
use flightdeck::domain::{ItemId, Procedure, Timestamp};
use flightdeck::flight::Ask;
use flightdeck::session::Event;
use insta::assert_snapshot;

use super::{PROFILE, closed, keep};
use crate::cli::{flightdeck, text};
use crate::journal::told;
use crate::support::app::App;
use crate::support::scene::{payments, picture};

fn procedure() -> Procedure {
    let mut procedure = payments();
    let sections =
        [("48 h before", Due::Before(Duration::from_hours(48))), ("4 h before", Due::Before(Duration::from_hours(4)))];
    for (title, due) in sections {
        let slug = flightdeck::domain::checklist::slug(title);
        add(&mut procedure, &slug, title, &format!("{slug}/look"), "Look at the board", due);
    }
    let due = Due::AfterEnd(Duration::from_hours(24));
    add(&mut procedure, "follow-ups", "Follow-ups", "follow-up/old-pool", "Scale the old pool down", due);
    procedure.checklist.sections.rotate_right(3);
    procedure
}

fn add(procedure: &mut Procedure, slug: &str, title: &str, item: &str, text: &str, due: Due) {
    let item = ItemId::new(item.to_owned());
    procedure.checklist.due.items.insert(item.clone(), due);
    if !due.is_follow_up() {
        procedure.checklist.due.sections.insert(slug.to_owned(), due);
    }
    let items = vec![Item {
        id: item,
        text: text.to_owned(),
        depth: 0,
        required: true,
        role: None,
        commands: Vec::new(),
        links: Vec::new(),
    }];
    procedure.checklist.sections.push(Section { slug: slug.to_owned(), title: title.to_owned(), items });
}

/// A session that is planned to begin so many minutes from now; before now where that is less than nothing.
fn planned(minutes: i64) -> App {
    let mut app = App::with_weights(procedure(), &[50, 50]);
    let at = Timestamp(app.now().wall.0 + minutes * 60_000);
    app.model.flight.session.opened.as_mut().unwrap().what.planned = Some(at);
    app.pass(1_000);
    app
}

fn first_line(app: &mut App, columns: u16, rows: u16) -> String {
    picture(app, columns, rows).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_header_counts_down_to_the_planned_start_and_up_from_the_first_change() {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let mut app = planned(47 * 60).sized(columns, rows);
        let line = first_line(&mut app, columns, rows);
        assert!(line.contains("T-46:59:"), "{line}");
        let mut app = planned(-5).sized(columns, rows);
        let line = first_line(&mut app, columns, rows);
        assert!(line.contains("T-0 was 5:0"), "{line}");
        app.keys("n<drawn>y").draw().pass(12_000);
        let line = first_line(&mut app, columns, rows);
        assert_eq!(app.changes(), 1, "{line}");
        assert!(line.contains("T+0:1"), "{line}");
    }
    let mut app = App::new(procedure()).sized(120, 36);
    assert!(first_line(&mut app, 120, 36).contains("open 0:0"), "nothing was planned, and nothing changed");
}

#[test]
fn lists_say_when_they_are_due_and_that_they_are_late() {
    let mut app = planned(47 * 60 + 30).sized(80, 24);
    app.keys("<alt-2>").draw();
    let shown = picture(&mut app, 80, 24);
    assert_snapshot!(shown.lines().skip(9).take(12).collect::<Vec<_>>().join("\n"));
    for words in ["1 due", "due now", "in 43 h", "+24 h"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    let mut app = planned(3 * 60 + 59).sized(120, 36);
    let shown = picture(&mut app, 120, 36);
    for words in ["1 overdue", "44 h late", "due now"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    app.ask(Ask::ToggleItem("48-h-before/look".into())).draw();
    let shown = picture(&mut app, 120, 36);
    assert!(!shown.contains("overdue") && shown.contains("1 due"), "{shown}");
}

#[test]
fn closing_shows_what_stands_and_what_is_left_and_the_journal_has_it() {
    let mut app = planned(-5).sized(120, 36);
    app.keys("C").draw();
    let shown = picture(&mut app, 120, 36);
    for words in [
        "what did it come to?",
        "stands at eu-1 50.0 / 50.0",
        "steps were not taken: Drain blue to",
        "Scale the old pool down",
    ] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    app.keys("postponed<enter>").draw().pass(1_000);
    let found = app.events().find_map(|event| match event {
        Event::SessionClosed { left, follow_ups, .. } => Some((left.clone(), follow_ups.clone())),
        _ => None,
    });
    let (left, follow_ups) = found.expect("it is closed");
    assert!(left.iter().any(|left| left.contains("required items are not ticked")), "{left:?}");
    let [FollowUp { item, due, .. }] = follow_ups.as_slice() else { panic!("{follow_ups:?}") };
    let closed = app.model.flight.session.closed.as_ref().unwrap().at;
    assert_eq!((item.as_str(), *due), ("follow-up/old-pool", closed.plus(Duration::from_hours(24))));
}

#[test]
fn what_was_left_may_be_ticked_after_the_end_and_nothing_else() {
    let mut app = planned(-5);
    app.keys("C").draw().keys("postponed<enter>").draw().pass(1_000);
    app.ask(Ask::ToggleItem("48-h-before/look".into())).pass(500);
    assert!(!app.model.flight.session.ticks.contains_key(&"48-h-before/look".into()), "it is closed");
    app.ask(Ask::ToggleItem("follow-up/old-pool".into())).pass(500);
    assert!(app.model.flight.session.ticks.contains_key(&"follow-up/old-pool".into()), "{:?}", app.notices());
    assert_eq!(app.model.flight.session.open_follow_ups().count(), 0);
    app.ask(Ask::ToggleItem("follow-up/old-pool".into())).pass(500);
    assert_eq!(app.model.flight.session.open_follow_ups().count(), 1, "it may be taken back");
    app.ask(Ask::Note("too late".to_owned())).pass(500);
    assert!(app.model.flight.session.notes.is_empty());
}

#[test]
fn follow_ups_are_listed_ticked_and_written_into_the_record() {
    let state = tempfile::tempdir().unwrap();
    let profile = state.path().join("bridge.toml");
    std::fs::write(&profile, PROFILE).unwrap();
    keep(state.path(), &closed(&profile, told::session(1)));
    let run = |arguments: &[&str]| {
        let said = flightdeck(state.path(), arguments);
        (said.status.code().unwrap(), text(&said.stdout), text(&said.stderr))
    };
    let (code, said, why) = run(&["follow-up", "latest"]);
    assert_eq!(code, 0, "{why}");
    assert!(said.contains("☐ Look at it once more  overdue by ") && said.contains("[look-again]"), "{said}");
    assert!(said.contains("☐ Scale the old pool down  due in "), "{said}");
    let (_, said, _) = run(&["sessions"]);
    assert!(said.contains("PAY-17") && said.contains("2 left to follow up, 1 overdue"), "{said}");
    let (code, _, why) = run(&["follow-up", "latest", "once"]);
    assert!(code == 0 && why.contains("the record is written anew in"), "{why}");
    let (code, _, why) = run(&["follow-up", "latest", "look-again"]);
    assert!(code == 7 && why.contains("it is ticked already"), "{why}");
    let (code, _, why) = run(&["follow-up", "latest", "o"]);
    assert!(code == 2 && why.contains("2 things that were left are like o"), "{why}");
    let (_, said, _) = run(&["follow-up", "latest"]);
    assert!(said.contains("✓ Look at it once more  ana, "), "{said}");
    let markdown = state.path().join("docs/deployments/prod/2026-11-21-bridge-2.5.0.md");
    let markdown = std::fs::read_to_string(markdown).unwrap();
    assert!(markdown.contains("- [x] Look at it once more (ana, "), "{markdown}");
    let (_, said, _) = run(&["sessions", "--due"]);
    assert_eq!(said, "", "nothing is due any more");
    assert_eq!(run(&["follow-up", "latest", "look-again", "--undo"]).0, 0);
    assert!(run(&["sessions", "--due"]).1.contains("1 overdue"));
    assert_eq!(run(&["record", "latest", "--verify"]).0, 0);
}

#[test]
fn past_deployments_are_found_by_all_that_is_known_of_them() {
    let state = tempfile::tempdir().unwrap();
    let profile = state.path().join("bridge.toml");
    std::fs::write(&profile, PROFILE).unwrap();
    keep(state.path(), &closed(&profile, told::session(1)));
    keep(
        state.path(),
        &told::deployment()
            .into_iter()
            .map(|mut entry| {
                entry.session = told::session(2);
                entry
            })
            .collect::<Vec<_>>(),
    );
    let found = |arguments: &[&str]| {
        let said = flightdeck(state.path(), &[&["sessions", "--json"], arguments].concat());
        assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
        let json: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(json["format"], 1);
        let of = |session: &serde_json::Value| session["service"].as_str().unwrap().to_owned();
        let mut services: Vec<String> = json["sessions"].as_array().unwrap().iter().map(of).collect();
        services.sort();
        services.join(" ")
    };
    for (arguments, services) in [
        (&[][..], "bridge message-bridge"),
        (&["--service", "MESSAGE"], "message-bridge"),
        (&["--env", "prod", "--outcome", "rolled"], "message-bridge"),
        (&["--version", "2.5"], "bridge message-bridge"),
        (&["--version", "9"], ""),
        (&["--by", "bob"], "bridge message-bridge"),
        (&["--by", "carol"], ""),
        (&["--ticket", "pay-17"], "bridge"),
        (&["--since", "2026-11-21", "--until", "2026-11-21"], "bridge message-bridge"),
        (&["--since", "2026-11-22"], ""),
        (&["--until", "2026-11-20"], ""),
        (&["on-call", "lead"], "message-bridge"),
        (&["on-call", "nobody-said-this"], ""),
        (&["--due"], "bridge"),
        (&["--outcome", "open"], ""),
    ] {
        assert_eq!(found(arguments), services, "{arguments:?}");
    }
    assert_eq!(found(&["--limit", "1"]).split(' ').count(), 1);
    let said = flightdeck(state.path(), &["sessions", "--limit", "1"]);
    assert!(text(&said.stderr).contains("1 older ones were not looked at"), "{}", text(&said.stderr));
    let said = flightdeck(state.path(), &["sessions", "--since", "yesterday"]);
    assert!(
        said.status.code() == Some(2) && text(&said.stderr).contains("a day is written as"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn a_planned_start_is_said_at_opening() {
    let state = tempfile::tempdir().unwrap();
    for (time, fits) in [
        ("2026-11-22T02:00Z", true),
        ("2026-11-22 03:00+01:00", true),
        ("2026-11-22T02:00:30Z", true),
        ("02:00", false),
        ("2026-11-22", false),
        ("2026-13-22T02:00Z", false),
    ] {
        let said = flightdeck(state.path(), &["open", "/nowhere.toml", "--start", time]);
        // A time that fits leads on to the profile that is not there.
        assert_eq!(said.status.code(), Some(if fits { 3 } else { 2 }), "{time}: {}", text(&said.stderr));
    }
}

#[test]
fn a_runbooks_times_become_lists_that_are_due_and_follow_ups() {
    let text = std::fs::read_to_string("tests/it/runbook/staged.md").unwrap();
    let toml = flightdeck::runbook::draft::draft(&flightdeck::runbook::read(&text), "staged.md").toml;
    for line in ["due = \"-48h\"", "due = \"-24h\"", "due = \"-30m\"", "due = \"1h\"", "due = \"7d\""] {
        assert_eq!(toml.lines().filter(|written| *written == line).count(), 1, "{line}:\n{toml}");
    }
    let of = |path: &str, text: &str| flightdeck::profile::ProfileFile { path: path.to_owned(), bytes: text.into() };
    let drafted =
        flightdeck::profile::parse(&[of("staged.toml", &toml)]).unwrap_or_else(|problems| panic!("{problems}"));
    let dues = |procedure: &Procedure| procedure.checklist.due.sections.values().copied().collect::<Vec<Due>>();
    let drafted = drafted.procedure;
    assert_eq!(dues(&drafted).iter().filter(|due| due.is_follow_up()).count(), 2);
    // A profile that leaves the runbook where it is has the same times.
    let main = "service = \"app\"\nenvironment = \"test\"\n[checklist]\nfrom = \"staged.md\"\n";
    let from = flightdeck::profile::parse(&[of("app.toml", main), of("staged.md", &text)]);
    let from = from.unwrap_or_else(|problems| panic!("{problems}")).procedure;
    let sorted = |mut dues: Vec<Due>| {
        dues.sort_by_key(|due| (due.is_follow_up(), due.distance()));
        dues
    };
    assert_eq!(sorted(dues(&from)), sorted(dues(&drafted)));
}
