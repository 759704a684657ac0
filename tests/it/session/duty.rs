//! Items beside their ticks, and calling people (I1 to I4).

use std::collections::BTreeSet;
use std::time::Duration;

use flightdeck::domain::duty::{CommandEnd, Proof, Wait, WaitFrom};
use flightdeck::domain::{ChangeId, ItemId, Refused};
use flightdeck::session::duty::Duty;
use flightdeck::session::item::{Calling, ItemRun, Reading};
use flightdeck::session::proposal::{Confirmation, Gesture};
use flightdeck::session::{Command, Event};

use super::world::{ANA, EVE, RAJ, Who, World, procedure};

const HEALTH: &str = "deploy/health";
const CHANNEL: &str = "deploy/channel";

fn rule(decided: Result<Vec<Event>, Refused>) -> String {
    decided.map_or_else(|refused| refused.rule.clone(), |events| format!("{} events", events.len()))
}

fn duty(duty: Duty) -> Command {
    Command::Duty(Box::new(duty))
}

fn tick(item: &str) -> Command {
    Command::Tick { item: item.into() }
}

fn despite(item: &str, reason: &str) -> Command {
    duty(Duty::TickDespite { item: item.into(), reason: reason.to_owned() })
}

fn run(counter: u32) -> ChangeId {
    ChangeId { cockpit: ANA.cockpit(), counter }
}

fn runs(world: &World, counter: u32) -> Command {
    duty(Duty::Run {
        run: run(counter),
        item: CHANNEL.into(),
        command: "true".to_owned(),
        shell: world.procedure.shell.as_ref().map(|shell| shell.words.clone()).unwrap_or_default(),
        directory: "/srv".to_owned(),
        confirmation: Confirmation::new(Gesture::Key, true),
    })
}

fn note_end(counter: u32, end: CommandEnd) -> Command {
    duty(Duty::NoteEnded { run: run(counter), end, took_ms: 5, lines: vec!["done".to_owned()], dropped: 0 })
}

/// Health comes after the channel.
fn ordered() -> World {
    let mut procedure = procedure();
    for item in &mut procedure.checklist.sections[0].items {
        item.rules.wait = None;
        if item.id == ItemId::new(HEALTH) {
            item.rules.after = vec![CHANNEL.into()];
        }
    }
    World::opened(procedure)
}

#[test]
fn out_of_its_order_an_item_is_ticked_only_with_a_reason_that_the_tick_keeps() {
    let mut world = ordered();
    let refused = world.decides(RAJ, tick(HEALTH)).unwrap_err();
    assert_eq!(refused.rule, "I1");
    assert!(refused.why.contains("comes after \"Channel told\""), "{}", refused.why);
    assert_eq!(rule(world.decides(RAJ, despite(HEALTH, "  "))), "F4", "a reason says something");
    world.does(RAJ, despite(HEALTH, "the channel is down"));
    let tick_of = world.session.ticks.get(&ItemId::new(HEALTH)).unwrap();
    let kept = tick_of.what.despite.clone().unwrap();
    assert_eq!((kept.reason.as_str(), tick_of.by.as_str()), ("the channel is down", "raj"));
    // In its order nothing is overridden, whatever reason is given.
    let mut world = ordered();
    world.does(ANA, tick(CHANNEL));
    world.does(ANA, despite(HEALTH, "no need"));
    assert_eq!(world.session.ticks.get(&ItemId::new(HEALTH)).unwrap().what.despite, None);
}

#[test]
fn a_time_counts_from_a_tick_a_key_or_a_step_and_holds_the_tick_back_until_it_is_over() {
    let mut procedure = procedure();
    for item in &mut procedure.checklist.sections[0].items {
        if item.id == ItemId::new(HEALTH) {
            item.rules.wait = Some(Wait { span: Duration::from_mins(1), from: WaitFrom::Item(CHANNEL.into()) });
        }
    }
    let mut world = World::opened(procedure);
    assert_eq!(rule(world.decides(ANA, tick(HEALTH))), "I1", "it has not begun");
    let by_key = |item: &str| duty(Duty::Wait { item: item.into() });
    assert_eq!(rule(world.decides(ANA, by_key(HEALTH))), "I1", "it begins by a tick, and by no key");
    assert_eq!(rule(world.decides(ANA, tick(CHANNEL))), "I1", "its own time is begun by a key");
    world.does(ANA, by_key(CHANNEL));
    assert_eq!(rule(world.decides(ANA, by_key(CHANNEL))), "I1", "it runs");
    world.time += 899_000;
    assert_eq!(rule(world.decides(ANA, tick(CHANNEL))), "I1");
    world.time += 2_000;
    world.does(ANA, tick(CHANNEL));
    assert_eq!(rule(world.decides(ANA, tick(HEALTH))), "I1");
    world.time += 60_000;
    world.does(ANA, tick(HEALTH));
    // Taken back, the time that a key began begins anew.
    world.does(ANA, Command::Untick { item: CHANNEL.into() });
    assert_eq!(rule(world.decides(ANA, tick(CHANNEL))), "I1");
}

#[test]
fn a_command_runs_as_it_was_shown_once_at_a_time_and_only_where_the_profile_names_a_shell() {
    let mut world = World::open();
    let Command::Duty(asked) = runs(&world, 1) else { panic!("a duty") };
    let Duty::Run { run, item, shell, directory, confirmation, .. } = *asked else { panic!("a run") };
    let other = Duty::Run { run, item, command: "rm -rf /".to_owned(), shell, directory, confirmation };
    assert_eq!(rule(world.decides(ANA, duty(other))), "I2", "no item has that command");
    world.does(RAJ, runs(&world, 1));
    assert_eq!(rule(world.decides(ANA, runs(&world, 2))), "I2", "one runs");
    assert!(!world.session.ticks.contains_key(&ItemId::new(CHANNEL)));
    world.does(RAJ, note_end(1, CommandEnd::Exited { code: 0 }));
    assert!(!world.session.ticks.contains_key(&ItemId::new(CHANNEL)), "nothing ticks by itself");
    assert_eq!(rule(world.decides(ANA, note_end(1, CommandEnd::TimedOut))), "0 events", "it is over");
    world.does(ANA, runs(&world, 2));
    let mut none = procedure();
    none.shell = None;
    let none = World::opened(none);
    assert_eq!(rule(none.decides(ANA, runs(&world, 1))), "I2");
    let unseen = |confirmation: &mut Confirmation| confirmation.seen = false;
    let Command::Duty(mut asked) = runs(&world, 3) else { panic!("a duty") };
    if let Duty::Run { confirmation, .. } = &mut *asked {
        unseen(confirmation);
    }
    let fresh = World::open();
    assert_eq!(rule(fresh.decides(ANA, Command::Duty(asked))), "F2");
}

#[test]
fn any_operator_cancels_a_command_and_it_ends_with_its_cockpit() {
    let mut world = World::open();
    world.does(RAJ, runs(&world, 1));
    let stop = || duty(Duty::Stop { run: run(1) });
    assert_eq!(rule(world.decides(EVE, stop())), "C2");
    world.does(ANA, stop());
    assert_eq!(rule(world.decides(ANA, stop())), "I2", "it is being cancelled");
    world.does(RAJ, Command::LeaveSession { why: "quit".to_owned() });
    let ended = world.session.duties.run(run(1)).unwrap().ended.clone().unwrap().1;
    assert_eq!(ended.end, CommandEnd::CockpitGone);
    // A cockpit that was taken for gone knows better.
    world.does(ANA, note_end(1, CommandEnd::Exited { code: 3 }));
    let ended = world.session.duties.run(run(1)).unwrap().ended.clone().unwrap().1;
    assert_eq!(ended.end, CommandEnd::Exited { code: 3 });
}

#[test]
fn who_takes_the_controls_of_a_process_that_is_gone_tells_its_commands_as_ended_with_it() {
    let mut world = World::open();
    world.does(ANA, runs(&world, 1));
    let events = world
        .decides(
            RAJ,
            Command::TakeBack { controls: RAJ.controls("the process before is gone"), gone: Some(ANA.cockpit()) },
        )
        .unwrap();
    let gone = events.iter().any(|event| match event {
        Event::ItemRun(run) => matches!(&**run, ItemRun::Ended(ended) if ended.end == CommandEnd::CockpitGone),
        _ => false,
    });
    assert!(gone, "{events:?}");
}

#[test]
fn that_a_command_ended_with_its_cockpit_is_told_once_whoever_learns_it() {
    let mut world = World::open();
    world.does(RAJ, runs(&world, 1));
    world.does(RAJ, Command::LeaveSession { why: "quit".to_owned() });
    assert_eq!(rule(world.decides(ANA, note_end(1, CommandEnd::CockpitGone))), "0 events", "its leaving says so");
    assert_eq!(rule(world.decides(ANA, note_end(1, CommandEnd::TimedOut))), "1 events", "its own word is better");
}

fn read(item: &str) -> Command {
    duty(Duty::Read { item: item.into() })
}

fn answer(world: &World, item: &str, not_so: Option<&str>, present: &[Who]) -> Command {
    let reading = world.session.duties.reading.as_ref().map_or(0, |reading| reading.entry);
    let present: BTreeSet<_> = present.iter().map(|who| who.cockpit()).collect();
    duty(Duty::Answer { item: item.into(), reading, not_so: not_so.map(str::to_owned), present })
}

#[test]
fn the_driver_reads_another_operator_answers_and_the_tick_has_both_names() {
    let mut world = ordered();
    assert_eq!(rule(world.decides(RAJ, read(CHANNEL))), "C2", "the driver reads");
    world.does(ANA, read(CHANNEL));
    assert_eq!(rule(world.decides(ANA, answer(&world, CHANNEL, None, &[RAJ]))), "I3", "raj is there");
    assert_eq!(rule(world.decides(RAJ, answer(&world, HEALTH, None, &[ANA]))), "I3", "another item is read");
    let stale = answer(&world, CHANNEL, None, &[ANA]);
    world.does(ANA, read(HEALTH));
    world.does(ANA, read(CHANNEL));
    assert_eq!(rule(world.decides(RAJ, stale)), "I3", "it was read again since");
    world.does(RAJ, answer(&world, CHANNEL, None, &[ANA]));
    let tick = world.session.ticks.get(&ItemId::new(CHANNEL)).unwrap();
    let read_by = tick.what.read.clone().unwrap();
    assert_eq!((tick.by.as_str(), read_by.by.as_str(), read_by.one_cockpit), ("raj", "ana", false));
    assert_eq!(world.session.duties.reading, None);
    assert_eq!(rule(world.decides(ANA, read(CHANNEL))), "I3", "it is ticked");
}

#[test]
fn not_so_leaves_the_item_open_with_a_word_and_one_alone_answers_for_both_and_that_is_told() {
    let mut world = ordered();
    world.does(ANA, read(CHANNEL));
    assert_eq!(rule(world.decides(RAJ, answer(&world, CHANNEL, Some(" "), &[ANA]))), "F4");
    world.does(RAJ, answer(&world, CHANNEL, Some("nobody was told"), &[ANA]));
    assert!(!world.session.ticks.contains_key(&ItemId::new(CHANNEL)));
    assert_eq!(world.session.duties.not_so.get(&ItemId::new(CHANNEL)).unwrap().what, "nobody was told");
    world.does(ANA, read(CHANNEL));
    world.does(ANA, answer(&world, CHANNEL, None, &[]));
    let read_by = world.session.ticks.get(&ItemId::new(CHANNEL)).unwrap().what.read.clone().unwrap();
    assert!(read_by.one_cockpit);
    assert!(world.session.duties.not_so.is_empty(), "the tick answers it");
    // What is read is bound by the order as every tick is.
    let mut world = ordered();
    world.does(ANA, read(HEALTH));
    assert_eq!(rule(world.decides(RAJ, answer(&world, HEALTH, None, &[ANA]))), "I1");
}

#[test]
fn evidence_is_a_note_an_address_or_lines_and_never_nothing() {
    let mut world = World::open();
    let attach = |proof| duty(Duty::Attach { item: HEALTH.into(), proof });
    let nothing = Proof::Lines { source: "app".into(), lines: Vec::new() };
    assert_eq!(rule(world.decides(ANA, attach(nothing))), "J6");
    world.does(RAJ, attach(Proof::typed("https://ci.example.net/7")));
    world.does(ANA, attach(Proof::Lines { source: "app".into(), lines: vec!["a line".to_owned()] }));
    let kept: Vec<String> =
        world.session.duties.proofs[&ItemId::new(HEALTH)].iter().map(|proof| proof.what.words()).collect();
    assert_eq!(kept, ["https://ci.example.net/7", "app: a line"]);
}

#[test]
fn an_incident_is_declared_once_and_calls_are_of_contacts_that_the_profile_names() {
    let mut world = World::open();
    let call = |contact: &str| duty(Duty::Call { contact: contact.to_owned(), answered: false });
    assert_eq!(rule(world.decides(RAJ, duty(Duty::CallOff))), "I4");
    world.does(RAJ, duty(Duty::Declare { what: "errors at 4 %".to_owned() }));
    assert_eq!(rule(world.decides(ANA, duty(Duty::Declare { what: "again".to_owned() }))), "I4");
    assert_eq!(rule(world.decides(ANA, call("Somebody else"))), "I4");
    world.does(ANA, call("On-call engineer"));
    assert!(!world.session.duties.call_of("On-call engineer").unwrap().what.1);
    world.does(ANA, duty(Duty::CallOff));
    assert_eq!(world.session.duties.incident, None);
    assert!(world.session.duties.call_of("On-call engineer").is_some(), "what was done stays");
}

#[test]
fn nothing_of_this_voids_a_proposal() {
    let mut world = World::open();
    let before = world.session.revision;
    world.does(ANA, runs(&world, 1));
    world.does(ANA, read(HEALTH));
    world.does(ANA, duty(Duty::Declare { what: "errors".to_owned() }));
    assert_eq!(world.session.revision, before);
    let told = world.entries.iter().flat_map(|entry| &entry.events);
    let told = told.filter(|event| match event {
        Event::ItemRead(reading) => matches!(**reading, Reading::Read { .. }),
        Event::Calling(calling) => matches!(**calling, Calling::Declared { .. }),
        _ => false,
    });
    assert_eq!(told.count(), 2);
}
