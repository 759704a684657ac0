//! Waves (D5): which routers are sent to when, and what keeps the next wave back.

use std::time::Duration;

use flightdeck::domain::{Digest, Outcome, Procedure, RouterId, Waves};
use flightdeck::flight::{Appended, Ask, Msg, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::event::Settlement;

use crate::support::crew::{ANA, Pair, RAJ};
use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

/// Four routers: the first alone, then two, then the last, with a pause.
fn in_waves(between_ms: u64) -> Procedure {
    let wave = |names: &[&str]| names.iter().map(|name| RouterId::from(*name)).collect();
    let waves = vec![wave(&["eu-1"]), wave(&["eu-2", "eu-3"]), wave(&["eu-4"])];
    Procedure { rollout: Waves::new(waves, Duration::from_millis(between_ms)), ..blue_green(4) }
}

fn open(between_ms: u64) -> Desk {
    Desk::open(in_waves(between_ms))
}

/// The routers that were written to, in order.
fn sent(desk: &Desk) -> Vec<&str> {
    desk.sent.iter().map(|(router, _)| router.as_str()).collect()
}

/// What keeps the next wave back, in words.
fn waits(desk: &Desk) -> String {
    desk.flight.wave_waits(desk.now()).map_or_else(|| "nothing".to_owned(), |waits| waits.words())
}

fn is_in_flight(desk: &Desk) -> bool {
    desk.flight.session.in_flight().is_some()
}

#[test]
fn each_wave_goes_out_once_every_router_before_it_is_verified_and_the_pause_is_over() {
    let mut desk = open(2_000);
    desk.shift();
    assert_eq!(sent(&desk), ["eu-1"]);
    desk.pass(1_900);
    assert_eq!((sent(&desk), waits(&desk).as_str()), (vec!["eu-1"], "the pause, 0:00 left"));
    desk.pass(300);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"]);
    assert!(is_in_flight(&desk), "a change is in flight until its last wave is verified");
    desk.pass(2_500);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"]);
    desk.pass(300);
    assert!(desk.said().contains("0 / 100, verified on 4 of 4"), "{}", desk.said());
    let intents: Vec<String> = desk.events().filter_map(intent).collect();
    assert_eq!(intents, ["1: eu-1", "2: eu-2 eu-3", "3: eu-4"]);
}

/// An intent as its wave and its routers.
fn intent(event: &Event) -> Option<String> {
    let (wave, routers) = match event {
        Event::ChangeDispatched { routers, .. } => (1, routers),
        Event::WaveDispatched { wave, routers, .. } => (*wave, routers),
        _ => return None,
    };
    let names: Vec<&str> = routers.iter().map(RouterId::as_str).collect();
    Some(format!("{wave}: {}", names.join(" ")))
}

#[test]
fn each_wave_has_a_deadline_of_its_own() {
    let mut desk = open(20_000);
    desk.shift();
    desk.pass(60_000);
    let deadlines: Vec<_> = desk
        .events()
        .filter_map(|event| match event {
            Event::ChangeDispatched { deadline, .. } | Event::WaveDispatched { deadline, .. } => Some(*deadline),
            _ => None,
        })
        .collect();
    assert_eq!(deadlines.len(), 3);
    assert!(deadlines.windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_secs(20)), "{deadlines:?}");
    assert_eq!(sent(&desk).len(), 4, "long after the first deadline the last wave is sent all the same");
}

#[test]
fn no_byte_of_a_wave_goes_out_before_its_intent_is_kept() {
    let mut desk = open(0);
    desk.router("eu-1").stopped = true;
    desk.shift();
    desk.pass(2_500);
    desk.journal_answers = false;
    desk.router("eu-1").go_on();
    desk.pass(300);
    let verified = desk.unanswered.remove(0);
    keep(&mut desk, verified);
    let wave = desk.unanswered.remove(0);
    assert!(wave.events.iter().any(|event| matches!(event, Event::WaveDispatched { .. })), "{:?}", wave.events);
    assert_eq!(sent(&desk), ["eu-1"], "the journal has not kept the intent of the second wave");
    keep(&mut desk, wave);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"]);
}

fn keep(desk: &mut Desk, entry: flightdeck::entry::Entry) {
    let id = entry.id;
    desk.journal.push(entry);
    desk.tell(Msg::Appended { entry: id, answer: Appended::Kept { hash: Digest::ZERO } });
}

#[test]
fn a_wave_that_is_not_whole_stops_everything_until_it_is_retried() {
    let mut desk = open(0);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-3").dead = true;
    desk.confirm();
    desk.pass(5_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2"]);
    assert_eq!(waits(&desk), "not every router before it is verified");
    desk.ask(Ask::SendWave);
    assert!(desk.said().contains("[D5]") && desk.said().contains("retry, roll back"), "{}", desk.said());
    desk.router("eu-3").dead = false;
    desk.pass(500);
    assert_eq!(sent(&desk), ["eu-1", "eu-2"], "nothing goes out by itself");
    desk.ask(Ask::Retry(vec!["eu-3".into()]));
    desk.pass(500);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"], "it goes on once the retry is verified");
    assert!(!is_in_flight(&desk));
}

#[test]
fn a_router_whose_word_is_only_late_does_not_stop_the_waves() {
    let mut desk = open(0);
    desk.router("eu-1").stopped = true;
    desk.shift();
    desk.pass(2_500);
    assert_eq!(sent(&desk), ["eu-1"]);
    desk.router("eu-1").go_on();
    desk.pass(1_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"]);
}

#[test]
fn what_comes_true_by_itself_after_a_failure_wants_a_persons_word() {
    let mut desk = open(0);
    desk.router("eu-1").stopped = true;
    desk.shift();
    desk.router("eu-1").held.clear();
    desk.router("eu-1").go_on();
    desk.pass(500);
    assert_eq!(waits(&desk), "not every router before it is verified", "it differs");
    let prepared = desk.flight.session.in_flight().unwrap().order(&"eu-1".into()).unwrap().prepared.native.clone();
    desk.router("eu-1").apply(&prepared);
    desk.pass(2_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    assert_eq!(waits(&desk), "a router did not take it at first, or differed since");
    desk.ask(Ask::SendWave);
    desk.pass(500);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"], "and after that word the waves go on");
}

#[test]
fn a_first_wave_that_nobody_was_sent_to_ends_the_change() {
    let mut desk = open(0);
    desk.ask(Ask::ProposeStep);
    desk.router("eu-1").dead = true;
    desk.confirm();
    assert!(!is_in_flight(&desk), "nothing was sent anywhere");
    assert!(desk.said().contains("nothing was sent anywhere"), "{}", desk.said());
}

#[test]
fn a_hold_stops_the_next_wave_and_its_release_lets_it_go() {
    let mut desk = open(1_000);
    desk.shift();
    desk.ask(Ask::Hold { reason: "errors rise".to_owned() });
    desk.pass(10_000);
    assert_eq!((sent(&desk), waits(&desk).as_str()), (vec!["eu-1"], "the deployment is held"));
    desk.ask(Ask::SendWave);
    assert!(desk.said().contains("[D5]") && desk.said().contains("release the hold"), "{}", desk.said());
    desk.ask(Ask::ReleaseHold { reason: "calm".to_owned() });
    desk.pass(300);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"]);
}

#[test]
fn drift_between_waves_stops_them_and_what_waits_is_not_written_over() {
    let mut desk = open(1_000);
    desk.shift();
    desk.router("eu-4").weights = vec![20, 80];
    desk.pass(5_000);
    assert_eq!((sent(&desk), waits(&desk).as_str()), (vec!["eu-1"], "eu-4 differs from the plan"));
    desk.router("eu-4").weights = vec![50, 50];
    desk.pass(2_000);
    assert_eq!(waits(&desk), "a router did not take it at first, or differed since", "it came back, and nobody looked");
    desk.ask(Ask::SendWave);
    desk.pass(3_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"]);
}

#[test]
fn a_router_that_was_replaced_since_it_was_confirmed_is_not_written_to() {
    let mut desk = open(1_000);
    desk.shift();
    let now = desk.now().elapsed.0;
    desk.router("eu-2").restart(now);
    desk.router("eu-2").weights = vec![50, 50];
    desk.pass(5_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    let known = desk.flight.session.in_flight().unwrap().outcomes.get(&RouterId::from("eu-2")).cloned();
    let Some(Outcome::NotSent { why }) = known.and_then(|known| known.outcome) else { panic!("{:?}", waits(&desk)) };
    assert!(why.contains("another process"), "{why}");
    desk.ask(Ask::SendWave);
    assert!(desk.said().contains("eu-2 is not as it was when the change was confirmed"), "{}", desk.said());
    desk.ask(Ask::Retry(vec!["eu-2".into()]));
    assert!(desk.said().contains("eu-2 waits for its wave"), "{}", desk.said());
    desk.pass(1_000);
    assert_eq!(sent(&desk), ["eu-1"]);
}

#[test]
fn a_router_that_does_not_answer_keeps_the_next_wave_back() {
    let mut desk = open(5_000);
    desk.shift();
    desk.router("eu-4").dead = true;
    desk.pass(20_000);
    assert_eq!(sent(&desk), ["eu-1"], "what it has is not known");
    desk.router("eu-4").dead = false;
    desk.pass(10_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"]);
}

#[test]
fn a_destination_that_dies_keeps_the_next_wave_back() {
    let mut desk = open(1_000);
    desk.shift();
    desk.router("eu-2").down = vec![false, true];
    desk.pass(5_000);
    assert_eq!(sent(&desk), ["eu-1"], "green has no living server on eu-2");
    desk.ask(Ask::SendWave);
    assert!(desk.said().contains("[D4]"), "{}", desk.said());
}

#[test]
fn a_rollback_goes_to_all_routers_at_once_and_nothing_waits_any_more() {
    let mut desk = open(1_000);
    desk.shift();
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    assert_eq!(sent(&desk), ["eu-1", "eu-1", "eu-2", "eu-3", "eu-4"]);
    desk.pass(5_000);
    assert_eq!(sent(&desk).len(), 5, "no wave of the superseded change goes out: {:?}", sent(&desk));
    assert!(desk.routers.values().all(|router| router.weights == [50, 50]));
    assert!(!is_in_flight(&desk));
}

#[test]
fn left_between_two_waves_the_rest_stays_unsent_and_is_said_so() {
    let mut desk = open(5_000);
    desk.shift();
    desk.pass(500);
    desk.ask(Ask::Leave { reason: "enough for today".to_owned() });
    desk.pass(10_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    let change = desk.flight.session.changes.last().unwrap();
    assert!(matches!(change.settled, Some((_, Settlement::Left { .. }))));
    let waiting: Vec<&str> = change.waiting().map(RouterId::as_str).collect();
    assert_eq!(waiting, ["eu-2", "eu-3", "eu-4"]);
    assert!(!desk.events().any(|event| matches!(event, Event::DriftNoticed { .. })), "they are what they were");
}

#[test]
fn killed_between_two_waves_nothing_goes_on_by_itself() {
    let mut desk = open(1_000);
    desk.shift();
    desk.crash();
    desk.pass(30_000);
    assert_eq!(sent(&desk), ["eu-1"]);
    assert_eq!(waits(&desk), "another cockpit sent the wave before it");
    desk.ask(Ask::SendWave);
    desk.pass(5_000);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3", "eu-4"], "after one word it drives the rest itself");
    assert!(!is_in_flight(&desk));
}

#[test]
fn a_laptop_that_slept_through_the_pause_asks_before_it_goes_on() {
    let mut desk = open(5_000);
    desk.shift();
    desk.pass(1_000);
    desk.skip(600_000);
    desk.pass(10_000);
    assert_eq!((sent(&desk), waits(&desk).as_str()), (vec!["eu-1"], "this cockpit did not watch all the time"));
    desk.ask(Ask::SendWave);
    assert_eq!(sent(&desk), ["eu-1", "eu-2", "eu-3"]);
}

#[test]
fn the_copilot_sees_every_wave_by_asking_the_routers_and_sends_nothing() {
    let mut pair = Pair::open(in_waves(1_000));
    let mark = pair.mark();
    pair.shift(ANA);
    pair.pass(300);
    let seen = |pair: &Pair, who: usize| -> Vec<String> {
        let flight = pair.flight(who);
        let change = flight.session.in_flight().expect("it is in flight").id();
        let legs = &flight.execution(change).expect("it is followed").legs;
        legs.iter()
            .map(|(router, leg)| format!("{router} {}", leg.outcome.as_ref().map_or("-", Outcome::word)))
            .collect()
    };
    assert_eq!(seen(&pair, RAJ), ["eu-1 verified"], "what waits has no word");
    assert_eq!(seen(&pair, RAJ), seen(&pair, ANA));
    pair.pass(1_200);
    assert_eq!(seen(&pair, RAJ), ["eu-1 verified", "eu-2 verified", "eu-3 verified"]);
    pair.pass(2_000);
    assert!(pair.sent.iter().all(|(who, ..)| who == "ana"));
    pair.all_see_the_same();
    let story: Vec<String> = pair.story(mark).into_iter().filter(|line| line.contains("dispatched")).collect();
    assert_eq!(story, ["+ change_dispatched", "ana: wave_dispatched", "ana: wave_dispatched"]);
}

#[test]
fn who_takes_the_controls_from_silence_goes_on_only_with_a_word() {
    let mut pair = Pair::open(in_waves(1_000));
    pair.shift(ANA);
    pair.pass(300);
    pair.stop(ANA);
    pair.ask(RAJ, Ask::AskControls { reason: "ana is away".to_owned() });
    pair.pass(60_000);
    pair.ask(RAJ, Ask::TakeOver);
    assert!(pair.flight(RAJ).drives(), "{}", pair.said(RAJ));
    pair.pass(10_000);
    assert_eq!(pair.sent.len(), 1, "nothing goes out by itself: {:?}", pair.sent);
    pair.go_on(ANA);
    pair.pass(5_000);
    assert_eq!(pair.sent.len(), 1, "nor from who lost the controls: {:?}", pair.sent);
    pair.ask(ANA, Ask::SendWave);
    assert!(pair.said(ANA).contains("raj has the controls"), "{}", pair.said(ANA));
    pair.ask(RAJ, Ask::SendWave);
    pair.pass(5_000);
    let by_raj: Vec<&str> =
        pair.sent.iter().filter(|(who, ..)| who == "raj").map(|(_, router, _)| router.as_str()).collect();
    assert_eq!(by_raj, ["eu-2", "eu-3", "eu-4"]);
    assert!(pair.flight(RAJ).session.in_flight().is_none());
    pair.all_see_the_same();
}

#[test]
fn a_hold_of_the_copilots_that_is_kept_first_wins_against_the_wave() {
    let mut pair = Pair::open(in_waves(1_000));
    pair.shift(ANA);
    pair.pass(300);
    pair.ask(RAJ, Ask::Hold { reason: "errors rise".to_owned() });
    pair.pass(10_000);
    assert_eq!(pair.sent.len(), 1);
    pair.ask(ANA, Ask::ReleaseHold { reason: "calm".to_owned() });
    pair.pass(5_000);
    assert_eq!(pair.sent.len(), 4);
}

#[test]
fn waves_that_are_not_the_profiles_are_not_confirmed() {
    let mut desk = open(0);
    desk.ask(Ask::ProposeStep);
    if let Some(proposing) = desk.flight.proposing.as_mut()
        && let flightdeck::flight::propose::Stage::Ready(proposal) = &mut proposing.stage
    {
        proposal.waves = Waves::default();
    }
    desk.confirm();
    assert!(desk.said().contains("[D5]"), "{}", desk.said());
    assert_eq!(sent(&desk), Vec::<&str>::new());
}
