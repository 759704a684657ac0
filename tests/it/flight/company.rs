//! What goes wrong between cockpits: each of these was met by the simulation first.

use std::sync::Arc;

use flightdeck::domain::{Digest, Elapsed, Now, Outcome, Timestamp};
use flightdeck::flight::{Appended, Ask, Effect, Flight, Msg, WayBackChoice};
use flightdeck::session::event::{ChangeKind, Settlement};
use flightdeck::session::proposal::{Confirmation, Gesture};
use flightdeck::session::{Event, Session};

use crate::support::desk::{Desk, me};
use crate::support::procedure::blue_green;

#[test]
fn who_watches_a_rollback_does_not_send_it_again() {
    let mut desk = flown_once();
    let mut watcher = companion(&desk, 7, "ben");
    desk.router("eu-1").stopped = true;
    roll_back(&mut desk);
    catch_up(&mut desk, &mut watcher);
    let reads: Vec<u64> = (0..4)
        .flat_map(|second| {
            let effects = watcher.update(at(&desk, 1_000 + second * 1_000), Msg::Tick);
            effects.into_iter().filter_map(|effect| match effect {
                Effect::Read { poll, .. } => Some(poll),
                _ => None,
            })
        })
        .collect();
    let reading = desk.router("eu-1").read(5_000);
    let mut sent = 0;
    for (index, poll) in reads.into_iter().enumerate() {
        let now = at(&desk, 1_100 + u64::try_from(index).unwrap() * 500);
        let msg = Msg::RouterRead { router: "eu-1".into(), poll, began: now, result: Ok(reading.clone()) };
        sent += watcher.update(now, msg).iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
    }
    assert_eq!(sent, 0, "only the cockpit that appended an intent sends it (C4)");
}

#[test]
fn a_claim_that_a_process_is_gone_is_about_that_process_alone() {
    let desk = flown_once();
    let mut late = companion(&desk, 7, "ana");
    let controls = late.me.controls("the process before is gone");
    let asked = late.update(at(&desk, 0), Msg::Ask(Ask::Resume { controls, holder_gone: true }));
    let entry = appended(&asked).expect("it takes the controls from a process that is gone");
    // Another one of the same host was first.
    let mut other = companion(&desk, 8, "ana");
    let controls = other.me.controls("the process before is gone");
    let first = other.update(at(&desk, 0), Msg::Ask(Ask::Resume { controls, holder_gone: true }));
    let first = appended(&first).expect("so does the other");
    late.update(at(&desk, 10), Msg::Appended { entry: entry.id, answer: Appended::Conflict { head: first.number } });
    let again = late.update(
        at(&desk, 20),
        Msg::Followed { entries: vec![(first.clone(), flightdeck::domain::Digest::ZERO)], is_tail: true },
    );
    assert!(appended(&again).is_none(), "the holder now is alive, whatever was found out about the one before (C4)");
    assert_eq!(late.session.controls.as_ref().map(|held| held.holder.cockpit), Some(other.me.cockpit));
}

#[test]
fn what_waited_for_its_turn_is_decided_by_what_is_known_then() {
    let mut desk = flown_once();
    desk.ask(Ask::ProposeShift(crate::support::procedure::weights(&[("blue", 40), ("green", 60)])));
    desk.journal_answers = false;
    desk.ask(Ask::Note("on its way".to_owned()));
    let text = desk
        .flight
        .proposing
        .as_ref()
        .and_then(|each| each.proposal())
        .map(flightdeck::session::Proposal::typed_target);
    desk.confirm_by(Gesture::Typed(text.unwrap()), true, overrides(&desk));
    // The confirmation waits behind the note; meanwhile somebody moves the router.
    desk.router("eu-1").weights = vec![77, 23];
    desk.pass(1_500);
    desk.journal_answers = true;
    let note = desk.unanswered.remove(0);
    desk.journal.push(note.clone());
    desk.tell(Msg::Appended { entry: note.id, answer: Appended::Kept { hash: Digest::ZERO } });
    let confirmed = desk.events().filter(|event| matches!(event, Event::ChangeConfirmed(_))).count();
    assert_eq!(confirmed, 1, "nothing is confirmed on readings from before (B3): {}", desk.said());
}

#[test]
fn a_change_that_lost_to_a_rollback_beside_the_journal_is_not_sent_when_it_turns_out_to_be_kept() {
    let mut desk = flown_once();
    desk.ask(Ask::ProposeShift(crate::support::procedure::weights(&[("blue", 40), ("green", 60)])));
    desk.journal_answers = false;
    let text = desk
        .flight
        .proposing
        .as_ref()
        .and_then(|each| each.proposal())
        .map(flightdeck::session::Proposal::typed_target);
    desk.confirm_by(Gesture::Typed(text.unwrap()), true, overrides(&desk));
    let intent = desk.unanswered.remove(0);
    roll_back(&mut desk);
    desk.pass(1_500);
    let sent = desk.sent.len();
    desk.journal_answers = true;
    desk.journal.push(intent.clone());
    desk.tell(Msg::Appended { entry: intent.id, answer: Appended::Kept { hash: Digest::ZERO } });
    desk.pass(1_000);
    assert_eq!(desk.sent.len(), sent, "what is unsent stays unsent (R4): {:?}", desk.sent);
    let lost = desk.flight.session.changes.iter().find(|change| change.confirmed.kind == ChangeKind::OffPlan);
    assert!(matches!(lost.unwrap().settled, Some((_, Settlement::Superseded { .. }))));
}

#[test]
fn what_was_read_back_is_not_taken_back_by_a_late_answer() {
    let mut desk = flown_once();
    desk.router("eu-1").stopped = true;
    roll_back(&mut desk);
    let change = desk.flight.session.in_flight().expect("a rollback is in flight").id();
    let verified = Event::RouterAnswered { change, router: "eu-1".into(), attempt: 1, outcome: Outcome::Verified };
    let stamp = desk.journal.last().unwrap().stamp();
    let mut session = desk.flight.session.clone();
    let number = stamp.number + 1;
    session.apply_entry(&flightdeck::session::Stamp { number, ..stamp }, &[verified]);
    desk.flight.session = session;
    let late = Outcome::Unknown { why: "no answer".to_owned() };
    desk.tell(Msg::SetAnswered { change, router: "eu-1".into(), attempt: 1, outcome: late });
    let known = desk.flight.session.change(change).and_then(|change| change.outcomes.get(&"eu-1".into()).cloned());
    assert_eq!(known.and_then(|known| known.outcome), Some(Outcome::Verified));
}

fn flown_once() -> Desk {
    let mut desk = Desk::open(blue_green(1));
    desk.shift();
    desk.pass(2_000);
    desk
}

fn overrides(desk: &Desk) -> Vec<flightdeck::session::proposal::Override> {
    let open = desk.flight.gates(desk.now()).into_iter();
    let open = open.filter(|report| report.state != flightdeck::session::proposal::GateState::Holds);
    open.map(|report| flightdeck::session::proposal::Override { gate: report.gate, reason: "known".to_owned() })
        .collect()
}

fn roll_back(desk: &mut Desk) {
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.ask(Ask::Confirm { confirmation: Confirmation::new(Gesture::Key, true), overrides: Vec::new() });
}

/// Another cockpit on the same journal.
fn companion(desk: &Desk, number: u128, name: &str) -> Flight {
    let mut session = Session::default();
    for entry in &desk.journal {
        session.apply_entry(&entry.stamp(), &entry.events);
    }
    Flight::new(me(number, name), desk.flight.id, session, Arc::clone(&desk.flight.procedure))
}

fn catch_up(desk: &mut Desk, flight: &mut Flight) {
    let entries = desk.journal.iter().map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO)).collect();
    flight.update(at(desk, 0), Msg::Followed { entries, is_tail: false });
}

fn appended(effects: &[Effect]) -> Option<flightdeck::entry::Entry> {
    effects.iter().find_map(|effect| match effect {
        Effect::Append(entry) => Some((**entry).clone()),
        _ => None,
    })
}

fn at(desk: &Desk, later: u64) -> Now {
    let now = desk.now();
    let wall = Timestamp(now.wall.0 + i64::try_from(later).unwrap());
    Now { wall, elapsed: Elapsed(now.elapsed.0 + later) }
}
