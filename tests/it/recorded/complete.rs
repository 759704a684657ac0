//! A record is complete: the session is rebuilt from the file alone.

use flightdeck::domain::action::{ActionLook, ActionState};
use flightdeck::domain::check::{Answer, Verdict};
use flightdeck::domain::procedure::Condition;
use flightdeck::entry::Entry;
use flightdeck::flight::{Ask, Msg, WayBackChoice};
use flightdeck::record::{self, document, read};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gate, Gesture, Override};
use proptest::prelude::*;

use super::history;
use crate::journal::told;
use crate::support::action::with_action;
use crate::support::crew::{ANA, Line, Pair, RAJ};
use crate::support::desk::Desk;
use crate::support::procedure::{blue_green, check};

/// Writes the record of these entries, reads it, and holds the session that it gives against the journal's. Gives the text.
fn rebuilt(entries: Vec<Entry>) -> String {
    let history = history(entries);
    let text = document(&history, None).expect("a record");
    let whole = read(text.as_bytes()).unwrap_or_else(|damaged| panic!("{damaged}"));
    assert_eq!(whole.history.fold(), history.fold());
    assert_eq!(whole.history, history, "entries, hashes and stored bytes");
    let parsed: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(parsed["entries"].as_array().unwrap().len(), history.entries.len());
    assert_eq!(parsed["chain"]["head"], history.head().1.to_string());
    text
}

/// What a session must hold, and how it is told.
type Met = (&'static str, fn(&Event) -> bool);

fn has(entries: &[Entry], wanted: fn(&Event) -> bool) -> bool {
    entries.iter().flat_map(|entry| &entry.events).any(wanted)
}

#[test]
fn a_flown_session_is_rebuilt_from_its_record_alone() {
    let mut procedure = with_action(blue_green(2), "deploy-to-blue", false);
    procedure.checks = vec![check("health", None)];
    procedure.plan[0].leave_when = vec![Condition::Check("health".into())];
    let mut desk = Desk::open(procedure);
    desk.shift();
    desk.pass(1_000);
    let (check, request, asking) = desk.questions.remove(0);
    let mut answer = Answer::new(Verdict::Fail, "health answers 503".to_owned(), asking.now);
    answer.evidence = vec![("request".to_owned(), "GET http://blue/health".to_owned())];
    let began = desk.now();
    desk.tell(Msg::CheckAnswered { check, request, began, answer: Box::new(answer) });
    desk.ask(Ask::ToggleItem("deploy/channel".into()));
    desk.ask(Ask::Note("the bridge is open".to_owned()));
    desk.pass(12_000);
    desk.ask(Ask::DescribeAction);
    let gate = Gate::Check { check: "health".into() };
    let overrides = vec![Override { gate, reason: "503 is the old page".to_owned() }];
    let confirmation = Confirmation::new(Gesture::Typed("blue".to_owned()), true);
    desk.ask(Ask::CompleteStep { confirmation, overrides });
    desk.pass(3_000);
    desk.actions.look = ActionLook::new(ActionState::Succeeded);
    desk.pass(5_000);
    desk.ask(Ask::ToggleItem("deploy/health".into()));
    desk.shift();
    desk.pass(3_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(3_000);
    desk.ask(Ask::Close { outcome: "rolled back".to_owned() });
    desk.pass(1_000);
    let entries = desk.journal.clone();
    let met: [Met; 7] = [
        ("a change", |event| matches!(event, Event::ChangeConfirmed(_))),
        ("an action that ended", |event| matches!(event, Event::ActionEnded { .. })),
        ("a tick", |event| matches!(event, Event::ItemTicked { .. })),
        ("an override", |event| matches!(event, Event::ActionStarting(intent) if !intent.overrides.is_empty())),
        ("a rollback", |event| matches!(event, Event::ChangeConfirmed(change) if !change.kind.is_forward())),
        (
            "a check's evidence",
            |event| matches!(event, Event::CheckAnswered(answered) if !answered.evidence.is_empty()),
        ),
        ("the end", |event| matches!(event, Event::SessionClosed { .. })),
    ];
    for (what, met) in met {
        assert!(has(&entries, met), "{what}: {}", desk.said());
    }
    let text = rebuilt(entries.clone());
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["overrides"][0]["reason"], "503 is the old page");
    let incidents = summary["incidents"].to_string();
    for words in ["check health failed", "rolled back to"] {
        assert!(incidents.contains(words), "{incidents}");
    }
    let markdown = record::markdown(&history(entries), None).replace('\\', "");
    for words in ["**OVERRIDDEN** by ana", "because 503 is the old page", "## Incidents", "GET http://blue/health"] {
        assert!(markdown.contains(words), "{words}:\n{markdown}");
    }
}

#[test]
fn a_rollback_that_was_written_beside_the_journal_is_in_the_record() {
    let mut procedure = blue_green(2);
    procedure.plan[0].leave_when.clear();
    let mut pair = Pair::open(procedure);
    pair.shift(ANA);
    pair.pass(500);
    pair.cockpits[ANA].line = Line::Away;
    pair.roll_back(ANA);
    pair.pass(3_000);
    pair.line(ANA, Line::Answers);
    pair.pass(3_000);
    pair.ask(RAJ, Ask::Note("it was away for a while".to_owned()));
    pair.pass(500);
    let entries = pair.journal.clone();
    assert!(has(&entries, |event| matches!(event, Event::SpillMerged(_))), "{:?}", pair.said(ANA));
    let text = rebuilt(entries);
    assert!(text.contains("the deployment was cut off from its journal"));
}

#[test]
fn every_told_deployment_is_rebuilt_from_its_record_alone() {
    for entries in [
        told::deployment(),
        told::waves(),
        told::checks(),
        told::guards(),
        told::shapes(),
        told::stages(),
        told::tasks(),
        told::tellings(),
        told::actions(),
        told::later(),
    ] {
        rebuilt(entries);
    }
}

#[test]
fn the_schema_names_every_part_of_a_record() {
    let text = rebuilt(told::deployment());
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = record::schema();
    let of_schema = schema["properties"].as_object().unwrap();
    for (name, part) in record.as_object().unwrap() {
        let kind = of_schema.get(name).unwrap_or_else(|| panic!("{name} is not in the schema"))["type"].clone();
        let is = |kind: &serde_json::Value| match kind.as_str().unwrap() {
            "integer" => part.is_u64(),
            "string" => part.is_string(),
            "boolean" => part.is_boolean(),
            "array" => part.is_array(),
            "object" => part.is_object(),
            _ => part.is_null(),
        };
        let fits = kind.as_array().map_or_else(|| is(&kind), |kinds| kinds.iter().any(is));
        assert!(fits, "{name} is {part} and not {kind}");
    }
    for name in schema["required"].as_array().unwrap() {
        assert!(record.get(name.as_str().unwrap()).is_some(), "{name} is missing");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_two_or_three_cockpits_do_is_rebuilt_from_its_record_alone(seed in 1_u64..1_000_000) {
        let mut world = crate::simulation::World::new(seed);
        world.fly(60);
        world.heal_and_settle();
        rebuilt(world.journal());
    }
}
