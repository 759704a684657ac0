//! The state × command table of the protocol page is what the code decides, cell by cell.
//!
//! `FLIGHTDECK_WRITE=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use flightdeck::domain::{Outcome, Procedure, Seat, Waves};
use flightdeck::entry::KINDS;
use flightdeck::session::Command;

use super::command::{Column, GROUPS, camel, column, columns, name, names, split};
use super::world::{ANA, EVE, RAJ, Who, World, procedure};

/// A state that matters for what is decided.
struct State {
    name: &'static str,
    world: World,
}

fn asks(world: &mut World, who: Who, label: &str) {
    let command = (column(label).make)(world, who);
    world.does(who, command);
}

/// As [`asks`], on an open session.
fn after(steps: &[(Who, &str)]) -> World {
    let mut world = World::open();
    for (who, label) in steps {
        asks(&mut world, *who, label);
    }
    world
}

const ALONE: &str = "Confirm, the next step, alone with a reason";
const VERIFIED: &str = "NoteOutcome, verified";

/// One router verified, the other failed, and nobody can still be sending.
fn partly_done() -> World {
    let mut world = after(&[(ANA, ALONE), (ANA, VERIFIED)]);
    let change = world.session.in_flight().unwrap().id();
    let outcome = Outcome::Failed { why: "refused".to_owned() };
    world.does(ANA, Command::NoteOutcome { change, router: "eu-2".into(), attempt: 1, outcome });
    world.time += 60_000;
    world
}

/// Nobody knows what became of it.
fn left_unknown() -> World {
    let mut world = after(&[(ANA, ALONE)]);
    let change = world.session.in_flight().unwrap().id();
    for router in ["eu-1", "eu-2"] {
        let outcome = Outcome::Unknown { why: "no answer".to_owned() };
        world.does(ANA, Command::NoteOutcome { change, router: router.into(), attempt: 1, outcome });
    }
    asks(&mut world, ANA, "Leave");
    world
}

/// One shift is done; a deploy step of a person's is next.
fn by_hand() -> World {
    after(&[(ANA, ALONE), (ANA, VERIFIED), (ANA, VERIFIED)])
}

/// The same with an action that does that step, and then this.
fn acting(steps: &[(Who, &str)]) -> World {
    let mut world = World::opened(crate::support::action::with_action(procedure(), "deploy-to-blue", false));
    for (who, label) in [(ANA, ALONE), (ANA, VERIFIED), (ANA, VERIFIED)].iter().chain(steps) {
        asks(&mut world, *who, label);
    }
    world
}

/// The same of a version whose tag is resolved.
fn of_a_version(steps: &[(Who, &str)]) -> World {
    let procedure = crate::support::action::with_action(procedure(), "deploy-to-blue", false);
    let mut world = World::opened(crate::support::version::with_version(procedure, &[]));
    for (who, label) in [(ANA, ALONE), (ANA, VERIFIED), (ANA, VERIFIED)].iter().chain(steps) {
        asks(&mut world, *who, label);
    }
    world
}

const RUNS: [(Who, &str); 2] = [(ANA, "StartAction"), (ANA, "NoteActionStarted")];

fn drifted() -> World {
    let mut world = after(&[(ANA, "NoteDrift, it differs")]);
    world.natives.insert("eu-1".into(), split(25));
    world
}

fn plan_over() -> World {
    let mut world = World::open();
    while world.session.next_step(&world.procedure.plan).is_some() {
        asks(&mut world, ANA, "SkipStep");
    }
    world
}

/// Two waves of a router each; the first one is being sent.
fn in_waves() -> World {
    let procedure = procedure();
    let routers: Vec<_> = procedure.routers.iter().map(|router| router.id.clone()).collect();
    let rollout = Waves::of_size(&routers, 1, std::time::Duration::from_secs(30));
    let mut world = World::opened(Procedure { rollout, ..procedure });
    asks(&mut world, ANA, ALONE);
    world
}

/// The first wave is verified, and then this.
fn between_waves(steps: &[(Who, &str)]) -> World {
    let mut world = in_waves();
    asks(&mut world, ANA, VERIFIED);
    for (who, label) in steps {
        asks(&mut world, *who, label);
    }
    world
}

/// The first wave did not take it, and nobody can still be sending.
fn wave_failed() -> World {
    let mut world = in_waves();
    let change = world.session.in_flight().unwrap().id();
    let outcome = Outcome::Failed { why: "refused".to_owned() };
    world.does(ANA, Command::NoteOutcome { change, router: "eu-1".into(), attempt: 1, outcome });
    world.time += 60_000;
    world
}

/// The step that it went back from proves its way back.
fn rolled_back() -> World {
    let mut procedure = procedure();
    if let Some(step) = procedure.plan.first_mut() {
        step.prove = Some(flightdeck::domain::procedure::Prove::default());
    }
    let mut world = World::opened(procedure);
    for label in [ALONE, VERIFIED, VERIFIED, "RollBack", VERIFIED, VERIFIED] {
        asks(&mut world, ANA, label);
    }
    world
}

const ACT: &str = "StartAction, the next act of a way back";
const ACT_FAILED: &str = "NoteActionEnded, the next act of a way back, badly";
const SKIP_ACT: &str = "SkipStep, the next act of a way back";

/// The traffic is back, and then this.
fn unwinding(steps: &[(Who, &str)]) -> World {
    let mut world = World::opened(crate::support::unwind::with_acts(procedure()));
    for (who, label) in
        [ALONE, VERIFIED, VERIFIED, "RollBack", VERIFIED, VERIFIED].map(|label| (ANA, label)).iter().chain(steps)
    {
        asks(&mut world, *who, label);
    }
    world
}

fn states() -> Vec<State> {
    let mut unread = World::new(procedure());
    unread.does(ANA, unread.opening(ANA));
    unread.does(RAJ, Command::Join { seat: Seat::Operator, process: RAJ.process() });
    let mut merged = by_hand();
    let spill = (column("MergeSpill").make)(&merged, ANA);
    merged.does(ANA, spill);
    let mut ticked = World::open();
    asks(&mut ticked, ANA, "Tick");
    let state = |name, world| State { name, world };
    vec![
        state("not opened", World::new(procedure())),
        state("routers not read yet", unread),
        state("idle, a shift is next", World::open()),
        state("idle, the next shift holds already", {
            let mut world = World::open();
            for native in world.natives.values_mut() {
                *native = split(0);
            }
            world
        }),
        state("idle, a person's step is next", by_hand()),
        state("idle, an item is ticked", ticked),
        state(
            "idle, a command runs and an item is read",
            after(&[(ANA, "Duty, run its command"), (ANA, "Duty, read")]),
        ),
        state("idle, an incident is declared", after(&[(ANA, "Duty, declare")])),
        state("idle, the plan is over", plan_over()),
        state("controls offered", after(&[(ANA, "Offer")])),
        state("controls asked for", after(&[(RAJ, "AskControls")])),
        state("a request waits", after(&[(ANA, "AskSecond")])),
        state("a request is given", after(&[(ANA, "AskSecond"), (RAJ, "GiveSecond")])),
        state("a run is confirmed", after(&[(RAJ, "ConfirmRun")])),
        state("a change is being sent", after(&[(ANA, ALONE)])),
        state("a change is being sent, controls asked for", after(&[(ANA, ALONE), (RAJ, "AskControls")])),
        state("a change is partly done", partly_done()),
        state("a change was left, unknown", left_unknown()),
        state("a rollback is in flight", after(&[(ANA, ALONE), (ANA, "RollBack")])),
        state("a rollback is verified", rolled_back()),
        state("connections are being ended", {
            let mut world = World::open();
            for native in world.natives.values_mut() {
                *native = split(0);
            }
            asks(&mut world, ANA, "EndConnections");
            world
        }),
        state("a task is being cancelled", after(&[(ANA, ALONE), (RAJ, "CancelTask")])),
        state("actions: one is next", acting(&[])),
        state("actions: one is being started", acting(&[(ANA, "StartAction")])),
        state("actions: one runs", acting(&RUNS)),
        state("actions: one runs, nobody drives", acting(&[RUNS[0], RUNS[1], (ANA, "LeaveSession")])),
        state("actions: whether one runs is not known", acting(&[(ANA, "StartAction"), (ANA, "NoteActionUnknown")])),
        state("actions: one is being cancelled", acting(&[RUNS[0], RUNS[1], (RAJ, "CancelAction")])),
        state("actions: one failed", acting(&[RUNS[0], RUNS[1], (ANA, "NoteActionEnded, badly")])),
        state("actions: one succeeded", acting(&[RUNS[0], RUNS[1], (ANA, "NoteActionEnded, well")])),
        state("way back: its acts are next", unwinding(&[])),
        state("way back: an act runs", unwinding(&[(ANA, ACT)])),
        state("way back: an act failed", unwinding(&[(ANA, ACT), (ANA, ACT_FAILED)])),
        state("way back: a person's act is next", unwinding(&[(ANA, SKIP_ACT), (ANA, SKIP_ACT)])),
        state("a router is left out", after(&[(ANA, "ExcludeRouter")])),
        state("a router is left out of a change", {
            let mut world = partly_done();
            asks(&mut world, ANA, "ExcludeRouter");
            world
        }),
        state("waves: one is being sent", in_waves()),
        state("waves: the next one may go", between_waves(&[])),
        state("waves: one is not whole", wave_failed()),
        state("waves: held between two", between_waves(&[(RAJ, "Hold")])),
        state("waves: nobody drives", between_waves(&[(ANA, "LeaveSession")])),
        state("guards: armed", after(&[(ANA, "ArmGuards")])),
        state("guards: armed, controls offered", after(&[(ANA, "ArmGuards"), (ANA, "Offer")])),
        state("guards: armed, a change is being sent", after(&[(ANA, ALONE), (ANA, "ArmGuards")])),
        state("guards: one rang", after(&[(ANA, ALONE), (ANA, "NoteTripped")])),
        state("guards: one fired", after(&[(ANA, ALONE), (ANA, "ArmGuards"), (ANA, "FireGuard")])),
        state("guards: one was red at the start", after(&[(ANA, "NoteConfessed")])),
        state("a spill was merged", merged),
        state("approvals: one is given", after(&[(RAJ, "Approve")])),
        state("approvals: one is reported", after(&[(RAJ, "ReportApproval")])),
        state("an action's step is next, its version is not resolved", of_a_version(&[])),
        state("an action's step is next, its version is resolved", of_a_version(&[(ANA, "NoteVersion")])),
        state("held", after(&[(RAJ, "Hold")])),
        state("drifted", drifted()),
        state("nobody drives", after(&[(ANA, "LeaveSession")])),
        state("closed", after(&[(ANA, "Close")])),
    ]
}

fn cell(state: &State, who: Who, column: &Column) -> String {
    let command = (column.make)(&state.world, who);
    assert_eq!(name(&command), column.command, "{} makes another command", column.label);
    match state.world.decides(who, command) {
        Ok(events) if events.is_empty() => "·".to_owned(),
        Ok(events) => names(&events).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        Err(refused) => format!("**{}**", refused.rule),
    }
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

fn tables(text: &mut String, states: &[State], who: Who) {
    for group in GROUPS {
        write!(text, "\n### {}: {}\n\n", title(who), group.title.to_lowercase()).unwrap();
        let head = group.columns.iter().map(|column| match column.label.split_once(", ") {
            Some((command, how)) => format!("`{command}` {how}"),
            None => format!("`{}`", column.label),
        });
        text.push_str(&line(std::iter::once("state".to_owned()).chain(head)));
        text.push_str(&line(vec!["---".to_owned(); group.columns.len() + 1]));
        let row = |state: &State| group.columns.iter().map(|column| cell(state, who, column)).collect();
        rows(text, states, row);
    }
}

fn title(who: Who) -> &'static str {
    if who == ANA { "The driver" } else { "The other operator" }
}

/// What an observer may ask; everything else gets one and the same answer in a state, which is checked.
fn observer(text: &mut String, states: &[State]) {
    let may = ["Open", "Join", "LeaveSession", "MergeSpill"];
    text.push_str("\n### An observer\n\n");
    let head = ["state".to_owned()].into_iter().chain(may.map(|label| format!("`{label}`")));
    text.push_str(&line(head.chain(["every other command".to_owned()])));
    text.push_str(&line(vec!["---".to_owned(); may.len() + 2]));
    rows(text, states, |state| {
        let others = columns().filter(|column| !may.contains(&column.label));
        let rest: BTreeSet<String> = others.map(|column| cell(state, EVE, column)).collect();
        assert_eq!(rest.len(), 1, "{}: {rest:?}", state.name);
        may.iter().map(|label| cell(state, EVE, column(label))).chain(rest).collect()
    });
}

/// One row for all states that answer alike; where most do, they stand last as the others.
fn rows(text: &mut String, states: &[State], row: impl Fn(&State) -> Vec<String>) {
    let mut alike: Vec<(Vec<String>, Vec<&str>)> = Vec::new();
    for state in states {
        let cells = row(state);
        match alike.iter_mut().find(|(known, _)| *known == cells) {
            Some((_, names)) => names.push(state.name),
            None => alike.push((cells, vec![state.name])),
        }
    }
    let most = alike.iter().position(|(_, names)| names.len() * 2 > states.len());
    let others = most.map(|index| alike.remove(index));
    for (cells, names) in &alike {
        text.push_str(&line(std::iter::once(names.join("; ")).chain(cells.iter().cloned())));
    }
    if let Some((cells, _)) = others {
        text.push_str(&line(std::iter::once("every other state".to_owned()).chain(cells)));
    }
}

const HEAD: &str = "
# What is decided in each state

Made by asking: every cell is what `decide` gave in that state, and a test holds this page to it. A cell names the events
that are decided; a rule in bold refuses; `·` is nothing to do. Each command is asked as it fits best in the state: about
the request that waits, the change in flight, the next step; the gates hold and every router was read.

The profile of these tables asks two people for a planned shift, the target for a shift off the plan, one key for the
rest. The driver has the controls but where nobody has; the other operator is aboard.
";

fn page() -> String {
    let states = states();
    let mut text = HEAD.to_owned();
    let names: Vec<&str> = states.iter().map(|state| state.name).collect();
    writeln!(text, "\nThe states: {}.", names.join("; ")).unwrap();
    tables(&mut text, &states, ANA);
    tables(&mut text, &states, RAJ);
    observer(&mut text, &states);
    text
}

#[test]
fn the_table_of_the_protocol_page_is_what_is_decided() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/session/table.md");
    let page = page();
    if std::env::var_os("FLIGHTDECK_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    let moved = page.lines().zip(stands.lines()).find(|(is, was)| is != was);
    assert!(
        stands == page,
        "src/session/table.md is not what is decided: look at the difference, then run with FLIGHTDECK_WRITE=1\n{moved:#?}"
    );
}

#[test]
fn every_event_is_decided_somewhere_in_the_table() {
    let states = states();
    let mut found = BTreeSet::new();
    for state in &states {
        for who in [ANA, RAJ, EVE] {
            for column in columns() {
                found.extend(cell(state, who, column).split(", ").map(|name| name.trim_matches('`').to_owned()));
            }
        }
    }
    let missing: Vec<String> = KINDS.iter().map(|kind| camel(kind)).filter(|kind| !found.contains(kind)).collect();
    assert_eq!(missing, Vec::<String>::new(), "no cell decides these");
}
