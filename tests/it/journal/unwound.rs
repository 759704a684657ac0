//! What was added to format 1 with the acts of a way back, and with routers that are left out of the plan.

use flightdeck::domain::action::{Acting, ActionEnd};
use flightdeck::domain::{ChangeId, Timestamp};
use flightdeck::entry::{Entry, History};
use flightdeck::session::Event;
use flightdeck::session::action::ActionStarting;
use flightdeck::session::event::StepMark;
use flightdeck::session::proposal::{Confirmation, Gesture};
use flightdeck::session::second::Second;
use flightdeck::session::unwind::{RollbackActMarked, RouterExcluded};

use super::{golden, told};

fn marked(act: &str, name: &str, mark: StepMark, reopens: &[&str]) -> Event {
    let reopens = reopens.iter().map(|step| (*step).into()).collect();
    Event::RollbackActMarked(Box::new(RollbackActMarked { act: act.into(), name: name.to_owned(), mark, reopens }))
}

/// A router that was left out and came back, and a way back of three acts: skipped, left as it failed, done by a person.
pub fn unwound() -> Vec<Entry> {
    let id = told::session(1);
    let opening = told::opening(id, "bridge", "prod");
    let cockpit = opening.cockpit;
    let run = ChangeId { cockpit, counter: 7 };
    let excluded = RouterExcluded { router: "eu-2".into(), reason: "its host is gone".to_owned(), change: None };
    let starting = ActionStarting {
        act: run,
        step: "rollback-previous-release".into(),
        action: "previous-release".into(),
        pool: "blue".into(),
        key: Acting::key_of(run),
        requests: vec!["POST https://deploy.example.net/deployments".to_owned()],
        differences: vec!["version: 2.5.0 → 2.4.0".to_owned()],
        gates: Vec::new(),
        overrides: Vec::new(),
        confirmation: Confirmation::new(Gesture::Key, true),
        second: Second::NotAsked,
        owner: cockpit,
        epoch: 1,
        deadline: Timestamp(opening.at.0 + 30_000),
        unwinds: true,
    };
    let end = ActionEnd::Failed { why: "exit code 1".to_owned() };
    let log = vec!["no such image".to_owned()];
    let skipped = StepMark::Skipped { reason: "nothing scales here".to_owned() };
    let left = StepMark::LeftFailed { act: run, why: "failed: exit code 1".to_owned() };
    let done = StepMark::Done { gates: Vec::new(), overrides: Vec::new(), second: Second::NotAsked, signed: None };
    let events = [
        Event::RouterExcluded(Box::new(excluded)),
        marked("rollback-suspend-scaling", "Suspend scaling", skipped, &[]),
        Event::ActionStarting(Box::new(starting)),
        Event::ActionEnded { act: run, action: "previous-release".into(), end, log },
        marked("rollback-previous-release", "Previous release to blue", left, &[]),
        marked("rollback-tell-the-channel", "Tell the channel", done, &["deploy-to-blue"]),
        Event::RouterIncluded { router: "eu-2".into() },
    ];
    let mut entries = vec![opening.clone()];
    for (number, event) in (2..).zip(events) {
        let counter = u32::try_from(number).unwrap();
        let at = Timestamp(opening.at.0 + i64::from(counter) * 10_000);
        entries.push(Entry { at, events: vec![event], ..told::note(id, number, cockpit, counter) });
    }
    entries
}

#[test]
fn a_router_that_came_back_is_not_left_out_and_each_act_is_over() {
    let session = History { entries: golden::entries("unwinding"), broken: None }.fold();
    assert!(session.excluded.is_empty(), "it was taken in again");
    let over = session.unwinding.expect("a way back was flown").over;
    assert_eq!(over.len(), 3);
}

#[test]
fn the_record_tells_each_act_and_what_was_left_out() {
    let history = History { entries: golden::entries("unwinding"), broken: None };
    let told = flightdeck::record::markdown(&history, None).replace('\\', "");
    for part in [
        "LEFT eu-2 OUT of the plan",
        "its host is gone",
        "skipped Suspend scaling, of the way back",
        "started previous-release of the way back",
        "went on after Previous release to blue, of the way back",
        "exit code 1",
        "did Tell the channel, of the way back",
        "took eu-2 into the plan again",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}
