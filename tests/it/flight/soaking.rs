//! A soak with a schedule: which task holds now, what comes next, what was missed; and what pauses or restarts it (G4).

use std::time::Duration;

use flightdeck::domain::ItemId;
use flightdeck::domain::duty::ItemRules;
use flightdeck::domain::procedure::Procedure;
use flightdeck::domain::soak::SoakTask;
use flightdeck::flight::Ask;
use flightdeck::session::proposal::{Gate, GateState};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

/// The first step is blue 10, which soaks for a minute in three parts.
fn scheduled() -> Procedure {
    let mut procedure = blue_green(1);
    procedure.plan.drain(..2);
    let task = |from: u64, to: u64, text: &str| SoakTask {
        from: Duration::from_secs(from),
        to: Duration::from_secs(to),
        text: text.to_owned(),
        item: ItemId::new(format!("soak-of-blue-10/{from}")),
    };
    let step = procedure.plan.first_mut().expect("the plan has steps");
    step.soak = Some(Duration::from_mins(1));
    step.schedule =
        vec![task(0, 20, "watch errors"), task(20, 40, "read the log"), task(40, 60, "look at the database")];
    let items = step.schedule.iter().map(|task| flightdeck::domain::checklist::Item {
        id: task.item.clone(),
        text: task.text.clone(),
        depth: 0,
        required: false,
        role: None,
        commands: Vec::new(),
        links: Vec::new(),
        rules: ItemRules::default(),
    });
    let items = items.collect();
    let section = flightdeck::domain::checklist::Section {
        slug: "soak-of-blue-10".to_owned(),
        title: "Soak of Blue 10".to_owned(),
        items,
    };
    procedure.checklist.sections.push(section);
    procedure
}

fn tasks(desk: &Desk) -> (String, String, usize) {
    let tasks = desk.flight.soak_tasks().expect("a soak with a schedule runs");
    let now =
        tasks.now.map_or_else(String::new, |(task, ticked)| format!("{}{}", if ticked { "✓ " } else { "" }, task.text));
    let next = tasks.next.map_or_else(String::new, |(task, until)| format!("{} in {}", task.text, until.as_secs()));
    (now, next, tasks.missed)
}

#[test]
fn one_task_holds_at_a_time_and_is_ticked_like_an_item() {
    let mut desk = Desk::open_at(scheduled(), &[0, 100]);
    desk.shift();
    desk.pass(5_000);
    let (now, next, missed) = tasks(&desk);
    assert_eq!((now.as_str(), missed), ("watch errors", 0));
    assert!(next.starts_with("read the log in 1"), "{next}");
    desk.ask(Ask::ToggleItem(ItemId::new("soak-of-blue-10/0".to_owned())));
    assert_eq!(tasks(&desk).0, "✓ watch errors");
    desk.pass(40_000);
    let (now, next, missed) = tasks(&desk);
    assert_eq!((now.as_str(), next.as_str(), missed), ("look at the database", "", 1), "the log was not read");
}

#[test]
fn missing_readings_pause_it_and_it_says_so() {
    let mut desk = Desk::open_at(scheduled(), &[0, 100]);
    desk.shift();
    desk.pass(10_000);
    desk.router("eu-1").stopped = true;
    desk.pass(5_000);
    let held = desk.flight.soak.as_ref().map(|soak| soak.held);
    desk.pass(5_000);
    let soak = desk.flight.soak.as_ref().expect("it stands");
    assert_eq!(Some(soak.held), held, "it stands still");
    assert_eq!(soak.paused.as_deref(), Some("no fresh reading of eu-1"));
    desk.router("eu-1").go_on();
    desk.pass(5_000);
    assert!(desk.flight.soak.as_ref().map(|soak| soak.held) > held, "and goes on from there");
}

#[test]
fn a_gap_begins_it_anew_and_the_next_step_waits_for_all_of_it() {
    let mut desk = Desk::open_at(scheduled(), &[0, 100]);
    desk.shift();
    desk.pass(50_000);
    desk.skip(3_600_000);
    desk.pass(20_000);
    let soak =
        |desk: &Desk| desk.ask_gates().into_iter().find(|report| report.gate == Gate::Soak).map(|report| report.state);
    assert_eq!(soak(&desk), Some(GateState::Fails));
    desk.pass(45_000);
    assert_eq!(soak(&desk), Some(GateState::Holds));
}
