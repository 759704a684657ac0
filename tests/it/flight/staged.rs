//! What comes between the wish of a stage to go by itself and its place in the journal (R8). The stage before it was
//! confirmed and holds; what is kept meanwhile counts. Each of these was met by the simulation first, or would have been.

use std::time::Duration;

use flightdeck::domain::{BasisPoints, CockpitId, Digest, EntryId, Operator, Signed};
use flightdeck::entry::Entry;
use flightdeck::flight::{Appended, Ask, Msg, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::event::ControlsTaken;
use flightdeck::session::proposal::Gesture;

use crate::support::desk::{Desk, me};
use crate::support::procedure::{blue_green, weights};

/// At blue 90, with a way back to blue 10 in such stages, each of which goes by itself after five seconds.
fn raised(left: &[u32]) -> Desk {
    let mut procedure = blue_green(1);
    procedure.back.ramp = left.iter().copied().map(BasisPoints).collect();
    procedure.back.goes_on = Some(Duration::from_secs(5));
    procedure.plan.truncate(1);
    let mut desk = Desk::open_at(procedure, &[10, 90]);
    shift(&mut desk, 90);
    desk
}

fn shift(desk: &mut Desk, blue: u32) {
    desk.ask(Ask::ProposeShift(weights(&[("blue", blue), ("green", 100 - blue)])));
    type_target(desk);
}

/// Confirms what is proposed by typing its target.
fn type_target(desk: &mut Desk) {
    let proposal = desk.flight.proposing.as_ref().and_then(|proposing| proposing.proposal());
    let typed = proposal.map(flightdeck::session::Proposal::typed_target).unwrap_or_default();
    desk.confirm_by(Gesture::Typed(typed), true, Vec::new());
    desk.pass(500);
}

fn first_stage(desk: &mut Desk) {
    desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
    desk.confirm();
    desk.pass(500);
}

fn split(desk: &mut Desk) -> Vec<u32> {
    desk.router("eu-1").weights.clone()
}

/// The next stage was decided here, and its entry is on its way to a journal that is silent.
fn on_its_way() -> (Desk, Entry) {
    let mut desk = raised(&[5_000, 2_500, 0]);
    first_stage(&mut desk);
    assert_eq!(split(&mut desk), [50, 50]);
    desk.pass(4_000);
    desk.journal_answers = false;
    for _ in 0..20 {
        desk.pass(100);
        if let Some(entry) = desk.unanswered.pop() {
            if entry.events.iter().any(|event| matches!(event, Event::RampStage { .. })) {
                return (desk, entry);
            }
            let (id, answer) = (entry.id, Appended::Kept { hash: Digest::ZERO });
            desk.journal.push(entry);
            desk.tell(Msg::Appended { entry: id, answer });
        }
    }
    panic!("the next stage never went: {:?}", desk.flight.next_stage_waits(desk.now().elapsed));
}

const BEN: CockpitId = CockpitId(uuid::Uuid::from_u128(7));

/// Ben's cockpit was first with these.
fn by_ben(desk: &mut Desk, events: Vec<Event>) -> Entry {
    let entry = Entry {
        session: desk.flight.id,
        number: desk.journal.last().map_or(0, |entry| entry.number) + 1,
        id: EntryId { cockpit: BEN, counter: desk.journal.len().try_into().unwrap() },
        cockpit: BEN,
        actor: Operator::from("ben"),
        at: desk.now().wall,
        epoch: 1,
        events,
    };
    desk.journal.push(entry.clone());
    entry
}

/// The journal answers that something else was kept first.
fn was_first(desk: &mut Desk, stage: &Entry, events: Vec<Event>) {
    let first = by_ben(desk, events);
    desk.journal_answers = true;
    desk.tell(Msg::Appended { entry: stage.id, answer: Appended::Conflict { head: first.number } });
    desk.pass(1_500);
}

fn taken() -> Event {
    Event::ControlsTaken(ControlsTaken { cockpit: BEN, ..me(7, "ben").controls("handed over") })
}

fn stages(desk: &Desk) -> usize {
    desk.events().filter(|event| matches!(event, Event::RampStage { .. })).count()
}

#[test]
fn a_stage_whose_entry_is_kept_first_goes() {
    let (mut desk, stage) = on_its_way();
    desk.journal.push(stage.clone());
    desk.journal_answers = true;
    desk.tell(Msg::Appended { entry: stage.id, answer: Appended::Kept { hash: Digest::ZERO } });
    desk.pass(500);
    assert_eq!(split(&mut desk), [30, 70]);
}

#[test]
fn a_hold_that_was_kept_first_keeps_it_back() {
    let (mut desk, stage) = on_its_way();
    was_first(&mut desk, &stage, vec![Event::Held { reason: "look at this".to_owned() }]);
    desk.pass(20_000);
    assert_eq!((split(&mut desk), stages(&desk)), (vec![50, 50], 1));
    assert!(desk.notices.iter().any(|notice| notice.text.contains("held by ben: look at this")), "it says why");
    desk.ask(Ask::ReleaseHold { reason: "seen".to_owned() });
    desk.pass(3_000);
    assert_eq!(split(&mut desk), [50, 50], "the time between begins anew");
    desk.pass(4_000);
    assert_eq!(split(&mut desk), [30, 70]);
}

#[test]
fn a_hold_that_was_over_before_anybody_looked_begins_the_time_anew() {
    let (mut desk, stage) = on_its_way();
    let held = Event::Held { reason: "look at this".to_owned() };
    was_first(&mut desk, &stage, vec![held, Event::HoldReleased { reason: "seen".to_owned() }]);
    desk.pass(2_000);
    assert_eq!(split(&mut desk), [50, 50]);
    desk.pass(4_000);
    assert_eq!(split(&mut desk), [30, 70]);
}

#[test]
fn controls_that_were_taken_first_are_not_taken_back_by_a_stage() {
    let (mut desk, stage) = on_its_way();
    was_first(&mut desk, &stage, vec![taken()]);
    desk.pass(20_000);
    assert_eq!((split(&mut desk), stages(&desk)), (vec![50, 50], 1));
    assert!(desk.flight.session.drives(BEN));
}

#[test]
fn in_a_later_epoch_the_same_cockpit_goes_on_with_nothing() {
    let (mut desk, stage) = on_its_way();
    let controls = desk.flight.me.controls("handed over");
    was_first(&mut desk, &stage, vec![taken(), Event::ControlsTaken(controls)]);
    assert!(desk.flight.drives());
    desk.pass(20_000);
    assert_eq!((split(&mut desk), stages(&desk)), (vec![50, 50], 1));
}

#[test]
fn nothing_goes_by_itself_beside_the_journal() {
    let (mut desk, stage) = on_its_way();
    desk.tell(Msg::Appended { entry: stage.id, answer: Appended::Unavailable { why: "away".to_owned() } });
    desk.pass(20_000);
    assert_eq!(split(&mut desk), [50, 50], "nobody knows whether somebody said otherwise");
    assert!(desk.flight.spill.is_none());
    assert!(desk.notices.iter().any(|notice| notice.text.contains("the journal does not answer")), "it says why");
    desk.journal_answers = true;
    desk.unanswered.clear();
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(3_000);
    assert_eq!(split(&mut desk), [10, 90], "at once is a person's, and goes");
}

#[test]
fn a_profile_that_is_not_flown_here_lets_nothing_go() {
    let (mut desk, stage) = on_its_way();
    let reloaded = Event::ProfileReloaded {
        files: Vec::new(),
        digest: Digest([8; 32]),
        second: flightdeck::session::second::Second::NotAsked,
        signed: None,
    };
    was_first(&mut desk, &stage, vec![reloaded]);
    desk.pass(20_000);
    assert_eq!((split(&mut desk), stages(&desk)), (vec![50, 50], 1));
}

#[test]
fn what_was_typed_and_signed_for_one_stage_is_neither_for_the_next() {
    let mut desk = raised(&[5_000, 0]);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
    type_target(&mut desk);
    let change = desk.flight.session.changes.last().map(|change| change.id()).unwrap();
    let signed = Signed { statement: "the first stage".to_owned(), signature: String::new() };
    let entry = by_ben(&mut desk, vec![Event::RollbackSigned { change, signed }]);
    desk.tell(Msg::Followed { entries: vec![(entry, Digest::ZERO)], is_tail: true });
    desk.pass(7_000);
    assert_eq!(split(&mut desk), [10, 90]);
    let confirmation = desk.flight.session.changes.last().map(|change| change.confirmed.confirmation.clone()).unwrap();
    assert_eq!((confirmation.gesture, confirmation.signed), (Gesture::Key, None));
}

#[test]
fn no_way_back_begins_anew_while_a_stage_is_on_its_way() {
    let mut desk = raised(&[5_000, 2_500, 0]);
    desk.router("eu-1").stopped = true;
    first_stage(&mut desk);
    assert!(!desk.flight.ways_back().contains(&WayBackChoice::Ramp));
    desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
    assert!(desk.said().contains("stage 1 of 3 is on its way") && desk.said().contains("R8"), "{}", desk.said());
    assert!(desk.flight.proposing.is_none());
}

#[test]
fn a_stage_too_small_to_change_a_weight_does_not_end_the_way() {
    let mut desk = raised(&[5_000, 4_999, 0]);
    shift(&mut desk, 10);
    shift(&mut desk, 20);
    for (stage, blue) in [(1, 15), (2, 15), (3, 10)] {
        desk.ask(Ask::ProposeRollback(WayBackChoice::Ramp));
        desk.confirm();
        desk.pass(500);
        assert_eq!((stages(&desk), split(&mut desk)[0]), (stage, blue), "{}", desk.said());
    }
}
