//! Commands of items: begun once their intent is kept, by the process that confirmed them, ended where somebody wants that.

use flightdeck::domain::duty::CommandEnd;
use flightdeck::domain::{Digest, ItemId};
use flightdeck::flight::duty::Confirmed;
use flightdeck::flight::{Appended, Ask, Msg};
use flightdeck::session::Event;
use flightdeck::session::duty::Duty;
use flightdeck::session::item::ItemRun;
use flightdeck::session::proposal::{Confirmation, Gesture};

use crate::support::desk::Desk;
use crate::support::duty::{LOG, ended, with_duties};
use crate::support::scene::payments;

fn desk() -> Desk {
    Desk::open(with_duties(payments()))
}

fn run(desk: &mut Desk) {
    let command = desk.flight.procedure.checklist.item(&ItemId::new(LOG)).unwrap().commands[0].text.clone();
    desk.ask(Ask::RunCommand(Box::new(Confirmed {
        item: LOG.into(),
        command,
        directory: "/srv/deploy".to_owned(),
        confirmation: Confirmation::new(Gesture::Key, true),
    })));
}

fn told(desk: &Desk) -> Vec<String> {
    let told = desk.events().filter_map(|event| match event {
        Event::ItemRun(run) => Some(match &**run {
            ItemRun::Starting(_) => "starting".to_owned(),
            ItemRun::Stopping { .. } => "stopping".to_owned(),
            ItemRun::Ended(ended) => ended.end.words(),
        }),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_command_is_begun_once_its_intent_is_kept_exactly_as_it_is_written() {
    let mut desk = desk();
    desk.journal_answers = false;
    run(&mut desk);
    desk.pass(500);
    assert!(desk.commands.is_empty(), "its intent is not kept yet");
    desk.journal_answers = true;
    let intent = desk.unanswered.remove(0);
    desk.journal.push(intent.clone());
    desk.tell(Msg::Appended { entry: intent.id, answer: Appended::Kept { hash: Digest::ZERO } });
    let begun = match desk.commands.as_slice() {
        [one] => one.clone(),
        other => panic!("{other:?}: {}", desk.said()),
    };
    assert_eq!(begun.command, "./smoke.sh blue\necho \"$?\"");
    assert_eq!(begun.shell, ["/bin/bash", "-euo", "pipefail", "-c"]);
    let end = ended(&begun, CommandEnd::Exited { code: 1 }, &["no route"]);
    desk.tell(Msg::CommandEnded(Box::new(end)));
    assert_eq!(told(&desk), ["starting", "exit 1"]);
    let run = desk.flight.session.duties.run_of(&ItemId::new(LOG)).unwrap();
    assert_eq!(run.ended.as_ref().unwrap().1.lines, ["no route"]);
    assert!(desk.flight.session.ticks.is_empty(), "nothing ticks by itself");
}

#[test]
fn cancelling_ends_it_here_and_its_end_is_told() {
    let mut desk = desk();
    run(&mut desk);
    let begun = desk.commands[0].clone();
    desk.ask(Ask::Duty(Box::new(Duty::Stop { run: begun.run })));
    assert_eq!(desk.stopped, [begun.run]);
    desk.tell(Msg::CommandEnded(Box::new(ended(&begun, CommandEnd::Cancelled, &[]))));
    assert_eq!(told(&desk), ["starting", "stopping", "cancelled"]);
}

#[test]
fn another_process_never_begins_it_and_tells_it_as_ended_with_the_one_that_is_gone() {
    let mut desk = desk();
    run(&mut desk);
    let begun = desk.commands.len();
    desk.crash();
    desk.pass(2_000);
    assert_eq!(desk.commands.len(), begun, "it runs nowhere else");
    assert_eq!(told(&desk), ["starting", "ended with the cockpit in which it ran"]);
}
