//! Telling people outside: by exactly one cockpit, of what is kept, in order, and never in the way of anything.

use flightdeck::domain::notify::{Notified, NotifySpec, Occasion, TellOutcome};
use flightdeck::domain::procedure::Procedure;
use flightdeck::flight::{Ask, Effect, Msg, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::proposal::{Confirmation, Gesture};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn notified(outcome: TellOutcome, words: &str) -> Notified {
    Notified { outcome, words: words.to_owned(), reference: None }
}

/// Two routers, and a notifier that is told of everything.
fn told_of_everything() -> Procedure {
    let mut procedure = blue_green(2);
    procedure.notifiers = vec![NotifySpec { id: "team".into(), kind: "slack".to_owned(), on: Occasion::ALL.to_vec() }];
    procedure
}

/// A desk whose notifier takes everything.
fn desk() -> Desk {
    Desk::open_with(told_of_everything(), |desk| desk.told = Some(notified(TellOutcome::Told, "taken")))
}

fn occasions(desk: &Desk) -> Vec<&'static str> {
    desk.tellings.iter().map(|each| each.news.occasion.word()).collect()
}

#[test]
fn a_flight_is_told_in_its_order_with_its_facts() {
    let mut desk = desk();
    desk.shift();
    desk.pass(1_000);
    desk.ask(Ask::Hold { reason: "look at the errors".to_owned() });
    desk.ask(Ask::ReleaseHold { reason: "they are old".to_owned() });
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(1_000);
    desk.ask(Ask::Close { outcome: "rolled back".to_owned() });
    let told: Vec<&str> = occasions(&desk).into_iter().filter(|word| *word != "drained").collect();
    assert_eq!(told, ["opened", "shift", "verified", "held", "released", "rolling-back", "rolled-back", "closed"]);
    let of = |occasion| &desk.tellings.iter().find(|each| each.news.occasion == occasion).unwrap().news;
    let shift = of(Occasion::Shift);
    assert_eq!((shift.step.as_str(), shift.weights.as_str()), ("Drain blue", "blue 0 %, green 100 %"));
    assert_eq!((shift.from.as_str(), shift.to.as_str(), shift.who.as_str()), ("2.4.0", "2.5.0", "ana"));
    assert_eq!(of(Occasion::Held).why, "look at the errors");
    assert_eq!(of(Occasion::RolledBack).weights, "blue 50 %, green 50 %");
    assert_eq!(of(Occasion::Closed).why, "rolled back");
}

#[test]
fn a_key_names_session_entry_and_notifier_and_none_comes_twice() {
    let mut desk = desk();
    desk.shift();
    desk.pass(1_000);
    let mut keys: Vec<&str> = desk.tellings.iter().map(|each| each.key.as_str()).collect();
    let shift = desk.tellings.iter().find(|each| each.news.occasion == Occasion::Shift).unwrap();
    assert_eq!(shift.key, format!("{}/{}.1/team", desk.flight.id, shift.news.entry));
    let said = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), said);
}

#[test]
fn nothing_is_told_before_its_entry_is_kept() {
    let mut desk = desk();
    desk.journal_answers = false;
    let before = desk.tellings.len();
    desk.ask(Ask::Hold { reason: "wait".to_owned() });
    desk.pass(1_000);
    assert_eq!(desk.tellings.len(), before, "{:?}", occasions(&desk));
    desk.journal_answers = true;
    let entries = std::mem::take(&mut desk.unanswered);
    for entry in entries {
        desk.journal.push(entry.clone());
        let entries = vec![(entry, flightdeck::domain::Digest::ZERO)];
        desk.tell(Msg::Followed { entries, is_tail: false });
    }
    assert_eq!(occasions(&desk).last(), Some(&"held"));
}

#[test]
fn a_cockpit_tells_nothing_of_what_another_one_did_or_of_what_was_before_it() {
    let mut desk = desk();
    desk.shift();
    desk.pass(1_000);
    let before = desk.tellings.len();
    desk.crash();
    desk.pass(1_000);
    assert_eq!(desk.tellings.len(), before, "{:?}", occasions(&desk));
    // Another cockpit's entry is followed here.
    let mut entry = desk.journal.last().unwrap().clone();
    entry.number += 1;
    entry.cockpit = crate::support::desk::me(77, "raj").cockpit;
    entry.id.cockpit = entry.cockpit;
    entry.events = vec![Event::Held { reason: "raj looks".to_owned() }];
    desk.journal.push(entry.clone());
    desk.tell(Msg::Followed { entries: vec![(entry, flightdeck::domain::Digest::ZERO)], is_tail: false });
    assert!(desk.flight.session.hold.is_some());
    assert_eq!(desk.tellings.len(), before, "{:?}", occasions(&desk));
}

#[test]
fn one_at_a_time_and_the_next_once_something_came_of_it() {
    let mut desk = Desk::open(told_of_everything());
    desk.shift();
    desk.pass(1_000);
    assert_eq!(occasions(&desk), ["opened"], "nothing came of the first one");
    let first = desk.tellings[0].clone();
    let mut said = notified(TellOutcome::Told, "taken");
    said.reference = Some("C1/1".to_owned());
    let answer = |key: &str, said: &Notified| Msg::Notified {
        notifier: "team".into(),
        key: key.to_owned(),
        came: Box::new(said.clone()),
    };
    desk.tell(answer("another key", &said));
    assert_eq!(desk.tellings.len(), 1, "an answer to something else is no answer");
    desk.tell(answer(&first.key, &said));
    assert_eq!(occasions(&desk), ["opened", "shift"]);
    assert_eq!(desk.tellings[1].reference.as_deref(), Some("C1/1"), "the next one knows the message");
}

/// What a flight does about routers and its journal, without what is told.
fn done(desk: &Desk) -> (Vec<String>, Vec<String>, u64) {
    let sent = desk.sent.iter().map(|(router, what)| format!("{router}: {what}")).collect();
    let bare = |event: &&Event| !matches!(event, Event::Told(_));
    let events = desk.events().filter(bare).map(|event| flightdeck::entry::kind(event).to_owned()).collect();
    (sent, events, desk.now().elapsed.0)
}

#[test]
fn a_rollback_is_sent_at_the_same_moment_whether_notifiers_answer_hang_or_fail() {
    let fly = |procedure: Procedure, told: Option<Notified>| {
        let mut desk = Desk::open_with(procedure, |desk| desk.told = told);
        desk.shift();
        desk.pass(1_000);
        desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
        desk.confirm();
        // No time has passed since the key.
        let at_once = desk.sent.len();
        desk.pass(1_000);
        (at_once, done(&desk))
    };
    let plain = fly(blue_green(2), None);
    assert_eq!(plain.0, 4, "two routers there, two back");
    assert_eq!(fly(told_of_everything(), None), plain, "a notifier that hangs");
    let failed = notified(TellOutcome::NotTold, "no");
    assert_eq!(fly(told_of_everything(), Some(failed)), plain, "one that fails");
    assert_eq!(fly(told_of_everything(), Some(notified(TellOutcome::Told, "yes"))), plain, "one that tells");
}

#[test]
fn what_goes_to_routers_is_asked_for_before_what_is_told() {
    let mut desk = desk();
    desk.ask(Ask::ProposeStep);
    desk.journal_answers = false;
    desk.ask(Ask::Confirm { confirmation: Confirmation::new(Gesture::Key, true), overrides: Vec::new() });
    let entry = desk.unanswered.pop().expect("the intent is on its way");
    let answer = flightdeck::flight::Appended::Kept { hash: flightdeck::domain::Digest::ZERO };
    let now = desk.now();
    let effects = desk.flight.update(now, Msg::Appended { entry: entry.id, answer });
    let place = |of: fn(&Effect) -> bool| effects.iter().position(of).unwrap_or_else(|| panic!("{effects:?}"));
    let last_send = effects.iter().rposition(|effect| matches!(effect, Effect::Send(_))).expect("it is sent");
    assert!(last_send < place(|effect| matches!(effect, Effect::Notify(_))), "{effects:?}");
}

#[test]
fn no_intent_waits_for_what_is_written_down_of_tellings() {
    let mut desk = Desk::open(told_of_everything());
    desk.shift();
    desk.pass(1_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    let entries = desk.journal.len();
    // What came of an earlier telling arrives while the rollback waits for its key.
    let key = desk.tellings[0].key.clone();
    let came = Box::new(notified(TellOutcome::Told, "taken"));
    desk.tell(Msg::Notified { notifier: "team".into(), key, came });
    assert_eq!(desk.journal.len(), entries, "it is not written down now");
    desk.confirm();
    desk.pass(2_000);
    let told = desk.events().filter(|event| matches!(event, Event::Told(_))).count();
    assert_eq!(told, 1, "it is once nothing is under way");
}

#[test]
fn a_failure_is_shown_kept_to_be_told_again_and_written_down() {
    let mut desk = Desk::open_with(told_of_everything(), |desk| {
        desk.told = Some(notified(TellOutcome::NotTold, "POST http://hook: it answered 403; ask for the permission"));
    });
    assert!(desk.said().contains("team was not told of `opened`: POST http://hook"), "{}", desk.said());
    let [failed] = &desk.flight.tellings.failed[..] else { panic!("{:?}", desk.flight.tellings.failed) };
    let key = failed.to_tell.key.clone();
    desk.pass(1_000);
    let written = desk.events().filter_map(|event| if let Event::Told(told) = event { Some(told) } else { None });
    let written: Vec<_> = written.map(|told| (told.what, told.entry, told.outcome)).collect();
    assert_eq!(written, [(Occasion::Opened, 1, TellOutcome::NotTold)]);
    desk.told = Some(notified(TellOutcome::Told, "taken"));
    desk.ask(Ask::TellAgain);
    assert_eq!(desk.tellings.last().unwrap().key, key, "the same key, whoever sends it and however often");
    assert!(desk.flight.tellings.failed.is_empty());
    desk.ask(Ask::TellAgain);
    assert!(desk.said().contains("nothing waits to be told again"), "{}", desk.said());
}

#[test]
fn what_came_of_tellings_is_written_down_before_the_session_is_closed() {
    let mut desk = Desk::open(told_of_everything());
    desk.ask(Ask::ProposeStep);
    let key = desk.tellings[0].key.clone();
    let came = Box::new(notified(TellOutcome::Told, "taken"));
    desk.tell(Msg::Notified { notifier: "team".into(), key, came });
    desk.ask(Ask::Close { outcome: "stopped".to_owned() });
    let last: Vec<&str> = desk.journal.last().unwrap().events.iter().map(flightdeck::entry::kind).collect();
    assert!(last.ends_with(&["session_closed"]) && last.contains(&"told"), "{last:?}");
}

#[test]
fn a_notifier_that_hangs_holds_a_hundred_and_shows_what_gave_way() {
    let mut desk = Desk::open(told_of_everything());
    for _ in 0..60 {
        desk.ask(Ask::Hold { reason: "wait".to_owned() });
        desk.ask(Ask::ReleaseHold { reason: "go".to_owned() });
    }
    assert_eq!(desk.tellings.len(), 1);
    let failed = &desk.flight.tellings.failed;
    assert_eq!(failed.len(), 20, "{:?}", failed.first());
    assert!(failed[0].why.contains("more than 100 tellings waited"), "{}", failed[0].why);
}
